//! `lv-hba qp` and `lv-hba value`: quadratic problems in JSON files.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use lab::arguments::{check_output, positive};
use lab::polars::prelude::Column;
use lab::table::{first_numbers, format_number, write_columns};
use lab::{remark, say};
use lv_hba::penalised::{Point, continued, residual};
use lv_hba::problem::{Problem, Proximal};
use lv_hba::quadratic::{Distance, Lower, Quadratic};
use lv_hba::value::{certificate, exact};
use ndarray::{Array1, Array2};
use serde_json::Value;

use super::usage;

/// Solves min |x − a|²/2 + |y − b|²/2 over the lower solutions of a quadratic programme.
#[derive(Args)]
pub struct Qp {
    /// JSON with P, q, K, A, B, r of f = yᵀPy/2 + (q + Kx)ᵀy and g = Ay + Bx - r ≤ 0, and a and b of the upper level (zero if left out); "equations": true for g = 0, "rbox" bounds multipliers, "E" restricts x to Ex = 0
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// The last penalty c
    #[arg(long, value_parser = positive, default_value_t = 1000.0, allow_negative_numbers = true)]
    penalty: f64,
    /// γ₁
    #[arg(long, value_parser = positive, default_value_t = 10.0, allow_negative_numbers = true)]
    gamma1: f64,
    /// γ₂
    #[arg(long, value_parser = positive, default_value_t = 10.0, allow_negative_numbers = true)]
    gamma2: f64,
    /// Steps for each penalty
    #[arg(long, default_value_t = 5_000)]
    iterations: usize,
    /// Where the solution goes: .csv with variable, index, value
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Prints v, its saddle, gradient and the lemma's bound at the point in the file.
#[derive(Args)]
pub struct Explain {
    /// JSON as for qp, with x, y, z, gamma1 and gamma2, or a list of such
    #[arg(long, value_name = "FILE")]
    case: PathBuf,
    /// Which of a list, from 0
    #[arg(long, default_value_t = 0)]
    number: usize,
}

impl Qp {
    /// Reads, solves, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.problem.as_path()])?;
        let value = read(&self.problem)?;
        let problem = build(&value).with_context(|| self.problem.display().to_string())?;
        let sizes = problem.dimensions();
        let proximal = Proximal { gamma1: self.gamma1, gamma2: self.gamma2 };
        let (mut x, mut y) = (vec![0.0; sizes.x], vec![0.0; sizes.y]);
        problem.project(&mut x, &mut y);
        let name = self.problem.display();
        let lower = problem.solve_lower(&x).with_context(|| {
            format!("{name}: the lower level has no solution at the first x, or multipliers without bound")
        })?;
        let start = Point { x, y: lower.theta, z: lower.lambda };
        let penalties: Vec<f64> =
            [1.0, 10.0, 100.0].into_iter().filter(|c| *c < self.penalty).chain([self.penalty]).collect();
        let found = continued(&problem, &start, &penalties, proximal, self.iterations)
            .context("a saddle was not solved")?;
        let found = found.last().context("no penalty")?;
        let v =
            exact(&problem, (&found.x, &found.y, &found.z), proximal).context("a saddle was not solved")?;
        let proof = certificate(&problem, (&found.x, &found.y, &found.z), proximal, &v);
        let mut unused = (vec![0.0; sizes.x], vec![0.0; sizes.y]);
        let upper = problem.upper(&found.x, &found.y, &mut unused.0, &mut unused.1);
        let exact_lower =
            problem.solve_lower(&found.x).context("the lower level was not solved at the end")?;
        let at_exact = problem.upper(&found.x, &exact_lower.theta, &mut unused.0, &mut unused.1);
        let still = residual(&problem, found, self.penalty, proximal).unwrap_or(f64::NAN);
        ensure!(
            upper.is_finite() && proof.gap.is_finite() && still.is_finite(),
            "{name}: a number is not finite"
        );
        // F at the exact lower solution is an upper bound of the optimum; F at (x, y) of the penalised one a lower bound up to the gap, where ψ_c was minimised globally.
        say(&format!(
            "x                   {}\ny                   {}\nmultipliers         {}\nupper value         {} at y, {} at a lower solution for this x\nf - v               {} (at least {})\nresidual of ψ_c     {}\nlower KKT residual  {}\ninfeasibility       {}",
            first_numbers(&found.x),
            first_numbers(&found.y),
            first_numbers(&found.z),
            format_number(upper),
            format_number(at_exact),
            format_number(proof.gap),
            format_number(proof.bound),
            format_number(still),
            format_number(proof.kkt),
            format_number(proof.infeasibility)
        ))?;
        if proof.on_bound {
            remark(
                "a multiplier lies on its bound: rbox may be too small, and the lower level then is another one",
            )?;
        }
        if let Some(out) = &self.out {
            let parts = [("x", &found.x), ("y", &found.y), ("z", &found.z)];
            let all = || {
                parts.into_iter().flat_map(|(name, values)| {
                    values.iter().enumerate().map(move |(k, value)| (name, k as u64, *value))
                })
            };
            let columns = vec![
                Column::new("variable".into(), all().map(|row| row.0).collect::<Vec<&str>>()),
                Column::new("index".into(), all().map(|row| row.1).collect::<Vec<u64>>()),
                Column::new("value".into(), all().map(|row| row.2).collect::<Vec<f64>>()),
            ];
            write_columns(out, columns)?;
        }
        Ok(())
    }
}

