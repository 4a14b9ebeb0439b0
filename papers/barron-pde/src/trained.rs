//! What people train instead: deep Ritz and physics-informed networks with one hidden layer, on the same equation.
//!
//! u(x) = Σ aᵢ tanh(wᵢ·φ(x) + bᵢ) + c with φ(x) = (cos 2πx₁, sin 2πx₁, …), periodic by construction. Deep Ritz minimises the energy at random points, a physics-informed network the squared residual of −Δu + u + αu³ = f there, both by Adam with derivatives by hand. They are baselines: nothing certifies them.

use std::f64::consts::TAU;

use ndarray::{Array1, Ix1};
use networks::Adam;
use rand::Rng;

use crate::spectrum::Spectrum;

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// ∫ |∇u|²/2 + u²/2 + αu⁴/4 − fu.
    Ritz,
    /// ∫ (−Δu + u + αu³ − f)².
    Residual,
}

/// A network with one hidden layer.
#[derive(Clone, Debug)]
pub struct Hidden {
    dimension: usize,
    units: usize,
    /// aᵢ, bᵢ, then wᵢ one after the other, then c.
    parameters: Array1<f64>,
}

/// How it is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// What is minimised.
    pub objective: Objective,
    /// α.
    pub alpha: f64,
    /// Steps of Adam.
    pub steps: usize,
    /// Random points of a step.
    pub points: usize,
    /// Adam's rate at first; it is halved every quarter of the steps.
    pub rate: f64,
}

impl Hidden {
    /// Random weights: wᵢ and bᵢ uniform in (−1, 1), aᵢ smaller by the root of the number of units.
    pub fn new(dimension: usize, units: usize, random: &mut impl Rng) -> Self {
        let scale = (units as f64).sqrt().recip();
        let mut parameters =
            Array1::from_shape_simple_fn(units * (2 + 2 * dimension) + 1, || random.random_range(-1.0..1.0));
        parameters.iter_mut().take(units).for_each(|a| *a *= scale);
        parameters[units * (2 + 2 * dimension)] = 0.0;
        Self { dimension, units, parameters }
    }

    /// u at a point.
    pub fn value(&self, x: &[f64]) -> f64 {
        self.with_derivatives(x, None).0
    }

    /// u and ∂u.
    pub fn value_and_gradient(&self, x: &[f64]) -> (f64, Vec<f64>) {
        let mut slopes = vec![0.0; self.dimension];
        let (value, _) = self.with_derivatives(x, Some(&mut slopes));
        (value, slopes)
    }

    fn with_derivatives(&self, x: &[f64], mut slopes: Option<&mut Vec<f64>>) -> (f64, f64) {
        let (units, dimension) = (self.units, self.dimension);
        let p = &self.parameters;
        let waves: Vec<(f64, f64)> = x.iter().map(|x| (TAU * x).sin_cos()).collect();
        let (mut value, mut laplacian) = (p[units * (2 + 2 * dimension)], 0.0);
        for i in 0..units {
            let w = |k: usize| p[units * 2 + i * 2 * dimension + k];
            let inner = p[units + i]
                + (0..dimension).map(|j| w(2 * j) * waves[j].1 + w(2 * j + 1) * waves[j].0).sum::<f64>();
            let h = inner.tanh();
            let slope = 1.0 - h * h;
            value += p[i] * h;
            for j in 0..dimension {
                let first = TAU * (w(2 * j + 1) * waves[j].1 - w(2 * j) * waves[j].0);
                let second = -TAU * TAU * (w(2 * j) * waves[j].1 + w(2 * j + 1) * waves[j].0);
                if let Some(slopes) = &mut slopes {
                    slopes[j] += p[i] * slope * first;
                }
                laplacian += p[i] * (slope * second - 2.0 * h * slope * first * first);
            }
        }
        (value, laplacian)
    }

