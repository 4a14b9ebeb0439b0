//! Contests with JAXopt's implicit differentiation on hyperparameter selection.

use std::path::Path;

use bilevel::hypergradient::dense;
use bilevel::selection::{Loss, Rows, Selection};
use lab::ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use penalty_bilevel::problems::selection;
use penalty_bilevel::select::{minimise_exact, minimise_penalty};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 4] {
    [
        gradients("ridge-gradient", "Values and hypergradients, ridge", Loss::Squared),
        gradients("logistic-gradient", "Values and hypergradients, logistic", Loss::Logistic),
        runs("ridge-selection", "Choosing fifty weights, ridge", Loss::Squared),
        runs("logistic-selection", "Choosing fifty weights, logistic", Loss::Logistic),
    ]
}

fn gradients(id: &'static str, title: &'static str, loss: Loss) -> Contest {
    Contest {
        id,
        title,
        work: "ψ and ∇ψ at twenty points x around −2: 150 training and 1,000 validation rows, 50 features, a log weight for each.",
        judged: Judged {
            name: "largest error of a gradient, relative; reference: the general formula by eigenvalues at our weights, which tests hold to 30 digits",
            target: Some(Target::AtMost(1e-3)),
        },
        write_inputs: if loss == Loss::Squared { ridge_inputs } else { logistic_inputs },
        ours: vec![Ours { name: "factorisation", differs: None, load: exact }],
        rivals: vec![Rival {
            name: "JAXopt",
            script: "jaxopt_selection",
            function: "gradients",
            differs: None,
        }],
        judge: |inputs, answer| {
            let (problem, points) = read(inputs)?;
            let answer = answer.as_slice().ok_or("no numbers")?;
            let q = points.ncols();
            let mut worst = 0.0_f64;
            for (point, found) in points.rows().into_iter().zip(answer.chunks_exact(q + 1)) {
                let point = point.to_vec();
                let weights = problem.exact(&point, &vec![0.0; q]).ok_or("no solution")?.weights;
                let expected = dense(&problem, &point, &weights).ok_or("no solution")?.gradient;
                let size = expected.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
                let error =
                    expected.iter().zip(&found[1..]).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
                worst = worst.max(error / size);
            }
            Ok(worst)
        },
    }
}

fn runs(id: &'static str, title: &'static str, loss: Loss) -> Contest {
    Contest {
        id,
        title,
        work: "L-BFGS from all log weights −2 to the least validation loss on the same data. JAXopt's time is without its compilation, which takes seconds.",
        judged: Judged {
            name: "relative excess over the validation loss that our exact one finds",
            target: Some(Target::AtMost(1e-3)),
        },
        write_inputs: if loss == Loss::Squared { ridge_inputs } else { logistic_inputs },
        ours: vec![
            Ours { name: "exact hypergradients", differs: None, load: select_exact },
            Ours {
                name: "penalty, first derivatives alone",
                differs: Some("it uses no second derivatives"),
                load: select_penalty,
            },
        ],
        rivals: vec![Rival {
            name: "JAXopt and SciPy",
            script: "jaxopt_selection",
            function: "selection",
            differs: None,
        }],
        judge: excess,
    }
}

fn ridge_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    inputs(Loss::Squared, profile, folder, random)
}

fn logistic_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    inputs(Loss::Logistic, profile, folder, random)
}

fn inputs(loss: Loss, profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (sizes, count) = if profile == Profile::Smoke { ((20, 30, 3), 2) } else { ((150, 1_000, 50), 20) };
    let problem = selection(loss, sizes, random);
    let (train, valid) = problem.rows();
    write_array(folder, "train-x", train.features.view())?;
    write_array(folder, "train-y", train.targets.view())?;
    write_array(folder, "valid-x", valid.features.view())?;
    write_array(folder, "valid-y", valid.targets.view())?;
    write_array(folder, "logistic", arr1(&[f64::from(u8::from(loss == Loss::Logistic))]).view())?;
    let points = Array2::from_shape_simple_fn((count, sizes.2), || random.random_range(-4.0..0.0));
    write_array(folder, "points", points.view())
}

fn read(inputs: &Path) -> Result<(Selection, Array2<f64>), Failure> {
    let rows = |name: &str| -> Result<Rows, Failure> {
        Ok(Rows {
            features: read_array::<Ix2>(inputs, &format!("{name}-x"))?,
            targets: read_array::<Ix1>(inputs, &format!("{name}-y"))?,
        })
    };
    let loss = if read_array::<Ix1>(inputs, "logistic")?[0] == 1.0 { Loss::Logistic } else { Loss::Squared };
    Ok((Selection::new(loss, rows("train")?, rows("valid")?)?, read_array::<Ix2>(inputs, "points")?))
}

fn exact(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (problem, points) = read(inputs)?;
    Ok(entrant(
        move || {
            let mut numbers = Vec::new();
            let mut warm = vec![0.0; points.ncols()];
            for point in points.rows() {
                let found = problem.exact(&point.to_vec(), &warm).ok_or("no solution")?;
                numbers.push(found.value);
                numbers.extend(&found.gradient);
                warm = found.weights;
            }
            Ok(numbers)
        },
        |numbers: &Vec<f64>| Array1::from(numbers.clone()).into_dyn(),
    ))
}

fn select_exact(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (problem, points) = read(inputs)?;
    Ok(entrant(
        move || Ok(minimise_exact(&problem, &vec![-2.0; points.ncols()])?.1),
        |x: &Vec<f64>| Array1::from(x.clone()).into_dyn(),
    ))
}

fn select_penalty(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (problem, points) = read(inputs)?;
    Ok(entrant(
        move || Ok(minimise_penalty(&problem, &vec![-2.0; points.ncols()], 1e-3, 100_000, |_, _| {})?.0),
        |x: &Vec<f64>| Array1::from(x.clone()).into_dyn(),
    ))
}

fn excess(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (problem, points) = read(inputs)?;
    let x: Vec<f64> = answer.iter().copied().collect();
    if x.len() != points.ncols() {
        return Err(format!("{} numbers for {} features", x.len(), points.ncols()).into());
    }
    let (best, _) = minimise_exact(&problem, &vec![-2.0; x.len()])?;
    let found = problem.exact(&x, &best.weights).ok_or("no solution")?;
    Ok((found.value - best.value) / best.value)
}
