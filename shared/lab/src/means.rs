//! Means over replicates with their bootstrap intervals, as figures, tables and claims show them.
//!
//! A resampling stream is named after the paper, the quantity and the place, so that an interval does not depend on what else is
//! averaged. Papers come here through [`Table`](crate::Table), which knows the paper.

use figures::Interval;
use numerics::bootstrap::{mean, mean_interval};
use numerics::random::stream;
use serde::Serialize;

use crate::Columns;
use crate::estimate::Estimate;

/// A mean over replicates with its 95 % interval; of a single value, the interval is the value.
#[derive(Clone, Debug, PartialEq, Serialize, Columns)]
pub struct Mean {
    /// What was averaged.
    pub quantity: String,
    /// Where on the axis.
    pub at: f64,
    /// The mean.
    pub mean: f64,
    /// Lower end of the 95 % bootstrap interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// How many values.
    pub replicates: usize,
}

impl Mean {
    /// The mean of values.
    pub fn of(values: &[f64], paper: &str, quantity: &str, at: f64) -> Self {
        let center = mean(values);
        let interval = mean_interval(values, &mut stream(0, &[paper, "means", quantity, &at.to_string()]));
        let (low, high) = interval.map_or((center, center), |interval| (interval.low, interval.high));
        Self { quantity: quantity.into(), at, mean: center, low, high, replicates: values.len() }
    }
}

/// The mean of the values at each place, places in ascending order. Values are (place, value), one for each replicate.
pub(crate) fn means_by(
    values: impl IntoIterator<Item = (f64, f64)>,
    paper: &str,
    quantity: &str,
) -> Vec<Mean> {
    let mut values: Vec<(f64, f64)> = values.into_iter().collect();
    // Stable: replicates of a place keep their order, and so the bootstrap its draws.
    values.sort_by(|left, right| left.0.total_cmp(&right.0));
    let groups = values.chunk_by(|left, right| left.0 == right.0);
    let of = |group: &[(f64, f64)]| {
        let values: Vec<f64> = group.iter().map(|(_, value)| *value).collect();
        Mean::of(&values, paper, quantity, group[0].0)
    };
    groups.map(of).collect()
}

impl From<&Mean> for Interval {
    fn from(mean: &Mean) -> Self {
        Self { at: mean.at, value: mean.mean, low: mean.low, high: mean.high }
    }
}

impl Estimate {
    /// The mean of values with its 95 % bootstrap interval; not a number, and so not tested, below two values.
    pub(crate) fn mean_of(values: &[f64], paper: &str) -> Self {
        match mean_interval(values, &mut stream(0, &[paper, "claims"])) {
            Some(interval) => Self::with_interval(mean(values), interval.low, interval.high),
            None => Self::exact(f64::NAN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_grouped_and_ordered() {
        let means = means_by([(2.0, 1.0), (1.0, 5.0), (2.0, 3.0)], "paper", "q");
        assert_eq!(
            means.iter().map(|mean| (mean.at, mean.mean, mean.replicates)).collect::<Vec<_>>(),
            [(1.0, 5.0, 1), (2.0, 2.0, 2)]
        );
        assert_eq!((means[0].low, means[0].high), (5.0, 5.0));
        assert!(means[1].low >= 1.0 && means[1].high <= 3.0);
        assert!(Estimate::mean_of(&[1.0], "paper").value.is_nan());
        assert_eq!(Estimate::mean_of(&[1.0, 1.0], "paper"), Estimate::with_interval(1.0, 1.0, 1.0));
    }
}
