//! Entropic optimal transport, the dense rival.
//!
//! min ⟨C, T⟩ + ε Σ Tᵢⱼ (log Tᵢⱼ − 1) over U(a, b) has the solution Tᵢⱼ = exp((fᵢ + gⱼ − cᵢⱼ)/ε), every
//! entry positive. Sinkhorn's algorithm (Cuturi 2013) makes rows and columns exact in turn. With a kernel
//! Kᵢⱼ = exp((fᵢ + gⱼ − cᵢⱼ)/ε) at hand that is u = a/(K v) and v = b/(Kᵀ u), without an exponential, and in one
//! pass: a column that has found its v adds its part of K v before the next is read. Scalings that leave their range are absorbed into f and g, and K is made anew (Schmitzer 2019); a sum
//! that has lost its digits is formed in the logarithmic domain,
//! fᵢ = ε (log aᵢ − log Σⱼ exp((gⱼ − cᵢⱼ)/ε)) with the largest term taken out of the sum. So nothing overflows or
//! vanishes however small ε is. Masses of zero have the potential −∞ and empty rows.

mod pass;

use ndarray::{Array2, ShapeBuilder};
use numerics::registers::in_widest;
use numerics::sum::{Sum, sum};
use rayon::prelude::*;

use crate::plan::SparsePlan;
use crate::problem::{Cost, Problem, with_offsets};
use crate::regulariser::SolverError;
use pass::{Column, Combination, Finish, Pass, lost};

/// Settings of [`solve_sinkhorn`].
#[derive(Clone, Debug)]
pub struct SinkhornOptions {
    /// Strength ε of the entropy, positive, in units of cost. Default 0.01. The number of
    /// iterations grows like 1/ε.
    pub epsilon: f64,
    /// Most iterations, each a row and a column update. Default 5000.
    pub max_iterations: usize,
    /// Stop when the rows miss their masses by at most this part of the total mass; ≥ 0.
    /// Default 1e-9.
    pub tolerance: f64,
}

impl Default for SinkhornOptions {
    fn default() -> Self {
        Self { epsilon: 0.01, max_iterations: 5000, tolerance: 1e-9 }
    }
}

/// Why the iterations ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkhornStop {
    /// The row sums are as exact as asked for.
    Converged,
    /// `max_iterations` were made.
    IterationLimit,
    /// A potential is not finite: costs divided by ε overflow.
    Diverged,
}

/// An entropic plan.
#[derive(Clone, Debug)]
pub struct Sinkhorn {
    /// The plan, m × n, dense; its column sums are exact.
    pub plan: Array2<f64>,
    /// ⟨C, T⟩.
    pub cost: f64,
    /// Row potentials f; −∞ for rows without mass.
    pub f: Vec<f64>,
    /// Column potentials g; −∞ for columns without mass.
    pub g: Vec<f64>,
    /// Σᵢ |(T 1)ᵢ − aᵢ|, in units of mass, computed from the plan, to the rounding of plain sums.
    pub row_error: f64,
    /// Σⱼ |(Tᵀ 1)ⱼ − bⱼ|, in units of mass, computed from the plan.
    pub column_error: f64,
    /// Iterations made.
    pub iterations: usize,
    /// Why they ended.
    pub reason: SinkhornStop,
}

impl Sinkhorn {
    /// The largest number of entries of a column above `threshold` times the column's largest.
    pub fn max_entries_per_column(&self, threshold: f64) -> usize {
        let count = |column: ndarray::ArrayView1<'_, f64>| {
            let largest = column.iter().copied().fold(0.0, f64::max);
            column.iter().filter(|&&mass| mass > threshold * largest).count()
        };
        self.plan.columns().into_iter().map(count).max().unwrap_or(0)
    }
}

/// Scalings beyond this, or below its inverse, are absorbed.
const LARGEST_SCALING: f64 = 1e20;
/// Rows that one task sums up.
const ROWS_OF_A_TASK: usize = 256;
/// Columns that one task sums up.
const COLUMNS_OF_A_TASK: usize = 64;

