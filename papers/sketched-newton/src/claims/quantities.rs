//! What rules measure, from tables.

use std::collections::{BTreeMap, BTreeSet};

use lab::{Estimate, Table};
use numerics::bootstrap::median;
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

/// Mean evaluations by problem; infinite where a run fails.
fn evaluations(table: &Benchmark, method: Method) -> BTreeMap<&str, f64> {
    let of = |rows: &[benchmark::Row]| {
        if rows.iter().all(|row| row.converged) {
            mean(rows, |row| row.evaluations as f64)
        } else {
            f64::INFINITY
        }
    };
    cells(table, method).map(|(problem, rows)| (problem, of(rows))).collect()
}

/// The share of problems on which Kaczmarz needs fewer evaluations than adaptive SQP; equal numbers count half, as do problems that both fail.
pub fn fewer_evaluations(table: &Benchmark) -> f64 {
    let theirs = evaluations(table, Method::SqpAdaptive);
    let ours = evaluations(table, Method::Kaczmarz);
    let won = ours.iter().map(|(problem, own)| match theirs.get(*problem) {
        Some(other) if own < other => 1.0,
        Some(other) if own == other => 0.5,
        _ => 0.0,
    });
    won.sum::<f64>() / ours.len() as f64
}

/// Problems on which a sketched run moves the penalties.
pub fn penalties_moved(table: &Benchmark) -> f64 {
    let moved = |method| {
        let cells = cells(table, method).filter(|(_, rows)| rows.iter().any(|row| row.refused > 0));
        cells.map(|(problem, _)| problem.to_owned()).collect::<BTreeSet<String>>()
    };
    moved(Method::Gaussian).union(&moved(Method::Kaczmarz)).count() as f64
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

/// Problems on which the authors' slope changes the mean number of steps, or whether runs converge.
pub fn paths_changed(table: &Benchmark) -> f64 {
    let steps = |method| -> BTreeMap<&str, (f64, usize)> {
        let of = |rows: &[benchmark::Row]| {
            (mean(rows, |row| row.iterations as f64), rows.iter().filter(|row| row.converged).count())
        };
        cells(table, method).map(|(problem, rows)| (problem, of(rows))).collect()
    };
    let exact = steps(Method::Kaczmarz);
    let theirs = steps(Method::ObjectiveHessian);
    let changed = theirs.iter().filter(|(problem, (steps, solved))| {
        exact.get(*problem).is_some_and(|(own, own_solved)| (own - steps).abs() > 0.5 || own_solved != solved)
    });
    changed.count() as f64
}

/// Iterations with δ above the floor over all.
pub fn share_above_floor(table: &Adaptivity, mode: Mode) -> f64 {
    let rows = || table.rows().filter(|(cell, _)| cell.mode == mode).map(|(_, row)| row);
    rows().map(|row| row.above).sum::<u64>() as f64 / rows().map(|row| row.iterations).sum::<u64>() as f64
}

/// The median over problems of mean sketch steps as published over those of another mode; infinite where it fails.
pub fn median_saving(table: &Adaptivity, mode: Mode) -> f64 {
    let steps = |mode| -> BTreeMap<&str, f64> {
        let cells = table.cells().filter(move |(cell, _)| cell.mode == mode);
        let of = |rows: &[adaptivity::Row]| {
            let steps = |row: &adaptivity::Row| if row.converged { row.steps as f64 } else { f64::INFINITY };
            rows.iter().map(steps).sum::<f64>() / rows.len() as f64
        };
        cells.map(|(cell, rows)| (cell.problem.as_str(), of(rows))).collect()
    };
    let others = steps(mode);
    let published = steps(Mode::Published);
    median(published.iter().filter_map(|(problem, steps)| Some(steps / others.get(problem)?)))
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

/// The median over problems of the median order ln(e″/e′)/ln(e′/e) of three successive errors above 10⁻¹⁴, forced unit steps, δ = 0.5.
pub fn median_order(table: &Rates, power: f64) -> f64 {
    let cells = table
        .cells()
        .filter(|(cell, _)| cell.setting == Setting::Unit && cell.delta == 0.5 && cell.power == power);
    let order = |rows: &[rates::Row]| {
        let kept = rows.windows(2).filter(|pair| pair[1].after > 1e-14);
        let order = |pair: &[rates::Row]| {
            (pair[1].after / pair[1].before).ln() / (pair[0].after / pair[0].before).ln()
        };
        median(kept.map(order))
    };
    median(cells.map(|(_, rows)| order(rows)))
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

/// The exponent of the condition number in N + 1, between the exponents of neighbouring grids.
pub fn condition_exponent(table: &Control) -> Estimate {
    let rows = table.rows().filter(|(cell, _)| cell.solver == "ldl");
    let points: Vec<_> = rows.map(|(cell, row)| (cell.side as f64 + 1.0, row.condition)).collect();
    if points.len() < 3 {
        return Estimate::exact(f64::NAN);
    }
    let pairs = points.windows(2).map(|pair| (pair[1].1 / pair[0].1).ln() / (pair[1].0 / pair[0].0).ln());
    let (low, high) =
        pairs.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), e| (low.min(e), high.max(e)));
    Estimate::with_interval(exponent(&points).unwrap_or(f64::NAN), low, high)
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
