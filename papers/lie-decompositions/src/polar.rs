//! g = p r with p symmetric and positive definite, r a rotation: coordinates for GL⁺(n) and SL(n) that are unique everywhere.
//!
//! (log p, r) is a bijection to symmetric matrices times SO(n), unlike the exponential, which misses part of either group. In the plane, with E = (a + d)/2, F = (a − d)/2,
//! G = (c + b)/2, H = (c − b)/2, g acts on complex numbers as z ↦ (E + iH) z + (F + iG) z̄; so the rotation's angle is that of E + iH, and
//!
//! log p = s I + t [[cos ψ, sin ψ], [sin ψ, −cos ψ]],  s = ½ log det,  t = asinh(|F + iG| / √det),  ψ = arg(F + iG) + θ.
//!
//! No eigenvalue problem, and with the determinant rounded once no digit is lost at any condition e^{2t}. Forming g gᵀ loses half of them. For n > 2 one-sided Jacobi rotations of g.

use crate::jacobi::singular;
use crate::matrix::{
    Matrix, congruence, determinant_sign, determinant2, frobenius, largest, product, transpose,
};

/// Why a matrix has no coordinates.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NotInGroup {
    /// Not a number, or infinite.
    #[error("an entry is not finite")]
    NotFinite,
    /// The determinant is not positive: another component of GL(n), or singular.
    #[error("the determinant is not positive")]
    Determinant,
}

/// Two factors that bring a positive number to between one and two, and the exponent that they take away: two, because the power of two itself may overflow.
pub(crate) fn power_of_two(most: f64) -> ([f64; 2], f64) {
    let exponent = most.log2().floor();
    let half = (0.5 * exponent).floor();
    ([(-half).exp2(), (half - exponent).exp2()], exponent)
}

/// asinh for x ≥ 0 whose square is finite.
fn asinh(x: f64) -> f64 {
    let square = x * x;
    (x + square / (1.0 + (1.0 + square).sqrt())).ln_1p()
}

/// log p and r of a matrix without its angles: cos ψ and sin ψ are those of a product of two complex numbers. For batches: two logarithms, no other transcendental function.
///
/// # Errors
/// As [`Polar2::of`].
pub fn log_and_rotation(g: &Matrix<2>) -> Result<(Matrix<2>, Matrix<2>), NotInGroup> {
    let [[a, b], [c, d]] = *g;
    let (e, f) = (0.5 * (a + d), 0.5 * (a - d));
    let (k, h) = (0.5 * (c + b), 0.5 * (c - b));
    let (turn, long) = (e * e + h * h, f * f + k * k);
    let determinant = determinant2(g);
    let usual = determinant > 1e-100 && turn < 1e100 && long > 1e-200;
    if !usual {
        // Rotations, extreme sizes and what is not in the group.
        return Polar2::of(g).map(|polar| (polar.log_spd(), polar.rotation()));
    }
    let (turn, radius) = (1.0 / turn.sqrt(), long.sqrt());
    let (cosine, sine) = (e * turn, h * turn);
    let near = (a - 1.0).abs().max((d - 1.0).abs()) < 0.25 && b.abs().max(c.abs()) < 0.25;
    let scale = if near {
        0.5 * ((a - 1.0) + (d - 1.0) + ((a - 1.0) * (d - 1.0) - b * c)).ln_1p()
    } else {
        0.5 * determinant.ln()
    };
    let ratio = asinh(radius / determinant.sqrt()) / radius;
    let (x, y) = (ratio * (f * cosine - k * sine), ratio * (f * sine + k * cosine));
    Ok(([[scale + x, y], [y, scale - x]], [[cosine, -sine], [sine, cosine]]))
}

/// Polar coordinates in the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polar2 {
    /// s: half the logarithm of the determinant.
    pub scale: f64,
    /// t ≥ 0: half the logarithm of the condition number.
    pub squeeze: f64,
    /// ψ: twice the angle of the long axis.
    pub axis: f64,
    /// θ in (−π, π].
    pub angle: f64,
}

impl Polar2 {
    /// The identity.
    pub const IDENTITY: Self = Self { scale: 0.0, squeeze: 0.0, axis: 0.0, angle: 0.0 };

