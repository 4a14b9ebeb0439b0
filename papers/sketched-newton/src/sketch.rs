//! Sketch and project: K z = b is replaced by the few random equations SᵀK z = Sᵀb, and z moves to their nearest solution,
//!
//! z ← z − KᵀS (SᵀKKᵀS)⁺ Sᵀ(Kz − b).
//!
//! The error is projected at random, so it never grows; how fast it falls is in [`crate::contraction`]. With p = KᵀS the right side is pᵀz − Sᵀb:
//! a step needs p alone and no second product with K.

use rand::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::inner::{Inertia, InnerError, InnerSolver, Stop, Work};
use crate::sparse::{Sparse, dot};

/// Which random equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One combination of all rows with normal weights; d normals and 2 nnz flops a step. The paper's first.
    Gaussian,
    /// One row of K (randomised Kaczmarz), 4 nnz(row) flops a step. The paper's second, with uniform draws.
    Kaczmarz(Sampling),
    /// So many rows at once, drawn without replacement.
    Block(usize),
    /// Every row, with a random sign, into one of so many buckets.
    Count(usize),
}

/// How rows are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// All with the same probability.
    Uniform,
    /// In proportion to |row|₂². Where rows have different scales small ones starve.
    SquaredNorm,
    /// All once in a random order, then again.
    Shuffled,
}

/// A randomised solver.
#[derive(Clone, Debug)]
pub struct Sketch {
    kind: Kind,
    random: Xoshiro256PlusPlus,
    /// 1/|row|².
    inverse_norms: Vec<f64>,
    /// Running sums of |row|², for draws in proportion.
    cumulative: Vec<f64>,
    order: Vec<u32>,
    /// Next place in `order`.
    next: usize,
    /// p, one combination after the other, and their right sides.
    combined: Vec<f64>,
    right: Vec<f64>,
    gram: Vec<f64>,
}

impl Sketch {
    /// A solver with a stream of its own.
    pub fn new(kind: Kind, seed: u64) -> Self {
        Self {
            kind,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            inverse_norms: Vec::new(),
            cumulative: Vec::new(),
            order: Vec::new(),
            next: 0,
            combined: Vec::new(),
            right: Vec::new(),
            gram: Vec::new(),
        }
    }

    /// One step; gives its flops and bytes.
    pub fn step(&mut self, system: &Sparse, right: &[f64], z: &mut [f64]) -> (f64, f64) {
        match self.kind {
            Kind::Kaczmarz(sampling) => {
                let row = self.draw(sampling);
                let residual = system.row_dot(row, z) - right[row];
                system.add_row(row, -residual * self.inverse_norms[row], z);
                let entries = system.row(row).1.len() as f64;
                (4.0 * entries, 28.0 * entries)
            }
            Kind::Gaussian => self.gaussian_step(system, right, z),
            Kind::Block(rows) => {
                let rows = rows.min(system.rows());
                self.reset(rows, system.columns());
                for taken in 0..rows {
                    let other = self.random.random_range(taken..system.rows());
                    self.order.swap(taken, other);
                    let row = self.order[taken] as usize;
                    system.add_row(
                        row,
                        1.0,
                        &mut self.combined[taken * system.columns()..][..system.columns()],
                    );
                    self.right[taken] = right[row];
                }
                let entries: usize =
                    self.order[..rows].iter().map(|row| system.row(*row as usize).1.len()).sum();
                self.project(entries, z)
            }
            Kind::Count(buckets) => {
                let buckets = buckets.min(system.rows());
                self.reset(buckets, system.columns());
                for (row, value) in right.iter().enumerate() {
                    let bits = self.random.random::<u64>();
                    let bucket = ((u128::from(bits) * buckets as u128) >> 64) as usize;
                    let sign = if bits & 1 == 0 { 1.0 } else { -1.0 };
                    system.add_row(
                        row,
                        sign,
                        &mut self.combined[bucket * system.columns()..][..system.columns()],
                    );
                    self.right[bucket] += sign * value;
                }
                self.project(system.entries(), z)
            }
        }
    }

    fn gaussian_step(&mut self, system: &Sparse, right: &[f64], z: &mut [f64]) -> (f64, f64) {
        self.reset(1, system.columns());
        let mut sketched = 0.0;
        for (row, value) in right.iter().enumerate() {
            let weight: f64 = StandardNormal.sample(&mut self.random);
            sketched += weight * value;
            system.add_row(row, weight, &mut self.combined);
        }
        let length = dot(&self.combined, &self.combined);
        if length > 0.0 {
            let step = (dot(&self.combined, z) - sketched) / length;
            z.iter_mut().zip(&self.combined).for_each(|(z, p)| *z -= step * p);
        }
        let (rows, entries) = (system.rows() as f64, system.entries() as f64);
        (2.0 * entries + 8.0 * rows, 28.0 * entries + 48.0 * rows)
    }

