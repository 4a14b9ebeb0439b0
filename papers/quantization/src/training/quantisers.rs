//! Quantisers in the training loop.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::calibration::{Calibration, MovingRange};
use crate::granularity::{Granularity, QuantisedMatrix};
use crate::network::{Network, forward_simulated, snap_all};
use crate::nonuniform::{Ternary, dorefa};
use crate::uniform::{Grid, Layout};

/// What weights go through in every forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WeightTraining {
    /// Nothing.
    None,
    /// A symmetric grid over the current range of each block, straight through.
    StraightThrough {
        /// b.
        bits: u32,
        /// Which weights share a scale.
        granularity: Granularity,
    },
    /// A learned step for each layer (LSQ, Esser and others 2020).
    LearnedStep {
        /// b.
        bits: u32,
    },
    /// ±α with α the mean size of each output's weights (XNOR-Net, Rastegari and others 2016).
    Binary,
    /// −α, 0, α for each layer (TWN, Li and Liu 2016).
    Ternary,
    /// Learned scales for −1 and +1 of each layer (TTQ, Zhu and others 2017).
    LearnedTernary,
    /// DoReFa-Net (Zhou and others 2016), times the mean size of the layer's weights.
    DoReFa {
        /// b.
        bits: u32,
    },
}

/// What the inputs of layers go through.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivationTraining {
    /// Nothing.
    None,
    /// An asymmetric grid over a moving range.
    MovingRange {
        /// b.
        bits: u32,
    },
    /// A learned clipping value (PACT, Choi and others 2018), from the second layer on; a moving range for the first.
    LearnedClip {
        /// b.
        bits: u32,
    },
}

/// A network whose weights are quantised, with the grids of its layers' inputs.
#[derive(Clone, Debug)]
pub struct QuantisedNetwork {
    /// The weights, quantised and back.
    pub network: Network,
    /// The grid of each layer's inputs.
    pub activations: Vec<Option<Grid>>,
}

impl QuantisedNetwork {
    /// Outputs for rows of inputs, with all quantisers.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn forward(&self, inputs: ArrayView2<f32>) -> Result<Array2<f32>, Error> {
        forward_simulated(&self.network, inputs, &self.activations)
    }
}

pub(super) struct Quantisers {
    weights: WeightTraining,
    activations: ActivationTraining,
    /// LSQ's step, or TTQ's negative and positive scales, of each layer.
    learned: Vec<[f32; 2]>,
    ranges: Vec<MovingRange>,
    clips: Vec<f32>,
}

impl Quantisers {
    pub(super) fn new(
        network: &Network,
        weights: WeightTraining,
        activations: ActivationTraining,
    ) -> Result<Self, Error> {
        // Bits are checked once, here.
        match weights {
            WeightTraining::StraightThrough { bits, granularity } => {
                for layer in &network.layers {
                    straight(&layer.weights, bits, granularity)?;
                }
            }
            WeightTraining::LearnedStep { bits } => {
                Grid::covering(Layout::SymmetricFull, bits, -1.0, 1.0)?;
            }
            WeightTraining::DoReFa { bits } => {
                dorefa(bits, &[])?;
            }
            _ => {}
        }
        if let ActivationTraining::MovingRange { bits } | ActivationTraining::LearnedClip { bits } =
            activations
        {
            Grid::covering(Layout::Asymmetric, bits, 0.0, 1.0)?;
        }
        let learned = network.layers.iter().map(|layer| {
            let size = layer.weights.iter().map(|w| w.abs()).sum::<f32>() / layer.weights.len() as f32;
            match weights {
                // The authors' start: 2 mean|w| / √Q_P.
                WeightTraining::LearnedStep { bits } => {
                    [2.0 * size / ((1i64 << (bits - 1)) as f32 - 1.0).max(1.0).sqrt(), 0.0]
                }
                WeightTraining::LearnedTernary => {
                    let values: Vec<f64> = layer.weights.iter().map(|w| f64::from(*w)).collect();
                    let Ternary { negative, positive, .. } = Ternary::two_scales(&values);
                    [negative as f32, positive as f32]
                }
                _ => [0.0; 2],
            }
        });
        Ok(Self {
            weights,
            activations,
            learned: learned.collect(),
            ranges: vec![MovingRange::new(0.99)?; network.layers.len()],
            clips: vec![f32::NAN; network.layers.len()],
        })
    }

    /// The network with quantised weights.
    pub(super) fn apply(&self, network: &Network) -> Network {
        let mut quantised = network.clone();
        for (l, layer) in quantised.layers.iter_mut().enumerate() {
            self.quantise(l, &mut layer.weights);
        }
        quantised
    }

