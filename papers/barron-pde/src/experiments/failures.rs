//! `failures`: the flow where an assumption does not hold.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::sync::Arc;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{distance, zero};
use crate::equation::{Equation, Flux, Potential};
use crate::flow::{Discrete, Options, StopReason, flow, newton};
use crate::growth::Growing;
use crate::spectrum::{Lattice, Spectrum};
use crate::torus::Torus;

/// Failures.
pub struct Failures;

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Broken {
    /// −u″ + u + u³ = f with u = A(cos 2πx + cos(4πx)/10): no upper bound for second derivatives in u.
    Reaction,
    /// −((1 + γu′²)u′)′ + u = f with u = 0.3 cos: none in ∇u.
    Quartic,
    /// −u″ − κu + κu³ = 0: not convex.
    Convexity,
    /// −div(|∇u|²∇u) = f in two dimensions: no positive lower bound.
    Degenerate,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What is broken.
    pub broken: Broken,
    /// A, γ or κ/4π²; p of the degenerate flux.
    pub size: f64,
    /// Whether the step is 1 throughout; else it follows the iterate.
    pub fixed: bool,
    /// The amplitude of the start, where it is not zero.
    pub start: f64,
    /// Most steps.
    pub steps: usize,
}

/// An iterate.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Steps done.
    pub step: usize,
    /// H¹ distance from the solution over its norm; of the double well the norm itself.
    #[column(within = 1e-3, absolute = 1e-9)]
    pub distance: f64,
    /// u(1/4).
    #[column(absolute = 1e-7)]
    pub value: f64,
    /// Whether the numbers were left.
    pub diverged: bool,
}

