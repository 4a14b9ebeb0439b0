//! Support vector machines with a log weight for every training row, chosen on validation rows.
//!
//! ```text
//! lower: min over (w, b, ξ) of |w|²/2 + Σ exp(C_i) ξ_i²/2,   1 − ξ_i − y_i(wᵀx_i + b) ≤ 0
//! upper: Σ over validation rows of leaky(2σ(−5m) − 1),   m = y(wᵀx + b)/|w|,   leaky(t) = t for t > 0, t/100 else
//! ```
//!
//! Without ξ_i = max(0, 1 − m_i) the lower level is a continuously differentiable piecewise quadratic of w̃ = (w, b), whose Newton steps end exactly once the active set repeats. With H = diag(1, …, 1, 0) + Σ over active rows of exp(C_i) z_i z_iᵀ, z_i = y_i(x_i, 1), the
//! derivative of the upper loss L is ∂L/∂C_i = exp(C_i) ξ_i z_iᵀ H⁻¹ ∇L: a system of d + 1 equations, exact away from rows with ξ_i = 0 on the edge.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use numerics::cholesky::Cholesky;
use numerics::lbfgs;

use crate::problem::{Dimensions, Problem, clamp, dot, norm};

/// Log weights are kept between these.
pub const LOG_WEIGHTS: (f64, f64) = (-12.0, 8.0);

/// Why there is no machine.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MachineError {
    /// Rows and labels differ in number, or training and validation in columns.
    #[error("{0} rows with {1} columns, {2} labels: expected a label for each row and {3} columns")]
    Shape(usize, usize, usize, usize),
    /// A label that is not −1 or 1.
    #[error("row {0} has label {1}, expected -1 or 1")]
    Label(usize, f64),
    /// Only one class among the training or the validation rows.
    #[error("the {0} rows have one class only")]
    OneClass(&'static str),
    /// A number that is NaN or infinite.
    #[error("row {0} has a number that is not finite")]
    NotFinite(usize),
    /// Newton's method did not end: numbers too large to be squared, for instance.
    #[error("the lower level was not solved: its active set did not settle")]
    NotSolved,
}

/// Training and validation rows, as y(x, 1).
#[derive(Clone, Debug)]
pub struct Machine {
    train: Array2<f64>,
    valid: Array2<f64>,
}

/// A lower solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// (w, b).
    pub plane: Vec<f64>,
    /// ξ.
    pub slacks: Vec<f64>,
    /// Newton steps.
    pub steps: usize,
    /// Rows with |1 − m_i| ≤ 10⁻⁹: at the edge, where the hypergradient has two sides.
    pub at_edge: usize,
}

/// The upper loss with its derivatives by all log weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// L.
    pub loss: f64,
    /// ∂L/∂C.
    pub gradient: Vec<f64>,
    /// Where it is taken.
    pub solution: Solution,
}

impl Machine {
    /// Rows with labels −1 and 1.
    ///
    /// # Errors
    /// Shapes that differ, other labels, one class only, numbers that are not finite.
    pub fn new(
        train: (&Array2<f64>, &Array1<f64>),
        valid: (&Array2<f64>, &Array1<f64>),
    ) -> Result<Self, MachineError> {
        let columns = train.0.ncols();
        let signed = |(x, y): (&Array2<f64>, &Array1<f64>), name| {
            if x.nrows() != y.len() || x.ncols() != columns {
                return Err(MachineError::Shape(x.nrows(), x.ncols(), y.len(), columns));
            }
            if let Some((row, label)) = y.iter().enumerate().find(|(_, y)| y.abs() != 1.0) {
                return Err(MachineError::Label(row, *label));
            }
            if y.iter().all(|label| *label == 1.0) || y.iter().all(|label| *label == -1.0) {
                return Err(MachineError::OneClass(name));
            }
            if let Some(row) = x.rows().into_iter().position(|row| row.iter().any(|a| !a.is_finite())) {
                return Err(MachineError::NotFinite(row));
            }
            let mut rows = Array2::ones((x.nrows(), columns + 1));
            rows.slice_mut(ndarray::s![.., ..columns]).assign(x);
            rows *= &y.view().insert_axis(Axis(1));
            Ok(rows)
        };
        Ok(Self { train: signed(train, "training")?, valid: signed(valid, "validation")? })
    }

    /// Training rows and d + 1.
    pub fn sizes(&self) -> (usize, usize) {
        self.train.dim()
    }

