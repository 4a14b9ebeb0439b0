//! What rules measure, from tables.

use std::collections::BTreeMap;

use lab::Table;
use numerics::bootstrap::quantile;
use numerics::growth::exponent;

use crate::experiments::adaptivity::{self, Mode};
use crate::experiments::benchmark::{self, Method};
use crate::experiments::rates::{self, Setting};
use crate::experiments::{control, crossover};
use crate::models::formulas::collection;

type Benchmark = Table<benchmark::Parameters, benchmark::Row>;
type Rates = Table<rates::Parameters, rates::Row>;
type Control = Table<control::Parameters, control::Row>;
type Crossover = Table<crossover::Parameters, crossover::Row>;
type Adaptivity = Table<adaptivity::Parameters, adaptivity::Row>;

/// One of the paper's two sketches.
pub fn is_sketched(method: Method) -> bool {
    matches!(method, Method::Gaussian | Method::Kaczmarz)
}

fn cells(table: &Benchmark, method: Method) -> impl Iterator<Item = (&str, &[benchmark::Row])> {
    let cells = table.cells().filter(move |(cell, _)| cell.method == method);
    cells.map(|(cell, rows)| (cell.problem.as_str(), rows))
}

/// Problems that every run solves.
pub fn solved_problems(table: &Benchmark, method: Method) -> f64 {
    let solved = cells(table, method).filter(|(_, rows)| rows.iter().all(|row| row.converged));
    solved.count() as f64
}

/// Problems solved in one of the authors' numbers of steps, by shares of runs.
pub fn same_paths(table: &Benchmark, method: Method) -> f64 {
    let known = collection();
    let share = |problem: &str, rows: &[benchmark::Row]| {
        let counts = known.iter().find(|known| known.name == problem);
        let counts =
            counts.map(|known| if method == Method::Gaussian { &known.gaussian } else { &known.kaczmarz });
        let same = rows
            .iter()
            .filter(|row| row.converged && counts.is_some_and(|counts| counts.contains(&row.iterations)));
        same.count() as f64 / rows.len() as f64
    };
    cells(table, method).map(|(problem, rows)| share(problem, rows)).sum()
}

fn mean(rows: &[benchmark::Row], number: impl Fn(&benchmark::Row) -> f64) -> f64 {
    rows.iter().map(number).sum::<f64>() / rows.len() as f64
}

/// The median over solved problems of the mean over runs.
pub fn median_of(table: &Benchmark, method: Method, number: fn(&benchmark::Row) -> f64) -> f64 {
    let solved = cells(table, method).filter(|(_, rows)| rows.iter().all(|row| row.converged));
    let mut means: Vec<f64> = solved.map(|(_, rows)| mean(rows, number)).collect();
    means.sort_by(f64::total_cmp);
    quantile(&means, 0.5)
}

/// Mean flops of a run by problem; infinite where a run does not converge.
fn flops(table: &Benchmark, method: Method) -> BTreeMap<&str, f64> {
    let of = |rows: &[benchmark::Row]| {
        if rows.iter().all(|row| row.converged) { mean(rows, |row| row.flops) } else { f64::INFINITY }
    };
    cells(table, method).map(|(problem, rows)| (problem, of(rows))).collect()
}

/// The share of problems on which a sketch takes fewer flops than the three other solvers of the same systems.
pub fn share_won(table: &Benchmark) -> f64 {
    let least = |methods: &[Method]| {
        let mut least: BTreeMap<&str, f64> = BTreeMap::new();
        for (problem, flops) in methods.iter().flat_map(|method| flops(table, *method)) {
            let entry = least.entry(problem).or_insert(f64::INFINITY);
            *entry = entry.min(flops);
        }
        least
    };
    let sketched = least(&[Method::Gaussian, Method::Kaczmarz]);
    let others = least(&[Method::Gmres, Method::Minres, Method::Direct]);
    let won =
        sketched.iter().filter(|(problem, flops)| others.get(*problem).is_some_and(|other| *flops < other));
    won.count() as f64 / sketched.len() as f64
}

/// Flops per inner step, Kaczmarz over GMRES, by problem.
pub fn step_costs(table: &Benchmark) -> Vec<f64> {
    let per_step = |method| -> BTreeMap<&str, f64> {
        let of = |rows: &[benchmark::Row]| mean(rows, |row| row.flops) / mean(rows, |row| row.steps as f64);
        cells(table, method).map(|(problem, rows)| (problem, of(rows))).collect()
    };
    let gmres = per_step(Method::Gmres);
    let pairs = per_step(Method::Kaczmarz).into_iter();
    pairs
        .filter_map(|(problem, cost)| Some(cost / gmres.get(problem)?))
        .filter(|ratio| ratio.is_finite())
        .collect()
}

