//! Algorithm 2: Halpern's iteration on the resolvent of c(F + G), for monotone F, and Algorithm 3, which computes that resolvent.
//!
//! ```text
//! u_{k+1} = λ_k u_0 + (1 − λ_k) v_k,      v_k ≈ (id + c(F + G))⁻¹ u_k,      λ_k = 1/(k + 2),      c = √n/L
//! ```
//!
//! The inner problem has the 1-strongly monotone Φ(v) = cF(v) + v − u_k. Algorithm 3, variance-reduced forward–reflected–backward
//! steps (Alacaoglu and Malitsky), contracts it by a constant factor in O(n) calls:
//!
//! ```text
//! v⁺ = J_{γcG}( α v + (1−α) w − γ( Φ(w) + Φ_i(v) − Φ_i(w′) ) ),      w⁺ = v⁺ with probability p, else w
//! ```
//!
//! with p = 1/n, α = 1 − p, w′ the snapshot before the last change (w otherwise) and γ = f √(p(1−p))/(√n + 1).
//! In the authors' program the new snapshot is the inner loop's start and not v⁺, so it never moves: [`Snapshot::Frozen`].
//!
//! # Beyond the paper
//! [`Options::restart`]: the anchor moves to v once |u − v|/c has fallen to that share of its value at the last restart. On matrix games,
//! whose residual grows linearly with the distance from the solutions, gaps then fall faster than any power of 1/k in what we tried. The inner loops have a fixed length, so that
//! exactness of the resolvent is not guaranteed, and some runs stall for long.

use std::ops::ControlFlow;

use rand::{Rng, SeedableRng};

use crate::operator::Random;
use crate::run::{Ended, Run, Step, Task};

/// How many inner steps an outer one takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inner {
    /// ⌊`share` n ln(k + 2)⌋, at least 1, as the authors' program; 0.05 there.
    Fixed {
        /// The factor of n ln(k + 2).
        share: f64,
    },
    /// Until |Φ(v) + g| ≤ |u − v|/(k + 2)², checked at every snapshot, at most `most` n steps. By strong monotonicity this bounds the distance from the
    /// exact resolvent.
    Accuracy {
        /// The most inner steps, over n.
        most: f64,
    },
}

/// What a new snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshot {
    /// The point just computed: the method.
    Moving,
    /// The start of the inner loop, as in the authors' program: a slip.
    Frozen,
}

/// The parameters of Algorithms 2 and 3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// c > 0; √n/L by default.
    pub scale: f64,
    /// γ > 0, the inner step.
    pub gamma: f64,
    /// How long the inner loop runs.
    pub inner: Inner,
    /// What a snapshot is.
    pub snapshot: Snapshot,
    /// The share of the residual at which the anchor moves, below 1; none in the paper.
    pub restart: Option<f64>,
}

impl Options {
    /// c = √n/L and γ = f √(p(1−p))/(√n + 1), for n ≥ 2 parts and the average constant L; f up to 2 is stable in what we tried.
    pub fn new(components: usize, average_constant: f64, factor: f64, inner: Inner) -> Self {
        let n = components as f64;
        let p = 1.0 / n;
        Self {
            scale: n.sqrt() / average_constant,
            gamma: factor * (p * (1.0 - p)).sqrt() / (n.sqrt() + 1.0),
            inner,
            snapshot: Snapshot::Moving,
            restart: None,
        }
    }
}

