//! Functions on grids of the torus, and their Fourier transforms.
//!
//! A grid has a power of two (or any even number) of points along each of up to three axes. Transforms are real: half of the coefficients, the others being conjugate. Modes at half the sampling rate are dropped everywhere, since a derivative there has no sign; with that the mean of a product over the grid is the exact inner product of two functions
//! of the grid, and an energy that is a mean over the grid has the convexity of its integrand.

use std::sync::Arc;

use num_complex::Complex64;
use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

use crate::spectrum::{Lattice, Spectrum};

/// Why a grid is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TorusError {
    /// More axes than a grid can have.
    #[error("a grid has one to three axes, not {0}")]
    Dimension(usize),
    /// An odd or tiny number of points.
    #[error("a grid has an even number of points along an axis, at least 4, not {0}")]
    Side(usize),
    /// A function with frequencies that the grid does not hold.
    #[error("{side} points along an axis hold frequencies below {}, not {found}", side / 2)]
    Bandwidth {
        /// Points along an axis.
        side: usize,
        /// The largest entry of a frequency.
        found: i32,
    },
}

/// A grid with its transforms.
pub struct Torus {
    lattice: Arc<Lattice>,
    side: usize,
    forward: Arc<dyn RealToComplex<f64>>,
    backward: Arc<dyn ComplexToReal<f64>>,
    along: [Arc<dyn Fft<f64>>; 2],
    /// n of each coefficient, axes one after the other.
    numbers: Vec<i32>,
    /// |ω|² of each coefficient.
    squares: Vec<f64>,
    /// ω of each coefficient, axis by axis.
    components: Vec<Vec<f64>>,
    /// How often a coefficient counts in sums over all: 1, 2 with its conjugate, 0 where it is dropped.
    counts: Vec<f64>,
    /// Places of n and −n that are both held, each pair once; a place with itself where n = 0.
    pairs: Vec<(usize, usize)>,
}

impl Torus {
    /// A grid of `side` points along each axis of the lattice.
    ///
    /// # Errors
    /// For more than three axes, and odd or tiny sides.
    pub fn new(lattice: Arc<Lattice>, side: usize) -> Result<Self, TorusError> {
        let dimension = lattice.dimension();
        if !(1..=3).contains(&dimension) {
            return Err(TorusError::Dimension(dimension));
        }
        if side < 4 || !side.is_multiple_of(2) {
            return Err(TorusError::Side(side));
        }
        let mut real = RealFftPlanner::new();
        let mut complex = FftPlanner::new();
        let half = side / 2 + 1;
        // Each transform along the last axis is followed by a transposition that brings the next one there.
        let mut order: Vec<usize> = (0..dimension).collect();
        for _ in 1..dimension {
            order.rotate_right(1);
        }
        let shape: Vec<usize> =
            order.iter().map(|axis| if *axis + 1 == dimension { half } else { side }).collect();
        let coefficients: usize = shape.iter().product();
        let mut numbers = vec![0; coefficients * dimension];
        let (mut squares, mut counts) = (vec![0.0; coefficients], vec![0.0; coefficients]);
        let mut components = vec![vec![0.0; coefficients]; dimension];
        for index in 0..coefficients {
            let n = &mut numbers[index * dimension..(index + 1) * dimension];
            let mut rest = index;
            for (length, axis) in shape.iter().zip(&order).rev() {
                let place = (rest % length) as i32;
                rest /= length;
                n[*axis] = if place > (side / 2) as i32 { place - side as i32 } else { place };
            }
            if n.iter().any(|entry| entry.unsigned_abs() as usize == side / 2) {
                continue;
            }
            counts[index] = if n[dimension - 1] == 0 { 1.0 } else { 2.0 };
            squares[index] = lattice.inner(n, n);
            for (axis, component) in components.iter_mut().enumerate() {
                component[index] = lattice.component(n, axis);
            }
        }
        let mut places = std::collections::HashMap::new();
        let mut pairs = Vec::new();
        for (place, n) in numbers.chunks(dimension).enumerate().filter(|(place, _)| counts[*place] == 1.0) {
            let negative: Vec<i32> = n.iter().map(|entry| -entry).collect();
            places.insert(n.to_vec(), place);
            if let Some(partner) = places.get(&negative) {
                pairs.push((*partner, place));
            }
        }
        let along = [complex.plan_fft_forward(side), complex.plan_fft_inverse(side)];
        let (forward, backward) = (real.plan_fft_forward(side), real.plan_fft_inverse(side));
        Ok(Self { lattice, side, forward, backward, along, numbers, squares, components, counts, pairs })
    }

