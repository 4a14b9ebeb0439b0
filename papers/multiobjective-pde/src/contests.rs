//! Contests with public packages on the same inputs.

use std::path::Path;

use lab::ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use multiobjective_pde::functions::{Objectives, Quadratic, Quadratics};
use multiobjective_pde::hypervolume::hypervolume;
use multiobjective_pde::lasso::path;
use multiobjective_pde::state::{MaxPde, Method, Workspace};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// κ of the states.
const KAPPA: f64 = 100.0;
/// The reference point of fronts, and the volume of the whole front of two unit quadratics at distance two.
const REFERENCE: [f64; 2] = [2.2, 2.2];
const WHOLE: f64 = 313.0 / 75.0;
/// Kinks at the end of a path that are compared.
const KINKS: usize = 30;

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 7] {
    let rival = |name, script, function, differs| Rival { name, script, function, differs };
    let state =
        |id, title, work, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| Contest {
            id,
            title,
            work,
            judged: Judged { name: "largest entry of F over that of b", target: Some(Target::AtMost(1e-10)) },
            write_inputs,
            ours: vec![
                Ours {
                    name: "sine transforms",
                    differs: None,
                    load: |inputs| load_state(inputs, Method::ConjugateGradients),
                },
                Ours {
                    name: "sparse Cholesky",
                    differs: None,
                    load: |inputs| load_state(inputs, Method::Cholesky),
                },
            ],
            rivals: vec![
                rival(
                    "scikit-fem, SuperLU",
                    "state",
                    "fem",
                    Some("assembles its matrices; Newton written by hand"),
                ),
                rival("SciPy, SuperLU", "state", "differences", Some("Newton written by hand")),
            ],
            judge: judge_state,
        };
    let front =
        |id, title, work, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| Contest {
            id,
            title,
            work,
            judged: Judged {
                name: "share of the front's volume that is missed",
                target: Some(Target::AtMost(1e-2)),
            },
            write_inputs,
            ours: vec![Ours {
                name: "weights",
                differs: Some("a closed form: knows the matrices"),
                load: load_front,
            }],
            rivals: vec![rival(
                "pymoo, NSGA-II",
                "front",
                "genetic",
                Some("uses values alone: 10,000 evaluations"),
            )],
            judge: judge_front,
        };
    let lasso =
        |id, title, work, write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>| Contest {
            id,
            title,
            work,
            judged: Judged {
                name: "largest violation of the conditions at the last kinks, over the first λ",
                target: Some(Target::AtMost(1e-9)),
            },
            write_inputs,
            ours: vec![Ours { name: "path", differs: None, load: load_path }],
            rivals: vec![rival("scikit-learn", "lasso", "path", None)],
            judge: judge_path,
        };
    [
        state(
            "state-127",
            "A state on 127 × 127 nodes",
            "κ = 100, a right side of a known state.",
            |profile, folder, _| write_state(folder, if profile == Profile::Smoke { 7 } else { 127 }),
        ),
        state(
            "state-255",
            "A state on 255 × 255 nodes",
            "κ = 100, a right side of a known state.",
            |profile, folder, _| write_state(folder, if profile == Profile::Smoke { 9 } else { 255 }),
        ),
        front(
            "front-2",
            "Two quadratics on the plane",
            "A hundred points of the front of ½|x − a|² and ½|x + a|², |a| = 1.",
            |_, folder, _| write_array(folder, "dimension", arr1(&[2.0]).view()),
        ),
        front(
            "front-30",
            "Two quadratics in 30 dimensions",
            "A hundred points of the same front.",
            |_, folder, _| write_array(folder, "dimension", arr1(&[30.0]).view()),
        ),
        lasso(
            "lasso-2000",
            "A lasso path, 200 × 2,000",
            "All kinks down to λ = 0.",
            |profile, folder, random| {
                write_lasso(folder, if profile == Profile::Smoke { (6, 12) } else { (200, 2_000) }, random)
            },
        ),
        lasso(
            "lasso-20000",
            "A lasso path, 200 × 20,000",
            "All kinks down to λ = 0.",
            |profile, folder, random| {
                write_lasso(folder, if profile == Profile::Smoke { (6, 24) } else { (200, 20_000) }, random)
            },
        ),
        Contest {
            id: "hypervolume",
            title: "A volume of 1,000 points, three objectives",
            work: "Points on a sphere; the reference is (1.1, 1.1, 1.1).",
            judged: Judged { name: "relative error", target: Some(Target::AtMost(1e-12)) },
            write_inputs: |profile, folder, random| {
                let count = if profile == Profile::Smoke { 10 } else { 1_000 };
                write_array(folder, "points", sphere(count, random).view())
            },
            ours: vec![Ours { name: "staircase", differs: None, load: load_volume }],
            rivals: vec![
                rival("moocore", "volume", "moocore", None),
                rival("pymoo", "volume", "pymoo", None),
            ],
            judge: judge_volume,
        },
    ]
}

