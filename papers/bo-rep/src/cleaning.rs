//! Data cleaning: a weight above for each training row, a classifier below.
//!
//! ```text
//! g(x, y) = mean over training rows of σ(xᵢ) ℓᵢ(y) + λ/2 |y|²,      f(x, y) = mean over validation rows of ℓᵢ(y)
//! ```
//!
//! With a linear classifier of given features the lower level is strongly convex, and Φ is smooth: x enters through a bounded σ alone. With a recurrent network below, as in the public scripts, y is no longer unique. Either way g_xy v is the
//! *forward* derivative of each row's loss along v, times σ′(xᵢ)/n.
//!
//! Labels may be redrawn at each access, as the public loader does: then no row is wrong, and no weight can learn which.

mod batches;

pub use batches::{Batches, Labels};

use bilevel::levels::{Bilevel, Lower, Products, Upper};
use bilevel::oracle::Part;
use ndarray::{Array1, Array2, ArrayView1, Axis};
use networks::Batch;

use crate::classifier::{Classifier, Work, logistic, sigmoid};
use crate::newton;

/// The lower model with its rows.
#[derive(Clone, Debug)]
pub enum Model {
    /// Linear in features, one row a row.
    Linear {
        /// Training rows.
        train: Array2<f64>,
        /// Validation rows.
        valid: Array2<f64>,
    },
    /// A recurrent network with its head.
    Recurrent {
        /// Its shape.
        classifier: Classifier,
        /// Training sequences.
        train: Vec<Vec<u32>>,
        /// Validation sequences.
        valid: Vec<Vec<u32>>,
    },
}

/// Why there is no problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CleaningError {
    /// Another number of labels than of rows.
    #[error("{rows} rows and {labels} labels")]
    Labels {
        /// Found.
        rows: usize,
        /// Found.
        labels: usize,
    },
    /// λ is negative, or 0 below a linear model.
    #[error("the ridge is {0}: the lower level is strongly convex for positive ones only")]
    Ridge(f64),
    /// No rows, or features of two sizes.
    #[error("training and validation rows need the same features, and at least one row each")]
    Features,
    /// Sequences that are no batch.
    #[error(transparent)]
    Network(#[from] networks::NetworkError),
}

/// The problem.
#[derive(Clone, Debug)]
pub struct Cleaning {
    model: Model,
    train: Vec<f64>,
    valid: Vec<f64>,
    ridge: f64,
}

/// Φ, ∇Φ and y* for a linear model.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// Φ(x).
    pub value: f64,
    /// ∇Φ(x).
    pub gradient: Vec<f64>,
    /// y*(x).
    pub head: Vec<f64>,
}

/// Some rows.
struct Chosen<'a> {
    rows: &'a [usize],
    labels: &'a [f64],
}

impl Cleaning {
    /// Puts it together; labels are ±1.
    ///
    /// # Errors
    /// Unequal numbers of rows and labels, a ridge that is not positive, features of two sizes, sequences that are empty or hold unknown tokens.
    pub fn new(model: Model, train: Vec<f64>, valid: Vec<f64>, ridge: f64) -> Result<Self, CleaningError> {
        let (rows, valid_rows) = match &model {
            Model::Linear { train, valid } => {
                if train.ncols() != valid.ncols() || train.is_empty() || valid.is_empty() {
                    return Err(CleaningError::Features);
                }
                (train.nrows(), valid.nrows())
            }
            Model::Recurrent { classifier, train, valid } => {
                Batch::new(train, classifier.tokens())?;
                Batch::new(valid, classifier.tokens())?;
                (train.len(), valid.len())
            }
        };
        for (rows, labels) in [(rows, train.len()), (valid_rows, valid.len())] {
            if rows != labels {
                return Err(CleaningError::Labels { rows, labels });
            }
        }
        if !(ridge > 0.0 && ridge.is_finite()) {
            return Err(CleaningError::Ridge(ridge));
        }
        Ok(Self { model, train, valid, ridge })
    }

    /// The lower model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// λ + the largest squared length of a row over four, which bounds the curvature below a linear model. For a network no bound is known: the value is a guess.
    pub fn smoothness(&self) -> f64 {
        match &self.model {
            Model::Linear { train, .. } => {
                let n = train.nrows() as f64;
                let square = train.t().dot(train) / n;
                let largest =
                    numerics::symmetric::eigen(square.view()).and_then(|(values, _)| values.last().copied());
                self.ridge + 0.25 * largest.unwrap_or(f64::NAN)
            }
            Model::Recurrent { .. } => 10.0,
        }
    }

    fn batch(sequences: &[Vec<u32>], rows: &[usize], tokens: usize) -> Batch {
        Batch::new(rows.iter().map(|row| &sequences[*row]), tokens).expect("rows of a problem are a batch")
    }

