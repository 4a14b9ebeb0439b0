//! The last digits of an optimum.
//!
//! Optimal neurons ride on hyperplanes of the data: some x_k·z_j are zero exactly, and on the face where they are, the objective is smooth. An interior point finds that face but comes to rest some 10⁻⁸ from it. Newton's
//! method on the face ends at rounding, which a certificate needs: its gap is of first order in the error of ν.

use faer::Mat;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use numerics::symmetric::eigen;

use crate::network::{Network, Neuron};
use crate::problem::{Loss, Problem, sigmoid};

/// A neuron on its face.
struct Face {
    sign: f64,
    active: Vec<bool>,
    /// An orthonormal basis of the face, r × m.
    basis: Array2<f64>,
    coordinates: Array1<f64>,
}

impl Face {
    fn z(&self) -> Array1<f64> {
        self.basis.dot(&self.coordinates)
    }
}

/// The network after Newton's method on the faces that its neurons nearly lie on, where |x_k·z| ≤ `tolerance`|x_k||z|. Whether that is better is for a certificate to say. Losses with a kink are left as they are.
pub fn polished(problem: &Problem, network: &Network, tolerance: f64) -> Network {
    if problem.loss() == Loss::Hinge || network.neurons.is_empty() {
        return network.clone();
    }
    let mut faces: Vec<Face> =
        network.neurons.iter().filter_map(|neuron| face(problem, neuron, tolerance)).collect();
    let mut cost = network_of(&faces).cost(problem);
    for _ in 0..30 {
        let Some(steps) = newton(problem, &faces) else { break };
        let moved = |length: f64| -> Vec<Array1<f64>> {
            faces.iter().zip(&steps).map(|(face, step)| &face.coordinates + &(step * length)).collect()
        };
        // No neuron may shrink by more than half.
        let longest = faces.iter().zip(&steps).map(|(face, step)| {
            0.5 * face.coordinates.dot(&face.coordinates).sqrt() / step.dot(step).sqrt().max(1e-300)
        });
        let mut length = longest.fold(1.0, f64::min);
        let before = cost;
        let mut accepted = None;
        for _ in 0..12 {
            let candidate = moved(length);
            let trial: Vec<Neuron> = faces
                .iter()
                .zip(&candidate)
                .map(|(face, coordinates)| Neuron { sign: face.sign, z: face.basis.dot(coordinates) })
                .collect();
            let found = Network { neurons: trial }.cost(problem);
            if found <= before * (1.0 + 4.0 * f64::EPSILON) {
                accepted = Some((candidate, found));
                break;
            }
            length *= 0.5;
        }
        let Some((candidate, found)) = accepted else { break };
        let size: f64 = steps.iter().map(|step| step.dot(step)).sum::<f64>().sqrt() * length;
        let scale: f64 = candidate.iter().map(|point| point.dot(point)).sum::<f64>().sqrt();
        faces.iter_mut().zip(candidate).for_each(|(face, coordinates)| face.coordinates = coordinates);
        cost = found;
        if size < 1e-15 * scale {
            break;
        }
    }
    network_of(&faces)
}

fn network_of(faces: &[Face]) -> Network {
    Network { neurons: faces.iter().map(|face| Neuron { sign: face.sign, z: face.z() }).collect() }
}

/// None for a neuron whose face is a point.
fn face(problem: &Problem, neuron: &Neuron, tolerance: f64) -> Option<Face> {
    let x = problem.x();
    let length = neuron.z.dot(&neuron.z).sqrt();
    let products = x.dot(&neuron.z);
    let tight: Vec<usize> = (0..x.nrows())
        .filter(|row| {
            let size = x.row(*row).dot(&x.row(*row)).sqrt();
            size > 0.0 && products[*row].abs() <= tolerance * size * length
        })
        .collect();
    let basis = orthogonal_complement(x, &tight)?;
    let coordinates = basis.t().dot(&neuron.z);
    let z = basis.dot(&coordinates);
    // On the face, what is tight is zero, and counts for neither side.
    let active = (0..x.nrows()).map(|row| !tight.contains(&row) && x.row(row).dot(&z) > 0.0).collect();
    Some(Face { sign: neuron.sign, active, basis, coordinates })
}

