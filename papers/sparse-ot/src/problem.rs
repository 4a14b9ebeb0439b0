//! The transport problem: a cost matrix and two marginals.
//!
//! U(a, b) = {T ≥ 0 : T 1 = a, Tᵀ 1 = b} is the set of plans that move the masses a ∈ ℝᵐ of the rows
//! to the masses b ∈ ℝⁿ of the columns at cost ⟨C, T⟩. Everything here is checked once, on
//! construction, so that no solver needs to.
//!
//! The cost is either a matrix, stored column after column because every solver walks down columns,
//! or computed from points whenever it is needed, which takes O((m + n) d) memory instead of O(m n).
//!
//! A cost of +∞ means *never*. Whether the pairs left can move the masses is settled on construction too, by a maximum flow: where they
//! cannot, the error names rows that send more than the columns open to them take. Costs that are finite but beyond all others by orders
//! of magnitude ("1e30 for never") stay as they are for bounds from below; what builds plans leaves them out if it can.

mod centred;
mod completion;
mod cost;

use ndarray::ArrayView1;
use numerics::sum::sum;
use thiserror::Error;

pub(crate) use centred::{with_offsets, without_offsets};
pub(crate) use completion::complete;
pub use cost::Cost;

/// The totals of a and b may differ by this part of the larger one; b is then rescaled to the total
/// of a. It is above the rounding of masses in single precision, and far below any mass that matters.
pub const MASS_TOLERANCE: f64 = 1e-6;

/// The largest total mass: its square, which the regulariser needs, is then far from overflow.
pub const LARGEST_MASS: f64 = 1e100;

/// Why an input is no transport problem.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ProblemError {
    /// There is no row or no column.
    #[error("the cost matrix is {rows} × {columns}; it needs at least one row and one column")]
    Empty {
        /// Number of rows.
        rows: usize,
        /// Number of columns.
        columns: usize,
    },
    /// More rows or columns than a 32-bit index can name.
    #[error("{count} rows or columns; at most {} are supported", u32::MAX)]
    TooLarge {
        /// The number of rows or columns.
        count: usize,
    },
    /// A cost is NaN or −∞.
    #[error("cost[{row}, {column}] is {value}; costs must be finite, or inf to forbid a pair")]
    Cost {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
        /// Its value.
        value: f64,
    },
    /// A mask of forbidden pairs has another shape than the costs.
    #[error("the mask of forbidden pairs is {} × {}, the costs are {} × {}", found.0, found.1, expected.0, expected.1)]
    Mask {
        /// Rows and columns found.
        found: (usize, usize),
        /// Rows and columns needed.
        expected: (usize, usize),
    },
    /// The pairs that are not forbidden cannot move the masses: all that `rows` may use are `columns`.
    #[error(
        "no plan avoids the forbidden pairs: open to {}, with a mass of {row_mass}, {} {}",
        listed("row", rows),
        if columns.len() < 2 { "is" } else { "are" },
        open_to(columns, *column_mass)
    )]
    Infeasible {
        /// Indices of the rows.
        rows: Vec<usize>,
        /// Indices of all columns with mass that are open to one of the rows.
        columns: Vec<usize>,
        /// What the rows send.
        row_mass: f64,
        /// What the columns take, which is less.
        column_mass: f64,
    },
    /// A coordinate of a point is NaN or infinite.
    #[error("{points}[{point}, {coordinate}] is {value}; coordinates must be finite")]
    Coordinate {
        /// `x` or `y`.
        points: &'static str,
        /// Index of the point.
        point: usize,
        /// Index of the coordinate.
        coordinate: usize,
        /// Its value.
        value: f64,
    },
    /// The points of the two sides live in different spaces.
    #[error("the points x have {x} coordinates, the points y have {y}")]
    Dimension {
        /// Coordinates of each x.
        x: usize,
        /// Coordinates of each y.
        y: usize,
    },
    /// The factor of a computed cost is not positive and finite, or makes a cost infinite.
    #[error("the cost scale is {0}; it must be positive, and costs finite")]
    Scale(f64),
    /// A marginal has another length than its side of the cost matrix.
    #[error("{marginal} has {found} masses, the cost matrix has {expected} {side}")]
    Length {
        /// `a` or `b`.
        marginal: &'static str,
        /// `rows` or `columns`.
        side: &'static str,
        /// The length needed.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A mass is negative, NaN or infinite.
    #[error("{marginal}[{index}] is {value}; masses must be finite and not negative")]
    Mass {
        /// `a` or `b`.
        marginal: &'static str,
        /// Its index.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// All masses are zero, or their sum is infinite.
    #[error(
        "the masses of {marginal} sum to {total:e}; the total must be positive and at most {LARGEST_MASS:e}"
    )]
    Total {
        /// `a` or `b`.
        marginal: &'static str,
        /// Their sum.
        total: f64,
    },
    /// The two totals differ by more than [`MASS_TOLERANCE`].
    #[error(
        "a sums to {a} and b to {b}: they differ by {:.3e} of the larger one, {:.0e} is allowed",
        (a - b).abs() / a.max(*b), MASS_TOLERANCE
    )]
    Unbalanced {
        /// Total of a.
        a: f64,
        /// Total of b.
        b: f64,
    },
}

