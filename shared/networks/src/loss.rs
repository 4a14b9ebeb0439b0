//! Losses of outputs z against targets y, with first and second derivatives by z.
//!
//! A loss is of one example; a batch has the mean over its rows.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Zip};
use serde::{Deserialize, Serialize};

use crate::Real;
use crate::activation::sigmoid;

/// What is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// ½‖z − y‖².
    Squared,
    /// ln Σ_c exp z_c − Σ_c y_c z_c, with y a law over classes: one-hot, or soft.
    CrossEntropy,
    /// Σ_c ln(1 + exp(−y_c z_c)) with y_c = ±1.
    Logistic,
}

impl Loss {
    /// The loss of each row.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn of_examples<T: Real>(self, outputs: ArrayView2<T>, targets: ArrayView2<T>) -> Array1<T> {
        assert_eq!(outputs.dim(), targets.dim(), "a target for each output");
        let mut losses = Array1::zeros(outputs.nrows());
        Zip::from(&mut losses)
            .and(outputs.rows())
            .and(targets.rows())
            .for_each(|loss, z, y| *loss = self.of(z, y));
        losses
    }

    /// The mean over rows; of no rows, not a number.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn mean<T: Real>(self, outputs: ArrayView2<T>, targets: ArrayView2<T>) -> T {
        let losses = self.of_examples(outputs, targets);
        losses.sum() / T::of(losses.len() as f64)
    }

    /// Derivative of each row's loss by its outputs.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn by_outputs<T: Real>(self, outputs: ArrayView2<T>, targets: ArrayView2<T>) -> Array2<T> {
        assert_eq!(outputs.dim(), targets.dim(), "a target for each output");
        match self {
            Self::Squared => &outputs - &targets,
            Self::CrossEntropy => softmax(outputs, T::one()) - targets,
            Self::Logistic => {
                let mut derivative = outputs.to_owned();
                derivative.zip_mut_with(&targets, |z, y| *z = -*y * sigmoid(-*y * *z));
                derivative
            }
        }
    }

    /// Replaces a change of each row's outputs by the change of the derivative that it makes: multiplies by the loss's Hessian. `changes` has for each
    /// row one or more changes, one after another.
    pub(crate) fn curve<T: Real>(
        self,
        outputs: ArrayView2<T>,
        targets: ArrayView2<T>,
        changes: &mut ArrayViewMut2<T>,
    ) {
        let width = outputs.ncols();
        match self {
            Self::Squared => {}
            Self::CrossEntropy => {
                let shares = softmax(outputs, T::one());
                Zip::from(changes.rows_mut()).and(shares.rows()).for_each(|mut row, shares| {
                    let likeliest =
                        (1..width).fold(0, |best, c| if shares[c] > shares[best] { c } else { best });
                    for mut change in row.exact_chunks_mut(width) {
                        // Less the change of the likeliest class, which moves all alike: otherwise differences cancel where one share is nearly 1.
                        let common = change[likeliest];
                        change.mapv_inplace(|change| change - common);
                        let mean = change.dot(&shares);
                        change.zip_mut_with(&shares, |change, share| *change = *share * (*change - mean));
                    }
                });
            }
            Self::Logistic => {
                let mut slopes = outputs.to_owned();
                slopes.zip_mut_with(&targets, |z, y| *z = sigmoid(*y * *z) * sigmoid(-*y * *z) * *y * *y);
                multiply_each(changes, &slopes);
            }
        }
    }

    fn of<T: Real>(self, z: ArrayView1<T>, y: ArrayView1<T>) -> T {
        let pairs = z.iter().zip(&y);
        match self {
            Self::Squared => pairs.fold(T::zero(), |sum, (z, y)| sum + (*z - *y) * (*z - *y)) * T::of(0.5),
            Self::CrossEntropy => {
                // The largest is taken out: exact also where shares are next to nothing.
                let largest = largest(z);
                let total = z.fold(T::zero(), |sum, z| sum + (*z - largest).exp());
                pairs.fold(total.ln(), |sum, (z, y)| sum - *y * (*z - largest))
            }
            Self::Logistic => pairs.fold(T::zero(), |sum, (z, y)| {
                let margin = *y * *z;
                sum + (-margin).max(T::zero()) + (-margin.abs()).exp().ln_1p()
            }),
        }
    }
}

fn largest<T: Real>(z: ArrayView1<T>) -> T {
    z.fold(T::neg_infinity(), |a, b| a.max(*b))
}

/// Softmax of each row at a temperature: exp(z/T) over its sum.
pub fn softmax<T: Real>(outputs: ArrayView2<T>, temperature: T) -> Array2<T> {
    let mut shares = outputs.to_owned();
    for mut row in shares.rows_mut() {
        let largest = largest(row.view());
        row.mapv_inplace(|z| ((z - largest) / temperature).exp());
        let total = row.sum();
        row /= total;
    }
    shares
}

/// One-hot rows for labels below `classes`.
///
/// # Panics
/// If a label is not below.
pub fn one_hot<T: Real>(labels: &[usize], classes: usize) -> Array2<T> {
    let mut rows = Array2::zeros((labels.len(), classes));
    for (mut row, label) in rows.rows_mut().into_iter().zip(labels) {
        assert!(*label < classes, "label {label} of {classes} classes");
        row[*label] = T::one();
    }
    rows
}

/// Multiplies each of the K entries of `changes` (N × (K n)) by the one of `by` (N × n) that they belong to.
pub(crate) fn multiply_each<T: Real>(changes: &mut ArrayViewMut2<T>, by: &Array2<T>) {
    for (mut row, by) in changes.rows_mut().into_iter().zip(by.rows()) {
        for mut change in row.exact_chunks_mut(by.len()) {
            change *= &by;
        }
    }
}

/// Share of rows whose largest output is their label's; the first one counts of equals.
///
/// # Panics
/// If there are fewer labels than rows.
pub fn accuracy<T: Real>(outputs: ArrayView2<T>, labels: &[usize]) -> f64 {
    assert!(labels.len() >= outputs.nrows(), "a label for each row");
    let best = |row: ArrayView1<T>| {
        (1..row.len()).fold(0, |best, place| if row[place] > row[best] { place } else { best })
    };
    let right = outputs.rows().into_iter().zip(labels).filter(|(row, label)| best(*row) == **label).count();
    right as f64 / outputs.nrows().max(1) as f64
}

/// Mean cross-entropy with the labels, in double precision whatever the outputs are; of no rows, 0.
///
/// # Panics
/// If a label has no output.
pub fn cross_entropy<T: Real>(outputs: ArrayView2<T>, labels: &[usize]) -> f64 {
    // The largest is taken out: exact also where shares are next to nothing.
    let term = |(row, label): (ArrayView1<T>, &usize)| {
        let largest = row.iter().fold(f64::NEG_INFINITY, |a, z| a.max(z.wide()));
        let sum: f64 = row.iter().map(|z| (z.wide() - largest).exp()).sum();
        largest + sum.ln() - row[*label].wide()
    };
    let terms = outputs.rows().into_iter().zip(labels).map(term);
    terms.sum::<f64>() / outputs.nrows().max(1) as f64
}
