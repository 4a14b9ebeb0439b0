//! Contests with JAX on gradients and Hessian products of a recurrent network, and on exact hypergradients.

use std::path::Path;

use bilevel::selection::Loss;
use bo_rep::classifier::{Classifier, Work};
use bo_rep::representation::{Labelled, Representation};
use lab::ndarray::{Array1, Array2, ArrayD, Ix1, Ix2};
use lab::{Failure, Profile};
use networks::{Batch, Cell, Recurrent};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

const TOKENS: usize = 32;

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 5] {
    let small = "64 sequences of 32 tokens, 64 units, double precision";
    let large = "640 sequences of 32 tokens, 64 units, double precision";
    [
        network("rnn-gradient", "Gradient of an RNN", small, (gradient, "gradient"), small_inputs),
        network(
            "rnn-gradient-large",
            "Gradient of an RNN, ten times the work",
            large,
            (gradient, "gradient"),
            large_inputs,
        ),
        network("rnn-product", "Hessian product of an RNN", small, (product, "product"), small_inputs),
        network(
            "rnn-product-large",
            "Hessian product of an RNN, ten times the work",
            large,
            (product, "product"),
            large_inputs,
        ),
        Contest {
            id: "hypergradient",
            title: "Exact hypergradient of an encoder",
            work: "Φ's gradient at 10 points: 256 training and validation sequences of 10 tokens, an RNN of 6 units above, a ridge head of 7 below. JAX differentiates through the normal equations, without its compilation.",
            judged: Judged {
                name: "largest relative error of a derivative along a direction; reference: central differences of Φ",
                target: Some(Target::AtMost(1e-6)),
            },
            write_inputs: encoder_inputs,
            ours: vec![Ours { name: "two passes back", differs: None, load: hypergradients }],
            rivals: vec![Rival {
                name: "JAX",
                script: "jax_recurrent",
                function: "hypergradients",
                differs: None,
            }],
            judge: |inputs, answer| {
                let (problem, points) = read_encoder(inputs)?;
                if answer.len() != points.len() {
                    return Err(format!("{} numbers for {}", answer.len(), points.len()).into());
                }
                let answer = answer.as_slice().ok_or("no numbers")?;
                let mut worst = 0.0_f64;
                for (x, found) in points.rows().into_iter().zip(answer.chunks(points.ncols())) {
                    let value = |step: f64| -> Result<f64, Failure> {
                        let moved: Vec<f64> = x.iter().zip(found).map(|(x, g)| x + step * g).collect();
                        Ok(problem.exact(&moved, &[0.0; 7]).ok_or("no head")?.value)
                    };
                    let along = (value(1e-4)? - value(-1e-4)?) / 2e-4;
                    let squared: f64 = found.iter().map(|g| g * g).sum();
                    worst = worst.max((along / squared - 1.0).abs());
                }
                Ok(worst)
            },
        },
    ]
}

type Load = fn(&Path) -> Result<Box<dyn Entrant>, Failure>;
type Write = fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>;

fn network(
    id: &'static str,
    title: &'static str,
    work: &'static str,
    (load, function): (Load, &'static str),
    write_inputs: Write,
) -> Contest {
    Contest {
        id,
        title,
        work,
        judged: Judged {
            name: "relative error along a direction; reference: central differences of losses or gradients",
            target: Some(Target::AtMost(1e-6)),
        },
        write_inputs,
        ours: vec![Ours { name: "by hand", differs: None, load }],
        rivals: vec![Rival { name: "JAX", script: "jax_recurrent", function, differs: None }],
        judge: if function == "gradient" { judge_gradient } else { judge_product },
    }
}

fn small_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (rows, length, hidden) = if profile == Profile::Smoke { (5, 4, 3) } else { (64, 32, 64) };
    inputs((rows, length, hidden), folder, random)
}

fn large_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (rows, length, hidden) = if profile == Profile::Smoke { (6, 4, 3) } else { (640, 32, 64) };
    inputs((rows, length, hidden), folder, random)
}

fn write_rows(
    name: &str,
    (rows, length, tokens): (usize, usize, usize),
    folder: &Path,
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let drawn = Array2::from_shape_simple_fn((rows, length), || random.random_range(0..tokens) as f64);
    write_array(folder, &format!("{name}-tokens"), drawn.view())?;
    let labels = Array1::from_shape_simple_fn(rows, || if random.random_bool(0.5) { 1.0 } else { -1.0 });
    write_array(folder, &format!("{name}-labels"), labels.view())
}

fn inputs(
    (rows, length, hidden): (usize, usize, usize),
    folder: &Path,
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    write_rows("train", (rows, length, TOKENS), folder, random)?;
    let classifier = Classifier::new(Cell::Rnn, TOKENS, hidden)?;
    write_array(folder, "parameters", Array1::from(classifier.draw(1.0, random)?).view())?;
    let direction = Array1::from_shape_simple_fn(classifier.parameters(), || random.random_range(-1.0..1.0));
    write_array(folder, "direction", direction.view())
}

fn read_rows(inputs: &Path, name: &str) -> Result<Labelled, Failure> {
    let tokens = read_array::<Ix2>(inputs, &format!("{name}-tokens"))?;
    let labels = read_array::<Ix1>(inputs, &format!("{name}-labels"))?.to_vec();
    let sequences = tokens.rows().into_iter().map(|row| row.iter().map(|t| *t as u32).collect()).collect();
    Ok(Labelled { sequences, labels })
}

