//! An active-set method with three sets: y > 0, y < 0, and y = 0 with a multiplier of its own.
//!
//! With q = χp strong stationarity says, where p < 0: y > 0 and q = p, or y < 0 and q = 0, or y = 0 and p ≤ q ≤ 0; all three are one equation in v = q − cy for any c > 0, whose sets
//! are v < p, v > 0, and between. Where p ≥ 0, the sign of y decides. For fixed sets the optimality system is linear in y outside the zero set and q inside; a solution
//! whose sets are its own is exactly strongly stationary. Not globally convergent: sets can cycle. This is not in the paper.

use faer::linalg::solvers::Solve;

use super::{Control, ControlError, Effort, Input, Weighted, squared_solve};
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
    /// u = −B*p/σ.
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
    /// Iterates from given sets.
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
            let Some((u, y, p, q)) = self.solve_sets(weighted, &sides, effort, work) else {
                return Ended::Cycled { steps };
            };
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

    /// u, y, p and q for fixed sets; none where there are more zero nodes than controls can hold.
    #[allow(clippy::type_complexity, reason = "four vectors")]
    fn solve_sets(
        &self,
        weighted: &Weighted,
        sides: &[Side],
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Option<(Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>)> {
        match &self.input {
            Input::Onto => {
                let (y, p, q) = self.solve_sets_everywhere(weighted, sides, effort, work);
                let u = p.iter().map(|p| -p / weighted.cost).collect();
                Some((u, y, p, q))
            }
            Input::Columns(columns) => self.solve_sets_with(columns, weighted, sides, effort, work),
        }
    }

    /// With m controls the states of the controls, S = K⁻¹B, make one system of order m and the number of zero nodes Z: σu + τS*(y₀ + Su − …) with y = 0 on Z as constraint, whose multipliers are κq.
    #[allow(clippy::type_complexity, reason = "four vectors")]
    fn solve_sets_with(
        &self,
        columns: &[Vec<f64>],
        weighted: &Weighted,
        sides: &[Side],
        effort: &mut Effort,
        work: &mut Workspace,
    ) -> Option<(Vec<f64>, Vec<f64>, Vec<f64>, Vec<f64>)> {
        let chi: Vec<f64> = sides.iter().map(|side| f64::from(u8::from(*side == Side::Plus))).collect();
        let zeros: Vec<usize> = (0..sides.len()).filter(|k| sides[*k] == Side::Zero).collect();
        let (m, z) = (columns.len(), zeros.len());
        if z > m {
            return None;
        }
        let (kappa, grid) = (self.pde.kappa(), self.pde.grid());
        let square = grid.spacing() * grid.spacing();
        let states: Vec<Vec<f64>> =
            columns.iter().map(|column| self.inverse(&chi, column, effort, work)).collect();
        let free = self.inverse(&chi, &self.f, effort, work);
        let adjoint = self.adjoint(&chi, weighted, &free, effort, work);
        let gradient = self.adjoint_input(&adjoint);
        let matrix = faer::Mat::from_fn(m + z, m + z, |i, j| match (i < m, j < m) {
            (true, true) => {
                let diagonal = if i == j { weighted.cost } else { 0.0 };
                weighted.tracking * grid.inner(&states[i], &states[j]) + diagonal
            }
            (true, false) => -kappa * square * states[i][zeros[j - m]],
            (false, true) => states[j][zeros[i - m]],
            (false, false) => 0.0,
        });
        let mut right: Vec<f64> =
            gradient.iter().map(|g| -g).chain(zeros.iter().map(|k| -free[*k])).collect();
        matrix.partial_piv_lu().solve_in_place(faer::ColMut::from_slice_mut(&mut right).as_mat_mut());
        if right.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let (u, multipliers) = right.split_at(m);
        let mut y = free;
        for (state, u) in states.iter().zip(u) {
            y.iter_mut().zip(state).for_each(|(y, s)| *y += u * s);
        }
        zeros.iter().for_each(|k| y[*k] = 0.0);
        let mut source: Vec<f64> =
            y.iter().zip(&weighted.target).map(|(y, g)| weighted.tracking * y - g).collect();
        for (k, q) in zeros.iter().zip(multipliers) {
            source[*k] -= kappa * q;
        }
        let p = self.inverse(&chi, &source, effort, work);
        let mut q: Vec<f64> = p.iter().zip(&chi).map(|(p, chi)| p * chi).collect();
        zeros.iter().zip(multipliers).for_each(|(k, multiplier)| q[*k] = *multiplier);
        Some((u.to_vec(), y, p, q))
    }

    /// With controls everywhere: K y + p/σ = f and −τy + K p + κq = −g with K = A + κ on the plus set, y = 0 on the zero set, q = 0 outside it.
    ///
    /// p is eliminated; what the squared system loses, corrections with the residuals of the two equations bring back.
    fn solve_sets_everywhere(
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
