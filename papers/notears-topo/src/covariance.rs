//! The covariance matrix, which is all that least squares needs of the data, and a root of it where squares have lost what decides.

use faer::Mat;
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::{Accum, Par};
use ndarray::{Array2, ArrayView2, Axis};

use crate::root::{ROWS_AT_ONCE, Root};
use crate::{Error, Order};

/// Of a variable's variance, what the others must leave at least for squares of rounding errors not to matter.
const LEAST_UNEXPLAINED: f64 = 1e-11;
/// Below this part the data are factored themselves.
const LEAST_BY_SQUARES: f64 = 1e-7;
/// Below this part a column may as well be a copy that was rounded.
const NEARLY_DEPENDENT: f64 = 1e-16;
/// Rounding errors that a sum of many has, in units of the numbers.
const ROUNDING: f64 = 32.0 * f64::EPSILON;

/// S = XᵀX/n of centred columns, with the number n of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariance {
    matrix: Array2<f64>,
    rows: usize,
    root: Option<Root>,
    nearly_dependent: Vec<(usize, f64)>,
}

impl Covariance {
    /// Of data with one observation a row. Columns are centred; the divisor is n. Cost: n d² flops and no copy of the data.
    ///
    /// Where columns leave less than 10⁻⁷ of another's variance, squares keep too few digits of that: the data are then factored themselves, in
    /// 2 n d² flops, and all that follows stands on the factor. A column is refused where what is left of it is rounding of the data; between
    /// that and 10⁻¹⁶ of its variance it is kept, see [`nearly_dependent`](Self::nearly_dependent).
    ///
    /// # Errors
    /// Data that is empty or not finite, a constant column, no more rows than columns, columns that depend on each other linearly.
    pub fn of(data: ArrayView2<f64>) -> Result<Self, Error> {
        let (mut covariance, means) = Self::with_means(data)?;
        let (rows, columns) = data.dim();
        if rows <= columns {
            return Err(Error::TooFewRows { rows, columns });
        }
        let least =
            covariance.unexplained().into_iter().fold(f64::INFINITY, |least, left| match left.is_nan() {
                true => 0.0,
                false => least.min(left),
            });
        if least >= LEAST_BY_SQUARES {
            return Ok(covariance);
        }
        let deviations: Vec<f64> = covariance.matrix.diag().iter().map(|variance| variance.sqrt()).collect();
        let root = Root::of(data, &means, &deviations);
        // Every block of rows rounds anew, and a mean far from zero leaves fewer digits of what varies.
        let blocks = rows.div_ceil(ROWS_AT_ONCE) as f64;
        for (column, unexplained) in root.unexplained().into_iter().enumerate() {
            let digits = 1.0 + (means[column] / deviations[column]).powi(2);
            if unexplained.is_nan() || unexplained <= ROUNDING * ROUNDING * digits * blocks {
                return Err(Error::Collinear { column, unexplained: unexplained.max(0.0) });
            }
            if unexplained < NEARLY_DEPENDENT {
                covariance.nearly_dependent.push((column, unexplained));
            }
        }
        covariance.root = Some(root);
        Ok(covariance)
    }

    /// Like [`of`](Self::of), without asking for more rows than columns or for independent columns: enough for scores with a penalty.
    ///
    /// # Errors
    /// Data that is empty or not finite, a constant column.
    pub fn of_any(data: ArrayView2<f64>) -> Result<Self, Error> {
        Ok(Self::with_means(data)?.0)
    }

