//! Contests with SDPA-GMP and Clarabel: semidefinite programmes from a file in SDPA's sparse format.
//!
//! The programmes of the paper have free variables, which that format lacks; Lovász's ϑ of a random graph stands for
//! them: minimise t with t I + Σ x_ij E_ij − J ⪰ 0 over the edges ij.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use lab::ndarray::{ArrayD, Ix1, arr1};
use lab::{Failure, Profile, write_atomically};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};
use sphere_packing::semidefinite::Status;
use sphere_packing::semidefinite::precision::{Plan, Precision, solve};
use sphere_packing::semidefinite::sdpa::SparseProblem;

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 2] {
    [eight_digits(), twenty_digits()]
}

fn theta(nodes: usize, random: &mut ChaCha8Rng) -> SparseProblem {
    let one = || "1".to_owned();
    let mut entries: Vec<_> = (0..nodes)
        .flat_map(|row| (row..nodes).map(move |column| (0, 0, row, column, "1".to_owned())))
        .collect();
    entries.extend((0..nodes).map(|node| (1, 0, node, node, one())));
    let mut costs = vec![one()];
    for row in 0..nodes {
        for column in row + 1..nodes {
            if random.random_bool(0.5) {
                costs.push("0".into());
                entries.push((costs.len(), 0, row, column, one()));
            }
        }
    }
    SparseProblem { costs, blocks: vec![nodes as isize], entries }
}

fn read_problem(folder: &Path) -> Result<SparseProblem, Failure> {
    Ok(SparseProblem::read(BufReader::new(File::open(folder.join("problem.dat-s"))?))?)
}

fn minimum(problem: &SparseProblem, gap: f64, from: Precision) -> Result<f64, Failure> {
    let mut plan = Plan { from, ..Plan::default() };
    plan.settings.gap = gap;
    plan.settings.infeasibility = gap;
    let outcome = solve(problem, &plan, &mut |_| true)?;
    match outcome.last().status {
        Status::Optimal => Ok(outcome.output?.minimum),
        other => Err(other.describe().into()),
    }
}

fn write_theta(nodes: usize, gap: f64, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let problem = theta(nodes, random);
    write_atomically(&folder.join("problem.dat-s"), problem.write().as_bytes())?;
    write_array(folder, "gap", arr1(&[gap]).view())?;
    let reference = minimum(&problem, gap * 1e-3, Precision::DoubleDouble)?;
    write_array(folder, "reference", arr1(&[reference]).view())
}

fn relative_error(folder: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let reference = read_array::<Ix1>(folder, "reference")?[0];
    let value = answer.iter().next().ok_or("no value")?;
    Ok((value - reference).abs() / reference)
}

fn solving(folder: &Path, from: Precision) -> Result<Box<dyn Entrant>, Failure> {
    let (problem, gap) = (read_problem(folder)?, read_array::<Ix1>(folder, "gap")?[0]);
    Ok(entrant(move || minimum(&problem, gap, from), |&value| arr1(&[value]).into_dyn()))
}

/// As exact as double precision allows.
fn eight_digits() -> Contest {
    let longer = "The same in 106 bits, which the programmes of the paper want.";
    let many = "Works in 256 bits.";
    Contest {
        id: "eight-digits",
        title: "A semidefinite programme to eight digits",
        work: "Lovász's ϑ of a random graph with 40 nodes, edges with probability 1/2, to a relative gap of 1e-8.",
        judged: Judged {
            name: "relative error of the value, against ours to a gap of 1e-11",
            target: Some(Target::AtMost(1e-7)),
        },
        write_inputs: |profile, folder, random| {
            write_theta(if profile == Profile::Smoke { 6 } else { 40 }, 1e-8, folder, random)
        },
        ours: vec![
            Ours { name: "53 bits, raised where that is too few", differs: None, load: from_double },
            Ours { name: "106 bits", differs: Some(longer), load: from_double_double },
        ],
        rivals: vec![
            Rival { name: "Clarabel", script: "solvers", function: "clarabel", differs: None },
            Rival { name: "SDPA-GMP", script: "solvers", function: "sdpa", differs: Some(many) },
        ],
        judge: relative_error,
    }
}

fn from_double(folder: &Path) -> Result<Box<dyn Entrant>, Failure> {
    solving(folder, Precision::Double)
}

fn from_double_double(folder: &Path) -> Result<Box<dyn Entrant>, Failure> {
    solving(folder, Precision::DoubleDouble)
}

/// More exact than double precision allows.
fn twenty_digits() -> Contest {
    let same = "All iterations in as many bits as SDPA-GMP's.";
    Contest {
        id: "twenty-digits",
        title: "A semidefinite programme to twenty digits",
        work: "The same of a graph with 20 nodes, to a relative gap of 1e-20; SDPA-GMP in 256 bits. The answer is rounded to double precision.",
        judged: Judged {
            name: "relative error of the value, against ours to a gap of 1e-23",
            target: Some(Target::AtMost(1e-14)),
        },
        write_inputs: |profile, folder, random| {
            write_theta(if profile == Profile::Smoke { 5 } else { 20 }, 1e-20, folder, random)
        },
        ours: vec![
            Ours { name: "106 bits, raised where that is too few", differs: None, load: from_double_double },
            Ours { name: "256 bits", differs: Some(same), load: in_256_bits },
        ],
        rivals: vec![Rival { name: "SDPA-GMP", script: "solvers", function: "sdpa", differs: None }],
        judge: relative_error,
    }
}

fn in_256_bits(folder: &Path) -> Result<Box<dyn Entrant>, Failure> {
    solving(folder, Precision::Bits256)
}
