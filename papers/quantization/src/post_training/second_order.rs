//! Rounding with the Hessian: OBQ and GPTQ.
//!
//! The outputs of a layer change by the quadratic form of H = XᵀX. Rounding one weight moves the others to where that form is least, so later weights make up for earlier errors.
//! OBQ (Frantar and Alistarh 2022) always rounds the weight that costs least; GPTQ (Frantar and others 2023, after the survey) takes the same order for all rows, which makes the work shareable.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use crate::Error;
use crate::granularity::{Granularity, QuantisedMatrix, fitting_block};
use crate::uniform::Grid;

/// Rounds columns from left to right; every error is spread over the columns to the right by the Cholesky factor of (H + damping · mean diag H)⁻¹.
///
/// Cost: the inverse, 4 d³/3 flops, and rows · d² for the updates.
///
/// # Errors
/// Grids or a Gram matrix that do not fit the weights; a Gram matrix that is singular after damping.
pub fn gptq(
    weights: ArrayView2<f64>,
    gram: ArrayView2<f64>,
    grids: &Array2<Grid>,
    granularity: Granularity,
    damping: f64,
) -> Result<QuantisedMatrix, Error> {
    let inverse = inverse(weights, gram, damping)?;
    let d = weights.ncols();
    // Upper triangular U with H⁻¹ = UᵀU.
    let factor = Mat::from_fn(d, d, |i, j| inverse[(i, j)])
        .llt(Side::Lower)
        .map_err(|_| Error::Singular("GPTQ".into()))?;
    let lower = factor.L();
    let upper = Array2::from_shape_fn((d, d), |(i, j)| if j >= i { lower[(j, i)] } else { 0.0 });
    rounded(weights, grids, granularity, |mut row, grid| {
        let mut integers = vec![0; d];
        for j in 0..d {
            let grid = grid(j);
            integers[j] = grid.quantise(row[j]);
            let error = (row[j] - grid.value(integers[j])) / upper[(j, j)];
            for k in j..d {
                row[k] -= error * upper[(j, k)];
            }
        }
        integers
    })
}

/// Rounds in each row the weight that adds least to the error, (ŵ − w)²/[H⁻¹]_jj, moves the others, and takes it out of H⁻¹. Cost: rows · d³.
///
/// # Errors
/// As for [`gptq`].
pub fn optimal_brain(
    weights: ArrayView2<f64>,
    gram: ArrayView2<f64>,
    grids: &Array2<Grid>,
    granularity: Granularity,
    damping: f64,
) -> Result<QuantisedMatrix, Error> {
    let inverse = inverse(weights, gram, damping)?;
    let d = weights.ncols();
    rounded(weights, grids, granularity, |mut row, grid| {
        let mut inverse = inverse.clone();
        let mut left: Vec<usize> = (0..d).collect();
        let mut integers = vec![0; d];
        while !left.is_empty() {
            let cost = |j: usize| (grid(j).snap(row[j]) - row[j]).powi(2) / inverse[(j, j)];
            let cheapest = left.iter().enumerate().min_by(|a, b| cost(*a.1).total_cmp(&cost(*b.1)));
            let Some((place, &j)) = cheapest else { break };
            left.swap_remove(place);
            integers[j] = grid(j).quantise(row[j]);
            let pivot = inverse[(j, j)];
            let error = (row[j] - grid(j).value(integers[j])) / pivot;
            let column: Vec<f64> = (0..d).map(|k| inverse[(k, j)]).collect();
            for &k in &left {
                row[k] -= error * column[k];
                for &m in &left {
                    inverse[(k, m)] -= column[k] * column[m] / pivot;
                }
            }
        }
        integers
    })
}

fn rounded(
    weights: ArrayView2<f64>,
    grids: &Array2<Grid>,
    granularity: Granularity,
    round: impl Fn(Vec<f64>, &dyn Fn(usize) -> Grid) -> Vec<i32> + Sync,
) -> Result<QuantisedMatrix, Error> {
    let (rows, columns) = weights.dim();
    let block = fitting_block(grids, granularity, weights.dim())?;
    let integers: Vec<i32> = (0..rows)
        .into_par_iter()
        .flat_map_iter(|i| round(weights.row(i).to_vec(), &|j| grids[(i / block.0, j / block.1)]))
        .collect();
    let integers = Array2::from_shape_vec((rows, columns), integers)
        .map_err(|fault| Error::Format(fault.to_string()))?;
    Ok(QuantisedMatrix::from_integers(integers, grids.clone(), block))
}

/// (H + damping · mean diag H · I)⁻¹. Inputs that are always 0 get the mean on their diagonal: their weights do not matter.
fn inverse(weights: ArrayView2<f64>, gram: ArrayView2<f64>, damping: f64) -> Result<Array2<f64>, Error> {
    let d = weights.ncols();
    crate::error::check_finite(weights.iter().copied(), "the weights")?;
    crate::error::check_finite(gram.iter().copied(), "the Gram matrix")?;
    if gram.dim() != (d, d) {
        let (rows, columns) = gram.dim();
        return Err(Error::Shape {
            what: "the Gram matrix".into(),
            rows,
            columns,
            expected: format!("{d} × {d}"),
        });
    }
    let mean = gram.diag().sum() / d as f64;
    let damped = Mat::from_fn(d, d, |i, j| match i == j {
        true => gram[(i, i)] + damping * mean + if gram[(i, i)] == 0.0 { mean.max(1.0) } else { 0.0 },
        false => gram[(i, j)],
    });
    let factor = damped.llt(Side::Lower).map_err(|_| Error::Singular("the Gram matrix".into()))?;
    let inverse = factor.solve(Mat::<f64>::identity(d, d));
    Ok(Array2::from_shape_fn((d, d), |(i, j)| 0.5 * (inverse[(i, j)] + inverse[(j, i)])))
}
