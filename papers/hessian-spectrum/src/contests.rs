//! Contests with PyTorch and packages on it, on a trained network of 4,950 parameters and 1,000 images of strokes.

use std::path::Path;

use hessian_spectrum::lanczos::{Pairs, Wanted, extremes};
use hessian_spectrum::operator::Symmetric;
use hessian_spectrum::point::Point;
use hessian_spectrum::problems::{classified, descend, pooled};
use hessian_spectrum::quadrature::{Quadrature, distribution};
use lab::ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use networks::{Activation, Initialisation, Loss, Network, Parametrisation};
use numerics::random::stream;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 4] {
    let rival = |name, function, differs| Rival { name, script: "torch_hessians", function, differs };
    let ours = |name, load| vec![Ours { name, differs: None, load }];
    [
        Contest {
            id: "products",
            title: "Sixteen Hessian-vector products",
            work: "A network 49-50-40-10 with rectifiers and cross-entropy, 1,000 images, double precision.",
            judged: Judged {
                name: "largest error over the largest entry; reference: the assembled Hessian, which tests hold to complex-step derivatives",
                target: Some(Target::AtMost(1e-10)),
            },
            write_inputs,
            ours: ours("block of products", products),
            rivals: vec![
                rival("PyTorch, vmap of jvp of grad", "vmapped_products", None),
                rival(
                    "PyTorch, kept graph",
                    "graph_products",
                    Some("the gradient and its graph are not in its time"),
                ),
                rival("curvlinops", "curvlinops_products", None),
            ],
            judge: products_error,
        },
        Contest {
            id: "hessian",
            title: "The whole Hessian",
            work: "The matrix of 4,950 × 4,950 of the same network; sixteen vectors are multiplied by it for the judge.",
            judged: Judged {
                name: "largest error over the largest entry of these products, against products without the matrix",
                target: Some(Target::AtMost(1e-10)),
            },
            write_inputs,
            ours: ours("responses to pre-activations", whole),
            rivals: vec![rival("PyTorch, vmap in blocks of 100", "vmapped_hessian", None)],
            judge: whole_error,
        },
        Contest {
            id: "top-ten",
            title: "The ten largest eigenvalues",
            work: "Of the same network's Hessian.",
            judged: Judged {
                name: "largest relative error, against pairs with residuals of 10⁻¹²",
                target: Some(Target::AtMost(1e-8)),
            },
            write_inputs,
            ours: ours("thick-restart block Lanczos", top),
            rivals: vec![rival(
                "PyHessian, its defaults",
                "pyhessian_top",
                Some("it stops at a change of 10⁻³"),
            )],
            judge: top_error,
        },
        Contest {
            id: "moments",
            title: "Mean and mean square of all eigenvalues",
            work: "Of the same network's Hessian, from 160 products after deflation of twenty pairs. PyHessian's density fails on this PyTorch; hessian-eigenthings, which has one too, is not held against here.",
            judged: Judged {
                name: "larger relative error, against trace and Frobenius norm of the matrix",
                target: Some(Target::AtMost(0.02)),
            },
            write_inputs,
            ours: ours("deflated quadrature", moments),
            rivals: Vec::new(),
            judge: moments_error,
        },
    ]
}

fn write_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (images, widths, steps) =
        if profile == Profile::Smoke { (40, [49, 8, 6, 10], 5) } else { (1_000, [49, 50, 40, 10], 400) };
    let x = pooled(&digits::strokes(images, 0.12, random));
    let classes: Vec<usize> = (0..images).map(|i| i % 10).collect();
    let network =
        Network::new(&widths, Activation::Relu, Parametrisation::Standard, Initialisation::He, random)?;
    let (end, ..) = descend(&classified(network, x, &classes)?, 0.1, steps, 0.0)?;
    write_array(folder, "x", end.inputs())?;
    write_array(folder, "y", end.targets())?;
    write_array(folder, "widths", arr1(&widths.map(|width| width as f64)).view())?;
    write_array(folder, "weights", end.network().parameters())?;
    let mut vectors = Array2::zeros((16, end.dimension()));
    for mut row in vectors.rows_mut() {
        row.assign(&hessian_spectrum::lanczos::on_sphere(end.dimension(), random));
    }
    write_array(folder, "vectors", vectors.view())
}

