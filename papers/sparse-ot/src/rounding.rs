//! From almost a transport plan to a transport plan.
//!
//! Altschuler, Weed and Rigollet (2017, algorithm 2): scale down the rows that carry too much, then
//! the columns, and distribute what is missing. They distribute by a matrix of rank one, which has
//! a mass in every place; here the missing masses are matched row by row and column by column (the
//! north-west corner rule), which adds at most m + n entries.

use numerics::sum::sum;

use crate::plan::SparsePlan;

/// Missing masses below this part of the total are left missing: they are rounding, and filling
/// them would only add entries.
const NEGLIGIBLE: f64 = 1e-13;

/// A plan with row sums a and column sums b, close to `plan`: it moves at most twice the plan's own
/// error in the marginals.
pub(crate) fn round(plan: &SparsePlan, a: &[f64], b: &[f64]) -> SparsePlan {
    let row_factors = factors(a, &plan.row_sums());
    let scaled: Vec<Vec<(u32, f64)>> = (0..plan.columns())
        .map(|j| plan.column(j).map(|(i, mass)| (i as u32, mass * row_factors[i])).collect())
        .collect();
    let sums: Vec<f64> = scaled.iter().map(|c| sum(c.iter().map(|&(_, mass)| mass))).collect();
    let column_factors = factors(b, &sums);

    let mut columns = scaled;
    for (column, factor) in columns.iter_mut().zip(&column_factors) {
        for (_, mass) in column.iter_mut() {
            *mass *= factor;
        }
    }
    let mut row_sums = vec![numerics::sum::Sum::new(); a.len()];
    for column in &columns {
        for &(row, mass) in column {
            row_sums[row as usize].add(mass);
        }
    }
    let mut missing_rows: Vec<f64> =
        a.iter().zip(row_sums).map(|(a, sum)| (a - sum.value()).max(0.0)).collect();
    let total = sum(a.iter().copied());
    if sum(missing_rows.iter().copied()) > NEGLIGIBLE * total {
        fill(&mut columns, &mut missing_rows, b);
    }

    let mut rounded = SparsePlan::with_rows(a.len());
    for column in columns {
        rounded.push_column(column);
    }
    rounded
}

/// What each sum must be multiplied by so as not to exceed its target.
fn factors(targets: &[f64], sums: &[f64]) -> Vec<f64> {
    targets.iter().zip(sums).map(|(&to, &sum)| if sum > to { to / sum } else { 1.0 }).collect()
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
    use ndarray::Array2;
    use proptest::prelude::*;

    proptest! {
        /// Both marginals are met to rounding, and the plan moves by at most twice its own error.
        #[test]
        fn marginals_are_met(
            entries in prop::collection::vec(prop::sample::select(vec![0.0, 0.0, 0.1, 1.0]), 12),
            a in prop::collection::vec(0.1f64..1.0, 4),
            b in prop::collection::vec(0.1f64..1.0, 3),
        ) {
            let scale = a.iter().sum::<f64>() / b.iter().sum::<f64>();
            let b: Vec<f64> = b.iter().map(|b| b * scale).collect();
            let matrix = Array2::from_shape_vec((4, 3), entries).expect("12 entries");
            let plan = SparsePlan::from_dense(matrix.view());
            let rounded = round(&plan, &a, &b);
            prop_assert!(rounded.row_error(&a) <= 1e-12);
            prop_assert!(rounded.column_error(&b) <= 1e-12);
            let moved: f64 = (&rounded.to_dense() - &matrix).iter().map(|d| d.abs()).sum();
            let error = plan.row_error(&a) + plan.column_error(&b);
            prop_assert!(moved <= 2.0 * error + 1e-12);
        }
    }
}
