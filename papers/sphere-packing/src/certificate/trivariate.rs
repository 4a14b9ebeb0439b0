//! Exact polynomials in (s, τ, t) in products of Chebyshev polynomials T_i(s) T_j(2τ − 1) T_k(t).
//!
//! They stand for polynomials in u = c + h (s + δ), v = c + h (s − δ) and A t that the exchange of u and v leaves as they are, with τ = δ².
//! The product of two basis functions is a sum of eight, by T_i T_j = (T_{i+j} + T_{|i−j|})/2 in each variable.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;

use super::dyadic::Dyadic;

/// (i, j, k) of a basis function.
pub type Place = [usize; 3];

/// Σ c_{ijk} T_i(s) T_j(2τ − 1) T_k(t) · 2^`exponent` with integers c.
#[derive(Clone, Debug, Default)]
pub struct Trivariate {
    /// The coefficients that are there; some may be zero.
    pub coefficients: BTreeMap<Place, BigInt>,
    /// The common exponent.
    pub exponent: i64,
}

impl Trivariate {
    /// `value` times a basis function.
    pub fn monomial(place: Place, value: &Dyadic) -> Self {
        Self { coefficients: BTreeMap::from([(place, value.mantissa.clone())]), exponent: value.exponent }
    }

    /// A constant.
    pub fn constant(value: &Dyadic) -> Self {
        Self::monomial([0, 0, 0], value)
    }

    /// s.
    pub fn s() -> Self {
        Self::monomial([1, 0, 0], &Dyadic::integer(1))
    }

    /// τ = (1 + T_1(2τ − 1))/2.
    pub fn tau() -> Self {
        let half = Dyadic { mantissa: 1.into(), exponent: -1 };
        Self::constant(&half).plus(&Self::monomial([0, 1, 0], &half))
    }

    /// t.
    pub fn t() -> Self {
        Self::monomial([0, 0, 1], &Dyadic::integer(1))
    }

    /// The sum.
    pub fn plus(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        let mut coefficients: BTreeMap<Place, BigInt> = self
            .coefficients
            .iter()
            .map(|(place, value)| (*place, value << (self.exponent - exponent) as u64))
            .collect();
        for (place, value) in &other.coefficients {
            *coefficients.entry(*place).or_default() += value << (other.exponent - exponent) as u64;
        }
        Self { coefficients, exponent }
    }

    /// The product with a number.
    pub fn scaled(&self, factor: &Dyadic) -> Self {
        let coefficients =
            self.coefficients.iter().map(|(place, value)| (*place, value * &factor.mantissa)).collect();
        Self { coefficients, exponent: self.exponent + factor.exponent }
    }

    /// The product.
    pub fn times(&self, other: &Self) -> Self {
        let mut product =
            Self { coefficients: BTreeMap::new(), exponent: self.exponent + other.exponent - 3 };
        for (p, a) in self.coefficients.iter().filter(|(_, a)| !a.is_zero()) {
            for (q, b) in &other.coefficients {
                product.add_product(*p, *q, &(a * b));
            }
        }
        product
    }

    /// Adds `value` times eight times the product of two basis functions, at the polynomial's exponent.
    fn add_product(&mut self, p: Place, q: Place, value: &BigInt) {
        if value.is_zero() {
            return;
        }
        for corner in 0..8usize {
            let place: Place = std::array::from_fn(|axis| {
                if corner >> axis & 1 == 0 { p[axis] + q[axis] } else { p[axis].abs_diff(q[axis]) }
            });
            *self.coefficients.entry(place).or_default() += value;
        }
    }

    /// Σ_r (Σ_i U_ri b_i)² for the rows of an upper triangular U and basis functions b.
    pub fn sum_of_squares(rows: &[Vec<Dyadic>], basis: &[Place]) -> Self {
        let exponent = rows.iter().flatten().map(|value| value.exponent).min().unwrap_or(0);
        let rows: Vec<Vec<BigInt>> =
            rows.iter().map(|row| row.iter().map(|value| value.at(exponent)).collect()).collect();
        let mut sum = Self { coefficients: BTreeMap::new(), exponent: 2 * exponent - 3 };
        for i in 0..basis.len() {
            for j in i..basis.len() {
                let mut entry = BigInt::zero();
                for (r, row) in rows.iter().enumerate().take(i + 1) {
                    entry += &row[i - r] * &row[j - r];
                }
                sum.add_product(basis[i], basis[j], &if i == j { entry } else { entry << 1 });
            }
        }
        sum
    }
}

/// Basis functions of weighted degree i + 2j + k ≤ `degree`, in the order of Gram matrices: by i, then j, then k.
pub fn basis(degree: usize) -> Vec<Place> {
    let mut places = Vec::new();
    for i in 0..=degree {
        for j in 0..=(degree - i) / 2 {
            places.extend((0..=degree - i - 2 * j).map(|k| [i, j, k]));
        }
    }
    places
}
