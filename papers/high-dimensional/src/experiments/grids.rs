//! `grids`: what the grid costs in accuracy.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::information::bandwidth::Bandwidth;
use crate::information::density::{Binned, Kernel, Scratch, Settings, continuous, direct};
use crate::information::exact::Family;

/// Grids.
pub struct Grids;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Nodes along each axis.
    pub grid: u64,
    /// Rows.
    pub rows: u64,
    /// Samples.
    pub samples: u32,
}

/// A sample.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub sample: u32,
    /// I by two bands on the grid.
    #[column(absolute = 1e-9)]
    pub binned: f64,
    /// I by Gaussians summed at every node of a fine grid, without binning.
    #[column(absolute = 1e-9)]
    pub direct: f64,
    /// Mass beyond the grid.
    #[column(absolute = 1e-9)]
    pub lost: f64,
}

impl Experiment for Grids {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "grids";
    const TITLE: &'static str = "Binning against direct summation";
    const QUESTION: &'static str =
        "How fine must a grid be, and does the error fall fourfold when it is halved?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (grids, samples): (&[u64], u32) = match profile {
            Profile::Smoke => (&[48, 96], 1),
            Profile::Quick => (&[48, 75, 150, 300, 600], 3),
            Profile::Full => (&[48, 75, 150, 300, 600, 1_200], 10),
        };
        grids.iter().map(|grid| Parameters { grid: *grid, rows: 200, samples }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let settings = Settings {
            kernel: Kernel::Gaussian,
            bandwidth: Bandwidth::Silverman,
            grid: usize::try_from(cell.grid)?,
        };
        let mut rows = Vec::new();
        for sample in 0..cell.samples {
            let mut stream = random.shared_stream("sample", &lab::key([("sample", f64::from(sample))]))?;
            let (x, outcome) = Family::Gaussian(0.6).sample(usize::try_from(cell.rows)?, &mut stream);
            let crate::information::Outcome::Continuous(y) = outcome else {
                return Err("no continuous outcome".into());
            };
            let (Some(a), Some(b)) = (Binned::new(&x, 2, &settings)?, Binned::new(&y, 2, &settings)?) else {
                return Err("a constant column".into());
            };
            let found = continuous(&a, &b, None, Kernel::Gaussian, &mut Scratch::default())?;
            let width = |values: &[f64]| Bandwidth::Silverman.choose(values, 2).width;
            let direct = direct(&x, &y, (width(&x), width(&y)), 500);
            rows.push(Row { sample, binned: found.information, direct, lost: found.lost });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let errors =
            table.rows().map(|(cell, row)| (cell.grid as f64, (row.binned / row.direct - 1.0).abs()));
        let chart = Chart::new()
            .x_label("nodes along an axis")
            .y_label("relative error")
            .x_log()
            .y_log()
            .means("binned Gaussian kernel", &table.means_by(errors, "error"));
        report.figure(
            "errors",
            "Relative difference of the binned estimate from direct summation on a fine grid; what is left is the kernel's cut at four deviations.",
            "A falling line on logarithmic axes.",
            &Figure::new("Error of the grid").panel(chart),
        )
    }
}
