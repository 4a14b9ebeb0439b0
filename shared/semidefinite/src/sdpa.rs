//! The sparse format of SDPA, which most semidefinite solvers read.
//!
//! ```text
//! minimise Σ c_i x_i  subject to  Σ x_i F_i − F_0 ⪰ 0
//! ```
//!
//! is the dual of the form of [`semidefinite`](super) with b = c, A_i = F_i, C = −F_0 and the sign of x changed: its optimal
//! value is that of our primal with the sign changed. A diagonal block becomes blocks of order one.

use std::collections::HashSet;
use std::fmt::Write;
use std::io::BufRead;

use ndarray::Array2;

use super::precision::Formulation;
use super::solution::Solution;
use super::{Block, Problem, Terms};
use crate::Error;
use crate::dense::zeros;
use crate::scalar::Scalar;

/// The largest order of a block and the largest number of constraints that is read; a file that asks for more is taken for damaged.
const LARGEST: usize = 20_000;

/// Matrices of a file take at most this many entries in dense form.
const LARGEST_DENSE: usize = 100_000_000;

/// A problem as it stands in a file: numbers as their decimal text, so that every precision reads them in full.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseProblem {
    /// The costs c_i.
    pub costs: Vec<String>,
    /// The orders of the blocks, negative for diagonal ones.
    pub blocks: Vec<isize>,
    /// (matrix, block, row, column, value): matrix 0 is F_0; block, row and column from 0, row ≤ column.
    pub entries: Vec<(usize, usize, usize, usize, String)>,
}

/// The numbers on a line, which may be separated by blanks, commas, braces and parentheses.
fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| c.is_whitespace() || ",{}()".contains(c)).filter(|field| !field.is_empty())
}

