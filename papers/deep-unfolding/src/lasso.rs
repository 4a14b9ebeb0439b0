//! Exact solutions of the LASSO, each with a duality gap that proves it.
//!
//! Coordinate descent finds the support and the signs; on a face of constant signs the objective is a quadratic, whose minimiser one Cholesky factorisation gives. So sweeps end as soon as the signs stand still, and the last digits cost one system instead of hundreds of sweeps.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use numerics::cholesky::Cholesky;
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use crate::problem::{Penalty, Problem, squared};

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The duality gap over the objective at which a solution is accepted.
    pub tolerance: f64,
    /// Most sweeps.
    pub sweeps: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { tolerance: 1e-10, sweeps: 100_000 }
    }
}

/// Why it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The gap is within the tolerance.
    Tolerance,
    /// The gap is a rounding of ½‖y‖², and larger than the tolerance of a small objective; or no further sweep changes anything.
    Rounding,
    /// All sweeps were taken.
    Sweeps,
}

/// A solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// x.
    pub x: Array1<f64>,
    /// ½‖y − Ax‖² + λ‖x‖₁, from the residual itself.
    pub objective: f64,
    /// The objective less a dual value, and so at least as large as the distance from the optimum, whatever method found x.
    pub gap: f64,
    /// Sweeps over the entries that may change.
    pub sweeps: usize,
    /// Why the method stopped.
    pub reason: StopReason,
}

/// Minimises ½‖y − Ax‖² + λ‖x‖₁. Typical cost: some ten sweeps of 2 N flops for each entry of the support, and |S|³/3 for a few systems.
///
/// # Panics
/// If y has another length than M, or the weight is negative or no number.
pub fn lasso(problem: &Problem, y: ArrayView1<f64>, weight: f64, options: &Options) -> Solution {
    assert!(weight >= 0.0 && weight.is_finite(), "the weight is {weight}");
    let correlation = problem.correlation(y);
    let mut state = State {
        problem,
        weight,
        x: vec![0.0; correlation.len()],
        c: correlation.to_vec(),
        b: correlation.to_vec(),
        product: vec![0.0; correlation.len()],
    };
    let rounding = 1e-14 * 0.5 * squared(y);
    let (mut sweeps, mut rounds, mut stuck) = (0, 20, false);
    loop {
        // A certificate costs as much as several sweeps: it is asked for where the correlations allow it to hold.
        let largest = state.c.iter().fold(0.0_f64, |most, c| most.max(c.abs()));
        let over = sweeps >= options.sweeps || !largest.is_finite();
        if largest <= weight * (1.0 + 1e-6) || over || stuck {
            let (objective, gap) = certificate(problem, y, ArrayView1::from(&state.x), weight);
            let reason = match () {
                () if gap <= options.tolerance * objective => Some(StopReason::Tolerance),
                () if gap <= rounding || stuck => Some(StopReason::Rounding),
                () if over || !objective.is_finite() => Some(StopReason::Sweeps),
                () => None,
            };
            if let Some(reason) = reason {
                return Solution { x: Array1::from(state.x), objective, gap, sweeps, reason };
            }
        }
        let before = state.x.clone();
        // Where systems do not help (repeated columns), more sweeps stand between two attempts.
        sweeps += state.sweep(rounds.min(options.sweeps - sweeps));
        if !state.newton() {
            rounds = (rounds * 2).min(1_000);
        }
        stuck = state.x == before;
    }
}

/// The same for measurements in rows, in parallel.
///
/// # Panics
/// As [`lasso`].
pub fn lasso_batch(problem: &Problem, ys: ArrayView2<f64>, weight: f64, options: &Options) -> Vec<Solution> {
    let rows: Vec<_> = ys.axis_iter(Axis(0)).collect();
    rows.into_par_iter().map(|y| lasso(problem, y, weight, options)).collect()
}

/// Solutions alone, in rows.
pub fn stacked(solutions: &[Solution], columns: usize) -> Array2<f64> {
    let mut xs = Array2::zeros((solutions.len(), columns));
    for (mut row, solution) in xs.axis_iter_mut(Axis(0)).zip(solutions) {
        row.assign(&solution.x);
    }
    xs
}

/// The objective at x and its duality gap: with r = y − Ax and θ = r·min(1, λ/‖Aᵀr‖∞), the dual value is yᵀθ − ½‖θ‖². With weight zero the dual point is zero, and the gap is the objective.
/// Cost: 4 M N flops.
///
/// # Panics
/// If the shapes do not fit.
pub fn certificate(problem: &Problem, y: ArrayView1<f64>, x: ArrayView1<f64>, weight: f64) -> (f64, f64) {
    let residual = problem.residual(y, x);
    let square = squared(residual.view());
    let objective = 0.5 * square + Penalty::L1.value(weight, x);
    let largest = problem.correlation(residual.view()).iter().fold(0.0_f64, |most, c| most.max(c.abs()));
    let scale = if largest > weight { weight / largest } else { 1.0 };
    // ½r² + λ|x| − s yᵀr + ½s²r² with y = r + Ax, so that no large numbers cancel: ½(1 − s)²r² + λ|x| − s xᵀAᵀr.
    let fitted = (&y - &residual).dot(&residual);
    let gap = 0.5 * (1.0 - scale).powi(2) * square + Penalty::L1.value(weight, x) - scale * fitted;
    (objective, gap.max(0.0))
}

