//! Trigonometric polynomials with few terms, in any dimension, and their Barron norms.
//!
//! u(x) = Σ c_n exp(2πi n·Kx) on the unit torus of d dimensions, where the rows of K are m frequencies in Zᵈ and n runs over Zᵐ. All that norms, energies and equations see of K is its Gram matrix G = KKᵀ: |ω|² = (2π)² nᵀGn. So a problem in a thousand
//! dimensions whose data have two frequencies is one in two dimensions with another G, exactly (**lifting**).
//!
//! The Barron norm of order s is B_s(u) = Σ (1 + |ω|)ˢ |c_n|, a sum over this very expansion. The infimum over extensions to Rᵈ may be smaller.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use num_complex::Complex64;
use numerics::symmetric::eigenvalues;

/// The frequencies that a problem's data span.
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    gram: Array2<f64>,
    /// Lower triangular R with G = RRᵀ: ω = 2πRᵀn has m entries and the length of 2πKᵀn.
    factor: Array2<f64>,
    /// A lower bound of nᵀGn over n ≠ 0.
    least: f64,
}

/// Why frequencies are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LatticeError {
    /// None.
    #[error("there is no frequency")]
    Empty,
    /// Vectors of different lengths.
    #[error("frequency {0} has another number of entries than the first")]
    Lengths(usize),
    /// Linearly dependent frequencies.
    #[error("frequency {0} depends on those before it")]
    Dependent(usize),
}

impl Lattice {
    /// All frequencies in d dimensions, for functions with period 1 in each variable.
    pub fn unit(dimension: usize) -> Self {
        Self { gram: Array2::eye(dimension), factor: Array2::eye(dimension), least: 1.0 }
    }

    /// The same with period 2, for odd extensions of functions that vanish on the boundary of the unit cube.
    pub fn doubled(dimension: usize) -> Self {
        Self { gram: 0.25 * Array2::eye(dimension), factor: 0.5 * Array2::eye(dimension), least: 0.25 }
    }

    /// Integer combinations of some frequencies.
    ///
    /// # Errors
    /// For none, for vectors of different lengths, and for dependent ones.
    pub fn spanned(vectors: &[Vec<i32>]) -> Result<Self, LatticeError> {
        let size = vectors.len();
        let Some(first) = vectors.first() else { return Err(LatticeError::Empty) };
        if let Some(other) = vectors.iter().position(|vector| vector.len() != first.len()) {
            return Err(LatticeError::Lengths(other));
        }
        let dot =
            |a: &[i32], b: &[i32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let gram = Array2::from_shape_fn((size, size), |(i, j)| dot(&vectors[i], &vectors[j]));
        let mut factor = Array2::<f64>::zeros((size, size));
        for i in 0..size {
            for j in 0..=i {
                let sum: f64 = (0..j).map(|k| factor[(i, k)] * factor[(j, k)]).sum();
                let left = gram[(i, j)] - sum;
                if i > j {
                    factor[(i, j)] = left / factor[(j, j)];
                } else if left <= 1e-9 * gram[(i, i)] || gram[(i, i)] == 0.0 {
                    return Err(LatticeError::Dependent(i));
                } else {
                    factor[(i, i)] = left.sqrt();
                }
            }
        }
        // nᵀGn is a whole number.
        let least =
            eigenvalues(gram.view()).and_then(|values| values.first().copied()).unwrap_or(1.0).max(1.0);
        Ok(Self { gram, factor, least })
    }

    /// m.
    pub fn dimension(&self) -> usize {
        self.gram.nrows()
    }

    /// G.
    pub fn gram(&self) -> ArrayView2<'_, f64> {
        self.gram.view()
    }

    /// (2π)² nᵀGp.
    pub fn inner(&self, n: &[i32], p: &[i32]) -> f64 {
        let mut sum = 0.0;
        for (i, a) in n.iter().enumerate() {
            for (j, b) in p.iter().enumerate() {
                sum += self.gram[(i, j)] * f64::from(*a) * f64::from(*b);
            }
        }
        TAU * TAU * sum
    }

    /// |ω| of n.
    pub fn length(&self, n: &[i32]) -> f64 {
        self.inner(n, n).sqrt()
    }

    /// An entry of ω = 2πRᵀn.
    pub fn component(&self, n: &[i32], axis: usize) -> f64 {
        TAU * n.iter().enumerate().map(|(i, a)| self.factor[(i, axis)] * f64::from(*a)).sum::<f64>()
    }

