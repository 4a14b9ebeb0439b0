//! How fast a sketch converges, exactly.
//!
//! A step with the projector Π turns the error e into (I − Π)e. For a Gaussian vector s and symmetric K = Σ kᵢ uᵢuᵢᵀ, p = Ks has independent coordinates
//! of variance kᵢ² along the uᵢ, so that Π = ppᵀ/|p|² has moments which are integrals in one variable, from 1/x = ∫ e^(−ux) du:
//!
//! vᵢ = E Πᵢᵢ = sᵢ ∫ (1+2usᵢ)⁻¹ ∏ⱼ (1+2usⱼ)^(−1/2) du, and for i ≠ j Wᵢⱼ = E Πᵢⱼ² = sᵢsⱼ ∫ u (1+2usᵢ)⁻¹(1+2usⱼ)⁻¹ ∏ (…)^(−1/2) du,
//!
//! three times as much with a square for i = j, and sᵢ = kᵢ²/|K|_F². Hence E eₜ = (I − V)ᵗe₀, and the squares mᵢ = E(uᵢᵀe)² obey
//! m ← m − 2v∘m + Wm, both exactly. As vᵢ/sᵢ falls in sᵢ and Σ sᵢ(vᵢ/sᵢ) = 1, no vᵢ is below the smallest s: the rate σ_min²/|K|_F² of norm-weighted
//! Kaczmarz is a bound, and usually a loose one.

use ndarray::{Array1, Array2, ArrayView2};
use numerics::symmetric::{eigen, eigenvalues};

use crate::sketch::Sampling;
use crate::sparse::Sparse;

/// Moments of the Gaussian sketch for a symmetric matrix.
#[derive(Clone, Debug)]
pub struct GaussianLaw {
    /// vᵢ: by how much one step shrinks the mean error along eigenvector i. They sum to one.
    pub contraction: Array1<f64>,
    /// I − 2 diag(v) + W: one step for the mean squares along the eigenvectors.
    step: Array2<f64>,
}

impl GaussianLaw {
    /// From the eigenvalues, none of them zero. d² integrals of 10³ points, so meant for d up to a few hundred.
    pub fn new(eigenvalues: &[f64]) -> Self {
        let total: f64 = eigenvalues.iter().map(|k| k * k).sum();
        let s: Vec<f64> = eigenvalues.iter().map(|k| k * k / total).collect();
        let d = s.len();
        let mut contraction = Array1::zeros(d);
        let mut squares = Array2::<f64>::zeros((d, d));
        // u = e^t, by the trapezoidal rule, which converges like e^(−1/h) for such integrands.
        let spacing = 0.05;
        let smallest = s.iter().copied().fold(f64::INFINITY, f64::min).max(f64::MIN_POSITIVE);
        let end = 45.0 - smallest.ln();
        let mut shares = vec![0.0; d];
        for place in 0..((end + 45.0) / spacing) as usize {
            let u = (place as f64 * spacing - 45.0).exp();
            let logarithm: f64 = s.iter().map(|s| (2.0 * u * s).ln_1p()).sum();
            let weight = spacing * (-0.5 * logarithm).exp();
            if weight < 1e-300 {
                break;
            }
            for (share, s) in shares.iter_mut().zip(&s) {
                *share = u * s / (1.0 + 2.0 * u * s);
            }
            for i in 0..d {
                contraction[i] += weight * shares[i];
                for j in 0..=i {
                    squares[[i, j]] += weight * shares[i] * shares[j];
                }
            }
        }
        let mut step = Array2::zeros((d, d));
        for i in 0..d {
            for j in 0..i {
                step[[i, j]] = squares[[i, j]];
                step[[j, i]] = squares[[i, j]];
            }
            step[[i, i]] = 1.0 - 2.0 * contraction[i] + 3.0 * squares[[i, i]];
        }
        Self { contraction, step }
    }

    /// E|e|² after so many steps, from the squares of the first error along the eigenvectors.
    pub fn mean_square(&self, squares: &[f64], steps: u64) -> f64 {
        let mut state = Array1::from(squares.to_vec());
        let (mut power, mut left) = (self.step.clone(), steps);
        while left > 0 {
            if left & 1 == 1 {
                state = power.dot(&state);
            }
            power = power.dot(&power);
            left >>= 1;
        }
        state.sum()
    }

    /// The least number of steps after which E|e|² is at most a share of what it was; `None` beyond 2⁶⁰.
    pub fn steps(&self, squares: &[f64], share: f64) -> Option<u64> {
        let target = share * squares.iter().sum::<f64>();
        let mut powers = vec![self.step.clone()];
        let mut state = Array1::from(squares.to_vec());
        if state.sum() <= target {
            return Some(0);
        }
        while powers[powers.len() - 1].dot(&state).sum() > target {
            let last = &powers[powers.len() - 1];
            let next = last.dot(last);
            if powers.len() == 60 {
                return None;
            }
            powers.push(next);
        }
        let mut steps = 0;
        for (bit, power) in powers.iter().enumerate().rev() {
            let next = power.dot(&state);
            if next.sum() > target {
                state = next;
                steps += 1 << bit;
            }
        }
        Some(steps + 1)
    }
}

/// The smallest eigenvalue of E Π of randomised Kaczmarz: the mean squared error falls at least by this share in every step. `None` if a row is
/// zero, the order is not random, or the eigenvalues do not converge.
pub fn kaczmarz_rate(system: &Sparse, sampling: Sampling) -> Option<f64> {
    let norms = system.row_norms_squared();
    let total: f64 = norms.iter().sum();
    let mut mean = Array2::<f64>::zeros((system.columns(), system.columns()));
    for (row, norm) in norms.iter().enumerate() {
        let weight = match sampling {
            Sampling::Uniform => 1.0 / (system.rows() as f64 * norm),
            Sampling::SquaredNorm => 1.0 / total,
            Sampling::Shuffled => return None,
        };
        let (columns, values) = system.row(row);
        for (i, a) in columns.iter().zip(values) {
            for (j, b) in columns.iter().zip(values) {
                mean[[*i as usize, *j as usize]] += weight * a * b;
            }
        }
    }
    eigenvalues(mean.view())?.first().copied().filter(|rate| rate.is_finite())
}

/// σ_min and |·|_F of a symmetric matrix, and its eigenvalues and eigenvectors (in columns).
pub fn spectrum(matrix: ArrayView2<f64>) -> Option<Spectrum> {
    let (values, vectors) = eigen(matrix)?;
    let smallest = values.iter().map(|value| value.abs()).fold(f64::INFINITY, f64::min);
    let frobenius = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    Some(Spectrum { values, vectors, smallest, frobenius })
}

/// Of a symmetric matrix.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// Eigenvalues, ascending.
    pub values: Vec<f64>,
    /// Eigenvectors, in columns.
    pub vectors: Array2<f64>,
    /// σ_min.
    pub smallest: f64,
    /// |·|_F.
    pub frobenius: f64,
}
