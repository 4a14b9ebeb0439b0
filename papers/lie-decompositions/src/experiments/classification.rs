//! `classification`: networks trained on upright glyphs, tested on deformed ones.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::glyphs::{CLASSES, Ranges, glyphs, images};
use crate::network::sampling::Sampling;
use crate::network::training::{Training, accuracy, averaged, relative_change, train};
use crate::network::{Architecture, GroupNetwork, Stage};

/// Classification.
pub struct Classification;

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// SL(2), Haar measure on t ≤ ½.
    Special,
    /// GL⁺(2): the same times |s| ≤ 0.3.
    General,
    /// SL(2), the authors' log-normal law.
    LogNormal,
    /// Rotations.
    Rotations,
    /// Scales, |s| ≤ 0.3.
    Scales,
    /// An ordinary convolutional network.
    Plain,
    /// The same, trained on glyphs deformed as widely as the test's.
    Augmented,
}

/// All, with their names.
pub const KINDS: [(Kind, &str); 7] = [
    (Kind::Special, "SL(2)"),
    (Kind::General, "GL⁺(2)"),
    (Kind::LogNormal, "log-normal"),
    (Kind::Rotations, "rotations"),
    (Kind::Scales, "scales"),
    (Kind::Plain, "plain"),
    (Kind::Augmented, "augmented"),
];

impl Kind {
    /// Where features live.
    pub fn sampling(self) -> Sampling {
        match self {
            Self::Special => Sampling::Special { radius: 0.5 },
            Self::General => Sampling::General { radius: 0.5, scale: 0.3 },
            Self::LogNormal => Sampling::LogNormal { variance: 0.1 },
            Self::Rotations => Sampling::Rotations,
            Self::Scales => Sampling::Scales { scale: 0.3 },
            Self::Plain | Self::Augmented => Sampling::Identity,
        }
    }
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The network.
    pub kind: Kind,
    /// N.
    pub samples: u64,
    /// Training glyphs.
    pub glyphs: u64,
    /// Passes over them.
    pub epochs: u64,
    /// Pixels along a side.
    pub side: u64,
    /// Which repetition; glyphs and deformations are those of the repetition.
    pub seed: u32,
}

/// A trained network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Numbers that are trained.
    pub parameters: u64,
    /// Loss of the last pass.
    #[column(within = 0.1)]
    pub loss: f64,
    /// Share of upright test glyphs that are named rightly.
    #[column(absolute = 0.05)]
    pub upright: f64,
    /// Of those deformed in affNIST's ranges.
    #[column(absolute = 0.05)]
    pub mild: f64,
    /// Of those deformed widely.
    #[column(absolute = 0.05)]
    pub wide: f64,
    /// Relative change of the outputs less their means, from upright to widely deformed glyphs.
    #[column(within = 0.2)]
    pub change: f64,
}

/// Channels and widths of kernel networks, the same for all: about 3,500 parameters.
const CHANNELS: usize = 12;
const HIDDEN: usize = 16;
/// Test glyphs, and sets of samples over which outputs are averaged.
const TESTS: usize = 200;
const DRAWS: usize = 3;

