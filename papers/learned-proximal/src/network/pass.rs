//! Passes: potential and prox together, and the way back of a gradient through a gradient.

use numerics::elementary::sigmoids_and_softplus;
use numerics::registers::in_widest;
use pulp::NullaryFnOnce;

use super::ProximalNetwork;

/// What one batch leaves behind; reused from call to call.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// z_k and g′(a_k).
    values: Vec<Vec<f64>>,
    slopes: Vec<Vec<f64>>,
    /// v_k and u_k = g′ v_k.
    adjoints: Vec<Vec<f64>>,
    products: Vec<Vec<f64>>,
    /// Tangents: ȧ_k and ż_k.
    moved: Vec<Vec<f64>>,
    moved_values: Vec<Vec<f64>>,
    /// t_k.
    bent: Vec<Vec<f64>>,
    scratch: Vec<f64>,
    rows: usize,
}

/// Potentials and proximal points of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// ψ(y), a number a row.
    pub potential: Vec<f64>,
    /// f(y), n numbers a row.
    pub prox: Vec<f64>,
}

/// What a pullback gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// The derivative of Σ ⟨c, f(y)⟩ over rows by the parameters.
    pub gradient: Vec<f64>,
    /// ψ″(y) c, n numbers a row.
    pub hessian: Vec<f64>,
}

struct Softplus<'a> {
    beta: f64,
    values: &'a mut [f64],
    slopes: &'a mut [f64],
}

impl NullaryFnOnce for Softplus<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let inverse = 1.0 / self.beta;
        for (value, slope) in self.values.iter_mut().zip(self.slopes) {
            let (sigmoid, _, softplus) = sigmoids_and_softplus(self.beta * *value);
            *value = softplus * inverse;
            *slope = sigmoid;
        }
    }
}

/// t = g″ ȧ v + g′ W₊ᵀ t₊, with g″ = β g′(1 − g′).
struct Bend<'a> {
    beta: f64,
    slopes: &'a [f64],
    moved: &'a [f64],
    adjoints: &'a [f64],
    above: &'a [f64],
    bent: &'a mut [f64],
}

impl NullaryFnOnce for Bend<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let numbers = self.slopes.iter().zip(self.moved).zip(self.adjoints).zip(self.above);
        for (t, (((slope, moved), adjoint), above)) in self.bent.iter_mut().zip(numbers) {
            *t = slope * (self.beta * (1.0 - slope) * moved * adjoint + above);
        }
    }
}

fn resized(lists: &mut Vec<Vec<f64>>, sizes: impl Iterator<Item = usize>) {
    let sizes: Vec<usize> = sizes.collect();
    lists.resize(sizes.len(), Vec::new());
    for (list, size) in lists.iter_mut().zip(sizes) {
        list.clear();
        list.resize(size, 0.0);
    }
}

impl ProximalNetwork {
    /// ψ and f of rows of inputs, in a pass forward and one back. Cost: 4 flops a weight and row, and an exponential and a logarithm a unit.
    pub fn potential_and_prox(&self, y: &[f64], work: &mut Work) -> Pass {
        let n = self.inputs();
        let rows = y.len() / n;
        let (places, w, h) = self.places();
        let of = |range: &std::ops::Range<usize>| &self.parameters[range.clone()];
        work.rows = rows;
        let sizes = || self.layers.iter().map(|layer| rows * layer.input.outputs());
        for lists in [&mut work.values, &mut work.slopes, &mut work.adjoints, &mut work.products] {
            resized(lists, sizes());
        }
        for (k, (layer, places)) in self.layers.iter().zip(&places).enumerate() {
            let (before, values) = work.values.split_at_mut(k);
            let values = &mut values[0];
            if layer.bias {
                let bias = of(&places.bias);
                values.chunks_exact_mut(bias.len()).for_each(|part| part.copy_from_slice(bias));
            }
            layer.input.apply(of(&places.input), y, values);
            if let (Some(convex), Some(before)) = (&layer.convex, before.last()) {
                convex.apply(of(&places.convex), before, values);
            }
            in_widest(Softplus { beta: self.beta, values, slopes: &mut work.slopes[k] });
        }
        let (w, h) = (of(&w), of(&h));
        let mut prox: Vec<f64> = y.iter().map(|y| self.alpha * y).collect();
        if self.linear {
            prox.chunks_exact_mut(n).for_each(|row| row.iter_mut().zip(h).for_each(|(f, h)| *f += h));
        }
        let last = self.layers.len() - 1;
        let potential = (0..rows)
            .map(|row| {
                let y = &y[row * n..(row + 1) * n];
                let z = &work.values[last][row * w.len()..(row + 1) * w.len()];
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                dot(w, z) + dot(h, y) + 0.5 * self.alpha * dot(y, y)
            })
            .collect();
        work.adjoints[last].chunks_exact_mut(w.len()).for_each(|row| row.copy_from_slice(w));
        for (k, (layer, places)) in self.layers.iter().zip(&places).enumerate().rev() {
            let (below, adjoint) = work.adjoints.split_at_mut(k);
            for ((u, slope), v) in work.products[k].iter_mut().zip(&work.slopes[k]).zip(&adjoint[0]) {
                *u = slope * v;
            }
            layer.input.adjoint(of(&places.input), &work.products[k], &mut prox);
            if let (Some(convex), Some(below)) = (&layer.convex, below.last_mut()) {
                convex.adjoint(of(&places.convex), &work.products[k], below);
            }
        }
        Pass { potential, prox }
    }

