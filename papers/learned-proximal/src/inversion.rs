//! The regulariser at a given point, with bounds on both sides.
//!
//! R(x) = max over y of ⟨x, y⟩ − |x|²/2 − ψ(y): every y gives a lower bound, and with r = f(y) − x the value is at most |r|²/(2α) above it, as ψ is α-strongly convex. Newton's method with conjugate gradients finds a y whose two bounds agree to rounding.

use crate::network::{ProximalNetwork, Work};

/// What was found for a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Inverse {
    /// y with f(y) ≈ x.
    pub y: Vec<f64>,
    /// R(x) is at least this.
    pub lower: f64,
    /// And at most this; `None` where α = 0, which gives no bound.
    pub upper: Option<f64>,
    /// |f(y) − x|.
    pub residual: f64,
    /// Passes forward and back, and products with second derivatives.
    pub evaluations: usize,
    /// Why it ended.
    pub reason: StopReason,
}

/// Why an inversion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The residual is at most the tolerance times 1 + |x|.
    Converged,
    /// No step lowers the objective any more but by rounding.
    Stalled,
    /// Steps ran out.
    Steps,
    /// The residual does not fall while y runs away: x lies outside of the outputs of f, and R(x) is infinite; or something is not finite. Bounds then say nothing.
    Unbounded,
}

fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    numerics::sum::dot(a, b)
}

/// Minimises ψ(y) − ⟨x, y⟩ from y = x by at most `most` Newton steps, each by conjugate gradients to an accuracy that grows with the residual's fall, shortened until the objective falls enough. `tolerance` is relative to 1 + |x|; 10⁻¹² is within reach.
pub fn invert(network: &ProximalNetwork, x: &[f64], tolerance: f64, most: usize) -> Inverse {
    let n = x.len();
    let mut work = Work::default();
    let mut y = x.to_vec();
    let mut evaluations = 0;
    let mut evaluate = |y: &[f64], work: &mut Work| {
        evaluations += 1;
        let pass = network.potential_and_prox(y, work);
        let residual: Vec<f64> = pass.prox.iter().zip(x).map(|(f, x)| f - x).collect();
        (pass.potential[0] - dot(x, y), residual)
    };
    let (mut value, mut residual) = evaluate(&y, &mut work);
    let mut products = 0;
    let mut reason = StopReason::Steps;
    for _ in 0..most {
        let size = norm(&residual);
        if !size.is_finite() || !value.is_finite() || norm(&y) > 1e8 * (1.0 + norm(x)) {
            reason = StopReason::Unbounded;
            break;
        }
        if size <= tolerance * (1.0 + norm(x)) {
            reason = StopReason::Converged;
            break;
        }
        // Conjugate gradients on ψ″ d = −r. A little of the identity keeps flat directions from being endless.
        let damping = 1e-12_f64.max(1e-3 * size.min(1e-3));
        let (mut d, mut rest) = (vec![0.0; n], residual.iter().map(|r| -r).collect::<Vec<f64>>());
        let mut direction = rest.clone();
        let mut squared = dot(&rest, &rest);
        let goal = (0.1_f64.min(size)).powi(2).max(1e-24) * squared;
        for _ in 0..(4 * n).max(20) {
            let mut image = network.hessian_times(&y, &direction, &mut work);
            products += 1;
            image.iter_mut().zip(&direction).for_each(|(image, d)| *image += damping * d);
            let curved = dot(&direction, &image);
            if curved <= 0.0 {
                break;
            }
            let step = squared / curved;
            for k in 0..n {
                d[k] += step * direction[k];
                rest[k] -= step * image[k];
            }
            let next = dot(&rest, &rest);
            if next <= goal {
                break;
            }
            direction
                .iter_mut()
                .zip(&rest)
                .for_each(|(direction, rest)| *direction = rest + next / squared * *direction);
            squared = next;
        }
        let slope = dot(&residual, &d);
        let mut length = 1.0;
        let found = loop {
            let moved: Vec<f64> = y.iter().zip(&d).map(|(y, d)| y + length * d).collect();
            let (there, new) = evaluate(&moved, &mut work);
            // Near the end values are all rounding: then the residual decides.
            if there <= value + 1e-4 * length * slope || norm(&new) < 0.9 * size {
                break Some((moved, there, new));
            }
            length *= 0.5;
            if length < 1e-10 {
                break None;
            }
        };
        let Some((moved, there, new)) = found else {
            reason = StopReason::Stalled;
            break;
        };
        (y, value, residual) = (moved, there, new);
    }
    if reason != StopReason::Unbounded && norm(&residual) <= tolerance * (1.0 + norm(x)) {
        reason = StopReason::Converged;
    }
    // ⟨x, y⟩ − |x|²/2 − ψ(y).
    let lower = -value - 0.5 * dot(x, x);
    let size = norm(&residual);
    let upper = (network.alpha() > 0.0).then(|| lower + 0.5 * size * size / network.alpha());
    Inverse { y, lower, upper, residual: size, evaluations: evaluations + products, reason }
}

/// What holds of a network's map at some points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spectrum {
    /// The smallest eigenvalue of f′ met.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// The largest |⟨a, f′b⟩ − ⟨b, f′a⟩| over |f′a| |b|, for random a and b.
    pub asymmetry: f64,
}

/// Eigenvalues of f′ at rows of points, by power iteration on it and on what is left of a bound: each estimate is inside of the true range. Cost: 2 `iterations` products a point.
pub fn spectrum(
    network: &ProximalNetwork,
    points: &[f64],
    iterations: usize,
    random: &mut impl rand::Rng,
) -> Spectrum {
    let n = network.inputs();
    let mut found = Spectrum { least: f64::INFINITY, most: f64::NEG_INFINITY, asymmetry: 0.0 };
    let mut work = Work::default();
    for y in points.chunks_exact(n) {
        network.potential_and_prox(y, &mut work);
        let mut draw = || -> Vec<f64> { (0..n).map(|_| random.random_range(-1.0..1.0)).collect() };
        let (a, b) = (draw(), draw());
        let (of_a, of_b) = (network.hessian_times(y, &a, &mut work), network.hessian_times(y, &b, &mut work));
        let size = norm(&of_a) * norm(&b);
        if size > 0.0 {
            found.asymmetry = found.asymmetry.max((dot(&b, &of_a) - dot(&a, &of_b)).abs() / size);
        }
        let mut quotient = |start: Vec<f64>, shift: f64| {
            let (mut v, mut value) = (start, 0.0);
            for _ in 0..iterations {
                let size = norm(&v);
                v.iter_mut().for_each(|v| *v /= size);
                let image = network.hessian_times(y, &v, &mut work);
                value = dot(&v, &image);
                v.iter_mut().zip(&image).for_each(|(v, image)| *v = shift * *v - image);
                if shift == 0.0 {
                    v.iter_mut().for_each(|v| *v = -*v);
                }
                if norm(&v) == 0.0 {
                    break;
                }
            }
            value
        };
        let most = quotient(a, 0.0);
        found.most = found.most.max(most);
        found.least = found.least.min(quotient(b, 1.01 * most.abs() + 1e-12));
    }
    found
}
