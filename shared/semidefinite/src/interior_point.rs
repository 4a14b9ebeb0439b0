//! The interior-point iteration in one precision.

mod direction;

use std::borrow::Cow;

use ndarray::Array2;
use rayon::prelude::*;

use super::Problem;
use super::schur::{Clusters, Schur, free_combination, free_products, products};
use super::solution::{Iterate, Progress, Settings, Solution, Status};
use crate::Error;
use crate::dense::{self, inner, largest, product, solve_transposed, symmetrise, transposed, zeros};
use crate::scalar::Scalar;

/// The share of the way to the boundary that a step may go.
const STEP: f64 = 0.9;

/// Minimises from `iterate`; `observe` is told of every iterate and answers whether to go on.
///
/// One iteration costs about m² n/2 multiplications for every block of order n with m rank-one terms twice over, m³/6 for the
/// factor of a cluster and about 10 n³ a block. Memory: m² numbers a cluster and some fifteen matrices a block. The result does not depend on the
/// number of threads.
///
/// # Errors
///
/// [`Error::Problem`] and [`Error::Setting`] for faulty input. Failure to converge is no error but a [`Status`].
pub fn minimise<T: Scalar>(
    problem: &Problem<T>,
    iterate: Iterate<T>,
    settings: &Settings,
    observe: &mut dyn FnMut(&Progress, &Iterate<T>) -> bool,
) -> Result<Solution<T>, Error> {
    problem.validate()?;
    settings.validate()?;
    let clusters = Clusters::new(problem);
    let mut state = State::new(problem, iterate, (0.0, 0.0), None);
    let mut best_primal = f64::INFINITY;
    loop {
        let progress = state.progress(problem);
        let finish = |state: State<T>, status| {
            Ok(Solution { primal: state.primal, iterate: state.iterate, progress, status })
        };
        if !progress.gap.is_finite()
            || !progress.primal_infeasibility.is_finite()
            || !progress.dual_infeasibility.is_finite()
        {
            return finish(state, Status::Breakdown);
        }
        let feasible = progress.primal_infeasibility <= settings.infeasibility
            && progress.dual_infeasibility <= settings.infeasibility;
        if feasible && progress.gap <= settings.gap {
            observe(&progress, &state.iterate);
            let state = match state.projected(problem, &clusters) {
                Some(projected) => State::new(problem, projected, progress.steps, None),
                None => state,
            };
            let progress = state.progress(problem);
            return Ok(Solution {
                primal: state.primal,
                iterate: state.iterate,
                progress,
                status: Status::Optimal,
            });
        }
        if let Some(status) = state.certificate_of_infeasibility(problem, &progress) {
            return finish(state, status);
        }
        if !observe(&progress, &state.iterate) {
            return finish(state, Status::Stopped);
        }
        if state.iterate.iteration >= settings.iterations {
            return finish(state, Status::IterationLimit);
        }
        // Once feasible, residuals that grow again are rounding errors.
        best_primal = best_primal.min(progress.primal_infeasibility);
        if best_primal <= settings.infeasibility
            && progress.primal_infeasibility > 1e3 * settings.infeasibility
        {
            return finish(state, Status::Breakdown);
        }
        match state.step(problem, &clusters, feasible) {
            Some(Next { iterate, factors, steps }) if steps.0.max(steps.1) > 1e-6 => {
                state = State::new(problem, iterate, steps, Some(factors))
            }
            _ => return finish(state, Status::Breakdown),
        }
    }
}

/// An iterate with its residuals.
struct State<T> {
    iterate: Iterate<T>,
    primal: T,
    dual: T,
    /// b_i − Σ ⟨A_i, Y⟩ − (B z)_i.
    primal_residual: Vec<T>,
    /// C − Σ x_i A_i − X.
    dual_residual: Vec<Array2<T>>,
    /// c − Bᵀ x.
    free_residual: Vec<T>,
    barrier: T,
    steps: (f64, f64),
    /// Of X and Y, where the step that led here has found them.
    factors: Option<Factors<T>>,
}

/// U with X = Uᵀ U and with Y = Uᵀ U, for every block.
#[derive(Clone)]
struct Factors<T> {
    slack: Vec<Array2<T>>,
    matrices: Vec<Array2<T>>,
}

/// The factors of all matrices; `None` unless they are positive definite.
fn factored<T: Scalar>(matrices: &[Array2<T>]) -> Option<Vec<Array2<T>>> {
    matrices.par_iter().map(dense::cholesky).collect()
}

/// Where a step has led.
struct Next<T> {
    iterate: Iterate<T>,
    factors: Factors<T>,
    steps: (f64, f64),
}

