//! `marchenko-pastur`: the only model in which bulk, outliers and the threshold of separability are theorems.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::{falling, of_seeds};
use crate::problems::{bulk_edges, spike};

/// Softmax regression at zero weights on normal data.
pub struct MarchenkoPastur;

/// Classes.
const CLASSES: usize = 4;

/// A cell: draws at one size and separation.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// d.
    pub dimension: usize,
    /// N.
    pub points: usize,
    /// |μ|² of the cluster means ±μ; 0 for one cluster.
    pub square: f64,
    /// Draws.
    pub draws: u32,
}

/// A draw, over the law's value for N, d to infinity.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The draw.
    pub replicate: u32,
    /// The smallest eigenvalue other than zero over the lower edge.
    #[column(within = 1e-6)]
    pub lower: f64,
    /// The largest of the bulk (the second, where there is an outlier) over the upper edge.
    #[column(within = 1e-6)]
    pub upper: f64,
    /// The largest over the outlier's law, where it has one; else over the upper edge.
    #[column(within = 1e-6)]
    pub top: f64,
}

impl Experiment for MarchenkoPastur {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "marchenko-pastur";
    const TITLE: &'static str = "A model with known spectrum";
    const QUESTION: &'static str = "Softmax regression at zero weights has the covariance's eigenvalues over C. Do bulk edges and outliers come out as random matrix theory says?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimension, points, draws, squares): (_, _, _, &[f64]) = match profile {
            Profile::Smoke => (30, 120, 2, &[0.0, 4.0]),
            Profile::Quick => (400, 1_600, 10, &[0.0, 0.2, 0.4, 0.6, 0.8, 1.44, 4.0]),
            Profile::Full => {
                (1_000, 4_000, 20, &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.44, 2.0, 4.0])
            }
        };
        squares.iter().map(|&square| Parameters { dimension, points, square, draws }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let ratio = cell.dimension as f64 / cell.points as f64;
        let (low, high) = bulk_edges(ratio, CLASSES);
        let rows = of_seeds(random, cell.draws, |replicate, random| {
            let mut x = Array2::from_shape_simple_fn((cell.points, cell.dimension), || -> f64 {
                StandardNormal.sample(random)
            });
            for mut row in x.rows_mut() {
                row[0] += if random.random() { cell.square.sqrt() } else { -cell.square.sqrt() };
            }
            // H = ((I − 11ᵀ/C)/C) ⊗ XᵀX/N: the covariance's eigenvalues over C, C − 1 times, and d zeros; the tests hold the network's Hessian against it.
            let values = falling(&(x.t().dot(&x) / (cell.points * CLASSES) as f64))?;
            let law = spike(cell.square, ratio, CLASSES);
            Ok(vec![Row {
                replicate,
                lower: values[values.len() - 1] / low,
                upper: values[usize::from(law.is_some())] / high,
                top: values[0] / law.unwrap_or(high),
            }])
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("|μ|²")
            .y_label("measured over the law")
            .horizontal_reference("the law", 1.0);
        let mut all = Vec::new();
        for (name, of) in [
            ("lower edge", (|row: &Row| row.lower) as fn(&Row) -> f64),
            ("upper edge", |row| row.upper),
            ("largest eigenvalue", |row| row.top),
        ] {
            let means = table.means_by(
                table.rows().map(|(cell, row)| (cell.square, of(row))),
                &format!("{name}, over its law"),
            );
            chart = chart.means(name, &means);
            all.extend(means);
        }
        let root =
            table.cells().next().map_or(0.5, |(cell, _)| (cell.dimension as f64 / cell.points as f64).sqrt());
        report.figure(
            "laws",
            "Edges of the bulk and the largest eigenvalue over what holds as N and d grow together. Theory has the outlier appear at |μ|² = √(d/N), vertical line, where its law meets the edge, so that the place itself cannot be seen at this size; below it the largest eigenvalue is held against the upper edge.",
            "Three nearly level lines close to one.",
            &Figure::new("Bulk and outlier of softmax regression").subtitle("mean over draws, 95 % bootstrap interval").panel(chart.vertical_reference("threshold", root)),
        )?;
        report.means_table("laws", &all)
    }
}
