//! Optimal control of the state equation with several objectives.
//!
//! Objectives are J_i(u) = ½|y − y_i|² + (σ_i/2)|u|² with A y + κ max(0, y) = f + B u, or the cost alone; |·|² is h² Σ over nodes, and for controls in ℝᵐ the sum of squares.
//! The control-to-state map is not differentiable where y vanishes on nodes. There the adjoint equation (A + κχ) p = Σ α_i (y − y_i), with χ = 1 where y > 0, 0 where y < 0 and *some* value
//! in [0, 1] where y = 0, together with σu + B*p = 0, is weak stationarity; with p ≤ 0 where y = 0 in addition it is strong.
//!
//! # A certificate of global optimality
//!
//! For a weighted sum with tracking weights of sum τ, at a stationary point (u, y, p, χ) and for any other control, with δ the change of the state,
//!
//! J(u + d) − J(u) = (τ/2)|δ|² + (σ/2)|d|² − κ⟨p, R⟩,  0 ≤ R = max(0, y + δ) − max(0, y) − χδ ≤ δ²/(4|y|) where y ≠ 0,
//!
//! and |Bd| ≥ λ₁|δ|. So if κ max(p, 0) ≤ 2(τ + σλ₁²/|B|²)|y| at every node, and p ≤ 0 where y = 0, then u is a global minimiser. [`Control::certificate`] is the largest ratio of the two sides:
//! at most 1 proves it. This is not in the paper.

use ndarray::Array2;
use numerics::sum::fast_dot;

use crate::state::{MaxPde, Method, State, StateError, Workspace, conjugate_gradients, switch};

pub mod search;
pub mod three_sets;
pub mod two_sets;

/// B.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The identity: a control at every node.
    Onto,
    /// Controls in ℝᵐ, each with its function.
    Columns(Vec<Vec<f64>>),
}

/// One objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// y_i; none for the cost alone.
    pub target: Option<Vec<f64>>,
    /// σ_i.
    pub cost: f64,
}

/// A problem.
#[derive(Clone)]
pub struct Control {
    /// The equation.
    pub pde: MaxPde,
    /// f.
    pub f: Vec<f64>,
    /// B.
    pub input: Input,
    /// The objectives.
    pub objectives: Vec<Objective>,
    norm_squared: f64,
}

/// Why a problem was not solved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ControlError {
    /// In the equation.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is nothing to choose.
    #[error("{0}")]
    Shape(String),
    /// The weighted cost of controls is not positive: no minimiser.
    #[error("the weighted cost of the control is {0}, expected a positive number: there is no minimiser")]
    NoCost(f64),
}

/// A weighted sum as one tracking problem: J = ½τ|y|² − ⟨g, y⟩ + ½σ|u|² and a constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighted {
    /// τ = Σ α_i over objectives that track.
    pub tracking: f64,
    /// g = Σ α_i y_i.
    pub target: Vec<f64>,
    /// σ = Σ α_i σ_i.
    pub cost: f64,
}

/// What a computation took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// State equations solved.
    pub states: u64,
    /// Linear systems with A + κχ, or of the order N.
    pub systems: u64,
}

impl Control {
    /// Takes a problem in.
    ///
    /// # Errors
    /// For functions of the wrong length or that are not finite, for no objective, no control, and for negative costs.
    pub fn new(
        pde: MaxPde,
        f: Vec<f64>,
        input: Input,
        objectives: Vec<Objective>,
    ) -> Result<Self, ControlError> {
        pde.check("f", &f)?;
        if objectives.is_empty() {
            return Err(ControlError::Shape("no objective".into()));
        }
        for (place, objective) in objectives.iter().enumerate() {
            if let Some(target) = &objective.target {
                pde.check(&format!("target of objective {}", place + 1), target)?;
            }
            if !(objective.cost >= 0.0 && objective.cost.is_finite()) {
                return Err(ControlError::Shape(format!(
                    "cost of objective {} is {}, expected a finite number that is not negative",
                    place + 1,
                    objective.cost
                )));
            }
        }
        let norm_squared = match &input {
            Input::Onto => 1.0,
            Input::Columns(columns) => {
                if columns.is_empty() {
                    return Err(ControlError::Shape("no control".into()));
                }
                for (place, column) in columns.iter().enumerate() {
                    pde.check(&format!("control {}", place + 1), column)?;
                }
                let gram = Array2::from_shape_fn((columns.len(), columns.len()), |(i, j)| {
                    pde.grid().inner(&columns[i], &columns[j])
                });
                numerics::symmetric::eigenvalues(gram.view())
                    .and_then(|values| values.last().copied())
                    .unwrap_or(f64::NAN)
            }
        };
        Ok(Self { pde, f, input, objectives, norm_squared })
    }

