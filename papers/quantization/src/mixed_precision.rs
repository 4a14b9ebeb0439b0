//! Bits layer by layer: sensitivities from the Hessian, and an integer program that spends a budget (HAWQ; Dong and others 2020, Yao and others 2021).

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, microlp, variable};
use ndarray::{Array2, ArrayView2, Zip};
use rand::Rng;

use crate::Error;
use networks::softmax;

use crate::network::Network;

/// Mean eigenvalue of the Hessian of the mean cross-entropy by each layer's weights: Hutchinson's mean of zᵀHz over n, over `probes` random signs z.
///
/// Hz is a central difference of gradients over 5 % of the weights' root mean square. Cost: two gradients a probe and layer.
///
/// # Errors
/// Data and labels that do not fit.
pub fn mean_hessian_traces(
    network: &Network,
    data: ArrayView2<f32>,
    labels: &[usize],
    probes: usize,
    random: &mut impl Rng,
) -> Result<Vec<f64>, Error> {
    if labels.len() != data.nrows() || labels.is_empty() {
        let (rows, columns) = (labels.len(), 1);
        return Err(Error::Shape {
            what: "the labels".into(),
            rows,
            columns,
            expected: format!("{} × 1", data.nrows().max(1)),
        });
    }
    let gradient = |network: &Network, l: usize| -> Result<Array2<f32>, Error> {
        let pass = network.pass(data, |_, values| values.clone())?;
        let mut by_logits = softmax(pass.logits.view(), 1.0);
        for (mut row, label) in by_logits.rows_mut().into_iter().zip(labels) {
            row[*label] -= 1.0;
        }
        let by_logits = by_logits / labels.len() as f32;
        Ok(network.backward(&pass, by_logits, |_, delta| delta).weights.swap_remove(l))
    };
    let mut traces = Vec::new();
    for l in 0..network.layers.len() {
        let weights = &network.layers[l].weights;
        let size = (weights.iter().map(|w| w * w).sum::<f32>() / weights.len() as f32).sqrt();
        let step = 0.05 * size.max(1e-6);
        let mut total = 0.0;
        for _ in 0..probes.max(1) {
            let signs = Array2::from_shape_simple_fn(weights.dim(), || {
                if random.random::<bool>() { 1.0f32 } else { -1.0 }
            });
            let moved = |sign: f32| {
                let mut network = network.clone();
                network.layers[l].weights.scaled_add(sign * step, &signs);
                gradient(&network, l)
            };
            let (up, down) = (moved(1.0)?, moved(-1.0)?);
            let mut form = 0.0f64;
            Zip::from(&signs).and(&up).and(&down).for_each(|z, u, d| form += f64::from(z * (u - d)));
            total += form / f64::from(2.0 * step);
        }
        traces.push(total / probes.max(1) as f64 / weights.len() as f64);
    }
    Ok(traces)
}

/// Bits for each layer: minimises the sum of sensitivities (layers × choices) with one choice a layer and Σ parameters · bits ≤ budget, as an integer program.
///
/// # Errors
/// Lists that do not fit; a budget below the smallest size; a solver that fails.
pub fn allocate(
    sensitivity: ArrayView2<f64>,
    parameters: &[f64],
    bits: &[u32],
    budget: f64,
) -> Result<Vec<usize>, Error> {
    check(sensitivity, parameters, bits, budget)?;
    let mut variables = ProblemVariables::new();
    let choices: Vec<Vec<_>> = parameters
        .iter()
        .map(|_| bits.iter().map(|_| variables.add(variable().binary())).collect())
        .collect();
    // Scaled, so that the solver's tolerances do not matter.
    let largest = sensitivity.iter().fold(0.0, |a: f64, b| a.max(b.abs())).max(f64::MIN_POSITIVE);
    let all = || {
        choices.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().map(move |(b, x)| (i, b, *x)))
    };
    let objective: Expression = all().map(|(i, b, x)| (sensitivity[(i, b)] / largest) * x).sum();
    let size: Expression = all().map(|(i, b, x)| (parameters[i] * f64::from(bits[b]) / budget) * x).sum();
    let mut model = variables.minimise(objective).using(microlp).with(size.leq(1.0));
    for row in &choices {
        model = model.with(row.iter().copied().sum::<Expression>().eq(1.0));
    }
    let solution = model.solve().map_err(|fault| Error::Solver(fault.to_string()))?;
    Ok(choices.iter().map(|row| row.iter().position(|x| solution.value(*x) > 0.5).unwrap_or(0)).collect())
}

/// The same by trying all choices: for a few layers, as a check.
///
/// # Errors
/// Lists that do not fit; a budget below the smallest size; more than 10⁸ combinations.
pub fn allocate_exhaustively(
    sensitivity: ArrayView2<f64>,
    parameters: &[f64],
    bits: &[u32],
    budget: f64,
) -> Result<Vec<usize>, Error> {
    check(sensitivity, parameters, bits, budget)?;
    let combinations = (bits.len() as f64).powi(parameters.len() as i32);
    if combinations > 1e8 {
        return Err(Error::Setting {
            name: "the number of combinations",
            value: combinations,
            range: "at most 1e8",
        });
    }
    let (mut best, mut choice) = (f64::INFINITY, vec![0; parameters.len()]);
    let mut found = choice.clone();
    loop {
        let size: f64 = choice.iter().zip(parameters).map(|(b, n)| n * f64::from(bits[*b])).sum();
        let total: f64 = choice.iter().enumerate().map(|(i, b)| sensitivity[(i, *b)]).sum();
        if size <= budget && total < best {
            (best, found) = (total, choice.clone());
        }
        // The next combination, like an odometer.
        let Some(place) = choice.iter().position(|b| b + 1 < bits.len()) else { return Ok(found) };
        choice[..place].fill(0);
        choice[place] += 1;
    }
}

fn check(sensitivity: ArrayView2<f64>, parameters: &[f64], bits: &[u32], budget: f64) -> Result<(), Error> {
    let (rows, columns) = sensitivity.dim();
    if (rows, columns) != (parameters.len(), bits.len()) || rows == 0 || columns == 0 {
        let expected = format!("{} × {}, and not empty", parameters.len(), bits.len());
        return Err(Error::Shape { what: "the sensitivities".into(), rows, columns, expected });
    }
    crate::error::check_finite(sensitivity.iter().copied(), "the sensitivities")?;
    let smallest = f64::from(bits.iter().copied().min().unwrap_or(0));
    let least: f64 = parameters.iter().map(|n| n * smallest).sum();
    match least <= budget {
        true => Ok(()),
        false => Err(Error::Budget { budget, least }),
    }
}