fn write_state(folder: &Path, n: usize) -> Result<(), Failure> {
    use std::f64::consts::PI;
    let pde = MaxPde::new(n, KAPPA)?;
    let y = pde.grid().sample(|x, y| (2.0 * PI * x).sin() * (PI * y).sin() * x.exp());
    let mut b = vec![0.0; n * n];
    pde.residual(&y, &vec![0.0; n * n], &mut b);
    write_array(folder, "b", Array1::from(b).view())
}

fn load_state(inputs: &Path, method: Method) -> Result<Box<dyn Entrant>, Failure> {
    let b = read_array::<Ix1>(inputs, "b")?.to_vec();
    let n = (b.len() as f64).sqrt().round() as usize;
    Ok(entrant(
        move || {
            let pde = MaxPde::new(n, KAPPA)?;
            Ok(pde.solve(&b, None, method, &mut Workspace::default())?.y)
        },
        |y: &Vec<f64>| Array1::from(y.clone()).into_dyn(),
    ))
}

fn judge_state(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let b = read_array::<Ix1>(inputs, "b")?.to_vec();
    if answer.len() != b.len() {
        return Err(format!("{} numbers for {} nodes", answer.len(), b.len()).into());
    }
    let n = (b.len() as f64).sqrt().round() as usize;
    let scale = ((n + 1) * (n + 1)) as f64;
    let y: Vec<f64> = answer.iter().copied().collect();
    let at = |i: usize, j: usize| if i < n && j < n { y[i * n + j] } else { 0.0 };
    let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
    for i in 0..n {
        for j in 0..n {
            let around = at(i.wrapping_sub(1), j) + at(i + 1, j) + at(i, j.wrapping_sub(1)) + at(i, j + 1);
            let value = scale * (4.0 * at(i, j) - around) + KAPPA * at(i, j).max(0.0);
            worst = worst.max((value - b[i * n + j]).abs());
            largest = largest.max(b[i * n + j].abs());
        }
    }
    Ok(worst / largest)
}

