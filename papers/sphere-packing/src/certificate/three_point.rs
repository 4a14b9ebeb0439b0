//! Certificates of the truncated three-point bound.

use num_bigint::BigInt;
use num_traits::{One, Signed};
use serde::{Deserialize, Serialize};

use super::dyadic::Dyadic;
use super::gram::gram_norms;
use super::polynomial::Polynomial;
use super::trivariate::{Trivariate, basis};
use super::two_point::{LARGEST, function_and_transform, is_moderate};
use super::{Proven, enclosure, require};
use crate::Error;

/// Rows of an upper triangular matrix, each from its diagonal entry on.
pub type Triangle = Vec<Vec<Dyadic>>;

/// A function f and a kernel g of the theorem in [`three_point`](crate::three_point), with the sums of squares that prove its third condition.
///
/// With u = 2π|x|², v = 2π|y|², t = 2π⟨x, y⟩, a = `square` and A = `truncation`:
///
/// * f = Σ a_k M_k(u) e^(−u/2) with M_k = k! 2^k L_k^{n/2−1} and a = `function`;
/// * g = p3 e^(−ρ(u+v)/2) with ρ = `width`, p3 = Σ_k H_k(u, v, t) · the part of U_kᵀ F_k V_k symmetric in u and v, F_k = Lᵀ L for L = `kernel`\[k\], U_k
///   as many of the Chebyshev polynomials T_0, T_1, … as F_k has rows, of `argument` · u − 1, and H_k integer multiples of the harmonics: H_0 = 1, H_1 = t,
///   H_{k+1} = (2k + n − 2) t H_k − k c uv H_{k−1} with c = k + n − 3, or 1 for k = 1;
/// * p3 + Σ w (sum of squares + τ · sum of squares) vanishes up to a polynomial whose Gram matrices for the multiplier 1 have a Frobenius norm of at
///   most `margin`; that multiple of the identity is part of the multiplier 1's Gram matrices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreePoint {
    /// n.
    pub dimension: usize,
    /// 2πr².
    pub square: Dyadic,
    /// 2πR².
    pub truncation: Dyadic,
    /// ρ.
    pub width: Dyadic,
    /// a_0, a_1, …
    pub function: Vec<Dyadic>,
    /// The factor in the kernel's Chebyshev polynomials' argument.
    pub argument: Dyadic,
    /// The factors of F_0, F_1, …; none for no kernel. F_0 has order d + 1, and the kernel's degree 2d is checked.
    pub kernel: Vec<Triangle>,
    /// What multiples of the identity the multiplier 1 has besides its factors.
    pub margin: Dyadic,
    /// The sums of squares; the multiplier 1 comes first.
    pub squares: Vec<SumOfSquares>,
}

/// One multiplier and its Gram matrices, as factors: of polynomials symmetric in u and v, and of those that τ is put before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumOfSquares {
    /// Letters of base polynomials, or "1".
    pub multiplier: String,
    /// For basis functions up to the largest weighted degree that fits.
    pub symmetric: Triangle,
    /// For basis functions of one degree less; none where that is negative.
    pub antisymmetric: Triangle,
}

/// The largest degree d of the kernel, half its degree in (u, v, t).
const LARGEST_DEGREE: usize = 20;

/// Digits of e^y's Taylor polynomials: the order of their remainder.
const TAYLOR: usize = 40;

/// Whether `rows` is a triangle of this order.
fn is_triangle(rows: &Triangle, order: usize) -> bool {
    rows.len() == order && rows.iter().enumerate().all(|(i, row)| row.len() == order - i)
}

impl ThreePoint {
    /// d, by the order of F_0.
    fn degree(&self) -> usize {
        self.kernel.first().map_or(0, |rows| rows.len() - 1)
    }

