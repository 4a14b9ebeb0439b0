//! `conjugacy`: proximal conjugate gradients against proximal gradients and FISTA, on regressions with Student errors and a lasso.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::mixed::conjugate::{Composite, Options, accelerated, minimise};

/// Proximal conjugate gradients.
pub struct Conjugacy;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Proximal nonlinear conjugate gradients.
    Conjugate,
    /// Proximal gradients.
    Ista,
    /// FISTA with restarts.
    Fista,
}

/// A cell: Student regression with a lasso, ill-conditioned columns.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Which problem.
    pub problem: u32,
    /// How.
    pub method: Method,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Gradients until the proximal mapping's largest entry is 10⁻⁶.
    pub gradients: u64,
    /// Whether it got there within 10⁵.
    pub converged: bool,
    /// The objective.
    #[column(absolute = 1e-6)]
    pub objective: f64,
    /// The largest relative rise of the objective in an iteration.
    pub rise: f64,
}

/// −mean log-likelihood of Student errors with three degrees of freedom and a free scale, and λ|β|₁.
struct StudentRegression {
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
    lambda: f64,
}

impl Composite for StudentRegression {
    fn smooth(&self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let (beta, scale) = parameters.split_at(self.x[0].len());
        let (n, inverse) = (self.y.len() as f64, (-2.0 * scale[0]).exp());
        gradient.fill(0.0);
        let mut value = scale[0];
        for (x, y) in self.x.iter().zip(&self.y) {
            let r = y - x.iter().zip(beta).map(|(x, b)| x * b).sum::<f64>();
            let distance = r * r * inverse;
            value += 2.0 * (distance / 3.0).ln_1p() / n;
            let weight = 4.0 / (3.0 + distance);
            gradient.iter_mut().zip(x).for_each(|(g, x)| *g -= weight * r * inverse * x / n);
            gradient[beta.len()] -= weight * distance / n;
        }
        gradient[beta.len()] += 1.0;
        value
    }

    fn term(&self, parameters: &[f64]) -> f64 {
        self.lambda * parameters[..self.x[0].len()].iter().map(|b| b.abs()).sum::<f64>()
    }

    fn prox(&self, parameters: &mut [f64], step: f64) {
        let t = step * self.lambda;
        let count = self.x[0].len();
        for b in &mut parameters[..count] {
            *b = if b.abs() <= t { 0.0 } else { *b - t * b.signum() };
        }
    }
}

fn problem(random: &mut impl Rng) -> StudentRegression {
    let (rows, columns) = (120, 30);
    let mut normal = || -> f64 { StandardNormal.sample(random) };
    // A common part makes the columns alike.
    let x: Vec<Vec<f64>> = (0..rows)
        .map(|_| {
            let common = normal();
            (0..columns).map(|_| 0.9 * common + 0.44 * normal()).collect()
        })
        .collect();
    let y = x.iter().map(|x| 2.0 * x[0] - 3.0 * x[7] + x[12] + normal() / (normal().abs() + 0.3)).collect();
    StudentRegression { x, y, lambda: 0.05 }
}

impl Experiment for Conjugacy {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "conjugacy";
    const TITLE: &'static str = "Proximal conjugate gradients";
    const QUESTION: &'static str = "How many gradients does a nonconvex likelihood with a lasso take?";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let count = if profile == Profile::Smoke { 2 } else { 20 };
        let methods = [Method::Conjugate, Method::Ista, Method::Fista];
        (0..count).flat_map(|problem| methods.map(|method| Parameters { problem, method })).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream =
            random.shared_stream("problem", &lab::key([("problem", f64::from(cell.problem))]))?;
        let problem = problem(&mut stream);
        let start = vec![0.0; problem.x[0].len() + 1];
        let options = Options {
            tolerance: 1e-6,
            gradients: 100_000,
            step: 1.0,
            conjugate: cell.method == Method::Conjugate,
        };
        let found = match cell.method {
            Method::Fista => accelerated(&problem, &start, &options),
            _ => minimise(&problem, &start, &options),
        };
        Ok(Outcome::Done(vec![Row {
            gradients: found.gradients as u64,
            converged: found.converged,
            objective: found.objective,
            rise: found.largest_rise,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart =
            Chart::new().x_label("problem, from easy to hard for ISTA").y_label("gradients").y_log();
        let of = |method| {
            let rows = table.rows().filter(move |(cell, _)| cell.method == method);
            rows.map(|(cell, row)| (cell.problem, row.gradients))
                .collect::<std::collections::BTreeMap<u32, u64>>()
        };
        let mut order: Vec<(u64, u32)> =
            of(Method::Ista).into_iter().map(|(problem, gradients)| (gradients, problem)).collect();
        order.sort_unstable();
        for (method, name) in
            [(Method::Conjugate, "conjugate"), (Method::Fista, "FISTA"), (Method::Ista, "ISTA")]
        {
            let gradients = of(method);
            let points = order.iter().enumerate().filter_map(|(place, (_, problem))| {
                Some((place as f64 + 1.0, *gradients.get(problem)? as f64))
            });
            chart = chart.line_with_markers(name, points);
        }
        report.figure(
            "gradients",
            "Gradients to a proximal mapping of 10⁻⁶, on Student regressions with a lasso.",
            "Three lines on a logarithmic axis.",
            &Figure::new("Gradients").panel(chart),
        )
    }
}
