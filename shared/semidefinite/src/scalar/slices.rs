//! Products of matrices of long numbers by exact products of short ones.
//!
//! Every column of A and of B is written over one power of two as S digits of 23 bits with signs. The product of two digits has at most 44 bits, so that an `f64` holds
//! sums of 2⁹ of them without rounding, and the digits' matrices are multiplied in vectors, S(S + 1)/2 times: what lies below the S-th digit of a product is left out. The
//! sums are then put together, once for every entry of the result (Ozaki, Ogita, Oishi and Rump 2012). For 192 bits that is 45 multiplications in eight lanes, instead of nine
//! products of limbs and the carries of a floating-point sum, one after the other.
//!
//! The error of an entry is below 2^(−23 (S − 1)) of the largest products that its two columns could have, and not of those they have: as small as a sum in floating
//! point guarantees where columns are scaled alike, which is what errors of factorisations are measured by.
//!
//! All paths do the same exact operations and give the same bits.
#![allow(unsafe_code)]

use super::{Multi, Sizes};

/// Columns of a panel: the lanes of one vector of AVX-512, two of AVX2.
const LANES: usize = 8;

/// Bits of a digit.
const DIGIT: usize = 23;

/// Sums of fewer products cost less than putting digits together.
const LEAST_DEPTH: usize = 3;

/// Products that a sum holds exactly: 53 bits, less the 44 of one.
const EXACT: usize = 1 << 9;

/// Digits, highest first.
type Digits<const S: usize> = [f64; S];
/// The same of eight columns.
type Panel<const S: usize> = [[f64; LANES]; S];

/// Adds `sign` · Aᵀ B to C where that is worth it; the answer is whether it was. That depends on nothing but depth and columns, or numbers that are not finite.
pub(super) fn accumulate<const L: usize>(
    c: &mut [Multi<L>],
    a: &[Multi<L>],
    b: &[Multi<L>],
    sizes: Sizes,
    sign: f64,
) -> bool {
    if sizes.depth < LEAST_DEPTH || sizes.columns < LANES || a.iter().chain(b).any(|value| !value.is_finite())
    {
        return false;
    }
    match L {
        3 => dispatched::<L, 9>(c, a, b, sizes, sign),
        4 => dispatched::<L, 12>(c, a, b, sizes, sign),
        6 => dispatched::<L, 18>(c, a, b, sizes, sign),
        8 => dispatched::<L, 23>(c, a, b, sizes, sign),
        _ => return false,
    }
    true
}

