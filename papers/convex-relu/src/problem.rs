//! Training problems of two-layer ReLU networks, and their duals.
//!
//! min loss(f) + (β/2) Σ (|u_j|² + a_j²) over f = Σ a_j (X u_j)₊ is the same as min loss(Σ s_j (X z_j)₊) + β Σ |z_j| with signs s_j and z_j = |a_j|u_j: scaling a neuron's layers
//! against each other leaves f, and the best scaling makes both norms equal. Everything here works on that form.
//!
//! Its dual is max −loss*(−ν) over ν with M(ν) = max_{|u| ≤ 1} |ν·(Xu)₊| ≤ β, and at the optimum ν = −∇loss(f).

use faer::Mat;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use serde::{Deserialize, Serialize};

/// A loss, summed over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// ½|f − y|².
    Squared,
    /// Σ ln(1 + e^(−y f)), labels ±1.
    Logistic,
    /// Σ (1 − y f)₊, labels ±1.
    Hinge,
}

/// Why a problem cannot be posed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProblemError {
    /// No row or no column.
    #[error("X is empty")]
    Empty,
    /// X and y differ in length.
    #[error("X has {rows} rows and y {targets}")]
    Lengths {
        /// Of X.
        rows: usize,
        /// Of y.
        targets: usize,
    },
    /// NaN or infinite.
    #[error("row {0} of X or y is not finite")]
    NotFinite(usize),
    /// β not positive: the dual has no scale then.
    #[error("beta is {0}, not a positive number")]
    Beta(f64),
    /// A label that is not ±1.
    #[error("row {row} has y = {label}, where labels are 1 and -1")]
    Label {
        /// Which.
        row: usize,
        /// Given.
        label: String,
    },
    /// All labels are the same.
    #[error("all labels are the same")]
    OneClass,
    /// X has no row other than zero.
    #[error("all rows of X are zero")]
    RankZero,
    /// Numbers whose squares leave the range of floating point.
    #[error("the largest number of {0} is {1:e}: squares would leave the range of numbers")]
    Scale(&'static str, f64),
    /// Directions of X that differ so much in size that outputs would be rounding.
    #[error(
        "directions of X differ in size by 10¹¹ and more: rescale its columns, and take off what all rows share"
    )]
    Conditioning,
    /// The singular values could not be computed.
    #[error("the singular values of X were not found")]
    SingularValues,
}

/// A training problem, in coordinates in which X has full column rank and entries near 1.
#[derive(Clone, Debug)]
pub struct Problem {
    x: Array2<f64>,
    back: Array2<f64>,
    y: Array1<f64>,
    loss: Loss,
    /// β over the scale.
    beta: f64,
    /// X was divided by it, a power of two.
    scale: f64,
    /// The largest singular value that was dropped.
    dropped: f64,
}

