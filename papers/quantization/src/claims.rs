//! The survey's claims and the rules that judge them, fixed before any number was measured.

use lab::{Claim, Estimate, Rule, Table};

use crate::experiments::activations::{self, Activations, Range};
use crate::experiments::awareness::{self, Awareness, Way};
use crate::experiments::clipping::{Choice, Clipping};
use crate::experiments::families::{self, Families, Family};
use crate::experiments::integer_only::IntegerOnly;
use crate::experiments::mixed_precision::{Assignment, MixedPrecision};
use crate::experiments::sizes::Sizes;
use crate::experiments::speed::{self, Speed, Task, work};
use crate::integer::Requantisation;

/// What the survey leaves out or could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "The full text of the survey was not at hand: its abstract was, its structure and the wording of most claims are from reviews and the literature. Where a claim stands is told as far as known.",
    "Zero points have ONNX's sign, q = ⌊r/S⌉ + Z; the survey writes −Z.",
    "Networks are small: two hidden layers, two convolutions, or six hidden layers, on random strokes in the quick profile and on 8,000 of MNIST's test images in the full one, since the training images are not in the data sets.",
    "Networks have no batch normalisation; what such layers would have stored is computed from training images for calibration without data.",
];

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim::new(
            "memory-of-low-bits",
            "Representations of four bits and less can save up to 16 times the memory: the file of a network with weights of two bits, scales, biases and all.",
            "abstract",
            &Sizes,
            Rule::at_least("ratio of the files in single precision and at two bits, the widest network measured", 15.0),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.bits == 2);
                let widest = rows.max_by_key(|(cell, _)| cell.width);
                let ratio = widest.and_then(|(_, row)| Some(row.real_file as f64 / row.file? as f64));
                Ok(Estimate::exact(ratio.unwrap_or(f64::NAN)))
            },
        )
        .paper_value("16")
        .shown_by("ratios"),
        Claim::new(
            "latency-in-practice",
            "At least four times less latency is often realised: here 8-bit products of the largest matrices measured, against single precision, on the same threads.",
            "abstract",
            &Speed,
            Rule::at_least("time in single precision over time in 8 bits, the largest product", 4.0),
            |table| Ok(Estimate::exact(ratio(table, Task::RealProduct, Task::IntegerProduct))),
        )
        .paper_value("4 to 8")
        .shown_by("products")
        .on_timing(),
        Claim::new(
            "latency-of-networks",
            "The same for a whole perceptron 784 – 512 – 512 – 10 with a batch of 256, conversions included.",
            "abstract",
            &Speed,
            Rule::at_least("time in single precision over time in integers", 4.0),
            |table| Ok(Estimate::exact(ratio(table, Task::RealNetwork, Task::IntegerNetwork))),
        )
        .paper_value("4 to 8")
        .shown_by("products")
        .on_timing(),
        Claim::new(
            "four-bits-for-one-input",
            "With a batch of one, a product with four-bit weights takes at most a quarter of the time that only reading the weights in single precision takes; caches help the smaller matrix.",
            "our reading of the abstract; the largest matrix measured",
            &Speed,
            Rule::at_least("time of reading 4 n² bytes over time of the product in four bits", 4.0),
            |table| Ok(Estimate::exact(times(table, Task::Reading, Task::FourBitVector))),
        )
        .shown_by("products")
        .on_timing(),
        Claim::new(
            "signed-inputs-are-no-slower",
            "Signed inputs need no slower path than unsigned ones: at most half as much time again, the largest product.",
            "beyond the survey: libraries have been reported to be ten times slower there",
            &Speed,
            Rule::at_most("time with signed over time with unsigned inputs", 1.5),
            |table| Ok(Estimate::exact(ratio(table, Task::SignedProduct, Task::IntegerProduct))),
        )
        .shown_by("products")
        .on_timing(),
        Claim::new(
            "eight-bits-are-nearly-lossless",
            "Weights and activations of 8 bits lose nearly nothing: at most half a percentage point.",
            "section on simulated quantisation, from memory",
            &Families,
            Rule::at_most("accuracy lost in percentage points at 8 bits, a scale a channel, mean", 0.5),
            |table| Ok(lost(table, Family::Channel, 8)),
        )
        .shown_by("granularity"),
        Claim::new(
            "two-bits-break-rounding",
            "Below four bits rounding after training breaks: at least ten points are lost at two bits with a scale a layer.",
            "as before",
            &Families,
            Rule::at_least("accuracy lost in percentage points at 2 bits, a scale a layer, mean", 10.0),
            |table| Ok(lost(table, Family::Tensor, 2)),
        )
        .shown_by("granularity"),
        Claim::new(
            "channels-beat-layers",
            "A scale for each channel loses less than one for the layer.",
            "section on granularity",
            &Families,
            Rule::at_least("accuracy lost with a scale a layer minus with a scale a channel, 2 to 4 bits, mean in points", 0.0),
            |table| Ok(advantage(table, Family::Tensor, Family::Channel)),
        )
        .shown_by("granularity"),
        Claim::new(
            "hessians-beat-rounding",
            "Methods that use second derivatives lose less than rounding to the nearest.",
            "section on post-training quantisation",
            &Families,
            Rule::at_least("accuracy lost by rounding minus by GPTQ, 2 to 4 bits, mean in points", 0.0),
            |table| Ok(advantage(table, Family::Channel, Family::Gptq)),
        )
        .shown_by("methods"),
        Claim::new(
            "codebooks-beat-grids",
            "Levels that follow the distribution lose less than symmetric uniform ones, of which two bits have three and not four.",
            "section on non-uniform quantisation",
            &Families,
            Rule::at_least("accuracy lost on uniform levels minus with the best codebook, a layer, 2 to 4 bits, mean in points", 0.0),
            |table| Ok(advantage(table, Family::Tensor, Family::Codebook)),
        )
        .shown_by("non-uniform"),
        Claim::new(
            "asymmetric-for-rectified",
            "Asymmetric grids suit rectified activations: the squared error of a symmetric one is about four times as large.",
            "section on symmetric and asymmetric quantisation; the factor is ours",
            &Activations,
            Rule::between("squared error of the last layer's inputs, symmetric over asymmetric, 4 to 6 bits, mean", 3.0, 6.0),
            |table| {
                let error = |rows: &[activations::Row], range: Range, bits: u32| {
                    rows.iter().find(|row| (row.range, row.bits) == (range, bits)).and_then(|row| row.input_error)
                };
                let ratios = table.cells().flat_map(|(_, rows)| {
                    [4, 5, 6].into_iter().filter_map(|bits| {
                        Some(error(rows, Range::StaticSymmetric, bits)? / error(rows, Range::Static, bits)?)
                    })
                });
                Ok(table.mean(ratios))
            },
        )
        .shown_by("ranges"),
        Claim::new(
            "clipping-beats-min-max",
            "Under outliers clipping beats covering all values: the range of least squared error at 4 bits, one value in a thousand ten times as large.",
            "section on calibration",
            &Clipping,
            Rule::at_most("squared error with the best clipping over that of min-max, mean", 0.5),
            |table| {
                let error = |rows: &[crate::experiments::clipping::Row], choice: Choice| {
                    rows.iter().find(|row| (row.choice, row.bits) == (choice, 4)).map_or(f64::NAN, |row| row.error)
                };
                let cells = table.cells().filter(|(cell, _)| cell.outliers == 1e-3);
                let ratios = cells.map(|(_, rows)| error(rows, Choice::MeanSquaredError) / error(rows, Choice::MinMax));
                Ok(table.mean(ratios))
            },
        )
        .shown_by("errors"),
        Claim::new(
            "training-beats-rounding",
            "At two bits training with quantisers in the loop loses less than rounding with the Hessian, at the price of more passes over the data.",
            "section on fine-tuning",
            &Awareness,
            Rule::at_least("accuracy lost by GPTQ minus by training straight through, 2-bit weights, 4-bit activations, mean in points", 0.0),
            |table| Ok(gained(table, Way::Gptq, Way::StraightThrough, 2.0, &[4])),
        )
        .shown_by("lost"),
        Claim::new(
            "learned-steps-help",
            "A learned step for each layer (LSQ, four levels at two bits) loses no more than steps that follow the range of each channel (three levels).",
            "section on fine-tuning",
            &Awareness,
            Rule::at_least("accuracy lost straight through minus by LSQ, 2-bit weights, 4-bit activations, mean in points", 0.0),
            |table| Ok(gained(table, Way::StraightThrough, Way::LearnedStep, 2.0, &[4])),
        )
        .shown_by("lost"),
        Claim::new(
            "teachers-help",
            "With a teacher no more is lost than with labels alone, two-bit weights, mean over activations of 8 and 4 bits.",
            "section on distillation",
            &Awareness,
            Rule::at_least("accuracy lost without minus with a teacher, mean in points", 0.0),
            |table| Ok(gained(table, Way::StraightThrough, Way::Distilled, 2.0, &[8, 4])),
        )
        .shown_by("lost"),
        Claim::new(
            "mixed-beats-uniform",
            "Bits layer by layer have a lower loss than the same for all, at equal or smaller size.",
            "section on mixed precision",
            &MixedPrecision,
            Rule::at_least("logarithm of the loss with the same bits over that of the integer program, budgets of 3 and 4 bits, mean", 0.0),
            |table| {
                let wins = table.cells().flat_map(|(_, rows)| {
                    [3.0, 4.0].map(|budget| {
                        let loss = |rule: Assignment| {
                            rows.iter().find(|row| row.rule == rule && row.budget == budget).map_or(f64::NAN, |row| row.loss)
                        };
                        (loss(Assignment::Uniform) / loss(Assignment::Program)).ln()
                    })
                });
                Ok(table.mean(wins))
            },
        )
        .shown_by("front"),
        Claim::new(
            "sensitivities-rank-layers",
            "Hessian traces times rounding errors rank layers as the true rise of the loss does, at two and at three bits.",
            "section on mixed precision; HAWQ",
            &MixedPrecision,
            Rule::at_least("rank correlation, mean over networks", 0.8),
            |table| {
                let values = table.cells().filter_map(|(_, rows)| rows.first().map(|row| row.rank_correlation));
                Ok(table.mean(values))
            },
        ),
        Claim::new(
            "the-program-is-optimal",
            "The integer program finds what trying all assignments finds.",
            "HAWQ-V3, quoted",
            &MixedPrecision,
            Rule::between("relative excess over the least sum of sensitivities, farthest from 0; infinite beyond the budget", -1e-6, 1e-6),
            |table| {
                let rows = table.rows().filter(|(_, row)| row.rule == Assignment::Program);
                let excess = |row: &crate::experiments::mixed_precision::Row| match row.used <= row.budget * (1.0 + 1e-9) {
                    true => row.sensitivity / row.least - 1.0,
                    false => f64::MAX,
                };
                Ok(Estimate::farthest_from(0.0, rows.map(|(_, row)| excess(row))))
            },
        ),
        Claim::new(
            "the-program-is-fast",
            "It takes about a second.",
            "HAWQ-V3, quoted: fifty layers with four widths each",
            &Speed,
            Rule::at_most("seconds for 50 layers", 1.0),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.task == Task::Program);
                Ok(Estimate::worst_of(rows.map(|(_, row)| row.seconds)))
            },
        )
        .paper_value("about 1 s")
        .on_timing(),
        Claim::new(
            "rows-beat-static",
            "Dynamic ranges are more accurate than static ones: for each row, squared error of the logits at 4 bits.",
            "section on static and dynamic quantisation",
            &Activations,
            Rule::at_most("squared error with a range a row over that with static ranges, 4 bits, mean", 1.0),
            |table| Ok(errors(table, Range::DynamicRow, Range::Static, 4)),
        )
        .shown_by("ranges"),
        Claim::new(
            "zero-shot-is-close",
            "Calibration without data comes close to calibration with it: squared error of the logits at 6 bits at most twice as large.",
            "section on zero-shot quantisation; the factor is ours",
            &Activations,
            Rule::at_most("squared error with synthesised images over that with training images, 6 bits, mean", 2.0),
            |table| Ok(errors(table, Range::Synthesised, Range::Static, 6)),
        )
        .shown_by("ranges"),
        Claim::new(
            "integers-suffice",
            "Integer-only inference is as accurate as simulated quantisation: at most half a percentage point apart.",
            "section on integer-only quantisation",
            &IntegerOnly,
            Rule::at_most("largest difference of accuracy in percentage points, dyadic requantisation", 0.5),
            |table| {
                let rows = table.rows().filter(|(_, row)| row.requantisation == Requantisation::Dyadic);
                Ok(Estimate::worst_of(rows.map(|(_, row)| 100.0 * (row.accuracy - row.simulated).abs())))
            },
        )
        .shown_by("accuracy"),
        Claim::new(
            "the-same-on-all-paths",
            "And the same to the last bit whatever instructions compute.",
            "beyond the survey",
            &IntegerOnly,
            Rule::at_most("outputs that differ between instruction sets", 0.0),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.between_paths.map_or(f64::NAN, |count| count as f64)))),
        ),
        Claim::not_tested(
            "energy",
            "An 8-bit addition takes 30 times less energy and 116 times less area than one in single precision (45 nm).",
            "quoting Horowitz, from memory",
            "a virtual machine has no counters of energy; a table of somebody else's numbers would be no test",
        ),
        Claim::not_tested(
            "peaks-of-accelerators",
            "Peak rates of graphics processors double with each halving of the bits.",
            "figure of peak rates, from memory",
            "there is no graphics processor here; the rates of this processor are in speed/timing-rates.csv",
        ),
    ]
}