    /// The lower solution for log weights, one for each training row, from a plane (w, b) near it.
    ///
    /// Cost: some ten Newton steps of n(d+1)² flops.
    ///
    /// # Errors
    /// If the active set does not settle.
    pub fn solve(&self, log_weights: &[f64], start: &[f64]) -> Result<Solution, MachineError> {
        let weights: Vec<f64> = log_weights.iter().map(|c| c.exp()).collect();
        let zero = vec![0.0; weights.len()];
        let plain = vec![0.0; start.len()];
        let (plane, steps) = hinge_newton(&self.train, &weights, &zero, &plain, false, start)
            .ok_or(MachineError::NotSolved)?;
        let margins = self.train.dot(&ArrayView1::from(&plane));
        let slacks = margins.iter().map(|m| (1.0 - m).max(0.0)).collect();
        let at_edge = margins.iter().filter(|m| (1.0 - *m).abs() <= 1e-9).count();
        Ok(Solution { plane, slacks, steps, at_edge })
    }

    /// L at a plane (w, b), and ∂L/∂(w, b). Where w = 0 no margin is decided, and both are zero.
    pub fn upper(&self, plane: &[f64], gradient: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        let d = plane.len() - 1;
        let length = norm(&plane[..d]);
        if length == 0.0 {
            // No direction: every margin is undecided.
            return 0.0;
        }
        let (mut loss, mut along) = (0.0, 0.0);
        for row in self.valid.rows() {
            let m = row.dot(&ArrayView1::from(plane)) / length;
            let share = 1.0 / (1.0 + (5.0 * m).exp());
            let (value, slope) = (2.0 * share - 1.0, -10.0 * share * (1.0 - share));
            let factor = if value > 0.0 { 1.0 } else { 0.01 };
            loss += factor * value;
            for (g, z) in gradient.iter_mut().zip(row) {
                *g += factor * slope * z / length;
            }
            along += factor * slope * m;
        }
        for (g, w) in gradient[..d].iter_mut().zip(plane) {
            *g -= along * w / (length * length);
        }
        loss
    }

