//! Single and double precision.

use ndarray::NdFloat;
use ndarray_rand::rand_distr::num_traits::{FromPrimitive, ToPrimitive};
use numerics::product::Number;

/// A number that networks compute in: `f32` or `f64`.
pub trait Real: NdFloat + Number + FromPrimitive + ToPrimitive + Default {
    /// The nearest number of this kind.
    fn of(value: f64) -> Self;
    /// The same number in double precision.
    fn wide(self) -> f64;
}

impl Real for f32 {
    fn of(value: f64) -> Self {
        value as f32
    }
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn of(value: f64) -> Self {
        value
    }
    fn wide(self) -> f64 {
        self
    }
}