    /// The lattice.
    pub fn lattice(&self) -> &Arc<Lattice> {
        &self.lattice
    }

    /// Points along an axis.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Points of the grid, the last axis fastest.
    pub fn points(&self) -> usize {
        self.side.pow(self.lattice.dimension() as u32)
    }

    /// Coefficients of a transform.
    pub fn coefficients(&self) -> usize {
        self.squares.len()
    }

    /// |ω|² of each coefficient.
    pub fn squares(&self) -> &[f64] {
        &self.squares
    }

    /// An entry of ω of each coefficient.
    pub fn component(&self, axis: usize) -> &[f64] {
        &self.components[axis]
    }

    /// The place of a point in periods.
    pub fn place(&self, point: usize) -> Vec<f64> {
        let dimension = self.lattice.dimension();
        let mut place = vec![0.0; dimension];
        let mut rest = point;
        for x in place.iter_mut().rev() {
            *x = (rest % self.side) as f64 / self.side as f64;
            rest /= self.side;
        }
        place
    }

    /// Coefficients of the values at the points, those at half the sampling rate left out. About 2.5 n log₂ n flops for n points, in parallel along rows. `values` is destroyed.
    ///
    /// # Panics
    /// If a length is not that of the grid, here and below.
    pub fn transform(&self, values: &mut [f64], out: &mut Vec<Complex64>, room: &mut Vec<Complex64>) {
        let (side, dimension) = (self.side, self.lattice.dimension());
        assert_eq!(values.len(), self.points(), "values of another grid");
        let half = side / 2 + 1;
        out.resize(self.coefficients(), Complex64::default());
        let scale = 1.0 / self.points() as f64;
        rows(values, side).zip(rows(out, half)).for_each_init(
            || self.forward.make_scratch_vec(),
            |scratch, (values, out)| {
                // The lengths are those of the plan.
                let done = self.forward.process_with_scratch(values, out, scratch);
                debug_assert!(done.is_ok());
            },
        );
        let mut last = half;
        for _ in 1..dimension {
            transpose(out, room, last);
            std::mem::swap(out, room);
            self.rows_of(0, out);
            last = side;
        }
        out.iter_mut()
            .zip(&self.counts)
            .for_each(|(c, count)| *c = if *count == 0.0 { Complex64::default() } else { *c * scale });
        self.symmetrise(out);
    }

    /// Makes held pairs conjugate to the last digit: what rounding leaves between them no grid sees, and no equation pulls back.
    fn symmetrise(&self, spectrum: &mut [Complex64]) {
        for (a, b) in &self.pairs {
            let mean = (spectrum[*a] + spectrum[*b].conj()) * 0.5;
            (spectrum[*a], spectrum[*b]) = (mean, mean.conj());
        }
    }

    /// Values at the points. `spectrum` is destroyed.
    pub fn evaluate(&self, spectrum: &mut Vec<Complex64>, out: &mut Vec<f64>, room: &mut Vec<Complex64>) {
        let (side, dimension) = (self.side, self.lattice.dimension());
        assert_eq!(spectrum.len(), self.coefficients(), "coefficients of another grid");
        let half = side / 2 + 1;
        for step in 1..dimension {
            self.rows_of(1, spectrum);
            let first = if step + 1 == dimension { half } else { side };
            let rest = spectrum.len() / first;
            transpose(spectrum, room, rest);
            std::mem::swap(spectrum, room);
        }
        out.resize(self.points(), 0.0);
        rows(spectrum, half).zip(rows(out, side)).for_each_init(
            || self.backward.make_scratch_vec(),
            |scratch, (spectrum, out)| {
                // What rounding leaves in coefficients that are real.
                spectrum[0].im = 0.0;
                spectrum[half - 1].im = 0.0;
                let done = self.backward.process_with_scratch(spectrum, out, scratch);
                debug_assert!(done.is_ok());
            },
        );
    }

    fn rows_of(&self, direction: usize, values: &mut [Complex64]) {
        let fft = &self.along[direction];
        rows(values, self.side).for_each_init(
            || vec![Complex64::default(); fft.get_inplace_scratch_len()],
            |scratch, row| fft.process_with_scratch(row, scratch),
        );
    }

    /// Σ over all modes of weight(|ω|²)|c|².
    pub fn sum(&self, spectrum: &[Complex64], weight: impl Fn(f64) -> f64) -> f64 {
        self.inner(spectrum, spectrum, weight)
    }

