//! A proof, up to rounding, that a solution of −Δu + u + αu³ = f lies within a small distance of a given function in the Barron norm itself.
//!
//! F(u) = u + (I − Δ)⁻¹(αu³ − f) maps the space of finite B_s to itself. With A an inverse of DF(u) on frequencies up to m and the identity beyond, Y ≥ B_s(AF(u)), Z₁ ≥ |I − A DF(u)| and Z₂(ρ) = |A|(3αB_s(u)ρ² + αρ³), a radius with Y + Z₁ρ + Z₂(ρ) < ρ holds exactly one solution (Newton and Kantorovich). So B_s(u) ± ρ encloses the norm of the exact solution. Sums are of
//! floating-point numbers without directed rounding: a computer-assisted proof in all but that.

use faer::linalg::solvers::DenseSolveCore;
use faer::{Mat, c64};
use num_complex::Complex64;

use crate::spectrum::Spectrum;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Radius {
    /// ρ: a solution is within it in B_s.
    pub radius: f64,
    /// B_s(u): the solution's norm is within ρ of it.
    pub norm: f64,
    /// Y.
    pub defect: f64,
    /// Z₁.
    pub contraction: f64,
    /// |A|.
    pub inverse: f64,
}

/// A radius for u on a lattice of one frequency, with a block of frequencies up to `modes` inverted: 8(2·`modes` + 1)³ flops. `None` if the inequality holds for no radius, the block is too small for u, or the lattice has more frequencies.
pub fn radius(u: &Spectrum, f: &Spectrum, alpha: f64, order: f64, modes: usize) -> Option<Radius> {
    let lattice = u.lattice();
    let band = u.bandwidth() as usize;
    if lattice.dimension() != 1
        || u.lattice() != f.lattice()
        || modes < band
        || !(alpha >= 0.0 && order >= 0.0)
    {
        return None;
    }
    let square = u.times(u);
    let modes = modes as i32;
    let weight = |n: i32| (1.0 + lattice.length(&[n])).powf(order);
    let smoothing = |n: i32| 1.0 / (1.0 + lattice.inner(&[n], &[n]));
    // DF(u) e_j = e_j + 3α Σ_i (u²)_{i−j} e_i/(1 + |ω_i|²).
    let entry = |i: i32, j: i32| {
        let coupled = square.coefficient(&[i - j]) * (3.0 * alpha * smoothing(i));
        if i == j { coupled + 1.0 } else { coupled }
    };
    let size = (2 * modes + 1) as usize;
    let place = |k: usize| k as i32 - modes;
    let block = Mat::from_fn(size, size, |i, j| {
        let c = entry(place(i), place(j));
        c64::new(c.re, c.im)
    });
    let inverse = block.partial_piv_lu().inverse();
    let inverse = |i: usize, j: usize| Complex64::new(inverse[(i, j)].re, inverse[(i, j)].im);
    let apply = |v: &dyn Fn(i32) -> Complex64, reach: i32| -> f64 {
        let inside: Vec<Complex64> = (0..size).map(|j| v(place(j))).collect();
        let held: f64 = (0..size)
            .map(|i| {
                weight(place(i))
                    * inside.iter().enumerate().map(|(j, v)| inverse(i, j) * v).sum::<Complex64>().norm()
            })
            .sum();
        let beyond = (modes + 1..=reach).map(|n| weight(n) * (v(n).norm() + v(-n).norm())).sum::<f64>();
        held + beyond
    };
    let value = u.combined(1.0, &square.times(u).combined(alpha, f, -1.0).preconditioned(), 1.0);
    let defect = apply(&|n| value.coefficient(&[n]), value.bandwidth().max(modes));
    let reach = 2 * band as i32;
    let mut contraction = 0.0_f64;
    for j in -(modes + reach)..=modes + reach {
        // I − A DF on e_j: A is the identity beyond the block.
        let column = |i: i32| if (i - j).abs() <= reach { entry(i, j) } else { Complex64::default() };
        let inside: Vec<Complex64> = (0..size).map(|k| column(place(k))).collect();
        let mut sum = 0.0;
        for i in (j - reach).min(-modes)..=(j + reach).max(modes) {
            let image = if i.abs() <= modes {
                let k = (i + modes) as usize;
                inside.iter().enumerate().map(|(l, v)| inverse(k, l) * v).sum::<Complex64>()
            } else {
                column(i)
            };
            sum += weight(i) * (if i == j { 1.0 - image } else { -image }).norm();
        }
        contraction = contraction.max(sum / weight(j));
    }
    // Columns farther out meet no inverse, and are small by smoothing.
    contraction = contraction.max(3.0 * alpha * square.barron(order) * smoothing(modes + 1));
    let column_norm =
        |j: usize| (0..size).map(|i| weight(place(i)) * inverse(i, j).norm()).sum::<f64>() / weight(place(j));
    let norm_of_inverse = (0..size).map(column_norm).fold(1.0, f64::max);
    let norm = u.barron(order);
    let total = |rho: f64| {
        defect + contraction * rho + norm_of_inverse * alpha * (3.0 * norm * rho * rho + rho.powi(3))
    };
    // From below: the fixed-point iteration of an increasing function ends at its least fixed point.
    let mut rho = defect.max(f64::MIN_POSITIVE);
    for _ in 0..200 {
        let next = total(rho) * (1.0 + 1e-12);
        if !next.is_finite() || next > 1e6 * (1.0 + norm) {
            return None;
        }
        if total(next) < next {
            return Some(Radius { radius: next, norm, defect, contraction, inverse: norm_of_inverse });
        }
        rho = next;
    }
    None
}
