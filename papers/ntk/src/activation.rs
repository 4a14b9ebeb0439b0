//! The Gaussian expectations of activations σ that the limiting kernels are made of.

pub use networks::Activation;

/// A pair of jointly Gaussian numbers u, v of mean 0: variances, covariance, and 1 ∓ correlation, which are carried beside the covariance
/// because they cannot be recovered from it where u and v nearly coincide, or nearly are opposite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// E u².
    pub left: f64,
    /// E v².
    pub right: f64,
    /// E u v.
    pub covariance: f64,
    /// 1 − E u v / √(E u² E v²), in [0, 2]; 0 where a variance is.
    pub gap: f64,
    /// 1 + E u v / √(E u² E v²) = 2 − gap, with its own digits.
    pub opposite: f64,
}

/// E σ(u)σ(v) and E σ′(u)σ′(v), with what the next layer needs to know of the pair: the variances E σ(u)², E σ(v)², and
/// √(E σ(u)² E σ(v)²) ∓ E σ(u)σ(v).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expectations {
    /// E σ(u)σ(v).
    pub product: f64,
    /// E σ′(u)σ′(v).
    pub derivatives: f64,
    /// E σ(u)².
    pub left: f64,
    /// E σ(v)².
    pub right: f64,
    /// √(E σ(u)² E σ(v)²) − E σ(u)σ(v) ≥ 0.
    pub defect: f64,
    /// √(E σ(u)² E σ(v)²) + E σ(u)σ(v) ≥ 0.
    pub surplus: f64,
}

/// The expectations for a pair. Closed for [`Activation::Relu`] and [`Activation::Erf`], else by the trapezoidal rule with some
/// 120² nodes, more at variances above 3.5; its error is below 1e-10.
pub fn expectations(activation: Activation, pair: Pair) -> Expectations {
    match activation {
        Activation::Relu => rectifier(pair),
        Activation::Erf => error_function(pair),
        smooth => quadrature(smooth, pair),
    }
}

/// The arc-cosine kernels of Cho and Saul (2009). With the angle θ from t = 1 − cos θ, the defect is (g/2)(1 − κ), where
/// 1 − κ = t + (θ cos θ − sin θ)/π keeps its digits at small angles.
///
/// Selections instead of branches, so that a loop over it becomes vector instructions.
#[inline(always)]
pub(crate) fn rectifier(pair: Pair) -> Expectations {
    use std::f64::consts::PI;
    let geometric = (pair.left * pair.right).sqrt();
    let acute = pair.gap <= 1.0;
    // θ or π − θ, whichever is at most π/2, from the smaller of 1 ∓ cos θ.
    let smaller = if acute { pair.gap } else { pair.opposite };
    let angle = 2.0 * arcsine_of_root((smaller / 2.0).clamp(0.0, 0.5));
    let left_over = if acute { PI - angle } else { angle };
    let cosine = if acute { 1.0 - pair.gap } else { pair.opposite - 1.0 };
    let sine = (pair.gap * pair.opposite).max(0.0).sqrt();
    let product = geometric * (sine + left_over * cosine) / (2.0 * PI);
    let near = geometric / 2.0 * (pair.gap + (angle * cosine - sine) / PI).max(0.0);
    Expectations {
        product,
        derivatives: left_over / (2.0 * PI),
        left: pair.left / 2.0,
        right: pair.right / 2.0,
        defect: if acute { near } else { geometric / 2.0 - product },
        surplus: geometric / 2.0 + product,
    }
}

/// asin √z for z in [0, ½], to a few roundings of its value; tests hold angles to 1e-15. (Towards 1, √z loses the digits that asin wants.)
///
/// The polynomial interpolates (asin √z/√z − 1)/z at 13 Chebyshev points of [0, 1/4], to 6e-18 in asin √z/√z; above that asin x = π/2 − 2 asin √((1 − x)/2).
#[inline(always)]
fn arcsine_of_root(z: f64) -> f64 {
    const COEFFICIENTS: [f64; 12] = [
        -0.014851887071247204,
        0.01740087944269402,
        0.005457506718640358,
        0.01032281435018578,
        0.011479177415184906,
        0.013971212973552933,
        0.017352392720869973,
        0.02237217294214989,
        0.030381944138531247,
        0.04464285714635543,
        0.07499999999998433,
        0.16666666666666669,
    ];
    let root = z.sqrt();
    let small = z <= 0.25;
    let reduced = if small { z } else { 0.5 - 0.5 * root };
    let sine = if small { root } else { reduced.sqrt() };
    let mut series = 0.028757851367421566;
    for coefficient in COEFFICIENTS {
        series = reduced.mul_add(series, coefficient);
    }
    let arc = (sine * reduced).mul_add(series, sine);
    if small { arc } else { std::f64::consts::FRAC_PI_2 - 2.0 * arc }
}

