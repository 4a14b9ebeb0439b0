//! Contests with public packages: accountants on compositions, and JAX on clipped gradients and differences.

use std::path::Path;

use diff2::clipping::{Query, clipped_mean};
use diff2::models::Softplus;
use diff2::privacy::{Mu, NoiseMultiplier};
use diff2::records::Records;
use lab::ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

const UNITS: usize = 10;

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 3] {
    let rival = |name, script, function, differs| Rival { name, script, function, differs };
    let clipped = |id, title, work, load: fn(&Path) -> Result<Box<dyn Entrant>, Failure>, function| Contest {
        id,
        title,
        work,
        judged: Judged {
            name: "largest difference from plain loops, over the mean's largest entry",
            target: Some(Target::AtMost(1e-8)),
        },
        write_inputs: write_records,
        ours: vec![Ours { name: "blocks of records", differs: None, load }],
        rivals: vec![rival(
            "JAX, compiled",
            "clipped_means",
            function,
            Some("compilation is not in its time"),
        )],
        judge: judge_records,
    };
    [
        Contest {
            id: "accounting",
            title: "Privacy of compositions",
            work: "ε at δ of twenty compositions of Gaussian releases with two multipliers.",
            judged: Judged { name: "largest relative error of ε", target: Some(Target::AtMost(1e-6)) },
            write_inputs: write_compositions,
            ours: vec![Ours { name: "closed form", differs: None, load: load_compositions }],
            rivals: vec![
                rival("dp-accounting, loss distributions", "accountants", "loss_distributions", None),
                rival("dp-accounting, Rényi", "accountants", "renyi", Some("a bound")),
            ],
            judge: |inputs, answer| {
                let exact = exact_epsilons(inputs)?;
                let found = answer.view().into_dimensionality::<Ix1>()?;
                if found.len() != exact.len() {
                    return Err(format!("{} numbers for {} compositions", found.len(), exact.len()).into());
                }
                Ok(found
                    .iter()
                    .zip(exact)
                    .map(|(found, exact)| (found / exact - 1.0).abs())
                    .fold(0.0, f64::max))
            },
        },
        clipped(
            "gradients",
            "Clipped mean of gradients",
            "One hidden layer of ten softplus units, 16,512 records of eight features, radius 1.",
            load_gradients,
            "gradients",
        ),
        clipped(
            "differences",
            "Clipped mean of differences of gradients",
            "The same network at two parameters 0.01 apart, radius 0.01.",
            load_differences,
            "differences",
        ),
    ]
}

fn write_compositions(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let count = if profile == Profile::Smoke { 2 } else { 20 };
    let table = Array2::from_shape_fn((count, 5), |(_, column)| match column {
        0 | 2 => random.random_range(10.0..60.0_f64),
        4 => 10.0_f64.powf(random.random_range(-8.0..-4.0)),
        _ => random.random_range(5.0..400.0_f64).round(),
    });
    write_array(folder, "compositions", table.view())
}

fn exact_epsilons(inputs: &Path) -> Result<Vec<f64>, Failure> {
    let table = read_array::<Ix2>(inputs, "compositions")?;
    let of = |row: lab::ndarray::ArrayView1<f64>| -> Result<f64, Failure> {
        let parts = [(0, 1), (2, 3)].map(|(z, count)| Ok((NoiseMultiplier::new(row[z])?, row[count] as u64)));
        let parts = parts.into_iter().collect::<Result<Vec<_>, Failure>>()?;
        Ok(Mu::compose(&parts).epsilon(row[4])?)
    };
    table.outer_iter().map(of).collect()
}

fn load_compositions(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let inputs = inputs.to_owned();
    let table = read_array::<Ix2>(&inputs, "compositions")?;
    Ok(entrant(
        move || {
            let of = |row: lab::ndarray::ArrayView1<f64>| -> Result<f64, Failure> {
                let first = (NoiseMultiplier::new(row[0])?, row[1] as u64);
                let second = (NoiseMultiplier::new(row[2])?, row[3] as u64);
                Ok(Mu::compose(&[first, second]).epsilon(row[4])?)
            };
            table.outer_iter().map(of).collect::<Result<Vec<f64>, Failure>>()
        },
        |epsilons: &Vec<f64>| Array1::from(epsilons.clone()).into_dyn(),
    ))
}

