//! `score-gap`: scores of the orders that methods find.

use std::collections::BTreeMap;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::instance::{Drawn, GRAPHS, Graphs, Instance};
use crate::bilevel::{self, Options};
use crate::constraints::Precedence;
use crate::continuous::{DagmaOptions, GolemOptions, NotearsOptions, dagma, golem, notears};
use crate::factor::Factor;
use crate::inner::{ByFactor, Inner};
use crate::kkt_search::nofears;
use crate::pruning::{Pruning, pruned_weights};
use crate::search::{Neighbourhood, Restarts, search};
use crate::simulate::Noise;
use crate::sortability::{Sortability, sortability};
use crate::stationarity::{kkt_residual, least_squares_slopes};
use crate::{Covariance, Order, baseline, exact, graph};

/// Scores of methods, and what the paper's search makes of them.
pub struct ScoreGap;

/// A cell: a simulated problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Family of graphs and edges a node.
    pub graphs: Graphs,
    /// Law of the noise.
    pub noise: Noise,
    /// Number of variables, d.
    pub variables: usize,
    /// Draw of the problem.
    pub replicate: u32,
}

/// Where an order comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The true graph's.
    Truth,
    /// Uniformly random.
    Random,
    /// By ascending variance.
    Variance,
    /// By ascending R² on all other variables.
    Determination,
    /// Greedily by least conditional variance.
    EqualVariance,
    /// NOTEARS, λ = 0.1, cycles cut.
    Notears,
    /// DAGMA, λ = 0.02, cycles cut.
    Dagma,
    /// GOLEM for equal variances, cycles cut.
    Golem,
    /// NOFEARS, started at NOTEARS.
    Nofears,
    /// Beyond the paper: insertions with restarts and perturbations.
    Search,
}

/// The names in figures.
pub const METHODS: [(Method, &str); 10] = [
    (Method::Truth, "true order"),
    (Method::Random, "random order"),
    (Method::Variance, "sorted by variance"),
    (Method::Determination, "sorted by R²"),
    (Method::EqualVariance, "greedy equal variance"),
    (Method::Notears, "NOTEARS"),
    (Method::Dagma, "DAGMA"),
    (Method::Search, "insertions, restarts"),
    (Method::Golem, "GOLEM"),
    (Method::Nofears, "NOFEARS"),
];

/// A method's order, and that order after the paper's search.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Where the order comes from.
    pub method: Method,
    /// Q of its order.
    #[column(within = 1e-2)]
    pub score: f64,
    /// Q after the paper's swaps from there.
    #[column(within = 1e-2)]
    pub swapped: f64,
    /// Q after swaps with the large set searched as often as it helps.
    #[column(within = 1e-2)]
    pub unlimited: f64,
    /// The least score known: the optimum to 20 variables.
    pub best: f64,
    /// No order scores less.
    pub bound: f64,
    /// SHD of the order's graph after BIC and refit.
    #[column(within = 0.1, absolute = 3)]
    pub hamming: usize,
    /// SHD after the swaps.
    #[column(within = 0.1, absolute = 3)]
    pub hamming_swapped: usize,
    /// KKT residual after the swaps, relative to the largest variance.
    #[column(absolute = 1e-9)]
    pub residual: f64,
    /// Sortability by variance of the problem.
    pub variance_sortability: f64,
    /// Share of paths sorted by R².
    pub determination_sortability: f64,
}

