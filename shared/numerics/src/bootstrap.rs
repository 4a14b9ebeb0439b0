//! Percentile bootstrap intervals (Efron 1979).
//!
//! The uncertainty of a statistic is read off its spread over samples drawn with replacement from
//! the values at hand. No normality is assumed; with few values (below about ten) the interval is
//! known to be too short, which a reader should keep in mind where seeds are few.

use rand::Rng;

/// An interval `low ≤ high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The mean of `values` in the order given; NaN for an empty slice.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The central interval of probability `level` (0 < level < 1) of `statistic` over `resamples`
/// bootstrap samples of `values`.
///
/// Returns `None` for fewer than two values (one value says nothing about its own spread), for a
/// level outside (0, 1), for no resamples, and where the statistic is not finite on some sample.
/// Cost: `resamples` evaluations of the statistic on `values.len()` numbers.
pub fn interval(
    values: &[f64],
    statistic: impl Fn(&[f64]) -> f64,
    level: f64,
    resamples: usize,
    random: &mut impl Rng,
) -> Option<Interval> {
    if values.len() < 2 || resamples == 0 || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let mut sample = vec![0.0; values.len()];
    let mut statistics = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        for slot in &mut sample {
            *slot = values[random.random_range(0..values.len())];
        }
        let value = statistic(&sample);
        if !value.is_finite() {
            return None;
        }
        statistics.push(value);
    }
    statistics.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Some(Interval { low: quantile(&statistics, tail), high: quantile(&statistics, 1.0 - tail) })
}

/// The 95 % interval of the mean over 2,000 resamples: what the reports show as a band.
pub fn mean_interval(values: &[f64], random: &mut impl Rng) -> Option<Interval> {
    interval(values, mean, 0.95, 2_000, random)
}

/// The quantile of sorted values at `probability` in [0, 1], interpolating linearly between order
/// statistics (definition 7 of Hyndman and Fan 1996). The slice must not be empty.
pub fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let position = probability.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

/// The median of the numbers among values, the mean of the two in the middle if they are even in number; NaN if there is none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() { f64::NAN } else { quantile(&sorted, 0.5) }
}

#[cfg(test)]
mod tests {
    use super::{Interval, interval, mean, mean_interval, median, quantile};
    use crate::random::stream;
    use proptest::prelude::{any, prop, prop_assert, proptest};
    use rand::Rng;

    #[test]
    fn quantiles_of_five_numbers() {
        let sorted = [1.0, 2.0, 3.0, 4.0, 10.0];
        assert_eq!(quantile(&sorted, 0.0), 1.0);
        assert_eq!(quantile(&sorted, 0.5), 3.0);
        assert_eq!(median([4.0, f64::NAN, 1.0, 2.0, 9.0]), 3.0);
        assert!(median([f64::NAN]).is_nan());
        assert_eq!(quantile(&sorted, 0.875), 7.0);
        assert_eq!(quantile(&sorted, 1.0), 10.0);
    }

    #[test]
    fn equal_values_leave_no_uncertainty() {
        let found = mean_interval(&[2.0; 8], &mut stream(0, &["equal"])).unwrap();
        assert_eq!(found, Interval { low: 2.0, high: 2.0 });
    }

    #[test]
    fn one_value_has_no_interval() {
        assert_eq!(mean_interval(&[1.0], &mut stream(0, &["one"])), None);
        assert_eq!(mean_interval(&[], &mut stream(0, &["none"])), None);
    }

    /// The standard error of the mean of 400 values uniform on [0, 1] is √(1/12/400) = 0.01443, so
    /// the interval is about ±1.96 of it. The bootstrap's own error (2,000 resamples) and that of
    /// the sample's variance are a few per cent; 20 % is beyond five of their standard deviations.
    #[test]
    fn width_agrees_with_the_standard_error() {
        let mut random = stream(3, &["uniform"]);
        let values: Vec<f64> = (0..400).map(|_| random.random()).collect();
        let found = mean_interval(&values, &mut random).unwrap();
        let half = (found.high - found.low) / 2.0;
        assert!((half / (1.96 * 0.014_434) - 1.0).abs() < 0.2, "half width {half}");
    }

    proptest! {
        #[test]
        fn the_interval_lies_within_the_values(
            values in prop::collection::vec(-1e6..1e6f64, 2..30),
            seed in any::<u64>(),
        ) {
            let found = interval(&values, mean, 0.9, 200, &mut stream(seed, &["within"])).unwrap();
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            // A mean of n numbers may exceed their range by the rounding of its sum.
            let rounding = 1e-12 * low.abs().max(high.abs());
            prop_assert!(found.low <= found.high);
            prop_assert!(found.low >= low - rounding && found.high <= high + rounding);
        }
    }
}
