//! Means over replicates with their bootstrap intervals, as the figures show them.

use std::collections::BTreeMap;

use lab::Chart;
use numerics::bootstrap::{mean, mean_interval};
use numerics::random::stream;
use serde::Serialize;

use crate::router::{ROUTERS, Router};

/// A mean over replicates with its 95 % interval; of a single value, the interval is the value.
#[derive(Clone, Debug, Serialize)]
pub struct Mean {
    /// What was averaged.
    pub quantity: String,
    /// Where on the axis.
    pub at: f64,
    /// The mean.
    pub mean: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// How many values.
    pub replicates: usize,
}

/// The mean of the values at each place, places in ascending order.
pub fn means_by(values: impl IntoIterator<Item = (usize, f64)>, quantity: &str) -> Vec<Mean> {
    let mut groups: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (at, value) in values {
        groups.entry(at).or_default().push(value);
    }
    let summarise = |(at, values): (usize, Vec<f64>)| mean_of(&values, quantity, at as f64);
    groups.into_iter().map(summarise).collect()
}

/// The mean of values with its interval. The resampling stream is named after the quantity and place.
fn mean_of(values: &[f64], quantity: &str, at: f64) -> Mean {
    let center = mean(values);
    let interval = mean_interval(values, &mut stream(0, &["sparse-ot", "means", quantity, &at.to_string()]));
    let (low, high) = interval.map_or((center, center), |interval| (interval.low, interval.high));
    Mean { quantity: quantity.into(), at, mean: center, low, high, replicates: values.len() }
}

/// Grouped bars: a group for each place on the axis, in it a bar with its interval for each router.
/// `values` are (router, place, value), one for each replicate. Gives the chart and the means it shows.
pub fn bars_by_router(values: &[(Router, f64, f64)], x_label: &str, y_label: &str) -> (Chart, Vec<Mean>) {
    let mut places: Vec<f64> = values.iter().map(|(_, at, _)| *at).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let mut chart =
        Chart::new().x_label(x_label).y_label(y_label).categories(places.iter().map(f64::to_string));
    let mut all = Vec::new();
    for (router, name) in ROUTERS {
        let mean_at = |place: &f64| {
            let here = values.iter().filter(|(other, at, _)| *other == router && at == place);
            mean_of(
                &here.map(|(_, _, value)| *value).collect::<Vec<_>>(),
                &format!("{name}: {y_label}"),
                *place,
            )
        };
        let means: Vec<Mean> = places.iter().map(mean_at).collect();
        chart = chart.bars_with_errors(
            name,
            means.iter().map(|mean| mean.mean),
            means.iter().map(|mean| mean.low),
            means.iter().map(|mean| mean.high),
        );
        all.extend(means);
    }
    (chart, all)
}
