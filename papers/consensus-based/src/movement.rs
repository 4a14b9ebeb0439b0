//! The minimising movement scheme: proximal points, the implicit steps of gradient flow.
//!
//! ```text
//! prox(m) = argmin_x G(x),      G(x) = E(x) + |x − m|²/(2τ)
//! ```

use numerics::lbfgs;

use crate::consensus::Refusal;
use crate::curves::Curve;
use crate::objective::Objective;

/// A proximal point on a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prox {
    /// The global minimiser of G.
    pub point: f64,
    /// G there: Moreau's envelope of E at m.
    pub value: f64,
    /// How much higher the next local minimum of G lies: 0 where the proximal point is two-valued; `None` without another minimum.
    pub gap: Option<f64>,
}

/// Points of the grid that is searched for changes of sign of G′: sixty-four to a unit of length, the period of the wavy curves, at least 4,096 and at most four million.
fn grid(reach: f64) -> usize {
    ((128.0 * reach) as usize).clamp(1 << 12, 1 << 22)
}

/// The proximal point of a curve: all local minima of G in the interval that must hold the global one (|x − m|² ≤ 2τ (E(m) − inf E)), each by bisection on
/// G′, and kinks. Cost: 128 slopes a unit of the interval's half, at least 4,096. Beyond a half of 30,000 the grid is too coarse for wavy curves, and minima may be missed.
pub fn prox_on_a_line(curve: Curve, m: f64, tau: f64) -> Prox {
    let g = |x: f64| curve.value(x) + (x - m) * (x - m) / (2.0 * tau);
    let slope = |x: f64| curve.slope(x) + (x - m) / tau;
    let reach =
        (2.0 * tau * (curve.value(m) - curve.lower_bound())).max(0.0).sqrt() * 1.01 + 1e-9 * (1.0 + m.abs());
    let mut minima: Vec<f64> = Vec::new();
    let mut low = m - reach;
    let mut falls = slope(low) < 0.0;
    let points = grid(reach);
    for number in 1..=points {
        let high = m - reach + 2.0 * reach * number as f64 / points as f64;
        let rises = slope(high) >= 0.0;
        if falls && rises {
            let (mut left, mut right) = (low, high);
            for _ in 0..200 {
                let middle = f64::midpoint(left, right);
                if middle <= left || middle >= right {
                    break;
                }
                if slope(middle) < 0.0 { left = middle } else { right = middle }
            }
            // A kink in the last bracket is the minimiser itself.
            minima.push(
                curve.kinks().iter().copied().find(|kink| (kink - right).abs() < 1e-14).unwrap_or(right),
            );
        }
        (low, falls) = (high, !rises);
    }
    minima.sort_by(|a, b| g(*a).total_cmp(&g(*b)));
    let point = minima.first().copied().unwrap_or(m);
    Prox { point, value: g(point), gap: minima.get(1).map(|next| g(*next) - g(point)) }
}

/// A proximal point in ℝᵈ.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxPoint {
    /// The best stationary point of G found.
    pub point: Vec<f64>,
    /// G there.
    pub value: f64,
    /// |x + τ∇E(x) − m|: zero at a stationary point, and only at the global minimiser where 1/τ exceeds the largest negative curvature of E.
    pub residual: f64,
}

/// The proximal point of E at m: L-BFGS from m, from the explicit step m − τ∇E(m), and from `starts`; the lowest counts. Nothing proves it global where G is
/// not convex. Cost: some tens of gradients from each start.
///
/// # Errors
/// τ that is not positive, or an objective without a finite gradient at every start.
pub fn proximal_point(
    objective: &impl Objective,
    m: &[f64],
    tau: f64,
    starts: &[Vec<f64>],
) -> Result<ProxPoint, Refusal> {
    if !(tau > 0.0 && tau.is_finite()) {
        return Err(Refusal::Setting { name: "tau", expected: "a positive number", found: tau });
    }
    let mut explicit = vec![0.0; m.len()];
    objective.gradient(m, &mut explicit);
    explicit.iter_mut().zip(m).for_each(|(slope, m)| *slope = m - tau * *slope);
    let g = |x: &[f64], gradient: &mut [f64]| {
        objective.gradient(x, gradient);
        let mut value = objective.value(x);
        for ((slope, x), m) in gradient.iter_mut().zip(x).zip(m) {
            value += (x - m) * (x - m) / (2.0 * tau);
            *slope += (x - m) / tau;
        }
        value
    };
    let options =
        lbfgs::Options { gradient_tolerance: 1e-12, relative_decrease: 0.0, ..lbfgs::Options::default() };
    let found = [m, &explicit].into_iter().chain(starts.iter().map(Vec::as_slice)).filter_map(|start| {
        let minimum = lbfgs::minimise(g, start, &options).ok()?;
        let residual = minimum.gradient.iter().map(|slope| slope * slope).sum::<f64>().sqrt() * tau;
        Some(ProxPoint { point: minimum.point, value: minimum.value, residual })
            .filter(|found| found.value.is_finite())
    });
    let point = m.iter().take(8).copied().collect();
    found.min_by(|a, b| a.value.total_cmp(&b.value)).ok_or(Refusal::NotANumber { particle: 0, point })
}
