//! What claims measure in the tables of experiments.

use lab::Table;
use numerics::growth::exponents;

use crate::experiments::{
    averages, last_iterate,
    policeman::{self, Counting, Instance},
    quadratic, resolvents, restarts,
};

type AveragesTable = Table<averages::Parameters, averages::Row>;
type ResolventsTable = Table<resolvents::Parameters, resolvents::Row>;
type PolicemanTable = Table<policeman::Parameters, policeman::Row>;
type QuadraticTable = Table<quadratic::Parameters, quadratic::Row>;
type RestartsTable = Table<restarts::Parameters, restarts::Row>;

/// The residual at which calls of all n are compared.
pub(super) const RESIDUAL: f64 = 1e-3;

pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn page_cells(
    table: &AveragesTable,
) -> impl Iterator<Item = (&averages::Parameters, &[averages::Row])> {
    table.cells().filter(|(cell, _)| cell.method == averages::Method::Page && cell.common == 0.5)
}

/// For each problem, the exponent of calls in n ≥ 256.
pub(super) fn slopes_in_n(table: &AveragesTable) -> Vec<f64> {
    let cells = page_cells(table).filter(|(cell, _)| cell.components >= 256);
    exponents(cells.flat_map(|(cell, rows)| {
        rows.iter()
            .filter(|row| row.residual == RESIDUAL)
            .map(|row| (row.replicate, cell.components as f64, row.calls as f64))
    }))
}

pub(super) fn largest(table: &AveragesTable) -> usize {
    table.cells().map(|(cell, _)| cell.components).max().unwrap_or(0)
}

/// Calls of a method over calls of Algorithm 1 on nearly aligned parts, problem by problem.
pub(super) fn savings(table: &AveragesTable, method: averages::Method, n: usize) -> Vec<f64> {
    let calls = |method| -> Vec<f64> {
        let rows = table.rows().filter(|(cell, row)| {
            cell.method == method && cell.components == n && cell.common == 0.8 && row.residual == RESIDUAL
        });
        rows.map(|(_, row)| row.calls as f64).collect()
    };
    calls(method).into_iter().zip(calls(averages::Method::Page)).map(|(own, page)| own / page).collect()
}

/// Of the proved choices, at every n and k.
pub(super) fn root_mean_squares(table: &Table<last_iterate::Parameters, last_iterate::Row>) -> Vec<f64> {
    let proved = table.cells().filter(|(cell, _)| cell.choice != last_iterate::Choice::Long);
    let roots = proved.flat_map(|(_, rows)| {
        let mut steps: Vec<u64> = rows.iter().map(|row| row.step).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
            .into_iter()
            .map(|step| mean(rows.iter().filter(|row| row.step == step).map(|row| row.scaled.powi(2))).sqrt())
    });
    roots.collect()
}

pub(super) fn resolvent_rows(
    table: &ResolventsTable,
    method: resolvents::Method,
    residual: f64,
) -> impl Iterator<Item = (&resolvents::Parameters, &resolvents::Row)> {
    table.rows().filter(move |(cell, row)| {
        cell.method == method && cell.share == 0.5 && cell.common == 1.0 && row.residual == residual
    })
}

/// Calls of a method over calls of Algorithm 2, problem by problem, for n ≥ `least`.
pub(super) fn against(table: &ResolventsTable, method: resolvents::Method, least: usize) -> Vec<f64> {
    let calls = |method| {
        resolvent_rows(table, method, RESIDUAL)
            .filter(move |(cell, _)| cell.components >= least)
            .map(|(_, row)| row.calls as f64)
    };
    calls(method).zip(calls(resolvents::Method::Resolvent)).map(|(own, resolvent)| own / resolvent).collect()
}

/// Means over runs on the authors' instance, over the better of the two extragradient methods, for each variance-reduced method and mark.
pub(super) fn orders(table: &PolicemanTable, counting: Counting, of: fn(&policeman::Row) -> f64) -> Vec<f64> {
    use policeman::Method::{Anchored, Extragradient, Frozen, Page, Reduced};
    let at = |method, mark: u64| {
        let rows = table.rows().filter(|(cell, row)| {
            cell.method == method
                && cell.instance == Instance::Authors
                && row.counting == counting
                && row.mark == mark
        });
        mean(rows.map(|(_, row)| of(row)))
    };
    let marks = [30, 100, 300, 1_000].into_iter().filter(|mark| at(Extragradient, *mark).is_finite());
    marks
        .flat_map(|mark| {
            [Reduced, Page, Frozen]
                .map(|method| at(method, mark) / at(Extragradient, mark).min(at(Anchored, mark)))
        })
        .collect()
}

pub(super) fn last_mark(table: &QuadraticTable, method: quadratic::Method) -> f64 {
    table.rows().filter(|(cell, _)| cell.method == method).map(|(_, row)| row.mark).fold(0.0, f64::max)
}

/// Residuals at the last mark over what is predicted.
pub(super) fn over_closed_form(table: &QuadraticTable, method: quadratic::Method) -> Vec<f64> {
    let last = last_mark(table, method);
    let rows = table.rows().filter(|(cell, row)| cell.method == method && row.mark == last);
    rows.map(|(_, row)| row.residual / row.predicted).collect()
}

/// The mean over runs at the last mark not beyond `mark`.
pub(super) fn residual_at(table: &QuadraticTable, method: quadratic::Method, mark: f64) -> f64 {
    let rows = || table.rows().filter(|(cell, row)| cell.method == method && row.mark <= mark);
    let last = rows().map(|(_, row)| row.mark).fold(0.0, f64::max);
    mean(rows().filter(|(_, row)| row.mark == last).map(|(_, row)| row.residual))
}

/// Total variation of log |F(u)| over its net fall after 10,000 epochs, the largest over runs.
pub(super) fn roughness(table: &QuadraticTable, method: quadratic::Method) -> f64 {
    let cells = table.cells().filter(|(cell, _)| cell.method == method);
    let runs = cells.flat_map(|(cell, rows)| {
        (0..cell.seeds).map(|replicate| {
            let logs: Vec<f64> = rows
                .iter()
                .filter(|row| row.replicate == replicate && row.mark >= 1e4)
                .map(|row| row.residual.ln())
                .collect();
            let variation: f64 = logs.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
            // A run that does not fall is as rough as can be.
            match (logs.first(), logs.last()) {
                (Some(first), Some(last)) if first > last => variation / (first - last),
                (Some(_), Some(_)) => f64::MAX,
                _ => f64::NAN,
            }
        })
    });
    runs.fold(f64::NAN, f64::max)
}

/// log₁₀ of the gap of a method less that of Algorithm 2, game by game.
pub(super) fn differences(table: &RestartsTable, spread: f64, method: restarts::Method) -> Vec<f64> {
    let last = table.rows().map(|(_, row)| row.mark).max().unwrap_or(0);
    let logs = |method| -> Vec<f64> {
        let rows = table
            .rows()
            .filter(|(cell, row)| cell.method == method && cell.spread == spread && row.mark == last);
        rows.map(|(_, row)| row.gap.max(1e-16).log10()).collect()
    };
    logs(method).into_iter().zip(logs(restarts::Method::Resolvent)).map(|(own, plain)| own - plain).collect()
}
