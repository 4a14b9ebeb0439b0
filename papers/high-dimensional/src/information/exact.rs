//! Families with a known mutual information, and samples of them.

use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

use super::Outcome;
use super::neighbours::digamma;

/// A joint distribution of a column and an outcome.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Family {
    /// Gaussian with correlation ρ.
    Gaussian(f64),
    /// Student with ν degrees of freedom and scatter correlation ρ: dependent even at ρ = 0.
    Student(f64, f64),
    /// Y = X + U(0, w), X uniform on (0, 1), w ≤ 1.
    Uniform(f64),
    /// Y = X² + s e with X and e standard normal: uncorrelated.
    Square(f64),
    /// Two classes of equal probability, N(0, 1) and N(δ, s²).
    Classes(f64, f64),
}

impl Family {
    /// I in nats: closed forms, and quadratures to 10⁻¹⁰.
    pub fn information(self) -> f64 {
        match self {
            Self::Gaussian(rho) => -0.5 * (-rho * rho).ln_1p(),
            Self::Student(nu, rho) => {
                let entropy = |m: f64| {
                    let (half, tail) = (0.5 * nu, 0.5 * (nu + m));
                    -libm::lgamma(tail)
                        + libm::lgamma(half)
                        + 0.5 * m * (nu * std::f64::consts::PI).ln()
                        + tail * (digamma(tail) - digamma(half))
                };
                2.0 * entropy(1.0) - entropy(2.0) - 0.5 * (-rho * rho).ln_1p()
            }
            Self::Uniform(w) => 0.5 * w - w.ln(),
            // h(Y) − h(Y | X), by the trapezoidal rule over normal X and over Y.
            Self::Square(s) => {
                let normal = |z: f64| numerics::normal::density(z);
                let step = 0.01_f64.min(0.1 * s);
                let nodes: Vec<(f64, f64)> =
                    (-850..=850).map(|k| 0.01 * f64::from(k)).map(|x| (x * x, 0.01 * normal(x))).collect();
                let density = |y: f64| {
                    nodes.iter().map(|(square, weight)| weight * normal((y - square) / s) / s).sum::<f64>()
                };
                let count = ((75.0 + 18.0 * s) / step) as i64;
                let entropy: f64 = (0..=count)
                    .map(|k| density(-9.0 * s + step * k as f64))
                    .filter(|p| *p > 0.0)
                    .map(|p| -p * p.ln() * step)
                    .sum();
                entropy - 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * s * s).ln()
            }
            Self::Classes(shift, s) => {
                let step = 0.005 * s.min(1.0);
                let (low, high) = ((-9.0_f64).min(shift - 9.0 * s), 9.0_f64.max(shift + 9.0 * s));
                let count = ((high - low) / step) as i64;
                (0..=count)
                    .map(|k| {
                        let x = low + step * k as f64;
                        let (a, b) = (
                            0.5 * numerics::normal::density(x),
                            0.5 * numerics::normal::density((x - shift) / s) / s,
                        );
                        let part = |p: f64| if p > 0.0 { p * (2.0 * p / (a + b)).ln() } else { 0.0 };
                        step * (part(a) + part(b))
                    })
                    .sum()
            }
        }
    }

    /// A sample.
    pub fn sample(self, count: usize, random: &mut impl Rng) -> (Vec<f64>, Outcome) {
        let mut normal = |random: &mut _| -> f64 { StandardNormal.sample(random) };
        let pair = |random: &mut _, normal: &mut dyn FnMut(&mut _) -> f64| match self {
            Self::Gaussian(rho) => {
                let x = normal(random);
                (x, rho * x + (1.0 - rho * rho).sqrt() * normal(random))
            }
            _ => (normal(random), normal(random)),
        };
        if let Self::Classes(shift, s) = self {
            let classes: Vec<usize> = (0..count).map(|_| usize::from(random.random::<bool>())).collect();
            let x = classes.iter().map(|class| {
                let z = normal(random);
                if *class == 1 { shift + s * z } else { z }
            });
            return (x.collect(), Outcome::Classes(classes));
        }
        let (mut x, mut y) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for _ in 0..count {
            let (a, b) = match self {
                Self::Gaussian(_) => pair(random, &mut normal),
                Self::Student(nu, rho) => {
                    let (first, second) = (normal(random), normal(random));
                    let chi = ChiSquared::new(nu).map_or(nu, |chi| chi.sample(random));
                    let scale = (nu / chi).sqrt();
                    (scale * first, scale * (rho * first + (1.0 - rho * rho).sqrt() * second))
                }
                Self::Uniform(w) => {
                    let x: f64 = random.random();
                    (x, x + w * random.random::<f64>())
                }
                _ => {
                    let s = if let Self::Square(s) = self { s } else { 1.0 };
                    let x = normal(random);
                    (x, x * x + s * normal(random))
                }
            };
            x.push(a);
            y.push(b);
        }
        (x, Outcome::Continuous(y))
    }
}
