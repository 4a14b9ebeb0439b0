//! `smoothness`: how the smoothness of losses of recurrent networks grows with their gradients.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use networks::{Batch, Cell};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::classifier::{Classifier, Work};
use crate::smoothness::{Point, along_descent, fit};

/// Smoothness.
pub struct Smoothness;

/// What descends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Recurrent networks of eight units on random sequences with random labels.
    Rnn,
    /// The same.
    Gru,
    /// The same.
    Lstm,
    /// Control: logistic regression, whose smoothness is bounded.
    Logistic,
    /// Control: exp(x²), which has no constants.
    ExpSquare,
    /// Control: one linear unit, (w^T − 1)²/2, whose constant is 2T − 1 far out.
    LinearUnit,
}

impl Loss {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rnn => "RNN",
            Self::Gru => "GRU",
            Self::Lstm => "LSTM",
            Self::Logistic => "logistic",
            Self::ExpSquare => "exp(x²)",
            Self::LinearUnit => "linear unit",
        }
    }

    /// Its cell, if it is a network.
    pub fn cell(self) -> Option<Cell> {
        match self {
            Self::Rnn => Some(Cell::Rnn),
            Self::Gru => Some(Cell::Gru),
            Self::Lstm => Some(Cell::Lstm),
            _ => None,
        }
    }
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What descends.
    pub loss: Loss,
    /// L.
    pub length: u32,
    /// Times 1/√h, the deviation of weights at the start; the start of controls.
    pub scale: f64,
    /// Repetition.
    pub replicate: u32,
}

/// A point of a descent.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// |∇|.
    pub gradient: f64,
    /// L̂.
    pub smoothness: f64,
}

/// What the points of a loss and a length say together.
#[derive(Clone, Debug, Serialize, Columns)]
struct Law {
    /// What descends.
    loss: Loss,
    /// L.
    length: u32,
    /// Of the logarithm of local smoothness on that of the gradient.
    slope: f64,
    /// The same on the upper half of gradients.
    upper_slope: f64,
    /// Of the logarithms.
    correlation: f64,
    /// Of local smoothness.
    decades: f64,
    /// Quantile of smoothness over gradient in the upper half.
    ratio_95: f64,
}

