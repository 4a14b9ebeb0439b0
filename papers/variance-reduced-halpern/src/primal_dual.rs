//! Restarted Halpern iteration of the primal–dual hybrid gradient operator, with reflection and primal weights, for matrix games: the method that a
//! user without an interest in sampling should take.
//!
//! ```text
//! T(x, y) = (x̂, ŷ),   x̂ = P(x − τAᵀy),   ŷ = P(y + σA(2x̂ − x)),   τ = η/ω, σ = ηω, η|A|₂ < 1
//! z_{k+1} = (k+1)/(k+2) · (2T(z_k) − z_k) + 1/(k+2) · z_0
//! ```
//!
//! T is firmly nonexpansive in |z|² = ω|x|²/η − 2⟨Ax, y⟩ + |y|²/(ηω). The anchor moves to T(z_k), and ω half way, in logarithms, to the ratio |ŷ − y_0|/|x̂ − x_0|, by a factor of
//! ten at most and within 10⁻³ and 10³, once |z_k − T(z_k)| has fallen to 0.2 of its first value after the last restart, or to 0.8 and grows again, or when
//! 0.36 of all steps came after that restart: the rules of r²HPDHG (Lu and Yang) and of PDLP. A read of A and one of Aᵀ a step, and as much a restart: Ax is carried along, being
//! linear, and Aᵀŷ follows from the next step's Aᵀy, so the gap of T(z_k) costs none.

use crate::games::Game;
use crate::operator::{FiniteSum, norm};
use crate::resolvent::{Resolvent, Simple};

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The gap to reach, above 0.
    pub gap: f64,
    /// The most steps, of one pass each: a read of A and one of Aᵀ.
    pub steps: u64,
}

/// Strategies with the bracket of the value that they prove.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// (x, y).
    pub point: Vec<f64>,
    /// min Aᵀy, at most the value.
    pub below: f64,
    /// max Ax, at least the value.
    pub above: f64,
    /// Steps taken.
    pub steps: u64,
    /// Restarts.
    pub restarts: u64,
    /// Whether the gap was reached.
    pub reached: bool,
}

/// A vector of the product space with its image under A, so that A need not be read for combinations.
#[derive(Clone)]
struct Side {
    at: Vec<f64>,
    image: Vec<f64>,
}

impl Side {
    fn combine(&mut self, anchor: &Self, share: f64, hat: &Self) {
        let both = [(&mut self.at, &anchor.at, &hat.at), (&mut self.image, &anchor.image, &hat.image)];
        for (own, anchor, hat) in both {
            for ((z, z0), t) in own.iter_mut().zip(anchor).zip(hat) {
                *z = share * (2.0 * t - *z) + (1.0 - share) * z0;
            }
        }
    }
}

