//! A point against many: the recursion over the layers, on pairs side by side.
//!
//! The loops over pairs are without branches for the rectifier, so that they become vector instructions; sums and products are the same, in the same order, for
//! any width of the vectors, and so are the bits.

use ndarray::ArrayView1;
use pulp::{Arch, NullaryFnOnce};

use super::{Architecture, Kernels};
use crate::activation::{Activation, Expectations, Pair, expectations, rectifier};

/// Pairs that are carried together: two of the widest vectors.
pub(super) const LANES: usize = 16;

/// The angle γ of two points.
#[derive(Clone, Copy)]
pub(super) struct Angle {
    /// 1 − cos γ.
    pub gap: f64,
    /// 1 + cos γ.
    pub opposite: f64,
}

impl Angle {
    /// Of a point with itself, and by convention with a zero point.
    pub(super) const NONE: Self = Self { gap: 0.0, opposite: 2.0 };

    /// |x̂ ∓ ŷ|²/2 from difference and sum of the normalised points.
    pub(super) fn exact(x: ArrayView1<f64>, y: ArrayView1<f64>) -> Self {
        let (left, right) = (x.dot(&x).sqrt(), y.dot(&y).sqrt());
        if left == 0.0 || right == 0.0 {
            return Self::NONE;
        }
        let square = |sign: f64| -> f64 {
            let distance =
                x.iter().zip(y).map(|(a, b)| (a / left + sign * b / right).powi(2)).sum::<f64>() / 2.0;
            distance.min(2.0)
        };
        Self { gap: square(-1.0), opposite: square(1.0) }
    }
}

/// Up to [`LANES`] pairs with one point in common. Variances are those of the first layer without bias until [`take`](Self::take) runs the layers.
pub(super) struct Lanes {
    used: usize,
    left: [f64; LANES],
    right: [f64; LANES],
    covariance: [f64; LANES],
    gap: [f64; LANES],
    opposite: [f64; LANES],
    ntk: [f64; LANES],
}

impl Lanes {
    /// No pair yet.
    pub(super) fn new() -> Self {
        let zero = [0.0; LANES];
        Self {
            used: 0,
            left: zero,
            right: zero,
            covariance: zero,
            gap: zero,
            opposite: [2.0; LANES],
            ntk: zero,
        }
    }

    /// One pair.
    pub(super) fn of(right: f64, angle: Angle) -> Self {
        let mut lanes = Self::new();
        lanes.push(right, 0.0);
        lanes.set_angle(0, angle);
        lanes
    }

    /// Adds a pair, by the variance of its second point and the two points' covariance. There are at most [`LANES`].
    pub(super) fn push(&mut self, right: f64, covariance: f64) {
        self.right[self.used] = right;
        self.covariance[self.used] = covariance;
        self.used += 1;
    }

    /// The angles from the covariances and `left`, the variance of the first point. Returns whether a cosine is closer to ±1 than `near`.
    pub(super) fn find_angles(&mut self, left: f64, near: f64) -> bool {
        Arch::new().dispatch(Angles { left, lanes: self });
        (0..self.used).any(|k| self.is_near(k, near))
    }

    /// Whether a pair's cosine is closer to ±1 than `near`.
    pub(super) fn is_near(&self, k: usize, near: f64) -> bool {
        self.gap[k].min(self.opposite[k]) < near
    }

    /// Replaces the angle of a pair.
    pub(super) fn set_angle(&mut self, k: usize, angle: Angle) {
        self.gap[k] = angle.gap;
        self.opposite[k] = angle.opposite;
    }

    /// The kernels of all pairs with a point whose variance is `left`, in the order in which they were added; leaves none.
    pub(super) fn take(&mut self, architecture: &Architecture, left: f64) -> impl Iterator<Item = Kernels> {
        self.left = [left; LANES];
        Arch::new().dispatch(Recursion { architecture, lanes: self });
        let used = std::mem::take(&mut self.used);
        (0..used).map(|k| Kernels { nngp: self.covariance[k], ntk: self.ntk[k] })
    }

