//! The Cholesky factor of an order, and what moves change in it.
//!
//! For an order π let P S Pᵀ = L Lᵀ and T = L⁻¹. Regressing every variable on all that precede it gives residual variances L_kk², so the order's score is
//! Q(π) = ½ Σ L_kk², and weights W_jk = −T_kj L_kk. A move within positions a … b changes L_kk² there only. How much follows from sums of squares along
//! rows of L and columns of T, without any regression; the sums below are written so that nothing cancels. None of this is in the paper, which refits.
//!
//! L is stored by columns and T by rows: then rotations run along contiguous memory, and the sums over k of all pairs (k, b) run through b in the inner loop.

use ndarray::{Array2, ArrayView2};

use crate::Covariance;
use crate::order::{Move, Order, Priced};

/// L and T = L⁻¹ of the covariance matrix in some order.
#[derive(Clone, Debug)]
pub struct Factor {
    size: usize,
    /// L_bm at m·size + b.
    columns: Vec<f64>,
    /// T_ka at k·size + a.
    inverse_rows: Vec<f64>,
}

impl Factor {
    /// Factors S in this order; 2d³/3 flops, and three times as many where S has lost digits and its root is taken.
    ///
    /// # Panics
    /// If the order is of another size.
    pub fn new(covariance: &Covariance, order: &Order) -> Self {
        let size = covariance.variables();
        let mut factor = Self { size, columns: vec![0.0; size * size], inverse_rows: vec![0.0; size * size] };
        factor.refactor(covariance, order);
        factor
    }

    /// Factors anew, in the same memory. A matrix that is not positive definite gives NaN.
    ///
    /// # Panics
    /// If the order or the matrix is of another size.
    pub fn refactor(&mut self, covariance: &Covariance, order: &Order) {
        let d = self.size;
        assert!(order.len() == d && covariance.variables() == d, "sizes differ");
        match covariance.root() {
            Some(root) => root.cholesky(order.variables(), &mut self.columns),
            None => self.cholesky(covariance.matrix(), order),
        }
        // Row k of T is (e_k − Σ_m L_km T_m) / L_kk.
        for k in 0..d {
            let (above, row) = self.inverse_rows.split_at_mut(k * d);
            let row = &mut row[..d];
            row.fill(0.0);
            row[k] = 1.0;
            for (m, other) in above.chunks_exact(d).enumerate() {
                let multiple = self.columns[m * d + k];
                for (entry, &x) in row[..=m].iter_mut().zip(&other[..=m]) {
                    *entry -= multiple * x;
                }
            }
            let scale = 1.0 / self.columns[k * d + k];
            row[..=k].iter_mut().for_each(|entry| *entry *= scale);
        }
    }

    fn cholesky(&mut self, matrix: ArrayView2<'_, f64>, order: &Order) {
        let d = self.size;
        for (m, &variable) in order.variables().iter().enumerate() {
            let row = matrix.row(variable);
            let column = &mut self.columns[m * d..(m + 1) * d];
            column[..m].fill(0.0);
            for (entry, &other) in column[m..].iter_mut().zip(&order.variables()[m..]) {
                *entry = row[other];
            }
        }
        for k in 0..d {
            let (done, rest) = self.columns.split_at_mut((k + 1) * d);
            let column = &mut done[k * d..];
            let scale = 1.0 / column[k].sqrt();
            column[k..].iter_mut().for_each(|entry| *entry *= scale);
            for (j, other) in (k + 1..d).zip(rest.chunks_exact_mut(d)) {
                let multiple = column[j];
                for (entry, &x) in other[j..].iter_mut().zip(&column[j..]) {
                    *entry -= multiple * x;
                }
            }
        }
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.size
    }

    /// L at (row, column), in positions.
    pub fn entry(&self, row: usize, column: usize) -> f64 {
        self.columns[column * self.size + row]
    }

    /// T = L⁻¹ at (row, column), in positions.
    pub fn inverse_entry(&self, row: usize, column: usize) -> f64 {
        self.inverse_rows[row * self.size + column]
    }

    /// L_kk²: the variance that the predecessors leave, by position.
    pub fn residual_variances(&self) -> Vec<f64> {
        (0..self.size).map(|k| self.residual_variance(k)).collect()
    }

