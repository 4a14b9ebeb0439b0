//! What can be wrong with an input.

/// Why nothing was learned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer than one row or column.
    #[error("the data has {rows} rows and {columns} columns; at least one of each is needed")]
    Empty {
        /// Rows found.
        rows: usize,
        /// Columns found.
        columns: usize,
    },
    /// An entry is NaN or infinite.
    #[error("row {}, column {}: expected a finite number, found {value}", row + 1, column + 1)]
    NotFinite {
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
        /// Its value.
        value: f64,
    },
    /// A column has the same value in every row.
    #[error("column {} is constant: it can be neither cause nor effect, remove it", column + 1)]
    Constant {
        /// Its index, from 0.
        column: usize,
    },
    /// A variance too large or too small for double precision.
    #[error("column {}: its variance is {variance}, which cannot be computed with: rescale it", column + 1)]
    Scale {
        /// Its index, from 0.
        column: usize,
        /// The variance found.
        variance: f64,
    },
    /// No more rows than columns.
    #[error(
        "{rows} row(s) for {columns} column(s): with no more rows than columns a full order fits the data perfectly and every order is as good; \
         bring more rows, fewer columns, or an l1 penalty"
    )]
    TooFewRows {
        /// Rows found.
        rows: usize,
        /// Columns found.
        columns: usize,
    },
    /// A column is (nearly) a combination of others.
    #[error("column {} is a linear combination of other columns, up to {unexplained:.1e} of its variance: remove it", column + 1)]
    Collinear {
        /// Its index, from 0.
        column: usize,
        /// The part of its variance that the others leave.
        unexplained: f64,
    },
    /// An entry for the logistic score is not 0 or 1.
    #[error("row {}, column {}: the logistic score needs 0 or 1, found {value}", row + 1, column + 1)]
    NotBinary {
        /// Its row, from 0.
        row: usize,
        /// Its column, from 0.
        column: usize,
        /// Its value.
        value: f64,
    },
    /// A logistic regression whose loss has no minimum: some combination of its parents tells its values apart.
    #[error("column {} is told apart perfectly by other columns: its logistic loss has no minimum; an l1 penalty helps", column + 1)]
    Separable {
        /// Its index, from 0.
        column: usize,
    },
    /// A list is no order of the variables.
    #[error("expected each of 0 to {} once, found {found:?}", size.saturating_sub(1))]
    NotAnOrder {
        /// Number of variables.
        size: usize,
        /// The list.
        found: Vec<usize>,
    },
    /// A matrix has the wrong shape.
    #[error("{what} is {rows} × {columns}, expected {expected} × {expected}")]
    Shape {
        /// Which matrix.
        what: &'static str,
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
        /// What both should be.
        expected: usize,
    },
    /// A graph that should be acyclic is not.
    #[error("the graph has a cycle: {}", cycle.iter().map(|v| v.to_string()).collect::<Vec<_>>().join(" → "))]
    Cyclic {
        /// Its nodes, the first repeated at the end.
        cycle: Vec<usize>,
    },
    /// Constraints that no order satisfies.
    #[error("contradictory constraints: {0}")]
    Contradiction(String),
    /// Too many variables for enumeration.
    #[error("{variables} variables: exact search goes to {limit}, as its memory and time double with each")]
    TooManyVariables {
        /// How many.
        variables: usize,
        /// How many can be.
        limit: usize,
    },
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
    /// The inner minimisation found nothing finite.
    #[error("column {}: training ended without a finite loss", column + 1)]
    Diverged {
        /// Its index, from 0.
        column: usize,
    },
}
