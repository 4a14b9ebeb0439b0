//! Linear measurements, and the least-squares terms that they make.

use std::sync::Arc;

use ndarray::{Array2, ArrayView1};
use numerics::cholesky::Cholesky;
use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// A linear measurement of n numbers.
#[derive(Clone)]
pub enum Operator {
    /// A matrix.
    Matrix(Array2<f64>),
    /// Some of the numbers.
    Mask {
        /// n.
        inputs: usize,
        /// Places that are seen.
        seen: Vec<usize>,
    },
    /// A square image convolved with a square kernel, all places where the two meet: the result is larger than the image.
    Blur {
        /// Pixels along a side of the image.
        side: usize,
        /// Odd sides; its entries sum to one.
        kernel: Array2<f64>,
    },
    /// Rows of a circulant matrix, its columns' signs flipped at random.
    Circulant(Circulant),
}

/// Some rows of a circulant matrix times signs, by Fourier transforms.
#[derive(Clone)]
pub struct Circulant {
    spectrum: Vec<Complex<f64>>,
    signs: Vec<f64>,
    rows: Vec<usize>,
    forward: Arc<dyn Fft<f64>>,
    back: Arc<dyn Fft<f64>>,
}

/// Why there is no measurement.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OperatorError {
    /// Nothing is measured, or nothing is there.
    #[error("expected at least one number in and one out")]
    Empty,
    /// A place beyond the end.
    #[error("place {place} of a mask of {inputs} numbers")]
    Place {
        /// Found.
        place: usize,
        /// n.
        inputs: usize,
    },
    /// A width that is not positive, or a kernel wider than can be.
    #[error("a blur of width {0}: expected a positive number that fits into the image")]
    Width(f64),
    /// More rows than a circulant matrix has.
    #[error("{rows} rows of {inputs}")]
    Rows {
        /// Found.
        rows: usize,
        /// n.
        inputs: usize,
    },
}

impl Operator {
    /// Normal blur of deviation `width` pixels; the kernel's side is the odd number from 3 widths on, 5 at least.
    ///
    /// # Errors
    /// A width that is not positive, or more than the image's.
    pub fn blur(side: usize, width: f64) -> Result<Self, OperatorError> {
        if !(width > 0.0 && 3.0 * width <= side as f64) {
            return Err(OperatorError::Width(width));
        }
        let size = ((3.0 * width) as usize).max(5) | 1;
        let half = (size / 2) as f64;
        let at = |k: usize| (-(k as f64 - half).powi(2) / (2.0 * width * width)).exp();
        let total: f64 = (0..size).map(at).sum();
        let kernel = Array2::from_shape_fn((size, size), |(i, j)| at(i) * at(j) / (total * total));
        Ok(Self::Blur { side, kernel })
    }

    /// Chosen places of n.
    ///
    /// # Errors
    /// No place, or one beyond the end.
    pub fn mask(inputs: usize, seen: Vec<usize>) -> Result<Self, OperatorError> {
        match seen.iter().find(|place| **place >= inputs) {
            Some(place) => Err(OperatorError::Place { place: *place, inputs }),
            None if seen.is_empty() => Err(OperatorError::Empty),
            None => Ok(Self::Mask { inputs, seen }),
        }
    }

    /// A random circulant matrix of n columns with random signs, `rows` of its rows, scaled so that rows have length √(n/rows)·: A Aᵀ has the mean diagonal n/rows.
    ///
    /// # Errors
    /// No row, or more than n.
    pub fn circulant(inputs: usize, rows: usize, random: &mut impl rand::Rng) -> Result<Self, OperatorError> {
        use rand::seq::SliceRandom;
        use rand_distr::StandardNormal;
        if rows == 0 || rows > inputs {
            return Err(OperatorError::Rows { rows, inputs });
        }
        let scale = 1.0 / (rows as f64).sqrt();
        let mut spectrum: Vec<Complex<f64>> =
            (0..inputs).map(|_| Complex::new(scale * random.sample::<f64, _>(StandardNormal), 0.0)).collect();
        let mut planner = FftPlanner::new();
        let (forward, back) = (planner.plan_fft_forward(inputs), planner.plan_fft_inverse(inputs));
        forward.process(&mut spectrum);
        let signs = (0..inputs).map(|_| if random.random_bool(0.5) { 1.0 } else { -1.0 }).collect();
        let mut places: Vec<usize> = (0..inputs).collect();
        places.shuffle(random);
        places.truncate(rows);
        places.sort_unstable();
        Ok(Self::Circulant(Circulant { spectrum, signs, rows: places, forward, back }))
    }

