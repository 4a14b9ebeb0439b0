//! How smooth a loss is along a descent, and how that grows with its gradient.
//!
//! At each point of normalised descent the local smoothness is L̂ = max over c in {0.1, 0.5, 1} of |∇(x + c d) − ∇(x)|/(c|d|), d the next step (Zhang, He, Sra and Jadbabaie 2020). (L₀, L₁)-smoothness says that L̂ ≤ L₀ + L₁|∇| for steps up to some 1/L₁, so that an envelope of ln L̂ over ln |∇| rises with a slope of at most one far out. The slopes here are those of regressions, which describe points and not their envelope.

use bilevel::sets::norm;
use numerics::bootstrap::quantile;
use numerics::growth::exponent;

/// A point of a descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// |∇|.
    pub gradient: f64,
    /// L̂.
    pub smoothness: f64,
}

/// What points say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Of ln L̂ on ln |∇|.
    pub slope: f64,
    /// The same on the upper half of gradients.
    pub upper_slope: f64,
    /// Of the logarithms.
    pub correlation: f64,
    /// lg of the largest over the smallest L̂.
    pub decades: f64,
    /// Quantile of L̂/|∇| in the upper half: what L₁ would have to be at least.
    pub ratio_95: f64,
}

/// Below this a gradient is rounding noise, as where a network saturates.
const SMALLEST: f64 = 1e-10;

/// Descends by normalised steps of length `eta` and measures at each point; `gradient` writes ∇(x). Stops early at a gradient that is not finite or below 10⁻¹⁰. Cost: four gradients a step.
pub fn along_descent(
    mut gradient: impl FnMut(&[f64], &mut [f64]),
    start: &[f64],
    eta: f64,
    steps: usize,
) -> Vec<Point> {
    let mut x = start.to_vec();
    let (mut here, mut there, mut moved) = (vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]);
    let mut points = Vec::with_capacity(steps);
    for _ in 0..steps {
        gradient(&x, &mut here);
        let size = norm(&here);
        if !(SMALLEST..f64::INFINITY).contains(&size) {
            break;
        }
        let mut smoothness = 0.0_f64;
        for c in [0.1, 0.5, 1.0] {
            for ((moved, x), g) in moved.iter_mut().zip(&x).zip(&here) {
                *moved = x - c * eta / size * g;
            }
            gradient(&moved, &mut there);
            there.iter_mut().zip(&here).for_each(|(there, here)| *there -= here);
            smoothness = smoothness.max(norm(&there) / (c * eta));
        }
        if !smoothness.is_finite() {
            break;
        }
        points.push(Point { gradient: size, smoothness });
        x.copy_from_slice(&moved);
    }
    points
}

/// Fits a law to points; `None` for fewer than four, or where gradients or L̂ are zero or all the same.
pub fn fit(points: &[Point]) -> Option<Fit> {
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.gradient.total_cmp(&b.gradient));
    if points.len() < 4 {
        return None;
    }
    let pairs = |points: &[Point]| points.iter().map(|p| (p.gradient, p.smoothness)).collect::<Vec<_>>();
    let upper = &points[points.len() / 2..];
    let slope = exponent(&pairs(&points))?;
    let upper_slope = exponent(&pairs(upper))?;
    let swapped: Vec<(f64, f64)> = points.iter().map(|p| (p.smoothness, p.gradient)).collect();
    // The slopes of y on x and of x on y multiply to the squared correlation.
    let correlation = slope.signum() * (slope * exponent(&swapped)?).max(0.0).sqrt();
    let extreme =
        |pick: fn(f64, f64) -> f64, from: f64| points.iter().fold(from, |a, p| pick(a, p.smoothness));
    let decades = (extreme(f64::max, 0.0) / extreme(f64::min, f64::INFINITY)).log10();
    let mut ratios: Vec<f64> = upper.iter().map(|p| p.smoothness / p.gradient).collect();
    ratios.sort_by(f64::total_cmp);
    Some(Fit { slope, upper_slope, correlation, decades, ratio_95: quantile(&ratios, 0.95) })
}
