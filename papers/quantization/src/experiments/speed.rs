//! `speed`: products at 32, 8, 4, 2 and 1 bit, with the limits of this machine measured in the same run.

use std::time::Instant;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use numerics::product::product;
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::mixed_precision::seconds_for_layers;
use crate::integer::{IntegerNetwork, Requantisation};
use crate::kernels::{BinaryMatrix, LowBitMatrix, LowBits, PackedWeights, Path};
use crate::network::Network;
use crate::quantise::{Settings, quantise};
use crate::uniform::{Grid, Layout};

/// Measured time of products.
pub struct Speed;

/// A cell: something to time.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What is timed.
    pub task: Task,
    /// Side of the matrices; for the network the batch.
    pub size: usize,
}

/// What is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Reading memory once: the limit of products with a vector.
    Reading,
    /// Single-precision matrix product, by ndarray, a block of rows for each thread.
    RealProduct,
    /// 8-bit product, unsigned inputs, best path.
    IntegerProduct,
    /// 8-bit product, signed inputs, best path.
    SignedProduct,
    /// 8-bit product by AVX2.
    IntegerProductAvx2,
    /// 8-bit product in plain Rust.
    IntegerProductPortable,
    /// Single-precision matrix times vector, by ndarray, a block of rows for each thread.
    RealVector,
    /// 8-bit matrix times vector.
    EightBitVector,
    /// 4-bit matrix times vector.
    FourBitVector,
    /// 2-bit matrix times vector.
    TwoBitVector,
    /// 1-bit matrix times signs.
    OneBitVector,
    /// Perceptron 784 – 512 – 512 – 10 in single precision.
    RealNetwork,
    /// The same in integers, from real inputs to real outputs.
    IntegerNetwork,
    /// The integer program for so many layers.
    Program,
}

/// A time.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Wall seconds of one run, the fastest of several.
    #[column(time, unit = "s")]
    pub seconds: f64,
}

/// Multiplications and additions, or bytes read for [`Task::Reading`].
pub fn work(task: Task, size: usize) -> f64 {
    let n = size as f64;
    match task {
        Task::Reading => 4.0 * n * n,
        Task::RealProduct
        | Task::IntegerProduct
        | Task::SignedProduct
        | Task::IntegerProductAvx2
        | Task::IntegerProductPortable => 2.0 * n * n * n,
        Task::RealNetwork | Task::IntegerNetwork => 2.0 * n * (784.0 * 512.0 + 512.0 * 512.0 + 512.0 * 10.0),
        Task::Program => n,
        _ => 2.0 * n * n,
    }
}

