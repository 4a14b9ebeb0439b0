//! What is used without learning: total variation and Haar wavelets, for any linear measurement of square images.

use crate::operator::LeastSquares;

/// An image with what certifies it.
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    /// The image.
    pub x: Vec<f64>,
    /// The objective.
    pub objective: f64,
    /// For denoising by total variation, the gap to a dual point: the objective is at most this above the least.
    pub gap: Option<f64>,
    /// Steps made.
    pub steps: usize,
}

/// Differences to the right and below, zero at the borders.
fn differences(x: &[f64], side: usize, out: &mut [[f64; 2]]) {
    for row in 0..side {
        for column in 0..side {
            let k = row * side + column;
            out[k] = [
                if column + 1 < side { x[k + 1] - x[k] } else { 0.0 },
                if row + 1 < side { x[k + side] - x[k] } else { 0.0 },
            ];
        }
    }
}

/// The transpose of [`differences`].
fn transposed(p: &[[f64; 2]], side: usize, out: &mut [f64]) {
    out.fill(0.0);
    for row in 0..side {
        for column in 0..side {
            let k = row * side + column;
            if column + 1 < side {
                out[k + 1] += p[k][0];
                out[k] -= p[k][0];
            }
            if row + 1 < side {
                out[k + side] += p[k][1];
                out[k] -= p[k][1];
            }
        }
    }
}

/// Σ of lengths of the differences at each pixel.
pub fn total_variation(x: &[f64], side: usize) -> f64 {
    let mut d = vec![[0.0; 2]; x.len()];
    differences(x, side, &mut d);
    d.iter().map(|[a, b]| a.hypot(*b)).sum()
}

/// min |x − b|²/2 + weight·TV(x) by the accelerated primal-dual method (Chambolle and Pock 2011, Algorithm 2), until the gap is at most `tolerance` times the objective or after `most` steps. Cost: some 40 flops a pixel and step.
pub fn denoise_by_total_variation(
    b: &[f64],
    side: usize,
    weight: f64,
    tolerance: f64,
    most: usize,
) -> Solved {
    let n = b.len();
    let (mut x, mut ahead, mut p) = (b.to_vec(), b.to_vec(), vec![[0.0; 2]; n]);
    let (mut d, mut image) = (vec![[0.0; 2]; n], vec![0.0; n]);
    // ‖D‖² < 8, and the data term is 1-strongly convex.
    let (mut tau, mut sigma) = (0.25, 0.5);
    let objective = |x: &[f64]| {
        let squared: f64 = x.iter().zip(b).map(|(x, b)| (x - b) * (x - b)).sum();
        0.5 * squared + weight * total_variation(x, side)
    };
    let mut solved = Solved { x: x.clone(), objective: objective(&x), gap: None, steps: 0 };
    for step in 1..=most {
        differences(&ahead, side, &mut d);
        for (p, d) in p.iter_mut().zip(&d) {
            let moved = [p[0] + sigma * d[0], p[1] + sigma * d[1]];
            let scale = 1.0 / (moved[0].hypot(moved[1]) / weight).max(1.0);
            *p = [scale * moved[0], scale * moved[1]];
        }
        transposed(&p, side, &mut image);
        let theta = 1.0 / (1.0_f64 + 2.0 * tau).sqrt();
        for k in 0..n {
            let next = (x[k] - tau * image[k] + tau * b[k]) / (1.0 + tau);
            ahead[k] = next + theta * (next - x[k]);
            x[k] = next;
        }
        tau *= theta;
        sigma /= theta;
        if step % 10 == 0 || step == most {
            // The dual value at p: |b|²/2 − |b − Dᵀp|²/2.
            let dual: f64 = b.iter().zip(&image).map(|(b, d)| d * (b - 0.5 * d)).sum();
            let value = objective(&x);
            solved =
                Solved { x: x.clone(), objective: value, gap: Some((value - dual).max(0.0)), steps: step };
            if value - dual <= tolerance * value {
                break;
            }
        }
    }
    solved
}

/// min h(x) + weight·TV(x) by the primal-dual method with a gradient step on h (Condat 2013, Vũ 2013), `steps` of them.
pub fn total_variation_reconstruction(h: &LeastSquares, side: usize, weight: f64, steps: usize) -> Solved {
    let start = h.operator.adjoint(&h.observed);
    let n = start.len();
    let (mut x, mut p) = (start, vec![[0.0; 2]; n]);
    let (mut d, mut image) = (vec![[0.0; 2]; n], vec![0.0; n]);
    let smoothness = h.smoothness();
    // 1/τ − 8σ ≥ L/2.
    let tau = 1.0 / smoothness;
    let sigma = smoothness / 16.0;
    for _ in 0..steps {
        let gradient = h.gradient(&x);
        transposed(&p, side, &mut image);
        let next: Vec<f64> = (0..n).map(|k| x[k] - tau * (gradient[k] + image[k])).collect();
        let ahead: Vec<f64> = next.iter().zip(&x).map(|(next, x)| 2.0 * next - x).collect();
        differences(&ahead, side, &mut d);
        for (p, d) in p.iter_mut().zip(&d) {
            let moved = [p[0] + sigma * d[0], p[1] + sigma * d[1]];
            let scale = 1.0 / (moved[0].hypot(moved[1]) / weight).max(1.0);
            *p = [scale * moved[0], scale * moved[1]];
        }
        x = next;
    }
    let objective = h.value(&x) + weight * total_variation(&x, side);
    Solved { x, objective, gap: None, steps }
}

