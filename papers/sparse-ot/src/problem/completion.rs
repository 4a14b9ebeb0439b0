//! Completing a plan on the pairs that may be used, or proving that no plan exists there.
//!
//! What rows have left is sent to columns that want it, first directly, then along paths that take mass back from pairs in use: the
//! maximum flow of Edmonds and Karp (1972), many paths for one breadth-first search. Where a row cannot get rid of its mass, the last
//! search from it reaches a set of rows, and the columns open to them are full: their masses prove that no plan exists (the theorem of
//! Gale, 1957).

use std::collections::VecDeque;

use numerics::sum::sum;

/// Rows, and all the columns that they may use; the columns are full.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bottleneck {
    pub rows: Vec<usize>,
    pub columns: Vec<usize>,
}

const UNSEEN: usize = usize::MAX;
const START: usize = usize::MAX - 1;

/// Where a breadth-first search came from.
struct Search {
    row_from: Vec<usize>,
    column_from: Vec<usize>,
}

/// Adds mass to columns of (row, mass), or moves it between their entries, until rows have none left or no pair that is `open` helps.
/// `rows` and `columns` hold what is left of each, and are brought down; at most `negligible` of mass may stay.
///
/// Cost: a look at all pairs for each search, of which there are few where the open pairs are many.
pub(crate) fn complete(
    plan: &mut [Vec<(u32, f64)>],
    rows: &mut [f64],
    columns: &mut [f64],
    negligible: f64,
    open: impl Fn(usize, usize) -> bool,
) -> Result<(), Bottleneck> {
    for (j, (column, wanted)) in plan.iter_mut().zip(columns.iter_mut()).enumerate() {
        for (i, left) in rows.iter_mut().enumerate() {
            if *wanted <= 0.0 {
                break;
            }
            let moved = wanted.min(*left);
            if moved > 0.0 && open(i, j) {
                add(column, i, moved);
                *wanted -= moved;
                *left -= moved;
            }
        }
    }

    while sum(rows.iter().copied()) > negligible {
        let starts = (0..rows.len()).filter(|i| rows[*i] > 0.0);
        let search = search(plan, rows.len(), starts, &open);
        let mut moved = 0.0;
        for j in 0..columns.len() {
            if columns[j] > 0.0 && search.column_from[j] != UNSEEN {
                moved += augment(plan, rows, columns, &search, j);
            }
        }
        if moved <= 0.0 {
            let worst = (0..rows.len()).max_by(|x, y| rows[*x].total_cmp(&rows[*y])).unwrap_or(0);
            let search = self::search(plan, rows.len(), std::iter::once(worst), &open);
            let seen = |from: &[usize]| (0..from.len()).filter(|i| from[*i] != UNSEEN).collect();
            return Err(Bottleneck { rows: seen(&search.row_from), columns: seen(&search.column_from) });
        }
    }
    for column in plan {
        column.retain(|(_, mass)| *mass > 0.0);
    }
    Ok(())
}

/// From rows to columns over open pairs, from columns back to rows that send them mass.
fn search(
    plan: &[Vec<(u32, f64)>],
    rows: usize,
    starts: impl Iterator<Item = usize>,
    open: &impl Fn(usize, usize) -> bool,
) -> Search {
    let mut search = Search { row_from: vec![UNSEEN; rows], column_from: vec![UNSEEN; plan.len()] };
    let mut unseen: Vec<usize> = (0..plan.len()).collect();
    let mut queue: VecDeque<usize> = starts.collect();
    queue.iter().for_each(|i| search.row_from[*i] = START);
    while let Some(i) = queue.pop_front() {
        unseen.retain(|j| {
            let reached = open(i, *j);
            if reached {
                search.column_from[*j] = i;
                for &(row, mass) in &plan[*j] {
                    if mass > 0.0 && search.row_from[row as usize] == UNSEEN {
                        search.row_from[row as usize] = *j;
                        queue.push_back(row as usize);
                    }
                }
            }
            !reached
        });
    }
    search
}

