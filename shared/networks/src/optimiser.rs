//! First-order optimisers on flat vectors or arrays of any shape, and batches in random order.

use ndarray::{Array, Array1, ArrayView2, ArrayViewMut, Axis, Dimension, Zip};
use rand::Rng;
use rand::seq::SliceRandom;

use crate::{Loss, Network, NetworkError, Real};

/// Gradient descent with momentum (Polyak 1964): v ← μ v + g, x ← x − η v. With μ = 0, plain descent.
#[derive(Clone, Debug)]
pub struct Momentum<T, D: Dimension> {
    velocity: Array<T, D>,
    /// μ in [0, 1).
    pub momentum: T,
}

impl<T: Real, D: Dimension> Momentum<T, D> {
    /// For arrays of this shape.
    pub fn new(shape: D, momentum: T) -> Self {
        Self { velocity: Array::zeros(shape), momentum }
    }

    /// One step down the gradient.
    pub fn step(&mut self, mut values: ArrayViewMut<T, D>, gradient: &Array<T, D>, rate: T) {
        let momentum = self.momentum;
        Zip::from(&mut values).and(gradient).and(&mut self.velocity).for_each(|x, &g, v| {
            *v = momentum * *v + g;
            *x -= rate * *v;
        });
    }
}

/// Adam (Kingma and Ba 2015) with β₁ = 0.9 and β₂ = 0.999.
#[derive(Clone, Debug)]
pub struct Adam<T, D: Dimension> {
    first: Array<T, D>,
    second: Array<T, D>,
    steps: i32,
    floor: T,
}

impl<T: Real, D: Dimension> Adam<T, D> {
    /// For arrays of this shape; `floor`, usually 1e-8, keeps steps finite where gradients vanish.
    pub fn new(shape: D, floor: T) -> Self {
        Self { first: Array::zeros(shape.clone()), second: Array::zeros(shape), steps: 0, floor }
    }

    /// One step down the gradient.
    pub fn step(&mut self, mut values: ArrayViewMut<T, D>, gradient: &Array<T, D>, rate: T) {
        let (a, b, one) = (T::of(0.9), T::of(0.999), T::one());
        self.steps += 1;
        let rate = rate * (one - b.powi(self.steps)).sqrt() / (one - a.powi(self.steps));
        let floor = self.floor;
        Zip::from(&mut values).and(gradient).and(&mut self.first).and(&mut self.second).for_each(
            |x, &g, m, v| {
                *m = a * *m + (one - a) * g;
                *v = b * *v + (one - b) * g * g;
                *x -= rate * *m / (v.sqrt() + floor);
            },
        );
    }
}

/// Which optimiser takes the steps of [`train`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimiser {
    /// Plain gradient descent.
    Descent,
    /// With momentum μ.
    Momentum(f64),
    /// [`Adam`].
    Adam,
}

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// What is minimised.
    pub loss: Loss,
    /// What takes the steps.
    pub optimiser: Optimiser,
    /// η > 0.
    pub rate: f64,
    /// Passes over the rows.
    pub epochs: usize,
    /// Rows of a batch, at least 1; all rows if there are fewer.
    pub batch: usize,
}

/// Gradient descent on all rows at once; `observe` is called before each step and after the last with the number of steps done, and may look at the
/// network. Returns the mean loss before each step.
///
/// # Errors
/// For shapes that do not fit, and as soon as a loss is not finite.
pub fn descend<T: Real>(
    network: &mut Network<T>,
    x: ArrayView2<T>,
    y: ArrayView2<T>,
    loss: Loss,
    rate: T,
    steps: usize,
    mut observe: impl FnMut(usize, &Network<T>),
) -> Result<Vec<T>, NetworkError> {
    let mut losses = Vec::with_capacity(steps);
    for step in 0..steps {
        observe(step, network);
        let mean = network.descend(x, y, loss, rate)?;
        if !mean.is_finite() {
            return Err(NetworkError::Diverged { step: step + 1 });
        }
        losses.push(mean);
    }
    observe(steps, network);
    Ok(losses)
}

/// Trains in place: each epoch goes once through the rows in a random order, or in theirs if one batch holds them all. Returns the mean loss of each epoch's batches, each taken
/// before its step.
///
/// # Errors
/// For shapes that do not fit, and as soon as a loss is not finite.
pub fn train<T: Real>(
    network: &mut Network<T>,
    x: ArrayView2<T>,
    y: ArrayView2<T>,
    training: &Training,
    random: &mut impl Rng,
) -> Result<Vec<T>, NetworkError> {
    let shape = network.parameters().raw_dim();
    let mut momentum = match training.optimiser {
        Optimiser::Momentum(momentum) => Some(Momentum::new(shape, T::of(momentum))),
        _ => None,
    };
    let mut adam = (training.optimiser == Optimiser::Adam).then(|| Adam::new(shape, T::of(1e-8)));
    let rate = T::of(training.rate);
    let mut step_on =
        |network: &mut Network<T>, x: ArrayView2<T>, y: ArrayView2<T>| -> Result<T, NetworkError> {
            if momentum.is_none() && adam.is_none() {
                return network.descend(x, y, training.loss, rate);
            }
            let (loss, gradient): (T, Array1<T>) = network.loss_and_gradient(x, y, training.loss)?;
            let parameters = network.parameters_mut();
            match (&mut momentum, &mut adam) {
                (Some(momentum), _) => momentum.step(parameters, &gradient, rate),
                (None, Some(adam)) => adam.step(parameters, &gradient, rate),
                (None, None) => {}
            }
            Ok(loss)
        };
    let mut order: Vec<usize> = (0..x.nrows()).collect();
    let mut losses = Vec::with_capacity(training.epochs);
    let mut step = 0;
    let mut checked = |loss: T| {
        step += 1;
        if loss.is_finite() { Ok(loss) } else { Err(NetworkError::Diverged { step }) }
    };
    for _ in 0..training.epochs {
        if training.batch >= x.nrows() {
            losses.push(checked(step_on(network, x, y)?)?);
            continue;
        }
        order.shuffle(random);
        let (mut sum, mut batches) = (T::zero(), T::zero());
        for rows in order.chunks(training.batch.max(1)) {
            sum +=
                checked(step_on(network, x.select(Axis(0), rows).view(), y.select(Axis(0), rows).view())?)?;
            batches += T::one();
        }
        losses.push(sum / batches);
    }
    Ok(losses)
}
