//! What can be wrong with a programme, a file or a run.

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter outside its range.
    #[error("{name} is {}; expected {expected}", short(*value))]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A semidefinite programme whose parts do not fit together.
    #[error("the semidefinite programme is faulty: {0}")]
    Problem(String),
    /// A problem file that does not follow its format. Line 0 is the end of the file.
    #[error("{}{fault}", if *line == 0 { String::new() } else { format!("line {line}: ") })]
    Format {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        fault: String,
    },
    /// A checkpoint that cannot be used.
    #[error("checkpoint {path}: {fault}")]
    Checkpoint {
        /// The file.
        path: String,
        /// What is wrong with it.
        fault: String,
    },
    /// An iteration that found nothing to report.
    #[error("not converged: {0}")]
    NotConverged(String),
    /// A programme that could not be formulated.
    #[error("{0}")]
    Formulation(String),
}

/// A number without hundreds of digits.
pub fn short(value: f64) -> String {
    if value != 0.0 && !(1e-5..1e16).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}
