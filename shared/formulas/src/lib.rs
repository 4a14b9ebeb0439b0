//! Formulas that a user types: parsed once, then evaluated with gradient and Hessian.
//!
//! A formula becomes a tape, a list of operations on earlier results. One sweep forward gives the value, one backward the gradient; a forward sweep of derivatives in
//! one variable, and a backward one, give a column of the Hessian. Nothing recurses but the parser, whose depth is limited, so that length is no limit; a Hessian costs a pair of
//! sweeps for each variable that is in it.
//!
//! ```
//! use formulas::{Formula, Tape};
//!
//! let formula = Formula::parse("x^2*sin(y) - 1e-1*x")?;
//! assert_eq!(formula.names(), ["x", "y"]);
//! let (mut tape, mut gradient) = (Tape::default(), [0.0; 2]);
//! let value = formula.gradient(&[2.0, 0.0], &mut gradient, &mut tape);
//! assert_eq!((value, gradient), (-0.2, [-0.1, 4.0]));
//! # Ok::<(), formulas::FormulaError>(())
//! ```

use std::collections::BTreeSet;

mod operation;
mod parser;

use operation::{Node, Partials};
pub use parser::{CONSTANTS, FormulaError};

/// A formula in named variables.
#[derive(Clone, Debug)]
pub struct Formula {
    names: Vec<String>,
    nodes: Vec<Node>,
    second: Vec<(usize, usize)>,
}

/// Memory for evaluations, to be used again.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    values: Vec<f64>,
    partials: Vec<Partials>,
    adjoints: Vec<f64>,
    tangents: Vec<f64>,
    adjoint_tangents: Vec<f64>,
}

