//! What rules measure, from tables.

use lab::{Estimate, Table};
use numerics::growth::{exponent, exponents as exponents_of_runs};

use crate::experiments::audits::{self, Target};
use crate::experiments::{Chosen as Exact, exponents};
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

/// Attained over bound, from a number of records on.
pub fn attained(table: &Exponents, least: f64) -> impl Iterator<Item = f64> {
    let rows = table.rows().filter(move |(cell, row)| row.bound.is_finite() && cell.records >= least);
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

/// DP-GD's exponent in N less DIFF2's for each run, radii that do not clip, N ≥ 1000.
pub fn steeper(table: &Table<logistic::Parameters, logistic::Row>) -> Vec<f64> {
    let of = |method| {
        let rows =
            table.rows().filter(move |(cell, _)| cell.method == method && !cell.clips && cell.records >= 1e3);
        exponents_of_runs(rows.map(|(cell, row)| (row.run, cell.records, row.mean)))
    };
    let pairs = of(Exact::GradientDescent).into_iter().zip(of(Exact::Diff2));
    pairs.map(|(theirs, ours)| theirs - ours).collect()
}

/// Mean over runs of attained over bound, for each number of records.
pub fn attained_on_data(table: &Table<logistic::Parameters, logistic::Row>) -> Vec<f64> {
    let rows = table.rows().filter(|(_, row)| row.bound.is_finite());
    let ratios = rows.map(|(cell, row)| (cell.records, row.mean / row.bound));
    table.means_by(ratios, "attained over bound").iter().map(|mean| mean.mean).collect()
}

type Networks = Table<network::Parameters, network::Row>;

/// A method's rows of a cell.
fn of(rows: &[network::Row], method: network::Method) -> impl Iterator<Item = &network::Row> {
    rows.iter().filter(move |row| row.method == method)
}

/// ln of DP-GD's number over DIFF2's for each data set, both at the rounds that tuning preferred.
pub fn gains(table: &Networks, epsilon: f64, number: fn(&network::Row) -> f64) -> Vec<f64> {
    let cells = table.cells().filter(|(cell, _)| cell.epsilon == epsilon);
    let best = |rows: &[network::Row], method| of(rows, method).find(|row| row.preferred).map(number);
    cells
        .filter_map(|(_, rows)| {
            let ours = best(rows, network::Method::Diff2)?;
            Some((best(rows, network::Method::GradientDescent)? / ours).ln())
        })
        .collect()
}

/// ln of DIFF2-GD's last squared gradient, most rounds, over that of local steps with a third of them at most.
pub fn rounds_saved(table: &Networks) -> Vec<f64> {
    let cells = table.cells().filter(|(cell, _)| cell.split == network::Split::Chance);
    cells
        .filter_map(|(_, rows)| {
            let ours = of(rows, network::Method::Diff2).max_by_key(|row| row.rounds)?;
            let few = of(rows, network::Method::Local).filter(|row| 3 * row.rounds <= ours.rounds);
            Some((ours.last / few.max_by_key(|row| row.rounds)?.last).ln())
        })
        .collect()
}
