//! `machines`: a log weight for every row of a support vector machine, with labels flipped.

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::key;
use crate::machine::{Machine, Slacked};
use crate::problem::Proximal;
use crate::problems::{area_under_curve, direction, flipped_rows};
use crate::single_loop::{Options, State, StopReason, single_loop};

/// Machines.
pub struct Machines;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// All log weights 0.
    Start,
    /// LV-HBA for 80 steps with a saddle step like the script's, 0.01, and log weights that are updated.
    Published,
    /// LV-HBA for 2,000 steps with steps that the rows' norms allow.
    Normalised,
    /// 80 steps of 0.03 down the exact hypergradient.
    Descent,
    /// L-BFGS on all log weights.
    Tuned,
    /// The best common log weight.
    Common,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 6] = [
    (Method::Start, "start"),
    (Method::Published, "LV-HBA, 80 steps"),
    (Method::Normalised, "LV-HBA, small steps"),
    (Method::Descent, "80 exact steps"),
    (Method::Tuned, "L-BFGS"),
    (Method::Common, "one common weight"),
];

/// A cell: a method on data with flips.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// Training rows; there are three tenths as many for validation and as many for tests.
    pub rows: usize,
    /// Inputs.
    pub inputs: usize,
    /// The probability that a training label is flipped.
    pub flips: f64,
    /// Data sets.
    pub splits: u32,
}

/// A data set.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The data set.
    pub replicate: u32,
    /// Upper loss at the exact lower solution for the weights found.
    #[column(within = 1e-3)]
    pub loss: f64,
    /// Share of test rows on the right side there.
    #[column(absolute = 5e-3)]
    pub accuracy: f64,
    /// The same of the method's own plane, which need not solve the lower level.
    #[column(absolute = 5e-3)]
    pub own_accuracy: f64,
    /// |own plane − lower solution|/|lower solution|.
    #[column(within = 1e-2, absolute = 1e-9)]
    pub apart: f64,
    /// The probability that a flipped row has the lower weight.
    #[column(absolute = 1e-2)]
    pub detected: f64,
    /// Largest change of a log weight.
    #[column(within = 1e-2, absolute = 1e-9)]
    pub moved: f64,
}

impl Experiment for Machines {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "machines";
    const TITLE: &'static str = "Weights of a support vector machine's rows";
    const QUESTION: &'static str = "Does LV-HBA lower the upper loss at the true lower solution, is its accuracy that of exact hypergradients, are flipped rows found, and do many weights beat one?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, inputs, splits) = match profile {
            Profile::Smoke => (60, 4, 1),
            Profile::Quick => (500, 8, 5),
            Profile::Full => (500, 8, 40),
        };
        let cells =
            |flips: f64| METHODS.map(|(method, _)| Parameters { method, rows, inputs, flips, splits });
        [cells(0.15), cells(0.4)].concat()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut data =
            random.shared_stream("data", &key([("rows", cell.rows as f64), ("flips", cell.flips)]))?;
        let mut out = Vec::new();
        for replicate in 0..cell.splits {
            let u = direction(cell.inputs, &mut data);
            let train = flipped_rows(cell.rows, &u, cell.flips, &mut data);
            let valid = flipped_rows(cell.rows * 3 / 10, &u, 0.0, &mut data);
            let test = flipped_rows(cell.rows, &u, 0.0, &mut data);
            let machine = Machine::new((&train.x, &train.y), (&valid.x, &valid.y))?;
            let start = vec![0.0; cell.rows];
            let (weights, own) = match cell.method {
                Method::Start => (start.clone(), None),
                Method::Published | Method::Normalised => {
                    let (weights, plane) = lv_hba(&machine, cell.method)?;
                    (weights, Some(plane))
                }
                Method::Descent => (machine.descend(&start, 0.03, 80)?.0, None),
                Method::Tuned => (machine.tune(&start, 200)?.0, None),
                Method::Common => (vec![machine.common()?.0; cell.rows], None),
            };
            let judged = machine.judge(&weights, &vec![0.0; cell.inputs + 1])?;
            let plane = &judged.solution.plane;
            let own = own.unwrap_or_else(|| plane.clone());
            let length = |v: &[f64]| v.iter().map(|a| a * a).sum::<f64>().sqrt();
            let difference: Vec<f64> = own.iter().zip(plane).map(|(a, b)| a - b).collect();
            out.push(Row {
                replicate,
                loss: judged.loss,
                accuracy: Machine::accuracy(&test.x, &test.y, plane),
                own_accuracy: Machine::accuracy(&test.x, &test.y, &own),
                apart: length(&difference) / length(plane),
                detected: area_under_curve(&weights, &train.flipped),
                moved: weights.iter().map(|w| w.abs()).fold(0.0, f64::max),
            });
        }
        Ok(Outcome::Done(out))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure = Figure::new("Machines with weighted rows")
            .subtitle("mean over data sets, 95 % bootstrap interval")
            .columns(3);
        for (title, label, of) in [
            ("upper loss", "at the lower solution", (|row: &Row| row.loss) as fn(&Row) -> f64),
            ("test accuracy", "at the lower solution", |row| row.accuracy),
            ("flips found", "area under the curve", |row| row.detected),
        ] {
            let mut chart =
                Chart::new().title(title).categories(METHODS.map(|(_, name)| name)).y_label(label);
            for (flips, name) in [(0.15, "15 % flipped"), (0.4, "40 % flipped")] {
                let place = |method: Method| {
                    METHODS.iter().position(|(other, _)| *other == method).unwrap_or(0) as f64
                };
                let rows = table.rows().filter(|(cell, _)| cell.flips == flips);
                let means = table.means_by(
                    rows.map(|(cell, row)| (place(cell.method), of(row))),
                    &format!("{title}, {name}"),
                );
                chart = chart.bars_of_means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "methods",
            "Every method is judged at the exact lower solution for the weights that it found. LV-HBA moves weights with the slacks, which finds flips; exact hypergradients move them with the upper loss, which lowers that.",
            "Three panels with six pairs of bars each.",
            &figure,
        )?;
        report.means_table("methods", &all)
    }
}

/// Log weights and plane of LV-HBA, from log weights of zero and the projection of a zero plane onto C.
fn lv_hba(machine: &Machine, method: Method) -> Result<(Vec<f64>, Vec<f64>), Failure> {
    let (n, d) = machine.sizes();
    let problem = Slacked { machine, bound: 10.0 };
    let state = State::new(&problem, &vec![0.0; n], &vec![0.0; d + n]);
    let proximal = Proximal { gamma1: 10.0, gamma2: 10.0 };
    let options = match method {
        Method::Published => {
            Options { proximal, eta: 0.01, alpha: 0.01, beta: 0.01, penalty: 1.0, growth: 0.3, steps: 80 }
        }
        // ρ over the square of the rows' largest singular value, about the square root of n here.
        _ => {
            let eta = 0.1 / n as f64;
            Options { proximal, eta, alpha: eta, beta: eta, penalty: 1.0, growth: 0.3, steps: 2_000 }
        }
    };
    let (state, steps, reason) = single_loop(&problem, state, &options, |_| ControlFlow::Continue(()));
    if reason == StopReason::Diverged {
        return Err(format!("LV-HBA diverged after {steps} steps").into());
    }
    Ok((state.x, state.y[..d].to_vec()))
}
