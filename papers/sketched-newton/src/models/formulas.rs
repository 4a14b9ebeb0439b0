//! Problems given as formulas, and a collection of them with known optima.

use std::collections::BTreeSet;

use ::formulas::{CONSTANTS, Formula, Tape};
use serde::Deserialize;

use crate::problem::Problem;
use crate::sparse::Sparse;

/// A problem whose functions are formulas, differentiated twice.
#[derive(Clone, Debug)]
pub struct Formulas {
    variables: usize,
    /// The objective, then the constraints.
    functions: Vec<Function>,
    /// Places (row ≥ column) at which the Hessian of the Lagrangian may differ from zero, row by row.
    places: Vec<(usize, usize)>,
}

/// A formula with the places of its variables, and of its second derivatives in [`Formulas::places`].
#[derive(Clone, Debug)]
struct Function {
    formula: Formula,
    variables: Vec<usize>,
    second: Vec<usize>,
}

/// What is wrong with a problem's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct TextError {
    place: String,
    fault: String,
}

/// The beginning of a long text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

impl Function {
    fn parse(text: &str, place: &str, names: &[String]) -> Result<Self, TextError> {
        let error = |fault: String| TextError { place: format!("{place} {:?}", shortened(text)), fault };
        let formula = Formula::parse(text).map_err(|why| error(why.to_string()))?;
        if !formula.is_differentiable() {
            return Err(error("signum, floor, ceil, round, trunc and % have no useful derivative".into()));
        }
        let of = |name: &String| {
            let place = names.iter().position(|known| known == name);
            place.ok_or_else(|| error(format!("{name} is not among the variables")))
        };
        let variables = formula.names().iter().map(of).collect::<Result<Vec<_>, _>>()?;
        if variables.is_empty() && place != "objective" {
            return Err(error("no variable is in it".into()));
        }
        Ok(Self { formula, variables, second: Vec::new() })
    }

    /// Pairs of the problem's variables whose second derivative may differ from zero.
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        self.formula.second().iter().map(|(i, j)| {
            let (i, j) = (self.variables[*i], self.variables[*j]);
            (i.max(j), i.min(j))
        })
    }
}

/// Memory of evaluations.
#[derive(Default)]
struct Scratch {
    tape: Tape,
    x: Vec<f64>,
    derivatives: Vec<f64>,
}

impl Scratch {
    /// The function's own variables, and room for so many derivatives.
    fn prepare(&mut self, function: &Function, x: &[f64], derivatives: usize) {
        self.x.clear();
        self.x.extend(function.variables.iter().map(|place| x[*place]));
        self.derivatives.clear();
        self.derivatives.resize(derivatives, 0.0);
    }
}

impl Formulas {
    /// Parses min `objective` subject to every one of `constraints` = 0, in variables with these names.
    ///
    /// # Errors
    /// Names the formula and what is wrong with it: its grammar, an unknown name, or an operation without derivative.
    pub fn parse(names: &[String], objective: &str, constraints: &[String]) -> Result<Self, TextError> {
        for (place, name) in names.iter().enumerate() {
            let error =
                |fault: &str| Err(TextError { place: format!("variable {name:?}"), fault: fault.into() });
            if names[..place].contains(name) {
                return error("stands there twice");
            }
            let letters = name.chars().all(|c| c.is_alphanumeric() || c == '_');
            if !letters || !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                return error(
                    "cannot stand in a formula: expected a letter, then letters, digits and underscores",
                );
            }
            if CONSTANTS.contains(&name.as_str()) {
                return error("is a mathematical constant: give it another name");
            }
        }
        if names.is_empty() {
            return Err(TextError { place: "variables".into(), fault: "there are none".into() });
        }
        let mut functions = vec![Function::parse(objective, "objective", names)?];
        for (place, text) in constraints.iter().enumerate() {
            functions.push(Function::parse(text, &format!("constraint {}", place + 1), names)?);
        }
        let places: BTreeSet<(usize, usize)> = functions.iter().flat_map(Function::pairs).collect();
        let places: Vec<(usize, usize)> = places.into_iter().collect();
        for function in &mut functions {
            function.second = function.pairs().filter_map(|pair| places.binary_search(&pair).ok()).collect();
        }
        Ok(Self { variables: names.len(), functions, places })
    }
}

