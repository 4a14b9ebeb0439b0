//! Two-layer networks for trigonometric polynomials: by sampling (Barron 1993, Maurey), whose error is known beforehand, and greedily.
//!
//! On the cube, cos(s + φ) with s = 2πk·x in \[lo, hi\] is a constant plus ∫ −sin(t + φ) H(s − t) dt, of variation 4|k|₁. N neurons drawn from that density, each with weight ±V/N, V = Σ 4|kⱼ|₁|aⱼ|, have the expected square error (V² E\[H\] − |f − c₀|²)/N exactly, where E\[H\] is the probability that a drawn neuron is active and c₀ sums the constants. Neurons
//! that are cosines themselves have (A²/2 − |f|²)/N with A = Σ|aⱼ|.

use std::f64::consts::{PI, TAU};

use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// f = constant + Σ aⱼ cos(2πkⱼ·x + φⱼ) on the unit cube, frequencies different up to sign and not zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Waves {
    /// The constant.
    pub constant: f64,
    /// kⱼ, aⱼ > 0 and φⱼ.
    pub waves: Vec<(Vec<i32>, f64, f64)>,
}

/// What a neuron does to s − t, or to s itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Atom {
    /// 1 where s > t.
    Step,
    /// max(s − t, 0).
    Relu,
    /// cos(s − t).
    Cosine,
}

/// weight · σ(2πk·x − t).
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron {
    /// The outer weight.
    pub weight: f64,
    /// Which of the function's frequencies.
    pub wave: usize,
    /// t.
    pub bias: f64,
}

/// A network with an affine part.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoLayer {
    /// σ.
    pub atom: Atom,
    /// The constant.
    pub constant: f64,
    /// The factor of 2πkⱼ·x, for each frequency; zeros but for rectifiers.
    pub linear: Vec<f64>,
    /// The neurons.
    pub neurons: Vec<Neuron>,
}

impl Waves {
    /// The least 2πk·x on the cube, and the range's length 2π|k|₁.
    fn range(k: &[i32]) -> (f64, f64) {
        let low: i32 = k.iter().map(|entry| (*entry).min(0)).sum();
        let length: i32 = k.iter().map(|entry| entry.abs()).sum();
        (TAU * f64::from(low), TAU * f64::from(length))
    }

    /// V = Σ 4|kⱼ|₁|aⱼ|, the variation by steps.
    pub fn variation(&self) -> f64 {
        self.waves.iter().map(|(k, a, _)| a * 2.0 * Self::range(k).1 / PI).sum()
    }

    /// Σ |ωⱼ|₂|aⱼ|, Barron's constant.
    pub fn barron_constant(&self) -> f64 {
        let length = |k: &[i32]| TAU * k.iter().map(|entry| f64::from(*entry).powi(2)).sum::<f64>().sqrt();
        self.waves.iter().map(|(k, a, _)| a * length(k)).sum()
    }

    /// 2πkⱼ·x of points in rows, for each frequency.
    pub fn phases(&self, points: &Array2<f64>) -> Array2<f64> {
        let mut phases = Array2::zeros((points.nrows(), self.waves.len()));
        for (j, (k, ..)) in self.waves.iter().enumerate() {
            for (phase, x) in phases.column_mut(j).iter_mut().zip(points.outer_iter()) {
                *phase = TAU * k.iter().zip(x).map(|(k, x)| f64::from(*k) * x).sum::<f64>();
            }
        }
        phases
    }

    /// f at phases.
    pub fn value(&self, phases: ndarray::ArrayView1<f64>) -> f64 {
        self.constant + self.waves.iter().zip(phases).map(|((_, a, phi), s)| a * (s + phi).cos()).sum::<f64>()
    }

    /// |f|² without the constant.
    fn energy(&self) -> f64 {
        0.5 * self.waves.iter().map(|(_, a, _)| a * a).sum::<f64>()
    }

    /// f where every 2πkⱼ·x is at its least: what steps start from.
    fn base(&self) -> f64 {
        self.constant + self.waves.iter().map(|(k, a, phi)| a * (Self::range(k).0 + phi).cos()).sum::<f64>()
    }

