//! Levels that are not equally far apart, and codes of one or two bits.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

use crate::Error;
use crate::error::check_finite;

/// Levels in ascending order; a value becomes the nearest, of two equally near ones the lower.
#[derive(Clone, Debug, PartialEq)]
pub struct Codebook {
    levels: Vec<f64>,
}

impl Codebook {
    /// From levels, which are sorted and made distinct.
    ///
    /// # Errors
    /// No levels, or one that is not finite.
    pub fn new(mut levels: Vec<f64>) -> Result<Self, Error> {
        check_finite(levels.iter().copied(), "the codebook")?;
        if levels.is_empty() {
            return Err(Error::Empty("the codebook".into()));
        }
        levels.sort_by(f64::total_cmp);
        levels.dedup();
        Ok(Self { levels })
    }

    /// Zero and the signed powers of two from 2^n2 to 2^n1, n1 = ⌊log₂(4 max|r| / 3)⌋, as many as b bits code: multiplying by them is a shift (INQ, Zhou and others 2017).
    ///
    /// # Errors
    /// Bits outside 2 … 8; values that are missing or not finite.
    pub fn powers_of_two(bits: u32, values: &[f64]) -> Result<Self, Error> {
        check_bits(bits, 2, 8)?;
        check_finite(values.iter().copied(), "the tensor")?;
        let magnitude = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        if magnitude == 0.0 {
            return Self::new(vec![0.0]);
        }
        let highest = (4.0 * magnitude / 3.0).log2().floor() as i32;
        let count = (1 << (bits - 1)) / 2;
        let powers = (highest + 1 - count..=highest).map(|exponent| 2f64.powi(exponent));
        Self::new(powers.flat_map(|power| [power, -power]).chain([0.0]).collect())
    }

    /// The 2^b levels of least squared error: one-dimensional k-means, to optimality, by dynamic programming over the sorted values with divide and conquer (2^b n log n steps).
    ///
    /// # Errors
    /// Bits outside 1 … 8; values that are missing or not finite.
    pub fn optimal(bits: u32, values: &[f64]) -> Result<Self, Error> {
        check_bits(bits, 1, 8)?;
        check_finite(values.iter().copied(), "the tensor")?;
        if values.is_empty() {
            return Err(Error::Empty("the tensor".into()));
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self::new(k_means(&sorted, 1 << bits))
    }

    /// The levels, ascending.
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// The nearest level.
    pub fn snap(&self, value: f64) -> f64 {
        let above = self.levels.partition_point(|level| *level < value);
        match (above.checked_sub(1).map(|below| self.levels[below]), self.levels.get(above)) {
            (Some(below), Some(&above)) => {
                if value - below <= above - value {
                    below
                } else {
                    above
                }
            }
            (Some(below), None) => below,
            (None, Some(&above)) => above,
            (None, None) => value,
        }
    }

    /// Mean of the squared differences; 0 for no values.
    pub fn mean_squared_error(&self, values: &[f64]) -> f64 {
        values.iter().map(|value| (self.snap(*value) - value).powi(2)).sum::<f64>()
            / values.len().max(1) as f64
    }
}

fn check_bits(bits: u32, least: u32, most: u32) -> Result<(), Error> {
    match (least..=most).contains(&bits) {
        true => Ok(()),
        false => Err(Error::Setting {
            name: "the number of bits",
            value: bits.into(),
            range: if least == 1 { "from 1 to 8" } else { "from 2 to 8" },
        }),
    }
}

/// Means of the k clusters of least squared error, in ascending order; fewer where there are fewer values.
fn k_means(sorted: &[f64], k: usize) -> Vec<f64> {
    let n = sorted.len();
    let k = k.min(n);
    // Centred sums, so that squares do not cancel.
    let center = sorted[n / 2];
    let (mut sums, mut squares) = (vec![0.0; n + 1], vec![0.0; n + 1]);
    for (index, value) in sorted.iter().enumerate() {
        let value = value - center;
        sums[index + 1] = sums[index] + value;
        squares[index + 1] = squares[index] + value * value;
    }
    let cost = |from: usize, to: usize| {
        let sum = sums[to] - sums[from];
        (squares[to] - squares[from] - sum * sum / (to - from) as f64).max(0.0)
    };
    let mut best: Vec<f64> = (0..=n).map(|to| if to == 0 { 0.0 } else { cost(0, to) }).collect();
    let mut splits = vec![vec![0; n + 1]];
    for clusters in 1..k {
        let mut next = vec![f64::INFINITY; n + 1];
        let mut split = vec![0; n + 1];
        // The best split moves right with the end: halve the ends, and with them the splits.
        let mut tasks = vec![(clusters + 1, n, clusters, n - 1)];
        while let Some((first, last, low, high)) = tasks.pop() {
            if first > last {
                continue;
            }
            let middle = (first + last) / 2;
            for (from, before) in best.iter().enumerate().take(high.min(middle - 1) + 1).skip(low) {
                let total = before + cost(from, middle);
                if total < next[middle] {
                    (next[middle], split[middle]) = (total, from);
                }
            }
            tasks.push((first, middle - 1, low, split[middle]));
            tasks.push((middle + 1, last, split[middle], high));
        }
        best = next;
        splits.push(split);
    }
    let (mut means, mut to) = (Vec::new(), n);
    for split in splits.iter().rev() {
        let from = split[to];
        means.push(center + (sums[to] - sums[from]) / (to - from) as f64);
        to = from;
    }
    means.reverse();
    means
}

/// r ≈ Σ α_i b_i with b_i = ±1: a code of as many bits as there are α.
#[derive(Clone, Debug, PartialEq)]
pub struct BinaryCode {
    /// The α, descending for greedy codes.
    pub scales: Vec<f64>,
    /// For each α the signs, true for +1.
    pub signs: Vec<Vec<bool>>,
}

impl BinaryCode {
    /// Bit by bit: b_i the signs of what is left, α_i its mean size. With one bit this is XNOR-Net's binarisation.
    ///
    /// # Errors
    /// Bits outside 1 … 8; values that are missing or not finite.
    pub fn greedy(bits: u32, values: &[f64]) -> Result<Self, Error> {
        check_bits(bits, 1, 8)?;
        check_finite(values.iter().copied(), "the tensor")?;
        if values.is_empty() {
            return Err(Error::Empty("the tensor".into()));
        }
        let mut rest = values.to_vec();
        let (mut scales, mut signs) = (Vec::new(), Vec::new());
        for _ in 0..bits {
            let scale = rest.iter().map(|value| value.abs()).sum::<f64>() / rest.len() as f64;
            let positive: Vec<bool> = rest.iter().map(|value| *value >= 0.0).collect();
            for (value, positive) in rest.iter_mut().zip(&positive) {
                *value -= if *positive { scale } else { -scale };
            }
            scales.push(scale);
            signs.push(positive);
        }
        Ok(Self { scales, signs })
    }

