//! `mixed-precision`: bits layer by layer against the same bits for all.

use std::time::Instant;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::problem::{Key, Problem, Shape, Source};
use crate::calibration::Calibration;
use crate::granularity::{Granularity, QuantisedMatrix};
use crate::mixed_precision::{allocate, allocate_exhaustively, mean_hessian_traces};
use crate::network::{Network, cross_entropy};
use crate::uniform::Layout;

/// Budgets spent by sensitivity.
pub struct MixedPrecision;

/// A cell: a trained network of seven layers.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where images come from.
    pub source: Source,
    /// Draw of images and weights.
    pub replicate: u32,
}

/// An assignment of bits.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// How bits were assigned.
    pub rule: Assignment,
    /// Mean bits a weight that the budget allows.
    #[column(unit = "bit")]
    pub budget: f64,
    /// Mean bits a weight that were used.
    #[column(unit = "bit", within = 0.5)]
    pub used: f64,
    /// Share of test images classified right.
    #[column(within = 0.2)]
    pub accuracy: f64,
    /// Cross-entropy on training images.
    #[column(within = 0.5)]
    pub loss: f64,
    /// Accuracy before.
    #[column(within = 0.05)]
    pub real: f64,
    /// Sum of sensitivities.
    #[column(within = 0.5)]
    pub sensitivity: f64,
    /// The least Σ by trying all assignments.
    #[column(within = 0.5)]
    pub least: f64,
    /// Rank correlation of layers' sensitivities with the true rise of the loss, mean of that at two and at three
    /// bits.
    #[column(within = 0.2)]
    pub rank_correlation: f64,
}

/// How bits are assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assignment {
    /// The integer program.
    Program,
    /// The same for all layers.
    Uniform,
    /// The layers' bits of the program in reverse: sensitive layers get least.
    Reversed,
}

const BITS: [u32; 4] = [2, 3, 4, 8];