    /// A lower bound of |ω| over all frequencies but 0; the least itself on orthogonal lattices.
    pub fn least_length(&self) -> f64 {
        TAU * self.least.sqrt()
    }
}

/// A real trigonometric polynomial.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    lattice: Arc<Lattice>,
    /// c_n, for n and −n both; no zeros.
    terms: BTreeMap<Vec<i32>, Complex64>,
}

/// Why coefficients are refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpectrumError {
    /// A frequency with another number of entries than the lattice.
    #[error("frequency {0:?} has the wrong number of entries")]
    Dimension(Vec<i32>),
    /// A coefficient that is no number.
    #[error("the coefficient of frequency {0:?} is not finite")]
    NotFinite(Vec<i32>),
    /// c₋ₙ is not the conjugate of c_n: the function is not real.
    #[error("the coefficients of frequency {0:?} and its negative are not conjugate")]
    NotReal(Vec<i32>),
}

impl Spectrum {
    /// Zero.
    pub fn zero(lattice: Arc<Lattice>) -> Self {
        Self { lattice, terms: BTreeMap::new() }
    }

    /// From pairs of n and c_n, which are added where n occurs twice.
    ///
    /// # Errors
    /// For frequencies of another length, coefficients that are not finite, and functions that are not real to 1e-12 of the largest coefficient.
    pub fn new(
        lattice: Arc<Lattice>,
        terms: impl IntoIterator<Item = (Vec<i32>, Complex64)>,
    ) -> Result<Self, SpectrumError> {
        let mut found = Self::zero(lattice);
        for (n, c) in terms {
            if n.len() != found.lattice.dimension() {
                return Err(SpectrumError::Dimension(n));
            }
            if !(c.re.is_finite() && c.im.is_finite()) {
                return Err(SpectrumError::NotFinite(n));
            }
            *found.terms.entry(n).or_default() += c;
        }
        let largest = found.terms.values().fold(0.0_f64, |most, c| most.max(c.norm()));
        for (n, c) in &found.terms {
            if (found.coefficient(&negative(n)) - c.conj()).norm() > 1e-12 * largest {
                return Err(SpectrumError::NotReal(n.clone()));
            }
        }
        found.terms.retain(|_, c| c.norm() > 0.0);
        Ok(found)
    }

    /// Terms of a grid, which are real by construction.
    pub(crate) fn from_grid(lattice: Arc<Lattice>, terms: Vec<(Vec<i32>, Complex64)>) -> Self {
        Self { lattice, terms: terms.into_iter().collect() }
    }

    /// Σ aⱼ cos(2π n_j·Kx + φⱼ), from (n_j, aⱼ, φⱼ).
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn cosines(lattice: Arc<Lattice>, waves: &[(Vec<i32>, f64, f64)]) -> Result<Self, SpectrumError> {
        let halves = waves.iter().flat_map(|(n, a, phase)| {
            let c = Complex64::from_polar(a / 2.0, *phase);
            [(n.clone(), c), (negative(n), c.conj())]
        });
        Self::new(lattice, halves)
    }

    /// The lattice.
    pub fn lattice(&self) -> &Arc<Lattice> {
        &self.lattice
    }

    /// n and c_n in order, both halves.
    pub fn terms(&self) -> impl Iterator<Item = (&[i32], Complex64)> {
        self.terms.iter().map(|(n, c)| (n.as_slice(), *c))
    }

    /// How many terms, both halves.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether it is zero.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// c_n.
    pub fn coefficient(&self, n: &[i32]) -> Complex64 {
        self.terms.get(n).copied().unwrap_or_default()
    }

    /// The largest |entry| of a frequency.
    pub fn bandwidth(&self) -> i32 {
        self.terms.keys().flatten().map(|entry| entry.abs()).max().unwrap_or(0)
    }

    /// B_s, for any real s. B_0 bounds the supremum, and B_s(uv) ≤ B_s(u) B_s(v) for s ≥ 0.
    pub fn barron(&self, order: f64) -> f64 {
        self.sum(|n, c| (1.0 + self.lattice.length(n)).powf(order) * c.norm())
    }

    /// The L² norm.
    pub fn l2(&self) -> f64 {
        self.sum(|_, c| c.norm_sqr()).sqrt()
    }

    /// The H¹ norm: |u|² + |∇u|².
    pub fn h1(&self) -> f64 {
        self.sum(|n, c| (1.0 + self.lattice.inner(n, n)) * c.norm_sqr()).sqrt()
    }

