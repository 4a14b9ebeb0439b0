//! Steps of Algorithm 1 that are proved, derived here: the paper's constants were not at hand.
//!
//! # The proof
//!
//! Let F be cocoercive on average with constant L, G = 0 (with constraints nothing is proved here), e_k = F̃_k − F(u_k), M_k the mean of |F_i(u_{k+1}) − F_i(u_k)|², and
//!
//! ```text
//! A_k = η (k+2)(k+3)²/4,   B_k = (k+2)(k+3),   V_k = A_k |F(u_k)|² + B_k ⟨F(u_k), u_k − u_0⟩
//! ```
//!
//! Cocoercivity between u_k and u_{k+1}, and the two ways in which the update writes u_{k+1} − u_k, give
//!
//! ```text
//! V_{k+1} ≤ V_k − η (k+3)(k+6)/4 |F(u_k)|² + A_{k+1} |F(u_{k+1}) − F(u_k)|² − B_k M_k/(λ_k L)
//!           − 2 A_{k+1} ⟨F(u_{k+1}) − F(u_k), e_k⟩ − η (k+3)(k+4) ⟨F(u_k), e_k⟩
//! ```
//!
//! |F(u_{k+1}) − F(u_k)|² ≤ M_k. Young's inequality, with a free s > 0 for the first product of errors, leaves
//! (1+s) A_{k+1} M_k + W_k |e_k|² with W_k = A_{k+1}/s + η (k+3)(k+4)²/(k+6), and PAGE has E|e_k|² ≤ (1−p_k)(E|e_{k−1}|² + M_{k−1}/b).
//! Summed over k, the coefficient of every M_j is not positive if
//!
//! ```text
//! (1+s) A_{j+1} + S_j/b ≤ B_j/(λ_j L),      S_j = (1 − p_{j+1}) (W_{j+1} + S_{j+1})
//! ```
//!
//! and then A_k E|F(u_k)|² ≤ B_k D √(E|F(u_k)|²): the root mean square of |F(u_k)| is at most 4D/(η(k+3)), at every k.
//!
//! V_0 = A_0 |F(u_0)|², which the step at k = 0 takes away: its errors vanish and −η (3 · 6/4) |F(u_0)|² = −A_0 |F(u_0)|². So V_k ≤ 0 in the mean.
//!
//! All terms on the left are proportional to η, so the largest ηL is the least ratio over j, maximised over s. Beyond a horizon K,
//! where p is constant, W_k ≤ η (k+4)³ (1/(4s) + 1/(K+4)) bounds the tail of S_j by moments of a geometric law; divided by the
//! right-hand side that bound falls in j, so that K itself is the worst.

use crate::page::Options;

/// The largest ηL that the proof covers, for n parts, a batch and a late probability (η of `options` is not read).
///
/// Cost: a recursion of length 160/p_∞ + 400 for each of some twenty s.
///
/// # Panics
/// If the probability is not positive.
pub fn certified_step(options: &Options) -> f64 {
    assert!(options.probability > 0.0, "without full passes nothing is proved");
    // The minimum over j is a quasi-concave function of s, each of its terms being 1/(a + b s + c/s): golden sections, of which one value is known each time.
    let value = |log: f64| certified_with(log.exp(), options);
    let (mut low, mut high) = (0.02_f64.ln(), 20.0_f64.ln());
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (value(left), value(right));
    for _ in 0..20 {
        if at_left < at_right {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = value(right);
        } else {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = value(left);
        }
    }
    // Every value is proved.
    at_left.max(at_right)
}

