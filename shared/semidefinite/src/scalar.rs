//! The numbers that solvers compute with: `f64`, [`DoubleDouble`] and [`Multi`], behind one trait.
//!
//! A semidefinite programme of sphere packing loses half of its digits to the conditioning of its linear systems, so
//! that `f64` rarely suffices, and every doubling of the digits costs several times the time. The solver is
//! generic over [`Scalar`] and starts with the shortest numbers that may do.

mod double;
mod double_double;
mod kernel;
mod multi;
mod precision;
mod slices;

pub use double_double::DoubleDouble;
pub use multi::Multi;
pub use precision::Precision;

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// A real number of fixed precision.
pub trait Scalar:
    Copy
    + Debug
    + Send
    + Sync
    + 'static
    + PartialOrd
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    /// Bits of the mantissa.
    const BITS: usize;

    /// The number `value`, exactly.
    fn from_f64(value: f64) -> Self;

    /// The nearest `f64` or its neighbour.
    fn to_f64(self) -> f64;

    /// The square root; not finite for negative numbers.
    fn sqrt(self) -> Self;

    /// Whether this is neither infinite nor undefined.
    fn is_finite(self) -> bool;

    /// The number times 2^`power`, exactly where it stays in range.
    fn times_power_of_two(self, power: i32) -> Self;

    /// Adds `sign` · Aᵀ B to `c`, for `a` of `depth` × `rows`, `b` of `depth` × `columns` and `c` of `rows` × `columns`, all
    /// row by row. This is the operation that all products, factorisations and triangular solutions are made of. `sign` is
    /// 1 or −1.
    ///
    /// Each entry of `c` is summed in order of the depth by one thread, so its bits depend on nothing else.
    fn accumulate(c: &mut [Self], a: &[Self], b: &[Self], sizes: Sizes, sign: f64);

    /// The number as text that [`from_text`](Self::from_text) reads back to the same bits.
    fn to_text(self) -> String;

    /// The number that [`to_text`](Self::to_text) wrote; `None` for any other text.
    fn from_text(text: &str) -> Option<Self>;

    /// Zero.
    fn zero() -> Self {
        Self::from_f64(0.0)
    }

    /// One.
    fn one() -> Self {
        Self::from_f64(1.0)
    }

    /// The absolute value.
    fn abs(self) -> Self {
        if self < Self::zero() { -self } else { self }
    }

    /// The larger of two numbers.
    fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// The smallest relative difference between two numbers, 2^(1 − `BITS`).
    fn epsilon() -> f64 {
        2f64.powi(1 - Self::BITS as i32)
    }

    /// π, by Gauss and Legendre's arithmetic–geometric mean.
    fn pi() -> Self {
        let mut a = Self::one();
        let mut b = Self::from_f64(0.5).sqrt();
        let mut t = Self::from_f64(0.25);
        let mut power = 0;
        let mut bits = 2;
        while bits < 2 * Self::BITS {
            let mean = (a + b).times_power_of_two(-1);
            let half_difference = (a - b).times_power_of_two(-1);
            t -= (half_difference * half_difference).times_power_of_two(power);
            b = (a * b).sqrt();
            a = mean;
            power += 1;
            bits *= 2;
        }
        a * a / t
    }

    /// The exponential function, to a few units of the last place times the size of the argument.
    fn exp(self) -> Self {
        // Of a negative number e^x − 1, which is what is computed below, is nearly −1.
        if self < Self::zero() {
            return Self::one() / (-self).exp();
        }
        // e^x = (e^(x/2^k))^(2^k) with |x|/2^k below 2^-8; the squarings cost k bits, which moderate arguments can spare.
        let size = self.to_f64();
        let halvings = if size > 0.0 { (size.log2().ceil() as i32 + 8).max(0) } else { 0 };
        let x = self.times_power_of_two(-halvings);
        let mut term = x;
        let mut sum = x;
        let mut order = 1.0;
        while term.abs().to_f64() > sum.abs().to_f64() * Self::epsilon() * 0.25 {
            order += 1.0;
            term = term * x / Self::from_f64(order);
            sum += term;
        }
        // Squaring e^y − 1 instead of e^y keeps the digits of small arguments.
        for _ in 0..halvings {
            sum = sum.times_power_of_two(1) + sum * sum;
        }
        sum + Self::one()
    }
}

/// The parts of 53 bits, from the leading one on, that a number is the sum of.
pub fn parts<T: Scalar>(value: T) -> impl Iterator<Item = f64> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let part = rest.to_f64();
        rest -= T::from_f64(part);
        (part != 0.0 && part.is_finite()).then_some(part)
    })
    .take(T::BITS / 50 + 2)
}

/// A number in another arithmetic, rounded if that is shorter.
pub fn convert<T: Scalar, U: Scalar>(value: T) -> U {
    let mut sum = U::zero();
    parts(value).take(U::BITS / 50 + 2).for_each(|part| sum += U::from_f64(part));
    sum
}

/// The sizes of a product Aᵀ B.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Rows of A and of B.
    pub depth: usize,
    /// Columns of A, rows of the product.
    pub rows: usize,
    /// Columns of B and of the product.
    pub columns: usize,
}

impl<const L: usize> Scalar for Multi<L> {
    const BITS: usize = 64 * L;

    fn from_f64(value: f64) -> Self {
        Multi::from_f64(value)
    }

    fn to_f64(self) -> f64 {
        Multi::to_f64(self)
    }

    fn sqrt(self) -> Self {
        Multi::sqrt(self)
    }

    fn is_finite(self) -> bool {
        Multi::is_finite(&self)
    }

    fn times_power_of_two(self, power: i32) -> Self {
        Multi::times_power_of_two(self, power)
    }

    fn accumulate(c: &mut [Self], a: &[Self], b: &[Self], sizes: Sizes, sign: f64) {
        if !slices::accumulate(c, a, b, sizes, sign) {
            accumulate_row_by_row(c, a, b, sizes, sign);
        }
    }

    fn to_text(self) -> String {
        let (negative, limbs, exponent) = self.parts();
        let digits: String = limbs.iter().rev().map(|limb| format!("{limb:016x}")).collect();
        format!("{}{digits}p{exponent}", if negative { "-" } else { "" })
    }

    fn from_text(text: &str) -> Option<Self> {
        let (digits, exponent) = text.split_once('p')?;
        let (negative, digits) = digits.strip_prefix('-').map_or((false, digits), |rest| (true, rest));
        if digits.len() != 16 * L || !digits.is_ascii() {
            return None;
        }
        let mut limbs = [0; L];
        for (place, limb) in limbs.iter_mut().rev().enumerate() {
            *limb = u64::from_str_radix(&digits[16 * place..16 * (place + 1)], 16).ok()?;
        }
        Multi::from_parts(negative, limbs, exponent.parse().ok()?)
    }
}

/// The product by rows of the result, for scalars whose arithmetic has no vector form.
fn accumulate_row_by_row<T: Scalar>(c: &mut [T], a: &[T], b: &[T], sizes: Sizes, sign: f64) {
    for (row, target) in c.chunks_exact_mut(sizes.columns.max(1)).enumerate().take(sizes.rows) {
        for (step, source) in b.chunks_exact(sizes.columns.max(1)).enumerate().take(sizes.depth) {
            let mut factor = a[step * sizes.rows + row];
            if sign < 0.0 {
                factor = -factor;
            }
            for (entry, value) in target.iter_mut().zip(source) {
                *entry += factor * *value;
            }
        }
    }
}
