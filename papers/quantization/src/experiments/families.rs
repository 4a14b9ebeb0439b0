//! `families`: accuracy against bits for every family of post-training methods.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::problem::{Key, Problem, Shape, Source};
use crate::granularity::Granularity;
use crate::nonuniform::{BinaryCode, Codebook};
use crate::product::ProductCode;
use crate::quantise::{Method, Quantised, Settings, quantise};

/// Post-training quantisation of weights, activations of 8 bits.
pub struct Families;

/// A cell: a trained network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where images come from.
    pub source: Source,
    /// The network.
    pub shape: Shape,
    /// Draw of images and weights.
    pub replicate: u32,
}

/// A family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// One scale a layer, to the nearest.
    Tensor,
    /// One scale an output, to the nearest.
    Channel,
    /// One scale for 32 inputs, to the nearest.
    Group,
    /// Biases corrected.
    BiasCorrection,
    /// Layers equalised, biases corrected; one scale a layer.
    Equalisation,
    /// AdaRound.
    AdaptiveRounding,
    /// OBQ.
    OptimalBrain,
    /// GPTQ.
    Gptq,
    /// Powers of two.
    PowersOfTwo,
    /// The best codebook of each layer.
    Codebook,
    /// Sums of signs, refined.
    BinaryCode,
    /// Product quantisation of pairs of inputs.
    Product,
}

/// The names in figures.
pub const FAMILIES: [(Family, &str); 12] = [
    (Family::Tensor, "nearest, a scale a layer"),
    (Family::Channel, "nearest, a scale a channel"),
    (Family::Group, "nearest, a scale for 32 inputs"),
    (Family::BiasCorrection, "bias correction"),
    (Family::Equalisation, "equalisation, a scale a layer"),
    (Family::AdaptiveRounding, "AdaRound"),
    (Family::OptimalBrain, "OBQ"),
    (Family::Gptq, "GPTQ"),
    (Family::PowersOfTwo, "powers of two"),
    (Family::Codebook, "best codebook"),
    (Family::BinaryCode, "binary code"),
    (Family::Product, "product code of pairs"),
];

/// A quantised network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The family.
    pub family: Family,
    /// Bits a weight.
    #[column(unit = "bit")]
    pub bits: u32,
    /// Share of test images classified right.
    #[column(within = 0.1)]
    pub accuracy: f64,
    /// Accuracy of the network before.
    #[column(within = 0.05)]
    pub real: f64,
    /// Bits of all weights with their scales or codebooks, over the number of weights.
    #[column(unit = "bit")]
    pub bits_a_weight: f64,
}

impl Row {
    /// Accuracy lost, in percentage points.
    pub fn lost(&self) -> f64 {
        100.0 * (self.real - self.accuracy)
    }
}

