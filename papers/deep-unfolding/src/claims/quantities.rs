//! What claims read off the tables.

use lab::Table;
use rand::Rng;

use crate::experiments::SOFT_WEIGHT;
use crate::experiments::hard::{self, CONDITIONS, Condition, Method as Hard, Variant, ends, ratios};
use crate::experiments::soft::{self, Method as Soft, sorted_steps};

type SoftTable = Table<soft::Parameters, soft::Row>;
type HardTable = Table<hard::Parameters, hard::Row>;

/// A quantity at the end of a method, one for each matrix in order; the exact solutions serve every depth.
pub fn of_soft(table: &SoftTable, method: Soft, depth: usize, of: fn(&soft::Row) -> f64) -> Vec<f64> {
    let cells = table.cells().filter(|(cell, _)| {
        cell.method == method && cell.columns <= 100 && (cell.depth == depth || method == Soft::Optimum)
    });
    cells.filter_map(|(_, rows)| rows.last().map(of)).collect()
}

/// Suboptimality of ISTA after three times the depth over that of a network of the depth.
pub fn waits(table: &SoftTable, method: Soft, depth: usize) -> Vec<f64> {
    let network = of_soft(table, method, depth, |row| row.suboptimality);
    let ista = table
        .rows()
        .filter(|(cell, row)| cell.method == Soft::Ista && cell.columns <= 100 && row.layer == 3 * depth);
    ista.map(|(_, row)| row.suboptimality).zip(network).map(|(ista, network)| ista / network).collect()
}

