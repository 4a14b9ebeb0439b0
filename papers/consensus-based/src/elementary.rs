//! Elementary functions in the form that the test functions need: without cancellation near minima, and many at a time.
//!
//! Where the argument of a cosine is counted in turns, taking off the whole ones is exact, and 1 − cos 2πx = 2 sin² πx loses no digits near the minima of the wavy test
//! functions. A polynomial of ten terms in plain arithmetic is compiled to vector instructions; no term is fused, so every processor gives the same bits.

/// Largest degree is 19: the first term left out is 2.6e-16 at a quarter turn.
const TERMS: usize = 10;

/// π^(2k+1) (−1)^k / (2k+1)!
const COEFFICIENTS: [f64; TERMS] = {
    let mut coefficients = [std::f64::consts::PI; TERMS];
    let mut term = 1;
    while term < TERMS {
        let squared = std::f64::consts::PI * std::f64::consts::PI;
        coefficients[term] = -coefficients[term - 1] * squared / ((2 * term) * (2 * term + 1)) as f64;
        term += 1;
    }
    coefficients
};

/// 1 − cos 2πx, between 0 and 2, off by at most 1e-15 below 2⁵¹ and 0 from there on; NaN for NaN and infinities.
#[inline(always)]
pub fn one_minus_cosine(x: f64) -> f64 {
    // Adding 1.5·2⁵² rounds to a whole number without a call. From 2⁵¹ on all numbers are taken for whole, which the halves below 2⁵² are not.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let whole = (x + ROUND) - ROUND;
    let rest = if x.abs() < 2_251_799_813_685_248.0 { x - whole } else { x * 0.0 };
    let squared = rest * rest;
    let mut sine = COEFFICIENTS[TERMS - 1];
    let mut term = TERMS - 1;
    while term > 0 {
        term -= 1;
        sine = sine * squared + COEFFICIENTS[term];
    }
    sine *= rest;
    2.0 * sine * sine
}

/// exp(z) − 1 for z ≤ 0 to 1e-14, relative to its size. The library's function is right to the last digit and takes three times as long.
#[inline(always)]
pub fn exponential_less_one(z: f64) -> f64 {
    if z < -0.01 {
        return z.exp() - 1.0;
    }
    // The first term left out is z⁷/5040.
    z * (1.0 + z / 2.0 * (1.0 + z / 3.0 * (1.0 + z / 4.0 * (1.0 + z / 5.0 * (1.0 + z / 6.0)))))
}

/// Σ f(xᵢ) in eight running sums, which vector instructions take at once, added up in a fixed order; of fewer than eight numbers, one after the other.
#[inline(always)]
pub fn sum_of(x: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; 8];
    let chunks = x.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().map(|x| f(*x)).sum();
    if x.len() < 8 {
        return rest;
    }
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += f(*x);
        }
    }
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7])) + rest
}
