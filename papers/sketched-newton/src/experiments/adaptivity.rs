//! `adaptivity`: whether δ moves, and what that buys, with the Gaussian sketch.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{known, nondegenerate};
use crate::claims::median_saving;
use crate::newton::{Accuracy, Options, Reason, solve};
use crate::sketch::{Kind, Sketch};

/// Settings of δ and Ψ.
pub struct Adaptivity;

/// How exactly systems are solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// As published: Ψ from a bound, δ not below 10⁻⁶.
    Published,
    /// Ψ = |K⁻¹|, no floor.
    Exact,
    /// Ψ = |K⁻¹|, δ = 0.1.
    Tenth,
    /// Ψ = |K⁻¹|, δ = 0.5.
    Half,
    /// |r| ≤ 0.1 |F|, less only where the descent test asks for it.
    Residual,
}

impl Mode {
    const ALL: [Self; 5] = [Self::Published, Self::Exact, Self::Tenth, Self::Half, Self::Residual];
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Name of the problem.
    pub problem: String,
    /// How.
    pub mode: Mode,
    /// Runs.
    pub runs: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub run: u32,
    /// Whether |F| ≤ 10⁻⁴.
    pub converged: bool,
    /// Newton steps.
    pub iterations: u64,
    /// Sketch steps.
    pub steps: u64,
    /// Iterations with δ above 10⁻⁶.
    pub above: u64,
    /// The largest and the smallest δ.
    pub largest: f64,
    /// The smallest δ.
    pub smallest: f64,
}

impl Experiment for Adaptivity {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "adaptivity";
    const TITLE: &'static str = "Does the accuracy adapt?";
    const QUESTION: &'static str =
        "How often is δ above its floor, and how many sketch steps would other settings save?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let runs = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 3,
            Profile::Full => 10,
        };
        let of = |problem: String| Mode::ALL.map(|mode| Parameters { problem: problem.clone(), mode, runs });
        nondegenerate(profile).into_iter().flat_map(of).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let known = known(&cell.problem)?;
        let problem = known.problem()?;
        let multipliers = vec![0.0; known.constraints.len()];
        let (accuracy, delta) = match cell.mode {
            Mode::Published => (Accuracy::Bound { floor: 1e-6 }, 0.1),
            Mode::Exact => (Accuracy::Exact, 0.1),
            Mode::Tenth => (Accuracy::Fixed, 0.1),
            Mode::Half => (Accuracy::Fixed, 0.5),
            Mode::Residual => (Accuracy::Residual, 0.1),
        };
        let options = Options { accuracy, delta, iterations: 1_000, ..Options::published() };
        let mut rows = Vec::new();
        for run in 0..cell.runs {
            let mut sketch = Sketch::new(Kind::Gaussian, random.stream(&format!("run {run}")).random());
            let found = solve(&problem, (&known.start, &multipliers), &mut sketch, &options, &mut |_, _| ())?;
            let deltas = || found.iterations.iter().map(|iteration| iteration.delta);
            rows.push(Row {
                run,
                converged: found.reason == Reason::Converged,
                iterations: found.iterations.len() as u64,
                steps: found.work().steps,
                above: deltas().filter(|delta| *delta > 1e-6).count() as u64,
                largest: deltas().fold(0.0, f64::max),
                smallest: deltas().fold(f64::INFINITY, f64::min),
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let names = [
            (Mode::Published, "as published"),
            (Mode::Exact, "true |K⁻¹|, no floor"),
            (Mode::Tenth, "δ = 0.1"),
            (Mode::Half, "δ = 0.5"),
            (Mode::Residual, "|r| ≤ 0.1 |F|"),
        ];
        let mut chart = Chart::new()
            .x_label("sketch steps of a run")
            .y_label("share of runs that need no more")
            .x_log()
            .y_range(0.0, 1.0)
            .legend_right();
        for (mode, name) in names {
            let rows: Vec<&Row> =
                table.rows().filter(|(cell, _)| cell.mode == mode).map(|(_, row)| row).collect();
            let mut steps: Vec<f64> =
                rows.iter().filter(|row| row.converged).map(|row| row.steps as f64).collect();
            steps.sort_by(f64::total_cmp);
            let share = |place: usize| (place + 1) as f64 / rows.len() as f64;
            chart = chart
                .steps(name, steps.iter().enumerate().map(|(place, steps)| (steps.max(1.0), share(place))));
        }
        report.figure(
            "steps",
            &format!(
                "In the median over problems the published setting takes {:.1} times the steps of one that adapts, {:.1} times those of δ = 0.1, and {:.1} times those of residuals relative to |F|.",
                median_saving(table, Mode::Exact),
                median_saving(table, Mode::Tenth),
                median_saving(table, Mode::Residual),
            ),
            "Staircases over sketch steps on a logarithmic axis.",
            &Figure::new("Sketch steps to |F| ≤ 10⁻⁴").panel(chart),
        )
    }
}