/// Any two ascending sequences correlate: the share of 1,000 draws of random steps, log-uniform between the least and the largest learned one, that correlate less with Chebyshev's than the learned steps do.
pub fn learned_against_chebyshev(table: &SoftTable, depth: usize) -> Vec<f64> {
    let of = |method| sorted_steps(table, method, depth);
    let mut random = table.resampling(&["random steps"]);
    let share = |(learned, chebyshev): (&Vec<f64>, Vec<f64>)| {
        let (Some(low), Some(high)) = (learned.first(), learned.last()) else { return f64::NAN };
        let own = correlation(learned, &chebyshev);
        let draws = (0..1_000).filter(|_| {
            let mut steps: Vec<f64> =
                learned.iter().map(|_| low * (high / low).powf(random.random::<f64>())).collect();
            steps.sort_by(f64::total_cmp);
            correlation(&steps, &chebyshev) < own
        });
        draws.count() as f64 / 1_000.0
    };
    of(Soft::UnsupervisedTied).iter().zip(of(Soft::Chebyshev)).map(share).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let centred = |v: &[f64]| {
        let logs: Vec<f64> = v.iter().map(|x| x.ln()).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        logs.into_iter().map(|x| x - mean).collect::<Vec<_>>()
    };
    let (a, b) = (centred(a), centred(b));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

/// t/(λg) of the last five layers of every matrix.
pub fn coupling(table: &SoftTable, depth: usize) -> Vec<f64> {
    let rows = table.rows().filter(|(cell, row)| {
        cell.method == Soft::UnsupervisedFree
            && cell.columns <= 100
            && cell.depth == depth
            && row.layer + 5 > depth
    });
    rows.map(|(_, row)| row.threshold / (SOFT_WEIGHT * row.step)).collect()
}

/// Mean objective over that of IHT run to the end, in the training's conditions.
pub fn relative_objectives(table: &HardTable, method: Hard, variant: Variant, depth: usize) -> Vec<f64> {
    ratios(table, (method, variant), depth, Condition::Training, |row| row.objective)
}

/// Median objective over that of IHT run to the end, of almost-everywhere training in the training's conditions.
pub fn relative_medians(table: &HardTable, method: Hard, depth: usize) -> Vec<f64> {
    ratios(table, (method, Variant::AlmostEverywhere), depth, Condition::Training, |row| row.median)
}

/// Share of signals with no higher objective than IHT's.
pub fn share_better(table: &HardTable, method: Hard, variant: Variant, depth: usize) -> Vec<f64> {
    ends(table, (method, variant), depth, Condition::Training).iter().map(|row| 1.0 - row.worse).collect()
}

fn average(rows: &[&hard::Row], of: fn(&hard::Row) -> f64) -> f64 {
    rows.iter().map(|row| of(row)).sum::<f64>() / rows.len() as f64
}

/// The larger of both distances between the losses, in units of the rule.
pub fn unlike(table: &HardTable, depth: usize) -> f64 {
    let of = |method| ends(table, (method, Variant::AlmostEverywhere), depth, Condition::Training);
    let (s, u) = (of(Hard::Supervised), of(Hard::Unsupervised));
    let decibels = (average(&s, |row| row.nmse) - average(&u, |row| row.nmse)).abs();
    let objective = average(&s, |row| row.objective) / average(&u, |row| row.objective) - 1.0;
    // max takes what is a number of two.
    if decibels.is_nan() { decibels } else { decibels.max(objective.abs() / 0.05) }
}

/// Networks of both losses and IHT in a condition, and both networks in the training's.
pub struct Compared<'a> {
    supervised: Vec<&'a hard::Row>,
    unsupervised: Vec<&'a hard::Row>,
    iht: Vec<&'a hard::Row>,
    trained: [Vec<&'a hard::Row>; 2],
}

/// A quantity of a row.
type Of = fn(&hard::Row) -> f64;

/// In how many of the six conditions something holds of mean objectives, or of medians if that is fewer.
pub fn conditions(table: &HardTable, depth: usize, holds: fn(&Compared, Of) -> bool) -> f64 {
    let of = |method, condition| ends(table, (method, Variant::AlmostEverywhere), depth, condition);
    if of(Hard::Unsupervised, Condition::Training).is_empty() {
        return f64::NAN;
    }
    let count = |quantity: Of| {
        let six = CONDITIONS[1..].iter().map(|(condition, _)| Compared {
            supervised: of(Hard::Supervised, *condition),
            unsupervised: of(Hard::Unsupervised, *condition),
            iht: ends(table, (Hard::IhtToTheEnd, Variant::Untrained), depth, *condition),
            trained: [of(Hard::Supervised, Condition::Training), of(Hard::Unsupervised, Condition::Training)],
        });
        six.filter(|compared| holds(compared, quantity)).count()
    };
    count(|row| row.objective).min(count(|row| row.median)) as f64
}

/// The unsupervised network has the lower objective.
pub fn keeps_gain(compared: &Compared, of: Of) -> bool {
    average(&compared.unsupervised, of) < average(&compared.iht, of)
}

/// The supervised network is clearly worse than the unsupervised one, and was not in the training's conditions.
pub fn degrades(compared: &Compared, of: Of) -> bool {
    let worse = |s: &[&hard::Row], u: &[&hard::Row]| {
        average(s, |row| row.nmse) > average(u, |row| row.nmse) + 1.0
            || average(s, of) > 1.05 * average(u, of)
    };
    worse(&compared.supervised, &compared.unsupervised) && !worse(&compared.trained[0], &compared.trained[1])
}

/// Objectives of unsupervised training by a variant over those of almost-everywhere training.
pub fn gains(table: &HardTable, variant: Variant, depth: usize) -> Vec<f64> {
    let of = |variant| ends(table, (Hard::Unsupervised, variant), depth, Condition::Training);
    of(variant).iter().zip(of(Variant::AlmostEverywhere)).map(|(a, b)| a.objective / b.objective).collect()
}

/// The objective of descent from the LASSO over that of the best network of the same depth, for each matrix and depth.
pub fn against_best_network(table: &HardTable) -> Vec<f64> {
    let cells = table.cells().filter(|(cell, _)| cell.columns <= 100);
    cells
        .filter_map(|(cell, rows)| {
            let inside = || rows.iter().filter(|row| row.condition == Condition::Training);
            let own = inside().find(|row| row.method == Hard::DescentFromLasso)?;
            let networks =
                inside().filter(|row| row.variant != Variant::Untrained && row.layer == cell.depth);
            Some(own.objective / networks.map(|row| row.objective).reduce(f64::min)?)
        })
        .collect()
}
