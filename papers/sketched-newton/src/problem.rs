//! min f(x) subject to c(x) = 0: what the methods ask of a problem, and all first-order quantities at a point.

use crate::sparse::{Sparse, dot, norm};

/// A twice differentiable problem with n variables and m ≤ n equality constraints.
///
/// Functions that are not defined somewhere (the logarithm of a negative number) give NaN there; steps are then shortened.
pub trait Problem: Sync {
    /// n.
    fn variables(&self) -> usize;

    /// m.
    fn constraints(&self) -> usize;

    /// f(x); c(x) goes into `constraints`, of length m.
    fn values(&self, x: &[f64], constraints: &mut [f64]) -> f64;

    /// ∇f(x) into `gradient`, of length n, and the rows of c′(x) into `jacobian`, which comes empty with n columns.
    fn derivatives(&self, x: &[f64], gradient: &mut [f64], jacobian: &mut Sparse);

    /// All n rows of ∇²f(x) + Σ λᵢ∇²cᵢ(x), both triangles, into `hessian`, which comes empty with n columns.
    fn hessian(&self, x: &[f64], multipliers: &[f64], hessian: &mut Sparse);
}

/// Which problem cannot be solved, and why.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A vector has the wrong length.
    #[error("{what} has {found} numbers, expected {expected}")]
    Length {
        /// Which vector.
        what: &'static str,
        /// Its length.
        found: usize,
        /// What it should be.
        expected: usize,
    },
    /// More equations than unknowns.
    #[error(
        "{constraints} equality constraints for {variables} variables: at most as many as variables can be independent"
    )]
    Overdetermined {
        /// m.
        constraints: usize,
        /// n.
        variables: usize,
    },
    /// The start is no place to start from.
    #[error("{what} is not a finite number at the start")]
    Start {
        /// What: a coordinate, the objective, a constraint or a derivative.
        what: String,
    },
    /// An option is outside its range.
    #[error("{option} is {value}, expected {expected}")]
    Option {
        /// Which.
        option: &'static str,
        /// Its value.
        value: f64,
        /// Its range.
        expected: &'static str,
    },
}

/// A pair (x, λ) with f, c, their first derivatives and ∇ₓL = ∇f + c′ᵀλ.
#[derive(Clone, Debug)]
pub struct Point {
    /// x.
    pub x: Vec<f64>,
    /// λ.
    pub multipliers: Vec<f64>,
    /// f.
    pub objective: f64,
    /// c.
    pub constraints: Vec<f64>,
    /// ∇f.
    pub gradient: Vec<f64>,
    /// c′.
    pub jacobian: Sparse,
    /// ∇ₓL.
    pub stationarity: Vec<f64>,
}

impl Point {
    /// Evaluates the problem.
    ///
    /// # Errors
    /// For vectors of the wrong length, more constraints than variables, and numbers that are not finite.
    pub fn start(problem: &dyn Problem, x: &[f64], multipliers: &[f64]) -> Result<Self, Refusal> {
        let (variables, constraints) = (problem.variables(), problem.constraints());
        for (what, found, expected) in [("x", x.len(), variables), ("lambda", multipliers.len(), constraints)]
        {
            if found != expected {
                return Err(Refusal::Length { what, found, expected });
            }
        }
        if constraints > variables {
            return Err(Refusal::Overdetermined { constraints, variables });
        }
        let bad = |what: String| Err(Refusal::Start { what });
        if let Some(place) = x.iter().position(|x| !x.is_finite()) {
            return bad(format!("x[{}]", place + 1));
        }
        if let Some(place) = multipliers.iter().position(|l| !l.is_finite()) {
            return bad(format!("lambda[{}]", place + 1));
        }
        let point = Self::at(problem, x.to_vec(), multipliers.to_vec());
        if !point.objective.is_finite() {
            return bad("the objective".into());
        }
        if let Some(place) = point.constraints.iter().position(|c| !c.is_finite()) {
            return bad(format!("constraint {}", place + 1));
        }
        if !point.is_finite() {
            return bad("a derivative".into());
        }
        Ok(point)
    }

    pub(crate) fn at(problem: &dyn Problem, x: Vec<f64>, multipliers: Vec<f64>) -> Self {
        let (n, m) = (x.len(), multipliers.len());
        let mut point = Self {
            x,
            multipliers,
            objective: 0.0,
            constraints: vec![0.0; m],
            gradient: vec![0.0; n],
            jacobian: Sparse::new(n),
            stationarity: vec![0.0; n],
        };
        point.evaluate(problem);
        point
    }

    /// Moves to `from` + `step` · `direction`, n numbers for x and m for λ.
    pub(crate) fn move_to(&mut self, problem: &dyn Problem, from: &Self, step: f64, direction: &[f64]) {
        let (dx, dl) = direction.split_at(self.x.len());
        for ((to, from), d) in self.x.iter_mut().zip(&from.x).zip(dx) {
            *to = from + step * d;
        }
        for ((to, from), d) in self.multipliers.iter_mut().zip(&from.multipliers).zip(dl) {
            *to = from + step * d;
        }
        self.evaluate(problem);
    }

    fn evaluate(&mut self, problem: &dyn Problem) {
        self.objective = problem.values(&self.x, &mut self.constraints);
        self.jacobian.clear(self.x.len());
        problem.derivatives(&self.x, &mut self.gradient, &mut self.jacobian);
        self.stationarity.copy_from_slice(&self.gradient);
        self.jacobian.add_transposed(&self.multipliers, &mut self.stationarity);
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.objective.is_finite() && self.residual().is_finite()
    }

    /// |F|₂ with F = (∇ₓL, c): zero exactly at the points that the first-order conditions allow.
    pub fn residual(&self) -> f64 {
        let (dual, primal) = self.residuals();
        dual.hypot(primal)
    }

    /// |∇ₓL|₂ and |c|₂.
    pub fn residuals(&self) -> (f64, f64) {
        (norm(&self.stationarity), norm(&self.constraints))
    }

    /// λ · c.
    pub(crate) fn multiplied(&self) -> f64 {
        dot(&self.multipliers, &self.constraints)
    }
}
