//! Newton's method on the true objective, with a line search on it.
//!
//! Where no node has y = 0 the objective is smooth in u, and its piece there has the Hessian σI + τB*(A + κχ)⁻²B, positive definite: Newton's direction of the piece is a descent direction of the
//! true objective at every such u. For a reference point z the objective is ½ Σ (J_i − z_i)², with weights α_i = J_i − z_i and one term ∇J_i∇J_iᵀ more for each objective.

use ndarray::Array2;

use super::three_sets::Sets;
use super::{Control, ControlError, Effort, Input, Kind, Objective, STATIONARY, Stationary, Weighted};
use crate::state::{State, Workspace, switch};

/// One number of several objectives.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalarisation {
    /// Σ α_i J_i.
    Weights(Vec<f64>),
    /// ½ Σ (J_i − z_i)².
    Reference(Vec<f64>),
}

impl Scalarisation {
    fn value(&self, values: &[f64]) -> f64 {
        match self {
            Self::Weights(weights) => weights.iter().zip(values).map(|(w, v)| w * v).sum(),
            Self::Reference(z) => 0.5 * values.iter().zip(z).map(|(v, z)| (v - z) * (v - z)).sum::<f64>(),
        }
    }

    /// Its derivatives by J_i.
    fn weights(&self, values: &[f64]) -> Vec<f64> {
        match self {
            Self::Weights(weights) => weights.clone(),
            Self::Reference(z) => values.iter().zip(z).map(|(v, z)| v - z).collect(),
        }
    }
}

/// Where a search ended.
#[derive(Clone, Debug)]
pub struct Searched {
    /// The control.
    pub u: Vec<f64>,
    /// Its state.
    pub y: Vec<f64>,
    /// The weights there.
    pub weights: Vec<f64>,
    /// Whether the gradient vanishes, to rounding; a search that stalls has met a kink.
    pub smooth: bool,
    /// Newton steps.
    pub steps: usize,
    /// What it took.
    pub effort: Effort,
}

/// Newton steps at most.
const STEPS: usize = 100;

impl Control {
    fn check_scalarisation(&self, scalarisation: &Scalarisation) -> Result<(), ControlError> {
        match scalarisation {
            Scalarisation::Weights(weights) => self.checked_weighted(weights).map(|_| ()),
            Scalarisation::Reference(z) => {
                if z.len() != self.objectives.len() || z.iter().any(|z| !z.is_finite()) {
                    return Err(ControlError::Shape(format!(
                        "reference point {z:?}, expected {} finite numbers",
                        self.objectives.len()
                    )));
                }
                Ok(())
            }
        }
    }

    /// The search alone, from a control.
    ///
    /// # Errors
    /// For weights or a reference point of the wrong length, a start of the wrong length, a cost that is not positive, and as [`crate::state::MaxPde::solve`].
    pub fn objective_search(
        &self,
        scalarisation: &Scalarisation,
        start: &[f64],
        work: &mut Workspace,
    ) -> Result<Searched, ControlError> {
        self.check_scalarisation(scalarisation)?;
        if start.len() != self.dimension() {
            return Err(ControlError::Shape(format!(
                "{} controls to start with, expected {}",
                start.len(),
                self.dimension()
            )));
        }
        let mut effort = Effort::default();
        let mut u = start.to_vec();
        let mut state = self.state(&u, None, &mut effort, work)?;
        let mut by_rounding = 0;
        for steps in 0..STEPS {
            let values = self.values(&u, &state.y);
            let weights = scalarisation.weights(&values);
            let ended = |u: Vec<f64>, state: State, smooth, effort| Searched {
                u,
                y: state.y,
                weights: weights.clone(),
                smooth,
                steps,
                effort,
            };
            let weighted = self.weighted(&weights);
            let chi = switch(&state.y);
            let p = self.adjoint(&chi, &weighted, &state.y, &mut effort, work);
            let back = self.adjoint_input(&p);
            let gradient: Vec<f64> = u.iter().zip(&back).map(|(u, p)| weighted.cost * u + p).collect();
            let size = weighted.cost.abs() * self.norm(&u) + self.norm(&back);
            let length = self.norm(&gradient);
            if length <= 1e-13 * size || (by_rounding > 2 && length <= STATIONARY * size) {
                return Ok(ended(u, state, true, effort));
            }
            let mut direction =
                self.direction(scalarisation, &weights, &chi, &u, &state.y, &gradient, &mut effort, work);
            let mut slope = self.inner(&gradient, &direction);
            if !(slope < 0.0 && slope.is_finite()) {
                direction = gradient.iter().map(|g| -g).collect();
                slope = -length * length;
            }
            let now = scalarisation.value(&values);
            let mut t = 1.0;
            let next = loop {
                let tried: Vec<f64> = u.iter().zip(&direction).map(|(u, d)| u + t * d).collect();
                let then = self.state(&tried, Some(&chi), &mut effort, work)?;
                let value = scalarisation.value(&self.values(&tried, &then.y));
                // Beyond what the objective resolves, a full step is trusted a few times.
                let rounding = t == 1.0 && -slope <= 1e-13 * now.abs() && value <= now + 1e-13 * now.abs();
                if value <= now + 1e-4 * t * slope || rounding {
                    by_rounding += usize::from(rounding);
                    break Some((tried, then));
                }
                t *= 0.5;
                if t < 1e-10 {
                    break None;
                }
            };
            match next {
                Some((tried, then)) => (u, state) = (tried, then),
                None => return Ok(ended(u, state, length <= STATIONARY * size, effort)),
            }
        }
        let weights = scalarisation.weights(&self.values(&u, &state.y));
        Ok(Searched { u, y: state.y, weights, smooth: false, steps: STEPS, effort })
    }

