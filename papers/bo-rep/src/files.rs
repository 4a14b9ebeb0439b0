//! What the command reads: problems and chains in JSON, sequences as text.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use ndarray::{Array1, Array2};
use num_rational::BigRational;
use serde_json::Value;

use crate::chains::Chains;
use crate::families::{Coupling, Family, Growth};
use crate::representation::Labelled;

fn entry(path: &Path, name: Option<&str>) -> anyhow::Result<Value> {
    let file = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", file()))?;
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).with_context(file)?;
    match (value, name) {
        (Value::Array(entries), Some(name)) => {
            let found = entries.into_iter().find(|entry| entry["name"] == name);
            found.with_context(|| format!("{}: nothing is called {name}", file()))
        }
        (Value::Array(entries), None) => {
            entries.into_iter().next().with_context(|| format!("{}: an empty list", file()))
        }
        (value, Some(name)) if value["name"] != name => bail!("{}: nothing is called {name}", file()),
        (value, _) => Ok(value),
    }
}

/// A problem of a family from a file: an object, or a list of which the entry `name` or the first is taken, as in tests/cases.
///
/// # Errors
/// One line that names the file, the field and the fault.
pub fn family(path: &Path, name: Option<&str>) -> anyhow::Result<Family> {
    family_of(&entry(path, name)?).with_context(|| path.display().to_string())
}

/// A problem from its object.
///
/// # Errors
/// One line that names the field and the fault.
pub fn family_of(value: &Value) -> anyhow::Result<Family> {
    let kind = value["kind"].as_str().context("kind: expected a word")?;
    let matrix = |field: &str| {
        of_rows(&value[field], &number)
            .with_context(|| format!("{field}: expected a matrix of finite numbers"))
    };
    let list = |field: &str| {
        let numbers =
            value[field].as_array().and_then(|list| list.iter().map(number).collect::<Option<Vec<f64>>>());
        numbers.with_context(|| format!("{field}: expected a list of finite numbers"))
    };
    let scalar =
        |field: &str| number(&value[field]).with_context(|| format!("{field}: expected a finite number"));
    let a = if kind == "quartic" { None } else { Some(list("a")?) };
    let growth = Growth { c: list("c")?, a, b: list("b")?, w: list("w")? };
    let coupling = match kind {
        "cosh" | "quartic" => {
            Coupling::Linear { b: matrix("B")?, c0: Array1::from(list("c0")?), t: Array1::from(list("t")?) }
        }
        "penalty" => Coupling::Penalty {
            c0: Array1::from(list("c0")?),
            t: Array1::from(list("t")?),
            m: scalar("m")?,
            s: scalar("s")?,
        },
        "coupled" => {
            Coupling::Coupled { a: matrix("A")?, c: matrix("C")?, r: scalar("r")?, alpha: scalar("aa")? }
        }
        other => bail!("kind {other}: expected cosh, quartic, penalty or coupled"),
    };
    Ok(Family::new(growth, matrix("H")?, coupling)?)
}

/// A number, or one in quotes.
fn number(value: &Value) -> Option<f64> {
    value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok()).filter(|x| x.is_finite())
}

fn of_rows<T: Clone>(value: &Value, entry: &impl Fn(&Value) -> Option<T>) -> Option<Array2<T>> {
    let rows: Vec<Vec<T>> = value
        .as_array()?
        .iter()
        .map(|row| row.as_array()?.iter().map(entry).collect())
        .collect::<Option<_>>()?;
    Array2::from_shape_vec((rows.len(), rows.first()?.len()), rows.concat()).ok()
}

/// Two chains from a file with P0 and P1, entries fractions like "5/24" or whole numbers.
///
/// # Errors
/// One line that names the file, the field and the fault.
pub fn chains(path: &Path, name: Option<&str>) -> anyhow::Result<Chains> {
    let value = entry(path, name)?;
    chains_of(&value).with_context(|| path.display().to_string())
}

/// Chains from their object.
///
/// # Errors
/// One line that names the field and the fault.
pub fn chains_of(value: &Value) -> anyhow::Result<Chains> {
    let fraction = |value: &Value| -> Option<BigRational> {
        let text = value.as_str().map_or_else(|| value.to_string(), String::from);
        let (top, bottom) = text.split_once('/').unwrap_or((&text, "1"));
        let bottom: num_bigint::BigInt = bottom.trim().parse().ok()?;
        let top = top.trim().parse().ok()?;
        (bottom != 0.into()).then(|| BigRational::new(top, bottom))
    };
    let matrix = |field: &str| {
        of_rows(&value[field], &fraction)
            .with_context(|| format!("{field}: expected a matrix of fractions like \"5/24\""))
    };
    Ok(Chains::new([matrix("P0")?, matrix("P1")?])?)
}

