//! `families`: estimates on distributions whose mutual information is known.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome as Measured, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::information::density::Settings;
use crate::information::exact::Family;
use crate::information::screen::{Method, screen};

/// Known families.
pub struct Families;

/// A family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// Gaussian, ρ = 0.3.
    Gaussian3,
    /// Gaussian, ρ = 0.6.
    Gaussian6,
    /// Gaussian, ρ = 0.9.
    Gaussian9,
    /// Student, ν = 5, ρ = 0.5.
    Student,
    /// X + U(0, ½).
    Uniform,
    /// X² + ½e.
    Square,
    /// Classes two deviations apart.
    Shifted,
    /// Classes of different spread.
    Spread,
}

impl Name {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Gaussian3, "normal .3"),
        (Self::Gaussian6, "normal .6"),
        (Self::Gaussian9, "normal .9"),
        (Self::Student, "Student"),
        (Self::Uniform, "uniform"),
        (Self::Square, "square"),
        (Self::Shifted, "shifted"),
        (Self::Spread, "spread"),
    ];

    fn family(self) -> Family {
        match self {
            Self::Gaussian3 => Family::Gaussian(0.3),
            Self::Gaussian6 => Family::Gaussian(0.6),
            Self::Gaussian9 => Family::Gaussian(0.9),
            Self::Student => Family::Student(5.0, 0.5),
            Self::Uniform => Family::Uniform(0.5),
            Self::Square => Family::Square(0.5),
            Self::Shifted => Family::Classes(2.0, 1.0),
            Self::Spread => Family::Classes(0.0, 2.0),
        }
    }
}

/// An estimator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimator {
    /// Kernel density.
    Density,
    /// Three neighbours.
    Neighbours,
    /// Histograms, corrected.
    Binning,
}

impl Estimator {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Density, "kernel density"),
        (Self::Neighbours, "three neighbours"),
        (Self::Binning, "histograms, corrected"),
    ];
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The family.
    pub family: Name,
    /// The estimator.
    pub estimator: Estimator,
    /// Rows.
    pub rows: u64,
    /// Samples.
    pub samples: u32,
}

/// A sample's estimate.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub sample: u32,
    /// Estimated nats.
    #[column(absolute = 1e-9)]
    pub estimate: f64,
    /// Exact nats.
    #[column(absolute = 1e-9)]
    pub exact: f64,
}

impl Experiment for Families {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "families";
    const TITLE: &'static str = "Mutual information that is known";
    const QUESTION: &'static str = "How far from the truth are the estimators?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, samples): (&[u64], u32) = match profile {
            Profile::Smoke => (&[200], 2),
            Profile::Quick => (&[250, 1_000], 10),
            Profile::Full => (&[250, 1_000, 4_000], 50),
        };
        let mut cells = Vec::new();
        for (family, _) in Name::ALL {
            for (estimator, _) in Estimator::ALL {
                cells.extend(rows.iter().map(|rows| Parameters { family, estimator, rows: *rows, samples }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Measured<Row>, Failure> {
        let family = cell.family.family();
        let exact = family.information();
        let method = match cell.estimator {
            Estimator::Density => Method::Density(Settings::default()),
            Estimator::Neighbours => Method::Neighbours(3),
            Estimator::Binning => Method::Binning { corrected: true },
        };
        let mut rows = Vec::new();
        for sample in 0..cell.samples {
            let key = lab::key([
                ("family", f64::from(cell.family as u8)),
                ("rows", cell.rows as f64),
                ("sample", f64::from(sample)),
            ]);
            let (x, outcome) =
                family.sample(usize::try_from(cell.rows)?, &mut random.shared_stream("sample", &key)?);
            let scores = screen(&[x], &outcome, method, 0, 0)?;
            rows.push(Row { sample, estimate: scores[0].information, exact });
        }
        Ok(Measured::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let most = table.cells().map(|(cell, _)| cell.rows).max().unwrap_or(0);
        let mut chart = Chart::new()
            .x_label("family")
            .y_label("estimate less truth, nats")
            .categories(Name::ALL.map(|(_, name)| name))
            .horizontal_reference("truth", 0.0);
        for (estimator, name) in Estimator::ALL {
            let rows = table.rows().filter(|(cell, _)| cell.estimator == estimator && cell.rows == most);
            let errors = rows.map(|(cell, row)| (f64::from(cell.family as u8), row.estimate - row.exact));
            chart = chart.bars_of_means(name, &table.means_by(errors, name));
        }
        report.figure(
            "errors",
            &format!("Mean errors at {most} rows with their intervals: densities smooth what is sharp, histograms as well, neighbours hardly."),
            "Groups of bars around zero.",
            &Figure::new("Estimated less exact mutual information").panel(chart),
        )
    }
}
