//! `geometry`: the three-point bound against radii and width.

use lab::{Chart, Columns, Experiment, Failure, Figure, Heatmap, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{solved, usual};
use crate::three_point::{Harmonics, Parameters as Programme};

/// A scan of the geometry.
pub struct GeometryScan;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What is varied.
    pub scan: Scan,
    /// Smallest distance, r.
    pub radius: f64,
    /// Truncation over smallest distance, R/r.
    pub ratio: f64,
    /// Width of the kernel's Gaussian, ρ.
    pub width: f64,
}

/// What a cell belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scan {
    /// Radii.
    Radii,
    /// Width.
    Width,
}

/// A proven bound.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Proven upper bound of the density.
    #[column(within = 1e-6)]
    pub bound: f64,
    /// Bits of the last arithmetic.
    #[column(within = 0.5)]
    pub bits: u32,
}

const DIMENSION: usize = 4;
const DEGREE: usize = 3;

impl Experiment for GeometryScan {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "geometry";
    const TITLE: &'static str = "Radii and width";
    const QUESTION: &'static str = "How does the three-point bound in dimension 4 at degree 3 depend on the sphere's diameter r in the scale of f's Gaussian, on the truncation R and on the kernel's width?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let steps = |low: f64, high: f64, count: usize| -> Vec<f64> {
            // Two digits behind the point, so that axes can name them.
            (0..count)
                .map(|i| (100.0 * (low + (high - low) * i as f64 / (count - 1) as f64)).round() / 100.0)
                .collect()
        };
        let (radii, ratios, widths) = match profile {
            Profile::Smoke => (vec![1.1, 1.2], vec![1.3, 1.5], vec![0.5, 1.0]),
            Profile::Quick => (steps(1.0, 1.3, 3), steps(1.1, 1.6, 6), steps(0.4, 1.6, 4)),
            Profile::Full => (steps(0.95, 1.4, 10), steps(1.1, 1.9, 9), steps(0.0, 2.0, 11)),
        };
        let mut cells: Vec<Parameters> = ratios
            .iter()
            .flat_map(|&ratio| {
                radii.iter().map(move |&radius| Parameters { scan: Scan::Radii, radius, ratio, width: 1.0 })
            })
            .collect();
        cells.extend(widths.into_iter().map(|width| Parameters {
            scan: Scan::Width,
            radius: 1.15,
            ratio: 1.3,
            width,
        }));
        cells
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let parameters = Programme {
            width: cell.width,
            ..usual(DIMENSION, DEGREE, 10, cell.radius, cell.radius * cell.ratio, Harmonics::All)
        };
        let outcome = solved(parameters)?;
        let bits = outcome.last().precision.bits() as u32;
        Ok(match outcome.output {
            Ok(certified) => Outcome::Done(vec![Row { bound: certified.proven.to_f64(), bits }]),
            Err(fault) => Outcome::Skipped(fault.to_string()),
        })
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let scan = |wanted: Scan| table.rows().filter(move |(cell, _)| cell.scan == wanted);
        let distinct = |value: fn(&Parameters) -> f64| {
            let mut values: Vec<f64> = scan(Scan::Radii).map(|(cell, _)| value(cell)).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            values
        };
        let (radii, ratios) = (distinct(|cell| cell.radius), distinct(|cell| cell.ratio));
        let values = Array2::from_shape_fn((ratios.len(), radii.len()), |(i, j)| {
            scan(Scan::Radii)
                .find(|(cell, _)| cell.ratio == ratios[i] && cell.radius == radii[j])
                .map_or(f64::NAN, |(_, row)| row.bound)
        });
        let names = |values: &[f64]| values.iter().map(|value| format!("{value:.2}")).collect::<Vec<_>>();
        let heatmap = Heatmap::new(values.view())
            .x_label("smallest distance, r")
            .y_label("truncation, R/r")
            .x_categories(names(&radii))
            .y_categories(names(&ratios))
            .value_label("proven bound of the density")
            .stretch();
        report.figure(
            "radii",
            "The proven three-point bound in dimension 4 at degree 3 for each pair of radii, width 1. White: no bound.",
            "A heatmap over r and R/r.",
            &Figure::new("Bound by radii").panel(heatmap),
        )?;
        let points: Vec<(f64, f64)> = scan(Scan::Width).map(|(cell, row)| (cell.width, row.bound)).collect();
        let chart = Chart::new()
            .x_label("width of the kernel's Gaussian, ρ")
            .y_label("proven bound of the density")
            .line_with_markers("r = 1.15, R/r = 1.3", points);
        report.figure(
            "width",
            "The bound against the width: g = p₃ exp(−ρ π(|x|² + |y|²)), 1 being the Gaussian of f and 0 none.",
            "One curve over the width.",
            &Figure::new("Bound by width").panel(chart),
        )
    }
}