/// A noun with at most ten indices.
fn listed(noun: &str, indices: &[usize]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = indices.iter().take(SHOWN).map(usize::to_string).collect();
    let more = indices.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{noun}{} {}{rest}", if indices.len() == 1 { "" } else { "s" }, shown.join(", "))
}

fn open_to(columns: &[usize], mass: f64) -> String {
    match columns {
        [] => "no column with mass".into(),
        columns => format!("only {}, with a mass of {mass}", listed("column", columns)),
    }
}

/// A cost matrix with marginals of equal total.
#[derive(Clone, Debug)]
pub struct Problem {
    cost: Cost,
    a: Vec<f64>,
    b: Vec<f64>,
    mass: f64,
    rescaled: f64,
    /// What builds plans uses no pair that costs more; `None` where it may use all.
    dearest: Option<f64>,
}

/// Costs between which so many powers of two are empty are in different groups.
const EMPTY_POWERS: usize = 20;
/// Plans may miss this part of the mass: the rounding of sums.
const NEGLIGIBLE: f64 = 1e-12;

impl Problem {
    /// The problem of moving masses `a` (one per row) to masses `b` (one per column).
    ///
    /// Masses are not negative; zero is allowed, the total need not be 1. Totals that differ by at
    /// most [`MASS_TOLERANCE`] of the larger one are made equal by scaling b.
    ///
    /// # Errors
    ///
    /// Wrong lengths; a mass that is negative, NaN or infinite; a total of zero; totals that differ
    /// by more than the tolerance; masses that the pairs not forbidden cannot move.
    pub fn new(cost: Cost, a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Result<Self, ProblemError> {
        let total_a = check_marginal("a", "rows", a, cost.rows())?;
        let total_b = check_marginal("b", "columns", b, cost.columns())?;
        if (total_a - total_b).abs() > MASS_TOLERANCE * total_a.max(total_b) {
            return Err(ProblemError::Unbalanced { a: total_a, b: total_b });
        }
        let rescale = if total_a == total_b { 1.0 } else { total_a / total_b };
        let b = b.iter().map(|mass| mass * rescale).collect();
        let mut problem = Self { cost, a: a.to_vec(), b, mass: total_a, rescaled: rescale, dearest: None };
        if problem.cost.forbids() {
            problem.check_flow(f64::MAX)?;
            problem.dearest = Some(f64::MAX);
        }
        let groups = problem.cost.stored().map(dearest_of_groups).unwrap_or_default();
        if let Some(dearest) = groups.into_iter().find(|dearest| problem.check_flow(*dearest).is_ok()) {
            problem.dearest = Some(dearest);
        }
        Ok(problem)
    }

    /// Whether pairs of at most this cost can move the masses.
    fn check_flow(&self, dearest: f64) -> Result<(), ProblemError> {
        let mut plan = vec![Vec::new(); self.columns()];
        let (mut rows, mut columns) = (self.a.clone(), self.b.clone());
        let open = |i: usize, j: usize| self.cost.entry(i, j) <= dearest;
        complete(&mut plan, &mut rows, &mut columns, NEGLIGIBLE * self.mass, open).map_err(|found| {
            let columns: Vec<usize> = found.columns.into_iter().filter(|j| self.b[*j] > 0.0).collect();
            ProblemError::Infeasible {
                row_mass: sum(found.rows.iter().map(|i| self.a[*i])),
                column_mass: sum(columns.iter().map(|j| self.b[*j])),
                rows: found.rows,
                columns,
            }
        })
    }

    /// Whether plans are built without some pairs: those forbidden, and those beyond all others by orders of magnitude.
    pub(crate) fn avoids_any(&self) -> bool {
        self.dearest.is_some()
    }

    /// Whether plans are built without a pair.
    pub(crate) fn avoids(&self, row: usize, column: usize) -> bool {
        self.dearest.is_some_and(|dearest| self.cost.entry(row, column) > dearest)
    }

    /// The problem on some of the rows and columns, their masses scaled to the same total.
    /// `None` if they have no mass.
    pub(crate) fn select(&self, rows: &[usize], columns: &[usize]) -> Option<Self> {
        let scaled = |masses: &[f64], kept: &[usize]| {
            let total = sum(kept.iter().map(|&i| masses[i]));
            let scale = self.mass / total;
            let scaled: Vec<f64> = kept.iter().map(|&i| masses[i] * scale).collect();
            (total > 0.0 && scaled.iter().all(|mass| mass.is_finite())).then_some(scaled)
        };
        Some(Self {
            cost: self.cost.select(rows, columns),
            a: scaled(&self.a, rows)?,
            b: scaled(&self.b, columns)?,
            mass: self.mass,
            rescaled: 1.0,
            dearest: self.dearest,
        })
    }

    /// The costs.
    pub fn cost(&self) -> &Cost {
        &self.cost
    }

    /// The masses a of the rows.
    pub fn a(&self) -> &[f64] {
        &self.a
    }

    /// The masses b of the columns.
    pub fn b(&self) -> &[f64] {
        &self.b
    }

    /// The factor by which b was scaled to the total of a; 1 where both were the same.
    pub fn rescaled(&self) -> f64 {
        self.rescaled
    }

    /// The total mass Σ aᵢ = Σ bⱼ.
    pub fn mass(&self) -> f64 {
        self.mass
    }

    /// Number m of rows.
    pub fn rows(&self) -> usize {
        self.cost.rows()
    }

    /// Number n of columns.
    pub fn columns(&self) -> usize {
        self.cost.columns()
    }

    /// Rows and columns exchanged. A limit on the nonzeros of each row of a plan is a limit on the
    /// columns of the transposed problem's plan.
    pub fn transposed(&self) -> Self {
        Self {
            cost: self.cost.transposed(),
            a: self.b.clone(),
            b: self.a.clone(),
            mass: sum(self.b.iter().copied()),
            rescaled: 1.0,
            dearest: self.dearest,
        }
    }
}

/// The largest cost of each group of costs but the last, where groups lie apart by orders of magnitude. Measured from the least cost; cost:
/// two passes.
fn dearest_of_groups(costs: &[f64]) -> Vec<f64> {
    const POWERS: usize = 2048;
    let low = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let power = |c: f64| ((c - low).to_bits() >> 52) as usize % POWERS;
    let mut dearest = [f64::NEG_INFINITY; POWERS];
    for &c in costs.iter().filter(|c| **c < f64::INFINITY) {
        let of_power = &mut dearest[power(c)];
        *of_power = of_power.max(c);
    }
    let powers: Vec<usize> = (1..POWERS).filter(|power| dearest[*power] > f64::NEG_INFINITY).collect();
    let apart = powers.windows(2).filter(|pair| pair[1] - pair[0] > EMPTY_POWERS);
    apart.map(|pair| dearest[pair[0]]).collect()
}

/// Checks one marginal and returns its total.
fn check_marginal(
    marginal: &'static str,
    side: &'static str,
    masses: ArrayView1<'_, f64>,
    expected: usize,
) -> Result<f64, ProblemError> {
    if masses.len() != expected {
        return Err(ProblemError::Length { marginal, side, expected, found: masses.len() });
    }
    if let Some(index) = masses.iter().position(|mass| !(mass.is_finite() && *mass >= 0.0)) {
        return Err(ProblemError::Mass { marginal, index, value: masses[index] });
    }
    let total = sum(masses.iter().copied());
    if total > 0.0 && total <= LARGEST_MASS {
        Ok(total)
    } else {
        Err(ProblemError::Total { marginal, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, array};

    fn error(cost: Array2<f64>, a: Array1<f64>, b: Array1<f64>) -> String {
        Cost::dense(cost.view())
            .and_then(|cost| Problem::new(cost, a.view(), b.view()))
            .expect_err("a faulty problem")
            .to_string()
    }

    #[test]
    fn totals_within_rounding_are_made_equal() {
        let cost = Cost::dense(array![[0.0, 1.0]].view()).expect("valid costs");
        let problem = Problem::new(cost, array![2.0].view(), array![1.0, 1.0 + 1e-10].view());
        let problem = problem.expect("totals within the tolerance");
        assert_eq!(problem.mass(), 2.0);
        assert!((problem.b().iter().sum::<f64>() - 2.0).abs() <= f64::EPSILON * 2.0);
    }

    #[test]
    fn costs_beyond_all_others_are_avoided_where_masses_allow() {
        let problem = |cost: Array2<f64>| {
            let half = array![0.5, 0.5];
            Problem::new(Cost::dense(cost.view()).expect("costs"), half.view(), half.view())
                .expect("a problem")
        };
        let found = problem(array![[3.0, 1e30], [2.0, 1.0]]);
        assert!(found.avoids(0, 1) && !found.avoids(0, 0));
        // A row that has nothing else uses them; costs of one size, and of 0 and anything, have no groups.
        assert!(!problem(array![[1e30, 1e30], [2.0, 1.0]]).avoids_any());
        assert!(!problem(array![[0.0, 1e30], [1e30, 0.0]]).avoids_any());
        assert!(!problem(array![[1.0, 1e5], [1.0, 1.0]]).avoids_any());
    }

    #[test]
    fn faults_are_named() {
        let one = || array![[1.0, 2.0]];
        assert_eq!(
            error(one(), array![1.0], array![0.5, 0.6]),
            "a sums to 1 and b to 1.1: they differ by 9.091e-2 of the larger one, 1e-6 is allowed"
        );
        assert_eq!(
            error(one(), array![1.0], array![1.5, -0.5]),
            "b[1] is -0.5; masses must be finite and not negative"
        );
        assert_eq!(
            error(one(), array![0.5, 0.5], array![0.5, 0.5]),
            "a has 2 masses, the cost matrix has 1 rows"
        );
        assert_eq!(
            error(array![[1.0, f64::NAN]], array![1.0], array![0.5, 0.5]),
            "cost[0, 1] is NaN; costs must be finite, or inf to forbid a pair"
        );
        assert!(error(one(), array![0.0], array![0.0, 0.0]).starts_with("the masses of a sum to 0"));
        assert!(error(Array2::zeros((0, 3)), array![], Array1::zeros(3)).contains("0 × 3"));
        assert!(error(one(), array![f64::INFINITY], array![0.5, 0.5]).contains("a[0] is inf"));
        let never = f64::INFINITY;
        assert_eq!(
            error(array![[never, 1.0], [never, 1.0], [1.0, 1.0]], array![0.5, 0.25, 0.25], array![0.5, 0.5]),
            "no plan avoids the forbidden pairs: open to rows 0, 1, with a mass of 0.75, is only column 1, with a mass of 0.5"
        );
        assert_eq!(
            error(array![[never], [1.0]], array![0.5, 0.5], array![1.0]),
            "no plan avoids the forbidden pairs: open to row 0, with a mass of 0.5, is no column with mass"
        );
        let far = array![[1e200]];
        assert_eq!(
            Cost::squared_euclidean(far.view(), far.view(), 1.0).err(),
            Some(ProblemError::Scale(1.0))
        );
    }
}