impl Formula {
    /// Parses numbers, names, + - * / % ^ **, brackets, the constants e, π (PI) and τ (TAU), and sqrt, cbrt, exp, ln, log (natural), log2, log10, sin, cos, tan, asin, acos, atan, sinh, cosh,
    /// tanh, abs, signum, floor, ceil, round, trunc, min, max, atan2. Powers bind tighter than signs, -x^2 is −(x²), and go from right to left.
    ///
    /// # Errors
    /// One line on what is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        let (names, nodes) = parser::parse(text)?;
        let second = interactions(&nodes);
        Ok(Self { names, nodes, second })
    }

    /// Names of the variables in alphabetical order, in which all functions take their values.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether no operation is a step (signum, floor, ceil, round, trunc, %). At kinks of abs, min and max derivatives are those of one side.
    pub fn is_differentiable(&self) -> bool {
        !self.nodes.iter().any(Node::is_step)
    }

    /// The value; NaN where there is none.
    ///
    /// # Panics
    /// As all evaluations, if `x` has another length than [`names`](Self::names).
    pub fn evaluate(&self, x: &[f64], tape: &mut Tape) -> f64 {
        assert_eq!(x.len(), self.names.len(), "a value for each variable");
        tape.values.clear();
        for node in &self.nodes {
            let value = node.value(|place| tape.values[place], x);
            tape.values.push(value);
        }
        tape.values[self.nodes.len() - 1]
    }

    /// The value, and the derivatives by all variables into `gradient`.
    pub fn gradient(&self, x: &[f64], gradient: &mut [f64], tape: &mut Tape) -> f64 {
        let value = self.evaluate(x, tape);
        self.differentiate(tape);
        gradient.fill(0.0);
        for (node, adjoint) in self.nodes.iter().zip(&tape.adjoints) {
            if let Node::Variable(place) = node {
                gradient[*place] += adjoint;
            }
        }
        value
    }

    /// Pairs (i, j ≤ i) of variables, in ascending order, whose second derivative may differ from zero.
    pub fn second(&self) -> &[(usize, usize)] {
        &self.second
    }

    /// Second derivatives at the pairs of [`second`](Self::second). As many pairs of sweeps as variables are in pairs.
    pub fn hessian(&self, x: &[f64], values: &mut [f64], tape: &mut Tape) {
        if self.second.is_empty() {
            return;
        }
        self.evaluate(x, tape);
        self.differentiate(tape);
        let mut column = vec![0.0; self.names.len()];
        let mut done = None;
        let mut order: Vec<usize> = (0..self.second.len()).collect();
        order.sort_by_key(|pair| self.second[*pair].1);
        for pair in order {
            let (row, direction) = self.second[pair];
            if done != Some(direction) {
                self.hessian_column(direction, &mut column, tape);
                done = Some(direction);
            }
            values[pair] = column[row];
        }
    }

    /// Local derivatives and adjoints at the point last evaluated.
    fn differentiate(&self, tape: &mut Tape) {
        tape.partials.clear();
        tape.partials.extend(
            self.nodes.iter().zip(&tape.values).map(|(node, value)| node.partials(*value, &tape.values)),
        );
        tape.adjoints.clear();
        tape.adjoints.resize(self.nodes.len(), 0.0);
        tape.adjoints[self.nodes.len() - 1] = 1.0;
        for place in (0..self.nodes.len()).rev() {
            let (adjoint, partials) = (tape.adjoints[place], tape.partials[place]);
            let [first, second] = self.nodes[place].operands();
            // Nothing flows where nothing depends on it, so that an infinite derivative there gives no NaN.
            if adjoint != 0.0 {
                add(&mut tape.adjoints, first, adjoint * partials.first[0]);
                add(&mut tape.adjoints, second, adjoint * partials.first[1]);
            }
        }
    }

    fn hessian_column(&self, direction: usize, column: &mut [f64], tape: &mut Tape) {
        tape.tangents.clear();
        for (node, partials) in self.nodes.iter().zip(&tape.partials) {
            let [first, second] = node.operands();
            let of = |operand: Option<usize>| operand.map_or(0.0, |operand| tape.tangents[operand]);
            let tangent = match node {
                Node::Variable(place) => f64::from(u8::from(*place == direction)),
                _ => times(of(first), partials.first[0]) + times(of(second), partials.first[1]),
            };
            tape.tangents.push(tangent);
        }
        tape.adjoint_tangents.clear();
        tape.adjoint_tangents.resize(self.nodes.len(), 0.0);
        column.fill(0.0);
        for place in (0..self.nodes.len()).rev() {
            let (adjoint, moved) = (tape.adjoints[place], tape.adjoint_tangents[place]);
            let Partials { first: slopes, second: [aa, ab, bb] } = tape.partials[place];
            let [first, second] = self.nodes[place].operands();
            let of = |operand: Option<usize>| operand.map_or(0.0, |operand| tape.tangents[operand]);
            let (da, db) = (of(first), of(second));
            let curved = |by_a: f64, by_b: f64| times(adjoint, times(da, by_a) + times(db, by_b));
            add(&mut tape.adjoint_tangents, first, times(moved, slopes[0]) + curved(aa, ab));
            add(&mut tape.adjoint_tangents, second, times(moved, slopes[1]) + curved(ab, bb));
            if let Node::Variable(variable) = self.nodes[place] {
                column[variable] += moved;
            }
        }
    }
}

/// Zero times anything is zero: nothing flows along a derivative of zero.
fn times(flow: f64, slope: f64) -> f64 {
    if flow == 0.0 { 0.0 } else { flow * slope }
}

fn add(sums: &mut [f64], place: Option<usize>, value: f64) {
    if let Some(place) = place {
        sums[place] += value;
    }
}

/// Pairs of variables that meet in an operation which is not linear in them.
fn interactions(nodes: &[Node]) -> Vec<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    let mut meet = |first: &[usize], second: &[usize]| {
        for a in first {
            pairs.extend(second.iter().map(|b| (*a.max(b), *a.min(b))));
        }
    };
    let mut known: Vec<Vec<usize>> = Vec::with_capacity(nodes.len());
    for node in nodes {
        // Every result is used once, so that its list can be taken.
        let mut take = |operand: Option<usize>| {
            operand.map_or_else(Vec::new, |operand| std::mem::take(&mut known[operand]))
        };
        let [mut a, mut b] = node.operands().map(&mut take);
        if node.curved().contains(&true) {
            for list in [&mut a, &mut b] {
                list.sort_unstable();
                list.dedup();
            }
        }
        let [aa, ab, bb] = node.curved();
        if aa {
            meet(&a, &a);
        }
        if ab {
            meet(&a, &b);
        }
        if bb {
            meet(&b, &b);
        }
        if let Node::Variable(place) = node {
            a.push(*place);
        }
        let (mut longer, shorter) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        longer.extend(shorter);
        known.push(longer);
    }
    pairs.into_iter().collect()
}
