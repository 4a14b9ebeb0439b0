//! Products of the Hessian, and of its Gauss–Newton part, with blocks of vectors.
//!
//! The Hessian of the mean loss is H = G + R: the Gauss–Newton part G = (1/N) Σ Jᵢᵀ ∇²ℓᵢ Jᵢ, and R from the curvature of the network. H v is the derivative of the
//! gradient along v (Pearlmutter 1994): every quantity of the forward and the backward pass is differentiated along v.
//!
//! K vectors go through together. The change of an N × n matrix along K vectors is kept as N × K × n, in one piece of memory: read as (N K) × n it is multiplied
//! by a layer's weights for all vectors in one product, and read as N × (K n) it meets the activations in one product for the gradient's change. So all work is done in
//! large matrix products, 4 (H) or 3 (G) times 2 K N n_l n_{l+1} flops a layer and direction of the pass.

use ndarray::{Array2, ArrayView2, Axis, s};
use numerics::product::{add_product, product, set_product};
use rayon::prelude::*;

use crate::network::{biases_of, weights_of};
use crate::passes::BLOCK;
use crate::{Loss, Network, NetworkError, Real};

/// Which matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Hessian,
    GaussNewton,
}

/// A layer's part of K vectors, laid out for products: n_l × (K n_{l+1}), its transpose's n_{l+1} × (K n_l), and biases K × n_{l+1}.
struct Directions<T> {
    weights: Array2<T>,
    transposed: Array2<T>,
    biases: Array2<T>,
}

impl<T: Real> Network<T> {
    /// H V for the Hessian H of the mean loss over the rows: `vectors` and the result are K × parameters, a vector a row.
    ///
    /// Cost: about 4 K times that of a gradient over the whole batch, at the speed of matrix products.
    ///
    /// # Errors
    /// For inputs, targets or vectors whose shapes do not fit.
    pub fn hessian_products(
        &self,
        x: ArrayView2<T>,
        y: ArrayView2<T>,
        loss: Loss,
        vectors: ArrayView2<T>,
    ) -> Result<Array2<T>, NetworkError> {
        self.products(x, y, loss, vectors, Part::Hessian)
    }

    /// G V for the Gauss–Newton part G, which is positive semidefinite for all losses here; else as [`hessian_products`](Self::hessian_products).
    ///
    /// # Errors
    /// As there.
    pub fn gauss_newton_products(
        &self,
        x: ArrayView2<T>,
        y: ArrayView2<T>,
        loss: Loss,
        vectors: ArrayView2<T>,
    ) -> Result<Array2<T>, NetworkError> {
        self.products(x, y, loss, vectors, Part::GaussNewton)
    }

    fn products(
        &self,
        x: ArrayView2<T>,
        y: ArrayView2<T>,
        loss: Loss,
        vectors: ArrayView2<T>,
        part: Part,
    ) -> Result<Array2<T>, NetworkError> {
        self.check_targets(x, y)?;
        let expected = self.parameters().len();
        if vectors.ncols() != expected {
            return Err(NetworkError::Parameters { expected, found: vectors.ncols() });
        }
        let mut sum = Array2::zeros(vectors.dim());
        if vectors.nrows() == 0 {
            return Ok(sum);
        }
        let directions: Vec<Directions<T>> =
            (0..self.layers()).map(|l| self.directions(vectors, l)).collect();
        let starts: Vec<usize> = (0..x.nrows()).step_by(BLOCK).collect();
        let block = |start: usize| {
            let range = s![start..(start + BLOCK).min(x.nrows()), ..];
            self.block_products(
                x.slice(range),
                y.slice(range),
                x.nrows(),
                loss,
                &directions,
                vectors.nrows(),
                part,
            )
        };
        // As many blocks at a time as there are threads, so that memory does not grow with N; summed in order.
        for wave in starts.chunks(rayon::current_num_threads()) {
            for product in wave.par_iter().map(|start| block(*start)).collect::<Result<Vec<_>, _>>()? {
                sum += &product;
            }
        }
        Ok(sum)
    }

    fn directions(&self, vectors: ArrayView2<T>, l: usize) -> Directions<T> {
        let (k, inputs, outputs) = (vectors.nrows(), self.widths()[l], self.widths()[l + 1]);
        let mut weights = Array2::zeros((inputs, k * outputs));
        let mut transposed = Array2::zeros((outputs, k * inputs));
        let mut biases = Array2::zeros((k, outputs));
        for (number, vector) in vectors.rows().into_iter().enumerate() {
            let vector = vector.as_standard_layout();
            let of_layer = weights_of(self.widths(), vector.view(), l);
            weights.slice_mut(s![.., number * outputs..(number + 1) * outputs]).assign(&of_layer);
            transposed.slice_mut(s![.., number * inputs..(number + 1) * inputs]).assign(&of_layer.t());
            biases.row_mut(number).assign(&biases_of(self.widths(), vector.view(), l));
        }
        Directions { weights, transposed, biases }
    }

