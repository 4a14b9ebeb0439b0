//! What people run on their own data.

use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};
use lab::arguments::not_negative;
use lab::input;
use ndarray::Array2;
use notears_topo::node_score::{Lasso, LeastSquares, Logistic, NodeScore, Perceptron, PerceptronOptions};
use notears_topo::{Covariance, Error};

mod compare;
mod constraints_file;
mod exact;
mod fit;
mod generate;
mod graph_file;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Learns an acyclic graph from data
    Fit(Box<fit::Fit>),
    /// Finds the best order of all, for few variables
    Exact(exact::Exact),
    /// Compares a graph with the true one
    Compare(compare::Compare),
    /// Writes data of a random graph, and the graph
    Generate(generate::Generate),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Fit(fit) => fit.run(),
            Self::Exact(exact) => exact.run(),
            Self::Compare(compare) => compare.run(),
            Self::Generate(generate) => generate.run(),
        }
    }
}

/// The score, as several subcommands take it.
#[derive(Args)]
struct ScoreArguments {
    /// What is minimised
    #[arg(long, value_enum, default_value_t = ScoreName::LeastSquares)]
    score: ScoreName,
    /// Penalty λ on the absolute values of weights; by default none, and 0.01 for mlp
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true, value_name = "λ")]
    l1: Option<f64>,
    /// Hidden units of each network, for mlp; 40 by default
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    hidden: Option<u16>,
    /// Give every logistic regression an intercept; the paper's have none
    #[arg(long)]
    intercept: bool,
    /// Divide every column by its standard deviation: the score then means something else, as equal noise variances are no longer the model
    #[arg(long)]
    standardise: bool,
    /// What becomes of rows with empty fields
    #[arg(long, value_enum, default_value_t = MissingRows::Refuse)]
    missing: MissingRows,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MissingRows {
    /// The file is refused
    Refuse,
    /// They are left out, and counted
    Drop,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScoreName {
    /// Squared residuals; with --l1 the score of NOTEARS
    LeastSquares,
    /// Logistic regressions of zeros and ones
    Logistic,
    /// A small network for each variable
    Mlp,
}

/// A data set with its score.
struct Problem {
    names: Vec<String>,
    covariance: Covariance,
    score: Box<dyn NodeScore>,
    /// Least squares without penalty: prices are exact.
    plain: bool,
}

impl ScoreArguments {
    fn read(&self, path: &Path) -> anyhow::Result<Problem> {
        let misused = match self.score {
            ScoreName::Logistic if self.standardise => {
                Some("--standardise would make zeros and ones into something else")
            }
            ScoreName::LeastSquares | ScoreName::Mlp if self.intercept => {
                Some("--intercept is for --score logistic")
            }
            ScoreName::LeastSquares | ScoreName::Logistic if self.hidden.is_some() => {
                Some("--hidden is for --score mlp")
            }
            _ => None,
        };
        if let Some(fault) = misused {
            return Err(lab::Error::Usage(fault.into()).into());
        }
        let (input::NamedMatrix { names, values }, dropped) = match self.missing {
            MissingRows::Refuse => (input::named_matrix(path)?, 0),
            MissingRows::Drop => input::complete_rows(path)?,
        };
        if dropped > 0 {
            let rows = values.nrows();
            lab::remark(&format!(
                "missing     {dropped} rows with empty fields are left out of {}",
                dropped + rows
            ))?;
        }
        let named = |fault| anyhow::Error::from(with_name(fault, &names)).context(path.display().to_string());
        let (covariance, score) = self.score(values).map_err(named)?;
        for (column, unexplained) in covariance.nearly_dependent() {
            let name = &names[*column];
            lab::remark(&format!(
                "kept        column {name:?}, of which the columns before it leave {unexplained:.1e} of the variance: is it a copy that was rounded?"
            ))?;
        }
        let plain = self.score == ScoreName::LeastSquares && self.l1.is_none_or(|l1| l1 == 0.0);
        Ok(Problem { names, covariance, score, plain })
    }

    fn score(&self, mut values: Array2<f64>) -> Result<(Covariance, Box<dyn NodeScore>), Error> {
        let penalty = self.l1.unwrap_or(0.0);
        let measured = match self.score {
            ScoreName::LeastSquares if penalty == 0.0 => Covariance::of(values.view())?,
            _ => Covariance::of_any(values.view())?,
        };
        let covariance = if self.standardise { measured.standardised() } else { measured.clone() };
        let score: Box<dyn NodeScore> = match self.score {
            ScoreName::LeastSquares if penalty == 0.0 => Box::new(LeastSquares::new(covariance.clone())),
            ScoreName::LeastSquares => Box::new(Lasso::new(covariance.clone(), penalty)?),
            ScoreName::Logistic => {
                let score = Logistic::new(values.view(), penalty)?;
                Box::new(if self.intercept { score.with_intercept() } else { score })
            }
            ScoreName::Mlp => {
                if self.standardise {
                    for (mut column, variance) in values.columns_mut().into_iter().zip(measured.variances()) {
                        column /= variance.sqrt();
                    }
                }
                let l1 = self.l1.unwrap_or(PerceptronOptions::default().l1);
                let default = PerceptronOptions::default();
                let hidden = self.hidden.map_or(default.hidden, usize::from);
                let options = PerceptronOptions { hidden, l1, ..default };
                Box::new(Perceptron::new(values.view(), options)?)
            }
        };
        Ok((covariance, score))
    }
}

/// The name of a column beside its number, where a fault has one.
fn with_name(fault: Error, names: &[String]) -> NamedFault {
    let column = match &fault {
        Error::NotFinite { column, .. }
        | Error::Constant { column }
        | Error::Scale { column, .. }
        | Error::Collinear { column, .. }
        | Error::NotBinary { column, .. }
        | Error::Separable { column }
        | Error::Diverged { column } => names.get(*column).cloned(),
        _ => None,
    };
    NamedFault { fault, column }
}

#[derive(Debug)]
struct NamedFault {
    fault: Error,
    column: Option<String>,
}

impl std::fmt::Display for NamedFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.fault)?;
        match &self.column {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for NamedFault {}

/// A score with twelve digits: scores of different orders may agree in the first six.
fn twelve_digits(score: f64) -> String {
    let rounded: f64 = format!("{score:.11e}").parse().unwrap_or(score);
    if rounded == 0.0 || (1e-4..1e12).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

/// The names of an order, causes first.
fn in_order(order: &notears_topo::Order, names: &[String]) -> String {
    order.variables().iter().map(|&variable| names[variable].as_str()).collect::<Vec<_>>().join(" ")
}
