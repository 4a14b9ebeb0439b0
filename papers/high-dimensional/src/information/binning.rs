//! Mutual information from histograms.

use super::class_counts;

/// The number of equal intervals that Birgé and Rozenholc (2006) choose: the largest Σ Nⱼ ln Nⱼ + n ln D − (D − 1 + (ln D)^2.5), D up to 99 and up to n/ln n.
pub fn bins(values: &[f64]) -> usize {
    let n = values.len() as f64;
    let most = ((n / n.ln()) as usize).clamp(2, 99);
    let score = |bins: usize| {
        let counts = class_counts(&equal_width(values, bins));
        let d = bins as f64;
        let likelihood: f64 =
            counts.iter().filter(|count| **count > 0).map(|count| *count as f64 * (*count as f64).ln()).sum();
        likelihood + n * d.ln() - (d - 1.0 + d.ln().powf(2.5))
    };
    (2..=most).max_by(|a, b| score(*a).total_cmp(&score(*b))).unwrap_or(2)
}

/// The interval of each value, from 0.
pub fn equal_width(values: &[f64], bins: usize) -> Vec<usize> {
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    if low >= high {
        return vec![0; values.len()];
    }
    values.iter().map(|value| (((value - low) / (high - low) * bins as f64) as usize).min(bins - 1)).collect()
}

/// I of two columns of classes; with `corrected` less its bias at independence, (cells − rows − columns + 1)/(2n) over what is occupied (Miller, Madow), and not below 0.
pub fn information(x: &[usize], y: &[usize], corrected: bool) -> f64 {
    let n = x.len() as f64;
    let (by_x, by_y) = (class_counts(x), class_counts(y));
    let mut joint = vec![0_usize; by_x.len() * by_y.len()];
    x.iter().zip(y).for_each(|(a, b)| joint[a * by_y.len() + b] += 1);
    let term = |counts: &[usize]| -> f64 {
        counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| *count as f64 / n * (*count as f64 / n).ln())
            .sum()
    };
    let occupied = |counts: &[usize]| counts.iter().filter(|count| **count > 0).count() as f64;
    let plain = term(&joint) - term(&by_x) - term(&by_y);
    let bias = (occupied(&joint) - occupied(&by_x) - occupied(&by_y) + 1.0) / (2.0 * n);
    (plain - if corrected { bias } else { 0.0 }).max(0.0)
}
