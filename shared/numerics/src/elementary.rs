//! e^x, e^x − 1, ln(1 + x) and what networks make of them, without branches, so that loops over many numbers become vector instructions.
//!
//! Relative errors are a few 1e-16, near zero as well. The functions of one number are to be inlined into a loop that [`in_widest`] compiles for wide instructions, and are slow outside of one, where a fused multiplication may be a call;
//! those of slices do that themselves, at 0.7 nanoseconds a number in 512-bit registers.

use pulp::NullaryFnOnce;

use crate::registers::in_widest;

/// Adding and subtracting it rounds to the nearest whole number, up to 2⁵¹.
const ROUND: f64 = 6_755_399_441_055_744.0;
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// The nearest whole number of one up to 2⁵¹ in size.
#[inline(always)]
pub fn rounded(x: f64) -> f64 {
    (x + ROUND) - ROUND
}

/// e^x and e^x − 1, for x cut to −708 … 709.
#[inline(always)]
pub fn exponentials(x: f64) -> (f64, f64) {
    let x = x.clamp(-708.0, 709.0);
    let shifted = x.mul_add(std::f64::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = k.mul_add(-LN_2_LOW, k.mul_add(-LN_2_HIGH, x));
    // The series of e^r − 1 to r¹³, |r| ≤ ln 2/2.
    const COEFFICIENTS: [f64; 11] = [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ];
    let mut series = 1.0 / 6_227_020_800.0;
    for coefficient in COEFFICIENTS {
        series = r.mul_add(series, coefficient);
    }
    let less_one = (r * r).mul_add(series, r);
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    (power.mul_add(less_one, power), power.mul_add(less_one, power - 1.0))
}

/// ln(1 + x) for x > −1 up to 1e308.
#[inline(always)]
pub fn ln_1p(x: f64) -> f64 {
    const HALF_ROOT: u64 = 0x3FE6_A09E_667F_3BCD; // √½
    let sum = 1.0 + x;
    let lost = if x < 1.0 { x - (sum - 1.0) } else { 1.0 - (sum - x) };
    // 1 + x = 2^k m with m from √½ to √2. Exponents are kept positive by 1024, as shifts of negative numbers are no vector instruction.
    let offset = sum.to_bits().wrapping_sub(HALF_ROOT).wrapping_add(1024 << 52);
    let exponent = offset >> 52;
    let k = f64::from_bits(exponent | 0x4330_0000_0000_0000) - 4_503_599_627_371_520.0;
    let m = f64::from_bits((offset & 0x000F_FFFF_FFFF_FFFF).wrapping_add(HALF_ROOT));
    let inverse = f64::from_bits((2047 - exponent) << 52);
    let f = lost.mul_add(inverse, m - 1.0);
    // ln(1 + f) = f − f²/2 + s(f²/2 + R(s²)) with s = f/(2 + f), R the series of 2 artanh s − 2s over s: 2s²/3 + 2s⁴/5 + ….
    const COEFFICIENTS: [f64; 9] = [
        2.0 / 19.0,
        2.0 / 17.0,
        2.0 / 15.0,
        2.0 / 13.0,
        2.0 / 11.0,
        2.0 / 9.0,
        2.0 / 7.0,
        2.0 / 5.0,
        2.0 / 3.0,
    ];
    let s = f / (2.0 + f);
    let z = s * s;
    let mut series = 2.0 / 21.0;
    for coefficient in COEFFICIENTS {
        series = z.mul_add(series, coefficient);
    }
    let half_square = 0.5 * f * f;
    let correction = s.mul_add(z.mul_add(series, half_square), k * LN_2_LOW);
    k.mul_add(LN_2_HIGH, f - (half_square - correction))
}

/// 1/(1 + e^(−z)), the same of −z, and ln(1 + e^z).
#[inline(always)]
pub fn sigmoids_and_softplus(z: f64) -> (f64, f64, f64) {
    let (part, _) = exponentials(-z.abs());
    let large = 1.0 / (1.0 + part);
    let small = part * large;
    let (sigmoid, opposite) = if z >= 0.0 { (large, small) } else { (small, large) };
    (sigmoid, opposite, z.max(0.0) + ln_1p(part))
}

/// tanh x.
#[inline(always)]
pub fn tanh(x: f64) -> f64 {
    let (_, less_one) = exponentials(2.0 * x);
    less_one / (less_one + 2.0)
}

/// 1/(1 + e^(−x)).
#[inline(always)]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exponentials(-x).0)
}

/// Replaces numbers by their hyperbolic tangents.
pub fn tanh_all(values: &mut [f64]) {
    in_widest(Each(values, tanh));
}

/// Replaces numbers by their sigmoids.
pub fn sigmoid_all(values: &mut [f64]) {
    in_widest(Each(values, sigmoid));
}

struct Each<'a, F>(&'a mut [f64], F);

impl<F: Fn(f64) -> f64> NullaryFnOnce for Each<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for value in self.0 {
            *value = (self.1)(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_agree_with_the_library_to_rounding() {
        let places = (-4_000..4_000).map(|k| 0.01 * f64::from(k) + 1e-7);
        for x in places.chain([1e-300, -1e-12, 300.0, -300.0, 800.0, -800.0]) {
            let close = |found: f64, expected: f64| (found - expected).abs() <= 2e-15 * expected.abs();
            assert!(close(tanh(x), x.tanh()), "tanh {x}: {} {}", tanh(x), x.tanh());
            if x.abs() < 700.0 {
                let expected = if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) };
                assert!(close(sigmoid(x), expected), "sigmoid {x}");
                assert!(close(exponentials(x).1, x.exp_m1()), "exponential {x}");
                assert!(
                    close(sigmoids_and_softplus(x).2, x.max(0.0) + (-x.abs()).exp().ln_1p()),
                    "softplus {x}"
                );
            }
        }
        let mut values = [0.5, -2.0];
        tanh_all(&mut values);
        assert_eq!(values, [tanh(0.5), tanh(-2.0)]);
    }
}
