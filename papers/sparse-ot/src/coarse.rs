//! A start for large problems: solve a quarter of the rows and columns first.
//!
//! Far from the solution, Newton's method wastes passes over the cost matrix. A problem on every
//! fourth row and column has a sixteenth of the entries and nearly the same potentials, if the
//! order of the points does not follow their place. From the potentials β of its columns, each row
//! of the large problem gets the α that sends out its mass best on its own: the multiplier of
//! M(β − cᵢ; aᵢ), as in the semi-dual with rows and columns exchanged. The small problem is started
//! the same way. Whatever comes out is only a start; the solver that follows relies on nothing.

use crate::columns::Columns;
use crate::max_operator::ExactMass;
use crate::newton::Newton;
use crate::problem::Problem;
use crate::proximal::Proximal;
use crate::proximal_dual::ProximalDual;

/// One row and column out of so many.
const STRIDE: usize = 4;
/// Problems with fewer rows or columns are started from zero.
const SMALL: usize = 128;
/// Most Newton steps on a smaller problem.
const NEWTON_STEPS: usize = 100;
/// Entries of a row that may be positive when its potential is computed.
const ROW_ENTRIES: usize = 64;

/// Row potentials near the maximum of the first proximal step.
pub(crate) fn starting_potentials(problem: &Problem, step: Proximal) -> Vec<f64> {
    from_coarse(problem, step).unwrap_or_else(|| vec![0.0; problem.rows()])
}

fn from_coarse(problem: &Problem, step: Proximal) -> Option<Vec<f64>> {
    // Part of the rows and columns may have no plan on the pairs that are open.
    if problem.avoids_any() {
        return None;
    }
    let with_mass = |masses: &[f64]| -> Vec<usize> {
        (0..masses.len()).step_by(STRIDE).filter(|&i| masses[i] > 0.0).collect()
    };
    let (rows, columns) = (with_mass(problem.a()), with_mass(problem.b()));
    if rows.len() * STRIDE < SMALL || columns.len() * STRIDE < SMALL {
        return None;
    }
    let coarse = problem.select(&rows, &columns)?;

    // An entry of the coarse plan stands for all that were left out around it: the regulariser per
    // mass stays the same if its strength is divided by their number.
    let row_ratio = problem.rows() as f64 / rows.len() as f64;
    let column_ratio = problem.columns() as f64 / columns.len() as f64;
    let ratio = row_ratio * column_ratio;
    let coarse_step =
        Proximal { k: step.k.min(rows.len()), gamma: step.gamma / ratio, lambda: step.lambda * ratio };
    let mut alpha = starting_potentials(&coarse, coarse_step);
    let mut dual = ProximalDual::new(&coarse, coarse_step);
    Newton::new(alpha.len()).maximise(&mut dual, &mut alpha, |_| 1e-2 * coarse.mass(), NEWTON_STEPS);
    let beta: Vec<f64> = dual.columns().map(|column| column.shape.beta).collect();

    let all: Vec<usize> = (0..problem.rows()).collect();
    let exchanged = problem.cost().select(&all, &columns).transposed();
    let mut rows = Columns::new(&exchanged, ROW_ENTRIES.min(columns.len()));
    let rule = ExactMass { gamma: (step.gamma + 1.0 / step.lambda) / column_ratio };
    rows.pass(&exchanged, &beta, &rule, problem.a());
    let mut alpha = vec![0.0; problem.rows()];
    rows.visit(|i, _, threshold| alpha[i] = -threshold);
    alpha.iter().all(|alpha| alpha.is_finite()).then_some(alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Cost;
    use ndarray::{Array1, Array2};

    #[test]
    fn the_start_is_closer_than_zero() {
        let n = 256;
        let points = |offset: f64| {
            Array2::from_shape_fn((n, 2), |(i, d)| {
                offset + (i as f64 * [0.618_034, 0.754_878][d] * (1.0 + offset)).fract()
            })
        };
        let cost = Cost::squared_euclidean(points(0.0).view(), points(0.2).view(), 1.0);
        let mass = Array1::from_elem(n, 1.0 / n as f64);
        let problem = Problem::new(cost.expect("points"), mass.view(), mass.view());
        let problem = problem.expect("a problem");
        let step = Proximal { k: 4, gamma: 5.0, lambda: 0.1 };
        let alpha = starting_potentials(&problem, step);
        let mut dual = ProximalDual::new(&problem, step);
        let mut gradient = vec![0.0; n];
        let mut value = |alpha: &[f64]| dual.evaluate(alpha, &mut gradient);
        let (zero, start) = (value(&vec![0.0; n]), value(&alpha));
        let mut best = alpha.clone();
        Newton::new(n).maximise(&mut ProximalDual::new(&problem, step), &mut best, |_| 1e-9, 300);
        let optimum = value(&best);
        // Less than a quarter of the way is left.
        assert!(optimum - start < 0.25 * (optimum - zero), "{zero} {start} {optimum}");
    }

    #[test]
    fn small_problems_start_from_zero() {
        let cost = Cost::dense(Array2::zeros((3, 4)).view()).expect("costs");
        let (a, b) = (Array1::from_elem(3, 4.0), Array1::from_elem(4, 3.0));
        let problem = Problem::new(cost, a.view(), b.view()).expect("a problem");
        let step = Proximal { k: 1, gamma: 1.0, lambda: 1.0 };
        assert_eq!(starting_potentials(&problem, step), [0.0; 3]);
    }
}
