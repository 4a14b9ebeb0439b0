//! `roles`: what each component does.

use bilevel::sets::norm;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::bo_rep::{LowerUpdates, Move, Options, Refine, bo_rep};
use crate::families::{Family, cosh, coupled};
use crate::oracle::{Law, Noisy};
use crate::run::{Begin, StopReason};

/// Components.
pub struct Roles;

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// With and without a refined start, far from the lower solution: coupled problem.
    Refinement,
    /// I = N, against a step before every step of x: both problems.
    Period,
    /// β, normal noise.
    Momentum,
    /// β, skewed noise.
    SkewedMomentum,
}

/// How x moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Steps of fixed length.
    Normalised,
    /// Plain steps, as MA-SOBA.
    Plain,
    /// Cut.
    Clipped,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What is varied.
    pub part: Part,
    /// The coupled problem in place of cosh.
    pub coupled: bool,
    /// How x moves.
    pub rule: Rule,
    /// Whether y starts refined.
    pub refined: bool,
    /// y at the start, in each coordinate.
    pub start: f64,
    /// I = N; 0 for a step before every step of x.
    pub period: u32,
    /// β.
    pub beta: f64,
    /// Repetition.
    pub replicate: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Whether the run left the numbers.
    pub lost: bool,
    /// Mean of |∇Φ| over the last fifth of the calls; 0 for a lost run.
    pub final_gradient: f64,
    /// The largest |∇Φ| on the way.
    pub peak: f64,
}

impl Experiment for Roles {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "roles";
    const TITLE: &'static str = "What each component does";
    const QUESTION: &'static str = "Does |∇Φ| end higher without the refined start, without periodic updates, without momentum, without normalisation? Distance 3; noise of deviation 1, for momentum 3.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 10,
            Profile::Full => 64,
        };
        let base = Parameters {
            part: Part::Refinement,
            coupled: true,
            rule: Rule::Normalised,
            refined: true,
            start: 0.0,
            period: 5,
            beta: 0.9,
            replicate: 0,
        };
        let mut settings = Vec::new();
        for rule in [Rule::Normalised, Rule::Plain, Rule::Clipped] {
            for start in [0.0, 6.0, 10.0] {
                for refined in [true, false] {
                    // Plain and clipped steps go with a step of y each.
                    let period = if rule == Rule::Normalised { 5 } else { 0 };
                    settings.push(Parameters { rule, start, refined, period, ..base.clone() });
                }
            }
        }
        for coupled in [false, true] {
            let periods = [0, 1, 2, 5, 20, 100];
            settings.extend(periods.map(|period| Parameters {
                part: Part::Period,
                coupled,
                period,
                ..base.clone()
            }));
        }
        for part in [Part::Momentum, Part::SkewedMomentum] {
            let betas = [0.0, 0.9, 0.99, 0.997];
            settings.extend(betas.map(|beta| Parameters { part, coupled: false, beta, ..base.clone() }));
        }
        settings
            .into_iter()
            .flat_map(|setting| {
                (0..replicates).map(move |replicate| Parameters { replicate, ..setting.clone() })
            })
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = if cell.coupled { coupled() } else { cosh() };
        let momentum = matches!(cell.part, Part::Momentum | Part::SkewedMomentum);
        let calls = if momentum { 150_000 } else { 50_000 };
        let mut options = Options::bo_rep(0.003, 0.05, problem.smoothness());
        options.beta = cell.beta;
        options.lower = match cell.period {
            0 => LowerUpdates::EveryStep { inner: 1 },
            period => {
                LowerUpdates::Periodic { period: u64::from(period), inner: period, ball: f64::INFINITY }
            }
        };
        options.step = match cell.rule {
            Rule::Normalised => Move::Normalised,
            Rule::Plain => Move::Plain,
            Rule::Clipped => Move::Clipped { longest: 0.03 },
        };
        options.refine = cell.refined.then_some(Refine {
            epochs: 4,
            first_steps: 20,
            first_rate: 0.2,
            ball: f64::INFINITY,
        });
        let noisy = Noisy {
            law: if cell.part == Part::SkewedMomentum { Law::Skewed } else { Law::Normal },
            ..Noisy::normal(problem.clone(), if momentum { 3.0 } else { 1.0 })
        };
        let begin =
            Begin { x: &[3.0, -2.7, 2.4], y: &[cell.start; 3], calls, seed: random.stream("noise").random() };
        Ok(Outcome::Done(vec![ended(&problem, &noisy, &begin, &options)]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let of = |part: Part, keep: &dyn Fn(&Parameters) -> bool, at: fn(&Parameters) -> f64| {
            let rows = table.rows().filter(|(cell, row)| cell.part == part && !row.lost && keep(cell));
            table.means_by(rows.map(|(cell, row)| (at(cell), row.final_gradient)), "final gradient")
        };
        let mut refinement = Chart::new()
            .title("start of y")
            .x_label("y at the start, each coordinate")
            .y_label("final |∇Φ|")
            .y_log();
        for (rule, name) in
            [(Rule::Normalised, "normalised"), (Rule::Plain, "plain"), (Rule::Clipped, "clipped")]
        {
            for refined in [true, false] {
                let label = format!("{name}, {}", if refined { "refined" } else { "not refined" });
                let keep = |cell: &Parameters| cell.rule == rule && cell.refined == refined;
                refinement = refinement.means(label, &of(Part::Refinement, &keep, |cell| cell.start));
            }
        }
        let mut period = Chart::new()
            .title("updates of y")
            .x_label("I = N (0.5: a step before every step of x)")
            .y_label("final |∇Φ|")
            .x_log();
        for (coupled, name) in [(false, "cosh"), (true, "coupled")] {
            let keep = |cell: &Parameters| cell.coupled == coupled;
            period = period.means(name, &of(Part::Period, &keep, |cell| f64::from(cell.period).max(0.5)));
        }
        let mut momentum =
            Chart::new().title("momentum").x_label("1 − β").y_label("final |∇Φ|").x_log().y_log();
        for (part, name) in [(Part::Momentum, "normal noise"), (Part::SkewedMomentum, "skewed noise")] {
            momentum = momentum.means(name, &of(part, &|_| true, |cell| 1.0 - cell.beta));
        }
        report.figure(
            "components",
            "Means over repetitions with 95 % intervals. Runs that left the numbers are left out; the table has them.",
            "Three panels: lines over the start of y, the period, and one minus momentum.",
            &Figure::new("What is lost without each component").columns(2).panels([refinement, period, momentum]),
        )
    }
}

fn ended(problem: &Family, noisy: &Noisy<Family>, begin: &Begin<'_>, options: &Options) -> Row {
    let (mut sum, mut count, mut peak) = (0.0, 0.0, 0.0_f64);
    let mut gradient = [0.0; 3];
    let late = begin.calls as f64 * 0.8;
    let ended = bo_rep(noisy, begin, options, |step| {
        if step.number % 5 == 0 {
            problem.gradient(step.x, &mut gradient);
            peak = peak.max(norm(&gradient));
            if step.counts.calls() as f64 > late {
                sum += norm(&gradient);
                count += 1.0;
            }
        }
    });
    match ended.reason {
        StopReason::Budget => Row { lost: false, final_gradient: sum / count, peak },
        StopReason::Diverged(_) => Row { lost: true, final_gradient: 0.0, peak },
    }
}