/// Problems on which the authors' slope changes the mean number of steps.
pub fn paths_changed(table: &Benchmark) -> f64 {
    let steps = |method| -> BTreeMap<&str, f64> {
        cells(table, method)
            .map(|(problem, rows)| (problem, mean(rows, |row| row.iterations as f64)))
            .collect()
    };
    let exact = steps(Method::Kaczmarz);
    let theirs = steps(Method::ObjectiveHessian);
    let changed = theirs
        .iter()
        .filter(|(problem, steps)| exact.get(*problem).is_some_and(|own| (own - **steps).abs() > 0.5));
    changed.count() as f64
}

/// Iterations with δ above the floor over all.
pub fn share_above_floor(table: &Adaptivity, mode: Mode) -> f64 {
    let rows = || table.rows().filter(|(cell, _)| cell.mode == mode).map(|(_, row)| row);
    rows().map(|row| row.above).sum::<u64>() as f64 / rows().map(|row| row.iterations).sum::<u64>() as f64
}

/// The median of sketch steps over runs; infinite ones are those that did not converge.
pub fn median_steps(table: &Adaptivity, mode: Mode) -> f64 {
    let rows = table.rows().filter(|(cell, _)| cell.mode == mode).map(|(_, row)| row);
    let mut steps: Vec<f64> =
        rows.map(|row| if row.converged { row.steps as f64 } else { f64::INFINITY }).collect();
    steps.sort_by(f64::total_cmp);
    quantile(&steps, 0.5)
}

/// Unit steps over all steps.
pub fn unit_share(table: &Rates, setting: Setting) -> f64 {
    let rows = || table.rows().filter(move |(cell, _)| cell.setting == setting);
    rows().filter(|(_, row)| row.step == 1.0).count() as f64 / rows().count() as f64
}

/// Forced unit steps with θ = 1 whose error falls as a multiple of δ allows, over all.
pub fn within_rate(table: &Rates, multiple: f64) -> f64 {
    let rows = || {
        let rows = table.rows().filter(|(cell, _)| cell.setting == Setting::Unit && cell.power == 0.0);
        rows.filter(|(_, row)| row.before > 1e-9)
    };
    let within = rows()
        .filter(|(cell, row)| row.after <= (1.05 * multiple * cell.delta + 10.0 * row.before) * row.before);
    within.count() as f64 / rows().count() as f64
}

/// Problems with two successive ratios of errors, the later at most a tenth of the earlier.
pub fn superlinear(table: &Rates, power: f64) -> f64 {
    let cells = table.cells().filter(|(cell, _)| cell.setting == Setting::Unit && cell.power == power);
    let falls = |rows: &[rates::Row]| {
        let ratios: Vec<f64> = rows.iter().map(|row| row.after / row.before).collect();
        ratios.windows(2).any(|pair| pair[1] <= 0.1 * pair[0])
    };
    cells.filter(|(_, rows)| falls(rows)).count() as f64
}

/// A number of a solver by grid, where it solved the system.
fn by_grid(table: &Control, solver: &str, number: fn(&control::Row) -> f64) -> BTreeMap<u64, f64> {
    let rows = table.rows().filter(|(cell, row)| cell.solver == solver && row.solved);
    rows.map(|(cell, row)| (cell.side, number(row))).collect()
}

/// The largest ratio of MINRES's flops over Kaczmarz's.
pub fn best_grid(table: &Control) -> f64 {
    let minres = by_grid(table, "minres", |row| row.flops);
    let kaczmarz = by_grid(table, "kaczmarz", |row| row.flops);
    let ratios = kaczmarz.iter().filter_map(|(side, flops)| Some(minres.get(side)? / flops));
    ratios.fold(f64::NAN, f64::max)
}

/// The exponent of the condition number in N + 1.
pub fn condition_exponent(table: &Control) -> f64 {
    let rows = table.rows().filter(|(cell, _)| cell.solver == "ldl");
    let points: Vec<_> = rows.map(|(cell, row)| (cell.side as f64 + 1.0, row.condition)).collect();
    if points.len() < 3 { f64::NAN } else { exponent(&points).unwrap_or(f64::NAN) }
}

/// The largest over the smallest number of sweeps with the ideal preconditioner.
pub fn ideal_sweeps(table: &Control) -> f64 {
    let sweeps = by_grid(table, "kaczmarz-ideal", |row| row.sweeps);
    if sweeps.len() < 2 {
        return f64::NAN;
    }
    let values = || sweeps.values().copied();
    values().fold(0.0, f64::max) / values().fold(f64::INFINITY, f64::min)
}

/// A number of Kaczmarz over the same of another solver, by size, where both solved the system.
pub fn ratios(table: &Crossover, other: &str, number: fn(&crossover::Row) -> f64) -> Vec<f64> {
    let of = |solver: &str| -> BTreeMap<u64, f64> {
        let rows = table.rows().filter(|(cell, row)| cell.solver == solver && row.solved);
        rows.map(|(cell, row)| (cell.size, number(row))).collect()
    };
    let others = of(other);
    of("kaczmarz").iter().filter_map(|(size, value)| Some(value / others.get(size)?)).collect()
}