impl SparseProblem {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] with the line and the fault.
    pub fn read(reader: impl BufRead) -> Result<Self, Error> {
        let fault = |line: usize, fault: String| Error::Format { line, fault };
        let mut lines = Vec::new();
        for (number, line) in reader.lines().enumerate() {
            let line = line.map_err(|error| fault(number + 1, error.to_string()))?;
            // Comments open the file; later lines may end in remarks, which the counts leave unread.
            if !(lines.is_empty() && (line.starts_with('"') || line.starts_with('*'))
                || line.trim().is_empty())
            {
                lines.push((number + 1, line));
            }
        }
        let mut lines = lines.into_iter();
        let mut next =
            |what: &str| lines.next().ok_or_else(|| fault(0, format!("the file ends before {what}")));
        let count = |(number, line): (usize, String), what: &str| -> Result<usize, Error> {
            let field = fields(&line).next().unwrap_or("").to_owned();
            field.parse::<usize>().ok().filter(|count| (1..=LARGEST).contains(count)).ok_or_else(|| {
                fault(number, format!("expected {what} from 1 to {LARGEST}, found \"{field}\""))
            })
        };
        let constraints = count(next("the number of constraints")?, "a number of constraints")?;
        let block_count = count(next("the number of blocks")?, "a number of blocks")?;
        let (number, line) = next("the orders of the blocks")?;
        let mut blocks = Vec::with_capacity(block_count);
        for field in fields(&line).take(block_count) {
            let order: isize = field
                .trim_start_matches('+')
                .parse()
                .map_err(|_| fault(number, format!("expected the order of a block, found \"{field}\"")))?;
            if order == 0 || order.unsigned_abs() > LARGEST {
                return Err(fault(number, format!("a block of order {order}")));
            }
            blocks.push(order);
        }
        if blocks.len() != block_count {
            return Err(fault(
                number,
                format!("expected {block_count} orders of blocks, found {}", blocks.len()),
            ));
        }
        let diagonal: usize =
            blocks.iter().filter(|order| **order < 0).map(|order| order.unsigned_abs()).sum();
        if diagonal > LARGEST {
            return Err(fault(
                number,
                format!("the diagonal blocks have {diagonal} entries, more than {LARGEST}"),
            ));
        }
        let memory: usize = blocks
            .iter()
            .map(|order| if *order > 0 { order.unsigned_abs().pow(2) } else { order.unsigned_abs() })
            .sum();
        if memory > LARGEST_DENSE {
            return Err(fault(
                number,
                format!("the blocks have {memory} entries, more than {LARGEST_DENSE}"),
            ));
        }
        let (number, line) = next("the costs")?;
        let costs: Vec<String> = fields(&line).take(constraints).map(str::to_owned).collect();
        if costs.len() != constraints {
            return Err(fault(number, format!("expected {constraints} costs, found {}", costs.len())));
        }
        if let Some(cost) = costs.iter().find(|cost| decimal::<f64>(cost).is_none()) {
            return Err(fault(number, format!("expected a finite number, found \"{cost}\"")));
        }
        let mut entries = Vec::new();
        let mut places = HashSet::new();
        for (number, line) in lines {
            let found: Vec<&str> = fields(&line).collect();
            let [matrix, block, row, column, value] = found.as_slice() else {
                return Err(fault(
                    number,
                    format!("expected matrix, block, row, column and value, found {} fields", found.len()),
                ));
            };
            let place = |field: &str, low: usize, high: usize, what: &str| -> Result<usize, Error> {
                field.parse::<usize>().ok().filter(|place| (low..=high).contains(place)).ok_or_else(|| {
                    fault(number, format!("expected a {what} from {low} to {high}, found \"{field}\""))
                })
            };
            let matrix = place(matrix, 0, constraints, "matrix")?;
            let block = place(block, 1, block_count, "block")? - 1;
            let order = blocks[block].unsigned_abs();
            let (row, column) = (place(row, 1, order, "row")? - 1, place(column, 1, order, "column")? - 1);
            if blocks[block] < 0 && row != column {
                return Err(fault(
                    number,
                    format!(
                        "block {} is diagonal, and ({}, {}) is not on the diagonal",
                        block + 1,
                        row + 1,
                        column + 1
                    ),
                ));
            }
            if decimal::<f64>(value).is_none() {
                return Err(fault(number, format!("expected a finite number, found \"{value}\"")));
            }
            if !places.insert((matrix, block, row.min(column), row.max(column))) {
                return Err(fault(number, "this entry, or its mirror image, was given before".into()));
            }
            entries.push((matrix, block, row.min(column), row.max(column), (*value).to_owned()));
        }
        Ok(Self { costs, blocks, entries })
    }

    /// The file.
    pub fn write(&self) -> String {
        let mut text = format!("{}\n{}\n", self.costs.len(), self.blocks.len());
        let orders: Vec<String> = self.blocks.iter().map(isize::to_string).collect();
        text += &format!("{}\n{}\n", orders.join(" "), self.costs.join(" "));
        for (matrix, block, row, column, value) in &self.entries {
            writeln!(text, "{matrix} {} {} {} {value}", block + 1, row + 1, column + 1)
                .expect("writing to a string succeeds");
        }
        text
    }

    /// A problem without free variables in this format, with its numbers to the precision of `T`.
    ///
    /// # Errors
    ///
    /// [`Error::Problem`] if it has free variables, which the format lacks, or a constant.
    pub fn from_problem<T: Scalar>(problem: &Problem<T>) -> Result<Self, Error> {
        problem.validate()?;
        if !problem.free_cost.is_empty() || problem.constant != T::zero() {
            return Err(Error::Problem("the sparse format has neither free variables nor a constant".into()));
        }
        let costs = problem.right_hand_side.iter().map(|value| to_decimal(*value)).collect();
        let blocks = problem.blocks.iter().map(|block| block.size() as isize).collect();
        let mut entries = Vec::new();
        for (number, block) in problem.blocks.iter().enumerate() {
            let mut add = |matrix: usize, row: usize, column: usize, value: T| {
                if value != T::zero() {
                    entries.push((matrix, number, row, column, to_decimal(value)));
                }
            };
            for row in 0..block.size() {
                for column in row..block.size() {
                    add(0, row, column, -block.cost[[row, column]]);
                }
            }
            match &block.terms {
                Terms::Entries(entries) => entries
                    .iter()
                    .for_each(|&(constraint, row, column, value)| add(constraint + 1, row, column, value)),
                Terms::RankOne { vectors, weights, constraints } => {
                    let terms: Vec<usize> = (0..weights.len()).collect();
                    for group in terms.chunk_by(|a, b| constraints[*a] == constraints[*b]) {
                        for row in 0..block.size() {
                            for column in row..block.size() {
                                let mut sum = T::zero();
                                group.iter().for_each(|term| {
                                    sum += weights[*term] * vectors[[*term, row]] * vectors[[*term, column]]
                                });
                                add(constraints[group[0]] + 1, row, column, sum);
                            }
                        }
                    }
                }
            }
        }
        entries.sort_by_key(|entry| (entry.0, entry.1));
        Ok(Self { costs, blocks, entries })
    }
}

/// The value and the multipliers of a file's problem.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseSolution {
    /// Σ c_i x_i.
    pub minimum: f64,
    /// ⟨F_0, Y⟩, the dual's value.
    pub maximum: f64,
    /// x.
    pub x: Vec<f64>,
}

