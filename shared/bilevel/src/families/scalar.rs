//! One variable above, one below: where the penalty is close, and where it is not.

use ndarray::{Array2, array};

use crate::levels::{Bilevel, Known, Lower, Products, SecondOrder, Upper};
use crate::sets::ConvexSet;

/// A problem in x and y with everything in closed form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// g = xy, f = x² + y² on [−1, 1]: S jumps at x = 0, and ψ with it.
    Jump,
    /// g = (y − x)²/2, f = y on [0, 3]: strict complementarity fails at x = 0.
    Kink,
    /// g = |y − x|^p/p, f = y: the error bound fails for p > 2.
    GrowthLinear {
        /// p ≥ 2.
        p: f64,
    },
    /// The same with f = y²/2, for x > 0.
    GrowthQuadratic {
        /// p ≥ 2.
        p: f64,
    },
    /// g = −xy + μy²/2 + cy³/6, f = y, on the branch through 0: attains the orders 1/μ and 1/μ³.
    TiltCubic {
        /// μ > 0.
        mu: f64,
        /// c ≥ 0.
        c: f64,
    },
    /// g = −xy, f = (y − t)²/2 on [−1, 1], for x > 0: the penalty is exact.
    Vertex {
        /// t < 1.
        t: f64,
    },
}

impl Scalar {
    /// The global minimiser of σf + g; for σ = 0 that of f over S(x).
    pub fn penalised(self, x: f64, sigma: f64) -> f64 {
        match self {
            Self::Jump if x == 0.0 => 0.0,
            Self::Jump => (-x / (2.0 * sigma)).clamp(-1.0, 1.0),
            Self::Kink => (x - sigma).clamp(0.0, 3.0),
            Self::GrowthLinear { p } => x - sigma.powf(1.0 / (p - 1.0)),
            Self::GrowthQuadratic { p } => {
                // σy = (x − y)^(p−1) on [0, x], by bisection on an increasing function.
                let (mut low, mut high) = (0.0, x);
                for _ in 0..200 {
                    let middle = f64::midpoint(low, high);
                    if sigma * middle < (x - middle).powf(p - 1.0) { low = middle } else { high = middle }
                }
                if sigma == 0.0 { x } else { f64::midpoint(low, high) }
            }
            // (−μ + √(μ² + 2c(x − σ)))/c without cancellation.
            Self::TiltCubic { mu, c } => 2.0 * (x - sigma) / (mu + (mu * mu + 2.0 * c * (x - sigma)).sqrt()),
            Self::Vertex { t } => (t + x / sigma).clamp(-1.0, 1.0),
        }
    }

    /// ψ(x).
    pub fn psi(self, x: f64) -> f64 {
        self.upper(&[x], &self.solution(&[x]))
    }

    /// ψ′(x); `None` where ψ has none.
    pub fn psi_slope(self, x: f64) -> Option<f64> {
        match self {
            Self::Jump => (x != 0.0).then_some(2.0 * x),
            Self::Kink => (x != 0.0 && x != 3.0).then(|| f64::from(u8::from(x > 0.0 && x < 3.0))),
            Self::GrowthLinear { .. } => Some(1.0),
            Self::GrowthQuadratic { .. } => Some(x),
            Self::TiltCubic { mu, c } => Some(1.0 / (mu * mu + 2.0 * c * x).sqrt()),
            Self::Vertex { .. } => Some(0.0),
        }
    }
}

impl Upper for Scalar {
    fn upper(&self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Self::Jump => x[0] * x[0] + y[0] * y[0],
            Self::Kink | Self::GrowthLinear { .. } | Self::TiltCubic { .. } => y[0],
            Self::GrowthQuadratic { .. } => 0.5 * y[0] * y[0],
            Self::Vertex { t } => 0.5 * (y[0] - t).powi(2),
        }
    }
    fn upper_x(&self, x: &[f64], _: &[f64], out: &mut [f64]) {
        out[0] = if *self == Self::Jump { 2.0 * x[0] } else { 0.0 };
    }
    fn upper_y(&self, _: &[f64], y: &[f64], out: &mut [f64]) {
        out[0] = match self {
            Self::Jump => 2.0 * y[0],
            Self::Kink | Self::GrowthLinear { .. } | Self::TiltCubic { .. } => 1.0,
            Self::GrowthQuadratic { .. } => y[0],
            Self::Vertex { t } => y[0] - t,
        };
    }
}

