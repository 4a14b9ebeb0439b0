//! Convex sets: projections, and the faces on which points lie.

use ndarray::Array2;
use numerics::simplex;

/// A closed convex set.
#[derive(Clone, Debug, PartialEq)]
pub enum ConvexSet {
    /// ℝⁿ.
    Whole,
    /// low ≤ each coordinate ≤ high.
    Box {
        /// Lower end; −∞ for none.
        low: f64,
        /// Upper end; ∞ for none.
        high: f64,
    },
    /// |y| ≤ radius.
    Ball {
        /// Its radius, above 0.
        radius: f64,
    },
    /// y ≥ 0, Σ y = 1.
    Simplex,
}

/// Why a set is none.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SetError {
    /// A box without points.
    #[error("the box from {0} to {1} is empty")]
    EmptyBox(f64, f64),
    /// A radius that is not positive and finite.
    #[error("expected a positive radius, found {0}")]
    Radius(f64),
}

/// The face of a set on which a point lies: directions along it, and how it curves.
#[derive(Clone, Debug)]
pub struct Face {
    /// An orthonormal basis of the directions that stay on the face, in columns: q × k with k ≤ q, the identity inside.
    pub tangent: Array2<f64>,
    /// Coordinates at a bound, or all of the ball's surface.
    pub active: Vec<usize>,
    /// On the surface of a ball: 1/|y|², by which the multiplier of the normal direction curves the problem.
    curvature: f64,
}

impl ConvexSet {
    /// Checks ends and radius.
    ///
    /// # Errors
    /// An empty box, a radius that is not positive.
    pub fn check(&self) -> Result<(), SetError> {
        match *self {
            Self::Box { low, high } if low.is_nan() || high.is_nan() || low > high => {
                Err(SetError::EmptyBox(low, high))
            }
            Self::Ball { radius } if !(radius > 0.0 && radius.is_finite()) => Err(SetError::Radius(radius)),
            _ => Ok(()),
        }
    }

    /// Replaces a point by the nearest of the set. Cost: n, for the simplex n ln n.
    #[inline]
    pub fn project(&self, point: &mut [f64]) {
        match *self {
            Self::Whole => {}
            Self::Box { low, high } => point.iter_mut().for_each(|y| *y = y.clamp(low, high)),
            Self::Ball { radius } => {
                let length = norm(point);
                if length > radius {
                    point.iter_mut().for_each(|y| *y *= radius / length);
                }
            }
            // A point that is not finite has no projection, and stays what it is.
            Self::Simplex => drop(simplex::project(point, 1.0, &mut Vec::new())),
        }
    }

    /// Whether a point lies in the set, up to `slack`.
    pub fn contains(&self, point: &[f64], slack: f64) -> bool {
        let mut projected = point.to_vec();
        self.project(&mut projected);
        point.iter().zip(&projected).all(|(a, b)| (a - b).abs() <= slack)
    }

    /// The face of a point of the set; what is within `slack` of a bound is on it.
    pub fn face(&self, point: &[f64], slack: f64) -> Face {
        let n = point.len();
        let active: Vec<usize> = match *self {
            Self::Whole => Vec::new(),
            Self::Box { low, high } => {
                (0..n).filter(|k| point[*k] <= low + slack || point[*k] >= high - slack).collect()
            }
            Self::Ball { radius } if norm(point) >= radius - slack => (0..n).collect(),
            Self::Ball { .. } => Vec::new(),
            Self::Simplex => (0..n).filter(|k| point[*k] <= slack).collect(),
        };
        let free: Vec<usize> = match self {
            Self::Ball { .. } => (0..n).collect(),
            _ => (0..n).filter(|k| !active.contains(k)).collect(),
        };
        // The normal that is left among the free coordinates: the sphere's, or that of the sum.
        let normal: Option<Vec<f64>> = match self {
            Self::Ball { .. } if !active.is_empty() => Some(point.to_vec()),
            Self::Simplex => Some((0..n).map(|k| f64::from(u8::from(!active.contains(&k)))).collect()),
            _ => None,
        };
        let curvature = if matches!(self, Self::Ball { .. }) && !active.is_empty() {
            1.0 / norm(point).powi(2)
        } else {
            0.0
        };
        Face { tangent: tangent(n, &free, normal.as_deref()), active, curvature }
    }
}

impl Face {
    /// What the set's own curvature adds to second derivatives, as a multiple of the identity: −⟨slope, y⟩/|y|² on a sphere, which is its multiplier, else 0.
    pub fn curvature(&self, point: &[f64], slope: &[f64]) -> f64 {
        -self.curvature * point.iter().zip(slope).map(|(y, slope)| y * slope).sum::<f64>()
    }
}

/// An orthonormal basis of the span of the free coordinates, less a normal in it: columns of Householder's reflection that takes the normal to the first free axis.
fn tangent(n: usize, free: &[usize], normal: Option<&[f64]>) -> Array2<f64> {
    let Some(normal) = normal.filter(|_| !free.is_empty()) else {
        return Array2::from_shape_fn((n, free.len()), |(i, k)| f64::from(u8::from(i == free[k])));
    };
    let first = free[0];
    let mut mirror = normal.to_vec();
    mirror[first] += norm(normal).copysign(normal[first]);
    let squared: f64 = mirror.iter().map(|v| v * v).sum();
    Array2::from_shape_fn((n, free.len() - 1), |(i, k)| {
        let axis = free[k + 1];
        f64::from(u8::from(i == axis)) - 2.0 * mirror[i] * mirror[axis] / squared
    })
}

/// Euclidean length.
pub fn norm(v: &[f64]) -> f64 {
    v.iter().map(|x| x * x).sum::<f64>().sqrt()
}
