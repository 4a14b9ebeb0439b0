//! What rules measure, from tables.

use lab::{Estimate, Table};
use numerics::growth::exponent;

use crate::experiments::audits::{self, Target};
use crate::experiments::exponents::{self, Method as Exact};
use crate::experiments::{accounting, logistic, network};

type Exponents = Table<exponents::Parameters, exponents::Row>;

fn fitted(points: &[(f64, f64)]) -> Estimate {
    // Two points fit any power.
    Estimate::exact(if points.len() < 3 { f64::NAN } else { exponent(points).unwrap_or(f64::NAN) })
}

/// The exponent in N from 10⁴ on, d = 100.
pub fn by_records(table: &Exponents, method: Exact, of: fn(&exponents::Row) -> f64) -> Estimate {
    let rows = table.rows().filter(|(cell, _)| cell.method == method && cell.dimension == 100.0);
    let points: Vec<_> =
        rows.filter(|(cell, _)| cell.records >= 0.99e4).map(|(cell, row)| (cell.records, of(row))).collect();
    fitted(&points)
}

/// The exponent of the mean in d, N = 10⁶.
pub fn by_dimension(table: &Exponents, method: Exact) -> Estimate {
    let rows = table.rows().filter(|(cell, _)| cell.method == method && cell.records == 1e6);
    fitted(&rows.map(|(cell, row)| (cell.dimension, row.mean)).collect::<Vec<_>>())
}

/// Attained over bound, where N is 1000 or more.
pub fn attained(table: &Exponents) -> impl Iterator<Item = f64> {
    let rows = table.rows().filter(|(cell, row)| row.bound.is_finite() && cell.records >= 999.0);
    rows.map(|(_, row)| row.mean / row.bound)
}

/// Lower bounds of ε of what is broken, but for a stale radius where steps shrink, which gives more noise.
pub fn faults_shown(table: &Table<audits::Parameters, audits::Row>) -> impl Iterator<Item = f64> {
    let rows = table.rows().filter(|(cell, _)| !cell.target.is_sound() && cell.target != Target::StaleRadius);
    rows.map(|(_, row)| row.epsilon.max(row.epsilon_by_counts))
}

/// Noise asked for over noise needed at ε of 1, 3 and 5 and δ = 10⁻⁵.
pub fn prices(table: &Table<accounting::Parameters, accounting::Row>) -> impl Iterator<Item = f64> {
    let budgets = table.rows().filter(|(cell, _)| cell.asked == accounting::Asked::Budget);
    budgets
        .filter(|(_, row)| row.delta == 1e-5 && [1.0, 3.0, 5.0].contains(&row.epsilon))
        .map(|(_, row)| row.classic)
}

/// DP-GD's exponent in N less DIFF2's, on means over runs without small radii, N ≥ 1000.
pub fn steeper(table: &Table<logistic::Parameters, logistic::Row>) -> f64 {
    let of = |method| {
        let rows = table
            .rows()
            .filter(|(cell, row)| cell.method == method && !cell.clips && cell.records >= 1e3 && !row.capped);
        let values = rows.map(|(cell, row)| (cell.records, row.mean));
        let points: Vec<_> = table.means_by(values, "mean").iter().map(|mean| (mean.at, mean.mean)).collect();
        fitted(&points).value
    };
    of(logistic::Method::GradientDescent) - of(logistic::Method::Diff2)
}

/// Mean over runs of attained over bound, for each number of records.
pub fn attained_on_data(table: &Table<logistic::Parameters, logistic::Row>) -> Vec<f64> {
    let rows = table.rows().filter(|(_, row)| row.bound.is_finite());
    let ratios = rows.map(|(cell, row)| (cell.records, row.mean / row.bound));
    table.means_by(ratios, "attained over bound").iter().map(|mean| mean.mean).collect()
}

type Networks = Table<network::Parameters, network::Row>;

fn pairs(
    table: &Networks,
    other: network::Method,
) -> Vec<(&network::Parameters, &network::Row, &network::Row)> {
    let mut all = Vec::new();
    for (cell, rows) in table.cells() {
        let of = |method| rows.iter().find(|row| row.method == method);
        if let (Some(ours), Some(theirs)) = (of(network::Method::Diff2), of(other)) {
            all.push((cell, ours, theirs));
        }
    }
    all
}

/// ln of DP-GD's number over DIFF2's, for each data set.
pub fn gains(table: &Networks, epsilon: f64, of: fn(&network::Row) -> f64) -> Vec<f64> {
    let all = pairs(table, network::Method::GradientDescent).into_iter();
    all.filter(|(cell, ..)| cell.epsilon == epsilon)
        .map(|(_, ours, theirs)| (of(theirs) / of(ours)).ln())
        .collect()
}

/// Rounds that local steps need over those of DIFF2-GD. What is never reached counts as ten times as many.
pub fn rounds_saved(table: &Networks) -> Vec<f64> {
    let all = pairs(table, network::Method::Local).into_iter();
    let chance = all.filter(|(cell, ..)| cell.split == network::Split::Chance);
    let ratio = |ours: &network::Row, local: &network::Row| local.rounds_needed / ours.rounds_needed;
    chance.map(|(_, ours, local)| ratio(ours, local)).map(|r| if r.is_nan() { 10.0 } else { r }).collect()
}
