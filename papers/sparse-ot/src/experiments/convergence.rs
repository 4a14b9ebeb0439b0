//! `convergence`: how close the solvers come to the optimal value, iteration by iteration.

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::problems::{HistogramPair, histograms_on_a_line, points_in_the_plane};
use crate::{
    AscentOptions, Problem, Regulariser, RelaxationOptions, solve_dual_observed, solve_relaxation,
    solve_relaxation_observed, solve_semidual_observed,
};

/// The relative shortfall of the dual value against iterations, for small and large k.
pub struct Convergence;

/// Who climbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// L-BFGS on the dual.
    Dual,
    /// L-BFGS on the semi-dual.
    Semidual,
    /// Proximal steps on the relaxation.
    Proximal,
}

/// The problem that is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Two histograms of 32 bins.
    Histograms,
    /// Two clouds of 64 points with random masses.
    Points,
}

/// A cell: one solver, one k, one problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The transport problem.
    input: Input,
    /// Who climbs.
    solver: Solver,
    /// Nonzeros allowed per column.
    k: usize,
}

/// The state after an iteration.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Iterations made.
    #[column(within = 0.5, absolute = 3)]
    iteration: usize,
    /// Certified upper bound of the optimal value minus the best value so far, relatively.
    #[column(within = 0.5, absolute = 1e-3)]
    shortfall: f64,
}

/// Strength of the regulariser.
const GAMMA: f64 = 1.0;
const SOLVERS: [(Solver, &str); 3] = [
    (Solver::Dual, "L-BFGS on the dual"),
    (Solver::Semidual, "L-BFGS on the semi-dual"),
    (Solver::Proximal, "proximal steps on the relaxation"),
];
/// Below this the optimal value itself is not known.
const FLOOR: f64 = 1e-12;

impl Experiment for Convergence {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "convergence";
    const TITLE: &'static str = "Why small k is hard";
    const QUESTION: &'static str = "How far below the certified optimal value are the solvers after each iteration, for k from 1 to 32 and γ = 1?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let ks: &[usize] = if profile == Profile::Smoke { &[1, 32] } else { &[1, 2, 4, 8, 16, 32] };
        let inputs: &[Input] =
            if profile == Profile::Full { &[Input::Histograms, Input::Points] } else { &[Input::Histograms] };
        let mut cells = Vec::new();
        for &input in inputs {
            for &k in ks {
                cells.extend(SOLVERS.iter().map(|(solver, _)| Parameters { input, solver: *solver, k }));
            }
        }
        cells
    }

    fn measure(&self, parameters: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = match parameters.input {
            Input::Histograms => histograms_on_a_line(HistogramPair::GaussianToMixture)?,
            Input::Points => points_in_the_plane(64, &mut random.shared_stream("points", &())?)?,
        };
        // From above, and by a tighter solve than the one that is drawn: a curve cannot end at its own last value.
        let tight = RelaxationOptions { relative_gap: 1e-12, ..RelaxationOptions::default() };
        let optimum = solve_relaxation(&problem, regulariser(parameters.k), &tight)?.upper;
        let values = climb(parameters.solver, &problem, parameters.k)?;
        // Every iteration at first, then ever fewer: enough for a logarithmic axis.
        let shown =
            |iteration: usize| iteration <= 20 || iteration.is_multiple_of(iteration.ilog2() as usize * 2);
        let last = values.len();
        let rows = values.into_iter().enumerate().map(|(index, value)| (index + 1, value));
        let rows = rows.filter(|(iteration, _)| shown(*iteration) || *iteration == last);
        let row = |(iteration, value): (usize, f64)| Row {
            iteration,
            shortfall: ((optimum - value) / optimum.abs()).max(FLOOR),
        };
        Ok(Outcome::Done(rows.map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        for (input, name) in [(Input::Histograms, "histograms"), (Input::Points, "points")] {
            let mut ks: Vec<usize> =
                table.cells().filter(|(p, _)| p.input == input).map(|(p, _)| p.k).collect();
            ks.dedup();
            if ks.is_empty() {
                continue;
            }
            let mut figure = Figure::new("Ties at the optimum stall L-BFGS").columns(2);
            for k in ks {
                let mut chart =
                    Chart::new().title(format!("k = {k}")).x_label("iteration").y_label("relative shortfall");
                chart = chart.x_log().y_log().y_range(FLOOR, 1e2);
                for (parameters, rows) in table.cells().filter(|(p, _)| p.input == input && p.k == k) {
                    let name = SOLVERS
                        .iter()
                        .find(|(solver, _)| *solver == parameters.solver)
                        .map_or("", |(_, name)| name);
                    chart = chart.line(name, rows.iter().map(|row| (row.iteration as f64, row.shortfall)));
                }
                figure = figure.panel(chart);
            }
            report.figure(
                name,
                "The smaller k, the more scores tie at the optimum and the earlier L-BFGS stalls; without ties it converges. \
                 Proximal steps reach the certified value for every k (shortfalls below 1e-12 are drawn there, the value itself is certified no closer). An iteration \
                 of the three is not the same work.",
                "Panels for growing k with the relative shortfall against iterations on logarithmic axes. For small k both L-BFGS \
                 curves flatten around one in a thousand, while proximal steps fall to rounding error; for large k all fall.",
                &figure,
            )?;
        }
        Ok(())
    }
}

fn regulariser(k: usize) -> Regulariser {
    Regulariser::new(k, GAMMA)
}

/// The best value after each iteration.
fn climb(solver: Solver, problem: &Problem, k: usize) -> Result<Vec<f64>, Failure> {
    let mut values = Vec::new();
    let mut note = |value: f64| {
        values.push(values.last().map_or(value, |best: &f64| best.max(value)));
        ControlFlow::Continue(())
    };
    let ascent = AscentOptions::default();
    match solver {
        Solver::Dual => {
            solve_dual_observed(problem, regulariser(k), &ascent, |_, value| note(value))?;
        }
        Solver::Semidual => {
            solve_semidual_observed(problem, regulariser(k), &ascent, |_, value| note(value))?;
        }
        Solver::Proximal => {
            let options = RelaxationOptions::default();
            solve_relaxation_observed(problem, regulariser(k), &options, |progress| note(progress.lower))?;
        }
    }
    Ok(values)
}
