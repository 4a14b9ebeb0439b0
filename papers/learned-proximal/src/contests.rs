//! Contests: double backward with JAX, inversion with SciPy as in the public code, total variation with scikit-image.

use std::path::Path;

use lab::ndarray::{Array1, Array2, ArrayD, Ix1, Ix2};
use lab::{Failure, Profile};
use learned_proximal::classical::{denoise_by_total_variation, signal_to_noise, total_variation};
use learned_proximal::inversion::invert;
use learned_proximal::network::{ProximalNetwork, Start, Work};
use learned_proximal::training::{Loss, Sampling, Stage, loss_gradient, train};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 7] {
    [
        double_backward(
            "double-backward",
            "Gradient of a gradient network, one input",
            "The gradient of proximal matching at γ = 0.1: four layers of 50 units, 2,000 rows, double precision. JAX's time is without its compilation.",
            (load_line, "line"),
            line_inputs,
        ),
        double_backward(
            "double-backward-large",
            "Gradient of a gradient network, ten times the rows",
            "The same with 20,000 rows.",
            (load_line, "line"),
            long_line_inputs,
        ),
        double_backward(
            "double-backward-images",
            "Gradient of a gradient network, images",
            "Squared loss for the public code's network of 28 × 28 pixels with 16 filters in place of 64, 32 images.",
            (load_images, "images"),
            image_inputs,
        ),
        Contest {
            id: "inversion",
            title: "The regulariser at given points",
            work: "R at 10 outputs of a network of 16 inputs and two layers of 32 units, β = 10, α = 0.02. SciPy's fmin_cg in single precision is what the public code runs.",
            judged: Judged {
                name: "largest error of R, over 1 + |R|; reference: R at outputs, which needs no inversion",
                target: Some(Target::AtMost(1e-4)),
            },
            write_inputs: inversion_inputs,
            ours: vec![Ours { name: "Newton's method", differs: None, load: load_inversion }],
            rivals: vec![Rival {
                name: "SciPy fmin_cg",
                script: "jax_networks",
                function: "inversion",
                differs: Some("single precision"),
            }],
            judge: |inputs, answer| {
                let expected = read_array::<Ix1>(inputs, "values")?;
                if answer.len() != expected.len() {
                    return Err(format!("{} numbers for {}", answer.len(), expected.len()).into());
                }
                let away = answer.iter().zip(&expected).map(|(a, b)| (a - b).abs() / (1.0 + b.abs()));
                Ok(away.fold(0.0, f64::max))
            },
        },
        variation("total-variation", "Denoising by total variation, 64 × 64", small_image),
        variation("total-variation-large", "Denoising by total variation, 256 × 256", large_image),
        Contest {
            id: "denoising",
            title: "Denoising strokes",
            work: "5 images of strokes, 28 × 28, noise of deviation 0.1. The network has 8 filters and was trained on such images for some seconds before; BM3D needs no training.",
            judged: Judged { name: "mean signal to noise, dB", target: None },
            write_inputs: stroke_inputs,
            ours: vec![Ours {
                name: "learned proximal network",
                differs: Some("it was trained on such images"),
                load: load_denoiser,
            }],
            rivals: vec![Rival {
                name: "BM3D",
                script: "block_matching",
                function: "denoise",
                differs: None,
            }],
            judge: |inputs, answer| {
                let truth = read_array::<Ix2>(inputs, "x")?;
                if answer.len() != truth.len() {
                    return Err(format!("{} numbers for {}", answer.len(), truth.len()).into());
                }
                let found: Vec<f64> = answer.iter().copied().collect();
                let pairs = found.chunks(truth.ncols()).zip(truth.rows());
                let ratios = pairs.map(|(x, truth)| signal_to_noise(x, &truth.to_vec()));
                Ok(ratios.sum::<f64>() / truth.nrows() as f64)
            },
        },
    ]
}

type Load = fn(&Path) -> Result<Box<dyn Entrant>, Failure>;
type Write = fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>;

fn double_backward(
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
            name: "relative error along the gradient; reference: central differences of the loss",
            target: Some(Target::AtMost(1e-5)),
        },
        write_inputs,
        ours: vec![Ours { name: "by hand", differs: None, load }],
        rivals: vec![Rival { name: "JAX", script: "jax_networks", function, differs: None }],
        judge: if function == "line" {
            |inputs, answer| judge(&line(inputs)?, answer)
        } else {
            |inputs, answer| judge(&images(inputs)?, answer)
        },
    }
}

struct Task {
    network: ProximalNetwork,
    x: Vec<f64>,
    y: Vec<f64>,
    loss: Loss,
}

impl Task {
    fn gradient(&self, network: &ProximalNetwork, works: &mut Vec<Work>) -> (f64, Vec<f64>) {
        let n = network.inputs();
        let batch = self.x.len() / n;
        loss_gradient(network, &self.y, works, &|rows, f, c| {
            self.loss.slope(f, &self.x[rows.start * n..rows.end * n], n, batch, c)
        })
    }
}