/// Williams (1997): 2/π asin(2 u·v / √((1 + 2u²)(1 + 2v²))); the determinant u² v² − (uv)² comes from t, not from a difference.
fn error_function(pair: Pair) -> Expectations {
    use std::f64::consts::PI;
    let determinant = pair.left * pair.right * pair.gap * pair.opposite;
    let under = 1.0 + 2.0 * (pair.left + pair.right) + 4.0 * determinant;
    // sin φ = 2c/√((1 + 2u²)(1 + 2v²)), cos φ = √(under)/√(…): by atan2, which keeps the digits where sin φ is near 1.
    let product = 2.0 / PI * (2.0 * pair.covariance).atan2(under.sqrt());
    let (left, right) = (error_function_variance(pair.left), error_function_variance(pair.right));
    Expectations {
        product,
        derivatives: 4.0 / PI / under.sqrt(),
        left,
        right,
        defect: ((left * right).sqrt() - product).max(0.0),
        surplus: ((left * right).sqrt() + product).max(0.0),
    }
}

/// The same by atan2 on the diagonal: sin φ = 2q/(1 + 2q), cos φ = √(1 + 4q)/(1 + 2q).
fn error_function_variance(q: f64) -> f64 {
    2.0 / std::f64::consts::PI * (2.0 * q).atan2((1.0 + 4.0 * q).sqrt())
}

/// The trapezoidal rule in both dimensions of the normal plane. For functions that are analytic in a strip of half-width a its error falls as exp(−2πa/h) with the step h; that of a
/// Gauss–Hermite rule with as many nodes falls as exp(−c√nodes) for tanh, which has poles. The nearest ones of tanh(√q z) are at a = π/(2√q), so that h = 0.28/√q gives
/// exp(−π²/0.28) ≈ 5e-16, times up to (2π/h)³ because products of derivatives have poles of order four where u and v coincide: below 1e-10.
fn quadrature(activation: Activation, pair: Pair) -> Expectations {
    let rule = normal_rule(0.15_f64.min(0.28 / pair.left.max(pair.right).sqrt()));
    let (left, right) = (pair.left.sqrt(), pair.right.sqrt());
    let (along, across) = (1.0 - pair.gap, (pair.gap * pair.opposite).max(0.0).sqrt());
    let mut sums = [0.0; 4];
    for (x, wx) in &rule {
        let u = left * x;
        let (value_u, slope_u) = (activation.value(u), activation.derivative(u));
        let (mut product, mut slopes) = (0.0, 0.0);
        for (y, wy) in &rule {
            let v = right * (along * x + across * y);
            product += wy * activation.value(v);
            slopes += wy * activation.derivative(v);
        }
        sums[0] += wx * value_u * product;
        sums[1] += wx * slope_u * slopes;
        sums[2] += wx * value_u * value_u;
        sums[3] += wx * activation.value(right * x).powi(2);
    }
    let [product, derivatives, square_left, square_right] = sums;
    let geometric = (square_left * square_right).sqrt();
    Expectations {
        product,
        derivatives,
        left: square_left,
        right: square_right,
        defect: (geometric - product).max(0.0),
        surplus: (geometric + product).max(0.0),
    }
}

/// Nodes and weights for the standard normal law with steps of `step`, out to where its density is 1e-17.
fn normal_rule(step: f64) -> Vec<(f64, f64)> {
    let last = (8.6 / step).ceil() as i32;
    let scale = step / (2.0 * std::f64::consts::PI).sqrt();
    let node = |i: i32| {
        let x = f64::from(i) * step;
        (x, scale * (-x * x / 2.0).exp())
    };
    (-last..=last).map(node).collect()
}
