//! Extreme eigenpairs of a symmetric operator: thick-restart block Lanczos with residuals (Wu and Simon 2000), and counts that are certified.
//!
//! The basis V and its image AV are both kept, so that the projected matrix V A Vᵀ is computed and not inferred, residuals are those of the pairs returned, and a restart is a rotation of both. New directions are the residuals
//! of the leading pairs that have not converged, orthogonalised twice; where these vanish, as on the null spaces of over-parametrised networks, fresh random vectors take their place.

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
/// Once pairs have converged, the rest of the space is searched from random vectors for a value beyond the last of each end, to √tolerance; what is found there is added and the search repeated, so that
/// eigenvalues of any multiplicity come out. That nothing is missing is likely and not proved: [`count_above`] proves it.
///
/// Cost beside products: 4 s M flops for each vector at a basis of s; an eigenvalue problem of s rows at each restart. Memory: 4 (2 (top + bottom) + 20 + 2 block) M numbers.
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
    let mut found = search(operator, wanted, (&Array2::zeros((0, dimension)), 0.0), None, random)?;
    let mut locked = concatenate![Axis(0), found.top.vectors, found.bottom.vectors];
    while found.converged && locked.nrows() < dimension && found.products < wanted.products {
        let room = dimension - locked.nrows();
        let ends = [wanted.top, wanted.bottom].map(|n| usize::from(n > 0));
        let products = wanted.products - found.products;
        let values = found.top.values.iter().chain(&found.bottom.values);
        let scale = values.fold(0.0_f64, |m, v| m.max(v.abs()));
        let missing = if room <= 2 * wanted.block {
            // All that is left.
            search(
                operator,
                &Wanted { top: room, bottom: 0, products, ..*wanted },
                (&locked, scale),
                None,
                random,
            )?
        } else {
            let last = (found.top.values.last().copied(), found.bottom.values.last().copied());
            let scout = Wanted {
                top: ends[0],
                bottom: ends[1],
                tolerance: wanted.tolerance.sqrt(),
                products,
                ..*wanted
            };
            let beyond = search(operator, &scout, (&locked, scale), Some(last), random)?;
            found.products += beyond.products;
            let slack = 2.0 * wanted.tolerance.max(1e-14) * scale;
            let new = (beyond.top.values.first(), beyond.bottom.values.first());
            let above = new.0.zip(last.0).is_some_and(|(new, last)| *new > last + slack);
            let below = new.1.zip(last.1).is_some_and(|(new, last)| *new < last - slack);
            if !above && !below {
                break;
            }
            let more =
                Wanted { top: ends[0] * wanted.block, bottom: ends[1] * wanted.block, products, ..*wanted };
            search(operator, &more, (&locked, scale), None, random)?
        };
        found.products += missing.products;
        found.converged &= missing.converged;
        locked = concatenate![Axis(0), locked, missing.top.vectors, missing.bottom.vectors];
        for pairs in [&missing.top, &missing.bottom] {
            found.top = merged(&found.top, pairs, wanted.top, |a, b| b.total_cmp(&a));
            found.bottom = merged(&found.bottom, pairs, wanted.bottom, |a, b| a.total_cmp(&b));
        }
    }
    Ok(found)
}

/// The first pairs of two lists in an order.
fn merged(one: &Pairs, other: &Pairs, count: usize, order: fn(f64, f64) -> std::cmp::Ordering) -> Pairs {
    let values = [&one.values[..], &other.values].concat();
    let residuals = [&one.residuals[..], &other.residuals].concat();
    let vectors = concatenate![Axis(0), one.vectors, other.vectors];
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|a, b| order(values[*a], values[*b]));
    places.truncate(count);
    Pairs {
        values: places.iter().map(|k| values[*k]).collect(),
        residuals: places.iter().map(|k| residuals[*k]).collect(),
        vectors: vectors.select(Axis(0), &places),
    }
}

