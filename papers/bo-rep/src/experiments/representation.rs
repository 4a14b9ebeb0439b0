//! `representation`: encoders learnt by each method with the same number of calls, judged by exact Φ and exact errors.

use bilevel::selection::Loss;
use bilevel::sets::norm;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use networks::{Cell, Recurrent};
use num_traits::ToPrimitive;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::bo_rep::Inverse;
use crate::chains::{Chains, Population};
use crate::experiments::methods::{Common, Method, Setting, run};
use crate::representation::{Batches, Labelled, Representation as Problem};
use crate::run::{Begin, StopReason};

/// Hyper-representation.
pub struct Representation;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Method.
    pub method: Method,
    /// Data and starts.
    pub repetitions: u32,
    /// Training rows, and validation rows.
    pub rows: u32,
    /// L.
    pub length: u32,
    /// Calls, each with a batch of 32 rows.
    pub calls: u64,
}

/// A repetition.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Repetition; data and start are the same for all methods.
    pub repetition: u32,
    /// The step that was best on data of its own.
    pub eta: f64,
    /// Φ at the start.
    pub start_value: f64,
    /// Φ at the end, exactly.
    pub value: f64,
    /// |∇Φ| at the end, exactly.
    pub gradient: f64,
    /// Error on all sequences, exactly.
    pub error: f64,
    /// The Bayes error.
    pub bayes: f64,
}

/// Units of the encoder, and λ.
const HIDDEN: usize = 6;
const RIDGE: f64 = 0.01;
/// The methods that are compared.
pub const METHODS: [Method; 8] = [
    Method::BoRep,
    Method::Slip,
    Method::Clip,
    Method::Soba,
    Method::MaSoba,
    Method::Stocbio,
    Method::Ttsa,
    Method::Saba,
];

impl Experiment for Representation {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "representation";
    const TITLE: &'static str = "Hyper-representation";
    const QUESTION: &'static str = "Which method learns the best recurrent encoder from the same number of batches? Sequences of two Markov chains with known Bayes error; every step tuned on other data, four settings each.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (repetitions, rows, length, calls) = match profile {
            Profile::Smoke => (1, 40, 5, 200),
            Profile::Quick => (10, 256, 10, 5_000),
            Profile::Full => (10, 512, 10, 40_000),
        };
        let methods = if profile == Profile::Smoke { &METHODS[..2] } else { &METHODS[..] };
        methods
            .iter()
            .map(|method| Parameters { method: *method, repetitions, rows, length, calls })
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let chains = Chains::experimental();
        let length = cell.length as usize;
        let population = chains.population(length)?;
        let bayes = chains.bayes_error(length).to_f64().ok_or("no error")?;
        let task = |name: &str, number: u32| -> Result<Task, Failure> {
            let stream = random.shared_stream(
                name,
                &lab::key([
                    ("repetition", f64::from(number)),
                    ("rows", f64::from(cell.rows)),
                    ("length", f64::from(cell.length)),
                ]),
            )?;
            Task::draw(&chains, cell, stream)
        };
        let other = task("tuning", 0)?;
        let mut best: Option<(f64, Setting)> = None;
        for setting in settings(cell.method) {
            if let Some(found) = other.solve(cell, setting, &population)?
                && best.is_none_or(|(value, _)| found.value < value)
            {
                best = Some((found.value, setting));
            }
        }
        let Some((_, setting)) = best else {
            return Ok(Outcome::Diverged("every setting on the tuning data".into()));
        };
        let mut rows = Vec::new();
        for repetition in 0..cell.repetitions {
            let task = task("data", repetition)?;
            let start_value = task.problem.exact(&task.start, &[0.0; HIDDEN + 1]).ok_or("no head")?.value;
            let Some(found) = task.solve(cell, setting, &population)? else {
                return Ok(Outcome::Diverged(format!("repetition {repetition}")));
            };
            rows.push(Row { repetition, eta: setting.eta, start_value, bayes, ..found });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let panel = |title: &str, label: &str, of: fn(&Row) -> f64| {
            let chart = Chart::new()
                .title(title)
                .x_label("method")
                .y_label(label)
                .categories(METHODS.map(Method::name))
                .without_legend();
            let mut means = Vec::new();
            for (place, method) in METHODS.iter().enumerate() {
                let values = table.rows().filter(|(cell, _)| cell.method == *method).map(|(_, row)| of(row));
                means.extend(table.means_by(values.map(|value| (place as f64, value)), label));
            }
            chart.bars_of_means(label, &means)
        };
        let bayes = table.rows().map(|(_, row)| row.bayes).fold(f64::NAN, f64::max);
        let errors = panel("error on all sequences", "error", |row| row.error);
        let errors =
            if bayes.is_finite() { errors.horizontal_reference("Bayes error", bayes) } else { errors };
        report.figure(
            "encoders",
            "Means over data sets with 95 % intervals, after the same number of batches. Dashed: the Bayes error.",
            "Two panels of bars by method: validation loss and error.",
            &Figure::new("Encoders learnt by each method")
                .columns(1)
                .panel(panel("Φ at the end", "Φ", |row| row.value))
                .panel(errors),
        )
    }
}

