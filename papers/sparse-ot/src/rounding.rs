//! From almost a transport plan to a transport plan.
//!
//! First T is balanced on its own support: T_ij (1 + uᵢ + vⱼ) has the right marginals where u, v
//! solve a Laplacian system on the graph of the support. That moves little and adds no entry. What
//! is still wrong is removed as by Altschuler, Weed and Rigollet (2017, algorithm 2): scale down
//! the rows that carry too much, then the columns, and distribute what is missing. They distribute
//! by a matrix of rank one, which has a mass in every place; here the missing masses are matched
//! row by row and column by column (the north-west corner rule), at most m + n new entries. Where pairs are forbidden, a maximum flow
//! takes them to pairs that are open.

use numerics::sum::{Sum, sum};

use crate::plan::SparsePlan;
use crate::problem::{Problem, complete};

/// Missing masses below this part of the total are left missing: they are rounding, and filling
/// them would only add entries.
const NEGLIGIBLE: f64 = 1e-13;
/// Balancing is for errors below this part of the total.
const NEARLY_BALANCED: f64 = 0.01;
/// Most steps of conjugate gradients in balancing.
const BALANCING_STEPS: usize = 200;
/// Each round of balancing lowers the error a million times, if the support allows.
const BALANCING_ROUNDS: usize = 3;

/// A plan with the marginals of the problem (to 1e-12 of the total), close to `plan`. `None` where pairs are avoided and rounding keeps
/// the last masses from the others.
pub(crate) fn round(plan: &SparsePlan, problem: &Problem) -> Option<SparsePlan> {
    let (a, b) = (problem.a(), problem.b());
    let mut columns = balanced_columns(plan, a, b);
    let total = sum(a.iter().copied());
    let row_factors: Vec<f64> = a
        .iter()
        .zip(row_sums(&columns, a.len()))
        .map(|(&a, sum)| if sum > a { a / sum } else { 1.0 })
        .collect();
    for (row, mass) in columns.iter_mut().flatten() {
        *mass *= row_factors[*row as usize];
    }
    scale_columns(&mut columns, b, false);
    let mut missing: Vec<f64> =
        a.iter().zip(row_sums(&columns, a.len())).map(|(a, sum)| (a - sum).max(0.0)).collect();
    let negligible = NEGLIGIBLE * total;
    if sum(missing.iter().copied()) > negligible && !problem.avoids_any() {
        fill(&mut columns, &mut missing, b);
    } else if sum(missing.iter().copied()) > negligible {
        let carried = |column: &Vec<(u32, f64)>| sum(column.iter().map(|&(_, mass)| mass));
        let mut wanted: Vec<f64> =
            columns.iter().zip(b).map(|(column, b)| (b - carried(column)).max(0.0)).collect();
        let open = |i: usize, j: usize| !problem.avoids(i, j);
        complete(&mut columns, &mut missing, &mut wanted, 10.0 * negligible, open).ok()?;
    }

    Some(assemble(columns, a.len()))
}

/// A plan with the same support or less, exact column sums, and row sums as close to a as the
/// support allows.
pub(crate) fn round_on_support(plan: &SparsePlan, a: &[f64], b: &[f64]) -> SparsePlan {
    assemble(balanced_columns(plan, a, b), a.len())
}

fn balanced_columns(plan: &SparsePlan, a: &[f64], b: &[f64]) -> Vec<Vec<(u32, f64)>> {
    let total = sum(a.iter().copied());
    let mut columns: Vec<Vec<(u32, f64)>> =
        (0..plan.columns()).map(|j| plan.column(j).map(|(i, mass)| (i as u32, mass)).collect()).collect();
    columns.resize(b.len(), Vec::new());
    scale_columns(&mut columns, b, true);
    for _ in 0..BALANCING_ROUNDS {
        let error = row_error(&columns, a);
        if error > NEARLY_BALANCED * total || error <= NEGLIGIBLE * total {
            break;
        }
        let balanced = balance(&columns, a);
        if row_error(&balanced, a) > 0.5 * error {
            break;
        }
        columns = balanced;
    }
    columns
}

fn assemble(columns: Vec<Vec<(u32, f64)>>, rows: usize) -> SparsePlan {
    let mut plan = SparsePlan::with_rows(rows);
    for column in columns {
        plan.push_column(column);
    }
    plan
}

fn row_sums(columns: &[Vec<(u32, f64)>], rows: usize) -> impl Iterator<Item = f64> {
    let mut sums = vec![Sum::new(); rows];
    for &(row, mass) in columns.iter().flatten() {
        sums[row as usize].add(mass);
    }
    sums.into_iter().map(Sum::value)
}

fn row_error(columns: &[Vec<(u32, f64)>], a: &[f64]) -> f64 {
    row_sums(columns, a.len()).zip(a).map(|(sum, a)| (sum - a).abs()).sum()
}

/// Scales columns of too much mass (with `both`, also of too little) to their masses.
fn scale_columns(columns: &mut [Vec<(u32, f64)>], b: &[f64], both: bool) {
    for (column, &b) in columns.iter_mut().zip(b) {
        let carried = sum(column.iter().map(|&(_, mass)| mass));
        if carried > b || (both && carried > 0.0) {
            column.iter_mut().for_each(|(_, mass)| *mass *= b / carried);
        }
    }
}

