//! Semi-smooth Newton for a proximal step.
//!
//! ∇ψ is piecewise linear, so Newton's method with the derivative of the current piece ends on the
//! maximiser once it is on the right piece. The derivative −H is sparse: column j contributes, over
//! its free and tied entries, the response Jⱼ of the masses to their earnings less what keeping
//! the column's mass takes away,
//!
//! H = Σⱼ Jⱼ − Jⱼ 1 1ᵀ Jⱼ/(1ᵀ Jⱼ 1),
//!
//! where Jⱼ is ρ/γ on free entries and λ (I − w 1 1ᵀ) on tied ones. H is positive semidefinite with
//! the constant vectors in its null space; (H + ε) d = ∇ψ is solved by conjugate gradients, which
//! only multiply by H, at a cost of the number of positive entries. The step length comes from the
//! slope along d alone: values would drown in rounding long before slopes do.

use crate::proximal_dual::ProximalDual;

/// Values of ψ are uncertain by this part of the terms they consist of.
const ROUNDING: f64 = 1e-14;

/// H, flattened for products.
#[derive(Default)]
pub(crate) struct Curvature {
    rows: Vec<u32>,
    columns: Vec<Response>,
    pub diagonal: Vec<f64>,
}

/// How the free and tied entries of one column respond.
struct Response {
    end: usize,
    free: usize,
    tied: usize,
    /// w in λ (I − w 1 1ᵀ).
    spread: f64,
    /// κ = 1 − w e.
    damping: f64,
    /// 1ᵀ J 1.
    total: f64,
}

impl Curvature {
    /// H at the last evaluation of ψ.
    pub fn assemble(&mut self, dual: &ProximalDual<'_>, m: usize) {
        let step = dual.step();
        let response = step.response();
        self.rows.clear();
        self.columns.clear();
        self.diagonal.clear();
        self.diagonal.resize(m, 0.0);
        for column in dual.columns() {
            let shape = &column.shape;
            if shape.end == 0 {
                continue;
            }
            let start = self.rows.len();
            self.rows.extend(column.rows());
            let (free, tied) = (shape.free, shape.end - shape.free);
            let (damping, spread) = if tied > 0 {
                let damping = step.damping(shape);
                (damping, (1.0 - damping) / tied as f64)
            } else {
                (1.0, 0.0)
            };
            let total = response * free as f64 + step.lambda * damping * tied as f64;
            for (place, &row) in self.rows[start..].iter().enumerate() {
                self.diagonal[row as usize] += if place < free {
                    response - response * response / total
                } else {
                    let sum = step.lambda * damping;
                    step.lambda * (1.0 - spread) - sum * sum / total
                };
            }
            let end = self.rows.len();
            self.columns.push(Response { end, free, tied, spread, damping, total });
        }
    }

    /// y = (H + ε) x.
    pub fn multiply(&self, dual: &ProximalDual<'_>, epsilon: f64, x: &[f64], y: &mut [f64]) {
        let step = dual.step();
        let (response, lambda) = (step.response(), step.lambda);
        for (y, &x) in y.iter_mut().zip(x) {
            *y = epsilon * x;
        }
        let mut start = 0;
        for column in &self.columns {
            let rows = &self.rows[start..column.end];
            start = column.end;
            let (free, tied) = rows.split_at(column.free);
            let free_sum: f64 = free.iter().map(|&i| x[i as usize]).sum();
            let tied_sum: f64 = tied.iter().map(|&i| x[i as usize]).sum();
            let shift = (response * free_sum + lambda * column.damping * tied_sum) / column.total;
            for &i in free {
                y[i as usize] += response * (x[i as usize] - shift);
            }
            if column.tied > 0 {
                let common = column.spread * tied_sum + column.damping * shift;
                for &i in tied {
                    y[i as usize] += lambda * (x[i as usize] - common);
                }
            }
        }
    }
}