impl<T: Scalar> State<T> {
    fn new(
        problem: &Problem<T>,
        iterate: Iterate<T>,
        steps: (f64, f64),
        factors: Option<Factors<T>>,
    ) -> Self {
        let inner_products = products(problem, &iterate.matrices);
        let free = free_combination(problem, &iterate.z);
        let primal_residual = (0..problem.constraints())
            .map(|i| problem.right_hand_side[i] - inner_products[i] - free[i])
            .collect();
        let dual_residual = problem
            .blocks
            .par_iter()
            .zip(&iterate.slack)
            .map(|(block, slack)| {
                let mut residual = &block.cost - slack;
                block.add_combination(&mut residual, &iterate.x, -1.0);
                residual
            })
            .collect();
        let free_residual = free_products(problem, &iterate.x)
            .iter()
            .zip(&problem.free_cost)
            .map(|(product, cost)| *cost - *product)
            .collect();
        let mut primal = problem.constant;
        for (block, matrix) in problem.blocks.iter().zip(&iterate.matrices) {
            primal += inner(&block.cost, matrix);
        }
        for (cost, value) in problem.free_cost.iter().zip(&iterate.z) {
            primal += *cost * *value;
        }
        let mut dual = problem.constant;
        for (right, value) in problem.right_hand_side.iter().zip(&iterate.x) {
            dual += *right * *value;
        }
        let mut trace = T::zero();
        for (slack, matrix) in iterate.slack.iter().zip(&iterate.matrices) {
            trace += inner(slack, matrix);
        }
        let barrier = trace / T::from_f64(problem.order() as f64);
        Self { iterate, primal, dual, primal_residual, dual_residual, free_residual, barrier, steps, factors }
    }

    fn progress(&self, problem: &Problem<T>) -> Progress {
        let scale_primal = 1.0 + largest(problem.right_hand_side.iter().copied());
        let costs = problem
            .blocks
            .iter()
            .flat_map(|block| block.cost.iter().copied())
            .chain(problem.free_cost.iter().copied());
        let scale_dual = 1.0 + largest(costs);
        let residuals = self
            .dual_residual
            .iter()
            .flat_map(|residual| residual.iter().copied())
            .chain(self.free_residual.iter().copied());
        let (primal, dual) = (self.primal.to_f64(), self.dual.to_f64());
        Progress {
            iteration: self.iterate.iteration,
            primal,
            dual,
            gap: (self.primal - self.dual).to_f64().abs() / (1.0 + primal.abs().max(dual.abs())),
            primal_infeasibility: largest(self.primal_residual.iter().copied()) / scale_primal,
            dual_infeasibility: largest(residuals) / scale_dual,
            barrier: self.barrier.to_f64(),
            steps: self.steps,
            bits: T::BITS,
        }
    }

    /// Whether the iterate, scaled down, nearly proves that a problem has no feasible point: the ray must satisfy its
    /// conditions to 1e-12 of its objective, which a bounded feasible problem of moderate size does not allow.
    fn certificate_of_infeasibility(&self, problem: &Problem<T>, progress: &Progress) -> Option<Status> {
        const NEARLY: f64 = 1e-12;
        let constant = problem.constant.to_f64();
        let dual = progress.dual - constant;
        if progress.primal_infeasibility > 1e-8 && dual > 1.0 {
            // −Σ x A = X − (C − D); what is not X must vanish beside b·x.
            let rest = problem
                .blocks
                .iter()
                .zip(&self.dual_residual)
                .flat_map(|(block, residual)| block.cost.iter().zip(residual).map(|(c, d)| *c - *d));
            let free = problem.free_cost.iter().zip(&self.free_residual).map(|(c, d)| *c - *d);
            if largest(rest.chain(free)) / dual < NEARLY {
                return Some(Status::PrimalInfeasible);
            }
        }
        let primal = -(progress.primal - constant);
        if progress.dual_infeasibility > 1e-8 && primal > 1.0 {
            let rest = problem.right_hand_side.iter().zip(&self.primal_residual).map(|(b, p)| *b - *p);
            if largest(rest) / primal < NEARLY {
                return Some(Status::DualInfeasible);
            }
        }
        None
    }

