//! Iterates as files, so that a solve of hours survives its process.
//!
//! A line that names the format, one of the precision, one of the problem (a SHA-256 of its numbers as `f64`), one with the iteration and
//! the number of numbers, then x, z, X and Y, one exact number a line, and `end`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use ndarray::Array2;
use sha2::{Digest, Sha256};

use super::solution::Iterate;
use super::{Problem, Terms};
use crate::Error;
use crate::dense::{cholesky, largest};
use crate::scalar::{Precision, Scalar};

const FORMAT: &str = "semidefinite iterate 1";

fn damaged(path: &Path, fault: impl Into<String>) -> Error {
    Error::Checkpoint { path: path.display().to_string(), fault: fault.into() }
}

/// A name of the problem: two problems with the same numbers to 53 bits share it.
pub fn fingerprint<T: Scalar>(problem: &Problem<T>) -> String {
    let mut hash = Sha256::new();
    let mut add = |value: T| hash.update(value.to_f64().to_bits().to_le_bytes());
    problem.right_hand_side.iter().chain(&problem.free).chain(&problem.free_cost).copied().for_each(&mut add);
    for block in &problem.blocks {
        block.cost.iter().copied().for_each(&mut add);
        match &block.terms {
            Terms::RankOne { vectors, weights, constraints } => {
                vectors.iter().chain(weights).copied().for_each(&mut add);
                constraints.iter().for_each(|constraint| add(T::from_f64(*constraint as f64)));
            }
            Terms::Entries(entries) => entries.iter().for_each(|&(constraint, row, column, value)| {
                [constraint, row, column].into_iter().for_each(|place| add(T::from_f64(place as f64)));
                add(value);
            }),
        }
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string succeeds");
        text
    })
}

/// Writes an iterate, whole or not at all.
///
/// # Errors
///
/// [`Error::Checkpoint`] if the file cannot be written.
pub fn write<T: Scalar>(
    path: &Path,
    precision: Precision,
    iterate: &Iterate<T>,
    fingerprint: &str,
) -> Result<(), Error> {
    let matrices = iterate.slack.iter().chain(&iterate.matrices).flat_map(|matrix| matrix.iter());
    let numbers: Vec<&T> = iterate.x.iter().chain(&iterate.z).chain(matrices).collect();
    let mut text =
        format!("{FORMAT}\n{}\n{fingerprint}\n{} {}\n", precision.bits(), iterate.iteration, numbers.len());
    for number in numbers {
        text += &number.to_text();
        text.push('\n');
    }
    text += "end\n";
    // A link stays a link: the file that it names is replaced.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut unfinished = path.clone().into_os_string();
    unfinished.push(".writing");
    let written = || {
        let mut file = std::fs::File::create(&unfinished)?;
        file.write_all(text.as_bytes())?;
        // Before the name changes hands: after a power cut it stands for the old iterate or the new.
        file.sync_all()?;
        std::fs::rename(&unfinished, path)
    };
    written().map_err(|error| {
        // What was written of it is of no use.
        let _ = std::fs::remove_file(&unfinished);
        damaged(path, format!("cannot be written: {error}"))
    })
}

fn lines(path: &Path) -> Result<Vec<String>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| damaged(path, error.to_string()))?;
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.first().is_none_or(|line| line != FORMAT) {
        return Err(damaged(path, format!("its first line is not \"{FORMAT}\"")));
    }
    if lines.len() < 5 || lines.last().is_none_or(|line| line != "end") {
        return Err(damaged(path, "it is cut off"));
    }
    Ok(lines)
}

/// The precision of a checkpoint.
///
/// # Errors
///
/// [`Error::Checkpoint`] if the file is none.
pub fn precision(path: &Path) -> Result<Precision, Error> {
    let lines = lines(path)?;
    let bits: usize = lines[1]
        .parse()
        .map_err(|_| damaged(path, format!("line 2: expected a number of bits, found \"{}\"", lines[1])))?;
    Precision::ALL
        .into_iter()
        .find(|precision| precision.bits() == bits)
        .ok_or_else(|| damaged(path, format!("line 2: no arithmetic has {bits} bits")))
}

/// Reads an iterate of `problem`.
///
/// # Errors
///
/// [`Error::Checkpoint`] if the file is damaged or belongs to another problem.
pub fn read<T: Scalar>(path: &Path, problem: &Problem<T>, fingerprint: &str) -> Result<Iterate<T>, Error> {
    let lines = lines(path)?;
    if lines[2] != fingerprint {
        return Err(damaged(path, "it belongs to another problem: remove it or name another file"));
    }
    let (constraints, free) = (problem.constraints(), problem.free_cost.len());
    let sizes: Vec<usize> = problem.blocks.iter().map(|block| block.size()).collect();
    let expected = constraints + free + 2 * sizes.iter().map(|size| size * size).sum::<usize>();
    let (iteration, count) = lines[3]
        .split_once(' ')
        .and_then(|(a, b)| Some((a.parse().ok()?, b.parse::<usize>().ok()?)))
        .ok_or_else(|| damaged(path, "line 4: expected two numbers"))?;
    if count != expected || lines.len() != expected + 5 {
        return Err(damaged(
            path,
            format!("{} numbers where the problem has {expected}", lines.len().saturating_sub(5)),
        ));
    }
    let mut numbers = Vec::with_capacity(expected);
    for (place, line) in lines[4..4 + expected].iter().enumerate() {
        let number = T::from_text(line).filter(|number| number.is_finite());
        numbers.push(number.ok_or_else(|| {
            damaged(path, format!("line {}: \"{line}\" is no finite number of {} bits", place + 5, T::BITS))
        })?);
    }
    let mut numbers = numbers.into_iter();
    let mut take = |count: usize| -> Vec<T> { numbers.by_ref().take(count).collect() };
    let (x, z) = (take(constraints), take(free));
    let mut matrices = || -> Vec<Array2<T>> {
        sizes
            .iter()
            .map(|size| {
                Array2::from_shape_vec((*size, *size), take(size * size)).expect("as many numbers as entries")
            })
            .collect()
    };
    let (slack, matrices) = (matrices(), matrices());
    // Products round differently on both sides of the diagonal, but not much.
    let skew = |matrix: &Array2<T>| largest(matrix.iter().zip(&matrix.t()).map(|(a, b)| *a - *b));
    if slack.iter().chain(&matrices).any(|matrix| skew(matrix) > 1e-6 * largest(matrix.iter().copied())) {
        return Err(damaged(path, "a matrix is not symmetric"));
    }
    if slack.iter().chain(&matrices).any(|matrix| cholesky(matrix).is_none()) {
        return Err(damaged(path, "a matrix is not positive definite"));
    }
    Ok(Iterate { x, z, slack, matrices, iteration })
}
