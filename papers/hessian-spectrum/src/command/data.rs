//! Data, network and training, which all subcommands ask for alike.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hessian_spectrum::point::Point;
use hessian_spectrum::problems::{descend, descend_in_batches, standardise};
use lab::arguments::positive;
use lab::input::{matrix, vector};
use lab::remark;
use lab::table::format_number;
use networks::{Activation, Initialisation, Loss, Network, Parametrisation, accuracy, one_hot};
use numerics::random::stream;

use super::usage;

/// What to look at.
#[derive(Args)]
pub struct Data {
    /// Inputs, an example a row: .csv or .npy
    #[arg(long, value_name = "FILE")]
    x: PathBuf,
    /// Classes 0, 1, …, one for each row: .csv or .npy
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Units of the hidden layers, separated by commas
    #[arg(long, value_name = "UNITS", default_value = "20,20")]
    hidden: String,
    /// The activation
    #[arg(long, value_enum, default_value_t = Kind::Relu)]
    activation: Kind,
    /// The loss
    #[arg(long, value_enum, default_value_t = LossKind::CrossEntropy)]
    loss: LossKind,
    /// Leaves inputs as they are, instead of giving columns mean 0 and deviation 1
    #[arg(long)]
    raw: bool,
    /// Decides where training starts, and what is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// How to come to the point.
#[derive(Args)]
pub struct Training {
    /// Parameters, as `train` writes them, instead of a random start: .csv or .npy
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Passes of training over the rows, 3000 if not given, or 0 with --weights
    #[arg(long, value_name = "EPOCHS")]
    train: Option<usize>,
    /// The step of training
    #[arg(long, value_parser = positive, default_value_t = 0.1, allow_negative_numbers = true)]
    rate: f64,
    /// Momentum of training, from 0 to below 1
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    momentum: f64,
    /// Rows of a batch, in their order; all of them if not given
    #[arg(long)]
    batch: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// max(0, z)
    Relu,
    /// tanh z
    Tanh,
    /// ln(1 + eᶻ)
    Softplus,
    /// z Φ(z)
    Gelu,
    /// z: a linear network
    Identity,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum LossKind {
    /// Softmax and log loss
    CrossEntropy,
    /// Half the squared distance from one-hot rows
    Squared,
}

impl Data {
    /// Files that are read.
    pub fn files(&self) -> [&Path; 2] {
        [&self.x, &self.labels]
    }

    /// What is drawn for a purpose.
    pub fn random(&self, purpose: &str) -> rand_chacha::ChaCha8Rng {
        stream(self.seed, &["hessian-spectrum", purpose])
    }

    /// Inputs and one-hot rows with a network at parameters of its own or of a file.
    pub fn point(&self, weights: Option<&Path>) -> anyhow::Result<Point> {
        let mut x = matrix(&self.x)?;
        let classes = self.classes(x.nrows())?;
        if !self.raw {
            let constant =
                x.columns().into_iter().filter(|column| column.iter().all(|a| *a == column[0])).count();
            if constant == x.ncols() {
                return Err(usage(format!("{}: all columns are constant", self.x.display())));
            }
            if constant > 0 {
                remark(&format!("{}: {constant} constant columns become 0", self.x.display()))?;
            }
            standardise(&mut x);
        }
        let hidden: Option<Vec<usize>> =
            self.hidden.split(',').map(|part| part.trim().parse().ok().filter(|n| *n > 0)).collect();
        let hidden = match (self.hidden.trim(), hidden) {
            ("", _) => Vec::new(),
            (_, Some(hidden)) => hidden,
            _ => {
                return Err(usage(format!(
                    "--hidden {}: expected numbers of units, as in 20,20",
                    self.hidden
                )));
            }
        };
        let outputs = classes.iter().max().map_or(0, |largest| largest + 1);
        let widths = [vec![x.ncols()], hidden, vec![outputs]].concat();
        let parameters = widths
            .windows(2)
            .try_fold(0_usize, |sum, pair| sum.checked_add(pair[0].checked_add(1)?.checked_mul(pair[1])?));
        if parameters.is_none_or(|count| count > 50_000_000) {
            return Err(usage(format!("--hidden {}: more than 50 million parameters", self.hidden)));
        }
        let activation = match self.activation {
            Kind::Relu => Activation::Relu,
            Kind::Tanh => Activation::Tanh,
            Kind::Softplus => Activation::Softplus,
            Kind::Gelu => Activation::Gelu,
            Kind::Identity => Activation::Identity,
        };
        let loss = if self.loss == LossKind::CrossEntropy { Loss::CrossEntropy } else { Loss::Squared };
        let standard = Parametrisation::Standard;
        let network = match weights {
            Some(path) => Network::from_parameters(&widths, activation, standard, vector(path)?)
                .map_err(|fault| anyhow::anyhow!("{}: {fault}", path.display()))?,
            None => {
                Network::new(&widths, activation, standard, Initialisation::He, &mut self.random("start"))?
            }
        };
        let named = |fault| anyhow::anyhow!("{}: {fault}", self.x.display());
        Point::new(network, x, one_hot(&classes, outputs), loss).map_err(named)
    }

