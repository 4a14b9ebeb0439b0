//! The baseline: a point in each cell of a square grid.

use rand::Rng;

use crate::problems::Integrand;
use crate::sampling::SamplingError;

/// The mean of f over one uniform point in each of ⌊√`points`⌋² equal cells. Cost: as many values of f.
///
/// # Errors
/// For fewer than two points.
pub fn sample_cells(f: Integrand, points: usize, random: &mut impl Rng) -> Result<f64, SamplingError> {
    if points < 2 {
        return Err(SamplingError::Points(points));
    }
    let side = points.isqrt();
    let width = 1.0 / side as f64;
    let mut sum = 0.0;
    for row in 0..side {
        for column in 0..side {
            let x = (column as f64 + random.random::<f64>()) * width;
            let y = (row as f64 + random.random::<f64>()) * width;
            sum += f.value(x, y);
        }
    }
    Ok(sum * width * width)
}