impl Problem for Formulas {
    fn variables(&self) -> usize {
        self.variables
    }

    fn constraints(&self) -> usize {
        self.functions.len() - 1
    }

    fn values(&self, x: &[f64], constraints: &mut [f64]) -> f64 {
        let mut scratch = Scratch::default();
        let mut value = |function: &Function| {
            scratch.prepare(function, x, 0);
            function.formula.evaluate(&scratch.x, &mut scratch.tape)
        };
        for (constraint, function) in constraints.iter_mut().zip(&self.functions[1..]) {
            *constraint = value(function);
        }
        value(&self.functions[0])
    }

    fn derivatives(&self, x: &[f64], gradient: &mut [f64], jacobian: &mut Sparse) {
        let mut scratch = Scratch::default();
        gradient.fill(0.0);
        for (place, function) in self.functions.iter().enumerate() {
            scratch.prepare(function, x, function.variables.len());
            function.formula.gradient(&scratch.x, &mut scratch.derivatives, &mut scratch.tape);
            for (variable, slope) in function.variables.iter().zip(&scratch.derivatives) {
                if place == 0 {
                    gradient[*variable] = *slope;
                } else {
                    jacobian.push(*variable, *slope);
                }
            }
            if place > 0 {
                jacobian.end_row();
            }
        }
    }

    fn hessian(&self, x: &[f64], multipliers: &[f64], hessian: &mut Sparse) {
        let mut scratch = Scratch::default();
        let mut sums = vec![0.0; self.places.len()];
        for (place, function) in self.functions.iter().enumerate() {
            let weight = if place == 0 { 1.0 } else { multipliers[place - 1] };
            // A multiplier of zero must not turn an infinite derivative into NaN.
            if weight != 0.0 && !function.second.is_empty() {
                scratch.prepare(function, x, function.second.len());
                function.formula.hessian(&scratch.x, &mut scratch.derivatives, &mut scratch.tape);
                for (place, value) in function.second.iter().zip(&scratch.derivatives) {
                    sums[*place] += weight * value;
                }
            }
        }
        let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); self.variables];
        for ((row, column), value) in self.places.iter().zip(sums) {
            rows[*row].push((*column, value));
            if row != column {
                rows[*column].push((*row, value));
            }
        }
        for row in rows {
            row.into_iter().for_each(|(column, value)| hessian.push(column, value));
            hessian.end_row();
        }
    }
}

/// A problem of the collection: small equality-constrained problems of Hock and Schittkowski, of Boggs and Tolle, and square systems.
#[derive(Clone, Debug, Deserialize)]
pub struct Known {
    /// Its name in CUTEst.
    pub name: String,
    /// Names of the variables.
    pub variables: Vec<String>,
    /// The public start; λ starts at zero.
    pub start: Vec<f64>,
    /// f.
    pub objective: String,
    /// c.
    pub constraints: Vec<String>,
    /// f at the optimum.
    pub value: Option<f64>,
    /// The optimum.
    pub point: Option<Vec<f64>>,
    /// Its multipliers.
    pub multipliers: Option<Vec<f64>>,
    /// Whether the Hessian is singular on the null space of the Jacobian there.
    pub degenerate: bool,
    /// Iterations that the authors' stored results show with the Gaussian sketch.
    pub gaussian: Vec<u64>,
    /// With Kaczmarz.
    pub kaczmarz: Vec<u64>,
}

impl Known {
    /// The functions.
    ///
    /// # Errors
    /// As [`Formulas::parse`]; none for what [`collection`] gives.
    pub fn problem(&self) -> Result<Formulas, TextError> {
        Formulas::parse(&self.variables, &self.objective, &self.constraints)
    }

    /// n = m: the objective does not matter.
    pub fn is_square(&self) -> bool {
        self.variables.len() == self.constraints.len()
    }
}

/// All 35 problems by name; the optima are Newton's in 60 digits, rounded.
pub fn collection() -> Vec<Known> {
    serde_json::from_str(include_str!("collection.json")).unwrap_or_default()
}
