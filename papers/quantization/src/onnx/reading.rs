//! From a graph to layers.

use std::collections::HashMap;

use ndarray::{Array1, Array2};
use prost::Message;

use super::fault;
use super::messages::{Attribute, Graph, Model, Node, Tensor, data_type};
use crate::Error;
use crate::floats::{Stored, decoded};
use crate::network::{Convolution, Layer, Network};

/// Reads a network.
///
/// # Errors
/// Bytes that are no ONNX model, operators that are not read, a graph that is no chain, weights that do not fit together or lie in another file.
pub fn read(bytes: &[u8]) -> Result<Network, Error> {
    let model = Model::decode(bytes).map_err(|broken| fault(format!("no ONNX model: {broken}")))?;
    let graph = model.graph.filter(|graph| !graph.node.is_empty());
    let graph = graph.ok_or_else(|| fault("no ONNX model: it has no graph".into()))?;
    let mut chain = Chain::new(&graph)?;
    while let Some(node) = chain.next()? {
        chain.take(node)?;
    }
    chain.finish()
}

/// How numbers lie in what flows along the chain.
#[derive(Clone, Copy)]
enum Form {
    /// Rows of as many numbers, if that is known.
    Rows,
    /// Images, channel by channel.
    ByChannel { channels: usize, side: usize },
    /// Images, pixel by pixel.
    ByPixel { channels: usize, side: usize },
    /// Rows that were images channel by channel.
    FlatByChannel { channels: usize, side: usize },
}

struct Chain<'a> {
    graph: &'a Graph,
    constants: HashMap<&'a str, &'a Tensor>,
    /// The name of what flows.
    current: &'a str,
    form: Form,
    layers: Vec<Layer>,
    /// Whether the last layer has its rectifier.
    rectified: bool,
    seen: usize,
}

impl<'a> Chain<'a> {
    fn new(graph: &'a Graph) -> Result<Self, Error> {
        let mut constants: HashMap<&str, &Tensor> =
            graph.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        let mut seen = 0;
        for node in graph.node.iter().filter(|node| node.op_type == "Constant") {
            let value = attribute(node, "value").and_then(|attribute| attribute.t.as_ref());
            let value =
                value.ok_or_else(|| fault(format!("{} is a constant without a tensor", title(node))))?;
            constants.insert(node.output.first().map_or("", String::as_str), value);
            seen += 1;
        }
        let inputs: Vec<_> =
            graph.input.iter().filter(|input| !constants.contains_key(input.name.as_str())).collect();
        let [input] = inputs[..] else {
            return Err(fault(format!("the graph has {} inputs, expected one", inputs.len())));
        };
        let shape = input.kind.as_ref().and_then(|kind| kind.tensor_type.as_ref()?.shape.as_ref());
        let sizes: Vec<i64> =
            shape.map_or(Vec::new(), |shape| shape.dim.iter().map(|d| d.dim_value).collect());
        let form = match sizes[..] {
            [_, channels, height, width] if channels > 0 && height > 0 && height == width => {
                Form::ByChannel { channels: channels as usize, side: height as usize }
            }
            [_, _, _, _] => {
                return Err(fault(format!(
                    "its input {:?} is no square image of a known size: {sizes:?}",
                    input.name
                )));
            }
            _ => Form::Rows,
        };
        Ok(Self { graph, constants, current: &input.name, form, layers: Vec::new(), rectified: false, seen })
    }

