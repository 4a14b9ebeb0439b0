//! The two levels of a problem.

use ndarray::Array2;

use crate::sets::ConvexSet;

/// The upper level f(x, y). Derivatives are written, not added.
pub trait Upper {
    /// f.
    fn upper(&self, x: &[f64], y: &[f64]) -> f64;
    /// ∂f/∂x, d numbers.
    fn upper_x(&self, x: &[f64], y: &[f64], out: &mut [f64]);
    /// ∂f/∂y, q numbers.
    fn upper_y(&self, x: &[f64], y: &[f64], out: &mut [f64]);
}

/// The lower level g(x, y). Derivatives are written, not added.
pub trait Lower {
    /// g.
    fn lower(&self, x: &[f64], y: &[f64]) -> f64;
    /// ∂g/∂x, d numbers.
    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]);
    /// ∂g/∂y, q numbers.
    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]);
}

/// Both levels, their sizes and sets.
pub trait Bilevel: Upper + Lower + Sync {
    /// (d, q), both at least 1.
    fn dimensions(&self) -> (usize, usize);
    /// X.
    fn upper_set(&self) -> &ConvexSet {
        &ConvexSet::Whole
    }
    /// Y, the same for every x.
    fn lower_set(&self) -> &ConvexSet {
        &ConvexSet::Whole
    }
}

/// Products with second derivatives of the lower level.
pub trait Products: Bilevel {
    /// (∂²g/∂y²) v, q numbers.
    fn lower_yy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]);
    /// (∂²g/∂x∂y) v, d numbers.
    fn lower_xy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]);
}

/// Second derivatives in y as matrices, for exact solutions of small problems.
pub trait SecondOrder: Products {
    /// ∂²g/∂y², q × q.
    fn lower_yy(&self, x: &[f64], y: &[f64]) -> Array2<f64>;
    /// ∂²f/∂y², q × q.
    fn upper_yy(&self, x: &[f64], y: &[f64]) -> Array2<f64>;
}

/// A problem whose solution is known.
pub trait Known: SecondOrder {
    /// y* = argmin of f over S(x).
    fn solution(&self, x: &[f64]) -> Vec<f64>;
    /// A point near a global minimiser of σf + g over Y, from which Newton's method finds it; of g for σ = 0, and then the solution itself.
    fn near_penalised(&self, x: &[f64], _sigma: f64) -> Vec<f64> {
        self.solution(x)
    }
    /// ψ(x).
    fn value(&self, x: &[f64]) -> f64 {
        self.upper(x, &self.solution(x))
    }
}

impl<P: Upper + ?Sized> Upper for Box<P> {
    fn upper(&self, x: &[f64], y: &[f64]) -> f64 {
        (**self).upper(x, y)
    }
    fn upper_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        (**self).upper_x(x, y, out);
    }
    fn upper_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        (**self).upper_y(x, y, out);
    }
}

impl<P: Lower + ?Sized> Lower for Box<P> {
    fn lower(&self, x: &[f64], y: &[f64]) -> f64 {
        (**self).lower(x, y)
    }
    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        (**self).lower_x(x, y, out);
    }
    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        (**self).lower_y(x, y, out);
    }
}

impl<P: Bilevel + ?Sized> Bilevel for Box<P> {
    fn dimensions(&self) -> (usize, usize) {
        (**self).dimensions()
    }
    fn upper_set(&self) -> &ConvexSet {
        (**self).upper_set()
    }
    fn lower_set(&self) -> &ConvexSet {
        (**self).lower_set()
    }
}
