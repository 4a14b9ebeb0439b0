//! The smooth function of a proximal step, evaluated on short lists of candidate entries.
//!
//! ψ(α) = ⟨α, a⟩ − Σⱼ max over tⱼ of ⟨α − cⱼ, tⱼ⟩ − (γ/2)(‖tⱼ‖ₖˢᵖ)² − ‖tⱼ − t̄ⱼ‖²/(2λ), the columns having
//! mass bⱼ, is concave and differentiable with ∇ψ = a − Σⱼ tⱼ; see [`crate::proximal`] for a column.
//!
//! *Candidates.* An entry with αᵢ − cᵢⱼ below the column's cut is zero. After a scan that kept the
//! largest entries, all others lie below a known level, and a later step raises them by no more
//! than max (αᵢ − αᵢʳᵉᶠ) over the potentials of that scan. So as long as level plus rise stays below
//! the cut, the list gives exactly what the whole column would give, at a hundredth of the cost;
//! else this column alone is scanned again. Nothing is assumed that is not checked.

use std::ops::Range;

use numerics::sum::{Sum, dot};
use rayon::prelude::*;

use crate::plan::SparsePlan;
use crate::problem::{Cost, Problem};
use crate::proximal::{Proximal, Shape};
use crate::top_k::TopK;

/// Potentials of this many scans are remembered.
const REFERENCES: usize = 6;
/// Columns are worked on in groups of this size.
const GROUP: usize = 64;
/// Below this many columns one thread is faster.
const SERIAL_COLUMNS: usize = 256;
/// A list is this much longer than what was positive last, and by this factor.
const SPARE: usize = 12;

/// ψ with its candidate lists.
pub(crate) struct ProximalDual<'a> {
    problem: &'a Problem,
    step: Proximal,
    groups: Vec<Group>,
    references: Vec<Vec<f64>>,
    next_reference: usize,
    /// Columns scanned in full so far.
    pub scans: usize,
}

struct Group {
    first: usize,
    columns: Vec<Column>,
    top: TopK,
    buffer: Vec<f64>,
}

/// One column: its candidates by falling earnings, and the maximiser.
#[derive(Clone, Default)]
pub(crate) struct Column {
    candidates: Vec<Candidate>,
    /// No entry outside the list exceeded this at the reference potentials.
    level: f64,
    reference: usize,
    pub shape: Shape,
    /// The column's maximum.
    value: f64,
    certain: bool,
}

#[derive(Clone, Copy)]
struct Candidate {
    row: u32,
    cost: f64,
    /// t̄ of the entry.
    centre: f64,
    earnings: f64,
}

impl Column {
    /// Rows of the free and tied entries.
    pub fn rows(&self) -> impl Iterator<Item = u32> + '_ {
        self.candidates[..self.shape.end].iter().map(|candidate| candidate.row)
    }

    fn entries<'a>(&'a self, step: &'a Proximal) -> impl Iterator<Item = (u32, f64)> + 'a {
        self.candidates[..self.shape.end]
            .iter()
            .enumerate()
            .map(|(place, c)| (c.row, step.mass(&self.shape, place, c.earnings)))
    }

    /// Solves the column on its candidates; `certain` if no other entry can matter.
    fn solve(&mut self, step: &Proximal, mass: f64, alpha: &[f64], rises: &[f64]) {
        if mass == 0.0 {
            self.certain = true;
            return;
        }
        let weight = 1.0 / step.lambda;
        for c in &mut self.candidates {
            c.earnings = (alpha[c.row as usize] - c.cost) + c.centre * weight;
        }
        sort_almost_sorted(&mut self.candidates);
        if self.candidates.is_empty() {
            self.certain = false;
            return;
        }
        self.shape = step.solve(EarningsOf(&self.candidates), mass, self.shape.beta);
        self.certain = self.level + rises[self.reference] <= self.shape.cut;
        if self.certain {
            self.value = self.maximum(step, mass);
        }
    }

    /// ⟨x, t⟩ − (γ/2)(‖t‖ₖˢᵖ)² − ‖t − t̄‖²/(2λ) at the maximiser. The norm's square is ⟨u, t⟩/γ for the
    /// subgradient u: γt on free entries, the level on tied ones.
    fn maximum(&self, step: &Proximal, mass: f64) -> f64 {
        let weight = 1.0 / step.lambda;
        let shape = &self.shape;
        let mut value = -shape.beta * mass;
        for (place, c) in self.candidates.iter().enumerate() {
            let t = step.mass(shape, place, c.earnings);
            if t > 0.0 {
                let score = c.earnings - c.centre * weight + shape.beta;
                let u = if place < shape.free { step.gamma * t } else { shape.level };
                value += t * (score - 0.5 * u);
            }
            value -= 0.5 * weight * (t - c.centre) * (t - c.centre);
        }
        value
    }

    /// Replaces the list by the entries with the largest scores and those of the last step.
    fn scan(
        &mut self,
        index: usize,
        cost: &Cost,
        alpha: &[f64],
        length: usize,
        top: &mut TopK,
        buffer: &mut [f64],
    ) {
        let m = cost.rows();
        let block = cost.block_rows();
        top.set_k(length);
        top.start(f64::NEG_INFINITY, f64::INFINITY);
        if self.candidates.len() >= length {
            top.expect(self.candidates[..length].iter().map(|c| alpha[c.row as usize] - c.cost));
        }
        for first in (0..m).step_by(block) {
            let rows: Range<usize> = first..(first + block).min(m);
            let costs = cost.block(index, rows.clone(), buffer);
            top.scan(&alpha[rows], costs, first);
        }
        let found = top.finish();
        // A list that is not full holds all entries that are not forbidden.
        self.level = if length < m && found.len() == length {
            found.last().map_or(f64::NEG_INFINITY, |entry| entry.score)
        } else {
            f64::NEG_INFINITY
        };
        self.candidates.retain(|c| c.centre > 0.0);
        let kept = self.candidates.len();
        self.candidates.reserve_exact(found.len());
        for entry in found {
            if self.candidates[..kept].iter().all(|c| c.row != entry.row) {
                self.candidates.push(Candidate {
                    row: entry.row,
                    cost: cost.entry(entry.row as usize, index),
                    centre: 0.0,
                    earnings: entry.score,
                });
            }
        }
    }
}

