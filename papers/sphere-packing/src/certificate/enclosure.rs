//! Rational bounds of the few numbers in a certificate that are not rational.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use super::dyadic::Dyadic;

/// Digits to which π, roots and exponentials are enclosed.
pub(super) const BITS: u64 = 256;

fn power_of_two(power: u64) -> BigInt {
    BigInt::one() << power
}

/// arctan(1/`inverse`) · 2^`BITS` from below, with the number of truncations as a bound of the error.
fn arctangent(inverse: i64) -> (BigInt, i64) {
    let square = BigInt::from(inverse * inverse);
    let mut power = power_of_two(BITS) / inverse;
    let mut sum = BigInt::zero();
    let mut order = 1i64;
    let mut terms = 2;
    while !power.is_zero() {
        let term = &power / order;
        if order % 4 == 1 {
            sum += term
        } else {
            sum -= term
        }
        power /= &square;
        order += 2;
        terms += 2;
    }
    (sum, terms)
}

/// A lower and an upper bound of π, by Machin's formula 16 arctan(1/5) − 4 arctan(1/239).
pub fn pi() -> (BigRational, BigRational) {
    let ((first, first_error), (second, second_error)) = (arctangent(5), arctangent(239));
    let value: BigInt = first * 16 - second * 4;
    let error = BigInt::from(16 * first_error + 4 * second_error);
    let bound = |numerator: BigInt| BigRational::new(numerator, power_of_two(BITS));
    (bound(&value - &error), bound(value + error))
}

/// An upper bound of the root of a number that is not negative.
pub fn square_root_from_above(value: &BigRational) -> BigRational {
    let scaled: BigInt = value.numer() * power_of_two(2 * BITS) / value.denom() + 1;
    BigRational::new(scaled.sqrt() + 1, power_of_two(BITS))
}

/// A lower and an upper bound of e^x.
pub fn exponential(x: &Dyadic) -> (Dyadic, Dyadic) {
    // e^x = (e^(x/2^k))^(2^k) with |x|/2^k ≤ 1/2, where the tail after term j is below the term itself. Every step rounds
    // outwards to a multiple of 2^(−2 BITS), whose effect the squarings double.
    const LAST: i64 = -2 * BITS as i64;
    let unit = |exponent: i64| Dyadic { mantissa: BigInt::one(), exponent };
    let mut halvings = 0i64;
    while unit(halvings - 1).is_below(&x.absolute()) {
        halvings += 1;
    }
    let small = Dyadic { mantissa: x.mantissa.clone(), exponent: x.exponent - halvings };
    let mut term = Dyadic::integer(1);
    let mut sum = Dyadic::integer(1);
    let mut order = 1;
    let threshold = unit(-(BITS as i64) - 8);
    while threshold.is_below(&term.absolute()) {
        let product = term.times(&small).rounded_down(LAST).at(LAST);
        term = Dyadic { mantissa: product.div_floor(&BigInt::from(order)), exponent: LAST };
        sum = sum.plus(&term);
        order += 1;
    }
    // Each term was rounded by less than 2^(−2 BITS), the tail is below the last term.
    let rounding = Dyadic { mantissa: BigInt::from(order), exponent: LAST + 4 };
    let error = term.absolute().plus(&rounding).plus(&threshold);
    let (mut low, mut high) = (sum.plus(&error.negated()), sum.plus(&error));
    for _ in 0..halvings {
        low = low.times(&low).rounded_down(LAST);
        high = high.times(&high).rounded_up(LAST);
    }
    (low, high)
}

/// 1/`value` for a positive integer, to `BITS` bits, from below or from above.
pub fn reciprocal(value: &BigInt, above: bool) -> Dyadic {
    let bits = BITS + value.bits();
    let below = power_of_two(bits) / value;
    Dyadic { mantissa: if above { below + 1 } else { below }, exponent: -(bits as i64) }
}

/// An upper bound of the volume of the ball of radius r/2 in ℝⁿ, for z = 2π r²: (z/8)^(n/2) / Γ(n/2 + 1).
pub fn ball_volume_from_above(dimension: usize, square: &Dyadic) -> BigRational {
    let eighth = square.rational() / BigRational::from(BigInt::from(8));
    let half = dimension / 2;
    let mut volume = BigRational::one();
    for _ in 0..half {
        volume *= &eighth;
    }
    let factorial = |n: usize| (1..=n).fold(BigInt::one(), |product, factor| product * factor);
    if dimension.is_multiple_of(2) {
        return volume / BigRational::from(factorial(half));
    }
    // Γ(m + 3/2) = (2m + 2)! √π / (4^(m+1) (m + 1)!) with n = 2m + 1.
    let gamma =
        BigRational::new(factorial(2 * half + 2), power_of_two(2 * half as u64 + 2) * factorial(half + 1));
    volume / gamma * square_root_from_above(&(eighth / pi().0))
}

/// The shortest decimal with `digits` significant digits that is not below a positive number.
pub fn decimal_from_above(value: &BigRational, digits: usize) -> String {
    let ten = BigRational::from(BigInt::from(10));
    let mut exponent = 0i32;
    let mut rest = value.clone();
    while rest >= ten {
        rest /= &ten;
        exponent += 1;
    }
    while rest < BigRational::one() && rest.is_positive() {
        rest *= &ten;
        exponent -= 1;
    }
    for _ in 1..digits {
        rest *= &ten;
    }
    let mut text = rest.ceil().to_integer().to_string();
    if text.len() > digits {
        text.pop();
        exponent += 1;
    }
    if (-7..=20).contains(&exponent) {
        if exponent < 0 {
            return format!("0.{}{text}", "0".repeat((-exponent - 1) as usize));
        }
        let whole = exponent as usize + 1;
        if whole >= text.len() {
            return format!("{text}{}", "0".repeat(whole - text.len()));
        }
        return format!("{}.{}", &text[..whole], &text[whole..]);
    }
    format!("{}{}{}e{exponent}", &text[..1], if text.len() > 1 { "." } else { "" }, &text[1..])
}
