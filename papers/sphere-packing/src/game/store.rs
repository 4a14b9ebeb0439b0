//! Solved states as a file that searches resume from and machines add to: one JSON object a line.
//!
//! A search proposes the same states whenever it is given the same seed and the same evaluations, so that running it again with a store repeats
//! what is known without solving it and goes on from there. Stores of several machines are joined by joining their lines.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError, create_dir_all};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Evaluation, Game, State};
use crate::Error;

/// Raised when evaluations of the same state come to mean something else.
const VERSION: u32 = 1;

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    dimension: usize,
    radius: f64,
    truncation: f64,
    width: f64,
    multipliers: String,
    bound: Option<f64>,
    fault: Option<String>,
    iterations: usize,
    bits: usize,
}

/// The evaluations of one file, or of this process alone.
#[derive(Debug, Default)]
pub struct Store {
    known: HashMap<String, Evaluation>,
    file: Option<(PathBuf, File)>,
}

/// What names a state in a game: its numbers to the last bit.
fn key(game: &Game, state: &State) -> String {
    let geometry: Vec<String> =
        state.geometry.iter().map(|value| format!("{:016x}", value.to_bits())).collect();
    format!(
        "{VERSION} {} {} {} {:?} {} {}",
        game.dimension,
        game.degree,
        game.radial_degree,
        game.harmonics,
        geometry.join(" "),
        names(state)
    )
}

fn names(state: &State) -> String {
    state.multipliers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl Store {
    /// Evaluations that are kept in memory only.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Opens a file, or begins one. A last line without an end, which a killed process leaves, is cut off.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if it cannot be read and written or another line is damaged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fault = |fault: String| Error::Store { path: path.display().to_string(), fault };
        if let Some(folder) = path.parent() {
            create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| fault(error.to_string()))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => fault("another search is using it".into()),
            TryLockError::Error(error) => fault(error.to_string()),
        })?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| fault(error.to_string()))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        // A killed process leaves the beginning of a line. Anything else without an end is not ours to remove.
        const BEGINNING: &str = "{\"key\":";
        let rest = &text[whole..];
        let complete = serde_json::from_str::<Line>(rest).is_ok();
        if !complete && !rest.starts_with(BEGINNING) && !BEGINNING.starts_with(rest) {
            return Err(fault("its last line is none of a store".into()));
        }
        if complete {
            file.write_all(b"\n").map_err(|error| fault(error.to_string()))?;
            text.push('\n');
        }
        let whole = if complete { text.len() } else { whole };
        let mut known = HashMap::new();
        for (number, line) in text[..whole].lines().enumerate() {
            let line: Line =
                serde_json::from_str(line).map_err(|error| fault(format!("line {}: {error}", number + 1)))?;
            if line.bound.is_some_and(|bound| !(bound > 0.0 && bound.is_finite())) {
                return Err(fault(format!("line {}: the bound is no positive number", number + 1)));
            }
            known.insert(
                line.key,
                Evaluation {
                    bound: line.bound,
                    fault: line.fault,
                    iterations: line.iterations,
                    bits: line.bits,
                },
            );
        }
        file.set_len(whole as u64).map_err(|error| fault(error.to_string()))?;
        Ok(Self { known, file: Some((path.to_owned(), file)) })
    }

    /// How many states are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The evaluation of a state: the known one, or a new one that is added.
    ///
    /// # Errors
    ///
    /// As [`Game::evaluate`], and [`Error::Store`] if the line cannot be written.
    pub fn evaluate(&mut self, game: &Game, state: &State) -> Result<Evaluation, Error> {
        let key = key(game, state);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let (evaluation, _) = game.evaluate(state)?;
        if let Some((path, file)) = &mut self.file {
            let parameters = game.parameters(state);
            let Evaluation { bound, fault, iterations, bits } = evaluation.clone();
            let line = Line {
                key: key.clone(),
                dimension: game.dimension,
                radius: parameters.radius,
                truncation: parameters.truncation,
                width: parameters.width,
                multipliers: names(state),
                bound,
                fault,
                iterations,
                bits,
            };
            let text = serde_json::to_string(&line).expect("a line has string keys") + "\n";
            file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(|error| Error::Store {
                path: path.display().to_string(),
                fault: error.to_string(),
            })?;
        }
        self.known.insert(key, evaluation.clone());
        Ok(evaluation)
    }
}
