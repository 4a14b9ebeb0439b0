//! What can be wrong with an input.

/// Why nothing was quantised.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value is NaN or infinite.
    #[error("{what}, entry {index}: expected a finite number, found {value}")]
    NotFinite {
        /// Which tensor.
        what: String,
        /// Its place in row-major order, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A network that is none, or takes other inputs.
    #[error(transparent)]
    Network(#[from] networks::NetworkError),
    /// There are no values.
    #[error("{0} is empty")]
    Empty(String),
    /// A setting is outside its range.
    #[error("{name} is {value}; it must be {range}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// A matrix has the wrong shape.
    #[error("{what} is {rows} × {columns}, expected {expected}")]
    Shape {
        /// Which matrix.
        what: String,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// What was expected, in words.
        expected: String,
    },
    /// A sum of products may leave 32 bits.
    #[error("{inputs} inputs: sums of products of 8-bit numbers may leave 32 bits from {limit} on")]
    AccumulatorOverflow {
        /// Length of the sums.
        inputs: usize,
        /// The longest that is safe.
        limit: usize,
    },
    /// A layer whose sums may leave 32 bits with these biases and zero points.
    #[error("output {output}: sums with its bias may leave 32 bits, as its weights are tiny beside its bias")]
    SumOverflow {
        /// The output, from 0.
        output: usize,
    },
    /// A quantised network that does not run on integers alone.
    #[error("integers alone need {0}")]
    NotByIntegers(&'static str),
    /// A matrix that must be positive definite is not.
    #[error("{0}: the matrix of inputs is singular even after damping")]
    Singular(String),
    /// Training lost its way.
    #[error("training diverged: the loss is not finite after step {step} (lower the rate)")]
    Diverged {
        /// The step, from 1.
        step: usize,
    },
    /// No assignment of bits fits.
    #[error("no assignment fits {budget} bits: the smallest takes {least}")]
    Budget {
        /// The budget in bits.
        budget: f64,
        /// The least size.
        least: f64,
    },
    /// The solver of the integer program failed.
    #[error("the integer program failed: {0}")]
    Solver(String),
    /// A file that is not a network.
    #[error("{0}")]
    Format(String),
}

/// The first value that is not finite, as an error.
///
/// # Errors
/// [`Error::NotFinite`].
pub fn check_finite(values: impl IntoIterator<Item = f64>, what: &str) -> Result<(), Error> {
    match values.into_iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(Error::NotFinite { what: what.to_owned(), index, value }),
        None => Ok(()),
    }
}
