//! K = L D Lᵀ: what a sketch competes with, and the inertia that tells minima from saddles.
//!
//! Small matrices are factored densely with Bunch–Kaufman pivots. Larger ones are permuted for little fill, and factored without
//! pivots after ρ was added to the diagonal where it is positive and taken away where not, 10⁻¹⁰ of the largest entry: saddle matrices with a
//! positive block have such a factorisation in any order, and refinement with the true matrix takes the change out again.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::ldlt::factor::LdltRegularization;
use faer::linalg::solvers::{Lblt, Solve};
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, LdltRef, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering,
    factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, Mat, MatMut, Par, Side};

use crate::inner::{Inertia, InnerError, InnerSolver, Stop, Work};
use crate::sparse::{Sparse, norm};

/// Up to this size matrices are factored densely.
const DENSE: usize = 100;

/// A factorisation of symmetric matrices; the ordering is kept while the pattern stays.
#[derive(Default)]
pub struct Direct {
    factor: Option<Factor>,
    pattern: Vec<u32>,
    symbolic: Option<SymbolicCholesky<usize>>,
    values: Vec<f64>,
}

enum Factor {
    Dense(Lblt<f64>),
    Sparse,
}

/// Column starts, row indices and values of the lower triangle; diagonals are present, and shifted by ±ρ.
struct Lower {
    starts: Vec<usize>,
    indices: Vec<usize>,
    values: Vec<f64>,
}

impl Lower {
    /// Of a symmetric matrix: its rows up to the diagonal are the columns of the upper triangle, from the diagonal on those of the lower.
    fn of(system: &Sparse) -> Self {
        let d = system.rows();
        let mut lower = Self { starts: vec![0], indices: Vec::new(), values: Vec::new() };
        let mut entries: Vec<(usize, f64)> = Vec::new();
        let largest =
            (0..d).flat_map(|row| system.row(row).1).fold(0.0_f64, |most, value| most.max(value.abs()));
        let shift = 1e-10 * largest;
        for column in 0..d {
            let (indices, values) = system.row(column);
            let pairs = indices.iter().map(|index| *index as usize).zip(values.iter().copied());
            entries.clear();
            entries.extend(pairs.filter(|(row, _)| *row > column));
            entries.sort_unstable_by_key(|(row, _)| *row);
            let place = indices.iter().position(|index| *index as usize == column);
            let diagonal = place.map_or(0.0, |place| values[place]);
            lower.indices.push(column);
            lower.values.push(if diagonal > 0.0 { diagonal + shift } else { diagonal - shift });
            for (row, value) in &entries {
                lower.indices.push(*row);
                lower.values.push(*value);
            }
            lower.starts.push(lower.indices.len());
        }
        lower
    }
}

impl Direct {
    /// A factorisation of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn prepare_sparse(&mut self, system: &Sparse) -> Result<Inertia, InnerError> {
        let d = system.rows();
        let lower = Lower::of(system);
        let pattern = SymbolicSparseColMatRef::new_checked(d, d, &lower.starts, None, &lower.indices);
        let indices: Vec<u32> =
            lower.starts.iter().chain(&lower.indices).map(|index| *index as u32).collect();
        if self.symbolic.is_none() || self.pattern != indices {
            let symbolic = factorize_symbolic_cholesky(
                pattern,
                Side::Lower,
                SymmetricOrdering::Amd,
                CholeskySymbolicParams::default(),
            );
            self.symbolic = Some(symbolic.map_err(|_| InnerError::Singular)?);
            self.pattern = indices;
        }
        let symbolic = self.symbolic.as_ref().ok_or(InnerError::Singular)?;
        self.values.clear();
        self.values.resize(symbolic.len_val(), 0.0);
        let scratch = symbolic.factorize_numeric_ldlt_scratch::<f64>(Par::Seq, Default::default());
        symbolic
            .factorize_numeric_ldlt(
                &mut self.values,
                SparseColMatRef::new(pattern, &lower.values),
                Side::Lower,
                LdltRegularization::default(),
                Par::Seq,
                MemStack::new(&mut MemBuffer::new(scratch)),
                Default::default(),
            )
            .map_err(|_| InnerError::Singular)?;
        let mut inertia = Inertia::default();
        let mut count = |pivot: f64| match pivot {
            pivot if pivot > 0.0 => inertia.positive += 1,
            pivot if pivot < 0.0 => inertia.negative += 1,
            _ => inertia.zero += 1,
        };
        match symbolic.raw() {
            SymbolicCholeskyRaw::Simplicial(simplicial) => {
                simplicial.col_ptr()[..d].iter().for_each(|start| count(self.values[*start]));
            }
            SymbolicCholeskyRaw::Supernodal(supernodal) => {
                for node in 0..supernodal.n_supernodes() {
                    let columns = supernodal.supernode_end()[node] - supernodal.supernode_begin()[node];
                    let start = supernodal.col_ptr_for_val()[node];
                    let rows = (supernodal.col_ptr_for_val()[node + 1] - start) / columns;
                    (0..columns).for_each(|column| count(self.values[start + column * rows + column]));
                }
            }
        }
        Ok(inertia)
    }

    /// x ← K⁻¹ x for the matrix that was factored. Gives flops.
    fn apply(&self, x: &mut [f64]) -> f64 {
        let d = x.len();
        let target = MatMut::from_column_major_slice_mut(x, d, 1);
        match (&self.factor, &self.symbolic) {
            (Some(Factor::Dense(factor)), _) => {
                factor.solve_in_place(target);
                2.0 * (d * d) as f64
            }
            (Some(Factor::Sparse), Some(symbolic)) => {
                let factor = LdltRef::new(symbolic, &self.values);
                let scratch: StackReq = symbolic.solve_in_place_scratch::<f64>(1, Par::Seq);
                factor.solve_in_place_with_conj(
                    Conj::No,
                    target,
                    Par::Seq,
                    MemStack::new(&mut MemBuffer::new(scratch)),
                );
                4.0 * self.values.len() as f64
            }
            _ => 0.0,
        }
    }

    /// Flops of the factorisation: Σ over columns of the square of what stands below the diagonal.
    fn factor_flops(&self, d: usize) -> f64 {
        match (&self.factor, &self.symbolic) {
            (Some(Factor::Sparse), Some(symbolic)) => match symbolic.raw() {
                SymbolicCholeskyRaw::Simplicial(simplicial) => {
                    let starts = simplicial.col_ptr();
                    starts.windows(2).map(|pair| ((pair[1] - pair[0]) as f64).powi(2)).sum()
                }
                SymbolicCholeskyRaw::Supernodal(supernodal) => (0..supernodal.n_supernodes())
                    .map(|node| {
                        let columns = supernodal.supernode_end()[node] - supernodal.supernode_begin()[node];
                        let values = supernodal.col_ptr_for_val();
                        let rows = (values[node + 1] - values[node]) / columns;
                        (0..columns).map(|column| ((rows - column) as f64).powi(2)).sum::<f64>()
                    })
                    .sum(),
            },
            _ => (d as f64).powi(3) / 3.0,
        }
    }
}

