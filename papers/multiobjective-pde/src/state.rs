//! The state equation A y + κ max(0, y) = b.
//!
//! Componentwise F(y) = A y + κ max(0, y) − b is convex, and the inverses of its derivatives have no negative entry. So Newton's method with any choice of the derivative at a kink decreases
//! monotonically from its first step on, the sets where y > 0 shrink, and it ends exactly when a set repeats: after N + 2 steps at most, a handful in practice, without a line search. What the system is
//! solved with must resolve the sign of y, so that the end is certified by |F|, not by a short step.
//!
//! A + κD for a 0-1 diagonal D is solved by conjugate gradients with the preconditioner (A + κ/2)⁻¹, two fast sine transforms; the condition is at most 1 + κ/λ₁ on every grid. Or by a
//! sparse Cholesky factorisation.

use crate::direct::Factor;
use crate::grid::{Grid, Scratch, Shifted};

/// Why an equation was not solved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StateError {
    /// A number that must be positive or zero and finite.
    #[error("kappa is {0}, expected a finite number that is not negative")]
    Kappa(f64),
    /// A vector of the wrong length.
    #[error("{what}: {found} numbers, expected {expected}")]
    Length {
        /// Which vector.
        what: String,
        /// Its length.
        found: usize,
        /// That of the grid.
        expected: usize,
    },
    /// Not a number, or infinite.
    #[error("{what}: number {place} is {value}")]
    NotFinite {
        /// Which vector.
        what: String,
        /// Where, from 1.
        place: usize,
        /// What.
        value: f64,
    },
    /// Newton's method did not end: κ h² beyond what double precision resolves.
    #[error(
        "the state equation was not solved: the residual is {residual:e} of the right side after {steps} Newton steps"
    )]
    NotSolved {
        /// Largest entry of F over that of b.
        residual: f64,
        /// Steps taken.
        steps: usize,
    },
}

/// How A + κD is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Conjugate gradients, preconditioned by sine transforms.
    ConjugateGradients,
    /// Sparse Cholesky with a fill-reducing order.
    Cholesky,
}

/// The equation: a grid and κ, with what is prepared for both.
#[derive(Clone)]
pub struct MaxPde {
    grid: Grid,
    kappa: f64,
    preconditioner: Shifted,
}

/// A solution.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// y.
    pub y: Vec<f64>,
    /// Newton steps: linear systems.
    pub steps: usize,
    /// Steps of conjugate gradients in all of them.
    pub inner: usize,
    /// Largest entry of F over that of b.
    pub residual: f64,
}

/// Memory for solvers, to be used again.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    pub(crate) transforms: Scratch,
    pub(crate) gradients: Gradients,
}

/// Memory of conjugate gradients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gradients {
    residual: Vec<f64>,
    direction: Vec<f64>,
    preconditioned: Vec<f64>,
    applied: Vec<f64>,
}

/// Solves M v = b from the v that is given, to a residual of `tolerance` relative to b, or to what rounding allows. `apply` puts M d into its second argument, `precondition` is in place; both are symmetric and positive in h² Σ. Gives the number of steps.
pub(crate) fn conjugate_gradients(
    grid: &Grid,
    mut apply: impl FnMut(&[f64], &mut [f64]),
    mut precondition: impl FnMut(&mut [f64]),
    b: &[f64],
    v: &mut [f64],
    tolerance: f64,
    memory: &mut Gradients,
) -> usize {
    let Gradients { residual, direction, preconditioned, applied } = memory;
    for memory in [&mut *residual, &mut *direction, &mut *preconditioned, &mut *applied] {
        memory.resize(b.len(), 0.0);
    }
    let size = grid.norm(b);
    if size == 0.0 {
        v.fill(0.0);
        return 0;
    }
    apply(v, applied);
    for ((r, b), a) in residual.iter_mut().zip(b).zip(&*applied) {
        *r = b - a;
    }
    direction.fill(0.0);
    let mut last = f64::INFINITY;
    let mut slope = 0.0;
    // κ = 10⁶ needs some 300; beyond 2,000 rounding has the word.
    for step in 0..2_000 {
        if grid.norm(residual) <= tolerance * size {
            return step;
        }
        preconditioned.copy_from_slice(residual);
        precondition(preconditioned);
        let now = grid.inner(residual, preconditioned);
        let beta = if step == 0 { 0.0 } else { now / slope };
        slope = now;
        // Energy of the error that no longer falls by much over many steps is rounding's.
        if step % 50 == 49 {
            if now >= 0.9 * last {
                return step;
            }
            last = now;
        }
        for (d, z) in direction.iter_mut().zip(&*preconditioned) {
            *d = z + beta * *d;
        }
        apply(direction, applied);
        let curvature = grid.inner(direction, applied);
        if curvature <= 0.0 || curvature.is_nan() {
            return step;
        }
        let length = slope / curvature;
        for (v, d) in v.iter_mut().zip(&*direction) {
            *v += length * d;
        }
        for (r, a) in residual.iter_mut().zip(&*applied) {
            *r -= length * a;
        }
    }
    2_000
}

/// The switch: 1 where y > 0, 0 elsewhere.
pub fn switch(y: &[f64]) -> Vec<f64> {
    y.iter().map(|y| f64::from(u8::from(*y > 0.0))).collect()
}

pub(crate) fn largest(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |most: f64, v| if v.is_nan() { f64::NAN } else { most.max(v.abs()) })
}

