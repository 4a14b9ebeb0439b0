//! Mutual information from a kernel density on a grid.
//!
//! Weights of the points go to the four nodes around them (linear binning, which widens the kernel by δ²/6 and so errs by O(δ²)), then the kernel is applied. A Gaussian kernel
//! factors: two passes of a band along rows and columns, 2G²w multiplications, and far fewer in the first, where at most 4n cells are not empty. Epanechnikov's radial
//! kernel is applied by Fourier transforms with zeros around, so that nothing wraps. The grid goes farther than the kernel reaches; what is still lost is reported.

use realfft::RealFftPlanner;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex64;

use super::bandwidth::{Bandwidth, Chosen};
use super::{InformationError, class_counts, finite};

/// The kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Gaussian, by two banded passes; cut at four deviations.
    Gaussian,
    /// Radial, 1 − r²/5 or its like with unit variance in each direction, by Fourier transforms: the published method's default.
    Epanechnikov,
}

/// Settings of a density estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The kernel.
    pub kernel: Kernel,
    /// The bandwidth of both columns.
    pub bandwidth: Bandwidth,
    /// Nodes along each axis, 16 to 4096.
    pub grid: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { kernel: Kernel::Gaussian, bandwidth: Bandwidth::Silverman, grid: 128 }
    }
}

/// An estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// I ≥ 0, in nats.
    pub information: f64,
    /// The share of the mass that the grid does not hold.
    pub lost: f64,
    /// Whether a bandwidth rule fell back to another, or to the distance of nodes, which no bandwidth is less than.
    pub fallback: bool,
}

/// Deviations that the Gaussian kernel reaches, and the grid beyond the data.
const REACH: f64 = 4.0;

/// A column laid on its grid: each value's left node and its share of the right one.
#[derive(Clone, Debug)]
pub struct Binned {
    nodes: Vec<u32>,
    shares: Vec<f64>,
    chosen: Chosen,
    /// h over the distance of nodes.
    width: f64,
    grid: usize,
}

impl Binned {
    /// Bins a column for a density in `dimension` variables; `None` for a constant one.
    ///
    /// # Errors
    /// For values that are not finite and settings outside their ranges.
    pub fn new(
        values: &[f64],
        dimension: usize,
        settings: &Settings,
    ) -> Result<Option<Self>, InformationError> {
        finite(values)?;
        if !(16..=4096).contains(&settings.grid) {
            return Err(InformationError::Option {
                name: "the grid",
                value: settings.grid as f64,
                expected: "16 to 4096",
            });
        }
        if let Bandwidth::Deviations(factor) = settings.bandwidth
            && !(factor > 0.0 && factor.is_finite())
        {
            return Err(InformationError::Option {
                name: "the bandwidth",
                value: factor,
                expected: "a positive number",
            });
        }
        let (low, high) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        if low >= high || !(high - low).is_finite() {
            return Ok(None);
        }
        let mut chosen = settings.bandwidth.choose(values, dimension);
        // A kernel between nodes is no kernel.
        let least = (high - low) / (settings.grid - 1) as f64;
        if chosen.width < least {
            chosen = Chosen { width: least, fallback: true };
        }
        let reach = REACH * chosen.width;
        let step = (high - low + 2.0 * reach) / (settings.grid - 1) as f64;
        if !(chosen.width > 0.0 && step > 0.0) {
            return Ok(None);
        }
        let place = |value: f64| ((value - low + reach) / step).clamp(0.0, (settings.grid - 1) as f64 - 1e-9);
        let nodes = values.iter().map(|value| place(*value) as u32).collect();
        let shares = values.iter().map(|value| place(*value).fract()).collect();
        Ok(Some(Self { nodes, shares, chosen, width: chosen.width / step, grid: settings.grid }))
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.nodes.len()
    }
}

/// Memory of estimates, to be used again.
#[derive(Default)]
pub struct Scratch {
    counts: Vec<f64>,
    half: Vec<f64>,
    joint: Vec<f64>,
    complex: Vec<Complex64>,
}