/// Signs of the 1 × 1 and 2 × 2 blocks.
fn inertia_of_blocks(factor: &Lblt<f64>, largest: f64) -> Inertia {
    let (diagonal, subdiagonal) = (factor.B_diag().column_vector(), factor.B_subdiag().column_vector());
    let d = diagonal.nrows();
    let negligible = d as f64 * f64::EPSILON * largest;
    let mut inertia = Inertia::default();
    let mut place = 0;
    while place < d {
        if place + 1 < d && subdiagonal[place] != 0.0 {
            // Bunch–Kaufman takes a pair only where its determinant is negative.
            inertia.positive += 1;
            inertia.negative += 1;
            place += 2;
            continue;
        }
        match diagonal[place] {
            pivot if pivot > negligible => inertia.positive += 1,
            pivot if pivot < -negligible => inertia.negative += 1,
            _ => inertia.zero += 1,
        }
        place += 1;
    }
    inertia
}

impl InnerSolver for Direct {
    fn prepare(&mut self, system: &Sparse) -> Result<Option<Inertia>, InnerError> {
        self.factor = None;
        let d = system.rows();
        if let Some(row) = (0..d).find(|row| system.row(*row).1.iter().all(|value| *value == 0.0)) {
            return Err(InnerError::EmptyRow(row));
        }
        let inertia = if d <= DENSE {
            let mut dense = Mat::zeros(d, d);
            let mut largest = 0.0_f64;
            for row in 0..d {
                let (columns, values) = system.row(row);
                for (column, value) in columns.iter().zip(values) {
                    dense[(row, *column as usize)] = *value;
                    largest = largest.max(value.abs());
                }
            }
            let factor = Lblt::new(dense.as_ref(), Side::Lower);
            let inertia = inertia_of_blocks(&factor, largest);
            self.factor = Some(Factor::Dense(factor));
            inertia
        } else {
            let inertia = self.prepare_sparse(system)?;
            self.factor = Some(Factor::Sparse);
            inertia
        };
        Ok(Some(inertia))
    }

    /// Refines until the residual is small enough or no longer halves; the factorisation counts as work of the first solve.
    fn solve(&mut self, system: &Sparse, right: &[f64], z: &mut [f64], stop: &Stop) -> Work {
        let d = right.len();
        let mut work = Work { flops: self.factor_flops(d), ..Work::default() };
        work.bytes = 8.0 * self.values.len() as f64;
        let mut correction = vec![0.0; d];
        let mut best = f64::INFINITY;
        loop {
            system.multiply(z, &mut correction);
            work.product(system);
            correction.iter_mut().zip(right).for_each(|(r, b)| *r = b - *r);
            work.residual = norm(&correction);
            let improves = work.residual < 0.5 * best;
            if work.residual <= stop.residual && work.steps > 0
                || !improves
                || work.steps >= stop.steps.min(10)
            {
                return work;
            }
            best = work.residual;
            work.flops += self.apply(&mut correction);
            work.bytes += 16.0 * self.values.len() as f64;
            work.steps += 1;
            z.iter_mut().zip(&correction).for_each(|(z, c)| *z += c);
        }
    }
}