    /// The factors of X and Y; `None` if one is not positive definite.
    fn factors(&self) -> Option<Cow<'_, Factors<T>>> {
        if let Some(factors) = &self.factors {
            return Some(Cow::Borrowed(factors));
        }
        let Iterate { slack, matrices, .. } = &self.iterate;
        Some(Cow::Owned(Factors { slack: factored(slack)?, matrices: factored(matrices)? }))
    }

    /// One predictor and corrector; `None` if a factorisation fails.
    fn step(&self, problem: &Problem<T>, clusters: &Clusters, feasible: bool) -> Option<Next<T>> {
        let Iterate { slack, matrices, .. } = &self.iterate;
        let factors = self.factors()?;
        let Factors { slack: factors_x, matrices: factors_y } = &*factors;
        let inverses: Vec<Array2<T>> = factors_x.par_iter().map(dense::inverse).collect();
        let schur = Schur::new(problem, clusters, factors_x, factors_y, &inverses, matrices)?;
        let barrier = self.barrier;

        let predictor_target = if feasible { 0.0 } else { 0.2 };
        let predictor = self.direction(
            problem,
            clusters,
            &schur,
            &inverses,
            T::from_f64(predictor_target) * barrier,
            None,
        );
        let mut reached = T::zero();
        for (((x, y), dx), dy) in slack.iter().zip(matrices).zip(&predictor.slack).zip(&predictor.matrices) {
            reached += inner(&(x + dx), &(y + dy));
        }
        let ratio = (reached / T::from_f64(problem.order() as f64)).to_f64() / barrier.to_f64();
        let centring =
            if feasible { (ratio * ratio).clamp(0.1, 1.0) } else { (ratio * ratio).clamp(0.2, 1.0) };
        let direction = self.direction(
            problem,
            clusters,
            &schur,
            &inverses,
            T::from_f64(centring) * barrier,
            Some(&predictor),
        );

        let mut slack_step = (STEP * furthest_step(factors_x, &direction.slack)?).min(1.0);
        let mut matrix_step = (STEP * furthest_step(factors_y, &direction.matrices)?).min(1.0);
        if feasible {
            slack_step = slack_step.min(matrix_step);
            matrix_step = slack_step;
        }
        // The furthest steps were found with 53 bits: near a boundary they may be a little too long.
        for _ in 0..8 {
            let moved = |from: &[Array2<T>], by: &[Array2<T>], step: f64| -> Vec<Array2<T>> {
                let step = T::from_f64(step);
                from.par_iter().zip(by).map(|(from, by)| from + &by.mapv(|value| step * value)).collect()
            };
            let along = |from: &[T], by: &[T], step: f64| {
                from.iter().zip(by).map(|(from, by)| *from + T::from_f64(step) * *by).collect()
            };
            let next = Iterate {
                x: along(&self.iterate.x, &direction.x, slack_step),
                z: along(&self.iterate.z, &direction.z, matrix_step),
                slack: moved(slack, &direction.slack, slack_step),
                matrices: moved(matrices, &direction.matrices, matrix_step),
                iteration: self.iterate.iteration + 1,
            };
            match (factored(&next.slack), factored(&next.matrices)) {
                (Some(slack), Some(matrices)) => {
                    let factors = Factors { slack, matrices };
                    return Some(Next { iterate: next, factors, steps: (matrix_step, slack_step) });
                }
                (slack, matrices) => {
                    if feasible || slack.is_none() {
                        slack_step *= 0.8;
                    }
                    if feasible || matrices.is_none() {
                        matrix_step *= 0.8;
                    }
                }
            }
        }
        None
    }

    /// The iterate with its primal residual removed as far as the arithmetic can, by moves in the metric of the current point; `None` if
    /// a factorisation fails or a matrix would not stay positive definite. Exact proofs need this more than a smaller gap.
    fn projected(&self, problem: &Problem<T>, clusters: &Clusters) -> Option<Iterate<T>> {
        let factors = self.factors()?;
        let Factors { slack: factors_x, matrices: factors_y } = &*factors;
        let inverses: Vec<Array2<T>> = factors_x.par_iter().map(dense::inverse).collect();
        let schur = Schur::new(problem, clusters, factors_x, factors_y, &inverses, &self.iterate.matrices)?;
        let mut iterate = self.iterate.clone();
        let nothing = vec![T::zero(); problem.free_cost.len()];
        for _ in 0..3 {
            let done = products(problem, &iterate.matrices);
            let free_done = free_combination(problem, &iterate.z);
            let missing: Vec<T> =
                (0..done.len()).map(|i| problem.right_hand_side[i] - done[i] - free_done[i]).collect();
            let (x, z) = schur.solve(clusters, &missing, &nothing);
            iterate.matrices.par_iter_mut().enumerate().for_each(|(b, matrix)| {
                let mut combination = zeros(matrix.nrows(), matrix.ncols());
                problem.blocks[b].add_combination(&mut combination, &x, 1.0);
                let mut more = product(&inverses[b], &product(&combination, &self.iterate.matrices[b]));
                symmetrise(&mut more);
                *matrix += &more;
            });
            iterate.z.iter_mut().zip(z).for_each(|(value, more)| *value += more);
        }
        iterate.matrices.par_iter().all(|matrix| dense::cholesky(matrix).is_some()).then_some(iterate)
    }
}

/// The largest step along `directions` that keeps all matrices Uᵀ U positive semidefinite, infinite if none ends it: minus one
/// over the smallest eigenvalue of U⁻ᵀ D U⁻¹. The eigenvalue is found in `f64`, which is enough for a step; `None` if it is not finite.
fn furthest_step<T: Scalar>(factors: &[Array2<T>], directions: &[Array2<T>]) -> Option<f64> {
    let smallest: Vec<Option<f64>> = factors
        .par_iter()
        .zip(directions)
        .map(|(factor, direction)| {
            let half = solve_transposed(factor, direction);
            let scaled = solve_transposed(factor, &transposed(&half));
            let (values, _) = numerics::symmetric::eigen(dense::rounded(scaled.view()).view())?;
            Some(values[0])
        })
        .collect();
    let smallest =
        smallest.into_iter().try_fold(f64::INFINITY, |least, value| value.map(|value| least.min(value)))?;
    Some(if smallest < 0.0 { -1.0 / smallest } else { f64::INFINITY })
}