impl Experiment for Classification {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "classification";
    const TITLE: &'static str = "Upright glyphs learnt, deformed ones named";
    const QUESTION: &'static str =
        "Trained on upright glyphs only: which network names affinely deformed ones best?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (samples, glyphs, epochs, side, seeds): (_, &[u64], _, _, u32) = match profile {
            Profile::Smoke => ([1, 2], &[40], 2, 14, 2),
            Profile::Quick => ([2, 4], &[100], 22, 18, 3),
            Profile::Full => ([4, 8], &[100, 400], 40, 22, 5),
        };
        let mut cells = Vec::new();
        for glyphs in glyphs {
            for seed in 0..seeds {
                for (kind, _) in KINDS {
                    let counts: &[u64] = match kind {
                        Kind::Plain | Kind::Augmented => &[1],
                        Kind::Special => &samples,
                        _ => &samples[1..],
                    };
                    cells.extend(counts.iter().map(|samples| Parameters {
                        kind,
                        samples: *samples,
                        glyphs: *glyphs,
                        epochs,
                        side,
                        seed,
                    }));
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let side = usize::try_from(cell.side)?;
        let sampling = cell.kind.sampling();
        let architecture = Architecture {
            side,
            channels: CHANNELS,
            kernel: 5,
            hidden: vec![HIDDEN; 2],
            scale: sampling.has_scale(),
            stages: vec![Stage::Pool, Stage::Residual(1)],
            classes: CLASSES,
            epsilon: 1e-5,
        };
        let key = lab::key([
            ("seed", f64::from(cell.seed)),
            ("glyphs", cell.glyphs as f64),
            ("side", cell.side as f64),
        ]);
        let mut shared = random.shared_stream("training", &key)?;
        let (drawn, mut labels) = glyphs(usize::try_from(cell.glyphs)?, &mut shared);
        let mut pixels = images(&drawn, side, None, &mut shared);
        let mut epochs = usize::try_from(cell.epochs)?;
        if cell.kind == Kind::Augmented {
            // The same glyphs, deformed anew for every pass: one pass over all of them.
            let all: Vec<_> =
                (0..epochs).map(|_| images(&drawn, side, Some(Ranges::WIDE), &mut shared)).collect();
            let views: Vec<_> = all.iter().map(|images| images.view()).collect();
            pixels = ndarray::concatenate(ndarray::Axis(0), &views)?;
            labels = labels.repeat(epochs);
            epochs = 1;
        }
        let mut stream = random.stream("network");
        let mut network = GroupNetwork::<f32>::new(&architecture, &mut stream)?;
        let samples = usize::try_from(cell.samples)?;
        let training = Training { sampling, samples, epochs, batch: 10, rate: 4e-3, decay: 0.0 };
        let losses = train(&mut network, pixels.view(), &labels, &training, &mut stream)?;
        // The same glyphs upright and deformed, on the same samples.
        let mut tests = random.shared_stream("tests", &key)?;
        let (drawn, labels) = glyphs(TESTS, &mut tests);
        let mut outputs = Vec::new();
        let mut accuracies = Vec::new();
        for ranges in [None, Some(Ranges::AFFNIST), Some(Ranges::WIDE)] {
            let pixels = images(&drawn, side, ranges, &mut tests);
            let sets = (&sampling, samples, DRAWS);
            let mut logits = averaged(&network, pixels.view(), sets, &mut random.stream("samples of tests"))?;
            accuracies.push(accuracy(&logits, &labels));
            // What is common to all classes says nothing.
            for mut row in logits.rows_mut() {
                let mean = row.mean().unwrap_or(0.0);
                row.mapv_inplace(|x| x - mean);
            }
            outputs.push(logits);
        }
        Ok(Outcome::Done(vec![Row {
            parameters: network.parameters() as u64,
            loss: losses.last().copied().unwrap_or(f64::NAN),
            upright: accuracies[0],
            mild: accuracies[1],
            wide: accuracies[2],
            change: relative_change(&outputs[2], &outputs[0]),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let fewest = table.rows().map(|(cell, _)| cell.glyphs).min().unwrap_or(0);
        let most = |kind: Kind| {
            table.rows().filter(|(cell, _)| cell.kind == kind).map(|(cell, _)| cell.samples).max()
        };
        let mean = |kind: Kind, of: fn(&Row) -> f64| {
            let values: Vec<f64> = table
                .rows()
                .filter(|(cell, _)| {
                    cell.kind == kind && cell.glyphs == fewest && Some(cell.samples) == most(kind)
                })
                .map(|(_, row)| of(row))
                .collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let chart = Chart::new()
            .categories(KINDS.map(|(_, name)| name))
            .y_label("share named rightly")
            .y_range(0.0, 1.0)
            .bars("upright", KINDS.map(|(kind, _)| mean(kind, |row| row.upright)))
            .bars("affNIST's ranges", KINDS.map(|(kind, _)| mean(kind, |row| row.mild)))
            .bars("widely deformed", KINDS.map(|(kind, _)| mean(kind, |row| row.wide)))
            .horizontal_reference("chance", 1.0 / CLASSES as f64);
        report.figure(
            "accuracies",
            "Means over repetitions, of SL(2) with the larger number of samples; as many parameters for each network. Only the augmented one saw deformed glyphs. Networks that do not name upright glyphs are not trained to their end.",
            "Groups of three bars for seven networks.",
            &Figure::new("Glyphs named rightly").width(1_100.0).panel(chart),
        )
    }
}
