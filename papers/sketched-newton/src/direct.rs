//! K = L D Lᵀ: what a sketch competes with, and the inertia that tells minima from saddles.
//!
//! Rows and columns are first scaled by one over the root of their largest entry, which changes no inertia. Small matrices are then factored densely with Bunch–Kaufman pivots. Larger ones are permuted for little fill, and factored without
//! pivots after ρ = 10⁻¹⁰ was added to the diagonal where it is positive and taken away where not: saddle matrices with a positive block have such a factorisation in any
//! order, others nearly always, and refinement with the true matrix takes the change out again. A zero eigenvalue hides behind ρ;
//! [`Direct::inertia`] finds it by shifting the whole diagonal up and down.

use faer::dyn_stack::{MemBuffer, MemStack, StackReq};
use faer::linalg::cholesky::ldlt::factor::LdltRegularization;
use faer::linalg::solvers::{Lblt, Solve};
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, LdltRef, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering,
    factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, Mat, MatMut, Par, Side};
use numerics::registers::clear_upper_parts;

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
    /// 1/√ of the largest entry of each row.
    scales: Vec<f64>,
    /// Work of factorisations since the last solve.
    pending: Work,
}

/// What is added to the scaled diagonal.
#[derive(Clone, Copy)]
enum Shift {
    /// ρ away from zero.
    Outward,
    /// This, everywhere.
    All(f64),
}

/// ρ.
const RHO: f64 = 1e-10;

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
    /// Of a symmetric matrix: from the diagonal on its rows are the columns of the lower triangle.
    fn of(system: &Sparse, scales: &[f64], shift: Shift) -> Self {
        let d = system.rows();
        let mut lower = Self { starts: vec![0], indices: Vec::new(), values: Vec::new() };
        let mut entries: Vec<(usize, f64)> = Vec::new();
        for column in 0..d {
            let (indices, values) = system.row(column);
            let scaled = |(index, value): (&u32, &f64)| {
                (*index as usize, value * scales[column] * scales[*index as usize])
            };
            entries.clear();
            entries.extend(indices.iter().zip(values).map(scaled).filter(|(row, _)| *row >= column));
            entries.sort_unstable_by_key(|(row, _)| *row);
            let diagonal = entries.first().filter(|(row, _)| *row == column).map_or(0.0, |entry| entry.1);
            lower.indices.push(column);
            lower.values.push(match shift {
                Shift::Outward if diagonal > 0.0 => diagonal + RHO,
                Shift::Outward => diagonal - RHO,
                Shift::All(shift) => diagonal + shift,
            });
            for (row, value) in entries.iter().filter(|(row, _)| *row > column) {
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

    /// The inertia with eigenvalues at zero told apart, up to 10⁻⁹ of the scaled matrix: three factorisations where one is for a solve.
    ///
    /// # Errors
    /// As [`prepare`](InnerSolver::prepare).
    pub fn inertia(&mut self, system: &Sparse) -> Result<Inertia, InnerError> {
        let found = self.prepare(system)?.ok_or(InnerError::Singular)?;
        if system.rows() <= DENSE {
            return Ok(found);
        }
        let up = self.prepare_sparse(system, Shift::All(10.0 * RHO))?;
        let down = self.prepare_sparse(system, Shift::All(-10.0 * RHO))?;
        let zero = up.positive.saturating_sub(down.positive);
        Ok(Inertia { positive: down.positive, negative: system.rows() - down.positive - zero, zero })
    }

    /// The work of factorisations that no solve has counted.
    pub(crate) fn take_pending(&mut self) -> Work {
        std::mem::take(&mut self.pending)
    }

    fn prepare_sparse(&mut self, system: &Sparse, shift: Shift) -> Result<Inertia, InnerError> {
        let d = system.rows();
        let lower = Lower::of(system, &self.scales, shift);
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

    /// x ← K⁻¹ x for the matrix that was factored. Gives the numbers of the factor, each of which is used twice.
    fn apply(&self, x: &mut [f64]) -> f64 {
        x.iter_mut().zip(&self.scales).for_each(|(x, scale)| *x *= scale);
        let numbers = self.apply_scaled(x);
        x.iter_mut().zip(&self.scales).for_each(|(x, scale)| *x *= scale);
        numbers
    }

    fn apply_scaled(&self, x: &mut [f64]) -> f64 {
        let d = x.len();
        let target = MatMut::from_column_major_slice_mut(x, d, 1);
        let multiplications = match (&self.factor, &self.symbolic) {
            (Some(Factor::Dense(factor)), _) => {
                factor.solve_in_place(target);
                (d * d) as f64 / 2.0
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
                self.values.len() as f64
            }
            _ => 0.0,
        };
        clear_upper_parts();
        multiplications
    }

    /// Numbers of the factor.
    fn factor_numbers(&self, d: usize) -> f64 {
        match self.factor {
            Some(Factor::Sparse) => self.values.len() as f64,
            _ => (d * d) as f64 / 2.0,
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

/// Signs of the 1 × 1 and 2 × 2 blocks of a matrix whose rows have largest entries near 1.
fn inertia_of_blocks(factor: &Lblt<f64>) -> Inertia {
    let (diagonal, subdiagonal) = (factor.B_diag().column_vector(), factor.B_subdiag().column_vector());
    let d = diagonal.nrows();
    let negligible = 4.0 * d as f64 * f64::EPSILON;
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
        self.scales.clear();
        for row in 0..d {
            let largest = system.row(row).1.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
            if largest == 0.0 {
                return Err(InnerError::EmptyRow(row));
            }
            self.scales.push(1.0 / largest.sqrt());
        }
        let inertia = if d <= DENSE {
            let mut dense = Mat::zeros(d, d);
            for row in 0..d {
                let (columns, values) = system.row(row);
                for (column, value) in columns.iter().zip(values) {
                    let column = *column as usize;
                    dense[(row, column)] = value * self.scales[row] * self.scales[column];
                }
            }
            let factor = Lblt::new(dense.as_ref(), Side::Lower);
            let inertia = inertia_of_blocks(&factor);
            self.factor = Some(Factor::Dense(factor));
            inertia
        } else {
            let inertia = self.prepare_sparse(system, Shift::Outward)?;
            self.factor = Some(Factor::Sparse);
            inertia
        };
        self.pending.flops += self.factor_flops(d);
        self.pending.bytes += 8.0 * self.factor_numbers(d);
        Ok(Some(inertia))
    }

    /// Refines until the residual is small enough or no longer halves. Factorisations count as work of the first solve after them.
    fn solve(&mut self, system: &Sparse, right: &[f64], z: &mut [f64], stop: &Stop) -> Work {
        let d = right.len();
        let mut work = self.take_pending();
        let mut correction = vec![0.0; d];
        let mut best = f64::INFINITY;
        let mut kept = z.to_vec();
        loop {
            system.multiply(z, &mut correction);
            work.product(system);
            correction.iter_mut().zip(right).for_each(|(r, b)| *r = b - *r);
            let residual = norm(&correction);
            if residual < best {
                kept.copy_from_slice(z);
            }
            let improves = residual < 0.5 * best;
            best = best.min(residual);
            if residual <= stop.residual && work.steps > 0 || !improves || work.steps >= stop.steps.min(10) {
                z.copy_from_slice(&kept);
                work.residual = best;
                return work;
            }
            let numbers = self.apply(&mut correction);
            work.flops += 4.0 * numbers;
            work.bytes += 16.0 * numbers;
            work.steps += 1;
            z.iter_mut().zip(&correction).for_each(|(z, c)| *z += c);
        }
    }
}