    /// The share of rows whose largest output is their class's.
    pub fn accuracy(&self, point: &Point) -> anyhow::Result<f64> {
        let classes = self.classes(point.inputs().nrows())?;
        Ok(accuracy(point.network().forward(point.inputs())?.view(), &classes))
    }

    fn classes(&self, rows: usize) -> anyhow::Result<Vec<usize>> {
        let labels = vector(&self.labels)?;
        if labels.len() != rows {
            return Err(usage(format!(
                "{} has {} rows, {} has {rows}",
                self.labels.display(),
                labels.len(),
                self.x.display()
            )));
        }
        let place = |(row, label): (usize, &f64)| {
            if label.fract() == 0.0 && (0.0..1e4).contains(label) {
                Ok(*label as usize)
            } else {
                Err(usage(format!(
                    "{}: row {} has class {}; expected 0, 1, … up to 9999",
                    self.labels.display(),
                    row + 1,
                    format_number(*label)
                )))
            }
        };
        let classes = labels.iter().enumerate().map(place).collect::<anyhow::Result<Vec<usize>>>()?;
        let largest = classes.iter().max().copied().unwrap_or(0);
        match (0..=largest).find(|class| !classes.contains(class)) {
            _ if largest == 0 => Err(usage(format!("{}: one class only", self.labels.display()))),
            Some(missing) => Err(usage(format!(
                "{}: no row has class {missing}, the largest is {largest}",
                self.labels.display()
            ))),
            None => Ok(classes),
        }
    }
}

impl Training {
    /// Files that are read.
    pub fn file(&self) -> Option<&Path> {
        self.weights.as_deref()
    }

    /// The point after training from one that [`Data::point`] read with [`Self::file`]: by default 3,000 passes if that start is random, none from given parameters.
    pub fn reach(&self, start: Point) -> anyhow::Result<Point> {
        if !(0.0..1.0).contains(&self.momentum) {
            return Err(usage(format!("--momentum {}: expected from 0 to below 1", self.momentum)));
        }
        let epochs = self.train.unwrap_or(if self.weights.is_some() { 0 } else { 3_000 });
        let rows = start.inputs().nrows();
        let batch = self.batch.unwrap_or(rows);
        if batch == 0 || batch > rows {
            return Err(usage(format!("--batch {batch}: expected from 1 to {rows}")));
        }
        let end = if batch == rows && self.momentum == 0.0 {
            descend(&start, self.rate, epochs, 0.0).map(|found| found.0)
        } else {
            descend_in_batches(&start, (self.rate, self.momentum), epochs, batch)
        };
        end.map_err(|fault| anyhow::anyhow!("{fault}: smaller than {}", self.rate))
    }
}

/// Lines on the point: parameters, loss, slope, accuracy.
pub fn described(data: &Data, point: &Point) -> anyhow::Result<String> {
    let (loss, gradient) = point.loss_and_gradient();
    Ok(format!(
        "parameters          {} of widths {:?}\nexamples            {}\nloss                {}\n|gradient|          {}\naccuracy            {}",
        point.network().parameters().len(),
        point.network().widths(),
        point.inputs().nrows(),
        format_number(loss),
        format_number(gradient.dot(&gradient).sqrt()),
        format_number(data.accuracy(point)?)
    ))
}
