//! Gradients of single examples: all of them, their norms without storing them, and weighted sums of them.
//!
//! The gradient of example i by the weights of a layer is the outer product of its activations aᵢ and its derivatives δᵢ, so its squared norm is
//! ‖aᵢ‖²‖δᵢ‖² (Goodfellow 2015), and Σ wᵢ gᵢ is one product of matrices with the rows of δ scaled. Clipping gradients of single examples therefore costs two
//! backward products, not N gradients.

use ndarray::{Array1, Array2, ArrayView1, Axis};

use crate::{Network, Pass, Real};

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
