//! The paper's network: one hidden layer of softplus units, squared loss.

use numerics::elementary::{exponentials, ln_1p, sigmoids_and_softplus};
use numerics::registers::in_widest;
use pulp::NullaryFnOnce;

use crate::clipping::{Clip, Model, Query, factors};
use crate::records::{Block, LANES, Lanes};

/// o(x) = Σ a_j softplus(w_j·x + b_j) + c with loss (o − y)²/2; parameters in the order w₁ … w_h, b, a, c.
#[derive(Clone, Copy, Debug)]
pub struct Softplus {
    features: usize,
    units: usize,
}

impl Softplus {
    /// p features and h units.
    pub fn new(features: usize, units: usize) -> Self {
        Self { features, units }
    }

    fn split<'a>(&self, parameters: &'a [f64]) -> Layers<'a> {
        let (weights, rest) = parameters.split_at(self.features * self.units);
        let (biases, rest) = rest.split_at(self.units);
        let (outer, offset) = rest.split_at(self.units);
        Layers { weights, biases, outer, offset: offset[0] }
    }
}

struct Layers<'a> {
    weights: &'a [f64],
    biases: &'a [f64],
    outer: &'a [f64],
    offset: f64,
}

impl Layers<'_> {
    /// w_j·x + b_j of a block.
    #[inline(always)]
    fn activation(&self, unit: usize, block: &Block) -> Lanes {
        let mut sums = [self.biases[unit]; LANES];
        let features = block.features.len();
        for (weight, column) in self.weights[unit * features..][..features].iter().zip(&block.features) {
            for lane in 0..LANES {
                sums[lane] = weight.mul_add(column[lane], sums[lane]);
            }
        }
        sums
    }
}

/// A block's derivatives by the activation of each unit and by each outer weight, and by the output.
struct Derivatives {
    inner: Vec<Lanes>,
    outer: Vec<Lanes>,
    output: Lanes,
}

struct Work<'a> {
    model: Softplus,
    query: Query<'a>,
    block: &'a Block,
    clip: Clip,
    sum: &'a mut [f64],
}

impl NullaryFnOnce for Work<'_> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        let Self { model, query, block, clip, sum } = self;
        let mut parts = match query {
            Query::Gradients { at } => gradients(&model.split(at), block),
            Query::Differences { from, to } => differences(&model.split(from), &model.split(to), block),
        };
        let mut squared = parts.output.map(|x| x * x);
        for (inner, outer) in parts.inner.iter().zip(&parts.outer) {
            for lane in 0..LANES {
                let of_inner = inner[lane] * inner[lane] * (1.0 + block.squares[lane]);
                squared[lane] += outer[lane].mul_add(outer[lane], of_inner);
            }
        }
        let (factors, clipped) = factors(clip, &squared, block.count);
        let scale = |lanes: &mut Lanes| {
            for lane in 0..LANES {
                // What is not finite has factor 0.
                lanes[lane] = if factors[lane] > 0.0 { lanes[lane] * factors[lane] } else { 0.0 };
            }
        };
        parts.inner.iter_mut().chain(&mut parts.outer).chain([&mut parts.output]).for_each(scale);
        let ones = [1.0; LANES];
        let (weights, rest) = sum.split_at_mut(model.features * model.units);
        for (sums, inner) in weights.chunks_exact_mut(model.features).zip(&parts.inner) {
            for (sum, column) in sums.iter_mut().zip(&block.features) {
                *sum += clip.total(inner, column);
            }
        }
        let rows = parts.inner.iter().chain(&parts.outer).chain([&parts.output]);
        for (sum, row) in rest.iter_mut().zip(rows) {
            *sum += clip.total(row, &ones);
        }
        clipped
    }
}

#[inline(always)]
fn gradients(layers: &Layers, block: &Block) -> Derivatives {
    let units = layers.outer.len();
    let (mut inner, mut outer) = (vec![[0.0; LANES]; units], vec![[0.0; LANES]; units]);
    let mut output = [layers.offset; LANES];
    for (unit, a) in layers.outer.iter().enumerate() {
        let z = layers.activation(unit, block);
        let (inner, outer) = (&mut inner[unit], &mut outer[unit]);
        for lane in 0..LANES {
            let (sigmoid, _, softplus) = sigmoids_and_softplus(z[lane]);
            inner[lane] = a * sigmoid;
            outer[lane] = softplus;
            output[lane] = a.mul_add(softplus, output[lane]);
        }
    }
    output.iter_mut().zip(&block.targets).for_each(|(output, y)| *output -= y);
    for row in inner.iter_mut().chain(&mut outer) {
        for lane in 0..LANES {
            row[lane] *= output[lane];
        }
    }
    Derivatives { inner, outer, output }
}