impl Experiment for MixedPrecision {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "mixed-precision";
    const TITLE: &'static str = "Bits layer by layer";
    const QUESTION: &'static str = "A perceptron of seven layers: sensitivities are the mean Hessian trace times the squared rounding error of a layer's weights at 2, 3, 4 and 8 bits (HAWQ). Does an integer program that spends a budget of bits by \
         them beat the same bits for all layers, and do sensitivities rank layers as the loss does?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (source, replicates) = match profile {
            Profile::Smoke => (Source::FewStrokes, 1),
            Profile::Quick => (Source::Strokes, 2),
            Profile::Full => (Source::Mnist, 3),
        };
        (0..replicates).map(|replicate| Parameters { source, replicate }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { source, replicate } = *cell;
        let Some(problem) = Problem::draw(Key { source, shape: Shape::Deep, replicate }, random)? else {
            return Ok(Outcome::Skipped("MNIST is not here: make data".into()));
        };
        let network = &problem.network;
        let (data, labels) = (problem.calibration(), &problem.train_labels[..problem.calibration().nrows()]);
        let traces = mean_hessian_traces(network, data, labels, 20, &mut random.stream("probes"))?;
        let layers = network.layers.len();
        let quantised = (0..layers)
            .map(|l| BITS.iter().map(|bits| rounded(network, l, *bits)).collect())
            .collect::<Result<Vec<Vec<Array2<f32>>>, Failure>>()?;
        let error = |l: usize, b: usize| {
            let difference = &quantised[l][b] - &network.layers[l].weights;
            difference.iter().map(|d| f64::from(d * d)).sum::<f64>()
        };
        // A trace of a network that has not quite converged can come out negative: it then has no weight.
        let sensitivity =
            Array2::from_shape_fn((layers, BITS.len()), |(l, b)| traces[l].max(0.0) * error(l, b));
        let loss = |network: &Network| -> Result<f64, Failure> {
            Ok(cross_entropy(network.forward(problem.train.view())?.view(), &problem.train_labels))
        };
        let assigned = |choice: &[usize]| {
            let mut network = network.clone();
            for (l, b) in choice.iter().enumerate() {
                network.layers[l].weights.assign(&quantised[l][*b]);
            }
            network
        };
        // The true rise of the loss when one layer alone has two or three bits.
        let base = loss(network)?;
        let mut rank_correlation = 0.0;
        for b in [0, 1] {
            let mut pairs = Vec::new();
            for l in 0..layers {
                let mut one = network.clone();
                one.layers[l].weights.assign(&quantised[l][b]);
                pairs.push((sensitivity[(l, b)], loss(&one)? - base));
            }
            rank_correlation += 0.5 * spearman(&pairs);
        }
        let parameters: Vec<f64> = network.layers.iter().map(|layer| layer.weights.len() as f64).collect();
        let all: f64 = parameters.iter().sum();
        let mut rows = Vec::new();
        for budget in [2.5, 3.0, 4.0, 5.0, 6.0] {
            let program = allocate(sensitivity.view(), &parameters, &BITS, budget * all)?;
            let best = allocate_exhaustively(sensitivity.view(), &parameters, &BITS, budget * all)?;
            let total =
                |choice: &[usize]| choice.iter().enumerate().map(|(l, b)| sensitivity[(l, *b)]).sum::<f64>();
            let fits = BITS.iter().rposition(|bits| f64::from(*bits) <= budget).unwrap_or(0);
            let reversed: Vec<usize> = program.iter().rev().copied().collect();
            let rules = [
                (Assignment::Program, program),
                (Assignment::Uniform, vec![fits; layers]),
                (Assignment::Reversed, reversed),
            ];
            for (rule, choice) in rules {
                let network = assigned(&choice);
                let used: f64 = choice.iter().zip(&parameters).map(|(b, n)| f64::from(BITS[*b]) * n).sum();
                rows.push(Row {
                    rule,
                    budget,
                    used: used / all,
                    accuracy: problem.score(network.forward(problem.test.view())?.view()),
                    loss: loss(&network)?,
                    real: problem.accuracy,
                    sensitivity: total(&choice),
                    least: total(&best),
                    rank_correlation,
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        if table.cells().next().is_none() {
            return Ok(());
        }
        let names = [
            (Assignment::Program, "integer program"),
            (Assignment::Uniform, "same for all"),
            (Assignment::Reversed, "reversed"),
        ];
        let chart = |label: &str, value: fn(&Row) -> f64| {
            let mut chart = Chart::new().x_label("bits used, a weight").y_label(label);
            for (rule, name) in names {
                let rows = table.rows().filter(|(_, row)| row.rule == rule);
                chart = chart.scatter(name, rows.map(|(_, row)| (row.used, value(row))));
            }
            chart
        };
        report.figure(
            "front",
            "Accuracy and training loss against the bits that were used, one mark for each network and budget: by the integer program, with the same bits for all layers, and with the program's bits in reverse order.",
            "Left: accuracies that rise with bits. Right: losses that fall with bits, one colour for each way of assigning.",
            &Figure::new("Accuracy against size")
                .columns(2)
                .width(900.0)
                .panel(chart("accuracy on test images", |row| row.accuracy))
                .panel(chart("cross-entropy on training images", |row| row.loss).y_log()),
        )
    }
}

fn rounded(network: &Network, l: usize, bits: u32) -> Result<Array2<f32>, Failure> {
    let weights = network.layers[l].weights.mapv(f64::from);
    let matrix = QuantisedMatrix::new(
        weights.view(),
        Granularity::Channel,
        Layout::Symmetric,
        bits,
        Calibration::MinMax,
    )?;
    Ok(matrix.values().mapv(|value| value as f32))
}

/// Correlation of ranks; without ties in mind, as real numbers have none.
fn spearman(pairs: &[(f64, f64)]) -> f64 {
    let ranks = |value: fn(&(f64, f64)) -> f64| {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by(|a, b| value(&pairs[*a]).total_cmp(&value(&pairs[*b])));
        let mut ranks = vec![0.0; pairs.len()];
        order.iter().enumerate().for_each(|(rank, index)| ranks[*index] = rank as f64);
        ranks
    };
    let squares =
        ranks(|pair| pair.0).iter().zip(ranks(|pair| pair.1)).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let n = pairs.len() as f64;
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

/// Seconds that the integer program takes for many layers: what one would wait for.
///
/// # Errors
/// If the solver fails.
pub fn seconds_for_layers(layers: usize, random: &Random) -> Result<f64, Failure> {
    use rand::Rng;
    let mut random = random.stream("layers");
    let parameters: Vec<f64> = (0..layers).map(|_| f64::from(random.random_range(1_000..100_000))).collect();
    let sensitivity =
        Array2::from_shape_fn((layers, 4), |(_, b)| random.random::<f64>() * 4f64.powi(-(BITS[b] as i32)));
    let began = Instant::now();
    allocate(sensitivity.view(), &parameters, &BITS, 4.0 * parameters.iter().sum::<f64>())?;
    Ok(began.elapsed().as_secs_f64())
}