/// Weights of a Gaussian at the nodes, cut and normalised.
fn gaussian_weights(width: f64) -> Vec<f64> {
    let reach = (REACH * width).ceil() as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|k| (-0.5 * (k as f64 / width).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// I of two continuous columns; the second may be given in another order of rows, for a permutation.
///
/// # Errors
/// For columns of different lengths.
pub fn continuous(
    x: &Binned,
    y: &Binned,
    order: Option<&[u32]>,
    kernel: Kernel,
    scratch: &mut Scratch,
) -> Result<Estimate, InformationError> {
    if x.rows() != y.rows() {
        return Err(InformationError::Lengths(x.rows(), y.rows()));
    }
    let g = x.grid;
    scratch.counts.clear();
    scratch.counts.resize(g * g, 0.0);
    let share = 1.0 / x.rows() as f64;
    for row in 0..x.rows() {
        let other = order.map_or(row, |order| order[row] as usize);
        let (i, a) = (x.nodes[row] as usize, x.shares[row]);
        let (j, b) = (y.nodes[other] as usize, y.shares[other]);
        let left = &mut scratch.counts[i * g + j..];
        left[0] += share * (1.0 - a) * (1.0 - b);
        left[1] += share * (1.0 - a) * b;
        left[g] += share * a * (1.0 - b);
        left[g + 1] += share * a * b;
    }
    match kernel {
        Kernel::Gaussian => gaussian_joint(x, y, scratch),
        Kernel::Epanechnikov => radial_joint(x, y, scratch),
    }
    let (information, mass) = information_of(&mut scratch.joint, g, g);
    Ok(Estimate { information, lost: 1.0 - mass, fallback: x.chosen.fallback || y.chosen.fallback })
}

/// A band along rows for the cells that are not empty, then one along columns.
fn gaussian_joint(x: &Binned, y: &Binned, scratch: &mut Scratch) {
    let g = x.grid;
    let Scratch { counts, half, joint, .. } = scratch;
    let band = gaussian_weights(y.width);
    let reach = band.len() / 2;
    half.clear();
    half.resize(g * g, 0.0);
    let mut used = vec![false; g];
    for (i, (row, out)) in counts.chunks_exact(g).zip(half.chunks_exact_mut(g)).enumerate() {
        for (j, count) in row.iter().enumerate().filter(|(_, count)| **count != 0.0) {
            used[i] = true;
            let (from, to) = (j.saturating_sub(reach), (j + reach + 1).min(g));
            let weights = &band[from + reach - j..];
            out[from..to].iter_mut().zip(weights).for_each(|(out, weight)| *out += count * weight);
        }
    }
    let band = gaussian_weights(x.width);
    let reach = band.len() / 2;
    joint.clear();
    joint.resize(g * g, 0.0);
    for (i, row) in half.chunks_exact(g).enumerate().filter(|(i, _)| used[*i]) {
        let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(g));
        for target in from..to {
            let weight = band[target + reach - i];
            let out = &mut joint[target * g..(target + 1) * g];
            out.iter_mut().zip(row).for_each(|(out, value)| *out += weight * value);
        }
    }
}

/// Epanechnikov's kernel in two variables, of unit variance in each: 1 − (x² + y²)/6 where positive.
fn radial_joint(x: &Binned, y: &Binned, scratch: &mut Scratch) {
    let g = x.grid;
    let support = 6.0_f64.sqrt();
    let (reach_x, reach_y) = ((support * x.width) as i64, (support * y.width) as i64);
    // Even lengths with small factors, beyond the grid and the kernel.
    let fits = |least: usize| (least..).find(|n| n % 2 == 0 && smooth(*n)).unwrap_or(least);
    let (rows, columns) = (fits(g + reach_x as usize + 1), fits(g + reach_y as usize + 1));
    let mut kernel = vec![0.0; rows * columns];
    for i in -reach_x..=reach_x {
        for j in -reach_y..=reach_y {
            let square = (i as f64 / x.width).powi(2) + (j as f64 / y.width).powi(2);
            let place = i.rem_euclid(rows as i64) as usize * columns + j.rem_euclid(columns as i64) as usize;
            kernel[place] = (1.0 - square / 6.0).max(0.0);
        }
    }
    let total: f64 = kernel.iter().sum();
    let mut padded = vec![0.0; rows * columns];
    for (row, counts) in padded.chunks_exact_mut(columns).zip(scratch.counts.chunks_exact(g)) {
        row[..g].copy_from_slice(counts);
    }
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, backward) = (planner.plan_fft_forward(columns), planner.plan_fft_inverse(columns));
    let along = FftPlanner::new().plan_fft_forward(rows);
    let back = FftPlanner::new().plan_fft_inverse(rows);
    let half = columns / 2 + 1;
    let mut transform = |values: &mut [f64]| -> Vec<Complex64> {
        let mut spectrum = vec![Complex64::new(0.0, 0.0); rows * half];
        for (row, out) in values.chunks_exact_mut(columns).zip(spectrum.chunks_exact_mut(half)) {
            // Lengths are right by construction.
            let _ = forward.process(row, out);
        }
        by_columns(&mut spectrum, half, rows, &mut scratch.complex, &|column| along.process(column));
        spectrum
    };
    let kernel = transform(&mut kernel);
    let mut spectrum = transform(&mut padded);
    spectrum.iter_mut().zip(kernel).for_each(|(s, k)| *s *= k);
    by_columns(&mut spectrum, half, rows, &mut scratch.complex, &|column| back.process(column));
    for (row, out) in spectrum.chunks_exact_mut(half).zip(padded.chunks_exact_mut(columns)) {
        (row[0].im, row[half - 1].im) = (0.0, 0.0);
        let _ = backward.process(row, out);
    }
    let scale = 1.0 / (rows as f64 * columns as f64 * total);
    scratch.joint.clear();
    for row in padded.chunks_exact(columns).take(g) {
        // Rounding leaves −10⁻¹⁸ where nothing is.
        scratch.joint.extend(row[..g].iter().map(|value| (value * scale).max(0.0)));
    }
}

