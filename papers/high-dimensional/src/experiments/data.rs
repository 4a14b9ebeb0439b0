//! Tables with known signals, as in the published scripts.

use rand::Rng;
use rand::seq::index::sample;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::information::Outcome;
use crate::sparse::{Columns, Loss, Penalty, Problem, SparseError};

/// A penalty with the thesis's shape: MCP with γ = 3, SCAD with a = 3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// MCP.
    Mcp,
    /// SCAD.
    Scad,
}

impl Shape {
    /// The penalty.
    pub fn penalty(self) -> Penalty {
        match self {
            Self::Mcp => Penalty::Mcp(3.0),
            Self::Scad => Penalty::Scad(3.7),
        }
    }
}

/// The loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Squared.
    Linear,
    /// Logistic.
    Logistic,
}

impl Model {
    /// The loss.
    pub fn loss(self) -> Loss {
        match self {
            Self::Linear => Loss::Squared,
            Self::Logistic => Loss::Logistic,
        }
    }
}

fn normal(random: &mut impl Rng) -> f64 {
    StandardNormal.sample(random)
}

/// Columns that follow each other with correlation ρ, anew after every `block`.
pub fn autoregressive(
    rows: usize,
    count: usize,
    rho: f64,
    block: usize,
    random: &mut impl Rng,
) -> Vec<Vec<f64>> {
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(count);
    for column in 0..count {
        let fresh: Vec<f64> = (0..rows).map(|_| normal(random)).collect();
        let next = match columns.last() {
            Some(last) if column % block != 0 => last
                .iter()
                .zip(&fresh)
                .map(|(last, fresh)| rho * last + (1.0 - rho * rho).sqrt() * fresh)
                .collect(),
            _ => fresh,
        };
        columns.push(next);
    }
    columns
}

/// A sparse regression: five groups of ten signals with zeros between, as published.
pub struct Regression {
    /// Standardised columns.
    pub x: Columns,
    /// Outcomes; centred for squared loss.
    pub y: Vec<f64>,
    /// Which columns have a signal.
    pub signal: Vec<bool>,
    /// Columns of as many rows for testing, standardised as the others.
    pub test: Vec<Vec<f64>>,
    /// The coefficients of the standardised columns, and the intercept.
    pub truth: (Vec<f64>, f64),
}

/// As published: λ = 0.2 for squared loss over 2n, 0.02 for logistic loss over 2n.
pub fn published_problem(data: &Regression, model: Model, penalty: Shape) -> Problem<'_> {
    let (weight, lambda) = match model {
        Model::Linear => (1.0, 0.2),
        Model::Logistic => (0.5, 0.02),
    };
    Problem { x: &data.x, y: &data.y, loss: model.loss(), weight, penalty: penalty.penalty(), lambda }
}

/// Draws one: `rows` for fitting and as many for testing, of 50 columns and more.
///
/// # Errors
/// For values that are not finite.
pub fn regression(
    model: Model,
    rows: usize,
    columns: usize,
    rho: f64,
    ratio: f64,
    random: &mut impl Rng,
) -> Result<Regression, SparseError> {
    let zeros = (columns - 50) / 4;
    let (means, deviations): (&[f64], &[f64]) = match model {
        Model::Linear => (&[0.5, 5.0, 10.0, 20.0, 50.0], &[1.0, 2.0, 3.0, 4.0, 5.0]),
        Model::Logistic => (&[0.5, 0.5, -0.5, -0.5, 1.0], &[1.0; 5]),
    };
    let mut beta = vec![0.0; columns];
    for group in 0..5 {
        for place in 0..10 {
            let column = (group * (zeros + 10) + place).min(columns - 1);
            beta[column] = means[group] + deviations[group] * normal(random);
        }
    }
    let all = autoregressive(2 * rows, columns, rho, columns, random);
    let mut eta = vec![0.0; 2 * rows];
    for (column, b) in all.iter().zip(&beta).filter(|(_, b)| **b != 0.0) {
        eta.iter_mut().zip(column).for_each(|(eta, x)| *eta += b * x);
    }
    let intercept = if model == Model::Logistic { 0.5 } else { 0.0 };
    let n = eta.len() as f64;
    let (mean, square) = (eta.iter().sum::<f64>() / n, eta.iter().map(|e| e * e).sum::<f64>() / n);
    let deviation = ((square - mean * mean) / ratio).sqrt();
    let outcomes: Vec<f64> = eta
        .iter()
        .map(|eta| match model {
            Model::Linear => eta + deviation * normal(random),
            Model::Logistic => {
                f64::from(u8::from(random.random::<f64>() < 1.0 / (1.0 + (-eta - intercept).exp())))
            }
        })
        .collect();
    let fitted: Vec<Vec<f64>> = all.iter().map(|column| column[..rows].to_vec()).collect();
    let mut held: Vec<Vec<f64>> = all.iter().map(|column| column[rows..].to_vec()).collect();
    let (x, centres, scales) = Columns::new(&fitted)?.standardised();
    for ((column, centre), scale) in held.iter_mut().zip(&centres).zip(&scales) {
        column.iter_mut().for_each(|x| *x = (*x - centre) / scale);
    }
    let mut y = outcomes[..rows].to_vec();
    if model == Model::Linear {
        let centre = y.iter().sum::<f64>() / rows as f64;
        y.iter_mut().for_each(|y| *y -= centre);
    }
    let signal = beta.iter().map(|b| *b != 0.0).collect();
    let offset: f64 = beta.iter().zip(&centres).map(|(b, c)| b * c).sum();
    let scaled = beta.iter().zip(&scales).map(|(b, s)| b * s).collect();
    Ok(Regression { x, y, signal, test: held, truth: (scaled, intercept + offset) })
}

/// What a screening outcome is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// A sum of columns.
    Linear,
    /// A sum of squared columns.
    Squared,
    /// Classes by a sum of columns.
    LinearBinary,
    /// Classes by a sum of squared columns.
    SquaredBinary,
}

/// Columns in correlated blocks of fifty, an outcome of `signals` random ones with coefficients around 6 and a signal-to-noise ratio of 3, and which they are.
pub fn screening(
    signal: Signal,
    rows: usize,
    columns: usize,
    signals: usize,
    random: &mut impl Rng,
) -> (Vec<Vec<f64>>, Outcome, Vec<bool>) {
    let table = autoregressive(rows, columns, 0.6, 50, random);
    let mut is_true = vec![false; columns];
    let mut eta = vec![0.0; rows];
    let mut noise = normal(random);
    for column in sample(random, columns, signals) {
        is_true[column] = true;
        // Neighbours in the draw have correlation 0.6.
        let b = 6.0 + noise;
        noise = 0.6 * noise + 0.8 * normal(random);
        let squared = matches!(signal, Signal::Squared | Signal::SquaredBinary);
        for (eta, x) in eta.iter_mut().zip(&table[column]) {
            *eta += b * if squared { (x * x - 1.0) / std::f64::consts::SQRT_2 } else { *x };
        }
    }
    let n = rows as f64;
    let mean = eta.iter().sum::<f64>() / n;
    let deviation = (eta.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>() / n).sqrt();
    let outcome = match signal {
        Signal::Linear | Signal::Squared => {
            Outcome::Continuous(eta.iter().map(|e| e + deviation / 3.0_f64.sqrt() * normal(random)).collect())
        }
        _ => Outcome::Classes(
            eta.iter()
                .map(|e| usize::from(random.random::<f64>() < 1.0 / (1.0 + (-(e - mean) / deviation).exp())))
                .collect(),
        ),
    };
    (table, outcome, is_true)
}
