//! Noise: on a lattice and from the operating system for people, seeded and continuous for experiments.
//!
//! A number that a floating-point sampler adds to a sum betrays the sum: not every number is reachable from every sum (Mironov 2012). On a
//! lattice this cannot happen. Contributions are rounded to whole multiples of a public unit, added exactly and in any order, and the noise is
//! a Gaussian on the whole numbers, drawn with integers only (Canonne, Kamath, Steinke 2020). It has the zero-concentrated privacy of the
//! continuous one, ρ = Δ²/2σ², which is proven. Its curve δ(ε) is not exactly the continuous one: they
//! differ by less than 1/σ² of δ in the tests, σ being 2²⁰ units and more here.

use rand::{RngCore, SeedableRng, TryRngCore};
use rand_chacha::ChaCha20Rng;
use rand_distr::{Distribution, StandardNormal};

/// The largest deviation on the lattice, in units: squares of squares stay below 2¹²⁸.
pub const LARGEST_DEVIATION: f64 = 268_435_456.0;

/// Source of Gaussian noise.
pub trait Noise {
    /// The lattice's unit for noise of this deviation, at most `largest`; none if sums are not rounded.
    fn unit(&self, deviation: f64, largest: f64) -> Option<f64>;

    /// Adds noise of this deviation to every value; values and deviation are in units, if there are any.
    fn add(&mut self, deviation: f64, values: &mut [f64]);

    /// Bits that nobody else knows, for minibatches.
    fn bits(&mut self) -> &mut dyn RngCore;
}

/// Gaussian noise on a lattice, with bits from ChaCha20.
///
/// The time of a draw depends on what is drawn: do not let an adversary measure it.
pub struct Lattice<R = ChaCha20Rng> {
    random: R,
}

impl Lattice {
    /// Keyed by the operating system; the key is neither kept elsewhere nor shown.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub fn from_system() -> Result<Self, rand::rand_core::OsError> {
        let mut key = [0; 32];
        rand::rngs::OsRng.try_fill_bytes(&mut key)?;
        Ok(Self { random: ChaCha20Rng::from_seed(key) })
    }
}

impl<R: RngCore> Lattice<R> {
    /// With bits of one's own: private only if nobody else can know them.
    pub fn with(random: R) -> Self {
        Self { random }
    }
}

impl<R: RngCore> Noise for Lattice<R> {
    fn unit(&self, deviation: f64, largest: f64) -> Option<f64> {
        // A power of two, so that multiplication by it is exact.
        Some((deviation.log2() - 20.0).min(largest.log2()).floor().exp2())
    }

    /// # Panics
    /// If the deviation is above [`LARGEST_DEVIATION`] or no number: less noise than asked for would protect nobody.
    fn add(&mut self, deviation: f64, values: &mut [f64]) {
        assert!(deviation <= LARGEST_DEVIATION, "no lattice holds noise of {deviation} units");
        let deviation = deviation.ceil().max(1.0) as u128;
        for value in values {
            *value += discrete_gaussian(deviation, &mut self.random) as f64;
        }
    }

    fn bits(&mut self) -> &mut dyn RngCore {
        &mut self.random
    }
}

/// Continuous noise from a generator whose seed may be known: for experiments, and not private.
pub struct Seeded<R> {
    random: R,
}

impl<R: RngCore> Seeded<R> {
    /// From this generator.
    pub fn new(random: R) -> Self {
        Self { random }
    }
}

impl<R: RngCore> Noise for Seeded<R> {
    fn unit(&self, _deviation: f64, _largest: f64) -> Option<f64> {
        None
    }

    fn add(&mut self, deviation: f64, values: &mut [f64]) {
        for value in values {
            let normal: f64 = StandardNormal.sample(&mut self.random);
            *value += deviation * normal;
        }
    }

    fn bits(&mut self) -> &mut dyn RngCore {
        &mut self.random
    }
}

/// A draw of the Gaussian on the whole numbers, of weight e^(−k²/2σ²), for a whole σ from 1 to 2²⁸. Exact: integers and fair bits only.
pub fn discrete_gaussian(sigma: u128, random: &mut impl RngCore) -> i64 {
    let scale = sigma + 1;
    loop {
        let candidate = discrete_laplace(scale, random);
        // Kept with probability e^(−(|k| − σ²/t)²/2σ²), t the candidate's scale; both sides of the fraction times t².
        let distance = (u128::from(candidate.unsigned_abs()) * scale).abs_diff(sigma * sigma);
        if happens_exponentially(distance * distance, 2 * sigma * sigma * scale * scale, random) {
            return candidate;
        }
    }
}

/// A whole number with weight e^(−|k|/scale).
fn discrete_laplace(scale: u128, random: &mut impl RngCore) -> i64 {
    loop {
        let rest = below(scale, random);
        if !happens_exponentially(rest, scale, random) {
            continue;
        }
        let mut wholes = 0;
        while happens_exponentially(1, 1, random) {
            wholes += 1;
        }
        let size = (rest + scale * wholes) as i64;
        let negative = below(2, random) == 1;
        if !(negative && size == 0) {
            return if negative { -size } else { size };
        }
    }
}

/// True with probability e^(−numerator/denominator).
fn happens_exponentially(mut numerator: u128, denominator: u128, random: &mut impl RngCore) -> bool {
    while numerator > denominator {
        if !happens_exponentially_below_one(1, 1, random) {
            return false;
        }
        numerator -= denominator;
    }
    happens_exponentially_below_one(numerator, denominator, random)
}

/// The same for a fraction up to 1: of draws that succeed with probability fraction/k, k = 1, 2, …, an even number succeed in a row
/// with the probability of the exponential series.
fn happens_exponentially_below_one(numerator: u128, denominator: u128, random: &mut impl RngCore) -> bool {
    let mut k = 1;
    while below(denominator * k, random) < numerator {
        k += 1;
    }
    k % 2 == 1
}

/// A uniform whole number below the bound, by rejection.
fn below(bound: u128, random: &mut impl RngCore) -> u128 {
    let bits = u128::BITS - (bound - 1).leading_zeros();
    loop {
        let wide = match bits {
            0 => return 0,
            1..=32 => u128::from(random.next_u32()),
            33..=64 => u128::from(random.next_u64()),
            _ => u128::from(random.next_u64()) << 64 | u128::from(random.next_u64()),
        };
        let draw = wide & (u128::MAX >> (u128::BITS - bits));
        if draw < bound {
            return draw;
        }
    }
}
