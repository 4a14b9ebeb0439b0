//! Newton's direction from an iterate.

use ndarray::Array2;
use rayon::prelude::*;

use super::State;
use crate::Problem;
use crate::dense::{product, symmetrise, zeros};
use crate::scalar::Scalar;
use crate::schur::{Clusters, Schur, free_combination, free_products, products};

/// A move of all variables.
pub(super) struct Direction<T> {
    pub x: Vec<T>,
    pub z: Vec<T>,
    pub slack: Vec<Array2<T>>,
    pub matrices: Vec<Array2<T>>,
}

impl<T: Scalar> State<T> {
    /// Newton's direction towards X Y = `target` I, with the second-order term of a predictor.
    pub(super) fn direction(
        &self,
        problem: &Problem<T>,
        clusters: &Clusters,
        schur: &Schur<T>,
        inverses: &[Array2<T>],
        target: T,
        predictor: Option<&Direction<T>>,
    ) -> Direction<T> {
        let matrices = &self.iterate.matrices;
        // target X⁻¹ − X⁻¹ (dX' dY'), the part of Y + dY that does not depend on the direction sought.
        let constant: Vec<Array2<T>> = (0..matrices.len())
            .into_par_iter()
            .map(|b| {
                let mut part = inverses[b].mapv(|value| target * value);
                if let Some(predictor) = predictor {
                    let correction =
                        product(&inverses[b], &product(&predictor.slack[b], &predictor.matrices[b]));
                    part = part - correction;
                }
                part
            })
            .collect();
        let residual_part: Vec<Array2<T>> = (0..matrices.len())
            .into_par_iter()
            .map(|b| {
                let mut part = &constant[b]
                    - &matrices[b]
                    - product(&inverses[b], &product(&self.dual_residual[b], &matrices[b]));
                symmetrise(&mut part);
                part
            })
            .collect();
        let known = products(problem, &residual_part);
        let right: Vec<T> =
            self.primal_residual.iter().zip(&known).map(|(residual, known)| *residual - *known).collect();
        let (mut x, mut z) = schur.solve(clusters, &right, &self.free_residual);
        let slack_of = |x: &[T], from: Vec<Array2<T>>| -> Vec<Array2<T>> {
            problem
                .blocks
                .par_iter()
                .zip(from)
                .map(|(block, mut slack)| {
                    block.add_combination(&mut slack, x, -1.0);
                    slack
                })
                .collect()
        };
        let response = |b: usize, slack: &Array2<T>| product(&inverses[b], &product(slack, &matrices[b]));
        let mut slack = slack_of(&x, self.dual_residual.clone());
        let mut directions: Vec<Array2<T>> = (0..matrices.len())
            .into_par_iter()
            .map(|b| {
                let mut direction = &constant[b] - &matrices[b] - response(b, &slack[b]);
                symmetrise(&mut direction);
                direction
            })
            .collect();
        if predictor.is_some() {
            // Near the optimum the system is ill-conditioned. One refinement, with the residual of what the direction does to the
            // constraints, not of what the system says, keeps them satisfied. Only small numbers are added.
            let done = products(problem, &directions);
            let free_done = free_combination(problem, &z);
            let missing: Vec<T> =
                (0..done.len()).map(|i| self.primal_residual[i] - done[i] - free_done[i]).collect();
            let free_missing: Vec<T> = self
                .free_residual
                .iter()
                .zip(free_products(problem, &x))
                .map(|(residual, done)| *residual - done)
                .collect();
            let (more_x, more_z) = schur.solve(clusters, &missing, &free_missing);
            let more_slack = slack_of(
                &more_x,
                matrices.iter().map(|matrix| zeros(matrix.nrows(), matrix.ncols())).collect(),
            );
            directions.par_iter_mut().enumerate().for_each(|(b, direction)| {
                let mut more = response(b, &more_slack[b]);
                symmetrise(&mut more);
                *direction -= &more;
            });
            slack.iter_mut().zip(&more_slack).for_each(|(slack, more)| *slack += more);
            x.iter_mut().zip(more_x).for_each(|(value, more)| *value += more);
            z.iter_mut().zip(more_z).for_each(|(value, more)| *value += more);
        }
        Direction { x, z, slack, matrices: directions }
    }
}
