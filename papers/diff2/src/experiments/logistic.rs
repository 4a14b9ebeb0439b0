//! `logistic`: DP-GD and DIFF2 on a nonconvex logistic regression that is the same function for every number of records.
//!
//! 256 records stand for N/256 equal ones each. What the bounds need, Δ₀ among it, is taken from the data, which is not private either. Both methods are tuned around what their bounds choose, on two runs for each setting, and judged on other runs. Tuning looks at the data
//! and is not private.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use ndarray::{Array1, Array2};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::{Chosen as Method, budget};
use crate::clipping::{Query, clipped_mean, mean_loss};
use crate::models::Logistic;
use crate::noise::Seeded;
use crate::plan::{Draws, Plan};
use crate::records::Records;
use crate::schedule::{Adjacency, Constants, Rounds, Schedule};
use crate::train::{Release, penalty_gradient, train};

/// Logistic regression.
pub struct LogisticRegression;

const DISTINCT: usize = 256;
const DIMENSION: usize = 20;
const PENALTY: f64 = 0.1;
/// Of the loss, and of the penalty.
const SMOOTHNESS: f64 = 0.25 + 2.0 * PENALTY;

/// A cell at (3, 10⁻⁵).
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// How.
    pub method: Method,
    /// N.
    pub records: f64,
    /// Radii 1/2 and 0.08, which clip, instead of 1 and 1/4, which do not.
    pub clips: bool,
    /// Judged runs.
    pub runs: u32,
}

/// A judged run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub run: u32,
    /// Mean of |∇f|² over the iterates.
    #[column(within = 1e-6)]
    pub mean: f64,
    /// |∇f|² of the last iterate.
    #[column(within = 1e-6)]
    pub last: f64,
    /// The bound of these rounds; NaN where tuned.
    #[column(within = 1e-9)]
    pub bound: f64,
    /// R.
    pub rounds: u64,
    /// T.
    pub restart: u64,
    /// η.
    pub step: f64,
    /// Length of the noise of differences over that of full gradients, root mean square; NaN without differences.
    #[column(within = 1e-3)]
    pub noise_ratio: f64,
    /// Mean share of records scaled down.
    #[column(absolute = 1e-3)]
    pub clipped: f64,
}

/// The data, and where training starts.
struct Problem {
    records: Records,
    start: Vec<f64>,
}

/// Rows on the sphere, labels of a noisy linear rule.
fn problem(random: &mut ChaCha8Rng, count: f64) -> Result<Problem, Failure> {
    let mut normal = || -> f64 { StandardNormal.sample(random) };
    let mut features = Array2::from_shape_simple_fn((DISTINCT, DIMENSION), &mut normal);
    for mut row in features.outer_iter_mut() {
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        row.mapv_inplace(|x| x / length);
    }
    let rule = Array1::from_shape_simple_fn(DIMENSION, &mut normal);
    let products = features.dot(&rule);
    let labels = products.mapv(|product| if product + 0.5 * normal() > 0.0 { 1.0 } else { -1.0 });
    let start = (0..DIMENSION).map(|_| 0.5 * normal()).collect();
    let records = Records::new(features.view(), labels.view(), &[0; DISTINCT])?;
    Ok(Problem { records: records.repeated(count / DISTINCT as f64)?, start })
}

/// One run's numbers.
struct Measured {
    mean: f64,
    last: f64,
    noise_ratio: f64,
    clipped: f64,
}

impl Problem {
    /// |∇f|².
    fn squared_gradient(&self, at: &[f64]) -> f64 {
        let model = Logistic::new(DIMENSION);
        let gradient = clipped_mean(&model, Query::Gradients { at }, &self.records, f64::INFINITY, None).mean;
        gradient.iter().zip(at).map(|(g, w)| (g + penalty_gradient(PENALTY, *w)).powi(2)).sum()
    }

    fn value(&self, at: &[f64]) -> f64 {
        let penalty = at.iter().map(|w| PENALTY * w * w / (1.0 + w * w)).sum::<f64>();
        mean_loss(&Logistic::new(DIMENSION), at, &self.records) + penalty
    }

    /// f(x₀) less the value after long descent.
    fn gap(&self) -> f64 {
        let model = Logistic::new(DIMENSION);
        let mut at = self.start.clone();
        for _ in 0..5_000 {
            let query = Query::Gradients { at: &at };
            let gradient = clipped_mean(&model, query, &self.records, f64::INFINITY, None).mean;
            at.iter_mut().zip(gradient).for_each(|(w, g)| *w -= 2.0 * (g + penalty_gradient(PENALTY, *w)));
        }
        self.value(&self.start) - self.value(&at)
    }

