//! Contests on one programme over sampled patterns: Clarabel on the conic form, and this crate's interior point.

use std::path::Path;

use convex_relu::interior::{Options, solve};
use convex_relu::network::Network;
use convex_relu::patterns::{Patterns, normal, sampled};
use convex_relu::problem::{Loss, Problem};
use lab::ndarray::{Array1, Array2, ArrayD, Axis, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 2] {
    let contest = |id, title, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| {
        Contest {
            id,
            title,
            work: "The convex programme over sampled patterns, squared loss, β = 0.1, a teacher of four neurons with noise; weights of every pattern and sign are the answer.",
            judged: Judged {
                name: "cost of the network less the smallest known, relative",
                target: Some(Target::AtMost(1e-6)),
            },
            write_inputs,
            ours: vec![Ours { name: "interior point through the outputs", differs: None, load }],
            rivals: vec![Rival {
                name: "Clarabel on the conic form",
                script: "conic",
                function: "clarabel",
                differs: None,
            }],
            judge,
        }
    };
    [
        contest("programme", "100 rows, 10 features, 50 patterns", |profile, folder, random| {
            write(folder, if profile == Profile::Smoke { (20, 4, 8) } else { (100, 10, 50) }, random)
        }),
        contest("programme-large", "200 rows, 20 features, 60 patterns", |profile, folder, random| {
            write(folder, if profile == Profile::Smoke { (25, 5, 8) } else { (200, 20, 60) }, random)
        }),
    ]
}

fn write(
    folder: &Path,
    (n, d, count): (usize, usize, usize),
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let mut x = Array2::zeros((n, d));
    x.outer_iter_mut().for_each(|mut row| row.assign(&(normal(d, random) / (d as f64).sqrt())));
    let teacher = [1.0, -1.0, 1.0, -1.0].map(|sign| (sign, normal(d, random)));
    let mut y = normal(n, random) * 0.1;
    for (sign, u) in teacher {
        y.scaled_add(sign, &x.dot(&u).mapv(|product| product.max(0.0)));
    }
    let patterns = sampled(x.view(), 3 * count, random);
    let chosen = count.min(patterns.len());
    let masks = Array2::from_shape_fn((n, chosen), |(row, k)| f64::from(u8::from(patterns.active(k, row))));
    write_array(folder, "x", x.view())?;
    write_array(folder, "y", y.view())?;
    write_array(folder, "masks", masks.view())?;
    write_array(folder, "beta", arr1(&[0.1]).view())
}

fn read(inputs: &Path) -> Result<(Array2<f64>, Array1<f64>, Patterns, f64), Failure> {
    let x = read_array::<Ix2>(inputs, "x")?;
    let masks = read_array::<Ix2>(inputs, "masks")?;
    let mut patterns = Patterns::new(x.nrows());
    for column in masks.axis_iter(Axis(1)) {
        patterns.insert_bits(column.iter().map(|bit| *bit > 0.5), None);
    }
    Ok((x, read_array::<Ix1>(inputs, "y")?, patterns, read_array::<Ix1>(inputs, "beta")?[0]))
}

/// Weights in rows: + and − of each pattern.
fn weights(network: &Network, problem: &Problem) -> Array2<f64> {
    let restored = network.restored(problem);
    let features = restored.neurons.first().map_or(0, |neuron| neuron.z.len());
    let mut rows = Array2::zeros((restored.neurons.len(), features));
    rows.outer_iter_mut().zip(&restored.neurons).for_each(|(mut row, neuron)| row.assign(&neuron.z));
    rows
}

fn load(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (x, y, patterns, beta) = read(inputs)?;
    Ok(entrant(
        move || {
            let problem = Problem::new(x.view(), y.view(), Loss::Squared, beta)?;
            let found = solve(&problem, &patterns, &Options { gap: 1e-7, steps: 100 });
            Ok(weights(&found.network, &problem))
        },
        |rows: &Array2<f64>| rows.clone().into_dyn(),
    ))
}

fn judge(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (x, y, patterns, beta) = read(inputs)?;
    let rows = answer.view().into_dimensionality::<Ix2>()?;
    if rows.dim() != (2 * patterns.len(), x.ncols()) {
        return Err(format!("{:?} numbers for {} patterns", rows.dim(), patterns.len()).into());
    }
    // The cost by the definition, from the inputs alone.
    let cost = |rows: lab::ndarray::ArrayView2<f64>| {
        let mut output = -&y;
        let mut norm = 0.0;
        for (place, z) in rows.outer_iter().enumerate() {
            let sign = if place % 2 == 0 { 1.0 } else { -1.0 };
            output.scaled_add(sign, &x.dot(&z).mapv(|product| product.max(0.0)));
            norm += z.dot(&z).sqrt();
        }
        0.5 * output.dot(&output) + beta * norm
    };
    let problem = Problem::new(x.view(), y.view(), Loss::Squared, beta)?;
    let least = solve(&problem, &patterns, &Options::default()).lower;
    Ok((cost(rows) / least - 1.0).abs())
}
