//! Public data sets: named with source and checksum, fetched or copied, never part of the repository.

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, IoContext};
use crate::files::write_atomically;
use crate::provenance::hexadecimal;

/// The list of data files.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// The files.
    #[serde(default)]
    pub file: Vec<DataFile>,
}

/// One public file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Where it lies below the data folder.
    pub path: PathBuf,
    /// Where these bytes can be fetched; `None` where no public address of them is known, and only `--from` brings them.
    #[serde(default)]
    pub url: Option<String>,
    /// Who made it, and how to cite it.
    pub source: String,
    /// Its licence, as far as known.
    pub licence: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 hash in hexadecimal digits.
    pub sha256: String,
}

/// What became of a data file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It was there, with the right checksum.
    Present,
    /// It was copied or downloaded.
    Brought,
    /// It has no public address, and no folder was given.
    OnlyFromFolder,
    /// It could not be had, with the reason.
    Missing(String),
}

impl Manifest {
    /// Reads `manifest.toml` of a data folder.
    ///
    /// # Errors
    /// If it cannot be read, is malformed, or names a path outside the folder.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("manifest.toml");
        let text = fs::read_to_string(&path).reading(&path)?;
        let manifest: Self = toml::from_str(&text).map_err(|fault| Error::Malformed {
            path: path.clone(),
            fault: fault.to_string().replace('\n', " "),
        })?;
        let outside =
            |file: &&DataFile| !file.path.components().all(|part| matches!(part, Component::Normal(_)));
        if let Some(file) = manifest.file.iter().find(outside) {
            return Err(Error::Malformed {
                path,
                fault: format!("{} lies outside the data folder", file.path.display()),
            });
        }
        Ok(manifest)
    }
}

impl DataFile {
    /// Brings the file into `folder`: from the folder `from` if one is given, else from its public
    /// address. A file whose checksum is wrong is never stored.
    ///
    /// # Errors
    /// If the folder cannot be written; a source that has no good copy is no error but [`Fetched::Missing`].
    pub fn bring(&self, folder: &Path, from: Option<&Path>) -> Result<Fetched, Error> {
        let target = folder.join(&self.path);
        if fs::read(&target).is_ok_and(|bytes| self.check(&bytes).is_ok()) {
            return Ok(Fetched::Present);
        }
        let bytes = match from {
            Some(from) => {
                let path = from.join(&self.path);
                fs::read(&path).map_err(|fault| format!("{}: {fault}", path.display()))
            }
            None => match &self.url {
                Some(url) => self.download(url),
                None => return Ok(Fetched::OnlyFromFolder),
            },
        };
        let sound = bytes.and_then(|bytes| self.check(&bytes).map(|()| bytes));
        match sound {
            Ok(bytes) => write_atomically(&target, &bytes).map(|()| Fetched::Brought),
            Err(fault) => Ok(Fetched::Missing(fault)),
        }
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, String> {
        let mut answer = ureq::get(url).call().map_err(|fault| format!("{url}: {fault}"))?;
        let mut bytes = Vec::new();
        // One byte more than it should have is enough to know that it is another file.
        let read = answer.body_mut().as_reader().take(self.bytes + 1).read_to_end(&mut bytes);
        read.map_err(|fault| format!("{url}: {fault}"))?;
        Ok(bytes)
    }

    fn check(&self, bytes: &[u8]) -> Result<(), String> {
        if bytes.len() as u64 != self.bytes {
            return Err(format!("expected {} bytes, found {}", self.bytes, bytes.len()));
        }
        let found = hexadecimal(&Sha256::digest(bytes));
        if found == self.sha256 {
            Ok(())
        } else {
            Err(format!("expected SHA-256 {}, found {found}", self.sha256))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 hash of "abc" is the first example of FIPS 180-2, appendix B.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn file(sha256: &str) -> DataFile {
        DataFile {
            path: "a/b.txt".into(),
            url: Some("http://127.0.0.1:9/none".into()),
            source: String::new(),
            licence: String::new(),
            bytes: 3,
            sha256: sha256.into(),
        }
    }

    #[test]
    fn a_file_is_copied_once_and_checked() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("a")).unwrap();
        fs::write(from.path().join("a/b.txt"), "abc").unwrap();
        let without_address = DataFile { url: None, ..file(ABC) };
        assert_eq!(without_address.bring(to.path(), None).unwrap(), Fetched::OnlyFromFolder);
        assert_eq!(file(ABC).bring(to.path(), Some(from.path())).unwrap(), Fetched::Brought);
        assert_eq!(file(ABC).bring(to.path(), Some(from.path())).unwrap(), Fetched::Present);
    }

    #[test]
    fn a_wrong_checksum_length_or_source_brings_nothing() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(from.path().join("a")).unwrap();
        for content in ["abd", "abcd", ""] {
            fs::write(from.path().join("a/b.txt"), content).unwrap();
            let fetched = file(ABC).bring(to.path(), Some(from.path())).unwrap();
            assert!(matches!(fetched, Fetched::Missing(_)), "{content:?}");
        }
        assert!(matches!(file(ABC).bring(to.path(), None).unwrap(), Fetched::Missing(_)));
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_path_outside_the_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["../x", "/etc/x"] {
            let text = format!(
                "[[file]]\npath = \"{path}\"\nurl = \"\"\nsource = \"\"\nlicence = \"\"\nbytes = 0\nsha256 = \"\"\n"
            );
            fs::write(folder.path().join("manifest.toml"), text).unwrap();
            assert!(Manifest::read(folder.path()).unwrap_err().to_string().contains("outside"), "{path}");
        }
    }
}
