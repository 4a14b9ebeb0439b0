//! `spectra`: eigenvalues of the limiting kernels on the circle and the sphere.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::spectrum::{on_circle, on_sphere};
use crate::{Architecture, Kind};

/// Decay of eigenvalues.
pub struct Spectra;

/// Where the kernel lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Space {
    /// The unit circle of the plane, d = 2.
    Circle,
    /// The unit sphere of space, d = 3.
    Sphere,
}

/// A cell: a kernel.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Circle (d = 2) or sphere (d = 3).
    pub space: Space,
    /// Tangent kernel, or covariance at initialisation.
    pub kind: Kind,
    /// Affine layers, L.
    pub depth: usize,
    /// Standard deviation of biases, β.
    pub bias: f64,
    /// Highest frequency or degree.
    pub last: usize,
}

/// An eigenvalue.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Frequency or degree.
    pub k: u64,
    /// Eigenvalue with respect to the uniform law.
    #[column(within = 1e-3)]
    pub eigenvalue: f64,
}

impl Experiment for Spectra {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "spectra";
    const TITLE: &'static str = "How eigenvalues decay";
    const QUESTION: &'static str = "How fast do the eigenvalues of the limiting kernels fall with the frequency on the circle (d = 2) and with the degree on the sphere (d = 3)? With the paper's bias, and \
         without.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (circle, sphere) = match profile {
            Profile::Smoke => (32, 16),
            Profile::Quick => (256, 48),
            Profile::Full => (1_024, 96),
        };
        let mut grid = Vec::new();
        for depth in 2..=4 {
            for kind in [Kind::Ntk, Kind::Nngp] {
                for (space, last) in [(Space::Circle, circle), (Space::Sphere, sphere)] {
                    grid.push(Parameters { space, kind, depth, bias: 0.1, last });
                }
            }
        }
        grid.push(Parameters { space: Space::Circle, kind: Kind::Ntk, depth: 2, bias: 0.0, last: 32 });
        grid.push(Parameters { space: Space::Circle, kind: Kind::Ntk, depth: 3, bias: 0.0, last: 32 });
        grid
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let architecture = Architecture { bias_std: cell.bias, ..Architecture::of_the_paper(cell.depth) };
        let eigenvalues = match cell.space {
            Space::Circle => on_circle(&architecture, cell.kind, 64 * cell.last, cell.last)?,
            Space::Sphere => on_sphere(&architecture, cell.kind, 1_000 * cell.last, cell.last)?,
        };
        let row = |(k, eigenvalue)| Row { k: k as u64, eigenvalue };
        Ok(Outcome::Done(eigenvalues.into_iter().enumerate().map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Eigenvalues fall by powers").columns(2);
        for (space, name, label) in
            [(Space::Circle, "circle", "frequency k"), (Space::Sphere, "sphere", "degree k")]
        {
            let mut chart = Chart::new().title(name).x_label(label).y_label("eigenvalue").x_log().y_log();
            for (kind, kind_name) in [(Kind::Ntk, "tangent kernel"), (Kind::Nngp, "covariance")] {
                for depth in [2, 4] {
                    let rows = table.rows().filter(|(cell, row)| {
                        (cell.space, cell.kind, cell.depth) == (space, kind, depth)
                            && cell.bias > 0.0
                            && row.k > 0
                    });
                    let points =
                        rows.map(|(_, row)| (row.k as f64, row.eigenvalue)).filter(|(_, value)| *value > 0.0);
                    chart = chart.line(format!("{kind_name}, L = {depth}"), points);
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "eigenvalues",
            "Eigenvalues of the limiting kernels for rectifiers with the paper's bias. The tangent kernel's fall as k^(−d), those of the covariance as k^(−d−2), \
             at every depth.",
            "Two panels of falling lines on logarithmic axes; those of the covariance are steeper.",
            &figure,
        )
    }
}
