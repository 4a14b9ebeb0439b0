//! Contests with CVXPY and diffcp on a weighted support vector machine's value and hypergradient.

use std::path::Path;

use lab::ndarray::{Array1, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use lv_hba::machine::Machine;
use lv_hba::problems::{direction, flipped_rows};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 3] {
    let machine = |id, title, write_inputs| Contest {
        id,
        title,
        work: "The validation loss at the lower solution and its derivatives by all log weights, which are drawn from −1 to 1.",
        judged: Judged {
            name: "largest error of a derivative over the largest one; reference: ours, which tests hold to 50 digits",
            target: Some(Target::AtMost(1e-6)),
        },
        write_inputs,
        ours: vec![Ours { name: "Newton and one system", differs: None, load }],
        rivals: vec![Rival {
            name: "CVXPY, SCS and diffcp",
            script: "cone_programs",
            function: "hypergradient",
            differs: None,
        }],
        judge,
    };
    [
        machine(
            "machine",
            "A machine's hypergradient",
            inputs as fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>,
        ),
        machine("machine-large", "The same with four times the rows", large_inputs),
        Contest {
            id: "tuning",
            title: "Eighty steps on five hundred weights",
            work: "Exact hypergradients, steps of 0.03, from log weights of zero: the published experiment's length.",
            judged: Judged {
                name: "upper loss at the end over that of the start",
                target: Some(Target::AtMost(0.9)),
            },
            write_inputs: inputs,
            ours: vec![Ours { name: "Newton and one system a step", differs: None, load: load_tuning }],
            rivals: Vec::new(),
            judge: judge_tuning,
        },
    ]
}

fn inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    write(folder, if profile == Profile::Smoke { 40 } else { 500 }, random)
}

fn large_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    write(folder, if profile == Profile::Smoke { 60 } else { 2_000 }, random)
}

fn write(folder: &Path, rows: usize, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let u = direction(8, random);
    let (train, valid) = (flipped_rows(rows, &u, 0.15, random), flipped_rows(150, &u, 0.0, random));
    write_array(folder, "train-x", train.x.view())?;
    write_array(folder, "train-y", train.y.view())?;
    write_array(folder, "valid-x", valid.x.view())?;
    write_array(folder, "valid-y", valid.y.view())?;
    let weights: Array1<f64> = (0..rows).map(|_| random.random_range(-1.0..1.0)).collect();
    write_array(folder, "log-weights", arr1(weights.as_slice().unwrap_or(&[])).view())
}

fn read(inputs: &Path) -> Result<(Machine, Vec<f64>), Failure> {
    let rows = |name: &str| -> Result<_, Failure> {
        Ok((
            read_array::<Ix2>(inputs, &format!("{name}-x"))?,
            read_array::<Ix1>(inputs, &format!("{name}-y"))?,
        ))
    };
    let ((x, y), (x_valid, y_valid)) = (rows("train")?, rows("valid")?);
    let machine = Machine::new((&x, &y), (&x_valid, &y_valid))?;
    Ok((machine, read_array::<Ix1>(inputs, "log-weights")?.to_vec()))
}

fn load(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (machine, weights) = read(inputs)?;
    let zero = vec![0.0; machine.sizes().1];
    Ok(entrant(
        move || {
            let judged = machine.judge(&weights, &zero)?;
            Ok([vec![judged.loss], judged.gradient].concat())
        },
        |numbers: &Vec<f64>| Array1::from(numbers.clone()).into_dyn(),
    ))
}

fn load_tuning(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (machine, _) = read(inputs)?;
    let start = vec![0.0; machine.sizes().0];
    Ok(entrant(
        move || Ok(machine.descend(&start, 0.03, 80)?.0),
        |weights: &Vec<f64>| Array1::from(weights.clone()).into_dyn(),
    ))
}

fn judge(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (machine, weights) = read(inputs)?;
    let expected = machine.judge(&weights, &vec![0.0; machine.sizes().1])?.gradient;
    if answer.len() != expected.len() + 1 {
        return Err(format!("{} numbers for {} weights", answer.len(), expected.len()).into());
    }
    let largest = expected.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
    Ok(answer.iter().skip(1).zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest)
}

fn judge_tuning(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (machine, _) = read(inputs)?;
    let zero = vec![0.0; machine.sizes().1];
    let weights: Vec<f64> = answer.iter().copied().collect();
    if weights.len() != machine.sizes().0 {
        return Err(format!("{} weights for {} rows", weights.len(), machine.sizes().0).into());
    }
    Ok(machine.judge(&weights, &zero)?.loss / machine.judge(&vec![0.0; weights.len()], &zero)?.loss)
}