    /// N times the expected square error of N sampled neurons, from phases of points drawn from the cube, which stand for the integral of E\[H\]; for cosines no points are needed.
    pub fn sampling_constant(&self, atom: Atom, phases: &Array2<f64>) -> f64 {
        match atom {
            Atom::Cosine => self.waves.iter().map(|(_, a, _)| a).sum::<f64>().powi(2) / 2.0 - self.energy(),
            Atom::Step => {
                let variation = self.variation();
                let active = |j: usize, s: f64| {
                    let (k, a, phi) = &self.waves[j];
                    let (low, length) = Self::range(k);
                    a / variation * absolute_sine(low + phi, s + phi).min(2.0 * length / PI)
                };
                let mean = phases
                    .outer_iter()
                    .map(|s| s.iter().enumerate().map(|(j, s)| active(j, *s)).sum::<f64>())
                    .sum::<f64>()
                    / phases.nrows() as f64;
                let off = self.constant - self.base();
                variation * variation * mean - (self.energy() + off * off)
            }
            Atom::Relu => f64::NAN,
        }
    }

    /// A bound of N times the expected square error: V² for steps, (8πΣ|aⱼ||kⱼ|₁²)² for rectifiers, and the sampling constant itself for cosines.
    pub fn bound(&self, atom: Atom) -> f64 {
        match atom {
            Atom::Step => self.variation().powi(2),
            Atom::Cosine => self.sampling_constant(Atom::Cosine, &Array2::zeros((0, 0))),
            Atom::Relu => self
                .waves
                .iter()
                .map(|(k, a, _)| a * 2.0 * Self::range(k).1.powi(2) / PI)
                .sum::<f64>()
                .powi(2),
        }
    }

    /// A network of N neurons drawn independently.
    ///
    /// # Panics
    /// Without waves, or with a frequency that is zero.
    pub fn sampled(&self, atom: Atom, neurons: usize, random: &mut impl Rng) -> TwoLayer {
        let mass = |(k, a, _): &(Vec<i32>, f64, f64)| match atom {
            Atom::Cosine => *a,
            Atom::Step | Atom::Relu => a * 2.0 * Self::range(k).1 / PI,
        };
        let total: f64 = self.waves.iter().map(mass).sum();
        let mut network = self.affine(atom);
        for _ in 0..neurons {
            let mut left = random.random_range(0.0..total);
            let mut wave = 0;
            while wave + 1 < self.waves.len() && left >= mass(&self.waves[wave]) {
                left -= mass(&self.waves[wave]);
                wave += 1;
            }
            network.neurons.push(self.drawn(atom, wave, total / neurons as f64, random));
        }
        network
    }

    /// What is represented exactly: constants, and the tangent at the least phase for rectifiers.
    fn affine(&self, atom: Atom) -> TwoLayer {
        let mut network = TwoLayer {
            atom,
            constant: self.constant,
            linear: vec![0.0; self.waves.len()],
            neurons: Vec::new(),
        };
        match atom {
            Atom::Cosine => {}
            Atom::Step => network.constant = self.base(),
            Atom::Relu => {
                network.constant = self.base();
                for (slope, (k, a, phi)) in network.linear.iter_mut().zip(&self.waves) {
                    let low = Self::range(k).0;
                    *slope = -a * (low + phi).sin();
                    network.constant -= *slope * low;
                }
            }
        }
        network
    }

    /// A neuron of a wave, with |weight| as given.
    fn drawn(&self, atom: Atom, wave: usize, weight: f64, random: &mut impl Rng) -> Neuron {
        let (k, _, phi) = &self.waves[wave];
        if atom == Atom::Cosine {
            return Neuron { weight, wave, bias: -phi };
        }
        let (low, length) = Self::range(k);
        // |sin θ| has a half-period of mass 2; which one is uniform.
        let halves = (length / PI).round() as usize;
        let angle = (1.0 - 2.0 * random.random::<f64>()).acos() + PI * random.random_range(0..halves) as f64;
        // −sin for steps, −cos for rectifiers: a quarter of a period apart.
        let shift = if atom == Atom::Relu { phi + PI / 2.0 } else { *phi };
        let bias = low + (angle - shift - low).rem_euclid(length);
        let sign = -(bias + shift).sin().signum();
        Neuron { weight: sign * weight, wave, bias }
    }