/// Memory of Newton's method.
pub(crate) struct Newton {
    curvature: Curvature,
    gradient: Vec<f64>,
    direction: Vec<f64>,
    trial: Vec<f64>,
    residual: Vec<f64>,
    search: Vec<f64>,
    product: Vec<f64>,
    /// ε in units of a free entry's response; falls as full steps succeed.
    damping: f64,
    value: f64,
    pub evaluations: usize,
    pub steps: usize,
}

impl Newton {
    pub fn new(m: usize) -> Self {
        let zeros = || vec![0.0; m];
        Self {
            curvature: Curvature::default(),
            gradient: zeros(),
            direction: zeros(),
            trial: zeros(),
            residual: zeros(),
            search: zeros(),
            product: zeros(),
            damping: 1.0,
            value: 0.0,
            evaluations: 0,
            steps: 0,
        }
    }

    /// ∇ψ at the last evaluation: what each row lacks.
    pub fn gradient(&self) -> &[f64] {
        &self.gradient
    }

    /// Maximises ψ from `alpha` until Σ |∇ψ| ≤ tolerance(ψ) or `limit` steps; returns Σ |∇ψ|. The
    /// last evaluation of ψ is at the final α.
    pub fn maximise(
        &mut self,
        dual: &mut ProximalDual<'_>,
        alpha: &mut [f64],
        tolerance: impl Fn(&ProximalDual<'_>) -> f64,
        limit: usize,
    ) -> f64 {
        self.value = dual.evaluate(alpha, &mut self.gradient);
        self.evaluations += 1;
        let mut error = one_norm(&self.gradient);
        for _ in 0..limit {
            if error <= tolerance(dual) {
                break;
            }
            self.curvature.assemble(dual, alpha.len());
            let epsilon = self.damping * dual.step().response();
            self.conjugate_gradients(dual, epsilon);
            let slope = dot(&self.gradient, &self.direction);
            if slope.is_nan() || slope <= 0.0 {
                break;
            }
            let length = self.search_along(dual, alpha, slope);
            self.steps += 1;
            if length == 0.0 {
                // No progress at rounding level.
                self.value = dual.evaluate(alpha, &mut self.gradient);
                break;
            }
            self.damping = if length < 0.3 {
                (self.damping * 4.0).min(1.0)
            } else if length >= 1.0 {
                (self.damping * 0.25).max(1e-10)
            } else {
                self.damping
            };
            for (x, &t) in alpha.iter_mut().zip(&self.trial) {
                *x = t;
            }
            error = one_norm(&self.gradient);
        }
        error
    }

    /// Finds a step that raises ψ as its slope promises; where the change of ψ is lost in rounding,
    /// a flatter slope decides (the approximate Wolfe condition of Hager and Zhang 2005). Leaves
    /// the point in `trial` and value and gradient there. Returns the step, or 0 if there is none.
    fn search_along(&mut self, dual: &mut ProximalDual<'_>, alpha: &[f64], slope: f64) -> f64 {
        let before = self.value;
        let rounding = ROUNDING * (before.abs() + dual.size(alpha));
        let mut length = 1.0;
        let (mut low, mut low_slope) = (0.0, slope);
        let (mut high, mut high_slope) = (f64::INFINITY, 0.0);
        for _ in 0..60 {
            for ((t, &x), &d) in self.trial.iter_mut().zip(alpha).zip(&self.direction) {
                *t = x + length * d;
            }
            self.value = dual.evaluate(&self.trial, &mut self.gradient);
            self.evaluations += 1;
            let here = dot(&self.gradient, &self.direction);
            let raised = self.value >= before + 1e-4 * length * slope;
            let flat = here >= -0.8 * slope && self.value >= before - rounding;
            if raised || flat {
                return length;
            }
            if here > 0.0 {
                (low, low_slope) = (length, here);
            } else {
                (high, high_slope) = (length, here);
            }
            if high.is_infinite() {
                break;
            }
            let width = high - low;
            let secant = low + width * low_slope / (low_slope - high_slope);
            length = secant.clamp(low + 0.05 * width, high - 0.05 * width);
        }
        self.value = before;
        0.0
    }

    /// Approximately solves (H + ε) d = ∇ψ, preconditioned by the diagonal.
    fn conjugate_gradients(&mut self, dual: &ProximalDual<'_>, epsilon: f64) {
        let m = self.gradient.len();
        let inverse = |i: usize, diagonal: &[f64]| 1.0 / (diagonal[i] + epsilon);
        self.direction.fill(0.0);
        self.residual.copy_from_slice(&self.gradient);
        let mut size = 0.0;
        for i in 0..m {
            self.search[i] = self.residual[i] * inverse(i, &self.curvature.diagonal);
            size += self.residual[i] * self.search[i];
        }
        let target = size * 1e-6;
        for _ in 0..500 {
            self.curvature.multiply(dual, epsilon, &self.search, &mut self.product);
            let bend = dot(&self.search, &self.product);
            if bend.is_nan() || bend <= 0.0 {
                break;
            }
            let step = size / bend;
            let mut next = 0.0;
            for i in 0..m {
                self.direction[i] += step * self.search[i];
                self.residual[i] -= step * self.product[i];
                next += self.residual[i] * self.residual[i] * inverse(i, &self.curvature.diagonal);
            }
            if next <= target {
                break;
            }
            let ratio = next / size;
            size = next;
            for i in 0..m {
                self.search[i] =
                    self.residual[i] * inverse(i, &self.curvature.diagonal) + ratio * self.search[i];
            }
        }
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

fn one_norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x.abs()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Cost, Problem};
    use crate::proximal::Proximal;
    use ndarray::{Array1, Array2};

    /// Five rows, seven columns, costs without pattern.
    fn problem() -> Problem {
        let cost = Array2::from_shape_fn((5, 7), |(i, j)| ((i * 7 + j * 3) % 11) as f64 / 11.0);
        let a = Array1::from_elem(5, 0.2);
        let b = Array1::from_elem(7, 1.0 / 7.0);
        let cost = Cost::dense(cost.view()).expect("costs");
        Problem::new(cost, a.view(), b.view()).expect("a problem")
    }

    /// −H is the derivative of ∇ψ: on one linear piece, differences of ∇ψ are exact up to rounding
    /// divided by the step (1e-16/1e-6).
    #[test]
    fn the_curvature_is_the_derivative_of_the_gradient() {
        let problem = problem();
        let step = Proximal { k: 1, gamma: 1.0, lambda: 0.5 };
        let mut dual = ProximalDual::new(&problem, step);
        let alpha = [0.31, 0.2, 0.05, -0.1, 0.17];
        let (mut before, mut after, mut product) = ([0.0; 5], [0.0; 5], [0.0; 5]);
        dual.evaluate(&alpha, &mut before);
        let mut curvature = Curvature::default();
        curvature.assemble(&dual, 5);
        assert!(
            dual.columns().any(|column| column.shape.end > column.shape.free),
            "the test needs a column with a tie"
        );
        for i in 0..5 {
            let mut direction = [0.0; 5];
            direction[i] = 1.0;
            curvature.multiply(&dual, 0.0, &direction, &mut product);
            assert!((product[i] - curvature.diagonal[i]).abs() <= 1e-12);
            assert!(product.iter().sum::<f64>().abs() <= 1e-12, "constants are in the null space");
            let mut moved = alpha;
            moved[i] += 1e-6;
            let mut other = ProximalDual::new(&problem, step);
            other.evaluate(&moved, &mut after);
            for r in 0..5 {
                let difference = (after[r] - before[r]) / 1e-6;
                assert!((difference + product[r]).abs() <= 1e-8, "{r} {i}");
            }
        }
    }

    #[test]
    fn a_proximal_step_is_solved_to_rounding() {
        let problem = problem();
        let mut dual = ProximalDual::new(&problem, Proximal { k: 2, gamma: 1.0, lambda: 3.0 });
        let mut alpha = [0.0; 5];
        let error = Newton::new(5).maximise(&mut dual, &mut alpha, |_| 1e-14, 100);
        assert!(error <= 1e-14, "{error}");
        assert!(dual.plan().row_error(problem.a()) <= 1e-14);
    }
}
