//! What claims read off the tables.

use std::collections::BTreeMap;

use lab::Table;
use numerics::growth::exponent;

use crate::experiments::composition::{self, Function};
use crate::experiments::contraction::{self, distinct};
use crate::experiments::dimension;
use crate::experiments::failures::{self, Broken};
use crate::experiments::growth::{self, Case};
use crate::experiments::methods::{self, Method, Problem};
use crate::experiments::networks::{self, Builder};

type ContractionTable = Table<contraction::Parameters, contraction::Row>;
type GrowthTable = Table<growth::Parameters, growth::Row>;
type MethodsTable = Table<methods::Parameters, methods::Row>;
type NetworksTable = Table<networks::Parameters, networks::Row>;
type FailuresTable = Table<failures::Parameters, failures::Row>;

/// Ratios over their constants; the first step has none, and neither has what is near rounding.
pub fn largest_ratio(table: &ContractionTable, of: fn(&contraction::Parameters) -> bool) -> Vec<f64> {
    let rows = table.rows().filter(|(cell, row)| of(cell) && row.ratio.is_finite() && row.distance > 1e-8);
    rows.map(|(_, row)| row.ratio / row.bound).collect()
}

/// R² of a line through log distances of the last half of each run's steps; steps of runs too short for one are left out.
pub fn linearity(table: &ContractionTable) -> Vec<f64> {
    let mut found = Vec::new();
    for (_, rows) in table.cells() {
        let mut runs: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
        for row in rows {
            runs.entry(row.replicate).or_default().push((row.step as f64, row.distance.ln()));
        }
        found.extend(runs.values().filter(|run| run.len() >= 8).map(|run| line(&run[run.len() / 2..]).1));
    }
    found
}

/// Slope and R² of a line.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / count, b + y / count));
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in points {
        xx += (a - x) * (a - x);
        xy += (a - x) * (b - y);
        yy += (b - y) * (b - y);
    }
    (xy / xx, xy * xy / (xx * yy))
}

/// The bound's rise of log₁₀ in a step over that in the step before.
pub fn accelerations(table: &GrowthTable, case: Case) -> Vec<f64> {
    let cells = table.cells().filter(|(cell, _)| cell.case == case);
    cells
        .flat_map(|(_, rows)| rows.windows(3).map(|w| (w[2].bound - w[1].bound) / (w[1].bound - w[0].bound)))
        .collect()
}

/// log₁₀ of the bound over B₁ after so many steps, data of one wave.
pub fn bound_over_norm(table: &GrowthTable, case: Case, step: usize) -> Vec<f64> {
    let rows =
        table.rows().filter(|(cell, row)| cell.case == case && cell.frequencies == 1 && row.step == step);
    rows.map(|(_, row)| row.bound - row.barron.log10()).collect()
}

/// The exponent in d from 10 on, for each α and number of waves.
pub fn norm_slope(
    table: &Table<dimension::Parameters, dimension::Row>,
    of: fn(&dimension::Row) -> f64,
) -> Vec<f64> {
    let mut found = Vec::new();
    for frequencies in [1, 2] {
        for alpha in [1.0, 100.0] {
            let rows = table.rows().filter(|(cell, _)| {
                cell.frequencies == frequencies && cell.alpha == alpha && cell.dimension >= 10
            });
            let points: Vec<(f64, f64)> = rows.map(|(cell, row)| (cell.dimension as f64, of(row))).collect();
            found.push(exponent(&points).unwrap_or(f64::NAN));
        }
    }
    found
}

/// (dimension, neurons, mean square error, its expectation) of a builder.
fn errors(table: &NetworksTable, builder: Builder) -> Vec<(f64, f64, f64, f64)> {
    let cells = table.cells().filter(|(cell, rows)| cell.builder == builder && !rows.is_empty());
    let mean = |rows: &[networks::Row], of: fn(&networks::Row) -> f64| {
        rows.iter().map(of).sum::<f64>() / rows.len() as f64
    };
    cells
        .map(|(cell, rows)| {
            (
                cell.dimension as f64,
                cell.neurons as f64,
                mean(rows, |row| row.square_error),
                mean(rows, |row| row.expected),
            )
        })
        .collect()
}

/// The exponent of the root mean square error in N, for each dimension.
pub fn exponent_of(table: &NetworksTable, builder: Builder) -> Vec<f64> {
    let all = errors(table, builder);
    let of = |dimension: f64| {
        let points: Vec<(f64, f64)> =
            all.iter().filter(|e| e.0 == dimension).map(|e| (e.1, e.2.sqrt())).collect();
        exponent(&points).unwrap_or(f64::NAN)
    };
    distinct(all.iter().map(|e| e.0)).into_iter().map(of).collect()
}

/// Square errors over their expectations, in the mean over widths, for each builder and dimension.
pub fn over_expected(table: &NetworksTable, builders: &[Builder]) -> Vec<f64> {
    let mut found = Vec::new();
    for builder in builders {
        let all = errors(table, *builder);
        for dimension in distinct(all.iter().map(|e| e.0)) {
            let ratios: Vec<f64> = all.iter().filter(|e| e.0 == dimension).map(|e| e.2 / e.3).collect();
            found.push(ratios.iter().sum::<f64>() / ratios.len() as f64);
        }
    }
    found
}