    /// Losses of rows, and their weighted gradient into `out` if there is one, the ridge left out.
    fn losses(
        &self,
        upper: bool,
        chosen: &Chosen<'_>,
        weights: &[f64],
        y: &[f64],
        out: &mut [f64],
    ) -> Vec<f64> {
        match &self.model {
            Model::Linear { train, valid } => {
                let features = if upper { valid } else { train };
                out.fill(0.0);
                let mut losses = Vec::with_capacity(chosen.rows.len());
                for ((row, label), weight) in chosen.rows.iter().zip(chosen.labels).zip(weights) {
                    let row = features.row(*row);
                    let margin = label * row.dot(&ArrayView1::from(y));
                    losses.push(logistic(margin));
                    let slope = -weight * label * sigmoid(-margin);
                    out.iter_mut().zip(row).for_each(|(out, a)| *out += slope * a);
                }
                losses
            }
            Model::Recurrent { classifier, train, valid } => {
                let batch = Self::batch(if upper { valid } else { train }, chosen.rows, classifier.tokens());
                classifier.gradient(y, &batch, (chosen.labels, weights), &mut Work::default(), out)
            }
        }
    }

    /// The Hessian of the weighted losses of training rows times v into `out`, the ridge left out, and the derivative of each loss along v.
    fn products(
        &self,
        chosen: &Chosen<'_>,
        weights: &[f64],
        y: &[f64],
        v: &[f64],
        out: &mut [f64],
    ) -> Vec<f64> {
        match &self.model {
            Model::Linear { train, .. } => {
                out.fill(0.0);
                let mut along = Vec::with_capacity(chosen.rows.len());
                for ((row, label), weight) in chosen.rows.iter().zip(chosen.labels).zip(weights) {
                    let row = train.row(*row);
                    let miss = sigmoid(-label * row.dot(&ArrayView1::from(y)));
                    let moved = row.dot(&ArrayView1::from(v));
                    along.push(-label * miss * moved);
                    let bent = weight * miss * (1.0 - miss) * moved;
                    out.iter_mut().zip(row).for_each(|(out, a)| *out += bent * a);
                }
                along
            }
            Model::Recurrent { classifier, train, .. } => {
                let batch = Self::batch(train, chosen.rows, classifier.tokens());
                let mut work = Work::default();
                classifier.gradient(y, &batch, (chosen.labels, weights), &mut work, out);
                classifier.product(y, &batch, weights, v, &mut work, out)
            }
        }
    }

    fn gradient_of(&self, part: Part, chosen: &Chosen<'_>, x: &[f64], y: &[f64], out: &mut [f64]) {
        let share = 1.0 / chosen.rows.len() as f64;
        match part {
            Part::UpperX => out.fill(0.0),
            Part::UpperY => {
                self.losses(true, chosen, &vec![share; chosen.rows.len()], y, out);
            }
            Part::LowerY => {
                self.losses(false, chosen, &weights(chosen.rows, x, share), y, out);
                out.iter_mut().zip(y).for_each(|(out, y)| *out += self.ridge * y);
            }
            Part::LowerX => {
                let mut ignored = vec![0.0; y.len()];
                let losses = self.losses(false, chosen, &vec![0.0; chosen.rows.len()], y, &mut ignored);
                spread(chosen.rows, x, share, &losses, out);
            }
        }
    }

    fn yy_of(&self, chosen: &Chosen<'_>, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let share = 1.0 / chosen.rows.len() as f64;
        self.products(chosen, &weights(chosen.rows, x, share), y, v, out);
        out.iter_mut().zip(v).for_each(|(out, v)| *out += self.ridge * v);
    }

    fn xy_of(&self, chosen: &Chosen<'_>, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let share = 1.0 / chosen.rows.len() as f64;
        let mut ignored = vec![0.0; y.len()];
        let along = self.products(chosen, &vec![0.0; chosen.rows.len()], y, v, &mut ignored);
        spread(chosen.rows, x, share, &along, out);
    }

    /// Φ and ∇Φ of a linear model by at most 100 steps of Newton's method from `start`, a factorisation each. `None` for a network, or where no solution is found to 10⁻⁹.
    pub fn exact(&self, x: &[f64], start: &[f64]) -> Option<Exact> {
        let Model::Linear { train, valid } = &self.model else {
            return None;
        };
        let n = train.nrows() as f64;
        let weights: Array1<f64> = x.iter().map(|x| sigmoid(*x) / n).collect();
        let value = |head: &Array1<f64>| {
            let losses = train
                .dot(head)
                .iter()
                .zip(&self.train)
                .map(|(z, l)| logistic(l * z))
                .collect::<Array1<f64>>();
            losses.dot(&weights) + 0.5 * self.ridge * head.dot(head)
        };
        let derivatives = |head: &Array1<f64>| {
            let misses: Array1<f64> =
                train.dot(head).iter().zip(&self.train).map(|(z, l)| sigmoid(-l * z)).collect();
            let slopes: Array1<f64> = (0..x.len()).map(|i| -weights[i] * self.train[i] * misses[i]).collect();
            let bent = &misses * &(1.0 - &misses) * &weights;
            let mut hessian = train.t().dot(&(train * &bent.insert_axis(Axis(1))));
            hessian.diag_mut().iter_mut().for_each(|entry| *entry += self.ridge);
            (train.t().dot(&slopes) + self.ridge * head, hessian)
        };
        let (head, factor) = newton::minimise(start, value, derivatives)?;
        let margins = valid.dot(&head);
        let m = valid.nrows() as f64;
        let slopes: Array1<f64> =
            margins.iter().zip(&self.valid).map(|(z, l)| -l * sigmoid(-l * z) / m).collect();
        let mut v = valid.t().dot(&slopes);
        factor.solve(v.as_slice_mut()?);
        let along = train.dot(&v);
        let z = train.dot(&head);
        let mixed = |i: usize| {
            let p = sigmoid(x[i]);
            let slope = -self.train[i] * sigmoid(-self.train[i] * z[i]);
            p * (1.0 - p) / n * slope * along[i]
        };
        let gradient: Vec<f64> = (0..x.len()).map(|i| -mixed(i)).collect();
        let value = margins.iter().zip(&self.valid).map(|(z, l)| logistic(l * z)).sum::<f64>() / m;
        let finite = value.is_finite() && gradient.iter().all(|slope| slope.is_finite());
        finite.then(|| Exact { value, gradient, head: head.to_vec() })
    }