struct Task {
    classifier: Classifier,
    batch: Batch,
    labels: Vec<f64>,
    weights: Vec<f64>,
    parameters: Vec<f64>,
    direction: Vec<f64>,
}

impl Task {
    fn read(inputs: &Path) -> Result<Self, Failure> {
        let Labelled { sequences, labels } = read_rows(inputs, "train")?;
        let parameters = read_array::<Ix1>(inputs, "parameters")?.to_vec();
        // V h + h² + h + h + 1 parameters.
        let hidden = (1..).find(|h| (TOKENS + h + 2) * h + 1 >= parameters.len()).ok_or("no size")?;
        Ok(Self {
            classifier: Classifier::new(Cell::Rnn, TOKENS, hidden)?,
            batch: Batch::new(&sequences, TOKENS)?,
            weights: vec![1.0 / labels.len() as f64; labels.len()],
            labels,
            parameters,
            direction: read_array::<Ix1>(inputs, "direction")?.to_vec(),
        })
    }

    fn gradient(&self, parameters: &[f64], work: &mut Work, out: &mut [f64]) -> f64 {
        let losses =
            self.classifier.gradient(parameters, &self.batch, (&self.labels, &self.weights), work, out);
        losses.iter().sum::<f64>() / losses.len() as f64
    }

    fn moved(&self, direction: &[f64], step: f64) -> Vec<f64> {
        self.parameters.iter().zip(direction).map(|(p, v)| p + step * v).collect()
    }
}

fn numbers(found: &[f64]) -> ArrayD<f64> {
    Array1::from(found.to_vec()).into_dyn()
}

fn gradient(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let task = Task::read(inputs)?;
    let (mut work, mut out) = (Work::default(), vec![0.0; task.parameters.len()]);
    Ok(entrant(
        move || {
            task.gradient(&task.parameters, &mut work, &mut out);
            Ok(out.clone())
        },
        |found: &Vec<f64>| numbers(found),
    ))
}

/// From nothing: the passes of the gradient are part of the work.
fn product(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let task = Task::read(inputs)?;
    let (mut work, mut out) = (Work::default(), vec![0.0; task.parameters.len()]);
    Ok(entrant(
        move || {
            task.gradient(&task.parameters, &mut work, &mut out);
            task.classifier.product(
                &task.parameters,
                &task.batch,
                &task.weights,
                &task.direction,
                &mut work,
                &mut out,
            );
            Ok(out.clone())
        },
        |found: &Vec<f64>| numbers(found),
    ))
}

fn judge_gradient(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let task = Task::read(inputs)?;
    let answer = checked(&task, answer)?;
    let mut ignored = vec![0.0; answer.len()];
    let mut loss = |step: f64| task.gradient(&task.moved(&answer, step), &mut Work::default(), &mut ignored);
    let along = (loss(1e-4) - loss(-1e-4)) / 2e-4;
    let squared: f64 = answer.iter().map(|g| g * g).sum();
    Ok((along / squared - 1.0).abs())
}

fn judge_product(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let task = Task::read(inputs)?;
    let answer = checked(&task, answer)?;
    let gradient = |step: f64| {
        let mut out = vec![0.0; answer.len()];
        task.gradient(&task.moved(&task.direction, step), &mut Work::default(), &mut out);
        out
    };
    let (above, below) = (gradient(1e-5), gradient(-1e-5));
    let (mut squared, mut size) = (0.0, 0.0);
    for (k, found) in answer.iter().enumerate() {
        let expected = (above[k] - below[k]) / 2e-5;
        squared += (found - expected) * (found - expected);
        size += expected * expected;
    }
    Ok((squared / size).sqrt())
}

fn checked(task: &Task, answer: &ArrayD<f64>) -> Result<Vec<f64>, Failure> {
    if answer.len() != task.parameters.len() {
        return Err(format!("{} numbers for {} parameters", answer.len(), task.parameters.len()).into());
    }
    Ok(answer.iter().copied().collect())
}

fn encoder_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (rows, points) = if profile == Profile::Smoke { (10, 2) } else { (256, 10) };
    write_rows("train", (rows, 10, 3), folder, random)?;
    write_rows("valid", (rows, 10, 3), folder, random)?;
    let count = Recurrent::count(Cell::Rnn, 3, 6);
    let mut drawn = Array2::zeros((points, count));
    for mut row in drawn.rows_mut() {
        row.assign(&Array1::from(Recurrent::new(Cell::Rnn, 3, 6, 1.5, random)?.parameters));
    }
    write_array(folder, "points", drawn.view())
}

fn read_encoder(inputs: &Path) -> Result<(Representation, Array2<f64>), Failure> {
    let points = read_array::<Ix2>(inputs, "points")?;
    let shape = Recurrent::from_parameters(Cell::Rnn, 3, 6, points.row(0).to_vec())?;
    let problem = Representation::new(
        shape,
        read_rows(inputs, "train")?,
        read_rows(inputs, "valid")?,
        0.05,
        Loss::Squared,
    )?;
    Ok((problem, points))
}

fn hypergradients(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (problem, points) = read_encoder(inputs)?;
    Ok(entrant(
        move || {
            let mut all = Vec::with_capacity(points.len());
            for x in points.rows() {
                all.extend(problem.exact(&x.to_vec(), &[0.0; 7]).ok_or("no head")?.gradient);
            }
            Ok(all)
        },
        |found: &Vec<f64>| numbers(found),
    ))
}
