//! Quadratic objectives, on which everything about a hop is known in closed form.

use ndarray::{Array1, Array2};
use numerics::symmetric::eigen;

use crate::objective::Objective;

/// E(x) = (x − b)ᵀA(x − b)/2 with A symmetric and positive semidefinite, kept by its eigenvectors.
#[derive(Clone, Debug)]
pub struct Quadratic {
    curvatures: Vec<f64>,
    directions: Array2<f64>,
    matrix: Array2<f64>,
    minimiser: Array1<f64>,
}

/// A hop from m on a quadratic.
#[derive(Clone, Debug, PartialEq)]
pub struct QuadraticHop {
    /// (I + τA)⁻¹(m + τAb): hop and proximal point at once, for every α.
    pub point: Vec<f64>,
    /// ln κ: of N samples N/κ count.
    pub log_kappa: f64,
    /// The mean of w²|x − x_α|² over the squared mean of w: N samples err by its N-th part in mean square, as N → ∞.
    pub squared_error: f64,
}

impl Quadratic {
    /// `None` for sizes that do not fit, an entry that is not finite, or a matrix with a negative eigenvalue (beyond rounding). Only the lower triangle is read.
    pub fn new(matrix: Array2<f64>, minimiser: Array1<f64>) -> Option<Self> {
        let (curvatures, directions) = eigen(matrix.view())?;
        let fits = minimiser.len() == matrix.nrows() && minimiser.iter().all(|x| x.is_finite());
        let largest = curvatures.last()?.abs();
        let valid = fits && curvatures[0] >= -1e-12 * largest;
        let symmetric = Array2::from_shape_fn(matrix.dim(), |(i, j)| matrix[(i.max(j), i.min(j))]);
        let minimiser = Array1::from(minimiser.to_vec());
        valid.then_some(Self { curvatures, directions, matrix: symmetric, minimiser })
    }

    /// The hop from N(m, s²I) at α, exactly. m must have d coordinates.
    ///
    /// In each eigendirection with curvature a and offset z = m − b: hop offset z/(1 + τa), and the squared weights make a normal law with twice the α.
    pub fn hop(&self, m: &Array1<f64>, width: f64, alpha: f64) -> QuadraticHop {
        let tau = alpha * width * width;
        let offsets = self.directions.t().dot(&(m - &self.minimiser));
        let mut point = Array1::zeros(m.len());
        let (mut log_kappa, mut squared) = (0.0, 0.0);
        for (k, (a, z)) in self.curvatures.iter().zip(&offsets).enumerate() {
            let (once, twice) = (1.0 + tau * a, 1.0 + 2.0 * tau * a);
            point[k] = z / once;
            log_kappa += once.ln() - 0.5 * twice.ln() + alpha * tau * (a * z) * (a * z) / (once * twice);
            squared += width * width / twice + (z / twice - z / once).powi(2);
        }
        let point = self.directions.dot(&point) + &self.minimiser;
        QuadraticHop { point: point.to_vec(), log_kappa, squared_error: log_kappa.exp() * squared }
    }
}

impl Objective for Quadratic {
    fn dimension(&self) -> usize {
        self.minimiser.len()
    }

    fn evaluate(&self, points: &[f64], values: &mut [f64]) {
        let d = self.dimension();
        let rows = self.matrix.as_slice().expect("a matrix from its entries lies in rows");
        let minimiser = self.minimiser.as_slice().expect("a vector is kept in one piece");
        for (point, value) in points.chunks_exact(d).zip(values) {
            *value = 0.0;
            for (i, row) in rows.chunks_exact(d).enumerate() {
                let slope: f64 = row.iter().zip(point).zip(minimiser).map(|((a, x), b)| a * (x - b)).sum();
                *value += 0.5 * (point[i] - minimiser[i]) * slope;
            }
        }
    }

    fn gradient(&self, point: &[f64], gradient: &mut [f64]) {
        for (row, slope) in self.matrix.rows().into_iter().zip(gradient) {
            *slope = row.iter().zip(point).zip(&self.minimiser).map(|((a, x), b)| a * (x - b)).sum();
        }
    }
}