    /// The dual norm H⁻¹.
    pub fn dual(&self) -> f64 {
        self.sum(|n, c| c.norm_sqr() / (1.0 + self.lattice.inner(n, n))).sqrt()
    }

    fn sum(&self, of: impl Fn(&[i32], Complex64) -> f64) -> f64 {
        self.terms().map(|(n, c)| of(n, c)).sum()
    }

    /// Every c_n times a real, even factor of n.
    pub fn filtered(&self, factor: impl Fn(&[i32]) -> f64) -> Self {
        let terms =
            self.terms.iter().map(|(n, c)| (n.clone(), *c * factor(n))).filter(|(_, c)| c.norm() > 0.0);
        Self { lattice: self.lattice.clone(), terms: terms.collect() }
    }

    /// (I − Δ)⁻¹u.
    pub fn preconditioned(&self) -> Self {
        self.filtered(|n| 1.0 / (1.0 + self.lattice.inner(n, n)))
    }

    /// au + bv.
    ///
    /// # Panics
    /// If the lattices differ, as in all that follows.
    pub fn combined(&self, a: f64, other: &Self, b: f64) -> Self {
        assert_eq!(self.lattice, other.lattice, "different lattices");
        let mut sum = self.filtered(|_| a);
        for (n, c) in &other.terms {
            *sum.terms.entry(n.clone()).or_default() += b * c;
        }
        sum.terms.retain(|_, c| c.norm() > 0.0);
        sum
    }

    /// uv, exactly: as many products as pairs of terms.
    pub fn times(&self, other: &Self) -> Self {
        self.convolved(other, |_, _| 1.0)
    }

    /// −div(u∇v), for a coefficient u.
    pub fn diffused(&self, v: &Self) -> Self {
        self.convolved(v, |sum, p| self.lattice.inner(sum, p))
    }

    /// Σ over n + p of factor(n + p, p) c_n d_p.
    fn convolved(&self, other: &Self, factor: impl Fn(&[i32], &[i32]) -> f64) -> Self {
        assert_eq!(self.lattice, other.lattice, "different lattices");
        let mut terms: BTreeMap<Vec<i32>, Complex64> = BTreeMap::new();
        let mut sum = vec![0; self.lattice.dimension()];
        for (n, c) in &self.terms {
            for (p, d) in &other.terms {
                for ((sum, n), p) in sum.iter_mut().zip(n).zip(p) {
                    *sum = n + p;
                }
                let product = c * d * factor(&sum, p);
                match terms.get_mut(&sum) {
                    Some(term) => *term += product,
                    None => {
                        terms.insert(sum.clone(), product);
                    }
                }
            }
        }
        terms.retain(|_, c| c.norm() > 0.0);
        Self { lattice: self.lattice.clone(), terms }
    }

    /// Drops pairs of terms with |c_n| below a threshold; the H¹ norm of what was dropped.
    pub fn prune(&mut self, threshold: f64) -> f64 {
        let lattice = self.lattice.clone();
        let mut dropped = 0.0;
        self.terms.retain(|n, c| {
            let keep = c.norm() >= threshold;
            if !keep {
                dropped += (1.0 + lattice.inner(n, n)) * c.norm_sqr();
            }
            keep
        });
        dropped.sqrt()
    }

    /// The value at θ = Kx, m numbers in periods.
    ///
    /// # Panics
    /// For another number of them.
    pub fn value(&self, place: &[f64]) -> f64 {
        assert_eq!(place.len(), self.lattice.dimension(), "a place of another dimension");
        let phase = |n: &[i32]| TAU * n.iter().zip(place).map(|(n, x)| f64::from(*n) * x).sum::<f64>();
        self.sum(|n, c| c.re * phase(n).cos() - c.im * phase(n).sin())
    }

    /// As Σ aⱼ cos(2π n_j·Kx + φⱼ), each pair once with aⱼ > 0; the constant apart.
    pub fn waves(&self) -> (f64, Vec<(Vec<i32>, f64, f64)>) {
        let zero = vec![0; self.lattice.dimension()];
        let half = self.terms.iter().filter(|(n, _)| **n > zero);
        (self.coefficient(&zero).re, half.map(|(n, c)| (n.clone(), 2.0 * c.norm(), c.arg())).collect())
    }
}

fn negative(n: &[i32]) -> Vec<i32> {
    n.iter().map(|entry| -entry).collect()
}