/// Entries of a first round.
const FIRST: usize = 32;

/// Coordinate descent on a small problem.
struct Sweeps<'a> {
    gram: &'a [f64],
    weight: f64,
    x: &'a mut [f64],
    c: &'a mut [f64],
    most: usize,
}

impl NullaryFnOnce for Sweeps<'_> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        let Self { gram, weight, x, c, most } = self;
        let size = x.len();
        let (mut still, mut sweeps) = (0, 0);
        while sweeps < most && still < 3 {
            sweeps += 1;
            let mut turned = false;
            for j in 0..size {
                let row = &gram[j * size..(j + 1) * size];
                let (before, scale) = (x[j], row[j]);
                let after = Penalty::L1.shrink(c[j] + scale * before, weight) / scale;
                if after != before {
                    turned |= (after > 0.0) != (before > 0.0) || (after < 0.0) != (before < 0.0);
                    let change = before - after;
                    c.iter_mut().zip(row).for_each(|(c, g)| *c += change * g);
                    x[j] = after;
                }
            }
            still = if turned { 0 } else { still + 1 };
        }
        sweeps
    }
}

struct State<'a> {
    problem: &'a Problem,
    weight: f64,
    x: Vec<f64>,
    /// b − Gx.
    c: Vec<f64>,
    /// Aᵀy.
    b: Vec<f64>,
    product: Vec<f64>,
}

impl State<'_> {
    /// At most so many sweeps over entries that are not zero and some that are not optimal at zero; fewer, if three of them leave all signs as they were. They see G over these entries alone, which fits into a cache where G does not.
    fn sweep(&mut self, most: usize) -> usize {
        let inside = |j: &usize| self.problem.gram()[(*j, *j)] > 0.0;
        let (mut active, mut others): (Vec<usize>, Vec<usize>) =
            (0..self.x.len()).filter(inside).partition(|j| self.x[*j] != 0.0);
        others.retain(|j| self.c[*j].abs() > self.weight);
        // At first nearly every entry would move: as many as there are already, the farthest from optimal, are enough for a round.
        let most_others = active.len().max(FIRST);
        if others.len() > most_others {
            others.select_nth_unstable_by(most_others, |i, j| {
                self.c[*j].abs().total_cmp(&self.c[*i].abs()).then(i.cmp(j))
            });
            others.truncate(most_others);
        }
        active.extend(others);
        active.sort_unstable();
        let part = self.problem.gram_part(&active);
        let mut x: Vec<f64> = active.iter().map(|j| self.x[*j]).collect();
        let mut c: Vec<f64> = active.iter().map(|j| self.c[*j]).collect();
        let sweeps = Arch::new().dispatch(Sweeps {
            gram: part.as_slice().unwrap_or_default(),
            weight: self.weight,
            x: &mut x,
            c: &mut c,
            most,
        });
        for (j, x) in active.iter().zip(x) {
            self.x[*j] = x;
        }
        self.refresh();
        sweeps
    }

    /// c = b − Gx, afresh, so that rounding does not pile up.
    fn refresh(&mut self) {
        self.problem.gram_product(&self.x, &mut self.product);
        for ((c, b), g) in self.c.iter_mut().zip(&self.b).zip(&self.product) {
            *c = b - g;
        }
    }

    /// Towards the minimiser of the face of these signs: all the way, or to where the first sign would turn, whose entry is dropped. Whether there was a system to solve.
    fn newton(&mut self) -> bool {
        let mut support: Vec<usize> = (0..self.x.len()).filter(|j| self.x[*j] != 0.0).collect();
        // Along dependent columns Ax stands still, and |x|₁ falls in one of the two directions until an entry is zero.
        while support.len() > self.problem.dimensions().0 {
            let Some(mut direction) = self.problem.dependence(&support) else { break };
            let growth: f64 = support.iter().zip(&direction).map(|(j, d)| d * self.x[*j].signum()).sum();
            if growth > 0.0 {
                direction.iter_mut().for_each(|d| *d = -*d);
            }
            self.advance(&support, &direction, f64::INFINITY);
            support.retain(|j| self.x[*j] != 0.0);
        }
        if support.is_empty() {
            return true;
        }
        let Some(factor) = Cholesky::new(self.problem.gram_part(&support).view()) else { return false };
        let slope: Vec<f64> = support.iter().map(|j| self.c[*j] - self.weight.copysign(self.x[*j])).collect();
        let mut step = slope.clone();
        factor.solve(&mut step);
        // On a nearly singular face the answer may be no direction of descent.
        let descent: f64 = slope.iter().zip(&step).map(|(s, d)| s * d).sum();
        if !(descent >= 0.0 && descent.is_finite()) {
            return false;
        }
        self.advance(&support, &step, 1.0);
        self.refresh();
        true
    }
    /// Goes along a direction as far as asked, or to the first entry that becomes zero.
    fn advance(&mut self, support: &[usize], direction: &[f64], most: f64) {
        let mut first = (most, None);
        for (j, d) in support.iter().zip(direction) {
            let x = self.x[*j];
            if x * d < 0.0 && -x / d <= first.0 {
                first = (-x / d, Some(*j));
            }
        }
        if first.0.is_finite() {
            for (j, d) in support.iter().zip(direction) {
                self.x[*j] += first.0 * d;
            }
        }
        if let Some(j) = first.1 {
            self.x[j] = 0.0;
        }
    }
}
