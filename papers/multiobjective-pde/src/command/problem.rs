//! Control problems from JSON files.

use std::path::Path;

use anyhow::Context;
use formulas::{Formula, Tape};
use multiobjective_pde::control::{Control, Input, Objective};
use multiobjective_pde::grid::Grid;
use multiobjective_pde::state::MaxPde;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "note")]
    _note: Option<String>,
    n: usize,
    kappa: f64,
    #[serde(default)]
    f: Option<Function>,
    #[serde(default)]
    controls: Option<Vec<Function>>,
    objectives: Vec<Goal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Goal {
    #[serde(default)]
    target: Option<Function>,
    cost: f64,
}

/// Values at nodes, or a formula in x and y.
#[derive(Deserialize)]
#[serde(untagged)]
enum Function {
    Number(f64),
    Values(Vec<f64>),
    Formula(String),
}

impl Function {
    fn values(self, grid: &Grid) -> anyhow::Result<Vec<f64>> {
        match self {
            Self::Number(value) => Ok(vec![value; grid.nodes()]),
            Self::Values(values) => Ok(values),
            Self::Formula(text) => {
                let formula =
                    Formula::parse(&text).map_err(|fault| anyhow::anyhow!("\"{text}\": {fault}"))?;
                if let Some(name) = formula.names().iter().find(|name| !["x", "y"].contains(&name.as_str())) {
                    anyhow::bail!("\"{text}\": there are x and y, but no {name}");
                }
                let mut tape = Tape::default();
                let evaluate = |x: f64, y: f64, tape: &mut Tape| {
                    let at: Vec<f64> =
                        formula.names().iter().map(|name| if name == "x" { x } else { y }).collect();
                    formula.evaluate(&at, tape)
                };
                let (n, h) = (grid.side(), grid.spacing());
                let place = |k: usize| (k as f64 + 1.0) * h;
                Ok((0..grid.nodes()).map(|k| evaluate(place(k / n), place(k % n), &mut tape)).collect())
            }
        }
    }
}

/// Nodes along a side at most.
const MOST: usize = 2_048;

/// Reads a problem.
///
/// # Errors
/// One line with the file and the fault.
pub fn read(path: &Path) -> anyhow::Result<Control> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
    let text: Text = serde_json::from_str(&text).map_err(|error| {
        anyhow::anyhow!("{name}: {error}; expected \"n\", \"kappa\", \"objectives\" with \"cost\" and \"target\", and perhaps \"f\", \"controls\" and \"note\"")
    })?;
    control(text).with_context(|| name)
}

fn control(text: Text) -> anyhow::Result<Control> {
    anyhow::ensure!((1..=MOST).contains(&text.n), "n is {}, expected 1 to {MOST}", text.n);
    let pde = MaxPde::new(text.n, text.kappa)?;
    let grid = pde.grid();
    let f = text.f.unwrap_or(Function::Number(0.0)).values(grid).context("f")?;
    let input = match text.controls {
        None => Input::Onto,
        Some(columns) => {
            let columns = columns
                .into_iter()
                .zip(1..)
                .map(|(column, place)| column.values(grid).with_context(|| format!("control {place}")));
            Input::Columns(columns.collect::<anyhow::Result<_>>()?)
        }
    };
    let objectives = text.objectives.into_iter().zip(1..).map(|(goal, place)| {
        let target = goal.target.map(|target| target.values(grid)).transpose();
        Ok(Objective {
            target: target.with_context(|| format!("target of objective {place}"))?,
            cost: goal.cost,
        })
    });
    let objectives = objectives.collect::<anyhow::Result<_>>()?;
    Ok(Control::new(pde, f, input, objectives)?)
}
