//! Why a network cannot do what was asked.

/// A fault of shapes, parameters or a training.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// Depth 0 or a width of 0.
    #[error("a network needs at least one layer and one unit in each; found widths {0:?}")]
    Widths(Vec<usize>),
    /// Inputs of another dimension.
    #[error("the network takes {expected} coordinates, found {found}")]
    Inputs {
        /// Coordinates that the first layer takes.
        expected: usize,
        /// Found.
        found: usize,
    },
    /// A layer that does not fit the one before it, or its own biases.
    #[error(
        "layer {layer} has {weights:?} weights and {biases} biases: expected {inputs} rows and a bias for each column"
    )]
    Layer {
        /// Counted from 0.
        layer: usize,
        /// Rows and columns found.
        weights: (usize, usize),
        /// Found.
        biases: usize,
        /// Outputs of the layer before it.
        inputs: usize,
    },
    /// Not as many parameters as the widths ask for.
    #[error("these widths have {expected} parameters, found {found}")]
    Parameters {
        /// Σ (n_l + 1) n_{l+1}.
        expected: usize,
        /// Found.
        found: usize,
    },
    /// A parameter that is NaN or infinite.
    #[error("layer {0} has a parameter that is not finite")]
    Parameter(usize),
    /// The matrix of a layer that has weights of its own.
    #[error("layer {layer}: weights are {} × {}, expected {expected}", found.0, found.1)]
    Weights {
        /// Counted from 0.
        layer: usize,
        /// Rows and columns found.
        found: (usize, usize),
        /// What was expected, in words.
        expected: String,
    },
    /// An image too small for a convolution with 3 × 3 patches, or no channels.
    #[error(
        "an image of side {side} before a convolution with {channels} channels: expected a side of at least 3 and a channel"
    )]
    Image {
        /// Pixels of a side.
        side: usize,
        /// Channels behind the convolution.
        channels: usize,
    },
    /// Targets of another shape than the outputs.
    #[error("expected targets of shape {expected:?}, found {found:?}")]
    Targets {
        /// Rows and outputs.
        expected: (usize, usize),
        /// Found.
        found: (usize, usize),
    },
    /// A batch of sequences without any.
    #[error("expected at least one sequence")]
    NoSequence,
    /// A sequence without tokens.
    #[error("sequence {0} is empty")]
    EmptySequence(usize),
    /// A token that the network does not know.
    #[error("sequence {sequence}: token {token}, expected one below {vocabulary}")]
    Token {
        /// Counted from 0.
        sequence: usize,
        /// Found.
        token: u32,
        /// Tokens that there are.
        vocabulary: usize,
    },
    /// The loss is not finite any more.
    #[error("training diverged: the cost is not finite after step {step} (lower the rate)")]
    Diverged {
        /// The step, counted from 1.
        step: usize,
    },
}
