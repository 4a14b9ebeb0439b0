//! Contests with scikit-learn and celer on many LASSO problems, and with PyTorch and JAX on the training of a network.

use std::path::Path;

use deep_unfolding::lasso::{Options, certificate, lasso_batch, stacked};
use deep_unfolding::network::Network;
use deep_unfolding::problem::{Penalty, Problem};
use deep_unfolding::signals::{BernoulliGaussian, gaussian_matrix};
use deep_unfolding::training::{Batch, Loss, Signals, Training, train};
use lab::ndarray::{Array1, Array2, ArrayD, Axis, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

const SIGNALS: BernoulliGaussian = BernoulliGaussian { probability: 0.1, decibels: 20.0, amplitude: 1.0 };

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 3] {
    let lasso = |id, title, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| {
        Contest {
            id,
            title,
            work: "A Gaussian matrix, λ = 0.05, sparse signals at 20 dB; every problem to a duality gap of 10⁻⁹ of its objective.",
            judged: Judged {
                name: "largest duality gap over the objective",
                target: Some(Target::AtMost(1e-9)),
            },
            write_inputs,
            ours: vec![Ours { name: "coordinate descent and faces", differs: None, load: load_lasso }],
            rivals: vec![
                Rival {
                    name: "scikit-learn, one call",
                    script: "lasso_solvers",
                    function: "scikit_learn",
                    differs: None,
                },
                Rival { name: "celer", script: "lasso_solvers", function: "celer", differs: None },
            ],
            judge: judge_lasso,
        }
    };
    [
        lasso("lasso", "Five hundred LASSO problems, 60 × 100", |profile, folder, random| {
            write_lasso(folder, (60, 100), if profile == Profile::Smoke { 20 } else { 500 }, random)
        }),
        lasso("lasso-large", "Five hundred LASSO problems, 250 × 500", |profile, folder, random| {
            let (shape, count) = if profile == Profile::Smoke { ((50, 100), 20) } else { ((250, 500), 500) };
            write_lasso(folder, shape, count, random)
        }),
        Contest {
            id: "training",
            title: "Training of unfolded ISTA",
            work: "Unsupervised, tied thresholds, 14 layers one by one with 20 steps of Adam on batches of 32 each, 60 × 100, λ = 0.1, the same batches for all.",
            judged: Judged {
                name: "largest relative difference of a learned step from ours",
                target: Some(Target::AtMost(1e-6)),
            },
            write_inputs: write_training,
            ours: vec![Ours { name: "reverse mode by hand", differs: None, load: load_training }],
            rivals: vec![
                Rival { name: "PyTorch", script: "unfolded_training", function: "pytorch", differs: None },
                Rival {
                    name: "JAX, compiled",
                    script: "unfolded_training",
                    function: "jax_compiled",
                    differs: Some("compilation is not in its time"),
                },
            ],
            judge: judge_training,
        },
    ]
}

fn write_lasso(
    folder: &Path,
    (rows, columns): (usize, usize),
    count: usize,
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let a = gaussian_matrix(rows, columns, random);
    let (_, ys) = SIGNALS.draw(a.view(), count, random);
    write_array(folder, "a", a.view())?;
    write_array(folder, "ys", ys.view())?;
    write_array(folder, "weight", arr1(&[0.05]).view())
}

/// A, measurements and the weight.
fn read(inputs: &Path) -> Result<(Array2<f64>, Array2<f64>, f64), Failure> {
    let weight = read_array::<Ix1>(inputs, "weight")?[0];
    Ok((read_array::<Ix2>(inputs, "a")?, read_array::<Ix2>(inputs, "ys")?, weight))
}

fn load_lasso(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (a, ys, weight) = read(inputs)?;
    let columns = a.ncols();
    let options = Options { tolerance: 1e-9, ..Options::default() };
    // The Gram matrix is computed in the call, as the rivals do.
    Ok(entrant(
        move || Ok(stacked(&lasso_batch(&Problem::new(a.clone())?, ys.view(), weight, &options), columns)),
        |xs: &Array2<f64>| xs.clone().into_dyn(),
    ))
}

fn judge_lasso(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (a, ys, weight) = read(inputs)?;
    let problem = Problem::new(a)?;
    let xs = answer.view().into_dimensionality::<Ix2>()?;
    if xs.dim() != (ys.nrows(), problem.dimensions().1) {
        return Err(format!("{:?} numbers for {} problems", xs.dim(), ys.nrows()).into());
    }
    let gaps = ys.outer_iter().zip(xs.outer_iter()).map(|(y, x)| certificate(&problem, y, x, weight));
    Ok(gaps.map(|(objective, gap)| gap / objective).fold(0.0, f64::max))
}

fn write_training(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (depth, steps) = if profile == Profile::Smoke { (3, 4) } else { (14, 20) };
    let a = gaussian_matrix(60, 100, random);
    let (_, ys) = SIGNALS.draw(a.view(), depth * steps * 32, random);
    write_array(folder, "a", a.view())?;
    write_array(folder, "ys", ys.view())?;
    write_array(folder, "weight", arr1(&[0.1]).view())?;
    write_array(folder, "depth", arr1(&[depth as f64]).view())?;
    write_array(folder, "steps", arr1(&[steps as f64]).view())
}

/// Given batches, one after the other.
struct Given<'a> {
    ys: &'a Array2<f64>,
    next: usize,
}

impl Signals for Given<'_> {
    fn draw(&mut self, size: usize) -> Batch {
        let first = self.next;
        self.next += size;
        let rows: Vec<usize> = (first..self.next).collect();
        Batch { xs: None, ys: self.ys.select(Axis(0), &rows) }
    }
}

fn learned(inputs: &Path) -> Result<impl Fn() -> Result<Network, Failure> + use<>, Failure> {
    let (a, ys, weight) = read(inputs)?;
    let [depth, steps] = ["depth", "steps"].map(|name| read_array::<Ix1>(inputs, name));
    let (depth, steps) = (depth?[0] as usize, steps?[0] as usize);
    let training =
        Training { depth, steps, batch: 32, ..Training::new(Penalty::L1, weight, Loss::Unsupervised) };
    Ok(move || {
        let problem = Problem::new(a.clone())?;
        Ok(train(&problem, &training, &mut Given { ys: &ys, next: 0 }, |_| ())?.network)
    })
}

fn load_training(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let learned = learned(inputs)?;
    Ok(entrant(learned, |network: &Network| Array1::from(network.steps.clone()).into_dyn()))
}

fn judge_training(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let expected = learned(inputs)?()?.steps;
    if answer.len() != expected.len() {
        return Err(format!("{} steps for {} layers", answer.len(), expected.len()).into());
    }
    Ok(answer.iter().zip(&expected).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max))
}