    fn quantise(&self, l: usize, weights: &mut Array2<f32>) {
        match self.weights {
            WeightTraining::None => {}
            WeightTraining::StraightThrough { bits, granularity } => {
                if let Ok(values) = straight(weights, bits, granularity) {
                    *weights = values;
                }
            }
            WeightTraining::LearnedStep { bits } => {
                let grid = step_grid(self.learned[l][0], bits);
                weights.mapv_inplace(|w| grid.snap(f64::from(w)) as f32);
            }
            WeightTraining::Binary => {
                for mut row in weights.rows_mut() {
                    let scale = row.iter().map(|w| w.abs()).sum::<f32>() / row.len() as f32;
                    row.mapv_inplace(|w| if w >= 0.0 { scale } else { -scale });
                }
            }
            WeightTraining::Ternary | WeightTraining::LearnedTernary => {
                let values: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
                let mut ternary = Ternary::symmetric(&values);
                if self.weights == WeightTraining::LearnedTernary {
                    (ternary.negative, ternary.positive) =
                        (self.learned[l][0].into(), self.learned[l][1].into());
                }
                weights.mapv_inplace(|w| ternary.snap(f64::from(w)) as f32);
            }
            WeightTraining::DoReFa { bits } => {
                let scale = weights.iter().map(|w| w.abs()).sum::<f32>() / weights.len() as f32;
                let values: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
                if let Ok(snapped) = dorefa(bits, &values) {
                    weights.iter_mut().zip(snapped).for_each(|(w, q)| *w = scale * q as f32);
                }
            }
        }
    }

    /// Derivatives by the real weights; learned scales move by plain gradient descent.
    pub(super) fn through_weights(
        &mut self,
        l: usize,
        weights: &Array2<f32>,
        mut gradient: Array2<f32>,
        rate: f32,
    ) -> Array2<f32> {
        match self.weights {
            WeightTraining::LearnedStep { bits } => {
                let step = self.learned[l][0];
                let grid = step_grid(step, bits);
                let balance = 1.0 / ((weights.len() as f32) * grid.high as f32).sqrt();
                let mut by_step = 0.0;
                ndarray::Zip::from(&mut gradient).and(weights).for_each(|g, &w| {
                    let (by_its_step, passes) = step_slopes(w / step, grid.low as f32, grid.high as f32);
                    by_step += *g * by_its_step;
                    if !passes {
                        *g = 0.0;
                    }
                });
                self.learned[l][0] = (step - rate * by_step * balance).max(step * 0.5);
            }
            WeightTraining::LearnedTernary => {
                let values: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
                let threshold = Ternary::symmetric(&values).threshold as f32;
                let (mut by_negative, mut by_positive) = (0.0, 0.0);
                let [negative, positive] = self.learned[l];
                ndarray::Zip::from(&mut gradient).and(weights).for_each(|g, &w| {
                    if w > threshold {
                        by_positive += *g;
                        *g *= positive.abs();
                    } else if w < -threshold {
                        by_negative += *g;
                        *g *= negative.abs();
                    }
                });
                let count = (weights.len() as f32).sqrt();
                self.learned[l] =
                    [negative - rate * by_negative / count, positive - rate * by_positive / count];
            }
            WeightTraining::DoReFa { .. } => {
                // Through tanh w / max|tanh w|, times the scale; the largest and the scale count as constants.
                let largest = weights.iter().fold(1e-12f32, |largest, w| largest.max(w.tanh().abs()));
                let scale = weights.iter().map(|w| w.abs()).sum::<f32>() / weights.len() as f32;
                gradient.zip_mut_with(weights, |g, w| *g *= scale * (1.0 - w.tanh().powi(2)) / largest);
            }
            // Real weights beyond ±1 cannot become more certain of their sign.
            WeightTraining::Binary => ndarray::Zip::from(&mut gradient).and(weights).for_each(|g, &w| {
                if w.abs() > 1.0 {
                    *g = 0.0;
                }
            }),
            _ => {}
        }
        gradient
    }

    /// Quantises the inputs of layer l, watching their range.
    pub(super) fn activate(&mut self, l: usize, values: &Array2<f32>) -> Array2<f32> {
        if self.activations == ActivationTraining::None {
            return values.clone();
        }
        let seen: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        if self.ranges[l].observe(&seen).is_ok() && self.clips[l].is_nan() {
            self.clips[l] = self.ranges[l].range().map_or(1.0, |(_, largest)| largest.max(1e-3)) as f32;
        }
        snap_all(values, self.grid(l))
    }

