//! What an optimiser may ask, and how its questions are counted.

use std::sync::LazyLock;

use rand::Rng;

use crate::chain::Chain;
use crate::scaled::Scaled;

/// A function that answers a point with its value and gradient, and counts.
pub trait Oracle {
    /// Coordinates of a point.
    fn dimension(&self) -> usize;

    /// f(x), and ∇f(x) into `gradient`. One query.
    fn query(&mut self, x: &[f64], gradient: &mut [f64]) -> f64;

    /// Queries so far.
    fn queries(&self) -> usize;

    /// Bands of ∇²f at the point last queried: part of the same query, for methods of second order.
    fn hessian(&mut self, diagonal: &mut [f64], beside: &mut [f64]);
}

/// A scaled chain, exactly. Keeps how many columns queries have found.
#[derive(Clone, Debug)]
pub struct Exact {
    function: Scaled,
    queries: usize,
    last: Vec<f64>,
    found: usize,
    most_found_by_one: usize,
}

impl Exact {
    /// An oracle that was never asked.
    pub fn new(function: Scaled) -> Self {
        Self { function, queries: 0, last: Vec::new(), found: 0, most_found_by_one: 0 }
    }

    /// The function.
    pub fn function(&self) -> &Scaled {
        &self.function
    }

    /// Columns found so far: the largest coordinate beyond half of λ in any query.
    pub fn found(&self) -> usize {
        self.found
    }

    /// The most columns that a single query added.
    pub fn most_found_by_one(&self) -> usize {
        self.most_found_by_one
    }
}

impl Oracle for Exact {
    fn dimension(&self) -> usize {
        self.function.chain.length()
    }

    fn query(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.queries += 1;
        self.last.clear();
        self.last.extend_from_slice(x);
        let progress = self.function.chain.progress(x, 0.5 * self.function.scale);
        self.most_found_by_one = self.most_found_by_one.max(progress.saturating_sub(self.found));
        self.found = self.found.max(progress);
        self.function.gradient(x, gradient)
    }

    fn queries(&self) -> usize {
        self.queries
    }

    fn hessian(&mut self, diagonal: &mut [f64], beside: &mut [f64]) {
        self.function.hessian(&self.last, diagonal, beside);
    }
}

/// How the next column is hidden behind a coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// Entries beyond the last coordinate above ¼ are multiplied with z/q.
    Sharp,
    /// The same by a smooth function of the coordinates, so that answers at near points are near: mean-squared smooth.
    Smooth,
}

/// A stochastic gradient of the chain (Arjevani and others): the next column's entry is shown with probability q, and then 1/q times too large.
///
/// It is unbiased, and E|g − ∇F|² ≤ e³(1 − q)/q: only an entry with |xⱼ| < ½ is masked, where |∂ⱼF| = Ψ(|xⱼ₋₁|)Φ′(xⱼ) ≤ e^(3/2). The literature has 23² for e³.
#[derive(Clone, Copy, Debug)]
pub struct Coin {
    /// The chain.
    pub chain: Chain,
    /// q, in (0, 1].
    pub probability: f64,
    /// The mask.
    pub mask: Mask,
}

/// e³: what the variance is at most, times (1 − q)/q.
pub const VARIANCE: f64 = 20.085536923187668;

impl Coin {
    /// Whether a coin shows the column.
    pub fn toss(&self, random: &mut impl Rng) -> bool {
        random.random::<f64>() < self.probability
    }

    /// The stochastic gradient at x for one toss.
    pub fn gradient(&self, x: &[f64], shown: bool, gradient: &mut [f64]) {
        self.mean_gradient(x, if shown { 1.0 / self.probability } else { 0.0 }, gradient);
    }

    /// The mean of stochastic gradients whose z/q have the mean `factor`.
    pub fn mean_gradient(&self, x: &[f64], factor: f64, gradient: &mut [f64]) {
        self.chain.gradient(x, gradient);
        match self.mask {
            Mask::Sharp => {
                let progress = self.chain.progress(x, 0.25);
                gradient[progress..].iter_mut().for_each(|g| *g *= factor);
            }
            Mask::Smooth => {
                let mut square = 0.0;
                for (g, x) in gradient.iter_mut().zip(x).rev() {
                    square += smooth_gate(x.abs()).0.powi(2);
                    let masked = smooth_gate(1.0 - square.sqrt()).0;
                    *g *= 1.0 + masked * (factor - 1.0);
                }
            }
        }
    }
}

/// Γ and Γ′: from 0 at ¼ to 1 at ½, the normalised integral of exp(−1/(100(t − ¼)(½ − t))).
pub fn smooth_gate(t: f64) -> (f64, f64) {
    if t <= 0.25 {
        return (0.0, 0.0);
    }
    if t >= 0.5 {
        return (1.0, 0.0);
    }
    // By symmetry around 3/8 the smaller side is integrated.
    static TOTAL: LazyLock<f64> = LazyLock::new(|| 2.0 * below(0.375));
    let value = if t <= 0.375 { below(t) / *TOTAL } else { 1.0 - below(0.75 - t) / *TOTAL };
    (value, bump(t) / *TOTAL)
}

fn bump(s: f64) -> f64 {
    let product = (s - 0.25) * (0.5 - s);
    if product > 0.0 { (-0.01 / product).exp() } else { 0.0 }
}

/// ∫ bump from ¼ to t ≤ 3/8, by Gauss–Legendre with eight points on 48 pieces.
fn below(t: f64) -> f64 {
    const NODES: [(f64, f64); 4] = [
        (0.183_434_642_495_649_8, 0.362_683_783_378_362),
        (0.525_532_409_916_329, 0.313_706_645_877_887_27),
        (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
        (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
    ];
    let pieces = 48;
    let width = (t - 0.25) / f64::from(pieces);
    let piece = |k: i32| {
        let middle = 0.25 + (f64::from(k) + 0.5) * width;
        let pair = |(node, weight): (f64, f64)| {
            weight * (bump(middle - 0.5 * width * node) + bump(middle + 0.5 * width * node))
        };
        0.5 * width * NODES.into_iter().map(pair).sum::<f64>()
    };
    (0..pieces).map(piece).sum()
}
