//! Remainders as Gram matrices: what is left of an identity is small if its matrix is.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;

use super::dyadic::Dyadic;
use super::trivariate::{Place, Trivariate};

/// Writes a polynomial as ⟨E, b bᵀ⟩ + τ ⟨E', b' b'ᵀ⟩ with b of weighted degree ≤ d and b' of degree ≤ d − 1, and returns the squared
/// Frobenius norms of E and E'; `None` if its degree is above 2d.
///
/// A basis function that is a product of two of b goes into E as it is. For others T_{i+j} = 2 T_i T_j − T_{|i−j|} leaves basis functions of
/// lower degree, which follow. Only T_d(2τ − 1) with odd d is no such product: it goes into E' by T_d = 4τ T_{d−1} − 2 T_{d−1} − T_{|d−2|}.
pub(super) fn gram_norms(polynomial: &Trivariate, degree: usize) -> Option<[Dyadic; 2]> {
    let weight = |place: &Place| place[0] + 2 * place[1] + place[2];
    let mut open: BTreeMap<(usize, Place), BigInt> = BTreeMap::new();
    for (place, value) in polynomial.coefficients.iter().filter(|(_, value)| !value.is_zero()) {
        if weight(place) > 2 * degree {
            return None;
        }
        open.insert((weight(place), *place), value.clone());
    }
    let mut symmetric: BTreeMap<(Place, Place), BigInt> = BTreeMap::new();
    let mut antisymmetric: BTreeMap<(Place, Place), BigInt> = BTreeMap::new();
    let push = |open: &mut BTreeMap<(usize, Place), BigInt>, place: Place, value: BigInt| {
        *open.entry((weight(&place), place)).or_default() += value
    };
    while let Some(((_, place), value)) = open.pop_last() {
        if value.is_zero() {
            continue;
        }
        if let Some((first, second)) = split(place, degree) {
            // The product is 2^(−m) times the sum of all corners that the m divided variables span; `place` is one of them.
            let divided: Vec<usize> = (0..3).filter(|axis| first[*axis] > 0 && second[*axis] > 0).collect();
            for corner in 1..1usize << divided.len() {
                let mut lower = place;
                for (_, axis) in divided.iter().enumerate().filter(|(bit, _)| corner >> bit & 1 == 1) {
                    lower[*axis] = first[*axis].abs_diff(second[*axis]);
                }
                push(&mut open, lower, -value.clone());
            }
            *symmetric.entry((first.min(second), first.max(second))).or_default() += value << divided.len();
        } else {
            // (0, d, 0) with d odd: T_{d−1} = 2 T_j² − 1 with 2j = d − 1.
            let j = (degree - 1) / 2;
            if j == 0 {
                *antisymmetric.entry(([0, 0, 0], [0, 0, 0])).or_default() += &value * 2;
                push(&mut open, [0, 0, 0], -value);
            } else {
                *antisymmetric.entry(([0, j, 0], [0, j, 0])).or_default() += &value * 8;
                *antisymmetric.entry(([0, 0, 0], [0, 0, 0])).or_default() -= &value * 4;
                push(&mut open, [0, degree - 1, 0], &value * -2);
                push(&mut open, [0, degree - 2, 0], -value);
            }
        }
    }
    let norm = |entries: BTreeMap<(Place, Place), BigInt>| {
        // An entry off the diagonal stands for two halves: it adds half its square.
        let sum: BigInt = entries
            .iter()
            .map(|((first, second), value)| if first == second { value * value * 2 } else { value * value })
            .sum();
        Dyadic { mantissa: sum, exponent: 2 * polynomial.exponent - 1 }
    };
    Some([norm(symmetric), norm(antisymmetric)])
}

/// Two basis functions of weighted degree ≤ `degree` whose product has `place` as its highest term; `None` for (0, d, 0) with odd d, the one
/// place of weighted degree ≤ 2d that has none.
fn split([i, j, k]: Place, degree: usize) -> Option<(Place, Place)> {
    // The first factor takes as much of τ, then of s, then of t as fits.
    let first_j = j.min(degree / 2);
    let first_i = i.min(degree - 2 * first_j);
    let first_k = k.min(degree - 2 * first_j - first_i);
    let second = [i - first_i, j - first_j, k - first_k];
    (second[0] + 2 * second[1] + second[2] <= degree).then_some(([first_i, first_j, first_k], second))
}
