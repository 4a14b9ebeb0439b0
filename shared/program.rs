//! How the papers' tests call the papers' programs. A crate's `tests/all/main.rs` names its program and takes this in:
//!
//! ```text
//! const PROGRAM: &str = env!("CARGO_BIN_EXE_…");
//!
//! #[path = "../../../../shared/program.rs"]
//! mod program;
//! ```

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};

/// The program in `folder`, with arguments that are separated by blanks; those in double quotes hold none.
pub fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(super::PROGRAM);
    command
        .current_dir(folder)
        .env_remove("LAB_ROWS")
        .args(arguments.split_whitespace().map(|word| word.trim_matches('"')));
    command
}

/// What a call gives.
pub fn run(folder: &Path, arguments: &str) -> Output {
    command(folder, arguments).output().unwrap()
}

/// What a call prints that succeeds.
pub fn text(folder: &Path, arguments: &str) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one line of a call that fails with this code.
pub fn failure(folder: &Path, arguments: &str, code: i32) -> String {
    let output = run(folder, arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments}: {text}");
    assert_eq!(text.lines().count(), 1, "{arguments}: {text}");
    text
}

/// The same of a call that leaves no new file in the folder.
pub fn refusal(folder: &Path, arguments: &str, code: i32) -> String {
    let before = names(folder);
    let text = failure(folder, arguments, code);
    assert_eq!(names(folder), before, "{arguments}: nothing is written");
    text
}

/// Runs every command of the paper's README and of the front page that calls the program, as it stands and one after the other, in a folder
/// that looks like the workspace. Gives their number.
pub fn readme_commands() -> usize {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = own.ancestors().nth(2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for entry in ["papers", "shared", "reports", "Cargo.toml", "Cargo.lock"] {
        std::os::unix::fs::symlink(root.join(entry), folder.path().join(entry)).unwrap();
    }
    let readmes = [own, root].map(|folder| std::fs::read_to_string(folder.join("README.md")).unwrap());
    let call = concat!("cargo run -q -p ", env!("CARGO_PKG_NAME"), " -- ");
    let lines = readmes.iter().flat_map(|readme| readme.lines());
    let commands: Vec<&str> = lines.filter_map(|line| line.trim().strip_prefix(call)).collect();
    for arguments in &commands {
        text(folder.path(), arguments.split(" #").next().unwrap_or_default());
    }
    commands.len()
}

/// Reproduces the smoke profile and gives the text of the verdicts. No claim may wait for a cell that failed.
pub fn smoke_verdicts() -> String {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path(), "reproduce --profile smoke --out reports");
    let path = folder.path().join(concat!("reports/", env!("CARGO_PKG_NAME"), "/verdicts.json"));
    let verdicts = std::fs::read_to_string(&path).unwrap();
    assert!(!verdicts.contains("cells\""), "a claim waits for a cell: {verdicts}");
    text(folder.path(), "render --profile smoke --out reports");
    assert_eq!(verdicts, std::fs::read_to_string(&path).unwrap(), "drawn again from the same cells");
    verdicts
}

fn names(folder: &Path) -> BTreeSet<OsString> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}
