//! The logistic score of binary variables.

use std::collections::BTreeMap;

use ndarray::ArrayView2;
use numerics::lbfgs::{self, StopReason};

use super::{Fit, NodeScore, check_finite, solve_positive};
use crate::Error;

/// (1/n) Σ_i log(1 + exp(m_ij)) − x_ij m_ij with m = Σ w_k x_k, and an l1 penalty if one is given.
///
/// The paper's model has no intercept, so that a variable without parents costs log 2 however rare it is; [`with_intercept`](Self::with_intercept) goes beyond it. Equal rows are
/// counted, not repeated.
#[derive(Clone, Debug)]
pub struct Logistic {
    /// Distinct rows, stored by variable.
    columns: Vec<Vec<f64>>,
    /// Share of the observations that each distinct row is.
    shares: Vec<f64>,
    rows: usize,
    penalty: f64,
    intercept: bool,
}

/// A weight beyond this on 0 and 1 means probabilities within 2e-9 of 0 or 1: no data of a size that fits here asks for it unless it is separable.
const LARGEST_WEIGHT: f64 = 20.0;

impl Logistic {
    /// On data of zeros and ones, with penalty λ ≥ 0.
    ///
    /// # Errors
    /// Data that is empty, or not 0 or 1; a constant column; a penalty that is negative or not finite.
    pub fn new(data: ArrayView2<f64>, penalty: f64) -> Result<Self, Error> {
        check_finite(data)?;
        if let Some(((row, column), &value)) =
            data.indexed_iter().find(|(_, value)| **value != 0.0 && **value != 1.0)
        {
            return Err(Error::NotBinary { row, column, value });
        }
        for (column, values) in data.columns().into_iter().enumerate() {
            if values.iter().all(|value| *value == values[0]) {
                return Err(Error::Constant { column });
            }
        }
        if !(penalty >= 0.0 && penalty.is_finite()) {
            return Err(Error::Setting { name: "the l1 penalty", value: penalty, range: "at least 0" });
        }
        let mut counts: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
        for row in data.rows() {
            *counts.entry(row.iter().map(|value| *value == 1.0).collect()).or_default() += 1;
        }
        let rows = data.nrows();
        let columns = (0..data.ncols())
            .map(|j| counts.keys().map(|row| f64::from(u8::from(row[j]))).collect())
            .collect();
        let shares = counts.values().map(|&count| count as f64 / rows as f64).collect();
        Ok(Self { columns, shares, rows, penalty, intercept: false })
    }

    /// With an intercept for every variable, which is not penalised. Beyond the paper.
    pub fn with_intercept(self) -> Self {
        Self { intercept: true, ..self }
    }

    /// What the model multiplies: the parents' columns, then ones where there is an intercept.
    fn design<'a>(&'a self, parents: &[usize], ones: &'a [f64]) -> Vec<&'a [f64]> {
        let intercept = self.intercept.then_some(ones);
        parents.iter().map(|&k| self.columns[k].as_slice()).chain(intercept).collect()
    }

    /// Mean loss, its gradient, and its second derivatives by rows where they are wanted.
    fn derivatives(
        &self,
        node: usize,
        design: &[&[f64]],
        weights: &[f64],
        gradient: &mut [f64],
        mut second: Option<&mut [f64]>,
    ) -> f64 {
        let k = design.len();
        gradient.fill(0.0);
        if let Some(second) = &mut second {
            second.fill(0.0);
        }
        let mut value = 0.0;
        for (row, (&share, &x)) in self.shares.iter().zip(&self.columns[node]).enumerate() {
            let m: f64 = design.iter().zip(weights).map(|(column, w)| column[row] * w).sum();
            // log(1 + exp(m)) without overflow.
            let softplus = m.max(0.0) + (-m.abs()).exp().ln_1p();
            value += share * (softplus - x * m);
            let probability = 1.0 / (1.0 + (-m).exp());
            let slope = share * (probability - x);
            let curvature = share * probability * (1.0 - probability);
            for (i, column) in design.iter().enumerate() {
                if column[row] != 0.0 {
                    gradient[i] += slope;
                    if let Some(second) = &mut second {
                        for (j, other) in design[..=i].iter().enumerate() {
                            second[i * k + j] += curvature * other[row];
                        }
                    }
                }
            }
        }
        if let Some(second) = second {
            for i in 0..k {
                for j in 0..i {
                    second[j * k + i] = second[i * k + j];
                }
            }
        }
        value
    }

