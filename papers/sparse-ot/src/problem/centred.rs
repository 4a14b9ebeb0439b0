//! Costs without what rows and columns add to them.
//!
//! Costs c(i, j) + rᵢ + sⱼ have the plans of c, and an objective larger by ⟨r, a⟩ + ⟨s, b⟩. Offsets that are large leave few digits for
//! what decides; they are taken away first.

use ndarray::aview1;
use numerics::sum::Sum;

use super::Problem;

/// Centring is worth a copy where it makes costs smaller by this factor.
const WORTH: f64 = 1024.0;

/// A problem, and the offsets by which the costs of another are larger.
pub(crate) struct Centred {
    pub problem: Problem,
    /// r.
    pub rows: Vec<f64>,
    /// s.
    pub columns: Vec<f64>,
    /// ⟨r, a⟩ + ⟨s, b⟩.
    pub constant: f64,
}

/// Potentials of the problem with offsets, from those without.
pub(crate) fn with_offsets(potentials: &[f64], offsets: &[f64]) -> Vec<f64> {
    potentials.iter().zip(offsets).map(|(potential, offset)| potential + offset).collect()
}

/// Potentials of the problem without offsets, from those with.
pub(crate) fn without_offsets(potentials: &[f64], offsets: &[f64]) -> Vec<f64> {
    potentials.iter().zip(offsets).map(|(potential, offset)| potential - offset).collect()
}

/// The largest size of a value, those above `most` aside.
fn largest_up_to(values: &[f64], most: f64) -> f64 {
    // In lanes, which a compiler may not make of one running maximum.
    let mut lanes = [0.0_f64; 8];
    for values in values.chunks(lanes.len()) {
        for (lane, value) in lanes.iter_mut().zip(values) {
            let size = if *value <= most { value.abs() } else { 0.0 };
            *lane = if size > *lane { size } else { *lane };
        }
    }
    lanes.into_iter().fold(0.0, f64::max)
}

impl Problem {
    /// The problem without the least cost of every row and then of every column, if that leaves costs much smaller. Stored costs only;
    /// forbidden pairs, and those beyond all others, count as little as they matter.
    pub(crate) fn centred(&self) -> Option<Centred> {
        let values = self.cost.stored()?;
        let m = self.rows();
        let dearest = self.dearest.unwrap_or(f64::MAX);
        let size = largest_up_to(values, dearest);
        if size <= WORTH * self.interaction() / 4.0 {
            return None;
        }
        let mut rows = vec![f64::INFINITY; m];
        for column in values.chunks_exact(m) {
            rows.iter_mut().zip(column).for_each(|(row, c)| *row = row.min(*c));
        }
        rows.iter_mut().filter(|row| row.is_infinite()).for_each(|row| *row = 0.0);
        let mut centred = Vec::with_capacity(values.len());
        let mut columns = Vec::with_capacity(self.columns());
        let mut left: f64 = 0.0;
        for column in values.chunks_exact(m) {
            let mut reduced: Vec<f64> = column.iter().zip(&rows).map(|(c, row)| c - row).collect();
            let least = reduced.iter().copied().fold(f64::INFINITY, f64::min);
            let offset = if least < f64::INFINITY { least } else { 0.0 };
            reduced.iter_mut().for_each(|c| *c -= offset);
            let open = reduced.iter().zip(column).filter(|(_, c)| **c <= dearest);
            left = open.fold(left, |left, (reduced, _)| left.max(reduced.abs()));
            columns.push(offset);
            centred.extend(reduced);
        }
        if size <= WORTH * left {
            return None;
        }
        let mut constant = Sum::new();
        constant.extend(
            rows.iter().zip(&self.a).chain(columns.iter().zip(&self.b)).map(|(offset, mass)| offset * mass),
        );
        let cost = self.cost.with_values(centred);
        let problem = Self::new(cost, aview1(&self.a), aview1(&self.b)).ok()?;
        Some(Centred { problem, rows, columns, constant: constant.value() })
    }

    /// The largest |c(i, j) − c(i, 0) − c(0, j) + c(0, 0)| of some rows and columns: offsets do not change it, and no centring leaves costs
    /// below a quarter of it.
    fn interaction(&self) -> f64 {
        const SAMPLE: usize = 32;
        let mut largest: f64 = 0.0;
        for j in (0..self.columns()).step_by(self.columns().div_ceil(SAMPLE)) {
            for i in (0..self.rows()).step_by(self.rows().div_ceil(SAMPLE)) {
                let corners = [(i, j), (i, 0), (0, j), (0, 0)];
                if corners.iter().all(|(i, j)| self.cost.entry(*i, *j).is_finite() && !self.avoids(*i, *j)) {
                    let [c, row, column, corner] = corners.map(|(i, j)| self.cost.entry(i, j));
                    largest = largest.max(((c - row) - (column - corner)).abs());
                }
            }
        }
        largest
    }
}
