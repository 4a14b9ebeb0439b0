//! AdaRound (Nagel and others 2020): whether each weight is rounded down or up is learned.

use ndarray::{Array2, ArrayView2, Zip};
use numerics::elementary::sigmoid_all;
use numerics::product::set_product;

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
    let scales = Array2::from_shape_fn(weights.dim(), |(i, j)| grid(i, j).scale);
    // The ends of the grid without its zero point.
    let ends = |of: fn(Grid) -> i32| {
        Array2::from_shape_fn(weights.dim(), |(i, j)| f64::from(of(grid(i, j)) - grid(i, j).zero_point))
    };
    let (lowest, highest) = (ends(|grid| grid.low), ends(|grid| grid.high));
    let up = |sigmoid: f64| (1.2 * sigmoid - 0.1).clamp(0.0, 1.0);
    let nearest = Array2::from_shape_fn(weights.dim(), |(i, j)| grid(i, j).quantise(weights[(i, j)]));
    let nearest = QuantisedMatrix::from_integers(nearest, grids.clone(), block);
    let error_of_nearest = super::output_error(weights, nearest.values().view(), gram).max(f64::MIN_POSITIVE);
    let lambda = options.regularisation * error_of_nearest / weights.len() as f64;
    let mut moments = Adam::new(choice.raw_dim(), 1e-12);
    let mut sigmoids = choice.clone();
    let (mut difference, mut gradient) = (Array2::zeros(weights.dim()), Array2::zeros(weights.dim()));
    let mut by_value = Array2::zeros(weights.dim());
    for step in 1..=options.steps {
        let progress = step as f64 / options.steps as f64;
        let beta = 2.0 + 18.0 * (1.0 - progress);
        sigmoids.assign(&choice);
        sigmoid_all(sigmoids.as_slice_mut().expect("standard layout"));
        Zip::from(&mut difference).and(&floor).and(&sigmoids).and(&lowest).and(&highest).for_each(
            |difference, floor, sigmoid, lowest, highest| {
                *difference = (floor + up(*sigmoid)).clamp(*lowest, *highest)
            },
        );
        difference *= &scales;
        difference -= &weights;
        set_product(1.0, difference.view(), gram, &mut by_value.view_mut());
        Zip::from(&mut gradient).and(&sigmoids).and(&scales).and(&by_value).for_each(
            |gradient, &sigmoid, scale, by_value| {
                let h = 1.2 * sigmoid - 0.1;
                *gradient = 0.0;
                if (0.0..=1.0).contains(&h) {
                    let slope = 1.2 * sigmoid * (1.0 - sigmoid);
                    let centred = 2.0 * h - 1.0;
                    // The first fifth only fits; then choices are driven apart.
                    let pull = match progress > 0.2 {
                        true => -lambda * 2.0 * beta * centred.abs().powf(beta - 1.0) * centred.signum(),
                        false => 0.0,
                    };
                    // In units of the error at the start, so that one rate serves all layers.
                    *gradient = (2.0 * by_value * scale + pull) * slope / error_of_nearest;
                }
            },
        );
        moments.step(choice.view_mut(), &gradient, options.rate);
    }
    sigmoids.assign(&choice);
    sigmoid_all(sigmoids.as_slice_mut().expect("standard layout"));
    let integers = Array2::from_shape_fn(weights.dim(), |(i, j)| {
        let grid = grid(i, j);
        let rounded =
            floor[(i, j)] + f64::from(u8::from(up(sigmoids[(i, j)]) >= 0.5)) + f64::from(grid.zero_point);
        rounded.clamp(grid.low.into(), grid.high.into()) as i32
    });
    let learned = QuantisedMatrix::from_integers(integers, grids.clone(), block);
    let better = super::output_error(weights, learned.values().view(), gram) < error_of_nearest;
    Ok(if better { learned } else { nearest })
}
