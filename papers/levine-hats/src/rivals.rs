//! Contests with HiGHS, in SciPy: the optimum of two players, proved.

use std::path::Path;

use lab::ndarray::{ArrayD, Ix1, arr1};
use lab::rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};
use lab::{Failure, Profile};
use levine_hats::{exhaustive, integer_program};
use rand_chacha::ChaCha8Rng;

/// The optimum by whatever way.
pub struct Optimum;
/// The optimum by the integer program.
pub struct Program;

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

impl Contest for Optimum {
    fn id(&self) -> &'static str {
        "optimum"
    }
    fn title(&self) -> &'static str {
        "The optimum of four hats, proved"
    }
    fn work(&self) -> &'static str {
        "The most colourings that two players with four hats each can win, 89 of 256, with a proof that there is no more. The answer is the \
         number."
    }
    fn judged(&self) -> Judged {
        JUDGED
    }
    fn write_inputs(&self, profile: Profile, folder: &Path, _: &mut ChaCha8Rng) -> Result<(), Failure> {
        write_height(if profile == Profile::Smoke { 2 } else { 4 }, folder)
    }
    fn ours(&self) -> Vec<Ours> {
        let counts = "Visits one table of each class under renaming, and counts the tables of every value.";
        vec![Ours { name: "enumeration of classes", differs: Some(counts), load: enumeration }]
    }
    fn rivals(&self) -> Vec<Rival> {
        let bounds = "Branch and bound; the proof is in floating-point numbers.";
        vec![Rival {
            name: "HiGHS, integer program",
            script: "scientific",
            function: "optimum",
            differs: Some(bounds),
        }]
    }
    fn judge(&self, inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
        distance(inputs, answer)
    }
}

fn enumeration(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let height = read_height(inputs)?;
    let call = move || {
        let histogram = exhaustive::count_classes(height);
        Ok(histogram.iter().rposition(|&tables| tables > 0).ok_or("no table was visited")?)
    };
    Ok(entrant(call, |&wins| arr1(&[wins as f64]).into_dyn()))
}

impl Contest for Program {
    fn id(&self) -> &'static str {
        "program"
    }
    fn title(&self) -> &'static str {
        "The integer program of three hats"
    }
    fn work(&self) -> &'static str {
        "The same for three hats, 22 of 64, by the same integer program."
    }
    fn judged(&self) -> Judged {
        JUDGED
    }
    fn write_inputs(&self, profile: Profile, folder: &Path, _: &mut ChaCha8Rng) -> Result<(), Failure> {
        write_height(if profile == Profile::Smoke { 2 } else { 3 }, folder)
    }
    fn ours(&self) -> Vec<Ours> {
        vec![Ours { name: "microlp", differs: None, load: program }]
    }
    fn rivals(&self) -> Vec<Rival> {
        vec![Rival {
            name: "HiGHS, integer program",
            script: "scientific",
            function: "optimum",
            differs: None,
        }]
    }
    fn judge(&self, inputs: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
        distance(inputs, answer)
    }
}

fn program(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let height = read_height(inputs)?;
    Ok(entrant(move || Ok(integer_program::solve(height)?.objective), |&wins| arr1(&[wins]).into_dyn()))
}
