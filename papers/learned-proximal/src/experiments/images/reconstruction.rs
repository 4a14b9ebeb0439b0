//! Images from linear measurements, by the networks and by classical regularisers.

use lab::Failure;
use ndarray::ArrayView2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::trained::Trained;
use super::{Row, TASKS, What, Who};
use crate::classical::{
    signal_to_noise, structural_similarity, total_variation_reconstruction, wavelet_reconstruction,
};
use crate::network::{ProximalNetwork, Work};
use crate::operator::{LeastSquares, Operator};
use crate::plug_and_play::{Denoiser, Until, douglas_rachford};

/// f = y + ∇ψ of a potential that need not be convex.
struct Unclipped<'a>(&'a ProximalNetwork);

impl Denoiser for Unclipped<'_> {
    fn denoise(&self, y: &[f64], work: &mut Work) -> (Vec<f64>, Option<f64>) {
        (self.0.potential_and_prox(y, work).prox, None)
    }
}

impl Trained {
    pub fn reconstructed(
        &self,
        (test, validation): (ArrayView2<f64>, ArrayView2<f64>),
        side: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Row>, Failure> {
        let n = side * side;
        let mut rows = Vec::new();
        for task in TASKS {
            let (operator, noise) = match task {
                What::Deblurred => (Operator::blur(side, 1.0)?, 0.02),
                What::DeblurredMore => (Operator::blur(side, 2.0)?, 0.04),
                What::Inpainted => {
                    let seen: Vec<usize> = (0..n).filter(|_| random.random_bool(0.5)).collect();
                    (Operator::mask(n, seen)?, 0.02)
                }
                _ => (Operator::circulant(n, n / 4, random)?, 0.001),
            };
            let mut observe = |images: ArrayView2<f64>| -> Vec<(LeastSquares, Vec<f64>)> {
                let one = |x: Vec<f64>, random: &mut ChaCha8Rng| {
                    let mut observed = operator.apply(&x);
                    observed.iter_mut().for_each(|b| *b += noise * random.sample::<f64, _>(StandardNormal));
                    (LeastSquares { operator: operator.clone(), observed, weight: 1.0 }, x)
                };
                images.rows().into_iter().map(|row| one(row.to_vec(), random)).collect()
            };
            let (choose, judge) = (observe(validation), observe(test));
            for who in
                [Who::Proximal, Who::Unconstrained, Who::GradientStep, Who::TotalVariation, Who::Wavelets]
            {
                let mean = |weight: f64, of: &[(LeastSquares, Vec<f64>)]| {
                    let (mut ratio, mut similarity, mut settled) = (0.0, 0.0, 0.0_f64);
                    for (h, truth) in of {
                        let (x, end) = self.reconstruct(who, h, side, weight);
                        // A run that left the numbers is no image.
                        let ours = signal_to_noise(&x, truth);
                        ratio += if ours.is_finite() { ours.max(-20.0) } else { -20.0 } / of.len() as f64;
                        similarity += structural_similarity(&x, truth, side) / of.len() as f64;
                        settled = settled.max(end);
                    }
                    (ratio, if f64::is_finite(similarity) { similarity } else { 0.0 }, settled)
                };
                let weights = weights(who);
                let scores = weights.map(|weight| mean(weight, &choose).0);
                let best = (0..4).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).ok_or("no weight")?;
                let (value, similarity, settled) = mean(weights[best], &judge);
                rows.push(Row { what: task, who, level: weights[best], value, similarity });
                if who == Who::Proximal {
                    rows.push(Row {
                        what: What::Settled,
                        who,
                        level: weights[best],
                        value: settled,
                        similarity: 0.0,
                    });
                }
            }
        }
        Ok(rows)
    }

    /// An image, and |z − x| of ADMM's last step over its first.
    fn reconstruct(&self, who: Who, h: &LeastSquares, side: usize, weight: f64) -> (Vec<f64>, f64) {
        let start = vec![0.0; side * side];
        let until = Until { steps: 60, change: 1e-9 };
        let trace = match who {
            Who::Proximal => douglas_rachford(&self.proximal, h, &start, weight, until),
            Who::GradientStep => douglas_rachford(&Unclipped(&self.gradient_step), h, &start, weight, until),
            Who::Unconstrained => douglas_rachford(&self.unconstrained, h, &start, weight, until),
            Who::TotalVariation => return (total_variation_reconstruction(h, side, weight, 1_500).x, 0.0),
            Who::Wavelets | Who::Data => return (wavelet_reconstruction(h, side, weight, 1_000).x, 0.0),
        };
        let (first, last) = (trace.entries[0].change, trace.entries[trace.entries.len() - 1].change);
        (trace.x, last / first)
    }
}

/// Four each.
fn weights(who: Who) -> [f64; 4] {
    match who {
        Who::TotalVariation | Who::Wavelets => [3e-4, 3e-3, 3e-2, 0.3],
        _ => [0.003, 0.03, 0.3, 3.0],
    }
}
