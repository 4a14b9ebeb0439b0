//! Networks in safetensors files.
//!
//! A real network has tensors `layers.N.weight` and `layers.N.bias`, as PyTorch names them. A quantised one has packed integers `layers.N.integers` (low bits first, rows padded to bytes), `layers.N.scales`,
//! `layers.N.zero_points` and `layers.N.bias`. Geometry, widths and the grids of activations stand as JSON in the metadata under `quantization`.

mod foreign;

use std::collections::HashMap;

use ndarray::{Array1, Array2, ArrayView2};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::floats::{Stored, decoded};
use crate::granularity::QuantisedMatrix;
use crate::network::{Convolution, Layer, Network};
use crate::quantise::Quantised;
use crate::uniform::Grid;

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Model {
    /// Real weights.
    Real(Network),
    /// Integers.
    Quantised(Quantised),
}

impl Model {
    /// The network, with weights back in real numbers.
    pub fn network(&self) -> &Network {
        match self {
            Self::Real(network) => network,
            Self::Quantised(quantised) => &quantised.network,
        }
    }

    /// Outputs for rows of inputs; of a quantised network by simulated quantisation.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn forward(&self, inputs: ArrayView2<f32>) -> Result<Array2<f32>, Error> {
        match self {
            Self::Real(network) => Ok(network.forward(inputs)?),
            Self::Quantised(quantised) => quantised.forward(inputs),
        }
    }
}

/// The metadata.
#[derive(Serialize, Deserialize)]
struct Description {
    layers: Vec<LayerDescription>,
}

#[derive(Serialize, Deserialize)]
struct LayerDescription {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    convolution: Option<Convolution>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    integers: Option<Integers>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    activation: Option<Grid>,
}

#[derive(Serialize, Deserialize)]
struct Integers {
    bits: u32,
    rows: usize,
    columns: usize,
    block: (usize, usize),
    low: i32,
    high: i32,
}

/// Bytes with their type and shape.
type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);

/// A real network as the bytes of a file.
///
/// # Errors
/// If the format refuses.
pub fn write(network: &Network) -> Result<Vec<u8>, Error> {
    let mut tensors = Vec::new();
    let mut layers = Vec::new();
    for (l, layer) in network.layers.iter().enumerate() {
        let (rows, columns) = layer.weights.dim();
        tensors.push((
            format!("layers.{l}.weight"),
            Dtype::F32,
            vec![rows, columns],
            bytes_f32(layer.weights.iter()),
        ));
        tensors.push((format!("layers.{l}.bias"), Dtype::F32, vec![rows], bytes_f32(layer.biases.iter())));
        layers.push(LayerDescription { convolution: layer.convolution, integers: None, activation: None });
    }
    file(tensors, &Description { layers })
}

/// A quantised network as the bytes of a file.
///
/// # Errors
/// If the format refuses.
pub fn write_quantised(quantised: &Quantised) -> Result<Vec<u8>, Error> {
    let mut tensors = Vec::new();
    let mut layers = Vec::new();
    for (l, (layer, matrix)) in quantised.network.layers.iter().zip(&quantised.matrices).enumerate() {
        let (rows, columns) = matrix.integers.dim();
        let grid = matrix.grids.first().copied().ok_or(Error::Empty(format!("layer {l}")))?;
        let integers = Integers {
            bits: grid.bits(),
            rows,
            columns,
            block: matrix.block(),
            low: grid.low,
            high: grid.high,
        };
        let packed = pack(matrix, &integers);
        let shape = vec![matrix.grids.nrows(), matrix.grids.ncols()];
        let scales: Vec<u8> =
            matrix.grids.iter().flat_map(|grid| (grid.scale as f32).to_le_bytes()).collect();
        let zeros: Vec<u8> = matrix.grids.iter().flat_map(|grid| grid.zero_point.to_le_bytes()).collect();
        tensors.push((format!("layers.{l}.integers"), Dtype::U8, vec![packed.len()], packed));
        tensors.push((format!("layers.{l}.scales"), Dtype::F32, shape.clone(), scales));
        tensors.push((format!("layers.{l}.zero_points"), Dtype::I32, shape, zeros));
        tensors.push((format!("layers.{l}.bias"), Dtype::F32, vec![rows], bytes_f32(layer.biases.iter())));
        let activation = quantised.activations.get(l).copied().flatten();
        layers.push(LayerDescription {
            convolution: layer.convolution,
            integers: Some(integers),
            activation,
        });
    }
    file(tensors, &Description { layers })
}

