//! `dimension`: norms of solutions over the dimension, with a proof of each.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{forcing_of, spread_out, zero};
use crate::equation::{Equation, Flux, Potential};
use crate::flow::{Discrete, Options, flow, newton};
use crate::kantorovich::radius;
use crate::spectrum::Spectrum;
use crate::torus::Torus;

/// Dimension.
pub struct Dimension;

/// A cell: −Δu + u + αu³ = f with (I − Δ)⁻¹f made of waves of length √d.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// d.
    pub dimension: usize,
    /// Frequencies of the data.
    pub frequencies: usize,
    /// α.
    pub alpha: f64,
    /// Points along an axis of the lattice.
    pub side: usize,
}

/// The solution.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// B_0.
    #[column(within = 1e-8)]
    pub wiener: f64,
    /// B_1.
    #[column(within = 1e-8)]
    pub barron: f64,
    /// B_1 over that of (I − Δ)⁻¹f.
    #[column(within = 1e-8)]
    pub relative: f64,
    /// Steps of the flow to a certificate of 1e-8.
    #[column(absolute = 1.0)]
    pub steps: usize,
    /// The proved radius around B_1 over B_1; NaN for two frequencies, where no proof is tried.
    #[column(absolute = 1e-8)]
    pub radius: f64,
}

impl Experiment for Dimension {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "dimension";
    const TITLE: &'static str = "Norms of solutions over the dimension";
    const QUESTION: &'static str = "How does the Barron norm of a solution grow with the dimension while the data's norms grow as √d, and can the norm of the exact solution be enclosed?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, side): (&[usize], _) = match profile {
            Profile::Smoke => (&[2, 4], 32),
            Profile::Quick => (&[2, 4, 10, 20, 50, 100, 300, 1_000], 64),
            Profile::Full => (
                &[2, 3, 4, 6, 8, 10, 14, 20, 30, 50, 70, 100, 140, 200, 300, 500, 700, 1_000, 3_000, 10_000],
                128,
            ),
        };
        let mut cells = Vec::new();
        for dimension in dimensions {
            for frequencies in [1, 2] {
                cells.extend([1.0, 100.0].map(|alpha| Parameters {
                    dimension: *dimension,
                    frequencies,
                    alpha,
                    side,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let lattice = spread_out(cell.dimension, cell.frequencies)?;
        let axis = |k: usize| (0..cell.frequencies).map(|j| i32::from(j == k)).collect::<Vec<i32>>();
        let share = 1.0 / cell.frequencies as f64;
        let waves: Vec<_> = (0..cell.frequencies).map(|k| (axis(k), share, 0.4 * k as f64)).collect();
        let g = Spectrum::cosines(lattice.clone(), &waves)?;
        let f = forcing_of(&g);
        let torus = Torus::new(lattice, cell.side)?;
        let forcing = torus.spread(&f)?;
        let equation = Equation { flux: Flux::Linear, potential: Potential::Reaction { alpha: cell.alpha } };
        let problem = Discrete::new(&torus, equation, &forcing);
        let solved = newton(
            &problem,
            zero(&torus),
            &Options { tolerance: 1e-13, steps: 60, ..Options::default() },
            |_, _| (),
        );
        let steps =
            flow(&problem, zero(&torus), &Options { tolerance: 1e-8, ..Options::default() }, |_, _| ()).steps;
        let barron = torus.barron(&solved.u, 1.0);
        let u = torus.gathered(&solved.u, 1e-15);
        let proof = radius(&u, &f, cell.alpha, 1.0, cell.side);
        let radius = match (cell.frequencies, proof) {
            (1, Some(proof)) => proof.radius / proof.norm,
            (1, None) => f64::INFINITY,
            _ => f64::NAN,
        };
        Ok(Outcome::Done(vec![Row {
            wiener: torus.barron(&solved.u, 0.0),
            barron,
            relative: barron / g.barron(1.0),
            steps,
            radius,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Solutions over the dimension").columns(2);
        for (title, of) in [("B₁", (|row: &Row| row.barron) as fn(&Row) -> f64), ("B₀", |row| row.wiener)]
        {
            let mut chart = Chart::new().title(title).x_label("d").y_label(title).x_log().y_log();
            for (frequencies, alpha, name) in [
                (1, 1.0, "one wave, α = 1"),
                (2, 1.0, "two waves, α = 1"),
                (1, 100.0, "one wave, α = 100"),
                (2, 100.0, "two waves, α = 100"),
            ] {
                let rows =
                    table.rows().filter(|(cell, _)| cell.frequencies == frequencies && cell.alpha == alpha);
                chart =
                    chart.line_with_markers(name, rows.map(|(cell, row)| (cell.dimension as f64, of(row))));
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "norms",
            "The data's waves have length √d, and B₁ of the solution follows that; B₀ does not grow.",
            "Two panels of four lines.",
            &figure,
        )
    }
}
