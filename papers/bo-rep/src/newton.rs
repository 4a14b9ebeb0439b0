//! Newton's method for heads: smooth, strongly convex losses of few unknowns.

use ndarray::{Array1, Array2};
use numerics::cholesky::Cholesky;

/// The minimiser with the factor of the Hessian there, by at most 100 damped steps from `start`, a factorisation each; `derivatives` gives gradient and Hessian. `None` if it is not found to 10⁻⁹.
pub(crate) fn minimise(
    start: &[f64],
    value: impl Fn(&Array1<f64>) -> f64,
    derivatives: impl Fn(&Array1<f64>) -> (Array1<f64>, Array2<f64>),
) -> Option<(Array1<f64>, Cholesky)> {
    let mut head = Array1::from(start.to_vec());
    let mut here = value(&head);
    let mut size = f64::INFINITY;
    let mut factor = None;
    for _ in 0..100 {
        let (mut step, hessian) = derivatives(&head);
        let found = Cholesky::new(hessian.view())?;
        found.solve(step.as_slice_mut()?);
        factor = Some(found);
        size = largest(&step);
        if !size.is_finite() {
            return None;
        }
        if size < 1e-13 * (1.0 + largest(&head)) {
            break;
        }
        let mut length = 1.0;
        loop {
            let moved = &head - &(&step * length);
            let there = value(&moved);
            // With slack for rounding, or the last steps would be refused.
            if there <= here + 1e-14 * (1.0 + here.abs()) || length < 1e-3 {
                (head, here) = (moved, there);
                break;
            }
            length *= 0.5;
        }
    }
    (size <= 1e-9 * (1.0 + largest(&head))).then_some(())?;
    Some((head, factor?))
}

fn largest(of: &Array1<f64>) -> f64 {
    of.iter().fold(0.0, |largest: f64, entry| largest.max(entry.abs()))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, array};

    use super::minimise;

    #[test]
    fn a_quadratic_takes_one_step_and_a_cosh_from_afar_arrives() {
        let (matrix, right) = (array![[2.0, 0.5], [0.5, 1.0]], array![1.0, -1.0]);
        let value = |y: &Array1<f64>| 0.5 * y.dot(&matrix.dot(y)) - right.dot(y);
        let (found, factor) =
            minimise(&[5.0, 5.0], value, |y| (matrix.dot(y) - &right, matrix.clone())).expect("it is convex");
        let mut solution = right.to_vec();
        factor.solve(&mut solution);
        assert!(found.iter().zip(&solution).all(|(a, b)| (a - b).abs() < 1e-14));
        let (found, _) = minimise(
            &[20.0],
            |y| (y[0] - 1.0).cosh(),
            |y| (array![(y[0] - 1.0).sinh()], array![[(y[0] - 1.0).cosh()]]),
        )
        .expect("it is strictly convex");
        assert!((found[0] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_flat_direction_is_refused() {
        assert!(minimise(&[1.0], |_| 0.0, |_| (array![0.0], array![[0.0]])).is_none());
    }
}
