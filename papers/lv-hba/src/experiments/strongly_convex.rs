//! `strongly-convex`: LV-HBA and methods with exact hypergradients on the toy with many local minima.

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::key;
use crate::rivals::{alternating, hypergradient_descent, value_penalty};
use crate::single_loop::{Options, State, single_loop};
use crate::toys::StronglyConvex;

/// The toy from several starts.
pub struct StronglyConvexToy;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// LV-HBA with its defaults, constraints normalised.
    SingleLoop,
    /// Steps of 0.005 down the exact hypergradient.
    Descent5,
    /// Steps of 0.02.
    Descent20,
    /// Steps of 0.05.
    Descent50,
    /// Steps of 0.1.
    Descent100,
    /// The scheme of E-AiPOD and ALSET, with true gradients.
    Alternating,
    /// The value-function penalty without a proximal term, c = 100.
    ValuePenalty,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 7] = [
    (Method::SingleLoop, "LV-HBA"),
    (Method::Descent5, "exact hypergradient, step 0.005"),
    (Method::Descent20, "exact hypergradient, step 0.02"),
    (Method::Descent50, "exact hypergradient, step 0.05"),
    (Method::Descent100, "exact hypergradient, step 0.1"),
    (Method::Alternating, "alternating steps"),
    (Method::ValuePenalty, "value-function penalty"),
];

/// A cell: a method from all starts.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// n.
    pub size: usize,
    /// Iterations.
    pub iterations: usize,
    /// Starts: all coordinates 10, all 5, and random ones uniform on (−10, 10).
    pub starts: u32,
}

/// A place of a run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The start.
    pub replicate: u32,
    /// Iterations.
    pub iteration: usize,
    /// Φ(x) − F*: the upper value at the exact lower solution.
    #[column(within = 1e-3, absolute = 1e-9)]
    pub gap: f64,
}

impl Experiment for StronglyConvexToy {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "strongly-convex";
    const TITLE: &'static str = "A toy with many local minima";
    const QUESTION: &'static str = "Is LV-HBA ahead of correct implicit-gradient methods at an equal number of iterations, each of a few products with matrices of the same size, from many starts?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (size, iterations, starts) = match profile {
            Profile::Smoke => (20, 100, 2),
            Profile::Quick => (100, 2_500, 10),
            Profile::Full => (100, 20_000, 30),
        };
        METHODS
            .map(|(method, _)| Parameters {
                method,
                size,
                iterations: if method == Method::ValuePenalty { iterations / 10 } else { iterations },
                starts,
            })
            .to_vec()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let n = cell.size;
        let toy = StronglyConvex::draw(n, true, &mut random.shared_stream("toy", &key([("n", n as f64)]))?)?;
        let (least, _) = toy.optimum();
        let mut starts = random.shared_stream("starts", &key([("n", n as f64)]))?;
        let mut own = random.stream("draws");
        let mut rows = Vec::new();
        for replicate in 0..cell.starts {
            let start: Vec<f64> = match replicate {
                0 => vec![10.0; n],
                1 => vec![5.0; n],
                _ => (0..n).map(|_| starts.random_range(-10.0..10.0)).collect(),
            };
            let mut seen: Vec<(usize, f64)> = Vec::new();
            let mut next = 1.0_f64;
            let upper_value = |x: &[f64]| toy.hypergradient(x, &mut vec![0.0; n]);
            let projected = |mut x: Vec<f64>| {
                toy.project_upper(&mut x);
                upper_value(&x)
            };
            // Φ costs products with matrices, as an iteration does: it is computed at kept places only.
            let mut record = |iteration: usize, value: &dyn Fn() -> f64| {
                if iteration as f64 >= next || iteration == cell.iterations {
                    seen.push((iteration, value() - least));
                    next = (next * 1.6).ceil();
                }
            };
            match cell.method {
                Method::SingleLoop => {
                    let state = State::new(&toy.problem, &start, &start);
                    let options = Options { steps: cell.iterations as u64, ..Options::default() };
                    single_loop(&toy.problem, state, &options, |step| {
                        record(step.number as usize, &|| projected(step.state.x.clone()));
                        ControlFlow::Continue(())
                    });
                }
                Method::Alternating => {
                    alternating(&toy, &start, (0.001, 0.02), cell.iterations, &mut own, |round, x| {
                        record(round + 1, &|| upper_value(x))
                    });
                }
                Method::ValuePenalty => {
                    value_penalty(&toy, &start, 100.0, 0.1, cell.iterations, |step, x| {
                        record(step + 1, &|| projected(x.to_vec()))
                    })
                    .ok_or("no lower solution")?;
                }
                Method::Descent5 | Method::Descent20 | Method::Descent50 | Method::Descent100 => {
                    let rate = match cell.method {
                        Method::Descent5 => 0.005,
                        Method::Descent20 => 0.02,
                        Method::Descent50 => 0.05,
                        _ => 0.1,
                    };
                    hypergradient_descent(&toy, &start, rate, cell.iterations, |step, value| {
                        record(step + 1, &|| value)
                    });
                }
            }
            rows.extend(seen.into_iter().map(|(iteration, gap)| Row { replicate, iteration, gap }));
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut chart =
            Chart::new().x_label("iterations").y_label("Φ − F*, mean over starts").x_log().legend_right();
        for (method, name) in METHODS {
            let rows = table.rows().filter(|(cell, _)| cell.method == method);
            let means =
                table.means_by(rows.map(|(_, row)| (row.iteration as f64, row.gap)), &format!("gap, {name}"));
            chart = chart.means(name, &means);
            all.extend(means);
        }
        report.figure(
            "gaps",
            "The upper value at the exact lower solution, less the global optimum, which one-dimensional root finding gives. Every wave of the sine is a local minimum in which a method may end. An iteration of the value-function penalty solves the lower level, and it is given a tenth of them.",
            "Seven curves that fall to different levels.",
            &Figure::new("The strongly convex toy").subtitle("95 % bootstrap interval").panel(chart),
        )?;
        report.means_table("gaps", &all)
    }
}
