//! One small network a variable: the paper's nonlinear score.

use ndarray::{Array2, ArrayView2};
use numerics::elementary::sigmoid_all;
use numerics::lbfgs::{self, StopReason};
use numerics::product::product;
use rand::Rng;

use super::{Fit, NodeScore, check_finite};
use crate::Error;

/// Settings of [`Perceptron`]; the defaults are the authors'.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerceptronOptions {
    /// Hidden units, m.
    pub hidden: usize,
    /// λ₁, on the absolute values of the first layer.
    pub l1: f64,
    /// λ₂, on half the squares of all parameters.
    pub l2: f64,
    /// Most iterations of a training.
    pub iterations: usize,
    /// Seed of the first parameters.
    pub seed: u64,
}

impl Default for PerceptronOptions {
    fn default() -> Self {
        Self { hidden: 40, l1: 0.01, l2: 0.01, iterations: 200, seed: 0 }
    }
}

/// 1/(2n) Σ_i (x_ij − Σ_h v_h σ(Σ_k A_kh x_ik))² + λ₁ Σ |A_kh| + ½ λ₂ (Σ A² + Σ v²), σ the logistic function; no biases, as in the authors' code. Without
/// biases a network is a constant plus an odd function of its inputs: x² cannot be learned.
///
/// The weight of parent k is the norm of A_k. The loss is not convex: a fit depends on where it starts, and is a stationary point at best. Trained by the orthant-wise
/// method, so that idle parents have weight exactly 0; the authors' code takes a subgradient instead.
#[derive(Clone, Debug)]
pub struct Perceptron {
    /// Centred, by variable.
    columns: Array2<f64>,
    options: PerceptronOptions,
}

impl Perceptron {
    /// On data with one observation a row, whose columns are centred.
    ///
    /// # Errors
    /// Data that is empty or not finite; a setting out of range.
    pub fn new(data: ArrayView2<f64>, options: PerceptronOptions) -> Result<Self, Error> {
        check_finite(data)?;
        for (name, value) in [("l1", options.l1), ("l2", options.l2)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::Setting { name, value, range: "at least 0" });
            }
        }
        if options.hidden == 0 {
            return Err(Error::Setting {
                name: "the number of hidden units",
                value: 0.0,
                range: "at least 1",
            });
        }
        let mut columns = data.t().as_standard_layout().into_owned();
        for mut column in columns.rows_mut() {
            let mean = column.mean().unwrap_or(0.0);
            column -= mean;
        }
        Ok(Self { columns, options })
    }

    /// The smooth part of the loss and its gradient. Parameters: A by parent, then v.
    fn loss(&self, node: usize, inputs: &Array2<f64>, point: &[f64], gradient: &mut [f64]) -> f64 {
        let (units, rows) = (self.options.hidden, self.columns.ncols());
        let split = inputs.nrows() * units;
        let first = ArrayView2::from_shape((inputs.nrows(), units), &point[..split]).expect("sizes agree");
        let mut hidden = product(first.t(), inputs.view());
        sigmoid_all(hidden.as_slice_mut().expect("standard layout"));
        let output = ndarray::ArrayView1::from(&point[split..]);
        let error = output.dot(&hidden) - self.columns.row(node);
        let scale = 1.0 / rows as f64;
        let by_output = hidden.dot(&error) * scale;
        for (mut row, &v) in hidden.rows_mut().into_iter().zip(output) {
            for (h, &e) in row.iter_mut().zip(&error) {
                *h = scale * v * e * *h * (1.0 - *h);
            }
        }
        let by_first = product(inputs.view(), hidden.t());
        let l2 = self.options.l2;
        for ((g, &d), &x) in gradient.iter_mut().zip(by_first.iter().chain(&by_output)).zip(point) {
            *g = d + l2 * x;
        }
        0.5 * scale * error.dot(&error) + 0.5 * l2 * point.iter().map(|x| x * x).sum::<f64>()
    }
}

impl NodeScore for Perceptron {
    fn variables(&self) -> usize {
        self.columns.nrows()
    }

    fn rows(&self) -> usize {
        self.columns.ncols()
    }

    fn is_convex(&self) -> bool {
        false
    }

    fn fit(&self, node: usize, parents: &[usize], start: Option<&Fit>) -> Result<Fit, Error> {
        let PerceptronOptions { hidden: units, l1, iterations, seed, .. } = self.options;
        let column = self.columns.row(node);
        if parents.is_empty() {
            let loss = 0.5 * column.dot(&column) / column.len() as f64;
            let deviance = column.len() as f64 * (2.0 * loss).ln();
            return Ok(Fit {
                parents: Vec::new(),
                weights: Vec::new(),
                loss,
                deviance,
                parameters: Vec::new(),
            });
        }
        let inputs = self.columns.select(ndarray::Axis(0), parents);
        // First parameters depend on node and parent alone, not on who asks.
        let draws = |of: &str, reach: f64| {
            let path = ["notears-topo", "perceptron", &node.to_string(), of];
            let mut random = numerics::random::stream(seed, &path);
            (0..units).map(|_| random.random_range(-reach..reach)).collect::<Vec<f64>>()
        };
        let known = start.filter(|fit| !fit.parents.is_empty());
        let mut point = Vec::with_capacity((parents.len() + 1) * units);
        for parent in parents {
            match known.and_then(|fit| Some((fit, fit.parents.iter().position(|k| k == parent)?))) {
                Some((fit, place)) => point.extend(&fit.parameters[place * units..(place + 1) * units]),
                None => point.extend(draws(&parent.to_string(), 1.0 / (parents.len() as f64).sqrt())),
            }
        }
        match known {
            Some(fit) => point.extend(&fit.parameters[fit.parents.len() * units..]),
            None => point.extend(draws("output", 1.0)),
        }
        let mut penalties = vec![l1; parents.len() * units];
        penalties.resize(point.len(), 0.0);
        let options = lbfgs::Options {
            gradient_tolerance: 1e-6,
            relative_decrease: 1e-9,
            max_iterations: iterations,
            ..Default::default()
        };
        let objective = |x: &[f64], gradient: &mut [f64]| self.loss(node, &inputs, x, gradient);
        let found = lbfgs::minimise_with_l1(objective, &penalties, &point, &options)
            .map_err(|_| Error::Diverged { column: node })?;
        if found.reason == StopReason::Diverged {
            return Err(Error::Diverged { column: node });
        }
        let weights = found.point.chunks_exact(units).take(parents.len());
        let weights: Vec<f64> = weights.map(|a| a.iter().map(|x| x * x).sum::<f64>().sqrt()).collect();
        let smooth = self.loss(node, &inputs, &found.point, &mut vec![0.0; found.point.len()]);
        let squares = smooth - 0.5 * self.options.l2 * found.point.iter().map(|x| x * x).sum::<f64>();
        let deviance = self.columns.ncols() as f64 * (2.0 * squares).ln();
        Ok(Fit { parents: parents.to_vec(), weights, loss: found.value, deviance, parameters: found.point })
    }

    fn slopes(&self, _node: usize, _fit: &Fit) -> Option<Vec<f64>> {
        None
    }
}
