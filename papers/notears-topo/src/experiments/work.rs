//! `work`: flops of one search against the number of variables.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::instance::{Graphs, Instance, random_order};
use crate::bilevel::{self, Options};
use crate::constraints::Precedence;
use crate::inner::{ByFactor, Inner};
use crate::search::{Neighbourhood, descend};
use crate::simulate::Noise;

/// A search's name and its flops.
type Counted = (&'static str, fn(&Row) -> f64);

/// Counted work.
pub struct Work;

/// A cell: a problem and a random start.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Number of variables, d.
    pub variables: usize,
    /// Draw of problem and start.
    pub replicate: u32,
}

/// What searches take.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Flops of the paper's search with a regression for every position.
    #[column(within = 0.5)]
    pub refitting: f64,
    /// Q where it ends.
    #[column(within = 0.1)]
    pub refitting_score: f64,
    /// Flops of a descent over all insertions, by one factor.
    #[column(within = 0.5)]
    pub factor: f64,
    /// Q where it ends.
    #[column(within = 0.1)]
    pub factor_score: f64,
}

impl Experiment for Work {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "work";
    const TITLE: &'static str = "Work of one search";
    const QUESTION: &'static str = "How many floating-point operations does one search from a random order take, counted by leading terms: the paper's candidate swaps with 2nk² for every regression, and a descent over all insertions priced from \
         one Cholesky factor, the covariance matrix (n d²) included? ER graphs of two edges a node, n = 1000, ten for each variable from 100 on.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[5, 10], 2),
            Profile::Quick => (&[10, 20, 50, 100, 200], 3),
            Profile::Full => (&[10, 20, 50, 100, 200, 500], 10),
        };
        sizes
            .iter()
            .flat_map(|&variables| (0..replicates).map(move |replicate| Parameters { variables, replicate }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { variables, replicate } = *cell;
        let problem = Instance { graphs: Graphs::Er2, noise: Noise::Gaussian, variables, replicate };
        let covariance = problem.draw(random)?.covariance;
        let start = random_order(variables, random)?;
        let none = Precedence::none();
        let mut inner = ByFactor::new(&covariance, start.clone());
        bilevel::search(&mut inner, &none, &Options::of_the_paper(variables))?;
        let descent = descend(&covariance, &start, Neighbourhood::Insertions, &none)?;
        Ok(Outcome::Done(vec![Row {
            refitting: inner.regressions().flops,
            refitting_score: inner.score(),
            // The covariance matrix first: once, whatever follows.
            factor: descent.flops + problem.rows() as f64 * (variables * variables) as f64,
            factor_score: descent.score,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let points = |value: fn(&Row) -> f64| -> Vec<(f64, f64)> {
            table.rows().map(|(cell, row)| (cell.variables as f64, value(row))).collect()
        };
        let searches: [Counted; 2] = [
            ("candidate swaps, regressions", |row| row.refitting),
            ("all insertions, one factor", |row| row.factor),
        ];
        let mut chart =
            Chart::new().x_label("variables, d").y_label("floating-point operations").x_log().y_log();
        let mut exponents = Vec::new();
        for (name, value) in searches {
            chart = chart.means(name, &table.means_by(points(value), name));
            let (exponent, low, high) = slope(&points(value), table);
            exponents.push(Exponent { search: name, exponent, low, high });
        }
        report.figure(
            "flops",
            "Floating-point operations of one search from a random order, mean over draws. A descent by the factor looks at all d(d − 1) insertions in every iteration; the paper's at a small part of the swaps.",
            "Two rising curves on logarithmic axes, orders of magnitude apart.",
            &Figure::new("Work of one search").panel(chart),
        )?;
        report.records("exponents", "Work as a power of the number of variables.", &exponents)
    }
}

#[derive(Serialize, Columns)]
struct Exponent {
    /// Which search.
    search: &'static str,
    /// Of d, fitted over all sizes.
    #[column(within = 0.1)]
    exponent: f64,
    /// Lower end of its 95 % interval.
    #[column(within = 0.1)]
    low: f64,
    /// Upper end.
    #[column(within = 0.1)]
    high: f64,
}

/// The least-squares slope of log y in log x, with the 95 % bootstrap interval over points.
pub fn slope(points: &[(f64, f64)], table: &Table<Parameters, Row>) -> (f64, f64, f64) {
    let logarithms: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    let fit = |sample: &[(f64, f64)]| {
        let count = sample.len() as f64;
        let (x, y) =
            sample.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
        let (xy, xx) = sample.iter().fold((0.0, 0.0), |(xy, xx), point| {
            (xy + (point.0 - x) * (point.1 - y), xx + (point.0 - x).powi(2))
        });
        xy / xx
    };
    let mut random = table.resampling(&["slope"]);
    let indices: Vec<f64> = (0..logarithms.len()).map(|index| index as f64).collect();
    let of_sample =
        |sample: &[f64]| fit(&sample.iter().map(|index| logarithms[*index as usize]).collect::<Vec<_>>());
    let value = fit(&logarithms);
    match numerics::bootstrap::interval(&indices, of_sample, 0.95, 2_000, &mut random) {
        Some(interval) => (value, interval.low, interval.high),
        None => (value, value, value),
    }
}