/// Multiplies entries by 1 + uᵢ + vⱼ, not below 0, so that the rows sum to a and the columns keep
/// their sums c: (diag(r) − T diag(1/c) Tᵀ) u = a − r, v = −diag(1/c) Tᵀ u, solved by conjugate
/// gradients as far as the support allows.
fn balance(columns: &[Vec<(u32, f64)>], a: &[f64]) -> Vec<Vec<(u32, f64)>> {
    let m = a.len();
    let sums: Vec<f64> = row_sums(columns, m).collect();
    let carried: Vec<f64> = columns.iter().map(|column| column.iter().map(|&(_, mass)| mass).sum()).collect();
    let spread = |x: &[f64], column: &[(u32, f64)], carried: f64| {
        let inner: f64 = column.iter().map(|&(row, mass)| mass * x[row as usize]).sum();
        if carried > 0.0 { inner / carried } else { 0.0 }
    };
    let precondition = |i: usize| if sums[i] > 0.0 { 1.0 / sums[i] } else { 0.0 };

    let mut u = vec![0.0; m];
    let mut residual: Vec<f64> = a.iter().zip(&sums).map(|(a, sum)| a - sum).collect();
    let mut search: Vec<f64> = (0..m).map(|i| precondition(i) * residual[i]).collect();
    let mut product = vec![0.0; m];
    let mut size: f64 = residual.iter().zip(&search).map(|(r, s)| r * s).sum();
    let target = size * 1e-12;
    for _ in 0..BALANCING_STEPS {
        for i in 0..m {
            product[i] = sums[i] * search[i];
        }
        for (column, &carried) in columns.iter().zip(&carried) {
            let mean = spread(&search, column, carried);
            for &(row, mass) in column {
                product[row as usize] -= mass * mean;
            }
        }
        let bend: f64 = search.iter().zip(&product).map(|(s, p)| s * p).sum();
        if bend.is_nan() || bend <= 0.0 {
            break;
        }
        let mut next = 0.0;
        for i in 0..m {
            u[i] += size / bend * search[i];
            residual[i] -= size / bend * product[i];
            next += residual[i] * residual[i] * precondition(i);
        }
        if next <= target {
            break;
        }
        for i in 0..m {
            search[i] = precondition(i) * residual[i] + next / size * search[i];
        }
        size = next;
    }

    let factor = |row: u32, mean: f64| (1.0 + u[row as usize] - mean).max(0.0);
    columns
        .iter()
        .zip(&carried)
        .map(|(column, &carried)| {
            let mean = spread(&u, column, carried);
            column.iter().map(|&(row, mass)| (row, mass * factor(row, mean))).collect()
        })
        .collect()
}

/// Matches what is missing in rows with what is missing in columns, in order.
fn fill(columns: &mut [Vec<(u32, f64)>], missing_rows: &mut [f64], b: &[f64]) {
    let mut row = 0;
    for (column, &b) in columns.iter_mut().zip(b) {
        let mut missing = b - sum(column.iter().map(|&(_, mass)| mass));
        while missing > 0.0 && row < missing_rows.len() {
            let moved = missing.min(missing_rows[row]);
            if moved > 0.0 {
                column.push((row as u32, moved));
                missing -= moved;
                missing_rows[row] -= moved;
            }
            if missing_rows[row] <= 0.0 {
                row += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Cost;
    use ndarray::{Array2, array, aview1};
    use proptest::prelude::*;

    fn problem(a: &[f64], b: &[f64]) -> Problem {
        let cost = Cost::dense(Array2::zeros((a.len(), b.len())).view()).expect("costs");
        Problem::new(cost, aview1(a), aview1(b)).expect("a balanced problem")
    }

    #[test]
    fn a_small_error_is_balanced_on_the_support() {
        // A cycle of support with row sums off by 1e-3: no new entry is needed.
        let plan =
            SparsePlan::from_dense(array![[0.25, 0.251, 0.0], [0.25, 0.0, 0.1], [0.0, 0.049, 0.1]].view());
        let (a, b) = ([0.5, 0.35, 0.15], [0.5, 0.3, 0.2]);
        let rounded = round(&plan, &problem(&a, &b)).expect("nothing is forbidden");
        assert_eq!(rounded.nonzeros(), plan.nonzeros());
        assert!(rounded.row_error(&a) + rounded.column_error(&b) <= 1e-13);
    }

    proptest! {
        /// Both marginals are met, whatever the plan.
        #[test]
        fn marginals_are_met(
            entries in prop::collection::vec(prop::sample::select(vec![0.0, 0.0, 0.1, 1.0]), 12),
            a in prop::collection::vec(prop::sample::select(vec![0.0, 0.1, 0.7]), 4),
            b in prop::collection::vec(0.1f64..1.0, 3),
        ) {
            let a: Vec<f64> = a.iter().map(|a| a + 1e-3).collect();
            let scale = a.iter().sum::<f64>() / b.iter().sum::<f64>();
            let b: Vec<f64> = b.iter().map(|b| b * scale).collect();
            let matrix = Array2::from_shape_vec((4, 3), entries).expect("12 entries");
            let plan = SparsePlan::from_dense(matrix.view());
            let rounded = round(&plan, &problem(&a, &b)).expect("nothing is forbidden");
            prop_assert!(rounded.row_error(&a) <= 1e-12);
            prop_assert!(rounded.column_error(&b) <= 1e-12);
        }

        /// A plan that is feasible already stays as it is, up to rounding.
        #[test]
        fn feasible_plans_stay(entries in prop::collection::vec(0.0f64..1.0, 12)) {
            let matrix = Array2::from_shape_vec((4, 3), entries).expect("12 entries");
            let plan = SparsePlan::from_dense(matrix.view());
            let rounded = round(&plan, &problem(&plan.row_sums(), &plan.column_sums()));
            let rounded = rounded.expect("nothing is forbidden");
            for (x, y) in rounded.to_dense().iter().zip(&matrix) {
                prop_assert!((x - y).abs() <= 1e-12);
            }
        }
    }
}