impl Formulation for SparseProblem {
    type Output = SparseSolution;

    fn problem<T: Scalar>(&self) -> Result<Problem<T>, Error> {
        let read = |text: &str| decimal::<T>(text).expect("numbers are checked when they are read");
        let mut first_of_block = Vec::with_capacity(self.blocks.len());
        let mut orders = Vec::new();
        for order in &self.blocks {
            first_of_block.push(orders.len());
            if *order > 0 {
                orders.push(order.unsigned_abs())
            } else {
                orders.extend(vec![1; order.unsigned_abs()])
            }
        }
        let mut costs: Vec<Array2<T>> = orders.iter().map(|order| zeros(*order, *order)).collect();
        let mut terms: Vec<Vec<(usize, usize, usize, T)>> = vec![Vec::new(); orders.len()];
        for (matrix, block, row, column, value) in &self.entries {
            let value = read(value);
            let (block, row, column) = if self.blocks[*block] < 0 {
                (first_of_block[*block] + row, 0, 0)
            } else {
                (first_of_block[*block], *row, *column)
            };
            if *matrix == 0 {
                costs[block][[row, column]] -= value;
                if row != column {
                    costs[block][[column, row]] -= value;
                }
            } else {
                terms[block].push((matrix - 1, row, column, value));
            }
        }
        let blocks = costs.into_iter().zip(terms).map(|(cost, mut entries)| {
            entries.sort_by_key(|entry| entry.0);
            Block { cost, terms: Terms::Entries(entries) }
        });
        let right_hand_side: Vec<T> = self.costs.iter().map(|cost| read(cost)).collect();
        Ok(Problem {
            free: zeros(right_hand_side.len(), 0),
            right_hand_side,
            blocks: blocks.collect(),
            free_cost: Vec::new(),
            constant: T::zero(),
        })
    }

    fn output<T: Scalar>(&self, solution: &Solution<T>) -> Result<SparseSolution, Error> {
        Ok(SparseSolution {
            minimum: -solution.progress.dual,
            maximum: -solution.progress.primal,
            x: solution.iterate.x.iter().map(|x| -x.to_f64()).collect(),
        })
    }
}

/// The number that a decimal text stands for, in full precision; `None` if it is none, or has so many digits or so large an exponent that a
/// power of ten would leave the range of `f64`.
pub fn decimal<T: Scalar>(text: &str) -> Option<T> {
    let text = text.trim_start_matches('+');
    let (mantissa, exponent) = match text.find(['e', 'E', 'd', 'D']) {
        Some(place) => {
            (&text[..place], text[place + 1..].parse::<i32>().ok().filter(|exponent| exponent.abs() <= 400)?)
        }
        None => (text, 0),
    };
    let (negative, digits) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0
        || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let exponent = exponent - i32::try_from(fraction.len()).ok()?;
    if whole.len() + fraction.len() > 280 || exponent.abs() > 290 {
        return None;
    }
    let ten = T::from_f64(10.0);
    let mut value = T::zero();
    for digit in whole.bytes().chain(fraction.bytes()) {
        value = value * ten + T::from_f64(f64::from(digit - b'0'));
    }
    let mut power = T::one();
    for _ in 0..exponent.unsigned_abs() {
        power *= ten;
    }
    value = if exponent < 0 { value / power } else { value * power };
    value.is_finite().then_some(if negative { -value } else { value })
}

/// The number in scientific notation, with all digits that its precision holds and two more.
pub fn to_decimal<T: Scalar>(value: T) -> String {
    if value == T::zero() {
        return "0".into();
    }
    let ten = T::from_f64(10.0);
    let mut rest = value.abs();
    let mut exponent = rest.to_f64().log10().floor() as i32;
    for _ in 0..exponent.unsigned_abs() {
        if exponent < 0 { rest *= ten } else { rest = rest / ten }
    }
    while rest >= ten {
        rest = rest / ten;
        exponent += 1;
    }
    while rest < T::one() {
        rest *= ten;
        exponent -= 1;
    }
    let mut text = String::new();
    for place in 0..(T::BITS as f64 * std::f64::consts::LOG10_2) as usize + 3 {
        let digit = rest.to_f64().floor().clamp(0.0, 9.0);
        // Rounding to f64 may have gone up to the next digit.
        let digit = if T::from_f64(digit) > rest { digit - 1.0 } else { digit };
        text.push(char::from(b'0' + digit.max(0.0) as u8));
        if place == 0 {
            text.push('.');
        }
        rest = (rest - T::from_f64(digit)) * ten;
    }
    format!("{}{text}e{exponent}", if value < T::zero() { "-" } else { "" })
}