    /// How many numbers a control has.
    pub fn dimension(&self) -> usize {
        match &self.input {
            Input::Onto => self.pde.grid().nodes(),
            Input::Columns(columns) => columns.len(),
        }
    }

    /// The inner product of controls.
    pub fn inner(&self, u: &[f64], v: &[f64]) -> f64 {
        match self.input {
            Input::Onto => self.pde.grid().inner(u, v),
            Input::Columns(_) => fast_dot(u, v),
        }
    }

    /// |u|.
    pub fn norm(&self, u: &[f64]) -> f64 {
        self.inner(u, u).sqrt()
    }

    /// f + B u.
    pub fn source(&self, u: &[f64]) -> Vec<f64> {
        let mut b = self.f.clone();
        match &self.input {
            Input::Onto => b.iter_mut().zip(u).for_each(|(b, u)| *b += u),
            Input::Columns(columns) => {
                for (column, u) in columns.iter().zip(u) {
                    b.iter_mut().zip(column).for_each(|(b, c)| *b += u * c);
                }
            }
        }
        b
    }

    /// B*p.
    pub fn adjoint_input(&self, p: &[f64]) -> Vec<f64> {
        match &self.input {
            Input::Onto => p.to_vec(),
            Input::Columns(columns) => columns.iter().map(|c| self.pde.grid().inner(c, p)).collect(),
        }
    }

