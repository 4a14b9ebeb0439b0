//! What can go wrong outside a measurement, each in one line that names the thing and the fault.

use std::io;
use std::path::{Path, PathBuf};

/// An error that ends a cell or a report: any error, kept for its message.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A failure of running, storing or showing an experiment.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A command line that asks for something that is not there. Exit code 2.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {fault}", path.display())]
    Io {
        /// "read" or "write".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        fault: io::Error,
    },
    /// Another run writes the same rows.
    #[error("{} is being written by {holder}: wait for it, stop it, or choose another --rows folder", rows.display())]
    Locked {
        /// Process and host.
        holder: String,
        /// The rows file.
        rows: PathBuf,
    },
    /// A file holds something else than it should.
    #[error("{}: {fault}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// The parameters or rows of an experiment are not flat records, or its columns are not described.
    #[error("experiment {experiment}: {fault}")]
    Experiment {
        /// Its id.
        experiment: String,
        /// What is wrong with it.
        fault: String,
    },
    /// A figure, table or claim could not be made.
    #[error("report of {experiment}: {fault}")]
    Report {
        /// The experiment's id.
        experiment: String,
        /// The cause.
        fault: Failure,
    },
    /// `verdicts --check` found differences.
    #[error("{0}")]
    Differs(String),
    /// A run was interrupted; what is done is kept. Exit code 130.
    #[error("interrupted: finished cells are kept, run the same command to go on")]
    Interrupted,
    /// Cells failed; their messages are in the log and on the page.
    #[error("{0}")]
    FailedCells(String),
    /// A fault of this program.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Adds the path to a failed file operation.
pub trait IoContext<T> {
    /// The operation read `path`.
    ///
    /// # Errors
    /// The operation's own, with the path.
    fn reading(self, path: &Path) -> Result<T, Error>;
    /// The operation wrote `path`.
    ///
    /// # Errors
    /// The operation's own, with the path.
    fn writing(self, path: &Path) -> Result<T, Error>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn reading(self, path: &Path) -> Result<T, Error> {
        self.map_err(|fault| Error::Io { action: "read", path: path.to_owned(), fault })
    }
    fn writing(self, path: &Path) -> Result<T, Error> {
        self.map_err(|fault| Error::Io { action: "write", path: path.to_owned(), fault })
    }
}
