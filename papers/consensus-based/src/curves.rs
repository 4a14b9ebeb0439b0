//! Functions of one variable, on which hops and proximal points are computed without sampling.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::elementary::one_minus_cosine;

/// A function of t.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curve {
    /// t²/2
    Quadratic,
    /// |t|
    Absolute,
    /// 2t² for t > 0, t²/4 else: the slope is continuous, the curvature jumps at 0.
    Kink,
    /// t²/2 + 0.3 (1 − cos 2t): curvature between −0.2 and 2.2.
    Cosine,
    /// t² ((t − 4)² + 1): minima at 0 and near 3.7, least curvature −14.
    WShaped,
    /// t² + 10 (1 − cos 2πt)
    Rastrigin,
    /// t² + 2.5 (1 − cos 2πt)
    MildRastrigin,
    /// (t⁴ − 16t² + 5t)/2
    StyblinskiTang,
}

impl Curve {
    /// E(t).
    pub fn value(self, t: f64) -> f64 {
        match self {
            Self::Quadratic => 0.5 * t * t,
            Self::Absolute => t.abs(),
            Self::Kink => t * t * if t > 0.0 { 2.0 } else { 0.25 },
            Self::Cosine => 0.5 * t * t + 0.3 * one_minus_cosine(t / PI),
            Self::WShaped => t * t * ((t - 4.0) * (t - 4.0) + 1.0),
            Self::Rastrigin => t * t + 10.0 * one_minus_cosine(t),
            Self::MildRastrigin => t * t + 2.5 * one_minus_cosine(t),
            Self::StyblinskiTang => 0.5 * t * (t * (t * t - 16.0) + 5.0),
        }
    }

    /// E′(t), at a kink one of the slopes beside it.
    pub fn slope(self, t: f64) -> f64 {
        match self {
            Self::Quadratic => t,
            Self::Absolute => 1.0_f64.copysign(t),
            Self::Kink => t * if t > 0.0 { 4.0 } else { 0.5 },
            Self::Cosine => t + 0.6 * (2.0 * t).sin(),
            Self::WShaped => 2.0 * t * ((t - 4.0) * (2.0 * t - 4.0) + 1.0),
            Self::Rastrigin => 2.0 * t + 20.0 * PI * (2.0 * PI * t).sin(),
            Self::MildRastrigin => 2.0 * t + 5.0 * PI * (2.0 * PI * t).sin(),
            Self::StyblinskiTang => 2.0 * t * t * t - 16.0 * t + 2.5,
        }
    }

    /// Λ: E − Λt²/2 is convex.
    pub fn convexity(self) -> f64 {
        match self {
            Self::Quadratic => 1.0,
            Self::Absolute => 0.0,
            Self::Kink => 0.5,
            Self::Cosine => -0.2,
            Self::WShaped => -14.0,
            Self::Rastrigin => 2.0 - 40.0 * PI * PI,
            Self::MildRastrigin => 2.0 - 10.0 * PI * PI,
            Self::StyblinskiTang => -16.0,
        }
    }

    /// A lower bound of E.
    pub fn lower_bound(self) -> f64 {
        if self == Self::StyblinskiTang { -39.2 } else { 0.0 }
    }

    /// Where derivatives jump.
    pub fn kinks(self) -> &'static [f64] {
        if matches!(self, Self::Absolute | Self::Kink) { &[0.0] } else { &[] }
    }
}