impl Experiment for Families {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "families";
    const TITLE: &'static str = "Accuracy against bits, by family";
    const QUESTION: &'static str = "Weights of small networks are quantised after training by every family of the survey, activations to 8 bits. How much accuracy is lost at how many bits? Random strokes in the quick profile, MNIST in the \
         full one.";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (source, shapes, replicates): (Source, &[Shape], u32) = match profile {
            Profile::Smoke => (Source::FewStrokes, &[Shape::Perceptron], 2),
            Profile::Quick => (Source::Strokes, &[Shape::Perceptron, Shape::Convolutional], 2),
            Profile::Full => (Source::Mnist, &[Shape::Perceptron, Shape::Convolutional], 5),
        };
        let cells = shapes.iter().flat_map(|&shape| (0..replicates).map(move |replicate| (shape, replicate)));
        cells.map(|(shape, replicate)| Parameters { source, shape, replicate }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { source, shape, replicate } = *cell;
        let Some(problem) = Problem::draw(Key { source, shape, replicate }, random)? else {
            return Ok(Outcome::Skipped("MNIST is not here: make data".into()));
        };
        let weights = problem.network.layers.iter().map(|layer| layer.weights.len()).sum::<usize>() as f64;
        let mut rows = Vec::new();
        for (family, _) in FAMILIES {
            // OBQ costs rows · d³: networks with more inputs than 200 would take minutes.
            if family == Family::OptimalBrain && problem.network.inputs() > 200 {
                continue;
            }
            for bits in [2, 3, 4, 6, 8] {
                let expensive = matches!(family, Family::BinaryCode | Family::Product) && bits > 4;
                if expensive || (family == Family::OptimalBrain && bits > 4) {
                    continue;
                }
                let (quantised, size) = quantised(&problem, family, bits, random)?;
                rows.push(Row {
                    family,
                    bits,
                    accuracy: problem.score(quantised.forward(problem.test.view())?.view()),
                    real: problem.accuracy,
                    bits_a_weight: size / weights,
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut shapes: Vec<Shape> = table.cells().map(|(cell, _)| cell.shape).collect();
        shapes.sort_unstable();
        shapes.dedup();
        if shapes.is_empty() {
            return Ok(());
        }
        let chart = |shape: Shape, title: &str, shown: &[Family]| {
            let mut chart = Chart::new()
                .title(title)
                .x_label("bits of a weight")
                .y_label("accuracy on test images")
                .x_ticks([2.0, 3.0, 4.0, 6.0, 8.0]);
            for (family, name) in FAMILIES.into_iter().filter(|(family, _)| shown.contains(family)) {
                let rows = table.rows().filter(|(cell, row)| cell.shape == shape && row.family == family);
                let means =
                    table.means_by(rows.map(|(_, row)| (f64::from(row.bits), row.accuracy)), "families");
                if !means.is_empty() {
                    chart = chart.line_with_markers(name, means.iter().map(|mean| (mean.at, mean.mean)));
                }
            }
            let real: Vec<f64> =
                table.rows().filter(|(cell, _)| cell.shape == shape).map(|(_, row)| row.real).collect();
            chart.horizontal_reference("before quantisation", numerics::bootstrap::mean(&real))
        };
        let panels = |shown: &[Family]| {
            let name = |shape: Shape| match shape {
                Shape::Convolutional => "two convolutions",
                _ => "perceptron",
            };
            shapes.iter().map(|shape| chart(*shape, name(*shape), shown)).collect::<Vec<_>>()
        };
        report.figure(
            "granularity",
            "Mean accuracy after rounding weights to the nearest grid value, by how many weights share a scale; activations of 8 bits.",
            "Curves of accuracy that rise with bits, one for each granularity.",
            &Figure::new("Accuracy by granularity")
                .columns(shapes.len())
                .panels(panels(&[Family::Tensor, Family::Channel, Family::Group])),
        )?;
        report.figure(
            "methods",
            "Mean accuracy by method of rounding, a scale for each channel except for equalisation.",
            "Curves of accuracy that rise with bits, one for each method.",
            &Figure::new("Accuracy by method").columns(shapes.len()).panels(panels(&[
                Family::Channel,
                Family::BiasCorrection,
                Family::Equalisation,
                Family::AdaptiveRounding,
                Family::OptimalBrain,
                Family::Gptq,
            ])),
        )?;
        report.figure(
            "non-uniform",
            "Mean accuracy with levels that are not equally far apart, and with product codes; rounding to nearest with a scale a layer for comparison.",
            "Curves of accuracy that rise with bits, one for each kind of levels.",
            &Figure::new("Accuracy with non-uniform levels").columns(shapes.len()).panels(panels(&[
                Family::Tensor,
                Family::PowersOfTwo,
                Family::Codebook,
                Family::BinaryCode,
                Family::Product,
            ])),
        )?;
        let mut losses = Vec::new();
        for &shape in &shapes {
            for (family, _) in FAMILIES {
                let rows = table.rows().filter(|(cell, row)| cell.shape == shape && row.family == family);
                for mean in table.means_by(rows.map(|(_, row)| (f64::from(row.bits), row.lost())), "lost") {
                    let bits = mean.at as u32;
                    losses.push(Loss {
                        shape,
                        family,
                        bits,
                        lost: mean.mean,
                        low: mean.low,
                        high: mean.high,
                    });
                }
            }
        }
        report.records("losses", "Accuracy lost, over draws.", &losses)
    }
}

#[derive(Serialize, Columns)]
struct Loss {
    /// The network.
    shape: Shape,
    /// Method.
    family: Family,
    /// Bits a weight.
    #[column(unit = "bit")]
    bits: u32,
    /// Accuracy lost in percentage points, mean.
    #[column(absolute = 2)]
    lost: f64,
    /// Lower end of its 95 % interval.
    #[column(absolute = 2)]
    low: f64,
    /// Upper end.
    #[column(absolute = 2)]
    high: f64,
}

/// The quantised network, and bits of its weights.
fn quantised(
    problem: &Problem,
    family: Family,
    bits: u32,
    random: &Random,
) -> Result<(Quantised, f64), Failure> {
    let settings = |granularity: Granularity, method: Method| Settings {
        bits,
        granularity,
        method,
        ..Settings::default()
    };
    let settings = match family {
        Family::Tensor => settings(Granularity::Tensor, Method::Nearest),
        Family::Group => settings(Granularity::Group(32), Method::Nearest),
        Family::BiasCorrection => settings(Granularity::Channel, Method::BiasCorrection),
        Family::Equalisation => settings(Granularity::Tensor, Method::Equalisation),
        Family::AdaptiveRounding => settings(Granularity::Channel, Method::AdaptiveRounding),
        Family::OptimalBrain => settings(Granularity::Channel, Method::OptimalBrain),
        Family::Gptq => settings(Granularity::Channel, Method::Gptq),
        _ => settings(Granularity::Channel, Method::Nearest),
    };
    let mut quantised = quantise(&problem.network, problem.calibration(), &settings)?;
    let mut size: f64 = quantised.matrices.iter().map(|matrix| matrix.size_bits()).sum();
    let levels =
        matches!(family, Family::PowersOfTwo | Family::Codebook | Family::BinaryCode | Family::Product);
    if levels {
        size = 0.0;
        for (layer, real) in quantised.network.layers.iter_mut().zip(&problem.network.layers) {
            let weights = real.weights.mapv(f64::from);
            let (values, bits) = leveled(weights, family, bits, random)?;
            layer.weights = values.mapv(|value| value as f32);
            size += bits;
        }
    }
    Ok((quantised, size))
}

/// A layer's weights on levels that are not uniform, and the bits that they take.
fn leveled(
    weights: Array2<f64>,
    family: Family,
    bits: u32,
    random: &Random,
) -> Result<(Array2<f64>, f64), Failure> {
    let (flat, shape) = (weights.iter().copied().collect::<Vec<_>>(), weights.dim());
    let codes = flat.len() as f64 * f64::from(bits);
    Ok(match family {
        Family::PowersOfTwo => {
            let codebook = Codebook::powers_of_two(bits, &flat)?;
            (weights.mapv(|value| codebook.snap(value)), codes + 8.0)
        }
        Family::Codebook => {
            let codebook = Codebook::optimal(bits, &flat)?;
            (weights.mapv(|value| codebook.snap(value)), codes + 32.0 * codebook.levels().len() as f64)
        }
        Family::BinaryCode => {
            let code = BinaryCode::greedy(bits, &flat)?.refined(&flat, 5);
            (Array2::from_shape_vec(shape, code.values())?, codes + 32.0 * f64::from(bits))
        }
        _ => {
            // Pairs where rows can be cut so, and twice the bits a pair.
            let piece = if shape.1 % 2 == 0 { 2 } else { 1 };
            let ones = vec![1.0; shape.1];
            let centroids = 1usize << (bits as usize * piece);
            let code =
                ProductCode::new(weights.view(), piece, centroids, &ones, 8, &mut random.stream("product"))?;
            (code.values(), code.size_bits())
        }
    })
}