fn write_records(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let count = if profile == Profile::Smoke { 200 } else { 16_512 };
    let mut uniform = |_| random.random_range(-1.0..1.0_f64);
    let features = Array2::from_shape_fn((count, 8), |_| uniform(()));
    let targets = Array1::from_shape_fn(count, |_| uniform(()));
    let parameters = Array1::from_shape_fn(UNITS * 10 + 1, |_| uniform(()));
    let step = Array1::from_shape_fn(parameters.len(), |_| uniform(()));
    let length = step.dot(&step).sqrt();
    write_array(folder, "features", features.view())?;
    write_array(folder, "targets", targets.view())?;
    write_array(folder, "parameters", parameters.view())?;
    write_array(folder, "next", (&parameters + &(step * (0.01 / length))).view())?;
    write_array(folder, "units", arr1(&[UNITS as f64]).view())
}

struct Inputs {
    features: Array2<f64>,
    targets: Array1<f64>,
    parameters: Vec<f64>,
    next: Vec<f64>,
}

fn read_records(inputs: &Path) -> Result<Inputs, Failure> {
    let vector = |name| read_array::<Ix1>(inputs, name);
    Ok(Inputs {
        features: read_array::<Ix2>(inputs, "features")?,
        targets: vector("targets")?,
        parameters: vector("parameters")?.to_vec(),
        next: vector("next")?.to_vec(),
    })
}

fn load(inputs: &Path, differences: bool) -> Result<Box<dyn Entrant>, Failure> {
    let read = read_records(inputs)?;
    let records = Records::new(read.features.view(), read.targets.view(), &vec![0; read.targets.len()])?;
    let model = Softplus::new(read.features.ncols(), UNITS);
    Ok(entrant(
        move || {
            let (query, radius) = if differences {
                (Query::Differences { from: &read.parameters, to: &read.next }, 0.01)
            } else {
                (Query::Gradients { at: &read.parameters }, 1.0)
            };
            // The first number says which question was answered.
            Ok([
                vec![f64::from(u8::from(differences))],
                clipped_mean(&model, query, &records, radius, None).mean,
            ]
            .concat())
        },
        |mean: &Vec<f64>| Array1::from(mean.clone()).into_dyn(),
    ))
}

fn load_gradients(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    load(inputs, false)
}

fn load_differences(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    load(inputs, true)
}

fn judge_records(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let read = read_records(inputs)?;
    let answer = answer.iter().copied().collect::<Vec<f64>>();
    let (Some(kind), true) = (answer.first(), answer.len() == read.parameters.len() + 1) else {
        return Err(format!("{} numbers for {} parameters", answer.len(), read.parameters.len()).into());
    };
    let mut mean = vec![0.0; read.parameters.len()];
    for (x, y) in read.features.outer_iter().zip(&read.targets) {
        let x = x.to_vec();
        let mut row = gradient(&read.parameters, &x, *y);
        let radius = if *kind == 1.0 {
            row = gradient(&read.next, &x, *y)
                .iter()
                .zip(&row)
                .map(|(later, earlier)| later - earlier)
                .collect();
            0.01
        } else {
            1.0
        };
        let length = row.iter().map(|g| g * g).sum::<f64>().sqrt();
        let factor = (radius / length).min(1.0) / read.targets.len() as f64;
        mean.iter_mut().zip(row).for_each(|(sum, g)| *sum += factor * g);
    }
    let largest = mean.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    Ok(mean
        .iter()
        .zip(&answer[1..])
        .map(|(exact, found)| (exact - found).abs() / largest)
        .fold(0.0, f64::max))
}

/// One record's gradient by plain loops.
fn gradient(parameters: &[f64], x: &[f64], y: f64) -> Vec<f64> {
    let (weights, rest) = parameters.split_at(UNITS * x.len());
    let z: Vec<f64> = weights
        .chunks(x.len())
        .zip(rest)
        .map(|(w, b)| b + w.iter().zip(x).map(|(w, x)| w * x).sum::<f64>())
        .collect();
    let outer = &rest[UNITS..2 * UNITS];
    let softplus: Vec<f64> = z.iter().map(|z| z.exp().ln_1p()).collect();
    let error = rest[2 * UNITS] + outer.iter().zip(&softplus).map(|(a, s)| a * s).sum::<f64>() - y;
    let deltas: Vec<f64> = z.iter().zip(outer).map(|(z, a)| error * a / (1.0 + (-z).exp())).collect();
    let inner = deltas.iter().flat_map(|delta| x.iter().map(move |x| delta * x)).collect::<Vec<_>>();
    [inner, deltas, softplus.iter().map(|s| error * s).collect(), vec![error]].concat()
}