    /// The one node that what flows enters; none at the graph's output.
    fn next(&self) -> Result<Option<&'a Node>, Error> {
        let users: Vec<&Node> = self
            .graph
            .node
            .iter()
            .filter(|node| node.input.iter().any(|name| name == self.current))
            .collect();
        match users[..] {
            [] => Ok(None),
            [node] => Ok(Some(node)),
            _ => Err(fault(format!(
                "{:?} is used by {} operators: only chains are read",
                self.current,
                users.len()
            ))),
        }
    }

    fn take(&mut self, node: &'a Node) -> Result<(), Error> {
        self.seen += 1;
        if self.seen > self.graph.node.len() {
            return Err(fault("the graph has a circle".into()));
        }
        match node.op_type.as_str() {
            "Gemm" => self.gemm(node)?,
            "MatMul" => {
                let weights = self.matrix(node, 1)?;
                let biases = Array1::zeros(weights.ncols());
                self.dense(node, weights.reversed_axes(), biases)?;
            }
            "Add" => self.add(node)?,
            "Conv" => self.convolution(node)?,
            "Relu" => match self.layers.is_empty() {
                true => return Err(fault(format!("{} comes before any layer", title(node)))),
                false => self.rectified = true,
            },
            "Flatten" => {
                if integer(node, "axis", 1) != 1 {
                    return Err(fault(format!("{}: expected axis 1", title(node))));
                }
                self.flatten();
            }
            "Reshape" => self.reshape(node)?,
            "Transpose" => {
                let order: &[i64] = attribute(node, "perm").map_or(&[], |attribute| &attribute.ints);
                self.form = match (self.form, order) {
                    (Form::ByPixel { channels, side }, [0, 3, 1, 2]) => Form::ByChannel { channels, side },
                    (Form::ByChannel { channels, side }, [0, 2, 3, 1]) => Form::ByPixel { channels, side },
                    _ => {
                        return Err(fault(format!(
                            "{}: axes {order:?} are not those of images",
                            title(node)
                        )));
                    }
                };
            }
            "Identity" | "Dropout" => {}
            other => {
                return Err(fault(format!(
                    "{}: the operator {other} is not read; those of a chain are Gemm, MatMul, Add, Conv, Relu, Flatten, Reshape, Transpose, Identity and Dropout",
                    title(node)
                )));
            }
        }
        self.current = node.output.first().map_or("", String::as_str);
        Ok(())
    }

    fn finish(self) -> Result<Network, Error> {
        if !self.graph.output.iter().any(|output| output.name == self.current) {
            return Err(fault(format!(
                "the chain ends at {:?}, which is not the graph's output",
                self.current
            )));
        }
        if self.seen < self.graph.node.len() {
            return Err(fault("the graph has operators beside the chain".into()));
        }
        if self.rectified {
            return Err(fault("it ends with a Relu: the last layer has none here".into()));
        }
        Ok(Network::from_layers(self.layers)?)
    }

    /// Before a new layer: the one before needs its rectifier.
    fn push(&mut self, node: &Node, layer: Layer) -> Result<(), Error> {
        if !self.layers.is_empty() && !self.rectified {
            return Err(fault(format!("{} follows a layer without a Relu between", title(node))));
        }
        self.layers.push(layer);
        self.rectified = false;
        Ok(())
    }

    fn gemm(&mut self, node: &'a Node) -> Result<(), Error> {
        let transposed = integer(node, "transB", 0) != 0;
        if integer(node, "transA", 0) != 0 {
            return Err(fault(format!("{}: transA is not read", title(node))));
        }
        let weights = self.matrix(node, 1)? * real(node, "alpha", 1.0);
        let weights = if transposed { weights } else { weights.reversed_axes() };
        let outputs = weights.nrows();
        let biases = match node.input.get(2).filter(|name| !name.is_empty()) {
            Some(_) => self.vector(node, 2, outputs)? * real(node, "beta", 1.0),
            None => Array1::zeros(outputs),
        };
        self.dense(node, weights, biases)
    }

    /// A dense layer on what flows; columns are put in the order of our rows.
    fn dense(&mut self, node: &Node, weights: Array2<f32>, biases: Array1<f32>) -> Result<(), Error> {
        let weights = match self.form {
            Form::Rows => weights,
            Form::FlatByChannel { channels, side } => {
                let pixels = side * side;
                if weights.ncols() != channels * pixels {
                    let expected = channels * pixels;
                    return Err(fault(format!(
                        "{} takes {} numbers, it gets {expected}",
                        title(node),
                        weights.ncols()
                    )));
                }
                Array2::from_shape_fn(weights.dim(), |(i, j)| {
                    weights[(i, j % channels * pixels + j / channels)]
                })
            }
            Form::ByChannel { .. } | Form::ByPixel { .. } => {
                return Err(fault(format!("{} takes rows, it gets images: flatten them first", title(node))));
            }
        };
        self.form = Form::Rows;
        self.push(
            node,
            Layer { weights: weights.as_standard_layout().into_owned(), biases, convolution: None },
        )
    }

    fn add(&mut self, node: &'a Node) -> Result<(), Error> {
        let place = usize::from(node.input.first().is_some_and(|name| name == self.current));
        let Some(outputs) = self.layers.last().filter(|_| !self.rectified).map(|layer| layer.biases.len())
        else {
            return Err(fault(format!("{} adds to something else than a layer's sums", title(node))));
        };
        let biases = self.vector(node, place, outputs)?;
        if let Some(layer) = self.layers.last_mut() {
            layer.biases += &biases;
        }
        Ok(())
    }

    fn convolution(&mut self, node: &'a Node) -> Result<(), Error> {
        let Form::ByChannel { channels, side } = self.form else {
            return Err(fault(format!("{} needs images of a known size, channel by channel", title(node))));
        };
        let tensor = self.constant(node, 1)?;
        let sizes: Vec<usize> = tensor.dims.iter().map(|size| usize::try_from(*size).unwrap_or(0)).collect();
        let [outputs, inputs, height, width] = sizes[..] else {
            return Err(fault(format!(
                "{}: its weights have {} dimensions, expected 4",
                title(node),
                sizes.len()
            )));
        };
        let list = |name: &str| attribute(node, name).map_or(&[][..], |attribute| &attribute.ints);
        let stride = list("strides").first().copied().unwrap_or(1);
        let plain = list("pads").iter().all(|pad| *pad == 0)
            && list("dilations").iter().all(|dilation| *dilation == 1)
            && integer(node, "group", 1) == 1
            && attribute(node, "auto_pad").is_none_or(|pad| matches!(&pad.s[..], b"NOTSET" | b"VALID" | b""))
            && list("strides").iter().all(|other| *other == stride);
        if !plain || height != width || inputs != channels || stride < 1 || height > side {
            return Err(fault(format!(
                "{}: convolutions are read without padding, dilation and groups, with square patches and one stride, for all {channels} channels",
                title(node)
            )));
        }
        let values = numbers(tensor)?;
        let (patch, span) = (height, height * height);
        let weights = Array2::from_shape_fn((outputs, span * inputs), |(o, place)| {
            let (pixel, channel) = (place / inputs, place % inputs);
            values[(o * inputs + channel) * span + pixel]
        });
        let biases = match node.input.get(2).filter(|name| !name.is_empty()) {
            Some(_) => self.vector(node, 2, outputs)?,
            None => Array1::zeros(outputs),
        };
        let convolution = Convolution { side, channels, patch, stride: stride as usize };
        self.form = Form::ByChannel { channels: outputs, side: convolution.positions() };
        self.push(node, Layer { weights, biases, convolution: Some(convolution) })
    }

    fn flatten(&mut self) {
        self.form = match self.form {
            Form::ByChannel { channels, side } => Form::FlatByChannel { channels, side },
            Form::ByPixel { .. } => Form::Rows,
            flat => flat,
        };
    }

    fn reshape(&mut self, node: &'a Node) -> Result<(), Error> {
        let tensor = self.constant(node, 1)?;
        let sizes = match (&tensor.int64_data[..], tensor.raw_data.as_chunks::<8>().0) {
            ([], raw) => raw.iter().map(|eight| i64::from_le_bytes(*eight)).collect(),
            (listed, _) => listed.to_vec(),
        };
        match (self.form, &sizes[..]) {
            (_, [_, _]) => self.flatten(),
            // Rows of ours are images pixel by pixel.
            (Form::Rows, &[_, height, width, channels]) if height == width && height > 0 && channels > 0 => {
                self.form = Form::ByPixel { channels: channels as usize, side: height as usize };
            }
            (Form::Rows, &[_, channels, height, width]) if height == width && height > 0 && channels == 1 => {
                self.form = Form::ByChannel { channels: 1, side: height as usize };
            }
            _ => return Err(fault(format!("{}: the shape {sizes:?} is not read", title(node)))),
        }
        Ok(())
    }

    fn constant(&self, node: &'a Node, place: usize) -> Result<&'a Tensor, Error> {
        let name = node.input.get(place).map_or("", String::as_str);
        let constant = self.constants.get(name).copied();
        constant.ok_or_else(|| fault(format!("{}: its input {} is no constant", title(node), place + 1)))
    }

    fn matrix(&self, node: &'a Node, place: usize) -> Result<Array2<f32>, Error> {
        let tensor = self.constant(node, place)?;
        let &[rows, columns] = &tensor.dims[..] else {
            return Err(fault(format!(
                "{}: {:?} has {} dimensions, expected 2",
                title(node),
                tensor.name,
                tensor.dims.len()
            )));
        };
        let shape = (usize::try_from(rows).unwrap_or(0), usize::try_from(columns).unwrap_or(0));
        Array2::from_shape_vec(shape, numbers(tensor)?).map_err(|broken| fault(broken.to_string()))
    }

    /// Numbers that are as many as the outputs, or one for all.
    fn vector(&self, node: &'a Node, place: usize, outputs: usize) -> Result<Array1<f32>, Error> {
        let tensor = self.constant(node, place)?;
        let values = numbers(tensor)?;
        match values.len() {
            1 => Ok(Array1::from_elem(outputs, values[0])),
            found if found == outputs => Ok(Array1::from(values)),
            found => Err(fault(format!(
                "{}: {:?} has {found} numbers for {outputs} outputs",
                title(node),
                tensor.name
            ))),
        }
    }
}