    fn residual_variance(&self, k: usize) -> f64 {
        let entry = self.entry(k, k);
        // Of a matrix that is not positive definite: no variance, rather than the square of an imaginary number.
        if entry.is_finite() { entry * entry } else { f64::NAN }
    }

    /// Q(π) = ½ Σ L_kk².
    pub fn score(&self) -> f64 {
        0.5 * (0..self.size).map(|k| self.residual_variance(k)).sum::<f64>()
    }

    /// The weights of the regressions on all predecessors: W_ij of the edge i → j, by variables of `order`.
    pub fn weights(&self, order: &Order) -> Array2<f64> {
        let variables = order.variables();
        let mut weights = Array2::zeros((self.size, self.size));
        for k in 0..self.size {
            let deviation = self.entry(k, k);
            for j in 0..k {
                weights[(variables[j], variables[k])] = -self.inverse_entry(k, j) * deviation;
            }
        }
        weights
    }

    /// What every improving insertion would change, up to `tolerance`: pushes moves with change < −tolerance. About 10 d² flops.
    pub fn price_insertions(&self, tolerance: f64, scratch: &mut Scratch, improving: &mut Vec<Priced>) {
        let d = self.size;
        scratch.resize(d);
        let (tail, change) = (&mut scratch.first, &mut scratch.second);
        // Up from b to k, for all b at once: v(k) = Σ_{m = k…b} L_bm², and Σ_k L_bk² (1 − L_kk²/v(k)) is twice the change.
        for k in (0..d).rev() {
            let column = &self.columns[k * d..(k + 1) * d];
            let variance = column[k] * column[k];
            tail[k] = variance;
            change[k] = 0.0;
            for ((&entry, v), change) in
                column[k + 1..].iter().zip(&mut tail[k + 1..]).zip(&mut change[k + 1..])
            {
                let square = entry * entry;
                *v += square;
                *change += square * (*v - variance) / *v;
            }
            for (b, &change) in (k + 1..d).zip(&change[k + 1..]) {
                if 0.5 * change < -tolerance {
                    improving.push(Priced { step: Move::Up { from: b, to: k }, change: 0.5 * change });
                }
            }
        }
        // Down from a to k: u(k) = Σ_{m = a…k−1} T_ma², and Σ_k T_ka²/u(k) (L_kk² − 1/u(k+1)) is twice the change. Of neighbours, up has told.
        for k in 0..d {
            let row = &self.inverse_rows[k * d..(k + 1) * d];
            let variance = self.entry(k, k) * self.entry(k, k);
            for ((&entry, u), change) in row[..k].iter().zip(&mut tail[..k]).zip(&mut change[..k]) {
                let square = entry * entry;
                let before = *u;
                *u += square;
                *change += square * (variance * *u - 1.0) / (before * *u);
            }
            tail[k] = row[k] * row[k];
            change[k] = 0.0;
            for (a, &change) in (0..k.saturating_sub(1)).zip(&change[..k]) {
                if 0.5 * change < -tolerance {
                    improving.push(Priced { step: Move::Down { from: a, to: k }, change: 0.5 * change });
                }
            }
        }
    }

    /// What every improving swap would change: pushes moves with change < −tolerance. About 2d³ flops; the variables that move down are
    /// shared among threads from 64 variables on, and the moves come in the same order on any number of them.
    pub fn price_swaps(&self, tolerance: f64, scratch: &mut Scratch, improving: &mut Vec<Priced>) {
        use rayon::prelude::*;
        let tails = self.tails();
        let d = self.size;
        if d < 64 {
            for a in 0..d {
                self.swaps_of(a, &tails, scratch, |b, change| {
                    if change < -tolerance {
                        improving.push(Priced { step: Move::Swap(a, b), change });
                    }
                });
            }
            return;
        }
        let found: Vec<Vec<Priced>> = (0..d)
            .into_par_iter()
            .map_init(Scratch::default, |scratch, a| {
                let mut found = Vec::new();
                self.swaps_of(a, &tails, scratch, |b, change| {
                    if change < -tolerance {
                        found.push(Priced { step: Move::Swap(a, b), change });
                    }
                });
                found
            })
            .collect();
        improving.extend(found.into_iter().flatten());
    }

