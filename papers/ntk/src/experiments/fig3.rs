//! `fig3`: training along a principal component of digits (the paper's Figure 3).

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::{Architecture, Loss, Regression, descend};

/// Decay along the second component, and what leaks out of it.
pub struct Figure3;

/// Where digits come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Random strokes.
    Strokes,
    /// MNIST's test images.
    Mnist,
}

/// A cell: a network, or (width 0) the limit alone.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where the images come from.
    pub source: Source,
    /// Number of images, N.
    pub images: usize,
    /// Affine layers, L.
    pub depth: usize,
    /// Units of each hidden layer; 0: eigenvalues of the limit only.
    pub width: usize,
    /// Draw of the network.
    pub replicate: u32,
}

/// A moment of training.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Steps times rate.
    pub time: f64,
    /// ‖g_t‖: the error along the second component.
    #[column(within = 1e-3)]
    pub along: Option<f64>,
    /// ‖h_t‖: the error across it.
    #[column(within = 1e-3)]
    pub across: Option<f64>,
    /// First eigenvalue of the limiting kernel over N.
    pub first: f64,
    /// Second.
    pub second: f64,
    /// Third.
    pub third: f64,
}

/// The paper does not state its depth; see the table of eigenvalues.
const DEPTH: usize = 5;
const RATE: f64 = 10.0;
const MOMENTS: usize = 40;
const STEPS_BETWEEN: usize = 10;

impl Experiment for Figure3 {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "fig3";
    const TITLE: &'static str = "Training along a principal component (Figure 3)";
    const QUESTION: &'static str = "The target is the network's own output plus half of the kernel's second principal component f². Does the error along f² fall as 0.5 exp(−λ₂t), and how \
         much error appears across it? Smaller profiles run on random strokes, the full one on MNIST. Eigenvalues for depths 3 to 6, as the paper does not state its own.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (source, images, widths): (Source, usize, &[usize]) = match profile {
            Profile::Smoke => (Source::Strokes, 20, &[20]),
            Profile::Quick => (Source::Strokes, 128, &[100, 400]),
            Profile::Full => (Source::Mnist, 512, &[100, 1_000]),
        };
        let mut grid = Vec::new();
        for depth in 3..=6 {
            grid.push(Parameters { source, images, depth, width: 0, replicate: 0 });
        }
        for &width in widths {
            for replicate in 0..2 {
                grid.push(Parameters { source, images, depth: DEPTH, width, replicate });
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let x = match cell.source {
            Source::Strokes => {
                let mut random = random.shared_stream("strokes", &Images { images: cell.images })?;
                digits::strokes(cell.images, 0.06, &mut random)
            }
            Source::Mnist => match lab::data_file("mnist/t10k-images-idx3-ubyte.gz") {
                Some(path) => digits::read(&path, cell.images)?,
                None => return Ok(Outcome::Skipped("MNIST is not here: make data".into())),
            },
        };
        let architecture = Architecture::of_the_paper(cell.depth);
        let limit = Regression::new(architecture, x.view(), Array1::zeros(x.nrows()).view())?;
        let rates = limit.rates();
        let row = |time: f64, error: Option<(f64, f64)>| Row {
            time,
            along: error.map(|(along, _)| along),
            across: error.map(|(_, across)| across),
            first: rates[0],
            second: rates[1],
            third: rates[2],
        };
        if cell.width == 0 {
            return Ok(Outcome::Done(vec![row(0.0, None)]));
        }
        // f², of norm 1 with respect to the mean over the images.
        let images = x.nrows() as f64;
        let component = limit.components().column(1).mapv(|entry| entry * images.sqrt());
        let mut network = architecture.draw_scalar(x.ncols(), cell.width, &mut random.stream("network"))?;
        let target = network.forward(x.view())?.column(0).to_owned() + &component * 0.5;
        let target: Array2<f64> = target.insert_axis(Axis(1));
        let mut rows = Vec::new();
        let mut fault = None;
        let steps = MOMENTS * STEPS_BETWEEN;
        descend(&mut network, x.view(), target.view(), Loss::Squared, RATE, steps, |step, network| {
            if step % STEPS_BETWEEN == 0 {
                match network.forward(x.view()) {
                    Ok(output) => {
                        let error = (output - &target).column(0).to_owned();
                        let along = error.dot(&component) / images;
                        let across = (error.dot(&error) / images - along * along).max(0.0).sqrt();
                        rows.push(row(step as f64 * RATE, Some((along.abs(), across))));
                    }
                    Err(other) => fault = Some(other),
                }
            }
        })?;
        match fault {
            Some(fault) => Err(fault.into()),
            None => Ok(Outcome::Done(rows)),
        }
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let chart = |label: &str| Chart::new().x_label("time of training, steps × rate").y_label(label);
        let (mut along, mut across) = (chart("error along f², ‖g‖"), chart("error across f², ‖h‖"));
        let mut widths: Vec<usize> =
            table.cells().map(|(cell, _)| cell.width).filter(|width| *width > 0).collect();
        widths.dedup();
        let networks = || table.cells().filter(|(cell, _)| cell.width > 0);
        if let Some((_, rows)) = networks().next() {
            let limit = rows.iter().map(|row| (row.time, 0.5 * (-row.second * row.time).exp()));
            along = along.line("limit, 0.5 exp(−λ₂ t)", limit).styled_as(5);
        }
        for (slot, width) in widths.iter().enumerate() {
            for (cell, rows) in networks().filter(|(cell, _)| cell.width == *width) {
                let name = format!("n = {width}, network {}", cell.replicate + 1);
                let points = |value: fn(&Row) -> Option<f64>| {
                    rows.iter().filter_map(move |row| Some((row.time, value(row)?))).collect::<Vec<_>>()
                };
                along = along.line(name.clone(), points(|row| row.along)).styled_as(slot);
                across = across.line(name, points(|row| row.across)).styled_as(slot);
            }
        }
        let mut summary = Vec::new();
        for (cell, rows) in table.cells().filter(|(cell, _)| cell.width == 0) {
            summary.extend(rows.iter().map(|row| Eigenvalues {
                source: cell.source,
                depth: cell.depth,
                first: row.first,
                second: row.second,
                third: row.third,
            }));
        }
        if summary.is_empty() || widths.is_empty() {
            return Ok(());
        }
        report.figure(
            "decay",
            "Error along the second component and across it, two networks a width, with the limit. Narrow networks are faster than the limit, because their kernel grows in \
             training; what appears across the component is smaller for wider ones.",
            "Left: curves that fall from 0.5, the widest ones on the limit's. Right: curves that rise from 0 and stay small, smallest for the widest networks.",
            &Figure::new("Decay along a component").columns(2).panel(along).panel(across),
        )?;
        report.records(
            "eigenvalues",
            "Largest eigenvalues of the limiting kernel over N, by depth.",
            &summary,
        )
    }
}

/// What names the images.
#[derive(Serialize, Columns)]
struct Images {
    /// Number of images, N.
    images: usize,
}

#[derive(Serialize, Columns)]
struct Eigenvalues {
    /// Where the images come from.
    source: Source,
    /// Affine layers, L.
    depth: usize,
    /// First eigenvalue of the limiting kernel over N.
    first: f64,
    /// Second.
    second: f64,
    /// Third.
    third: f64,
}