#[inline(always)]
fn differences(from: &Layers, to: &Layers, block: &Block) -> Derivatives {
    let units = from.outer.len();
    let features = block.features.len();
    let empty = || vec![[0.0; LANES]; units];
    // At the earlier point, and increments from there.
    let (mut sigmoids, mut softpluses, mut more_sigmoid, mut more_softplus) =
        (empty(), empty(), empty(), empty());
    let mut error = [from.offset; LANES];
    let mut more_error = [to.offset - from.offset; LANES];
    for unit in 0..units {
        let z = from.activation(unit, block);
        let mut change = [to.biases[unit] - from.biases[unit]; LANES];
        let weights = unit * features..(unit + 1) * features;
        let pairs = from.weights[weights.clone()].iter().zip(&to.weights[weights]);
        for ((from, to), column) in pairs.zip(&block.features) {
            for lane in 0..LANES {
                change[lane] = (to - from).mul_add(column[lane], change[lane]);
            }
        }
        let (a, more_a) = (from.outer[unit], to.outer[unit] - from.outer[unit]);
        let a_to = to.outer[unit];
        let rows =
            (&mut sigmoids[unit], &mut softpluses[unit], &mut more_sigmoid[unit], &mut more_softplus[unit]);
        for lane in 0..LANES {
            let (sigmoid, opposite, softplus) = sigmoids_and_softplus(z[lane]);
            let growth = exponentials(change[lane]).1;
            let share = sigmoid * growth;
            let more = ln_1p(share);
            rows.0[lane] = sigmoid;
            rows.1[lane] = softplus;
            rows.2[lane] = opposite * share / (1.0 + share);
            rows.3[lane] = more;
            error[lane] = a.mul_add(softplus, error[lane]);
            more_error[lane] += a_to.mul_add(more, more_a * softplus);
        }
    }
    error.iter_mut().zip(&block.targets).for_each(|(error, y)| *error -= y);
    for unit in 0..units {
        let (a, more_a) = (from.outer[unit], to.outer[unit] - from.outer[unit]);
        let a_to = to.outer[unit];
        for lane in 0..LANES {
            let (sigmoid, softplus) = (sigmoids[unit][lane], softpluses[unit][lane]);
            let (more_s, more_p) = (more_sigmoid[unit][lane], more_softplus[unit][lane]);
            let later_error = error[lane] + more_error[lane];
            // e a σ and e softplus, by the product rule.
            let rest = more_a.mul_add(sigmoid, a_to * more_s);
            sigmoids[unit][lane] = more_error[lane].mul_add(a * sigmoid, later_error * rest);
            softpluses[unit][lane] = more_error[lane].mul_add(softplus, later_error * more_p);
        }
    }
    Derivatives { inner: sigmoids, outer: softpluses, output: more_error }
}

impl Model for Softplus {
    fn parameters(&self) -> usize {
        self.units * (self.features + 2) + 1
    }

    fn contribute(&self, query: Query, block: &Block, clip: Clip, sum: &mut [f64]) -> usize {
        in_widest(Work { model: *self, query, block, clip, sum })
    }

    fn loss(&self, at: &[f64], block: &Block) -> f64 {
        in_widest(Losses { layers: self.split(at), block })
    }
}

struct Losses<'a> {
    layers: Layers<'a>,
    block: &'a Block,
}

impl NullaryFnOnce for Losses<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let Self { layers, block } = self;
        let mut outputs = [layers.offset; LANES];
        for (unit, a) in layers.outer.iter().enumerate() {
            let z = layers.activation(unit, block);
            for lane in 0..LANES {
                outputs[lane] = a.mul_add(sigmoids_and_softplus(z[lane]).2, outputs[lane]);
            }
        }
        (0..block.count).map(|lane| 0.5 * (outputs[lane] - block.targets[lane]).powi(2)).sum()
    }
}
