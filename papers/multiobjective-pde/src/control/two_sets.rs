//! Newton's method on the optimality system with two sets, where y > 0 and where not: as it is, and with a line search on the residual.
//!
//! The derivative of the switch is that of its present side, and that of χ is left out: "pseudo-semismooth". The iterates are y and p, with u = −B*p/σ.

use super::{Control, ControlError, Effort, Weighted};
use crate::state::{Workspace, switch};

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The control.
    pub u: Vec<f64>,
    /// Whether the sets repeated, which makes the solution of their linear system one of the whole; or, of a search, whether the system's residual fell by 10⁻¹⁰.
    pub solved: bool,
    /// Whether sets came back that had been left before.
    pub cycled: bool,
    /// Newton steps.
    pub steps: usize,
    /// What it took.
    pub effort: Effort,
}

/// Newton steps at most.
const STEPS: usize = 60;

impl Control {
    /// u, y, p of the linear-quadratic problem in which χ is kept.
    fn kept(
        &self,
        chi: &[f64],
        weighted: &Weighted,
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let hessian = self.hessian(chi, weighted, effort, work);
        let mut u = vec![0.0; self.dimension()];
        let (mut y, mut p);
        // What one solution leaves, the next ones take away: gradients are recomputed.
        let mut round = 0;
        loop {
            y = self.inverse(chi, &self.source(&u), effort, work);
            p = self.adjoint(chi, weighted, &y, effort, work);
            let back = self.adjoint_input(&p);
            let fault: Vec<f64> = u.iter().zip(&back).map(|(u, p)| -(weighted.cost * u + p)).collect();
            if round == 4 || self.norm(&fault) <= 1e-14 * (weighted.cost * self.norm(&u) + self.norm(&back)) {
                return (u, y, p);
            }
            round += 1;
            let step = hessian.solve(&fault, effort, work);
            u.iter_mut().zip(&step).for_each(|(u, d)| *u += d);
        }
    }

    /// The local method: sets of the last y, until they repeat.
    ///
    /// # Errors
    /// For a cost that is not positive.
    pub fn local_newton(&self, weights: &[f64], work: &mut Workspace) -> Result<Run, ControlError> {
        let weighted = self.checked_weighted(weights)?;
        let mut effort = Effort::default();
        let mut chi = switch(&self.state(&vec![0.0; self.dimension()], None, &mut effort, work)?.y);
        let mut seen = vec![chi.clone()];
        for step in 1..=STEPS {
            let (u, y, _) = self.kept(&chi, &weighted, &mut effort, work);
            let next = switch(&y);
            let (repeated, cycled) = (next == chi, seen.contains(&next));
            if repeated || cycled || step == STEPS {
                return Ok(Run { u, solved: repeated, cycled: cycled && !repeated, steps: step, effort });
            }
            seen.push(next.clone());
            chi = next;
        }
        unreachable!("the last step returns")
    }

    /// The same with steps halved until the residual of the system decreases enough.
    ///
    /// # Errors
    /// For a cost that is not positive.
    pub fn residual_search(&self, weights: &[f64], work: &mut Workspace) -> Result<Run, ControlError> {
        let weighted = self.checked_weighted(weights)?;
        let mut effort = Effort::default();
        let start = self.state(&vec![0.0; self.dimension()], None, &mut effort, work)?;
        let mut y = start.y;
        let mut p = self.adjoint(&switch(&y), &weighted, &y, &mut effort, work);
        let control_of =
            |p: &[f64]| -> Vec<f64> { self.adjoint_input(p).iter().map(|p| -p / weighted.cost).collect() };
        let (mut first, mut second) = (vec![0.0; y.len()], vec![0.0; y.len()]);
        let mut merit = |y: &[f64], p: &[f64]| -> f64 {
            self.pde.residual(y, &self.source(&control_of(p)), &mut first);
            self.pde.apply(&switch(y), p, &mut second);
            for ((r, y), g) in second.iter_mut().zip(y).zip(&weighted.target) {
                *r -= weighted.tracking * y - g;
            }
            self.pde.grid().inner(&first, &first) + self.pde.grid().inner(&second, &second)
        };
        let mut now = merit(&y, &p);
        let beginning = now.max(f64::MIN_POSITIVE);
        for step in 1..=STEPS {
            let chi = switch(&y);
            let (u, next_y, next_p) = self.kept(&chi, &weighted, &mut effort, work);
            if switch(&next_y) == chi {
                return Ok(Run { u, solved: true, cycled: false, steps: step, effort });
            }
            let mut t = 1.0;
            loop {
                let between = |a: &[f64], b: &[f64]| -> Vec<f64> {
                    a.iter().zip(b).map(|(a, b)| a + t * (b - a)).collect()
                };
                let (try_y, try_p) = (between(&y, &next_y), between(&p, &next_p));
                let then = merit(&try_y, &try_p);
                if then <= (1.0 - 2e-4 * t) * now {
                    (y, p, now) = (try_y, try_p, then);
                    break;
                }
                t *= 0.5;
                if t < 1e-10 {
                    let u = control_of(&p);
                    return Ok(Run {
                        u,
                        solved: now <= 1e-20 * beginning,
                        cycled: false,
                        steps: step,
                        effort,
                    });
                }
            }
        }
        Ok(Run { u: control_of(&p), solved: now <= 1e-20 * beginning, cycled: false, steps: STEPS, effort })
    }

    pub(crate) fn checked_weighted(&self, weights: &[f64]) -> Result<Weighted, ControlError> {
        if weights.len() != self.objectives.len() {
            return Err(ControlError::Shape(format!(
                "{} weights for {} objectives",
                weights.len(),
                self.objectives.len()
            )));
        }
        let sum: f64 = weights.iter().sum();
        if weights.iter().any(|weight| !(*weight >= 0.0 && weight.is_finite())) || sum <= 0.0 {
            return Err(ControlError::Shape(format!(
                "weights {weights:?}, expected finite numbers that are not negative, one of them positive"
            )));
        }
        let weighted = self.weighted(&weights.iter().map(|weight| weight / sum).collect::<Vec<_>>());
        if weighted.cost > 0.0 { Ok(weighted) } else { Err(ControlError::NoCost(weighted.cost)) }
    }
}