/// Runs Algorithm 2. Points are shown after every inner loop: v_k, with its last resolvent, whose step is γc.
///
/// An inner step costs two calls, and n at a snapshot (probability 1/n); an inner loop starts with a pass.
///
/// # Panics
/// For fewer than two parts, a start of another dimension, c or γ not positive, or a restart's share outside of (0, 1).
pub fn resolvent_halpern(
    task: &Task<'_>,
    options: &Options,
    observe: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Ended {
    let (operator, n) = (task.operator, task.operator.components());
    assert!(n >= 2, "one part needs no variance reduction");
    assert!(options.scale > 0.0 && options.gamma > 0.0, "c and γ must be positive");
    assert!(
        options.restart.is_none_or(|share| share > 0.0 && share < 1.0),
        "a restart's share is between 0 and 1"
    );
    let p = 1.0 / n as f64;
    let (c, gamma, alpha) = (options.scale, options.gamma, 1.0 - p);
    let mut random = Random::seed_from_u64(task.seed);
    let mut run = Run::new(task, gamma * c, observe);
    let mut anchor = run.u.clone();
    let mut center = anchor.clone();
    let [mut at_snapshot, mut snapshot, mut earlier] = std::array::from_fn(|_| anchor.clone());
    let mut since = 0_u64; // outer steps since the anchor moved
    let mut first_of_epoch = f64::NAN;
    let reason = loop {
        let most = match options.inner {
            Inner::Fixed { share } => (share * n as f64 * ((since + 2) as f64).ln()).floor().max(1.0) as u64,
            Inner::Accuracy { most } => (most * n as f64).max(1.0) as u64,
        };
        // run.u is v; the snapshot is the inner start.
        run.u.copy_from_slice(&center);
        snapshot.copy_from_slice(&center);
        operator.full(&snapshot, &mut at_snapshot);
        run.counts.inner_starts += 1;
        let mut moved = false; // whether `earlier` differs from `snapshot`
        for _ in 0..most {
            let part = operator.draw(&mut random);
            let old: &[f64] = if moved { &earlier } else { &snapshot };
            // Φ(w) + Φ_i(v) − Φ_i(w′) = c(F(w) + F_i(v) − F_i(w′)) + w − u + v − w′
            for (((((x, v), w), fw), u), old) in
                run.before.iter_mut().zip(&run.u).zip(&snapshot).zip(&at_snapshot).zip(&center).zip(old)
            {
                *x = alpha * v + (1.0 - alpha) * w - gamma * (c * fw + w - u + v - old);
            }
            operator.add_difference(part, &run.u, old, -gamma * c, &mut run.before);
            run.counts.differences += 1;
            run.resolve();
            moved = false;
            if random.random::<f64>() < p {
                earlier.copy_from_slice(&snapshot);
                moved = true;
                if options.snapshot == Snapshot::Moving {
                    snapshot.copy_from_slice(&run.u);
                    run.full(&mut at_snapshot);
                    if matches!(options.inner, Inner::Accuracy { .. }) {
                        let (error, distance) =
                            accuracy(&run.u, &run.before, &at_snapshot, &center, (c, gamma));
                        if error <= distance / ((since + 2) as f64).powi(2) {
                            break;
                        }
                    }
                } else {
                    // The slip: the snapshot is set to where it already is, for the price of a pass.
                    run.counts.passes += 1;
                }
            }
            if !run.u[0].is_finite() {
                break;
            }
        }
        if let Some(reason) = run.show(None) {
            break reason;
        }
        since += 1;
        let fixed_point = run.u.iter().zip(&center).map(|(v, u)| (u - v).powi(2)).sum::<f64>().sqrt() / c;
        if since == 1 {
            first_of_epoch = fixed_point;
        }
        if options.restart.is_some_and(|share| since > 1 && fixed_point <= share * first_of_epoch) {
            anchor.copy_from_slice(&run.u);
            center.copy_from_slice(&run.u);
            since = 0;
            continue;
        }
        let lambda = 1.0 / (since as f64 + 1.0);
        for ((u, u0), v) in center.iter_mut().zip(&anchor).zip(&run.u) {
            *u = lambda * u0 + (1.0 - lambda) * v;
        }
    };
    run.end(reason)
}

/// |Φ(v) + γ-resolvent's element of cG(v)|, which bounds |v − exact resolvent|, and |u − v|.
fn accuracy(v: &[f64], before: &[f64], value: &[f64], center: &[f64], (c, gamma): (f64, f64)) -> (f64, f64) {
    let (mut error, mut distance) = (0.0, 0.0);
    for (((v, b), f), u) in v.iter().zip(before).zip(value).zip(center) {
        error += (c * f + (b - v) / gamma + v - u).powi(2);
        distance += (v - u).powi(2);
    }
    (error.sqrt(), distance.sqrt())
}