    fn grid(&self, l: usize) -> Option<Grid> {
        let (least, largest, bits) = match self.activations {
            ActivationTraining::None => return None,
            ActivationTraining::LearnedClip { bits } if l > 0 => (0.0, f64::from(self.clips[l]), bits),
            ActivationTraining::MovingRange { bits } | ActivationTraining::LearnedClip { bits } => {
                let (least, largest) = self.ranges[l].range()?;
                (least, largest, bits)
            }
        };
        Grid::covering(Layout::Asymmetric, bits, least, largest).ok()
    }

    /// The derivative by the inputs of layer l, and by its clipping value.
    pub(super) fn through_activation(
        &self,
        l: usize,
        values: &Array2<f32>,
        mut delta: Array2<f32>,
    ) -> (Array2<f32>, f32) {
        let Some(grid) = self.grid(l) else { return (delta, 0.0) };
        let mut by_clip = 0.0;
        let learned = matches!(self.activations, ActivationTraining::LearnedClip { .. }) && l > 0;
        delta.zip_mut_with(values, |d, a| {
            if learned && *a >= self.clips[l] {
                // PACT: what is clipped moves with the clip.
                by_clip += *d;
                *d = 0.0;
            } else if !grid.contains(f64::from(*a)) {
                *d = 0.0;
            }
        });
        (delta, by_clip)
    }

    pub(super) fn update_activations(&mut self, by_clips: &[f32], rate: f32) {
        if let ActivationTraining::LearnedClip { .. } = self.activations {
            for (clip, by_clip) in self.clips.iter_mut().zip(by_clips) {
                // The authors' decay keeps clips from staying large.
                *clip = (*clip - rate * (by_clip + 1e-3 * *clip)).max(1e-3);
            }
        }
    }

    pub(super) fn finish(&self, network: &Network) -> QuantisedNetwork {
        let activations = (0..network.layers.len()).map(|l| self.grid(l)).collect();
        QuantisedNetwork { network: self.apply(network), activations }
    }
}

/// LSQ's derivatives at w/s: of the quantised value by the step, and whether that by the weight passes.
fn step_slopes(scaled: f32, low: f32, high: f32) -> (f32, bool) {
    if scaled <= low {
        (low, scaled == low)
    } else if scaled >= high {
        (high, scaled == high)
    } else {
        (scaled.round_ties_even() - scaled, true)
    }
}

fn straight(weights: &Array2<f32>, bits: u32, granularity: Granularity) -> Result<Array2<f32>, Error> {
    let values = weights.mapv(f64::from);
    let quantised =
        QuantisedMatrix::new(values.view(), granularity, Layout::Symmetric, bits, Calibration::MinMax)?;
    Ok(quantised.values().mapv(|value| value as f32))
}

fn step_grid(step: f32, bits: u32) -> Grid {
    let half = 1i32 << (bits - 1);
    Grid { scale: f64::from(step.max(1e-12)), zero_point: 0, low: -half, high: half - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str) -> Vec<f64> {
        let path = format!("{}/tests/cases/tensor_{name}.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        text.split_whitespace().map(|field| field.parse().unwrap()).collect()
    }

    /// Sums over a fixed tensor, computed elsewhere by the formulas of the papers.
    #[test]
    fn derivatives_of_learned_quantisers() {
        let slopes =
            tensor("normal257").into_iter().map(|value| step_slopes((value / 0.35) as f32, -8.0, 7.0));
        let (by_step, passing) = slopes.fold((0.0f64, 0), |(sum, count), (slope, passes)| {
            (sum + f64::from(slope), count + usize::from(passes))
        });
        assert!((by_step - 12.098317142857141).abs() < 1e-4, "{by_step}");
        assert_eq!(passing, 252);

        let mut random = numerics::random::stream(0, &["quantisers"]);
        let network = Network::perceptron(&[200, 200, 2], &mut random).unwrap();
        let mut quantisers =
            Quantisers::new(&network, WeightTraining::None, ActivationTraining::LearnedClip { bits: 4 })
                .unwrap();
        quantisers.clips[1] = 1.5;
        quantisers.ranges[1].observe(&[0.0, 3.0]).unwrap();
        let values =
            Array2::from_shape_vec((1, 200), tensor("relu200").into_iter().map(|x| x as f32).collect())
                .unwrap();
        let quantised = snap_all(&values, quantisers.grid(1));
        assert!((f64::from(quantised.sum()) - 91.3).abs() < 1e-3, "{}", quantised.sum());
        let (_, by_clip) = quantisers.through_activation(1, &values, Array2::ones((1, 200)));
        assert_eq!(by_clip, 21.0);
    }
}