fn read(inputs: &Path) -> Result<(Point, Array2<f64>), Failure> {
    let widths: Vec<usize> =
        read_array::<Ix1>(inputs, "widths")?.iter().map(|width| *width as usize).collect();
    let weights = read_array::<Ix1>(inputs, "weights")?;
    let network = Network::from_parameters(&widths, Activation::Relu, Parametrisation::Standard, weights)?;
    let (x, y) = (read_array::<Ix2>(inputs, "x")?, read_array::<Ix2>(inputs, "y")?);
    Ok((Point::new(network, x, y, Loss::CrossEntropy)?, read_array::<Ix2>(inputs, "vectors")?))
}

fn products(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (point, vectors) = read(inputs)?;
    Ok(entrant(move || Ok(point.apply(vectors.view())), |found: &Array2<f64>| found.clone().into_dyn()))
}

fn whole(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (point, vectors) = read(inputs)?;
    Ok(entrant(move || Ok(vectors.dot(&point.hessian())), |found: &Array2<f64>| found.clone().into_dyn()))
}

fn top(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (point, _) = read(inputs)?;
    let wanted = Wanted { tolerance: 1e-8, ..Wanted::new(10, 0) };
    Ok(entrant(
        move || Ok(extremes(&point, &wanted, &mut stream(0, &["contest"]))?.top.values),
        |found: &Vec<f64>| Array1::from(found.clone()).into_dyn(),
    ))
}

fn moments(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (point, _) = read(inputs)?;
    let options = Quadrature { vectors: 4, steps: 40, failure: 0.05 };
    Ok(entrant(
        move || {
            let mut random = stream(0, &["contest"]);
            let known = extremes(&point, &Wanted { tolerance: 1e-8, ..Wanted::new(20, 0) }, &mut random)?.top;
            let known: [&Pairs; 1] = [&known];
            Ok(distribution(&point, &known, &options, &mut random).ok_or("a product is not finite")?.moments)
        },
        |found: &[f64; 2]| arr1(found).into_dyn(),
    ))
}

fn off(found: &ArrayD<f64>, expected: &Array2<f64>) -> Result<f64, Failure> {
    if found.len() != expected.len() {
        return Err(format!("{} numbers instead of {}", found.len(), expected.len()).into());
    }
    let largest = expected.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    Ok(found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest)
}

fn products_error(inputs: &Path, found: &ArrayD<f64>) -> Result<f64, Failure> {
    let (point, vectors) = read(inputs)?;
    off(found, &vectors.dot(&point.hessian()))
}

fn whole_error(inputs: &Path, found: &ArrayD<f64>) -> Result<f64, Failure> {
    let (point, vectors) = read(inputs)?;
    off(found, &point.apply(vectors.view()))
}

fn top_error(inputs: &Path, found: &ArrayD<f64>) -> Result<f64, Failure> {
    let (point, _) = read(inputs)?;
    let wanted = Wanted { tolerance: 1e-12, ..Wanted::new(12, 0) };
    let expected = extremes(&point, &wanted, &mut stream(1, &["judge"]))?.top.values;
    if found.len() != 10 {
        return Err(format!("{} eigenvalues instead of ten", found.len()).into());
    }
    Ok(found.iter().zip(&expected).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max))
}

fn moments_error(inputs: &Path, found: &ArrayD<f64>) -> Result<f64, Failure> {
    let hessian = read(inputs)?.0.hessian();
    let size = hessian.nrows() as f64;
    let exact = [hessian.diag().sum() / size, hessian.iter().map(|h| h * h).sum::<f64>() / size];
    Ok(found.iter().zip(exact).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max))
}
