//! `quantization quantize`: integers for a network.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use lab::arguments::refuse_overwriting;
use lab::table::format_number;
use lab::{remark, write_atomically};
use quantization::calibration::Calibration;
use quantization::granularity::Granularity;
use quantization::model_file::{self, Model};
use quantization::onnx;
use quantization::quantise::{Method, Settings, quantise};
use quantization::uniform::Layout;

use super::{ModelFile, check_name, check_outputs, is_onnx, read_inputs};

/// Quantises weights and activations.
#[derive(Args)]
pub struct Quantise {
    #[command(flatten)]
    model: ModelFile,
    /// Bits of weights
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=8), default_value_t = 8)]
    bits: u32,
    /// Which weights share a scale: tensor, channel, channels:N (N outputs), or group:N (N inputs of an output)
    #[arg(long, value_parser = granularity, default_value = "channel")]
    granularity: Granularity,
    /// How integers of weights are laid around zero
    #[arg(long, value_enum, default_value_t = LayoutName::Symmetric)]
    layout: LayoutName,
    /// How weights are rounded
    #[arg(long, value_enum, default_value_t = MethodName::Nearest)]
    method: MethodName,
    /// How ranges of weights are chosen: min-max, percentile:P, mse, entropy, gauss or laplace
    #[arg(long, value_parser = calibration, default_value = "min-max")]
    range: Calibration,
    /// Rows of inputs that ranges of activations and the methods' statistics come from: .csv or .npy
    #[arg(long, value_name = "FILE")]
    calibration: PathBuf,
    /// Bits of activations; 0 leaves them real
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=8), default_value_t = 8)]
    activation_bits: u32,
    /// How ranges of activations are chosen, as --range
    #[arg(long, value_parser = calibration, default_value = "min-max")]
    activation_range: Calibration,
    /// Where the quantised network goes: .safetensors with packed integers, or .onnx with integers of 8 bits and their scales
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum LayoutName {
    /// −(2^(b−1) − 1) to 2^(b−1) − 1
    Symmetric,
    /// −2^(b−1) to 2^(b−1) − 1
    Full,
    /// 0 to 2^b − 1 with a zero point
    Asymmetric,
}

#[derive(Clone, Copy, ValueEnum)]
enum MethodName {
    /// To the nearest
    Nearest,
    /// To the nearest, biases corrected
    BiasCorrection,
    /// Layers equalised first, biases corrected
    Equalisation,
    /// AdaRound
    Adaround,
    /// Optimal brain quantisation
    Obq,
    /// GPTQ
    Gptq,
}

impl Quantise {
    /// Reads, quantises, writes and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_name(&self.out)?;
        refuse_overwriting(&self.out, [self.model.model.as_path(), &self.calibration])?;
        let model = self.model.read()?;
        let path = &self.model.model;
        let Model::Real(network) = &model else { bail!("{} is quantised already", path.display()) };
        let data = read_inputs(&self.calibration, &model)?;
        let settings = Settings {
            bits: self.bits,
            layout: match self.layout {
                LayoutName::Symmetric => Layout::Symmetric,
                LayoutName::Full => Layout::SymmetricFull,
                LayoutName::Asymmetric => Layout::Asymmetric,
            },
            granularity: self.granularity,
            calibration: self.range,
            method: match self.method {
                MethodName::Nearest => Method::Nearest,
                MethodName::BiasCorrection => Method::BiasCorrection,
                MethodName::Equalisation => Method::Equalisation,
                MethodName::Adaround => Method::AdaptiveRounding,
                MethodName::Obq => Method::OptimalBrain,
                MethodName::Gptq => Method::Gptq,
            },
            activation_bits: (self.activation_bits > 0).then_some(self.activation_bits),
            activation_calibration: self.activation_range,
            activation_layout: Layout::Asymmetric,
        };
        let quantised = quantise(network, data.view(), &settings)
            .with_context(|| format!("{} with {}", path.display(), self.calibration.display()))?;
        let (real, found) = (network.forward(data.view())?, quantised.forward(data.view())?);
        check_outputs(&real, path)?;
        let bytes = match is_onnx(&self.out) {
            true => onnx::write_quantised(&quantised)?,
            false => model_file::write_quantised(&quantised)?,
        };
        write_atomically(&self.out, &bytes)?;
        let square =
            |values: &ndarray::Array2<f32>| values.iter().map(|z| f64::from(*z).powi(2)).sum::<f64>();
        let error = square(&(&found - &real)) / square(&real).max(f64::MIN_POSITIVE);
        let before = std::fs::metadata(path).map_or(0, |file| file.len());
        remark(&format!(
            "size       {} bytes, {} of the {before} before\nerror      {} of the outputs' mean square, on the calibration data\nwritten to {}",
            bytes.len(),
            format_number(bytes.len() as f64 / before as f64),
            format_number(error),
            self.out.display()
        ))?;
        Ok(())
    }
}

fn granularity(text: &str) -> Result<Granularity, String> {
    let number = |text: &str| {
        text.parse::<usize>().ok().filter(|size| *size > 0).ok_or("expected a size of at least 1".to_owned())
    };
    match text.split_once(':') {
        None if text == "tensor" => Ok(Granularity::Tensor),
        None if text == "channel" => Ok(Granularity::Channel),
        Some(("group", size)) => Ok(Granularity::Group(number(size)?)),
        Some(("channels", size)) => Ok(Granularity::ChannelGroup(number(size)?)),
        _ => Err("expected tensor, channel, channels:N or group:N".into()),
    }
}

fn calibration(text: &str) -> Result<Calibration, String> {
    match text.split_once(':') {
        Some(("percentile", upper)) => match upper.parse::<f64>() {
            Ok(upper) if upper > 50.0 && upper <= 100.0 => Ok(Calibration::Percentile { upper }),
            _ => Err("expected a percentile above 50 and at most 100".into()),
        },
        None if text == "min-max" => Ok(Calibration::MinMax),
        None if text == "mse" => Ok(Calibration::MeanSquaredError),
        None if text == "entropy" => Ok(Calibration::Entropy),
        None if text == "gauss" => Ok(Calibration::AnalyticGauss),
        None if text == "laplace" => Ok(Calibration::AnalyticLaplace),
        _ => Err("expected min-max, percentile:P, mse, entropy, gauss or laplace".into()),
    }
}
