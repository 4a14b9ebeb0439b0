//! One pass over all columns: the work of every evaluation of the dual and the semi-dual.
//!
//! The columns are cut into fixed groups that are worked on independently; each group stores its
//! values and its sparse columns, and one thread adds them up in the order of the columns. So the
//! result has the same bits with any number of threads. The adding touches at most k n entries, the
//! pass m n.

use std::ops::Range;

use numerics::sum::Sum;
use rayon::prelude::*;

use crate::max_operator::ColumnRule;
use crate::plan::SparsePlan;
use crate::problem::Cost;
use crate::top_k::TopK;

/// Below this many entries a pass is faster than waking other threads.
const SERIAL_ENTRIES: usize = 1 << 15;

/// The maximising columns of the last pass, and room for the next.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    groups: Vec<Group>,
    entries: usize,
}

#[derive(Clone, Debug)]
struct Group {
    columns: Range<usize>,
    top: TopK,
    found: Found,
    previous: Found,
    /// Scores of the rows that had mass in the last pass.
    known: Vec<f64>,
    buffer: Vec<f64>,
}

/// Columns one after another: entries up to `ends[j]`, value and threshold of each.
#[derive(Clone, Debug, Default)]
struct Found {
    entries: Vec<(u32, f64)>,
    ends: Vec<usize>,
    values: Vec<f64>,
    thresholds: Vec<f64>,
}

impl Found {
    fn clear(&mut self) {
        self.entries.clear();
        self.ends.clear();
        self.values.clear();
        self.thresholds.clear();
    }

    fn column(&self, j: usize) -> &[(u32, f64)] {
        match self.ends.get(j) {
            Some(&end) if j > 0 => &self.entries[self.ends[j - 1]..end],
            Some(&end) => &self.entries[..end],
            None => &[],
        }
    }
}

impl Columns {
    /// For columns of the given cost with at most k nonzeros.
    pub fn new(cost: &Cost, k: usize) -> Self {
        let (m, n) = (cost.rows(), cost.columns());
        let size = (SERIAL_ENTRIES / m).clamp(16, 64);
        let groups = (0..n)
            .step_by(size)
            .map(|first| Group {
                columns: first..(first + size).min(n),
                top: TopK::new(k, m),
                found: Found::default(),
                previous: Found::default(),
                known: Vec::new(),
                buffer: vec![0.0; cost.block_rows()],
            })
            .collect();
        Self { groups, entries: m * n }
    }

    /// Maximises every column at the potentials `alpha`, `parameters[j]` being the parameter of
    /// column j.
    pub fn pass(&mut self, cost: &Cost, alpha: &[f64], rule: &impl ColumnRule, parameters: &[f64]) {
        let work = |group: &mut Group| group.pass(cost, alpha, rule, parameters);
        if self.entries < SERIAL_ENTRIES {
            self.groups.iter_mut().for_each(work);
        } else {
            self.groups.par_iter_mut().for_each(work);
        }
    }

    /// Adds the values of all columns, in order.
    pub fn value(&self) -> Sum {
        let mut total = Sum::new();
        for group in &self.groups {
            total.extend(group.found.values.iter().copied());
        }
        total
    }

    /// Subtracts the mass of every entry from its row.
    pub fn subtract_row_sums(&self, rows: &mut [f64]) {
        for group in &self.groups {
            for &(row, mass) in &group.found.entries {
                rows[row as usize] -= mass;
            }
        }
    }

    /// Calls `visit(column, entries, threshold)` for every column in order.
    pub fn visit(&self, mut visit: impl FnMut(usize, &[(u32, f64)], f64)) {
        for group in &self.groups {
            for (place, column) in group.columns.clone().enumerate() {
                visit(column, group.found.column(place), group.found.thresholds[place]);
            }
        }
    }

    /// The maximising columns as a plan.
    pub fn plan(&self, rows: usize) -> SparsePlan {
        let mut plan = SparsePlan::with_rows(rows);
        self.visit(|_, entries, _| plan.push_column(entries.iter().copied()));
        plan
    }
}

impl Group {
    fn pass(&mut self, cost: &Cost, alpha: &[f64], rule: &impl ColumnRule, parameters: &[f64]) {
        std::mem::swap(&mut self.found, &mut self.previous);
        self.found.clear();
        let m = cost.rows();
        let block = cost.block_rows();
        for (place, column) in self.columns.clone().enumerate() {
            let parameter = parameters[column];
            self.top.start(rule.floor(parameter), rule.window(parameter));
            let before = self.previous.column(place);
            self.known.clear();
            self.known.extend(
                before.iter().map(|&(row, _)| alpha[row as usize] - cost.entry(row as usize, column)),
            );
            self.top.expect(self.known.iter().copied());
            self.top.raise(rule.floor_given(&mut self.known, parameter));
            for first in (0..m).step_by(block) {
                let rows = first..(first + block).min(m);
                let costs = cost.block(column, rows.clone(), &mut self.buffer);
                self.top.scan(&alpha[rows], costs, first);
            }
            let top = self.top.finish();
            let (value, threshold) = rule.maximise(top, parameter, &mut self.found.entries);
            self.found.values.push(value);
            self.found.thresholds.push(threshold);
            self.found.ends.push(self.found.entries.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::max_operator::{Conjugate, ExactMass};
    use ndarray::Array2;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// What is known from the pass before makes a pass faster, never different: bit by bit the
        /// result is that of a first pass.
        #[test]
        fn the_past_changes_nothing(
            first in prop::collection::vec((-8i32..8).prop_map(|x| f64::from(x) / 16.0), 70),
            second in prop::collection::vec((-8i32..8).prop_map(|x| f64::from(x) / 16.0), 70),
            k in 1usize..20,
            gamma in prop::sample::select(vec![0.01, 1.0, 30.0]),
        ) {
            let cost = Array2::from_shape_fn((70, 20), |(i, j)| ((i * 7 + j * 5) % 13) as f64 / 8.0);
            let cost = Cost::dense(cost.view()).expect("costs");
            let parameters: Vec<f64> = (0..20).map(|j| f64::from(j) / 20.0).collect();
            let mut warm = Columns::new(&cost, k);
            let mut cold = Columns::new(&cost, k);
            warm.pass(&cost, &first, &ExactMass { gamma }, &parameters);
            warm.pass(&cost, &second, &ExactMass { gamma }, &parameters);
            cold.pass(&cost, &second, &ExactMass { gamma }, &parameters);
            prop_assert_eq!(warm.value().value().to_bits(), cold.value().value().to_bits());
            prop_assert_eq!(warm.plan(70), cold.plan(70));
            warm.pass(&cost, &first, &Conjugate { gamma }, &parameters);
            let mut cold = Columns::new(&cost, k);
            cold.pass(&cost, &first, &Conjugate { gamma }, &parameters);
            prop_assert_eq!(warm.plan(70), cold.plan(70));
        }
    }
}
