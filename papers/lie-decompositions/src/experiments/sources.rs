//! `sources`: where the change of a network's features under deformation comes from.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use networks::Real;
use serde::{Deserialize, Serialize};

use crate::glyphs::{CLASSES, Deformation, Glyph, Ranges};
use crate::network::sampling::Sampling;
use crate::network::training::relative_change;
use crate::network::{Architecture, GroupNetwork, Stage};

/// Sources.
pub struct Sources;

/// A subgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// SL(2), Haar, T = ½.
    Affine,
    /// Rotations.
    Rotations,
    /// The identity.
    Plain,
}

/// A cell: a random network on glyphs, `side` pixels with kernels of `kernel` of them.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The subgroup.
    pub group: Group,
    /// N.
    pub samples: u64,
    /// K.
    pub kernel: u64,
    /// Pixels along a side.
    pub side: u64,
    /// Networks.
    pub draws: u32,
}

/// A network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub draw: u32,
    /// Relative change of the features under maps of SL(2) with t ≤ 0.3.
    #[column(within = 1e-3)]
    pub squeezed: f64,
    /// Under rotations by up to 60°.
    #[column(within = 1e-3)]
    pub turned: f64,
    /// Under shifts of half a pixel: the canvas alone.
    #[column(within = 1e-3)]
    pub shifted: f64,
    /// Between two draws of samples, on the same upright glyphs: sampling alone.
    #[column(within = 1e-3)]
    pub resampled: f64,
}

/// Glyphs of each kind.
const GLYPHS: usize = 10;

impl Experiment for Sources {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "sources";
    const TITLE: &'static str = "Where invariance is lost";
    const QUESTION: &'static str = "How much do features of a random network change under deformation, and how much of it is sampling, window and canvas?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (samples, draws): (&[u64], u32) = match profile {
            Profile::Smoke => (&[4], 1),
            Profile::Quick => (&[2, 4, 8, 16], 3),
            Profile::Full => (&[2, 4, 8, 16, 32, 64], 10),
        };
        let mut cells = Vec::new();
        for group in [Group::Affine, Group::Rotations] {
            cells.extend(samples.iter().map(|samples| Parameters {
                group,
                samples: *samples,
                kernel: 5,
                side: 20,
                draws,
            }));
        }
        cells.push(Parameters { group: Group::Plain, samples: 1, kernel: 5, side: 20, draws });
        // Twice the pixels with kernels as wide on the canvas, and kernels of more pixels on the same canvas.
        for (kernel, side) in [(9, 36), (7, 20)] {
            cells.push(Parameters {
                group: Group::Affine,
                samples: samples[samples.len() / 2],
                kernel,
                side,
                draws,
            });
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let side = usize::try_from(cell.side)?;
        let architecture = Architecture {
            side,
            channels: 4,
            kernel: usize::try_from(cell.kernel)?,
            hidden: vec![24, 24],
            scale: false,
            stages: vec![Stage::Residual(1)],
            classes: CLASSES,
            epsilon: 1e-5,
        };
        let sampling = match cell.group {
            Group::Affine => Sampling::Special { radius: 0.5 },
            Group::Rotations => Sampling::Rotations,
            Group::Plain => Sampling::Identity,
        };
        let samples = usize::try_from(cell.samples)?;
        let mut rows = Vec::new();
        for draw in 0..cell.draws {
            let key = lab::key([("draw", f64::from(draw)), ("kernel", cell.kernel as f64)]);
            let mut shared = random.shared_stream("network", &key)?;
            let network = GroupNetwork::<f32>::new(&architecture, &mut shared)?;
            let glyphs: Vec<Glyph> = (0..GLYPHS).map(|k| Glyph::draw(k, 0.06, &mut shared)).collect();
            let none = Ranges { rotation: 0.0, shear: 0.0, squeeze: 0.0, shift: 0.0 };
            let mut maps = |ranges: Ranges| -> Vec<Deformation> {
                (0..GLYPHS).map(|_| ranges.draw(&mut shared)).collect()
            };
            let turned = maps(Ranges { rotation: 60.0, ..none });
            let shifted = maps(Ranges { shift: 1.0 / cell.side as f64, ..none });
            let squeezed: Vec<Deformation> = maps(Ranges { squeeze: 0.3, ..none })
                .into_iter()
                .map(|map| {
                    // Areas kept: e^{±t}.
                    let root = (map.h[0][0] * map.h[1][1]).sqrt();
                    Deformation { h: [[map.h[0][0] / root, 0.0], [0.0, map.h[1][1] / root]], ..map }
                })
                .collect();
            let pixels = |maps: Option<&[Deformation]>| -> Array2<f32> {
                let all: Vec<f32> = (0..GLYPHS)
                    .flat_map(|k| glyphs[k].pixels(side, maps.map_or(&Deformation::NONE, |maps| &maps[k])))
                    .map(f32::of)
                    .collect();
                Array2::from_shape_vec((GLYPHS, side * side), all).unwrap_or_default()
            };
            let mut stream = random.stream(&format!("samples {draw}"));
            let (first, second) = (sampling.draw(samples, &mut stream), sampling.draw(samples, &mut stream));
            let upright = network.features(pixels(None).view(), &first)?;
            let change = |maps: &[Deformation]| -> Result<f64, Failure> {
                Ok(relative_change(&network.features(pixels(Some(maps)).view(), &first)?, &upright))
            };
            rows.push(Row {
                draw,
                squeezed: change(&squeezed)?,
                turned: change(&turned)?,
                shifted: change(&shifted)?,
                resampled: relative_change(&network.features(pixels(None).view(), &second)?, &upright),
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Change of the features of a random network").columns(2).width(1_100.0);
        for (group, title) in [(Group::Affine, "SL(2), T = ½"), (Group::Rotations, "rotations")] {
            let mut chart = Chart::new().title(title).x_label("samples N").y_label("relative change").x_log();
            for (name, of) in [
                ("squeezed", (|row: &Row| row.squeezed) as fn(&Row) -> f64),
                ("turned", |row| row.turned),
                ("shifted by half a pixel", |row| row.shifted),
                ("other samples", |row| row.resampled),
            ] {
                let cells = table
                    .cells()
                    .filter(|(cell, _)| cell.group == group && cell.kernel == 5 && cell.side == 20);
                chart = chart.line_with_markers(
                    name,
                    cells.map(|(cell, rows)| {
                        let mean = rows.iter().map(of).sum::<f64>() / rows.len() as f64;
                        (cell.samples as f64, mean)
                    }),
                );
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "changes",
            "Sampling dominates: other samples of the group change features more than a squeeze, a turn or half a pixel does, for SL(2) with sixteen samples still. Squeezes and shifts change them little, whatever the number.",
            "Two panels of lines that fall with the number of samples.",
            &figure,
        )
    }
}
