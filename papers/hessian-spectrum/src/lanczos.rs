//! Extreme eigenpairs of a symmetric operator: thick-restart block Lanczos with residuals (Wu and Simon 2000), and counts that are certified.
//!
//! The basis V and its image AV are both kept, so that the projected matrix V A Vᵀ is computed and not inferred, residuals are those of the pairs returned, and a restart is a rotation of both. New directions are the residuals
//! of the leading pairs that have not converged, orthogonalised twice; where these vanish, as on the null spaces of over-parametrised networks, fresh random vectors take their place. A block of b vectors finds eigenvalues of multiplicity up to b.

use faer::Mat;
use faer::Side;
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use numerics::symmetric::eigen;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::operator::Symmetric;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// The largest eigenvalues.
    pub top: usize,
    /// The smallest.
    pub bottom: usize,
    /// Vectors of a block, at least 1.
    pub block: usize,
    /// A pair has converged when |Av − θv| ≤ `tolerance` max|θ|.
    pub tolerance: f64,
    /// The most products with a vector.
    pub products: usize,
}

impl Wanted {
    /// The `top` largest and `bottom` smallest to 10⁻¹⁰, in blocks of four, with at most 20,000 products.
    pub fn new(top: usize, bottom: usize) -> Self {
        Self { top, bottom, block: 4, tolerance: 1e-10, products: 20_000 }
    }
}

/// Eigenpairs at both ends.
#[derive(Clone, Debug)]
pub struct Extremes {
    /// The largest, in falling order.
    pub top: Pairs,
    /// The smallest, in rising order.
    pub bottom: Pairs,
    /// Products with a vector.
    pub products: usize,
    /// Whether all residuals are below the tolerance.
    pub converged: bool,
}

/// Eigenvalues with vectors, one a row, and residuals |Av − θv|, each a bound on the distance from an eigenvalue.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// θ.
    pub values: Vec<f64>,
    /// v, of length 1.
    pub vectors: Array2<f64>,
    /// |Av − θv|.
    pub residuals: Vec<f64>,
}

/// Why there are no eigenpairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LanczosError {
    /// More pairs than rows, or none.
    #[error("{wanted} eigenvalues of a matrix of {dimension} rows: expected from 1 to {dimension}")]
    Count {
        /// top + bottom.
        wanted: usize,
        /// M.
        dimension: usize,
    },
    /// A product is not finite.
    #[error("a product with the matrix is not finite")]
    NotFinite,
}

/// Finds them.
///
/// Memory: 2 (2 (top + bottom) + 20 + 2 block) M numbers.
///
/// # Errors
/// More pairs than rows or none, a product that is not finite. Pairs that did not converge are returned with their residuals.
///
/// # Panics
/// If the block is empty.
pub fn extremes(
    operator: &impl Symmetric,
    wanted: &Wanted,
    random: &mut impl Rng,
) -> Result<Extremes, LanczosError> {
    let (dimension, count) = (operator.dimension(), wanted.top + wanted.bottom);
    if count == 0 || count > dimension {
        return Err(LanczosError::Count { wanted: count, dimension });
    }
    assert!(wanted.block > 0, "a block has a vector");
    let most = (2 * count + 20 + wanted.block).min(dimension);
    let mut basis = Array2::zeros((0, dimension));
    let mut images = Array2::zeros((0, dimension));
    let mut candidates = gaussian((wanted.block, dimension), random);
    let mut products = 0;
    loop {
        let fresh = orthonormal(candidates, &basis, dimension - basis.nrows(), random);
        let image = operator.apply(fresh.view());
        products += fresh.nrows();
        if image.iter().any(|x| !x.is_finite()) {
            return Err(LanczosError::NotFinite);
        }
        basis = concatenate![Axis(0), basis, fresh];
        images = concatenate![Axis(0), images, image];
        let projected = basis.dot(&images.t());
        let (values, vectors) = eigen(projected.view()).ok_or(LanczosError::NotFinite)?;
        let size = values.len();
        // The wanted places in ascending order of values: the ends.
        let places: Vec<usize> = if size <= count {
            (0..size).collect()
        } else {
            (0..wanted.bottom).chain(size - wanted.top..size).collect()
        };
        let (ritz, moved) = rotate(&basis, &images, &vectors, &places);
        let largest = values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let mut residuals = moved;
        for ((mut residual, v), place) in residuals.rows_mut().into_iter().zip(ritz.rows()).zip(&places) {
            residual.scaled_add(-values[*place], &v);
        }
        let sizes: Vec<f64> = residuals.rows().into_iter().map(|r| r.dot(&r).sqrt()).collect();
        let open: Vec<usize> = (0..places.len()).filter(|k| sizes[*k] > wanted.tolerance * largest).collect();
        let whole = size == dimension;
        if (open.is_empty() && size >= count + wanted.block.min(dimension - count))
            || whole
            || products >= wanted.products
        {
            let converged = open.is_empty() || whole;
            return Ok(ends(&values, &places, ritz, &sizes, wanted, products, converged));
        }
        candidates = if open.is_empty() {
            gaussian((wanted.block, dimension), random)
        } else {
            // From both ends, the outermost first.
            let mut order = open;
            order.sort_by_key(|k| places[*k].min(size - 1 - places[*k]));
            order.truncate(wanted.block);
            residuals.select(Axis(0), &order)
        };
        if size + wanted.block > most && most < dimension {
            // Keep the wanted ends and half as many beside them.
            let more = |n: usize| n + if n > 0 { n / 2 + 4 } else { 0 };
            let kept: Vec<usize> = (0..more(wanted.bottom)).chain(size - more(wanted.top)..size).collect();
            (basis, images) = rotate(&basis, &images, &vectors, &kept);
        }
    }
}

