//! `sample-size`: how much data, how equal noise, which scale.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::instance::Graphs;
use super::score_gap::distance;
use crate::constraints::Precedence;
use crate::search::{Neighbourhood, Restarts, search};
use crate::simulate::{self, Noise};
use crate::{Covariance, Order, baseline};

/// What the score needs of the data.
pub struct SampleSize;

/// A cell: a problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Observations, n.
    pub rows: usize,
    /// Noise scales are uniform on [1, spread].
    pub spread: f64,
    /// Whether columns are divided by their standard deviations.
    pub standardised: bool,
    /// Draw of the problem.
    pub replicate: u32,
}

/// A method's graph.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Where the order comes from.
    pub method: Method,
    /// Q of its order.
    #[column(within = 1e-3)]
    pub score: f64,
    /// SHD after BIC and refit.
    #[column(within = 0.1, absolute = 3)]
    pub hamming: usize,
}

/// Where an order comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The least score of 20 restarts.
    Search,
    /// Greedy equal variance.
    EqualVariance,
    /// Sorted by variance.
    Variance,
    /// Sorted by R².
    Determination,
}

const METHODS: [(Method, &str); 4] = [
    (Method::Search, "least score"),
    (Method::EqualVariance, "greedy equal variance"),
    (Method::Variance, "sorted by variance"),
    (Method::Determination, "sorted by R²"),
];

const VARIABLES: usize = 20;

/// What names the graph and the standard noise.
#[derive(Serialize)]
struct Key {
    replicate: u32,
}

impl Experiment for SampleSize {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "sample-size";
    const TITLE: &'static str = "How much data, how equal noise, which scale";
    const QUESTION: &'static str = "ER graphs of two edges a node, 20 variables: how does the distance to the true graph depend on the number of observations, on noise whose scales differ (uniform on [1, spread]), and on standardising the \
         columns, which takes away what least squares reads directions from?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[100], 2),
            Profile::Quick => (&[50, 100, 200, 500, 1000, 5000], 10),
            Profile::Full => (&[50, 100, 200, 500, 1000, 5000, 20_000], 50),
        };
        let mut grid = Vec::new();
        for replicate in 0..replicates {
            for standardised in [false, true] {
                grid.extend(rows.iter().map(|&rows| Parameters {
                    rows,
                    spread: 1.0,
                    standardised,
                    replicate,
                }));
            }
            let spreads = [1.5, 2.0, 3.0, 5.0];
            grid.extend(spreads.map(|spread| Parameters {
                rows: 1000,
                spread,
                standardised: false,
                replicate,
            }));
            if profile == Profile::Smoke {
                grid.push(Parameters { rows: 1000, spread: 1.0, standardised: false, replicate });
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut shared = random.shared_stream("graph", &Key { replicate: cell.replicate })?;
        let truth = Graphs::Er2.draw(VARIABLES, &mut shared);
        let scales: Vec<f64> =
            (0..VARIABLES).map(|_| 1.0 + (cell.spread - 1.0) * shared.random::<f64>()).collect();
        let data = simulate::linear(truth.view(), cell.rows, Noise::Gaussian, &scales, &mut shared)?;
        let mut covariance = Covariance::of(data.view())?;
        if cell.standardised {
            covariance = covariance.standardised();
        }
        let restarts = Restarts { random: 20, perturbations: 10, seed: u64::from(cell.replicate) };
        let orders: [(Method, Order); 4] = [
            (
                Method::Search,
                search(&covariance, None, restarts, Neighbourhood::Insertions, &Precedence::none())?.order,
            ),
            (Method::EqualVariance, baseline::equal_variance(&covariance)),
            (Method::Variance, baseline::by_variance(&covariance)),
            (Method::Determination, baseline::by_coefficient_of_determination(&covariance)),
        ];
        let rows = orders.map(|(method, order)| {
            let score = crate::factor::Factor::new(&covariance, &order).score();
            Ok(Row { method, score, hamming: distance(truth.view(), &covariance, &order)? })
        });
        Ok(Outcome::Done(rows.into_iter().collect::<Result<_, Failure>>()?))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let chart =
            |title: &str, label: &str, place: fn(&Parameters) -> f64, shown: &dyn Fn(&Parameters) -> bool| {
                let mut chart = Chart::new().title(title).x_label(label).y_label("SHD to the true graph");
                for (slot, (method, name)) in METHODS.into_iter().enumerate() {
                    let rows = table.rows().filter(|(cell, row)| shown(cell) && row.method == method);
                    let means = table
                        .means_by(rows.map(|(cell, row)| (place(cell), row.hamming as f64)), "sample-size");
                    chart = chart.means(name, &means).styled_as(slot);
                }
                chart
            };
        let by_rows: fn(&Parameters) -> f64 = |cell| cell.rows as f64;
        let equal = |standardised: bool| {
            move |cell: &Parameters| cell.spread == 1.0 && cell.standardised == standardised
        };
        let raw = chart("as measured", "observations, n", by_rows, &equal(false)).x_log();
        let standardised = chart("standardised", "observations, n", by_rows, &equal(true)).x_log();
        let spread =
            chart("unequal noise, n = 1000", "largest noise scale (least: 1)", |cell| cell.spread, &|cell| {
                cell.rows == 1000 && !cell.standardised
            });
        report.figure(
            "distance",
            "Structural Hamming distance to the true graph (mean and 95 % interval over draws) after pruning by the BIC with a refit: against the number of observations, the same on standardised columns, and \
             against how unequal the noise is. The graph without edges is at distance 40.",
            "Three panels of curves by method: against observations on data as measured and standardised, and against the spread of noise scales.",
            &Figure::new("What the score needs of the data")
                .subtitle("20 variables, 40 edges")
                .columns(2)
                .panel(raw)
                .panel(standardised)
                .panel(spread),
        )
    }
}
