//! Problems from JSON files.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use sketched_newton::models::formulas::Formulas;

/// A file's content.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
    variables: Vec<String>,
    x0: Vec<f64>,
    lambda0: Option<Vec<f64>>,
    objective: String,
    #[serde(default)]
    constraints: Vec<String>,
}

/// A problem with its start.
pub struct Given {
    /// Names of the variables.
    pub names: Vec<String>,
    /// The functions.
    pub problem: Formulas,
    /// x and λ.
    pub start: (Vec<f64>, Vec<f64>),
}

/// Reads a problem.
///
/// # Errors
/// One line with the file and the fault.
pub fn read(path: &Path) -> anyhow::Result<Given> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
    let text: Text = serde_json::from_str(&text).map_err(|error| {
        anyhow::anyhow!("{name}: {error}; expected \"variables\", \"x0\", \"objective\", \"constraints\", and perhaps \"lambda0\", \"name\" and \"note\"")
    })?;
    let problem =
        Formulas::parse(&text.variables, &text.objective, &text.constraints).with_context(|| name.clone())?;
    let multipliers = text.lambda0.unwrap_or_else(|| vec![0.0; text.constraints.len()]);
    Ok(Given { names: text.variables, problem, start: (text.x0, multipliers) })
}
