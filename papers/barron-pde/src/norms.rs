//! Barron norms of functions that are known at the points of a grid.

use crate::torus::Torus;
use num_complex::Complex64;

/// A norm with what a grid says about the rest of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// The sum over the grid's frequencies.
    pub norm: f64,
    /// The slope q of the largest |c| in shells of |n| against |n|, both logarithmic, over two octaves below a quarter of the sampling rate; minus infinity where coefficients end in rounding.
    pub decay: f64,
    /// What is missing, if coefficients go on like |n|^q; infinite where the norm diverges then, q + s + m ≥ 0; 0 where coefficients end in rounding; NaN where the grid is too coarse or they are too few for a slope.
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
    // Odd or even functions leave every second shell empty; near half the sampling rate coefficients are those of several frequencies.
    let standing = |n: &usize| shells[*n] > 1e-13 * largest;
    let upper: Vec<(f64, f64)> =
        (half.div_ceil(8)..=half / 2).filter(standing).map(|n| ((n as f64).ln(), shells[n].ln())).collect();
    if half >= 8 && !(half * 4 / 5..half).any(|n| standing(&n)) {
        return Estimated { norm, decay: f64::NEG_INFINITY, tail: 0.0 };
    }
    if upper.len() < 3 {
        return Estimated { norm, decay: f64::NAN, tail: f64::NAN };
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
        // Of a pure power every octave holds 2^total times the one before.
        let octave =
            torus.barron_beyond(spectrum, order, half / 4) - torus.barron_beyond(spectrum, order, half / 2);
        let ratio = 2.0_f64.powf(total);
        octave * ratio * ratio / (1.0 - ratio)
    };
    Estimated { norm, decay, tail }
}
