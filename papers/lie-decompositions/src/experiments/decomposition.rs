//! `decomposition`: errors of coordinates against 130 digits, beside eigenvalues of g gᵀ.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::matrix::{Matrix, identity, largest};
use crate::polar::{Polar, Polar2};

/// Decomposition.
pub struct Decomposition;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// n.
    pub dimension: u32,
}

/// A matrix.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Its name among the reference cases.
    pub name: String,
    /// Largest over smallest singular value.
    pub condition: f64,
    /// Largest error of log p over ε max(1, largest entry).
    #[column(within = 0.5)]
    pub log_error: f64,
    /// Largest error of r over ε.
    #[column(within = 0.5)]
    pub rotation_error: f64,
    /// Largest error of log p from eigenvalues of g gᵀ, in the units of the first; infinite where there was none.
    #[column(within = 0.5)]
    pub squared_log_error: f64,
    /// Of r from them, over ε.
    #[column(within = 0.5)]
    pub squared_rotation_error: f64,
}

impl Experiment for Decomposition {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "decomposition";
    const TITLE: &'static str = "Coordinates of every group element";
    const QUESTION: &'static str =
        "How accurate are logarithm and rotation of a group element, and what does squaring cost?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let dimensions: &[u32] = if profile == Profile::Smoke { &[2, 3] } else { &[2, 3, 4, 5] };
        dimensions.iter().map(|dimension| Parameters { dimension: *dimension }).collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let cases: Vec<Value> = serde_json::from_str(include_str!("../../tests/cases/polar.json"))?;
        let own = cases.iter().filter(|case| case["n"].as_u64() == Some(u64::from(cell.dimension)));
        let rows = own.map(|case| match cell.dimension {
            2 => row::<2>(case),
            3 => row::<3>(case),
            4 => row::<4>(case),
            _ => row::<5>(case),
        });
        Ok(Outcome::Done(rows.collect::<Result<_, _>>()?))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Errors of log p against the condition").columns(2);
        for (plane, title) in [(true, "in the plane"), (false, "three to five dimensions")] {
            let rows = || table.rows().filter(|(cell, _)| (cell.dimension == 2) == plane);
            let floor = |error: f64| error.clamp(0.1, 1e16);
            let chart = Chart::new()
                .title(title)
                .x_label("condition")
                .y_label("error in rounding units")
                .x_log()
                .y_log()
                .scatter("here", rows().map(|(_, row)| (row.condition, floor(row.log_error))))
                .scatter(
                    "eigenvalues of g gᵀ",
                    rows().map(|(_, row)| (row.condition, floor(row.squared_log_error))),
                );
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "The closed form has all digits at every condition; squaring loses as many as the condition has twice.",
            "Two panels: ours along the bottom on the left and rising slowly on the right; those of squaring rise twice as fast.",
            &figure,
        )
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(entries) => entries.iter().flat_map(numbers).collect(),
        Value::String(text) => vec![text.parse().unwrap_or(f64::NAN)],
        single => vec![single.as_f64().unwrap_or(f64::NAN)],
    }
}

fn matrix<const N: usize>(value: &Value) -> Matrix<N> {
    let all = numbers(value);
    std::array::from_fn(|i| std::array::from_fn(|j| all.get(i * N + j).copied().unwrap_or(f64::NAN)))
}

fn away<const N: usize>(a: &Matrix<N>, b: &Matrix<N>) -> f64 {
    let worst = largest::<N>(&std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] - b[i][j])));
    if worst.is_nan() { f64::INFINITY } else { worst }
}

fn row<const N: usize>(case: &Value) -> Result<Row, Failure> {
    let g = matrix::<N>(&case["g"]);
    let (log, r) = (matrix::<N>(&case["log_p"]), matrix::<N>(&case["r"]));
    let (own_log, own_r) = if N == 2 {
        let found = Polar2::of(&[[g[0][0], g[0][1]], [g[1][0], g[1][1]]])?;
        let (log, r) = (found.log_spd(), found.rotation());
        let widen = |a: Matrix<2>| std::array::from_fn(|i| std::array::from_fn(|j| a[i][j]));
        (widen(log), widen(r))
    } else {
        let found = Polar::of(&g)?;
        (found.log_spd, found.rotation)
    };
    let (squared_log, squared_r) = by_squaring(&g);
    let unit = f64::EPSILON * largest(&log).max(1.0);
    Ok(Row {
        name: case["name"].as_str().unwrap_or_default().to_owned(),
        condition: numbers(&case["condition"])[0],
        log_error: away(&own_log, &log) / unit,
        rotation_error: away(&own_r, &r) / f64::EPSILON,
        squared_log_error: away(&squared_log, &log) / unit,
        squared_rotation_error: away(&squared_r, &r) / f64::EPSILON,
    })
}

/// What is usual: eigenvalues of g gᵀ, half their logarithms, and p⁻¹g.
fn by_squaring<const N: usize>(g: &Matrix<N>) -> (Matrix<N>, Matrix<N>) {
    let flat = Array2::from_shape_fn((N, N), |(i, j)| g[i][j]);
    let square = flat.dot(&flat.t());
    let Some((values, vectors)) = numerics::symmetric::eigen(square.view()) else {
        return ([[f64::NAN; N]; N], identity());
    };
    let of = |f: &dyn Fn(f64) -> f64| -> Array2<f64> {
        let scaled = Array2::from_shape_fn((N, N), |(i, j)| vectors[(i, j)] * f(values[j]));
        scaled.dot(&vectors.t())
    };
    let log = of(&|value| 0.5 * value.ln());
    let rotation = of(&|value| 1.0 / value.sqrt()).dot(&flat);
    let fixed = |a: Array2<f64>| std::array::from_fn(|i| std::array::from_fn(|j| a[(i, j)]));
    (fixed(log), fixed(rotation))
}