    /// The part of some rows, of `all` rows in the mean.
    #[expect(clippy::too_many_arguments, reason = "one inner step, called in one place")]
    fn block_products(
        &self,
        x: ArrayView2<T>,
        y: ArrayView2<T>,
        all: usize,
        loss: Loss,
        directions: &[Directions<T>],
        k: usize,
        part: Part,
    ) -> Result<Array2<T>, NetworkError> {
        let rows = x.nrows();
        let pass = self.pass(x)?;
        let one = T::one();
        // Forward: the changes of a^l and z^{l+1}, each N × (K n). That of a⁰ = x is zero.
        let mut changes_of_inputs: Vec<Option<Array2<T>>> = vec![None];
        let mut changes_before: Vec<Array2<T>> = Vec::new();
        for (l, direction) in directions.iter().enumerate() {
            let outputs = self.widths()[l + 1];
            let (weight_factor, bias_factor) = self.factors(l);
            let mut change = Array2::zeros((rows, k * outputs));
            set_product(
                weight_factor,
                pass.inputs[l].view(),
                direction.weights.view(),
                &mut change.view_mut(),
            );
            let biases = direction.biases.flatten();
            change += &(&biases * bias_factor);
            if let Some(of_inputs) = &changes_of_inputs[l] {
                let stacked = reshaped(of_inputs, rows * k);
                let mut change = reshaped_mut(&mut change, rows * k);
                add_product(weight_factor, stacked, self.weights(l), &mut change);
            }
            if l + 1 < self.layers() {
                let mut next = change.clone();
                each_direction(&mut next, &pass.before[l], |change, z| {
                    *change *= self.activation().derivative(z)
                });
                changes_of_inputs.push(Some(next));
            }
            changes_before.push(change);
        }
        // Backward: δ, and its change along each vector.
        let scale = one / T::of(all as f64);
        let deltas = self.deltas(&pass, loss.by_outputs(pass.outputs(), y) * scale);
        let last = self.layers() - 1;
        let mut change = changes_before[last].clone();
        loss.curve(pass.outputs(), y, &mut change);
        change *= scale;
        let mut products = Array2::zeros((k, self.parameters().len()));
        for l in (0..=last).rev() {
            let (inputs, outputs) = (self.widths()[l], self.widths()[l + 1]);
            let (weight_factor, bias_factor) = self.factors(l);
            // aᵀ (change of δ) for all vectors at once, and (change of a)ᵀ δ.
            let mut by_weights = Array2::zeros((inputs, k * outputs));
            set_product(weight_factor, pass.inputs[l].t(), change.view(), &mut by_weights.view_mut());
            let of_inputs =
                changes_of_inputs[l].as_ref().filter(|_| part == Part::Hessian).map(|of_inputs| {
                    let mut product = Array2::zeros((k * inputs, outputs));
                    set_product(weight_factor, of_inputs.t(), deltas[l].view(), &mut product.view_mut());
                    product
                });
            let by_biases = change.sum_axis(Axis(0)) * bias_factor;
            for (number, mut product) in products.rows_mut().into_iter().enumerate() {
                let (mut weights, mut biases) =
                    crate::network::split_mut(self.widths(), product.view_mut(), l);
                weights.assign(&by_weights.slice(s![.., number * outputs..(number + 1) * outputs]));
                if let Some(of_inputs) = &of_inputs {
                    weights += &of_inputs.slice(s![number * inputs..(number + 1) * inputs, ..]);
                }
                biases.assign(&by_biases.slice(s![number * outputs..(number + 1) * outputs]));
            }
            if l == 0 {
                break;
            }
            // The change of δ Wᵀ, then through σ.
            let mut next = Array2::zeros((rows, k * inputs));
            {
                let stacked = reshaped(&change, rows * k);
                let mut next = reshaped_mut(&mut next, rows * k);
                set_product(weight_factor, stacked, self.weights(l).t(), &mut next);
            }
            if part == Part::Hessian {
                add_product(
                    weight_factor,
                    deltas[l].view(),
                    directions[l].transposed.view(),
                    &mut next.view_mut(),
                );
            }
            let activation = self.activation();
            each_direction(&mut next, &pass.before[l - 1], |change, z| *change *= activation.derivative(z));
            if part == Part::Hessian && !activation.is_piecewise_linear() {
                let mut bend = product(deltas[l].view(), self.weights(l).t()) * weight_factor;
                bend.zip_mut_with(&pass.before[l - 1], |bend, z| *bend *= activation.second_derivative(*z));
                let mut curved = changes_before[l - 1].clone();
                each_direction(&mut curved, &bend, |change, bend| *change *= bend);
                next += &curved;
            }
            change = next;
        }
        Ok(products)
    }
}

/// N × (K n) read as (N K) × n.
fn reshaped<T: Real>(matrix: &Array2<T>, rows: usize) -> ArrayView2<'_, T> {
    let columns = matrix.len() / rows.max(1);
    matrix.view().into_shape_with_order((rows, columns)).expect("the matrix is in one piece")
}

fn reshaped_mut<T: Real>(matrix: &mut Array2<T>, rows: usize) -> ndarray::ArrayViewMut2<'_, T> {
    let columns = matrix.len() / rows.max(1);
    matrix.view_mut().into_shape_with_order((rows, columns)).expect("the matrix is in one piece")
}

/// Applies a function to each of the K entries of `changes` (N × (K n)) and the one of `of` (N × n) that they belong to.
fn each_direction<T: Real>(changes: &mut Array2<T>, of: &Array2<T>, apply: impl Fn(&mut T, T)) {
    let width = of.ncols();
    for (mut row, of) in changes.rows_mut().into_iter().zip(of.rows()) {
        for mut change in row.exact_chunks_mut(width) {
            change.zip_mut_with(&of, |change, of| apply(change, *of));
        }
    }
}