fn judge(task: &Task, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    if answer.len() != task.network.parameters.len() {
        return Err(
            format!("{} numbers for {} parameters", answer.len(), task.network.parameters.len()).into()
        );
    }
    let squared: f64 = answer.iter().map(|g| g * g).sum();
    // Short beside the parameters: the loss is far from quadratic.
    let step = 1e-5 / squared.sqrt();
    let mut works = Vec::new();
    let mut value = |step: f64| {
        let mut moved = task.network.clone();
        moved.parameters.iter_mut().zip(answer).for_each(|(p, g)| *p += step * g);
        task.gradient(&moved, &mut works).0
    };
    let along =
        (8.0 * (value(step) - value(-step)) - (value(2.0 * step) - value(-2.0 * step))) / (12.0 * step);
    Ok((along / squared - 1.0).abs())
}

fn run(task: Task) -> Box<dyn Entrant> {
    let mut works = Vec::new();
    entrant(
        move || Ok(task.gradient(&task.network, &mut works).1),
        |gradient: &Vec<f64>| Array1::from(gradient.clone()).into_dyn(),
    )
}

fn load_line(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    Ok(run(line(inputs)?))
}

fn load_images(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    Ok(run(images(inputs)?))
}

fn read(inputs: &Path, shape: ProximalNetwork) -> Result<(ProximalNetwork, Vec<f64>, Vec<f64>), Failure> {
    let network = shape.with_parameters(read_array::<Ix1>(inputs, "parameters")?.to_vec())?;
    let rows = |name: &str| -> Result<Vec<f64>, Failure> {
        Ok(read_array::<Ix2>(inputs, name)?.iter().copied().collect())
    };
    Ok((network, rows("x")?, rows("y")?))
}

fn line(inputs: &Path) -> Result<Task, Failure> {
    let width = read_array::<Ix1>(inputs, "width")?[0] as usize;
    let (network, x, y) = read(inputs, ProximalNetwork::dense(1, &[width; 4], false, (10.0, 0.0))?)?;
    Ok(Task { network, x, y, loss: Loss::Matching { gamma: 0.1 } })
}

fn images(inputs: &Path) -> Result<Task, Failure> {
    let sizes = read_array::<Ix1>(inputs, "width")?;
    let (side, width) = (sizes[1] as usize, sizes[0] as usize);
    let (network, x, y) = read(inputs, ProximalNetwork::convolutional(side, width, (10.0, 0.02))?)?;
    // At random weights matching has no gradient to speak of.
    Ok(Task { network, x, y, loss: Loss::Squared })
}

fn write(
    folder: &Path,
    network: &ProximalNetwork,
    sizes: &[f64],
    (rows, noise): (Array2<f64>, f64),
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    write_array(folder, "width", Array1::from(sizes.to_vec()).view())?;
    write_array(folder, "parameters", Array1::from(network.parameters.clone()).view())?;
    write_array(folder, "y", rows.mapv(|x| x + noise * random.sample::<f64, _>(StandardNormal)).view())?;
    write_array(folder, "x", rows.view())
}

fn line_rows(profile: Profile, rows: usize, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (rows, width) = if profile == Profile::Smoke { (20, 4) } else { (rows, 50) };
    let network =
        ProximalNetwork::dense(1, &[width; 4], false, (10.0, 0.0))?.with_start(Start::Alive, random);
    let data = Array2::from_shape_simple_fn((rows, 1), || random.sample::<f64, _>(StandardNormal));
    write(folder, &network, &[width as f64], (data, 1.0), random)
}

fn line_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    line_rows(profile, 2_000, folder, random)
}

fn long_line_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    line_rows(profile, 20_000, folder, random)
}

fn image_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (side, width, rows) = if profile == Profile::Smoke { (8, 2, 3) } else { (28, 16, 32) };
    let network = ProximalNetwork::convolutional(side, width, (10.0, 0.02))?.with_start(Start::Alive, random);
    let data = Array2::from_shape_simple_fn((rows, side * side), || random.random_range(0.0..1.0));
    write(folder, &network, &[width as f64, side as f64], (data, 0.1), random)
}

fn inversion_network(inputs: &Path) -> Result<ProximalNetwork, Failure> {
    let shape = ProximalNetwork::dense(16, &[32, 32], true, (10.0, 0.02))?;
    Ok(shape.with_parameters(read_array::<Ix1>(inputs, "parameters")?.to_vec())?)
}

fn inversion_inputs(_: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let network = ProximalNetwork::dense(16, &[32, 32], true, (10.0, 0.02))?.with_start(Start::Alive, random);
    let y: Vec<f64> = (0..160).map(|_| 2.0 * random.sample::<f64, _>(StandardNormal)).collect();
    let pass = network.potential_and_prox(&y, &mut Work::default());
    write_array(folder, "parameters", Array1::from(network.parameters.clone()).view())?;
    write_array(folder, "values", Array1::from(network.regulariser_at_output(&y, &pass)).view())?;
    write_array(folder, "points", Array2::from_shape_vec((10, 16), pass.prox)?.view())
}

