//! Mixtures of normal priors in several dimensions.

use ndarray::{Array1, Array2, ArrayView1};
use numerics::cholesky::Cholesky;

use super::families::{PriorError, positive};
use super::{remaining, smoothing};

/// Σ wᵢ N(μᵢ, Cᵢ) on ℝⁿ.
#[derive(Clone, Debug)]
pub struct GaussianMixture {
    weights: Vec<f64>,
    means: Vec<Array1<f64>>,
    covariances: Vec<Array2<f64>>,
    /// Square roots of the covariances, for drawing.
    roots: Vec<Array2<f64>>,
}

/// ln p_τ at a point, its gradient and second derivatives.
#[derive(Clone, Debug)]
pub struct SmoothedAt {
    /// ln p_τ.
    pub log: f64,
    /// Its gradient.
    pub slope: Array1<f64>,
    /// Its second derivatives.
    pub curvature: Array2<f64>,
}

impl GaussianMixture {
    /// Of components (weight, mean, covariance).
    ///
    /// # Errors
    /// No component, sizes that do not fit, a covariance that is not positive definite, weights whose sum is not one.
    pub fn new(components: Vec<(f64, Array1<f64>, Array2<f64>)>) -> Result<Self, PriorError> {
        let n = components.first().ok_or(PriorError::Empty)?.1.len();
        let mut made =
            Self { weights: Vec::new(), means: Vec::new(), covariances: Vec::new(), roots: Vec::new() };
        for (number, (weight, mean, covariance)) in components.into_iter().enumerate() {
            positive("a weight", weight)?;
            if mean.len() != n || covariance.dim() != (n, n) || Cholesky::new(covariance.view()).is_none() {
                return Err(PriorError::Component(number));
            }
            let (values, mut root) =
                numerics::symmetric::eigen(covariance.view()).ok_or(PriorError::Component(number))?;
            for (mut column, value) in root.columns_mut().into_iter().zip(values) {
                column *= value.max(0.0).sqrt();
            }
            made.roots.push(root);
            made.weights.push(weight);
            made.means.push(mean);
            made.covariances.push(covariance);
        }
        let sum: f64 = made.weights.iter().sum();
        if (sum - 1.0).abs() > 1e-9 {
            return Err(PriorError::Weights(sum));
        }
        Ok(made)
    }

    /// n.
    pub fn dimension(&self) -> usize {
        self.means[0].len()
    }

    /// A random point.
    pub fn draw(&self, random: &mut impl rand::Rng) -> Vec<f64> {
        use rand_distr::StandardNormal;
        let mut left: f64 = random.random();
        let chosen = self.weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        let chosen = chosen.unwrap_or(self.weights.len() - 1);
        let normal: Array1<f64> =
            (0..self.dimension()).map(|_| random.sample::<f64, _>(StandardNormal)).collect();
        (self.roots[chosen].dot(&normal) + &self.means[chosen]).to_vec()
    }

    /// ln p_τ with derivatives; τ = 0 is p itself. Cost: a factorisation a component.
    pub fn smoothed(&self, m: ArrayView1<f64>, tau: f64) -> SmoothedAt {
        let n = self.dimension();
        let parts: Vec<(f64, Array1<f64>, Array2<f64>)> = (0..self.weights.len())
            .map(|i| {
                let mut spread = self.covariances[i].clone();
                spread.diag_mut().iter_mut().for_each(|entry| *entry += tau * tau);
                let factor =
                    Cholesky::new(spread.view()).expect("a covariance and a multiple of the identity");
                let mut inverse = Array2::eye(n);
                for mut column in inverse.columns_mut() {
                    let mut solved = column.to_vec();
                    factor.solve(&mut solved);
                    column.assign(&Array1::from(solved));
                }
                let away = &self.means[i] - &m;
                let pull = inverse.dot(&away);
                let (values, _) = numerics::symmetric::eigen(spread.view()).expect("finite");
                let log_determinant: f64 = values.iter().map(|value| value.ln()).sum();
                let log = self.weights[i].ln()
                    - 0.5 * (n as f64 * (2.0 * std::f64::consts::PI).ln() + log_determinant)
                    - 0.5 * away.dot(&pull);
                (log, pull, inverse)
            })
            .collect();
        let most = parts.iter().fold(f64::NEG_INFINITY, |a, part| a.max(part.0));
        let log = most + parts.iter().map(|part| (part.0 - most).exp()).sum::<f64>().ln();
        let (mut slope, mut curvature) = (Array1::zeros(n), Array2::zeros((n, n)));
        for (part, pull, inverse) in &parts {
            let share = (part - log).exp();
            slope.scaled_add(share, pull);
            curvature.scaled_add(share, &outer(pull, pull));
            curvature.scaled_add(-share, inverse);
        }
        let outer = outer(&slope, &slope);
        curvature -= &outer;
        SmoothedAt { log, slope, curvature }
    }