    /// The derivative of Σ ⟨c, f(y)⟩ by all parameters, and ψ″ c, after [`potential_and_prox`](Self::potential_and_prox) of the same rows. With c the derivative of a loss by f this is the loss's gradient. Cost: 8 flops a weight and row.
    ///
    /// Tangents go up, ȧ_k = W_k ż_{k−1} + H_k c, and adjoints down, t_k = g″ ȧ_k v_k + g′ W_{k+1}ᵀ t_{k+1}; then dW_k = u_kᵀ ż_{k−1} + t_kᵀ z_{k−1}, dH_k = u_kᵀ c + t_kᵀ y, db_k = Σ t_k, dw = Σ ż_K, dh = Σ c, and ψ″ c = Σ t_k H_k + α c.
    pub fn pullback(&self, y: &[f64], c: &[f64], work: &mut Work) -> Pulled {
        let mut gradient = vec![0.0; self.parameters.len()];
        let hessian = self.second(y, c, work, Some(&mut gradient));
        Pulled { gradient, hessian }
    }

    /// ψ″(y) c alone, after [`potential_and_prox`](Self::potential_and_prox).
    pub fn hessian_times(&self, y: &[f64], c: &[f64], work: &mut Work) -> Vec<f64> {
        self.second(y, c, work, None)
    }

    fn second(&self, y: &[f64], c: &[f64], work: &mut Work, mut gradient: Option<&mut [f64]>) -> Vec<f64> {
        let n = self.inputs();
        let (places, w, h) = self.places();
        let of = |range: &std::ops::Range<usize>| &self.parameters[range.clone()];
        let sizes = || self.layers.iter().map(|layer| work.rows * layer.input.outputs());
        for lists in [&mut work.moved, &mut work.moved_values, &mut work.bent] {
            resized(lists, sizes());
        }
        for (k, (layer, places)) in self.layers.iter().zip(&places).enumerate() {
            let moved = &mut work.moved[k];
            layer.input.apply(of(&places.input), c, moved);
            if let Some(convex) = &layer.convex {
                convex.apply(of(&places.convex), &work.moved_values[k - 1], moved);
            }
            for ((value, slope), moved) in work.moved_values[k].iter_mut().zip(&work.slopes[k]).zip(moved) {
                *value = slope * *moved;
            }
        }
        let mut hessian: Vec<f64> = c.iter().map(|c| self.alpha * c).collect();
        for (k, (layer, places)) in self.layers.iter().zip(&places).enumerate().rev() {
            // What comes from above, if there is a layer.
            work.scratch.clear();
            work.scratch.resize(work.bent[k].len(), 0.0);
            if let Some(above) = self.layers.get(k + 1).and_then(|layer| layer.convex.as_ref()) {
                let weights = &self.parameters[self.above(k)];
                above.adjoint(weights, &work.bent[k + 1], &mut work.scratch);
            }
            in_widest(Bend {
                beta: self.beta,
                slopes: &work.slopes[k],
                moved: &work.moved[k],
                adjoints: &work.adjoints[k],
                above: &work.scratch,
                bent: &mut work.bent[k],
            });
            layer.input.adjoint(of(&places.input), &work.bent[k], &mut hessian);
            let Some(gradient) = gradient.as_deref_mut() else { continue };
            let input = &mut gradient[places.input.clone()];
            layer.input.gradient(&work.products[k], c, input);
            layer.input.gradient(&work.bent[k], y, input);
            if let Some(convex) = &layer.convex {
                let weights = &mut gradient[places.convex.clone()];
                convex.gradient(&work.products[k], &work.moved_values[k - 1], weights);
                convex.gradient(&work.bent[k], &work.values[k - 1], weights);
            }
            let bias = &mut gradient[places.bias.clone()];
            if !bias.is_empty() {
                for part in work.bent[k].chunks_exact(bias.len()) {
                    bias.iter_mut().zip(part).for_each(|(bias, t)| *bias += t);
                }
            }
        }
        if let Some(gradient) = gradient {
            let last = &work.moved_values[self.layers.len() - 1];
            let sum = |target: &mut [f64], rows: &[f64], width: usize| {
                for row in rows.chunks_exact(width) {
                    target.iter_mut().zip(row).for_each(|(target, x)| *target += x);
                }
            };
            sum(&mut gradient[w.clone()], last, w.len());
            sum(&mut gradient[h], c, n);
        }
        hessian
    }

    /// Where W_{k+1} lies.
    fn above(&self, k: usize) -> std::ops::Range<usize> {
        self.places().0[k + 1].convex.clone()
    }

    /// R(f(y)) = ⟨y, f⟩ − |f|²/2 − ψ of each row.
    pub fn regulariser_at_output(&self, y: &[f64], pass: &Pass) -> Vec<f64> {
        let n = self.inputs();
        let value = |((y, f), potential): ((&[f64], &[f64]), &f64)| {
            let terms = y.iter().zip(f).map(|(y, f)| f * (y - 0.5 * f));
            numerics::sum::sum(terms) - potential
        };
        y.chunks_exact(n).zip(pass.prox.chunks_exact(n)).zip(&pass.potential).map(value).collect()
    }
}
