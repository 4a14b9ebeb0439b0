//! Where a result came from: sources, machine, time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// The sources that a run was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The checked-out commit, or `unknown` outside a git checkout.
    pub commit: String,
    /// Whether tracked files outside reports/ differed from it.
    pub dirty: bool,
    /// SHA-256 (first 16 hexadecimal digits) over the sources of the paper and of the crates that experiments stand on, and Cargo.lock.
    pub fingerprint: String,
    /// The same over Cargo.lock alone.
    pub cargo_lock: String,
}

/// What `run.json` says of a run beside its sources.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Vector instructions that kernels may choose at run time.
    pub features: Vec<String>,
    /// Hardware threads.
    pub hardware_threads: usize,
    /// Operating system and architecture.
    pub platform: String,
}

/// The workspace that holds the current folder: the nearest one with `papers/` and `shared/` beside a
/// `Cargo.toml`.
///
/// # Errors
/// If there is none.
pub fn workspace_root() -> Result<PathBuf, Error> {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors()
        .find(|folder| ["Cargo.toml", "papers", "shared"].iter().all(|entry| folder.join(entry).exists()))
        .map(Path::to_owned)
        .ok_or_else(|| {
            Error::Usage(
                "no workspace here: run inside its folder, or name the report folder with --out".into(),
            )
        })
}

impl Sources {
    /// Reads the sources of `paper` in the workspace; everything is `unknown` without one.
    pub fn of(paper: &str, root: Option<&Path>) -> Self {
        let unknown = || "unknown".to_owned();
        let Some(root) = root else {
            return Self { commit: unknown(), dirty: true, fingerprint: unknown(), cargo_lock: unknown() };
        };
        let lock = root.join("Cargo.lock");
        let mut files = vec![lock.clone()];
        source_files(&root.join(format!("papers/{paper}/src")), &mut files);
        // Sources of programs alone: neither tests nor what no result depends on.
        for crate_folder in fs::read_dir(root.join("shared")).into_iter().flatten().flatten() {
            if !["new-paper", "rivals"].iter().any(|other| crate_folder.file_name() == *other) {
                source_files(&crate_folder.path().join("src"), &mut files);
            }
        }
        files.sort();
        Self {
            commit: git(root, &["rev-parse", "HEAD"]).map_or_else(unknown, |commit| commit.trim().to_owned()),
            dirty: git(root, &["status", "--porcelain", "--untracked-files=no", "--", ".", ":!reports"])
                .is_none_or(|changes| !changes.is_empty()),
            fingerprint: fingerprint(root, &files),
            cargo_lock: fingerprint(root, &[lock]),
        }
    }
}

impl Machine {
    /// Looks at this machine.
    pub fn here() -> Self {
        let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = information.lines().find(|line| line.starts_with(name))?;
            line.split_once(':').map(|(_, value)| value.trim().to_owned())
        };
        let flags = field("flags").or_else(|| field("Features")).unwrap_or_default();
        let known = [
            "sse4_2",
            "avx",
            "avx2",
            "fma",
            "avx512f",
            "avx512vl",
            "avx512_vnni",
            "amx_int8",
            "asimd",
            "sve",
        ];
        Self {
            processor: field("model name").unwrap_or_else(|| "unknown".into()),
            features: known
                .iter()
                .filter(|name| flags.split(' ').any(|flag| flag == **name))
                .map(|name| (*name).into())
                .collect(),
            hardware_threads: std::thread::available_parallelism().map_or(1, usize::from),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// The output of a git command in the workspace, if it succeeds.
pub(crate) fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            source_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "toml") {
            files.push(path);
        }
    }
}

fn fingerprint(root: &Path, files: &[PathBuf]) -> String {
    let mut hash = Sha256::new();
    for path in files {
        let Ok(bytes) = fs::read(path) else { continue };
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(&bytes);
    }
    hexadecimal(&hash.finalize())[..16].to_owned()
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_follows_names_and_contents() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let sources = root.join("papers/one/src");
        fs::create_dir_all(&sources).unwrap();
        fs::write(sources.join("lib.rs"), "a").unwrap();
        let first = Sources::of("one", Some(root)).fingerprint;
        assert_eq!(first, Sources::of("one", Some(root)).fingerprint);
        fs::write(sources.join("lib.rs"), "b").unwrap();
        let edited = Sources::of("one", Some(root)).fingerprint;
        fs::rename(sources.join("lib.rs"), sources.join("main.rs")).unwrap();
        let renamed = Sources::of("one", Some(root)).fingerprint;
        assert!(first != edited && edited != renamed && first != renamed);
    }
}