    /// n.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Matrix(matrix) => matrix.ncols(),
            Self::Mask { inputs, .. } => *inputs,
            Self::Blur { side, .. } => side * side,
            Self::Circulant(circulant) => circulant.signs.len(),
        }
    }

    /// Numbers measured.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Matrix(matrix) => matrix.nrows(),
            Self::Mask { seen, .. } => seen.len(),
            Self::Blur { side, kernel } => (side + kernel.nrows() - 1).pow(2),
            Self::Circulant(circulant) => circulant.rows.len(),
        }
    }

    /// A x.
    pub fn apply(&self, x: &[f64]) -> Vec<f64> {
        match self {
            Self::Matrix(matrix) => matrix.dot(&ArrayView1::from(x)).to_vec(),
            Self::Mask { seen, .. } => seen.iter().map(|place| x[*place]).collect(),
            Self::Blur { side, kernel } => {
                let mut out = vec![0.0; self.outputs()];
                for_each_tap(*side, kernel, |from, to, length, weight| {
                    for (out, x) in out[to..to + length].iter_mut().zip(&x[from..from + length]) {
                        *out += weight * x;
                    }
                });
                out
            }
            Self::Circulant(c) => {
                let mut numbers: Vec<Complex<f64>> =
                    x.iter().zip(&c.signs).map(|(x, sign)| Complex::new(x * sign, 0.0)).collect();
                c.convolve(&mut numbers, false);
                c.rows.iter().map(|row| numbers[*row].re).collect()
            }
        }
    }

    /// Aᵀ u.
    pub fn adjoint(&self, u: &[f64]) -> Vec<f64> {
        match self {
            Self::Matrix(matrix) => matrix.t().dot(&ArrayView1::from(u)).to_vec(),
            Self::Mask { inputs, seen } => {
                let mut out = vec![0.0; *inputs];
                seen.iter().zip(u).for_each(|(place, u)| out[*place] += u);
                out
            }
            Self::Blur { side, kernel } => {
                let mut out = vec![0.0; side * side];
                for_each_tap(*side, kernel, |from, to, length, weight| {
                    for (out, u) in out[from..from + length].iter_mut().zip(&u[to..to + length]) {
                        *out += weight * u;
                    }
                });
                out
            }
            Self::Circulant(c) => {
                let mut numbers = vec![Complex::new(0.0, 0.0); c.signs.len()];
                c.rows.iter().zip(u).for_each(|(row, u)| numbers[*row].re = *u);
                c.convolve(&mut numbers, true);
                numbers.iter().zip(&c.signs).map(|(x, sign)| x.re * sign).collect()
            }
        }
    }

    /// A bound of ‖A‖², for a matrix the value to rounding.
    pub fn squared_norm(&self) -> f64 {
        match self {
            Self::Matrix(matrix) => {
                let gram = matrix.t().dot(matrix);
                numerics::symmetric::eigen(gram.view())
                    .and_then(|(values, _)| values.last().copied())
                    .unwrap_or(f64::NAN)
            }
            // Places may be seen twice.
            Self::Mask { inputs, seen } => {
                let mut times = vec![0.0; *inputs];
                seen.iter().for_each(|place| times[*place] += 1.0);
                times.into_iter().fold(0.0, f64::max)
            }
            Self::Blur { kernel, .. } => kernel.iter().map(|k| k.abs()).sum::<f64>().powi(2),
            Self::Circulant(c) => c.spectrum.iter().fold(0.0_f64, |a, s| a.max(s.norm_sqr())),
        }
    }
}

impl Circulant {
    fn convolve(&self, numbers: &mut [Complex<f64>], transposed: bool) {
        self.forward.process(numbers);
        let scale = 1.0 / numbers.len() as f64;
        for (number, factor) in numbers.iter_mut().zip(&self.spectrum) {
            *number *= if transposed { factor.conj() } else { *factor } * scale;
        }
        self.back.process(numbers);
    }
}

