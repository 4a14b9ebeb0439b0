//! From layers to a graph.

use prost::Message;

use super::fault;
use super::messages::{
    Attribute, Dimension, Graph, Model, Node, OperatorSet, Shape, Tensor, TensorType, Type, ValueInfo,
    data_type,
};
use crate::Error;
use crate::granularity::QuantisedMatrix;
use crate::network::{Layer, Network};
use crate::quantise::Quantised;
use crate::uniform::Grid;

/// A network in single precision as the bytes of a file.
pub fn write(network: &Network) -> Vec<u8> {
    let mut writer = Writer::new(network, 13);
    for (l, layer) in network.layers.iter().enumerate() {
        writer.enter(l, layer);
        let weights = format!("layers.{l}.weight");
        let dims = match layer.convolution {
            Some(c) => vec![layer.weights.nrows(), c.channels, c.patch, c.patch],
            None => vec![layer.weights.nrows(), layer.weights.ncols()],
        };
        let channels = layer.convolution.map_or(1, |c| c.channels);
        let span = layer.weights.ncols() / channels;
        // Of each output channel by channel, as ONNX has patches.
        let values = layer.weights.rows().into_iter().flat_map(|row| {
            (0..channels).flat_map(move |channel| (0..span).map(move |pixel| row[pixel * channels + channel]))
        });
        writer.floats(&weights, &dims, values);
        writer.leave(l, layer, weights);
    }
    writer.finish(network)
}

/// A quantised network as the bytes of a file: integers of 8 bits, whatever their width, with DequantizeLinear behind them; and what enters a layer quantised and back, where the network does that.
///
/// # Errors
/// Integers beyond 8 bits.
pub fn write_quantised(quantised: &Quantised) -> Result<Vec<u8>, Error> {
    let network = &quantised.network;
    let blocked = |matrix: &QuantisedMatrix| matrix.grids.ncols() > 1;
    // Blocks along a row came with operator set 21.
    let operators = if quantised.matrices.iter().any(blocked) { 21 } else { 13 };
    let mut writer = Writer::new(network, operators);
    for (l, (layer, matrix)) in network.layers.iter().zip(&quantised.matrices).enumerate() {
        writer.enter(l, layer);
        if let Some(grid) = quantised.activations.get(l).copied().flatten() {
            writer.snap(l, grid)?;
        }
        let weights = writer.integers(l, matrix)?;
        let weights = match layer.convolution {
            Some(c) => {
                let sizes = [layer.weights.nrows(), c.patch, c.patch, c.channels];
                writer.reshaped(&format!("layers.{l}.patches"), weights, &sizes, &[0, 3, 1, 2])
            }
            None => weights,
        };
        writer.leave(l, layer, weights);
    }
    Ok(writer.finish(network))
}

struct Writer {
    graph: Graph,
    operators: i64,
    /// What flows, and whether it is images channel by channel.
    current: String,
    images: bool,
}

impl Writer {
    fn new(network: &Network, operators: i64) -> Self {
        let mut graph = Graph { name: "network".into(), ..Default::default() };
        graph.input.push(rows_of("input", network.inputs()));
        Self { graph, operators, current: "input".into(), images: false }
    }

    fn node(&mut self, kind: &str, inputs: Vec<String>, output: String, attribute: Vec<Attribute>) {
        self.graph.node.push(Node {
            input: inputs,
            name: output.clone(),
            output: vec![output],
            op_type: kind.into(),
            attribute,
            ..Default::default()
        });
    }

    /// An operator on what flows.
    fn step(&mut self, kind: &str, rest: &[String], output: String, attribute: Vec<Attribute>) {
        let mut inputs = vec![std::mem::replace(&mut self.current, output.clone())];
        inputs.extend_from_slice(rest);
        self.node(kind, inputs, output, attribute);
    }

