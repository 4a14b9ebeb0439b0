//! `mean-squared`: stochastic gradients of the same toss are near at near points, and methods that use it.
//!
//! With ε the coin has q ∝ ε² and the smooth mask's Lipschitz constant in mean square is ℓ/√q, so that the chain has T ∝ √q/ε² ∝ 1/ε columns. Methods know the class and not the function:
//! their step is √q/82, a quarter of the literature's ℓ = 328 and about what a search for large quotients finds, whereas this one chain alone would allow 1/152 whatever q. ε stands for 1/T here, and q = 3.2/T².

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::chain::Chain;
use crate::constants::LITERATURE_LIPSCHITZ;
use crate::methods::{Estimator, Schedule, stochastic};
use crate::oracle::{Coin, Mask};

/// Mean-squared smoothness.
pub struct MeanSquared;

/// How gradients are estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// SGD.
    Sgd,
    /// SGD with step 1/152.
    SgdOnInstance,
    /// PAGE.
    Page,
    /// STORM.
    Storm,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// T.
    pub length: u64,
    /// How.
    pub method: Method,
    /// Runs with the best of the settings.
    pub runs: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub run: u32,
    /// Stochastic gradients to |∇F| ≤ 1.
    pub queries: u64,
    /// Whether it was found within the limit.
    pub found: bool,
    /// The batch that needed the fewest in a run of its own, of three.
    pub setting: u64,
    /// The largest mean-squared Lipschitz quotient times √q that a search found.
    #[column(within = 0.3)]
    pub constant: f64,
}

/// ℓ, of which the methods know a quarter.
const LIPSCHITZ: f64 = 328.0;

fn probability(length: u64) -> f64 {
    (3.2 / (length * length) as f64).min(1.0)
}

/// Three batches for each method.
fn settings(method: Method, probability: f64) -> Vec<Schedule> {
    let of = |batch: f64| {
        let fresh = (batch / probability).ceil();
        let small = (batch / probability.sqrt()).ceil();
        let (batch, estimator) = match method {
            Method::Sgd | Method::SgdOnInstance => (fresh, Estimator::Plain),
            Method::Page => {
                (fresh, Estimator::Page { restart: small / (small + fresh), small: small as u64 })
            }
            Method::Storm => (small, Estimator::Storm { momentum: probability.sqrt() }),
        };
        let step = match method {
            Method::SgdOnInstance => 1.0 / LITERATURE_LIPSCHITZ,
            _ => 4.0 * probability.sqrt() / LIPSCHITZ,
        };
        Schedule { step, batch: batch as u64, estimator }
    };
    [0.5, 1.0, 4.0].map(of).to_vec()
}

/// √(E|g(x, z) − g(y, z)|²)/|x − y|·√q at the worst of random pairs of near points with one open column.
fn quotient(coin: &Coin, random: &mut impl Rng) -> f64 {
    let d = coin.chain.length();
    let mut vectors = [vec![0.0; d], vec![0.0; d], vec![0.0; d], vec![0.0; d]];
    let mut worst = 0.0_f64;
    for _ in 0..2_000 {
        let column = random.random_range(1..d);
        let mut x = vec![0.0; d];
        x[..column].iter_mut().for_each(|x| *x = random.random_range(0.6..3.0));
        x[column..].iter_mut().for_each(|x| *x = random.random_range(-0.5..0.5));
        let y: Vec<f64> = x.iter().map(|x| x + random.random_range(-1e-4..1e-4)).collect();
        for (index, (point, shown)) in
            [(&x, true), (&y, true), (&x, false), (&y, false)].into_iter().enumerate()
        {
            coin.gradient(point, shown, &mut vectors[index]);
        }
        let square = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        let mean = coin.probability * square(&vectors[0], &vectors[1])
            + (1.0 - coin.probability) * square(&vectors[2], &vectors[3]);
        worst = worst.max((mean / square(&x, &y) * coin.probability).sqrt());
    }
    worst
}

impl Experiment for MeanSquared {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "mean-squared";
    const TITLE: &'static str = "Mean-squared smooth noise";
    const QUESTION: &'static str =
        "Do methods that reuse a toss at two points need ε⁻³ queries, and SGD more?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (lengths, runs): (&[u64], u32) = match profile {
            Profile::Smoke => (&[3, 4], 2),
            Profile::Quick => (&[16, 24, 32, 48], 8),
            Profile::Full => (&[16, 24, 32, 48, 64, 96], 20),
        };
        let methods = [Method::Sgd, Method::SgdOnInstance, Method::Page, Method::Storm];
        lengths
            .iter()
            .flat_map(|length| methods.map(|method| Parameters { length: *length, method, runs }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let chain = Chain::new(usize::try_from(cell.length)?);
        let coin = Coin { chain, probability: probability(cell.length), mask: Mask::Smooth };
        let limit = 1_u64 << 40;
        let mut tuning = random.stream("tuning");
        let all = settings(cell.method, coin.probability);
        let mut best = (u64::MAX, 0);
        for (index, schedule) in all.iter().enumerate() {
            // Twice the best so far is enough to know that a setting is worse.
            let run = stochastic(&coin, schedule, 1.0, best.0.min(limit / 2).saturating_mul(2), &mut tuning);
            if run.found && (run.queries as u64) < best.0 {
                best = (run.queries as u64, index);
            }
        }
        let constant = quotient(&coin, &mut random.stream("pairs"));
        let rows = (0..cell.runs).map(|index| {
            let run =
                stochastic(&coin, &all[best.1], 1.0, limit, &mut random.stream(&format!("run {index}")));
            Row {
                run: index,
                queries: run.queries as u64,
                found: run.found,
                setting: best.1 as u64,
                constant,
            }
        });
        Ok(Outcome::Done(rows.collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .title("queries")
            .x_label("1/ε, as columns T")
            .y_label("stochastic gradients")
            .x_log()
            .y_log();
        for (method, name) in [
            (Method::Sgd, "SGD"),
            (Method::Page, "PAGE"),
            (Method::Storm, "STORM"),
            (Method::SgdOnInstance, "SGD, step 1/152"),
        ] {
            let rows = table.rows().filter(|(cell, _)| cell.method == method);
            let means =
                table.means_by(rows.map(|(cell, row)| (cell.length as f64, row.queries as f64)), name);
            chart = chart.means(name, &means);
        }
        let constants = table.rows().filter(|(cell, _)| cell.method == Method::Sgd);
        let points = constants.map(|(cell, row)| (probability(cell.length), row.constant));
        let smoothness = Chart::new()
            .title("mean-squared Lipschitz quotient · √q")
            .x_label("q")
            .y_label("largest found")
            .x_log()
            .y_range(0.0, LIPSCHITZ)
            .scatter("random pairs", points);
        let constants = || table.rows().map(|(_, row)| row.constant);
        report.figure(
            "queries",
            &format!(
                "With a step that the class allows, PAGE and STORM need a smaller power of 1/ε than SGD; with the step that this chain alone allows SGD needs no more than they do. The Lipschitz quotients in mean square that a search found, times √q, are between {:.0} and {:.0}.",
                constants().fold(f64::INFINITY, f64::min),
                constants().fold(0.0, f64::max),
            ),
            "Three rising lines on logarithmic axes, and a row of points.",
            &Figure::new("Mean-squared smooth noise").panel(chart).panel(smoothness),
        )
    }
}
