//! Contests with public packages: the chain by NumPy, and search on simulators of circuits.

use std::path::Path;

use lab::ndarray::{Array1, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use quantum_lower_bounds::chain::Chain;
use quantum_lower_bounds::quantum::amplitudes::{Register, grover};
use quantum_lower_bounds::rotation::{Hidden, Scratch};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 5] {
    let rival = |name, script, function, differs| Rival { name, script, function, differs };
    let rotated =
        |id, title, work, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| Contest {
            id,
            title,
            work,
            judged: Judged {
                name: "largest difference from products in plain loops, relative",
                target: Some(Target::AtMost(1e-10)),
            },
            write_inputs,
            ours: vec![Ours { name: "columns written out", differs: None, load: load_rotated }],
            rivals: vec![rival("NumPy", "chain", "rotated", None)],
            judge: judge_rotated,
        };
    let search =
        |id, title, work, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| Contest {
            id,
            title,
            work,
            judged: Judged {
                name: "error of the marked item's probability",
                target: Some(Target::AtMost(1e-6)),
            },
            write_inputs,
            ours: vec![Ours {
                name: "reflections of real amplitudes",
                differs: Some("knows the circuit's structure"),
                load: load_search,
            }],
            rivals: vec![
                rival("NumPy", "search", "reflections", Some("knows the circuit's structure")),
                rival("qiskit-aer", "search", "aer", None),
                rival("pennylane-lightning", "search", "lightning", None),
            ],
            judge: |inputs, answer| {
                let (qubits, _, iterations) = read_search(inputs)?;
                let found = answer.first().ok_or("no probability")?;
                Ok((found - grover(f64::from(1_u32 << qubits), iterations)).abs())
            },
        };
    [
        Contest {
            id: "chain",
            title: "A chain of a million columns",
            work: "F and ∇F at a random point of [0, 2]^T, T = 10⁶.",
            judged: Judged {
                name: "largest relative error of F, and of entries of ∇F over the largest",
                target: Some(Target::AtMost(1e-12)),
            },
            write_inputs: |profile, folder, random| {
                let length = if profile == Profile::Smoke { 100 } else { 1_000_000 };
                write_array(
                    folder,
                    "x",
                    Array1::from_shape_simple_fn(length, || random.random_range(0.0..2.0)).view(),
                )
            },
            ours: vec![Ours { name: "one pass", differs: None, load: load_chain }],
            rivals: vec![rival("NumPy and SciPy", "chain", "plain", None)],
            judge: judge_chain,
        },
        rotated(
            "rotated",
            "A hidden chain, 64 columns in 4,096 dimensions",
            "Value and gradient of the hidden chain.",
            |profile, folder, random| {
                write_rotated(folder, if profile == Profile::Smoke { (4, 20) } else { (64, 4_096) }, random)
            },
        ),
        rotated(
            "rotated-large",
            "A hidden chain, 64 columns in 40,960 dimensions",
            "Value and gradient of the hidden chain.",
            |profile, folder, random| {
                write_rotated(folder, if profile == Profile::Smoke { (4, 30) } else { (64, 40_960) }, random)
            },
        ),
        search(
            "search-18",
            "Grover's search, 18 qubits",
            "Ten iterations; circuits have layers of H and X and phases with many controls.",
            |profile, folder, _| write_search(folder, if profile == Profile::Smoke { 4 } else { 18 }),
        ),
        search(
            "search-20",
            "Grover's search, 20 qubits",
            "Ten iterations on four times the amplitudes.",
            |profile, folder, _| write_search(folder, if profile == Profile::Smoke { 5 } else { 20 }),
        ),
    ]
}

fn load_chain(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let x = read_array::<Ix1>(inputs, "x")?.to_vec();
    let chain = Chain::new(x.len());
    let mut gradient = vec![0.0; x.len()];
    Ok(entrant(
        move || {
            let value = chain.gradient(&x, &mut gradient);
            Ok((value, gradient.clone()))
        },
        |(value, gradient): &(f64, Vec<f64>)| {
            [&[*value], gradient.as_slice()].concat().into_iter().collect::<Array1<f64>>().into_dyn()
        },
    ))
}

