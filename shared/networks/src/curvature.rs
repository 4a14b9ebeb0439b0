//! Products of the Hessian, and of its Gauss–Newton part, with blocks of vectors.
//!
//! The Hessian of the mean loss is H = G + R: the Gauss–Newton part G = (1/N) Σ Jᵢᵀ ∇²ℓᵢ Jᵢ, and R from the curvature of the network. H v is the derivative of the
//! gradient along v (Pearlmutter 1994): every quantity of the forward and the backward pass is differentiated along v.
//!
//! K vectors go through together. The change of an N × n matrix along K vectors is kept as N × K × n, in one piece of memory: read as (N K) × n it is multiplied
//! by a layer's weights for all vectors in one product, and read as N × (K n) it meets the activations in one product for the gradient's change. So all work is done in
//! large matrix products, 4 (H) or 3 (G) times 2 K N n_l n_{l+1} flops a layer and direction of the pass. Few rows go through at a time, so that their K changes
//! stay in the cache, and in memory that is kept from one to the next: fresh pages cost as much as half of the products.

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, s};
use numerics::product::{add_product, product, set_product};
use rayon::prelude::*;

use crate::loss::multiply_each;
use crate::network::{biases_of, split_mut, weights_of};
use crate::passes::BLOCK;
use crate::{Loss, Network, NetworkError, Real};

/// Numbers of the widest layer's changes that go through at a time: a megabyte in double precision.
const CHANGES: usize = 1 << 17;
/// With fewer rows, sums over them would be read and written more often than they are added to.
const FEWEST_ROWS: usize = 32;

/// Which matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Hessian,
    GaussNewton,
}

/// A layer's part of K vectors, laid out for products: n_l × (K n_{l+1}), its transpose's n_{l+1} × (K n_l), and K n_{l+1} changes by biases.
struct Directions<T> {
    weights: Array2<T>,
    transposed: Array2<T>,
    biases: Array1<T>,
}

impl<T: Real> Network<T> {
    /// H V for the Hessian H of the mean loss over the rows: `vectors` and the result are K × parameters, a vector a row.
    ///
    /// Cost: about 4 K times that of a gradient over the whole batch, at the speed of matrix products. Memory for each thread: three times K × parameters
    /// numbers, and a few megabytes.
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
        let directions = (0..self.layers()).map(|l| self.directions(vectors, l)).collect();
        let task = Task { network: self, directions, vectors: vectors.nrows(), loss, part, rows: x.nrows() };
        let starts: Vec<usize> = (0..x.nrows()).step_by(BLOCK).collect();
        let block = |start: usize| {
            let range = s![start..(start + BLOCK).min(x.nrows()), ..];
            task.products(x.slice(range), y.slice(range))
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
        let mut biases = Array1::zeros(k * outputs);
        for (number, vector) in vectors.rows().into_iter().enumerate() {
            let vector = vector.as_standard_layout();
            let of_layer = weights_of(self.widths(), vector.view(), l);
            weights.slice_mut(s![.., number * outputs..(number + 1) * outputs]).assign(&of_layer);
            transposed.slice_mut(s![.., number * inputs..(number + 1) * inputs]).assign(&of_layer.t());
            let biases = biases.slice_mut(s![number * outputs..(number + 1) * outputs]);
            biases_of(self.widths(), vector.view(), l).assign_to(biases);
        }
        Directions { weights, transposed, biases: biases * self.factors(l).1 }
    }
}

/// What all blocks of rows share.
struct Task<'a, T> {
    network: &'a Network<T>,
    directions: Vec<Directions<T>>,
    /// K.
    vectors: usize,
    loss: Loss,
    part: Part,
    /// N, of the mean.
    rows: usize,
}

/// Changes of a few rows, for each layer l = 0, …, and what they have added up to.
struct Memory<T> {
    /// Of z^{l+1}: rows × (K n_{l+1}).
    before: Vec<Array2<T>>,
    /// Of a^{l+1}, without the outputs'.
    after: Vec<Array2<T>>,
    /// Of δ^{l+1}.
    deltas: Vec<Array2<T>>,
    /// aᵀ (change of δ): n_l × (K n_{l+1}).
    by_weights: Vec<Array2<T>>,
    /// (change of a)ᵀ δ: (K n_l) × n_{l+1}; none for the first layer, whose a is given, and for G.
    by_inputs: Vec<Array2<T>>,
    by_biases: Vec<Array1<T>>,
}

