//! A point of the loss surface: a network with data and a loss, and its second derivatives.
//!
//! H = G + R: the Gauss–Newton part G = (1/N) Σ Jᵢᵀ Λᵢ Jᵢ, with Jᵢ the derivatives of the outputs and Λᵢ the loss's curvature by the outputs, and R from the curvature of
//! the network. For cross-entropy Λᵢ = diag(p) − ppᵀ has Λᵢ1 = 0, so rank G ≤ N(C − 1); for squares rank G ≤ NC: with M above that the rest of G is zero, and H has as many
//! near-zeros as R allows. With rectifiers R has zero blocks on the diagonal: trace H = trace G.

use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView2};
use networks::{Loss, Network, Parametrisation};

use crate::operator::Symmetric;

/// Why there is no such point.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PointError {
    /// No row.
    #[error("there is no example")]
    Empty,
    /// A coordinate or a target is NaN or infinite.
    #[error("row {0} of the data has a number that is not finite")]
    NotFinite(usize),
    /// The parametrisation has factors.
    #[error("Hessians here are of networks in the standard parametrisation")]
    Parametrisation,
    /// Shapes.
    #[error(transparent)]
    Network(#[from] networks::NetworkError),
}

/// A network at its parameters, with the data that its loss is taken over.
#[derive(Clone, Debug)]
pub struct Point {
    network: Network<f64>,
    x: Arc<Array2<f64>>,
    y: Arc<Array2<f64>>,
    loss: Loss,
}

impl Point {
    /// Checks shapes and numbers. `x` is N × n_0, `y` N × n_L: one-hot rows or laws for cross-entropy.
    ///
    /// # Errors
    /// No rows, shapes that differ, numbers that are not finite, a parametrisation with factors.
    pub fn new(
        network: Network<f64>,
        x: Array2<f64>,
        y: Array2<f64>,
        loss: Loss,
    ) -> Result<Self, PointError> {
        if x.nrows() == 0 {
            return Err(PointError::Empty);
        }
        if network.parametrisation() != Parametrisation::Standard {
            return Err(PointError::Parametrisation);
        }
        for rows in [&x, &y] {
            if let Some(row) = rows.rows().into_iter().position(|row| row.iter().any(|a| !a.is_finite())) {
                return Err(PointError::NotFinite(row));
            }
        }
        // Shapes are checked where they are used first.
        network.loss_and_gradient(x.view(), y.view(), loss)?;
        Ok(Self { network, x: Arc::new(x), y: Arc::new(y), loss })
    }

    /// The network.
    pub fn network(&self) -> &Network<f64> {
        &self.network
    }

    /// x: N × n_0.
    pub fn inputs(&self) -> ArrayView2<'_, f64> {
        self.x.view()
    }

    /// y: N × n_L.
    pub fn targets(&self) -> ArrayView2<'_, f64> {
        self.y.view()
    }

    /// The loss of an example.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The mean loss and its gradient, in the order of the network's parameters.
    ///
    /// # Panics
    /// Not for a point that was made.
    pub fn loss_and_gradient(&self) -> (f64, Array1<f64>) {
        self.network.loss_and_gradient(self.x.view(), self.y.view(), self.loss).expect("shapes were checked")
    }

    /// The mean loss alone, for a third of the work.
    ///
    /// # Panics
    /// Not for a point that was made.
    pub fn mean_loss(&self) -> f64 {
        let outputs = self.network.forward(self.x.view()).expect("shapes were checked");
        self.loss.mean(outputs.view(), self.y.view())
    }

    /// The same data, not copied, at other parameters.
    ///
    /// # Errors
    /// Another number of parameters, or one that is not finite.
    pub fn at(&self, parameters: Array1<f64>) -> Result<Self, PointError> {
        let network = Network::from_parameters(
            self.network.widths(),
            self.network.activation(),
            self.network.parametrisation(),
            parameters,
        )?;
        Ok(Self { network, ..self.clone() })
    }

    /// G as an operator.
    pub fn gauss_newton(&self) -> GaussNewton<'_> {
        GaussNewton(self)
    }
}

/// H, by products (Pearlmutter 1994): 12 N M flops a vector, less the first layer's share.
impl Symmetric for Point {
    fn dimension(&self) -> usize {
        self.network.parameters().len()
    }

    fn apply(&self, vectors: ArrayView2<f64>) -> Array2<f64> {
        self.network
            .hessian_products(self.x.view(), self.y.view(), self.loss, vectors)
            .expect("shapes were checked")
    }
}

/// The Gauss–Newton part of a point's Hessian.
pub struct GaussNewton<'a>(&'a Point);

impl Symmetric for GaussNewton<'_> {
    fn dimension(&self) -> usize {
        self.0.dimension()
    }

    fn apply(&self, vectors: ArrayView2<f64>) -> Array2<f64> {
        let point = self.0;
        let products =
            point.network.gauss_newton_products(point.x.view(), point.y.view(), point.loss, vectors);
        products.expect("shapes were checked")
    }
}
