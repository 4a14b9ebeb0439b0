//! `convergence`: the error against the number of points (the paper's Figure 1).

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::problems::{INTEGRANDS, Integrand};
use crate::{sample, sample_cells};

/// The error of plain and stratified sampling.
pub struct Convergence;

/// A cell: a function, a number of points, a draw.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The function.
    pub integrand: Integrand,
    /// Points, N.
    pub points: usize,
    /// Draw of the points.
    pub replicate: u32,
}

/// What both methods missed.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// |estimate − I| of plain sampling.
    #[column(absolute = 1e-12)]
    pub error: f64,
    /// Standard error that plain sampling states.
    pub standard_error: f64,
    /// |estimate − I| of stratified sampling.
    #[column(absolute = 1e-12)]
    pub stratified: f64,
}

impl Experiment for Convergence {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "convergence";
    const TITLE: &'static str = "Error against the number of points (Figure 1)";
    const QUESTION: &'static str =
        "How fast does the error of plain sampling fall, and what does a grid of cells change?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[100, 400], 3),
            Profile::Quick => (&[100, 400, 1_600, 6_400, 25_600], 20),
            Profile::Full => (&[100, 400, 1_600, 6_400, 25_600, 102_400, 409_600], 100),
        };
        let mut grid = Vec::new();
        for (integrand, _) in INTEGRANDS {
            for &points in sizes {
                grid.extend((0..replicates).map(|replicate| Parameters { integrand, points, replicate }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let exact = cell.integrand.mean();
        let plain = sample(cell.integrand, cell.points, &mut random.stream("plain"))?;
        let stratified = sample_cells(cell.integrand, cell.points, &mut random.stream("stratified"))?;
        Ok(Outcome::Done(vec![Row {
            error: (plain.mean - exact).abs(),
            standard_error: plain.standard_error,
            stratified: (stratified - exact).abs(),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Error against the number of points")
            .subtitle("mean over draws, 95 % bootstrap interval")
            .columns(2);
        let mut all = Vec::new();
        for (integrand, name) in INTEGRANDS {
            let mut chart = Chart::new().title(name).x_label("points, N").y_label("error").x_log().y_log();
            let methods: [(&str, Quantity); 2] =
                [("plain", |row| row.error), ("stratified", |row| row.stratified)];
            for (method, error) in methods {
                let rows = table.rows().filter(|(cell, _)| cell.integrand == integrand);
                let points = rows.map(|(cell, row)| (cell.points as f64, error(row)));
                let means = table.means_by(points, &format!("error, {name}, {method}"));
                chart = chart.means(method, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "Errors of both methods fall as a power of the number of points; that of stratified sampling falls faster, most of all where the function is smooth.",
            "Two panels of two falling lines on logarithmic axes; the stratified one is steeper.",
            &figure,
        )?;
        report.means_table("draws", &all)
    }
}

/// Something of a row.
type Quantity = fn(&Row) -> f64;