/// Orthonormal Haar coefficients of a square image, over as many levels as halve its side; in place.
pub fn haar(x: &mut [f64], side: usize, inverse: bool) {
    let levels: Vec<usize> =
        std::iter::successors(Some(side), |width| (width % 4 == 0 || *width == 2).then_some(width / 2))
            .take_while(|width| width.is_multiple_of(2))
            .collect();
    let root = std::f64::consts::FRAC_1_SQRT_2;
    let mut line = vec![0.0; side];
    let mut along = |x: &mut [f64], width: usize, start: usize, stride: usize| {
        let half = width / 2;
        for k in 0..half {
            if inverse {
                let (a, b) = (x[start + k * stride], x[start + (half + k) * stride]);
                (line[2 * k], line[2 * k + 1]) = (root * (a + b), root * (a - b));
            } else {
                let (a, b) = (x[start + 2 * k * stride], x[start + (2 * k + 1) * stride]);
                (line[k], line[half + k]) = (root * (a + b), root * (a - b));
            }
        }
        for (k, value) in line[..width].iter().enumerate() {
            x[start + k * stride] = *value;
        }
    };
    let mut level = |x: &mut [f64], width: usize| {
        for row in 0..width {
            along(x, width, row * side, 1);
        }
        for column in 0..width {
            along(x, width, column, side);
        }
    };
    if inverse {
        levels.iter().rev().for_each(|width| level(x, *width));
    } else {
        levels.iter().for_each(|width| level(x, *width));
    }
}

/// min h(x) + weight·|Wx|₁ with Haar wavelets W, by FISTA, `steps` of them.
pub fn wavelet_reconstruction(h: &LeastSquares, side: usize, weight: f64, steps: usize) -> Solved {
    let mut x = h.operator.adjoint(&h.observed);
    let mut ahead = x.clone();
    let step = 1.0 / h.smoothness();
    let mut momentum = 1.0_f64;
    for _ in 0..steps {
        let gradient = h.gradient(&ahead);
        let mut next: Vec<f64> = ahead.iter().zip(&gradient).map(|(x, g)| x - step * g).collect();
        haar(&mut next, side, false);
        next.iter_mut().for_each(|c| *c = c.signum() * (c.abs() - step * weight).max(0.0));
        haar(&mut next, side, true);
        let later = 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt());
        let share = (momentum - 1.0) / later;
        ahead = next.iter().zip(&x).map(|(next, x)| next + share * (next - x)).collect();
        (x, momentum) = (next, later);
    }
    let mut coefficients = x.clone();
    haar(&mut coefficients, side, false);
    let objective = h.value(&x) + weight * coefficients.iter().map(|c| c.abs()).sum::<f64>();
    Solved { x, objective, gap: None, steps }
}

/// 10 lg(1/mean squared error), for images from 0 to 1, in decibels.
pub fn signal_to_noise(x: &[f64], truth: &[f64]) -> f64 {
    let squared: f64 = x.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum();
    -10.0 * (squared / x.len() as f64).log10()
}

/// Structural similarity of images from 0 to 1, mean over all 7 × 7 windows (Wang and others 2004, flat windows).
pub fn structural_similarity(x: &[f64], truth: &[f64], side: usize) -> f64 {
    let (window, places) = (7.min(side), side + 1 - 7.min(side));
    let count = (window * window) as f64;
    let mut sum = 0.0;
    for top in 0..places {
        for left in 0..places {
            let mut moments = [0.0; 5];
            for row in top..top + window {
                for column in left..left + window {
                    let (a, b) = (x[row * side + column], truth[row * side + column]);
                    for (moment, term) in moments.iter_mut().zip([a, b, a * a, b * b, a * b]) {
                        *moment += term / count;
                    }
                }
            }
            let [a, b, aa, bb, ab] = moments;
            let (c1, c2) = (1e-4, 9e-4);
            sum += (2.0 * a * b + c1) * (2.0 * (ab - a * b) + c2)
                / ((a * a + b * b + c1) * (aa - a * a + bb - b * b + c2));
        }
    }
    sum / (places * places) as f64
}