impl Explain {
    /// Reads and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let value = read(&self.case)?;
        let value = match &value {
            Value::Array(cases) => cases.get(self.number).ok_or_else(|| {
                usage(format!("--number {}: {} has {} cases", self.number, self.case.display(), cases.len()))
            })?,
            one => one,
        };
        let named = || self.case.display().to_string();
        let problem = build(value).with_context(named)?;
        let sizes = problem.dimensions();
        let of = |name: &str, length: usize| -> anyhow::Result<Vec<f64>> {
            let found = vector(value, name).with_context(named)?.to_vec();
            if found.len() != length {
                bail!("{}: {name} has {} numbers, expected {length}", self.case.display(), found.len());
            }
            Ok(found)
        };
        let (x, y, z) = (of("x", sizes.x)?, of("y", sizes.y)?, of("z", sizes.constraints)?);
        let gamma = |name: &str| match value.get(name).map(Value::as_f64) {
            None => Ok(1.0),
            Some(Some(gamma)) if gamma > 0.0 => Ok(gamma),
            _ => bail!("{}: {name} is not a positive number", self.case.display()),
        };
        let proximal = Proximal { gamma1: gamma("gamma1")?, gamma2: gamma("gamma2")? };
        let v = exact(&problem, (&x, &y, &z), proximal)
            .with_context(|| format!("{}: the saddle was not solved", self.case.display()))?;
        let proof = certificate(&problem, (&x, &y, &z), proximal, &v);
        say(&format!(
            "v                   {}\ntheta               {}\nlambda              {}\nby x                {}\nby y                {}\nby z                {}\nf - v               {} (at least {}; not negative where g ≤ 0 and z is in its box)\ninfeasibility       {}",
            format_number(v.value),
            first_numbers(&v.saddle.theta),
            first_numbers(&v.saddle.lambda),
            first_numbers(&v.by_x),
            first_numbers(&v.by_y),
            first_numbers(&v.by_z),
            format_number(proof.gap),
            format_number(proof.bound),
            format_number(proof.infeasibility)
        ))?;
        Ok(())
    }
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

fn vector(value: &Value, name: &str) -> anyhow::Result<Array1<f64>> {
    let list = value
        .get(name)
        .and_then(Value::as_array)
        .with_context(|| format!("{name}: expected a list of numbers"))?;
    list.iter()
        .map(Value::as_f64)
        .collect::<Option<Vec<f64>>>()
        .map(Array1::from)
        .with_context(|| format!("{name}: expected a list of numbers"))
}

/// Rows of one length; a missing or empty list is a matrix without rows.
fn matrix(value: &Value, name: &str, columns: usize) -> anyhow::Result<Array2<f64>> {
    let Some(list) = value.get(name) else { return Ok(Array2::zeros((0, columns))) };
    let rows = list.as_array().with_context(|| format!("{name}: expected a list of rows"))?;
    let mut flat = Vec::new();
    for row in rows {
        let numbers =
            row.as_array().and_then(|row| row.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
        let numbers = numbers.with_context(|| format!("{name}: expected rows of numbers"))?;
        if numbers.len() != columns {
            bail!("{name}: a row has {} numbers, expected {columns}", numbers.len());
        }
        flat.extend(numbers);
    }
    Ok(Array2::from_shape_vec((rows.len(), columns), flat)?)
}

/// What a file may hold; the second half for points and notes of reference cases.
const KEYS: [&str; 24] = [
    "P",
    "q",
    "K",
    "A",
    "B",
    "r",
    "E",
    "a",
    "b",
    "rbox",
    "equations",
    "x",
    "y",
    "z",
    "gamma1",
    "gamma2",
    "lower",
    "v",
    "theta",
    "lam",
    "grad_x",
    "grad_y",
    "grad_z",
    "active_lower",
];

fn build(value: &Value) -> anyhow::Result<Quadratic> {
    let keys = value.as_object().context("expected an object")?.keys();
    if let Some(unknown) =
        keys.into_iter().find(|key| !KEYS.contains(&key.as_str()) && *key != "active_upper")
    {
        bail!("{unknown}: no such field");
    }
    let q = vector(value, "q")?;
    let y = q.len();
    let first =
        value.get("K").and_then(Value::as_array).and_then(|rows| rows.first()).and_then(Value::as_array);
    let x = first.context("K: expected rows of numbers, one for each of y")?.len();
    let (a, b) = (matrix(value, "A", y)?, matrix(value, "B", x)?);
    let r = if a.nrows() == 0 && value.get("r").is_none() { Array1::zeros(0) } else { vector(value, "r")? };
    let or_zero = |name: &str, length: usize| -> anyhow::Result<Vec<f64>> {
        let found = if value.get(name).is_some() { vector(value, name)?.to_vec() } else { vec![0.0; length] };
        if found.len() != length {
            bail!("{name} has {} numbers, expected {length}", found.len());
        }
        Ok(found)
    };
    let equations = match value.get("equations") {
        None => false,
        Some(given) => given.as_bool().context("equations: expected true or false")?,
    };
    let upper = Distance { x: or_zero("a", x)?, y: or_zero("b", y)? };
    let bound = match value.get("rbox") {
        None => f64::INFINITY,
        Some(bound) => bound.as_f64().context("rbox: expected a number")?,
    };
    let lower = Lower {
        p: matrix(value, "P", y)?,
        k: matrix(value, "K", x)?,
        e: matrix(value, "E", x)?,
        equations,
        q,
        a,
        b,
        r,
        bound,
    };
    Ok(Quadratic::new(lower, Box::new(upper))?)
}