/// Rows of the image and where they go under each entry of the kernel.
fn for_each_tap(side: usize, kernel: &Array2<f64>, mut each: impl FnMut(usize, usize, usize, f64)) {
    let width = side + kernel.nrows() - 1;
    for ((line, column), weight) in kernel.indexed_iter() {
        for row in 0..side {
            each(row * side, (row + line) * width + column, side, *weight);
        }
    }
}

/// h(x) = weight |A x − b|²/2.
#[derive(Clone)]
pub struct LeastSquares {
    /// A.
    pub operator: Operator,
    /// b.
    pub observed: Vec<f64>,
    /// Positive; 1/noise variance for a likelihood.
    pub weight: f64,
}

impl LeastSquares {
    fn rest(&self, x: &[f64]) -> Vec<f64> {
        let mut rest = self.operator.apply(x);
        rest.iter_mut().zip(&self.observed).for_each(|(rest, b)| *rest -= b);
        rest
    }

    /// h(x).
    pub fn value(&self, x: &[f64]) -> f64 {
        0.5 * self.weight * self.rest(x).iter().map(|r| r * r).sum::<f64>()
    }

    /// ∇h(x).
    pub fn gradient(&self, x: &[f64]) -> Vec<f64> {
        let mut gradient = self.operator.adjoint(&self.rest(x));
        gradient.iter_mut().for_each(|g| *g *= self.weight);
        gradient
    }

    /// L: a bound of the Lipschitz constant of ∇h.
    pub fn smoothness(&self) -> f64 {
        self.weight * self.operator.squared_norm()
    }

    /// What is needed to find argmin over x of h(x) + ρ/2 |x − z|² many times: for up to 1,024 unknowns a factor of the normal equations (n applications of A and n³/3 flops), else nothing.
    pub fn prepare(&self, rho: f64) -> Proximal<'_> {
        let n = self.operator.inputs();
        let factor = (n <= 1_024).then(|| {
            let mut gram = Array2::zeros((n, n));
            let mut unit = vec![0.0; n];
            for (k, mut row) in gram.rows_mut().into_iter().enumerate() {
                unit[k] = 1.0;
                let image = self.operator.adjoint(&self.operator.apply(&unit));
                unit[k] = 0.0;
                row.iter_mut().zip(image).for_each(|(entry, image)| *entry = self.weight * image);
                row[k] += rho;
            }
            Cholesky::new(gram.view())
        });
        Proximal { data: self, rho, factor: factor.flatten() }
    }
}

/// A data term's proximal operator at one ρ.
pub struct Proximal<'a> {
    data: &'a LeastSquares,
    rho: f64,
    factor: Option<Cholesky>,
}

impl Proximal<'_> {
    /// argmin over x of h(x) + ρ/2 |x − z|²: by the factor, or by conjugate gradients from z to a relative residual of 10⁻¹².
    pub fn at(&self, z: &[f64]) -> Vec<f64> {
        let (data, rho) = (self.data, self.rho);
        let mut rest: Vec<f64> = data.gradient(z).iter().map(|g| -g).collect();
        let mut x = z.to_vec();
        if let Some(factor) = &self.factor {
            factor.solve(&mut rest);
            x.iter_mut().zip(&rest).for_each(|(x, step)| *x += step);
            return x;
        }
        let times = |v: &[f64]| {
            let mut image = data.operator.adjoint(&data.operator.apply(v));
            image.iter_mut().zip(v).for_each(|(image, v)| *image = data.weight * *image + rho * v);
            image
        };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut direction = rest.clone();
        let mut squared = dot(&rest, &rest);
        let goal = 1e-24 * (squared + rho * rho * dot(z, z));
        for _ in 0..10 * z.len() {
            if squared <= goal {
                break;
            }
            let image = times(&direction);
            let step = squared / dot(&direction, &image);
            for k in 0..x.len() {
                x[k] += step * direction[k];
                rest[k] -= step * image[k];
            }
            let next = dot(&rest, &rest);
            direction
                .iter_mut()
                .zip(&rest)
                .for_each(|(direction, rest)| *direction = rest + next / squared * *direction);
            squared = next;
        }
        x
    }
}