/// Sinkhorn's algorithm from f = 0.
///
/// Cost per iteration: 4 m n flops in one pass over the kernel, in parallel; m n exponentials whenever scalings are absorbed, which
/// small ε makes more frequent. Memory: the kernel, which becomes the dense plan, and a transposed copy of stored costs where sums are
/// formed in the logarithmic domain.
///
/// Forbidden pairs carry nothing. Where some of the others can carry nothing either, in any plan, convergence is slow: the error then falls
/// like one over the iterations.
///
/// # Errors
///
/// ε not positive and finite; a tolerance that is negative or NaN.
pub fn solve_sinkhorn(problem: &Problem, options: &SinkhornOptions) -> Result<Sinkhorn, SolverError> {
    let epsilon = options.epsilon;
    if !(epsilon > 0.0 && epsilon.is_finite()) {
        return Err(SolverError::Option { option: "epsilon", value: epsilon, range: "positive and finite" });
    }
    if options.tolerance.is_nan() || options.tolerance < 0.0 {
        return Err(SolverError::Option {
            option: "tolerance",
            value: options.tolerance,
            range: "at least 0",
        });
    }

    // In the pool from the start: from outside, every pass would have to wake it.
    let in_pool = |problem: &Problem| rayon::scope(|_| scale(problem, options));
    let Some(centred) = problem.centred() else {
        return Ok(in_pool(problem));
    };
    let mut found = in_pool(&centred.problem);
    found.f = with_offsets(&found.f, &centred.rows);
    found.g = with_offsets(&found.g, &centred.columns);
    found.cost = SparsePlan::from_dense(found.plan.view()).cost(problem.cost());
    Ok(found)
}

/// [`solve_sinkhorn`] with the costs as they are.
fn scale(problem: &Problem, options: &SinkhornOptions) -> Sinkhorn {
    let mut state = State::new(problem, options.epsilon);
    let mut iterations = 0;
    let reason = loop {
        if state.diverged() {
            break SinkhornStop::Diverged;
        }
        if iterations == options.max_iterations {
            break SinkhornStop::IterationLimit;
        }
        let error = state.propose_rows();
        if error <= options.tolerance * problem.mass() {
            // The plan before the update is the one that was measured; its columns are exact.
            break SinkhornStop::Converged;
        }
        state.accept_rows();
        state.update_columns();
        iterations += 1;
    };

    state.finish(iterations, reason)
}

/// Potentials f + ε log u and g + ε log v, and the kernel of f and g.
struct State<'a> {
    problem: &'a Problem,
    epsilon: f64,
    f: Vec<f64>,
    g: Vec<f64>,
    u: Vec<f64>,
    v: Vec<f64>,
    /// Column after column.
    kernel: Vec<f64>,
    /// The next u, or the next f where sums had to be formed in the logarithmic domain.
    proposed: Vec<f64>,
    logarithmic: bool,
    /// K v, where `summed`, from the pass that found v; and the parts of it that tasks sum up.
    sums: Vec<f64>,
    summed: bool,
    parts: Vec<f64>,
    /// The costs row after row, once they are wanted.
    by_rows: Option<Cost>,
}

impl<'a> State<'a> {
    /// f = 0, and columns exact.
    fn new(problem: &'a Problem, epsilon: f64) -> Self {
        let (m, n) = (problem.rows(), problem.columns());
        let start = |masses: &[f64]| -> Vec<f64> {
            masses.iter().map(|&mass| if mass > 0.0 { 0.0 } else { f64::NEG_INFINITY }).collect()
        };
        let mut state = Self {
            problem,
            epsilon,
            f: start(problem.a()),
            g: start(problem.b()),
            u: vec![1.0; m],
            v: vec![1.0; n],
            kernel: vec![0.0; m * n],
            proposed: vec![0.0; m],
            logarithmic: false,
            sums: vec![0.0; m],
            summed: false,
            parts: vec![0.0; m * n.div_ceil(COLUMNS_OF_A_TASK)],
            by_rows: None,
        };
        state.make_kernel();
        state.update_columns();
        state
    }