    #[inline(always)]
    fn set(&mut self, k: usize, pair: Pair) {
        self.left[k] = pair.left;
        self.right[k] = pair.right;
        self.covariance[k] = pair.covariance;
        self.gap[k] = pair.gap;
        self.opposite[k] = pair.opposite;
    }
}

struct Angles<'a> {
    left: f64,
    lanes: &'a mut Lanes,
}

impl NullaryFnOnce for Angles<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Lanes { right, covariance, gap, opposite, .. } = self.lanes;
        for k in 0..LANES {
            let geometric = (self.left * right[k]).sqrt();
            let cosine = covariance[k] / geometric;
            gap[k] = if geometric == 0.0 { 0.0 } else { 1.0 - cosine };
            opposite[k] = if geometric == 0.0 { 2.0 } else { 1.0 + cosine };
        }
    }
}

struct Recursion<'a> {
    architecture: &'a Architecture,
    lanes: &'a mut Lanes,
}

impl NullaryFnOnce for Recursion<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        match self.architecture.activation {
            Activation::Relu => self.run(LANES, rectifier),
            // Nothing to gain from lanes that hold no pair.
            activation => {
                let used = self.lanes.used;
                self.run(used, |pair| expectations(activation, pair));
            }
        }
    }
}

impl Recursion<'_> {
    #[inline(always)]
    fn run(self, lanes_in_use: usize, expectations: impl Fn(Pair) -> Expectations) {
        let Self { architecture, lanes } = self;
        let bias = architecture.bias_std * architecture.bias_std;
        let weight = architecture.weight_std * architecture.weight_std;
        for k in 0..lanes_in_use {
            let (left, right) = (lanes.left[k], lanes.right[k]);
            let geometric = (left * right).sqrt();
            let distances = (geometric * lanes.gap[k], geometric * lanes.opposite[k]);
            lanes.set(k, with_bias(left, right, distances, bias));
            lanes.ntk[k] = lanes.covariance[k];
        }
        for _ in 1..architecture.depth {
            for k in 0..lanes_in_use {
                let next = expectations(Pair {
                    left: lanes.left[k],
                    right: lanes.right[k],
                    covariance: lanes.covariance[k],
                    gap: lanes.gap[k],
                    opposite: lanes.opposite[k],
                });
                let distances = (weight * next.defect, weight * next.surplus);
                lanes.set(k, with_bias(weight * next.left, weight * next.right, distances, bias));
                lanes.ntk[k] = lanes.ntk[k] * weight * next.derivatives + lanes.covariance[k];
            }
        }
    }
}

/// Adds the variance of a bias to a pair with variances a, c and distances √(ac) ∓ covariance.
///
/// With g = √(ac), d and e the two distances, P² = (a + β)(c + β) and S the new covariance, P² − S² = d e + β((√a − √c)² + 2d): no difference of nearly
/// equal numbers but √a − √c. The new 1 − correlation is (P² − S²)/(P(P + S)) where S > 0, the new 1 + correlation (P² − S²)/(P(P − S)) where not.
#[inline(always)]
fn with_bias(left: f64, right: f64, (defect, surplus): (f64, f64), bias: f64) -> Pair {
    let covariance = (surplus - defect) / 2.0 + bias;
    let product = ((left + bias) * (right + bias)).sqrt();
    let roots = if left + right > 0.0 { (left - right) / (left.sqrt() + right.sqrt()) } else { 0.0 };
    let numerator = defect * surplus + bias * (roots * roots + 2.0 * defect);
    let small = (numerator / (product * (product + covariance.abs()))).min(2.0);
    // Two selections, not a match: this is a vector's body.
    let (gap, opposite) = if covariance > 0.0 { (small, 2.0 - small) } else { (2.0 - small, small) };
    let (gap, opposite) = if product == 0.0 { (0.0, 2.0) } else { (gap, opposite) };
    Pair { left: left + bias, right: right + bias, covariance, gap, opposite }
}
