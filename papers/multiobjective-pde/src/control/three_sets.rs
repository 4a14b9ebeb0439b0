//! An active-set method with three sets: y > 0, y < 0, and y = 0 with a multiplier of its own.
//!
//! With q = χp strong stationarity says, where p < 0: y > 0 and q = p, or y < 0 and q = 0, or y = 0 and p ≤ q ≤ 0; all three are one equation in v = q − cy for any c > 0, whose sets
//! are v < p, v > 0, and between. Where p ≥ 0, the sign of y decides. For fixed sets the optimality system is linear in y outside the zero set and q inside; a solution
//! whose sets are its own is exactly strongly stationary. Not globally convergent: sets can cycle. This is not in the paper.

use super::{Control, ControlError, Effort, Weighted, squared_solve};
use crate::state::{Workspace, largest};

/// Where a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// y > 0.
    Plus,
    /// y = 0.
    Zero,
    /// y < 0.
    Minus,
}

/// A solution for its own sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Sets {
    /// u = −p/σ.
    pub u: Vec<f64>,
    /// p.
    pub p: Vec<f64>,
    /// q = χp.
    pub q: Vec<f64>,
    /// The sets.
    pub sides: Vec<Side>,
}

/// How iterations over sets ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The sets repeated.
    Solved(Sets),
    /// Sets came back, or there were too many steps.
    Cycled {
        /// Steps.
        steps: usize,
    },
}

impl Ended {
    /// The solution, if it is one.
    pub fn solved(self) -> Option<Sets> {
        match self {
            Self::Solved(sets) => Some(sets),
            Self::Cycled { .. } => None,
        }
    }
}

/// Steps at most.
const STEPS: usize = 60;
/// What rounding changes, relative to the largest value.
const ROUNDING: f64 = 1e-10;

impl Sets {
    /// Sets from a point: zero where |y| < 10⁻⁷ of its largest value and p < 0.
    pub fn near_zero(y: &[f64], p: &[f64]) -> Vec<Side> {
        let bound = 1e-7 * largest(y);
        let side = |(y, p): (&f64, &f64)| match *y {
            y if y.abs() < bound && *p < 0.0 => Side::Zero,
            y if y > 0.0 => Side::Plus,
            _ => Side::Minus,
        };
        y.iter().zip(p).map(side).collect()
    }

    /// Which nodes are zero, and χ = q/p there.
    pub(crate) fn zeros(&self) -> (Vec<bool>, Vec<f64>) {
        let zero = self.sides.iter().map(|side| *side == Side::Zero).collect();
        let chi = self.q.iter().zip(&self.p).map(|(q, p)| (q / p).clamp(0.0, 1.0)).collect();
        (zero, chi)
    }
}

