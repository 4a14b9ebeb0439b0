//! Gradients of single examples: all of them, their norms and inner products without storing them, and weighted sums of them.
//!
//! The gradient of example i by the weights of a layer is the outer product of its activations aᵢ and its derivatives δᵢ, so its squared norm is
//! ‖aᵢ‖²‖δᵢ‖² (Goodfellow 2015), and Σ wᵢ gᵢ is one product of matrices with the rows of δ scaled. Clipping gradients of single examples therefore costs two
//! backward products, not N gradients.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use numerics::product::product;

use crate::{Network, NetworkError, Pass, Real};

impl<T: Real> Network<T> {
    /// The gradients of all rows, N × parameters, from the [`deltas`](Self::deltas): for small networks and tests.
    pub fn example_gradients(&self, pass: &Pass<T>, deltas: &[Array2<T>]) -> Array2<T> {
        let rows = pass.outputs().nrows();
        let mut gradients = Array2::zeros((rows, self.parameters().len()));
        for (i, mut gradient) in gradients.rows_mut().into_iter().enumerate() {
            let mut places = gradient.iter_mut();
            for (l, (input, delta)) in pass.inputs.iter().zip(deltas).enumerate() {
                let (weight_factor, bias_factor) = self.factors(l);
                for a in input.row(i) {
                    for (delta, place) in delta.row(i).iter().zip(&mut places) {
                        *place = weight_factor * *a * *delta;
                    }
                }
                for (delta, place) in delta.row(i).iter().zip(&mut places) {
                    *place = bias_factor * *delta;
                }
            }
        }
        gradients
    }

    /// The gradients of one output by all parameters, N × parameters: for small networks and tests.
    ///
    /// # Errors
    /// For rows of another length than n_0.
    ///
    /// # Panics
    /// If there is no such output.
    pub fn jacobian(&self, x: ArrayView2<T>, output: usize) -> Result<Array2<T>, NetworkError> {
        let (pass, deltas) = self.of_output(x, output)?;
        Ok(self.example_gradients(&pass, &deltas))
    }

    /// Inner products of the gradients of one output, Σ_p ∂_p f_c(xᵢ) ∂_p f_c(yⱼ) (the empirical tangent kernel), by contraction: layer by layer the product of the Gram
    /// matrices of activations and of back-propagated derivatives. No Jacobian is stored.
    ///
    /// Cost: two passes and 2 N M Σ (n_l + n_{l+1}) flops; memory (N + M) Σ n_l + N M numbers.
    ///
    /// # Errors
    /// For rows of another length than n_0.
    ///
    /// # Panics
    /// If there is no such output.
    pub fn tangent_kernel(
        &self,
        x: ArrayView2<T>,
        y: ArrayView2<T>,
        output: usize,
    ) -> Result<Array2<T>, NetworkError> {
        let (left, left_deltas) = self.of_output(x, output)?;
        let (right, right_deltas) = self.of_output(y, output)?;
        let mut kernel = Array2::zeros((x.nrows(), y.nrows()));
        for l in 0..self.layers() {
            let (weight_factor, bias_factor) = self.factors(l);
            let mut activations = product(left.inputs[l].view(), right.inputs[l].t()) * weight_factor.powi(2);
            activations += bias_factor * bias_factor;
            kernel += &(activations * product(left_deltas[l].view(), right_deltas[l].t()));
        }
        Ok(kernel)
    }

    /// A pass, and the derivatives of one output.
    fn of_output(&self, x: ArrayView2<T>, output: usize) -> Result<(Pass<T>, Vec<Array2<T>>), NetworkError> {
        assert!(output < self.outputs(), "output {output} of {}", self.outputs());
        let pass = self.pass(x)?;
        let mut last = Array2::zeros((x.nrows(), self.outputs()));
        last.slice_mut(s![.., output]).fill(T::one());
        let deltas = self.deltas(&pass, last);
        Ok((pass, deltas))
    }

    /// ‖gᵢ‖ of every row, in O(N Σ n_l) flops beyond the passes.
    pub fn example_norms(&self, pass: &Pass<T>, deltas: &[Array2<T>]) -> Array1<T> {
        let square =
            |matrix: &Array2<T>| matrix.map_axis(Axis(1), |row| row.fold(T::zero(), |sum, x| sum + *x * *x));
        let mut squares = Array1::zeros(pass.outputs().nrows());
        for (l, (input, delta)) in pass.inputs.iter().zip(deltas).enumerate() {
            let (weight_factor, bias_factor) = self.factors(l);
            let (a, d) = (square(input), square(delta));
            squares += &((a * (weight_factor * weight_factor) + bias_factor * bias_factor) * d);
        }
        squares.mapv(T::sqrt)
    }

    /// Σ wᵢ gᵢ, with one weight for each row: with wᵢ = min(1, C/‖gᵢ‖) the sum of gradients clipped to norm C.
    ///
    /// # Panics
    /// If there are not as many weights as rows.
    pub fn weighted_gradient(
        &self,
        pass: &Pass<T>,
        deltas: &[Array2<T>],
        weights: ArrayView1<T>,
    ) -> Array1<T> {
        assert_eq!(weights.len(), pass.outputs().nrows(), "a weight for each row");
        let weights = weights.insert_axis(Axis(1));
        let scaled: Vec<Array2<T>> = deltas.iter().map(|delta| delta * &weights).collect();
        self.gradient_of(pass, &scaled)
    }
}
