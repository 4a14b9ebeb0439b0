//! Means by router, as bars.

use lab::{Chart, Mean, Table};

use crate::router::{ROUTERS, Router};

/// Grouped bars: a group for each place on the axis, in it a bar with its interval for each router.
/// `values` are (router, place, value), one for each replicate. Gives the chart and the means it shows.
pub fn bars_by_router<P, R>(
    table: &Table<P, R>,
    values: &[(Router, f64, f64)],
    x_label: &str,
    y_label: &str,
) -> (Chart, Vec<Mean>) {
    let mut places: Vec<f64> = values.iter().map(|(_, at, _)| *at).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let mut chart =
        Chart::new().x_label(x_label).y_label(y_label).categories(places.iter().map(f64::to_string));
    let mut all = Vec::new();
    for (router, name) in ROUTERS {
        let mean_at = |place: &f64| {
            let here = values.iter().filter(|(other, at, _)| *other == router && at == place);
            table.mean_at(*place, here.map(|(_, _, value)| *value), &format!("{name}: {y_label}"))
        };
        let means: Vec<Mean> = places.iter().map(mean_at).collect();
        chart = chart.bars_of_means(name, &means);
        all.extend(means);
    }
    (chart, all)
}