/// Sequences of the chains with labels ±1.
pub fn labelled(chains: &Chains, rows: usize, length: usize, random: &mut ChaCha8Rng) -> Labelled {
    let drawn: Vec<(Vec<u32>, usize)> = (0..rows).map(|_| chains.draw(length, random)).collect();
    Labelled {
        labels: drawn.iter().map(|(_, chain)| if *chain == 1 { 1.0 } else { -1.0 }).collect(),
        sequences: drawn.into_iter().map(|(sequence, _)| sequence).collect(),
    }
}

struct Task {
    problem: Problem,
    start: Vec<f64>,
    seed: u64,
}

impl Task {
    fn draw(chains: &Chains, cell: &Parameters, mut random: ChaCha8Rng) -> Result<Self, Failure> {
        let (rows, length) = (cell.rows as usize, cell.length as usize);
        let shape = Recurrent::new(Cell::Rnn, chains.tokens(), HIDDEN, 1.0, &mut random)?;
        let start = shape.parameters.clone();
        let train = labelled(chains, rows, length, &mut random);
        let valid = labelled(chains, rows, length, &mut random);
        let problem = Problem::new(shape, train, valid, RIDGE, Loss::Logistic)?;
        Ok(Self { problem, start, seed: random.random() })
    }

    /// The end of a run; `None` where it left the numbers.
    fn solve(
        &self,
        cell: &Parameters,
        setting: Setting,
        population: &Population,
    ) -> Result<Option<Row>, Failure> {
        let components = (cell.method == Method::Saba).then_some(64);
        let batches = Batches { problem: self.problem.clone(), rows: 32, components };
        let smoothness = self.problem.smoothness();
        // All methods take one step of the linear system for v, but those that have Neumann's series by definition.
        let common = Common {
            gamma: 0.5 / smoothness,
            smoothness,
            inverse: Some(Inverse::Linear { step: 0.5 / smoothness }),
        };
        let begin = Begin { x: &self.start, y: &[0.0; HIDDEN + 1], calls: cell.calls, seed: self.seed };
        let ended = run(cell.method, &batches, &begin, setting, &common, |_| {});
        if ended.reason != StopReason::Budget {
            return Ok(None);
        }
        let Some(exact) = self.problem.exact(&ended.x, &[0.0; HIDDEN + 1]) else {
            return Ok(None);
        };
        let error = self.problem.population_error(&ended.x, &exact.head, population)?;
        Ok(Some(Row {
            repetition: 0,
            eta: setting.eta,
            start_value: 0.0,
            value: exact.value,
            gradient: norm(&exact.gradient),
            error,
            bayes: 0.0,
        }))
    }
}

/// Four settings each.
fn settings(method: Method) -> [Setting; 4] {
    let of = |eta: f64, longest: f64| Setting { eta, longest };
    match method {
        Method::Clip => [of(0.1, 0.01), of(0.1, 0.03), of(0.5, 0.03), of(0.5, 0.1)],
        method if method.is_normalised() => [0.003, 0.01, 0.03, 0.1].map(|eta| of(eta, 0.0)),
        Method::Ttsa => [0.3, 1.0, 3.0, 10.0].map(|eta| of(eta, 0.0)),
        _ => [0.03, 0.1, 0.3, 1.0].map(|eta| of(eta, 0.0)),
    }
}
