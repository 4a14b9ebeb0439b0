//! Bilevel problems in JSON files, as the command and the tests read them.

use std::path::Path;

use anyhow::Context;
use bilevel::families::{Circle, PlSine, Quadratic, UpperQuadratic};
use bilevel::levels::Known;
use bilevel::sets::ConvexSet;
use ndarray::{Array1, Array2};
use serde_json::Value;

/// Reads a problem: an object with `family` and `problem`, or a list of which the entry `name` is taken, as in tests/cases.
///
/// # Errors
/// One line that names the file, the field and the fault.
pub fn read(path: &Path, name: Option<&str>) -> anyhow::Result<Box<dyn Known>> {
    let file = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", file()))?;
    let value: Value = serde_json::from_str(&text).with_context(file)?;
    let chosen = match (&value, name) {
        (Value::Array(entries), Some(name)) => {
            let found = entries.iter().find(|entry| entry["id"] == name);
            found.with_context(|| format!("{}: no problem is called {name}", file()))?
        }
        (Value::Array(entries), None) => {
            entries.first().with_context(|| format!("{}: an empty list", file()))?
        }
        (value, _) => value,
    };
    build(chosen).with_context(file)
}

/// A problem from its object.
///
/// # Errors
/// One line that names the field and the fault.
pub fn build(value: &Value) -> anyhow::Result<Box<dyn Known>> {
    let family = value["family"].as_str().context("family: expected a word")?;
    let fields = &value["problem"];
    let of = |name: &str| {
        matrix(&fields[name]).with_context(|| format!("problem.{name}: expected a matrix of finite numbers"))
    };
    let list = |name: &str| {
        vector(&fields[name]).with_context(|| format!("problem.{name}: expected a list of finite numbers"))
    };
    let scalar = |name: &str| {
        number(&fields[name]).with_context(|| format!("problem.{name}: expected a finite number"))
    };
    let upper = || -> anyhow::Result<UpperQuadratic> {
        Ok(UpperQuadratic { q: of("Q")?, t: list("t")?, p: of("P")?, s: list("s")?, r: of("R")?, waves: 0.0 })
    };
    Ok(match family {
        "singular-quadratic" => {
            Box::new(Quadratic::least_squares(&of("B")?, &of("A")?, &list("b")?, upper()?)?)
        }
        "ball" => Box::new(Quadratic::centred(
            &of("H")?,
            &of("A")?,
            &list("b")?,
            ConvexSet::Ball { radius: scalar("radius")? },
            upper()?,
        )?),
        "box" => {
            let end = |name: &str, usual: f64| if fields[name].is_null() { Ok(usual) } else { scalar(name) };
            let set = ConvexSet::Box { low: end("low", -1.0)?, high: end("high", 1.0)? };
            Box::new(Quadratic::linear(&of("H")?, &of("A")?, &list("b")?, set, upper()?)?)
        }
        "simplex" => {
            Box::new(Quadratic::linear(&of("H")?, &of("A")?, &list("b")?, ConvexSet::Simplex, upper()?)?)
        }
        "circle" => {
            let (c, e) = (of("C")?, list("e")?);
            anyhow::ensure!(
                c.nrows() == e.len(),
                "problem.e: expected {} numbers, found {}",
                c.nrows(),
                e.len()
            );
            Box::new(Circle { c, e })
        }
        "pl-sine" => {
            let (c, d) = (list("c")?.to_vec(), list("d")?.to_vec());
            anyhow::ensure!(c.len() == d.len(), "problem.d: expected {} numbers, found {}", c.len(), d.len());
            {
                let w = scalar("w")?;
                anyhow::ensure!(!c.is_empty(), "problem.c: expected at least one number");
                anyhow::ensure!(w.abs() < 1.0, "problem.w: expected a number between -1 and 1, found {w}");
                Box::new(PlSine { c, d, t: [scalar("t1")?, scalar("t2")?], w })
            }
        }
        other => anyhow::bail!(
            "family {other}: expected singular-quadratic, ball, box, simplex, circle or pl-sine"
        ),
    })
}

/// A number, or one in quotes.
fn number(value: &Value) -> Option<f64> {
    value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok()).filter(|x| x.is_finite())
}

fn vector(value: &Value) -> Option<Array1<f64>> {
    value.as_array()?.iter().map(number).collect()
}

/// A matrix of finite numbers, in quotes or not; `None` for anything else.
pub fn matrix(value: &Value) -> Option<Array2<f64>> {
    let rows: Vec<Vec<f64>> =
        value.as_array()?.iter().map(|row| Some(vector(row)?.to_vec())).collect::<Option<_>>()?;
    Array2::from_shape_vec((rows.len(), rows.first()?.len()), rows.concat()).ok()
}