/// The earnings of candidates, seen as a sequence.
#[derive(Clone, Copy)]
pub(crate) struct EarningsOf<'a>(&'a [Candidate]);

impl crate::proximal::Earnings for EarningsOf<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }
    #[inline]
    fn get(&self, place: usize) -> f64 {
        self.0[place].earnings
    }
}

/// Falling earnings, ties by row. The order of the last evaluation is nearly right, which insertion
/// sort profits from; long lists are left to the library.
fn sort_almost_sorted(candidates: &mut [Candidate]) {
    let before =
        |x: &Candidate, y: &Candidate| x.earnings > y.earnings || (x.earnings == y.earnings && x.row < y.row);
    if candidates.len() > 64 {
        candidates.sort_by(|x, y| y.earnings.total_cmp(&x.earnings).then(x.row.cmp(&y.row)));
        return;
    }
    for i in 1..candidates.len() {
        let moving = candidates[i];
        let mut place = i;
        while place > 0 && before(&moving, &candidates[place - 1]) {
            candidates[place] = candidates[place - 1];
            place -= 1;
        }
        candidates[place] = moving;
    }
}

impl<'a> ProximalDual<'a> {
    /// The first step, with centre t̄ = 0.
    pub fn new(problem: &'a Problem, step: Proximal) -> Self {
        let (m, n) = (problem.rows(), problem.columns());
        let groups = (0..n)
            .step_by(GROUP)
            .map(|first| Group {
                first,
                columns: vec![Column { level: f64::INFINITY, ..Column::default() }; GROUP.min(n - first)],
                top: TopK::new((step.k + SPARE).min(m), m),
                buffer: vec![0.0; problem.cost().block_rows()],
            })
            .collect();
        Self {
            problem,
            step,
            groups,
            references: vec![vec![0.0; m]; REFERENCES],
            next_reference: 0,
            scans: 0,
        }
    }

    /// The same on given entries only: all others are forbidden. Each column of `centre` is t̄, its
    /// entries and those of `lists` are allowed. Every column with mass needs an entry.
    pub fn restricted(problem: &'a Problem, step: Proximal, lists: &[Vec<u32>], centre: &SparsePlan) -> Self {
        let mut dual = Self::new(problem, step);
        for (j, column) in dual.groups.iter_mut().flat_map(|g| &mut g.columns).enumerate() {
            column.level = f64::NEG_INFINITY;
            column.candidates = lists[j]
                .iter()
                .map(|&row| Candidate {
                    row,
                    cost: problem.cost().entry(row as usize, j),
                    centre: centre.entry(row as usize, j),
                    earnings: 0.0,
                })
                .collect();
        }
        dual
    }

    /// The numbers of the step.
    pub fn step(&self) -> Proximal {
        self.step
    }