fn load_inversion(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (network, points) = (inversion_network(inputs)?, read_array::<Ix2>(inputs, "points")?);
    Ok(entrant(
        move || {
            Ok(points
                .rows()
                .into_iter()
                .map(|x| invert(&network, &x.to_vec(), 1e-12, 200).lower)
                .collect::<Vec<f64>>())
        },
        |values: &Vec<f64>| Array1::from(values.clone()).into_dyn(),
    ))
}

/// Of |x − b|²/2 + weight·TV(x).
const WEIGHT: f64 = 0.1;

fn variation(id: &'static str, title: &'static str, write_inputs: Write) -> Contest {
    Contest {
        id,
        title,
        work: "min |x − b|²/2 + 0.1 TV(x) for squares with noise of deviation 0.1. scikit-image runs 4,000 steps without a criterion, as its own stops it three per cent above.",
        judged: Judged {
            name: "relative excess over a dual bound of 20,000 steps of ours",
            target: Some(Target::AtMost(1e-4)),
        },
        write_inputs,
        ours: vec![Ours { name: "primal-dual, gap 1e-6", differs: None, load: load_variation }],
        rivals: vec![
            Rival {
                name: "scikit-image, 4,000 steps",
                script: "scikit_variation",
                function: "long",
                differs: None,
            },
            Rival {
                name: "scikit-image, defaults",
                script: "scikit_variation",
                function: "defaults",
                differs: Some("it stops early"),
            },
        ],
        judge: |inputs, answer| {
            let b = read_array::<Ix2>(inputs, "image")?;
            let side = b.nrows();
            if answer.len() != b.len() {
                return Err(format!("{} numbers for {}", answer.len(), b.len()).into());
            }
            let (b, x): (Vec<f64>, Vec<f64>) =
                (b.iter().copied().collect(), answer.iter().copied().collect());
            let best = denoise_by_total_variation(&b, side, WEIGHT, 1e-9, 20_000);
            let least = best.objective - best.gap.unwrap_or(0.0);
            let squared: f64 = x.iter().zip(&b).map(|(x, b)| (x - b) * (x - b)).sum();
            Ok((0.5 * squared + WEIGHT * total_variation(&x, side) - least) / least)
        },
    }
}

fn squares(side: usize, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let boxes: Vec<[usize; 4]> = (0..6)
        .map(|_| {
            [
                random.random_range(0..side / 2),
                random.random_range(0..side / 2),
                random.random_range(side / 8..side / 2),
                random.random_range(side / 8..side / 2),
            ]
        })
        .collect();
    let image = Array2::from_shape_fn((side, side), |(i, j)| {
        let inside = boxes.iter().filter(|[top, left, height, width]| {
            i >= *top && i < top + height && j >= *left && j < left + width
        });
        0.2 * inside.count() as f64 + 0.1 * random.sample::<f64, _>(StandardNormal)
    });
    write_array(folder, "image", image.view())
}

fn small_image(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    squares(if profile == Profile::Smoke { 16 } else { 64 }, folder, random)
}

fn large_image(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    squares(if profile == Profile::Smoke { 16 } else { 256 }, folder, random)
}

fn load_variation(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let b = read_array::<Ix2>(inputs, "image")?;
    let (side, b): (usize, Vec<f64>) = (b.nrows(), b.iter().copied().collect());
    Ok(entrant(
        move || Ok(denoise_by_total_variation(&b, side, WEIGHT, 1e-6, 20_000).x),
        |x: &Vec<f64>| Array1::from(x.clone()).into_dyn(),
    ))
}

fn stroke_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (steps, width) = if profile == Profile::Smoke { (2, 2) } else { (300, 8) };
    let side = digits::SIDE;
    let data = digits::strokes(605, 0.12, random);
    let mut network =
        ProximalNetwork::convolutional(side, width, (10.0, 0.02))?.with_start(Start::Alive, random);
    let sampling = Sampling { sigma: 0.1, batch: 32, convex: true };
    let stages = [1e-2, 2e-3, 5e-4].map(|rate| Stage { loss: Loss::Squared, steps, rate });
    train(&mut network, data.slice(lab::ndarray::s![5.., ..]), &sampling, &stages, random)?;
    let test = data.slice(lab::ndarray::s![..5, ..]).to_owned();
    write(folder, &network, &[width as f64, side as f64], (test, 0.1), random)
}

fn load_denoiser(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let Task { network, y, .. } = images(inputs)?;
    let mut work = Work::default();
    Ok(entrant(
        move || Ok(network.potential_and_prox(&y, &mut work).prox),
        |x: &Vec<f64>| Array1::from(x.clone()).into_dyn(),
    ))
}