impl<T: Real> Task<'_, T> {
    /// The part of some rows: K × parameters.
    fn products(&self, x: ArrayView2<T>, y: ArrayView2<T>) -> Result<Array2<T>, NetworkError> {
        let widest = self.network.widths().iter().max().map_or(1, |width| width * self.vectors);
        let rows = (CHANGES / widest).clamp(FEWEST_ROWS, BLOCK).min(x.nrows());
        let mut memory = self.memory(rows);
        for start in (0..x.nrows()).step_by(rows) {
            let range = s![start..(start + rows).min(x.nrows()), ..];
            self.add(x.slice(range), y.slice(range), &mut memory)?;
        }
        Ok(self.gathered(&memory))
    }

    fn memory(&self, rows: usize) -> Memory<T> {
        let (k, widths) = (self.vectors, self.network.widths());
        let of_outputs = |rows: usize| widths[1..].iter().map(|n| Array2::zeros((rows, k * n))).collect();
        let pairs = || widths.iter().zip(&widths[1..]);
        let mut after: Vec<Array2<T>> = of_outputs(rows);
        after.pop();
        Memory {
            before: of_outputs(rows),
            after,
            deltas: of_outputs(rows),
            by_weights: pairs().map(|(inputs, outputs)| Array2::zeros((*inputs, k * outputs))).collect(),
            by_inputs: pairs()
                .enumerate()
                .map(|(l, (inputs, outputs))| {
                    let there_are = l > 0 && self.part == Part::Hessian;
                    Array2::zeros((if there_are { k * inputs } else { 0 }, *outputs))
                })
                .collect(),
            by_biases: widths[1..].iter().map(|outputs| Array1::zeros(k * outputs)).collect(),
        }
    }

    /// Adds what a few rows bring.
    fn add(&self, x: ArrayView2<T>, y: ArrayView2<T>, memory: &mut Memory<T>) -> Result<(), NetworkError> {
        let network = self.network;
        let (activation, last) = (network.activation(), network.layers() - 1);
        let few = s![..x.nrows(), ..];
        let pass = network.pass(x)?;
        // σ′ once for all vectors.
        let slopes: Vec<Array2<T>> =
            pass.before[..last].iter().map(|z| z.mapv(|z| activation.derivative(z))).collect();
        // Forward. The change of a⁰ = x is zero.
        for (l, direction) in self.directions.iter().enumerate() {
            let weight_factor = network.factors(l).0;
            let mut change = memory.before[l].slice_mut(few);
            set_product(weight_factor, pass.inputs[l].view(), direction.weights.view(), &mut change);
            change += &direction.biases;
            if l > 0 {
                let of_inputs = memory.after[l - 1].slice(few);
                let mut change = self.stacked_mut(change.view_mut());
                add_product(weight_factor, self.stacked(of_inputs), network.weights(l), &mut change);
            }
            if l < last {
                let mut next = memory.after[l].slice_mut(few);
                next.assign(&change);
                multiply_each(&mut next, &slopes[l]);
            }
        }
        // Backward: δ, and its change along each vector.
        let scale = T::one() / T::of(self.rows as f64);
        let deltas = network.deltas(&pass, self.loss.by_outputs(pass.outputs(), y) * scale);
        {
            let mut change = memory.deltas[last].slice_mut(few);
            change.assign(&memory.before[last].slice(few));
            self.loss.curve(pass.outputs(), y, &mut change);
            change *= scale;
        }
        for l in (0..=last).rev() {
            let (weight_factor, bias_factor) = network.factors(l);
            let (below, above) = memory.deltas.split_at_mut(l);
            let change = above[0].slice(few);
            // For all vectors at once.
            let mut by_weights = memory.by_weights[l].view_mut();
            add_product(weight_factor, pass.inputs[l].t(), change, &mut by_weights);
            memory.by_biases[l].scaled_add(bias_factor, &change.sum_axis(Axis(0)));
            let Some(next) = below.last_mut() else { break };
            let mut next = next.slice_mut(few);
            // The change of δ Wᵀ, then through σ.
            let mut rows = self.stacked_mut(next.view_mut());
            set_product(weight_factor, self.stacked(change), network.weights(l).t(), &mut rows);
            if self.part == Part::Hessian {
                let (of_inputs, delta) = (memory.after[l - 1].slice(few), deltas[l].view());
                let mut by_inputs = memory.by_inputs[l].view_mut();
                add_product(weight_factor, of_inputs.t(), delta, &mut by_inputs);
                add_product(weight_factor, delta, self.directions[l].transposed.view(), &mut next);
            }
            multiply_each(&mut next, &slopes[l - 1]);
            if self.part == Part::Hessian && !activation.is_piecewise_linear() {
                let mut bend = product(deltas[l].view(), network.weights(l).t()) * weight_factor;
                bend.zip_mut_with(&pass.before[l - 1], |bend, z| *bend *= activation.second_derivative(*z));
                // Not used again.
                let mut curved = memory.before[l - 1].slice_mut(few);
                multiply_each(&mut curved, &bend);
                next += &curved;
            }
        }
        Ok(())
    }

    /// K × parameters, from what was added up layer by layer.
    fn gathered(&self, memory: &Memory<T>) -> Array2<T> {
        let widths = self.network.widths();
        let mut products = Array2::zeros((self.vectors, self.network.parameters().len()));
        for (number, mut product) in products.rows_mut().into_iter().enumerate() {
            for l in 0..self.network.layers() {
                let inputs = number * widths[l]..(number + 1) * widths[l];
                let outputs = number * widths[l + 1]..(number + 1) * widths[l + 1];
                let (mut weights, mut biases) = split_mut(widths, product.view_mut(), l);
                weights.assign(&memory.by_weights[l].slice(s![.., outputs.clone()]));
                if l > 0 && self.part == Part::Hessian {
                    weights += &memory.by_inputs[l].slice(s![inputs, ..]);
                }
                biases.assign(&memory.by_biases[l].slice(s![outputs]));
            }
        }
        products
    }

    /// N × (K n) read as (N K) × n.
    fn stacked<'a>(&self, changes: ArrayView2<'a, T>) -> ArrayView2<'a, T> {
        let shape = (changes.nrows() * self.vectors, changes.ncols() / self.vectors);
        changes.into_shape_with_order(shape).expect("rows follow one another")
    }

    fn stacked_mut<'a>(&self, changes: ArrayViewMut2<'a, T>) -> ArrayViewMut2<'a, T> {
        let shape = (changes.nrows() * self.vectors, changes.ncols() / self.vectors);
        changes.into_shape_with_order(shape).expect("rows follow one another")
    }
}
