//! One column of the proximal step on the relaxation.
//!
//! For earnings z (score plus t̄/λ with the column t̄ of the previous step) the step needs
//!
//! max over t ≥ 0, Σ tᵢ = b of ⟨z, t⟩ − (γ/2) (‖t‖ₖˢᵖ)² − ‖t‖²/(2λ).
//!
//! With the multiplier β of the mass, y = z + β, and ρ = λγ/(1 + λγ), the maximiser is found from
//! the falling order of y alone:
//!
//! * *free* entries, the q largest: tᵢ = ρ yᵢ/γ;
//! * *tied* entries share the remaining k − q places: tᵢ = λ (yᵢ − v) with the level v for which
//!   they sum to (k − q) v/γ;
//! * all others are zero, being at most v.
//!
//! Where the (k+1)-st entry is at most ρ times the k-th (or zero), nothing is tied. The order does
//! not depend on β, and the mass is a piecewise linear, rising function of it, so that Newton's
//! method on β, safeguarded by a bracket, ends after a few steps with the exact piece.

/// The numbers that are the same for all columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proximal {
    /// Most nonzeros per column.
    pub k: usize,
    pub gamma: f64,
    /// Length λ of the proximal step.
    pub lambda: f64,
}

/// Which entries of the falling order are free, tied and zero, and the multipliers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shape {
    /// Entries `..free` are free.
    pub free: usize,
    /// Entries `free..end` are tied, the others zero.
    pub end: usize,
    /// Multiplier β of the mass.
    pub beta: f64,
    /// The level v of the tie; zero without one.
    pub level: f64,
    /// Entries whose earnings are at most this (β not added) are zero.
    pub cut: f64,
}

/// Earnings in falling order, wherever they are stored.
pub(crate) trait Earnings: Copy {
    fn len(&self) -> usize;
    fn get(&self, place: usize) -> f64;
}

impl Earnings for &[f64] {
    fn len(&self) -> usize {
        <[f64]>::len(self)
    }
    fn get(&self, place: usize) -> f64 {
        self[place]
    }
}

/// The pieces of the mass as a function of y₁ = z₁ + β.
#[derive(Clone, Copy, PartialEq)]
struct Piece {
    free: usize,
    end: usize,
}

impl Proximal {
    /// ρ/γ = λ/(1 + λγ): how a free entry responds to its earnings.
    pub fn response(&self) -> f64 {
        self.lambda / (1.0 + self.lambda * self.gamma)
    }

    fn shrink(&self) -> f64 {
        let product = self.lambda * self.gamma;
        product / (1.0 + product)
    }

    /// κ = (k − q)/(k − q + λγ e) for e tied entries: how the level damps a tied entry's response.
    pub fn damping(&self, shape: &Shape) -> f64 {
        let places = (self.k - shape.free) as f64;
        places / (places + self.lambda * self.gamma * (shape.end - shape.free) as f64)
    }

    /// Finds the maximiser for earnings in falling order, at least one, and mass b > 0. `beta` is a
    /// guess of the multiplier.
    pub fn solve(&self, earnings: impl Earnings, mass: f64, beta: f64) -> Shape {
        // Everything relative to the largest entry, of which y₁ is the unknown:
        // 0 < y₁ ≤ b (γ + 1/λ).
        let largest = earnings.get(0);
        let (mut low, mut high) = (0.0, mass * (self.gamma + 1.0 / self.lambda));
        let mut top = beta + largest;
        if !(top > low && top <= high) {
            top = high;
        }
        let mut before = None;
        for _ in 0..200 {
            let piece = self.piece(earnings, top);
            let (offset, slope) = self.mass_line(earnings, piece);
            let excess = offset + slope * top - mass;
            let root = (mass - offset) / slope;
            if before == Some(piece) {
                // The line was the right one; its root is exact up to rounding.
                top = root;
                break;
            }
            if excess > 0.0 {
                high = top;
            } else {
                low = top;
            }
            if root > low && root < high {
                before = Some(piece);
                top = root;
            } else if root == top {
                break;
            } else {
                before = None;
                let middle = 0.5 * (low + high);
                if !(middle > low && middle < high) {
                    break;
                }
                top = middle;
            }
        }
        self.shape(earnings, top)
    }

    /// The piece at y₁ = `top`.
    fn piece(&self, earnings: impl Earnings, top: f64) -> Piece {
        let largest = earnings.get(0);
        let k = self.k;
        let y = |i: usize| (earnings.get(i) - largest) + top;
        let shrink = self.shrink();
        if earnings.len() <= k || y(k) <= 0.0 {
            let bound = earnings.len().min(k);
            let free = (0..bound).find(|&i| y(i) <= 0.0).unwrap_or(bound);
            return Piece { free, end: free };
        }
        let last = y(k - 1);
        if y(k) <= shrink * last {
            return Piece { free: k, end: k };
        }
        // The level falls from the k-th entry until the places are taken: an entry becomes tied
        // when the level reaches it, and free when the level reaches ρ times it.
        let product = self.lambda * self.gamma;
        let mut free = (0..k).find(|&i| shrink * y(i) < last).unwrap_or(k);
        let mut end = k;
        let mut sum: f64 = (free..end).map(y).sum();
        loop {
            let next_tied = if end < earnings.len() { y(end).max(0.0) } else { 0.0 };
            let next_free = if free < end { shrink * y(free) } else { 0.0 };
            let level = next_tied.max(next_free);
            let taken = free as f64 * level + product * (sum - (end - free) as f64 * level);
            if taken >= k as f64 * level {
                return Piece { free, end };
            }
            if next_free >= next_tied {
                sum -= y(free);
                free += 1;
            } else {
                sum += y(end);
                end += 1;
            }
        }
    }

