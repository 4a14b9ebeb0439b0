//! `screening`: which columns are found, by five methods, and by two faults of a published package.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome as Measured, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::data::{Signal, screening};
use crate::information::Outcome;
use crate::information::bandwidth::Bandwidth;
use crate::information::density::{Kernel, Settings};
use crate::information::screen::{Method as Estimate, area_under_curve, screen};

/// Screening.
pub struct Screening;

/// How columns are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Kernel densities.
    Density,
    /// Kernel densities as the package's releases compute them: a bandwidth of one standard deviation whatever is asked for; for classes the same number for every column.
    Released,
    /// Three neighbours.
    Neighbours,
    /// Histograms.
    Binning,
    /// Correlation.
    Correlation,
}

impl Method {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Density, "kernel density"),
        (Self::Released, "as released"),
        (Self::Neighbours, "neighbours"),
        (Self::Binning, "histograms"),
        (Self::Correlation, "correlation"),
    ];
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The outcome.
    pub signal: Signal,
    /// How.
    pub method: Method,
    /// Rows.
    pub rows: u64,
    /// Columns.
    pub columns: u64,
    /// Columns with a signal.
    pub signals: u64,
    /// Data sets.
    pub sets: u32,
}

/// A data set.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub set: u32,
    /// Area under the ROC curve: the probability that a true column ranks above another.
    #[column(absolute = 1e-6)]
    pub area: f64,
}

impl Experiment for Screening {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "screening";
    const TITLE: &'static str = "Screening by mutual information";
    const QUESTION: &'static str = "Which method ranks true columns above others, for linear and squared signals, continuous and binary outcomes?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, columns, signals, sets): (u64, u64, &[u64], u32) = match profile {
            Profile::Smoke => (100, 40, &[10], 2),
            Profile::Quick => (500, 250, &[20], 8),
            Profile::Full => (1_050, 2_000, &[40, 80, 120, 160, 200], 20),
        };
        let mut cells = Vec::new();
        for signals in signals {
            for signal in [Signal::Linear, Signal::Squared, Signal::LinearBinary, Signal::SquaredBinary] {
                cells.extend(Method::ALL.map(|(method, _)| Parameters {
                    signal,
                    method,
                    rows,
                    columns,
                    signals: *signals,
                    sets,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Measured<Row>, Failure> {
        let (rows, columns, signals) =
            (usize::try_from(cell.rows)?, usize::try_from(cell.columns)?, usize::try_from(cell.signals)?);
        let mut measured = Vec::new();
        for set in 0..cell.sets {
            let key = lab::key([
                ("signal", f64::from(cell.signal as u8)),
                ("signals", cell.signals as f64),
                ("set", f64::from(set)),
            ]);
            let (table, outcome, is_true) =
                screening(cell.signal, rows, columns, signals, &mut random.shared_stream("table", &key)?);
            let binary = matches!(outcome, Outcome::Classes(_));
            let method = match cell.method {
                Method::Density => Estimate::Density(Settings::default()),
                Method::Released => Estimate::Density(Settings {
                    kernel: Kernel::Gaussian,
                    bandwidth: Bandwidth::Deviations(1.0),
                    ..Settings::default()
                }),
                Method::Neighbours => Estimate::Neighbours(3),
                Method::Binning => Estimate::Binning { corrected: false },
                Method::Correlation => Estimate::Correlation,
            };
            let scores = if cell.method == Method::Released && binary {
                vec![0.0; columns]
            } else {
                let mut scores = vec![0.0; columns];
                screen(&table, &outcome, method, 0, 0)?
                    .iter()
                    .for_each(|score| scores[score.column] = score.information);
                scores
            };
            measured.push(Row { set, area: area_under_curve(&scores, &is_true) });
        }
        Ok(Measured::Done(measured))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let signals = [
            (Signal::Linear, "linear"),
            (Signal::Squared, "squared"),
            (Signal::LinearBinary, "linear, binary"),
            (Signal::SquaredBinary, "squared, binary"),
        ];
        let fewest = table.cells().map(|(cell, _)| cell.signals).min().unwrap_or(0);
        let mut chart = Chart::new()
            .x_label("signal and outcome")
            .y_label("area under the ROC curve")
            .y_range(0.0, 1.0)
            .categories(signals.map(|(_, name)| name))
            .horizontal_reference("chance", 0.5);
        for (method, name) in Method::ALL {
            let rows = table.rows().filter(|(cell, _)| cell.method == method && cell.signals == fewest);
            chart = chart.bars_of_means(
                name,
                &table.means_by(rows.map(|(cell, row)| (f64::from(cell.signal as u8), row.area)), name),
            );
        }
        report.figure(
            "areas",
            &format!("How well {fewest} true columns are told from others. \"As released\" has one number for all columns where the outcome is binary."),
            "Groups of bars with whiskers, and a line at chance.",
            &Figure::new("Screening").panel(chart),
        )
    }
}