/// Words of training sequences and their labels.
#[derive(Clone, Debug)]
pub struct Words {
    tokens: BTreeMap<String, u32>,
    labels: [String; 2],
    unknown: bool,
}

/// Sequences from a text file, one a line: a label, then tokens, between blanks or commas. Lines that are empty or begin with # are left out.
struct Line {
    number: usize,
    label: String,
    tokens: Vec<String>,
}

fn lines(path: &Path) -> anyhow::Result<Vec<Line>> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    let mut lines = Vec::new();
    // Some editors begin a file with a mark of its encoding.
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let number = number + 1;
        let mut words = line.split([' ', '\t', ',']).filter(|word| !word.is_empty()).map(String::from);
        let Some(label) = words.next().filter(|label| !label.starts_with('#')) else {
            continue;
        };
        let tokens: Vec<String> = words.collect();
        ensure!(!tokens.is_empty(), "{name} line {number}: label {label} without a token");
        lines.push(Line { number, label, tokens });
    }
    ensure!(!lines.is_empty(), "{name}: no sequences");
    Ok(lines)
}

impl Words {
    /// The words of a training file, with its sequences. With `unknown`, words that other files hold beside them are one more token.
    ///
    /// # Errors
    /// A file that cannot be read, a line without tokens, labels that are not of two values.
    pub fn read(path: &Path, unknown: bool) -> anyhow::Result<(Self, Labelled)> {
        let lines = lines(path)?;
        let mut labels: Vec<String> = Vec::new();
        let mut tokens = BTreeMap::new();
        for line in &lines {
            if !labels.contains(&line.label) {
                let found = labels.join(", ");
                ensure!(
                    labels.len() < 2,
                    "{} line {}: label {}, expected one of two values, which were {found}",
                    path.display(),
                    line.number,
                    line.label
                );
                labels.push(line.label.clone());
            }
            for token in &line.tokens {
                let next = tokens.len() as u32;
                tokens.entry(token.clone()).or_insert(next);
            }
        }
        labels.sort();
        let Ok(labels) = <[String; 2]>::try_from(labels) else {
            bail!("{}: all labels are the same, expected two values", path.display());
        };
        let words = Self { tokens, labels, unknown };
        let (labelled, _) = words.encode(path, &lines)?;
        Ok((words, labelled))
    }

    /// V: words, and one for those that are unknown if wanted.
    pub fn tokens(&self) -> usize {
        self.tokens.len() + usize::from(self.unknown)
    }

    /// The values that are −1 and +1.
    pub fn labels(&self) -> &[String; 2] {
        &self.labels
    }

    /// Words in the order of their tokens.
    pub fn vocabulary(&self) -> Vec<&str> {
        let mut words: Vec<(&str, u32)> =
            self.tokens.iter().map(|(word, token)| (word.as_str(), *token)).collect();
        words.sort_by_key(|(_, token)| *token);
        words.into_iter().map(|(word, _)| word).collect()
    }

    /// Sequences of another file, and how many of their words are unknown.
    ///
    /// # Errors
    /// As [`read`](Self::read); a label or, unless wanted, a word that training sequences do not have.
    pub fn other(&self, path: &Path) -> anyhow::Result<(Labelled, usize)> {
        self.encode(path, &lines(path)?)
    }

    fn encode(&self, path: &Path, lines: &[Line]) -> anyhow::Result<(Labelled, usize)> {
        let name = path.display();
        let mut labelled = Labelled { sequences: Vec::new(), labels: Vec::new() };
        let mut unknown = 0;
        for line in lines {
            let label = self.labels.iter().position(|label| *label == line.label).with_context(|| {
                let [first, second] = &self.labels;
                format!("{name} line {}: label {}, expected {first} or {second}", line.number, line.label)
            })?;
            labelled.labels.push(if label == 1 { 1.0 } else { -1.0 });
            let mut sequence = Vec::with_capacity(line.tokens.len());
            for token in &line.tokens {
                match self.tokens.get(token) {
                    Some(token) => sequence.push(*token),
                    None if self.unknown => {
                        unknown += 1;
                        sequence.push(self.tokens.len() as u32);
                    }
                    None => bail!(
                        "{name} line {}: token {token} is not in the training data (--unknown makes such tokens one)",
                        line.number
                    ),
                }
            }
            labelled.sequences.push(sequence);
        }
        Ok((labelled, unknown))
    }
}