    /// Checks the conditions.
    pub(super) fn check(&self) -> Result<Proven, Error> {
        require((2..=LARGEST).contains(&self.dimension), "the dimension must lie between 2 and 400")?;
        require((1..=LARGEST).contains(&self.function.len()), "f must have between 1 and 400 coefficients")?;
        if !self.kernel.is_empty() {
            require(self.kernel.iter().all(|rows| !rows.is_empty()), "a kernel matrix is empty")?;
            require(
                (1..=LARGEST_DEGREE).contains(&self.degree()),
                "the degree of the kernel must lie between 1 and 20",
            )?;
            require(
                self.kernel.len() <= 2 * self.degree() + 1,
                "the kernel has too many harmonics for its degree",
            )?;
        }
        require(is_moderate(&self.square) && is_moderate(&self.truncation), "a radius is out of range")?;
        require(
            self.square.is_positive() && self.truncation.plus(&self.square.negated()).is_positive(),
            "the radii must satisfy 0 < r < R",
        )?;
        require(!self.width.mantissa.is_negative(), "the width must not be negative")?;
        let degree = self.degree();
        require(
            self.kernel.iter().all(|rows| is_triangle(rows, rows.len()) && rows.len() <= degree + 1),
            "a kernel matrix has the wrong order",
        )?;
        // Positive definiteness of g and of all sums of squares holds by form: each is LᵀL.
        let (function, transform) = function_and_transform(self.dimension, &self.function);
        require(transform.is_positive_from(&Dyadic::integer(0)), "the transform is not positive everywhere")?;
        require(
            function.scaled(&Dyadic::integer(-1)).is_positive_from(&self.truncation),
            "f is not negative beyond R (condition 2)",
        )?;
        self.check_pairs(&function)?;
        if !self.kernel.is_empty() {
            self.check_triples()?;
        }
        let mut value = function.at_zero();
        if let Some(rows) = self.kernel.first() {
            // U(0) = (1, −1, 1, …).
            for (i, row) in rows.iter().enumerate() {
                let sum = row.iter().enumerate().fold(Dyadic::integer(0), |sum, (j, entry)| {
                    sum.plus(&if (i + j).is_multiple_of(2) { entry.clone() } else { entry.negated() })
                });
                value = value.plus(&sum.times(&sum));
            }
        }
        require(value.is_positive(), "f(0) + g(0, 0) is not positive")?;
        let ratio = value.rational() / transform.at_zero().rational();
        Ok(Proven {
            dimension: self.dimension,
            bound: enclosure::ball_volume_from_above(self.dimension, &self.square) * ratio,
        })
    }

    /// T_0…T_degree of `argument` · z − 1.
    fn chebyshev(&self, degree: usize) -> Vec<Polynomial> {
        let argument = Polynomial::new(&[Dyadic::integer(-1), self.argument.clone()]);
        let mut family = vec![Polynomial::constant(&Dyadic::integer(1)), argument.clone()];
        while family.len() <= degree {
            let last = family.len() - 1;
            family.push(
                argument
                    .scaled(&Dyadic::integer(2))
                    .times(&family[last])
                    .plus(&family[last - 1].scaled(&Dyadic::integer(-1))),
            );
        }
        family
    }