/// Errors of greedy networks over those of sampled ones with as many neurons.
pub fn greedy_over_sampled(table: &NetworksTable, neurons: usize) -> Vec<f64> {
    let of = |builder| {
        errors(table, builder).into_iter().filter(|e| e.1 == neurons as f64).map(|e| e.2).collect::<Vec<_>>()
    };
    of(Builder::GreedySteps)
        .into_iter()
        .zip(of(Builder::Steps))
        .map(|(greedy, sampled)| (greedy / sampled).sqrt())
        .collect()
}

/// Distances at the end of runs; 1e99 for those that left the numbers.
pub fn ends(table: &FailuresTable, of: fn(&failures::Parameters) -> bool) -> Vec<f64> {
    let cells = table.cells().filter(|(cell, _)| of(cell));
    cells
        .filter_map(|(_, rows)| rows.last())
        .map(|row| if row.diverged { 1e99 } else { row.distance })
        .collect()
}

/// Differences of the limits from a positive and a negative start.
pub fn two_limits(table: &FailuresTable) -> Vec<f64> {
    let end = |size: f64, start: f64| {
        let mut cells = table
            .cells()
            .filter(|(cell, _)| cell.broken == Broken::Convexity && cell.size == size && cell.start == start);
        cells.next().and_then(|(_, rows)| rows.last()).map_or(f64::NAN, |row| row.value)
    };
    [1.5, 3.0].map(|size| (end(size, 0.1) - end(size, -0.1)).abs()).to_vec()
}

/// How much slower the degenerate flux converges late than early.
pub fn slowing(table: &FailuresTable) -> f64 {
    let mut cells =
        table.cells().filter(|(cell, rows)| cell.broken == Broken::Degenerate && !rows.is_empty());
    let Some((_, rows)) = cells.next() else { return f64::NAN };
    let last = rows.last().map_or(0, |row| row.step) as f64;
    let slope = |from: f64, to: f64| {
        let inside = rows.iter().filter(|row| (from..=to).contains(&(row.step as f64)));
        line(&inside.map(|row| (row.step as f64, row.distance.ln())).collect::<Vec<_>>()).0
    };
    slope(last / 2.0, last) / slope(0.0, last / 10.0)
}

/// B₀ of a composition.
pub fn composed(
    table: &Table<composition::Parameters, composition::Row>,
    function: Function,
    r: f64,
    dimension: u32,
) -> f64 {
    let mut rows = table
        .rows()
        .filter(|(cell, _)| cell.function == function && cell.r == r && cell.dimension == dimension);
    rows.next().map_or(f64::NAN, |(_, row)| row.norm)
}

/// Rows of a method on an equation, by right-hand side.
fn runs(table: &MethodsTable, method: Method, problem: Problem) -> BTreeMap<u32, Vec<&methods::Row>> {
    let mut runs: BTreeMap<u32, Vec<&methods::Row>> = BTreeMap::new();
    for (_, row) in table.rows().filter(|(cell, _)| cell.method == method && cell.problem == problem) {
        runs.entry(row.replicate).or_default().push(row);
    }
    runs
}

/// Evaluations to an error of 1e-6 over those of the flow, κ = 100.
pub fn over_flow(table: &MethodsTable, method: Method) -> Vec<f64> {
    let reach =
        |run: &Vec<&methods::Row>| run.iter().find(|row| row.error <= 1e-6).map(|row| row.evaluations as f64);
    let flow = runs(table, Method::Flow, Problem::Stiff);
    let own = runs(table, method, Problem::Stiff);
    // A run that does not come so far counts as one that never ends.
    own.iter()
        .filter_map(|(replicate, run)| {
            Some(reach(run).unwrap_or(f64::INFINITY) / reach(flow.get(replicate)?)?)
        })
        .collect()
}

/// The largest B₁ along the accelerated method over that along the flow, κ = 100.
pub fn overshoot(table: &MethodsTable) -> Vec<f64> {
    let largest = |run: &Vec<&methods::Row>| run.iter().map(|row| row.barron).fold(0.0, f64::max);
    let flow = runs(table, Method::Flow, Problem::Stiff);
    let own = runs(table, Method::Accelerated, Problem::Stiff);
    own.iter().filter_map(|(replicate, run)| Some(largest(run) / largest(flow.get(replicate)?))).collect()
}

/// The least error of a trained network over the flow's after so many steps.
pub fn trained_over_flow(table: &MethodsTable, steps: usize) -> Vec<f64> {
    let flow = runs(table, Method::Flow, Problem::Reaction);
    let networks = [Method::Ritz, Method::Residual].map(|method| runs(table, method, Problem::Reaction));
    let least = |replicate: &u32| {
        let all = networks.iter().filter_map(|runs| runs.get(replicate)).flatten();
        all.map(|row| row.error).reduce(f64::min)
    };
    let after =
        |run: &Vec<&methods::Row>| run.iter().find(|row| row.evaluations >= steps).map(|row| row.error);
    flow.iter().filter_map(|(replicate, run)| Some(least(replicate)? / after(run)?)).collect()
}
