//! Contests with HiGHS, in SciPy: the optimum of two players, proved.

use std::path::Path;

use lab::ndarray::{ArrayD, Ix1, arr1};
use lab::{Failure, Profile};
use levine_hats::constructions::chain;
use levine_hats::{exhaustive, integer_program, wins};
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 2] {
    [optimum(), program()]
}

/// The optima that the paper and both of our ways agree on, for heights 1 to 4.
const OPTIMA: [f64; 4] = [1.0, 5.0, 22.0, 89.0];

const JUDGED: Judged = Judged {
    name: "distance of the proved number of wins from the known optimum",
    target: Some(Target::AtMost(0.0)),
};

fn distance(inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let height = read_height(inputs)?;
    let wins = answer.iter().next().ok_or("no number of wins")?;
    Ok((wins.round() - OPTIMA[height - 1]).abs())
}

fn write_height(height: usize, folder: &Path) -> Result<(), Failure> {
    write_array(folder, "height", arr1(&[height as f64]).view())
}

fn read_height(folder: &Path) -> Result<usize, Failure> {
    Ok(read_array::<Ix1>(folder, "height")?[0] as usize)
}

/// The optimum by whatever way.
fn optimum() -> Contest {
    let starts = "Branch and bound over tables, one of each class under renaming, from the value of the chain; the proof is in whole numbers.";
    let bounds = "Branch and bound; the proof is in floating-point numbers.";
    Contest {
        id: "optimum",
        title: "The optimum of four hats, proved",
        work: "The most colourings that two players with four hats each can win, 89 of 256, with a proof that there is no more. The answer is the \
         number.",
        judged: JUDGED,
        write_inputs: |profile, folder, _| {
            write_height(if profile == Profile::Smoke { 2 } else { 4 }, folder)
        },
        ours: vec![Ours { name: "branch and bound over tables", differs: Some(starts), load: tables }],
        rivals: vec![Rival {
            name: "HiGHS, integer program",
            script: "scientific",
            function: "optimum",
            differs: Some(bounds),
        }],
        judge: distance,
    }
}

fn tables(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let height = read_height(inputs)?;
    let call = move || {
        let known = u8::try_from(wins(&chain(height)?)?)?;
        Ok(exhaustive::optimum(height, known))
    };
    Ok(entrant(call, |&wins| arr1(&[f64::from(wins)]).into_dyn()))
}

/// The optimum by the integer program.
fn program() -> Contest {
    Contest {
        id: "program",
        title: "The integer program of three hats",
        work: "The same for three hats, 22 of 64, by the same integer program.",
        judged: JUDGED,
        write_inputs: |profile, folder, _| {
            write_height(if profile == Profile::Smoke { 2 } else { 3 }, folder)
        },
        ours: vec![Ours { name: "microlp", differs: None, load: microlp }],
        rivals: vec![Rival {
            name: "HiGHS, integer program",
            script: "scientific",
            function: "optimum",
            differs: None,
        }],
        judge: distance,
    }
}

fn microlp(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let height = read_height(inputs)?;
    Ok(entrant(move || Ok(integer_program::solve(height)?.objective), |&wins| arr1(&[wins]).into_dyn()))
}