    fn all(labels: &[f64]) -> Vec<usize> {
        (0..labels.len()).collect()
    }

    fn full(&self, upper: bool, then: impl FnOnce(&Chosen<'_>)) {
        let labels = if upper { &self.valid } else { &self.train };
        then(&Chosen { rows: &Self::all(labels), labels });
    }
}

/// σ(xᵢ) times a share, of chosen rows.
fn weights(rows: &[usize], x: &[f64], share: f64) -> Vec<f64> {
    rows.iter().map(|row| share * sigmoid(x[*row])).collect()
}

/// Adds σ′(xᵢ) share·valueᵢ at each chosen row, which may occur twice; zero elsewhere.
fn spread(rows: &[usize], x: &[f64], share: f64, values: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (row, value) in rows.iter().zip(values) {
        let p = sigmoid(x[*row]);
        out[*row] += share * p * (1.0 - p) * value;
    }
}

impl Upper for Cleaning {
    fn upper(&self, _: &[f64], y: &[f64]) -> f64 {
        let (rows, mut ignored) = (Self::all(&self.valid), vec![0.0; y.len()]);
        let chosen = Chosen { rows: &rows, labels: &self.valid };
        let losses = self.losses(true, &chosen, &vec![0.0; rows.len()], y, &mut ignored);
        losses.iter().sum::<f64>() / rows.len() as f64
    }
    fn upper_x(&self, _: &[f64], _: &[f64], out: &mut [f64]) {
        out.fill(0.0);
    }
    fn upper_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.full(true, |chosen| self.gradient_of(Part::UpperY, chosen, x, y, out));
    }
}

impl Lower for Cleaning {
    fn lower(&self, x: &[f64], y: &[f64]) -> f64 {
        let (rows, mut ignored) = (Self::all(&self.train), vec![0.0; y.len()]);
        let chosen = Chosen { rows: &rows, labels: &self.train };
        let losses = self.losses(false, &chosen, &vec![0.0; rows.len()], y, &mut ignored);
        let mean = losses.iter().zip(x).map(|(loss, x)| loss * sigmoid(*x)).sum::<f64>() / rows.len() as f64;
        mean + 0.5 * self.ridge * y.iter().map(|y| y * y).sum::<f64>()
    }
    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.full(false, |chosen| self.gradient_of(Part::LowerX, chosen, x, y, out));
    }
    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.full(false, |chosen| self.gradient_of(Part::LowerY, chosen, x, y, out));
    }
}

impl Bilevel for Cleaning {
    fn dimensions(&self) -> (usize, usize) {
        let q = match &self.model {
            Model::Linear { train, .. } => train.ncols(),
            Model::Recurrent { classifier, .. } => classifier.parameters(),
        };
        (self.train.len(), q)
    }
}

impl Products for Cleaning {
    fn lower_yy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        self.full(false, |chosen| self.yy_of(chosen, x, y, v, out));
    }
    fn lower_xy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        self.full(false, |chosen| self.xy_of(chosen, x, y, v, out));
    }
}

/// The area under the curve of true against false positives when rows are suspected by low weight: the share of pairs of a flipped and a clean row of which the flipped one weighs less, ties counting half. `None` if all rows or none are flipped. Cost: n ln n.
pub fn area_under_curve(weights: &[f64], flipped: &[bool]) -> Option<f64> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| weights[*a].total_cmp(&weights[*b]));
    let flips = flipped.iter().filter(|flip| **flip).count() as f64;
    let clean = weights.len() as f64 - flips;
    if flips == 0.0 || clean == 0.0 {
        return None;
    }
    let (mut area, mut clean_below, mut start) = (0.0, 0.0, 0);
    while start < order.len() {
        let tied = order[start..].iter().take_while(|row| weights[**row] == weights[order[start]]).count();
        let group = &order[start..start + tied];
        let of_group = group.iter().filter(|row| flipped[**row]).count() as f64;
        area += of_group * (clean - clean_below - 0.5 * (tied as f64 - of_group));
        clean_below += tied as f64 - of_group;
        start += tied;
    }
    Some(area / (flips * clean))
}
