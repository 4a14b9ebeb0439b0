//! From a numerical solution to a certificate: Gram matrices become products of rounded Cholesky factors.

use ndarray::Array2;

use super::{RADIAL_BLOCKS, ThreePointBound};
use crate::Error;
use crate::certificate::Dyadic;
use crate::certificate::three_point::{SumOfSquares, ThreePoint};
use crate::certificate::two_point::TwoPoint;
use crate::dense;
use crate::scalar::Scalar;
use crate::semidefinite::Solution;

/// Bits of the coefficients of f.
const BITS: u64 = 220;

impl ThreePointBound {
    /// The certificate of a solution. It may prove nothing; the checker decides.
    pub(super) fn rounded<T: Scalar>(&self, solution: &Solution<T>) -> Result<ThreePoint, Error> {
        let scales = &self.scales;
        let matrices = &solution.iterate.matrices;
        let mut first = T::one();
        solution.iterate.z.iter().for_each(|value| first -= *value);
        let transform: Vec<Dyadic> =
            std::iter::once(first).chain(solution.iterate.z.iter().copied()).map(Dyadic::exact).collect();
        // The certificate's function has a_k, its transform (−1)^k a_k.
        let function: Vec<Dyadic> = transform
            .iter()
            .enumerate()
            .map(|(k, value)| if k % 2 == 0 { value.clone() } else { value.negated() })
            .collect();
        let function =
            TwoPoint::new(self.parameters.dimension, Dyadic::from_f64(scales.square), &function, BITS)
                .coefficients;

        let orders = self.kernel_orders();
        let kernel_blocks = &matrices[RADIAL_BLOCKS..RADIAL_BLOCKS + orders.len()];
        let grams: Vec<Array2<T>> = matrices[RADIAL_BLOCKS + orders.len()..]
            .iter()
            .enumerate()
            .map(|(place, gram)| {
                let exponent = scales.multiplier_exponent(self.sampling.kind(place).0);
                self.sampling.in_chebyshev_basis(place, gram).mapv(|value| value.times_power_of_two(exponent))
            })
            .collect();
        let mut margin = f64::INFINITY;
        for (place, gram) in
            grams.iter().enumerate().filter(|(place, _)| self.sampling.kind(*place).0.is_one())
        {
            let (values, _) = numerics::symmetric::eigen(dense::rounded(gram.view()).view())
                .ok_or_else(|| Error::NotConverged(format!("Gram matrix {place} is not finite")))?;
            // Below the rounding errors of f64 the smallest eigenvalue must be found as the largest of the inverse.
            let inverse = dense::cholesky(gram).map(|factor| dense::inverse(&factor));
            let largest =
                inverse.and_then(|inverse| numerics::symmetric::eigen(dense::rounded(inverse.view()).view()));
            let smallest = largest
                .and_then(|(inverse, _)| inverse.last().map(|largest| 1.0 / largest))
                .unwrap_or(values[0]);
            margin = margin.min(smallest / 2.0);
        }
        let mut kernel = Vec::new();
        for (matrix, (scale, _)) in kernel_blocks.iter().zip(&scales.kernel) {
            let scale = T::from_f64(*scale);
            kernel.push(factor(&matrix.mapv(|value| value * scale), T::zero(), margin)?);
        }
        let mut squares: Vec<SumOfSquares> = Vec::new();
        for (place, gram) in grams.iter().enumerate() {
            let (multiplier, antisymmetric) = self.sampling.kind(place);
            let shift = if multiplier.is_one() { T::from_f64(margin) } else { T::zero() };
            let factor = factor(gram, shift, margin)?;
            if antisymmetric {
                squares.last_mut().expect("the symmetric part comes first").antisymmetric = factor;
            } else {
                squares.push(SumOfSquares {
                    multiplier: multiplier.to_string(),
                    symmetric: factor,
                    antisymmetric: Vec::new(),
                });
            }
        }
        Ok(ThreePoint {
            dimension: self.parameters.dimension,
            square: Dyadic::from_f64(scales.square),
            truncation: Dyadic::from_f64(scales.truncation),
            width: Dyadic::from_f64(self.parameters.width),
            function,
            argument: Dyadic::from_f64(scales.inverse),
            kernel,
            margin: Dyadic::from_f64(if margin.is_finite() { margin } else { 0.0 }),
            squares,
        })
    }
}

/// The rows of the upper triangular U with Uᵀ U = matrix − shift · I, from the diagonal on, rounded so that the product changes by some 2⁻⁵⁰ of the
/// smaller of its smallest pivot and the margin.
fn factor<T: Scalar>(matrix: &Array2<T>, shift: T, margin: f64) -> Result<Vec<Vec<Dyadic>>, Error> {
    let shifted =
        Array2::from_shape_fn(
            matrix.dim(),
            |(i, j)| if i == j { matrix[[i, j]] - shift } else { matrix[[i, j]] },
        );
    let factor = dense::cholesky(&shifted)
        .ok_or_else(|| Error::NotConverged("a Gram matrix is not positive definite".into()))?;
    let pivots: Vec<f64> = factor.diag().iter().map(|pivot| pivot.to_f64()).collect();
    let (smallest, largest) = (
        pivots.iter().copied().fold(f64::INFINITY, f64::min),
        pivots.iter().copied().fold(f64::MIN_POSITIVE, f64::max),
    );
    let exponent = ((smallest * smallest).min(margin) / largest.max(1.0)).log2().floor() as i64 - 50;
    Ok(factor
        .rows()
        .into_iter()
        .enumerate()
        .map(|(i, row)| {
            row.iter().skip(i).map(|value| Dyadic::exact(*value).rounded_down(exponent)).collect()
        })
        .collect())
}