    /// L at the lower solution, with its gradient in all log weights.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn judge(&self, log_weights: &[f64], start: &[f64]) -> Result<Judged, MachineError> {
        let solution = self.solve(log_weights, start)?;
        let mut slope = vec![0.0; solution.plane.len()];
        let loss = self.upper(&solution.plane, &mut slope);
        let weights: Vec<f64> = log_weights
            .iter()
            .zip(&solution.slacks)
            .map(|(c, s)| if *s > 0.0 { c.exp() } else { 0.0 })
            .collect();
        Cholesky::new(curvature(&self.train, &weights, false).view())
            .ok_or(MachineError::NotSolved)?
            .solve(&mut slope);
        let pulled = self.train.dot(&ArrayView1::from(&slope));
        let gradient =
            weights.iter().zip(&solution.slacks).zip(&pulled).map(|((w, s), p)| w * s * p).collect();
        Ok(Judged { loss, gradient, solution })
    }

    /// The share of rows on the right side of a plane (w, b).
    pub fn accuracy(rows: &Array2<f64>, labels: &Array1<f64>, plane: &[f64]) -> f64 {
        let d = rows.ncols();
        let right = rows
            .rows()
            .into_iter()
            .zip(labels)
            .filter(|(row, y)| (row.dot(&ArrayView1::from(&plane[..d])) + plane[d]) * **y > 0.0);
        right.count() as f64 / rows.nrows().max(1) as f64
    }

    /// `steps` steps of length `rate` down the exact hypergradient, from log weights C, clamped to [`LOG_WEIGHTS`]: what the published GAM rival does, with an exact gradient and without perturbations.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn descend(
        &self,
        log_weights: &[f64],
        rate: f64,
        steps: usize,
    ) -> Result<(Vec<f64>, Judged), MachineError> {
        let mut c = log_weights.to_vec();
        let mut judged = self.judge(&c, &vec![0.0; self.train.ncols()])?;
        for _ in 0..steps {
            c.iter_mut().zip(&judged.gradient).for_each(|(c, g)| *c -= rate * g);
            clamp(&mut c, LOG_WEIGHTS);
            judged = self.judge(&c, &judged.solution.plane)?;
        }
        Ok((c, judged))
    }

    /// L-BFGS on all log weights, within [`LOG_WEIGHTS`] by C = −2 + 10 tanh(u/10).
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn tune(&self, log_weights: &[f64], iterations: usize) -> Result<(Vec<f64>, Judged), MachineError> {
        let outward = |u: &f64| -2.0 + 10.0 * (u / 10.0).tanh();
        let start: Vec<f64> = log_weights
            .iter()
            .map(|c| 10.0 * ((c + 2.0) / 10.0).clamp(-0.999_999, 0.999_999).atanh())
            .collect();
        let mut warm = vec![0.0; self.train.ncols()];
        let options = lbfgs::Options { max_iterations: iterations, ..lbfgs::Options::default() };
        let found = lbfgs::minimise(
            |u: &[f64], gradient: &mut [f64]| {
                let c: Vec<f64> = u.iter().map(outward).collect();
                match self.judge(&c, &warm) {
                    Ok(judged) => {
                        for ((g, own), u) in gradient.iter_mut().zip(&judged.gradient).zip(u) {
                            *g = own * (1.0 - (u / 10.0).tanh().powi(2));
                        }
                        warm.clone_from(&judged.solution.plane);
                        judged.loss
                    }
                    Err(_) => f64::NAN,
                }
            },
            &start,
            &options,
        )
        .map_err(|_| MachineError::NotSolved)?;
        let c: Vec<f64> = found.point.iter().map(outward).collect();
        let judged = self.judge(&c, &vec![0.0; self.train.ncols()])?;
        Ok((c, judged))
    }

    /// The best common log weight of a grid of 201 over [`LOG_WEIGHTS`], refined by golden sections.
    ///
    /// # Errors
    /// As [`Self::solve`].
    pub fn common(&self) -> Result<(f64, Judged), MachineError> {
        let n = self.train.nrows();
        let mut warm = vec![0.0; self.train.ncols()];
        let mut at = |c: f64| -> Result<Judged, MachineError> {
            let judged = self.judge(&vec![c; n], &warm)?;
            warm.clone_from(&judged.solution.plane);
            Ok(judged)
        };
        let (low, high) = LOG_WEIGHTS;
        let place = |k: usize| low + (high - low) * k as f64 / 200.0;
        let mut best = (0, f64::INFINITY);
        for k in 0..=200 {
            let loss = at(place(k))?.loss;
            if loss < best.1 {
                best = (k, loss);
            }
        }
        let (mut a, mut b) = (place(best.0.saturating_sub(1)), place((best.0 + 1).min(200)));
        let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
        for _ in 0..45 {
            let (left, right) = (b - golden * (b - a), a + golden * (b - a));
            if at(left)?.loss < at(right)?.loss { b = right } else { a = left }
        }
        let middle = f64::midpoint(a, b);
        let (c, judged) = (middle, at(middle)?);
        if judged.loss <= best.1 { Ok((c, judged)) } else { Ok((place(best.0), at(place(best.0))?)) }
    }
}

/// diag(1, …, 1, 0 or 1) + Σ weight z zᵀ, with a hair for b where no row is active.
fn curvature(rows: &Array2<f64>, weights: &[f64], whole: bool) -> Array2<f64> {
    let d = rows.ncols();
    let active: Vec<usize> = (0..rows.nrows()).filter(|i| weights[*i] > 0.0).collect();
    let chosen = rows.select(Axis(0), &active);
    let roots: Array1<f64> = active.iter().map(|i| weights[*i].sqrt()).collect();
    let scaled = &chosen * &roots.insert_axis(Axis(1));
    let mut h = scaled.t().dot(&scaled);
    for k in 0..d {
        h[(k, k)] += if k + 1 < d || whole { 1.0 } else { 1e-12 * (1.0 + h[(k, k)]) };
    }
    h
}