/// Newton steps at most; a handful is usual, and N + 2 the proof.
const STEPS: usize = 200;
/// The residual of a solved equation, relative; on fine grids ten roundings of A y, if that is more.
const SOLVED: f64 = 1e-10;

impl MaxPde {
    /// The equation on n × n inner nodes.
    ///
    /// # Errors
    /// For κ that is negative or not finite.
    pub fn new(n: usize, kappa: f64) -> Result<Self, StateError> {
        if !(kappa >= 0.0 && kappa.is_finite()) {
            return Err(StateError::Kappa(kappa));
        }
        let grid = Grid::new(n);
        let preconditioner = grid.shifted(0.5 * kappa);
        Ok(Self { grid, kappa, preconditioner })
    }

    /// Its grid.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// κ.
    pub fn kappa(&self) -> f64 {
        self.kappa
    }

    /// That a vector has a value for each node, and no fault.
    ///
    /// # Errors
    /// For another length, and for what is not finite.
    pub fn check(&self, what: &str, v: &[f64]) -> Result<(), StateError> {
        if v.len() != self.grid.nodes() {
            return Err(StateError::Length {
                what: what.into(),
                found: v.len(),
                expected: self.grid.nodes(),
            });
        }
        match v.iter().position(|v| !v.is_finite()) {
            Some(place) => {
                Err(StateError::NotFinite { what: what.into(), place: place + 1, value: v[place] })
            }
            None => Ok(()),
        }
    }

    /// out = (A + κχ) v for the diagonal χ.
    pub fn apply(&self, chi: &[f64], v: &[f64], out: &mut [f64]) {
        self.grid.laplacian(v, out);
        for ((out, v), chi) in out.iter_mut().zip(v).zip(chi) {
            *out += self.kappa * chi * v;
        }
    }

    /// F(y) into `out`.
    pub fn residual(&self, y: &[f64], b: &[f64], out: &mut [f64]) {
        self.grid.laplacian(y, out);
        for ((out, y), b) in out.iter_mut().zip(y).zip(b) {
            *out += self.kappa * y.max(0.0) - b;
        }
    }

    /// Solves (A + κχ) v = b for χ between 0 and 1, from the v that is given, to a residual of `tolerance` relative to b, or to what rounding allows. Gives the number of steps.
    pub fn solve_linear(
        &self,
        chi: &[f64],
        b: &[f64],
        v: &mut [f64],
        tolerance: f64,
        work: &mut Workspace,
    ) -> usize {
        let Workspace { transforms, gradients } = work;
        let apply = |d: &[f64], out: &mut [f64]| self.apply(chi, d, out);
        let precondition = |z: &mut [f64]| self.preconditioner.solve(z, transforms);
        conjugate_gradients(&self.grid, apply, precondition, b, v, tolerance, gradients)
    }

    /// Solves the equation by Newton's method, from a guess of the switch if there is one. Cost: [`State::inner`] times two transforms of n rows, with conjugate gradients.
    ///
    /// # Errors
    /// For a right side of the wrong length or that is not finite, and if the residual stays above 10⁻¹⁰ of the largest entry of b.
    pub fn solve(
        &self,
        b: &[f64],
        guess: Option<&[f64]>,
        method: Method,
        work: &mut Workspace,
    ) -> Result<State, StateError> {
        self.check("right side", b)?;
        let size = largest(b);
        let mut y = vec![0.0; b.len()];
        let mut chi = guess.map_or_else(|| vec![0.0; b.len()], <[f64]>::to_vec);
        let mut fault = vec![0.0; b.len()];
        let mut factor = match method {
            Method::Cholesky => Some(Factor::new(&self.grid)),
            Method::ConjugateGradients => None,
        };
        let mut inner = 0;
        for step in 1..=STEPS {
            match &mut factor {
                Some(factor) => {
                    y.copy_from_slice(b);
                    factor.solve(self.kappa, &chi, &mut y);
                }
                None => inner += self.solve_linear(&chi, b, &mut y, 1e-13, work),
            }
            if factor.is_none() && switch(&y) == chi {
                // The last system's rest, from the equation's own residual.
                self.residual(&y, b, &mut fault);
                let mut correction = vec![0.0; b.len()];
                inner += self.solve_linear(&chi, &fault, &mut correction, 1e-4, work);
                y.iter_mut().zip(&correction).for_each(|(y, d)| *y -= d);
            }
            self.residual(&y, b, &mut fault);
            let residual = if size > 0.0 { largest(&fault) / size } else { 0.0 };
            let next = switch(&y);
            let steepest = 8.0 / (self.grid.spacing() * self.grid.spacing()) + self.kappa;
            let solved =
                SOLVED.max(10.0 * f64::EPSILON * steepest * largest(&y) / size.max(f64::MIN_POSITIVE));
            // A node with y = 0 may change sides for ever by rounding; its κ max(0, y) is then nothing.
            if (next == chi && residual <= solved) || residual <= 1e-14 {
                return Ok(State { y, steps: step, inner, residual });
            }
            if next == chi || step == STEPS || residual.is_nan() {
                return if residual <= solved {
                    Ok(State { y, steps: step, inner, residual })
                } else {
                    Err(StateError::NotSolved { residual, steps: step })
                };
            }
            chi = next;
        }
        Err(StateError::NotSolved { residual: f64::NAN, steps: STEPS })
    }
}
