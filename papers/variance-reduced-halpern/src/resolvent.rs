//! Resolvents: J = (id + tG)⁻¹ for a maximally monotone G whose resolvent is cheap.

use numerics::simplex::project;

/// A maximally monotone G, known by its resolvent.
pub trait Resolvent: Sync {
    /// `point` becomes J(`point`), for t = `step` > 0. `scratch` is for the resolvent's own use.
    fn apply(&self, point: &mut [f64], step: f64, scratch: &mut Vec<f64>);
}

/// The resolvents that come with this crate.
///
/// # Panics
/// Applying one panics if lengths of simplices do not add up to the point's, if a lower bound exceeds the upper one or is NaN, and for a negative weight.
#[derive(Clone, Debug, PartialEq)]
pub enum Simple {
    /// G = 0.
    Zero,
    /// The normal cone of a product of probability simplices, whose lengths add up to the dimension.
    Simplices(Vec<usize>),
    /// The normal cone of a box with the same bounds for all coordinates.
    Interval {
        /// The lower bound.
        lower: f64,
        /// The upper bound, not below it.
        upper: f64,
    },
    /// The subdifferential of `weight` |·|₁.
    Absolute {
        /// The weight, not negative.
        weight: f64,
    },
}

impl Resolvent for Simple {
    fn apply(&self, point: &mut [f64], step: f64, scratch: &mut Vec<f64>) {
        match self {
            Self::Zero => {}
            Self::Simplices(lengths) => {
                let mut rest = point;
                for &length in lengths {
                    let (block, after) = rest.split_at_mut(length);
                    // A point that is not finite is left as it is: the methods stop there.
                    let _ = project(block, 1.0, scratch);
                    rest = after;
                }
            }
            Self::Interval { lower, upper } => {
                for x in point {
                    *x = x.clamp(*lower, *upper);
                }
            }
            Self::Absolute { weight } => {
                let threshold = step * weight;
                for x in point {
                    *x -= x.clamp(-threshold, threshold);
                }
            }
        }
    }
}
