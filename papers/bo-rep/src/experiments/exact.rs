//! `exact`: formulas against differences, and the lemma on the smoothness of Φ on random pairs.

use bilevel::levels::{Known, Upper};
use bilevel::selection::Loss;
use bilevel::sets::norm;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2};
use networks::{CELLS, Recurrent};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::bo_rep::certificate;
use crate::chains::Chains;
use crate::experiments::representation::labelled;
use crate::families::{Coupling, Family, Growth};
use crate::representation::Representation;

/// Formulas.
pub struct Exact;

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// ∇Φ of a family by the implicit formula.
    Cosh,
    /// The same.
    Quartic,
    /// The same.
    Penalty,
    /// The same.
    Coupled,
    /// ∇Φ by two passes back through a recurrent encoder.
    Rnn,
    /// The same.
    Gru,
    /// The same.
    Lstm,
    /// |∇Φ(x) − ∇Φ(x′)| over (K₀ + K₁|∇Φ(x)|)|x − x′|.
    Lemma,
}

impl Check {
    /// As it stands on axes.
    fn name(self) -> &'static str {
        match self {
            Self::Cosh => "cosh",
            Self::Quartic => "quartic",
            Self::Penalty => "penalty",
            Self::Coupled => "coupled",
            Self::Rnn => "RNN",
            Self::Gru => "GRU",
            Self::Lstm => "LSTM",
            Self::Lemma => "lemma",
        }
    }
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What.
    pub check: Check,
    /// Points or pairs.
    pub points: u32,
}

/// What came out.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The largest relative difference, or ratio.
    pub worst: f64,
}

