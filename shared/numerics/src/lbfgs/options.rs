//! Settings, their ranges, and what is wrong with an input.

use std::fmt;

/// Settings of [`super::minimise`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Number of pairs kept, at least 1. Default 10; 3 to 20 are usual.
    pub memory: usize,
    /// Stop when the largest entry of the gradient is at most this, in size; ≥ 0. Default 1e-8.
    pub gradient_tolerance: f64,
    /// Stop when an iteration lowers the value by at most this part of its size; ≥ 0.
    /// Default 1e-14; 0 stops only when the value does not fall at all.
    pub relative_decrease: f64,
    /// Most iterations. Default 1000.
    pub max_iterations: usize,
    /// Most evaluations within one line search, at least 1. Default 40.
    pub max_line_search_evaluations: usize,
    /// Part of the decrease promised by the slope that a step must reach, in (0, ½).
    /// Default 1e-4.
    pub sufficient_decrease: f64,
    /// Part of the slope that may remain after a step, in (`sufficient_decrease`, 1). Default 0.9.
    pub curvature: f64,
    /// Estimate of the inverse curvature before anything is known about it: the first trial step
    /// is this multiple of the negative gradient; positive. `None` (default): the step has length
    /// 1, or that of the gradient if smaller.
    pub initial_scale: Option<f64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory: 10,
            gradient_tolerance: 1e-8,
            relative_decrease: 1e-14,
            max_iterations: 1000,
            max_line_search_evaluations: 40,
            sufficient_decrease: 1e-4,
            curvature: 0.9,
            initial_scale: None,
        }
    }
}

impl Options {
    /// Checks the settings, and the point from which to start.
    pub(super) fn check_start(&self, start: &[f64]) -> Result<(), LbfgsError> {
        self.check()?;
        if start.is_empty() {
            return Err(LbfgsError::EmptyStart);
        }
        match start.iter().position(|x| !x.is_finite()) {
            Some(index) => Err(LbfgsError::Start { index, value: start[index] }),
            None => Ok(()),
        }
    }

    fn check(&self) -> Result<(), LbfgsError> {
        let fault = |option, value, range| Err(LbfgsError::Option { option, value, range });
        if self.memory == 0 {
            return fault("memory", 0.0, "at least 1");
        }
        if self.gradient_tolerance.is_nan() || self.gradient_tolerance < 0.0 {
            return fault("gradient_tolerance", self.gradient_tolerance, "at least 0");
        }
        if self.relative_decrease.is_nan() || self.relative_decrease < 0.0 {
            return fault("relative_decrease", self.relative_decrease, "at least 0");
        }
        if self.max_line_search_evaluations == 0 {
            return fault("max_line_search_evaluations", 0.0, "at least 1");
        }
        if !(self.sufficient_decrease > 0.0 && self.sufficient_decrease < 0.5) {
            return fault("sufficient_decrease", self.sufficient_decrease, "in (0, 1/2)");
        }
        if !(self.curvature > self.sufficient_decrease && self.curvature < 1.0) {
            return fault("curvature", self.curvature, "in (sufficient_decrease, 1)");
        }
        match self.initial_scale {
            Some(scale) if !(scale > 0.0 && scale.is_finite()) => {
                fault("initial_scale", scale, "positive and finite")
            }
            _ => Ok(()),
        }
    }
}

/// Why nothing was minimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LbfgsError {
    /// A setting is outside its range.
    Option {
        /// Name of the field of [`Options`].
        option: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// The start has no coordinate.
    EmptyStart,
    /// A coordinate of the start is NaN or infinite.
    Start {
        /// Its index.
        index: usize,
        /// Its value.
        value: f64,
    },
}

impl fmt::Display for LbfgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { option, value, range } => {
                write!(f, "option {option} is {value}; it must be {range}")
            }
            Self::EmptyStart => write!(f, "the start has no coordinate"),
            Self::Start { index, value } => write!(f, "coordinate {index} of the start is {value}"),
        }
    }
}

impl std::error::Error for LbfgsError {}
