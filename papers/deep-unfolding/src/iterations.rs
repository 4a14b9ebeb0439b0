//! Iterations that are not networks of this kind: FISTA with its momentum, and approximate message passing.

use ndarray::{Array2, ArrayView2, Axis, Zip};
use rayon::prelude::*;

use crate::problem::{Penalty, Problem, squared};

/// FISTA (Beck and Teboulle 2009) with step 1/L for measurements in rows: ISTA from x_k + ((t_{k−1} − 1)/t_k)(x_k − x_{k−1}). `observe` sees the signals after each iteration, from 1.
/// Cost of an iteration: 2 N flops for each entry of the extrapolated point that is not zero.
///
/// # Panics
/// If rows have another length than M.
pub fn fista(
    problem: &Problem,
    ys: ArrayView2<f64>,
    weight: f64,
    iterations: usize,
    mut observe: impl FnMut(usize, &Array2<f64>),
) -> Array2<f64> {
    let correlations = problem.correlations(ys);
    let step = problem.plain_step();
    let mut xs = Array2::<f64>::zeros(correlations.raw_dim());
    let mut ahead = xs.clone();
    let mut momentum = 1.0_f64;
    for iteration in 1..=iterations {
        let next = f64::midpoint(1.0, (1.0 + 4.0 * momentum * momentum).sqrt());
        let pull = (momentum - 1.0) / next;
        momentum = next;
        Zip::from(xs.axis_iter_mut(Axis(0)))
            .and(ahead.axis_iter_mut(Axis(0)))
            .and(correlations.axis_iter(Axis(0)))
            .into_par_iter()
            .for_each_init(
                || vec![0.0; correlations.ncols()],
                |product, (mut x, mut z, b)| {
                    let (Some(x), Some(z)) = (x.as_slice_mut(), z.as_slice_mut()) else { return };
                    problem.gram_product(z, product);
                    for (((x, z), g), b) in x.iter_mut().zip(z).zip(&*product).zip(b) {
                        let found = Penalty::L1.shrink(*z - step * (g - b), weight * step);
                        *z = found + pull * (found - *x);
                        *x = found;
                    }
                },
            );
        observe(iteration, &xs);
    }
    xs
}

/// Approximate message passing (Donoho, Maleki and Montanari 2009) for measurements in rows: soft thresholding of x + Aᵀz at α‖z‖/√M, and z = y − Ax + z‖x‖₀/M with the Onsager term. Made for matrices with independent entries of variance 1/M; may diverge on others.
/// It has no weight: α sets how sparse signals are. `observe` sees the signals after each iteration, from 1. Cost of an iteration: 4 M N flops for each signal.
///
/// # Panics
/// If rows have another length than M.
pub fn amp(
    problem: &Problem,
    ys: ArrayView2<f64>,
    alpha: f64,
    iterations: usize,
    mut observe: impl FnMut(usize, &Array2<f64>),
) -> Array2<f64> {
    let a = problem.matrix();
    let (rows, columns) = problem.dimensions();
    let mut xs = Array2::<f64>::zeros((ys.nrows(), columns));
    let mut residuals = ys.to_owned();
    for iteration in 1..=iterations {
        let ahead = &xs + &residuals.dot(&a);
        for ((mut x, u), z) in
            xs.axis_iter_mut(Axis(0)).zip(ahead.axis_iter(Axis(0))).zip(residuals.axis_iter(Axis(0)))
        {
            let threshold = alpha * (squared(z) / rows as f64).sqrt();
            Zip::from(&mut x).and(u).for_each(|x, u| *x = Penalty::L1.shrink(*u, threshold));
        }
        let plain = &ys - &xs.dot(&a.t());
        for ((mut z, plain), x) in
            residuals.axis_iter_mut(Axis(0)).zip(plain.axis_iter(Axis(0))).zip(xs.axis_iter(Axis(0)))
        {
            let share = x.iter().filter(|entry| **entry != 0.0).count() as f64 / rows as f64;
            Zip::from(&mut z).and(plain).for_each(|z, plain| *z = plain + *z * share);
        }
        observe(iteration, &xs);
    }
    xs
}
