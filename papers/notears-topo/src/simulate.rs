//! Random graphs and data that follow them, as the field's experiments draw them.
//!
//! Weights are uniform on ±[0.5, 2]; graphs and noise are those of the authors' generator. Such data is easy in a way that real data is not: variances grow along the
//! causal order ([`crate::sortability`]).

use ndarray::{Array1, Array2, ArrayView2};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, Exp1, Gumbel, StandardNormal, Uniform};
use serde::{Deserialize, Serialize};

use crate::{Error, Order, graph};

/// A family of random acyclic graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Erdős and Rényi: that many edges a node among all pairs, uniformly; ER in the field's tables.
    ErdosRenyi,
    /// Barabási and Albert: every new node points at that many earlier ones, by their degree; SF in the field's tables.
    ScaleFree,
}

/// The law of the noise, of scale 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Noise {
    /// Variance 1.
    Gaussian,
    /// Variance 1, skewed.
    Exponential,
    /// Variance π²/6, skewed.
    Gumbel,
}

/// A random acyclic graph with weights uniform on ±[0.5, 2], its variables in random order.
pub fn graph(family: Family, variables: usize, edges_per_node: usize, random: &mut impl Rng) -> Array2<f64> {
    let order = Order::random(variables, random);
    let names = order.variables();
    let mut weights = Array2::zeros((variables, variables));
    let size = Uniform::new(0.5, 2.0).expect("0.5 is below 2");
    let mut put = |i: usize, j: usize, random: &mut dyn rand::RngCore| {
        let sign = if random.random::<bool>() { 1.0 } else { -1.0 };
        weights[(names[i], names[j])] = sign * size.sample(random);
    };
    match family {
        Family::ErdosRenyi => {
            let mut pairs: Vec<(usize, usize)> =
                (0..variables).flat_map(|j| (0..j).map(move |i| (i, j))).collect();
            let wanted = (edges_per_node * variables).min(pairs.len());
            let (chosen, _) = pairs.partial_shuffle(random, wanted);
            chosen.sort_unstable();
            for &(i, j) in chosen.iter() {
                put(i, j, random);
            }
        }
        Family::ScaleFree => {
            // Every end of an edge is in the urn once, and every node once besides, as its first chance.
            let mut urn = vec![0];
            for node in 1..variables {
                let mut targets: Vec<usize> = Vec::new();
                while targets.len() < edges_per_node.min(node) {
                    let target = urn[random.random_range(0..urn.len())];
                    if !targets.contains(&target) {
                        targets.push(target);
                    }
                }
                for &target in &targets {
                    put(node, target, random);
                }
                urn.extend(targets);
                urn.push(node);
            }
        }
    }
    weights
}

/// Data of the linear model x = Wᵀx + e: n rows, noise of the given law times `scales` (one a variable).
///
/// # Errors
/// A cyclic graph; scales of another number.
pub fn linear(
    weights: ArrayView2<f64>,
    rows: usize,
    noise: Noise,
    scales: &[f64],
    random: &mut impl Rng,
) -> Result<Array2<f64>, Error> {
    if scales.len() != weights.nrows() {
        return Err(Error::Shape {
            what: "the list of scales",
            rows: scales.len(),
            columns: 1,
            expected: weights.nrows(),
        });
    }
    by_order(weights, rows, |child, parents| {
        let gumbel = Gumbel::new(0.0, 1.0).expect("a scale of 1 is positive");
        let mut column = parents.linear();
        for entry in &mut column {
            let draw: f64 = match noise {
                Noise::Gaussian => StandardNormal.sample(random),
                Noise::Exponential => Exp1.sample(random),
                Noise::Gumbel => gumbel.sample(random),
            };
            *entry += scales[child] * draw;
        }
        column
    })
}

/// Binary data: a variable is 1 with probability 1/(1 + exp(−Σ W_ij x_i)).
///
/// # Errors
/// A cyclic graph.
pub fn logistic(weights: ArrayView2<f64>, rows: usize, random: &mut impl Rng) -> Result<Array2<f64>, Error> {
    by_order(weights, rows, |_, parents| {
        parents.linear().mapv(|z| f64::from(u8::from(random.random::<f64>() < 1.0 / (1.0 + (-z).exp()))))
    })
}

/// Data of random networks: x_j = v · sigmoid(A x_parents) + e with 100 hidden units, A and v uniform on ±[0.5, 2], e normal. The weights of the graph say which edges there
/// are, no more.
///
/// # Errors
/// A cyclic graph.
pub fn perceptron(
    weights: ArrayView2<f64>,
    rows: usize,
    random: &mut impl Rng,
) -> Result<Array2<f64>, Error> {
    let size = Uniform::new(0.5, 2.0).expect("0.5 is below 2");
    by_order(weights, rows, |_, parents| {
        let mut column = Array1::zeros(rows);
        if !parents.variables.is_empty() {
            for _ in 0..100 {
                let mut signed = || size.sample(random) * if random.random::<bool>() { 1.0 } else { -1.0 };
                let output = signed();
                let mut hidden = Array1::<f64>::zeros(rows);
                for &parent in &parents.variables {
                    hidden.scaled_add(signed(), &parents.data.column(parent));
                }
                column += &hidden.mapv(|z| output / (1.0 + (-z).exp()));
            }
        }
        for entry in &mut column {
            let draw: f64 = StandardNormal.sample(random);
            *entry += draw;
        }
        column
    })
}

/// What a variable is computed from.
struct Parents<'a> {
    data: &'a Array2<f64>,
    variables: Vec<usize>,
    weights: Vec<f64>,
}

impl Parents<'_> {
    fn linear(&self) -> Array1<f64> {
        let mut column = Array1::zeros(self.data.nrows());
        for (&parent, &weight) in self.variables.iter().zip(&self.weights) {
            column.scaled_add(weight, &self.data.column(parent));
        }
        column
    }
}

fn by_order(
    weights: ArrayView2<f64>,
    rows: usize,
    mut compute: impl FnMut(usize, Parents) -> Array1<f64>,
) -> Result<Array2<f64>, Error> {
    let order = graph::topological_order(weights)?;
    let mut data = Array2::zeros((rows, weights.nrows()));
    for &child in order.variables() {
        let variables: Vec<usize> = (0..weights.nrows()).filter(|&i| weights[(i, child)] != 0.0).collect();
        let parents = Parents {
            data: &data,
            weights: variables.iter().map(|&i| weights[(i, child)]).collect(),
            variables,
        };
        let column = compute(child, parents);
        data.column_mut(child).assign(&column);
    }
    Ok(data)
}