fn smooth(mut n: usize) -> bool {
    for factor in [2, 3, 5] {
        while n.is_multiple_of(factor) {
            n /= factor;
        }
    }
    n == 1
}

fn by_columns(
    values: &mut [Complex64],
    width: usize,
    rows: usize,
    buffer: &mut Vec<Complex64>,
    apply: &dyn Fn(&mut [Complex64]),
) {
    for column in 0..width {
        buffer.clear();
        buffer.extend((0..rows).map(|row| values[row * width + column]));
        apply(buffer);
        for (row, value) in buffer.iter().enumerate() {
            values[row * width + column] = *value;
        }
    }
}

/// Normalises a joint table and takes I with its own marginals. Gives I and the mass before.
fn information_of(joint: &mut [f64], rows: usize, columns: usize) -> (f64, f64) {
    let mass: f64 = joint.iter().sum();
    if mass <= 0.0 {
        return (0.0, 0.0);
    }
    let mut by_column = vec![0.0; columns];
    let mut information = 0.0;
    for row in joint.chunks_exact_mut(columns).take(rows) {
        let mut sum = 0.0;
        for (value, total) in row.iter_mut().zip(&mut by_column) {
            *value /= mass;
            sum += *value;
            *total += *value;
            if *value > 0.0 {
                information += *value * value.ln();
            }
        }
        if sum > 0.0 {
            information -= sum * sum.ln();
        }
    }
    let other: f64 = by_column.iter().filter(|value| **value > 0.0).map(|value| value * value.ln()).sum();
    ((information - other).max(0.0), mass)
}

