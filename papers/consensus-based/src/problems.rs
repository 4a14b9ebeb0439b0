//! Benchmark functions with known minima.

use std::f64::consts::E;

use pulp::{Arch, NullaryFnOnce};
use serde::{Deserialize, Serialize};

use crate::curves::Curve;
use crate::elementary::{exponential_less_one, one_minus_cosine, sum_of};
use crate::objective::Objective;

/// A benchmark function, defined in every dimension d ≥ 1 (Rosenbrock's from d = 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Benchmark {
    /// Σ xᵢ²; minimum 0 at 0.
    Sphere,
    /// Ackley's: 20 (1 − exp(−0.2 √(Σ xᵢ²/d))) + e − exp(Σ cos(2πxᵢ)/d); minimum 0 at 0, where it is not differentiable.
    Ackley,
    /// Rastrigin's: Σ xᵢ² + 10 (1 − cos 2πxᵢ); minimum 0 at 0.
    Rastrigin,
    /// The same with 2.5 for 10, as in the scripts of the paper's authors.
    MildRastrigin,
    /// Griewank's: Σ xᵢ²/4000 + 1 − Π cos(xᵢ/√i); minimum 0 at 0.
    Griewank,
    /// Salomon's: 1 − cos 2πr + 0.1 r with r = √(Σ xᵢ²); minimum 0 at 0.
    Salomon,
    /// Alpine's: Σ |xᵢ sin xᵢ + 0.1 xᵢ|; minimum 0 at 0, and elsewhere too: every zero of the terms.
    Alpine,
    /// Rosenbrock's: Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²; minimum 0 at (1, …, 1).
    Rosenbrock,
    /// Levy's, with wᵢ = 1 + (xᵢ − 1)/4; minimum 0 at (1, …, 1).
    Levy,
    /// Styblinski and Tang's: Σ (xᵢ⁴ − 16 xᵢ² + 5 xᵢ)/2; minimum −39.166… d.
    StyblinskiTang,
    /// Schwefel's without its constant: −Σ xᵢ sin √|xᵢ|; minimum −418.98… d on [−500, 500]ᵈ, unbounded below outside.
    Schwefel,
}

/// All of them with the names under which they are chosen.
pub const BENCHMARKS: [(Benchmark, &str); 11] = [
    (Benchmark::Sphere, "sphere"),
    (Benchmark::Ackley, "ackley"),
    (Benchmark::Rastrigin, "rastrigin"),
    (Benchmark::MildRastrigin, "mild-rastrigin"),
    (Benchmark::Griewank, "griewank"),
    (Benchmark::Salomon, "salomon"),
    (Benchmark::Alpine, "alpine"),
    (Benchmark::Rosenbrock, "rosenbrock"),
    (Benchmark::Levy, "levy"),
    (Benchmark::StyblinskiTang, "styblinski-tang"),
    (Benchmark::Schwefel, "schwefel"),
];

impl Benchmark {
    /// E(x).
    pub fn value(self, x: &[f64]) -> f64 {
        Problem { benchmark: self, dimension: x.len(), shift: 0.0 }.value(x)
    }

    /// Whether the function contains Σ 1 − cos 2πxᵢ.
    fn is_wavy(self) -> bool {
        matches!(self, Self::Ackley | Self::Rastrigin | Self::MildRastrigin)
    }

