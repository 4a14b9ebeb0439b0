//! The proximal Lagrangian value function, its gradient, and certificates of a point.
//!
//! ```text
//! v(x, y, z) = min over θ in Y, max over λ in Z of f(x, θ) + λᵀg(x, θ) + |θ − y|²/(2γ₁) − |λ − z|²/(2γ₂)
//! ```
//!
//! The function is strongly convex in θ and strongly concave in λ, so the saddle point is one, and v is smooth (Danskin):
//!
//! ```text
//! ∂_x v = ∂_x f(x, θ) + J_x g(x, θ)ᵀλ,    ∂_y v = (y − θ)/γ₁,    ∂_z v = (λ − z)/γ₂
//! ```
//!
//! **Lemma (derived here).** On C × Z, f − v ≥ |y − θ|²/(2γ₁) + min over λ in Z of (−λᵀg(x, y) + |λ − z|²/(2γ₂)) ≥ 0, and f = v exactly where (y, z) is a pair of a lower solution with its multipliers: h(θ) = max over λ is
//! (1/γ₁)-strongly convex, so v = h(θ*) ≤ h(y) − |y − θ*|²/(2γ₁), and f − h(y) is the second term. If both vanish θ = y and λ = z, and the saddle's conditions are those of Karush, Kuhn and Tucker. Z only has to hold the
//! multipliers; a smaller box leaves f − v > 0 everywhere for some x.

use crate::problem::{Problem, Proximal, Saddle, clamp, norm};

/// v at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// v.
    pub value: f64,
    /// ∂_x v.
    pub by_x: Vec<f64>,
    /// ∂_y v.
    pub by_y: Vec<f64>,
    /// ∂_z v.
    pub by_z: Vec<f64>,
    /// Where it is taken.
    pub saddle: Saddle,
}

/// v and its gradient from a saddle point: exact if the saddle is.
pub fn at_saddle(
    problem: &dyn Problem,
    (x, y, z): (&[f64], &[f64], &[f64]),
    proximal: Proximal,
    saddle: Saddle,
) -> Value {
    let sizes = problem.dimensions();
    let (mut by_x, mut unused) = (vec![0.0; sizes.x], vec![0.0; sizes.y]);
    let mut value = problem.lower(x, &saddle.theta, &mut by_x, &mut unused);
    let mut g = vec![0.0; sizes.constraints];
    problem.constraint(x, &saddle.theta, &mut g);
    problem.add_jacobian(x, &saddle.theta, &saddle.lambda, &mut by_x, &mut unused);
    let by_y: Vec<f64> = y.iter().zip(&saddle.theta).map(|(y, t)| (y - t) / proximal.gamma1).collect();
    let by_z: Vec<f64> = saddle.lambda.iter().zip(z).map(|(l, z)| (l - z) / proximal.gamma2).collect();
    value += saddle.lambda.iter().zip(&g).map(|(l, g)| l * g).sum::<f64>();
    value += norm(&by_y).powi(2) * proximal.gamma1 / 2.0 - norm(&by_z).powi(2) * proximal.gamma2 / 2.0;
    Value { value, by_x, by_y, by_z, saddle }
}

/// The exact value, where the problem has exact saddles.
pub fn exact(problem: &dyn Problem, point: (&[f64], &[f64], &[f64]), proximal: Proximal) -> Option<Value> {
    let saddle = problem.saddle(point.0, point.1, point.2, proximal)?;
    Some(at_saddle(problem, point, proximal, saddle))
}

