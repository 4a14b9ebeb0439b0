//! Forward and backward passes over batches.
//!
//! A layer costs 2 N n_l n_{l+1} flops forward and twice that backward; each is one matrix product. Gradients over many rows are taken in blocks of a fixed
//! number, in parallel, and summed in order: the same bits on any number of threads.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use numerics::product::{add_product, product, set_product};
use rayon::prelude::*;

use crate::network::split_mut;
use crate::{Loss, Network, NetworkError, Pass, Real};

/// Rows of a block.
pub(crate) const BLOCK: usize = 512;

impl<T: Real> Network<T> {
    /// z^L for the rows of `x`: N × n_L.
    ///
    /// # Errors
    /// For rows of another length than n_0.
    pub fn forward(&self, x: ArrayView2<T>) -> Result<Array2<T>, NetworkError> {
        let mut pass = self.pass(x)?;
        Ok(pass.before.pop().expect("a network has a layer"))
    }

    /// A forward pass that keeps what a backward pass needs: N Σ (n_l + n_{l+1}) numbers.
    ///
    /// # Errors
    /// For rows of another length than n_0.
    pub fn pass(&self, x: ArrayView2<T>) -> Result<Pass<T>, NetworkError> {
        self.check_inputs(x)?;
        let mut pass = Pass { inputs: Vec::new(), before: Vec::new() };
        let mut input = x.to_owned();
        for l in 0..self.layers() {
            let (weight_factor, bias_factor) = self.factors(l);
            // The factor comes last: within the product it would multiply the sums of blocks, and round once for each.
            let mut z = product(input.view(), self.weights(l));
            if weight_factor != T::one() {
                z *= weight_factor;
            }
            z += &(&self.biases(l) * bias_factor);
            let next =
                if l + 1 < self.layers() { self.activation().values(&z) } else { Array2::zeros((0, 0)) };
            pass.inputs.push(std::mem::replace(&mut input, next));
            pass.before.push(z);
        }
        Ok(pass)
    }

    /// ∂⟨c, z^L⟩/∂z^l for l = 1, …, L with c = `by_outputs`, row by row. With c the derivative of each example's loss, these are the derivatives of the losses.
    pub fn deltas(&self, pass: &Pass<T>, by_outputs: Array2<T>) -> Vec<Array2<T>> {
        let mut deltas = vec![by_outputs];
        for l in (1..self.layers()).rev() {
            let mut delta = product(deltas[deltas.len() - 1].view(), self.weights(l).t());
            let (factor, _) = self.factors(l);
            let activation = self.activation();
            delta.zip_mut_with(&pass.before[l - 1], |delta, z| {
                *delta *= factor * activation.derivative(*z);
            });
            deltas.push(delta);
        }
        deltas.reverse();
        deltas
    }

    /// Σ over rows of the derivatives by all parameters, from the [`deltas`](Self::deltas).
    pub fn gradient_of(&self, pass: &Pass<T>, deltas: &[Array2<T>]) -> Array1<T> {
        let mut gradient = Array1::zeros(self.parameters().len());
        for (l, (input, delta)) in pass.inputs.iter().zip(deltas).enumerate() {
            let (weight_factor, bias_factor) = self.factors(l);
            let (mut weights, mut biases) = split_mut(self.widths(), gradient.view_mut(), l);
            set_product(weight_factor, input.t(), delta.view(), &mut weights);
            biases.assign(&(delta.sum_axis(Axis(0)) * bias_factor));
        }
        gradient
    }

    /// Mean loss over the rows and its gradient. Cost: 6 N × parameters flops.
    ///
    /// # Errors
    /// For inputs or targets whose shapes do not fit.
    pub fn loss_and_gradient(
        &self,
        x: ArrayView2<T>,
        y: ArrayView2<T>,
        loss: Loss,
    ) -> Result<(T, Array1<T>), NetworkError> {
        self.check_targets(x, y)?;
        let rows = T::of(x.nrows() as f64);
        let block = |start: usize| -> Result<(T, Array1<T>), NetworkError> {
            let range = s![start..(start + BLOCK).min(x.nrows()), ..];
            let (x, y) = (x.slice(range), y.slice(range));
            let pass = self.pass(x)?;
            let losses = loss.of_examples(pass.outputs(), y).sum();
            let deltas = self.deltas(&pass, loss.by_outputs(pass.outputs(), y) / rows);
            Ok((losses, self.gradient_of(&pass, &deltas)))
        };
        let starts: Vec<usize> = (0..x.nrows()).step_by(BLOCK).collect();
        let blocks = starts.into_par_iter().map(block).collect::<Result<Vec<_>, _>>()?;
        let mut sum = (T::zero(), Array1::zeros(self.parameters().len()));
        for (losses, gradient) in blocks {
            sum.0 += losses;
            sum.1 += &gradient;
        }
        Ok((sum.0 / rows, sum.1))
    }

    /// One step of gradient descent on the mean loss of all rows, without storing the gradient; gives the loss before it. Cost: 6 N × parameters flops.
    ///
    /// # Errors
    /// For inputs or targets whose shapes do not fit.
    pub fn descend(
        &mut self,
        x: ArrayView2<T>,
        y: ArrayView2<T>,
        loss: Loss,
        rate: T,
    ) -> Result<T, NetworkError> {
        self.check_targets(x, y)?;
        let pass = self.pass(x)?;
        let rows = T::of(x.nrows() as f64);
        let mean = loss.mean(pass.outputs(), y);
        let deltas = self.deltas(&pass, loss.by_outputs(pass.outputs(), y) / rows);
        for (l, (input, delta)) in pass.inputs.iter().zip(&deltas).enumerate() {
            let (weight_factor, bias_factor) = self.factors(l);
            add_product(-rate * weight_factor, input.t(), delta.view(), &mut self.weights_mut(l));
            self.biases_mut(l).scaled_add(-rate * bias_factor, &delta.sum_axis(Axis(0)));
        }
        Ok(mean)
    }
}
