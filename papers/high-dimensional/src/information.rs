//! Mutual information of two columns, I = ∫ p log(p/(p_x p_y)) in nats, and the screening of many columns by it.
//!
//! [`density`] estimates the joint density on a grid and takes the marginals of the same grid, so that I ≥ 0 whatever rounding does; [`neighbours`] counts neighbours
//! (Kraskov, Stögbauer, Grassberger; Ross), [`binning`] uses histograms. [`exact`] has families with known values, [`screen`] ranks columns.

pub mod bandwidth;
pub mod binning;
pub mod density;
pub mod exact;
pub mod neighbours;
pub mod screen;

/// Why columns have no mutual information.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InformationError {
    /// Columns of different lengths.
    #[error("{0} and {1} values: both columns need as many")]
    Lengths(usize, usize),
    /// Too few rows.
    #[error("{0} rows, at least {1} are needed")]
    Rows(usize, usize),
    /// A value that is NaN or infinite.
    #[error("row {} is {value}, not a finite number", .row + 1)]
    NotFinite {
        /// Which, from 0.
        row: usize,
        /// Its value.
        value: f64,
    },
    /// The outcome is always the same.
    #[error("the outcome is constant")]
    Constant,
    /// A class with hardly any row.
    #[error("class {class} of the outcome has {count} rows, at least 5 are needed")]
    RareClass {
        /// Which, from 0.
        class: usize,
        /// Its rows.
        count: usize,
    },
    /// An option outside its range.
    #[error("{name} is {value}, expected {expected}")]
    Option {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Its range.
        expected: &'static str,
    },
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Real numbers.
    Continuous(Vec<f64>),
    /// Classes 0, 1, …; binary outcomes have two.
    Classes(Vec<usize>),
}

impl Outcome {
    /// Checks length, finiteness, variation and rare classes.
    ///
    /// # Errors
    /// With the first fault.
    pub fn check(&self) -> Result<(), InformationError> {
        match self {
            Self::Continuous(values) => {
                finite(values)?;
                if values.len() < 20 {
                    return Err(InformationError::Rows(values.len(), 20));
                }
                if crate::moments::moments(values, true).1 == 0.0 {
                    return Err(InformationError::Constant);
                }
            }
            Self::Classes(classes) => {
                if classes.len() < 20 {
                    return Err(InformationError::Rows(classes.len(), 20));
                }
                let counts = class_counts(classes);
                if counts.iter().filter(|count| **count > 0).count() < 2 {
                    return Err(InformationError::Constant);
                }
                if let Some(class) = counts.iter().position(|count| *count < 5) {
                    return Err(InformationError::RareClass { class, count: counts[class] });
                }
            }
        }
        Ok(())
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Continuous(values) => values.len(),
            Self::Classes(classes) => classes.len(),
        }
    }
}

fn finite(values: &[f64]) -> Result<(), InformationError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(InformationError::NotFinite { row, value: values[row] }),
        None => Ok(()),
    }
}

fn class_counts(classes: &[usize]) -> Vec<usize> {
    let mut counts = vec![0; classes.iter().max().map_or(0, |most| most + 1)];
    classes.iter().for_each(|class| counts[*class] += 1);
    counts
}

/// √(1 − e^(−2I)), which is |ρ| for Gaussian columns (Linfoot).
pub fn linfoot(information: f64) -> f64 {
    (-(-2.0 * information).exp_m1()).max(0.0).sqrt()
}