    /// The loss at one point, its derivative by the parameters added to `gradient`, both times `share`.
    fn add_gradient(
        &self,
        training: &Training,
        x: &[f64],
        f: f64,
        share: f64,
        gradient: &mut Array1<f64>,
    ) -> f64 {
        let (units, dimension, alpha) = (self.units, self.dimension, training.alpha);
        let p = &self.parameters;
        let waves: Vec<(f64, f64)> = x.iter().map(|x| (TAU * x).sin_cos()).collect();
        let mut slopes = vec![0.0; dimension];
        let (u, laplacian) = self.with_derivatives(x, Some(&mut slopes));
        // Derivatives of the loss by u, by each ∂ⱼu, and by Δu.
        let (loss, by_u, by_slope, by_laplacian) = match training.objective {
            Objective::Ritz => {
                let square: f64 = slopes.iter().map(|s| s * s).sum();
                (
                    0.5 * square + 0.5 * u * u + 0.25 * alpha * u.powi(4) - f * u,
                    u + alpha * u.powi(3) - f,
                    1.0,
                    0.0,
                )
            }
            Objective::Residual => {
                let residual = -laplacian + u + alpha * u.powi(3) - f;
                (residual * residual, 2.0 * residual * (1.0 + 3.0 * alpha * u * u), 0.0, -2.0 * residual)
            }
        };
        gradient[units * (2 + 2 * dimension)] += share * by_u;
        for i in 0..units {
            let w = |k: usize| p[units * 2 + i * 2 * dimension + k];
            let inner = p[units + i]
                + (0..dimension).map(|j| w(2 * j) * waves[j].1 + w(2 * j + 1) * waves[j].0).sum::<f64>();
            let h = inner.tanh();
            let first = 1.0 - h * h;
            let second = -2.0 * h * first;
            let third = first * (6.0 * h * h - 2.0);
            let (mut by_a, mut by_inner) = (by_u * h, by_u * first);
            for j in 0..dimension {
                let (sin, cos) = waves[j];
                let along = TAU * (w(2 * j + 1) * cos - w(2 * j) * sin);
                let bend = -TAU * TAU * (w(2 * j) * cos + w(2 * j + 1) * sin);
                let pull = by_slope * slopes[j];
                by_a += pull * first * along + by_laplacian * (second * along * along + first * bend);
                by_inner += pull * second * along + by_laplacian * (third * along * along + second * bend);
                let by_along = p[i] * (pull * first + by_laplacian * 2.0 * second * along);
                let by_bend = p[i] * by_laplacian * first;
                let place = units * 2 + i * 2 * dimension + 2 * j;
                gradient[place] += share * (-TAU * sin * by_along - TAU * TAU * cos * by_bend);
                gradient[place + 1] += share * (TAU * cos * by_along - TAU * TAU * sin * by_bend);
            }
            gradient[i] += share * by_a;
            gradient[units + i] += share * p[i] * by_inner;
            for (j, (sin, cos)) in waves.iter().enumerate() {
                let place = units * 2 + i * 2 * dimension + 2 * j;
                gradient[place] += share * p[i] * by_inner * cos;
                gradient[place + 1] += share * p[i] * by_inner * sin;
            }
        }
        share * loss
    }

    /// Trains on random points of the cube; `observe` sees the network every hundredth of the steps.
    ///
    /// # Panics
    /// If f has another dimension.
    pub fn train(
        &mut self,
        training: &Training,
        f: &Spectrum,
        random: &mut impl Rng,
        mut observe: impl FnMut(usize, &Self),
    ) {
        let mut adam = Adam::<f64, Ix1>::new(self.parameters.raw_dim(), 1e-8);
        let mut gradient = Array1::zeros(self.parameters.len());
        let mut x = vec![0.0; self.dimension];
        let every = (training.steps / 100).max(1);
        for step in 0..training.steps {
            if step % every == 0 {
                observe(step, self);
            }
            gradient.fill(0.0);
            for _ in 0..training.points {
                x.iter_mut().for_each(|x| *x = random.random());
                let value = f.value(&x);
                self.add_gradient(training, &x, value, 1.0 / training.points as f64, &mut gradient);
            }
            let rate = training.rate * 0.5_f64.powi((4 * step / training.steps) as i32);
            adam.step(self.parameters.view_mut(), &gradient, rate);
        }
        observe(training.steps, self);
    }

    /// The loss at a point and its derivative, for tests against differences.
    pub fn loss_at(&self, training: &Training, x: &[f64], f: f64) -> (f64, Vec<f64>) {
        let mut gradient = Array1::zeros(self.parameters.len());
        let loss = self.add_gradient(training, x, f, 1.0, &mut gradient);
        (loss, gradient.to_vec())
    }

    /// The same network with one parameter moved.
    pub fn nudged(&self, parameter: usize, by: f64) -> Self {
        let mut other = self.clone();
        other.parameters[parameter] += by;
        other
    }

    /// How many parameters.
    pub fn len(&self) -> usize {
        self.parameters.len()
    }

    /// Never: there is always a constant.
    pub fn is_empty(&self) -> bool {
        false
    }
}