    /// Offset and slope of the mass as a function of y₁ on a piece.
    fn mass_line(&self, earnings: impl Earnings, piece: Piece) -> (f64, f64) {
        let largest = earnings.get(0);
        let response = self.response();
        let free_sum: f64 = (0..piece.free).map(|i| earnings.get(i) - largest).sum();
        let mut offset = response * free_sum;
        let mut slope = response * piece.free as f64;
        if piece.end > piece.free {
            // (k − q) v/γ with v = λγ Σ y/(k − q + λγ e).
            let tied = (piece.end - piece.free) as f64;
            let tied_sum: f64 = (piece.free..piece.end).map(|i| earnings.get(i) - largest).sum();
            let places = (self.k - piece.free) as f64;
            let factor = places * self.lambda / (places + self.lambda * self.gamma * tied);
            offset += factor * tied_sum;
            slope += factor * tied;
        }
        (offset, slope)
    }

    fn shape(&self, earnings: impl Earnings, top: f64) -> Shape {
        let largest = earnings.get(0);
        let piece = self.piece(earnings, top);
        let beta = top - largest;
        let y = |i: usize| (earnings.get(i) - largest) + top;
        let (level, cut) = if piece.end > piece.free {
            let sum: f64 = (piece.free..piece.end).map(y).sum();
            let product = self.lambda * self.gamma;
            let places = (self.k - piece.free) as f64;
            let level = product * sum / (places + product * (piece.end - piece.free) as f64);
            (level, level)
        } else if piece.free == self.k {
            (0.0, self.shrink() * y(self.k - 1))
        } else {
            (0.0, 0.0)
        };
        Shape { free: piece.free, end: piece.end, beta, level, cut: cut - beta }
    }

    /// The mass of the entry with the given earnings and place in the falling order.
    pub fn mass(&self, shape: &Shape, place: usize, earnings: f64) -> f64 {
        let y = earnings + shape.beta;
        if place < shape.free {
            self.response() * y
        } else if place < shape.end {
            (self.lambda * (y - shape.level)).max(0.0)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k_support::squared_k_support_norm;
    use proptest::prelude::*;

    fn column(step: &Proximal, earnings: &[f64], shape: &Shape) -> Vec<f64> {
        (0..).zip(earnings).map(|(i, &z)| step.mass(shape, i, z)).collect()
    }

    fn objective(step: &Proximal, earnings: &[f64], t: &[f64]) -> f64 {
        let inner: f64 = earnings.iter().zip(t).map(|(z, t)| z * t).sum();
        let squares: f64 = t.iter().map(|t| t * t).sum();
        inner
            - 0.5 * step.gamma * squared_k_support_norm(&mut t.to_vec(), step.k)
            - squares / (2.0 * step.lambda)
    }

    #[test]
    fn a_tie_by_hand() {
        // k = 1, γ = λ = 1, two equal earnings: both get half of the mass.
        let step = Proximal { k: 1, gamma: 1.0, lambda: 1.0 };
        let shape = step.solve(&[2.0, 2.0][..], 1.0, 0.0);
        assert_eq!((shape.free, shape.end), (0, 2));
        assert_eq!(column(&step, &[2.0, 2.0], &shape), [0.5, 0.5]);
    }

    proptest! {
        /// The masses are feasible, and no small move of mass between two entries improves the
        /// objective: it is concave, so this is optimality up to the size of the move.
        #[test]
        fn no_exchange_improves(
            mut earnings in prop::collection::vec(-3i32..4, 2..10)
                .prop_map(|z| z.into_iter().map(|z| f64::from(z) / 4.0).collect::<Vec<_>>()),
            k in 1usize..6,
            gamma in prop::sample::select(vec![0.01, 1.0, 30.0]),
            lambda in prop::sample::select(vec![0.05, 1.0, 50.0]),
            mass in prop::sample::select(vec![0.01, 1.0, 5.0]),
            guess in -3.0f64..3.0,
        ) {
            earnings.sort_by(|x, y| y.total_cmp(x));
            let step = Proximal { k: k.min(earnings.len()), gamma, lambda };
            let shape = step.solve(&earnings[..], mass, guess);
            let t = column(&step, &earnings, &shape);
            prop_assert!((t.iter().sum::<f64>() - mass).abs() <= 1e-12 * (1.0 + mass), "{t:?} {shape:?}");
            let best = objective(&step, &earnings, &t);
            let rounding = 1e-12 * (1.0 + best.abs() + gamma * mass * mass);
            for from in 0..t.len() {
                for to in 0..t.len() {
                    for part in [1.0, 1e-2, 1e-4] {
                        let mut moved = t.clone();
                        moved[to] += part * t[from];
                        moved[from] -= part * t[from];
                        let value = objective(&step, &earnings, &moved);
                        prop_assert!(value <= best + rounding, "{t:?} {from}->{to} {value} {best}");
                    }
                }
            }
        }
    }
}