    fn with_means(data: ArrayView2<f64>) -> Result<(Self, Vec<f64>), Error> {
        let (rows, columns) = data.dim();
        if rows == 0 || columns == 0 {
            return Err(Error::Empty { rows, columns });
        }
        if let Some(((row, column), &value)) = data.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::NotFinite { row, column, value });
        }
        if rows == 1 {
            return Err(Error::TooFewRows { rows, columns });
        }
        for (column, values) in data.columns().into_iter().enumerate() {
            if values.iter().all(|value| *value == values[0]) {
                return Err(Error::Constant { column });
            }
        }
        // Twice: the mean of the centred column is the rounding error of the first mean.
        let means: Vec<f64> = data
            .columns()
            .into_iter()
            .map(|column| {
                let first = column.sum() / rows as f64;
                first + column.iter().map(|value| value - first).sum::<f64>() / rows as f64
            })
            .collect();
        // By blocks of rows: no second copy of the data is made.
        let mut product = Mat::<f64>::zeros(columns, columns);
        for block in data.axis_chunks_iter(Axis(0), ROWS_AT_ONCE) {
            let centred = Mat::from_fn(block.nrows(), columns, |i, j| block[(i, j)] - means[j]);
            matmul(
                product.as_mut(),
                BlockStructure::TriangularLower,
                Accum::Add,
                centred.transpose(),
                BlockStructure::Rectangular,
                centred.as_ref(),
                BlockStructure::Rectangular,
                1.0 / rows as f64,
                Par::Seq,
            );
        }
        let matrix = Array2::from_shape_fn((columns, columns), |(i, j)| product[(i.max(j), i.min(j))]);
        for (column, &variance) in matrix.diag().iter().enumerate() {
            if !variance.is_normal() {
                return Err(Error::Scale { column, variance });
            }
        }
        Ok((Self { matrix, rows, root: None, nearly_dependent: Vec::new() }, means))
    }

    /// Of a known covariance matrix, of a population or of `rows` observations.
    ///
    /// # Errors
    /// A matrix that is empty, not square, not finite, not symmetric to rounding, or not positive definite.
    pub fn from_matrix(matrix: Array2<f64>, rows: usize) -> Result<Self, Error> {
        let (height, width) = matrix.dim();
        if height == 0 || height != width {
            return Err(Error::Shape {
                what: "the covariance matrix",
                rows: height,
                columns: width,
                expected: height.max(1),
            });
        }
        if let Some(((row, column), &value)) = matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
            return Err(Error::NotFinite { row, column, value });
        }
        let size = |i: usize, j: usize| (matrix[(i, i)] * matrix[(j, j)]).abs().sqrt();
        for ((i, j), &value) in matrix.indexed_iter() {
            if (value - matrix[(j, i)]).abs() > 1e-12 * size(i, j) {
                return Err(Error::Setting {
                    name: "the difference of two opposite entries of the covariance matrix",
                    value: value - matrix[(j, i)],
                    range: "zero",
                });
            }
        }
        let covariance = Self { matrix, rows, root: None, nearly_dependent: Vec::new() };
        covariance.check_independence()?;
        Ok(covariance)
    }

    /// The population covariance of x = Wᵀx + e with independent noise of the given variances, W acyclic: (I − W)⁻ᵀ D (I − W)⁻¹.
    ///
    /// # Errors
    /// A cyclic graph, or variances that are not positive.
    pub fn of_population(weights: ArrayView2<f64>, noise_variances: &[f64]) -> Result<Self, Error> {
        let order = crate::graph::topological_order(weights)?;
        let size = weights.nrows();
        // Row k of `loadings` writes variable k in the independent noises.
        let mut loadings = Array2::<f64>::zeros((size, size));
        for &child in order.variables() {
            let mut row = ndarray::Array1::<f64>::zeros(size);
            for parent in 0..size {
                if weights[(parent, child)] != 0.0 {
                    row.scaled_add(weights[(parent, child)], &loadings.row(parent));
                }
            }
            row[child] += 1.0;
            loadings.row_mut(child).assign(&row);
        }
        if let Some(&value) = noise_variances.iter().find(|value| !(**value > 0.0 && value.is_finite())) {
            return Err(Error::Setting { name: "a noise variance", value, range: "positive" });
        }
        if noise_variances.len() != size {
            return Err(Error::Shape {
                what: "the list of noise variances",
                rows: noise_variances.len(),
                columns: 1,
                expected: size,
            });
        }
        let scaled = &loadings * &ndarray::ArrayView1::from(noise_variances).insert_axis(Axis(0));
        let matrix = scaled.dot(&loadings.t());
        let symmetric = Array2::from_shape_fn((size, size), |(i, j)| matrix[(i.max(j), i.min(j))]);
        Self::from_matrix(symmetric, usize::MAX)
    }

    /// Number of variables, d.
    pub fn variables(&self) -> usize {
        self.matrix.nrows()
    }

    /// Number of observations, n.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// S, d × d and symmetric.
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        self.matrix.view()
    }

    /// The variances.
    pub fn variances(&self) -> Vec<f64> {
        self.matrix.diag().to_vec()
    }

    /// The correlation matrix: what is left of the data when every column is standardised.
    pub fn standardised(&self) -> Self {
        let deviations: Vec<f64> = self.matrix.diag().iter().map(|variance| variance.sqrt()).collect();
        let matrix = Array2::from_shape_fn(self.matrix.dim(), |(i, j)| match i == j {
            true => 1.0,
            false => self.matrix[(i, j)] / (deviations[i] * deviations[j]),
        });
        let root = self.root.as_ref().map(Root::standardised);
        Self { matrix, rows: self.rows, root, nearly_dependent: self.nearly_dependent.clone() }
    }

    /// Columns of which those before leave less than 10⁻¹⁶ of the variance, with that part: they may be copies that were rounded, but were kept.
    pub fn nearly_dependent(&self) -> &[(usize, f64)] {
        &self.nearly_dependent
    }

    /// The root of S, where squares have lost too many digits.
    pub(crate) fn root(&self) -> Option<&Root> {
        self.root.as_ref()
    }

    /// The part of each variance that the variables before leave.
    fn unexplained(&self) -> Vec<f64> {
        let factor = crate::factor::Factor::new(self, &Order::identity(self.variables()));
        let residuals = factor.residual_variances().into_iter().enumerate();
        residuals.map(|(column, residual)| residual / self.matrix[(column, column)]).collect()
    }

    /// A lower bound on the score of *every* order: (d/2) det(S)^{1/d}.
    ///
    /// The residual variances of any order multiply to det S, and an arithmetic mean is at least the geometric one. Equality holds where all residual
    /// variances are equal, as in a population whose noise has equal variances. Not in the paper. Cost: one Cholesky factor.
    pub fn lower_bound(&self) -> f64 {
        let size = self.variables();
        let factor = crate::factor::Factor::new(self, &Order::identity(size));
        let logarithms = factor.residual_variances().into_iter().map(|variance| variance.ln());
        size as f64 / 2.0 * (numerics::sum::sum(logarithms) / size as f64).exp()
    }

    fn check_independence(&self) -> Result<(), Error> {
        for (column, unexplained) in self.unexplained().into_iter().enumerate() {
            if unexplained.is_nan() || unexplained < LEAST_UNEXPLAINED {
                return Err(Error::Collinear { column, unexplained: unexplained.max(0.0) });
            }
        }
        Ok(())
    }
}
