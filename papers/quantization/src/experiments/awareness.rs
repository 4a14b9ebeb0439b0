//! `awareness`: training with quantisers in the loop against rounding afterwards.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::problem::{Key, Problem, Shape, Source};
use crate::granularity::Granularity;
use crate::quantise::{Method, Settings, quantise};
use crate::training::{ActivationTraining, Options, Teacher, WeightTraining, train};

/// Quantisation-aware training at very few bits.
pub struct Awareness;

/// A cell: a trained network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where images come from.
    pub source: Source,
    /// Draw of images and weights.
    pub replicate: u32,
}

/// How a network came to be quantised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Rounded to nearest, a scale a channel.
    Nearest,
    /// GPTQ.
    Gptq,
    /// Trained on, straight through.
    StraightThrough,
    /// The same, with the real network as teacher.
    Distilled,
    /// LSQ.
    LearnedStep,
    /// LSQ with PACT.
    LearnedClip,
    /// DoReFa-Net.
    DoReFa,
    /// TWN.
    Ternary,
    /// TTQ.
    LearnedTernary,
    /// XNOR-Net's weights.
    Binary,
}

/// Ways with their names and bits of weights.
pub const WAYS: [(Way, &str, f64); 14] = [
    (Way::Nearest, "nearest", 2.0),
    (Way::Gptq, "GPTQ", 2.0),
    (Way::StraightThrough, "straight through", 2.0),
    (Way::Distilled, "with a teacher", 2.0),
    (Way::LearnedStep, "LSQ", 2.0),
    (Way::LearnedClip, "LSQ and PACT", 2.0),
    (Way::DoReFa, "DoReFa", 2.0),
    (Way::Ternary, "TWN", 1.6),
    (Way::LearnedTernary, "TTQ", 1.6),
    (Way::Binary, "binary", 1.0),
    (Way::Nearest, "nearest", 3.0),
    (Way::Gptq, "GPTQ", 3.0),
    (Way::StraightThrough, "straight through", 3.0),
    (Way::LearnedStep, "LSQ", 3.0),
];

/// A quantised network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// How the network came to be quantised.
    pub way: Way,
    /// Bits of weights; 1.6 (log₂ 3) for ternary ones.
    #[column(unit = "bit")]
    pub weight_bits: f64,
    /// Bits of an activation.
    #[column(unit = "bit")]
    pub activation_bits: u32,
    /// Share of test images classified right.
    #[column(within = 0.1)]
    pub accuracy: f64,
    /// Accuracy of the real network.
    #[column(within = 0.05)]
    pub real: f64,
    /// Passes over the training images after the real network was trained.
    pub epochs: usize,
}

impl Row {
    /// Accuracy lost, in percentage points.
    pub fn lost(&self) -> f64 {
        100.0 * (self.real - self.accuracy)
    }
}

