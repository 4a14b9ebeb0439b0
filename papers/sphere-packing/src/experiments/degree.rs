//! `degree`: three-point bounds against the degree of the kernel, and what the predictor says.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{solved, usual};
use crate::packings::published;
use crate::three_point::Harmonics;
use crate::three_point::predictor::kissing_bound;
use crate::two_point::Roots;

/// Bounds by degree.
pub struct Degree;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Dimension, n.
    pub dimension: u32,
    /// Degree of the kernel, d.
    pub degree: u32,
    /// All harmonics of the degree, or the triangle k ≤ d.
    pub harmonics: Harmonics,
}

/// A proven bound.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Proven upper bound of the density.
    #[column(within = 1e-7)]
    pub bound: f64,
    /// The two-point bound with 16 roots.
    #[column(within = 1e-10)]
    pub two_point: f64,
    /// The two-point value of the programme's own degree at its radius.
    #[column(within = 1e-7)]
    pub same_degree: f64,
    /// Delsarte's bound of the kissing number with the highest harmonic's degree.
    #[column(within = 1e-7)]
    pub kissing: f64,
    /// Points at the smallest distance in the two-point bound's dual solution.
    #[column(within = 1e-9)]
    pub nearest: f64,
    /// Interior-point iterations.
    #[column(within = 0.3)]
    pub iterations: u32,
    /// Bits that the last attempt computed with.
    #[column(within = 0.5)]
    pub bits: u32,
}

impl Row {
    /// Whether the kernel lowers the bound of its own degree by more than the solver's gap.
    pub fn helps(&self) -> bool {
        self.bound < self.same_degree * (1.0 - 1e-7)
    }

    /// Whether the predictor says so.
    pub fn predicted(&self) -> bool {
        self.kissing < self.nearest
    }
}

/// Radial degree, r and R: radii that low degrees can use. Higher degrees are in [`super::records`].
fn setting(dimension: u32, degree: u32) -> Option<(usize, f64, f64)> {
    let radial = (2 * degree as usize).clamp(8, 14);
    match dimension {
        3 => Some((radial, 1.142, 1.5)),
        4 => Some((radial, 1.15, 1.6)),
        5 => Some((radial, 1.22, 1.75)),
        _ => None,
    }
}

impl Experiment for Degree {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "degree";
    const TITLE: &'static str = "Three-point bounds by degree";
    const QUESTION: &'static str = "From which degree on does a three-point kernel lower the bound, with all harmonics of its degree and with the smaller family of the sphere, and does the kissing predictor foretell it? Usual multipliers; r and R fixed in each dimension.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, degrees): (&[u32], u32) = match profile {
            Profile::Smoke => (&[3], 1),
            Profile::Quick => (&[3, 4], 4),
            Profile::Full => (&[3, 4, 5], 6),
        };
        dimensions
            .iter()
            .flat_map(|&dimension| {
                (1..=degrees).flat_map(move |degree| {
                    [Harmonics::All, Harmonics::Triangle].map(|harmonics| Parameters {
                        dimension,
                        degree,
                        harmonics,
                    })
                })
            })
            .collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let Some((radial, radius, truncation)) = setting(cell.dimension, cell.degree) else {
            return Ok(Outcome::Skipped("no radii are set for this dimension".into()));
        };
        let (dimension, degree) = (cell.dimension as usize, cell.degree as usize);
        let roots = Roots::with(dimension, 16)?;
        let alone = solved(usual(dimension, 0, radial, radius, truncation, cell.harmonics))?.output?;
        let outcome = solved(usual(dimension, degree, radial, radius, truncation, cell.harmonics))?;
        let (iterations, bits) = (outcome.iterations() as u32, outcome.last().precision.bits() as u32);
        let highest = if cell.harmonics == Harmonics::All { 2 * degree } else { degree };
        // Below some degree no polynomial gives a kissing bound.
        let kissing = if highest < 2 {
            f64::INFINITY
        } else {
            kissing_bound(dimension, highest).unwrap_or(f64::INFINITY)
        };
        let certified = match outcome.output {
            Ok(certified) => certified,
            Err(fault) => return Ok(Outcome::Skipped(fault.to_string())),
        };
        Ok(Outcome::Done(vec![Row {
            bound: certified.proven.to_f64(),
            two_point: roots.value(),
            same_degree: alone.proven.to_f64(),
            kissing: kissing.min(1e9),
            nearest: roots.nearest_pairs(),
            iterations,
            bits,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut dimensions: Vec<u32> = table.rows().map(|(cell, _)| cell.dimension).collect();
        dimensions.dedup();
        let mut panels = Vec::new();
        let mut lowest = Vec::new();
        for dimension in dimensions {
            let mut chart = Chart::new()
                .title(format!("n = {dimension}"))
                .x_label("degree of the kernel, d")
                .y_label("proven bound of the density");
            for (harmonics, name) in
                [(Harmonics::All, "all harmonics"), (Harmonics::Triangle, "triangle of the sphere")]
            {
                let points: Vec<(f64, f64)> = table
                    .rows()
                    .filter(|(cell, _)| cell.dimension == dimension && cell.harmonics == harmonics)
                    .map(|(cell, row)| (f64::from(cell.degree), row.bound))
                    .collect();
                if !points.is_empty() {
                    chart = chart.line_with_markers(name, points);
                }
            }
            let here = || table.rows().filter(|(cell, _)| cell.dimension == dimension);
            if let Some((_, row)) = here().next() {
                chart = chart.horizontal_reference("two-point, N = 16", row.two_point);
            }
            let tabled = published(dimension as usize).map(|published| published.three_point);
            if let Some(value) = tabled {
                chart = chart.horizontal_reference("published, d = 9", value);
            }
            panels.push(chart);
            if let Some((cell, row)) = here().min_by(|a, b| a.1.bound.total_cmp(&b.1.bound)) {
                lowest.push(Lowest {
                    dimension,
                    lowest: row.bound,
                    at_degree: cell.degree,
                    published: tabled.unwrap_or(f64::NAN),
                });
            }
        }
        report.figure(
            "bounds",
            "Proven three-point bounds against the degree of the kernel. The published value is of the literature and has its own radii.",
            "For each dimension two curves that fall with the degree, and two horizontal lines.",
            &Figure::new("Three-point bounds by degree").panels(panels),
        )?;
        report.records(
            "lowest",
            "The lowest bound of each dimension beside the literature's of degree 9.",
            &lowest,
        )
    }
}

#[derive(Serialize, Columns)]
struct Lowest {
    /// Dimension, n.
    dimension: u32,
    /// Lowest bound proven here.
    #[column(within = 1e-7)]
    lowest: f64,
    /// Degree of the lowest bound.
    at_degree: u32,
    /// Three-point bound of degree 9 in the literature.
    published: f64,
}
