//! What rules measure, from tables.

use std::collections::BTreeMap;

use lab::Table;
use numerics::bootstrap::median;

use crate::experiments::clusters::{self, Contamination, Model as Fitted};
use crate::experiments::conjugacy::{self, Method as Gradients};
use crate::experiments::data::{Model, Signal};
use crate::experiments::recovery::{self, Way};
use crate::experiments::screening::{self, Method};
use crate::experiments::{descent, iterations};

type Screening = Table<screening::Parameters, screening::Row>;
type Recovery = Table<recovery::Parameters, recovery::Row>;
type Conjugacy = Table<conjugacy::Parameters, conjugacy::Row>;

fn by_set(table: &Screening, signal: Signal, method: Method) -> BTreeMap<(u64, u32), f64> {
    let rows = table.rows().filter(|(cell, _)| cell.signal == signal && cell.method == method);
    rows.map(|(cell, row)| ((cell.signals, row.set), row.area)).collect()
}

/// Areas of a method.
pub fn areas(table: &Screening, signal: Signal, method: Method) -> Vec<f64> {
    by_set(table, signal, method).into_values().collect()
}

/// Area of one method less another's, for each data set with the fewest signals.
pub fn gaps(table: &Screening, signal: Signal, method: Method, other: Method) -> Vec<f64> {
    let others = by_set(table, signal, other);
    let own = by_set(table, signal, method);
    let fewest = own.keys().map(|(signals, _)| *signals).min();
    let own = own.iter().filter(|((signals, _), _)| Some(*signals) == fewest);
    own.filter_map(|(key, area)| Some(area - others.get(key)?)).collect()
}

/// Median ratios of iterations over the tuned ones, for each cell with a correlation of `least` or more.
pub fn ratios(
    table: &Table<iterations::Parameters, iterations::Row>,
    of: fn(&iterations::Row) -> u64,
    least: f64,
) -> Vec<f64> {
    let cells = table.cells().filter(|(cell, _)| cell.rho >= least);
    cells.map(|(_, rows)| median(rows.iter().map(|row| of(row) as f64 / row.tuned as f64))).collect()
}

/// The median of these over all cells.
pub fn median_ratio(
    table: &Table<iterations::Parameters, iterations::Row>,
    of: fn(&iterations::Row) -> u64,
) -> f64 {
    median(ratios(table, of, 0.0))
}

type Descent = Table<descent::Parameters, descent::Row>;

/// Passes of coordinate descent over those of accelerated gradients, where the latter converge; those of a descent that does not, at its limit.
pub fn median_passes(table: &Descent) -> f64 {
    median(
        table
            .rows()
            .filter(|(_, row)| row.accelerated_converged)
            .map(|(_, row)| row.coordinate / row.accelerated),
    )
}

/// The share of data sets with so many rows on which coordinate descent as published has not converged.
pub fn lost(table: &Descent, rows: u64) -> f64 {
    let of = || table.rows().filter(|(cell, _)| cell.rows == rows).map(|(_, row)| row);
    let moving = of().filter(|row| row.published_change.is_nan() || row.published_change >= 1e-4);
    moving.count() as f64 / of().count() as f64
}

/// Precision of one way less another's, for each data set.
pub fn precision_gaps(table: &Recovery, model: Model, way: Way, other: Way) -> Vec<f64> {
    let of = |way| -> BTreeMap<(u8, u64, u32), f64> {
        let rows = table.rows().filter(|(cell, _)| cell.model == model && cell.way == way);
        rows.map(|(cell, row)| ((cell.penalty as u8, cell.ratio.to_bits(), row.set), row.precision)).collect()
    };
    let others = of(other);
    of(way).iter().filter_map(|(key, precision)| Some(precision - others.get(key)?)).collect()
}

/// Root mean squared error of slopes over the Gaussian model's.
pub fn error_ratio(
    table: &Table<clusters::Parameters, clusters::Row>,
    contamination: Contamination,
    model: Fitted,
) -> f64 {
    let error = |model: Fitted| {
        let rows = || {
            table.rows().filter(move |(cell, _)| cell.model == model && cell.contamination == contamination)
        };
        (rows().map(|(_, row)| row.slopes).sum::<f64>() / rows().count() as f64).sqrt()
    };
    error(model) / error(Fitted::Gaussian)
}

/// Gradients over the fewer of FISTA's and ISTA's; infinite where the method did not converge.
pub fn median_gradients(table: &Conjugacy) -> f64 {
    let of = |method| -> BTreeMap<u32, f64> {
        let rows = table.rows().filter(move |(cell, _)| cell.method == method);
        let gradients =
            |row: &conjugacy::Row| if row.converged { row.gradients as f64 } else { f64::INFINITY };
        rows.map(|(cell, row)| (cell.problem, gradients(row))).collect()
    };
    let (ista, fista) = (of(Gradients::Ista), of(Gradients::Fista));
    let least = |problem: &u32| Some(ista.get(problem)?.min(*fista.get(problem)?));
    median(
        of(Gradients::Conjugate).iter().filter_map(|(problem, gradients)| Some(gradients / least(problem)?)),
    )
}

/// Largest rises of conjugate runs; infinite where one did not converge.
pub fn conjugate_rises(table: &Conjugacy) -> Vec<f64> {
    let rows = table.rows().filter(|(cell, _)| cell.method == Gradients::Conjugate);
    rows.map(|(_, row)| if row.converged { row.rise } else { f64::INFINITY }).collect()
}