    /// Condition (1), divided by e^(−z/2): −p(z) − 2 p3(z, 0, 0) e^((1−ρ)z/2) − p3(z, z, z) e^((1/2−ρ)z) > 0 on [a, A], where Taylor polynomials with
    /// their remainders stand for the exponentials.
    fn check_pairs(&self, function: &Polynomial) -> Result<(), Error> {
        let minus = Dyadic::integer(-1);
        let mut total = function.scaled(&minus);
        let family = self.chebyshev(self.degree());
        let row_polynomials = |rows: &Triangle| -> Vec<Polynomial> {
            rows.iter()
                .enumerate()
                .map(|(i, row)| {
                    row.iter()
                        .zip(&family[i..])
                        .fold(Polynomial::constant(&Dyadic::integer(0)), |sum, (entry, member)| {
                            sum.plus(&member.scaled(entry))
                        })
                })
                .collect()
        };
        let half = Dyadic { mantissa: BigInt::one(), exponent: -1 };
        if let Some(rows) = self.kernel.first() {
            // p3(z, 0, 0) = Σ_r L_r·U(z) L_r·U(0), and e^((1−ρ)z/2) lies between its polynomial ± error.
            let mut once = Polynomial::constant(&Dyadic::integer(0));
            for row in row_polynomials(rows) {
                once = once.plus(&row.scaled(&row.at_zero()));
            }
            let rate = half.times(&Dyadic::integer(1).plus(&self.width.negated()));
            let (exponential, error) = self.exponential(&rate)?;
            total = total.plus(&once.times(&exponential).scaled(&Dyadic::integer(-2)));
            // |p3(z, 0, 0)| ≤ the sum of its absolute coefficients times powers of A.
            let size = once.coefficients.iter().rev().fold(Dyadic::integer(0), |sum, coefficient| {
                sum.times(&self.truncation)
                    .plus(&Dyadic { mantissa: coefficient.abs(), exponent: once.exponent })
            });
            total = total.plus(&Polynomial::constant(&size.times(&error).times(&Dyadic::integer(-2))));
        }
        let mut diagonal = Polynomial::constant(&Dyadic::integer(0));
        let mut power = Polynomial::constant(&Dyadic::integer(1));
        let mut size = BigInt::one();
        for (k, rows) in self.kernel.iter().enumerate() {
            // H_k(z, z, z) = c_k z^k with c_1 = 1 and c_k = c_{k−1} (k + n − 3).
            if k >= 2 {
                size *= k + self.dimension - 3;
            }
            if k >= 1 {
                power = power.times(&Polynomial::new(&[Dyadic::integer(0), Dyadic::integer(1)]));
            }
            let factor = power.scaled(&Dyadic { mantissa: size.clone(), exponent: 0 });
            for row in row_polynomials(rows) {
                diagonal = diagonal.plus(&row.times(&row).times(&factor));
            }
        }
        if !self.kernel.is_empty() {
            // p3(z, z, z) is not negative, so its exponential is replaced by what is not below it.
            let (exponential, error) = self.exponential(&half.plus(&self.width.negated()))?;
            total =
                total.plus(&diagonal.times(&exponential.plus(&Polynomial::constant(&error))).scaled(&minus));
        }
        require(
            total.is_positive_between(&self.square, &self.truncation),
            "condition (1) fails between r and R",
        )
    }

    /// A polynomial and a number, between which times ±1 the difference to e^(rate · z) lies for z from a to A.
    fn exponential(&self, rate: &Dyadic) -> Result<(Polynomial, Dyadic), Error> {
        let half = Dyadic { mantissa: BigInt::one(), exponent: -1 };
        let centre = self.square.plus(&self.truncation).times(&half);
        let radius = self.truncation.plus(&self.square.negated()).times(&half).times(rate).absolute();
        // Far beyond this the Taylor polynomial proves nothing, and its numbers grow without use.
        let largest = Dyadic::integer(500);
        let exponent = rate.times(&centre);
        require(
            !largest.is_below(&radius) && !largest.is_below(&exponent.absolute()),
            "the width or a radius is out of range",
        )?;
        let (low, high) = enclosure::exponential(&exponent);
        // e^(rate z) = e^(rate c) e^y with |y| ≤ radius: the Taylor polynomial's remainder is below e^radius radius^K/K!.
        let mut coefficients = Vec::with_capacity(TAYLOR);
        let mut factorial = BigInt::one();
        let mut power = Dyadic::integer(1);
        let mut rounding = Dyadic::integer(0);
        for order in 0..TAYLOR {
            if order > 0 {
                factorial *= order;
                power = power.times(&radius);
            }
            let coefficient = enclosure::reciprocal(&factorial, false);
            let unit = Dyadic { mantissa: BigInt::one(), exponent: coefficient.exponent };
            rounding = rounding.plus(&unit.times(&power));
            coefficients.push(coefficient);
        }
        let growth = enclosure::exponential(&radius).1;
        let last = enclosure::reciprocal(&(factorial * TAYLOR), true);
        let remainder = growth.times(&power.times(&radius)).times(&last);
        let size = low.shortened(enclosure::BITS);
        // |e^(rate c) e^y − size · polynomial| ≤ (high − size) e^radius + |size| (remainder + rounding), where size is not above e^(rate c): below
        // zero, where that is too small for the enclosure's digits.
        let error = high
            .plus(&size.negated())
            .times(&growth)
            .plus(&size.absolute().times(&remainder.plus(&rounding)));
        let taylor = Polynomial::new(&coefficients);
        // The polynomial's variable is y = rate (z − c), of either sign.
        let step = Polynomial::new(&[rate.times(&centre).negated(), rate.clone()]);
        let mut in_z = Polynomial::constant(&Dyadic::integer(0));
        for coefficient in taylor.coefficients.iter().rev() {
            in_z = in_z.times(&step).plus(&Polynomial::constant(&Dyadic {
                mantissa: coefficient.clone(),
                exponent: taylor.exponent,
            }));
        }
        Ok((in_z.scaled(&size), error.negated().shortened(enclosure::BITS).negated()))
    }

