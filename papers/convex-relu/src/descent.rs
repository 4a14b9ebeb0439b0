//! What people train instead: Adam on both layers, from random starts, with or without perturbed inputs.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use networks::optimiser::Adam;
use numerics::product::product;
use rand::Rng;

use crate::network::Network;
use crate::patterns::normal;
use crate::problem::Loss;

/// Inputs are moved within a box before each step, to where the loss is larger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Perturbation {
    /// They are not.
    None,
    /// One step of ε along the sign of the gradient.
    Fgsm(f64),
    /// Forty steps of ε/20 from a random start.
    Pgd(f64),
}

/// A training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// Neurons.
    pub width: usize,
    /// Adam's rate.
    pub rate: f64,
    /// Full-batch steps.
    pub steps: usize,
    /// Perturbed inputs.
    pub perturbation: Perturbation,
}

impl Default for Training {
    fn default() -> Self {
        Self { width: 50, rate: 1e-2, steps: 3_000, perturbation: Perturbation::None }
    }
}

/// Layers u (d × m, one column a neuron) and a, with their gradients.
struct Layers {
    inner: Array2<f64>,
    outer: Array1<f64>,
}

/// Trains loss + (β/2)(|u|² + |a|²) from a random start of He's size. Cost O(steps · n d m).
pub fn train(
    (x, y): (ArrayView2<f64>, ArrayView1<f64>),
    (loss, beta): (Loss, f64),
    training: &Training,
    random: &mut impl Rng,
) -> Network {
    let (d, m) = (x.ncols(), training.width);
    let mut inner = Array2::zeros((d, m));
    let size = (2.0 / d as f64).sqrt();
    inner.axis_iter_mut(Axis(1)).for_each(|mut column| column.assign(&(normal(d, random) * size)));
    let outer = normal(m, random) * (2.0 / m as f64).sqrt();
    continued((x, y), (loss, beta), training, Network::of_layers(inner.view(), outer.view()), random)
}

/// The same from a network, whose layers are balanced first.
pub fn continued(
    (x, y): (ArrayView2<f64>, ArrayView1<f64>),
    (loss, beta): (Loss, f64),
    training: &Training,
    start: Network,
    random: &mut impl Rng,
) -> Network {
    let (inner, outer) = start.layers(x.ncols());
    let mut layers = Layers { inner, outer };
    let mut first = Adam::new(layers.inner.raw_dim(), 1e-12);
    let mut second = Adam::new(layers.outer.raw_dim(), 1e-12);
    for step in 0..training.steps {
        let moved = perturbed(&layers, (x, y), loss, training.perturbation, random);
        let seen = moved.as_ref().map_or(x, |moved| moved.view());
        let (by_inner, by_outer) = gradients(&layers, seen, y, loss);
        // A falling rate ends the wandering of Adam.
        let rate = training.rate * (1.0 - step as f64 / training.steps as f64).max(1e-3);
        let by_inner = by_inner + &(&layers.inner * beta);
        let by_outer = by_outer + &(&layers.outer * beta);
        first.step(layers.inner.view_mut(), &by_inner, rate);
        second.step(layers.outer.view_mut(), &by_outer, rate);
    }
    Network::of_layers(layers.inner.view(), layers.outer.view())
}

fn gradients(
    layers: &Layers,
    x: ArrayView2<f64>,
    y: ArrayView1<f64>,
    loss: Loss,
) -> (Array2<f64>, Array1<f64>) {
    let mut activation = product(x, layers.inner.view());
    activation.mapv_inplace(|z| z.max(0.0));
    let output = activation.dot(&layers.outer);
    let slope: Array1<f64> = output.iter().zip(y).map(|(f, y)| loss.derivative(*f, *y)).collect();
    let by_outer = activation.t().dot(&slope);
    let mut back = activation;
    for (mut row, slope) in back.outer_iter_mut().zip(&slope) {
        row.zip_mut_with(&layers.outer, |z, outer| *z = if *z > 0.0 { outer * slope } else { 0.0 });
    }
    (product(x.t(), back.view()), by_outer)
}

/// The gradient of each row's loss by its input.
fn by_inputs(layers: &Layers, x: ArrayView2<f64>, y: ArrayView1<f64>, loss: Loss) -> Array2<f64> {
    let mut back = product(x, layers.inner.view());
    let output = back.mapv(|z| z.max(0.0)).dot(&layers.outer);
    for mut row in back.outer_iter_mut() {
        row.zip_mut_with(&layers.outer, |z, outer| *z = if *z > 0.0 { *outer } else { 0.0 });
    }
    let mut rows = product(back.view(), layers.inner.t());
    for ((mut row, f), y) in rows.outer_iter_mut().zip(&output).zip(y) {
        row *= loss.derivative(*f, *y);
    }
    rows
}

fn perturbed(
    layers: &Layers,
    (x, y): (ArrayView2<f64>, ArrayView1<f64>),
    loss: Loss,
    perturbation: Perturbation,
    random: &mut impl Rng,
) -> Option<Array2<f64>> {
    match perturbation {
        Perturbation::None => None,
        Perturbation::Fgsm(size) => Some(&x + &(by_inputs(layers, x, y, loss).mapv(sign) * size)),
        Perturbation::Pgd(size) => {
            let mut at = x.mapv(|x| x + size * random.random_range(-1.0..1.0));
            for _ in 0..40 {
                let uphill = by_inputs(layers, at.view(), y, loss).mapv(sign);
                at.scaled_add(size / 20.0, &uphill);
                at.zip_mut_with(&x, |at, x| *at = at.clamp(x - size, x + size));
            }
            Some(at)
        }
    }
}

/// −1, 0 or 1.
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// The largest loss of each row that 40 projected steps find within a box of half-width ε in the features that move: a lower bound of the worst case.
pub fn attacked(
    network: &Network,
    (x, y): (ArrayView2<f64>, ArrayView1<f64>),
    loss: Loss,
    (size, moves): (f64, &[bool]),
    random: &mut impl Rng,
) -> Array1<f64> {
    let (inner, outer) = network.layers(x.ncols());
    let layers = Layers { inner, outer };
    // Weights on what does not move are of no use to the attack.
    let mut moved = perturbed(&layers, (x, y), loss, Perturbation::Pgd(size), random);
    for (column, _) in moves.iter().enumerate().filter(|(_, moves)| !**moves) {
        if let Some(moved) = &mut moved {
            moved.column_mut(column).assign(&x.column(column));
        }
    }
    let output = network.predict(moved.as_ref().map_or(x, |moved| moved.view()));
    output.iter().zip(y).map(|(f, y)| loss.value(*f, *y)).collect()
}
