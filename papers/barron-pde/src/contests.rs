//! Contests with NumPy and SciPy on the flow itself, and with a physics-informed network in JAX on a solution to three digits.

use std::path::Path;
use std::sync::Arc;

use barron_pde::equation::{Equation, Flux, Potential};
use barron_pde::flow::{Discrete, Options, Room, flow, newton};
use barron_pde::spectrum::{Lattice, Spectrum};
use barron_pde::torus::Torus;
use lab::ndarray::{Array2, ArrayD, Ix1, Ix2, IxDyn, arr1};
use lab::{Failure, Profile};
use num_complex::Complex64;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

const EQUATION: Equation = Equation { flux: Flux::Linear, potential: Potential::Reaction { alpha: 1.0 } };

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 4] {
    let spectral = |id, title, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| {
        Contest {
            id,
            title,
            work: "Ten steps of 0.6 on −Δu + u + u³ = f from zero, values at the points; energies and certificates are in our time.",
            judged: Judged {
                name: "largest difference from our values over the largest value; both drop or keep modes at half the sampling rate",
                target: Some(Target::AtMost(1e-10)),
            },
            write_inputs,
            ours: vec![Ours { name: "flow", differs: None, load: load_flow }],
            rivals: vec![
                Rival { name: "NumPy", script: "spectral_flow", function: "numpy_flow", differs: None },
                Rival { name: "SciPy", script: "spectral_flow", function: "scipy_flow", differs: None },
            ],
            judge: judge_flow,
        }
    };
    [
        spectral("plane", "The flow in the plane, 256²", |profile, folder, random| {
            write(folder, 2, if profile == Profile::Smoke { 32 } else { 256 }, 1.0, random)
        }),
        spectral("space", "The flow in space, 64³", |profile, folder, random| {
            write(folder, 3, if profile == Profile::Smoke { 16 } else { 64 }, 1.0, random)
        }),
        Contest {
            id: "residual",
            title: "Large data in the plane to a residual",
            work: "The same equation with waves twenty times as large on 256², to a dual norm of the residual of 10⁻⁸ of the right-hand side's.",
            judged: Judged {
                name: "dual norm of the residual over the right-hand side's",
                target: Some(Target::AtMost(1.1e-8)),
            },
            write_inputs: |profile, folder, random| {
                write(folder, 2, if profile == Profile::Smoke { 32 } else { 256 }, 20.0, random)
            },
            ours: vec![Ours { name: "Newton", differs: None, load: load_newton }],
            rivals: vec![Rival {
                name: "NumPy, flow with local steps",
                script: "spectral_flow",
                function: "numpy_flow_to_residual",
                differs: None,
            }],
            judge: judge_residual,
        },
        Contest {
            id: "three-digits",
            title: "A solution in the plane to three digits",
            work: "−Δu + u + u³ = f with three waves, to a relative L² error of 10⁻³ on a grid of 32².",
            judged: Judged { name: "relative L² error", target: Some(Target::AtMost(1e-3)) },
            write_inputs: |_, folder, random| write(folder, 2, 32, 1.0, random),
            ours: vec![Ours { name: "flow to a certificate of 10⁻³", differs: None, load: load_solution }],
            rivals: vec![Rival {
                name: "physics-informed network, JAX",
                script: "informed_network",
                function: "informed",
                differs: Some("4,000 steps of Adam, single precision, compilation not in its time"),
            }],
            judge: judge_solution,
        },
    ]
}

fn write(folder: &Path, axes: usize, side: usize, size: f64, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let mut waves = Array2::zeros((3, axes + 2));
    for mut wave in waves.outer_iter_mut() {
        for k in 0..axes {
            wave[k] = f64::from(random.random_range(0..=2));
        }
        wave[0] = wave[0].max(1.0);
        wave[axes] = size * random.random_range(20.0..60.0);
        wave[axes + 1] = random.random_range(0.0..6.0);
    }
    let (torus, forcing) = grid(&waves, side)?;
    let (mut values, mut room) = (Vec::new(), Vec::new());
    torus.evaluate(&mut forcing.clone(), &mut values, &mut room);
    write_array(folder, "forcing", ArrayD::from_shape_vec(IxDyn(&vec![side; axes]), values)?.view())?;
    write_array(folder, "waves", waves.view())?;
    write_array(folder, "parameters", arr1(&[0.6, if side == 32 { 32.0 } else { 10.0 }]).view())
}

