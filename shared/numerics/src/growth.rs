//! How a quantity grows: the slope of its logarithm.

use std::collections::BTreeMap;

/// The exponent b of the best fit y ≈ c x^b, the least-squares slope of ln y on ln x; `None` below two different places or for values ≤ 0.
pub fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    if points.iter().any(|(x, y)| !(*x > 0.0 && *y > 0.0)) {
        return None;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let mean = |value: fn(&(f64, f64)) -> f64| logs.iter().map(value).sum::<f64>() / logs.len() as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let across: f64 = logs.iter().map(|point| (point.0 - x) * (point.0 - x)).sum();
    let along: f64 = logs.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    (across > 0.0).then_some(along / across)
}

/// The exponent of each replicate. Points are (replicate, x, y).
pub fn exponents(points: impl IntoIterator<Item = (u32, f64, f64)>) -> Vec<f64> {
    let mut by_replicate: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
    for (replicate, x, y) in points {
        by_replicate.entry(replicate).or_default().push((x, y));
    }
    by_replicate.values().filter_map(|points| exponent(points)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_have_their_exponent() {
        let points: Vec<(f64, f64)> = [1.0, 2.0, 5.0].map(|x: f64| (x, 3.0 * x.powf(1.5))).to_vec();
        assert!((exponent(&points).unwrap() - 1.5).abs() < 1e-12);
        assert_eq!(exponent(&points[..1]), None);
        assert_eq!(exponent(&[(1.0, 0.0), (2.0, 1.0)]), None);
    }
}
