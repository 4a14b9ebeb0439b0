//! Objectives that a user types.

use std::path::Path;

use consensus_based::objective::Objective;
use formulas::{CONSTANTS, Tape};
use lab::input::named_matrix;
use lab::ndarray::Array2;

use super::usage;

/// The mean of a formula over the rows of data, as a function of the names that are not columns; without data the formula itself.
pub struct Formula {
    expression: formulas::Formula,
    parameters: Vec<String>,
    sources: Vec<Source>,
    data: Array2<f64>,
}

/// Where a variable of the formula comes from.
#[derive(Clone, Copy)]
enum Source {
    Parameter(usize),
    Column(usize),
}

impl Formula {
    /// Parses the formula and reads the data.
    ///
    /// # Errors
    /// One line on what is wrong with either, and for a formula without parameters.
    pub fn parse(text: &str, data: Option<&Path>) -> anyhow::Result<Self> {
        let fault = |fault: String| usage(format!("--objective {text:?}: {fault}"));
        if text.trim().chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_') {
            return Err(fault("neither a test function (see --help) nor a formula".into()));
        }
        let expression = formulas::Formula::parse(text).map_err(|error| fault(error.to_string()))?;
        let (columns, data) = match data {
            Some(path) => {
                let named = named_matrix(path)?;
                (named.names, named.values)
            }
            None => (Vec::new(), Array2::zeros((1, 0))),
        };
        // The parser knows these as numbers, whatever the data call them.
        let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        if let Some(word) =
            words.find(|word| CONSTANTS.contains(word) && columns.iter().any(|column| column == word))
        {
            return Err(fault(format!(
                "{word} is a column and a mathematical constant: give the column another name"
            )));
        }
        let (mut parameters, mut sources) = (Vec::new(), Vec::new());
        for name in expression.names() {
            sources.push(match columns.iter().position(|column| column == name) {
                Some(column) => Source::Column(column),
                None => {
                    parameters.push(name.clone());
                    Source::Parameter(parameters.len() - 1)
                }
            });
        }
        if parameters.is_empty() {
            return Err(fault(
                "nothing to choose: every name in it is a column of the data, or there is none".into(),
            ));
        }
        Ok(Self { expression, parameters, sources, data })
    }

    /// Names of the coordinates.
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// The mean over the data of what `measure` says of the variables of a row.
    fn mean(&self, point: &[f64], mut measure: impl FnMut(&[f64]) -> f64) -> f64 {
        let mut variables = vec![0.0; self.sources.len()];
        let rows = self.data.rows().into_iter().map(|row| {
            for (variable, source) in variables.iter_mut().zip(&self.sources) {
                *variable = match source {
                    Source::Parameter(parameter) => point[*parameter],
                    Source::Column(column) => row[*column],
                };
            }
            measure(&variables)
        });
        rows.sum::<f64>() / self.data.nrows() as f64
    }
}

impl Objective for Formula {
    fn dimension(&self) -> usize {
        self.parameters.len()
    }

    fn evaluate(&self, points: &[f64], values: &mut [f64]) {
        let mut tape = Tape::default();
        for (point, value) in points.chunks_exact(self.dimension()).zip(values) {
            *value = self.mean(point, |variables| self.expression.evaluate(variables, &mut tape));
        }
    }

    fn gradient(&self, point: &[f64], gradient: &mut [f64]) {
        if !self.expression.is_differentiable() {
            // Steps: central differences.
            let value = |x: &[f64]| self.value(x);
            consensus_based::objective::Pointwise::new(point.len(), value).gradient(point, gradient);
            return;
        }
        let (mut tape, mut slopes) = (Tape::default(), vec![0.0; self.sources.len()]);
        gradient.fill(0.0);
        self.mean(point, |variables| {
            let value = self.expression.gradient(variables, &mut slopes, &mut tape);
            for (source, slope) in self.sources.iter().zip(&slopes) {
                if let Source::Parameter(parameter) = source {
                    gradient[*parameter] += slope;
                }
            }
            value
        });
        gradient.iter_mut().for_each(|slope| *slope /= self.data.nrows() as f64);
    }
}
