//! Simulated problems that several experiments share.

use lab::{Failure, Random};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::simulate::{self, Family, Noise};
use crate::{Covariance, Error, Order};

/// A family of graphs with its number of edges a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Graphs {
    /// Erdős and Rényi, one edge a node.
    Er1,
    /// Two edges.
    Er2,
    /// Four edges.
    Er4,
    /// Scale-free, two edges a node.
    Sf2,
    /// Four edges.
    Sf4,
}

/// All families.
pub const GRAPHS: [Graphs; 5] = [Graphs::Er1, Graphs::Er2, Graphs::Er4, Graphs::Sf2, Graphs::Sf4];

impl Graphs {
    /// The field's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Er1 => "ER1",
            Self::Er2 => "ER2",
            Self::Er4 => "ER4",
            Self::Sf2 => "SF2",
            Self::Sf4 => "SF4",
        }
    }

    /// A random graph.
    pub fn draw(self, variables: usize, random: &mut impl rand::Rng) -> Array2<f64> {
        let (family, edges) = match self {
            Self::Er1 => (Family::ErdosRenyi, 1),
            Self::Er2 => (Family::ErdosRenyi, 2),
            Self::Er4 => (Family::ErdosRenyi, 4),
            Self::Sf2 => (Family::ScaleFree, 2),
            Self::Sf4 => (Family::ScaleFree, 4),
        };
        simulate::graph(family, variables, edges, random)
    }
}

/// What names a problem; cells that agree in it share their data.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Instance {
    /// Family of the graph.
    pub graphs: Graphs,
    /// Law of the noise.
    pub noise: Noise,
    /// d.
    pub variables: usize,
    /// Which draw.
    pub replicate: u32,
}

/// A drawn problem.
pub struct Drawn {
    /// True weights.
    pub truth: Array2<f64>,
    /// Of n observations.
    pub covariance: Covariance,
}

impl Instance {
    /// Observations: 1000 as the field has them, and ten for each variable where that is more.
    pub fn rows(&self) -> usize {
        (10 * self.variables).max(1000)
    }

    /// Draws graph and data.
    ///
    /// # Errors
    /// If the data happens to be degenerate.
    pub fn draw(&self, random: &Random) -> Result<Drawn, Failure> {
        let mut random = random.shared_stream("problem", self)?;
        let truth = self.graphs.draw(self.variables, &mut random);
        let scales = vec![1.0; self.variables];
        let data = simulate::linear(truth.view(), self.rows(), self.noise, &scales, &mut random)?;
        Ok(Drawn { truth, covariance: Covariance::of(data.view())? })
    }
}

/// Uniform starts of a cell, the same for all that are compared.
///
/// # Errors
/// If the key is not flat.
pub fn random_order(variables: usize, random: &Random) -> Result<Order, Error> {
    Ok(Order::random(variables, &mut random.stream("start")))
}
