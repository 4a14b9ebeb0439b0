//! Training in function space: with the kernel Θ fixed, gradient flow on the squared cost is linear, and its solution at every time is a Gaussian process.
//!
//! With K = Θ(X, X), N points and targets y, A_t = Θ(x, X) K⁻¹ (1 − e^(−Kt/N)):
//!
//! ```text
//! mean_t(x) = A_t y,     cov_t(x, x') = Σ(x, x') + A_t Σ(X, X) A_tᵀ − A_t Σ(X, x') − Σ(x, X) A_tᵀ
//! ```
//!
//! over networks drawn at random. As t → ∞ the mean is kernel regression without ridge. Components of the error along eigenvectors of K decay as
//! e^(−λ_i t) with λ_i the eigenvalues of K/N: fastest along the largest.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use numerics::symmetric::eigen;

use crate::kernel::{Architecture, KernelError, Kind};

/// The limit of training on given points.
pub struct Regression {
    architecture: Architecture,
    points: Array2<f64>,
    targets: Array1<f64>,
    /// Added to every eigenvalue of K.
    ridge: f64,
    /// Eigenvalues of K in ascending order, and eigenvectors in columns.
    values: Vec<f64>,
    vectors: Array2<f64>,
}

/// A time of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Steps times rate.
    At(f64),
    /// t → ∞.
    Infinite,
}

/// What is known of the kernel matrix of the training points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditioning {
    /// Smallest eigenvalue of K.
    pub smallest: f64,
    /// Largest eigenvalue of K.
    pub largest: f64,
    /// Their ratio; infinite if the smallest is not positive.
    pub condition: f64,
}

/// The law of f_t at some points.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// E f_t.
    pub mean: Array1<f64>,
    /// Cov f_t.
    pub covariance: Array2<f64>,
}

/// Why there is no regression.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RegressionError {
    /// The kernel refuses the points.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// Not one target a point.
    #[error("expected {expected} targets, one a point, found {found}")]
    Targets {
        /// Points.
        expected: usize,
        /// Targets.
        found: usize,
    },
    /// A target that is NaN or infinite.
    #[error("target {row}: expected a finite number, found {value}")]
    NotFinite {
        /// The target, counted from 1.
        row: usize,
        /// What stands there.
        value: f64,
    },
    /// A time that is negative or NaN.
    #[error("expected a time of at least 0, found {0}")]
    Time(f64),
    /// A ridge that is negative or not finite.
    #[error("expected a ridge of at least 0, found {0}")]
    Ridge(f64),
    /// K is singular to working precision, so that t → ∞ has no meaning.
    #[error(
        "the kernel matrix is singular to working precision (eigenvalues from {smallest:e} to {largest:e}): {}; use a ridge or a finite time",
        coincidence(*same)
    )]
    Singular {
        /// The first two points that are the same, counted from 1.
        same: Option<(usize, usize)>,
        /// Smallest eigenvalue.
        smallest: f64,
        /// Largest eigenvalue.
        largest: f64,
    },
    /// The eigenvalues did not converge.
    #[error("the eigenvalues of the kernel matrix did not converge")]
    Eigenvalues,
}

impl Regression {
    /// Prepares for points (rows) and their targets. Cost: the kernel and about 10 N³ flops; memory 2 N² numbers.
    ///
    /// # Errors
    /// What [`Architecture::matrix`] refuses, and targets that do not fit or are not finite.
    pub fn new(
        architecture: Architecture,
        points: ArrayView2<f64>,
        targets: ArrayView1<f64>,
    ) -> Result<Self, RegressionError> {
        if points.nrows() != targets.len() {
            return Err(RegressionError::Targets { expected: points.nrows(), found: targets.len() });
        }
        if let Some(row) = targets.iter().position(|target| !target.is_finite()) {
            return Err(RegressionError::NotFinite { row: row + 1, value: targets[row] });
        }
        let kernel = architecture.matrix(Kind::Ntk, points)?;
        let (values, vectors) = eigen(kernel.view()).ok_or(RegressionError::Eigenvalues)?;
        Ok(Self {
            architecture,
            points: points.to_owned(),
            targets: targets.to_owned(),
            ridge: 0.0,
            values,
            vectors,
        })
    }

    /// With a ridge ρ ≥ 0: the flow of the squared cost plus ρ fᵀ K⁻¹ f, whose limit is (K + ρ I)⁻¹ in the place of K⁻¹. With ρ > 0 points may coincide.
    ///
    /// # Errors
    /// A ridge that is negative or not finite.
    pub fn with_ridge(self, ridge: f64) -> Result<Self, RegressionError> {
        if ridge >= 0.0 && ridge.is_finite() {
            Ok(Self { ridge, ..self })
        } else {
            Err(RegressionError::Ridge(ridge))
        }
    }