    /// The state of a control.
    ///
    /// # Errors
    /// As [`MaxPde::solve`].
    pub fn state(
        &self,
        u: &[f64],
        guess: Option<&[f64]>,
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Result<State, StateError> {
        effort.states += 1;
        let state = self.pde.solve(&self.source(u), guess, Method::ConjugateGradients, work)?;
        effort.systems += state.steps as u64;
        Ok(state)
    }

    /// J_1, …, J_k.
    pub fn values(&self, u: &[f64], y: &[f64]) -> Vec<f64> {
        let grid = self.pde.grid();
        let cost = 0.5 * self.inner(u, u);
        let value = |objective: &Objective| {
            let tracking = objective.target.as_ref().map_or(0.0, |target| {
                let away: Vec<f64> = y.iter().zip(target).map(|(y, target)| y - target).collect();
                0.5 * grid.inner(&away, &away)
            });
            tracking + objective.cost * cost
        };
        self.objectives.iter().map(value).collect()
    }

    /// The weighted sum.
    pub fn weighted(&self, weights: &[f64]) -> Weighted {
        let mut weighted = Weighted { tracking: 0.0, target: vec![0.0; self.pde.grid().nodes()], cost: 0.0 };
        for (objective, weight) in self.objectives.iter().zip(weights) {
            weighted.cost += weight * objective.cost;
            if let Some(target) = &objective.target {
                weighted.tracking += weight;
                for (g, target) in weighted.target.iter_mut().zip(target) {
                    *g += weight * target;
                }
            }
        }
        weighted
    }

    /// p with (A + κχ) p = τy − g.
    pub fn adjoint(
        &self,
        chi: &[f64],
        weighted: &Weighted,
        y: &[f64],
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Vec<f64> {
        let rhs: Vec<f64> = y.iter().zip(&weighted.target).map(|(y, g)| weighted.tracking * y - g).collect();
        self.inverse(chi, &rhs, effort, work)
    }

    /// (A + κχ)⁻¹ b.
    pub(crate) fn inverse(
        &self,
        chi: &[f64],
        b: &[f64],
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Vec<f64> {
        let mut v = vec![0.0; b.len()];
        effort.systems += 1;
        self.pde.solve_linear(chi, b, &mut v, 1e-14, work);
        v
    }

    /// C, the largest of κ max(p, 0) / (2(τ + σλ₁²/|B|²)|y|) over nodes; infinite where y = 0 and p > 0.
    pub fn certificate(&self, weighted: &Weighted, y: &[f64], p: &[f64]) -> f64 {
        let least = self.pde.grid().least_eigenvalue();
        let curvature = weighted.tracking + weighted.cost * least * least / self.norm_squared;
        let ratio = |(y, p): (&f64, &f64)| match self.pde.kappa() * p.max(0.0) {
            0.0 => 0.0,
            bending => bending / (2.0 * curvature * y.abs()),
        };
        // f64::max passes NaN by, and a NaN proves nothing.
        let worse = |most: f64, ratio: f64| if ratio.is_nan() { f64::INFINITY } else { most.max(ratio) };
        let finite = p.iter().all(|p| p.is_finite());
        y.iter().zip(p).map(ratio).fold(if finite { 0.0 } else { f64::INFINITY }, worse)
    }

    /// The reduced Hessian of a weighted sum while χ stays, σI + τB*(A + κχ)⁻²B, prepared.
    pub(crate) fn hessian<'a>(
        &'a self,
        chi: &'a [f64],
        weighted: &'a Weighted,
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Hessian<'a> {
        let dense = match &self.input {
            Input::Onto => None,
            Input::Columns(columns) => {
                let states: Vec<Vec<f64>> =
                    columns.iter().map(|column| self.inverse(chi, column, effort, work)).collect();
                let matrix = Array2::from_shape_fn((columns.len(), columns.len()), |(i, j)| {
                    let diagonal = if i == j { weighted.cost } else { 0.0 };
                    weighted.tracking * self.pde.grid().inner(&states[i], &states[j]) + diagonal
                });
                Some(matrix)
            }
        };
        Hessian { control: self, chi, weighted, dense }
    }
}

/// σI + τB*(A + κχ)⁻²B.
pub(crate) struct Hessian<'a> {
    control: &'a Control,
    chi: &'a [f64],
    weighted: &'a Weighted,
    dense: Option<Array2<f64>>,
}

impl Hessian<'_> {
    /// Its inverse times r.
    ///
    /// With K = A + κχ and B = I it is (r − τ(σK² + τ)⁻¹r)/σ.
    pub(crate) fn solve(&self, r: &[f64], effort: &mut Effort, work: &mut Workspace) -> Vec<f64> {
        let Weighted { tracking, cost, .. } = *self.weighted;
        match &self.dense {
            Some(matrix) => {
                let mut d = r.to_vec();
                match numerics::cholesky::Cholesky::new(matrix.view()) {
                    Some(factor) => factor.solve(&mut d),
                    None => d.iter_mut().for_each(|d| *d /= cost),
                }
                d
            }
            None => {
                let w = squared_solve(self.control, self.chi, None, self.weighted, r, 1e-12, effort, work);
                r.iter().zip(&w).map(|(r, w)| (r - tracking * w) / cost).collect()
            }
        }
    }
}

/// Solves (σK² + τ) v = b for K = A + κχ on the nodes that are not `fixed` at zero, by conjugate gradients with the preconditioner (σ(A + κ/2)² + τ)⁻¹.
#[allow(clippy::too_many_arguments, reason = "one linear system: its matrix, its right side, its memory")]
pub(crate) fn squared_solve(
    control: &Control,
    chi: &[f64],
    fixed: Option<&[bool]>,
    weighted: &Weighted,
    b: &[f64],
    tolerance: f64,
    effort: &mut Effort,
    work: &mut Workspace,
) -> Vec<f64> {
    effort.systems += 1;
    let (pde, grid) = (&control.pde, control.pde.grid());
    let Weighted { tracking, cost, .. } = *weighted;
    let mask = |v: &mut [f64]| {
        if let Some(fixed) = fixed {
            v.iter_mut().zip(fixed).filter(|(_, fixed)| **fixed).for_each(|(v, _)| *v = 0.0);
        }
    };
    let mut once = vec![0.0; b.len()];
    let apply = |d: &[f64], out: &mut [f64]| {
        pde.apply(chi, d, &mut once);
        pde.apply(chi, &once, out);
        out.iter_mut().zip(d).for_each(|(a, d)| *a = cost * *a + tracking * d);
        mask(out);
    };
    let shift = 0.5 * pde.kappa();
    let Workspace { transforms, gradients } = work;
    let precondition = |z: &mut [f64]| {
        grid.function(|l| 1.0 / (cost * (l + shift) * (l + shift) + tracking), z, transforms);
        mask(z);
    };
    let (mut free, mut v) = (b.to_vec(), vec![0.0; b.len()]);
    mask(&mut free);
    conjugate_gradients(grid, apply, precondition, &free, &mut v, tolerance, gradients);
    v
}