impl Experiment for Speed {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "speed";
    const TITLE: &'static str = "Speed of products";
    const QUESTION: &'static str = "How much faster are 8-bit matrix products than single precision on this processor, where arithmetic is the limit, and how much faster are products of packed low-bit matrices with a vector, where reading weights is? \
         Wall time on all threads.";
    const REVISION: u32 = 2;
    const RUNS_ALONE: bool = true;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (products, vectors, batch): (&[usize], &[usize], usize) = match profile {
            Profile::Smoke => (&[64], &[128], 16),
            Profile::Quick => (&[256, 512, 1024], &[1024, 4096, 8192], 256),
            Profile::Full => (&[256, 512, 1024, 2048, 4096], &[1024, 4096, 8192, 16_384], 256),
        };
        let mut grid = Vec::new();
        for &size in products {
            grid.extend(
                [Task::RealProduct, Task::IntegerProduct, Task::SignedProduct]
                    .map(|task| Parameters { task, size }),
            );
            if size <= 1024 {
                grid.push(Parameters { task: Task::IntegerProductAvx2, size });
            }
            if size <= 512 {
                grid.push(Parameters { task: Task::IntegerProductPortable, size });
            }
        }
        for &size in vectors {
            let tasks = [
                Task::Reading,
                Task::RealVector,
                Task::EightBitVector,
                Task::FourBitVector,
                Task::TwoBitVector,
                Task::OneBitVector,
            ];
            grid.extend(tasks.map(|task| Parameters { task, size }));
        }
        grid.extend([Task::RealNetwork, Task::IntegerNetwork].map(|task| Parameters { task, size: batch }));
        grid.push(Parameters { task: Task::Program, size: 50 });
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        Ok(match seconds(cell.task, cell.size, random)? {
            Some(seconds) => Outcome::Done(vec![Row { seconds }]),
            None => Outcome::Skipped("this processor lacks the instructions".into()),
        })
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let curve = |task: Task, value: fn(&Parameters, &Row) -> f64| {
            let rows = table.rows().filter(|(cell, _)| cell.task == task);
            let mut points: Vec<(f64, f64)> =
                rows.map(|(cell, row)| (cell.size as f64, value(cell, row))).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            points
        };
        let rate: fn(&Parameters, &Row) -> f64 = |cell, row| work(cell.task, cell.size) / row.seconds / 1e9;
        let mut products = Chart::new()
            .title("matrix times matrix")
            .x_label("side n")
            .y_label("10⁹ operations a second")
            .x_log()
            .y_log();
        for (task, name) in [
            (Task::RealProduct, "single precision"),
            (Task::IntegerProduct, "8 bit, unsigned inputs"),
            (Task::SignedProduct, "8 bit, signed inputs"),
            (Task::IntegerProductAvx2, "8 bit, AVX2"),
            (Task::IntegerProductPortable, "8 bit, plain Rust"),
        ] {
            let points = curve(task, rate);
            if !points.is_empty() {
                products = products.line_with_markers(name, points);
            }
        }
        let mut vectors =
            Chart::new().title("matrix times vector").x_label("side n").y_label("time, s").x_log().y_log();
        for (task, name) in [
            (Task::Reading, "reading 4 n² bytes"),
            (Task::RealVector, "single precision"),
            (Task::EightBitVector, "8 bit"),
            (Task::FourBitVector, "4 bit"),
            (Task::TwoBitVector, "2 bit"),
            (Task::OneBitVector, "1 bit"),
        ] {
            let points = curve(task, |_, row| row.seconds);
            if !points.is_empty() {
                vectors = vectors.line_with_markers(name, points);
            }
        }
        report.timing_figure(
            "products",
            "Rates of square matrix products, and times of products with a vector, on all threads of this machine.",
            "Left: rates by side, 8-bit products with the widest instructions highest. Right: times by side, fewer bits lower.",
            &Figure::new(format!("Products on this machine, of matrices by {}", Path::best())).columns(2).width(960.0).panel(products).panel(vectors),
        )?;
        let rates: Vec<Rate> = table
            .rows()
            .map(|(cell, row)| Rate {
                task: cell.task,
                size: cell.size,
                seconds: row.seconds,
                billions_a_second: rate(cell, row),
            })
            .collect();
        report.timing_records("rates", "Times, and 10⁹ operations (or bytes, for reading) a second.", &rates)
    }
}

#[derive(Serialize, Columns)]
struct Rate {
    /// What is timed.
    task: Task,
    /// Side of the matrices; for the network the batch.
    size: usize,
    /// Wall time of one run, the fastest of several.
    #[column(time, unit = "s")]
    seconds: f64,
    /// 10⁹ operations a second, for reading bytes.
    #[column(time)]
    billions_a_second: f64,
}

