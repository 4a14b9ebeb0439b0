//! Bilevel problems whose lower level has constraints that may couple both levels.
//!
//! ```text
//! min over x in X and y of F(x, y)   subject to   y in argmin over y in Y of { f(x, y) : g(x, y) ≤ 0 (or = 0) }
//! ```
//!
//! f is convex in y, g convex in (x, y) jointly. C = {(x, y) in X × Y : g ≤ 0}, and Z is the box in which multipliers are kept.

/// How many numbers there are of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimensions {
    /// Of x.
    pub x: usize,
    /// Of y.
    pub y: usize,
    /// Of g.
    pub constraints: usize,
}

/// θ and λ, the saddle point of the proximal Lagrangian.
#[derive(Clone, Debug, PartialEq)]
pub struct Saddle {
    /// θ, in Y.
    pub theta: Vec<f64>,
    /// λ, in Z.
    pub lambda: Vec<f64>,
}

/// The proximal parameters of the value function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proximal {
    /// γ₁ > 0, of θ.
    pub gamma1: f64,
    /// γ₂ > 0, of λ.
    pub gamma2: f64,
}

/// A problem. Gradients are written, Jacobian products added.
pub trait Problem: Sync {
    /// Sizes of all slices below.
    fn dimensions(&self) -> Dimensions;

    /// F, with its gradients.
    fn upper(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64;

    /// f, with its gradients.
    fn lower(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64;

    /// g.
    fn constraint(&self, x: &[f64], y: &[f64], out: &mut [f64]);

    /// Adds J_xᵀλ and J_yᵀλ.
    fn add_jacobian(&self, x: &[f64], y: &[f64], lambda: &[f64], by_x: &mut [f64], by_y: &mut [f64]);

    /// The nearest point of C.
    fn project(&self, x: &mut [f64], y: &mut [f64]);

    /// The nearest point of Y; nothing is done where Y is the whole space.
    fn project_lower(&self, _y: &mut [f64]) {}

    /// Z: the same bounds for all multipliers; (0, r) for inequalities, (−∞, ∞) or (−r, r) for equations.
    fn multipliers(&self) -> (f64, f64);

    /// Whether g = 0 is meant and not g ≤ 0.
    fn equations(&self) -> bool {
        self.multipliers().0 < 0.0
    }

    /// The exact saddle point, where the problem has a way.
    fn saddle(&self, _x: &[f64], _y: &[f64], _z: &[f64], _proximal: Proximal) -> Option<Saddle> {
        None
    }

    /// The lower level's solution and multipliers, where the problem has a way.
    fn solve_lower(&self, _x: &[f64]) -> Option<Saddle> {
        None
    }
}

pub(crate) fn norm(v: &[f64]) -> f64 {
    v.iter().map(|a| a * a).sum::<f64>().sqrt()
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn clamp(v: &mut [f64], (low, high): (f64, f64)) {
    for a in v {
        *a = a.clamp(low, high);
    }
}
