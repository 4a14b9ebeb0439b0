//! AdaRound (Nagel and others 2020): whether each weight is rounded down or up is learned.

use ndarray::{Array2, ArrayView2};

use crate::Error;
use crate::granularity::{Granularity, QuantisedMatrix, fitting_block};
use crate::uniform::Grid;
use networks::Adam;

/// Settings. The default weight of the term that drives choices apart was set where the error on small networks is least; with a tenth of it, choices stay undecided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveRounding {
    /// Steps of Adam.
    pub steps: usize,
    /// Adam's rate.
    pub rate: f64,
    /// λ of the term that drives choices to 0 or 1, relative to the error of rounding to nearest.
    pub regularisation: f64,
}

impl Default for AdaptiveRounding {
    fn default() -> Self {
        Self { steps: 1_000, rate: 0.02, regularisation: 20.0 }
    }
}

/// q = ⌊w/S⌋ + h with h = clip(1.2 σ(V) − 0.1, 0, 1): minimises ‖X (W − Ŵ)ᵀ‖² + λ Σ (1 − |2h − 1|^β) over V, β falling from 20 to 2; then rounds h. Where the result is no better than rounding to nearest, that is returned.
///
/// Cost: 2 · rows · d² flops a step.
///
/// # Errors
/// Grids or a Gram matrix that do not fit the weights.
pub fn adaptive_rounding(
    weights: ArrayView2<f64>,
    gram: ArrayView2<f64>,
    grids: &Array2<Grid>,
    granularity: Granularity,
    options: &AdaptiveRounding,
) -> Result<QuantisedMatrix, Error> {
    let block = fitting_block(grids, granularity, weights.dim())?;
    crate::error::check_finite(weights.iter().chain(gram.iter()).copied(), "the weights or the Gram matrix")?;
    if gram.dim() != (weights.ncols(), weights.ncols()) {
        let (rows, columns) = gram.dim();
        let expected = format!("{0} × {0}", weights.ncols());
        return Err(Error::Shape { what: "the Gram matrix".into(), rows, columns, expected });
    }
    let grid = |i: usize, j: usize| grids[(i / block.0, j / block.1)];
    let floor = Array2::from_shape_fn(weights.dim(), |(i, j)| (weights[(i, j)] / grid(i, j).scale).floor());
    // h starts at the fractional part, so that nothing has changed yet.
    let mut choice = Array2::from_shape_fn(weights.dim(), |(i, j)| {
        let fraction = (weights[(i, j)] / grid(i, j).scale - floor[(i, j)]).clamp(0.01, 0.99);
        let sigmoid = (fraction + 0.1) / 1.2;
        (sigmoid / (1.0 - sigmoid)).ln()
    });
    let up = |v: f64| (1.2 / (1.0 + (-v).exp()) - 0.1).clamp(0.0, 1.0);
    let value = |i: usize, j: usize, h: f64| {
        let grid = grid(i, j);
        let shifted =
            (floor[(i, j)] + h + f64::from(grid.zero_point)).clamp(grid.low.into(), grid.high.into());
        grid.scale * (shifted - f64::from(grid.zero_point))
    };
    let nearest = Array2::from_shape_fn(weights.dim(), |(i, j)| grid(i, j).quantise(weights[(i, j)]));
    let nearest = QuantisedMatrix::from_integers(nearest, grids.clone(), block);
    let scale = super::output_error(weights, nearest.values().view(), gram).max(f64::MIN_POSITIVE);
    let lambda = options.regularisation * scale / weights.len() as f64;
    let mut moments = Adam::new(choice.raw_dim(), 1e-12);
    for step in 1..=options.steps {
        let progress = step as f64 / options.steps as f64;
        let beta = 2.0 + 18.0 * (1.0 - progress);
        let soft = Array2::from_shape_fn(weights.dim(), |(i, j)| value(i, j, up(choice[(i, j)])));
        let by_value = (soft - weights).dot(&gram) * 2.0;
        let gradient = Array2::from_shape_fn(weights.dim(), |(i, j)| {
            let sigmoid = 1.0 / (1.0 + (-choice[(i, j)]).exp());
            let h = 1.2 * sigmoid - 0.1;
            let slope = if (0.0..=1.0).contains(&h) { 1.2 * sigmoid * (1.0 - sigmoid) } else { 0.0 };
            let centred = 2.0 * h.clamp(0.0, 1.0) - 1.0;
            // The first fifth only fits; then choices are driven apart.
            let pull = match progress > 0.2 {
                true => -lambda * 2.0 * beta * centred.abs().powf(beta - 1.0) * centred.signum(),
                false => 0.0,
            };
            // In units of the error at the start, so that one rate serves all layers.
            (by_value[(i, j)] * grid(i, j).scale + pull) * slope / scale
        });
        moments.step(choice.view_mut(), &gradient, options.rate);
    }
    let integers = Array2::from_shape_fn(weights.dim(), |(i, j)| {
        let grid = grid(i, j);
        let rounded =
            floor[(i, j)] + f64::from(u8::from(up(choice[(i, j)]) >= 0.5)) + f64::from(grid.zero_point);
        rounded.clamp(grid.low.into(), grid.high.into()) as i32
    });
    let learned = QuantisedMatrix::from_integers(integers, grids.clone(), block);
    let better = super::output_error(weights, learned.values().view(), gram) < scale;
    Ok(if better { learned } else { nearest })
}