/// A stationary point of a scalarisation, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stationary {
    /// u.
    pub u: Vec<f64>,
    /// Its state.
    pub y: Vec<f64>,
    /// The adjoint of the weighted sum.
    pub p: Vec<f64>,
    /// χ.
    pub chi: Vec<f64>,
    /// J_1, …, J_k.
    pub values: Vec<f64>,
    /// The weights of the objectives; of sum one.
    pub weights: Vec<f64>,
    /// |σu + B*p| over σ|u| + |B*p|.
    pub residual: f64,
    /// C: at most 1 proves that u is a global minimiser of the weighted sum.
    pub certificate: f64,
    /// Which kind.
    pub kind: Kind,
    /// What it took.
    pub effort: Effort,
}

/// Kinds of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The residual is above 10⁻⁸.
    NotStationary,
    /// Some node has y = 0 and p > 0.
    Weak,
    /// Strongly stationary.
    Strong,
    /// Proven to be globally optimal, as far as a residual of at most 10⁻⁸ is none.
    Global,
}

/// Up to this residual a point is stationary.
pub const STATIONARY: f64 = 1e-8;

impl Control {
    /// Says what a point is, for weights of any positive sum. Of nodes known to be zero, `zeros` has which they are and χ at them; without it both are those of the state.
    ///
    /// # Errors
    /// As [`MaxPde::solve`].
    pub(crate) fn judge(
        &self,
        u: Vec<f64>,
        weights: &[f64],
        zeros: Option<(&[bool], &[f64])>,
        mut effort: Effort,
        work: &mut Workspace,
    ) -> Result<Stationary, ControlError> {
        // Of a reference point above the front weights are negative, and at one on it zero: no weighted sum is minimised there.
        let sum: f64 = weights.iter().map(|weight| weight.abs()).sum::<f64>().max(f64::MIN_POSITIVE);
        let weights: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let convex = weights.iter().all(|weight| *weight >= 0.0);
        let weighted = self.weighted(&weights);
        let mut state = self.state(&u, None, &mut effort, work)?;
        if let Some((zero, _)) = zeros {
            // What rounding leaves of exact zeros.
            let bound = 1e-9 * crate::state::largest(&state.y);
            for (y, _) in state.y.iter_mut().zip(zero).filter(|(y, zero)| **zero && y.abs() <= bound) {
                *y = 0.0;
            }
        }
        let y = state.y;
        let mut chi = switch(&y);
        if let Some((zero, given)) = zeros {
            for (((chi, given), zero), y) in chi.iter_mut().zip(given).zip(zero).zip(&y) {
                if *zero && *y == 0.0 {
                    *chi = *given;
                }
            }
        }
        let p = self.adjoint(&chi, &weighted, &y, &mut effort, work);
        let back = self.adjoint_input(&p);
        let gradient: Vec<f64> = u.iter().zip(&back).map(|(u, p)| weighted.cost * u + p).collect();
        let size = weighted.cost * self.norm(&u) + self.norm(&back);
        let residual = if size > 0.0 { self.norm(&gradient) / size } else { 0.0 };
        let certificate = self.certificate(&weighted, &y, &p);
        let kind = if residual.is_nan() || residual > STATIONARY {
            Kind::NotStationary
        } else if convex && certificate <= 1.0 {
            Kind::Global
        } else if y.iter().zip(&p).any(|(y, p)| *y == 0.0 && *p > 0.0) {
            Kind::Weak
        } else {
            Kind::Strong
        };
        let values = self.values(&u, &y);
        if values.iter().any(|value| !value.is_finite()) {
            return Err(ControlError::Shape(format!("the objectives are {values:?}")));
        }
        Ok(Stationary { u, y, p, chi, values, weights, residual, certificate, kind, effort })
    }
}