impl Experiment for Awareness {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "awareness";
    const TITLE: &'static str = "Training with quantisers in the loop";
    const QUESTION: &'static str = "At one to three bits of weights, with 8 and 4 bits of activations: how much of the accuracy that rounding loses does quantisation-aware training give back, and at the price of how many more passes over the data? \
         A perceptron on random strokes, in the full profile on MNIST.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (source, replicates) = match profile {
            Profile::Smoke => (Source::FewStrokes, 2),
            Profile::Quick => (Source::Strokes, 2),
            Profile::Full => (Source::Mnist, 3),
        };
        (0..replicates).map(|replicate| Parameters { source, replicate }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { source, replicate } = *cell;
        let key = Key { source, shape: Shape::Perceptron, replicate };
        let Some(problem) = Problem::draw(key, random)? else {
            return Ok(Outcome::Skipped("MNIST is not here: make data".into()));
        };
        let mut rows = Vec::new();
        for activation_bits in [8, 4] {
            for (way, _, weight_bits) in WAYS {
                let (accuracy, epochs) = measured(&problem, way, weight_bits as u32, activation_bits)?;
                rows.push(Row {
                    way,
                    weight_bits,
                    activation_bits,
                    accuracy,
                    real: problem.accuracy,
                    epochs,
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        if table.cells().next().is_none() {
            return Ok(());
        }
        let mean = |way: Way, weight_bits: f64, activation_bits: u32| {
            let rows = table.rows().filter(|(_, row)| {
                (row.way, row.activation_bits) == (way, activation_bits) && row.weight_bits == weight_bits
            });
            numerics::bootstrap::mean(&rows.map(|(_, row)| row.lost()).collect::<Vec<_>>())
        };
        let losses = |bits: u32| WAYS.map(|(way, _, weight_bits)| mean(way, weight_bits, bits).max(0.0));
        report.figure(
            "lost",
            "Accuracy lost in percentage points (mean over draws; gains are drawn as 0), after rounding (nearest, GPTQ) and after training on with quantisers in the loop.",
            "Bars by way and bits, two for the bits of activations.",
            &Figure::new("Accuracy lost at few bits").width(900.0).panel(
                Chart::new()
                    .y_label("accuracy lost, percentage points")
                    .categories(WAYS.map(|(_, name, bits)| format!("{name}, {bits} bit")))
                    .bars("activations of 8 bits", losses(8))
                    .bars("activations of 4 bits", losses(4)),
            ),
        )?;
        let summary: Vec<Summary> = [8, 4]
            .into_iter()
            .flat_map(|activation_bits| WAYS.map(|(way, _, weight_bits)| (way, weight_bits, activation_bits)))
            .map(|(way, weight_bits, activation_bits)| Summary {
                way,
                weight_bits,
                activation_bits,
                mean_lost: mean(way, weight_bits, activation_bits),
            })
            .collect();
        report.records("summary", "Accuracy lost, over draws.", &summary)
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// How the network came to be quantised.
    way: Way,
    /// Bits of a weight.
    #[column(unit = "bit")]
    weight_bits: f64,
    /// Bits of an activation.
    #[column(unit = "bit")]
    activation_bits: u32,
    /// Accuracy lost in percentage points, mean.
    #[column(absolute = 2)]
    mean_lost: f64,
}

fn measured(problem: &Problem, way: Way, bits: u32, activation_bits: u32) -> Result<(f64, usize), Failure> {
    const EPOCHS: usize = 6;
    let method = match way {
        Way::Nearest => Some(Method::Nearest),
        Way::Gptq => Some(Method::Gptq),
        _ => None,
    };
    if let Some(method) = method {
        let settings =
            Settings { bits, method, activation_bits: Some(activation_bits), ..Settings::default() };
        let quantised = quantise(&problem.network, problem.calibration(), &settings)?;
        return Ok((problem.score(quantised.forward(problem.test.view())?.view()), 0));
    }
    let weights = match way {
        Way::LearnedStep | Way::LearnedClip => WeightTraining::LearnedStep { bits },
        Way::DoReFa => WeightTraining::DoReFa { bits },
        Way::Ternary => WeightTraining::Ternary,
        Way::LearnedTernary => WeightTraining::LearnedTernary,
        Way::Binary => WeightTraining::Binary,
        _ => WeightTraining::StraightThrough { bits, granularity: Granularity::Channel },
    };
    let activations = match way {
        Way::LearnedClip => ActivationTraining::LearnedClip { bits: activation_bits },
        _ => ActivationTraining::MovingRange { bits: activation_bits },
    };
    let teacher = Teacher { network: &problem.network, share: 0.7, temperature: 3.0 };
    let options = Options {
        epochs: EPOCHS,
        rate: 1e-3,
        weights,
        activations,
        teacher: (way == Way::Distilled).then_some(teacher),
        ..Options::default()
    };
    let mut network = problem.network.clone();
    let quantised = train(&mut network, problem.train.view(), &problem.train_labels, &options)?;
    Ok((problem.score(quantised.forward(problem.test.view())?.view()), EPOCHS))
}
