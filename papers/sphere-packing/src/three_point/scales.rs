//! The scales in which a programme computes, so that all of its polynomials are of moderate size.

use super::multiplier::{Base, Multiplier};
use crate::scalar::Scalar;

/// The radii, and factors that the [certificate](crate::certificate) does not have: they are put into Gram matrices when it is made.
#[derive(Clone, Debug)]
pub(crate) struct Scales {
    dimension: usize,
    /// a = 2πr².
    pub square: f64,
    /// A = 2πR².
    pub truncation: f64,
    /// About 2/A: the kernel's Chebyshev polynomials have the argument `inverse` · u − 1.
    pub inverse: f64,
    /// For every k the factor of H_k, and c_k with H_k(u, u, u) = c_k u^k.
    pub kernel: Vec<(f64, f64)>,
}

/// A number cut to 36 bits behind the point, so that sums and halves of two are exact.
pub(super) fn coarse(value: f64) -> f64 {
    let unit = 2f64.powi(36);
    (value * unit).round() / unit
}

impl Scales {
    pub(super) fn new(dimension: usize, degree: usize, square: f64, truncation: f64) -> Self {
        let inverse = coarse(2.0 / truncation);
        let mut kernel = vec![(1.0, 1.0)];
        let mut size = 1.0;
        for k in 1..=degree {
            // c_1 = 1 and c_{k+1} = c_k (k + n − 2).
            if k >= 2 {
                size *= (k - 1 + dimension - 2) as f64;
            }
            kernel.push(((inverse / 2.0).powi(k as i32) / size, size));
        }
        Self { dimension, square, truncation, inverse, kernel }
    }

    /// (a + A)/2.
    pub fn centre(&self) -> f64 {
        (self.square + self.truncation) / 2.0
    }

    /// (A − a)/2.
    pub fn half_width(&self) -> f64 {
        (self.truncation - self.square) / 2.0
    }

    /// H_0…H_d at (u, v, t): multiples of (uv)^(k/2) P_k(t/√(uv)) with integer coefficients.
    pub fn harmonics<T: Scalar>(&self, [u, v, t]: [T; 3]) -> Vec<T> {
        let n = self.dimension as f64;
        let mut values = vec![T::one(), t];
        for k in 1..self.kernel.len().saturating_sub(1) {
            let order = k as f64;
            let before = if k == 1 { 1.0 } else { order + n - 3.0 };
            values.push(
                T::from_f64(2.0 * order + n - 2.0) * t * values[k]
                    - T::from_f64(order * before) * u * v * values[k - 1],
            );
        }
        values
    }

    /// The power of two that brings a base polynomial to moderate size.
    fn exponent(&self, base: Base) -> i32 {
        let of = |size: f64| -(size.log2().round() as i32);
        match base {
            Base::FirstOutside | Base::SecondOutside | Base::FirstInside | Base::SecondInside => {
                of(self.half_width())
            }
            Base::Distance => of(self.truncation),
            Base::Gram => 2 * of(self.truncation),
        }
    }

    /// The power of two that a multiplier is scaled by.
    pub fn multiplier_exponent(&self, multiplier: &Multiplier) -> i32 {
        multiplier.factors().iter().map(|base| self.exponent(*base)).sum()
    }

    /// The scaled multiplier at a point.
    pub fn multiplier<T: Scalar>(&self, multiplier: &Multiplier, [u, v, t]: [T; 3]) -> T {
        let (square, truncation) = (T::from_f64(self.square), T::from_f64(self.truncation));
        let value = |base: &Base| match base {
            Base::FirstOutside => u - square,
            Base::SecondOutside => v - square,
            Base::FirstInside => truncation - u,
            Base::SecondInside => truncation - v,
            Base::Distance => u + v - t.times_power_of_two(1) - square,
            Base::Gram => u * v - t * t,
        };
        let product = |factors: &[Base]| factors.iter().fold(T::one(), |product, base| product * value(base));
        let mut sum = product(multiplier.factors());
        if let Some(mirror) = multiplier.mirror() {
            sum += product(&mirror);
        }
        sum.times_power_of_two(self.multiplier_exponent(multiplier))
    }
}