fn certified_with(s: f64, options: &Options) -> f64 {
    let (q, b) = (1.0 - options.probability, options.batch as f64);
    // Beyond it p is constant.
    let horizon = (40.0 * (4.0 / options.probability)).ceil() as u64 + 400;
    let last = horizon as f64;
    let moment = |of: f64| {
        // Σ over m ≥ 1 of q^m (1 + m/of)³, from the sums of q^m, m q^m, m² q^m and m³ q^m.
        let r = 1.0 - q;
        let (one, two) = (q / r, q / (r * r));
        let (three, four) = (q * (1.0 + q) / r.powi(3), q * (1.0 + 4.0 * q + q * q) / r.powi(4));
        one + 3.0 * two / of + 3.0 * three / (of * of) + four / of.powi(3)
    };
    // All over η.
    let a = |k: f64| (k + 2.0) * (k + 3.0).powi(2) / 4.0;
    let w = |k: f64| a(k + 1.0) / s + (k + 3.0) * (k + 4.0).powi(2) / (k + 6.0);
    let right = |j: f64| (j + 2.0) * (j + 3.0) * (j + 4.0) / 2.0;
    let mut tail = (last + 4.0).powi(3) * (0.25 / s + 1.0 / (last + 4.0)) * moment(last + 4.0);
    // The same bound without what falls in j: (j+3)(j+4)² and (j+4)³ over (j+2)(j+3)(j+4) are largest at the horizon.
    let mut least = right(last) / ((1.0 + s) * a(last + 1.0) + tail / b);
    for j in (0..horizon).rev() {
        let next = j + 1;
        tail = (1.0 - options.probability_at(next)) * (w(next as f64) + tail);
        let j = j as f64;
        least = least.min(right(j) / ((1.0 + s) * a(j + 1.0) + tail / b));
    }
    least
}

/// b, p_∞ and a proved ηL that need the fewest calls for a residual of ε, with `accuracy` = LD/ε, among 1/16 … 4 times the authors' b and p_∞; an infinite accuracy leaves only late steps to count.
///
/// The product of η and L is returned as `eta`: divide it by L. At most 169 evaluations of [`certified_step`], of which most are ruled out beforehand.
///
/// # Panics
/// If there is no part, or the accuracy is not positive.
pub fn tuned(components: usize, accuracy: f64) -> Options {
    assert!(components > 0 && accuracy > 0.0, "parts and an accuracy to come to");
    let base = Options::new(1.0, components);
    let cost = |options: &Options, eta: f64| {
        let options = Options { eta, ..*options };
        if accuracy.is_finite() {
            predicted_calls(&options, components, accuracy, 1.0)
        } else {
            options.calls(components) / eta
        }
    };
    let base_step = certified_step(&base);
    let mut best = (cost(&base, base_step), Options { eta: base_step, ..base });
    let factors: Vec<f64> = (-8..=4).map(|k| 2.0_f64.powf(f64::from(k) / 2.0)).collect();
    for &of_batch in &factors {
        let batch = ((base.batch as f64 * of_batch).round() as usize).clamp(1, components);
        for &of_probability in &factors {
            let options =
                Options { batch, probability: (base.probability * of_probability).min(1.0), ..base };
            // No step above 1/1.02 is proved.
            if cost(&options, 1.0) < best.0 {
                let eta = certified_step(&options);
                let now = cost(&options, eta);
                if now < best.0 {
                    best = (now, Options { eta, ..options });
                }
            }
        }
    }
    best.1
}

/// Steps until |F(u_k)| ≤ `residual` for a start at `distance` D from the nearest zero: 2D/(η residual).
///
/// The constant 2, half of the proved one, is that of a quasi-stationary λ_k (u_0 − u) = ηF(u).
fn steps(options: &Options, distance: f64, residual: f64) -> f64 {
    2.0 * distance / (options.eta * residual)
}

/// Calls of those steps if all of them were late ones: the second part of n + √n L/ε.
pub fn late_calls(options: &Options, components: usize, distance: f64, residual: f64) -> f64 {
    steps(options, distance, residual) * options.calls(components)
}

/// Expected calls of those steps, with the first ones, in which full passes are more likely than p_∞.
pub fn predicted_calls(options: &Options, components: usize, distance: f64, residual: f64) -> f64 {
    let steps = steps(options, distance, residual);
    let calls = |p: f64| Options { probability: p, ..*options }.calls(components);
    // p_k > p_∞ for k below 4/p_∞ − 4.
    let early = (4.0 / options.probability).min(steps).ceil() as u64;
    let first: f64 = (0..early).map(|k| calls(options.probability_at(k))).sum();
    first + (steps - early as f64).max(0.0) * options.calls(components)
}
