//! Perceptrons in safetensors files of others, whatever their tensors are called.
//!
//! A matrix of floats is the weights of a layer, the vector of the same name but for its last part the biases. Layers come in the order of the file, or of a list of names.

use ndarray::Array1;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::matrix_of;
use crate::Error;
use crate::floats::{Stored, decoded};
use crate::network::Layer;

/// The layers of a file, `order` being its tensors' names as they lie in it.
///
/// # Errors
/// A name that is missing, tensors of another type or shape, and without a list tensors that belong to no layer.
pub fn layers(tensors: &SafeTensors, order: &[String], wanted: &[String]) -> Result<Vec<Layer>, Error> {
    let shape = |name: &str| tensors.tensor(name).map_or(Vec::new(), |tensor| tensor.shape().to_vec());
    let matrices: Vec<&String> = order.iter().filter(|name| shape(name).len() == 2).collect();
    let chosen: Vec<&String> = if wanted.is_empty() {
        matrices
    } else {
        let find = |layer: &String| {
            let of_layer = matrices.iter().copied().filter(|name| *name == layer || stem(name) == layer);
            let found: Vec<&String> = of_layer.collect();
            match found[..] {
                [name] => Ok(name),
                [] => fault(format!(
                    "it has no matrix {layer:?} or {:?}; matrices are {}",
                    format!("{layer}.weight"),
                    listed(&matrices)
                )),
                _ => fault(format!("{layer:?} is any of {}: give the whole name", listed(&found))),
            }
        };
        wanted.iter().map(find).collect::<Result<_, _>>()?
    };
    let mut layers = Vec::new();
    let mut taken: Vec<&String> = Vec::new();
    for name in chosen {
        let values = floats(tensors, name)?;
        let sizes = shape(name);
        let weights = matrix_of(sizes[0], sizes[1], values)?;
        // Frameworks that call weights a kernel have them inputs × outputs.
        let weights = match last_part(name) {
            "kernel" => weights.reversed_axes().as_standard_layout().into_owned(),
            _ => weights,
        };
        let outputs = weights.nrows();
        let same_stem = |other: &&String| stem(other) == stem(name) && shape(other).len() == 1;
        let beside: Vec<&String> = order.iter().filter(same_stem).collect();
        let biases = match beside[..] {
            [] => Array1::zeros(outputs),
            [bias] if shape(bias) == [outputs] => Array1::from(floats(tensors, bias)?),
            [bias] => {
                return fault(format!(
                    "{bias} has {:?} numbers for the {outputs} outputs of {name}",
                    shape(bias)[0]
                ));
            }
            _ => {
                return fault(format!(
                    "{} all stand beside {name}: one of them is its bias",
                    listed(&beside)
                ));
            }
        };
        taken.push(name);
        taken.extend(beside);
        layers.push(Layer { weights, biases, convolution: None });
    }
    if wanted.is_empty()
        && let Some(name) = order.iter().find(|name| !taken.contains(name))
    {
        let more = if shape(name).len() == 4 { "; convolutions from elsewhere are read as ONNX" } else { "" };
        return fault(format!(
            "{name} of shape {:?} belongs to no layer: choose layers with a list of names{more}",
            shape(name)
        ));
    }
    Ok(layers)
}

fn fault<T>(text: String) -> Result<T, Error> {
    Err(Error::Format(text))
}

fn listed(names: &[&String]) -> String {
    names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The name without its last part.
fn stem(name: &str) -> &str {
    name.rfind(['.', '/', ':']).map_or("", |end| &name[..end])
}

fn last_part(name: &str) -> &str {
    name.rsplit(['.', '/', ':']).next().unwrap_or(name)
}

fn floats(tensors: &SafeTensors, name: &str) -> Result<Vec<f32>, Error> {
    let tensor: TensorView =
        tensors.tensor(name).map_err(|_| Error::Format(format!("it has no tensor {name}")))?;
    let stored = match tensor.dtype() {
        Dtype::F16 => Stored::Half,
        Dtype::BF16 => Stored::Brain,
        Dtype::F32 => Stored::Single,
        Dtype::F64 => Stored::Double,
        other => return fault(format!("{name} is of type {other:?}, expected floats")),
    };
    Ok(decoded(stored, tensor.data()))
}
