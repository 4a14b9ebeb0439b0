//! Hyper-representation: an encoder of sequences above, a linear head on its last states below.
//!
//! ```text
//! g(x, y) = mean over training rows of ℓ(F(x)ᵢᵀ y, lᵢ) + λ/2 |y|²,      f(x, y) = mean over validation rows of ℓ(F(x)ᵢᵀ y, lᵢ)
//! ```
//!
//! x are the encoder's parameters, F(x)ᵢ the last state of sequence i and a one. The lower level is λ-strongly convex, its solution a few steps of Newton's method in h + 1 unknowns. The mixed product that the
//! hypergradient needs is one back-propagation: with z = F y and slopes s, curvatures c of the losses,
//!
//! ```text
//! g_xy v = back-propagation of the rows [cᵢ (Fᵢᵀv) y + sᵢ v]/n,      f_x = back-propagation of sᵢ y/m
//! ```
//!
//! so that ∇Φ costs two passes back and no second derivative of the encoder.

use bilevel::levels::{Bilevel, Lower, Products, Upper};
use bilevel::oracle::{Part, Sampled};
use bilevel::selection::Loss;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use networks::{Batch, NetworkError, Recurrent, Tape};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::chains::Population;
use crate::newton;
use crate::oracle::Stochastic;

/// Sequences with labels ±1.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// Tokens.
    pub sequences: Vec<Vec<u32>>,
    /// ±1.
    pub labels: Vec<f64>,
}

/// Why there is no problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RepresentationError {
    /// λ is not positive.
    #[error("the ridge is {0}: the lower level is strongly convex for positive ones only")]
    Ridge(f64),
    /// Another number of labels than of sequences.
    #[error("{sequences} sequences and {labels} labels")]
    Labels {
        /// Found.
        sequences: usize,
        /// Found.
        labels: usize,
    },
    /// Sequences that are no batch.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

/// The problem.
#[derive(Clone, Debug)]
pub struct Representation {
    shape: Recurrent,
    train: (Labelled, Batch),
    valid: (Labelled, Batch),
    ridge: f64,
    loss: Loss,
}

/// Φ and ∇Φ.
#[derive(Clone, Debug, PartialEq)]
pub struct Exact {
    /// Φ(x).
    pub value: f64,
    /// ∇Φ(x).
    pub gradient: Vec<f64>,
    /// y*(x).
    pub head: Vec<f64>,
}

/// Features of a batch, and the pass that made them.
struct Encoded {
    network: Recurrent,
    tape: Tape,
    features: Array2<f64>,
}

impl Representation {
    /// Puts it together; `shape` gives cell and sizes.
    ///
    /// # Errors
    /// λ ≤ 0, unequal numbers of sequences and labels, empty sequences or unknown tokens.
    pub fn new(
        shape: Recurrent,
        train: Labelled,
        valid: Labelled,
        ridge: f64,
        loss: Loss,
    ) -> Result<Self, RepresentationError> {
        if !(ridge > 0.0 && ridge.is_finite()) {
            return Err(RepresentationError::Ridge(ridge));
        }
        let batch = |rows: Labelled| -> Result<(Labelled, Batch), RepresentationError> {
            let (sequences, labels) = (rows.sequences.len(), rows.labels.len());
            if sequences != labels {
                return Err(RepresentationError::Labels { sequences, labels });
            }
            let batch = Batch::new(&rows.sequences, shape.vocabulary())?;
            Ok((rows, batch))
        };
        Ok(Self { train: batch(train)?, valid: batch(valid)?, shape, ridge, loss })
    }

    /// λ.
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// λ + (h + 1)/4, which bounds the curvature of a logistic lower level, as states of the cells here lie in [−1, 1]; four times the last for squared losses.
    pub fn smoothness(&self) -> f64 {
        let width = (self.shape.hidden() + 1) as f64;
        self.ridge + if self.loss == Loss::Logistic { 0.25 * width } else { width }
    }

    fn encode(&self, x: &[f64], batch: &Batch) -> Encoded {
        let mut network = self.shape.clone();
        network.parameters.copy_from_slice(x);
        let mut tape = Tape::default();
        network.forward(batch, &mut tape);
        let last = network.last(batch, &tape);
        let mut features = Array2::ones((last.nrows(), last.ncols() + 1));
        features.slice_mut(s![.., ..last.ncols()]).assign(&last);
        Encoded { network, tape, features }
    }

    /// Slopes and curvatures of the losses.
    fn slopes(&self, margins: &Array1<f64>, labels: &[f64]) -> (Array1<f64>, Array1<f64>) {
        let of = |f: fn(Loss, f64, f64) -> f64| {
            margins.iter().zip(labels).map(|(z, l)| f(self.loss, *z, *l)).collect()
        };
        (of(Loss::slope), of(Loss::curvature))
    }