    /// E(x), given the numbers 1 − cos 2πxᵢ if it is wavy.
    #[inline(always)]
    fn of(self, x: &[f64], waves: &[f64]) -> f64 {
        let d = x.len() as f64;
        let squares = || sum_of(x, |x| x * x);
        let waves = || sum_of(waves, |wave| wave);
        match self {
            Self::Sphere => squares(),
            // Both parts are zero at the minimum: exp(z) − 1 keeps the digits that a difference near 20 + e would lose.
            Self::Ackley => {
                -20.0 * exponential_less_one(-0.2 * (squares() / d).sqrt())
                    - E * exponential_less_one(-waves() / d)
            }
            Self::Rastrigin => squares() + 10.0 * waves(),
            Self::MildRastrigin => squares() + 2.5 * waves(),
            Self::Griewank => {
                let cosines = x.iter().zip(1..).map(|(x, i)| (x / f64::from(i).sqrt()).cos());
                squares() / 4_000.0 + 1.0 - cosines.product::<f64>()
            }
            Self::Salomon => {
                let radius = squares().sqrt();
                one_minus_cosine(radius) + 0.1 * radius
            }
            Self::Alpine => x.iter().map(|x| (x * x.sin() + 0.1 * x).abs()).sum(),
            Self::Rosenbrock => {
                let valley = |pair: &[f64]| {
                    let (bend, far) = (pair[1] - pair[0] * pair[0], 1.0 - pair[0]);
                    100.0 * bend * bend + far * far
                };
                x.windows(2).map(valley).sum()
            }
            Self::Levy => {
                let w = |x: f64| 1.0 + (x - 1.0) / 4.0;
                // sin²(πw) = (1 − cos 2πw)/2
                let square_of_sine = |turns: f64| one_minus_cosine(turns) / 2.0;
                let inner = |x: &f64| {
                    let far = w(*x) - 1.0;
                    far * far * (1.0 + 10.0 * (std::f64::consts::PI * w(*x) + 1.0).sin().powi(2))
                };
                let (first, last) = (w(x[0]), w(x[x.len() - 1]));
                let far = last - 1.0;
                square_of_sine(first)
                    + x[..x.len() - 1].iter().map(inner).sum::<f64>()
                    + far * far * (1.0 + square_of_sine(2.0 * last))
            }
            Self::StyblinskiTang => sum_of(x, |x| 0.5 * x * (x * (x * x - 16.0) + 5.0)),
            Self::Schwefel => -x.iter().map(|x| x * x.abs().sqrt().sin()).sum::<f64>(),
        }
    }

    /// The coordinate of a global minimiser: all of its coordinates are the same.
    pub fn minimiser(self) -> f64 {
        match self {
            Self::Rosenbrock | Self::Levy => 1.0,
            Self::StyblinskiTang => -2.903534027771177,
            Self::Schwefel => 420.968746,
            _ => 0.0,
        }
    }

    /// The minimum in d = `dimension` coordinates.
    pub fn minimum(self, dimension: usize) -> f64 {
        match self {
            Self::StyblinskiTang => -39.16616570377142 * dimension as f64,
            Self::Schwefel => -418.9828872724338 * dimension as f64,
            _ => 0.0,
        }
    }
}

/// A benchmark with a dimension, moved so that no method is helped by a minimiser in the middle: E(x − shift).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Problem {
    /// The function.
    pub benchmark: Benchmark,
    /// d.
    pub dimension: usize,
    /// Added to each coordinate of the minimiser.
    pub shift: f64,
}

impl Objective for Problem {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn evaluate(&self, points: &[f64], values: &mut [f64]) {
        Arch::new().dispatch(Rows { problem: self, points, values });
    }
}

/// Rows to evaluate, as pulp takes work: compiled for each instruction set.
struct Rows<'a> {
    problem: &'a Problem,
    points: &'a [f64],
    values: &'a mut [f64],
}

impl NullaryFnOnce for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Problem { benchmark, dimension, shift } = *self.problem;
        // Rows that fit into the first cache. Cosines are taken of all their coordinates at once, so that vector instructions are full in any dimension.
        let block = 1_024_usize.div_ceil(dimension) * dimension;
        let (mut moved, mut waves) = (vec![0.0; block], vec![0.0; block]);
        // Loops and not closures, which would be compiled apart, without the wide instructions.
        for (points, values) in self.points.chunks(block).zip(self.values.chunks_mut(block / dimension)) {
            for (moved, x) in moved.iter_mut().zip(points) {
                *moved = x - shift;
            }
            if benchmark.is_wavy() {
                for (wave, x) in waves.iter_mut().zip(&moved) {
                    *wave = one_minus_cosine(*x);
                }
            }
            let rows = moved.chunks_exact(dimension).zip(waves.chunks_exact(dimension));
            for ((point, waves), value) in rows.zip(values) {
                *value = benchmark.of(point, waves);
            }
        }
    }
}

/// Σ xᵢ²/2 + 0.3 (1 − cos 2xᵢ) in two coordinates: wavy but nearly convex, Hessian between −0.2 and 2.2.
#[derive(Clone, Copy, Debug)]
pub struct Waves;

impl Objective for Waves {
    fn dimension(&self) -> usize {
        2
    }

    fn evaluate(&self, points: &[f64], values: &mut [f64]) {
        for (point, value) in points.chunks_exact(2).zip(values) {
            *value = Curve::Cosine.value(point[0]) + Curve::Cosine.value(point[1]);
        }
    }

    fn gradient(&self, point: &[f64], gradient: &mut [f64]) {
        for (x, slope) in point.iter().zip(gradient) {
            *slope = Curve::Cosine.slope(*x);
        }
    }
}