impl Experiment for Exact {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "exact";
    const TITLE: &'static str = "Hypergradients and the smoothness of Φ";
    const QUESTION: &'static str = "Are hypergradients derivatives of Φ on every family and through recurrent networks, and is Φ (K₀, K₁)-smooth with the constants of the lemma? Sixth-order differences of Φ, random problems and points; random pairs.";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (few, pairs) = match profile {
            Profile::Smoke => (2, 200),
            Profile::Quick => (40, 80_000),
            Profile::Full => (400, 1_000_000),
        };
        let mut cells: Vec<Parameters> = [Check::Cosh, Check::Quartic, Check::Penalty, Check::Coupled]
            .map(|check| Parameters { check, points: few })
            .to_vec();
        cells.extend(
            [Check::Rnn, Check::Gru, Check::Lstm].map(|check| Parameters { check, points: few.div_ceil(10) }),
        );
        cells.push(Parameters { check: Check::Lemma, points: pairs });
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream = random.stream("points");
        let mut worst = 0.0_f64;
        if cell.check == Check::Lemma {
            let mut pairs = 0;
            while pairs < cell.points {
                let problem =
                    draw(if pairs % 2_000 < 1_000 { Check::Cosh } else { Check::Quartic }, &mut stream)?;
                for _ in 0..1_000.min(cell.points - pairs) {
                    worst = worst.max(lemma_ratio(&problem, &mut stream).ok_or("no constants")?);
                    pairs += 1;
                }
            }
            return Ok(Outcome::Done(vec![Row { worst }]));
        }
        for _ in 0..cell.points {
            let difference = match cell.check {
                Check::Rnn => through_network(0, &mut stream)?,
                Check::Gru => through_network(1, &mut stream)?,
                Check::Lstm => through_network(2, &mut stream)?,
                check => {
                    let problem = draw(check, &mut stream)?;
                    let x: Vec<f64> = (0..3).map(|_| stream.random_range(-3.0..3.0)).collect();
                    let (y, v) = (problem.solution(&x), vec![0.0; 3]);
                    let formula =
                        certificate(&problem, (&x, &y, &v), problem.convexity()).ok_or("no solution")?;
                    let value = |x: &[f64]| Some(problem.upper(x, &problem.solution(x)));
                    difference(&x, &formula.gradient, value).ok_or("no value")?
                }
            };
            worst = worst.max(difference);
        }
        Ok(Outcome::Done(vec![Row { worst }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let rows: Vec<_> = table.rows().filter(|(cell, _)| cell.check != Check::Lemma).collect();
        let chart = Chart::new()
            .x_label("problem")
            .y_label("largest relative difference")
            .categories(rows.iter().map(|(cell, _)| cell.check.name()))
            .y_log()
            .scatter(
                "∇Φ against differences",
                rows.iter().enumerate().map(|(k, (_, row))| (k as f64, row.worst)),
            )
            .horizontal_reference("rule", 1e-8);
        report.figure(
            "differences",
            "Hypergradients against sixth-order differences of Φ. What is left is the rounding of differences.",
            "Seven points well below the line of the rule.",
            &Figure::new("Hypergradients against differences of Φ").panel(chart),
        )
    }
}

/// The largest difference between a gradient and differences of a value, over the largest entry.
fn difference(x: &[f64], gradient: &[f64], mut value: impl FnMut(&[f64]) -> Option<f64>) -> Option<f64> {
    // Losses of recurrent networks bend within hundredths: a longer step has an error of its own.
    let step = 1e-4;
    let mut moved = x.to_vec();
    let largest = gradient.iter().fold(0.0_f64, |a, g| a.max(g.abs()));
    let mut worst = 0.0_f64;
    for k in 0..x.len() {
        let mut at = |steps: f64| {
            moved[k] = x[k] + steps * step;
            let found = value(&moved);
            moved[k] = x[k];
            found
        };
        let slope = (45.0 * (at(1.0)? - at(-1.0)?) - 9.0 * (at(2.0)? - at(-2.0)?) + at(3.0)? - at(-3.0)?)
            / (60.0 * step);
        worst = worst.max((slope - gradient[k]).abs() / largest);
    }
    Some(worst)
}

/// A random problem of a family, three coordinates each.
fn draw(check: Check, random: &mut ChaCha8Rng) -> Result<Family, Failure> {
    let mut list =
        |low: f64, high: f64| -> Vec<f64> { (0..3).map(|_| random.random_range(low..high)).collect() };
    let growth = Growth {
        c: list(0.5, 2.0),
        a: if check == Check::Quartic { None } else { Some(list(0.5, 2.0)) },
        b: list(-0.6, 0.6),
        w: list(1.0, 3.0),
    };
    let (c0, t) = (Array1::from(list(-1.0, 1.0)), Array1::from(list(-1.0, 1.0)));
    let root = Array2::from_shape_simple_fn((3, 3), || random.random_range(-0.7..0.7));
    let h = root.t().dot(&root) + Array2::<f64>::eye(3) * 0.8;
    let coupling = match check {
        Check::Penalty => Coupling::Penalty { c0, t, m: 0.1, s: 2.0 },
        Check::Coupled => {
            let mut matrix = || Array2::from_shape_simple_fn((3, 3), || random.random_range(-1.0..1.0));
            Coupling::Coupled { a: matrix(), c: matrix(), r: 0.5, alpha: 1.0 }
        }
        // Also weak couplings, where Φ is little more than φ.
        _ => {
            let weak = 10.0_f64.powf(random.random_range(-3.0..0.0));
            let b = Array2::from_shape_simple_fn((3, 3), || weak * random.random_range(-1.0..1.0));
            Coupling::Linear { b, c0, t }
        }
    };
    Ok(Family::new(growth, h, coupling)?)
}

fn lemma_ratio(problem: &Family, random: &mut ChaCha8Rng) -> Option<f64> {
    let (k0, k1, radius) = problem.lemma_constants()?;
    let scale = 10.0_f64.powf(random.random_range(-1.0..1.0));
    let x: Vec<f64> = (0..3).map(|_| scale * random.random_range(-1.0..1.0)).collect();
    let direction: Vec<f64> = (0..3).map(|_| random.random_range(-1.0..1.0)).collect();
    let length = radius * random.random_range(0.01..1.0);
    let size = norm(&direction);
    let other: Vec<f64> = x.iter().zip(&direction).map(|(x, d)| x + length / size * d).collect();
    let (mut here, mut there) = ([0.0; 3], [0.0; 3]);
    problem.gradient(&x, &mut here);
    problem.gradient(&other, &mut there);
    let bound = (k0 + k1 * norm(&here)) * length;
    there.iter_mut().zip(&here).for_each(|(there, here)| *there -= here);
    Some(norm(&there) / bound)
}

fn through_network(cell: usize, random: &mut ChaCha8Rng) -> Result<f64, Failure> {
    let chains = Chains::experimental();
    let shape = Recurrent::new(CELLS[cell], chains.tokens(), 3, 1.5, random)?;
    let x = shape.parameters.clone();
    let (train, valid) = (labelled(&chains, 20, 6, random), labelled(&chains, 15, 6, random));
    let problem = Representation::new(shape, train, valid, 0.05, Loss::Logistic)?;
    let found = problem.exact(&x, &[0.0; 4]).ok_or("no head")?;
    let value = |x: &[f64]| problem.exact(x, &found.head).map(|found| found.value);
    Ok(difference(&x, &found.gradient, value).ok_or("no head")?)
}
