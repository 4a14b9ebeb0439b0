//! Networks as ONNX.
//!
//! What is read: a chain from one input to one output, of Gemm, MatMul, Add and Conv with rectifiers (Relu) between, and what changes no number on the way (Flatten, Reshape,
//! Transpose, Identity, Dropout). Convolutions are square, without padding. Anything else is refused by its name.
//!
//! What is written: a network in single precision, or a quantised one with its integers, DequantizeLinear behind them, and QuantizeLinear and DequantizeLinear around what enters a layer, which
//! is simulated quantisation and what runtimes turn into integer arithmetic. Rows of inputs are ours: images pixel by pixel, the channels of a pixel together; a graph that takes images as ONNX
//! has them, channel by channel, is read to take rows of ours.

mod messages;
mod reading;
mod writing;

pub use reading::read;
pub use writing::{write, write_quantised};

use crate::Error;

fn fault(text: String) -> Error {
    Error::Format(text)
}
