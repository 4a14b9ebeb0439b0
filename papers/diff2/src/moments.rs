//! Exact expectations on f(x) = |x|²/2, for any number of rounds in a logarithmic number of steps.
//!
//! With g the gradient, v the estimate and e = v − g, the three numbers E|g|², E g·e and E|e|² obey a linear recursion, so a segment of T rounds is the
//! T-th power of a small matrix, and a run of 10¹² rounds some eighty products of such matrices.

/// A run whose noise has deviation s₁ at restarts and s₂ times the step's length at other rounds, in every coordinate.
#[derive(Clone, Copy, Debug)]
pub struct Quadratic {
    /// R.
    pub rounds: u64,
    /// T.
    pub restart: u64,
    /// η.
    pub step: f64,
    /// |∇f(x₀)|².
    pub start: f64,
    /// d.
    pub dimension: f64,
    /// s₁.
    pub gradient_noise: f64,
    /// s₂.
    pub difference_noise: f64,
}

/// Expected squared gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Over x₀ … x_{R−1}: of an iterate drawn at random.
    pub mean: f64,
    /// At x_R.
    pub last: f64,
}

const SIZE: usize = 5;
type Matrix = [[f64; SIZE]; SIZE];

// Coordinates of a state: E|g|², E g·e, E|e|², the sum of E|g|² so far, and 1.
const SQUARE: usize = 0;
const CROSS: usize = 1;
const ERROR: usize = 2;
const SUM: usize = 3;
const ONE: usize = 4;

impl Quadratic {
    /// The expectations, exact up to rounding.
    pub fn expected(&self) -> Expected {
        let (eta, kept) = (self.step, 1.0 - self.step);
        let mut restart = [[0.0; SIZE]; SIZE];
        restart[SQUARE][SQUARE] = 1.0;
        restart[SUM][SUM] = 1.0;
        restart[ONE][ONE] = 1.0;
        restart[ERROR][ONE] = self.dimension * self.gradient_noise * self.gradient_noise;
        // x ← x − ηv, then the difference's noise, of variance s₂²η²|v|² in each coordinate.
        let mut round = [[0.0; SIZE]; SIZE];
        round[SUM][SUM] = 1.0;
        round[SUM][SQUARE] = 1.0;
        round[ONE][ONE] = 1.0;
        round[SQUARE][SQUARE] = kept * kept;
        round[SQUARE][CROSS] = -2.0 * kept * eta;
        round[SQUARE][ERROR] = eta * eta;
        round[CROSS][CROSS] = kept;
        round[CROSS][ERROR] = -eta;
        let added = self.dimension * (self.difference_noise * eta).powi(2);
        round[ERROR] = [added, 2.0 * added, 1.0 + added, 0.0, 0.0];
        let restart_every = self.restart.clamp(1, self.rounds.max(1));
        let segment = product(&power(&round, restart_every), &restart);
        let (segments, rest) = (self.rounds / restart_every, self.rounds % restart_every);
        let mut run = power(&segment, segments);
        if rest > 0 {
            run = product(&product(&power(&round, rest), &restart), &run);
        }
        let state = [self.start, 0.0, 0.0, 0.0, 1.0];
        let after = |row: usize| run[row].iter().zip(state).map(|(entry, value)| entry * value).sum::<f64>();
        Expected { mean: after(SUM) / self.rounds.max(1) as f64, last: after(SQUARE) }
    }
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let mut out = [[0.0; SIZE]; SIZE];
    for (row, a) in out.iter_mut().zip(a) {
        for (entry, b) in a.iter().zip(b) {
            for (sum, b) in row.iter_mut().zip(b) {
                *sum += entry * b;
            }
        }
    }
    out
}

fn power(matrix: &Matrix, mut exponent: u64) -> Matrix {
    let mut result = [[0.0; SIZE]; SIZE];
    for (index, row) in result.iter_mut().enumerate() {
        row[index] = 1.0;
    }
    let mut square = *matrix;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = product(&square, &result);
        }
        exponent >>= 1;
        if exponent > 0 {
            square = product(&square, &square);
        }
    }
    result
}
