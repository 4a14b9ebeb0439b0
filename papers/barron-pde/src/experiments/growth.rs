//! `growth`: Barron norms of exact iterates against the recursion that bounds them.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{forcing_of, spread_out};
use crate::growth::{Growing, small_data};
use crate::spectrum::Spectrum;

/// Growth.
pub struct Growth;

/// What is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// −Δu + u + u³ = f with (I − Δ)⁻¹f = cos.
    Reaction,
    /// The same with B_1((I − Δ)⁻¹f) = 0.384, just inside of small data.
    SmallData,
    /// −div(a∇u) + u = f with a = 1 + 0.4 cos, p = 1.
    Linear,
}

/// All of them with their names.
pub const CASES: [(Case, &str); 3] =
    [(Case::Reaction, "reaction"), (Case::SmallData, "small data"), (Case::Linear, "linear")];

/// A cell: a case in a dimension.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The case.
    pub case: Case,
    /// d.
    pub dimension: usize,
    /// Frequencies of the data.
    pub frequencies: usize,
    /// Steps.
    pub steps: usize,
}

/// An iterate.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Steps done.
    pub step: usize,
    /// Terms, after those with coefficients below 1e-14 are dropped.
    #[column(within = 0.05)]
    pub terms: usize,
    /// B_0.
    #[column(within = 1e-9)]
    pub wiener: f64,
    /// B_1.
    #[column(within = 1e-9)]
    pub barron: f64,
    /// The decimal logarithm of the bound of B_1.
    #[column(within = 1e-9)]
    pub bound: f64,
    /// The radius of small data for B_1; infinite where there is none.
    #[column(within = 1e-9)]
    pub radius: f64,
    /// H¹ norms of what was pruned, summed.
    #[column(absolute = 1e-9)]
    pub pruned: f64,
}

impl Experiment for Growth {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "growth";
    const TITLE: &'static str = "Growth of Barron norms";
    const QUESTION: &'static str =
        "How do Barron norms grow along the flow, and how far above is the recursion of the proof?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, steps, two): (&[usize], _, _) = match profile {
            Profile::Smoke => (&[2], 3, false),
            Profile::Quick => (&[1, 10, 100], 5, true),
            Profile::Full => (&[1, 10, 100, 1_000, 10_000], 7, true),
        };
        let mut cells = Vec::new();
        for (case, _) in CASES {
            for dimension in dimensions {
                cells.push(Parameters {
                    case,
                    dimension: *dimension,
                    frequencies: 1,
                    steps: steps + usize::from(case == Case::Linear) * 3,
                });
                if two && *dimension > 1 {
                    // Products of thousands of terms: fewer steps.
                    cells.push(Parameters {
                        case,
                        dimension: *dimension,
                        frequencies: 2,
                        steps: steps.min(4),
                    });
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let lattice = spread_out(cell.dimension, cell.frequencies)?;
        let axis = |k: usize| (0..cell.frequencies).map(|j| i32::from(j == k)).collect::<Vec<i32>>();
        let share = 1.0 / cell.frequencies as f64;
        let waves: Vec<_> = (0..cell.frequencies).map(|k| (axis(k), share, 0.3 * k as f64)).collect();
        let mut g = Spectrum::cosines(lattice.clone(), &waves)?;
        if cell.case == Case::SmallData {
            g = g.filtered(|_| 0.384 / g.barron(1.0));
        }
        let f = forcing_of(&g);
        let (growing, eta) = match cell.case {
            Case::Reaction | Case::SmallData => (Growing::Reaction { alpha: 1.0 }, 1.0),
            Case::Linear => {
                let origin = vec![0; cell.frequencies];
                let a = Spectrum::cosines(lattice.clone(), &[(origin, 1.0, 0.0), (axis(0), 0.4, 0.0)])?;
                (Growing::Linear { a }, 1.0)
            }
        };
        let forcing = g.barron(1.0);
        let radius = if cell.case == Case::Linear { None } else { small_data(forcing, 1.0) };
        let mut u = Spectrum::zero(lattice);
        let (mut bound, mut pruned) = (f64::NEG_INFINITY, 0.0);
        let mut rows = Vec::new();
        for step in 1..=cell.steps {
            let (next, dropped) = growing.step(&u, &f, eta, 1e-14);
            u = next;
            pruned += dropped;
            bound = growing.bound(bound, forcing, eta, 1.0);
            rows.push(Row {
                step,
                terms: u.len(),
                wiener: u.barron(0.0),
                barron: u.barron(1.0),
                bound,
                radius: radius.unwrap_or(f64::INFINITY),
                pruned,
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Norms along the flow").columns(2);
        for (case, title) in [(Case::Reaction, "reaction, u³"), (Case::Linear, "linear, p = 1")] {
            let mut chart = Chart::new().title(title).x_label("step").y_label("log₁₀ of B₁");
            for (cell, rows) in table.cells().filter(|(cell, _)| cell.case == case && cell.frequencies == 1) {
                let name = format!("d = {}", cell.dimension);
                chart = chart.line_with_markers(
                    name.clone(),
                    rows.iter().map(|row| (row.step as f64, row.barron.log10())),
                );
                chart =
                    chart.line(format!("bound, {name}"), rows.iter().map(|row| (row.step as f64, row.bound)));
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "norms",
            "What happens lies flat; the bound of the cubic equation leaves every scale, that of the linear one grows geometrically.",
            "Flat lines and rising bounds in two panels.",
            &figure,
        )
    }
}
