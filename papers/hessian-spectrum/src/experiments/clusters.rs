//! `clusters`: all eigenvalues at random starts and where training ends, for numbers of clusters and classes in two geometries.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use networks::Activation;
use serde::{Deserialize, Serialize};

use super::{falling, median, of_seeds};
use crate::outliers::outliers;
use crate::problems::{Blobs, Geometry, classified, descend, small_network};

/// Spectra on blobs.
pub struct Clusters;

/// A cell: networks on blobs.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where the centres lie.
    pub geometry: Geometry,
    /// k.
    pub clusters: usize,
    /// C.
    pub classes: usize,
    /// Points of a cluster.
    pub of_cluster: usize,
    /// Standard deviation about a centre.
    pub deviation: f64,
    /// Units of each of the two hidden layers.
    pub hidden: usize,
    /// Steps of descent over all rows, rate 0.1.
    pub steps: usize,
    /// Data sets, each with a network.
    pub seeds: u32,
}

/// A network at the end of training, and what its start was like.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The data set.
    pub replicate: u32,
    /// M.
    pub size: usize,
    /// Loss at the end.
    #[column(within = 1e-6)]
    pub mean_loss: f64,
    /// |g| at the end.
    #[column(within = 1e-5)]
    pub slope: f64,
    /// R1 at the start: the place of the largest ratio of neighbours.
    pub start_gap: usize,
    /// That ratio.
    #[column(within = 1e-5)]
    pub start_ratio: f64,
    /// R1 at the end.
    pub gap: usize,
    /// That ratio.
    #[column(within = 1e-4)]
    pub ratio: f64,
    /// R2 at the end: eigenvalues above the modulus of the smallest.
    pub above_negative: usize,
    /// λ_1 at the end.
    #[column(within = 1e-5)]
    pub largest: f64,
    /// Median of |λ| over λ_1.
    #[column(within = 1e-3, absolute = 1e-12)]
    pub middle: f64,
    /// Share of eigenvalues with |λ| < λ_1/1000.
    #[column(absolute = 5e-3)]
    pub near_zero: f64,
    /// |λ_min|/λ_1.
    #[column(within = 1e-3)]
    pub negative: f64,
    /// |H − G|/|G|, spectral norms.
    #[column(within = 1e-3)]
    pub rest: f64,
    /// Eigenvalues of G above 10⁻¹² of the first.
    pub rank: usize,
    /// N(C − 1), or M if that is less.
    pub rank_bound: usize,
    /// Largest relative difference of the first k eigenvalues of K, the second moment of output gradients, from those of H.
    #[column(within = 1e-3)]
    pub output_gradients: f64,
}

