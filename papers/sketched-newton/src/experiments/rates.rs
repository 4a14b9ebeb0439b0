//! `rates`: what happens near a solution, from a distance of 10⁻³.

use std::collections::BTreeMap;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::{known, nondegenerate};
use crate::newton::{Accuracy, Options, solve};
use crate::sketch::{Kind, Sampling, Sketch};
use crate::sparse::norm;

/// Local rates.
pub struct Rates;

/// What is fixed, and what decides the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// δ fixed, every step a unit step.
    Unit,
    /// δ fixed, with the line search.
    Searched,
    /// δ below δ_trial with the true |K⁻¹| and no floor, with the line search.
    Adaptive,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Name of the problem.
    pub problem: String,
    /// How.
    pub setting: Setting,
    /// δ.
    pub delta: f64,
    /// p of θ = min(1, |F|^p).
    pub power: f64,
}

/// A step.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which, from 0.
    pub iteration: u64,
    /// |w − w*| before.
    #[column(within = 1e-6)]
    pub before: f64,
    /// |w − w*| after.
    #[column(within = 1e-3)]
    pub after: f64,
    /// α.
    pub step: f64,
    /// Inner steps.
    pub steps: u64,
}

impl Experiment for Rates {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "rates";
    const TITLE: &'static str = "Rates near a solution";
    const QUESTION: &'static str =
        "Does the error fall by δ in every step, faster where θ goes to zero, and are unit steps accepted?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let settings = [
            (Setting::Unit, 0.5, 0.0),
            (Setting::Unit, 0.1, 0.0),
            (Setting::Unit, 0.01, 0.0),
            (Setting::Unit, 0.5, 0.5),
            (Setting::Unit, 0.5, 1.0),
            (Setting::Searched, 0.5, 0.0),
            (Setting::Adaptive, 0.1, 0.0),
        ];
        let of = |problem: String| {
            settings.map(|(setting, delta, power)| Parameters {
                problem: problem.clone(),
                setting,
                delta,
                power,
            })
        };
        nondegenerate(profile).into_iter().flat_map(of).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let known = known(&cell.problem)?;
        let problem = known.problem()?;
        let (Some(x), Some(multipliers)) = (&known.point, &known.multipliers) else {
            return Err("no optimum is known".into());
        };
        let solution = [x.as_slice(), multipliers].concat();
        // The same start for all settings of a problem.
        let mut stream = random.shared_stream("start", &BTreeMap::from([("problem", &cell.problem)]))?;
        let mut noise: Vec<f64> = solution.iter().map(|_| StandardNormal.sample(&mut stream)).collect();
        let length = norm(&noise);
        noise.iter_mut().for_each(|value| *value *= 1e-3 / length);
        let start: Vec<f64> = solution.iter().zip(&noise).map(|(w, noise)| w + noise).collect();
        let (x, multipliers) = start.split_at(x.len());
        let options = Options {
            tolerance: 1e-11,
            iterations: 60,
            delta: cell.delta,
            power: cell.power,
            accuracy: if cell.setting == Setting::Adaptive { Accuracy::Exact } else { Accuracy::Fixed },
            search: cell.setting != Setting::Unit,
            steps: 100_000_000,
            ..Options::published()
        };
        let seed = random.stream("solver").random();
        let mut sketch = Sketch::new(Kind::Kaczmarz(Sampling::Uniform), seed);
        let mut errors = Vec::new();
        let distance = |x: &[f64], multipliers: &[f64]| {
            let w = x.iter().chain(multipliers);
            w.zip(&solution).map(|(w, s)| (w - s) * (w - s)).sum::<f64>().sqrt()
        };
        let found = solve(&problem, (x, multipliers), &mut sketch, &options, &mut |_, point| {
            errors.push(distance(&point.x, &point.multipliers));
        })?;
        errors.push(distance(&found.point.x, &found.point.multipliers));
        let rows =
            found.iterations.iter().zip(errors.windows(2)).enumerate().map(|(place, (iteration, pair))| {
                Row {
                    iteration: place as u64,
                    before: pair[0],
                    after: pair[1],
                    step: iteration.step,
                    steps: iteration.work.steps,
                }
            });
        Ok(Outcome::Done(rows.collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let problem = "HS77";
        let curve = |setting: Setting, delta: f64, power: f64| {
            let cell = table.cells().find(|(cell, _)| {
                cell.problem == problem
                    && cell.setting == setting
                    && cell.delta == delta
                    && cell.power == power
            });
            let rows = cell.map_or(&[][..], |(_, rows)| rows);
            let first = rows.first().map(|row| (0.0, row.before));
            let later = rows.iter().map(|row| (row.iteration as f64 + 1.0, row.after));
            first.into_iter().chain(later).collect::<Vec<_>>()
        };
        let mut linear = Chart::new().title("θ = 1").x_label("Newton step").y_label("|w − w*|₂").y_log();
        for delta in [0.5, 0.1, 0.01] {
            linear = linear.line_with_markers(format!("δ = {delta}"), curve(Setting::Unit, delta, 0.0));
        }
        let mut faster = Chart::new().title("δ = 0.5").x_label("Newton step").y_label("|w − w*|₂").y_log();
        for (name, power) in [("θ = 1", 0.0), ("θ = √|F|", 0.5), ("θ = |F|", 1.0)] {
            faster = faster.line_with_markers(name, curve(Setting::Unit, 0.5, power));
        }
        report.figure(
            "errors",
            "Errors fall by a factor that δ bounds, and superlinearly where θ follows the residual.",
            "Two panels of falling lines on a logarithmic axis.",
            &Figure::new(format!("Distance to the solution of {problem}")).panel(linear).panel(faster),
        )
    }
}