/// I of a continuous column and classes: the density of each class on one grid, with a bandwidth of its own.
///
/// # Errors
/// For columns of different lengths, values that are not finite, and settings outside their ranges.
pub fn classes(x: &[f64], classes: &[usize], settings: &Settings) -> Result<Estimate, InformationError> {
    if x.len() != classes.len() {
        return Err(InformationError::Lengths(x.len(), classes.len()));
    }
    let Some(pooled) = Binned::new(x, 1, settings)? else {
        return Ok(Estimate { information: 0.0, lost: 0.0, fallback: false });
    };
    let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    let groups = class_counts(classes).len();
    let members = |class: usize| {
        x.iter().zip(classes).filter(move |(_, c)| **c == class).map(|(x, _)| *x).collect::<Vec<f64>>()
    };
    let bandwidths: Vec<Chosen> = (0..groups)
        .map(|class| {
            let chosen = settings.bandwidth.choose(&members(class), 1);
            // Values that are all the same in a class take the pooled bandwidth.
            if chosen.width > 0.0 { chosen } else { Chosen { fallback: true, ..pooled.chosen } }
        })
        .collect();
    let widest = bandwidths.iter().map(|chosen| chosen.width).fold(0.0, f64::max);
    let g = settings.grid;
    let reach = REACH * widest;
    let step = (high - low + 2.0 * reach) / (g - 1) as f64;
    let mut joint = vec![0.0; groups * g];
    for (class, (chosen, out)) in bandwidths.iter().zip(joint.chunks_exact_mut(g)).enumerate() {
        let mut counts = vec![0.0; g + 1];
        for value in members(class) {
            let place = (value - low + reach) / step;
            counts[place as usize] += (1.0 - place.fract()) / x.len() as f64;
            counts[place as usize + 1] += place.fract() / x.len() as f64;
        }
        let band = match settings.kernel {
            Kernel::Gaussian => gaussian_weights(chosen.width / step),
            Kernel::Epanechnikov => parabola_weights(chosen.width / step),
        };
        let reach = band.len() / 2;
        for (j, count) in counts.iter().enumerate().filter(|(_, count)| **count != 0.0) {
            let (from, to) = (j.saturating_sub(reach), (j + reach + 1).min(g));
            out[from..to]
                .iter_mut()
                .zip(&band[from + reach - j..])
                .for_each(|(out, weight)| *out += count * weight);
        }
    }
    let (information, mass) = information_of(&mut joint, groups, g);
    Ok(Estimate { information, lost: 1.0 - mass, fallback: bandwidths.iter().any(|chosen| chosen.fallback) })
}

/// Epanechnikov's kernel of unit variance in one variable: 1 − x²/5 where positive.
fn parabola_weights(width: f64) -> Vec<f64> {
    let reach = (5.0_f64.sqrt() * width).ceil() as i64;
    let weights: Vec<f64> =
        (-reach..=reach).map(|k| (1.0 - (k as f64 / width).powi(2) / 5.0).max(0.0)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// I of two columns from Gaussian kernels summed at every node, without binning, on a grid that goes five bandwidths beyond the data: n·G² exponentials, to check the others with.
pub fn direct(x: &[f64], y: &[f64], (width_x, width_y): (f64, f64), grid: usize) -> f64 {
    let nodes = |values: &[f64], width: f64| -> Vec<f64> {
        let (low, high) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
        let (low, high) = (low - 5.0 * width, high + 5.0 * width);
        (0..grid).map(|k| low + (high - low) * k as f64 / (grid - 1) as f64).collect()
    };
    let weights = |values: &[f64], width: f64| -> Vec<Vec<f64>> {
        let nodes = nodes(values, width);
        values
            .iter()
            .map(|v| nodes.iter().map(|node| (-0.5 * ((node - v) / width).powi(2)).exp()).collect())
            .collect()
    };
    let (by_x, by_y) = (weights(x, width_x), weights(y, width_y));
    let mut joint = vec![0.0; grid * grid];
    for (a, b) in by_x.iter().zip(&by_y) {
        for (row, a) in joint.chunks_exact_mut(grid).zip(a) {
            row.iter_mut().zip(b).for_each(|(joint, b)| *joint += a * b);
        }
    }
    information_of(&mut joint, grid, grid).0
}
