//! `coins`: stochastic gradients that show the next column with probability q.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::constants::LITERATURE_LIPSCHITZ;
use crate::methods::{Estimator, Schedule, patient, stochastic};
use crate::oracle::{Coin, Mask};
use crate::quantum::amplitudes::expected_amplification;

/// Coins.
pub struct Coins;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// T.
    pub length: u64,
    /// q.
    pub probability: f64,
    /// Runs.
    pub runs: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub run: u32,
    /// Stochastic gradients of optimal play.
    pub patient: u64,
    /// Of SGD with batches of 4/q and step 1/152.
    pub descent: u64,
    /// The largest E|g − ∇F|²·q/(1 − q) over the points of a random walk.
    #[column(within = 1e-6)]
    pub variance: f64,
    /// Expected coherent calls until every column was shown, if the coin were in superposition.
    pub coherent: f64,
}

impl Experiment for Coins {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "coins";
    const TITLE: &'static str = "Columns behind a coin";
    const QUESTION: &'static str =
        "How many stochastic gradients does a column take, and how large is the noise?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (probabilities, runs): (&[f64], u32) = match profile {
            Profile::Smoke => (&[0.2, 0.1], 3),
            Profile::Quick => (&[0.2, 0.1, 0.05, 0.02, 0.01, 0.005], 30),
            Profile::Full => (&[0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002], 200),
        };
        probabilities
            .iter()
            .map(|probability| Parameters { length: 16, probability: *probability, runs })
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let chain = Chain::new(usize::try_from(cell.length)?);
        let coin = Coin { chain, probability: cell.probability, mask: Mask::Sharp };
        let schedule = Schedule {
            step: 1.0 / LITERATURE_LIPSCHITZ,
            batch: (4.0 / cell.probability).ceil() as u64,
            estimator: Estimator::Plain,
        };
        let rows = (0..cell.runs).map(|run| {
            let mut stream = random.stream(&format!("run {run}"));
            let descent = stochastic(&coin, &schedule, 1.0, 1 << 40, &mut stream);
            Row {
                run,
                patient: patient(&coin, 10.0, &mut stream),
                descent: descent.queries as u64,
                variance: largest_variance(&coin, &mut stream),
                coherent: cell.length as f64 * expected_amplification(cell.probability),
            }
        });
        Ok(Outcome::Done(rows.collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new().x_label("1/q").y_label("queries").x_log().y_log().legend_right();
        for (name, of) in [
            ("SGD", (|row: &Row| row.descent as f64) as fn(&Row) -> f64),
            ("optimal play", |row| row.patient as f64),
            ("if the coin were coherent", |row| row.coherent),
        ] {
            let means =
                table.means_by(table.rows().map(|(cell, row)| (1.0 / cell.probability, of(row))), name);
            chart = chart.means(name, &means);
        }
        report.figure(
            "queries",
            "Sampled coins cost 1/q each; a coin in superposition would cost 1/√q, which is why the seed of a hard instance must not be coherent.",
            "Three rising lines on logarithmic axes.",
            &Figure::new("Sixteen columns behind a coin").panel(chart),
        )
    }
}

/// A random walk that keeps to points with one masked entry.
fn largest_variance(coin: &Coin, random: &mut impl rand::Rng) -> f64 {
    let d = coin.chain.length();
    let (mut shown, mut hidden) = (vec![0.0; d], vec![0.0; d]);
    let mut largest = 0.0_f64;
    for _ in 0..200 {
        let column = random.random_range(0..d);
        let mut x = vec![0.0; d];
        x[..column].iter_mut().for_each(|x| *x = random.random_range(-4.0..4.0));
        if column > 0 {
            x[column - 1] = random.random_range(1.0..50.0);
        }
        x[column..].iter_mut().for_each(|x| *x = random.random_range(-0.25..0.25));
        coin.gradient(&x, true, &mut shown);
        coin.gradient(&x, false, &mut hidden);
        // g takes two values: the variance is q(1 − q) times the square of their difference.
        let square: f64 = shown.iter().zip(&hidden).map(|(a, b)| (a - b) * (a - b)).sum();
        largest = largest.max(square * coin.probability.powi(2));
    }
    largest
}
