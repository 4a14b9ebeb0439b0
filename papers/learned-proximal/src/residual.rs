//! A denoiser without structure: y − N(y), N convolutions without offsets and with rectifiers between, trained on squared errors. It is no gradient, and no proximal operator.

use ndarray::{Array1, ArrayView2, ArrayViewMut1, Ix1};
use networks::Adam;
use rand::Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;

use crate::map::Map;
use crate::network::Work;
use crate::plug_and_play::Denoiser;
use crate::training::Diverged;

/// The denoiser.
#[derive(Clone, Debug)]
pub struct ResidualDenoiser {
    maps: Vec<Map>,
    parameters: Vec<f64>,
}

/// Images of a part of a batch.
const ROWS: usize = 8;

impl ResidualDenoiser {
    /// For images of this side, with `depth` convolutions, two at least, of `width` filters inside.
    pub fn new(side: usize, width: usize, depth: usize, random: &mut impl Rng) -> Self {
        let convolution = |channels, filters| Map::Convolution { side, channels, filters, stride: 1 };
        let mut maps = vec![convolution(1, width)];
        maps.extend((2..depth).map(|_| convolution(width, width)));
        maps.push(convolution(width, 1));
        let mut parameters = Vec::new();
        for map in &maps {
            let bound = (2.0 / map.fan_in() as f64).sqrt();
            parameters.extend((0..map.weights()).map(|_| bound * random.sample::<f64, _>(StandardNormal)));
        }
        Self { maps, parameters }
    }

    /// Their number.
    pub fn parameters(&self) -> usize {
        self.parameters.len()
    }

    fn weights(&self) -> Vec<&[f64]> {
        let mut rest = &self.parameters[..];
        let split = |map: &Map| {
            let (weights, later) = rest.split_at(map.weights());
            rest = later;
            weights
        };
        self.maps.iter().map(split).collect()
    }

    /// What each map takes in, and N(y).
    fn forward(&self, y: &[f64]) -> (Vec<Vec<f64>>, Vec<f64>) {
        let rows = y.len() / self.maps[0].inputs();
        let (mut inputs, mut value) = (Vec::new(), y.to_vec());
        for (place, (map, weights)) in self.maps.iter().zip(self.weights()).enumerate() {
            let mut next = vec![0.0; rows * map.outputs()];
            map.apply(weights, &value, &mut next);
            if place + 1 < self.maps.len() {
                next.iter_mut().for_each(|z| *z = z.max(0.0));
            }
            inputs.push(std::mem::replace(&mut value, next));
        }
        (inputs, value)
    }

    /// y − N(y) of rows of images.
    pub fn apply(&self, y: &[f64]) -> Vec<f64> {
        let (_, noise) = self.forward(y);
        y.iter().zip(noise).map(|(y, noise)| y - noise).collect()
    }

    /// Trains on rows of data with fresh noise; gives the loss of each step.
    ///
    /// # Errors
    /// As soon as a loss is not finite.
    pub fn train(
        &mut self,
        data: ArrayView2<f64>,
        (sigma, batch, steps, rate): (f64, usize, usize, f64),
        random: &mut impl Rng,
    ) -> Result<Vec<f64>, Diverged> {
        let n = self.maps[0].inputs();
        let mut adam: Adam<f64, Ix1> = Adam::new(Ix1(self.parameters.len()), 1e-8);
        let mut losses = Vec::new();
        for step in 1..=steps {
            let mut noise = Vec::with_capacity(batch * n);
            let mut y = Vec::with_capacity(batch * n);
            for _ in 0..batch {
                for x in data.row(random.random_range(0..data.nrows())) {
                    noise.push(sigma * random.sample::<f64, _>(StandardNormal));
                    y.push(x + noise[noise.len() - 1]);
                }
            }
            // Parts in parallel, summed in order.
            let parts: Vec<(f64, Vec<f64>)> = y
                .par_chunks(ROWS * n)
                .zip(noise.par_chunks(ROWS * n))
                .map(|(y, noise)| self.gradient(y, noise, batch))
                .collect();
            let mut gradient = vec![0.0; self.parameters.len()];
            let mut loss = 0.0;
            for (part, of_part) in parts {
                loss += part;
                gradient.iter_mut().zip(of_part).for_each(|(sum, g)| *sum += g);
            }
            if !loss.is_finite() {
                return Err(Diverged { stage: 1, step });
            }
            losses.push(loss);
            adam.step(ArrayViewMut1::from(&mut self.parameters), &Array1::from(gradient), rate);
        }
        Ok(losses)
    }

    fn gradient(&self, y: &[f64], noise: &[f64], batch: usize) -> (f64, Vec<f64>) {
        let (inputs, found) = self.forward(y);
        let share = 1.0 / batch as f64;
        let mut slope: Vec<f64> =
            found.iter().zip(noise).map(|(found, noise)| 2.0 * share * (found - noise)).collect();
        let loss =
            found.iter().zip(noise).map(|(found, noise)| share * (found - noise) * (found - noise)).sum();
        let weights = self.weights();
        let mut gradient = vec![0.0; self.parameters.len()];
        let mut end = gradient.len();
        for (place, map) in self.maps.iter().enumerate().rev() {
            map.gradient(&slope, &inputs[place], &mut gradient[end - map.weights()..end]);
            end -= map.weights();
            if place > 0 {
                let mut below = vec![0.0; inputs[place].len()];
                map.adjoint(weights[place], &slope, &mut below);
                below
                    .iter_mut()
                    .zip(&inputs[place])
                    .for_each(|(below, z)| *below = if *z > 0.0 { *below } else { 0.0 });
                slope = below;
            }
        }
        (loss, gradient)
    }

    /// ⟨a, f′(y) b⟩ − ⟨b, f′(y) a⟩ over |f′b| |a|, by central differences of step 10⁻⁴: what a gradient has zero of.
    pub fn asymmetry(&self, y: &[f64], a: &[f64], b: &[f64]) -> f64 {
        let along = |v: &[f64]| -> Vec<f64> {
            let moved = |step: f64| -> Vec<f64> {
                self.apply(&y.iter().zip(v).map(|(y, v)| y + step * v).collect::<Vec<_>>())
            };
            moved(1e-4).iter().zip(moved(-1e-4)).map(|(above, below)| (above - below) / 2e-4).collect()
        };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (of_a, of_b) = (along(a), along(b));
        (dot(a, &of_b) - dot(b, &of_a)).abs() / (dot(&of_b, &of_b) * dot(a, a)).sqrt()
    }
}

impl Denoiser for ResidualDenoiser {
    fn denoise(&self, y: &[f64], _: &mut Work) -> (Vec<f64>, Option<f64>) {
        (self.apply(y), None)
    }
}