    fn tensor(&mut self, name: &str, dims: &[usize], kind: i32, raw_data: Vec<u8>) {
        let dims = dims.iter().map(|size| *size as i64).collect();
        self.graph.initializer.push(Tensor {
            dims,
            data_type: kind,
            name: name.into(),
            raw_data,
            ..Default::default()
        });
    }

    fn floats(&mut self, name: &str, dims: &[usize], values: impl Iterator<Item = f32>) {
        self.tensor(name, dims, data_type::FLOAT, values.flat_map(f32::to_le_bytes).collect());
    }

    /// A constant of another shape, its axes exchanged.
    fn reshaped(&mut self, name: &str, from: String, sizes: &[usize], order: &[i64]) -> String {
        let shape = self.shape(&format!("{name}.shape"), sizes.iter().map(|size| *size as i64).collect());
        self.node("Reshape", vec![from, shape], format!("{name}.by_pixel"), Vec::new());
        self.node("Transpose", vec![format!("{name}.by_pixel")], name.into(), vec![integers("perm", order)]);
        name.into()
    }

    fn shape(&mut self, name: &str, sizes: Vec<i64>) -> String {
        self.tensor(
            name,
            &[sizes.len()],
            data_type::INT64,
            sizes.iter().flat_map(|size| size.to_le_bytes()).collect(),
        );
        name.into()
    }

    /// Brings what flows into the form that a layer takes.
    fn enter(&mut self, l: usize, layer: &Layer) {
        match (layer.convolution, self.images) {
            (Some(c), false) => {
                let sizes = vec![-1, c.side as i64, c.side as i64, c.channels as i64];
                let shape = self.shape(&format!("layers.{l}.image"), sizes);
                self.step("Reshape", &[shape], format!("layers.{l}.by_pixel"), Vec::new());
                let order = integers("perm", &[0, 3, 1, 2]);
                self.step("Transpose", &[], format!("layers.{l}.by_channel"), vec![order]);
            }
            (None, true) => {
                let order = integers("perm", &[0, 2, 3, 1]);
                self.step("Transpose", &[], format!("layers.{l}.by_pixel"), vec![order]);
                self.step("Flatten", &[], format!("layers.{l}.rows"), vec![integer("axis", 1)]);
            }
            _ => {}
        }
        self.images = layer.convolution.is_some();
    }

    /// The layer itself, and its rectifier unless it is the last.
    fn leave(&mut self, l: usize, layer: &Layer, weights: String) {
        let biases = format!("layers.{l}.bias");
        self.floats(&biases, &[layer.biases.len()], layer.biases.iter().copied());
        let output = format!("layers.{l}.sums");
        match layer.convolution {
            Some(c) => {
                let strides = [c.stride as i64; 2];
                let shape = integers("kernel_shape", &[c.patch as i64; 2]);
                self.step("Conv", &[weights, biases], output, vec![shape, integers("strides", &strides)]);
            }
            None => self.step("Gemm", &[weights, biases], output, vec![integer("transB", 1)]),
        }
        self.step("Relu", &[], format!("layers.{l}.rectified"), Vec::new());
    }

    fn finish(mut self, network: &Network) -> Vec<u8> {
        // The last layer has no rectifier.
        self.graph.node.pop();
        self.current = self.graph.node.last().map_or(String::new(), |node| node.output[0].clone());
        if self.images {
            let order = integers("perm", &[0, 2, 3, 1]);
            self.step("Transpose", &[], "by_pixel".into(), vec![order]);
            self.step("Flatten", &[], "rows".into(), vec![integer("axis", 1)]);
        }
        let outputs = network.layers.last().map_or(0, Layer::outputs);
        self.graph.output.push(rows_of(&self.current.clone(), outputs));
        Model {
            ir_version: if self.operators < 21 { 8 } else { 10 },
            producer_name: "quantization".into(),
            graph: Some(self.graph),
            opset_import: vec![OperatorSet { domain: String::new(), version: self.operators }],
        }
        .encode_to_vec()
    }

