//! Entropic optimal transport, the dense rival.
//!
//! min ⟨C, T⟩ + ε Σ Tᵢⱼ (log Tᵢⱼ − 1) over U(a, b) has the solution Tᵢⱼ = exp((fᵢ + gⱼ − cᵢⱼ)/ε), every
//! entry positive. Sinkhorn's algorithm (Cuturi 2013) makes rows and columns exact in turn; here in
//! the logarithmic domain, fᵢ = ε (log aᵢ − log Σⱼ exp((gⱼ − cᵢⱼ)/ε)) with the largest term taken out
//! of the sum, so that nothing overflows or vanishes however small ε is. Masses of zero have the
//! potential −∞ and empty rows.

use ndarray::Array2;
use numerics::sum::sum;
use rayon::prelude::*;

use crate::plan::SparsePlan;
use crate::problem::{Cost, Problem};
use crate::regulariser::SolverError;

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
    /// Σᵢ |(T 1)ᵢ − aᵢ|, in units of mass, computed from the plan.
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

/// Sinkhorn's algorithm from f = 0.
///
/// Cost per iteration: 2 m n exponentials, in parallel. Memory: a transposed copy of a stored cost
/// matrix, and the dense plan.
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

    let (cost, a, b) = (problem.cost(), problem.a(), problem.b());
    let by_rows = cost.transposed();
    let mut f: Vec<f64> = a.iter().map(|&a| if a > 0.0 { 0.0 } else { f64::NEG_INFINITY }).collect();
    let mut g = vec![0.0; problem.columns()];
    update(cost, &f, b, epsilon, &mut g);
    let mut before = f.clone();
    let mut iterations = 0;
    let reason = loop {
        if g.iter().zip(b).any(|(g, &b)| b > 0.0 && !g.is_finite()) {
            break SinkhornStop::Diverged;
        }
        if iterations == options.max_iterations {
            break SinkhornStop::IterationLimit;
        }
        before.copy_from_slice(&f);
        update(&by_rows, &g, a, epsilon, &mut f);
        // The update multiplied row i by exp((f − before)/ε) to reach aᵢ.
        let error = sum(before
            .iter()
            .zip(&f)
            .zip(a)
            .filter(|&(_, &a)| a > 0.0)
            .map(|((before, f), a)| a * (((before - f) / epsilon).exp() - 1.0).abs()));
        if error <= options.tolerance * problem.mass() {
            // The plan before the update is the one that was measured; its columns are exact.
            f.copy_from_slice(&before);
            break SinkhornStop::Converged;
        }
        update(cost, &f, b, epsilon, &mut g);
        iterations += 1;
    };

    let plan = Array2::from_shape_fn((problem.rows(), problem.columns()), |(i, j)| {
        ((f[i] + g[j] - cost.entry(i, j)) / epsilon).exp()
    });
    let sparse = SparsePlan::from_dense(plan.view());
    Ok(Sinkhorn {
        cost: sparse.cost(cost),
        row_error: sparse.row_error(a),
        column_error: sparse.column_error(b),
        plan,
        f,
        g,
        iterations,
        reason,
    })
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
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn without_costs_the_plan_is_the_product() {
        let cost = Cost::dense(Array2::zeros((2, 3)).view()).expect("costs");
        let (a, b) = (array![0.25, 0.75], array![0.5, 0.5, 0.0]);
        let problem = Problem::new(cost, a.view(), b.view()).expect("a problem");
        let solved = solve_sinkhorn(&problem, &SinkhornOptions::default()).expect("valid options");
        assert_eq!(solved.reason, SinkhornStop::Converged);
        for ((i, j), mass) in solved.plan.indexed_iter() {
            assert!((mass - a[i] * b[j]).abs() <= 1e-15);
        }
        // Of 0.125 and 0.375, one exceeds half of the largest; both exceed a tenth.
        assert_eq!((solved.max_entries_per_column(0.5), solved.max_entries_per_column(0.1)), (1, 2));
    }

    #[test]
    fn two_by_two_by_hand() {
        // Uniform marginals and cost 1 off the diagonal: T = (1, q; q, 1)/(2 (1 + q)), q = e^(−1/ε).
        let cost = Cost::dense(array![[0.0, 1.0], [1.0, 0.0]].view()).expect("costs");
        let half = array![0.5, 0.5];
        let problem = Problem::new(cost, half.view(), half.view()).expect("a problem");
        for epsilon in [1e-3, 0.1, 10.0] {
            let options = SinkhornOptions { epsilon, ..SinkhornOptions::default() };
            let solved = solve_sinkhorn(&problem, &options).expect("valid options");
            let q = (-1.0 / epsilon).exp();
            assert!((solved.plan[[0, 1]] - q / (2.0 * (1.0 + q))).abs() <= 1e-14);
        }
    }

    #[test]
    fn faults_are_named() {
        let cost = Cost::dense(array![[0.0]].view()).expect("costs");
        let one = array![1.0];
        let problem = Problem::new(cost, one.view(), one.view()).expect("a problem");
        let options = SinkhornOptions { epsilon: 0.0, ..SinkhornOptions::default() };
        let fault = solve_sinkhorn(&problem, &options).expect_err("epsilon is zero");
        assert_eq!(fault.to_string(), "option epsilon is 0; it must be positive and finite");
    }
}
