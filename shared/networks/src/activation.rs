//! Activations σ with their first and second derivatives.

use ndarray::{Array, Dimension};
use numerics::normal::{density, distribution, erf};
use serde::{Deserialize, Serialize};

use crate::Real;

/// An elementwise nonlinearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// z: a deep linear network.
    Identity,
    /// max(0, z); its derivative at 0 is taken as 0, the second one as 0 everywhere.
    Relu,
    /// ln(1 + eᶻ).
    Softplus,
    /// tanh z.
    Tanh,
    /// erf z.
    Erf,
    /// z Φ(z), with Φ the normal distribution function.
    Gelu,
    /// sin z.
    Sine,
}

/// All activations with their names.
pub const ACTIVATIONS: [(Activation, &str); 7] = [
    (Activation::Identity, "identity"),
    (Activation::Relu, "relu"),
    (Activation::Softplus, "softplus"),
    (Activation::Tanh, "tanh"),
    (Activation::Erf, "erf"),
    (Activation::Gelu, "gelu"),
    (Activation::Sine, "sine"),
];

impl Activation {
    /// σ(z).
    pub fn value<T: Real>(self, z: T) -> T {
        match self {
            Self::Identity => z,
            Self::Relu => rectified(z),
            Self::Softplus => z.max(T::zero()) + (-z.abs()).exp().ln_1p(),
            Self::Tanh => z.tanh(),
            Self::Erf => T::of(erf(z.wide())),
            Self::Gelu => z * T::of(distribution(z.wide())),
            Self::Sine => z.sin(),
        }
    }

    /// σ′(z).
    pub fn derivative<T: Real>(self, z: T) -> T {
        let one = T::one();
        match self {
            Self::Identity => one,
            Self::Relu => {
                if z > T::zero() {
                    one
                } else {
                    T::zero()
                }
            }
            Self::Softplus => sigmoid(z),
            Self::Tanh => one - z.tanh().powi(2),
            Self::Erf => T::of(std::f64::consts::FRAC_2_SQRT_PI) * (-z * z).exp(),
            Self::Gelu => T::of(distribution(z.wide())) + z * T::of(density(z.wide())),
            Self::Sine => z.cos(),
        }
    }

    /// σ″(z).
    pub fn second_derivative<T: Real>(self, z: T) -> T {
        let (one, two) = (T::one(), T::of(2.0));
        match self {
            Self::Identity | Self::Relu => T::zero(),
            Self::Softplus => sigmoid(z) * sigmoid(-z),
            Self::Tanh => -two * z.tanh() * (one - z.tanh().powi(2)),
            Self::Erf => -two * z * self.derivative(z),
            Self::Gelu => (two - z * z) * T::of(density(z.wide())),
            Self::Sine => -z.sin(),
        }
    }

    /// Whether the second derivative is zero wherever it exists, so that the Hessian is that of the linearised network.
    pub fn is_piecewise_linear(self) -> bool {
        matches!(self, Self::Identity | Self::Relu)
    }

    /// σ of every entry.
    pub fn values<T: Real, D: Dimension>(self, z: &Array<T, D>) -> Array<T, D> {
        // The choice of σ stands outside of the loop, so that simple ones become vector instructions.
        match self {
            Self::Identity => z.clone(),
            Self::Relu => z.mapv(rectified),
            other => z.mapv(|z| other.value(z)),
        }
    }
}

/// max(0, z); what is not a number stays so, where `max` would make it 0 and hide a divergence.
pub(crate) fn rectified<T: Real>(z: T) -> T {
    if z < T::zero() { T::zero() } else { z }
}

/// 1/(1 + e⁻ᶻ), without overflow.
pub(crate) fn sigmoid<T: Real>(z: T) -> T {
    let part = (-z.abs()).exp();
    let one = T::one();
    if z >= T::zero() { one / (one + part) } else { part / (one + part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_limits_of_differences() {
        // Central differences with step h miss by h²/6 of the third derivative, which is below 10 here.
        let h = 1e-5_f64;
        for (activation, name) in ACTIVATIONS {
            for z in [-3.1, -0.7, -0.2, 0.4, 1.3, 2.9_f64] {
                let slope = (activation.value(z + h) - activation.value(z - h)) / (2.0 * h);
                assert!((slope - activation.derivative(z)).abs() < 1e-9, "{name}′({z})");
                let bend = (activation.derivative(z + h) - activation.derivative(z - h)) / (2.0 * h);
                assert!((bend - activation.second_derivative(z)).abs() < 1e-9, "{name}″({z})");
            }
        }
    }

    #[test]
    fn extreme_arguments_stay_finite() {
        for (activation, name) in ACTIVATIONS {
            for z in [-800.0, 800.0_f64] {
                let values = [activation.value(z), activation.derivative(z), activation.second_derivative(z)];
                assert!(values.iter().all(|value| value.is_finite()), "{name}({z}): {values:?}");
                let z = z as f32;
                assert!(
                    activation.value(z).is_finite() && activation.derivative(z).is_finite(),
                    "{name}({z})"
                );
            }
        }
        assert_eq!(Activation::Softplus.value(800.0), 800.0);
        assert!(ACTIVATIONS.iter().all(|(activation, _)| activation.value(f64::NAN).is_nan()));
    }
}