/// |x − a|²/2 for a = ±e/√d at distance two; values over two make the reference 2.2.
fn two_quadratics(d: usize) -> Quadratics {
    let part = 1.0 / (d as f64).sqrt();
    let identity: Vec<Vec<f64>> =
        (0..d).map(|i| (0..d).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    Quadratics([-part, part].map(|value| Quadratic { q: identity.clone(), a: vec![value; d] }).to_vec())
}

fn load_front(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let d = read_array::<Ix1>(inputs, "dimension")?[0] as usize;
    Ok(entrant(
        move || {
            let quadratics = two_quadratics(d);
            let mut front = Vec::with_capacity(100);
            for k in 0..100 {
                let alpha = f64::from(k) / 99.0;
                let x = quadratics.pareto(&[alpha, 1.0 - alpha]).ok_or("a singular matrix")?;
                let mut values = [0.0; 2];
                quadratics.values(&x, &mut values);
                front.push(values);
            }
            Ok(front)
        },
        |front: &Vec<[f64; 2]>| Array2::from_shape_fn((front.len(), 2), |(i, j)| front[i][j]).into_dyn(),
    ))
}

fn judge_front(_: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let front = answer.clone().into_dimensionality::<Ix2>()?;
    if front.ncols() != 2 || front.nrows() > 100 {
        return Err("expected at most a hundred points of two objectives".into());
    }
    let points: Vec<Vec<f64>> = front.rows().into_iter().map(|row| row.to_vec()).collect();
    Ok(1.0 - hypervolume(&points, &REFERENCE)? / WHOLE)
}

fn write_lasso(
    folder: &Path,
    (rows, columns): (usize, usize),
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let a = Array2::from_shape_simple_fn((rows, columns), || -> f64 { StandardNormal.sample(random) });
    write_array(folder, "a", a.view())?;
    let b = Array1::from_shape_simple_fn(rows, || -> f64 { StandardNormal.sample(random) });
    write_array(folder, "b", b.view())
}

fn load_path(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (a, b) = (read_array::<Ix2>(inputs, "a")?, read_array::<Ix1>(inputs, "b")?);
    let n = a.ncols();
    Ok(entrant(
        move || Ok(path(a.view(), b.view(), usize::MAX)?),
        move |kinks: &Vec<multiobjective_pde::lasso::Kink>| {
            let last = &kinks[kinks.len().saturating_sub(KINKS)..];
            let mut answer = Array2::zeros((last.len(), n + 1));
            for (kink, mut row) in last.iter().zip(answer.rows_mut()) {
                row[0] = kink.lambda;
                kink.x.iter().for_each(|(place, value)| row[place + 1] = *value);
            }
            answer.into_dyn()
        },
    ))
}

fn judge_path(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let (a, b) = (read_array::<Ix2>(inputs, "a")?, read_array::<Ix1>(inputs, "b")?);
    let kinks = answer.clone().into_dimensionality::<Ix2>()?;
    if kinks.ncols() != a.ncols() + 1 || kinks.nrows() == 0 {
        return Err(format!("{} numbers a kink for {} columns", kinks.ncols(), a.ncols()).into());
    }
    let first = a.t().dot(&b).iter().fold(0.0_f64, |most, c| most.max(c.abs()));
    let mut worst = kinks[(kinks.nrows() - 1, 0)].abs() / first;
    for kink in kinks.rows() {
        let x = kink.slice(lab::ndarray::s![1..]);
        let correlations = a.t().dot(&(&b - &a.dot(&x)));
        for (c, x) in correlations.iter().zip(x) {
            let fault = if *x == 0.0 { c.abs() - kink[0] } else { (c - kink[0] * x.signum()).abs() };
            worst = worst.max(fault / first);
        }
    }
    Ok(worst)
}

fn sphere(count: usize, random: &mut impl Rng) -> Array2<f64> {
    let mut points = Array2::from_shape_simple_fn((count, 3), || {
        let value: f64 = StandardNormal.sample(random);
        value.abs()
    });
    for mut row in points.rows_mut() {
        let length = row.iter().map(|value| value * value).sum::<f64>().sqrt();
        // Minimised: the sphere around (1, 1, 1).
        row.mapv_inplace(|value| 1.0 - value / length);
    }
    points
}

fn load_volume(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let points: Vec<Vec<f64>> =
        read_array::<Ix2>(inputs, "points")?.rows().into_iter().map(|row| row.to_vec()).collect();
    Ok(entrant(move || Ok(hypervolume(&points, &[1.1; 3])?), |volume| arr1(&[*volume]).into_dyn()))
}

/// Slices between heights, each a problem of two objectives swept anew.
fn judge_volume(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let mut points: Vec<Vec<f64>> =
        read_array::<Ix2>(inputs, "points")?.rows().into_iter().map(|row| row.to_vec()).collect();
    points.sort_by(|a, b| a[2].total_cmp(&b[2]));
    let mut volume = 0.0;
    for k in 0..points.len() {
        let top = points.get(k + 1).map_or(1.1, |next| next[2]);
        let mut below: Vec<(f64, f64)> = points[..=k].iter().map(|point| (point[0], point[1])).collect();
        below.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut area, mut height) = (0.0, 1.1);
        for (x, y) in below {
            if y < height {
                area += (1.1 - x) * (height - y);
                height = y;
            }
        }
        volume += area * (top - points[k][2]);
    }
    let found = answer.first().ok_or("an empty answer")?;
    Ok((found - volume).abs() / volume)
}