    /// Condition (3): −p3 is a sum of multipliers times sums of squares.
    fn check_triples(&self) -> Result<(), Error> {
        let degree = self.degree();
        require(
            self.squares.first().is_some_and(|squares| squares.multiplier == "1"),
            "the first multiplier is not 1",
        )?;
        require(self.margin.is_positive(), "the margin is not positive")?;
        let variables = Variables::new(self);
        let mut total = self.kernel_polynomial(&variables);
        for squares in &self.squares {
            let (weight, weight_degree) = variables.multiplier(&squares.multiplier)?;
            require(weight_degree <= 2 * degree, "a multiplier's degree is too high")?;
            let half = (2 * degree - weight_degree) / 2;
            let symmetric = basis(half);
            require(
                is_triangle(&squares.symmetric, symmetric.len()),
                "a sum of squares has the wrong order",
            )?;
            let mut sum = Trivariate::sum_of_squares(&squares.symmetric, &symmetric);
            let antisymmetric = if half == 0 { Vec::new() } else { basis(half - 1) };
            require(
                is_triangle(&squares.antisymmetric, antisymmetric.len()),
                "a sum of squares has the wrong order",
            )?;
            sum = sum.plus(
                &Trivariate::sum_of_squares(&squares.antisymmetric, &antisymmetric).times(&Trivariate::tau()),
            );
            total = total.plus(&sum.times(&weight));
        }
        // The margin's own squares.
        for (half, factor) in [
            (degree, Trivariate::constant(&self.margin)),
            (degree - 1, Trivariate::tau().scaled(&self.margin)),
        ] {
            for place in basis(half) {
                let square = Trivariate::monomial(place, &Dyadic::integer(1));
                total = total.plus(&square.times(&square).times(&factor));
            }
        }
        let square = self.margin.times(&self.margin);
        let norms = gram_norms(&total, degree).ok_or_else(|| {
            Error::Certificate("condition (3) leaves a polynomial of too high a degree".into())
        })?;
        require(
            norms.iter().all(|norm| !square.plus(&norm.negated()).mantissa.is_negative()),
            "condition (3) leaves more than the margin allows",
        )
    }

    /// p3 in (s, τ, t).
    fn kernel_polynomial(&self, variables: &Variables) -> Trivariate {
        let degree = self.degree();
        // T_i(argument · u − 1) = E_i + δ O_i, and with −δ for v.
        let minus = Dyadic::integer(-1);
        let constant = Trivariate::constant(&self.argument.times(&variables.centre).plus(&minus));
        let slope = self.argument.times(&variables.half_width);
        let even_factor = constant.plus(&Trivariate::s().scaled(&slope));
        let odd_factor = Trivariate::constant(&slope);
        let mut family = vec![
            (Trivariate::constant(&Dyadic::integer(1)), Trivariate::default()),
            (even_factor.clone(), odd_factor.clone()),
        ];
        let two = Dyadic::integer(2);
        while family.len() <= degree {
            let (even, odd) = &family[family.len() - 1];
            let (even_before, odd_before) = &family[family.len() - 2];
            let next_even = even_factor.times(even).plus(&odd_factor.times(odd).times(&Trivariate::tau()));
            let next_odd = even_factor.times(odd).plus(&odd_factor.times(even));
            family.push((
                next_even.scaled(&two).plus(&even_before.scaled(&minus)),
                next_odd.scaled(&two).plus(&odd_before.scaled(&minus)),
            ));
        }
        let product = variables.u_plus_half.times(&variables.u_plus_half).plus(
            &Trivariate::tau().scaled(&variables.half_width.times(&variables.half_width)).scaled(&minus),
        );
        let mut harmonics = vec![Trivariate::constant(&Dyadic::integer(1)), variables.t.clone()];
        let n = self.dimension as i64;
        for k in 1..self.kernel.len().max(2) as i64 - 1 {
            let before = if k == 1 { 1 } else { k + n - 3 };
            let first = variables.t.times(&harmonics[k as usize]).scaled(&Dyadic::integer(2 * k + n - 2));
            harmonics.push(
                first.plus(&product.times(&harmonics[k as usize - 1]).scaled(&Dyadic::integer(-k * before))),
            );
        }
        let mut total = Trivariate::default();
        for (rows, harmonic) in self.kernel.iter().zip(&harmonics) {
            let mut sum = Trivariate::default();
            for (i, row) in rows.iter().enumerate() {
                let (mut even, mut odd) = (Trivariate::default(), Trivariate::default());
                for (entry, (member_even, member_odd)) in row.iter().zip(&family[i..]) {
                    even = even.plus(&member_even.scaled(entry));
                    odd = odd.plus(&member_odd.scaled(entry));
                }
                // (e + δo)(e − δo) = e² − τ o².
                sum = sum
                    .plus(&even.times(&even))
                    .plus(&odd.times(&odd).times(&Trivariate::tau()).scaled(&minus));
            }
            total = total.plus(&sum.times(harmonic));
        }
        total
    }
}