impl Experiment for Clusters {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "clusters";
    const TITLE: &'static str = "Outliers and clusters";
    const QUESTION: &'static str = "After training, is there a bulk about zero with outliers away from it, as many as the data have clusters, or as classes? Are there none at a random start?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        use Geometry::{Axes, Box};
        let (hidden, of_cluster, steps, seeds) = match profile {
            Profile::Smoke => (6, 10, 100, 1),
            Profile::Quick => (20, 25, 3_000, 4),
            Profile::Full => (20, 50, 5_000, 12),
        };
        let kinds: &[(Geometry, usize, usize)] = match profile {
            Profile::Smoke => &[(Box, 2, 2), (Axes, 3, 2)],
            Profile::Quick => &[
                (Box, 2, 2),
                (Box, 3, 3),
                (Box, 4, 4),
                (Box, 5, 5),
                (Box, 6, 6),
                (Box, 8, 8),
                (Box, 4, 2),
                (Box, 6, 2),
                (Axes, 2, 2),
                (Axes, 4, 4),
                (Axes, 6, 6),
                (Axes, 4, 2),
            ],
            Profile::Full => &[
                (Box, 2, 2),
                (Box, 3, 3),
                (Box, 4, 4),
                (Box, 5, 5),
                (Box, 6, 6),
                (Box, 7, 7),
                (Box, 8, 8),
                (Box, 4, 2),
                (Box, 6, 2),
                (Box, 6, 3),
                (Box, 8, 2),
                (Axes, 2, 2),
                (Axes, 3, 3),
                (Axes, 4, 4),
                (Axes, 5, 5),
                (Axes, 6, 6),
                (Axes, 8, 8),
                (Axes, 4, 2),
                (Axes, 6, 2),
            ],
        };
        let mut grid: Vec<Parameters> = kinds
            .iter()
            .map(|&(geometry, clusters, classes)| Parameters {
                geometry,
                clusters,
                classes,
                of_cluster,
                deviation: 1.0,
                hidden,
                steps,
                seeds,
            })
            .collect();
        if profile == Profile::Full {
            // The map beyond the paper: separation against the number of clusters.
            for clusters in [2, 4, 6, 8] {
                for deviation in [0.5, 2.0, 4.0] {
                    grid.push(Parameters {
                        geometry: Box,
                        clusters,
                        classes: clusters,
                        of_cluster,
                        deviation,
                        hidden,
                        steps,
                        seeds: 5,
                    });
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let rows = of_seeds(random, cell.seeds, |replicate, random| {
            let blobs = Blobs {
                geometry: cell.geometry,
                clusters: cell.clusters,
                classes: cell.classes,
                dimension: 10,
                points: cell.clusters * cell.of_cluster,
                deviation: cell.deviation,
            };
            let (x, classes) = blobs.draw(random);
            let widths = [10, cell.hidden, cell.hidden, cell.classes];
            let start = classified(small_network(&widths, Activation::Relu, random)?, x, &classes)?;
            let at_start = outliers(&falling(&start.hessian())?);
            let (end, _, slope) = descend(&start, 0.1, cell.steps, 1e-4)?;
            let (hessian, gauss_newton) = (end.hessian(), end.gauss_newton_matrix());
            let values = falling(&hessian)?;
            let found = outliers(&values);
            let of_rest = falling(&(&hessian - &gauss_newton))?;
            let gram = falling(&end.output_gram())?;
            let largest = values[0];
            let share = |limit: f64| {
                values.iter().filter(|value| value.abs() < limit).count() as f64 / values.len() as f64
            };
            let off = |(h, k): (&f64, &f64)| (k / h - 1.0).abs();
            Ok(vec![Row {
                replicate,
                size: values.len(),
                mean_loss: end.loss_and_gradient().0,
                slope,
                start_gap: at_start.gap,
                start_ratio: at_start.ratio,
                gap: found.gap,
                ratio: found.ratio,
                above_negative: found.above_negative,
                largest,
                middle: median(values.iter().map(|value| value.abs()).collect()) / largest,
                near_zero: share(1e-3 * largest),
                negative: values[values.len() - 1].abs() / largest,
                rest: of_rest[0].abs().max(of_rest[of_rest.len() - 1].abs()) / gram[0],
                rank: gram.iter().filter(|value| **value > 1e-12 * gram[0]).count(),
                rank_bound: (blobs.points * (cell.classes - 1)).min(values.len()),
                output_gradients: values.iter().zip(&gram).take(cell.clusters).map(off).fold(0.0, f64::max),
            }])
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Outliers against clusters")
            .subtitle("R1 at the end of training, a dot for each network")
            .columns(2);
        let mut all = Vec::new();
        for (geometry, title) in [(Geometry::Box, "centres in a box"), (Geometry::Axes, "centres on axes")] {
            let mut chart =
                Chart::new().title(title).x_label("clusters").y_label("outliers by R1").diagonal("as many");
            for (same, name) in [(true, "a class for each cluster"), (false, "fewer classes")] {
                let rows = table.rows().filter(|(cell, _)| {
                    cell.geometry == geometry
                        && cell.deviation == 1.0
                        && (cell.classes == cell.clusters) == same
                });
                // Side by side, so that dots in one place are seen.
                let shift =
                    |replicate: u32, seeds: u32| (f64::from(replicate) + 0.5) / f64::from(seeds) * 0.3 - 0.15;
                let dots: Vec<(f64, f64)> = rows
                    .map(|(cell, row)| {
                        (cell.clusters as f64 + shift(row.replicate, cell.seeds), row.gap as f64)
                    })
                    .collect();
                if !dots.is_empty() {
                    chart = chart.scatter(name, dots);
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "counts",
            "The place of the largest ratio of neighbouring eigenvalues. On the line it is the number of clusters; at 1 the first eigenvalue stands alone.",
            "Two panels of dots, many on the diagonal left, fewer right.",
            &figure,
        )?;
        let mut chart = Chart::new()
            .x_label("clusters")
            .y_label("ratio of neighbours at the gap")
            .y_log()
            .horizontal_reference("no gap below", 1.5);
        for (name, of) in [
            ("end of training", (|row: &Row| row.ratio) as fn(&Row) -> f64),
            ("random start", |row| row.start_ratio),
        ] {
            let rows = table.rows().filter(|(cell, _)| {
                cell.geometry == Geometry::Box && cell.classes == cell.clusters && cell.deviation == 1.0
            });
            let means = table.means_by(
                rows.map(|(cell, row)| (cell.clusters as f64, of(row).log10())),
                &format!("log₁₀ of the ratio at the gap, {name}"),
            );
            all.extend(means);
            let rows = table.rows().filter(|(cell, _)| {
                cell.geometry == Geometry::Box && cell.classes == cell.clusters && cell.deviation == 1.0
            });
            chart = chart.scatter(name, rows.map(|(cell, row)| (cell.clusters as f64, of(row))));
        }
        report.figure(
            "gaps",
            "How much the eigenvalues fall at the largest gap, centres in a box. At the start there is hardly one beyond two clusters; after training it shrinks as clusters become many.",
            "Dots of two colours: those of the start mostly below 1.5, those of the end mostly above, falling with the number of clusters.",
            &Figure::new("Gaps before and after training").panel(chart),
        )?;
        report.means_table("gaps", &all)
    }
}
