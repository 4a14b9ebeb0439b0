//! Objectives that a user types.

use std::path::Path;

use consensus_based::objective::Objective;
use exmex::{Differentiate, Express, FlatEx};
use lab::input::named_matrix;
use lab::ndarray::Array2;

use super::usage;

/// The mean of a formula over the rows of data, as a function of the names that are not columns; without data the formula itself.
pub struct Formula {
    expression: FlatEx<f64>,
    /// Derivatives by the parameters, where all operators have one.
    derivatives: Option<Vec<FlatEx<f64>>>,
    parameters: Vec<String>,
    sources: Vec<Source>,
    data: Array2<f64>,
}

/// Names that are numbers in a formula.
const CONSTANTS: [&str; 6] = ["e", "E", "PI", "π", "TAU", "τ"];

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
        let conventional = conventional(text).map_err(|why| fault(why.into()))?;
        if text.trim().chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_') {
            return Err(fault("neither a test function (see --help) nor a formula".into()));
        }
        let expression: FlatEx<f64> = exmex::parse(&conventional)
            .map_err(|error| fault(error.msg().lines().next().unwrap_or("no formula").to_owned()))?;
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
        let (mut parameters, mut sources, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (place, name) in expression.var_names().iter().enumerate() {
            sources.push(match columns.iter().position(|column| column == name) {
                Some(column) => Source::Column(column),
                None => {
                    parameters.push(name.clone());
                    places.push(place);
                    Source::Parameter(parameters.len() - 1)
                }
            });
        }
        if parameters.is_empty() {
            return Err(fault(
                "nothing to choose: every name in it is a column of the data, or there is none".into(),
            ));
        }
        let derivatives = places.iter().map(|place| expression.clone().partial(*place).ok()).collect();
        Ok(Self { expression, derivatives, parameters, sources, data })
    }

    /// Names of the coordinates.
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// The mean of an expression over the data. A formula gives a number for numbers; where it does not, NaN.
    fn mean(&self, expression: &FlatEx<f64>, point: &[f64], variables: &mut [f64]) -> f64 {
        let rows = self.data.rows().into_iter().map(|row| {
            for (variable, source) in variables.iter_mut().zip(&self.sources) {
                *variable = match source {
                    Source::Parameter(parameter) => point[*parameter],
                    Source::Column(column) => row[*column],
                };
            }
            expression.eval(variables).unwrap_or(f64::NAN)
        });
        rows.sum::<f64>() / self.data.nrows() as f64
    }
}

impl Objective for Formula {
    fn dimension(&self) -> usize {
        self.parameters.len()
    }

    fn evaluate(&self, points: &[f64], values: &mut [f64]) {
        let mut variables = vec![0.0; self.sources.len()];
        for (point, value) in points.chunks_exact(self.dimension()).zip(values) {
            *value = self.mean(&self.expression, point, &mut variables);
        }
    }

    fn gradient(&self, point: &[f64], gradient: &mut [f64]) {
        let mut variables = vec![0.0; self.sources.len()];
        match &self.derivatives {
            Some(derivatives) => {
                for (slope, derivative) in gradient.iter_mut().zip(derivatives) {
                    *slope = self.mean(derivative, point, &mut variables);
                }
            }
            // min, max and the like: central differences.
            None => {
                let value = |x: &[f64]| self.value(x);
                consensus_based::objective::Pointwise::new(point.len(), value).gradient(point, gradient);
            }
        }
    }
}

/// The formula as the parser reads it. It binds a sign tighter than a power, (−x)² for -x^2: a zero before a leading minus gives it the rank of a difference,
/// as everywhere in mathematics. It knows no 1e-3: such numbers are written out.
fn conventional(text: &str) -> Result<String, &'static str> {
    let mut written = String::new();
    let mut before = '(';
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let digits = number_length(rest);
        let taken = if digits > 0 && !(before.is_alphanumeric() || before == '_') {
            let number: f64 = rest[..digits].parse().map_err(|_| "a number with two points")?;
            if !number.is_finite() {
                return Err("a number beyond 1e308");
            }
            written += &number.to_string();
            digits
        } else {
            if character == '-' {
                match before {
                    '(' | ',' => written.push('0'),
                    '+' | '-' | '*' | '/' | '^' => {
                        return Err("a minus after an operator needs brackets, as in 2*(-x)");
                    }
                    _ => {}
                }
            }
            written.push(character);
            character.len_utf8()
        };
        before = rest[..taken].trim_end().chars().next_back().unwrap_or(before);
        rest = &rest[taken..];
    }
    Ok(written)
}

/// Length of the number at the beginning of a text, with its exponent; 0 if there is none.
fn number_length(text: &str) -> usize {
    let digits = |text: &str, point: bool| {
        text.find(|c: char| !(c.is_ascii_digit() || point && c == '.')).unwrap_or(text.len())
    };
    let mantissa = digits(text, true);
    let exponent = text[mantissa..].strip_prefix(['e', 'E']).map_or(0, |rest| {
        let sign = usize::from(rest.starts_with(['+', '-']));
        match digits(&rest[sign..], false) {
            0 => 0,
            length => 1 + sign + length,
        }
    });
    if mantissa == 0 { 0 } else { mantissa + exponent }
}
