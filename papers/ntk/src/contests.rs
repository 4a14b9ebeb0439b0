//! Contests with neural-tangents (on JAX): kernels of infinitely wide networks, and of a finite one.

use std::path::Path;

use lab::ndarray::{Array2, ArrayD, Ix1, Ix2};
use lab::{Failure, Profile};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;
use ntk::{Architecture, Kind};
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 2] {
    [limit(), finite()]
}

const DEPTH: usize = 4;

/// Largest difference of an answer from a kernel, each entry relative to its two diagonal entries' geometric mean.
fn difference(answer: &ArrayD<f64>, kernel: &Array2<f64>) -> Result<f64, Failure> {
    let answer = answer.clone().into_dimensionality::<Ix2>()?;
    if answer.dim() != kernel.dim() {
        return Err(format!("a matrix of {:?}", answer.dim()).into());
    }
    let scale = kernel.diag().mapv(f64::sqrt);
    let entries =
        answer.indexed_iter().zip(kernel).map(|(((i, j), a), b)| (a - b).abs() / (scale[i] * scale[j]));
    Ok(entries.fold(0.0, f64::max))
}

/// Kernel matrix of the limit.
fn limit() -> Contest {
    Contest {
        id: "limit",
        title: "Kernel of an infinitely wide network",
        work: "The tangent kernel's matrix of 2,000 points with 784 coordinates, four affine layers, ReLU, the paper's parametrisation, in double \
         precision.",
        judged: Judged {
            name: "largest difference from our kernel, which tests hold to 60-digit values; relative to √(K_ii K_jj)",
            target: Some(Target::AtMost(1e-7)),
        },
        write_inputs: |profile, folder, random| {
            let size = if profile == Profile::Smoke { (20, 10) } else { (2_000, 784) };
            let points = Array2::random_using(size, StandardNormal, random);
            write_array(folder, "points", points.view())?;
            let kernel = Architecture::of_the_paper(DEPTH).matrix(Kind::Ntk, points.view())?;
            write_array(folder, "kernel", kernel.view())
        },
        ours: vec![Ours { name: "closed forms", differs: None, load: closed_forms }],
        rivals: vec![Rival { name: "neural-tangents", script: "neural", function: "limit", differs: None }],
        judge: |inputs, answer| difference(answer, &read_array(inputs, "kernel")?),
    }
}

fn closed_forms(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let points: Array2<f64> = read_array(inputs, "points")?;
    Ok(entrant(
        move || Ok(Architecture::of_the_paper(DEPTH).matrix(Kind::Ntk, points.view())?),
        |kernel| kernel.clone().into_dyn(),
    ))
}

/// Tangent kernel of a network with many weights.
fn finite() -> Contest {
    Contest {
        id: "finite",
        title: "Tangent kernel of a finite network",
        work: "The tangent kernel's matrix of 50 points with 10 coordinates for one network of four affine layers, 512 wide, ReLU, the \
         paper's parametrisation, in double precision. Weights and biases are given.",
        judged: Judged {
            name: "largest difference from the matrix JJᵀ of an explicit Jacobian J (ours), relative to √(K_ii K_jj)",
            target: Some(Target::AtMost(1e-10)),
        },
        write_inputs: |profile, folder, random| {
            let (width, points) = if profile == Profile::Smoke { (8, 5) } else { (512, 50) };
            let network = Architecture::of_the_paper(DEPTH).draw_scalar(10, width, random)?;
            let points = Array2::random_using((points, 10), StandardNormal, random);
            write_array(folder, "points", points.view())?;
            for layer in 0..network.layers() {
                write_array(folder, &format!("weights-{layer}"), network.weights(layer))?;
                write_array(folder, &format!("biases-{layer}"), network.biases(layer))?;
            }
            let jacobian = network.jacobian(points.view(), 0)?;
            write_array(folder, "kernel", jacobian.dot(&jacobian.t()).view())
        },
        ours: vec![Ours { name: "contraction layer by layer", differs: None, load: contraction }],
        rivals: vec![
            Rival {
                name: "neural-tangents, Jacobian",
                script: "neural",
                function: "finite_jacobian",
                differs: None,
            },
            Rival {
                name: "neural-tangents, vector products",
                script: "neural",
                function: "finite_vector_products",
                differs: None,
            },
        ],
        judge: |inputs, answer| difference(answer, &read_array(inputs, "kernel")?),
    }
}

fn contraction(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let points: Array2<f64> = read_array(inputs, "points")?;
    let layer = |number: usize| -> Result<_, Failure> {
        let weights = read_array::<Ix2>(inputs, &format!("weights-{number}"))?;
        Ok((weights, read_array::<Ix1>(inputs, &format!("biases-{number}"))?))
    };
    let layers = (0..DEPTH).map(layer).collect::<Result<Vec<_>, _>>()?;
    let network = Architecture::of_the_paper(DEPTH).with_layers(&layers)?;
    Ok(entrant(
        move || Ok(network.tangent_kernel(points.view(), points.view(), 0)?),
        |kernel| kernel.clone().into_dyn(),
    ))
}
