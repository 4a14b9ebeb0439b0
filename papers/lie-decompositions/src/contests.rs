//! Contests with public packages on the same matrices.

use std::path::Path;

use lab::ndarray::{Array2, ArrayD, Ix2};
use lab::{Failure, Profile};
use lie_decompositions::haar::rotation;
use lie_decompositions::matrix::{Matrix, congruence, product, transpose};
use lie_decompositions::polar::{Polar, log_and_rotation};
use lie_decompositions::spd;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 5] {
    let rival = |name, script, function, differs| Rival { name, script, function, differs };
    let logs = |id,
                title,
                work,
                write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>,
                load: fn(&Path) -> Result<Box<dyn Entrant>, Failure>| Contest {
        id,
        title,
        work,
        judged: Judged {
            name: "largest error of a logarithm, relative to its largest entry",
            target: Some(Target::AtMost(1e-6)),
        },
        write_inputs,
        ours: vec![Ours { name: "Cholesky and Jacobi", differs: None, load }],
        rivals: vec![
            rival("pymanopt", "spd", "manopt", None),
            rival("pyriemann", "spd", "riemann", None),
            rival("NumPy, two eigenproblems", "spd", "plain", None),
        ],
        judge: judge_logs,
    };
    [
        Contest {
            id: "polar-2",
            title: "Polar coordinates of 2 × 2 matrices",
            work: "Logarithm and rotation of 100,000 matrices with conditions up to 10⁴.",
            judged: judged_polar(),
            write_inputs: |profile, folder, random| {
                write_matrices::<2>(folder, if profile == Profile::Smoke { 20 } else { 100_000 }, random)
            },
            ours: vec![Ours { name: "closed form", differs: None, load: load_plane }],
            rivals: vec![
                rival(
                    "NumPy, the closed form",
                    "polar",
                    "closed",
                    Some("with angles: two arctangents, two sines and two cosines each"),
                ),
                rival("NumPy, eigenvalues of g gᵀ", "polar", "squared", None),
                rival("NumPy, singular values", "polar", "singular", None),
            ],
            judge: judge_polar::<2>,
        },
        Contest {
            id: "polar-3",
            title: "Polar coordinates of 3 × 3 matrices",
            work: "Logarithm and rotation of 100,000 matrices with conditions up to 10⁴.",
            judged: judged_polar(),
            write_inputs: |profile, folder, random| {
                write_matrices::<3>(folder, if profile == Profile::Smoke { 20 } else { 100_000 }, random)
            },
            ours: vec![Ours { name: "one-sided Jacobi", differs: None, load: load_higher::<3> }],
            rivals: vec![
                rival("NumPy, eigenvalues of g gᵀ", "polar", "squared", None),
                rival("NumPy, singular values", "polar", "singular", None),
            ],
            judge: judge_polar::<3>,
        },
        logs(
            "spd-2",
            "Logarithms Log_P(Q) of 2 × 2 matrices",
            "20,000 pairs with conditions up to 10⁴.",
            |profile, folder, random| {
                write_pairs::<2>(folder, if profile == Profile::Smoke { 10 } else { 20_000 }, 1e4, random)
            },
            load_logs::<2>,
        ),
        logs(
            "spd-3",
            "Logarithms Log_P(Q) of 3 × 3 matrices",
            "20,000 pairs with conditions up to 10⁴.",
            |profile, folder, random| {
                write_pairs::<3>(folder, if profile == Profile::Smoke { 10 } else { 20_000 }, 1e4, random)
            },
            load_logs::<3>,
        ),
        logs(
            "spd-3-ill",
            "A pair with conditions of 10¹²",
            "One pair whose logarithm is known to 50 digits, 2,000 times.",
            |profile, folder, _| write_ill(folder, if profile == Profile::Smoke { 10 } else { 2_000 }),
            load_logs::<3>,
        ),
    ]
}

fn judged_polar() -> Judged {
    Judged {
        name: "largest error of p r − g, relative, and of rᵀr − 1", target: Some(Target::AtMost(1e-9))
    }
}

fn spread(count: usize, condition: f64, random: &mut impl Rng) -> Vec<f64> {
    (0..count).map(|_| condition.powf(random.random_range(-0.5..0.5))).collect()
}

fn write_matrices<const N: usize>(
    folder: &Path,
    count: usize,
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let mut all = Array2::zeros((count, N * N));
    for mut row in all.rows_mut() {
        let (u, v): (Matrix<N>, Matrix<N>) = (rotation(random), rotation(random));
        let values = spread(N, 1e4, random);
        let g = product(&congruence(&u, std::array::from_fn(|i| values[i])), &v);
        row.iter_mut().zip(g.iter().flatten()).for_each(|(to, from)| *to = *from);
    }
    write_array(folder, "g", all.view())
}

fn matrices<const N: usize>(inputs: &Path, name: &str) -> Result<Vec<Matrix<N>>, Failure> {
    let all = read_array::<Ix2>(inputs, name)?;
    Ok(all
        .rows()
        .into_iter()
        .map(|row| std::array::from_fn(|i| std::array::from_fn(|j| row[i * N + j])))
        .collect())
}

/// Rows of log p and r.
fn rows<const N: usize>(found: &[(Matrix<N>, Matrix<N>)]) -> ArrayD<f64> {
    Array2::from_shape_fn((found.len(), 2 * N * N), |(row, place)| {
        let (log, r) = &found[row];
        let of = if place < N * N { log } else { r };
        of[place % (N * N) / N][place % N]
    })
    .into_dyn()
}