    /// V_bk = Σ_{m = k…b} L_bm² at k·d + b.
    fn tails(&self) -> Vec<f64> {
        let d = self.size;
        let mut tails = vec![0.0; d * d];
        for k in (0..d).rev() {
            let (before, after) = tails.split_at_mut((k + 1) * d);
            let row = &mut before[k * d..];
            let column = &self.columns[k * d..(k + 1) * d];
            match after.get(..d) {
                Some(next) => {
                    for ((v, &x), &entry) in row[k..].iter_mut().zip(&next[k..]).zip(&column[k..]) {
                        *v = x + entry * entry;
                    }
                }
                None => row[k] = column[k] * column[k],
            }
        }
        tails
    }

    /// The change of every swap of a with b > a.
    ///
    /// Taking a out turns the rest of L by rotations whose angles T knows: cos² = u(k)/u(k+1). They are applied to all rows b at once; x is what of
    /// variable a has not yet been turned into the columns. The new tail at k is then V_bk + x², and nothing cancels.
    fn swaps_of(&self, a: usize, tails: &[f64], scratch: &mut Scratch, mut found: impl FnMut(usize, f64)) {
        let d = self.size;
        scratch.resize(d);
        let (remainder, sum) = (&mut scratch.first, &mut scratch.second);
        remainder[a + 1..d].copy_from_slice(&self.columns[a * d + a + 1..(a + 1) * d]);
        sum[a + 1..d].fill(0.0);
        let mut u = self.inverse_entry(a, a).powi(2);
        let mut mover = 0.0;
        for k in a + 1..d {
            let column = &self.columns[k * d..(k + 1) * d];
            let entry = self.inverse_entry(k, a);
            let next = u + entry * entry;
            let variance = column[k] * column[k];
            mover -= entry * entry / (u * next);
            found(k, 0.5 * (tails[a * d + k] - variance + sum[k] + mover));

            let (cosine, sine) = ((u / next).sqrt(), -entry / next.sqrt());
            let (grown, turned) = (variance * entry * entry / u, variance * next / u);
            let pairs = column[k + 1..].iter().zip(&tails[k * d + k + 1..(k + 1) * d]);
            for ((&l, &tail), (x, sum)) in pairs.zip(remainder[k + 1..d].iter_mut().zip(&mut sum[k + 1..d])) {
                let y = cosine * l + sine * *x;
                *sum += grown - turned * y * y / (tail + *x * *x);
                *x = cosine * *x - sine * l;
            }
            u = next;
        }
    }

    /// What one move would change; at most 12(b − a) flops.
    pub fn price(&self, step: Move) -> f64 {
        match step {
            Move::Swap(a, b) => self.price_swap(a, b),
            Move::Up { from, to } => {
                let mut tail = self.residual_variance(from);
                let change = (to..from).rev().map(|k| {
                    let square = self.entry(from, k).powi(2);
                    tail += square;
                    square * (tail - self.residual_variance(k)) / tail
                });
                0.5 * change.sum::<f64>()
            }
            Move::Down { from, to } => {
                let mut u = self.inverse_entry(from, from).powi(2);
                let change = (from + 1..=to).map(|k| {
                    let square = self.inverse_entry(k, from).powi(2);
                    let before = u;
                    u += square;
                    square * (self.residual_variance(k) * u - 1.0) / (before * u)
                });
                0.5 * change.sum::<f64>()
            }
        }
    }

    /// What one swap of positions a < b would change; about 12(b − a) flops.
    fn price_swap(&self, a: usize, b: usize) -> f64 {
        let d = self.size;
        let entry = |k: usize| self.columns[k * d + b];
        // Sums of squares from the end, so that none is a difference.
        let mut tails = vec![0.0; b - a + 2];
        for k in (a..=b).rev() {
            tails[k - a] = tails[k - a + 1] + entry(k).powi(2);
        }
        let mut remainder = entry(a);
        let mut change = tails[0] - entry(b).powi(2);
        let mut u = self.inverse_entry(a, a).powi(2);
        for k in a + 1..=b {
            let inverse = self.inverse_entry(k, a);
            let next = u + inverse * inverse;
            change -= inverse * inverse / (u * next);
            if k < b {
                let variance = self.entry(k, k).powi(2);
                let (cosine, sine) = ((u / next).sqrt(), -inverse / next.sqrt());
                let (l, x) = (entry(k), remainder);
                let y = cosine * l + sine * x;
                change += variance * (inverse * inverse - next * y * y / (tails[k - a] + x * x)) / u;
                remainder = cosine * x - sine * l;
            }
            u = next;
        }
        0.5 * change
    }

