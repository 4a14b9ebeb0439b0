//! How far a kernel reaches.

use rustfft::FftPlanner;
use rustfft::num_complex::Complex64;

use crate::moments::moments;

/// A rule for the standard deviation h of the kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bandwidth {
    /// σ n^(−1/(d+4)).
    Scott,
    /// 0.9 min(σ, IQR/1.349) n^(−1/5) for one column; σ (4/(d+2))^(1/(d+4)) n^(−1/(d+4)) for a joint density.
    Silverman,
    /// Botev, Grotowski, Kroese 2010: the bandwidth that the data's own roughness asks for, by cosine transforms. Silverman's where its equation has no solution.
    ImprovedSheatherJones,
    /// So many standard deviations of the column.
    Deviations(f64),
}

/// h, and whether the rule could not be followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chosen {
    /// The kernel's standard deviation, in the units of the column.
    pub width: f64,
    /// Whether Silverman's rule stands in.
    pub fallback: bool,
}

impl Bandwidth {
    /// For a column of a density in `dimension` = 1 or 2 variables. Zero for a constant column.
    pub fn choose(self, values: &[f64], dimension: usize) -> Chosen {
        let n = values.len() as f64;
        let (_, deviation) = moments(values, true);
        let d = dimension as f64;
        let plain = |width: f64| Chosen { width, fallback: false };
        match self {
            Self::Scott => plain(deviation * n.powf(-1.0 / (d + 4.0))),
            Self::Silverman => plain(silverman(values, deviation, d)),
            Self::Deviations(factor) => plain(factor * deviation),
            Self::ImprovedSheatherJones => match improved_sheather_jones(values) {
                Some(width) => plain(width),
                None => Chosen { width: silverman(values, deviation, d), fallback: true },
            },
        }
    }
}

fn silverman(values: &[f64], deviation: f64, d: f64) -> f64 {
    let n = values.len() as f64;
    if d > 1.0 {
        return deviation * (4.0 / (d + 2.0)).powf(1.0 / (d + 4.0)) * n.powf(-1.0 / (d + 4.0));
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let spread =
        (numerics::bootstrap::quantile(&sorted, 0.75) - numerics::bootstrap::quantile(&sorted, 0.25)) / 1.349;
    // Half of the values being equal says nothing about the others.
    let scale = if spread > 0.0 { deviation.min(spread) } else { deviation };
    0.9 * scale * n.powf(-0.2)
}

/// Squares of the coefficients of the cosine transform of a histogram, from frequency 1 on.
fn cosine_squares(histogram: &[f64]) -> Vec<f64> {
    let g = histogram.len();
    // The even extension's Fourier transform.
    let mut extended: Vec<Complex64> =
        histogram.iter().chain(histogram.iter().rev()).map(|value| Complex64::new(*value, 0.0)).collect();
    FftPlanner::new().plan_fft_forward(2 * g).process(&mut extended);
    (1..g)
        .map(|k| {
            let turn = Complex64::from_polar(1.0, -std::f64::consts::PI * k as f64 / (2.0 * g as f64));
            ((extended[k] * turn).re / 2.0).powi(2)
        })
        .collect()
}

/// The fixed point t = ξ γ^[5](t), by bisection in log t where the difference changes sign.
fn improved_sheather_jones(values: &[f64]) -> Option<f64> {
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    let range = high - low;
    if range <= 0.0 || !range.is_finite() {
        return None;
    }
    let (from, width) = (low - 0.5 * range, 2.0 * range);
    let size = 1024;
    let mut histogram = vec![0.0; size];
    for value in values {
        let place = ((value - from) / width * size as f64) as usize;
        histogram[place.min(size - 1)] += 1.0 / values.len() as f64;
    }
    let mut distinct = values.to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    let n = distinct.len() as f64;
    let squares = cosine_squares(&histogram);
    let pi2 = std::f64::consts::PI.powi(2);
    let roughness = |order: i32, t: f64| {
        let sum: f64 = squares
            .iter()
            .enumerate()
            .map(|(place, square)| (((place + 1) as f64).powi(2), square))
            // Beyond, the exponential is zero.
            .take_while(|(k2, _)| k2 * pi2 * t < 750.0)
            .map(|(k2, square)| k2.powi(order) * square * (-k2 * pi2 * t).exp())
            .sum();
        2.0 * std::f64::consts::PI.powi(2 * order) * sum
    };
    let difference = |t: f64| {
        let mut f = roughness(7, t);
        for order in (2..7).rev() {
            let odd: f64 = (1..=order).map(|k| f64::from(2 * k - 1)).product();
            let constant = (1.0 + 0.5_f64.powf(f64::from(order) + 0.5)) / 3.0;
            let time = (2.0 * constant * odd / (n * (std::f64::consts::PI / 2.0).sqrt() * f))
                .powf(2.0 / (3.0 + 2.0 * f64::from(order)));
            f = roughness(order, time);
        }
        t - (2.0 * n * std::f64::consts::PI.sqrt() * f).powf(-0.4)
    };
    // From oversmoothing down: the largest root is the one that is meant.
    let grid: Vec<f64> = (0..60).map(|k| 10.0_f64.powf(-1.0 - 0.1 * f64::from(k))).collect();
    let place = grid.windows(2).position(|pair| difference(pair[0]) > 0.0 && difference(pair[1]) <= 0.0)?;
    let (mut high, mut low) = (grid[place], grid[place + 1]);
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        if difference(middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(low.sqrt() * width).filter(|width| width.is_finite() && *width > 0.0)
}