impl Problem {
    /// n rows of d features, n targets. X = USVᵀ is replaced by US of r columns, r the rank: patterns, norms and optimum stay. Directions that can add no more than 10⁻⁶ β to M(ν) are left out, and [`slack`](Self::slack) accounts for them.
    ///
    /// # Errors
    /// [`ProblemError`] for what is empty, not finite, of different lengths, or has wrong labels. Cost O(n d min(n, d)).
    pub fn new(x: ArrayView2<f64>, y: ArrayView1<f64>, loss: Loss, beta: f64) -> Result<Self, ProblemError> {
        if x.is_empty() {
            return Err(ProblemError::Empty);
        }
        if x.nrows() != y.len() {
            return Err(ProblemError::Lengths { rows: x.nrows(), targets: y.len() });
        }
        for (row, (x, y)) in x.outer_iter().zip(y).enumerate() {
            if !(x.iter().map(|x| x * x).sum::<f64>().is_finite() && (y * y).is_finite()) {
                return Err(ProblemError::NotFinite(row));
            }
        }
        if !(beta > 0.0 && beta.is_finite()) {
            return Err(ProblemError::Beta(beta));
        }
        if loss != Loss::Squared {
            if let Some(row) = y.iter().position(|y| y.abs() != 1.0) {
                return Err(ProblemError::Label { row, label: y[row].to_string() });
            }
            if y.iter().all(|label| *label == y[0]) {
                return Err(ProblemError::OneClass);
            }
        }
        if x.iter().all(|x| *x == 0.0) {
            return Err(ProblemError::RankZero);
        }
        let largest = x.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        if !(1e-140..1e140).contains(&largest) {
            return Err(ProblemError::Scale("X", largest));
        }
        let target = y.iter().fold(0.0_f64, |most, y| most.max(y.abs()));
        if target > 0.0 && !(1e-100..1e100).contains(&target) {
            return Err(ProblemError::Scale("y", target));
        }
        let scale = largest.log2().floor().exp2();
        let x = x.mapv(|x| x / scale);
        let (singular, back) = singular_directions(x.view())?;
        let floor = f64::EPSILON * 4.0 * x.nrows().max(x.ncols()) as f64 * singular[0];
        // A direction of singular value σ adds at most |ν|σ to M(ν): too little to matter at this β, it is dropped, and counted in every bound.
        let longest = if loss == Loss::Squared { y.dot(&y).sqrt() } else { (y.len() as f64).sqrt() };
        let negligible = |s: &f64| longest > 0.0 && s * longest <= 1e-6 * beta / scale;
        let rank = singular.iter().filter(|s| **s > floor && !negligible(s)).count().max(1);
        // What is at rounding may be there all the same, if its columns are small: with columns of one length it is seen.
        let lengths = x.map_axis(ndarray::Axis(0), |column| column.dot(&column).sqrt());
        let mut even = x.clone();
        even.axis_iter_mut(ndarray::Axis(1))
            .zip(&lengths)
            .filter(|(_, length)| **length > 0.0)
            .for_each(|(mut column, length)| column /= *length);
        let (of_even, _) = singular_directions(even.view())?;
        let there = of_even.iter().filter(|s| **s > floor / singular[0] * of_even[0]).count();
        let accounted = singular.iter().filter(|s| **s > floor || negligible(s)).count();
        if there > accounted || singular[rank - 1] < 1e-11 * singular[0] {
            return Err(ProblemError::Conditioning);
        }
        let dropped = singular[rank..].iter().copied().fold(0.0, f64::max);
        let back = back.slice(ndarray::s![.., ..rank]).to_owned();
        // X V, not U S: rows that are zero or parallel stay so.
        Ok(Self { x: x.dot(&back), back, y: y.to_owned(), loss, beta: beta / scale, scale, dropped })
    }

