//! Ranks the columns of a table by what each knows of the outcome.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::binning::{bins, equal_width, information};
use super::density::{Binned, Scratch, Settings, classes, continuous};
use super::{InformationError, Outcome, neighbours};
use crate::moments::moments;

/// How mutual information is estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// Kernel densities on a grid.
    Density(Settings),
    /// k nearest neighbours.
    Neighbours(usize),
    /// Histograms; corrected for their bias or not.
    Binning {
        /// Whether the bias at independence is taken off.
        corrected: bool,
    },
    /// −½ ln(1 − r²) of the correlation r, classes counting as numbers.
    Correlation,
}

/// What a column came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Its place in the table.
    pub column: usize,
    /// I in nats, at least 0, and at most the entropy of classes.
    pub information: f64,
    /// The share of permutations that reach it, itself counted; NaN without permutations.
    pub p_value: f64,
    /// Whether a bandwidth rule fell back to another.
    pub fallback: bool,
}

/// Scores of all columns, best first; equal ones in the order of the table. Every column is a slice of as many values as the outcome has. Columns are done in parallel, permutations are the
/// same for all of them.
///
/// # Errors
/// For outcomes that [`Outcome::check`] refuses, columns of other lengths, values that are not finite, and settings outside their ranges.
pub fn screen(
    columns: &[Vec<f64>],
    outcome: &Outcome,
    method: Method,
    permutations: usize,
    seed: u64,
) -> Result<Vec<Score>, InformationError> {
    outcome.check()?;
    let prepared = Prepared::new(outcome, method)?;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut order: Vec<u32> = (0..outcome.rows() as u32).collect();
    let orders: Vec<Vec<u32>> = (0..permutations)
        .map(|_| {
            order.shuffle(&mut random);
            order.clone()
        })
        .collect();
    let scores = columns.par_iter().enumerate().map_init(Scratch::default, |scratch, (column, values)| {
        if values.len() != outcome.rows() {
            return Err(InformationError::Lengths(values.len(), outcome.rows()));
        }
        super::finite(values)?;
        if moments(values, true).1 == 0.0 {
            return Ok(Score { column, information: 0.0, p_value: f64::NAN, fallback: false });
        }
        let scored = prepared.column(column, values, outcome, method)?;
        let (information, fallback) = scored.information(&prepared, outcome, method, None, scratch)?;
        let mut reached = 1;
        for order in &orders {
            reached += usize::from(
                scored.information(&prepared, outcome, method, Some(order), scratch)?.0 >= information,
            );
        }
        let p_value = if permutations == 0 { f64::NAN } else { reached as f64 / (permutations + 1) as f64 };
        Ok(Score { column, information, p_value, fallback })
    });
    let mut scores = scores.collect::<Result<Vec<Score>, InformationError>>()?;
    scores.sort_by(|a, b| b.information.total_cmp(&a.information).then(a.column.cmp(&b.column)));
    Ok(scores)
}

/// Mean 0 and deviation 1, for norms that compare columns. Distances of zero tell nothing, so equal values are set apart by 10⁻¹⁰ of noise, which differs with the seed.
fn standardised(values: &[f64], seed: u64) -> Vec<f64> {
    let (mean, deviation) = moments(values, true);
    let mut scaled: Vec<f64> = values.iter().map(|value| (value - mean) / deviation).collect();
    let mut sorted = scaled.clone();
    sorted.sort_by(f64::total_cmp);
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        scaled.iter_mut().for_each(|value| *value += 1e-10 * random.sample::<f64, _>(StandardNormal));
    }
    scaled
}

/// What all columns share.
struct Prepared {
    /// The outcome in units of its deviation.
    values: Vec<f64>,
    binned: Option<Binned>,
    bins: Vec<usize>,
    entropy: f64,
}

impl Prepared {
    fn new(outcome: &Outcome, method: Method) -> Result<Self, InformationError> {
        let entropy = match outcome {
            Outcome::Classes(classes) => information(classes, classes, false),
            Outcome::Continuous(_) => f64::INFINITY,
        };
        let (mut binned, mut bins_of_outcome, mut scaled) = (None, Vec::new(), Vec::new());
        match (method, outcome) {
            (Method::Neighbours(_), Outcome::Continuous(values)) => scaled = standardised(values, u64::MAX),
            (Method::Density(settings), Outcome::Continuous(values)) => {
                binned = Binned::new(values, 2, &settings)?
            }
            (Method::Binning { .. }, Outcome::Continuous(values)) => {
                bins_of_outcome = equal_width(values, bins(values))
            }
            _ => {}
        }
        Ok(Self { values: scaled, binned, bins: bins_of_outcome, entropy })
    }

