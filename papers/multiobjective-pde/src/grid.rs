//! The Laplacian on a square, its fast inverses, and its norms.
//!
//! Functions on the unit square that vanish on the boundary have n × n values, at ((i + 1)h, (j + 1)h) with h = 1/(n + 1) in place i n + j. A is the five-point
//! −Δ over h², which is also that of linear elements on right triangles with lumped masses. Its eigenvectors are products of sines, so that a sine transform along
//! j leaves tridiagonal systems along i, and one along both leaves numbers.

use std::f64::consts::PI;
use std::sync::Arc;

use numerics::sum::fast_dot;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// The grid with its transforms.
#[derive(Clone)]
pub struct Grid {
    n: usize,
    h: f64,
    /// 4/h² sin²(πkh/2) for k = 1, …, n.
    eigenvalues: Vec<f64>,
    /// sin(πk/(n + 1)) for k = 0, …, n.
    sines: Vec<f64>,
    fft: Arc<dyn Fft<f64>>,
}

/// Memory for transforms, to be used again.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    pair: Vec<Complex<f64>>,
    fft: Vec<Complex<f64>>,
    square: Vec<f64>,
}

impl Grid {
    /// n × n nodes inside.
    ///
    /// # Panics
    /// If n is zero.
    pub fn new(n: usize) -> Self {
        assert!(n > 0, "a grid has nodes");
        let h = 1.0 / (n as f64 + 1.0);
        let eigenvalue = |k: usize| (2.0 / h * (0.5 * PI * k as f64 * h).sin()).powi(2);
        Self {
            n,
            h,
            eigenvalues: (1..=n).map(eigenvalue).collect(),
            sines: (0..=n).map(|k| (PI * k as f64 * h).sin()).collect(),
            fft: FftPlanner::new().plan_fft_forward(n + 1),
        }
    }

    /// n.
    pub fn side(&self) -> usize {
        self.n
    }

    /// N = n².
    pub fn nodes(&self) -> usize {
        self.n * self.n
    }

    /// h.
    pub fn spacing(&self) -> f64 {
        self.h
    }

    /// The value of a function at every node.
    pub fn sample(&self, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        let at = |k: usize| (k as f64 + 1.0) * self.h;
        (0..self.nodes()).map(|place| f(at(place / self.n), at(place % self.n))).collect()
    }

    /// λ₁ = (8/h²) sin²(πh/2), the least eigenvalue of A; towards 2π².
    pub fn least_eigenvalue(&self) -> f64 {
        2.0 * self.eigenvalues[0]
    }

    /// h² Σ v w.
    pub fn inner(&self, v: &[f64], w: &[f64]) -> f64 {
        self.h * self.h * fast_dot(v, w)
    }

    /// The norm of that.
    pub fn norm(&self, v: &[f64]) -> f64 {
        self.inner(v, v).sqrt()
    }

    /// out = A v. One pass.
    ///
    /// # Panics
    /// As everything here, for slices of another length than N.
    pub fn laplacian(&self, v: &[f64], out: &mut [f64]) {
        let n = self.n;
        let scale = 1.0 / (self.h * self.h);
        let zeros = vec![0.0; n];
        for (i, out) in out.chunks_exact_mut(n).enumerate() {
            let row = &v[i * n..][..n];
            let above = if i == 0 { &zeros[..] } else { &v[(i - 1) * n..][..n] };
            let below = if i + 1 == n { &zeros[..] } else { &v[(i + 1) * n..][..n] };
            for j in 0..n {
                out[j] = 4.0 * row[j] - above[j] - below[j];
            }
            for j in 1..n {
                out[j] -= row[j - 1];
                out[j - 1] -= row[j];
            }
            out.iter_mut().for_each(|out| *out *= scale);
        }
    }

    /// Σ_j v_j sin(πjk/(n + 1)) of every row, in place; twice is (n + 1)/2 times the identity.
    ///
    /// Two rows are one complex transform of length n + 1: with f_j = sin(πj/(n + 1))(v_j + v_{n+1−j}) + ½(v_j − v_{n+1−j}) the imaginary parts of its coefficients are the even sines, and
    /// the real parts the differences of the odd ones.
    fn sines_of_rows(&self, values: &mut [f64], scratch: &mut Scratch) {
        let (n, m) = (self.n, self.n + 1);
        scratch.pair.resize(m, Complex::default());
        scratch.fft.resize(self.fft.get_inplace_scratch_len(), Complex::default());
        let pair = &mut scratch.pair;
        for rows in values.chunks_mut(2 * n) {
            let (first, second) = rows.split_at_mut(n.min(rows.len()));
            let fold = |row: &[f64], j: usize| {
                let (v, mirrored) = (row[j - 1], row[n - j]);
                self.sines[j] * (v + mirrored) + 0.5 * (v - mirrored)
            };
            pair[0] = Complex::default();
            if second.is_empty() {
                (1..m).for_each(|j| pair[j] = Complex::new(fold(first, j), 0.0));
            } else {
                (1..m).for_each(|j| pair[j] = Complex::new(fold(first, j), fold(second, j)));
            }
            self.fft.process_with_scratch(pair, &mut scratch.fft);
            // The two real transforms: sums and differences of a coefficient and its mirror image.
            let mut odd = (0.5 * pair[0].re, 0.5 * pair[0].im);
            first[0] = odd.0;
            if !second.is_empty() {
                second[0] = odd.1;
            }
            for k in 1..=n / 2 {
                let (a, b) = (pair[k], pair[m - k]);
                let even = (-0.5 * (a.im - b.im), 0.5 * (a.re - b.re));
                odd = (odd.0 + 0.5 * (a.re + b.re), odd.1 + 0.5 * (a.im + b.im));
                first[2 * k - 1] = even.0;
                if 2 * k < n {
                    first[2 * k] = odd.0;
                }
                if !second.is_empty() {
                    second[2 * k - 1] = even.1;
                    if 2 * k < n {
                        second[2 * k] = odd.1;
                    }
                }
            }
        }
    }