/// Every entry by its own formula, from the scalars.
fn judge_chain(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    use quantum_lower_bounds::scalars::{gate, slope};
    let x = read_array::<Ix1>(inputs, "x")?.to_vec();
    if answer.len() != x.len() + 1 {
        return Err(format!("{} numbers for {} columns", answer.len(), x.len()).into());
    }
    let answer: Vec<f64> = answer.iter().copied().collect();
    let mut value = -slope::<1>(x[0])[0];
    let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
    for i in 0..x.len() {
        let open = if i == 0 { 1.0 } else { gate::<1>(x[i - 1])[0] };
        let mut entry = -open * slope::<2>(x[i])[1];
        if i > 0 {
            value -= open * slope::<1>(x[i])[0];
        }
        if i + 1 < x.len() {
            entry -= gate::<2>(x[i])[1] * slope::<1>(x[i + 1])[0];
        }
        largest = largest.max(entry.abs());
        worst = worst.max((entry - answer[i + 1]).abs());
    }
    Ok((worst / largest).max(((value - answer[0]) / value).abs()))
}

fn write_rotated(
    folder: &Path,
    (length, dimension): (usize, usize),
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let seed: u32 = random.random();
    write_array(folder, "seed", arr1(&[f64::from(seed), length as f64]).view())?;
    let x = Array1::from_shape_simple_fn(dimension, || random.random_range(-1.0..1.0));
    write_array(folder, "x", x.view())?;
    write_array(folder, "columns", hidden(f64::from(seed), length, dimension).rotation().matrix())
}

fn hidden(seed: f64, length: usize, dimension: usize) -> Hidden {
    Hidden::random(length, dimension, &mut numerics::random::stream(seed as u64, &["rotated"]))
}

fn load_rotated(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let x = read_array::<Ix1>(inputs, "x")?.to_vec();
    let seed = read_array::<Ix1>(inputs, "seed")?;
    let hidden = hidden(seed[0], seed[1] as usize, x.len());
    let (mut gradient, mut scratch) = (vec![0.0; x.len()], Scratch::default());
    Ok(entrant(
        move || {
            let value = hidden.gradient(&x, &mut gradient, &mut scratch);
            Ok([&[value], gradient.as_slice()].concat())
        },
        |found: &Vec<f64>| Array1::from(found.clone()).into_dyn(),
    ))
}

fn judge_rotated(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let x = read_array::<Ix1>(inputs, "x")?;
    let columns = read_array::<Ix2>(inputs, "columns")?;
    let radius = 230.0 * (columns.nrows() as f64).sqrt();
    let square = x.dot(&x);
    let shrink = 1.0 / (1.0 + square / (radius * radius)).sqrt();
    let inside = columns.dot(&x) * shrink;
    let mut slopes = vec![0.0; columns.nrows()];
    let value = Chain::new(slopes.len()).gradient(&inside.to_vec(), &mut slopes) + 0.1 * square;
    let slopes = Array1::from(slopes);
    let along = inside.dot(&slopes) * shrink * shrink / (radius * radius);
    let gradient = slopes.dot(&columns) * shrink - &x * along + &x * 0.2;
    let answer: Vec<f64> = answer.iter().copied().collect();
    if answer.len() != x.len() + 1 {
        return Err(format!("{} numbers for {} coordinates", answer.len(), x.len()).into());
    }
    let largest = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    let worst = gradient.iter().zip(&answer[1..]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    Ok((worst / largest).max(((value - answer[0]) / value).abs()))
}

fn write_search(folder: &Path, qubits: u32) -> Result<(), Failure> {
    let marked = f64::from((1_u32 << qubits) / 3);
    write_array(folder, "search", arr1(&[f64::from(qubits), marked, 10.0]).view())
}

fn read_search(inputs: &Path) -> Result<(u32, usize, u64), Failure> {
    let search = read_array::<Ix1>(inputs, "search")?;
    Ok((search[0] as u32, search[1] as usize, search[2] as u64))
}

fn load_search(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (qubits, marked, iterations) = read_search(inputs)?;
    Ok(entrant(
        move || {
            let mut register = Register::uniform(qubits);
            register.search(marked, iterations);
            Ok(register.probability(marked))
        },
        |probability: &f64| arr1(&[*probability]).into_dyn(),
    ))
}