impl Lower for Scalar {
    fn lower(&self, x: &[f64], y: &[f64]) -> f64 {
        let (x, y) = (x[0], y[0]);
        match self {
            Self::Jump => x * y,
            Self::Kink => 0.5 * (y - x).powi(2),
            Self::GrowthLinear { p } | Self::GrowthQuadratic { p } => (y - x).abs().powf(*p) / p,
            Self::TiltCubic { mu, c } => y * (-x + y * (mu / 2.0 + y * c / 6.0)),
            Self::Vertex { .. } => -x * y,
        }
    }
    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let (x, y) = (x[0], y[0]);
        out[0] = match self {
            Self::Jump => y,
            Self::Kink => x - y,
            Self::GrowthLinear { p } | Self::GrowthQuadratic { p } => {
                (x - y).signum() * (y - x).abs().powf(p - 1.0)
            }
            Self::TiltCubic { .. } | Self::Vertex { .. } => -y,
        };
    }
    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let (x, y) = (x[0], y[0]);
        out[0] = match self {
            Self::Jump => x,
            Self::Kink => y - x,
            Self::GrowthLinear { p } | Self::GrowthQuadratic { p } => {
                (y - x).signum() * (y - x).abs().powf(p - 1.0)
            }
            Self::TiltCubic { mu, c } => -x + mu * y + c * y * y / 2.0,
            Self::Vertex { .. } => -x,
        };
    }
}

impl Bilevel for Scalar {
    fn dimensions(&self) -> (usize, usize) {
        (1, 1)
    }
    fn lower_set(&self) -> &ConvexSet {
        match self {
            Self::Jump | Self::Vertex { .. } => &ConvexSet::Box { low: -1.0, high: 1.0 },
            Self::Kink => &ConvexSet::Box { low: 0.0, high: 3.0 },
            _ => &ConvexSet::Whole,
        }
    }
}

impl Products for Scalar {
    fn lower_yy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        out[0] = self.lower_yy(x, y)[(0, 0)] * v[0];
    }
    fn lower_xy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let mixed = match self {
            Self::Jump => 1.0,
            Self::Kink | Self::TiltCubic { .. } | Self::Vertex { .. } => -1.0,
            Self::GrowthLinear { .. } | Self::GrowthQuadratic { .. } => -self.lower_yy(x, y)[(0, 0)],
        };
        out[0] = mixed * v[0];
    }
}

impl SecondOrder for Scalar {
    fn lower_yy(&self, x: &[f64], y: &[f64]) -> Array2<f64> {
        let curvature = match self {
            Self::Jump | Self::Vertex { .. } => 0.0,
            Self::Kink => 1.0,
            Self::GrowthLinear { p } | Self::GrowthQuadratic { p } => {
                (p - 1.0) * (y[0] - x[0]).abs().powf(p - 2.0)
            }
            Self::TiltCubic { mu, c } => mu + c * y[0],
        };
        array![[curvature]]
    }
    fn upper_yy(&self, _: &[f64], _: &[f64]) -> Array2<f64> {
        array![[match self {
            Self::Jump => 2.0,
            Self::GrowthQuadratic { .. } | Self::Vertex { .. } => 1.0,
            _ => 0.0,
        }]]
    }
}

impl Known for Scalar {
    fn solution(&self, x: &[f64]) -> Vec<f64> {
        vec![match self {
            Self::Jump if x[0] == 0.0 => 0.0,
            Self::Jump => -x[0].signum(),
            Self::Kink => x[0].clamp(0.0, 3.0),
            Self::GrowthLinear { .. } | Self::GrowthQuadratic { .. } => x[0],
            Self::TiltCubic { .. } => self.penalised(x[0], 0.0),
            Self::Vertex { .. } => 1.0,
        }]
    }
    fn near_penalised(&self, x: &[f64], sigma: f64) -> Vec<f64> {
        if sigma == 0.0 { self.solution(x) } else { vec![self.penalised(x[0], sigma)] }
    }
}