    #[allow(clippy::too_many_arguments, reason = "a point with all that was computed there")]
    fn direction(
        &self,
        scalarisation: &Scalarisation,
        weights: &[f64],
        chi: &[f64],
        u: &[f64],
        y: &[f64],
        gradient: &[f64],
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Vec<f64> {
        // A reference point above the front has negative weights, and no curvature of theirs is used.
        let convex: Vec<f64> = weights.iter().map(|weight| weight.max(0.0)).collect();
        let mut weighted = self.weighted(&convex);
        weighted.cost = weighted.cost.max(1e-12 * self.objectives.iter().map(|o| o.cost).sum::<f64>());
        let hessian = self.hessian(chi, &weighted, effort, work);
        let solved = hessian.solve(gradient, effort, work);
        let mut direction: Vec<f64> = solved.iter().map(|d| -d).collect();
        if matches!(scalarisation, Scalarisation::Weights(_)) {
            return direction;
        }
        // (H + GGᵀ)⁻¹g = x − X (I + GᵀX)⁻¹ Gᵀx for x = H⁻¹g, X = H⁻¹G.
        let count = self.objectives.len();
        let gradients: Vec<Vec<f64>> = (0..count)
            .map(|i| {
                let mut one = vec![0.0; count];
                one[i] = 1.0;
                let alone: Weighted = self.weighted(&one);
                let p = self.adjoint(chi, &alone, y, effort, work);
                let back = self.adjoint_input(&p);
                u.iter().zip(&back).map(|(u, p)| alone.cost * u + p).collect()
            })
            .collect();
        let columns: Vec<Vec<f64>> = gradients.iter().map(|g| hessian.solve(g, effort, work)).collect();
        let small = Array2::from_shape_fn((count, count), |(i, j)| {
            self.inner(&gradients[i], &columns[j]) + f64::from(u8::from(i == j))
        });
        let mut right: Vec<f64> = gradients.iter().map(|g| self.inner(g, &solved)).collect();
        if let Some(factor) = numerics::cholesky::Cholesky::new(small.view()) {
            factor.solve(&mut right);
            for (column, factor) in columns.iter().zip(&right) {
                direction.iter_mut().zip(column).for_each(|(d, c)| *d += factor * c);
            }
        }
        direction
    }

    /// A stationary point of a scalarisation: the search, and three sets where it meets nodes with y = 0.
    ///
    /// For weights: from where the search stalled, with several constants c; then, with controls everywhere, by continuation in σ from 10⁻⁸ on. Of what was found the lowest
    /// stationary point counts, or what the search gave if there is none. For a reference point of two objectives: the weights whose point has J − z along them, by the
    /// secant method in a bracket; each of its steps is a problem for weights.
    ///
    /// # Errors
    /// As [`Control::objective_search`].
    pub fn minimise(
        &self,
        scalarisation: &Scalarisation,
        start: &[f64],
        work: &mut Workspace,
    ) -> Result<Stationary, ControlError> {
        let searched = self.objective_search(scalarisation, start, work)?;
        let found = self.judge(searched.u, &searched.weights, None, searched.effort, work)?;
        match scalarisation {
            _ if searched.smooth => Ok(found),
            Scalarisation::Weights(weights) => self.with_sets(found, weights, work),
            Scalarisation::Reference(z) if z.len() == 2 => self.bracketed(found, [z[0], z[1]], work),
            Scalarisation::Reference(_) => Ok(found),
        }
    }

    /// Goes on from a stalled search for weights.
    fn with_sets(
        &self,
        stalled: Stationary,
        weights: &[f64],
        work: &mut Workspace,
    ) -> Result<Stationary, ControlError> {
        let weighted = self.checked_weighted(weights)?;
        let sum = |values: &[f64]| -> f64 { weights.iter().zip(values).map(|(w, v)| w * v).sum() };
        let beginning = Sets::near_zero(&stalled.y, &stalled.p);
        let mut effort = stalled.effort;
        let mut best = stalled;
        let mut keep = |sets: Option<Sets>, effort: &mut Effort, work: &mut Workspace| {
            let Some(sets) = sets else { return Ok::<bool, ControlError>(false) };
            let (zero, given) = sets.zeros();
            let point = self.judge(sets.u, weights, Some((&zero, &given)), *effort, work)?;
            *effort = point.effort;
            let good = point.residual <= STATIONARY;
            if good && (best.residual > STATIONARY || sum(&point.values) < sum(&best.values)) {
                best = point;
            }
            Ok(good)
        };
        let mut done = false;
        for c in [1.0, 0.1, 10.0, 30.0] {
            if !done {
                let sets = self.three_sets(&weighted, beginning.clone(), c, &mut effort, work);
                done = keep(sets.solved(), &mut effort, work)?;
            }
        }
        for c in [0.1, 1.0, 10.0] {
            if !done && self.input == Input::Onto {
                let sets = self.three_sets_by_continuation(&weighted, c, &mut effort, work)?;
                keep(sets, &mut effort, work)?;
            }
        }
        Ok(Stationary { effort, ..best })
    }

    /// The weight a with a(J₂ − z₂) = (1 − a)(J₁ − z₁), by the Illinois variant of the secant method.
    fn bracketed(
        &self,
        stalled: Stationary,
        z: [f64; 2],
        work: &mut Workspace,
    ) -> Result<Stationary, ControlError> {
        let mut effort = stalled.effort;
        let mut start = stalled.u.clone();
        let mut at = |a: f64, work: &mut Workspace| -> Result<(f64, Stationary), ControlError> {
            let found = self.minimise(&Scalarisation::Weights(vec![a, 1.0 - a]), &start, work)?;
            start.clone_from(&found.u);
            effort.states += found.effort.states;
            effort.systems += found.effort.systems;
            let fault = a * (found.values[1] - z[1]) - (1.0 - a) * (found.values[0] - z[0]);
            Ok((fault, found))
        };
        // A weight of zero, unless the control would then cost nothing.
        let end = |objective: &Objective| if objective.cost > 0.0 { 0.0 } else { 1e-6 };
        let (mut low, mut high) = (end(&self.objectives[1]), 1.0 - end(&self.objectives[0]));
        let (mut below, lowest) = at(low, work)?;
        let (mut above, mut found) = at(high, work)?;
        if below == 0.0 {
            return Ok(Stationary { effort, ..lowest });
        }
        if above == 0.0 {
            return Ok(Stationary { effort, ..found });
        }
        if below > 0.0 || above < 0.0 {
            // z is not below the front: nothing to bracket.
            return Ok(stalled);
        }
        let scale = below.abs().max(above.abs());
        let (mut last, mut kept) = (f64::INFINITY, 0);
        for _ in 0..100 {
            let a = (low * above - high * below) / (above - below);
            let (fault, here) = at(a, work)?;
            (found, last) = (here, fault);
            if fault.abs() <= 1e-14 * scale || high - low <= 1e-13 {
                break;
            }
            // An end that is kept twice counts half.
            let side = if fault < 0.0 { -1 } else { 1 };
            let factor = if side == kept { 0.5 } else { 1.0 };
            kept = side;
            if fault < 0.0 {
                (low, below, above) = (a, fault, factor * above);
            } else {
                (high, above, below) = (a, fault, factor * below);
            }
        }
        if last.abs() > 1e-8 * scale {
            // The front has a dent there: a point for these weights, but not for z.
            found.kind = Kind::NotStationary;
        }
        Ok(Stationary { effort, ..found })
    }
}