    /// The posterior mean.
    pub fn mmse(&self, y: ArrayView1<f64>, sigma: f64) -> Array1<f64> {
        self.smoothed(y, sigma).slope * (sigma * sigma) + y
    }

    /// The posterior's mode: Newton's method from the datum, the posterior mean and every component's own posterior mean, the best kept.
    pub fn map(&self, y: ArrayView1<f64>, sigma: f64) -> Array1<f64> {
        self.proximal(y, sigma * sigma, 0.0)
    }

    /// The minimiser of proximal matching by the theorem, and R_γ there.
    pub fn matched(&self, y: ArrayView1<f64>, sigma: f64, gamma: f64) -> (Array1<f64>, f64) {
        let tau = smoothing(sigma, gamma);
        let center = self.proximal(y, remaining(sigma, gamma), tau);
        let smoothed = self.smoothed(center.view(), tau);
        let moved = smoothed.slope * (tau * tau);
        let value = -tau * tau * smoothed.log - 0.5 * moved.dot(&moved);
        (center + moved, sigma * sigma / (tau * tau) * value)
    }

    /// The global minimiser of |m − y|²/(2 variance) − ln p_τ(m), as far as several starts find it.
    fn proximal(&self, y: ArrayView1<f64>, variance: f64, tau: f64) -> Array1<f64> {
        let objective = |m: &Array1<f64>| {
            let away = m - &y;
            0.5 * away.dot(&away) / variance - self.smoothed(m.view(), tau).log
        };
        let mut starts = vec![y.to_owned()];
        starts.extend(self.means.iter().map(|mean| 0.5 * (mean + &y)));
        starts.extend(self.means.iter().cloned());
        let mut best = (f64::INFINITY, y.to_owned());
        for mut m in starts {
            let mut value = objective(&m);
            for _ in 0..200 {
                let smoothed = self.smoothed(m.view(), tau);
                let mut step = (&m - &y) / variance - &smoothed.slope;
                let mut matrix = -smoothed.curvature;
                matrix.diag_mut().iter_mut().for_each(|entry| *entry += 1.0 / variance);
                // Where the matrix is not positive definite the identity is added until it is.
                let mut shift = 0.0;
                let factor = loop {
                    if let Some(factor) = Cholesky::new(matrix.view()) {
                        break factor;
                    }
                    let more = if shift == 0.0 { 0.5 / variance } else { shift };
                    matrix.diag_mut().iter_mut().for_each(|entry| *entry += more);
                    shift += more;
                };
                let slope = step.clone();
                factor.solve(step.as_slice_mut().expect("one piece"));
                let descent = slope.dot(&step);
                let mut length = 1.0;
                let moved = loop {
                    let moved = &m - &(&step * length);
                    let there = objective(&moved);
                    if there <= value - 1e-4 * length * descent || length < 1e-9 {
                        value = there.min(value);
                        break moved;
                    }
                    length *= 0.5;
                };
                m = moved;
                if step.iter().all(|s| s.abs() < 1e-14) {
                    break;
                }
            }
            if value < best.0 {
                best = (value, m);
            }
        }
        best.1
    }
}

fn outer(a: &Array1<f64>, b: &Array1<f64>) -> Array2<f64> {
    Array2::from_shape_fn((a.len(), b.len()), |(i, j)| a[i] * b[j])
}