/// One simultaneous projected step of length η on the saddle problem.
///
/// The operator is strongly monotone with ρ = min(1/γ₁, 1/γ₂); with a Lipschitz constant L_B steps below 2ρ/L_B² contract, best by √(1 − ρ²/L_B²) at ρ/L_B².
pub fn saddle_step(
    problem: &dyn Problem,
    (x, y, z): (&[f64], &[f64], &[f64]),
    proximal: Proximal,
    eta: f64,
    saddle: &mut Saddle,
    scratch: &mut Scratch,
) {
    let Scratch { by_x, by_y, g } = scratch;
    problem.lower(x, &saddle.theta, by_x, by_y);
    problem.add_jacobian(x, &saddle.theta, &saddle.lambda, by_x, by_y);
    problem.constraint(x, &saddle.theta, g);
    for ((theta, y), slope) in saddle.theta.iter_mut().zip(y).zip(by_y.iter()) {
        *theta -= eta * (slope + (*theta - y) / proximal.gamma1);
    }
    for ((lambda, z), g) in saddle.lambda.iter_mut().zip(z).zip(g.iter()) {
        *lambda -= eta * (-g + (*lambda - z) / proximal.gamma2);
    }
    problem.project_lower(&mut saddle.theta);
    clamp(&mut saddle.lambda, problem.multipliers());
}

/// Memory of the steps.
pub struct Scratch {
    pub(crate) by_x: Vec<f64>,
    pub(crate) by_y: Vec<f64>,
    pub(crate) g: Vec<f64>,
}

impl Scratch {
    /// For one problem.
    pub fn new(problem: &dyn Problem) -> Self {
        let sizes = problem.dimensions();
        Self { by_x: vec![0.0; sizes.x], by_y: vec![0.0; sizes.y], g: vec![0.0; sizes.constraints] }
    }
}

/// How far a point is from a lower solution with its multipliers, in numbers that need no trust in a method but in the saddle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// f − v ≥ 0, zero exactly at such pairs.
    pub gap: f64,
    /// The lemma's lower bound of the gap.
    pub bound: f64,
    /// |∂_y f + J_yᵀz| (after projection onto Y), |min(z, −g)| and violations of g: the largest.
    pub kkt: f64,
    /// The largest violation of g.
    pub infeasibility: f64,
    /// Whether a multiplier of the saddle lies on the bound of Z, which may then be too small.
    pub on_bound: bool,
}

/// Computes it.
pub fn certificate(
    problem: &dyn Problem,
    (x, y, z): (&[f64], &[f64], &[f64]),
    proximal: Proximal,
    value: &Value,
) -> Certificate {
    let sizes = problem.dimensions();
    let (low, high) = problem.multipliers();
    let (mut by_x, mut by_y) = (vec![0.0; sizes.x], vec![0.0; sizes.y]);
    let lower = problem.lower(x, y, &mut by_x, &mut by_y);
    let mut g = vec![0.0; sizes.constraints];
    problem.constraint(x, y, &mut g);
    let away: f64 = value.by_y.iter().map(|a| a * a).sum::<f64>() * proximal.gamma1 / 2.0;
    // min over λ in the box of −λg + (λ − z)²/(2γ₂), one by one.
    let complementary: f64 = g
        .iter()
        .zip(z)
        .map(|(g, z)| {
            let lambda = (z + proximal.gamma2 * g).clamp(low, high);
            -lambda * g + (lambda - z).powi(2) / (2.0 * proximal.gamma2)
        })
        .sum();
    problem.add_jacobian(x, y, z, &mut by_x, &mut by_y);
    let mut moved: Vec<f64> = y.iter().zip(&by_y).map(|(y, s)| y - s).collect();
    problem.project_lower(&mut moved);
    let stationarity = moved.iter().zip(y).map(|(m, y)| (m - y).powi(2)).sum::<f64>().sqrt();
    let equation = problem.equations();
    let violation = |g: &f64| if equation { g.abs() } else { g.max(0.0) };
    let infeasibility = g.iter().map(violation).fold(0.0, f64::max);
    let slackness =
        if equation { 0.0 } else { g.iter().zip(z).map(|(g, z)| z.min(-g).abs()).fold(0.0, f64::max) };
    Certificate {
        gap: lower - value.value,
        bound: away + complementary,
        kkt: stationarity.max(slackness).max(infeasibility),
        infeasibility,
        on_bound: high.is_finite()
            && value
                .saddle
                .lambda
                .iter()
                .any(|lambda| if equation { lambda.abs() >= high } else { *lambda >= high }),
    }
}
