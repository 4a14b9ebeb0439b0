//! `methods`: the flow, its accelerated form, Newton's method, deep Ritz and physics-informed networks on the same equations.

use std::sync::Arc;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use num_complex::Complex64;
use serde::{Deserialize, Serialize};

use super::{distance, forcing_of, key, random_waves, zero};
use crate::equation::{Equation, Flux, Potential};
use crate::flow::{Discrete, Options, accelerated, flow, newton};
use crate::spectrum::Lattice;
use crate::torus::Torus;
use crate::trained::{Hidden, Objective, Training};

/// Methods.
pub struct Methods;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The flow.
    Flow,
    /// Nesterov's method in H¹.
    Accelerated,
    /// Newton with conjugate gradients.
    Newton,
    /// Deep Ritz.
    Ritz,
    /// Physics-informed.
    Residual,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 5] = [
    (Method::Flow, "flow"),
    (Method::Accelerated, "accelerated"),
    (Method::Newton, "Newton"),
    (Method::Ritz, "deep Ritz"),
    (Method::Residual, "physics-informed"),
];

/// The equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// −Δu + u + u³ = f.
    Reaction,
    /// The flux with β = 99: κ = 100.
    Stiff,
}

/// A cell: a method on an equation in two dimensions.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// The equation.
    pub problem: Problem,
    /// Points along an axis of the grid.
    pub side: usize,
    /// Steps of Adam for networks of 64 units on 64 points.
    pub training: usize,
    /// Right-hand sides.
    pub replicates: u32,
}

/// A place of a run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The right-hand side.
    pub replicate: u32,
    /// Derivatives of the energy and products with its second derivative; gradients of a batch for networks.
    pub evaluations: usize,
    /// H¹ error over the solution's norm.
    #[column(within = 0.05, absolute = 1e-9)]
    pub error: f64,
    /// B_1 over that of the solution.
    #[column(within = 0.05)]
    pub barron: f64,
}

impl Experiment for Methods {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "methods";
    const TITLE: &'static str = "Other methods";
    const QUESTION: &'static str = "How do acceleration and Newton's method compare with the flow, and how near do trained networks come?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (side, training, replicates) = match profile {
            Profile::Smoke => (16, 50, 1),
            Profile::Quick => (32, 2_000, 3),
            Profile::Full => (64, 40_000, 5),
        };
        let mut cells = Vec::new();
        for (method, _) in METHODS {
            cells.push(Parameters { method, problem: Problem::Reaction, side, training, replicates });
            if !matches!(method, Method::Ritz | Method::Residual) {
                cells.push(Parameters { method, problem: Problem::Stiff, side, training, replicates });
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let lattice = Arc::new(Lattice::unit(2));
        let torus = Torus::new(lattice.clone(), cell.side)?;
        let equation = match cell.problem {
            Problem::Reaction => {
                Equation { flux: Flux::Linear, potential: Potential::Reaction { alpha: 1.0 } }
            }
            Problem::Stiff => Equation {
                flux: Flux::SquareRoot { beta: 99.0 },
                potential: Potential::Reaction { alpha: 0.0 },
            },
        };
        let mut data = random.shared_stream("forcing", &key([("side", cell.side as f64)]))?;
        let mut own = random.stream("network");
        let mut rows = Vec::new();
        for replicate in 0..cell.replicates {
            // As large as makes second derivatives of the flux take values from end to end.
            let amplitude = if cell.problem == Problem::Stiff { 60.0 } else { 0.6 };
            let f = forcing_of(&random_waves(&lattice, 3, amplitude, &mut data)?);
            let forcing = torus.spread(&f)?;
            let problem = Discrete::new(&torus, equation, &forcing);
            let tight = Options { tolerance: 1e-13, steps: 60, ..Options::default() };
            let exact = newton(&problem, zero(&torus), &tight, |_, _| ()).u;
            let (size, norm) = (torus.h1(&exact), torus.barron(&exact, 1.0));
            let row = |evaluations: usize, u: &[Complex64]| Row {
                replicate,
                evaluations,
                error: distance(&torus, u, &exact) / size,
                barron: torus.barron(u, 1.0) / norm,
            };
            let options = Options { tolerance: 1e-8, ..Options::default() };
            let mut evaluations = 0;
            let mut next = 1.0_f64;
            let mut seen = |u: &[Complex64]| {
                if evaluations as f64 >= next {
                    rows.push(row(evaluations.max(1), u));
                    next = (1.02 * next).max(next + 1.0);
                }
                evaluations += 1;
            };
            match cell.method {
                Method::Flow => {
                    flow(&problem, zero(&torus), &options, |u, _| seen(u));
                }
                Method::Accelerated => {
                    accelerated(&problem, zero(&torus), &options, |u, _| seen(u));
                }
                Method::Newton => {
                    // The number of products is known at the end of a run alone: runs of one step more each.
                    for steps in 1..=30 {
                        let found = newton(&problem, zero(&torus), &Options { steps, ..options }, |_, _| ());
                        rows.push(row(found.evaluations, &found.u));
                        if found.steps < steps {
                            break;
                        }
                    }
                }
                Method::Ritz | Method::Residual => {
                    let objective =
                        if cell.method == Method::Ritz { Objective::Ritz } else { Objective::Residual };
                    let training =
                        Training { objective, alpha: 1.0, steps: cell.training, points: 64, rate: 5e-3 };
                    let mut network = Hidden::new(2, 64, &mut own);
                    let mut places = Vec::new();
                    network
                        .train(&training, &f, &mut own, |step, network| places.push((step, network.clone())));
                    for (step, network) in places.iter().step_by(5) {
                        let mut values: Vec<f64> =
                            (0..torus.points()).map(|point| network.value(&torus.place(point))).collect();
                        let (mut u, mut room) = (Vec::new(), Vec::new());
                        torus.transform(&mut values, &mut u, &mut room);
                        rows.push(row(step.max(&1).to_owned(), &u));
                    }
                }
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Methods").subtitle("one right-hand side").columns(2);
        for (problem, title) in [(Problem::Reaction, "reaction"), (Problem::Stiff, "condition 100")] {
            let mut chart = Chart::new()
                .title(title)
                .x_label("evaluations")
                .y_label("H¹ error over the norm")
                .x_log()
                .y_log();
            for (method, name) in METHODS {
                let rows = table.rows().filter(|(cell, row)| {
                    cell.method == method && cell.problem == problem && row.replicate == 0
                });
                let points: Vec<(f64, f64)> =
                    rows.map(|(_, row)| (row.evaluations as f64, row.error)).collect();
                if !points.is_empty() {
                    chart = chart.line(name, points);
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "An evaluation is a derivative of the energy or a product with its second derivative on the grid; for networks the gradient of a batch of 64 points. Trained networks stop at errors that the flow has after a few steps.",
            "Falling curves in two panels.",
            &figure,
        )
    }
}