    /// A network by orthogonal greedy selection: from `candidates` drawn neurons, one after the other the one most correlated with what is left at the points, all weights fitted anew each time. N candidates × points × 2 flops for each neuron.
    pub fn greedy(
        &self,
        atom: Atom,
        neurons: usize,
        candidates: usize,
        phases: &Array2<f64>,
        random: &mut impl Rng,
    ) -> TwoLayer {
        let mut network = self.affine(atom);
        let pool: Vec<Neuron> = (0..candidates)
            .map(|_| self.drawn(atom, random.random_range(0..self.waves.len()), 1.0, random))
            .collect();
        let columns: Vec<Vec<f64>> = pool
            .iter()
            .map(|neuron| phases.column(neuron.wave).iter().map(|s| value(atom, *s, neuron.bias)).collect())
            .collect();
        let mut rest: Vec<f64> = phases.outer_iter().map(|s| self.value(s) - network.value(s)).collect();
        // Chosen columns made orthonormal, and the triangle that did it.
        let (mut basis, mut triangle, mut chosen): (Vec<Vec<f64>>, Vec<Vec<f64>>, Vec<usize>) =
            Default::default();
        let mut fitted = Vec::new();
        for _ in 0..neurons {
            let score = |column: &Vec<f64>| {
                let size = dot(column, column);
                if size > 0.0 { dot(column, &rest).powi(2) / size } else { 0.0 }
            };
            let best = (0..pool.len())
                .filter(|c| !chosen.contains(c))
                .map(|c| (score(&columns[c]), c))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((gain, column)) = best.filter(|(gain, _)| *gain > 0.0) else { break };
            let mut direction = columns[column].clone();
            let mut entries = vec![0.0; basis.len()];
            // Twice, for columns that are nearly in the span.
            for _ in 0..2 {
                for (entry, q) in entries.iter_mut().zip(&basis) {
                    let part = dot(q, &direction);
                    *entry += part;
                    direction.iter_mut().zip(q).for_each(|(d, q)| *d -= part * q);
                }
            }
            let length = dot(&direction, &direction).sqrt();
            chosen.push(column);
            if length * length <= 1e-12 * dot(&columns[column], &columns[column]) || gain < 1e-28 {
                chosen.pop();
                break;
            }
            direction.iter_mut().for_each(|d| *d /= length);
            let part = dot(&direction, &rest);
            rest.iter_mut().zip(&direction).for_each(|(r, d)| *r -= part * d);
            entries.push(length);
            basis.push(direction);
            triangle.push(entries);
            fitted.push(part);
        }
        for j in (0..fitted.len()).rev() {
            let above: f64 = (j + 1..fitted.len()).map(|i| triangle[i][j] * fitted[i]).sum();
            fitted[j] = (fitted[j] - above) / triangle[j][j];
        }
        network.neurons = chosen
            .iter()
            .zip(&fitted)
            .map(|(c, weight)| Neuron { weight: *weight, ..pool[*c].clone() })
            .collect();
        network
    }
}

impl TwoLayer {
    /// The network at phases 2πkⱼ·x.
    pub fn value(&self, phases: ndarray::ArrayView1<f64>) -> f64 {
        let affine = self.constant + self.linear.iter().zip(phases).map(|(a, s)| a * s).sum::<f64>();
        affine + self.neurons.iter().map(|n| n.weight * value(self.atom, phases[n.wave], n.bias)).sum::<f64>()
    }

    /// The mean square distance from f at phases of points.
    pub fn square_error(&self, f: &Waves, phases: &Array2<f64>) -> f64 {
        let off = |s: ndarray::ArrayView1<f64>| (self.value(s) - f.value(s)).powi(2);
        phases.outer_iter().map(off).sum::<f64>() / phases.nrows() as f64
    }
}

#[inline]
fn value(atom: Atom, s: f64, t: f64) -> f64 {
    match atom {
        Atom::Step => f64::from(u8::from(s > t)),
        Atom::Relu => (s - t).max(0.0),
        Atom::Cosine => (s - t).cos(),
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// ∫ |sin| from a to b ≥ a.
fn absolute_sine(a: f64, b: f64) -> f64 {
    let from_zero = |x: f64| {
        let halves = (x / PI).floor();
        2.0 * halves + 1.0 - (x - PI * halves).cos()
    };
    from_zero(b) - from_zero(a)
}