    /// The columns in order.
    pub fn columns(&self) -> impl Iterator<Item = &Column> + '_ {
        self.groups.iter().flat_map(|group| &group.columns)
    }

    /// Finds all columns at α, writes ∇ψ = a − T 1 and returns ψ. Nothing depends on the number of
    /// threads.
    pub fn evaluate(&mut self, alpha: &[f64], gradient: &mut [f64]) -> f64 {
        let rises: Vec<f64> = self
            .references
            .iter()
            .map(|reference| {
                alpha.iter().zip(reference).fold(f64::NEG_INFINITY, |rise, (a, r)| rise.max(a - r))
            })
            .collect();
        let (problem, step) = (self.problem, self.step);
        let (cost, b) = (problem.cost(), problem.b());
        self.for_each_group(|group| {
            for (column, &mass) in group.columns.iter_mut().zip(&b[group.first..]) {
                column.solve(&step, mass, alpha, &rises);
            }
        });

        let uncertain = self.columns().filter(|column| !column.certain).count();
        if uncertain > 0 {
            self.scans += uncertain;
            let slot = self.next_reference;
            self.next_reference = (slot + 1) % REFERENCES;
            self.references[slot].copy_from_slice(alpha);
            let mut rises = rises;
            let rise = std::mem::replace(&mut rises[slot], 0.0);
            self.for_each_group(|group| {
                for (place, column) in group.columns.iter_mut().enumerate() {
                    if column.certain {
                        // Its level holds relative to the new reference as well.
                        if column.reference == slot {
                            column.level += rise;
                        }
                        continue;
                    }
                    let index = group.first + place;
                    column.reference = slot;
                    let mut length = step.k.max(column.shape.end) * 3 / 2 + SPARE;
                    loop {
                        let (top, buffer) = (&mut group.top, &mut group.buffer);
                        column.scan(index, cost, alpha, length.min(cost.rows()), top, buffer);
                        column.solve(&step, b[index], alpha, &rises);
                        if column.certain || length >= cost.rows() {
                            break;
                        }
                        length *= 2;
                    }
                }
            });
        }

        let mut value = Sum::new();
        value.add(dot(alpha, problem.a()));
        gradient.copy_from_slice(problem.a());
        for column in self.groups.iter().flat_map(|group| &group.columns) {
            for (row, mass) in column.entries(&step) {
                gradient[row as usize] -= mass;
            }
            value.add(-column.value);
        }
        value.value()
    }

    /// Σ |αᵢ| aᵢ, a measure of the terms of ψ.
    pub fn size(&self, alpha: &[f64]) -> f64 {
        alpha.iter().zip(self.problem.a()).map(|(alpha, a)| alpha.abs() * a).sum()
    }

    /// Makes the columns of the last evaluation the centre of the next step, of length `lambda`,
    /// and returns the sum of all changes.
    pub fn advance(&mut self, lambda: f64) -> f64 {
        let step = self.step;
        let mut change = 0.0;
        for column in self.groups.iter_mut().flat_map(|group| &mut group.columns) {
            let shape = column.shape;
            for (place, c) in column.candidates.iter_mut().enumerate() {
                let mass = step.mass(&shape, place, c.earnings);
                change += (mass - c.centre).abs();
                c.centre = mass;
            }
        }
        self.step.lambda = lambda;
        change
    }

    /// Σ |T − T̄| of the last evaluation.
    pub fn distance_to_centre(&self) -> f64 {
        let step = self.step;
        self.columns()
            .flat_map(|column| {
                column
                    .candidates
                    .iter()
                    .enumerate()
                    .map(move |(place, c)| (step.mass(&column.shape, place, c.earnings) - c.centre).abs())
            })
            .sum()
    }

    /// The columns of the last evaluation: column sums are exact, row sums nearly so.
    pub fn plan(&self) -> SparsePlan {
        let mut plan = SparsePlan::with_rows(self.problem.rows());
        for column in self.columns() {
            plan.push_column(column.entries(&self.step));
        }
        plan
    }

    fn for_each_group(&mut self, work: impl Fn(&mut Group) + Sync + Send) {
        if self.problem.columns() < SERIAL_COLUMNS {
            self.groups.iter_mut().for_each(work);
        } else {
            self.groups.par_iter_mut().for_each(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Along any path, the short lists give what lists of all rows give.
        #[test]
        fn candidates_lose_nothing(
            steps in prop::collection::vec(prop::collection::vec(-0.4f64..0.4, 60), 1..6),
            k in 1usize..5,
            lambda in prop::sample::select(vec![0.1, 5.0, 500.0]),
        ) {
            let (m, n) = (60, 9);
            let cost = Array2::from_shape_fn((m, n), |(i, j)| ((i * 13 + j * 29) % 47) as f64 / 47.0);
            let cost = Cost::dense(cost.view()).expect("costs");
            let a = Array1::from_elem(m, 1.0 / m as f64);
            let b = Array1::from_elem(n, 1.0 / n as f64);
            let problem = Problem::new(cost, a.view(), b.view()).expect("a problem");
            let step = Proximal { k, gamma: 1.0, lambda };
            let mut short = ProximalDual::new(&problem, step);
            let everything: Vec<Vec<u32>> = vec![(0..m as u32).collect(); n];
            let none = SparsePlan::empty(m, n);
            let mut long = ProximalDual::restricted(&problem, step, &everything, &none);
            let (mut alpha, mut x, mut y) = (vec![0.0; m], vec![0.0; m], vec![0.0; m]);
            for (place, change) in steps.iter().enumerate() {
                for (alpha, change) in alpha.iter_mut().zip(change) {
                    *alpha += change;
                }
                let value = short.evaluate(&alpha, &mut x);
                prop_assert!((value - long.evaluate(&alpha, &mut y)).abs() <= 1e-12);
                for (x, y) in x.iter().zip(&y) {
                    prop_assert!((x - y).abs() <= 1e-12);
                }
                prop_assert!(short.plan().column_error(problem.b()) <= 1e-13);
                if place % 2 == 1 {
                    let moved = short.advance(lambda);
                    prop_assert!((moved - long.advance(lambda)).abs() <= 1e-11);
                }
            }
        }
    }
}
