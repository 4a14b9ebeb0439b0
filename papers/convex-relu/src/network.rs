//! Two-layer ReLU networks as signed weight vectors.

use faer::Mat;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::problem::Problem;

/// s (x·z)₊, with s = ±1.
#[derive(Clone, Debug, PartialEq)]
pub struct Neuron {
    /// s.
    pub sign: f64,
    /// z.
    pub z: Array1<f64>,
}

/// f(x) = Σ s_j (x·z_j)₊.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// In no order.
    pub neurons: Vec<Neuron>,
}

impl Network {
    /// Of an inner layer, one column a neuron, and outer weights: z_j = |a_j|u_j.
    pub fn of_layers(inner: ArrayView2<f64>, outer: ArrayView1<f64>) -> Self {
        let neurons =
            inner.axis_iter(Axis(1)).zip(outer).filter(|(u, a)| **a != 0.0 && u.iter().any(|x| *x != 0.0));
        Self {
            neurons: neurons.map(|(u, a)| Neuron { sign: a.signum(), z: u.mapv(|x| x * a.abs()) }).collect(),
        }
    }

    /// The inner layer, one column a neuron, and the outer weights, of equal norms.
    pub fn layers(&self, features: usize) -> (Array2<f64>, Array1<f64>) {
        let mut inner = Array2::zeros((features, self.neurons.len()));
        let mut outer = Array1::zeros(self.neurons.len());
        for (j, neuron) in self.neurons.iter().enumerate() {
            let root = neuron.z.dot(&neuron.z).sqrt().sqrt();
            if root > 0.0 {
                inner.column_mut(j).assign(&(&neuron.z / root));
                outer[j] = neuron.sign * root;
            }
        }
        (inner, outer)
    }

    /// f of each row.
    pub fn predict(&self, x: ArrayView2<f64>) -> Array1<f64> {
        let mut sum = Array1::zeros(x.nrows());
        for neuron in &self.neurons {
            sum.scaled_add(neuron.sign, &x.dot(&neuron.z).mapv(|product| product.max(0.0)));
        }
        sum
    }

    /// Σ |z_j|.
    pub fn norm(&self) -> f64 {
        self.neurons.iter().map(|neuron| neuron.z.dot(&neuron.z).sqrt()).sum()
    }

    /// loss(f) + β Σ |z_j|: what training would pay for these layers, scaled as well as can be.
    pub fn cost(&self, problem: &Problem) -> f64 {
        problem.value(self.predict(problem.x()).view()) + problem.beta() * self.norm()
    }

    /// The same in the coordinates of the X that the problem was given.
    pub fn restored(&self, problem: &Problem) -> Self {
        let neurons = self.neurons.iter();
        Self { neurons: neurons.map(|n| Neuron { sign: n.sign, z: problem.restored(n.z.view()) }).collect() }
    }

    /// From the coordinates of the X that the problem was given.
    pub fn reduced(&self, problem: &Problem) -> Self {
        let neurons = self.neurons.iter();
        Self { neurons: neurons.map(|n| Neuron { sign: n.sign, z: problem.reduced(n.z.view()) }).collect() }
    }

    /// Without neurons below `share` of the largest, and with those of one sign whose directions differ by less than an angle added up. In one cell that changes no output; across cells it does, by as much as the angle.
    pub fn merged(&self, share: f64, angle: f64) -> Self {
        let length = |neuron: &Neuron| neuron.z.dot(&neuron.z).sqrt();
        let largest = self.neurons.iter().map(length).fold(0.0, f64::max);
        let mut kept: Vec<Neuron> =
            self.neurons.iter().filter(|neuron| length(neuron) > share * largest).cloned().collect();
        kept.sort_by(|a, b| length(b).total_cmp(&length(a)));
        let mut merged: Vec<Neuron> = Vec::new();
        for neuron in kept {
            let near = |other: &&mut Neuron| {
                let apart = &other.z / length(other) - &neuron.z / length(&neuron);
                other.sign == neuron.sign && apart.dot(&apart).sqrt() < angle
            };
            match merged.iter_mut().find(near) {
                Some(other) => other.z += &neuron.z,
                None => merged.push(neuron),
            }
        }
        Self { neurons: merged }
    }

    /// Fewer neurons at the same cost, at most n of an optimum: where outputs (Xz_j)₊ depend linearly on each other, neurons are scaled by 1 + t c_j until one vanishes, as long as that costs nothing.
    pub fn reduced_to_independent(&self, problem: &Problem) -> Self {
        let mut best = self.clone();
        let most = self.cost(problem) * (1.0 + 1e-12);
        while let Some(null) = dependence(&best.neurons, problem.x()) {
            // The smallest step that brings a factor to zero, on the side that does not cost more.
            let lengths = best.neurons.iter().map(|neuron| neuron.z.dot(&neuron.z).sqrt());
            let slope: f64 = lengths.zip(&null).map(|(length, c)| length * c).sum();
            let side = if slope > 0.0 { -1.0 } else { 1.0 };
            let reach = |place: usize| -1.0 / (side * null[place]);
            let first = (0..null.len())
                .filter(|place| reach(*place) > 0.0)
                .min_by(|a, b| reach(*a).total_cmp(&reach(*b)));
            let Some(first) = first else { break };
            let step = reach(first);
            let mut neurons = best.neurons.clone();
            for (neuron, c) in neurons.iter_mut().zip(&null) {
                neuron.z *= (1.0 + side * step * c).max(0.0);
            }
            neurons.swap_remove(first);
            let next = Self { neurons };
            if next.cost(problem) > most {
                break;
            }
            best = next;
        }
        best
    }
}

/// Coefficients c with Σ c_j s_j (Xz_j)₊ = 0, if outputs depend on each other.
fn dependence(neurons: &[Neuron], x: ArrayView2<f64>) -> Option<Vec<f64>> {
    let count = neurons.len();
    if count == 0 {
        return None;
    }
    let outputs: Vec<Array1<f64>> = neurons
        .iter()
        .map(|neuron| x.dot(&neuron.z).mapv(|product| neuron.sign * product.max(0.0)))
        .collect();
    let lengths: Vec<f64> = outputs.iter().map(|output| output.dot(output).sqrt()).collect();
    if let Some(silent) = lengths.iter().position(|length| *length == 0.0) {
        return Some((0..count).map(|place| if place == silent { -1.0 } else { 0.0 }).collect());
    }
    // Padded with zero rows, so that the right singular vectors are complete.
    let rows = x.nrows().max(count);
    let entry = |i: usize, j: usize| if i < x.nrows() { outputs[j][i] / lengths[j] } else { 0.0 };
    let svd = Mat::from_fn(rows, count, entry).thin_svd().ok()?;
    let singular = svd.S().column_vector();
    if singular[count - 1] > 1e-9 * singular[0] {
        return None;
    }
    Some((0..count).map(|j| svd.V()[(j, count - 1)] / lengths[j]).collect())
}
