//! What rules measure, from tables.

use lab::{Estimate, Table};
use numerics::growth::exponent;

use crate::experiments::iterations::{self, Task};
use crate::experiments::{descents, neurons, sampling};

/// 1 for each start of width 10 that ends more than 10⁻³ above the optimum, 0 for others.
pub fn stuck(table: &Table<descents::Parameters, descents::Row>, of: fn(&descents::Row) -> f64) -> Vec<f64> {
    let rows = table.rows().filter(|(cell, _)| cell.width == 10);
    rows.map(|(_, row)| f64::from(u8::from(of(row) > 1e-3))).collect()
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let all: Vec<f64> = values.into_iter().collect();
    all.iter().sum::<f64>() / all.len() as f64
}

/// Different values, ascending.
fn kinds(values: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut all: Vec<usize> = values.into_iter().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Mean chance less the mean of neurons over N + 1, for each shape and N.
pub fn above_bound(table: &Table<sampling::Parameters, sampling::Row>) -> Vec<f64> {
    let mut all = Vec::new();
    for shape in kinds(table.rows().map(|(cell, _)| cell.rows)) {
        for draws in kinds(table.rows().map(|(cell, _)| cell.draws)) {
            let rows = || table.rows().filter(|(cell, _)| cell.rows == shape && cell.draws == draws);
            let bound = mean(rows().map(|(_, row)| row.support as f64 / (draws + 1) as f64));
            all.push(mean(rows().map(|(_, row)| row.chance)) - bound);
        }
    }
    all
}

/// For each shape and N of 80 and more, the share of draws whose chance is above ψ = 2(n + ln 20)/N.
pub fn beyond_promise(table: &Table<sampling::Parameters, sampling::Row>) -> Vec<f64> {
    let mut all = Vec::new();
    for shape in kinds(table.rows().map(|(cell, _)| cell.rows)) {
        for draws in kinds(table.rows().map(|(cell, _)| cell.draws)).into_iter().filter(|draws| *draws >= 80)
        {
            let promised = 2.0 * (shape as f64 + 20.0_f64.ln()) / draws as f64;
            let rows = table.rows().filter(|(cell, _)| cell.rows == shape && cell.draws == draws);
            all.push(mean(rows.map(|(_, row)| f64::from(u8::from(row.chance > promised)))));
        }
    }
    all
}

/// The exponent in N of the mean excess.
pub fn excess_exponent(table: &Table<neurons::Parameters, neurons::Row>, features: usize) -> Estimate {
    let rows = table.rows().filter(|(cell, _)| cell.features == features);
    let means = table.means_by(rows.map(|(cell, row)| (cell.draws as f64, row.excess)), "excess");
    let points: Vec<_> = means.iter().map(|mean| (mean.at, mean.mean)).collect();
    Estimate::exact(if points.len() < 3 { f64::NAN } else { exponent(&points).unwrap_or(f64::NAN) })
}

/// Mean chance over mean neurons/(N + 1), for each d and N where the chance is above 0.002.
pub fn chance_over_bound(table: &Table<neurons::Parameters, neurons::Row>) -> Vec<f64> {
    let mut all = Vec::new();
    for features in kinds(table.rows().map(|(cell, _)| cell.features)) {
        for draws in kinds(table.rows().map(|(cell, _)| cell.draws)) {
            let rows = || table.rows().filter(|(cell, _)| cell.features == features && cell.draws == draws);
            let chance = mean(rows().map(|(_, row)| row.chance));
            if chance > 0.002 {
                all.push(chance / mean(rows().map(|(_, row)| row.support as f64 / (draws + 1) as f64)));
            }
        }
    }
    all
}

type Iterated = Table<iterations::Parameters, iterations::Row>;

fn errors(table: &Iterated, task: Task, iteration: usize) -> Vec<(u32, f64, f64)> {
    let rows = table.rows().filter(|(cell, row)| cell.task == task && row.iteration == iteration);
    rows.map(|(cell, row)| (cell.replicate, cell.penalty, row.error)).collect()
}

/// For each draw, the error at the best fixed ρ.
pub fn best_errors(table: &Iterated, task: Task, iteration: usize) -> Vec<f64> {
    let all = errors(table, task, iteration);
    kinds(all.iter().map(|(replicate, ..)| *replicate as usize))
        .into_iter()
        .map(|replicate| {
            let of = all.iter().filter(|(other, penalty, _)| *other as usize == replicate && *penalty > 0.0);
            of.map(|(.., error)| *error).fold(f64::INFINITY, f64::min)
        })
        .collect()
}

/// For each draw, R² of ln error against iterations at the ρ that ends best, while errors are between 10⁻² and 10⁻⁸.
pub fn linearity(table: &Iterated) -> Vec<f64> {
    let cells = || table.cells().filter(|(cell, _)| cell.task == Task::Small && cell.penalty > 0.0);
    let last = |rows: &[iterations::Row]| rows.last().map_or(f64::INFINITY, |row| row.error);
    kinds(cells().map(|(cell, _)| cell.replicate as usize))
        .into_iter()
        .filter_map(|replicate| {
            let of = cells().filter(|(cell, _)| cell.replicate as usize == replicate);
            let (_, rows) = of.min_by(|a, b| last(a.1).total_cmp(&last(b.1)))?;
            let points = rows.iter().filter(|row| row.error < 1e-2 && row.error > 1e-8);
            let points: Vec<_> = points.map(|row| (row.iteration as f64, row.error.ln())).collect();
            (points.len() >= 4).then(|| determination(&points))
        })
        .collect()
}

/// R² of a straight line.
fn determination(points: &[(f64, f64)]) -> f64 {
    let (x, y) = (mean(points.iter().map(|p| p.0)), mean(points.iter().map(|p| p.1)));
    let product = |of: fn(f64, f64) -> f64| points.iter().map(|p| of(p.0 - x, p.1 - y)).sum::<f64>();
    product(|a, b| a * b).powi(2) / (product(|a, _| a * a) * product(|_, b| b * b))
}

/// For each draw, the error at ρ = 1 over that at the best.
pub fn penalty_ratio(table: &Iterated, iteration: usize) -> Vec<f64> {
    let best = best_errors(table, Task::Small, iteration);
    let at_one = errors(table, Task::Small, iteration).into_iter().filter(|(_, penalty, _)| *penalty == 1.0);
    at_one.map(|(.., error)| error).zip(best).map(|(one, best)| one / best.max(1e-15)).collect()
}

/// Accuracy at an iteration over the last one's.
pub fn early(table: &Iterated, task: Task, iteration: usize) -> Vec<f64> {
    let cells = table.cells().filter(move |(cell, _)| cell.task == task);
    cells
        .filter_map(|(_, rows)| {
            let at = rows.iter().find(|row| row.iteration == iteration)?;
            Some(at.accuracy / rows.last()?.accuracy)
        })
        .collect()
}

/// The error by random blocks over that of the exact step, after 1,000 iterations.
pub fn blocks_over_exact(table: &Iterated) -> Vec<f64> {
    let exact: Vec<_> =
        errors(table, Task::Small, 1_000).into_iter().filter(|(_, p, _)| *p == 0.01).collect();
    let blocks = errors(table, Task::Blocks, 1_000);
    blocks
        .iter()
        .filter_map(|(replicate, _, error)| {
            let (.., other) = exact.iter().find(|(other, ..)| other == replicate)?;
            // Both may be at rounding.
            Some(error.max(1e-9) / other.max(1e-9))
        })
        .collect()
}