impl Experiment for ScoreGap {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "score-gap";
    const TITLE: &'static str = "Scores of orders, and what swaps make of them";
    const QUESTION: &'static str = "How far above the least score known are the orders that methods find on simulated linear data, and how far after the paper's swaps (automatic candidate sets) from there? Every method is scored \
         by the regressions on all predecessors of its order, at an exactly acyclic graph. Noise of equal variances; n = 1000, ten for each variable from 100 on.";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sizes: &[(usize, u32)] = match profile {
            Profile::Smoke => &[(6, 2)],
            Profile::Quick => &[(10, 5), (20, 4), (50, 2)],
            Profile::Full => &[(10, 10), (20, 10), (50, 10), (100, 3), (200, 2)],
        };
        let mut grid = Vec::new();
        for &(variables, replicates) in sizes {
            for graphs in GRAPHS {
                // DAGMA takes six seconds on these.
                if profile == Profile::Quick && variables > 20 && graphs == Graphs::Er4 {
                    continue;
                }
                for noise in [Noise::Gaussian, Noise::Exponential, Noise::Gumbel] {
                    // The law of the noise matters little: two edges a node, and few variables, show that.
                    let most = if profile == Profile::Quick { 10 } else { 20 };
                    if noise != Noise::Gaussian && (graphs != Graphs::Er2 || variables > most) {
                        continue;
                    }
                    let replicates =
                        if profile == Profile::Quick && noise != Noise::Gaussian { 3 } else { replicates };
                    grid.extend((0..replicates).map(|replicate| Parameters {
                        graphs,
                        noise,
                        variables,
                        replicate,
                    }));
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { graphs, noise, variables, replicate } = *cell;
        let problem = Instance { graphs, noise, variables, replicate }.draw(random)?;
        let Drawn { truth, covariance } = &problem;
        let sorted = sortability(truth.view(), covariance);
        let restarts = match variables {
            ..=100 => Restarts { random: 20, perturbations: 50, seed: u64::from(replicate) },
            _ => Restarts { random: 2, perturbations: 2, seed: u64::from(replicate) },
        };
        let mut orders = vec![
            (Method::Truth, graph::topological_order(truth.view())?),
            (Method::Random, super::instance::random_order(variables, random)?),
            (Method::Variance, baseline::by_variance(covariance)),
            (Method::Determination, baseline::by_coefficient_of_determination(covariance)),
            (Method::EqualVariance, baseline::equal_variance(covariance)),
        ];
        // NOTEARS and what starts there take minutes from 50 variables on; DAGMA from 200.
        if variables <= 20 {
            let options = NotearsOptions::default();
            let found = notears(covariance, &options)?.weights;
            orders.push((Method::Notears, bilevel::order_of(found.view())?));
            let refined = nofears(covariance, options.l1, found.view())?;
            orders.push((Method::Nofears, graph::topological_order(refined.view())?));
            let found = golem(covariance, &GolemOptions::default())?;
            orders.push((Method::Golem, bilevel::order_of(found.weights.view())?));
        }
        if variables <= 50 {
            let found = dagma(covariance, &DagmaOptions::default())?;
            orders.push((Method::Dagma, bilevel::order_of(found.weights.view())?));
        }
        let none = Precedence::none();
        orders.push((
            Method::Search,
            search(covariance, None, restarts, Neighbourhood::Insertions, &none)?.order,
        ));
        let mut rows = orders
            .into_iter()
            .map(|(method, order)| row(&problem, method, order, sorted))
            .collect::<Result<Vec<_>, Failure>>()?;
        let found = rows
            .iter()
            .map(|row| row.score.min(row.swapped).min(row.unlimited))
            .fold(f64::INFINITY, f64::min);
        let best = if variables <= 20 { exact::least_squares(covariance)?.score } else { found };
        rows.iter_mut().for_each(|row| row.best = best);
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut sizes: Vec<usize> = table.cells().map(|(cell, _)| cell.variables).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let panel = |graphs: Graphs, value: &dyn Fn(&Row) -> f64| {
            let mut chart = Chart::new()
                .title(graphs.name())
                .x_label("variables, d")
                .y_label("score above the least known, relative")
                .x_log()
                .y_log()
                .x_ticks(sizes.iter().map(|size| *size as f64));
            for (slot, (method, name)) in METHODS.into_iter().enumerate() {
                let gaps = table.rows().filter(|(cell, row)| {
                    cell.graphs == graphs && cell.noise == Noise::Gaussian && row.method == method
                });
                let gaps: Vec<(f64, f64)> =
                    gaps.map(|(cell, row)| (cell.variables as f64, value(row))).collect();
                let means = table.means_by(gaps, "score-gap");
                let shown: Vec<(f64, f64)> =
                    means.iter().map(|mean| (mean.at, mean.mean.max(1e-8))).collect();
                if !shown.is_empty() {
                    chart = chart.line_with_markers(name, shown).styled_as(slot);
                }
            }
            chart
        };
        let families: Vec<Graphs> =
            GRAPHS.into_iter().filter(|g| table.cells().any(|(cell, _)| cell.graphs == *g)).collect();
        report.figure(
            "gaps",
            "Mean score of the orders of methods above the least known (the optimum to 20 variables), over draws, Gaussian noise. NOTEARS, GOLEM and NOFEARS run to 20 variables and DAGMA to 50. Sorting by \
             variance and the greedy order cost nothing: what does not beat them says little.",
            "Five panels of curves by method: random orders are far above all others, the greedy equal-variance order is close to the best.",
            &Figure::new("Score gap against the number of variables")
                .subtitle("regressions on all predecessors of each method's order; optima are drawn at 1e-8")
                .columns(2)
                .panels(families.iter().map(|graphs| panel(*graphs, &|row| row.score / row.best - 1.0))),
        )?;
        report.figure(
            "gaps-after-swaps",
            "The same orders after the paper's swaps from there, with automatic candidate sets, of which the large one may help once.",
            "Five panels of curves by method, most of them lower than without swaps.",
            &Figure::new("Score gap after topological swaps")
                .subtitle("the paper's search, started at each method's order; optima are drawn at 1e-8")
                .columns(2)
                .panels(families.iter().map(|graphs| panel(*graphs, &|row| row.swapped / row.best - 1.0))),
        )?;
        report.figure(
            "gaps-unlimited",
            "The same with the large candidate set searched as often as that helps: the end then depends far less on where the search started.",
            "Five panels of curves by method, most of them well below those with one search of the large set.",
            &Figure::new("Score gap after topological swaps, large set unlimited")
                .subtitle("the paper's search, started at each method's order; optima are drawn at 1e-8")
                .columns(2)
                .panels(families.iter().map(|graphs| panel(*graphs, &|row| row.unlimited / row.best - 1.0))),
        )?;
        report.records("summary", "Means over draws and families of graphs, by method.", &summaries(table))
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// Law of the noise.
    noise: Noise,
    /// Number of variables, d.
    variables: usize,
    /// Where the order comes from.
    method: Method,
    /// Problems measured.
    #[column(within = 0.05)]
    problems: usize,
    /// Score above the least known, relative, mean.
    #[column(within = 0.05)]
    gap: f64,
    /// The same after the paper's swaps.
    #[column(within = 0.05)]
    gap_swapped: f64,
    /// The same with the large set searched as often as it helps.
    #[column(within = 0.05)]
    gap_unlimited: f64,
    /// Share of orders that the swaps improve by more than 1e-9 of the score.
    #[column(within = 0.05)]
    improved: f64,
    /// Score above the lower bound, relative, mean.
    #[column(within = 0.05)]
    bound_gap: f64,
    /// SHD after BIC and refit, mean.
    #[column(within = 0.05)]
    distance: f64,
    /// SHD after the swaps, mean.
    #[column(within = 0.05)]
    distance_swapped: f64,
    /// Sortability by variance, mean.
    #[column(within = 0.05)]
    by_variance: f64,
}

fn summaries(table: &Table<Parameters, Row>) -> Vec<Summary> {
    let mut groups: BTreeMap<(String, usize, Method), (Noise, Vec<&Row>)> = BTreeMap::new();
    for (cell, row) in table.rows() {
        let key = (format!("{:?}", cell.noise), cell.variables, row.method);
        groups.entry(key).or_insert_with(|| (cell.noise, Vec::new())).1.push(row);
    }
    groups
        .into_iter()
        .map(|((_, variables, method), (noise, rows))| {
            let mean = |value: fn(&Row) -> f64| {
                numerics::bootstrap::mean(&rows.iter().map(|row| value(row)).collect::<Vec<_>>())
            };
            Summary {
                noise,
                variables,
                method,
                problems: rows.len(),
                gap: mean(|row| row.score / row.best - 1.0),
                gap_swapped: mean(|row| row.swapped / row.best - 1.0),
                gap_unlimited: mean(|row| row.unlimited / row.best - 1.0),
                improved: mean(|row| f64::from(u8::from(improves(row)))),
                bound_gap: mean(|row| row.score / row.bound - 1.0),
                distance: mean(|row| row.hamming as f64),
                distance_swapped: mean(|row| row.hamming_swapped as f64),
                by_variance: mean(|row| row.variance_sortability),
            }
        })
        .collect()
}

/// Whether the swaps lower the score by more than rounding.
pub fn improves(row: &Row) -> bool {
    row.swapped < row.score * (1.0 - 1e-9)
}

fn row(problem: &Drawn, method: Method, order: Order, sorted: Sortability) -> Result<Row, Failure> {
    let Drawn { truth, covariance } = problem;
    let mut inner = ByFactor::new(covariance, order.clone());
    let score = inner.score();
    bilevel::search(&mut inner, &Precedence::none(), &Options::of_the_paper(covariance.variables()))?;
    // From the covariance matrix itself, not from the factor: a wrong factor must show.
    let slopes = least_squares_slopes(covariance, inner.weights().view());
    let mut unlimited = ByFactor::new(covariance, order.clone());
    bilevel::search(&mut unlimited, &Precedence::none(), &Options::unlimited(covariance.variables()))?;
    let largest = covariance.variances().into_iter().fold(1.0, f64::max);
    Ok(Row {
        method,
        score,
        swapped: Factor::new(covariance, inner.order()).score(),
        unlimited: unlimited.score(),
        best: f64::NAN,
        bound: covariance.lower_bound(),
        hamming: distance(truth.view(), covariance, &order)?,
        hamming_swapped: distance(truth.view(), covariance, inner.order())?,
        residual: kkt_residual(inner.weights().view(), slopes.view(), 0.0)? / largest,
        variance_sortability: sorted.variance,
        determination_sortability: sorted.determination,
    })
}

/// SHD of the graph that the BIC leaves of an order.
pub fn distance(truth: ArrayView2<f64>, covariance: &Covariance, order: &Order) -> Result<usize, Failure> {
    let weights = pruned_weights(covariance, order, Pruning::Bic)?;
    Ok(graph::compare(truth, weights.view())?.hamming)
}
