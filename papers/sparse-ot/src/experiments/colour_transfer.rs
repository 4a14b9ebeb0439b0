//! `colour-transfer`: one image in the colours of another.

use lab::{Columns, Experiment, Failure, Figure, Image, Outcome, Profile, Random, Report, Table};
use ndarray::{Array2, Array3};
use numerics::random::stream;
use serde::{Deserialize, Serialize};

use crate::colour::{Palette, evening, hills, palette_problem, transferred};
use crate::{Problem, Regulariser, RelaxationOptions, SparsePlan, solve_exact, solve_relaxation};

/// An image in the colours of another, through palettes matched by transport.
pub struct ColourTransfer;

/// How palettes are matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Exact transport.
    Exact,
    /// The top-k plan, k = 1.
    One,
    /// The top-k plan, k = 2.
    Two,
    /// The relaxed plan, k = 2: both marginals, a few nonzeros more.
    TwoRelaxed,
    /// Quadratic regularisation.
    Quadratic,
}

/// A cell: a palette size and a method.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Colours of each palette, at most.
    colours: usize,
    /// How the palettes are matched.
    method: Method,
}

/// What becomes of one colour of the source's palette.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Colour of the source's palette.
    colour: usize,
    /// Red it becomes, in [0, 1].
    #[column(within = 0.02)]
    red: f64,
    /// Green it becomes, in [0, 1].
    #[column(within = 0.02)]
    green: f64,
    /// Blue it becomes, in [0, 1].
    #[column(within = 0.02)]
    blue: f64,
    /// Sum of its row of the plan.
    #[column(within = 0.1)]
    mass_sent: f64,
    /// Nonzeros of its row of the plan.
    #[column(within = 0.5)]
    targets: usize,
    /// Its part of ⟨C, T⟩.
    #[column(within = 0.1)]
    cost: f64,
}

/// Strength of the regulariser, as in the authors' notebook, for squared distances in [0, 1]³.
const GAMMA: f64 = 1.0;
const METHODS: [(Method, &str); 5] = [
    (Method::Exact, "exact"),
    (Method::One, "k = 1, top-k"),
    (Method::Two, "k = 2, top-k"),
    (Method::TwoRelaxed, "k = 2, relaxed"),
    (Method::Quadratic, "quadratic"),
];
/// Height and width of the generated images.
const SIZE: (usize, usize) = (90, 130);

impl Experiment for ColourTransfer {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "colour-transfer";
    const TITLE: &'static str = "Colour transfer";
    const QUESTION: &'static str = "What does an image look like in the colours of another, when their palettes are matched exactly, with k nonzeros per \
         column, or quadratically (γ = 1)? Both images are generated; `sparse-ot colours` takes your own.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        // The linear program of exact transport grows with the square of the palette.
        let colours = match profile {
            Profile::Smoke => 16,
            Profile::Quick => 64,
            Profile::Full => 256,
        };
        METHODS.iter().map(|(method, _)| Parameters { colours, method: *method }).collect()
    }

    fn measure(&self, parameters: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let (source, target) = palettes(parameters.colours);
        let problem = palette_problem(&source, &target)?;
        let relaxed =
            |k| solve_relaxation(&problem, Regulariser::new(k, GAMMA), &RelaxationOptions::default());
        let plan = match parameters.method {
            Method::Exact => solve_exact(&problem).plan,
            Method::One => relaxed(1)?.top_k_plan,
            Method::Two => relaxed(2)?.top_k_plan,
            Method::TwoRelaxed => relaxed(2)?.relaxed_plan,
            Method::Quadratic => relaxed(problem.rows())?.relaxed_plan,
        };
        Ok(Outcome::Done(rows(&problem, &plan, &transferred(&plan, &source.colours, &target.colours))))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let Some((Parameters { colours, .. }, _)) = table.cells().next() else { return Ok(()) };
        let (source, target) = palettes(*colours);
        let mut figure = Figure::new("One image in the colours of another")
            .columns(3)
            .panel(Image::new(source.paint(&source.colours).view()).title("source"))
            .panel(Image::new(target.paint(&target.colours).view()).title("target"));
        let mut summary = Vec::new();
        for (parameters, rows) in table.cells() {
            let new = Array2::from_shape_fn((rows.len(), 3), |(index, channel)| {
                [rows[index].red, rows[index].green, rows[index].blue][channel]
            });
            let name =
                METHODS.iter().find(|(method, _)| *method == parameters.method).map_or("", |(_, name)| name);
            figure = figure.panel(Image::new(source.paint(&new).view()).title(name));
            let entries = source.masses.len() * target.masses.len();
            summary.push(Summary {
                colours: parameters.colours,
                method: parameters.method,
                density: rows.iter().map(|row| row.targets).sum::<usize>() as f64 / entries as f64,
                row_error: rows
                    .iter()
                    .zip(&source.masses)
                    .map(|(row, mass)| (row.mass_sent - mass).abs())
                    .sum(),
                transport_cost: rows.iter().map(|row| row.cost).sum(),
            });
        }
        report.figure(
            "images",
            "A generated evening in the colours of generated hills. In the top-k plans some source colours are chosen by no target \
             colour and stay as they were: that is the row error of the table. The relaxed plan sends every colour somewhere.",
            "Seven small images: a source with a setting sun over water, a target with green hills, and the source in the \
             target's colours by five methods.",
            &figure,
        )?;
        report.records("density", "Density, row error and cost of the plans between the palettes.", &summary)
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// Colours of each palette, at most.
    colours: usize,
    /// How the palettes are matched.
    method: Method,
    /// Nonzeros of the plan over all its entries.
    #[column(within = 0.05)]
    density: f64,
    /// Sum over rows of |row sum − a|, of a mass of 1.
    #[column(within = 0.1, absolute = 1e-9)]
    row_error: f64,
    /// ⟨C, T⟩, squared RGB distance.
    #[column(within = 1e-3)]
    transport_cost: f64,
}

/// The palettes of the two generated images: the same in every run, whatever the seed.
fn palettes(colours: usize) -> (Palette, Palette) {
    let (height, width) = SIZE;
    let palette = |image: Array3<f64>, name: &str| {
        Palette::of(image.view(), colours, &mut stream(0, &["sparse-ot", "palette", name]))
    };
    (palette(evening(height, width), "evening"), palette(hills(height, width), "hills"))
}

fn rows(problem: &Problem, plan: &SparsePlan, colours: &Array2<f64>) -> Vec<Row> {
    let mut rows: Vec<Row> = colours
        .rows()
        .into_iter()
        .enumerate()
        .map(|(colour, new)| Row {
            colour,
            red: new[0],
            green: new[1],
            blue: new[2],
            mass_sent: 0.0,
            targets: 0,
            cost: 0.0,
        })
        .collect();
    for column in 0..plan.columns() {
        for (row, mass) in plan.column(column) {
            rows[row].mass_sent += mass;
            rows[row].targets += 1;
            rows[row].cost += mass * problem.cost().entry(row, column);
        }
    }
    rows
}