fn dispatched<const L: usize, const S: usize>(
    c: &mut [Multi<L>],
    a: &[Multi<L>],
    b: &[Multi<L>],
    sizes: Sizes,
    sign: f64,
) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX-512F and FMA.
            return unsafe { with_avx512::<L, S>(c, a, b, sizes, sign) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA.
            return unsafe { with_avx2::<L, S>(c, a, b, sizes, sign) };
        }
    }
    by_chunks::<L, S, false>(c, a, b, sizes, sign);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn with_avx512<const L: usize, const S: usize>(
    c: &mut [Multi<L>],
    a: &[Multi<L>],
    b: &[Multi<L>],
    sizes: Sizes,
    sign: f64,
) {
    by_chunks::<L, S, true>(c, a, b, sizes, sign);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<const L: usize, const S: usize>(
    c: &mut [Multi<L>],
    a: &[Multi<L>],
    b: &[Multi<L>],
    sizes: Sizes,
    sign: f64,
) {
    by_chunks::<L, S, true>(c, a, b, sizes, sign);
}

/// As many rows of A and B at a time as sums stay exact for.
#[inline(always)]
fn by_chunks<const L: usize, const S: usize, const FUSED: bool>(
    c: &mut [Multi<L>],
    a: &[Multi<L>],
    b: &[Multi<L>],
    sizes: Sizes,
    sign: f64,
) {
    let Sizes { depth, rows, columns } = sizes;
    let most = EXACT / S;
    // Chunks of equal size, so that none is short.
    let size = depth.div_ceil(depth.div_ceil(most));
    for first in (0..depth).step_by(size) {
        let sizes = Sizes { depth: size.min(depth - first), ..sizes };
        let part = first..first + sizes.depth;
        let (a, b) = (&a[part.start * rows..part.end * rows], &b[part.start * columns..part.end * columns]);
        chunk::<L, S, FUSED>(c, a, b, sizes, sign);
    }
}

#[inline(always)]
fn chunk<const L: usize, const S: usize, const FUSED: bool>(
    c: &mut [Multi<L>],
    a: &[Multi<L>],
    b: &[Multi<L>],
    sizes: Sizes,
    sign: f64,
) {
    let Sizes { depth, rows, columns } = sizes;
    let row_exponents = exponents(a, rows);
    let column_exponents = exponents(b, columns);
    // Row after row of the result.
    let mut left: Vec<Digits<S>> = vec![[0.0; S]; rows * depth];
    for (step, values) in a.chunks_exact(rows).enumerate() {
        for (row, value) in values.iter().enumerate() {
            left[row * depth + step] = digits(value, row_exponents[row]);
        }
    }
    let mut panel: Vec<Panel<S>> = vec![[[0.0; LANES]; S]; depth];
    for first in (0..columns).step_by(LANES) {
        let width = LANES.min(columns - first);
        for (step, target) in panel.iter_mut().enumerate() {
            for lane in 0..width {
                let digits: Digits<S> =
                    digits(&b[step * columns + first + lane], column_exponents[first + lane]);
                for (place, digit) in digits.into_iter().enumerate() {
                    target[place][lane] = digit;
                }
            }
        }
        let mut add = |row: usize, sums: &[[f64; LANES]; S]| {
            for lane in 0..width {
                let mut groups = [0.0; S];
                for (group, sum) in groups.iter_mut().zip(sums) {
                    *group = sum[lane];
                }
                let value = together::<L, S>(&groups, row_exponents[row] + column_exponents[first + lane]);
                let target = &mut c[row * columns + first + lane];
                if sign < 0.0 { *target -= value } else { *target += value }
            }
        };
        let of_row = |row: usize| &left[row * depth..(row + 1) * depth];
        for row in (0..rows - rows % 2).step_by(2) {
            let [one, two] = tile::<S, 2, FUSED>([of_row(row), of_row(row + 1)], &panel);
            add(row, &one);
            add(row + 1, &two);
        }
        if rows % 2 == 1 {
            let [one] = tile::<S, 1, FUSED>([of_row(rows - 1)], &panel);
            add(rows - 1, &one);
        }
    }
}

/// Sums over the depth of products of digits, by the place of the product, for R rows.
#[inline(always)]
fn tile<const S: usize, const R: usize, const FUSED: bool>(
    left: [&[Digits<S>]; R],
    panel: &[Panel<S>],
) -> [[[f64; LANES]; S]; R] {
    let mut sums = [[[0.0; LANES]; S]; R];
    for (step, values) in panel.iter().enumerate() {
        let factors: [&Digits<S>; R] = left.map(|rows| &rows[step]);
        for (place, value) in values.iter().enumerate() {
            for (factors, sums) in factors.iter().zip(&mut sums) {
                for (factor, sum) in factors.iter().zip(&mut sums[place..]) {
                    for lane in 0..LANES {
                        sum[lane] = match FUSED {
                            true => factor.mul_add(value[lane], sum[lane]),
                            false => factor * value[lane] + sum[lane],
                        };
                    }
                }
            }
        }
    }
    sums
}

/// For each column a power of two of which all entries are at most a half.
fn exponents<const L: usize>(values: &[Multi<L>], columns: usize) -> Vec<i32> {
    let mut exponents = vec![i32::MIN; columns];
    for row in values.chunks_exact(columns) {
        for (exponent, value) in exponents.iter_mut().zip(row) {
            let (_, limbs, own) = value.parts();
            if limbs[L - 1] != 0 {
                *exponent = (*exponent).max(own + 1);
            }
        }
    }
    // Of a column of zeros any will do.
    exponents.iter_mut().filter(|exponent| **exponent == i32::MIN).for_each(|exponent| *exponent = 0);
    exponents
}

/// A number of at most half of 2^`exponent`, over that power, in digits of −2²² to 2²²; cut below the last.
#[inline(always)]
fn digits<const L: usize, const S: usize>(value: &Multi<L>, exponent: i32) -> Digits<S> {
    let (negative, limbs, own) = value.parts();
    let mut digits = [0.0; S];
    if limbs[L - 1] == 0 {
        return digits;
    }
    // The lowest digit begins at this bit of the mantissa, the next ones DIGIT bits above each.
    let lowest = (64 * L) as i64 + i64::from(exponent) - i64::from(own) - (S * DIGIT) as i64;
    let mut carry = 0;
    for (above, digit) in digits.iter_mut().rev().enumerate() {
        let bits = bits_at(&limbs, lowest + (above * DIGIT) as i64) + carry;
        carry = i64::from(bits > 1 << (DIGIT - 1) && above + 1 < S);
        let balanced = bits - (carry << DIGIT);
        *digit = if negative { -(balanced as f64) } else { balanced as f64 };
    }
    digits
}

/// DIGIT bits of a mantissa from a place on, which may lie outside.
#[inline(always)]
fn bits_at<const L: usize>(limbs: &[u64; L], place: i64) -> i64 {
    const MASK: u64 = (1 << DIGIT) - 1;
    if place >= (64 * L) as i64 || place <= -(DIGIT as i64) {
        return 0;
    }
    if place < 0 {
        return ((limbs[0] << -place) & MASK) as i64;
    }
    let (limb, offset) = (place as usize / 64, place as usize % 64);
    let mut bits = limbs[limb] >> offset;
    if offset > 64 - DIGIT && limb + 1 < L {
        bits |= limbs[limb + 1] << (64 - offset);
    }
    (bits & MASK) as i64
}

/// The sum of groups over falling powers of 2^DIGIT, the first being −2 · DIGIT + `exponent`, rounded.
#[inline(always)]
fn together<const L: usize, const S: usize>(groups: &[f64; S], exponent: i32) -> Multi<L> {
    const MASK: i64 = (1 << DIGIT) - 1;
    // 53 bits above all digits but one; one limb more than a number has.
    let mut limbs = [0u64; 10];
    let mut carry = 0;
    for (above, group) in groups[1..].iter().rev().enumerate() {
        let sum = *group as i64 + carry;
        carry = sum >> DIGIT;
        let (limb, offset) = (above * DIGIT / 64, above * DIGIT % 64);
        let digit = (sum & MASK) as u64;
        limbs[limb] |= digit << offset;
        if offset > 64 - DIGIT {
            limbs[limb + 1] |= digit >> (64 - offset);
        }
    }
    let top = groups[0] as i64 + carry;
    let (limb, offset) = ((S - 1) * DIGIT / 64, (S - 1) * DIGIT % 64);
    let wide = i128::from(top) << offset;
    limbs[limb] |= wide as u64;
    limbs[limb + 1] = (wide >> 64) as u64;
    let used = limb + 2;
    let negative = top < 0;
    if negative {
        let mut borrowed = true;
        for limb in &mut limbs[..used] {
            let (negated, overflowed) = (!*limb).overflowing_add(u64::from(borrowed));
            (*limb, borrowed) = (negated, overflowed);
        }
    }
    let Some(highest) = (0..used).rev().find(|place| limbs[*place] != 0) else {
        return Multi::ZERO;
    };
    let shift = limbs[highest].leading_zeros() as usize;
    let shifted = |place: usize| -> u64 {
        // The limb that ends `place` limbs below the highest bit.
        let limb = |below: usize| highest.checked_sub(below).map_or(0, |at| limbs[at]);
        match shift {
            0 => limb(place),
            _ => limb(place) << shift | limb(place + 1) >> (64 - shift),
        }
    };
    let mut mantissa = [0u64; L];
    for (place, limb) in mantissa.iter_mut().rev().enumerate() {
        *limb = shifted(place);
    }
    let length = (64 * (highest + 1) - shift) as i32;
    let exponent = exponent + length - ((S + 1) * DIGIT) as i32;
    Multi::rounded(negative, mantissa, shifted(L) >> 63 == 1, exponent)
}

#[cfg(test)]
mod tests {
    use super::super::{Scalar, accumulate_row_by_row};
    use super::*;

    /// Numbers of full length and many sizes, some of them zero.
    fn numbers<const L: usize>(count: usize, seed: u64, spread: i32) -> Vec<Multi<L>> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as i32
        };
        (0..count)
            .map(|_| {
                let parts = (0..L as i32 + 1)
                    .map(|part| Multi::from_f64(f64::from(next() - (1 << 30)) / 2f64.powi(30 + 50 * part)));
                let value = parts.fold(Multi::ZERO, |sum, part| sum + part);
                match next() % 7 {
                    0 => Multi::ZERO,
                    _ => value.times_power_of_two(next() % (spread + 1)),
                }
            })
            .collect()
    }

    fn compare<const L: usize>(depth: usize, rows: usize, columns: usize, spread: i32) {
        let sizes = Sizes { depth, rows, columns };
        let (a, b) = (numbers::<L>(depth * rows, 1, spread), numbers::<L>(depth * columns, 2, spread));
        let start = numbers::<L>(rows * columns, 3, 0);
        for sign in [1.0, -1.0] {
            let (mut found, mut expected) = (start.clone(), start.clone());
            assert!(accumulate(&mut found, &a, &b, sizes, sign));
            accumulate_row_by_row(&mut expected, &a, &b, sizes, sign);
            let largest =
                |values: &[Multi<L>]| values.iter().map(|value| value.abs().to_f64()).fold(1.0, f64::max);
            let size = largest(&a) * largest(&b) * depth as f64;
            for (x, y) in found.iter().zip(&expected) {
                let error = (*x - *y).abs().to_f64();
                assert!(
                    error <= size * 2f64.powi(4 - 64 * L as i32),
                    "{L} limbs, {depth} deep: {error} of {size}"
                );
            }
            let mut portable = start.clone();
            match L {
                3 => by_chunks::<L, 9, false>(&mut portable, &a, &b, sizes, sign),
                4 => by_chunks::<L, 12, false>(&mut portable, &a, &b, sizes, sign),
                6 => by_chunks::<L, 18, false>(&mut portable, &a, &b, sizes, sign),
                _ => by_chunks::<L, 23, false>(&mut portable, &a, &b, sizes, sign),
            }
            assert!(portable.iter().zip(&found).all(|(x, y)| x.parts() == y.parts()), "paths differ");
        }
    }

    #[test]
    fn products_are_those_of_floating_point() {
        for (depth, rows, columns) in [(6, 1, 8), (24, 5, 13), (57, 3, 9), (150, 2, 17)] {
            for spread in [0, 5, 60] {
                compare::<3>(depth, rows, columns, spread);
                compare::<4>(depth, rows, columns, spread);
                compare::<6>(depth, rows, columns, spread);
                compare::<8>(depth, rows, columns, spread);
            }
        }
    }

    #[test]
    fn whole_numbers_are_exact() {
        let sizes = Sizes { depth: 56, rows: 2, columns: 8 };
        let whole = |count: usize, factor: i64| -> Vec<Multi<3>> {
            (0..count as i64).map(|k| Multi::from_f64(((k * factor) % 4001 - 2000) as f64)).collect()
        };
        let (a, b) = (whole(112, 37), whole(448, 91));
        let mut c = vec![Multi::ZERO; 16];
        assert!(accumulate(&mut c, &a, &b, sizes, 1.0));
        for (place, found) in c.iter().enumerate() {
            let (row, column) = (place / 8, place % 8);
            let expected: f64 = (0..56).map(|k| a[k * 2 + row].to_f64() * b[k * 8 + column].to_f64()).sum();
            assert_eq!(found.to_f64(), expected);
        }
    }

    #[test]
    fn numbers_that_are_none_are_left_to_floating_point() {
        let sizes = Sizes { depth: 6, rows: 1, columns: 8 };
        let mut a = numbers::<3>(6, 4, 3);
        a[2] = Multi::from_f64(f64::NAN);
        assert!(!accumulate(&mut vec![Multi::ZERO; 8], &a, &numbers::<3>(48, 5, 3), sizes, 1.0));
    }
}
