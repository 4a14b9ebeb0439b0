//! Barron norms of functions that are known at the points of a grid.

use crate::torus::Torus;
use num_complex::Complex64;

/// A norm with what a grid says about the rest of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// The sum over the grid's frequencies.
    pub norm: f64,
    /// The slope q of the largest |c| in shells of |n| against |n|, both logarithmic, over the upper half of the shells that stand above rounding; minus infinity where fewer than four do.
    pub decay: f64,
    /// What is missing, if coefficients go on like |n|^q; infinite where the norm diverges then, q + s + m ≥ 0.
    pub tail: f64,
}

/// B_s of a function on a grid, with an estimate of the tail: nothing on a grid proves one.
///
/// # Panics
/// If there are coefficients of another grid.
pub fn estimated(torus: &Torus, spectrum: &[Complex64], order: f64) -> Estimated {
    let norm = torus.barron(spectrum, order);
    let dimension = torus.lattice().dimension();
    let half = torus.side() / 2;
    let shells = torus.shells(spectrum);
    let largest = shells.iter().skip(1).fold(0.0_f64, |most, c| most.max(*c));
    // Odd or even functions leave every second shell empty.
    let standing: Vec<(f64, f64)> = (1..half)
        .filter(|n| shells[*n] > 1e-13 * largest)
        .map(|n| ((n as f64).ln(), shells[n].ln()))
        .collect();
    let upper = &standing[standing.len() / 2..];
    if upper.len() < 4 || standing.last().is_none_or(|last| last.0.exp() < 0.8 * half as f64) {
        return Estimated { norm, decay: f64::NEG_INFINITY, tail: 0.0 };
    }
    let count = upper.len() as f64;
    let (mean_x, mean_y) =
        (upper.iter().map(|p| p.0).sum::<f64>() / count, upper.iter().map(|p| p.1).sum::<f64>() / count);
    let (sxy, sxx) = upper
        .iter()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + (x - mean_x) * (y - mean_y), b + (x - mean_x).powi(2)));
    let decay = sxy / sxx;
    let total = decay + order + dimension as f64;
    let tail = if total >= 0.0 {
        f64::INFINITY
    } else {
        // The upper half of the shells holds (2^−total − 1)⁻¹ … of what lies beyond, for a pure power.
        let held = torus.barron_beyond(spectrum, order, half / 2);
        held / (2.0_f64.powf(-total) - 1.0)
    };
    Estimated { norm, decay, tail }
}
