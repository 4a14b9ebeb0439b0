//! The two-loop recursion over the last steps and gradient changes.

use pulp::{Arch, NullaryFnOnce};

/// The last pairs s = x⁺ − x, y = ∇f(x⁺) − ∇f(x), in a ring.
pub(super) struct History {
    n: usize,
    capacity: usize,
    length: usize,
    /// Where the next pair goes.
    next: usize,
    steps: Vec<f64>,
    changes: Vec<f64>,
    /// 1/⟨s, y⟩ of each pair.
    inverse_curvatures: Vec<f64>,
    weights: Vec<f64>,
}

impl History {
    pub(super) fn new(capacity: usize, n: usize) -> Self {
        Self {
            n,
            capacity,
            length: 0,
            next: 0,
            steps: vec![0.0; capacity * n],
            changes: vec![0.0; capacity * n],
            inverse_curvatures: vec![0.0; capacity],
            weights: vec![0.0; capacity],
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn forget(&mut self) {
        self.length = 0;
    }

    /// Keeps the pair if its curvature is positive beyond rounding; else the matrix would lose
    /// definiteness.
    pub(super) fn push(&mut self, from: &[f64], from_gradient: &[f64], to: &[f64], to_gradient: &[f64]) {
        let place = self.next * self.n..(self.next + 1) * self.n;
        let s = &mut self.steps[place.clone()];
        let y = &mut self.changes[place];
        for i in 0..self.n {
            s[i] = to[i] - from[i];
            y[i] = to_gradient[i] - from_gradient[i];
        }
        let curvature = dot(s, y);
        if curvature > f64::EPSILON * dot(y, y).sqrt() * dot(s, s).sqrt() {
            self.inverse_curvatures[self.next] = 1.0 / curvature;
            self.next = (self.next + 1) % self.capacity;
            self.length = (self.length + 1).min(self.capacity);
        }
    }

    /// Writes −H ∇f by the two-loop recursion; −∇f without history. Wider vectors give the same bits: sums have four parts in any.
    pub(super) fn descent(&mut self, gradient: &[f64], direction: &mut [f64]) {
        Arch::new().dispatch(Descent { history: self, gradient, direction });
    }

    #[inline(always)]
    fn write_descent(&mut self, gradient: &[f64], direction: &mut [f64]) {
        for (d, &g) in direction.iter_mut().zip(gradient) {
            *d = -g;
        }
        if self.length == 0 {
            return;
        }
        let n = self.n;
        let newest = (self.next + self.capacity - 1) % self.capacity;
        for age in 0..self.length {
            let pair = (newest + self.capacity - age) % self.capacity;
            let (s, y) = (&self.steps[pair * n..][..n], &self.changes[pair * n..][..n]);
            let weight = self.inverse_curvatures[pair] * dot(s, direction);
            self.weights[pair] = weight;
            add_multiple(direction, -weight, y);
        }
        let y = &self.changes[newest * n..][..n];
        let scale = 1.0 / (self.inverse_curvatures[newest] * dot(y, y));
        direction.iter_mut().for_each(|d| *d *= scale);
        for age in (0..self.length).rev() {
            let pair = (newest + self.capacity - age) % self.capacity;
            let (s, y) = (&self.steps[pair * n..][..n], &self.changes[pair * n..][..n]);
            let correction = self.inverse_curvatures[pair] * dot(y, direction);
            add_multiple(direction, self.weights[pair] - correction, s);
        }
    }
}

/// [`History::descent`], to be compiled for wide instructions.
struct Descent<'a> {
    history: &'a mut History,
    gradient: &'a [f64],
    direction: &'a mut [f64],
}

impl NullaryFnOnce for Descent<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.history.write_descent(self.gradient, self.direction);
    }
}

/// ⟨x, y⟩ in four partial sums, so that the additions overlap.
#[inline(always)]
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut partial = [0.0; 4];
    let (x_chunks, x_rest) = x.as_chunks::<4>();
    let (y_chunks, y_rest) = y.as_chunks::<4>();
    for (x, y) in x_chunks.iter().zip(y_chunks) {
        for lane in 0..4 {
            partial[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    (partial[0] + partial[1]) + (partial[2] + partial[3]) + rest
}

#[inline(always)]
fn add_multiple(x: &mut [f64], factor: f64, y: &[f64]) {
    for (x, &y) in x.iter_mut().zip(y) {
        *x += factor * y;
    }
}