/// Time of one task over that of another, for the same work, each at its largest size; not a number where sizes are too small for a time to mean anything.
fn ratio(table: &Table<speed::Parameters, speed::Row>, numerator: Task, denominator: Task) -> f64 {
    let time = |task: Task| {
        let rows = table.rows().filter(|(cell, _)| cell.task == task && cell.size >= 256);
        rows.max_by_key(|(cell, _)| cell.size).map(|(cell, row)| row.seconds / work(cell.task, cell.size))
    };
    match (time(numerator), time(denominator)) {
        (Some(a), Some(b)) => a / b,
        _ => f64::NAN,
    }
}

/// Time of one task over that of another at their largest size, whatever their work.
fn times(table: &Table<speed::Parameters, speed::Row>, numerator: Task, denominator: Task) -> f64 {
    let time = |task: Task| {
        let rows = table.rows().filter(|(cell, _)| cell.task == task && cell.size >= 256);
        rows.max_by_key(|(cell, _)| cell.size).map_or(f64::NAN, |(_, row)| row.seconds)
    };
    time(numerator) / time(denominator)
}

fn lost(table: &Table<families::Parameters, families::Row>, family: Family, bits: u32) -> Estimate {
    let rows = table.rows().filter(|(_, row)| (row.family, row.bits) == (family, bits));
    table.mean(rows.map(|(_, row)| row.lost()))
}