/// min over v of |v − center|²/2 (without its last entry unless `whole`) + Σ weight max(0, 1 − zᵀv − slack)²/2, by Newton with halved steps, until the active set repeats after a whole step.
fn hinge_newton(
    rows: &Array2<f64>,
    weights: &[f64],
    slacks: &[f64],
    center: &[f64],
    whole: bool,
    start: &[f64],
) -> Option<(Vec<f64>, usize)> {
    let d = rows.ncols();
    let mut v = start.to_vec();
    let far = |v: &[f64]| -> Vec<f64> {
        rows.dot(&ArrayView1::from(v)).iter().zip(slacks).map(|(m, s)| (1.0 - m - s).max(0.0)).collect()
    };
    let last = if whole { d } else { d - 1 };
    let value = |v: &[f64], far: &[f64]| {
        let near: f64 = v[..last].iter().zip(center).map(|(v, c)| (v - c) * (v - c)).sum();
        (near + weights.iter().zip(far).map(|(w, f)| w * f * f).sum::<f64>()) / 2.0
    };
    let mut violations = far(&v);
    let mut now = value(&v, &violations);
    for step in 1..=200 {
        let pull: Array1<f64> = weights.iter().zip(&violations).map(|(w, f)| w * f).collect();
        let mut direction = rows.t().dot(&pull).to_vec();
        for k in 0..last {
            direction[k] -= v[k] - center[k];
        }
        let active: Vec<f64> =
            weights.iter().zip(&violations).map(|(w, f)| if *f > 0.0 { *w } else { 0.0 }).collect();
        let slope = direction.clone();
        Cholesky::new(curvature(rows, &active, whole).view())?.solve(&mut direction);
        let gain = dot(&slope, &direction);
        let mut length = 1.0;
        loop {
            let next: Vec<f64> = v.iter().zip(&direction).map(|(v, d)| v + length * d).collect();
            let next_far = far(&next);
            let next_value = value(&next, &next_far);
            // Rounding of the value must not turn a last step away.
            let falls = next_value <= now - 1e-4 * length * gain + 1e-14 * (1.0 + now);
            if falls || length < 1e-12 {
                let same =
                    length == 1.0 && violations.iter().zip(&next_far).all(|(a, b)| (*a > 0.0) == (*b > 0.0));
                (v, violations, now) = (next, next_far, next_value);
                // Rows exactly on the edge change sides for ever: then the decrement tells.
                if same || gain <= 1e-24 * (1.0 + now) {
                    return Some((v, step));
                }
                break;
            }
            length /= 2.0;
        }
    }
    None
}

/// The machine with its slacks as variables of the lower level, as the authors' program poses it: x = C, y = (w, b, ξ).
pub struct Slacked<'a> {
    /// The rows.
    pub machine: &'a Machine,
    /// The upper bound of multipliers.
    pub bound: f64,
}

impl Problem for Slacked<'_> {
    fn dimensions(&self) -> Dimensions {
        let (n, d) = self.machine.sizes();
        Dimensions { x: n, y: d + n, constraints: n }
    }

    fn upper(&self, _x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64 {
        let (_, d) = self.machine.sizes();
        by_x.fill(0.0);
        by_y.fill(0.0);
        self.machine.upper(&y[..d], &mut by_y[..d])
    }

    fn lower(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64 {
        let (_, d) = self.machine.sizes();
        by_y[..d].copy_from_slice(&y[..d]);
        by_y[d - 1] = 0.0;
        let mut value = y[..d - 1].iter().map(|w| w * w).sum::<f64>();
        for ((c, xi), (sx, sy)) in x.iter().zip(&y[d..]).zip(by_x.iter_mut().zip(&mut by_y[d..])) {
            let weight = c.exp();
            *sy = weight * xi;
            *sx = weight * xi * xi / 2.0;
            value += weight * xi * xi;
        }
        value / 2.0
    }

    fn constraint(&self, _x: &[f64], y: &[f64], out: &mut [f64]) {
        let (_, d) = self.machine.sizes();
        let margins = self.machine.train.dot(&ArrayView1::from(&y[..d]));
        for ((o, m), xi) in out.iter_mut().zip(&margins).zip(&y[d..]) {
            *o = 1.0 - xi - m;
        }
    }

    fn add_jacobian(&self, _x: &[f64], _y: &[f64], lambda: &[f64], _by_x: &mut [f64], by_y: &mut [f64]) {
        let (_, d) = self.machine.sizes();
        let pulled = self.machine.train.t().dot(&ArrayView1::from(lambda));
        by_y[..d].iter_mut().zip(&pulled).for_each(|(s, p)| *s -= p);
        by_y[d..].iter_mut().zip(lambda).for_each(|(s, l)| *s -= l);
    }

    fn project(&self, x: &mut [f64], y: &mut [f64]) {
        let (n, d) = self.machine.sizes();
        clamp(x, LOG_WEIGHTS);
        // ξ = max(q_ξ, 1 − Zw), and w minimises |w − q_w|² + Σ max(0, 1 − Zw − q_ξ)².
        let (plane, slacks) = y.split_at_mut(d);
        if let Some((found, _)) = hinge_newton(&self.machine.train, &vec![1.0; n], slacks, plane, true, plane)
        {
            plane.copy_from_slice(&found);
        }
        let margins = self.machine.train.dot(&ArrayView1::from(&*plane));
        slacks.iter_mut().zip(&margins).for_each(|(xi, m)| *xi = xi.max(1.0 - m));
    }

    fn multipliers(&self) -> (f64, f64) {
        (0.0, self.bound)
    }
}
