//! Contests on matrix games with PDLP and with HiGHS.

use std::path::Path;

use lab::ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};
use variance_reduced_halpern::games::{Game, GameError, Matrix, Sampling};
use variance_reduced_halpern::inexact::{self, Inner, resolvent_halpern};
use variance_reduced_halpern::operator::FiniteSum;
use variance_reduced_halpern::primal_dual::{Options, restarted_halpern};
use variance_reduced_halpern::problems::{policeman, uniform};
use variance_reduced_halpern::run::Task;

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 4] {
    let highs = |differs| Rival { name: "HiGHS", script: "linear_programs", function: "highs", differs };
    let pdlp = || Rival { name: "PDLP", script: "linear_programs", function: "pdlp", differs: None };
    let exact = Some("it solves to rounding, by the simplex method");
    let ours = || Ours { name: "restarted Halpern PDHG", differs: None, load: primal_dual };
    let judged = |target| Judged { name: "gap max Ax − min Aᵀy", target: Some(Target::AtMost(target)) };
    [
        Contest {
            id: "uniform",
            title: "A dense random game",
            work: "1,000 × 1,000, entries uniform on (−1, 1), to a gap of 10⁻⁴.",
            judged: judged(1e-4),
            write_inputs: uniform_inputs,
            ours: vec![ours()],
            rivals: vec![pdlp(), highs(exact)],
            judge: gap,
        },
        Contest {
            id: "uniform-small",
            title: "A smaller dense random game",
            work: "300 × 300, entries uniform on (−1, 1), to a gap of 10⁻⁴.",
            judged: judged(1e-4),
            write_inputs: small_inputs,
            ours: vec![ours()],
            rivals: vec![pdlp(), highs(exact)],
            judge: gap,
        },
        Contest {
            id: "policeman",
            title: "The policeman and the burglar",
            work: "500 × 500, weights on the maximiser, to a gap of 10⁻³.",
            judged: judged(1e-3),
            write_inputs: policeman_inputs,
            ours: vec![
                ours(),
                Ours {
                    name: "Algorithm 2 with restarts",
                    differs: Some("it samples rows and columns"),
                    load: resolvent,
                },
            ],
            rivals: vec![pdlp(), highs(exact)],
            judge: gap,
        },
        Contest {
            id: "sparse",
            title: "A sparse random game",
            work: "10,000 × 10,000 with 10⁶ entries, uniform on (−1, 1) at random places, to a gap of 10⁻⁴.",
            judged: judged(1e-4),
            write_inputs: sparse_inputs,
            ours: vec![ours()],
            rivals: vec![pdlp()],
            judge: gap,
        },
    ]
}

fn uniform_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let size = if profile == Profile::Smoke { 30 } else { 1_000 };
    write(folder, &uniform(size, random), 1e-4)
}

fn small_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let size = if profile == Profile::Smoke { 20 } else { 300 };
    write(folder, &uniform(size, random), 1e-4)
}

fn policeman_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let size = if profile == Profile::Smoke { 20 } else { 500 };
    write(folder, &policeman(size, random).reversed_axes(), 1e-3)
}

fn write(folder: &Path, matrix: &Array2<f64>, gap: f64) -> Result<(), Failure> {
    write_array(folder, "matrix", matrix.view())?;
    write_array(folder, "gap", arr1(&[gap]).view())
}

fn sparse_inputs(profile: Profile, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let (size, entries) = if profile == Profile::Smoke { (30, 90) } else { (10_000, 1_000_000) };
    let mut places: Vec<usize> = (0..entries).map(|_| random.random_range(0..size * size)).collect();
    places.sort_unstable();
    places.dedup();
    let triples = Array2::from_shape_fn((places.len(), 3), |(k, field)| match field {
        0 => (places[k] / size) as f64,
        1 => (places[k] % size) as f64,
        _ => random.random_range(-1.0..1.0),
    });
    write_array(folder, "entries", triples.view())?;
    write_array(folder, "gap", arr1(&[1e-4]).view())
}

/// A matrix as its file has it: making a game of it, with both copies and its norm, is part of the work.
enum Input {
    Dense(Array2<f64>),
    Sparse(usize, Vec<(usize, usize, f64)>),
}

impl Input {
    fn game(&self) -> Result<Game, GameError> {
        match self {
            Self::Dense(matrix) => Game::dense(matrix.view(), Sampling::SquaredNorms),
            Self::Sparse(size, entries) => {
                Game::new(Matrix::sparse((*size, *size), entries), Sampling::SquaredNorms)
            }
        }
    }
}

fn read(inputs: &Path) -> Result<(Input, f64), Failure> {
    let gap = read_array::<Ix1>(inputs, "gap")?[0];
    if inputs.join("matrix.npy").exists() {
        let matrix = read_array::<Ix2>(inputs, "matrix")?;
        return Ok((Input::Dense(matrix), gap));
    }
    let triples = read_array::<Ix2>(inputs, "entries")?;
    let entries: Vec<(usize, usize, f64)> =
        triples.rows().into_iter().map(|row| (row[0] as usize, row[1] as usize, row[2])).collect();
    let size = entries.iter().map(|entry| entry.0.max(entry.1)).max().map_or(0, |last| last + 1);
    Ok((Input::Sparse(size, entries), gap))
}

fn primal_dual(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (input, gap) = read(inputs)?;
    Ok(entrant(
        move || Ok(restarted_halpern(&input.game()?, &Options { gap, steps: 1_000_000 }).point),
        |point: &Vec<f64>| Array1::from(point.clone()).into_dyn(),
    ))
}

fn resolvent(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (input, gap) = read(inputs)?;
    Ok(entrant(
        move || {
            let game = input.game()?;
            let strategies = game.strategies();
            let n = game.components();
            let start = game.uniform();
            let task =
                Task { operator: &game, resolvent: &strategies, start: &start, calls: 1 << 32, seed: 0 };
            let options = inexact::Options {
                restart: Some(0.3),
                ..inexact::Options::new(n, game.average_constant(), 1.0, Inner::Fixed { share: 1.0 })
            };
            let ended = resolvent_halpern(&task, &options, |step| {
                if game.gap(step.point) <= gap {
                    std::ops::ControlFlow::Break(())
                } else {
                    std::ops::ControlFlow::Continue(())
                }
            });
            Ok(ended.point)
        },
        |point: &Vec<f64>| Array1::from(point.clone()).into_dyn(),
    ))
}

/// After clipping and normalising, for every entrant.
fn gap(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let game = read(inputs)?.0.game()?;
    let mut point: Vec<f64> = answer.iter().map(|p| p.max(0.0)).collect();
    if point.len() != game.dimension() {
        return Err(format!("{} numbers for {} choices", point.len(), game.dimension()).into());
    }
    let (x, y) = point.split_at_mut(game.matrix().shape().1);
    for strategy in [x, y] {
        let total: f64 = strategy.iter().sum();
        strategy.iter_mut().for_each(|p| *p /= total);
    }
    Ok(game.gap(&point))
}