fn title(node: &Node) -> String {
    let name = if node.name.is_empty() { node.output.first() } else { Some(&node.name) };
    format!("{} {:?}", node.op_type, name.map_or("", String::as_str))
}

fn attribute<'a>(node: &'a Node, name: &str) -> Option<&'a Attribute> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

fn integer(node: &Node, name: &str, default: i64) -> i64 {
    attribute(node, name).map_or(default, |attribute| attribute.i)
}

fn real(node: &Node, name: &str, default: f32) -> f32 {
    attribute(node, name).map_or(default, |attribute| attribute.f)
}

/// The numbers of a tensor in single precision.
fn numbers(tensor: &Tensor) -> Result<Vec<f32>, Error> {
    if tensor.data_location != 0 {
        return Err(fault(format!("{:?} lies in another file, which is not read", tensor.name)));
    }
    let raw = &tensor.raw_data;
    let values: Vec<f32> = match tensor.data_type {
        data_type::FLOAT if raw.is_empty() => tensor.float_data.clone(),
        data_type::DOUBLE if raw.is_empty() => tensor.double_data.iter().map(|value| *value as f32).collect(),
        data_type::FLOAT => decoded(Stored::Single, raw),
        data_type::DOUBLE => decoded(Stored::Double, raw),
        data_type::FLOAT16 => decoded(Stored::Half, raw),
        data_type::BFLOAT16 => decoded(Stored::Brain, raw),
        other => return Err(fault(format!("{:?} is of ONNX's type {other}, expected floats", tensor.name))),
    };
    let expected = tensor.dims.iter().try_fold(1i64, |product, size| product.checked_mul(*size));
    match expected {
        Some(expected) if expected == values.len() as i64 => Ok(values),
        _ => Err(fault(format!(
            "{:?} has {} numbers for the shape {:?}",
            tensor.name,
            values.len(),
            tensor.dims
        ))),
    }
}