    /// Quantises what flows and back. QuantizeLinear saturates at 8 bits: for narrower grids a Clip comes before.
    fn snap(&mut self, l: usize, grid: Grid) -> Result<(), Error> {
        let (kind, least, most) = kind_of(grid)?;
        let name = |part: &str| format!("layers.{l}.input.{part}");
        if (grid.low, grid.high) != (least, most) {
            for (part, end) in [("least", grid.low), ("most", grid.high)] {
                self.floats(&name(part), &[], std::iter::once(grid.value(end) as f32));
            }
            self.step("Clip", &[name("least"), name("most")], name("clipped"), Vec::new());
        }
        self.floats(&name("scale"), &[], std::iter::once(grid.scale as f32));
        self.tensor(&name("zero_point"), &[], kind, vec![grid.zero_point as u8]);
        let by = [name("scale"), name("zero_point")];
        self.step("QuantizeLinear", &by, name("integers"), Vec::new());
        self.step("DequantizeLinear", &by, name("values"), Vec::new());
        Ok(())
    }

    /// Integers of a layer and the operator that makes them weights again.
    fn integers(&mut self, l: usize, matrix: &QuantisedMatrix) -> Result<String, Error> {
        let name = |part: &str| format!("layers.{l}.{part}");
        let (rows, columns) = matrix.integers.dim();
        let first = matrix.grids.first().copied().ok_or(Error::Empty(format!("layer {l}")))?;
        let (kind, ..) = kind_of(first)?;
        let bytes = matrix.integers.iter().map(|value| *value as u8).collect();
        self.tensor(&name("integers"), &[rows, columns], kind, bytes);
        let (dims, attributes) = match matrix.grids.dim() {
            (1, 1) => (vec![], vec![]),
            (_, 1) => (vec![rows], vec![integer("axis", 0)]),
            (_, blocks) => {
                let size = integer("block_size", matrix.block().1 as i64);
                (vec![rows, blocks], vec![integer("axis", 1), size])
            }
        };
        // One grid a row, also where several rows share theirs.
        let grids: Vec<Grid> = match dims.len() {
            0 => vec![first],
            _ => {
                let blocks = matrix.grids.ncols();
                let grid = |row: usize, block: usize| matrix.grids[(row / matrix.block().0, block)];
                (0..rows).flat_map(|row| (0..blocks).map(move |block| grid(row, block))).collect()
            }
        };
        self.floats(&name("scales"), &dims, grids.iter().map(|grid| grid.scale as f32));
        self.tensor(
            &name("zero_points"),
            &dims,
            kind,
            grids.iter().map(|grid| grid.zero_point as u8).collect(),
        );
        let inputs = vec![name("integers"), name("scales"), name("zero_points")];
        self.node("DequantizeLinear", inputs, name("weight"), attributes);
        Ok(name("weight"))
    }
}

/// ONNX's type of a grid's integers, with its ends.
fn kind_of(grid: Grid) -> Result<(i32, i32, i32), Error> {
    match (grid.low, grid.high) {
        (0.., ..=255) => Ok((data_type::UINT8, 0, 255)),
        (-128.., ..=127) => Ok((data_type::INT8, -128, 127)),
        (low, high) => Err(fault(format!("integers from {low} to {high} do not fit 8 bits, which ONNX has"))),
    }
}

fn integer(name: &str, value: i64) -> Attribute {
    Attribute { name: name.into(), i: value, kind: 2, ..Default::default() }
}

fn integers(name: &str, values: &[i64]) -> Attribute {
    Attribute { name: name.into(), ints: values.to_vec(), kind: 7, ..Default::default() }
}

/// Any number of rows.
fn rows_of(name: &str, columns: usize) -> ValueInfo {
    let free = Dimension { dim_param: "rows".into(), ..Default::default() };
    let shape = Shape { dim: vec![free, Dimension { dim_value: columns as i64, ..Default::default() }] };
    let tensor = TensorType { elem_type: data_type::FLOAT, shape: Some(shape) };
    ValueInfo { name: name.into(), kind: Some(Type { tensor_type: Some(tensor) }) }
}