/// Reads what [`write`](fn@write) or [`write_quantised`] wrote, and perceptrons from elsewhere, whose tensors may have any names: matrices of floats are weights, in the order of the
/// file.
///
/// # Errors
/// Bytes that are no such file, tensors that are missing or of another type or shape, numbers that are not finite.
pub fn read(bytes: &[u8]) -> Result<Model, Error> {
    read_layers(bytes, &[])
}

/// Like [`read`], with the names of layers in their order: `fc1` for the tensors `fc1.weight` and `fc1.bias`, or whole names. Other tensors are left out.
///
/// # Errors
/// Those of [`read`]; a name that is missing; names for a file that describes its layers itself.
pub fn read_layers(bytes: &[u8], names: &[String]) -> Result<Model, Error> {
    let broken = |fault: safetensors::SafeTensorError| Error::Format(format!("no safetensors file: {fault}"));
    let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let described = header.metadata().as_ref().and_then(|metadata| metadata.get("quantization"));
    let Some(text) = described else {
        let layers = foreign::layers(&tensors, &header.offset_keys(), names)?;
        if layers.is_empty() {
            return Err(Error::Format("it has no matrix of weights".into()));
        }
        return Ok(Model::Real(Network::from_layers(layers)?));
    };
    if !names.is_empty() {
        return Err(Error::Format("it tells the order of its layers itself".into()));
    }
    let description: Description =
        serde_json::from_str(text).map_err(|fault| Error::Format(format!("its metadata: {fault}")))?;
    if description.layers.is_empty() {
        return Err(Error::Format("it has no tensor layers.0.weight".into()));
    }
    let described = |name: &str| {
        let number =
            name.strip_prefix("layers.").and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
        number.is_none_or(|l| l < description.layers.len())
    };
    if let Some(name) = tensors.names().into_iter().filter(|name| !described(name)).min() {
        return Err(Error::Format(format!("its metadata does not describe the tensor {name}")));
    }
    let mut layers = Vec::new();
    let mut matrices = Vec::new();
    for (l, layer) in description.layers.iter().enumerate() {
        let biases = Array1::from(values_f32(&tensors, &format!("layers.{l}.bias"))?.1);
        let weights = match &layer.integers {
            None => {
                let (shape, values) = values_f32(&tensors, &format!("layers.{l}.weight"))?;
                let [rows, columns] = shape[..] else {
                    return Err(Error::Format(format!(
                        "layers.{l}.weight has {} dimensions, expected 2",
                        shape.len()
                    )));
                };
                matrix_of(rows, columns, values)?
            }
            Some(integers) => {
                let matrix = unpack(&tensors, l, integers)?;
                let values = matrix.values().mapv(|value| value as f32);
                matrices.push(matrix);
                values
            }
        };
        if let Some(grid) = layer.activation {
            grid.check().map_err(|fault| Error::Format(format!("inputs of layer {l}: {fault}")))?;
        }
        layers.push(Layer { weights, biases, convolution: layer.convolution });
    }
    let network = Network::from_layers(layers)?;
    match matrices.len() {
        0 => Ok(Model::Real(network)),
        count if count == network.layers.len() => {
            let activations = description.layers.iter().map(|layer| layer.activation).collect();
            Ok(Model::Quantised(Quantised { matrices, network, activations }))
        }
        _ => Err(Error::Format("only some of its layers are quantised".into())),
    }
}

fn file(tensors: Vec<Tensor>, description: &Description) -> Result<Vec<u8>, Error> {
    let fault = |fault: String| Error::Format(fault);
    let views = tensors.iter().map(|(name, kind, shape, bytes)| {
        Ok((name.as_str(), TensorView::new(*kind, shape.clone(), bytes).map_err(|f| fault(f.to_string()))?))
    });
    let views = views.collect::<Result<Vec<_>, Error>>()?;
    let text = serde_json::to_string(description).map_err(|f| fault(f.to_string()))?;
    let metadata = HashMap::from([("quantization".to_owned(), text)]);
    serialize(views, Some(metadata)).map_err(|f| fault(f.to_string()))
}