/// A basis of what is orthogonal to some rows; none if that is zero.
fn orthogonal_complement(x: ArrayView2<f64>, rows: &[usize]) -> Option<Array2<f64>> {
    let r = x.ncols();
    if rows.is_empty() {
        return Some(Array2::eye(r));
    }
    // Padded with zeros, so that the right singular vectors are complete.
    let height = rows.len().max(r);
    let unit = |row: usize| 1.0 / x.row(row).dot(&x.row(row)).sqrt();
    let svd = Mat::from_fn(height, r, |i, j| rows.get(i).map_or(0.0, |row| x[(*row, j)] * unit(*row)))
        .thin_svd()
        .ok()?;
    let singular = svd.S().column_vector();
    let rank = (0..r).filter(|k| singular[*k] > 1e-10 * singular[0]).count();
    (rank < r).then(|| Array2::from_shape_fn((r, r - rank), |(i, j)| svd.V()[(i, rank + j)]))
}

/// Newton's step of all coordinates, in the least-squares sense.
fn newton(problem: &Problem, faces: &[Face]) -> Option<Vec<Array1<f64>>> {
    let (x, y, beta) = (problem.x(), problem.y(), problem.beta());
    let output = network_of(faces).predict(x);
    let first: Array1<f64> = -problem.dual_point(output.view());
    let second = |row: usize| match problem.loss() {
        Loss::Logistic => {
            let p = sigmoid(-y[row] * output[row]);
            p * (1.0 - p)
        }
        _ => 1.0,
    };
    let root: Array1<f64> = (0..x.nrows()).map(|row| second(row).sqrt()).collect();
    let offsets: Vec<usize> = faces
        .iter()
        .scan(0, |sum, face| {
            let start = *sum;
            *sum += face.coordinates.len();
            Some(start)
        })
        .collect();
    let total: usize = faces.iter().map(|face| face.coordinates.len()).sum();
    let mut outputs = Array2::<f64>::zeros((x.nrows(), total));
    let mut gradient = Array1::zeros(total);
    for (face, offset) in faces.iter().zip(&offsets) {
        let mut columns = outputs.slice_mut(ndarray::s![.., *offset..offset + face.coordinates.len()]);
        let products = x.dot(&face.basis);
        for row in (0..x.nrows()).filter(|row| face.active[*row]) {
            columns.row_mut(row).assign(&(&products.row(row) * face.sign));
        }
        let length = face.coordinates.dot(&face.coordinates).sqrt();
        let norm = &face.coordinates * (beta / length);
        let slope = columns.t().dot(&first) + &norm;
        gradient.slice_mut(ndarray::s![*offset..offset + face.coordinates.len()]).assign(&slope);
    }
    let mut scaled = outputs;
    scaled.outer_iter_mut().zip(&root).for_each(|(mut row, root)| row *= *root);
    let mut hessian = scaled.t().dot(&scaled);
    for (face, offset) in faces.iter().zip(&offsets) {
        let length = face.coordinates.dot(&face.coordinates).sqrt();
        let unit = &face.coordinates / length;
        for i in 0..unit.len() {
            for j in 0..unit.len() {
                let identity = f64::from(u8::from(i == j));
                hessian[(offset + i, offset + j)] += beta / length * (identity - unit[i] * unit[j]);
            }
        }
    }
    let (values, vectors) = eigen(hessian.view())?;
    let largest = values.iter().copied().fold(0.0, f64::max);
    let mut step = Array1::<f64>::zeros(total);
    for (k, value) in values.iter().enumerate().filter(|(_, value)| **value > 1e-12 * largest) {
        let vector: ArrayView1<f64> = vectors.column(k);
        step.scaled_add(-vector.dot(&gradient) / value, &vector);
    }
    let pieces = faces
        .iter()
        .zip(&offsets)
        .map(|(face, offset)| step.slice(ndarray::s![*offset..offset + face.coordinates.len()]).to_owned());
    Some(pieces.collect())
}
