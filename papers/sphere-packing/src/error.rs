//! What can be wrong with an input.

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter outside its range.
    #[error("{name} is {}; expected {expected}", semidefinite::error::short(*value))]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// The semidefinite solver has none.
    #[error(transparent)]
    Solver(#[from] semidefinite::Error),
    /// An iteration that found nothing to report.
    #[error("not converged: {0}")]
    NotConverged(String),
    /// A file that is no certificate.
    #[error("no certificate: {0}")]
    NoCertificate(String),
    /// A certificate that proves nothing.
    #[error("certificate rejected: {0}")]
    Certificate(String),
    /// A multiplier that cannot be read or used.
    #[error("multiplier {text}: {fault}")]
    Multiplier {
        /// As it was given.
        text: String,
        /// What is wrong with it.
        fault: String,
    },
    /// A store of evaluations that cannot be used.
    #[error("store {path}: {fault}")]
    Store {
        /// The file.
        path: String,
        /// What is wrong with it.
        fault: String,
    },
}

/// So that a formulation can fail in its own words.
impl From<Error> for semidefinite::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Solver(error) => error,
            other => Self::Formulation(other.to_string()),
        }
    }
}