/// u, v and t in terms of (s, τ, t).
struct Variables {
    centre: Dyadic,
    half_width: Dyadic,
    square: Dyadic,
    truncation: Dyadic,
    /// c + h s, the mean of u and v.
    u_plus_half: Trivariate,
    /// A t.
    t: Trivariate,
}

impl Variables {
    fn new(certificate: &ThreePoint) -> Self {
        let half = Dyadic { mantissa: BigInt::one(), exponent: -1 };
        let centre = certificate.square.plus(&certificate.truncation).times(&half);
        let half_width = certificate.truncation.plus(&certificate.square.negated()).times(&half);
        Self {
            u_plus_half: Trivariate::constant(&centre).plus(&Trivariate::s().scaled(&half_width)),
            t: Trivariate::t().scaled(&certificate.truncation),
            square: certificate.square.clone(),
            truncation: certificate.truncation.clone(),
            centre,
            half_width,
        }
    }

    /// A multiplier and its degree in (u, v, t): the product of its letters, plus that with x and y exchanged unless they are the same letters.
    fn multiplier(&self, letters: &str) -> Result<(Trivariate, usize), Error> {
        if letters == "1" {
            return Ok((Trivariate::constant(&Dyadic::integer(1)), 0));
        }
        let minus = Dyadic::integer(-1);
        // Each factor as even part + δ · odd part.
        let mean_less = |value: &Dyadic| self.u_plus_half.plus(&Trivariate::constant(&value.negated()));
        let (mut even, mut odd) = (Trivariate::constant(&Dyadic::integer(1)), Trivariate::default());
        let mut degree = 0;
        let slope = Trivariate::constant(&self.half_width);
        for letter in letters.chars() {
            let (factor_even, factor_odd) = match letter {
                'x' => (mean_less(&self.square), slope.clone()),
                'y' => (mean_less(&self.square), slope.scaled(&minus)),
                'X' => (mean_less(&self.truncation).scaled(&minus), slope.scaled(&minus)),
                'Y' => (mean_less(&self.truncation).scaled(&minus), slope.clone()),
                'd' => {
                    let sum = self.u_plus_half.plus(&self.t.scaled(&minus)).scaled(&Dyadic::integer(2));
                    (sum.plus(&Trivariate::constant(&self.square.negated())), Trivariate::default())
                }
                'g' => {
                    let square = self.half_width.times(&self.half_width);
                    let product = self
                        .u_plus_half
                        .times(&self.u_plus_half)
                        .plus(&Trivariate::tau().scaled(&square).scaled(&minus));
                    (product.plus(&self.t.times(&self.t).scaled(&minus)), Trivariate::default())
                }
                _ => return Err(Error::Certificate(format!("\"{letters}\" is no multiplier"))),
            };
            degree += if letter == 'g' { 2 } else { 1 };
            require(degree <= 2 * LARGEST_DEGREE, "a multiplier's degree is too high")?;
            let next_even = even.times(&factor_even).plus(&odd.times(&factor_odd).times(&Trivariate::tau()));
            odd = even.times(&factor_odd).plus(&odd.times(&factor_even));
            even = next_even;
        }
        let count = |letter: char| letters.chars().filter(|found| *found == letter).count();
        let same = count('x') == count('y') && count('X') == count('Y');
        // Product and exchanged product add up to twice the even part.
        Ok((if same { even } else { even.scaled(&Dyadic::integer(2)) }, degree))
    }
}