impl Experiment for Failures {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "failures";
    const TITLE: &'static str = "Assumptions broken one at a time";
    const QUESTION: &'static str = "What happens to the flow without an upper bound on second derivatives, without convexity, and without a positive lower bound?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let steps = match profile {
            Profile::Smoke => 50,
            Profile::Quick => 4_000,
            Profile::Full => 30_000,
        };
        let cell = |broken, size, fixed, start| Parameters { broken, size, fixed, start, steps };
        let mut cells = Vec::new();
        for fixed in [true, false] {
            cells.extend([1.0, 3.0, 10.0].map(|size| cell(Broken::Reaction, size, fixed, 0.0)));
            cells.extend([0.01, 0.1, 1.0].map(|size| cell(Broken::Quartic, size, fixed, 0.0)));
        }
        for size in [0.5, 1.5, 3.0] {
            cells.extend([0.1, -0.1, 0.0].map(|start| cell(Broken::Convexity, size, false, start)));
        }
        cells.push(Parameters { steps: steps.min(2_000), ..cell(Broken::Degenerate, 4.0, false, 0.0) });
        cells
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let one = Arc::new(Lattice::unit(1));
        let (lattice, side) = match cell.broken {
            Broken::Degenerate => (Arc::new(Lattice::doubled(2)), 48),
            _ => (one, 128),
        };
        let torus = Torus::new(lattice.clone(), side)?;
        let wave = |a: f64, phase: f64| Spectrum::cosines(lattice.clone(), &[(vec![1], a, phase)]);
        let equation = match cell.broken {
            Broken::Reaction => {
                Equation { flux: Flux::Linear, potential: Potential::Reaction { alpha: 1.0 } }
            }
            Broken::Quartic => Equation {
                flux: Flux::Quartic { gamma: cell.size },
                potential: Potential::Reaction { alpha: 0.0 },
            },
            Broken::Convexity => Equation {
                flux: Flux::Linear,
                potential: Potential::DoubleWell { kappa: cell.size * TAU * TAU },
            },
            Broken::Degenerate => Equation { flux: Flux::Power { p: cell.size }, potential: Potential::None },
        };
        let zeros = zero(&torus);
        let (forcing, exact) = match cell.broken {
            Broken::Reaction => {
                // The second wave breaks a symmetry under which the mean, which is what diverges, stays zero.
                let u = wave(cell.size, 0.0)?.combined(
                    1.0,
                    &Spectrum::cosines(lattice.clone(), &[(vec![2], 0.1 * cell.size, 0.0)])?,
                    1.0,
                );
                let f = Growing::Reaction { alpha: 1.0 }.derivative(&u, &Spectrum::zero(lattice.clone()));
                (torus.spread(&f)?, Some(torus.spread(&u)?))
            }
            Broken::Quartic => {
                // The derivative at the solution with f = 0 is the right f.
                let u = torus.spread(&wave(0.3, 0.0)?)?;
                let problem = Discrete::new(&torus, equation, &zeros);
                let mut f = Vec::new();
                problem.derivative(&u, &mut f, &mut crate::flow::Room::default());
                (f, Some(u))
            }
            Broken::Convexity => (zeros.clone(), None),
            Broken::Degenerate => {
                let sine = |axis: usize| {
                    Spectrum::cosines(
                        lattice.clone(),
                        &[((0..2).map(|j| i32::from(j == axis)).collect(), 1.0, -FRAC_PI_2)],
                    )
                };
                let f = torus.spread(&sine(0)?.times(&sine(1)?))?;
                let problem = Discrete::new(&torus, equation, &f);
                let options = Options { tolerance: 1e-12, steps: 200, ..Options::default() };
                // From the solution of the linear equation, where the flux does not vanish everywhere.
                let start: Vec<_> = f
                    .iter()
                    .zip(torus.squares())
                    .map(|(f, square)| if *square > 0.0 { f / *square } else { *f })
                    .collect();
                let exact = newton(&problem, start, &options, |_, _| ()).u;
                (f, Some(exact))
            }
        };
        let problem =
            Discrete { odd: cell.broken == Broken::Convexity, ..Discrete::new(&torus, equation, &forcing) };
        let start = match cell.broken {
            Broken::Convexity => torus.spread(&wave(cell.start, -FRAC_PI_2)?)?,
            Broken::Degenerate => {
                forcing.iter().zip(torus.squares()).map(|(f, square)| f / (1.0 + square)).collect()
            }
            _ => zero(&torus),
        };
        let options = Options { step: cell.fixed.then_some(1.0), tolerance: 1e-11, steps: cell.steps };
        let size = exact.as_ref().map_or(1.0, |exact| torus.h1(exact));
        let mut rows = Vec::new();
        let (mut step, mut next) = (0, 0.0_f64);
        let mut row = |u: &[num_complex::Complex64], step: usize, diverged: bool| {
            let distance =
                exact.as_ref().map_or_else(|| torus.h1(u), |exact| distance(&torus, u, exact)) / size;
            let value = torus.gathered(u, 0.0).value(&vec![0.25; torus.lattice().dimension()]);
            rows.push(Row { step, distance: distance.min(1e99), value: value.clamp(-1e99, 1e99), diverged });
        };
        let found = flow(&problem, start, &options, |u, _| {
            if step as f64 >= next {
                row(u, step, false);
                next = (1.15 * next).max(next + 1.0);
            }
            step += 1;
        });
        row(&found.u, found.steps, found.reason == StopReason::Diverged);
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Assumptions broken").columns(2);
        for (broken, fixed, title, symbol) in [
            (Broken::Reaction, true, "cubic term, step 1", "A"),
            (Broken::Reaction, false, "cubic term, local step", "A"),
            (Broken::Quartic, true, "quartic flux, step 1", "γ"),
            (Broken::Quartic, false, "quartic flux, local step", "γ"),
            (Broken::Degenerate, false, "degenerate flux, local step", "p"),
        ] {
            let mut chart = Chart::new()
                .title(title)
                .x_label("step + 1")
                .y_label("H¹ distance")
                .x_log()
                .y_log()
                .y_range(1e-11, 1e4);
            for (cell, rows) in table.cells().filter(|(cell, _)| cell.broken == broken && cell.fixed == fixed)
            {
                chart = chart.line(
                    format!("{symbol} = {}", cell.size),
                    rows.iter().map(|row| (row.step as f64 + 1.0, row.distance)),
                );
            }
            figure = figure.panel(chart);
        }
        let mut chart =
            Chart::new().title("double well, by its start").x_label("step + 1").y_label("u(1/4)").x_log();
        for (cell, rows) in table
            .cells()
            .filter(|(cell, _)| cell.broken == Broken::Convexity && cell.size == 1.5 && cell.start != 0.0)
        {
            chart = chart.line(
                format!("start {}", cell.start),
                rows.iter().map(|row| (row.step as f64 + 1.0, row.value)),
            );
        }
        report.figure(
            "distances",
            "A step of 1 diverges where second derivatives are large; one that follows the iterate converges, more slowly the larger they are. A lower bound that vanishes at points slows the flow down, and with two wells the start decides.",
            "Six panels of curves.",
            &figure.panel(chart),
        )
    }
}
