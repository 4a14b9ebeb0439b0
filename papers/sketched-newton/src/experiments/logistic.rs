//! `logistic`: logistic regression on a sphere with random linear constraints, at the sizes of the paper's data sets.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use ndarray::{Array1, Array2};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::choice;
use crate::models::{Logistic, LogisticError};
use crate::newton::{Convexity, Options, Reason, solve};

/// Constrained logistic regression.
pub struct LogisticRegression;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// n.
    pub features: u64,
    /// Inner solver.
    pub solver: String,
    /// Data sets.
    pub sets: u32,
}

/// A data set.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub set: u32,
    /// Whether |F| ≤ 10⁻⁴.
    pub converged: bool,
    /// |F|.
    #[column(within = 0.1)]
    pub residual: f64,
    /// Newton steps.
    pub iterations: u64,
    /// Inner steps.
    pub steps: u64,
    /// Inner flops.
    pub flops: f64,
    /// Iterations in which the inner solver ran into its limit.
    pub unsolved: u64,
    /// f.
    #[column(within = 1e-4)]
    pub objective: f64,
}

/// Features in [−1, 1], labels of a noisy rule, ten rows of A (four below 30 features) and b normal, R = 1; drawn again where no w fits.
fn data(features: usize, random: &mut ChaCha8Rng) -> Result<Logistic, Failure> {
    let count = 10 * features;
    let rows = if features < 30 { 4 } else { 10 };
    let x = Array2::from_shape_simple_fn((count, features), || random.random_range(-1.0..1.0));
    let rule = Array1::from_shape_simple_fn(features, || -> f64 { StandardNormal.sample(random) });
    let labels = x.dot(&rule).mapv(|product| {
        let noise: f64 = StandardNormal.sample(random);
        if product + noise > 0.0 { 1.0 } else { -1.0 }
    });
    for _ in 0..1_000 {
        let linear =
            Array2::from_shape_simple_fn((rows, features), || -> f64 { StandardNormal.sample(random) });
        let right = Array1::from_shape_simple_fn(rows, || -> f64 { StandardNormal.sample(random) });
        match Logistic::new(x.view(), labels.view(), linear.view(), right.view(), 1.0) {
            Err(LogisticError::Infeasible { .. }) => {}
            other => return Ok(other?),
        }
    }
    Err("no plane met the sphere".into())
}

impl Experiment for LogisticRegression {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "logistic";
    const TITLE: &'static str = "Logistic regression on a sphere";
    const QUESTION: &'static str = "Do sketched Newton steps converge from ones in as few iterations as on the paper's data, and what do they cost?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, sets): (&[u64], u32) = match profile {
            Profile::Smoke => (&[20], 1),
            Profile::Quick => (&[20, 34, 60, 112], 3),
            // Ionosphere; sonar and splice; phishing; mushrooms; a9a; w8a.
            Profile::Full => (&[20, 34, 60, 68, 112, 123, 300], 5),
        };
        let mut cells = Vec::new();
        for features in sizes {
            let mut solvers = vec!["kaczmarz", "gmres", "ldl"];
            if *features <= 34 && (*features < 34 || profile == Profile::Full) {
                solvers.push("gaussian");
            }
            cells.extend(solvers.into_iter().map(|solver| Parameters {
                features: *features,
                solver: solver.into(),
                sets,
            }));
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let features = usize::try_from(cell.features)?;
        let mut rows = Vec::new();
        for set in 0..cell.sets {
            let key = key([("features", cell.features as f64), ("set", f64::from(set))]);
            let problem = data(features, &mut random.shared_stream("data", &key)?)?;
            let constraints = crate::problem::Problem::constraints(&problem);
            let options = Options {
                convexity: Convexity::Reduced { least: 1e-2 },
                steps: if cell.solver == "gaussian" { 100_000 } else { 1_000_000 },
                iterations: 100,
                ..Options::published()
            };
            let mut solver = choice(&cell.solver)?.solver(random.stream(&format!("solver {set}")).random());
            let start = (vec![1.0; features], vec![1.0; constraints]);
            let found = solve(&problem, (&start.0, &start.1), solver.as_mut(), &options, &mut |_, _| ())?;
            let work = found.work();
            rows.push(Row {
                set,
                converged: found.reason == Reason::Converged,
                residual: found.point.residual(),
                iterations: found.iterations.len() as u64,
                steps: work.steps,
                flops: work.flops,
                unsolved: found.iterations.iter().filter(|iteration| !iteration.solved).count() as u64,
                objective: found.point.objective,
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let names =
            [("kaczmarz", "Kaczmarz"), ("gmres", "GMRES"), ("ldl", "LDLᵀ"), ("gaussian", "Gaussian sketch")];
        let mut iterations = Chart::new().title("Newton steps").x_label("features n").y_label("steps");
        let mut flops =
            Chart::new().title("inner flops of a run").x_label("features n").y_label("flops").x_log().y_log();
        for (solver, name) in names {
            let of = |number: fn(&Row) -> f64| {
                let rows = table.rows().filter(|(cell, _)| cell.solver == solver);
                table.means_by(rows.map(|(cell, row)| (cell.features as f64, number(row))), name)
            };
            let (steps, costs) = (of(|row| row.iterations as f64), of(|row| row.flops));
            if !steps.is_empty() {
                if solver == "kaczmarz" {
                    iterations = iterations.means(name, &steps);
                }
                flops = flops.means(name, &costs);
            }
        }
        let kaczmarz = || table.rows().filter(|(cell, _)| cell.solver == "kaczmarz").map(|(_, row)| row);
        let unsolved = kaczmarz().map(|row| row.unsolved).sum::<u64>() as f64
            / kaczmarz().map(|row| row.iterations).sum::<u64>() as f64;
        report.figure(
            "runs",
            &format!(
                "Kaczmarz leads through the Newton steps that GMRES and LDLᵀ take (not drawn where equal), at a cost higher by orders of magnitude; {:.0} % of its systems end at the limit of a million steps.",
                100.0 * unsolved
            ),
            "Two panels of lines with bands.",
            &Figure::new("Logistic regression with |w| = 1 and A w = b").panel(iterations).panel(flops),
        )
    }
}
