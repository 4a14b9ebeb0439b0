//! Side by side with what people use now: public packages and this workspace's methods on the same inputs, in the
//! same run.
//!
//! A paper describes [`Contest`]s. Each writes its inputs into a folder, from a seed; every entrant is a process of its own that
//! reads them, does the work once untimed, and then as often as it is told, in turns with the others. What counts is the call
//! alone: no import, compilation or reading of files. An entrant's answer is one array, which the contest judges, so that no
//! entrant grades itself; where the judge compares with a reference that a method of ours computed, the contest says so.
//!
//! A paper hands itself and its contests to [`main`], which adds the subcommand `rivals` to the paper's program.
//!
//! This workspace's entrants are the paper's own program (`contend`); the others are functions of
//! `papers/<paper>/rivals/*.py`, which `shared/rivals/entrant.py` serves by the same lines of text (`src/process.rs`). A package that is
//! not installed is shown as missing.

mod command;
mod contend;
mod page;
mod process;
mod results;
mod tournament;

use std::path::Path;

use ndarray::{Array, ArrayD, ArrayView, Dimension};
use rand_chacha::ChaCha8Rng;

use lab::{Failure, Profile};

pub use command::main;
pub use page::build;

/// The same work for this crate's methods and for public packages.
pub struct Contest {
    /// Its name: ASCII letters, digits and `-`.
    pub id: &'static str,
    /// A heading.
    pub title: &'static str,
    /// What every entrant is asked for, with the sizes, in a sentence or two.
    pub work: &'static str,
    /// What the judge's number means.
    pub judged: Judged,
    /// Writes the inputs into an empty folder, `Smoke` ones in a moment; fails if they cannot be made or written.
    pub write_inputs: fn(Profile, &Path, &mut ChaCha8Rng) -> Result<(), Failure>,
    /// This workspace's entrants; ratios are to the first.
    pub ours: Vec<Ours>,
    /// The public packages.
    pub rivals: Vec<Rival>,
    /// The number that an answer comes to, from the inputs' folder and the answer; fails if the answer makes no sense, for
    /// instance has the wrong shape.
    pub judge: fn(&Path, &ArrayD<f64>) -> Result<f64, Failure>,
}

/// What the number of an answer means.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// What it is, in a few words, with its unit.
    pub name: &'static str,
    /// Answers up to this number, or from it on, do the work asked for; `None` where the number is only shown.
    pub target: Option<Target>,
}

/// Which answers do the work asked for.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// Numbers up to this.
    AtMost(f64),
    /// Numbers from this on.
    AtLeast(f64),
}

impl Target {
    fn reached(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// A method of this workspace.
pub struct Ours {
    /// The method's name.
    pub name: &'static str,
    /// In what its work is not the same as the others', if it is not.
    pub differs: Option<&'static str>,
    /// Reads the inputs in a folder and prepares the call.
    pub load: fn(&Path) -> Result<Box<dyn Entrant>, Failure>,
}

/// A function of a public package.
pub struct Rival {
    /// The package and the method.
    pub name: &'static str,
    /// The file below `papers/<paper>/rivals/`, without `.py`.
    pub script: &'static str,
    /// The function in it. It takes the inputs' folder and the number of threads, and gives two functions: the call, and one that turns what
    /// the call gave into the answer.
    pub function: &'static str,
    /// In what its work is not the same as the others', if it is not.
    pub differs: Option<&'static str>,
}

/// A method with its inputs, ready to be called.
pub trait Entrant {
    /// Does the work once.
    ///
    /// # Errors
    /// Whatever the method fails with.
    fn call(&mut self) -> Result<(), Failure>;
    /// The answer of the last call.
    ///
    /// # Errors
    /// If there is none.
    fn answer(&self) -> Result<ArrayD<f64>, Failure>;
}

struct Prepared<T, C, A> {
    call: C,
    answer: A,
    last: Option<T>,
}

impl<T, C: FnMut() -> Result<T, Failure>, A: Fn(&T) -> ArrayD<f64>> Entrant for Prepared<T, C, A> {
    fn call(&mut self) -> Result<(), Failure> {
        self.last = Some((self.call)()?);
        Ok(())
    }

    fn answer(&self) -> Result<ArrayD<f64>, Failure> {
        let last = self.last.as_ref().ok_or("there was no call yet")?;
        Ok((self.answer)(last))
    }
}

/// An entrant from its call, and from what turns the call's result into the answer; the latter is not timed.
pub fn entrant<T: 'static>(
    call: impl FnMut() -> Result<T, Failure> + 'static,
    answer: impl Fn(&T) -> ArrayD<f64> + 'static,
) -> Box<dyn Entrant> {
    Box::new(Prepared { call, answer, last: None })
}

/// Writes an array into the inputs' folder as `<name>.npy`, as NumPy reads it.
///
/// # Errors
/// If the file cannot be written.
pub fn write_array<D: Dimension>(
    folder: &Path,
    name: &str,
    array: ArrayView<'_, f64, D>,
) -> Result<(), Failure> {
    Ok(ndarray_npy::write_npy(folder.join(name).with_extension("npy"), &array)?)
}

/// Reads what [`write_array`] wrote.
///
/// # Errors
/// If the file cannot be read, or holds an array of another kind or dimension.
pub fn read_array<D: Dimension>(folder: &Path, name: &str) -> Result<Array<f64, D>, Failure> {
    Ok(ndarray_npy::read_npy(folder.join(name).with_extension("npy"))?)
}