    fn transpose(&self, from: &[f64], to: &mut [f64]) {
        const TILE: usize = 16;
        let n = self.n;
        for i0 in (0..n).step_by(TILE) {
            for j0 in (0..n).step_by(TILE) {
                for i in i0..(i0 + TILE).min(n) {
                    for j in j0..(j0 + TILE).min(n) {
                        to[j * n + i] = from[i * n + j];
                    }
                }
            }
        }
    }

    /// v ↦ g(A) v in place, for a function g of an eigenvalue: four sine transforms and two transpositions, 20 N log₂ n flops.
    pub fn function(&self, g: impl Fn(f64) -> f64, v: &mut [f64], scratch: &mut Scratch) {
        let n = self.n;
        let mut square = std::mem::take(&mut scratch.square);
        square.resize(self.nodes(), 0.0);
        self.sines_of_rows(v, scratch);
        self.transpose(v, &mut square);
        self.sines_of_rows(&mut square, scratch);
        let scale = 4.0 * self.h * self.h;
        for (row, first) in square.chunks_exact_mut(n).zip(&self.eigenvalues) {
            for (v, second) in row.iter_mut().zip(&self.eigenvalues) {
                *v *= scale * g(first + second);
            }
        }
        self.sines_of_rows(&mut square, scratch);
        self.transpose(&square, v);
        self.sines_of_rows(v, scratch);
        scratch.square = square;
    }

    /// (A + c)⁻¹ for a fixed c ≥ 0, prepared.
    pub fn shifted(&self, c: f64) -> Shifted {
        let n = self.n;
        let off = 1.0 / (self.h * self.h);
        let mut pivots = vec![0.0; n * n];
        for (j, eigenvalue) in self.eigenvalues.iter().enumerate() {
            let diagonal = 2.0 * off + eigenvalue + c;
            let mut before = 0.0;
            for i in 0..n {
                before = 1.0 / (diagonal - off * off * before);
                pivots[i * n + j] = off * before;
            }
        }
        Shifted { grid: self.clone(), pivots }
    }

    /// |r|_{A⁻¹} = √(h² rᵀA⁻¹r): what bounds |y − y_N|_A for the residual r.
    pub fn dual_norm(&self, r: &[f64], scratch: &mut Scratch) -> f64 {
        let mut solved = r.to_vec();
        self.function(|eigenvalue| 1.0 / eigenvalue, &mut solved, scratch);
        self.inner(r, &solved).max(0.0).sqrt()
    }

    /// |v|_A = √(h² vᵀAv).
    pub fn energy_norm(&self, v: &[f64]) -> f64 {
        let mut applied = vec![0.0; v.len()];
        self.laplacian(v, &mut applied);
        self.inner(v, &applied).max(0.0).sqrt()
    }
}

/// (A + c)⁻¹: two sine transforms along one axis, tridiagonal systems along the other.
#[derive(Clone)]
pub struct Shifted {
    grid: Grid,
    /// 1/h² over the pivots of the tridiagonal system of each eigenvalue.
    pivots: Vec<f64>,
}

impl Shifted {
    /// v ↦ (A + c)⁻¹v, in place. 10 N log₂ n flops; six passes over N numbers.
    pub fn solve(&self, v: &mut [f64], scratch: &mut Scratch) {
        let (n, grid) = (self.grid.n, &self.grid);
        grid.sines_of_rows(v, scratch);
        // With p = 1/(h² pivot): w_i = p_i (h² v_i + w_{i−1}), then w_i += p_i w_{i+1}. The scale of the two transforms joins h².
        let scale = 2.0 * grid.h * grid.h * grid.h;
        let mut rows = v.chunks_exact_mut(n).zip(self.pivots.chunks_exact(n));
        let mut last: Option<&mut [f64]> = None;
        for (row, pivots) in &mut rows {
            match last {
                Some(last) => {
                    for ((v, p), w) in row.iter_mut().zip(pivots).zip(last.iter()) {
                        *v = p * (scale * *v + w);
                    }
                }
                None => row.iter_mut().zip(pivots).for_each(|(v, p)| *v *= p * scale),
            }
            last = Some(row);
        }
        for i in (0..n - 1).rev() {
            let (row, below) = v[i * n..].split_at_mut(n);
            for ((v, p), w) in row.iter_mut().zip(&self.pivots[i * n..][..n]).zip(&below[..n]) {
                *v += p * w;
            }
        }
        grid.sines_of_rows(v, scratch);
    }
}