fn load_plane(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let all = matrices::<2>(inputs, "g")?;
    Ok(entrant(
        move || Ok(all.iter().map(log_and_rotation).collect::<Result<Vec<_>, _>>()?),
        |found: &Vec<(Matrix<2>, Matrix<2>)>| rows(found),
    ))
}

fn load_higher<const N: usize>(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let all = matrices::<N>(inputs, "g")?;
    Ok(entrant(
        move || {
            let of = |g| Polar::of(g).map(|polar| (polar.log_spd, polar.rotation));
            Ok(all.iter().map(of).collect::<Result<Vec<_>, _>>()?)
        },
        |found: &Vec<(Matrix<N>, Matrix<N>)>| rows(found),
    ))
}

/// exp of the answer's logarithm by eigenvalues, times its rotation, against g; and the rotation's own fault.
fn judge_polar<const N: usize>(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let all = matrices::<N>(inputs, "g")?;
    let answer = answer.clone().into_dimensionality::<Ix2>()?;
    if answer.dim() != (all.len(), 2 * N * N) {
        return Err(format!("{:?} numbers for {} matrices", answer.dim(), all.len()).into());
    }
    let mut worst = 0.0_f64;
    for (row, g) in answer.rows().into_iter().zip(&all) {
        let at = |offset: usize| -> Matrix<N> {
            std::array::from_fn(|i| std::array::from_fn(|j| row[offset + i * N + j]))
        };
        let (log, r) = (at(0), at(N * N));
        let (values, u) = lie_decompositions::jacobi::eigen(&log);
        let made = product(&congruence(&u, values.map(f64::exp)), &r);
        let unit = product(&transpose(&r), &r);
        let size = lie_decompositions::matrix::largest(g);
        if row.iter().any(|x| !x.is_finite()) {
            return Ok(f64::INFINITY);
        }
        for i in 0..N {
            for j in 0..N {
                let one = if i == j { 1.0 } else { 0.0 };
                let error = ((made[i][j] - g[i][j]).abs() / size).max((unit[i][j] - one).abs());
                worst = if error.is_nan() { f64::INFINITY } else { worst.max(error) };
            }
        }
    }
    Ok(worst)
}

/// P = A Aᵀ, V = A D Aᵀ and Q = A e^D Aᵀ, so that Log_P(Q) = V is known; A of half the condition's logarithm.
fn write_pairs<const N: usize>(
    folder: &Path,
    count: usize,
    condition: f64,
    random: &mut ChaCha8Rng,
) -> Result<(), Failure> {
    let mut all = [(); 3].map(|()| Array2::zeros((count, N * N)));
    for k in 0..count {
        let (u, v): (Matrix<N>, Matrix<N>) = (rotation(random), rotation(random));
        let roots: [f64; N] =
            std::array::from_fn(|i| condition.powf(0.5 * (i as f64 / (N as f64 - 1.0) - 0.5)));
        let scaled: Matrix<N> = std::array::from_fn(|i| std::array::from_fn(|j| u[i][j] * roots[j]));
        let a = product(&scaled, &v);
        let d: [f64; N] = std::array::from_fn(|_| random.random_range(-1.0..1.0));
        for (table, values) in all.iter_mut().zip([[1.0; N], d.map(f64::exp), d]) {
            let made = congruence(&a, values);
            table.row_mut(k).iter_mut().zip(made.iter().flatten()).for_each(|(to, from)| *to = *from);
        }
    }
    let [p, q, v] = all;
    write_array(folder, "p", p.view())?;
    write_array(folder, "q", q.view())?;
    write_array(folder, "known", v.view())
}

/// The reference case, again and again: random pairs of this condition have no logarithm that their rounded entries know to six digits.
fn write_ill(folder: &Path, count: usize) -> Result<(), Failure> {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../tests/cases/spd.json"))?;
    let case = cases.iter().find(|case| case["name"] == "ill-1e12-3").ok_or("no such case")?;
    for (name, key) in [("p", "p"), ("q", "q"), ("known", "log_p_q")] {
        let entries: Vec<f64> = case[key]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|row| row.as_array().into_iter().flatten())
            .map(|x| x.as_f64().or_else(|| x.as_str()?.parse().ok()).unwrap_or(f64::NAN))
            .collect();
        let table = Array2::from_shape_fn((count, 9), |(_, place)| entries[place]);
        write_array(folder, name, table.view())?;
    }
    Ok(())
}

fn load_logs<const N: usize>(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (p, q) = (matrices::<N>(inputs, "p")?, matrices::<N>(inputs, "q")?);
    Ok(entrant(
        move || {
            let log = |(p, q)| spd::log::<N>(p, q);
            Ok(p.iter().zip(&q).map(log).collect::<Result<Vec<_>, _>>()?)
        },
        |found: &Vec<Matrix<N>>| {
            Array2::from_shape_fn((found.len(), N * N), |(row, place)| found[row][place / N][place % N])
                .into_dyn()
        },
    ))
}

fn judge_logs(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let known = read_array::<Ix2>(inputs, "known")?;
    let answer = answer.clone().into_dimensionality::<Ix2>()?;
    if answer.dim() != known.dim() {
        return Err(format!("{:?} numbers for {:?}", answer.dim(), known.dim()).into());
    }
    let mut worst = 0.0_f64;
    for (found, known) in answer.rows().into_iter().zip(known.rows()) {
        let size = known.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let error = found
            .iter()
            .zip(known)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0_f64, |most, x| if x.is_nan() { f64::INFINITY } else { most.max(x) });
        worst = worst.max(error / size);
    }
    Ok(worst)
}
