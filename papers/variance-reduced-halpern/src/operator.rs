//! Operators that are means of n parts: F = (F_1 + … + F_n)/n on ℝ^d.
//!
//! A method may ask for all of F (n calls), or for the difference F_i(u) − F_i(v) of a part drawn from a law q (two calls). The
//! draw is weighted by 1/(n q_i), so that its mean over q is F(u) − F(v). How far such a draw may move is L,
//!
//! ```text
//! mean over q of |(F_i(u) − F_i(v))/(n q_i)|² ≤ L² |u − v|²      (Lipschitz on average),
//! ```
//!
//! never below the Lipschitz constant L_F of F itself, and at most √n L_F for the best law. For Algorithm 1 the same letter is the
//! constant of the stronger ⟨F(u) − F(v), u − v⟩ ≥ (1/L) · that mean (cocoercive on average).

use rand::Rng;

/// The generator of the methods.
pub type Random = rand_xoshiro::Xoshiro256PlusPlus;

/// A mean of n parts.
pub trait FiniteSum: Sync {
    /// d, the length of a point.
    fn dimension(&self) -> usize;

    /// n: what a full pass costs, in calls.
    fn components(&self) -> usize;

    /// `out` becomes F(`point`).
    fn full(&self, point: &[f64], out: &mut [f64]);

    /// A part, drawn from q: uniform unless the operator says otherwise.
    fn draw(&self, random: &mut Random) -> usize {
        random.random_range(0..self.components())
    }

    /// Whether q is uniform on 0..n, so that batches may be drawn without replacement.
    fn is_uniform(&self) -> bool {
        true
    }

    /// Adds `scale` (F_i(`u`) − F_i(`v`))/(n q_i) to `out`; i is `part`.
    fn add_difference(&self, part: usize, u: &[f64], v: &[f64], scale: f64, out: &mut [f64]);

    /// L for the law of [`Self::draw`]: Lipschitz on average, or cocoercive on average where the operator says so.
    fn average_constant(&self) -> f64;

    /// L_F, a Lipschitz constant of F.
    fn constant(&self) -> f64;
}

/// n* : with fewer parts, plain Halpern steps of length `step`/L_F need fewer calls than Algorithm 1 with steps `eta`/L.
///
/// Derived here from both counts, 2D/(ηε) · 6√n and nDL_F/(step ε): √n* = step (12/eta) (L/L_F).
pub fn crossover(average_constant: f64, constant: f64, eta: f64, step: f64) -> f64 {
    (step * 12.0 / eta * average_constant / constant).powi(2)
}

pub(crate) fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}