/// A grid with f on it, from waves in rows.
fn grid(waves: &Array2<f64>, side: usize) -> Result<(Torus, Vec<Complex64>), Failure> {
    let axes = waves.ncols() - 2;
    let list: Vec<_> = waves
        .outer_iter()
        .map(|wave| (wave.iter().take(axes).map(|k| *k as i32).collect(), wave[axes], wave[axes + 1]))
        .collect();
    let lattice = Arc::new(Lattice::unit(axes));
    let torus = Torus::new(lattice.clone(), side)?;
    let forcing = torus.spread(&Spectrum::cosines(lattice, &list)?)?;
    Ok((torus, forcing))
}

fn read(inputs: &Path) -> Result<(Torus, Vec<Complex64>), Failure> {
    let side = read_array::<IxDyn>(inputs, "forcing")?.shape()[0];
    grid(&read_array::<Ix2>(inputs, "waves")?, side)
}

/// Values at the points after so many steps, or to a certificate.
fn run(torus: &Torus, forcing: &[Complex64], options: &Options) -> Vec<f64> {
    let problem = Discrete::new(torus, EQUATION, forcing);
    let mut found = flow(&problem, vec![Complex64::default(); torus.coefficients()], options, |_, _| ());
    let mut values = Vec::new();
    torus.evaluate(&mut found.u, &mut values, &mut Vec::new());
    values
}

fn fixed(inputs: &Path) -> Result<Options, Failure> {
    let parameters = read_array::<Ix1>(inputs, "parameters")?;
    Ok(Options { step: Some(parameters[0]), tolerance: 0.0, steps: parameters[1] as usize })
}

fn load(inputs: &Path, options: Options) -> Result<Box<dyn Entrant>, Failure> {
    let (torus, forcing) = read(inputs)?;
    let shape = vec![torus.side(); torus.lattice().dimension()];
    Ok(entrant(
        move || Ok(run(&torus, &forcing, &options)),
        move |values: &Vec<f64>| ArrayD::from_shape_vec(IxDyn(&shape), values.clone()).unwrap_or_default(),
    ))
}

fn load_flow(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    load(inputs, fixed(inputs)?)
}

fn load_solution(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    load(inputs, Options { tolerance: 1e-3, ..Options::default() })
}

/// The dual norm of DE(u) over that of f.
fn relative_residual(torus: &Torus, forcing: &[Complex64], u: &[Complex64]) -> f64 {
    let problem = Discrete::new(torus, EQUATION, forcing);
    problem.derivative(u, &mut Vec::new(), &mut Room::default()).dual / torus.dual(forcing)
}

fn load_newton(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (torus, forcing) = read(inputs)?;
    let shape = vec![torus.side(); torus.lattice().dimension()];
    // The tolerance is relative to the solution; this one is that of the contest.
    let size = torus.dual(&forcing);
    Ok(entrant(
        move || {
            let problem = Discrete::new(&torus, EQUATION, &forcing);
            let mut u = vec![Complex64::default(); torus.coefficients()];
            for _ in 0..50 {
                let found = newton(&problem, u, &Options { tolerance: 0.0, steps: 1, step: None }, |_, _| ());
                u = found.u;
                if found.state.dual <= 1e-8 * size {
                    break;
                }
            }
            let mut values = Vec::new();
            torus.evaluate(&mut u, &mut values, &mut Vec::new());
            Ok(values)
        },
        move |values: &Vec<f64>| ArrayD::from_shape_vec(IxDyn(&shape), values.clone()).unwrap_or_default(),
    ))
}

fn judge_residual(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (torus, forcing) = read(inputs)?;
    check(answer, torus.points())?;
    let mut values: Vec<f64> = answer.iter().copied().collect();
    let mut u = Vec::new();
    torus.transform(&mut values, &mut u, &mut Vec::new());
    Ok(relative_residual(&torus, &forcing, &u))
}

fn judge_flow(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (torus, forcing) = read(inputs)?;
    let expected = run(&torus, &forcing, &fixed(inputs)?);
    let largest = expected.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    check(answer, expected.len())?;
    Ok(answer.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest)
}

fn judge_solution(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (torus, forcing) = read(inputs)?;
    let expected = run(&torus, &forcing, &Options { tolerance: 1e-11, ..Options::default() });
    check(answer, expected.len())?;
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
    let off = square(&mut answer.iter().zip(&expected).map(|(a, b)| a - b));
    Ok((off / square(&mut expected.iter().copied())).sqrt())
}

fn check(answer: &ArrayD<f64>, points: usize) -> Result<(), Failure> {
    if answer.len() == points {
        Ok(())
    } else {
        Err(format!("{} values for {points} points", answer.len()).into())
    }
}
