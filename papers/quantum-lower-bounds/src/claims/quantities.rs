//! What rules measure, from tables.

use std::collections::BTreeMap;

use lab::{Estimate, Table};
use numerics::growth::exponent;

use crate::experiments::constants::{self, Quantity};
use crate::experiments::mean_squared::{self, Method as Noisy};
use crate::experiments::optima::{self, Kind};
use crate::experiments::speedups::{self, Task};
use crate::experiments::{Method, accuracy, coins, truncations};

type Constants = Table<constants::Parameters, constants::Row>;

/// Constants that the literature states.
pub fn stated(table: &Constants) -> impl Iterator<Item = &constants::Row> {
    let certified =
        table.rows().filter(|(cell, row)| row.literature.is_finite() && cell.quantity != Quantity::Gap);
    certified.map(|(_, row)| row)
}

fn constant(table: &Constants, quantity: Quantity) -> Option<&constants::Row> {
    table.rows().find(|(cell, _)| cell.quantity == quantity).map(|(_, row)| row)
}

/// The certified upper end of a constant.
pub fn upper(table: &Constants, quantity: Quantity) -> Estimate {
    Estimate::exact(constant(table, quantity).map_or(f64::NAN, |row| row.high))
}

/// What was attained, up to the certified upper end.
pub fn lipschitz_enclosure(table: &Constants) -> Estimate {
    constant(table, Quantity::Lipschitz)
        .map_or(Estimate::exact(f64::NAN), |row| Estimate::with_interval(row.low, row.low, row.high))
}

/// The exponent through all points, between those through either half: rates are not exact powers at small sizes.
fn fitted(points: &[(f64, f64)]) -> Estimate {
    if points.len() < 3 {
        return Estimate::exact(f64::NAN);
    }
    let value = exponent(points).unwrap_or(f64::NAN);
    let half = points.len().div_ceil(2).max(2);
    let ends =
        [&points[..half], &points[points.len() - half..]].map(|part| exponent(part).unwrap_or(f64::NAN));
    Estimate::with_interval(value, value.min(ends[0]).min(ends[1]), value.max(ends[0]).max(ends[1]))
}

/// The exponent in ε of a method's queries.
pub fn exponent_in_epsilon(
    table: &Table<accuracy::Parameters, accuracy::Row>,
    method: Method,
    order: u64,
) -> Estimate {
    let rows = table.rows().filter(|(cell, row)| cell.method == method && cell.order == order && row.found);
    fitted(&rows.map(|(cell, row)| (cell.epsilon, row.queries as f64)).collect::<Vec<_>>())
}

/// The exponent in N of the best success at T = 2.
pub fn success_exponent(table: &Table<truncations::Parameters, truncations::Row>) -> f64 {
    let mut best: BTreeMap<u64, f64> = BTreeMap::new();
    let simulated = |algorithm| algorithm != truncations::Algorithm::Blank;
    for (cell, row) in table.rows().filter(|(cell, _)| cell.length == 2 && simulated(cell.algorithm)) {
        let entry = best.entry(cell.letters).or_insert(0.0);
        *entry = entry.max(row.success);
    }
    let points: Vec<_> = best.into_iter().map(|(letters, success)| (letters as f64, success)).collect();
    exponent(&points).unwrap_or(f64::NAN)
}

/// The exponent in the size of quantum queries.
pub fn speedup_exponent(table: &Table<speedups::Parameters, speedups::Row>, task: Task) -> f64 {
    let rows = table.rows().filter(|(cell, _)| cell.task == task);
    let points: Vec<_> = rows.map(|(cell, row)| (cell.size as f64, row.quantum as f64)).collect();
    exponent(&points).unwrap_or(f64::NAN)
}

type Coins = Table<coins::Parameters, coins::Row>;

/// Mean queries of optimal play less T/q + 1, in standard errors, for each q.
pub fn coin_distances(table: &Coins) -> Vec<f64> {
    let of = |cell: &coins::Parameters, rows: &[coins::Row]| {
        let count = rows.len() as f64;
        let expected = cell.length as f64 / cell.probability + 1.0;
        let mean = rows.iter().map(|row| row.patient as f64).sum::<f64>() / count;
        // T geometric waits.
        let variance = cell.length as f64 * (1.0 - cell.probability) / cell.probability.powi(2);
        (mean - expected).abs() / (variance / count).sqrt()
    };
    table.cells().map(|(cell, rows)| of(cell, rows)).collect()
}

/// The exponent in q of a mean.
pub fn coin_exponent(table: &Coins, of: fn(&coins::Row) -> f64) -> f64 {
    let means = table
        .cells()
        .map(|(cell, rows)| (cell.probability, rows.iter().map(of).sum::<f64>() / rows.len() as f64));
    exponent(&means.collect::<Vec<_>>()).unwrap_or(f64::NAN)
}

/// The exponent in ε, which is 1/T, of the mean queries of the best of some methods.
pub fn noisy_exponent(
    table: &Table<mean_squared::Parameters, mean_squared::Row>,
    methods: &[Noisy],
) -> Estimate {
    let mut best: BTreeMap<u64, f64> = BTreeMap::new();
    for (cell, rows) in table.cells().filter(|(cell, _)| methods.contains(&cell.method)) {
        let queries = |row: &mean_squared::Row| if row.found { row.queries as f64 } else { f64::INFINITY };
        let mean = rows.iter().map(queries).sum::<f64>() / rows.len() as f64;
        let entry = best.entry(cell.length).or_insert(f64::INFINITY);
        *entry = entry.min(mean);
    }
    fitted(&best.into_iter().map(|(length, queries)| (1.0 / length as f64, queries)).collect::<Vec<_>>())
}

type Optima = Table<optima::Parameters, optima::Row>;

/// Gaps between attained values and bounds, and distances from formulas.
pub fn programme_errors(table: &Optima) -> Vec<f64> {
    let of = |row: &optima::Row| {
        let formula = if row.formula.is_finite() { row.formula } else { row.attained };
        (row.attained - formula).abs().max((row.bound - formula).abs()).max((row.bound - row.attained).abs())
    };
    table.rows().map(|(_, row)| of(row)).collect()
}

/// Quantum over classical optima of chains.
pub fn leaks(table: &Optima) -> Vec<f64> {
    let rows = table.rows().filter(|(cell, _)| cell.kind == Kind::Chain);
    rows.map(|(_, row)| row.attained / row.classical).collect()
}