    fn reset(&mut self, combinations: usize, columns: usize) {
        self.combined.clear();
        self.combined.resize(combinations * columns, 0.0);
        self.right.clear();
        self.right.resize(combinations, 0.0);
    }

    /// z to the nearest solution of the combined equations. A direction in which they hardly differ is left alone.
    fn project(&mut self, entries: usize, z: &mut [f64]) -> (f64, f64) {
        let (q, d) = (self.right.len(), z.len());
        let rows: Vec<&[f64]> = self.combined.chunks_exact(d).collect();
        self.gram.clear();
        self.gram.resize(q * q, 0.0);
        for (i, row) in rows.iter().enumerate() {
            for (j, other) in rows[..=i].iter().enumerate() {
                self.gram[i * q + j] = dot(row, other);
            }
            self.right[i] = dot(row, z) - self.right[i];
        }
        solve_semidefinite(&mut self.gram, &mut self.right);
        for (row, factor) in rows.iter().zip(&self.right) {
            z.iter_mut().zip(*row).for_each(|(z, p)| *z -= factor * p);
        }
        let (q, d, entries) = (q as f64, d as f64, entries as f64);
        (2.0 * entries + q * (q + 5.0) * d + q * q * q / 3.0, 12.0 * entries + 8.0 * q * (q + 3.0) * d)
    }

    fn draw(&mut self, sampling: Sampling) -> usize {
        let rows = self.inverse_norms.len();
        match sampling {
            Sampling::Uniform => self.random.random_range(0..rows as u32) as usize,
            Sampling::SquaredNorm => {
                let total = self.cumulative.last().copied().unwrap_or(0.0);
                let at = self.random.random::<f64>() * total;
                self.cumulative.partition_point(|sum| *sum <= at).min(rows - 1)
            }
            Sampling::Shuffled => {
                if self.next == 0 {
                    for place in (1..rows).rev() {
                        let other = self.random.random_range(0..=place);
                        self.order.swap(place, other);
                    }
                }
                let row = self.order[self.next];
                self.next = (self.next + 1) % rows;
                row as usize
            }
        }
    }
}

/// L Lᵀ y = r in place, the lower triangle of a Gram matrix being given by rows; a pivot that is rounding counts as infinite.
fn solve_semidefinite(gram: &mut [f64], right: &mut [f64]) {
    let q = right.len();
    let largest = (0..q).map(|i| gram[i * q + i]).fold(0.0, f64::max);
    for i in 0..q {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| gram[i * q + k] * gram[j * q + k]).sum();
            let rest = gram[i * q + j] - sum;
            gram[i * q + j] = if i > j {
                rest / gram[j * q + j]
            } else if rest > 1e-13 * largest {
                rest.sqrt()
            } else {
                f64::INFINITY
            };
        }
    }
    for i in 0..q {
        let sum: f64 = (0..i).map(|k| gram[i * q + k] * right[k]).sum();
        right[i] = (right[i] - sum) / gram[i * q + i];
    }
    for i in (0..q).rev() {
        let sum: f64 = (i + 1..q).map(|k| gram[k * q + i] * right[k]).sum();
        right[i] = (right[i] - sum) / gram[i * q + i];
    }
}

impl InnerSolver for Sketch {
    fn prepare(&mut self, system: &Sparse) -> Result<Option<Inertia>, InnerError> {
        let norms = system.row_norms_squared();
        if let Some(row) = norms.iter().position(|norm| *norm == 0.0) {
            return Err(InnerError::EmptyRow(row));
        }
        self.cumulative.clear();
        let mut sum = 0.0;
        self.cumulative.extend(norms.iter().map(|norm| {
            sum += norm;
            sum
        }));
        self.inverse_norms.clear();
        self.inverse_norms.extend(norms.iter().map(|norm| 1.0 / norm));
        if self.order.len() != norms.len() {
            self.order = (0..norms.len() as u32).collect();
            self.next = 0;
        }
        Ok(None)
    }

    /// The residual is computed anew after as many steps as there are rows, so that it does not drift, and up to so many steps are done too many.
    fn solve(&mut self, system: &Sparse, right: &[f64], z: &mut [f64], stop: &Stop) -> Work {
        let mut work = Work::default();
        let between = match self.kind {
            Kind::Block(rows) | Kind::Count(rows) => system.rows().div_ceil(rows.max(1)),
            _ => system.rows(),
        } as u64;
        loop {
            work.product(system);
            work.residual = system.residual(z, right);
            if work.residual <= stop.residual || work.steps >= stop.steps || !work.residual.is_finite() {
                return work;
            }
            for _ in 0..between.min(stop.steps - work.steps) {
                let (flops, bytes) = self.step(system, right, z);
                work.flops += flops;
                work.bytes += bytes;
                work.steps += 1;
            }
        }
    }
}