fn bytes_f32<'a>(values: impl Iterator<Item = &'a f32>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}

fn tensor<'a>(tensors: &SafeTensors<'a>, name: &str, kind: Dtype) -> Result<(Vec<usize>, &'a [u8]), Error> {
    let view = tensors.tensor(name).map_err(|_| Error::Format(format!("it has no tensor {name}")))?;
    match view.dtype() == kind {
        true => Ok((view.shape().to_vec(), view.data())),
        false => Err(Error::Format(format!("{name} is of type {:?}, expected {kind:?}", view.dtype()))),
    }
}

fn values_f32(tensors: &SafeTensors, name: &str) -> Result<(Vec<usize>, Vec<f32>), Error> {
    let (shape, bytes) = tensor(tensors, name, Dtype::F32)?;
    Ok((shape, decoded(Stored::Single, bytes)))
}

fn matrix_of<T>(rows: usize, columns: usize, values: Vec<T>) -> Result<Array2<T>, Error> {
    Array2::from_shape_vec((rows, columns), values).map_err(|fault| Error::Format(fault.to_string()))
}

fn pack(matrix: &QuantisedMatrix, integers: &Integers) -> Vec<u8> {
    let row_bytes = (integers.columns * integers.bits as usize).div_ceil(8);
    let mut packed = vec![0u8; integers.rows * row_bytes];
    for (row, bytes) in matrix.integers.rows().into_iter().zip(packed.chunks_exact_mut(row_bytes)) {
        for (place, &value) in row.iter().enumerate() {
            let field = (value - integers.low) as u32;
            for bit in 0..integers.bits as usize {
                let at = place * integers.bits as usize + bit;
                bytes[at / 8] |= ((field >> bit & 1) as u8) << (at % 8);
            }
        }
    }
    packed
}

fn unpack(tensors: &SafeTensors, l: usize, integers: &Integers) -> Result<QuantisedMatrix, Error> {
    let Integers { bits, rows, columns, block, low, high } = *integers;
    let strange = || Error::Format(format!("the sizes of layer {l} do not fit together"));
    let row_bytes = columns.checked_mul(bits as usize).map(|bits| bits.div_ceil(8)).ok_or_else(strange)?;
    let (_, packed) = tensor(tensors, &format!("layers.{l}.integers"), Dtype::U8)?;
    let sound = (1..=16).contains(&bits) && rows > 0 && columns > 0 && block.0 > 0 && block.1 > 0;
    if !sound
        || rows.checked_mul(row_bytes) != Some(packed.len())
        || high.checked_sub(low).is_none_or(|span| span < 1)
    {
        return Err(strange());
    }
    let shape = (rows.div_ceil(block.0), columns.div_ceil(block.1));
    let (_, scales) = tensor(tensors, &format!("layers.{l}.scales"), Dtype::F32)?;
    let (_, zeros) = tensor(tensors, &format!("layers.{l}.zero_points"), Dtype::I32)?;
    let (scales, zeros) = (scales.as_chunks::<4>().0, zeros.as_chunks::<4>().0);
    if scales.len() != shape.0 * shape.1 || zeros.len() != scales.len() {
        return Err(strange());
    }
    let grids = scales.iter().zip(zeros).map(|(scale, zero)| Grid {
        scale: f64::from(f32::from_le_bytes(*scale)),
        zero_point: i32::from_le_bytes(*zero),
        low,
        high,
    });
    let grids = matrix_of(shape.0, shape.1, grids.collect::<Vec<Grid>>())?;
    let faulty = |fault: Error| Error::Format(format!("layer {l}: {fault}"));
    grids.iter().try_for_each(Grid::check).map_err(faulty)?;
    let values = packed.chunks_exact(row_bytes).flat_map(|bytes| {
        (0..columns).map(move |place| {
            let bit = |bit: usize| {
                let at = place * bits as usize + bit;
                i32::from(bytes[at / 8] >> (at % 8) & 1) << bit
            };
            low + (0..bits as usize).map(bit).sum::<i32>()
        })
    });
    let values = matrix_of(rows, columns, values.collect::<Vec<i32>>())?;
    if values.iter().any(|value| *value > high) {
        return Err(strange());
    }
    Ok(QuantisedMatrix::from_integers(values, grids, block))
}