    /// The real inner product Σ over all modes of weight(|ω|²) c d̄. Eight sums side by side, which a processor need not wait for one after the other.
    pub fn inner(&self, a: &[Complex64], b: &[Complex64], weight: impl Fn(f64) -> f64) -> f64 {
        let mut sums = [0.0; 8];
        let blocks = a.chunks(8).zip(b.chunks(8)).zip(self.counts.chunks(8)).zip(self.squares.chunks(8));
        for (((a, b), counts), squares) in blocks {
            for (k, sum) in sums.iter_mut().enumerate().take(a.len()) {
                *sum += counts[k] * weight(squares[k]) * (a[k].re * b[k].re + a[k].im * b[k].im);
            }
        }
        sums.iter().sum()
    }

    /// The L² norm.
    pub fn l2(&self, spectrum: &[Complex64]) -> f64 {
        self.sum(spectrum, |_| 1.0).sqrt()
    }

    /// The H¹ norm.
    pub fn h1(&self, spectrum: &[Complex64]) -> f64 {
        self.sum(spectrum, |square| 1.0 + square).sqrt()
    }

    /// The dual norm H⁻¹.
    pub fn dual(&self, spectrum: &[Complex64]) -> f64 {
        self.sum(spectrum, |square| 1.0 / (1.0 + square)).sqrt()
    }

    /// B_s.
    pub fn barron(&self, spectrum: &[Complex64], order: f64) -> f64 {
        let terms = spectrum.iter().zip(&self.counts).zip(&self.squares);
        terms.map(|((c, count), square)| count * (1.0 + square.sqrt()).powf(order) * c.norm()).sum()
    }

    /// The part of B_s from frequencies with an entry of `from` or more.
    pub fn barron_beyond(&self, spectrum: &[Complex64], order: f64, from: usize) -> f64 {
        let numbers = self.numbers.chunks(self.lattice.dimension());
        let terms = spectrum.iter().zip(&self.counts).zip(&self.squares).zip(numbers);
        let far = terms.filter(|(_, n)| n.iter().any(|entry| entry.unsigned_abs() as usize >= from));
        far.map(|(((c, count), square), _)| count * (1.0 + square.sqrt()).powf(order) * c.norm()).sum()
    }

    /// The largest |c| among frequencies whose largest entry is 0, 1, 2, ….
    pub fn shells(&self, spectrum: &[Complex64]) -> Vec<f64> {
        let mut shells = vec![0.0_f64; self.side / 2 + 1];
        for (n, c) in self.numbers.chunks(self.lattice.dimension()).zip(spectrum) {
            let shell = n.iter().map(|entry| entry.unsigned_abs() as usize).max().unwrap_or(0);
            shells[shell] = shells[shell].max(c.norm());
        }
        shells
    }

    /// A few-term function on the grid.
    ///
    /// # Errors
    /// If the grid does not hold its frequencies.
    pub fn spread(&self, function: &Spectrum) -> Result<Vec<Complex64>, TorusError> {
        let found = function.bandwidth();
        if found as usize >= self.side / 2 {
            return Err(TorusError::Bandwidth { side: self.side, found });
        }
        let numbers = self.numbers.chunks(self.lattice.dimension());
        Ok(numbers.map(|n| function.coefficient(n)).collect())
    }

    /// The terms with |c| above a threshold.
    pub fn gathered(&self, spectrum: &[Complex64], threshold: f64) -> Spectrum {
        let mut terms = Vec::new();
        for ((n, c), count) in self.numbers.chunks(self.lattice.dimension()).zip(spectrum).zip(&self.counts) {
            if c.norm() > threshold && *count > 0.0 {
                terms.push((n.to_vec(), *c));
                if *count == 2.0 {
                    terms.push((n.iter().map(|entry| -entry).collect(), c.conj()));
                }
            }
        }
        Spectrum::from_grid(self.lattice.clone(), terms)
    }
}

/// Rows of a matrix, in parallel where there is enough work.
fn rows<T: Send>(values: &mut [T], length: usize) -> rayon::slice::ChunksExactMut<'_, T> {
    values.par_chunks_exact_mut(length)
}

/// The transpose of a matrix with rows of this length, in blocks that fit into a cache.
fn transpose(from: &[Complex64], to: &mut Vec<Complex64>, length: usize) {
    const BLOCK: usize = 16;
    let count = from.len() / length;
    to.resize(from.len(), Complex64::default());
    to.par_chunks_mut(BLOCK * count).enumerate().for_each(|(block, to)| {
        let first = block * BLOCK;
        for start in (0..count).step_by(BLOCK) {
            for (column, to) in to.chunks_exact_mut(count).enumerate() {
                for row in start..count.min(start + BLOCK) {
                    to[row] = from[row * length + first + column];
                }
            }
        }
    });
}