    fn run(&self, plan: &Plan, random: &mut ChaCha8Rng) -> Result<Measured, Failure> {
        let model = Logistic::new(DIMENSION);
        let (mut sum, mut clipped) = (0.0, 0.0);
        let (mut full, mut differences) = (Vec::new(), Vec::new());
        let observe = |release: &Release| {
            sum += self.squared_gradient(release.at);
            clipped += release.clipped;
            let kind = if release.before.is_none() { &mut full } else { &mut differences };
            kind.push(release.deviation);
        };
        let draws = Draws { chosen: 0, walkers: Vec::new() };
        let mut noise = Seeded::new(random);
        let found = train(&model, &self.records, plan, &draws, &self.start, &mut noise, observe)?;
        let length =
            |values: &[f64]| (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt();
        let rounds = plan.rounds.rounds as f64;
        Ok(Measured {
            mean: sum / rounds,
            last: self.squared_gradient(&found.last),
            noise_ratio: length(&differences) / length(&full),
            clipped: clipped / rounds,
        })
    }
}

/// C₁ and C₂.
fn radii(cell: &Parameters) -> (f64, f64) {
    if cell.clips { (0.5, 0.08) } else { (1.0, 0.25) }
}

fn plan(cell: &Parameters, rounds: Rounds, step: f64) -> Result<Plan, Failure> {
    let mut plan = Plan::within(budget(3.0)?, rounds, step, radii(cell))?;
    plan.adjacency = Adjacency::ZeroOut;
    plan.penalty = PENALTY;
    Ok(plan)
}

/// Rounds and steps that are tried: as many for each method, around those of its bound.
fn search(cell: &Parameters, rule: &Schedule) -> Vec<(Rounds, f64)> {
    let (lengths, shares, steps): (&[f64], &[f64], &[f64]) = match cell.method {
        Method::GradientDescent => (&[1.0, 5.0, 25.0], &[0.0], &[0.2, 0.3, 0.5, 1.0]),
        _ => (&[0.4, 1.0, 2.0], &[1.0, 3.0], &[0.5, 1.0]),
    };
    let mut all = Vec::new();
    for length in lengths {
        let rounds = ((rule.rounds.rounds as f64 * length) as u64).max(1);
        for share in shares {
            let restart = ((rule.rounds.restart as f64 * length * share) as u64).clamp(1, rounds);
            let of = |step: &f64| (Rounds { rounds, restart, share: 0.5 }, step * 0.5 / SMOOTHNESS);
            all.extend(steps.iter().map(of));
        }
    }
    all
}

impl Experiment for LogisticRegression {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "logistic";
    const TITLE: &'static str = "Logistic regression, the same function for every N";
    const QUESTION: &'static str =
        "Do the exponents hold on data, is the bound kept, and how much smaller is the noise of differences?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, runs): (&[f64], _) = match profile {
            Profile::Smoke => (&[316.0], 2),
            Profile::Quick => (&[316.0, 1e3, 1_778.0, 3_162.0, 5_623.0], 8),
            Profile::Full => (&[316.0, 1e3, 3_162.0, 1e4, 31_623.0], 10),
        };
        let mut cells = Vec::new();
        for records in sizes {
            for clips in [false, true] {
                let methods = [Method::GradientDescent, Method::Diff2, Method::Diff2ByRule];
                let methods = methods.into_iter().filter(|method| !(clips && *method == Method::Diff2ByRule));
                cells.extend(methods.map(|method| Parameters { method, records: *records, clips, runs }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = problem(&mut random.shared_stream("data", &key([]))?, cell.records)?;
        let mut tuning = random.stream("tuning");
        let (clip_gradient, clip_difference) = radii(cell);
        let constants = Constants {
            smoothness: SMOOTHNESS,
            gap: problem.gap(),
            clip_gradient,
            clip_difference,
            dimension: DIMENSION as f64,
            records: cell.records,
            mu: budget(3.0)?,
        };
        let rule = match cell.method {
            Method::GradientDescent => constants.gradient_descent(1_000_000),
            _ => constants.schedule(1_000_000),
        };
        let (rounds, step, bound) = if cell.method == Method::Diff2ByRule {
            (rule.rounds, rule.step, rule.bound)
        } else {
            let mut best = (f64::INFINITY, None);
            for (rounds, step) in search(cell, &rule) {
                let plan = plan(cell, rounds, step)?;
                // A run that diverges is not chosen.
                let tries = [(); 2]
                    .map(|()| problem.run(&plan, &mut tuning).map_or(f64::INFINITY, |found| found.mean));
                let mean = 0.5 * (tries[0] + tries[1]);
                if mean < best.0 {
                    best = (mean, Some((rounds, step)));
                }
            }
            let (rounds, step) = best.1.ok_or("every setting diverged")?;
            (rounds, step, f64::NAN)
        };
        let plan = plan(cell, rounds, step)?;
        let rows: Result<Vec<Row>, Failure> = (0..cell.runs)
            .map(|run| {
                let mut judging = random.stream(&format!("judging {run}"));
                let Measured { mean, last, noise_ratio, clipped } = problem.run(&plan, &mut judging)?;
                let Rounds { rounds, restart, .. } = rounds;
                Ok(Row { run, mean, last, bound, rounds, restart, step, noise_ratio, clipped })
            })
            .collect();
        Ok(Outcome::Done(rows?))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Logistic regression at (3, 10⁻⁵)").columns(2);
        for (title, clips, of) in [
            ("a random iterate", false, (|row: &Row| row.mean) as fn(&Row) -> f64),
            ("the last iterate", false, |row| row.last),
            ("a random iterate, small radii", true, |row| row.mean),
            ("the last iterate, small radii", true, |row| row.last),
        ] {
            let mut chart = Chart::new().title(title).x_label("records N").y_label("|∇f|²").x_log().y_log();
            for (method, name) in [
                (Method::GradientDescent, "DP-GD, tuned"),
                (Method::Diff2, "DIFF2, tuned"),
                (Method::Diff2ByRule, "DIFF2, by rule"),
            ] {
                let rows = || table.rows().filter(|(cell, _)| cell.method == method && cell.clips == clips);
                if rows().next().is_some() {
                    let means = table.means_by(rows().map(|(cell, row)| (cell.records, of(row))), title);
                    chart = chart.means(name, &means);
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "gradients",
            "DIFF2 falls faster with the records than DP-GD, both tuned, and its last iterates are lower, too.",
            "Four panels of lines on logarithmic axes.",
            &figure,
        )
    }
}