    /// What a column's permutations share.
    fn column<'a>(
        &self,
        place: usize,
        values: &'a [f64],
        outcome: &Outcome,
        method: Method,
    ) -> Result<Column<'a>, InformationError> {
        super::finite(values)?;
        Ok(match (method, outcome) {
            (Method::Density(settings), Outcome::Continuous(_)) => {
                Column::Binned(Binned::new(values, 2, &settings)?)
            }
            (Method::Binning { .. }, _) => Column::Bins(equal_width(values, bins(values))),
            (Method::Neighbours(_), _) => Column::Scaled(standardised(values, place as u64)),
            _ => Column::Values(values),
        })
    }
}

enum Column<'a> {
    Binned(Option<Binned>),
    Bins(Vec<usize>),
    Scaled(Vec<f64>),
    Values(&'a [f64]),
}

impl Column<'_> {
    fn information(
        &self,
        prepared: &Prepared,
        outcome: &Outcome,
        method: Method,
        order: Option<&[u32]>,
        scratch: &mut Scratch,
    ) -> Result<(f64, bool), InformationError> {
        let permuted = |values: &[f64]| -> Vec<f64> {
            order.map_or(values.to_vec(), |order| order.iter().map(|i| values[*i as usize]).collect())
        };
        let permuted_classes = |classes: &[usize]| -> Vec<usize> {
            order.map_or(classes.to_vec(), |order| order.iter().map(|i| classes[*i as usize]).collect())
        };
        let (value, fallback) = match (self, method, outcome) {
            (Column::Binned(x), Method::Density(settings), _) => match (x, &prepared.binned) {
                (Some(x), Some(y)) => {
                    let found = continuous(x, y, order, settings.kernel, scratch)?;
                    (found.information, found.fallback)
                }
                _ => (0.0, false),
            },
            (Column::Values(x), Method::Density(settings), Outcome::Classes(of)) => {
                let found = classes(x, &permuted_classes(of), &settings)?;
                (found.information, found.fallback)
            }
            (Column::Bins(x), Method::Binning { corrected }, Outcome::Continuous(_)) => {
                (information(x, &permuted_classes(&prepared.bins), corrected), false)
            }
            (Column::Bins(x), Method::Binning { corrected }, Outcome::Classes(of)) => {
                (information(x, &permuted_classes(of), corrected), false)
            }
            (Column::Scaled(x), Method::Neighbours(k), Outcome::Continuous(_)) => {
                (neighbours::continuous(x, &permuted(&prepared.values), k)?, false)
            }
            (Column::Scaled(x), Method::Neighbours(k), Outcome::Classes(of)) => {
                (neighbours::classes(x, &permuted_classes(of), k)?, false)
            }
            (Column::Values(x), _, Outcome::Continuous(y)) => (from_correlation(x, &permuted(y)), false),
            (Column::Values(x), _, Outcome::Classes(of)) => {
                let numbers: Vec<f64> = of.iter().map(|class| *class as f64).collect();
                (from_correlation(x, &permuted(&numbers)), false)
            }
            _ => (0.0, false),
        };
        Ok((value.clamp(0.0, prepared.entropy), fallback))
    }
}

fn from_correlation(x: &[f64], y: &[f64]) -> f64 {
    let ((mean_x, sd_x), (mean_y, sd_y)) = (moments(x, true), moments(y, true));
    let products = x.iter().zip(y).map(|(x, y)| (x - mean_x) / sd_x * ((y - mean_y) / sd_y));
    let r = (products.sum::<f64>() / x.len() as f64).clamp(-1.0, 1.0);
    // Rounding must not make a perfect correlation infinite.
    -0.5 * (-(r * r).min(1.0 - f64::EPSILON)).ln_1p()
}

/// The probability that a true column scores above another, equal scores counting half: the area under the ROC curve.
pub fn area_under_curve(scores: &[f64], is_true: &[bool]) -> f64 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let (mut ranks, mut from) = (0.0, 0);
    while from < order.len() {
        let to = order[from..]
            .iter()
            .position(|i| scores[*i] != scores[order[from]])
            .map_or(order.len(), |length| from + length);
        // Equal scores share the mean of their ranks.
        let rank = 0.5 * (from + to + 1) as f64;
        ranks += rank * order[from..to].iter().filter(|i| is_true[**i]).count() as f64;
        from = to;
    }
    let positive = is_true.iter().filter(|t| **t).count() as f64;
    let negative = is_true.len() as f64 - positive;
    (ranks - 0.5 * positive * (positive + 1.0)) / (positive * negative)
}