    /// Alternates `rounds` times between the best signs for the scales (all 2^b sums are tried) and least squares for the scales. The error never grows.
    pub fn refined(mut self, values: &[f64], rounds: usize) -> Self {
        let bits = self.scales.len();
        for _ in 0..rounds {
            let sum = |code: usize, scales: &[f64]| -> f64 {
                scales
                    .iter()
                    .enumerate()
                    .map(|(i, scale)| if code >> i & 1 == 1 { *scale } else { -scale })
                    .sum()
            };
            for (place, value) in values.iter().enumerate() {
                let distance = |code: usize| (sum(code, &self.scales) - value).abs();
                let code =
                    (0..1usize << bits).min_by(|a, b| distance(*a).total_cmp(&distance(*b))).unwrap_or(0);
                for (i, signs) in self.signs.iter_mut().enumerate() {
                    signs[place] = code >> i & 1 == 1;
                }
            }
            let sign = |i: usize, place: usize| if self.signs[i][place] { 1.0 } else { -1.0 };
            let inner = |i: usize, j: usize| (0..values.len()).map(|p| sign(i, p) * sign(j, p)).sum::<f64>();
            let gram = Mat::from_fn(bits, bits, inner);
            let right = Mat::from_fn(bits, 1, |i, _| {
                values.iter().enumerate().map(|(p, value)| sign(i, p) * value).sum::<f64>()
            });
            // Two codes that have become the same cannot be told apart: their scales stay.
            let Ok(factor) = gram.llt(Side::Lower) else { break };
            let scales = factor.solve(right);
            if (0..bits).any(|i| !scales[(i, 0)].is_finite()) {
                break;
            }
            self.scales = (0..bits).map(|i| scales[(i, 0)]).collect();
        }
        self
    }

    /// The values back.
    pub fn values(&self) -> Vec<f64> {
        let places = self.signs.first().map_or(0, Vec::len);
        let value = |place: usize| {
            self.scales
                .iter()
                .zip(&self.signs)
                .map(|(scale, signs)| if signs[place] { *scale } else { -scale })
                .sum()
        };
        (0..places).map(value).collect()
    }
}

/// −α, 0, α: ternary weights (TWN, Li and Liu 2016) with threshold Δ = 0.7 mean|r| and α the mean size beyond it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ternary {
    /// Δ: smaller values become 0.
    pub threshold: f64,
    /// The value of −1.
    pub negative: f64,
    /// The value of +1.
    pub positive: f64,
}

impl Ternary {
    /// TWN: one scale for both signs.
    pub fn symmetric(values: &[f64]) -> Self {
        let threshold = 0.7 * mean(values.iter().map(|value| value.abs()));
        let scale = mean(values.iter().map(|value| value.abs()).filter(|size| *size > threshold));
        Self { threshold, negative: -scale, positive: scale }
    }

    /// A scale for each sign, as TTQ (Zhu and others 2017) trains them, started at the mean of the values that they stand for.
    pub fn two_scales(values: &[f64]) -> Self {
        let Self { threshold, .. } = Self::symmetric(values);
        let positive = mean(values.iter().copied().filter(|value| *value > threshold));
        let negative = mean(values.iter().copied().filter(|value| *value < -threshold));
        Self { threshold, negative, positive }
    }

    /// The value that stands for one.
    pub fn snap(&self, value: f64) -> f64 {
        if value > self.threshold {
            self.positive
        } else if value < -self.threshold {
            self.negative
        } else {
            0.0
        }
    }
}

/// 0 for no values.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// DoReFa's weights (Zhou and others 2016): 2 Q_b(tanh w / (2 max|tanh w|) + ½) − 1, with Q_b rounding to multiples of 1/(2^b − 1). All lie in [−1, 1].
///
/// # Errors
/// Bits outside 1 … 8; values that are not finite.
pub fn dorefa(bits: u32, values: &[f64]) -> Result<Vec<f64>, Error> {
    check_bits(bits, 1, 8)?;
    check_finite(values.iter().copied(), "the tensor")?;
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.tanh().abs()));
    let steps = f64::from((1u32 << bits) - 1);
    let snap = |value: &f64| {
        let unit = if largest > 0.0 { value.tanh() / (2.0 * largest) + 0.5 } else { 0.5 };
        2.0 * (unit * steps).round_ties_even() / steps - 1.0
    };
    Ok(values.iter().map(snap).collect())
}