    fn mean_loss(&self, features: &Array2<f64>, labels: &[f64], y: ArrayView1<'_, f64>) -> f64 {
        let margins = features.dot(&y);
        margins.iter().zip(labels).map(|(z, l)| self.loss.value(*z, *l)).sum::<f64>() / labels.len() as f64
    }

    /// Φ and ∇Φ to rounding: at most 100 steps of Newton's method on the head from `start`, and two passes back. `None` if the head is not found to 10⁻⁹, as where parameters are not finite.
    pub fn exact(&self, x: &[f64], start: &[f64]) -> Option<Exact> {
        let mut train = self.encode(x, &self.train.1);
        let labels = &self.train.0.labels;
        let n = labels.len() as f64;
        let value = |head: &Array1<f64>| {
            self.mean_loss(&train.features, labels, head.view()) + 0.5 * self.ridge * head.dot(head)
        };
        let derivatives = |head: &Array1<f64>| {
            let (slopes, curvatures) = self.slopes(&train.features.dot(head), labels);
            let scaled = &train.features * &curvatures.insert_axis(Axis(1));
            let mut hessian = train.features.t().dot(&scaled) / n;
            hessian.diag_mut().iter_mut().for_each(|entry| *entry += self.ridge);
            (train.features.t().dot(&slopes) / n + self.ridge * head, hessian)
        };
        let (head, factor) = newton::minimise(start, value, derivatives)?;
        let (slopes, curvatures) = self.slopes(&train.features.dot(&head), labels);
        let mut valid = self.encode(x, &self.valid.1);
        let m = self.valid.0.labels.len() as f64;
        let (valid_slopes, _) = self.slopes(&valid.features.dot(&head), &self.valid.0.labels);
        let mut v = valid.features.t().dot(&valid_slopes) / m;
        factor.solve(v.as_slice_mut()?);
        let mut gradient = vec![0.0; x.len()];
        self.pull(&self.valid.1, &mut valid, &(valid_slopes / m), &head, &mut gradient);
        let mut mixed = vec![0.0; x.len()];
        self.pull_mixed(&self.train.1, &mut train, (&slopes, &curvatures), (&head, &v), &mut mixed);
        gradient.iter_mut().zip(&mixed).for_each(|(g, mixed)| *g -= mixed);
        let value = self.mean_loss(&valid.features, &self.valid.0.labels, head.view());
        let finite = value.is_finite() && gradient.iter().all(|slope| slope.is_finite());
        finite.then(|| Exact { value, gradient, head: head.to_vec() })
    }

    /// Adds the back-propagation of rows seedᵢ y, the one's part left out.
    fn pull(
        &self,
        batch: &Batch,
        encoded: &mut Encoded,
        seeds: &Array1<f64>,
        y: &Array1<f64>,
        out: &mut [f64],
    ) {
        let y = y.slice(s![..self.shape.hidden()]);
        let by_last = &seeds.view().insert_axis(Axis(1)) * &y;
        encoded.network.pull(batch, &mut encoded.tape, by_last.view(), out);
    }

    /// Adds g_xy v.
    fn pull_mixed(
        &self,
        batch: &Batch,
        encoded: &mut Encoded,
        (slopes, curvatures): (&Array1<f64>, &Array1<f64>),
        (y, v): (&Array1<f64>, &Array1<f64>),
        out: &mut [f64],
    ) {
        let n = slopes.len() as f64;
        let bent = encoded.features.dot(v) * curvatures / n;
        let (y, v) = (y.slice(s![..self.shape.hidden()]), v.slice(s![..self.shape.hidden()]));
        let by_last = &bent.insert_axis(Axis(1)) * &y + &(slopes / n).insert_axis(Axis(1)) * &v;
        encoded.network.pull(batch, &mut encoded.tape, by_last.view(), out);
    }

    fn gradient_of(
        &self,
        part: Part,
        (rows, batch): (&[f64], &Batch),
        x: &[f64],
        y: &[f64],
        out: &mut [f64],
    ) {
        let mut encoded = self.encode(x, batch);
        let y = Array1::from(y.to_vec());
        let (slopes, _) = self.slopes(&encoded.features.dot(&y), rows);
        let slopes = slopes / rows.len() as f64;
        match part {
            Part::UpperX | Part::LowerX => {
                out.fill(0.0);
                self.pull(batch, &mut encoded, &slopes, &y, out);
            }
            Part::UpperY | Part::LowerY => {
                let gradient = encoded.features.t().dot(&slopes);
                let ridge = if part == Part::LowerY { self.ridge } else { 0.0 };
                for ((out, gradient), y) in out.iter_mut().zip(gradient).zip(&y) {
                    *out = gradient + ridge * y;
                }
            }
        }
    }

    fn yy_of(&self, (rows, batch): (&[f64], &Batch), x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let encoded = self.encode(x, batch);
        let (_, curvatures) = self.slopes(&encoded.features.dot(&ArrayView1::from(y)), rows);
        let along = encoded.features.dot(&ArrayView1::from(v)) * curvatures / rows.len() as f64;
        for ((out, product), v) in out.iter_mut().zip(encoded.features.t().dot(&along)).zip(v) {
            *out = product + self.ridge * v;
        }
    }

