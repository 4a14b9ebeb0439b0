//! `rate`: the schedule of the theory for falling ε.

use bilevel::schedule::Power;
use bilevel::sets::norm;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::bo_rep::{Inverse, LowerUpdates, Move, Options, Refine, bo_rep};
use crate::families::cosh;
use crate::oracle::Noisy;
use crate::run::{Begin, StopReason};

/// Rates.
pub struct Rate;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// A lower step before every step of x in place of periodic ones: SLIP.
    pub every_step: bool,
    /// ε.
    pub epsilon: f64,
    /// Repetition.
    pub replicate: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Gradients and products.
    pub calls: u64,
    /// Mean of |∇Φ| over all steps of x, the quantity of the theorem.
    pub average: f64,
    /// Mean of |∇Φ| over the last tenth of steps.
    pub last: f64,
    /// (Φ at the start − Φ at the end)/(η T) over the average: the share that is the way there.
    pub transient: f64,
}

impl Experiment for Rate {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "rate";
    const TITLE: &'static str = "Rates";
    const QUESTION: &'static str = "How do mean and last |∇Φ| fall with the number of calls under the theory's schedule: 1 − β = ε²/5, η = ε³/10, I = N = 2/ε², γ = ε²/4, T = 60/ε⁴ steps after a start of some 200/ε²? Cosh problem, distance 3, noise of deviation 1.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (count, replicates) = match profile {
            Profile::Smoke => (2, 2),
            Profile::Quick => (5, 10),
            Profile::Full => (9, 64),
        };
        let mut cells = Vec::new();
        for every_step in [false, true] {
            for k in 0..count {
                let epsilon = 0.8 * 0.5_f64.powf(0.5 * f64::from(k));
                cells.extend((0..replicates).map(|replicate| Parameters { every_step, epsilon, replicate }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = cosh();
        let square = cell.epsilon * cell.epsilon;
        let period = (2.0 / square).round() as u64;
        let steps = (60.0 / (square * square)).round() as u64;
        let (eta, gamma) = (0.1 * square * cell.epsilon, 0.25 * square);
        let options = Options {
            eta: Power::constant(eta),
            beta: 1.0 - 0.2 * square,
            lower: if cell.every_step {
                LowerUpdates::EveryStep { inner: 1 }
            } else {
                LowerUpdates::Periodic { period, inner: period as u32, ball: 3.0 }
            },
            gamma: Power::constant(gamma),
            inverse: Inverse::Neumann { step: 1.0 / problem.smoothness(), terms: 5 },
            step: Move::Normalised,
            batch: 1,
            // Three epochs make seven times the first.
            refine: Some(Refine {
                epochs: 3,
                first_steps: (30.0 / square).round() as u64,
                first_rate: 0.2,
                ball: f64::INFINITY,
            }),
        };
        let x = [3.0, -2.7, 2.4];
        let mut gradient = [0.0; 3];
        let at_start = problem.gradient(&x, &mut gradient);
        let noisy = Noisy::normal(problem.clone(), 1.0);
        let (mut sum, mut last, mut lasts) = (0.0, 0.0, 0.0);
        // Eight calls a step of x; the run is ended by its steps through the budget, which is set so that it is never met before.
        let calls = steps * 9 + (500.0 / square) as u64;
        let begin = Begin { x: &x, y: &[0.0; 3], calls, seed: random.stream("noise").random() };
        let mut at_end = (0_u64, 0.0);
        let ended = bo_rep(&noisy, &begin, &options, |step| {
            if step.number > steps {
                return;
            }
            let value = problem.gradient(step.x, &mut gradient);
            sum += norm(&gradient);
            if step.number > steps - steps / 10 {
                last += norm(&gradient);
                lasts += 1.0;
            }
            at_end = (step.counts.calls(), value);
        });
        if ended.reason != StopReason::Budget || ended.steps < steps {
            return Ok(Outcome::Diverged("the iterates".into()));
        }
        let average = sum / steps as f64;
        let transient = (at_start - at_end.1) / (eta * steps as f64) / average;
        Ok(Outcome::Done(vec![Row { calls: at_end.0, average, last: last / lasts, transient }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Gradients under the theory's schedule").columns(2);
        for (title, of) in [
            ("mean over all steps", (|row| row.average) as fn(&Row) -> f64),
            ("last tenth of the steps", |row| row.last),
        ] {
            let mut chart =
                Chart::new().title(title).x_label("gradients and products").y_label("|∇Φ|").x_log().y_log();
            for (every_step, name) in [(false, "BO-REP"), (true, "SLIP")] {
                let rows = table.rows().filter(|(cell, _)| cell.every_step == every_step);
                let means = table.means_by(rows.map(|(_, row)| (row.calls as f64, of(row))), title);
                chart = chart.means(name, &means);
            }
            let guide = [1e3, 1e5].map(|calls: f64| (calls, 4.4 * (calls / 1.2e3).powf(-0.25)));
            figure = figure.panel(chart.line("slope −1/4", guide));
        }
        report.figure(
            "gradients",
            "Means over repetitions with 95 % intervals. The mean over all steps is nearly all way from the start, whose slope is built into the schedule.",
            "Two panels of falling lines beside a guide of slope −1/4.",
            &figure,
        )
    }
}