    /// The coordinates of a matrix. About 30 flops and five transcendental functions.
    ///
    /// # Errors
    /// For a determinant that is not positive, and for what is not finite.
    pub fn of(g: &Matrix<2>) -> Result<Self, NotInGroup> {
        let most = g[0][0].abs().max(g[0][1].abs()).max(g[1][0].abs()).max(g[1][1].abs());
        if g.iter().flatten().any(|x| !x.is_finite()) {
            return Err(NotInGroup::NotFinite);
        }
        if !(1e-100..=1e100).contains(&most) {
            // By a power of two, so that squares neither overflow nor vanish.
            if most == 0.0 {
                return Err(NotInGroup::Determinant);
            }
            let (down, exponent) = power_of_two(most);
            let scaled = g.map(|row| row.map(|x| x * down[0] * down[1]));
            let found = Self::of(&scaled)?;
            return Ok(Self { scale: found.scale + exponent * std::f64::consts::LN_2, ..found });
        }
        let [[a, b], [c, d]] = *g;
        let determinant = determinant2(g);
        if determinant <= 0.0 {
            return Err(NotInGroup::Determinant);
        }
        let (e, f) = (0.5 * (a + d), 0.5 * (a - d));
        let (g, h) = (0.5 * (c + b), 0.5 * (c - b));
        let scale = if f64::max((a - 1.0).abs(), (d - 1.0).abs()) < 0.25 && b.abs().max(c.abs()) < 0.25 {
            // Near the identity the distance of the determinant from one has digits of its own.
            0.5 * ((a - 1.0) + (d - 1.0) + ((a - 1.0) * (d - 1.0) - b * c)).ln_1p()
        } else {
            0.5 * determinant.ln()
        };
        // −0 is 0: angles are in (−π, π].
        let angle = (h + 0.0).atan2(e);
        let squeeze = ((f * f + g * g).sqrt() / determinant.sqrt()).asinh();
        // Squares of small numbers vanish first.
        let squeeze = if squeeze < 1e-100 { (f.hypot(g) / determinant.sqrt()).asinh() } else { squeeze };
        Ok(Self { scale, squeeze, axis: g.atan2(f) + angle, angle })
    }

    /// log p.
    pub fn log_spd(&self) -> Matrix<2> {
        let (sine, cosine) = self.axis.sin_cos();
        let (x, y) = (self.squeeze * cosine, self.squeeze * sine);
        [[self.scale + x, y], [y, self.scale - x]]
    }

    /// p.
    pub fn spd(&self) -> Matrix<2> {
        let (sine, cosine) = self.axis.sin_cos();
        let size = self.scale.exp();
        let (round, long) = (size * self.squeeze.cosh(), size * self.squeeze.sinh());
        // Near an axis the short entry is a difference of large ones: e^{s − t} comes first.
        let short = (self.scale - self.squeeze).exp();
        let (versed, coversed) = (1.0 - cosine, 1.0 + cosine);
        let entry = |sign: f64, small: f64| {
            if sign * cosine < 0.0 { short + long * small } else { round + sign * long * cosine }
        };
        [[entry(1.0, coversed), long * sine], [long * sine, entry(-1.0, versed)]]
    }

    /// p of the matrix that these are the coordinates of, as g rᵀ: also where e^s loses digits, because s is large.
    pub fn spd_of(&self, g: &Matrix<2>) -> Matrix<2> {
        let p = product(g, &transpose(&self.rotation()));
        let off = 0.5 * p[0][1] + 0.5 * p[1][0];
        [[p[0][0], off], [off, p[1][1]]]
    }

    /// r.
    pub fn rotation(&self) -> Matrix<2> {
        let (sine, cosine) = self.angle.sin_cos();
        [[cosine, -sine], [sine, cosine]]
    }

    /// g = p r.
    pub fn matrix(&self) -> Matrix<2> {
        product(&self.spd(), &self.rotation())
    }

    /// g⁻¹ = rᵀ p⁻¹ = (rᵀ p⁻¹ r) rᵀ.
    pub fn inverse(&self) -> Self {
        Self {
            scale: -self.scale,
            squeeze: self.squeeze,
            axis: self.axis + std::f64::consts::PI - 2.0 * self.angle,
            angle: if self.angle == std::f64::consts::PI { self.angle } else { -self.angle },
        }
    }
}

/// g = exp(log_spd) rotation in any dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polar<const N: usize> {
    /// p.
    pub spd: Matrix<N>,
    /// log p.
    pub log_spd: Matrix<N>,
    /// r.
    pub rotation: Matrix<N>,
}

impl<const N: usize> Polar<N> {
    /// The coordinates of a matrix.
    ///
    /// # Errors
    /// As [`Polar2::of`].
    pub fn of(g: &Matrix<N>) -> Result<Self, NotInGroup> {
        let scale = largest(g);
        if !scale.is_finite() {
            return Err(NotInGroup::NotFinite);
        }
        if scale == 0.0 {
            return Err(NotInGroup::Determinant);
        }
        let (down, exponent) = power_of_two(scale);
        let scaled: Matrix<N> = g.map(|row| row.map(|x| x * down[0] * down[1]));
        if determinant_sign(&scaled) <= 0.0 {
            return Err(NotInGroup::Determinant);
        }
        let found = singular(&scaled).ok_or(NotInGroup::Determinant)?;
        let spd = congruence(&found.u, found.values.map(|value| value / down[0] / down[1]));
        let shift = exponent * std::f64::consts::LN_2;
        let log_spd = congruence(&found.u, found.values.map(|value| value.ln() + shift));
        Ok(Self { spd, log_spd, rotation: product(&found.u, &transpose(&found.v)) })
    }

    /// |p r − g| relative to g.
    pub fn residual(&self, g: &Matrix<N>) -> f64 {
        let made = product(&self.spd, &self.rotation);
        let away: Matrix<N> = std::array::from_fn(|i| std::array::from_fn(|j| made[i][j] - g[i][j]));
        frobenius(&away) / frobenius(g)
    }
}
