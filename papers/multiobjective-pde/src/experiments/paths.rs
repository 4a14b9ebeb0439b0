//! `paths`: the lasso's path as the Pareto set of a loss and |x|₁.

use lab::ndarray::{Array1, Array2};
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::lasso::{Kink, area, path};

/// Paths.
pub struct Paths;

/// A cell: `case` 1 to 3 is known in rational numbers, 0 is random with the given size.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Which known case, or 0.
    pub case: u32,
    /// m.
    pub rows: u64,
    /// n.
    pub columns: u64,
}

/// A path.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Kinks.
    pub kinks: u64,
    /// Kinks of the known path; of a random one, those found.
    pub known: u64,
    /// Largest difference of λ and x at a kink from the known ones, relative; 0 where none are known.
    #[column(absolute = 1e-11)]
    pub error: f64,
    /// Largest violation of the optimality conditions at kinks and halfway between, over the first λ.
    #[column(absolute = 1e-11)]
    pub violation: f64,
    /// The area under the front, over that of the rectangle around it.
    #[column(within = 1e-9)]
    pub area: f64,
}

/// A rational case.
#[derive(Deserialize)]
#[allow(non_snake_case, reason = "the file's names")]
struct Case {
    A: Vec<Vec<f64>>,
    b: Vec<f64>,
    kinks: Vec<Known>,
}

#[derive(Deserialize)]
struct Known {
    lambda_: f64,
    x: Vec<f64>,
}

impl Experiment for Paths {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "paths";
    const TITLE: &'static str = "Regularisation paths as Pareto sets";
    const QUESTION: &'static str = "Does the path have exactly the kinks of rational arithmetic, and does every point of it satisfy its conditions?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let mut cells: Vec<Parameters> = [(6, 4), (8, 6), (5, 8)]
            .iter()
            .zip(1..)
            .map(|((rows, columns), case)| Parameters { case, rows: *rows, columns: *columns })
            .collect();
        let random: &[(u64, u64)] = match profile {
            Profile::Smoke => &[(10, 20)],
            Profile::Quick => &[(50, 20), (50, 100), (100, 400)],
            Profile::Full => &[(50, 20), (50, 100), (100, 400), (200, 2_000)],
        };
        cells.extend(random.iter().map(|(rows, columns)| Parameters {
            case: 0,
            rows: *rows,
            columns: *columns,
        }));
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let text = match cell.case {
            1 => Some(include_str!("../../tests/cases/lasso_1.json")),
            2 => Some(include_str!("../../tests/cases/lasso_2.json")),
            3 => Some(include_str!("../../tests/cases/lasso_3.json")),
            _ => None,
        };
        let (a, b, known) = match text {
            Some(text) => {
                let case: Case = serde_json::from_str(text)?;
                let a = Array2::from_shape_fn((case.b.len(), case.A[0].len()), |(i, j)| case.A[i][j]);
                (a, Array1::from(case.b), case.kinks)
            }
            None => {
                let mut stream = random.stream("data");
                let shape = (usize::try_from(cell.rows)?, usize::try_from(cell.columns)?);
                let a = Array2::from_shape_simple_fn(shape, || StandardNormal.sample(&mut stream));
                let b = Array1::from_shape_simple_fn(shape.0, || StandardNormal.sample(&mut stream));
                (a, b, Vec::new())
            }
        };
        let kinks = path(a.view(), b.view(), 100_000)?;
        let first = kinks[0].lambda;
        let n = a.ncols();
        let error = kinks.iter().zip(&known).map(|(kink, known)| {
            let x = dense(kink, n);
            let away = x.iter().zip(&known.x).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            away.max((kink.lambda - known.lambda_).abs() / first)
        });
        let error = error.fold(0.0, f64::max);
        let mut violation = 0.0_f64;
        for pair in kinks.windows(2) {
            let (from, to) = (dense(&pair[0], n), dense(&pair[1], n));
            for (x, lambda) in
                [((&from + &to) * 0.5, 0.5 * (pair[0].lambda + pair[1].lambda)), (to, pair[1].lambda)]
            {
                let correlations = a.t().dot(&(&b - &a.dot(&x)));
                for (c, x) in correlations.iter().zip(&x) {
                    let fault = if *x == 0.0 { c.abs() - lambda } else { (c - lambda * x.signum()).abs() };
                    violation = violation.max(fault / first);
                }
            }
        }
        let last = &kinks[kinks.len() - 1];
        Ok(Outcome::Done(vec![Row {
            kinks: kinks.len() as u64,
            known: if known.is_empty() { kinks.len() } else { known.len() } as u64,
            error,
            violation,
            area: area(&kinks) / (last.l1 * kinks[0].loss),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let chart = Chart::new()
            .x_label("kinks")
            .y_label("largest violation")
            .x_log()
            .y_log()
            .scatter("paths", table.rows().map(|(_, row)| (row.kinks as f64, row.violation.max(1e-17))));
        report.figure(
            "violations",
            "The largest violation of the optimality conditions over a whole path, relative to the first λ.",
            "Points near rounding.",
            &Figure::new("Paths to rounding").panel(chart),
        )
    }
}

fn dense(kink: &Kink, n: usize) -> Array1<f64> {
    let mut x = Array1::zeros(n);
    kink.x.iter().for_each(|(place, value)| x[*place] = *value);
    x
}
