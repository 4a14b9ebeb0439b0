//! `positive-definite`: smallest eigenvalues on the sphere (the paper's Proposition 2).

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use numerics::symmetric::eigen;
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::{Architecture, Kind};

/// Smallest eigenvalues of kernel matrices.
pub struct PositiveDefinite;

/// A cell: random points of a sphere.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// d, coordinates of a point.
    pub dimension: usize,
    /// Affine layers, L.
    pub depth: usize,
    /// Number of points, N.
    pub points: usize,
    /// Draw of the points.
    pub replicate: u32,
}

/// Eigenvalues of the kernel matrix over N.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Smallest eigenvalue of the kernel matrix over N.
    #[column(within = 1e-3)]
    pub smallest: f64,
    /// Largest eigenvalue of the kernel matrix over N.
    pub largest: f64,
}

impl Experiment for PositiveDefinite {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "positive-definite";
    const TITLE: &'static str = "Positive definite on the sphere (Proposition 2)";
    const QUESTION: &'static str = "How small is the smallest eigenvalue of the limiting tangent kernel on random points of the unit sphere, with the paper's bias? The error of eigenvalues is of the order of \
         1e-16 of the largest.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[10, 20], 1),
            Profile::Quick => (&[20, 60, 180], 5),
            Profile::Full => (&[20, 60, 180, 540, 1_620], 10),
        };
        let mut grid = Vec::new();
        for dimension in [2, 3, 10] {
            for depth in [2, 4] {
                for &points in sizes {
                    for replicate in 0..replicates {
                        grid.push(Parameters { dimension, depth, points, replicate });
                    }
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut random = random.stream("points");
        let mut x = Array2::from_shape_simple_fn((cell.points, cell.dimension), || {
            random.sample::<f64, _>(StandardNormal)
        });
        for mut point in x.rows_mut() {
            let length = point.dot(&point).sqrt();
            point /= length;
        }
        let kernel = Architecture::of_the_paper(cell.depth).matrix(Kind::Ntk, x.view())?;
        let (values, _) = eigen(kernel.view()).ok_or("the eigenvalues did not converge")?;
        let points = cell.points as f64;
        Ok(Outcome::Done(vec![Row {
            smallest: values[0] / points,
            largest: values[cell.points - 1] / points,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("number of points, N")
            .y_label("smallest eigenvalue over the largest")
            .x_log()
            .y_log();
        for dimension in [2, 3, 10] {
            let rows = table.rows().filter(|(cell, _)| cell.dimension == dimension && cell.depth == 4);
            let points = rows.map(|(cell, row)| (cell.points as f64, row.smallest / row.largest));
            chart = chart.scatter(format!("d = {dimension}"), points.filter(|(_, ratio)| *ratio > 0.0));
        }
        report.figure(
            "smallest",
            "Smallest over largest eigenvalue of the limiting tangent kernel on random points, four layers, one mark a draw. All are positive; on the circle points soon come so close that \
             the smallest nears rounding.",
            "Marks on logarithmic axes: nearly level for ten dimensions, falling for three, falling steeply for two.",
            &Figure::new("Positive, and how far from zero").panel(chart),
        )
    }
}
