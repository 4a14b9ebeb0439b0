//! Problems given as formulas, and a collection of them with known optima.

use std::collections::BTreeMap;

use ::formulas::{CONSTANTS, Formula};
use serde::Deserialize;

use crate::problem::Problem;
use crate::sparse::Sparse;

/// A problem whose functions are formulas, differentiated twice.
#[derive(Clone, Debug)]
pub struct Formulas {
    variables: usize,
    objective: Expansion,
    constraints: Vec<Expansion>,
    /// Places (row ≥ column) at which the Hessian of the Lagrangian may differ from zero, and the terms there: the function (0 for the objective, i for
    /// constraint i) and the second derivative.
    second: BTreeMap<(usize, usize), Vec<(usize, Term)>>,
}

/// A formula with the places of its variables.
#[derive(Clone, Debug)]
struct Term {
    formula: Formula,
    places: Vec<usize>,
}

impl Term {
    fn evaluate(&self, x: &[f64]) -> f64 {
        let mut values = [0.0; 16];
        if self.places.len() <= values.len() {
            for (value, place) in values.iter_mut().zip(&self.places) {
                *value = x[*place];
            }
            return self.formula.evaluate(&values[..self.places.len()]);
        }
        self.formula.evaluate(&self.places.iter().map(|place| x[*place]).collect::<Vec<_>>())
    }
}

/// A function and its first derivatives.
#[derive(Clone, Debug)]
struct Expansion {
    value: Term,
    first: Vec<Term>,
}

/// What is wrong with a problem's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct TextError {
    place: String,
    fault: String,
}

impl Expansion {
    fn parse(text: &str, place: &str, names: &[String]) -> Result<Self, TextError> {
        let error = |fault: String| TextError { place: format!("{place} {text:?}"), fault };
        let formula = Formula::parse(text).map_err(|why| error(why.to_string()))?;
        let of = |name: &String| {
            names
                .iter()
                .position(|known| known == name)
                .ok_or_else(|| error(format!("{name} is not among the variables")))
        };
        let places = formula.names().iter().map(of).collect::<Result<Vec<_>, _>>()?;
        let first = (0..places.len()).map(|place| {
            let formula =
                formula.derivative(place).ok_or_else(|| error("an operator has no derivative".into()))?;
            Ok(Term { formula, places: places.clone() })
        });
        let first = first.collect::<Result<Vec<_>, TextError>>()?;
        Ok(Self { value: Term { formula, places }, first })
    }

    /// (row, column ≤ row, second derivative) of all that is not zero.
    fn second(&self) -> Option<Vec<(usize, usize, Term)>> {
        let mut terms = Vec::new();
        for (first, row) in self.first.iter().zip(&self.value.places) {
            for (place, column) in self.value.places.iter().enumerate() {
                if column <= row {
                    let formula = first.formula.derivative(place)?;
                    if !formula.is_zero() {
                        terms.push((*row, *column, Term { formula, places: self.value.places.clone() }));
                    }
                }
            }
        }
        Some(terms)
    }
}

impl Formulas {
    /// Parses min `objective` subject to every one of `constraints` = 0, in variables with these names.
    ///
    /// # Errors
    /// Names the formula and what is wrong with it: its grammar, an unknown name, or an operator without derivative.
    pub fn parse(names: &[String], objective: &str, constraints: &[String]) -> Result<Self, TextError> {
        for (place, name) in names.iter().enumerate() {
            let error =
                |fault: &str| Err(TextError { place: format!("variable {name:?}"), fault: fault.into() });
            if names[..place].contains(name) {
                return error("stands there twice");
            }
            if CONSTANTS.contains(&name.as_str()) {
                return error("is a mathematical constant: give it another name");
            }
        }
        let objective = Expansion::parse(objective, "objective", names)?;
        let numbered = constraints.iter().enumerate();
        let constraints = numbered
            .map(|(place, text)| Expansion::parse(text, &format!("constraint {}", place + 1), names))
            .collect::<Result<Vec<_>, _>>()?;
        let mut second: BTreeMap<(usize, usize), Vec<(usize, Term)>> = BTreeMap::new();
        for (place, function) in [&objective].into_iter().chain(&constraints).enumerate() {
            let terms = function.second().ok_or_else(|| TextError {
                place: if place == 0 { "objective".into() } else { format!("constraint {place}") },
                fault: "an operator has no second derivative".into(),
            })?;
            for (row, column, term) in terms {
                second.entry((row, column)).or_default().push((place, term));
            }
        }
        Ok(Self { variables: names.len(), objective, constraints, second })
    }
}

impl Problem for Formulas {
    fn variables(&self) -> usize {
        self.variables
    }

    fn constraints(&self) -> usize {
        self.constraints.len()
    }

    fn values(&self, x: &[f64], constraints: &mut [f64]) -> f64 {
        for (value, function) in constraints.iter_mut().zip(&self.constraints) {
            *value = function.value.evaluate(x);
        }
        self.objective.value.evaluate(x)
    }

    fn derivatives(&self, x: &[f64], gradient: &mut [f64], jacobian: &mut Sparse) {
        gradient.fill(0.0);
        for (term, place) in self.objective.first.iter().zip(&self.objective.value.places) {
            gradient[*place] = term.evaluate(x);
        }
        for function in &self.constraints {
            for (term, place) in function.first.iter().zip(&function.value.places) {
                jacobian.push(*place, term.evaluate(x));
            }
            jacobian.end_row();
        }
    }

    fn hessian(&self, x: &[f64], multipliers: &[f64], hessian: &mut Sparse) {
        let weight = |function: usize| if function == 0 { 1.0 } else { multipliers[function - 1] };
        let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); self.variables];
        for ((row, column), terms) in &self.second {
            // A multiplier of zero must not turn an infinite derivative into NaN.
            let terms = terms.iter().filter(|(function, _)| weight(*function) != 0.0);
            let value: f64 = terms.map(|(function, term)| weight(*function) * term.evaluate(x)).sum();
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