/// Solves a game to a gap.
///
/// Start: both players uniform. Deterministic. Memory: the matrix twice, a dozen vectors. The bracket is computed anew at the end.
///
/// # Panics
/// If the gap is not positive.
pub fn restarted_halpern(game: &Game, options: &Options) -> Solution {
    assert!(options.gap > 0.0, "the gap must be positive");
    let (matrix, (rows, columns)) = (game.matrix(), game.matrix().shape());
    // The norm is from below.
    let eta = 0.99 / (1.001 * game.constant());
    let (of_x, of_y) = (Simple::Simplices(vec![columns]), Simple::Simplices(vec![rows]));
    let mut scratch = Vec::new();
    let start = game.uniform();
    let mut x = Side { at: start[..columns].to_vec(), image: vec![0.0; rows] };
    let mut y = Side { at: start[columns..].to_vec(), image: vec![0.0; columns] };
    matrix.apply(false, &x.at, &mut x.image);
    matrix.apply(true, &y.at, &mut y.image);
    let (mut x0, mut y0) = (x.clone(), y.clone());
    let (mut x_hat, mut y_hat) = (x.clone(), y.clone());
    let mut doubled = x.clone();
    let (mut weight, mut first, mut last) = (1.0_f64, f64::NAN, f64::INFINITY);
    let (mut since, mut steps, mut restarts) = (0_u64, 0, 0);
    loop {
        let (tau, sigma) = (eta / weight, eta * weight);
        if since > 0 {
            matrix.apply(true, &y.at, &mut y.image);
            // y = share (2ŷ − y′) + (1 − share) y₀ of the step before, whose y′ image is still in ŷ's.
            let share = since as f64 / (since as f64 + 1.0);
            for ((hat, new), anchor) in y_hat.image.iter_mut().zip(&y.image).zip(&y0.image) {
                *hat = ((new - (1.0 - share) * anchor) / share + *hat) / 2.0;
            }
        }
        // At the start and after a restart both images are exact; carried ones are computed anew before they count.
        let mut bracket = bracket_of(&x_hat, &y_hat);
        if since > 0 && bracket.1 - bracket.0 <= options.gap {
            matrix.apply(false, &x_hat.at, &mut x_hat.image);
            matrix.apply(true, &y_hat.at, &mut y_hat.image);
            bracket = bracket_of(&x_hat, &y_hat);
        }
        if bracket.1 - bracket.0 <= options.gap {
            break;
        }
        if steps >= options.steps {
            break;
        }
        for ((hat, x), slope) in x_hat.at.iter_mut().zip(&x.at).zip(&y.image) {
            *hat = x - tau * slope;
        }
        of_x.apply(&mut x_hat.at, tau, &mut scratch);
        for ((d, hat), x) in doubled.at.iter_mut().zip(&x_hat.at).zip(&x.at) {
            *d = 2.0 * hat - x;
        }
        matrix.apply(false, &doubled.at, &mut doubled.image);
        for ((hat, d), old) in x_hat.image.iter_mut().zip(&doubled.image).zip(&x.image) {
            *hat = (d + old) / 2.0;
        }
        for ((hat, y), slope) in y_hat.at.iter_mut().zip(&y.at).zip(&doubled.image) {
            *hat = y + sigma * slope;
        }
        of_y.apply(&mut y_hat.at, sigma, &mut scratch);
        let moved = distance(&x, &x_hat, &y, &y_hat, eta, weight);
        steps += 1;
        if since == 0 {
            first = moved;
        }
        let decayed = moved <= 0.2 * first || (moved <= 0.8 * first && moved > last);
        last = moved;
        if since > 0 && (decayed || since as f64 >= 0.36 * steps as f64) {
            (restarts, since, last) = (restarts + 1, 0, f64::INFINITY);
            let apart =
                |a: &[f64], b: &[f64]| norm(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>());
            let (dx, dy) = (apart(&x_hat.at, &x0.at), apart(&y_hat.at, &y0.at));
            if dx > 0.0 || dy > 0.0 {
                // A player who stands still at a vertex says nothing about scales: bounds keep both moving.
                weight = (weight * (dy / dx / weight).clamp(0.01, 100.0).sqrt()).clamp(1e-3, 1e3);
            }
            x.clone_from(&x_hat);
            y.at.copy_from_slice(&y_hat.at);
            // Ends the drift of the carried images.
            matrix.apply(false, &x.at, &mut x.image);
            matrix.apply(true, &y.at, &mut y.image);
            x_hat.image.copy_from_slice(&x.image);
            y_hat.image.copy_from_slice(&y.image);
            x0.clone_from(&x);
            y0.clone_from(&y);
            continue;
        }
        since += 1;
        let share = since as f64 / (since as f64 + 1.0);
        x.combine(&x0, share, &x_hat);
        // Until Aᵀŷ is known its place holds Aᵀy.
        y_hat.image.copy_from_slice(&y.image);
        y.combine(&y0, share, &y_hat);
    }
    let point = [x_hat.at, y_hat.at].concat();
    let (below, above) = game.bracket(&point);
    Solution { point, below, above, steps, restarts, reached: above - below <= options.gap }
}

/// min Aᵀy and max Ax.
fn bracket_of(x: &Side, y: &Side) -> (f64, f64) {
    let below = y.image.iter().copied().fold(f64::INFINITY, f64::min);
    (below, x.image.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// |z − T(z)| in the norm in which T is firmly nonexpansive.
fn distance(x: &Side, x_hat: &Side, y: &Side, y_hat: &Side, eta: f64, weight: f64) -> f64 {
    let (mut of_x, mut of_y, mut cross) = (0.0, 0.0, 0.0);
    for (a, b) in x.at.iter().zip(&x_hat.at) {
        of_x += (a - b) * (a - b);
    }
    for (((a, b), image), hat) in y.at.iter().zip(&y_hat.at).zip(&x.image).zip(&x_hat.image) {
        of_y += (a - b) * (a - b);
        cross += (a - b) * (image - hat);
    }
    (weight * of_x / eta - 2.0 * cross + of_y / (eta * weight)).max(0.0).sqrt()
}