fn seconds(task: Task, size: usize, random: &Random) -> Result<Option<f64>, Failure> {
    let real = || filled(size, |x| x);
    Ok(Some(match task {
        Task::Reading => {
            let matrix = real();
            let values = matrix.as_slice().unwrap_or_default();
            let part = |part: &[f32]| part.iter().fold(0, |sum, x| sum ^ x.to_bits());
            fastest(|| values.par_chunks(1 << 16).map(part).reduce(|| 0, |a, b| a ^ b))
        }
        Task::RealProduct => {
            let (a, b) = (real(), real());
            fastest(|| by_rows(a.view(), |rows| product(rows, b.view())))
        }
        Task::RealVector => {
            let (a, x) = (real(), Array1::<f32>::ones(size));
            fastest(|| by_rows(a.view(), |rows| rows.dot(&x)))
        }
        Task::IntegerProduct | Task::IntegerProductAvx2 | Task::IntegerProductPortable => {
            let path = match task {
                Task::IntegerProductAvx2 => Path::Avx2,
                Task::IntegerProductPortable => Path::Portable,
                _ => Path::best(),
            };
            if !Path::available().contains(&path) {
                return Ok(None);
            }
            let weights = PackedWeights::new(filled(size, |x| (127.0 * x) as i8).view())?;
            let inputs = filled(size, |x| (127.0 * x) as i8 as u8);
            fastest(|| weights.multiply(inputs.view(), path))
        }
        Task::SignedProduct => {
            let weights = PackedWeights::new(filled(size, |x| (127.0 * x) as i8).view())?;
            let inputs = filled(size, |x| (127.0 * x) as i8);
            fastest(|| weights.multiply_signed(inputs.view(), Path::best()))
        }
        Task::EightBitVector | Task::FourBitVector | Task::TwoBitVector => {
            let (width, half) = match task {
                Task::EightBitVector => (LowBits::Eight, 127.0),
                Task::FourBitVector => (LowBits::Four, 7.0),
                _ => (LowBits::Two, 1.0),
            };
            let integers = filled(size, |x| ((half + 0.5) * x) as i32);
            let matrix = LowBitMatrix::new(integers.view(), &vec![1.0; size], width)?;
            let x = vec![1i8; size];
            fastest(|| matrix.multiply(&x, 1.0, Path::best()))
        }
        Task::OneBitVector => {
            let matrix = BinaryMatrix::new(filled(size, f64::from).view())?;
            let x = vec![1.0; size];
            fastest(|| matrix.multiply(&x, Path::best()))
        }
        Task::RealNetwork | Task::IntegerNetwork => {
            let network = Network::perceptron(&[784, 512, 512, 10], &mut random.stream("weights"))?;
            let mut pixels = random.stream("values");
            let inputs = Array2::<f32>::from_shape_simple_fn((size, 784), || pixels.random::<f32>());
            if task == Task::RealNetwork {
                fastest(|| by_rows(inputs.view(), |rows| network.forward(rows)))
            } else {
                let quantised = quantise(&network, inputs.view(), &Settings::default())?;
                let logits: Vec<f64> =
                    network.forward(inputs.view())?.iter().map(|z| f64::from(*z)).collect();
                let integer =
                    IntegerNetwork::new(&quantised, Grid::of_values(Layout::Asymmetric, 8, &logits)?)?;
                fastest(|| integer.logits(inputs.view(), Requantisation::Dyadic, Path::best()))
            }
        }
        Task::Program => seconds_for_layers(size, random)?,
    }))
}

/// A matrix of numbers between −1 and 1, or what is made of them, in no simple pattern: drawing a large one would take longer than the products.
fn filled<T: Send>(size: usize, entry: impl Fn(f32) -> T + Sync) -> Array2<T> {
    let number = |place: usize| {
        let mixed = (place as u32 ^ (place as u32 >> 15)).wrapping_mul(0x85EB_CA6B);
        (mixed.wrapping_mul(0xC2B2_AE35) >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    };
    let entries: Vec<T> = (0..size * size).into_par_iter().map(|place| entry(number(place))).collect();
    Array2::from_shape_vec((size, size), entries).expect("size² entries")
}

/// Runs on as many blocks of rows as there are threads: a product uses one.
fn by_rows<T: Send>(matrix: ArrayView2<f32>, run: impl Fn(ArrayView2<f32>) -> T + Sync + Send) -> Vec<T> {
    let rows = matrix.nrows().div_ceil(rayon::current_num_threads()).max(1);
    matrix.axis_chunks_iter(Axis(0), rows).into_par_iter().map(run).collect()
}

/// The fastest of at least five runs and at least a tenth of a second.
fn fastest<T>(mut run: impl FnMut() -> T) -> f64 {
    let (mut best, mut total, mut runs) = (f64::INFINITY, 0.0, 0);
    while runs < 5 || total < 0.1 {
        let began = Instant::now();
        std::hint::black_box(run());
        let seconds = began.elapsed().as_secs_f64();
        (best, total, runs) = (best.min(seconds), total + seconds, runs + 1);
    }
    best
}