    /// Newton's method with halved steps, to a gradient of rounding size.
    fn newton(&self, node: usize, design: &[&[f64]]) -> Result<(Vec<f64>, f64), Error> {
        let k = design.len();
        let (mut weights, mut gradient, mut second) = (vec![0.0; k], vec![0.0; k], vec![0.0; k * k]);
        let mut value = self.derivatives(node, design, &weights, &mut gradient, Some(&mut second));
        for _ in 0..100 {
            if weights.iter().any(|w| w.abs() > LARGEST_WEIGHT) {
                return Err(Error::Separable { column: node });
            }
            if gradient.iter().all(|g| g.abs() <= 1e-13) {
                return Ok((weights, value));
            }
            let mut step = gradient.clone();
            solve_positive(&mut second, &mut step).ok_or(Error::Separable { column: node })?;
            let mut length = 1.0;
            let mut moved = false;
            while length > 1e-10 {
                let next: Vec<f64> = weights.iter().zip(&step).map(|(w, s)| w - length * s).collect();
                let next_value = self.derivatives(node, design, &next, &mut gradient, Some(&mut second));
                if next_value <= value + 1e-15 {
                    moved = next_value < value - 1e-15 || length == 1.0;
                    (weights, value) = (next, next_value);
                    break;
                }
                length *= 0.5;
            }
            if !moved {
                return Ok((weights, value));
            }
        }
        // Rounding may keep the gradient just above its tolerance; a loss without minimum has larger steps.
        match gradient.iter().all(|g| g.abs() <= 1e-9) {
            true => Ok((weights, value)),
            false => Err(Error::Separable { column: node }),
        }
    }
}

impl NodeScore for Logistic {
    fn variables(&self) -> usize {
        self.columns.len()
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn fit(&self, node: usize, parents: &[usize], _start: Option<&Fit>) -> Result<Fit, Error> {
        let ones = vec![1.0; self.shares.len()];
        let design = self.design(parents, &ones);
        let (mut weights, smooth) = if design.is_empty() {
            (Vec::new(), std::f64::consts::LN_2)
        } else if self.penalty == 0.0 {
            self.newton(node, &design)?
        } else {
            let mut penalties = vec![self.penalty; parents.len()];
            penalties.resize(design.len(), 0.0);
            let options =
                lbfgs::Options { gradient_tolerance: 1e-11, relative_decrease: 0.0, ..Default::default() };
            let objective =
                |w: &[f64], gradient: &mut [f64]| self.derivatives(node, &design, w, gradient, None);
            let found = lbfgs::minimise_with_l1(objective, &penalties, &vec![0.0; design.len()], &options)
                .map_err(|_| Error::Diverged { column: node })?;
            if found.reason == StopReason::Diverged {
                return Err(Error::Diverged { column: node });
            }
            let penalty: f64 = found.point.iter().zip(&penalties).map(|(w, p)| p * w.abs()).sum();
            (found.point, found.value - penalty)
        };
        let parameters = weights.split_off(parents.len());
        let loss = smooth + self.penalty * weights.iter().map(|w| w.abs()).sum::<f64>();
        let deviance = 2.0 * self.rows as f64 * smooth;
        Ok(Fit { parents: parents.to_vec(), weights, loss, deviance, parameters })
    }

    fn slopes(&self, node: usize, fit: &Fit) -> Option<Vec<f64>> {
        let intercept = fit.parameters.first().copied().unwrap_or(0.0);
        let mut slopes = vec![0.0; self.columns.len()];
        for (row, (&share, &x)) in self.shares.iter().zip(&self.columns[node]).enumerate() {
            let m: f64 = fit.parents.iter().zip(&fit.weights).map(|(&k, w)| self.columns[k][row] * w).sum();
            let slope = share * (1.0 / (1.0 + (-m - intercept).exp()) - x);
            for (total, column) in slopes.iter_mut().zip(&self.columns) {
                *total += slope * column[row];
            }
        }
        Some(slopes)
    }

    fn penalty(&self) -> f64 {
        self.penalty
    }
}