    fn diverged(&self) -> bool {
        let infinite = |potentials: &[f64], masses: &[f64]| {
            potentials.iter().zip(masses).any(|(potential, &mass)| mass > 0.0 && !potential.is_finite())
        };
        infinite(&self.g, self.problem.b()) || infinite(&self.f, self.problem.a())
    }

    fn make_kernel(&mut self) {
        let Self { problem, epsilon, f, g, kernel, .. } = self;
        let m = f.len();
        kernel.par_chunks_mut(m).zip(&*g).enumerate().with_min_len(16).for_each_init(
            || vec![0.0; m],
            |buffer, (j, (column, g))| {
                let costs = problem.cost().block_all(j, buffer);
                let column = Column { entries: column, f, g: *g, costs, epsilon: *epsilon };
                in_widest(column);
            },
        );
    }

    /// Moves the scalings into the potentials.
    fn absorb(&mut self) {
        self.summed = false;
        for (potentials, scalings) in [(&mut self.f, &mut self.u), (&mut self.g, &mut self.v)] {
            for (potential, scaling) in potentials.iter_mut().zip(scalings) {
                *potential += self.epsilon * scaling.ln();
                *scaling = 1.0;
            }
        }
    }

    /// Finds the row potentials that make the rows exact, and gives by how much they now miss, Σᵢ |(T 1)ᵢ − aᵢ|.
    fn propose_rows(&mut self) -> f64 {
        if !self.summed {
            self.sum_rows();
        }
        let Self { u, proposed, sums, .. } = self;
        let a = self.problem.a();
        proposed.copy_from_slice(sums);
        self.logarithmic = proposed.iter().zip(a).any(|(sum, &a)| a > 0.0 && lost(*sum, a));
        if !self.logarithmic {
            return sum(proposed.iter_mut().zip(&*u).zip(a).map(|((next, u), &a)| {
                let sum = *next;
                *next = if a > 0.0 { a / sum } else { 1.0 };
                if a > 0.0 { (u * sum - a).abs() } else { 0.0 }
            }));
        }
        self.absorb();
        let cost = self.by_rows.get_or_insert_with(|| self.problem.cost().transposed());
        update(cost, &self.g, a, self.epsilon, &mut self.proposed);
        // The update multiplied row i by exp((f − before)/ε) to reach aᵢ.
        let missed =
            |((before, f), a): ((&f64, &f64), f64)| a * (((before - f) / self.epsilon).exp() - 1.0).abs();
        let rows = self.f.iter().zip(&self.proposed).zip(a.iter().copied());
        sum(rows.filter(|(_, a)| *a > 0.0).map(missed))
    }

    fn accept_rows(&mut self) {
        let potentials = if self.logarithmic { &mut self.f } else { &mut self.u };
        std::mem::swap(potentials, &mut self.proposed);
        if self.logarithmic || out_of_range(&self.u) {
            self.absorb();
            self.make_kernel();
        }
    }

    /// Makes the columns exact.
    fn update_columns(&mut self) {
        let Self { kernel, u, v, parts, .. } = self;
        let (m, b) = (u.len(), self.problem.b());
        parts.par_chunks_mut(m).zip(v.par_chunks_mut(COLUMNS_OF_A_TASK)).enumerate().for_each(
            |(task, (sums, scalings))| {
                let columns = task * COLUMNS_OF_A_TASK..task * COLUMNS_OF_A_TASK + scalings.len();
                let (kernel, masses) = (&kernel[columns.start * m..columns.end * m], &b[columns]);
                in_widest(Pass { scalings, sums, kernel, masses, factors: u });
            },
        );
        self.summed = false;
        let any_lost = v.iter().any(|v| v.is_nan());
        if any_lost {
            self.v.fill(1.0);
            self.absorb();
            update(self.problem.cost(), &self.f, b, self.epsilon, &mut self.g);
        }
        if any_lost || out_of_range(&self.v) {
            self.absorb();
            self.make_kernel();
        } else {
            self.add_parts();
        }
    }