    fn xy_of(&self, (rows, batch): (&[f64], &Batch), x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let mut encoded = self.encode(x, batch);
        let (y, v) = (Array1::from(y.to_vec()), Array1::from(v.to_vec()));
        let (slopes, curvatures) = self.slopes(&encoded.features.dot(&y), rows);
        out.fill(0.0);
        self.pull_mixed(batch, &mut encoded, (&slopes, &curvatures), (&y, &v), out);
    }

    fn rows(&self, upper: bool) -> (&[f64], &Batch) {
        let (rows, batch) = if upper { &self.valid } else { &self.train };
        (&rows.labels, batch)
    }

    /// The exact error of encoder and head on all sequences of a population.
    ///
    /// # Errors
    /// Tokens that the encoder does not know.
    pub fn population_error(
        &self,
        x: &[f64],
        y: &[f64],
        population: &Population,
    ) -> Result<f64, NetworkError> {
        let mut margins = Vec::with_capacity(population.sequences.len());
        for block in population.sequences.chunks(4_096) {
            let batch = Batch::new(block, self.shape.vocabulary())?;
            margins.extend(self.encode(x, &batch).features.dot(&ArrayView1::from(y)));
        }
        Ok(population.error(margins))
    }

    /// z of validation rows, for errors on them.
    pub fn validation_margins(&self, x: &[f64], y: &[f64]) -> Vec<f64> {
        self.encode(x, &self.valid.1).features.dot(&ArrayView1::from(y)).to_vec()
    }
}

impl Upper for Representation {
    fn upper(&self, x: &[f64], y: &[f64]) -> f64 {
        self.mean_loss(&self.encode(x, &self.valid.1).features, &self.valid.0.labels, ArrayView1::from(y))
    }
    fn upper_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.gradient_of(Part::UpperX, self.rows(true), x, y, out);
    }
    fn upper_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.gradient_of(Part::UpperY, self.rows(true), x, y, out);
    }
}

impl Lower for Representation {
    fn lower(&self, x: &[f64], y: &[f64]) -> f64 {
        self.mean_loss(&self.encode(x, &self.train.1).features, &self.train.0.labels, ArrayView1::from(y))
            + 0.5 * self.ridge * y.iter().map(|y| y * y).sum::<f64>()
    }
    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.gradient_of(Part::LowerX, self.rows(false), x, y, out);
    }
    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.gradient_of(Part::LowerY, self.rows(false), x, y, out);
    }
}

impl Bilevel for Representation {
    fn dimensions(&self) -> (usize, usize) {
        (self.shape.parameters.len(), self.shape.hidden() + 1)
    }
}

impl Products for Representation {
    fn lower_yy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        self.yy_of(self.rows(false), x, y, v, out);
    }
    fn lower_xy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        self.xy_of(self.rows(false), x, y, v, out);
    }
}

/// The problem through batches of rows, drawn with replacement.
#[derive(Clone, Debug)]
pub struct Batches {
    /// The problem.
    pub problem: Representation,
    /// Rows a sample, at least 1.
    pub rows: usize,
    /// How many different samples there are, for SABA; none for as many as there are numbers.
    pub components: Option<u64>,
}

impl Batches {
    fn draw(&self, upper: bool, sample: u64) -> (Vec<f64>, Batch) {
        let sample = self.components.map_or(sample, |n| sample % n);
        let mut random =
            Xoshiro256PlusPlus::seed_from_u64(sample.wrapping_mul(2).wrapping_add(u64::from(upper)));
        let (rows, _) = if upper { &self.problem.valid } else { &self.problem.train };
        let chosen: Vec<usize> = (0..self.rows).map(|_| random.random_range(0..rows.labels.len())).collect();
        let batch =
            Batch::new(chosen.iter().map(|row| &rows.sequences[*row]), self.problem.shape.vocabulary())
                .expect("rows of a problem are a batch");
        (chosen.into_iter().map(|row| rows.labels[row]).collect(), batch)
    }
}

impl Sampled for Batches {
    type Problem = Representation;

    fn problem(&self) -> &Representation {
        &self.problem
    }

    fn gradient(&self, part: Part, sample: u64, x: &[f64], y: &[f64], out: &mut [f64]) {
        let (labels, batch) = self.draw(matches!(part, Part::UpperX | Part::UpperY), sample);
        self.problem.gradient_of(part, (&labels, &batch), x, y, out);
    }
}

impl Stochastic for Batches {
    fn lower_yy_times(&self, sample: u64, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let (labels, batch) = self.draw(false, sample);
        self.problem.yy_of((&labels, &batch), x, y, v, out);
    }

    fn lower_xy_times(&self, sample: u64, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let (labels, batch) = self.draw(false, sample);
        self.problem.xy_of((&labels, &batch), x, y, v, out);
    }

    fn components(&self) -> Option<u64> {
        self.components
    }
}
