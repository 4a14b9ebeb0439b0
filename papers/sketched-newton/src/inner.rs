//! What every solver of the inner linear systems has in common.

use crate::sparse::Sparse;

/// When a solver stops.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// |Kz − b|₂ is at most this.
    pub residual: f64,
    /// So many steps are done.
    pub steps: u64,
}

/// What a solve took. Bytes are those that the algorithm must move, 8 for a number and 4 for an index: a vector that is swept counts
/// once a sweep, entries that are touched at random count each time, and a factor counts once, as if its blocks stayed in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Sketches, or products with K, or factorisations.
    pub steps: u64,
    /// Additions and multiplications, those of checks included.
    pub flops: f64,
    /// Bytes moved, those of checks included.
    pub bytes: f64,
    /// |Kz − b|₂ at the end.
    pub residual: f64,
}

impl Work {
    /// Adds another solve; the residual is the later one's.
    pub fn add(&mut self, later: &Self) {
        self.steps += later.steps;
        self.flops += later.flops;
        self.bytes += later.bytes;
        self.residual = later.residual;
    }

    /// Counts a product with K.
    pub(crate) fn product(&mut self, system: &Sparse) {
        self.flops += 2.0 * system.entries() as f64;
        self.bytes += 12.0 * system.entries() as f64 + 16.0 * system.rows() as f64;
    }
}

/// Eigenvalues above, below and at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inertia {
    /// Above.
    pub positive: usize,
    /// Below.
    pub negative: usize,
    /// At zero, up to rounding.
    pub zero: usize,
}

/// Why a system cannot be solved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InnerError {
    /// A row without entries: the matrix is singular.
    #[error("row {} of the system is zero", .0 + 1)]
    EmptyRow(usize),
    /// The factorisation broke down.
    #[error("the system is singular to working precision")]
    Singular,
}

/// A solver of K z = b, started at the z that it is handed.
pub trait InnerSolver {
    /// Looks at a new matrix, before any system with it is solved; a factorisation gives its inertia.
    ///
    /// # Errors
    /// If the solver cannot work with the matrix.
    fn prepare(&mut self, system: &Sparse) -> Result<Option<Inertia>, InnerError>;

    /// Improves z. The matrix is the one last prepared.
    fn solve(&mut self, system: &Sparse, right: &[f64], z: &mut [f64], stop: &Stop) -> Work;
}