impl Control {
    /// Iterates from given sets; for controls everywhere on the grid.
    pub fn three_sets(
        &self,
        weighted: &Weighted,
        start: Vec<Side>,
        c: f64,
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Ended {
        let mut sides = start;
        let mut seen = std::collections::HashSet::new();
        for steps in 1..=STEPS {
            if !seen.insert(sides.clone()) {
                return Ended::Cycled { steps };
            }
            let (y, p, q) = self.solve_sets(weighted, &sides, effort, work);
            // A node keeps its set where only rounding would move it.
            let (of_q, of_y) = (ROUNDING * largest(&p), ROUNDING * largest(&y));
            let next: Vec<Side> = (0..y.len())
                .map(|k| {
                    let (side, y, p, v) = (sides[k], y[k], p[k], q[k] - c * y[k]);
                    let (low, high) = match side {
                        Side::Plus => (p + c * of_y, 0.0),
                        Side::Zero => (p - of_q, of_q),
                        Side::Minus => (p, -c * of_y),
                    };
                    match p < 0.0 {
                        true if v < low => Side::Plus,
                        true if v > high => Side::Minus,
                        true => Side::Zero,
                        false if y > 0.0 => Side::Plus,
                        false => Side::Minus,
                    }
                })
                .collect();
            if next == sides {
                let u = p.iter().map(|p| -p / weighted.cost).collect();
                return Ended::Solved(Sets { u, p, q, sides });
            }
            sides = next;
        }
        Ended::Cycled { steps: STEPS }
    }

    /// From σ = 10⁻⁸ in factors of three up to the problem's, sets warm; none where the last step cycles.
    ///
    /// # Errors
    /// As [`crate::state::MaxPde::solve`].
    pub fn three_sets_by_continuation(
        &self,
        weighted: &Weighted,
        c: f64,
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Result<Option<Sets>, ControlError> {
        let state = self.state(&vec![0.0; self.dimension()], None, effort, work)?;
        let p = self.adjoint(&crate::state::switch(&state.y), weighted, &state.y, effort, work);
        let mut sides = Sets::near_zero(&state.y, &p);
        let mut cost = 1e-8_f64.min(weighted.cost);
        loop {
            let here = Weighted { cost, ..weighted.clone() };
            let ended = self.three_sets(&here, sides.clone(), c, effort, work).solved();
            if cost >= weighted.cost {
                return Ok(ended);
            }
            if let Some(sets) = ended {
                sides = sets.sides;
            }
            cost = (3.0 * cost).min(weighted.cost);
        }
    }

    /// y, p and q for fixed sets: K y + p/σ = f and −τy + K p + κq = −g with K = A + κ on the plus set, y = 0 on the zero set, q = 0 outside it.
    ///
    /// p is eliminated; what the squared system loses, corrections with the residuals of the two equations bring back.
    fn solve_sets(
        &self,
        weighted: &Weighted,
        sides: &[Side],
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let count = sides.len();
        let chi: Vec<f64> = sides.iter().map(|side| f64::from(u8::from(*side == Side::Plus))).collect();
        let fixed: Vec<bool> = sides.iter().map(|side| *side == Side::Zero).collect();
        let (cost, tracking, kappa) = (weighted.cost, weighted.tracking, self.pde.kappa());
        let (mut y, mut p) = (vec![0.0; count], vec![0.0; count]);
        let (mut first, mut second) = (vec![0.0; count], vec![0.0; count]);
        let (mut applied, mut right) = (vec![0.0; count], vec![0.0; count]);
        let mut last = f64::INFINITY;
        for _ in 0..6 {
            self.pde.apply(&chi, &y, &mut applied);
            for ((r, f), (a, p)) in first.iter_mut().zip(&self.f).zip(applied.iter().zip(&p)) {
                *r = f - a - p / cost;
            }
            self.pde.apply(&chi, &p, &mut applied);
            for ((r, g), (a, y)) in second.iter_mut().zip(&weighted.target).zip(applied.iter().zip(&y)) {
                *r = tracking * y - g - a;
            }
            let grid = self.pde.grid();
            let outside: f64 =
                second.iter().zip(&fixed).filter(|(_, fixed)| !**fixed).map(|(r, _)| r * r).sum();
            let fault = cost * grid.norm(&first) + outside.sqrt() * grid.spacing();
            if fault >= 0.5 * last {
                break;
            }
            last = fault;
            self.pde.apply(&chi, &first, &mut right);
            for (right, second) in right.iter_mut().zip(&second) {
                *right = cost * *right - second;
            }
            let change = squared_solve(self, &chi, Some(&fixed), weighted, &right, 1e-10, effort, work);
            self.pde.apply(&chi, &change, &mut applied);
            for ((p, first), a) in p.iter_mut().zip(&first).zip(&applied) {
                *p += cost * (first - a);
            }
            y.iter_mut().zip(&change).for_each(|(y, d)| *y += d);
        }
        self.pde.apply(&chi, &p, &mut applied);
        let mut q = vec![0.0; count];
        for place in 0..count {
            q[place] = match sides[place] {
                Side::Plus => p[place],
                Side::Minus => 0.0,
                Side::Zero => (tracking * y[place] - weighted.target[place] - applied[place]) / kappa,
            };
        }
        (y, p, q)
    }
}
