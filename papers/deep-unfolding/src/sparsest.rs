//! ½‖y − Ax‖² + λ‖x‖₀: coordinate descent to points that no change of one entry improves, and the global optimum of small problems.

use ndarray::{Array1, ArrayView1};
use numerics::cholesky::Cholesky;

use crate::problem::{Penalty, Problem, squared};

/// The end of a descent.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    /// x.
    pub x: Array1<f64>,
    /// The objective, from the residual itself.
    pub objective: f64,
    /// By how much the best change of a single entry lowers the objective: zero up to rounding where the descent converged.
    pub improvable: f64,
    /// Sweeps.
    pub sweeps: usize,
}

/// Coordinate descent from `start`: every entry takes the better of zero and its one-dimensional minimiser, until no change of one entry lowers the objective by more than 1e-14 of ½‖y‖². Its fixed points are those of IHT with the step 1/G_jj for each entry, several times the step 1/L
/// that IHT itself may take, which leaves fewer of them. Where the support stands still its least squares are solved at once. Cost: 2 N flops for each entry that changes, and |S|³/3 for a system.
///
/// # Panics
/// If the shapes do not fit, or the weight is negative or no number.
pub fn descent(
    problem: &Problem,
    y: ArrayView1<f64>,
    weight: f64,
    start: ArrayView1<f64>,
    sweeps: usize,
) -> Descent {
    assert!(weight >= 0.0 && weight.is_finite(), "the weight is {weight}");
    let gram = problem.gram();
    let mut x = start.to_vec();
    let mut c = (problem.correlation(y) - gram.dot(&start)).to_vec();
    let enough = 1e-14 * 0.5 * squared(y);
    let mut done = 0;
    for _ in 0..sweeps {
        done += 1;
        let (mut lowered, mut entered) = (0.0_f64, false);
        for j in 0..x.len() {
            let (value, decrease) = best_entry(gram[(j, j)], c[j], x[j], weight);
            if value != x[j] && decrease > 0.0 {
                entered |= (value == 0.0) != (x[j] == 0.0);
                problem.add_gram_row(j, x[j] - value, &mut c);
                x[j] = value;
                lowered = lowered.max(decrease);
            }
        }
        if lowered <= enough {
            break;
        }
        if !entered {
            least_squares(problem, &mut x, &mut c);
        }
    }
    let x = Array1::from(x);
    let (objective, improvable) = local_optimality(problem, y, x.view(), weight);
    Descent { x, objective, improvable, sweeps: done }
}

/// The least squares on the support of x: what its objective becomes once it is at rest there.
///
/// # Panics
/// If the shapes do not fit.
pub fn settled(problem: &Problem, y: ArrayView1<f64>, x: ArrayView1<f64>) -> Array1<f64> {
    let mut c = problem.correlation(problem.residual(y, x).view()).to_vec();
    let mut x = x.to_vec();
    least_squares(problem, &mut x, &mut c);
    Array1::from(x)
}

/// Moves x to the least squares on its support, after dropping entries whose columns depend on others: along those Ax stands still until an entry is zero. c = Aᵀ(y − Ax) goes along.
fn least_squares(problem: &Problem, x: &mut [f64], c: &mut [f64]) {
    let mut support: Vec<usize> = (0..x.len()).filter(|j| x[*j] != 0.0).collect();
    while support.len() > problem.dimensions().0 {
        let Some(direction) = problem.dependence(&support) else { break };
        let nearest = support.iter().zip(&direction).filter(|(_, d)| **d != 0.0);
        let nearest = nearest.map(|(j, d)| (-x[*j] / d, *j)).min_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
        let Some((length, zero)) = nearest else { break };
        for (j, d) in support.iter().zip(&direction) {
            x[*j] += length * d;
        }
        x[zero] = 0.0;
        support.retain(|j| x[*j] != 0.0);
    }
    let Some(factor) = Cholesky::new(problem.gram_part(&support).view()) else { return };
    let mut step: Vec<f64> = support.iter().map(|j| c[*j]).collect();
    factor.solve(&mut step);
    if step.iter().any(|entry| !entry.is_finite()) {
        return;
    }
    for (j, step) in support.iter().zip(&step) {
        x[*j] += step;
        problem.add_gram_row(*j, -step, c);
    }
}

/// The objective at x, and the largest decrease that a change of one entry gives: 2 M N flops. What every point can be asked, whatever method found it.
///
/// # Panics
/// If the shapes do not fit.
pub fn local_optimality(
    problem: &Problem,
    y: ArrayView1<f64>,
    x: ArrayView1<f64>,
    weight: f64,
) -> (f64, f64) {
    let residual = problem.residual(y, x);
    let c = problem.correlation(residual.view());
    let gram = problem.gram();
    let decrease = (0..x.len()).map(|j| best_entry(gram[(j, j)], c[j], x[j], weight).1).fold(0.0, f64::max);
    (0.5 * squared(residual.view()) + Penalty::L0.value(weight, x), decrease)
}

/// The best value of an entry while the others stay, and by how much it lowers the objective. c = a_jᵀ(y − Ax).
fn best_entry(scale: f64, c: f64, x: f64, weight: f64) -> (f64, f64) {
    if scale == 0.0 {
        return (0.0, if x == 0.0 { 0.0 } else { weight });
    }
    let minimiser = x + c / scale;
    // Objectives less that of the entry at zero.
    let present =
        if x == 0.0 { 0.0 } else { weight + 0.5 * scale * ((x - minimiser).powi(2) - minimiser.powi(2)) };
    let at_minimiser = weight - 0.5 * scale * minimiser.powi(2);
    if at_minimiser < 0.0 { (minimiser, present - at_minimiser) } else { (0.0, present) }
}