/// Thick-restart block Lanczos in the orthogonal complement of `locked`, to tolerances of `scale` at least. With `last`, values at the ends that are beyond it, or by their residuals surely not, are all that is asked.
fn search(
    operator: &impl Symmetric,
    wanted: &Wanted,
    (locked, scale): (&Array2<f64>, f64),
    last: Option<(Option<f64>, Option<f64>)>,
    random: &mut impl Rng,
) -> Result<Extremes, LanczosError> {
    let (dimension, count) = (operator.dimension(), wanted.top + wanted.bottom);
    let room = dimension - locked.nrows();
    let most = (2 * count + 20 + wanted.block).min(room);
    let mut basis = Array2::zeros((0, dimension));
    let mut images = Array2::zeros((0, dimension));
    let mut projected = Array2::zeros((0, 0));
    let mut candidates = gaussian((wanted.block, dimension), random);
    let (mut products, mut since) = (0, 0);
    loop {
        let fresh = orthonormal(candidates, &[locked, &basis], room - basis.nrows(), random);
        let image = operator.apply(fresh.view());
        products += fresh.nrows();
        if image.iter().any(|x| !x.is_finite()) {
            return Err(LanczosError::NotFinite);
        }
        projected = extended(&projected, &basis, &fresh, &image);
        basis = concatenate![Axis(0), basis, fresh];
        images = concatenate![Axis(0), images, image.view()];
        let size = basis.nrows();
        let whole = size == room;
        since += 1;
        // Ritz pairs are looked at before a restart, and now and then.
        if !whole
            && products < wanted.products
            && size + wanted.block <= most
            && (size < count || since % 4 != 0)
        {
            candidates = image;
            continue;
        }
        let (values, vectors) = eigen(projected.view()).ok_or(LanczosError::NotFinite)?;
        // The wanted places in ascending order of values: the ends.
        let places: Vec<usize> = if size <= count {
            (0..size).collect()
        } else {
            (0..wanted.bottom).chain(size - wanted.top..size).collect()
        };
        let (ritz, moved) = rotate(&basis, &images, &vectors, &places);
        let largest = values.iter().fold(scale, |a, b| a.max(b.abs()));
        let mut residuals = moved;
        for ((mut residual, v), place) in residuals.rows_mut().into_iter().zip(ritz.rows()).zip(&places) {
            residual.scaled_add(-values[*place], &v);
        }
        if !locked.is_empty() {
            // The operator of the complement.
            let shares = residuals.dot(&locked.t());
            residuals -= &shares.dot(locked);
        }
        let sizes: Vec<f64> = residuals.rows().into_iter().map(length).collect();
        let open: Vec<usize> =
            (0..places.len()).filter(|k| sizes[*k] > wanted.tolerance.max(1e-14) * largest).collect();
        let decided = last.is_some_and(|(top, bottom)| {
            let at = |k: usize| (values[places[k]], sizes[k]);
            let side = |pair: (f64, f64), last: f64, sign: f64| {
                sign * pair.0 > sign * last || sign * pair.0 + 2.0 * pair.1 < sign * last
            };
            size > count
                && top.is_none_or(|last| side(at(places.len() - 1), last, 1.0))
                && bottom.is_none_or(|last| side(at(0), last, -1.0))
        });
        if (open.is_empty() && size >= count) || whole || decided || products >= wanted.products {
            return Ok(ends(&values, &places, ritz, &sizes, wanted, products, open.is_empty()));
        }
        if open.is_empty() {
            candidates = gaussian((wanted.block, dimension), random);
        } else {
            // From both ends, the outermost first.
            let mut order = open;
            order.sort_by_key(|k| places[*k].min(size - 1 - places[*k]));
            order.truncate(wanted.block);
            candidates = residuals.select(Axis(0), &order);
        }
        if size + wanted.block > most && most < room {
            // Keep the wanted ends and half as many beside them.
            let more = |n: usize| n + if n > 0 { n / 2 + 4 } else { 0 };
            let kept: Vec<usize> = (0..more(wanted.bottom)).chain(size - more(wanted.top)..size).collect();
            (basis, images) = rotate(&basis, &images, &vectors, &kept);
            projected = Array2::from_diag(&kept.iter().map(|k| values[*k]).collect::<Array1<f64>>());
            since = 0;
        }
    }
}

/// The projected matrix of a basis with new rows, from the image of the new ones alone.
fn extended(
    projected: &Array2<f64>,
    basis: &Array2<f64>,
    fresh: &Array2<f64>,
    image: &Array2<f64>,
) -> Array2<f64> {
    let (old, new) = (basis.nrows(), fresh.nrows());
    let mut all = Array2::zeros((old + new, old + new));
    all.slice_mut(s![..old, ..old]).assign(projected);
    let beside = basis.dot(&image.t());
    all.slice_mut(s![..old, old..]).assign(&beside);
    all.slice_mut(s![old.., ..old]).assign(&beside.t());
    let corner = fresh.dot(&image.t());
    all.slice_mut(s![old.., old..]).assign(&((&corner + &corner.t()) / 2.0));
    all
}

/// |v|, also where squares would not fit.
fn length(v: ndarray::ArrayView1<f64>) -> f64 {
    let largest = v.iter().fold(0.0_f64, |m, a| m.max(a.abs()));
    if largest == 0.0 || !largest.is_finite() {
        largest
    } else {
        largest * v.iter().map(|a| (a / largest).powi(2)).sum::<f64>().sqrt()
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

/// The candidates made orthogonal to the bases and to each other, each twice; what vanishes is drawn anew. At most `room` rows.
fn orthonormal(
    mut candidates: Array2<f64>,
    bases: &[&Array2<f64>; 2],
    room: usize,
    random: &mut impl Rng,
) -> Array2<f64> {
    let rows = candidates.nrows().min(room);
    candidates = candidates.slice(s![..rows, ..]).to_owned();
    // Rows of length 1 before anything is subtracted: what is left of one then tells whether it vanished.
    for mut row in candidates.rows_mut() {
        let size = length(row.view());
        if size > 0.0 {
            row.mapv_inplace(|a| a / size);
        }
    }
    for basis in bases {
        let shares = candidates.dot(&basis.t());
        candidates -= &shares.dot(*basis);
    }
    for k in 0..rows {
        loop {
            let mut vector = candidates.row(k).to_owned();
            for _ in 0..2 {
                let earlier = candidates.slice(s![..k, ..]);
                vector -= &earlier.dot(&vector).dot(&earlier);
                for basis in bases {
                    vector -= &basis.dot(&vector).dot(*basis);
                }
            }
            let size = vector.dot(&vector).sqrt();
            if size > 1e-10 {
                // Once more at length 1, which what was subtracted may have left far from orthogonal.
                vector /= size;
                for basis in bases {
                    vector -= &basis.dot(&vector).dot(*basis);
                }
                let size = vector.dot(&vector).sqrt();
                candidates.row_mut(k).assign(&(vector / size));
                break;
            }
            let drawn = on_sphere(candidates.ncols(), random);
            candidates.row_mut(k).assign(&drawn);
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