/// How much less the second family loses, network by network, 2 to 4 bits.
fn advantage(table: &Table<families::Parameters, families::Row>, first: Family, second: Family) -> Estimate {
    let lost = |rows: &[families::Row], family: Family, bits: u32| {
        rows.iter().find(|row| (row.family, row.bits) == (family, bits)).map_or(f64::NAN, families::Row::lost)
    };
    let gains = table
        .cells()
        .flat_map(|(_, rows)| [2, 3, 4].map(|bits| lost(rows, first, bits) - lost(rows, second, bits)));
    table.mean(gains)
}

fn gained(
    table: &Table<awareness::Parameters, awareness::Row>,
    first: Way,
    second: Way,
    bits: f64,
    activations: &[u32],
) -> Estimate {
    let lost = |rows: &[awareness::Row], way: Way, activation_bits: u32| {
        let row = rows
            .iter()
            .find(|row| row.way == way && row.weight_bits == bits && row.activation_bits == activation_bits);
        row.map_or(f64::NAN, awareness::Row::lost)
    };
    let gains = table.cells().flat_map(|(_, rows)| {
        let gain = |bits: &u32| lost(rows, first, *bits) - lost(rows, second, *bits);
        activations.iter().map(gain).collect::<Vec<_>>()
    });
    table.mean(gains)
}

fn errors(
    table: &Table<activations::Parameters, activations::Row>,
    first: Range,
    second: Range,
    bits: u32,
) -> Estimate {
    let error = |rows: &[activations::Row], range: Range| {
        rows.iter().find(|row| (row.range, row.bits) == (range, bits)).map_or(f64::NAN, |row| row.logit_error)
    };
    let ratios = table.cells().map(|(_, rows)| error(rows, first) / error(rows, second));
    table.mean(ratios)
}