impl Experiment for Smoothness {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "smoothness";
    const TITLE: &'static str = "Smoothness of recurrent networks";
    const QUESTION: &'static str = "How does local smoothness grow with the gradient along normalised descent, and with the length of sequences? Sixty steps of length 0.1 from weights of four scales; every fourth point is kept.";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (losses, lengths, replicates): (&[Loss], &[u32], u32) = match profile {
            Profile::Smoke => (&[Loss::Rnn], &[10], 1),
            Profile::Quick => (&[Loss::Rnn, Loss::Gru, Loss::Lstm], &[5, 10, 20], 6),
            Profile::Full => (&[Loss::Rnn, Loss::Gru, Loss::Lstm], &[5, 10, 20, 40, 80, 160], 10),
        };
        let mut cells = Vec::new();
        for loss in losses {
            for length in lengths {
                for scale in [0.5, 1.0, 2.0, 3.0] {
                    cells.extend((0..replicates).map(|replicate| Parameters {
                        loss: *loss,
                        length: *length,
                        scale,
                        replicate,
                    }));
                }
            }
        }
        if profile != Profile::Smoke {
            for scale in [0.5, 1.0, 2.0, 3.0] {
                cells.push(Parameters { loss: Loss::Logistic, length: 10, scale, replicate: 0 });
            }
            cells.push(Parameters { loss: Loss::ExpSquare, length: 0, scale: 5.0, replicate: 0 });
            cells.extend(lengths.iter().map(|length| Parameters {
                loss: Loss::LinearUnit,
                length: *length,
                scale: 8.0,
                replicate: 0,
            }));
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream = random.stream("network");
        let length = cell.length as usize;
        let points: Vec<Point> = match cell.loss {
            Loss::ExpSquare => {
                let gradient = |x: &[f64], out: &mut [f64]| out[0] = 2.0 * x[0] * (x[0] * x[0]).exp();
                along_descent(gradient, &[cell.scale], 0.1, 60)
            }
            Loss::LinearUnit => {
                let t = length as i32;
                let gradient = |w: &[f64], out: &mut [f64]| {
                    out[0] = (w[0].powi(t) - 1.0) * f64::from(t) * w[0].powi(t - 1)
                };
                along_descent(gradient, &[cell.scale], 0.1, 60)
            }
            Loss::Logistic => {
                let features = ndarray::Array2::from_shape_simple_fn((128, length), || {
                    stream.sample::<f64, _>(StandardNormal)
                });
                let labels = labels(&mut stream);
                let start: Vec<f64> =
                    (0..length).map(|_| cell.scale * stream.sample::<f64, _>(StandardNormal)).collect();
                let gradient = |x: &[f64], out: &mut [f64]| {
                    out.fill(0.0);
                    for (row, label) in features.rows().into_iter().zip(&labels) {
                        let z = row.dot(&ndarray::ArrayView1::from(x));
                        let slope = -label * numerics::elementary::sigmoid(-label * z) / 128.0;
                        out.iter_mut().zip(row).for_each(|(out, a)| *out += slope * a);
                    }
                };
                along_descent(gradient, &start, 0.1, 60)
            }
            Loss::Rnn | Loss::Gru | Loss::Lstm => {
                let kind = cell.loss.cell().ok_or("no network")?;
                let classifier = Classifier::new(kind, 3, 8)?;
                let start = classifier.draw(cell.scale, &mut stream)?;
                let sequences: Vec<Vec<u32>> =
                    (0..128).map(|_| (0..length).map(|_| stream.random_range(0..3)).collect()).collect();
                let labels = labels(&mut stream);
                let (batch, weights) = (Batch::new(&sequences, 3)?, vec![1.0 / 128.0; 128]);
                let mut work = Work::default();
                let gradient = |x: &[f64], out: &mut [f64]| {
                    classifier.gradient(x, &batch, (&labels, &weights), &mut work, out);
                };
                along_descent(gradient, &start, 0.1, 60)
            }
        };
        if points.is_empty() {
            return Ok(Outcome::Skipped("the gradient is zero or not finite at the start".into()));
        }
        let kept = points.iter().step_by(4);
        Ok(Outcome::Done(kept.map(|p| Row { gradient: p.gradient, smoothness: p.smoothness }).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Local smoothness against the gradient").columns(2);
        let mut laws: Vec<Law> = Vec::new();
        for (cell, _) in table.rows() {
            if laws.iter().any(|law| law.loss == cell.loss && law.length == cell.length) {
                continue;
            }
            let same = |other: &Parameters| other.loss == cell.loss && other.length == cell.length;
            let rows = table.rows().filter(|(other, row)| same(other) && row.smoothness > 0.0);
            let points: Vec<Point> =
                rows.map(|(_, row)| Point { gradient: row.gradient, smoothness: row.smoothness }).collect();
            if let Some(found) = fit(&points) {
                laws.push(Law {
                    loss: cell.loss,
                    length: cell.length,
                    slope: found.slope,
                    upper_slope: found.upper_slope,
                    correlation: found.correlation,
                    decades: found.decades,
                    ratio_95: found.ratio_95,
                });
            }
        }
        report.records("laws", "Fits to the points of all scales and repetitions together, which mixes their constants: the claims fit each repetition alone.", &laws)?;
        for (loss, title) in
            [(Loss::Rnn, "RNN"), (Loss::Gru, "GRU"), (Loss::Lstm, "LSTM"), (Loss::Logistic, "controls")]
        {
            let mut chart = Chart::new()
                .title(title)
                .x_label("length of the gradient")
                .y_label("local smoothness")
                .x_log()
                .y_log();
            if loss == Loss::Logistic {
                for (loss, name) in [
                    (Loss::Logistic, "logistic"),
                    (Loss::ExpSquare, "exp(x²)"),
                    (Loss::LinearUnit, "linear unit"),
                ] {
                    let shown = |point: &(f64, f64)| point.0 < 1e12 && point.1 < 1e12 && point.1 > 0.0;
                    let rows = table.rows().filter(|(cell, _)| cell.loss == loss);
                    chart = chart
                        .scatter(name, rows.map(|(_, row)| (row.gradient, row.smoothness)).filter(shown));
                }
            } else {
                let mut lengths: Vec<u32> =
                    table.rows().filter(|(cell, _)| cell.loss == loss).map(|(cell, _)| cell.length).collect();
                lengths.sort_unstable();
                lengths.dedup();
                for length in lengths.into_iter().rev() {
                    let rows = table.rows().filter(|(cell, _)| cell.loss == loss && cell.length == length);
                    let points: Vec<(f64, f64)> = rows
                        .map(|(_, row)| (row.gradient, row.smoothness))
                        .filter(|point| point.1 > 0.0)
                        .collect();
                    let every = points.len().div_ceil(SHOWN).max(1);
                    chart = chart.scatter(format!("length {length}"), points.into_iter().step_by(every));
                }
            }
            if table.rows().any(|(cell, _)| cell.loss == loss) {
                figure = figure.panel(chart);
            }
        }
        report.figure(
            "growth",
            "Points of descents from four scales of weights, at most 100 of each length, evenly from all. (L₀, L₁)-smoothness says that no cloud rises more steeply than a line of slope one.",
            "Four panels of points that rise to the upper right.",
            &figure,
        )
    }
}

/// Points of a length that the figure shows: more hide each other.
const SHOWN: usize = 100;

fn labels(random: &mut impl Rng) -> Vec<f64> {
    (0..128).map(|_| if random.random_bool(0.5) { 1.0 } else { -1.0 }).collect()
}
