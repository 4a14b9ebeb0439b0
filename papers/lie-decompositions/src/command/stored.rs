//! Trained networks as JSON files.

use std::path::Path;

use anyhow::{Context, ensure};
use lab::write_atomically;
use lie_decompositions::network::sampling::Sampling;
use lie_decompositions::network::{Architecture, GroupNetwork, Stage};
use ndarray::{Array1, Array2};
use networks::{Activation, Network, Parametrisation};
use serde::{Deserialize, Serialize};

/// A trained network with what it needs to be used.
pub struct Trained {
    /// The network.
    pub network: GroupNetwork<f32>,
    /// Where features live.
    pub sampling: Sampling,
    /// N.
    pub samples: usize,
    /// The pixels that were taken to −1 and 1.
    pub range: (f64, f64),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    side: usize,
    channels: usize,
    kernel: usize,
    hidden: Vec<usize>,
    classes: usize,
    convolutions_after_pooling: usize,
    pooled: bool,
    sampling: Sampling,
    samples: usize,
    range: (f64, f64),
    lift: Vec<f32>,
    convolutions: Vec<Vec<f32>>,
    head: Vec<f32>,
    bias: Vec<f32>,
}

/// Stages of a network of this command: perhaps a pool, then residual convolutions.
pub fn stages(pooled: bool, convolutions: usize) -> Vec<Stage> {
    let pool = pooled.then_some(Stage::Pool);
    pool.into_iter().chain((0..convolutions).map(|_| Stage::Residual(1))).collect()
}

impl Trained {
    /// Writes it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let a = &self.network.architecture;
        let text = Text {
            side: a.side,
            channels: a.channels,
            kernel: a.kernel,
            hidden: a.hidden.clone(),
            classes: a.classes,
            convolutions_after_pooling: self.network.convolutions.len(),
            pooled: a.stages.first() == Some(&Stage::Pool),
            sampling: self.sampling,
            samples: self.samples,
            range: self.range,
            lift: self.network.lift.parameters().to_vec(),
            convolutions: self.network.convolutions.iter().map(|k| k.parameters().to_vec()).collect(),
            head: self.network.head.iter().copied().collect(),
            bias: self.network.bias.to_vec(),
        };
        Ok(write_atomically(path, &serde_json::to_vec(&text)?)?)
    }

    /// Reads one.
    ///
    /// # Errors
    /// One line with the file and the fault.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| name.clone())?;
        let text: Text = serde_json::from_slice(&bytes)
            .map_err(|error| anyhow::anyhow!("{name}: {error}; expected a file that train has written"))?;
        Self::of(text).with_context(|| name)
    }

    fn of(text: Text) -> anyhow::Result<Self> {
        let architecture = Architecture {
            side: text.side,
            channels: text.channels,
            kernel: text.kernel,
            hidden: text.hidden,
            scale: text.sampling.has_scale(),
            stages: stages(text.pooled, text.convolutions_after_pooling),
            classes: text.classes,
            epsilon: 1e-5,
        };
        architecture.sides()?;
        ensure!((1..=4_096).contains(&text.samples), "samples is {}", text.samples);
        ensure!(
            (text.range.1 - text.range.0).is_finite() && text.range.0 < text.range.1,
            "the range of pixels is none"
        );
        text.sampling.check().map_err(|fault| anyhow::anyhow!(fault))?;
        ensure!(text.convolutions.len() == text.convolutions_after_pooling, "a kernel is missing");
        let c = architecture.channels;
        let kernel = |inputs: usize, outputs: usize, parameters: Vec<f32>| -> anyhow::Result<Network<f32>> {
            let widths: Vec<usize> =
                [inputs].into_iter().chain(architecture.hidden.iter().copied()).chain([outputs]).collect();
            Ok(Network::from_parameters(
                &widths,
                Activation::Sine,
                Parametrisation::Standard,
                Array1::from(parameters),
            )?)
        };
        let lift = kernel(2, c, text.lift)?;
        let convolutions = text
            .convolutions
            .into_iter()
            .map(|parameters| kernel(2 + architecture.coordinates(), c * c, parameters))
            .collect::<anyhow::Result<_>>()?;
        ensure!(
            text.bias.len() == architecture.classes,
            "the bias has another length than there are classes"
        );
        let head = Array2::from_shape_vec((c, architecture.classes), text.head).context("the head")?;
        let network = GroupNetwork { architecture, lift, convolutions, head, bias: Array1::from(text.bias) };
        Ok(Self { network, sampling: text.sampling, samples: text.samples, range: text.range })
    }
}
