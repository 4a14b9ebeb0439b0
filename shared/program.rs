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

/// The program in `folder`, with arguments that are separated by blanks.
pub fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(super::PROGRAM);
    command.current_dir(folder).env_remove("LAB_ROWS").args(arguments.split_whitespace());
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

fn names(folder: &Path) -> BTreeSet<OsString> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}
