//! The system of a Newton step, K z = −F with K = [[B, Gᵀ], [G, −sI]], B = H + tI, G = c′ and s = 0 but where G is deficient; and what is asked about it.

use ndarray::{Array2, Axis};
use numerics::symmetric::{eigen, eigenvalues};

use crate::problem::{Point, Problem};
use crate::sparse::Sparse;

/// How K is moved away from what is not wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shifts {
    /// t ≥ 0.
    pub hessian: f64,
    /// s ≥ 0.
    pub constraints: f64,
}

/// Writes K into `system`.
pub fn assemble(hessian: &Sparse, shifts: Shifts, jacobian: &Sparse, system: &mut Sparse) {
    let shift = shifts.hessian;
    let (n, m) = (hessian.rows(), jacobian.rows());
    let transposed = jacobian.transposed();
    system.clear(n + m);
    for row in 0..n {
        let (columns, values) = hessian.row(row);
        let mut shifted = shift == 0.0;
        for (column, value) in columns.iter().zip(values) {
            let on_diagonal = *column as usize == row;
            shifted |= on_diagonal;
            system.push(*column as usize, value + if on_diagonal { shift } else { 0.0 });
        }
        if !shifted {
            system.push(row, shift);
        }
        let (constraints, values) = transposed.row(row);
        for (constraint, value) in constraints.iter().zip(values) {
            system.push(n + *constraint as usize, *value);
        }
        system.end_row();
    }
    for row in 0..m {
        let (columns, values) = jacobian.row(row);
        for (column, value) in columns.iter().zip(values) {
            system.push(*column as usize, *value);
        }
        if shifts.constraints > 0.0 {
            system.push(n + row, -shifts.constraints);
        }
        system.end_row();
    }
}

/// K of a problem at a point, with t = s = 0.
pub fn at(problem: &dyn Problem, point: &Point) -> Sparse {
    let mut hessian = Sparse::new(point.x.len());
    problem.hessian(&point.x, &point.multipliers, &mut hessian);
    let mut system = Sparse::new(0);
    assemble(&hessian, Shifts::default(), &point.jacobian, &mut system);
    system
}

/// −F.
pub fn right_side(point: &Point) -> Vec<f64> {
    point.stationarity.iter().chain(&point.constraints).map(|value| -value).collect()
}

/// λ_min(G Gᵀ), the square of the smallest singular value; infinite without rows. Dense, m³.
pub fn smallest_gram_eigenvalue(jacobian: &Sparse) -> f64 {
    if jacobian.rows() == 0 {
        return f64::INFINITY;
    }
    let dense = jacobian.to_dense();
    eigenvalues(dense.dot(&dense.t()).view()).map_or(f64::NAN, |values| values[0])
}

/// The smallest eigenvalue of H on the null space of G, of rank m; infinite for m = n. Dense, n³.
pub fn smallest_reduced_eigenvalue(hessian: &Sparse, jacobian: &Sparse) -> f64 {
    let (n, m) = (hessian.rows(), jacobian.rows());
    if m >= n {
        return f64::INFINITY;
    }
    let dense = jacobian.to_dense();
    let Some((_, vectors)) = eigen(dense.t().dot(&dense).view()) else { return f64::NAN };
    // Ascending: the first n − m span the null space.
    let basis: Array2<f64> = vectors.slice_axis(Axis(1), (0..n - m).into()).to_owned();
    let reduced = basis.t().dot(&hessian.to_dense()).dot(&basis);
    eigenvalues(reduced.view()).map_or(f64::NAN, |values| values[0])
}

/// Rows of G that are combinations of earlier ones, by Gram–Schmidt; up to n·m² flops.
pub fn dependent_rows(jacobian: &Sparse) -> Vec<usize> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let mut dependent = Vec::new();
    for row in 0..jacobian.rows() {
        let mut vector = vec![0.0; jacobian.columns()];
        jacobian.add_row(row, 1.0, &mut vector);
        let before = crate::sparse::norm(&vector);
        for _ in 0..2 {
            for known in &basis {
                let along = crate::sparse::dot(known, &vector);
                vector.iter_mut().zip(known).for_each(|(v, k)| *v -= along * k);
            }
        }
        let after = crate::sparse::norm(&vector);
        if after <= 1e-10 * before {
            dependent.push(row);
        } else {
            vector.iter_mut().for_each(|v| *v /= after);
            basis.push(vector);
        }
    }
    dependent
}
