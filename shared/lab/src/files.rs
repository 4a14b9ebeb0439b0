//! Files that are never half-written.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, IoContext};
use crate::provenance::workspace_root;

/// How the names of files begin that are not finished.
const UNFINISHED: &str = ".writing-";

/// Removes what killed runs left half-written in a folder; what another run is writing stays.
pub(crate) fn remove_unfinished(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        let abandoned = || fs::File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if unfinished && abandoned() {
            // One that cannot be removed does no harm beyond being there.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A public data set that `make data` brought, by its path in `data/manifest.toml`; `None` where it is not, and where there is no workspace.
pub fn data_file(path: &str) -> Option<PathBuf> {
    workspace_root().ok().map(|root| root.join("data").join(path)).filter(|file| file.exists())
}

/// Writes a file whole or not at all: into a temporary file beside it, then renamed over it. Missing
/// folders are made. A link stays a link: the file that it names is replaced.
///
/// # Errors
/// If the folder cannot be made or the disk refuses the bytes; the old file then stands untouched. If `path` is there and is no
/// regular file: a renamed file would take the place of the device, pipe or folder.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let target = match fs::metadata(path) {
        Ok(found) if found.is_file() => path.canonicalize().writing(path)?,
        Ok(_) => return Err(io::Error::other("it is no regular file")).writing(path),
        Err(_) => path.to_owned(),
    };
    let path = target.as_path();
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).writing(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Less the user's mask: a report is for others to read, unlike a secret temporary file.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).writing(path)?;
    // Dies with its holder: what is not locked was left behind by a killed run.
    file.as_file().lock().writing(path)?;
    file.write_all(bytes).writing(path)?;
    // Before the name changes hands: after a power cut it stands for the old bytes or the new, not for none.
    file.as_file().sync_all().writing(path)?;
    file.persist(path).map_err(|fault| fault.error).writing(path)?;
    tracing::debug!("wrote {}: {} bytes", path.display(), bytes.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_being_written_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [left, held, other] =
            [".writing-left", ".writing-held", "kept"].map(|name| folder.path().join(name));
        for file in [&left, &held, &other] {
            fs::write(file, "x").unwrap();
        }
        let writer = fs::File::open(&held).unwrap();
        writer.lock().unwrap();
        remove_unfinished(folder.path());
        assert!(!left.exists() && held.exists() && other.exists());
        drop(writer);
        remove_unfinished(folder.path());
        assert!(!held.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_left_alone() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&socket, &link).unwrap();
        for target in [&socket, &link, &folder.path().to_owned()] {
            let fault = write_atomically(target, b"x").unwrap_err().to_string();
            assert!(fault.ends_with("it is no regular file"), "{fault}");
        }
        assert!(fs::symlink_metadata(&socket).unwrap().file_type().is_socket());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    }

    #[test]
    fn writes_replace_whole_files_and_leave_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/table.csv");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_refusal_names_the_file() {
        let fault = write_atomically(Path::new("/proc/none/table.csv"), b"").unwrap_err().to_string();
        assert!(fault.starts_with("cannot write /proc/none"), "{fault}");
    }
}