/// Sends along the path to a column what its first row, its steps back and the column allow.
fn augment(
    plan: &mut [Vec<(u32, f64)>],
    rows: &mut [f64],
    columns: &mut [f64],
    search: &Search,
    end: usize,
) -> f64 {
    let mass_of = |plan: &[Vec<(u32, f64)>], i: usize, j: usize| {
        plan[j].iter().find(|(row, _)| *row as usize == i).map_or(0.0, |(_, mass)| *mass)
    };
    let mut amount = columns[end];
    let mut row = search.column_from[end];
    while search.row_from[row] != START {
        let column = search.row_from[row];
        amount = amount.min(mass_of(plan, row, column));
        row = search.column_from[column];
    }
    amount = amount.min(rows[row]);
    if amount <= 0.0 {
        return 0.0;
    }
    rows[row] -= amount;
    columns[end] -= amount;
    let (mut row, mut column) = (search.column_from[end], end);
    loop {
        add(&mut plan[column], row, amount);
        column = search.row_from[row];
        if column == START {
            return amount;
        }
        add(&mut plan[column], row, -amount);
        row = search.column_from[column];
    }
}

fn add(column: &mut Vec<(u32, f64)>, row: usize, mass: f64) {
    match column.iter_mut().find(|(i, _)| *i as usize == row) {
        Some((_, old)) => *old += mass,
        None => column.push((row as u32, mass)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn mass_is_taken_back_where_a_later_row_needs_the_place() {
        // Row 0 may use both columns and takes the first; row 1 may use only that.
        let mut plan = vec![Vec::new(); 2];
        let open = |i: usize, j: usize| i == 0 || j == 0;
        complete(&mut plan, &mut [1.0, 1.0], &mut [1.0, 1.0], 0.0, open).expect("a plan exists");
        assert_eq!(plan, [vec![(1, 1.0)], vec![(0, 1.0)]]);
    }

    #[test]
    fn rows_that_want_more_than_is_open_to_them_are_named() {
        let mut plan = vec![Vec::new(); 3];
        let open = |i: usize, j: usize| i == 1 || j == 2;
        let found = complete(&mut plan, &mut [1.0, 1.0, 1.0], &mut [1.0; 3], 0.0, open);
        assert_eq!(found, Err(Bottleneck { rows: vec![0, 2], columns: vec![2] }));
    }

    proptest! {
        /// Either all masses are placed on open pairs, or the rows named have more than the columns open to them.
        #[test]
        fn a_plan_or_a_proof_that_there_is_none(
            open in prop::collection::vec(any::<bool>(), 30),
            a in prop::collection::vec(0u8..5, 5),
            b in prop::collection::vec(0u8..5, 6),
        ) {
            let (total_a, total_b): (u32, u32) = (a.iter().map(|x| u32::from(*x)).sum(), b.iter().map(|x| u32::from(*x)).sum());
            // Whole masses of equal totals: nothing rounds.
            let a: Vec<f64> = a.iter().map(|x| f64::from(*x) * f64::from(total_b)).collect();
            let b: Vec<f64> = b.iter().map(|x| f64::from(*x) * f64::from(total_a)).collect();
            let mut plan = vec![Vec::new(); 6];
            let (mut rows, mut columns) = (a.clone(), b.clone());
            let open = |i: usize, j: usize| open[6 * i + j];
            match complete(&mut plan, &mut rows, &mut columns, 0.0, open) {
                Ok(()) => {
                    let mut sent = vec![0.0; 5];
                    for (j, column) in plan.iter().enumerate() {
                        prop_assert!(column.iter().all(|(i, mass)| open(*i as usize, j) && *mass > 0.0));
                        column.iter().for_each(|(i, mass)| sent[*i as usize] += mass);
                        prop_assert_eq!(column.iter().map(|(_, mass)| mass).sum::<f64>(), b[j]);
                    }
                    prop_assert_eq!(sent, a);
                }
                Err(Bottleneck { rows, columns }) => {
                    let closed = |i: &usize| (0..6).all(|j| !open(*i, j) || columns.contains(&j));
                    prop_assert!(rows.iter().all(closed));
                    let mass = |masses: &[f64], of: &[usize]| of.iter().map(|i| masses[*i]).sum::<f64>();
                    prop_assert!(mass(&a, &rows) > mass(&b, &columns));
                }
            }
        }
    }
}