    /// n × r.
    pub fn x(&self) -> ArrayView2<'_, f64> {
        self.x.view()
    }

    /// Targets.
    pub fn y(&self) -> ArrayView1<'_, f64> {
        self.y.view()
    }

    /// The loss.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// β in these coordinates: what was given over the scale of X.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// What X was divided by, a power of two.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// What directions that were dropped may add to M(ν).
    pub fn slack(&self, nu: ArrayView1<f64>) -> f64 {
        self.dropped * nu.dot(&nu).sqrt()
    }

    /// The same with another β, in the units in which it was given.
    ///
    /// # Errors
    /// [`ProblemError::Beta`].
    pub fn with_beta(&self, beta: f64) -> Result<Self, ProblemError> {
        if !(beta > 0.0 && beta.is_finite()) {
            return Err(ProblemError::Beta(beta));
        }
        Ok(Self { beta: beta / self.scale, ..self.clone() })
    }

    /// n.
    pub fn rows(&self) -> usize {
        self.x.nrows()
    }

    /// r, the rank.
    pub fn rank(&self) -> usize {
        self.x.ncols()
    }

    /// A weight vector in the coordinates of the X that was given.
    pub fn restored(&self, z: ArrayView1<f64>) -> Array1<f64> {
        self.back.dot(&z) / self.scale
    }

    /// A weight vector of the given coordinates in these. What is orthogonal to all rows is lost, and changes no output.
    pub fn reduced(&self, z: ArrayView1<f64>) -> Array1<f64> {
        self.back.t().dot(&z) * self.scale
    }

    /// loss(f).
    pub fn value(&self, f: ArrayView1<f64>) -> f64 {
        f.iter().zip(&self.y).map(|(f, y)| self.loss.value(*f, *y)).sum()
    }

    /// ν = −∇loss(f); at a kink of the hinge, half of the step.
    pub fn dual_point(&self, f: ArrayView1<f64>) -> Array1<f64> {
        f.iter().zip(&self.y).map(|(f, y)| -self.loss.derivative(*f, *y)).collect()
    }

    /// The largest lower bound of the optimum along ν, whose M(ν) is at most `violation`: t ν is feasible for |t| up to β/M.
    /// Zero, which no loss is below, where ν does not have the labels' signs.
    pub fn dual_value(&self, nu: ArrayView1<f64>, violation: f64) -> f64 {
        if self.loss != Loss::Squared && nu.iter().zip(&self.y).any(|(nu, y)| nu * y < 0.0) {
            return 0.0;
        }
        let most = if violation > 0.0 { self.beta / violation } else { f64::INFINITY };
        match self.loss {
            Loss::Squared => {
                let square = nu.dot(&nu);
                if square == 0.0 {
                    return 0.0;
                }
                let along = nu.dot(&self.y);
                let t = (along / square).clamp(-most, most);
                t * along - 0.5 * t * t * square
            }
            Loss::Logistic => {
                let parts: Vec<f64> = nu.iter().zip(&self.y).map(|(nu, y)| nu * y).collect();
                let largest = parts.iter().copied().fold(0.0, f64::max);
                if largest == 0.0 {
                    return 0.0;
                }
                // The entropy of t p is concave in t: its maximum by halving on the slope −Σ p ln(q/(1 − q)), q = t p.
                let (mut low, mut high) = (0.0, most.min(1.0 / largest));
                let slope = |t: f64| -> f64 {
                    let of = |p: &f64| if *p > 0.0 { p * ((-t * p).ln_1p() - (t * p).ln()) } else { 0.0 };
                    parts.iter().map(of).sum()
                };
                if slope(high) < 0.0 {
                    for _ in 0..60 {
                        let middle = 0.5 * (low + high);
                        if slope(middle) > 0.0 { low = middle } else { high = middle }
                    }
                }
                let entropy =
                    |q: f64| if q <= 0.0 || q >= 1.0 { 0.0 } else { q * q.ln() + (1.0 - q) * (-q).ln_1p() };
                -parts.iter().map(|p| entropy(high * p)).sum::<f64>()
            }
            Loss::Hinge => {
                let largest = nu.iter().fold(0.0_f64, |most, p| most.max(p.abs()));
                let t = most.min(if largest > 0.0 { 1.0 / largest } else { 1.0 });
                t * nu.dot(&self.y)
            }
        }
    }
}

/// Singular values, falling, and right singular vectors.
fn singular_directions(x: ArrayView2<f64>) -> Result<(Vec<f64>, Array2<f64>), ProblemError> {
    let svd = Mat::from_fn(x.nrows(), x.ncols(), |i, j| x[(i, j)])
        .thin_svd()
        .map_err(|_| ProblemError::SingularValues)?;
    let values: Vec<f64> = svd.S().column_vector().iter().copied().collect();
    let vectors = Array2::from_shape_fn((x.ncols(), values.len()), |(i, j)| svd.V()[(i, j)]);
    Ok((values, vectors))
}

impl Loss {
    /// Of one row.
    pub fn value(self, f: f64, y: f64) -> f64 {
        match self {
            Self::Squared => 0.5 * (f - y) * (f - y),
            Self::Logistic => softplus(-y * f),
            Self::Hinge => (1.0 - y * f).max(0.0),
        }
    }

    /// By f.
    pub fn derivative(self, f: f64, y: f64) -> f64 {
        match self {
            Self::Squared => f - y,
            Self::Logistic => -y * sigmoid(-y * f),
            Self::Hinge => match 1.0 - y * f {
                margin if margin > 0.0 => -y,
                margin if margin < 0.0 => 0.0,
                _ => -0.5 * y,
            },
        }
    }

    /// An upper bound of the second derivative; infinite for the hinge.
    pub fn curvature(self) -> f64 {
        match self {
            Self::Squared => 1.0,
            Self::Logistic => 0.25,
            Self::Hinge => f64::INFINITY,
        }
    }
}

/// 1/(1 + e^(−z)).
pub(crate) fn sigmoid(z: f64) -> f64 {
    let part = (-z.abs()).exp();
    if z >= 0.0 { 1.0 / (1.0 + part) } else { part / (1.0 + part) }
}

/// ln(1 + e^z).
pub(crate) fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}
