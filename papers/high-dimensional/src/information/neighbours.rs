//! Mutual information from distances to the k-th neighbour: no bandwidth, little bias, but it needs values without ties.

use super::InformationError;

/// ψ, the logarithmic derivative of the gamma function, for x > 0.
pub fn digamma(mut x: f64) -> f64 {
    let mut value = 0.0;
    while x < 15.0 {
        value -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = square
        * (1.0 / 12.0
            - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square * (1.0 / 240.0 - square / 132.0))));
    value + x.ln() - 0.5 / x - series
}

/// ψ(1), ψ(2), …, ψ(n).
fn digammas(n: usize) -> Vec<f64> {
    let mut value = digamma(1.0);
    (1..=n)
        .map(|k| {
            let now = value;
            value += 1.0 / k as f64;
            now
        })
        .collect()
}

fn check(rows: usize, other: usize, k: usize) -> Result<(), InformationError> {
    if rows != other {
        return Err(InformationError::Lengths(rows, other));
    }
    if k == 0 {
        return Err(InformationError::Option { name: "k", value: 0.0, expected: "1 or more" });
    }
    if rows <= k {
        return Err(InformationError::Rows(rows, k + 1));
    }
    Ok(())
}

/// How many of sorted values are within less than a distance of a value.
fn within(sorted: &[f64], value: f64, distance: f64) -> usize {
    // Differences as they were taken before, so that the neighbour at exactly this distance is outside.
    let from = sorted.partition_point(|other| value - other >= distance);
    let to = sorted.partition_point(|other| other - value < distance);
    to.saturating_sub(from)
}

/// The first estimator of Kraskov, Stögbauer and Grassberger (2004), clipped at 0: ψ(k) + ψ(n) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩ in the maximum norm, for columns in comparable units. About n√(nk) comparisons.
///
/// # Errors
/// For columns of different lengths, k = 0, and k or fewer rows.
pub fn continuous(x: &[f64], y: &[f64], k: usize) -> Result<f64, InformationError> {
    check(x.len(), y.len(), k)?;
    let n = x.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let (xs, ys): (Vec<f64>, Vec<f64>) = order.iter().map(|i| (x[*i], y[*i])).unzip();
    let mut sorted_y = ys.clone();
    sorted_y.sort_by(f64::total_cmp);
    let psi = digammas(n);
    let mut sum = 0.0;
    let mut nearest: Vec<f64> = Vec::with_capacity(k + 1);
    for i in 0..n {
        nearest.clear();
        let (mut left, mut right) = (i, i + 1);
        loop {
            let bound = if nearest.len() == k { nearest[k - 1] } else { f64::INFINITY };
            let gap = |j: Option<usize>| j.map_or(f64::INFINITY, |j| (xs[j] - xs[i]).abs());
            let (before, after) = (left.checked_sub(1), (right < n).then_some(right));
            let (to_left, to_right) = (gap(before), gap(after));
            if to_left.min(to_right) > bound || to_left.min(to_right) == f64::INFINITY {
                break;
            }
            let j = if to_left <= to_right {
                left -= 1;
                left
            } else {
                right += 1;
                right - 1
            };
            let distance = (xs[j] - xs[i]).abs().max((ys[j] - ys[i]).abs());
            if distance < bound {
                let place = nearest.partition_point(|other| *other <= distance);
                nearest.insert(place, distance);
                nearest.truncate(k);
            }
        }
        let distance = nearest[k - 1];
        // Ties at distance zero: the point itself alone.
        let count = |sorted: &[f64], value: f64| within(sorted, value, distance).saturating_sub(1);
        sum += psi[count(&xs, xs[i])] + psi[count(&sorted_y, ys[i])];
    }
    Ok((psi[k - 1] + psi[n - 1] - sum / n as f64).max(0.0))
}

/// Ross (2014), clipped at 0, for a continuous column and classes.
///
/// # Errors
/// As [`continuous`].
pub fn classes(x: &[f64], classes: &[usize], k: usize) -> Result<f64, InformationError> {
    check(x.len(), classes.len(), k)?;
    let mut all = x.to_vec();
    all.sort_by(f64::total_cmp);
    let groups = super::class_counts(classes).len();
    let (mut sum, mut used) = (0.0, 0_usize);
    for class in 0..groups {
        let mut own: Vec<f64> =
            x.iter().zip(classes).filter(|(_, c)| **c == class).map(|(x, _)| *x).collect();
        // A class of one has no neighbour.
        if own.len() < 2 {
            continue;
        }
        own.sort_by(f64::total_cmp);
        let k = k.min(own.len() - 1);
        for (i, value) in own.iter().enumerate() {
            let (mut left, mut right) = (i, i);
            let mut distance = 0.0;
            for _ in 0..k {
                let before = if left > 0 { value - own[left - 1] } else { f64::INFINITY };
                let after = if right + 1 < own.len() { own[right + 1] - value } else { f64::INFINITY };
                if before <= after {
                    left -= 1;
                    distance = before;
                } else {
                    right += 1;
                    distance = after;
                }
            }
            let count = within(&all, *value, distance).max(1);
            sum += digamma(k as f64) - digamma(own.len() as f64) - digamma(count as f64);
            used += 1;
        }
    }
    if used == 0 {
        return Ok(0.0);
    }
    Ok((digamma(used as f64) + sum / used as f64).max(0.0))
}
