//! The landscape of the paper's Figures 1 and 2: a bent canyon with noise on its floor ("GrandCanyon3noisy" in the authors' scripts).
//!
//! ```text
//! E(x, y) = 25 (1 − exp(−1.4 u² exp(−0.002 x⁴))) + 0.4 x² + 0.2 y² + 1.1625 (2 − cos(0.75 πx) − cos(0.75 πy))
//!         + 4 exp(1 − 2u⁴) max((1 − exp(−9b²)) sign b, 0),     u = y − (x − 1)(x − 4)²/8 − 2,   b = −x − 1.6 y
//! ```
//!
//! Every term is at least 0 and the quadratic ones vanish at 0 alone, which is therefore the only global minimiser, E(0) = 0. The gradient is continuous, the
//! Hessian jumps on the line b = 0.

use std::f64::consts::{E, PI};

use crate::elementary::one_minus_cosine;
use crate::objective::Objective;

/// The canyon.
#[derive(Clone, Copy, Debug)]
pub struct Canyon;

/// The start of all runs in the authors' scripts.
pub const START: [f64; 2] = [8.0, 8.0];

impl Objective for Canyon {
    fn dimension(&self) -> usize {
        2
    }

    fn evaluate(&self, points: &[f64], values: &mut [f64]) {
        for (point, value) in points.chunks_exact(2).zip(values) {
            let (x, y) = (point[0], point[1]);
            let (depth, wall, b) = terms(x, y);
            let bumps = one_minus_cosine(0.375 * x) + one_minus_cosine(0.375 * y);
            let ridge = if b > 0.0 { -4.0 * E * wall * (-9.0 * b * b).exp_m1() } else { 0.0 };
            *value = -25.0 * (-depth).exp_m1() + 0.4 * x * x + 0.2 * y * y + 1.1625 * bumps + ridge;
        }
    }

    fn gradient(&self, point: &[f64], gradient: &mut [f64]) {
        let (x, y) = (point[0], point[1]);
        let (depth, wall, b) = terms(x, y);
        let u = from_floor(x, y);
        let u_x = -((x - 4.0) * (x - 4.0) + 2.0 * (x - 1.0) * (x - 4.0)) / 8.0;
        let fading = (-0.002 * x.powi(4)).exp();
        let slope_of_depth = 2.8 * u * fading;
        let steep = 25.0 * (-depth).exp();
        let wave = |x: f64| 1.1625 * 0.75 * PI * (0.75 * PI * x).sin();
        gradient[0] = steep * (slope_of_depth * u_x - 0.008 * x.powi(3) * depth) + 0.8 * x + wave(x);
        gradient[1] = steep * slope_of_depth + 0.4 * y + wave(y);
        if b > 0.0 {
            let rise = -(-9.0 * b * b).exp_m1();
            let slope_of_wall = -8.0 * u.powi(3) * wall;
            let slope_of_rise = 18.0 * b * (-9.0 * b * b).exp();
            gradient[0] += 4.0 * E * (slope_of_wall * u_x * rise - wall * slope_of_rise);
            gradient[1] += 4.0 * E * (slope_of_wall * rise - 1.6 * wall * slope_of_rise);
        }
    }
}

/// u: height above the canyon's floor along y.
fn from_floor(x: f64, y: f64) -> f64 {
    y - ((x - 1.0) * (x - 4.0) * (x - 4.0) / 8.0 + 2.0)
}

/// 1.4 u² exp(−0.002 x⁴), exp(−2u⁴) and b. Far out u² overflows where its factor is zero: the product is zero there.
fn terms(x: f64, y: f64) -> (f64, f64, f64) {
    let squared = from_floor(x, y).powi(2);
    let fading = (-0.002 * x.powi(4)).exp();
    let depth = if fading == 0.0 { 0.0 } else { 1.4 * squared * fading };
    (depth, (-2.0 * squared * squared).exp(), -x - 1.6 * y)
}