/// The pairs at these places of the projected matrix: V and AV, rotated.
fn rotate(
    basis: &Array2<f64>,
    images: &Array2<f64>,
    vectors: &Array2<f64>,
    places: &[usize],
) -> (Array2<f64>, Array2<f64>) {
    let chosen = vectors.select(Axis(1), places);
    (chosen.t().dot(basis), chosen.t().dot(images))
}

fn ends(
    values: &[f64],
    places: &[usize],
    ritz: Array2<f64>,
    residuals: &[f64],
    wanted: &Wanted,
    products: usize,
    converged: bool,
) -> Extremes {
    let pick = |order: Vec<usize>| Pairs {
        values: order.iter().map(|k| values[places[*k]]).collect(),
        vectors: ritz.select(Axis(0), &order),
        residuals: order.iter().map(|k| residuals[*k]).collect(),
    };
    let size = places.len();
    let bottom = pick((0..wanted.bottom.min(size)).collect());
    let top = pick((size - wanted.top.min(size)..size).rev().collect());
    Extremes { top, bottom, products, converged }
}

pub(crate) fn gaussian(shape: (usize, usize), random: &mut impl Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn(shape, || StandardNormal.sample(random))
}

/// The candidates made orthogonal to `basis` and to each other, each twice; what vanishes is drawn anew. At most `room` rows.
fn orthonormal(
    mut candidates: Array2<f64>,
    basis: &Array2<f64>,
    room: usize,
    random: &mut impl Rng,
) -> Array2<f64> {
    let rows = candidates.nrows().min(room);
    candidates = candidates.slice(s![..rows, ..]).to_owned();
    let project = |vectors: &mut Array2<f64>| {
        let shares = vectors.dot(&basis.t());
        *vectors -= &shares.dot(basis);
    };
    project(&mut candidates);
    for k in 0..rows {
        let mut before = candidates.row(k).dot(&candidates.row(k)).sqrt();
        loop {
            let mut vector = candidates.row(k).to_owned();
            for _ in 0..2 {
                let earlier = candidates.slice(s![..k, ..]);
                vector -= &earlier.dot(&vector).dot(&earlier);
                vector -= &basis.dot(&vector).dot(basis);
            }
            let length = vector.dot(&vector).sqrt();
            if length > 1e-10 * before && length > 0.0 {
                candidates.row_mut(k).assign(&(vector / length));
                break;
            }
            let drawn = gaussian((1, candidates.ncols()), random);
            candidates.row_mut(k).assign(&drawn.row(0));
            before = drawn.row(0).dot(&drawn.row(0)).sqrt();
        }
    }
    candidates
}

/// How many eigenvalues of a matrix in memory are above `shift`, by the inertia of H − shift I (Sylvester): M³/3 flops, no iteration. `None` if the matrix is not square or not finite.
///
/// An eigenvalue within rounding of the shift, some 10⁻¹⁵ M |H|, may fall on either side.
pub fn count_above(matrix: ArrayView2<f64>, shift: f64) -> Option<usize> {
    let size = matrix.nrows();
    if size != matrix.ncols() || matrix.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let shifted = Mat::from_fn(size, size, |i, j| matrix[(i, j)] - if i == j { shift } else { 0.0 });
    let factors = shifted.lblt(Side::Lower);
    let (diagonal, below) = (factors.B_diag().column_vector(), factors.B_subdiag().column_vector());
    let (mut count, mut k) = (0, 0);
    while k < size {
        if k + 1 < size && below[k] != 0.0 {
            let (a, b, c) = (diagonal[k], below[k], diagonal[k + 1]);
            let (middle, radius) = (f64::midpoint(a, c), ((a - c) / 2.0).hypot(b));
            count += usize::from(middle + radius > 0.0) + usize::from(middle - radius > 0.0);
            k += 2;
        } else {
            count += usize::from(diagonal[k] > 0.0);
            k += 1;
        }
    }
    Some(count)
}

/// A vector of length 1, uniform on the sphere.
pub fn on_sphere(dimension: usize, random: &mut impl Rng) -> Array1<f64> {
    let mut vector = gaussian((1, dimension), random).row(0).to_owned();
    let length = vector.dot(&vector).sqrt();
    vector /= length;
    vector
}
