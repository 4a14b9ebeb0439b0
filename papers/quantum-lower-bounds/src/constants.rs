//! Constants of the chain: those of the literature, what they are, and what follows for every order.

use crate::enclosure::{gate_supremum, slope_supremum};
use crate::scalars::SLOPE_LIMIT;

/// The literature's bound of the Lipschitz constant of ∇F.
pub const LITERATURE_LIPSCHITZ: f64 = 152.0;
/// The literature's bound of (F(0) − inf F)/T.
pub const LITERATURE_GAP: f64 = 12.0;
/// The literature's bound of |∂ᵢF|.
pub const LITERATURE_ENTRY: f64 = 23.0;
/// What a column adds to the gap: e·√(2πe).
pub const GAP: f64 = std::f64::consts::E * SLOPE_LIMIT;

/// A certified bound of the Lipschitz constant of ∇F, what [`lipschitz_bound`](crate::enclosure::lipschitz_bound) finds, rounded up. 134.02 is attained.
pub const CERTIFIED_LIPSCHITZ: f64 = 138.9;

/// A bound of the Lipschitz constant of the p-th derivative, p = 1, 2, 3: the largest row sum of the derivative tensor of order p + 1, with every factor at its
/// supremum. 151.27 for p = 1.
///
/// As the argument of Ψ a coordinate is in terms Ψ⁽ᵃ⁾Φ⁽ᵖ⁺¹⁻ᵃ⁾, C(p, a − 1) of them, and as that of Φ in as many Φ⁽ᵇ⁾Ψ⁽ᵖ⁺¹⁻ᵇ⁾.
///
/// # Panics
/// For another order.
pub fn lipschitz(order: usize) -> f64 {
    assert!((1..=3).contains(&order), "orders 1 to 3");
    let tolerance = 1e-9;
    let gate = |k: usize| match k {
        0 => std::f64::consts::E,
        _ => gate_supremum(k, 1.0, tolerance).high.max(gate_supremum(k, -1.0, tolerance).high),
    };
    let slope = |k: usize| match k {
        0 => SLOPE_LIMIT,
        _ => slope_supremum(k, 1.0, tolerance).high.max(slope_supremum(k, -1.0, tolerance).high),
    };
    let mut binomial = 1.0;
    let mut sum = 0.0;
    for k in 1..=order + 1 {
        sum += binomial * (gate(k) * slope(order + 1 - k) + slope(k) * gate(order + 1 - k));
        binomial *= (order + 1 - k) as f64 / k as f64;
    }
    sum
}
