//! Orders that cost next to nothing: what any search must beat.

use ndarray::ArrayView2;

use crate::factor::Factor;
use crate::{Covariance, Order};

/// By ascending variance: *varsort*. On simulated data variances grow along the causal order (Reisach, Seiler and Weichwald 2021).
pub fn by_variance(covariance: &Covariance) -> Order {
    Order::ascending(&covariance.variances())
}

/// By ascending R² of each variable on all others, a criterion that standardising does not change (Reisach and others 2023).
pub fn by_coefficient_of_determination(covariance: &Covariance) -> Order {
    Order::ascending(&coefficients_of_determination(covariance))
}

/// R² of the regression of each variable on all others: 1 − 1/(S_ii (S⁻¹)_ii). Not finite where the covariance matrix is singular.
pub fn coefficients_of_determination(covariance: &Covariance) -> Vec<f64> {
    let size = covariance.variables();
    let factor = Factor::new(covariance, &Order::identity(size));
    let variances = covariance.variances();
    (0..size)
        .map(|i| {
            let precision: f64 = (i..size).map(|k| factor.inverse_entry(k, i).powi(2)).sum();
            1.0 - 1.0 / (variances[i] * precision)
        })
        .collect()
}

/// Greedily the variable of least variance given those already taken: the estimator for noise of equal variances (Chen, Drton and Wang 2019).
///
/// Cholesky with the pivot of least diagonal: d³/3 flops.
pub fn equal_variance(covariance: &Covariance) -> Order {
    let size = covariance.variables();
    let mut rest = covariance.matrix().to_owned();
    let mut left: Vec<usize> = (0..size).collect();
    let mut order = Vec::with_capacity(size);
    while !left.is_empty() {
        let (place, &pivot) = least(&left, rest.view());
        order.push(pivot);
        left.swap_remove(place);
        let (variance, row) = (rest[(pivot, pivot)], rest.row(pivot).to_owned());
        // Nothing is left of a variable that those before it explain: it explains nothing more.
        if variance <= f64::EPSILON * covariance.matrix()[(pivot, pivot)] {
            continue;
        }
        for &i in &left {
            let multiple = row[i] / variance;
            let target = &mut rest.row_mut(i);
            // Whole rows: contiguous, and what has been taken is never read again.
            target.scaled_add(-multiple, &row);
        }
    }
    Order::new(order).unwrap_or_else(|_| Order::identity(size))
}

fn least<'a>(left: &'a [usize], matrix: ArrayView2<f64>) -> (usize, &'a usize) {
    let smaller = |a: &(usize, &'a usize), b: &(usize, &'a usize)| {
        matrix[(*a.1, *a.1)].total_cmp(&matrix[(*b.1, *b.1)]).then(a.1.cmp(b.1))
    };
    left.iter().enumerate().min_by(smaller).unwrap_or((0, &0))
}