    /// The first two points that are the same, counted from 1.
    fn coinciding(&self) -> Option<(usize, usize)> {
        let rows = self.points.nrows();
        let pairs = (0..rows).flat_map(|i| (i + 1..rows).map(move |j| (i, j)));
        pairs.filter(|(i, j)| self.points.row(*i) == self.points.row(*j)).map(|(i, j)| (i + 1, j + 1)).next()
    }

    /// How well K can be inverted.
    pub fn conditioning(&self) -> Conditioning {
        let (smallest, largest) = (self.values[0], self.values[self.values.len() - 1]);
        let condition = if smallest > 0.0 { largest / smallest } else { f64::INFINITY };
        Conditioning { smallest, largest, condition }
    }

    /// λ_i, the eigenvalues of K/N in descending order: the rates of the components.
    pub fn rates(&self) -> Vec<f64> {
        let points = self.values.len() as f64;
        self.values.iter().rev().map(|value| value / points).collect()
    }

    /// The eigenvectors of K in the order of [`rates`](Self::rates), in columns of length 1.
    pub fn components(&self) -> Array2<f64> {
        self.vectors.slice(ndarray::s![.., ..;-1]).to_owned()
    }

    /// K⁻¹ (1 − e^(−Kt/N)) applied to each column, K with the ridge, through the eigenvectors: (1 − e^(−λt))/(Nλ) is exact also for λ → 0.
    fn filter(&self, time: Time, columns: ArrayView2<f64>) -> Result<Array2<f64>, RegressionError> {
        let Conditioning { smallest, largest, .. } = self.conditioning();
        let points = self.values.len() as f64;
        let weight = |value: f64| match time {
            Time::Infinite => 1.0 / value,
            Time::At(time) if value * time / points < 1e-300 => time / points,
            Time::At(time) => -(-value * time / points).exp_m1() / value,
        };
        match time {
            Time::At(time) if time.is_nan() || time < 0.0 => return Err(RegressionError::Time(time)),
            Time::Infinite if smallest + self.ridge <= points * f64::EPSILON * (largest + self.ridge) => {
                return Err(RegressionError::Singular { same: self.coinciding(), smallest, largest });
            }
            _ => {}
        }
        let mut inner = self.vectors.t().dot(&columns);
        for (mut row, &value) in inner.rows_mut().into_iter().zip(&self.values) {
            row *= weight(value + self.ridge);
        }
        Ok(self.vectors.dot(&inner))
    }

    /// E f_t at the rows of `x`: A_t y.
    ///
    /// # Errors
    /// For points that the kernel refuses, a negative time, and t → ∞ where K is singular to working precision.
    pub fn mean(&self, x: ArrayView2<f64>, time: Time) -> Result<Array1<f64>, RegressionError> {
        let cross = self.architecture.cross(Kind::Ntk, x, self.points.view())?;
        let weights = self.filter(time, self.targets.view().insert_axis(ndarray::Axis(1)))?;
        Ok(cross.dot(&weights.column(0)))
    }

    /// Mean and covariance of f_t at the rows of `x`, over initialisations. Cost: O(N² M + N M²).
    ///
    /// # Errors
    /// As for [`mean`](Self::mean).
    pub fn posterior(&self, x: ArrayView2<f64>, time: Time) -> Result<Posterior, RegressionError> {
        let points = self.points.view();
        let cross = self.architecture.cross(Kind::Ntk, x, points)?;
        // A_tᵀ: N × M.
        let filter = self.filter(time, cross.t())?;
        let prior = self.architecture.matrix(Kind::Nngp, x)?;
        let trained = self.architecture.matrix(Kind::Nngp, points)?;
        let between = self.architecture.cross(Kind::Nngp, points, x)?;
        let mixed = filter.t().dot(&between);
        let mut covariance = prior + filter.t().dot(&trained.dot(&filter)) - &mixed - mixed.t();
        // Rounding leaves the last bit asymmetric.
        covariance = (&covariance + &covariance.t()) / 2.0;
        Ok(Posterior { mean: filter.t().dot(&self.targets), covariance })
    }
}

impl Posterior {
    /// The quantile of each f_t(x): mean + z √variance, for the standard normal quantile z of `probability` in (0, 1). Variances that
    /// rounding made negative count as 0.
    pub fn quantile(&self, probability: f64) -> Array1<f64> {
        let z = normal_quantile(probability);
        let deviations = self.covariance.diag().mapv(|variance| variance.max(0.0).sqrt());
        &self.mean + &(deviations * z)
    }
}

fn coincidence(same: Option<(usize, usize)>) -> String {
    same.map_or_else(
        || "points nearly coincide".into(),
        |(first, second)| format!("points {first} and {second} are the same"),
    )
}

/// The z with Φ(z) = probability, by bisection.
fn normal_quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        let below = numerics::normal::distribution(middle) < probability;
        if below { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}