    /// Makes a move, by b − a rotations of neighbouring columns of L and rows of T: about 12 d (b − a) flops.
    pub fn apply(&mut self, step: Move) {
        match step {
            Move::Up { from, to } => self.move_up(from, to),
            Move::Down { from, to } => self.move_down(from, to),
            Move::Swap(a, b) => {
                self.move_up(b, a);
                if a + 1 < b {
                    self.move_down(a + 1, b);
                }
            }
        }
    }

    fn move_up(&mut self, b: usize, a: usize) {
        let d = self.size;
        self.columns.chunks_exact_mut(d).take(b + 1).for_each(|column| column[a..=b].rotate_right(1));
        self.inverse_rows.chunks_exact_mut(d).skip(a).for_each(|row| row[a..=b].rotate_right(1));
        for k in (a..b).rev() {
            let (x, y) = (self.columns[k * d + a], self.columns[(k + 1) * d + a]);
            let rotation = Rotation::onto_first(x, y);
            let (left, right) = two_rows(&mut self.columns, d, k);
            (left[a], right[a]) = (rotation.length, 0.0);
            rotation.turn(&mut left[k + 1..], &mut right[k + 1..]);
            let (upper, lower) = two_rows(&mut self.inverse_rows, d, k);
            rotation.turn(&mut upper[..=b], &mut lower[..=b]);
        }
        self.clear(a, b);
    }

    fn move_down(&mut self, a: usize, b: usize) {
        let d = self.size;
        self.columns.chunks_exact_mut(d).take(b + 1).for_each(|column| column[a..=b].rotate_left(1));
        self.inverse_rows.chunks_exact_mut(d).skip(a).for_each(|row| row[a..=b].rotate_left(1));
        for k in a..b {
            let (x, y) = (self.columns[k * d + k], self.columns[(k + 1) * d + k]);
            let rotation = Rotation::onto_first(x, y);
            let (left, right) = two_rows(&mut self.columns, d, k);
            (left[k], right[k]) = (rotation.length, 0.0);
            rotation.turn(&mut left[k + 1..], &mut right[k + 1..]);
            let (upper, lower) = two_rows(&mut self.inverse_rows, d, k);
            rotation.turn(&mut upper[..=b], &mut lower[..=b]);
        }
        self.clear(a, b);
    }

    /// Rounding leaves dust above the diagonal of T.
    fn clear(&mut self, a: usize, b: usize) {
        for k in a..=b {
            self.inverse_rows[k * self.size + k + 1..=k * self.size + b].fill(0.0);
        }
    }
}

/// Memory that pricing reuses.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Scratch {
    fn resize(&mut self, size: usize) {
        self.first.resize(size, 0.0);
        self.second.resize(size, 0.0);
    }
}

/// The reflection that turns (x, y) with y > 0 onto the first axis and keeps diagonals positive.
struct Rotation {
    cosine: f64,
    sine: f64,
    length: f64,
}

impl Rotation {
    fn onto_first(x: f64, y: f64) -> Self {
        let length = x.hypot(y);
        Self { cosine: x / length, sine: y / length, length }
    }

    fn turn(&self, first: &mut [f64], second: &mut [f64]) {
        for (x, y) in first.iter_mut().zip(second) {
            (*x, *y) = (self.cosine * *x + self.sine * *y, self.sine * *x - self.cosine * *y);
        }
    }
}

fn two_rows(matrix: &mut [f64], width: usize, k: usize) -> (&mut [f64], &mut [f64]) {
    matrix[k * width..(k + 2) * width].split_at_mut(width)
}