    /// K v from the parts of a pass.
    fn add_parts(&mut self) {
        let Self { sums, parts, .. } = self;
        let m = sums.len();
        sums.par_chunks_mut(ROWS_OF_A_TASK).enumerate().for_each(|(task, sums)| {
            let first = task * ROWS_OF_A_TASK;
            sums.fill(0.0);
            for part in parts.chunks_exact(m) {
                sums.iter_mut().zip(&part[first..]).for_each(|(sum, part)| *sum += part);
            }
        });
        self.summed = true;
    }

    /// K v by a pass of its own, where the kernel was made anew.
    fn sum_rows(&mut self) {
        let Self { kernel, v, parts, .. } = self;
        let m = self.sums.len();
        parts.par_chunks_mut(m).zip(v.par_chunks(COLUMNS_OF_A_TASK)).enumerate().for_each(
            |(task, (sums, weights))| {
                let kernel = &kernel[task * COLUMNS_OF_A_TASK * m..][..weights.len() * m];
                in_widest(Combination { sums, kernel, weights });
            },
        );
        self.add_parts();
    }

    /// The plan and its measures, and the potentials with the scalings in them.
    fn finish(mut self, iterations: usize, reason: SinkhornStop) -> Sinkhorn {
        let (m, n) = (self.u.len(), self.v.len());
        if self.logarithmic {
            // The last proposal absorbed the scalings.
            self.make_kernel();
        }
        let Self { problem, kernel, u, v, .. } = &mut self;
        let (mut rows, mut buffer) = (vec![0.0; m], vec![0.0; m]);
        let (mut cost, mut column_error) = (Sum::new(), Sum::new());
        for (j, (entries, v)) in kernel.chunks_exact_mut(m).zip(v).enumerate() {
            let costs = problem.cost().block_all(j, &mut buffer);
            let column = Finish { entries, u, v: *v, costs, rows: &mut rows };
            let (carried, paid) = in_widest(column);
            cost.add(paid);
            column_error.add((carried - problem.b()[j]).abs());
        }
        let row_error = sum(rows.iter().zip(problem.a()).map(|(carried, mass)| (carried - mass).abs()));
        let plan =
            Array2::from_shape_vec((m, n).f(), std::mem::take(kernel)).expect("an entry for each pair");
        self.absorb();
        Sinkhorn {
            plan,
            cost: cost.value(),
            f: self.f,
            g: self.g,
            row_error,
            column_error: column_error.value(),
            iterations,
            reason,
        }
    }
}

fn out_of_range(scalings: &[f64]) -> bool {
    scalings.iter().any(|scaling| !(1.0 / LARGEST_SCALING..=LARGEST_SCALING).contains(scaling))
}

/// For every column of the cost, ε (log mass − log Σ exp((other − c)/ε)).
fn update(cost: &Cost, other: &[f64], masses: &[f64], epsilon: f64, potentials: &mut [f64]) {
    let m = cost.rows();
    potentials.par_iter_mut().enumerate().with_min_len(16).for_each_init(
        || vec![0.0; m],
        |buffer, (j, potential)| {
            if masses[j] == 0.0 {
                *potential = f64::NEG_INFINITY;
                return;
            }
            let costs = cost.block_all(j, buffer);
            let largest = other.iter().zip(costs).fold(f64::NEG_INFINITY, |largest, (f, c)| {
                let score = f - c;
                if score > largest { score } else { largest }
            });
            let total: f64 =
                other.iter().zip(costs).map(|(f, c)| (((f - c) - largest) / epsilon).exp()).sum();
            *potential = epsilon * (masses[j].ln() - total.ln()) - largest;
        },
    );
}

#[cfg(test)]
mod tests;
