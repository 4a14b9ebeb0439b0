//! Exponentials and logarithms of 2 × 2 matrices, and how much of the group the exponential misses.
//!
//! A matrix of positive determinant has a real logarithm unless its eigenvalues are negative, scalar matrices excepted. In SL(2) at squeeze t that is a share gd(t)/π of all rotations (gd the Gudermannian), so in a ball of
//! radius T a share [`missed_share`], which tends to one half.

use std::f64::consts::PI;

use crate::matrix::{Matrix, determinant2, largest};
use crate::polar::power_of_two;

/// sinh(√δ)/√δ, and sin for negative δ; 1 at 0.
pub fn sinh_ratio(delta: f64) -> f64 {
    if delta.abs() < 1e-4 {
        // Three terms are exact to rounding there.
        return 1.0 + delta / 6.0 * (1.0 + delta / 20.0 * (1.0 + delta / 42.0));
    }
    let root = delta.abs().sqrt();
    if delta > 0.0 { root.sinh() / root } else { root.sin() / root }
}

/// eᵃ.
pub fn exponential(a: &Matrix<2>) -> Matrix<2> {
    let middle = 0.5 * (a[0][0] + a[1][1]);
    let half = 0.5 * (a[0][0] - a[1][1]);
    // −det of the traceless part.
    let delta = f64::mul_add(half, half, a[0][1] * a[1][0]);
    let root = delta.abs().sqrt();
    let even = if delta > 0.0 { root.cosh() } else { root.cos() };
    let odd = sinh_ratio(delta);
    let size = middle.exp();
    // The smaller of even ± odd·half is a difference: from e^{−√δ} where both are large.
    let diagonal = |sign: f64| {
        let term = sign * odd * half;
        if delta > 1.0 && term < 0.0 {
            // even + term = e^{−r} + sinh(r)(1 − |half|/r), and 1 − |half|/r = bc/(r(r + |half|)).
            (-root).exp() + root.sinh() * a[0][1] * a[1][0] / (root * (root + half.abs()))
        } else {
            even + term
        }
    };
    [[size * diagonal(1.0), size * odd * a[0][1]], [size * odd * a[1][0], size * diagonal(-1.0)]]
}

/// A real logarithm with angles in (−π, π]; none if there is no real one. Of −c I there are many: that with −π above the diagonal.
pub fn logarithm(g: &Matrix<2>) -> Option<Matrix<2>> {
    let most = largest(g);
    if !(most > 0.0 && most.is_finite()) {
        return None;
    }
    if !(1e-100..=1e100).contains(&most) {
        // By a power of two, whose logarithm comes back on the diagonal.
        let (down, exponent) = power_of_two(most);
        let found = logarithm(&g.map(|row| row.map(|x| x * down[0] * down[1])))?;
        let shift = exponent * std::f64::consts::LN_2;
        return Some([[found[0][0] + shift, found[0][1]], [found[1][0], found[1][1] + shift]]);
    }
    let determinant = determinant2(g);
    if !(determinant > 0.0 && determinant.is_finite()) {
        return None;
    }
    let root = determinant.sqrt();
    let [[a, b], [c, d]] = *g;
    let half = 0.5 * (a - d) / root;
    let (upper, lower) = (b / root, c / root);
    let middle = 0.5 * (a + d) / root;
    // middle² − 1.
    let delta = f64::mul_add(half, half, upper * lower);
    let scale = 0.5 * determinant.ln();
    let factor = if delta > 0.0 {
        if middle < 0.0 {
            return None;
        }
        let w = delta.sqrt();
        w.asinh() / w
    } else if delta < 0.0 {
        let w = (-delta).sqrt();
        w.atan2(middle) / w
    } else if middle > 0.0 {
        1.0
    } else if b == 0.0 && c == 0.0 && a == d {
        return Some([[(-a).ln(), -PI], [PI, (-a).ln()]]);
    } else {
        return None;
    };
    Some([[scale + factor * half, factor * upper], [factor * lower, scale - factor * half]])
}

/// Whether a matrix of positive determinant has a real logarithm.
pub fn has_logarithm(g: &Matrix<2>) -> bool {
    logarithm(g).is_some()
}

/// The share of the Haar measure of {t ≤ T} in SL(2) without a real logarithm, (gd(T) cosh²T − sinh T)/(π sinh²T).
pub fn missed_share(radius: f64) -> f64 {
    if radius < 1e-3 {
        return 2.0 * radius / (3.0 * PI);
    }
    let gudermannian = radius.sinh().atan();
    (gudermannian * radius.cosh().powi(2) - radius.sinh()) / (PI * radius.sinh().powi(2))
}