/// A global optimum with its proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// x.
    pub x: Array1<f64>,
    /// The least objective.
    pub objective: f64,
    /// Supports whose least squares were solved. All others have more entries than objective/λ, or contain a column that depends on the others.
    pub examined: u64,
}

/// Why an exact optimum is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ExactError {
    /// More columns than enumeration can take.
    #[error("{0} columns are too many to enumerate supports, at most {MOST_COLUMNS}")]
    Columns(usize),
    /// With weight zero nothing stops the enumeration.
    #[error("the weight is {0}, expected a positive number")]
    Weight(f64),
}

/// The sine of the angle below which a column counts as dependent.
const DEPENDENT: f64 = 1e-12;

/// Most columns of [`exact`].
pub const MOST_COLUMNS: usize = 24;

/// The global minimum of ½‖y − Ax‖² + λ‖x‖₀ by enumeration of supports. A support of k entries costs at least λk, so none with λk at or above the best value so far is looked at. The search starts from a coordinate descent; a support's least squares extend those of the support without its last column by one orthogonal direction, in 4 M k flops. A column within an angle of 1e-12 of the span of others counts as dependent on them.
///
/// # Errors
/// For more than 24 columns, and weights that are not positive.
///
/// # Panics
/// If y has another length than M.
pub fn exact(problem: &Problem, y: ArrayView1<f64>, weight: f64) -> Result<Optimum, ExactError> {
    let columns = problem.dimensions().1;
    if columns > MOST_COLUMNS {
        return Err(ExactError::Columns(columns));
    }
    if !(weight > 0.0 && weight.is_finite()) {
        return Err(ExactError::Weight(weight));
    }
    let first = descent(problem, y, weight, Array1::zeros(columns).view(), 1_000);
    let support = (0..columns).filter(|j| first.x[*j] != 0.0).collect();
    let mut search = Search {
        problem,
        y: y.to_vec(),
        weight,
        best: first.objective,
        support,
        examined: 1,
        held: Vec::new(),
        basis: Vec::new(),
        triangle: Vec::new(),
        fitted: Vec::new(),
    };
    search.extend(0, 0.5 * squared(y));
    let x = search.coefficients();
    Ok(Optimum { objective: local_optimality(problem, y, x.view(), weight).0, x, examined: search.examined })
}

struct Search<'a> {
    problem: &'a Problem,
    y: Vec<f64>,
    weight: f64,
    best: f64,
    /// The best support so far.
    support: Vec<usize>,
    examined: u64,
    held: Vec<usize>,
    /// The held columns made orthonormal, and the triangle that did it.
    basis: Vec<Vec<f64>>,
    triangle: Vec<Vec<f64>>,
    /// Products of y with the basis.
    fitted: Vec<f64>,
}

impl Search<'_> {
    /// All supports that add columns from `from` on to those held, whose fit leaves `rest`.
    fn extend(&mut self, from: usize, rest: f64) {
        let penalty = self.weight * (self.held.len() + 1) as f64;
        for column in from..self.problem.dimensions().1 {
            if penalty >= self.best {
                return;
            }
            if !self.push(column) {
                continue;
            }
            self.examined += 1;
            let left = rest - 0.5 * self.fitted.last().map_or(0.0, |part| part * part);
            // The descent's own support comes by here too; only a true improvement replaces it.
            if left + penalty < self.best * (1.0 - 1e-14) {
                self.best = left + penalty;
                self.support.clone_from(&self.held);
            }
            self.extend(column + 1, left);
            self.held.pop();
            self.basis.pop();
            self.triangle.pop();
            self.fitted.pop();
        }
    }

    /// Holds a column too; not if it depends on those held, where it can only cost.
    fn push(&mut self, column: usize) -> bool {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut direction = self.problem.column(column).to_vec();
        let whole = dot(&direction, &direction).sqrt();
        let mut entries = vec![0.0; self.basis.len()];
        // Twice, so that it is orthogonal to the last digit.
        for _ in 0..2 {
            for (entry, q) in entries.iter_mut().zip(&self.basis) {
                let part = dot(q, &direction);
                *entry += part;
                direction.iter_mut().zip(q).for_each(|(d, q)| *d -= part * q);
            }
        }
        let length = dot(&direction, &direction).sqrt();
        if length <= DEPENDENT * whole {
            return false;
        }
        direction.iter_mut().for_each(|d| *d /= length);
        entries.push(length);
        self.fitted.push(dot(&direction, &self.y));
        self.held.push(column);
        self.basis.push(direction);
        self.triangle.push(entries);
        true
    }

    /// Least squares on the best support.
    fn coefficients(&mut self) -> Array1<f64> {
        self.held.clear();
        self.basis.clear();
        self.triangle.clear();
        self.fitted.clear();
        for column in std::mem::take(&mut self.support) {
            self.push(column);
        }
        let mut x = Array1::zeros(self.problem.dimensions().1);
        for k in (0..self.held.len()).rev() {
            let above: f64 = (k + 1..self.held.len()).map(|i| self.triangle[i][k] * x[self.held[i]]).sum();
            x[self.held[k]] = (self.fitted[k] - above) / self.triangle[k][k];
        }
        x
    }
}
