//! The exact augmented Lagrangian L_η = L + η₁/2 |c|² + η₂/2 |∇ₓL|², a function of x and λ.
//!
//! For η₁ large and η₂ small enough its minimisers are the problem's, so that one function judges steps in x and λ together. Its value needs
//! first derivatives, its gradient second ones and no third:
//!
//! d/dx = ∇ₓL + η₂ H ∇ₓL + η₁ c′ᵀc, d/dλ = c + η₂ c′ ∇ₓL, with H = ∇²ₓₓL.

use crate::problem::Point;
use crate::sparse::Sparse;

/// η₁ and η₂.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalties {
    /// η₁ ≥ 0, on |c|².
    pub constraints: f64,
    /// η₂ ≥ 0, on |∇ₓL|².
    pub stationarity: f64,
}

impl Penalties {
    /// L_η.
    pub fn value(&self, point: &Point) -> f64 {
        let (dual, primal) = point.residuals();
        point.objective
            + point.multiplied()
            + 0.5 * (self.constraints * primal * primal + self.stationarity * dual * dual)
    }

    /// ∇L_η, n numbers for x and then m for λ. `hessian` is H; with ∇²f in its place the result is what the authors' script descends along,
    /// which is the gradient only where constraints are linear or λ = 0.
    pub fn gradient(&self, point: &Point, hessian: &Sparse) -> Vec<f64> {
        let (n, m) = (point.x.len(), point.multipliers.len());
        let mut gradient = vec![0.0; n + m];
        let (dx, dl) = gradient.split_at_mut(n);
        hessian.multiply(&point.stationarity, dx);
        for (d, stationarity) in dx.iter_mut().zip(&point.stationarity) {
            *d = stationarity + self.stationarity * *d;
        }
        let scaled: Vec<f64> = point.constraints.iter().map(|c| self.constraints * c).collect();
        point.jacobian.add_transposed(&scaled, dx);
        for (row, (d, c)) in dl.iter_mut().zip(&point.constraints).enumerate() {
            *d = c + self.stationarity * point.jacobian.row_dot(row, &point.stationarity);
        }
        gradient
    }

    /// What rounding may change in a difference of two values near `point`.
    pub(crate) fn rounding(&self, point: &Point) -> f64 {
        let (dual, primal) = point.residuals();
        let penalties = self.constraints * primal * primal + self.stationarity * dual * dual;
        // A constraint is known up to the rounding of its terms, about |cᵢ′||x|.
        let terms = |row: usize| {
            let (columns, values) = point.jacobian.row(row);
            columns
                .iter()
                .zip(values)
                .map(|(column, value)| (value * point.x[*column as usize]).abs())
                .sum::<f64>()
        };
        let constraints: f64 = point
            .multipliers
            .iter()
            .zip(&point.constraints)
            .enumerate()
            .map(|(row, (l, c))| (l.abs() + self.constraints * c.abs()) * (terms(row) + c.abs()))
            .sum();
        10.0 * f64::EPSILON * (point.objective.abs() + constraints + penalties)
    }
}
