//! What the learned regulariser says of images with noise, blurred, and blended.

use lab::Failure;
use ndarray::ArrayView2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::trained::Trained;
use super::{Row, What, Who};
use crate::inversion::invert;

impl Trained {
    /// R by inversion; its bounds.
    fn regulariser(&self, x: &[f64]) -> (f64, f64) {
        let found = invert(&self.proximal, x, 1e-6, 60);
        (found.lower, found.upper.unwrap_or(f64::INFINITY))
    }

    pub fn perturbed(
        &self,
        test: ArrayView2<f64>,
        side: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Row>, Failure> {
        let images: Vec<Vec<f64>> = test.rows().into_iter().take(8).map(|row| row.to_vec()).collect();
        let clean: Vec<(f64, f64)> = images.iter().map(|x| self.regulariser(x)).collect();
        let mut rows = Vec::new();
        let mut follow =
            |what, grows: Option<What>, levels: &[f64], at: &mut dyn FnMut(usize, f64) -> Vec<f64>| {
                let mut last: Vec<f64> = clean.iter().map(|found| found.0).collect();
                let mut growing = vec![true; images.len()];
                rows.push(Row { what, who: Who::Proximal, level: 0.0, value: 0.0, similarity: 0.0 });
                for level in levels {
                    let values: Vec<f64> =
                        (0..images.len()).map(|k| self.regulariser(&at(k, *level)).0).collect();
                    for k in 0..images.len() {
                        growing[k] &= values[k] > last[k];
                    }
                    let mean = values.iter().zip(&clean).map(|(value, clean)| value - clean.0).sum::<f64>()
                        / images.len() as f64;
                    rows.push(Row { what, who: Who::Proximal, level: *level, value: mean, similarity: 0.0 });
                    last = values;
                }
                if let Some(what) = grows {
                    let share =
                        growing.iter().filter(|growing| **growing).count() as f64 / images.len() as f64;
                    rows.push(Row { what, who: Who::Proximal, level: 0.0, value: share, similarity: 0.0 });
                }
            };
        // The same noise at every level.
        let noise: Vec<Vec<f64>> = images
            .iter()
            .map(|x| x.iter().map(|_| random.sample::<f64, _>(StandardNormal)).collect())
            .collect();
        follow(What::Noise, Some(What::NoiseGrows), &[0.05, 0.1, 0.2, 0.3], &mut |k, level| {
            images[k].iter().zip(&noise[k]).map(|(x, e)| (x + level * e).clamp(0.0, 1.0)).collect()
        });
        follow(What::Blur, Some(What::BlurGrows), &[0.5, 1.0, 2.0], &mut |k, level| {
            reflected_blur(&images[k], side, level)
        });
        follow(What::Blend, None, &[0.25, 0.5, 0.75, 1.0], &mut |k, level| {
            blend(&images[k], &images[images.len() - 1 - k], level)
        });
        let (mut decided, mut above, mut pairs) = (0, 0, 0);
        for k in 0..images.len() {
            let other = (k + 1) % images.len();
            let middle = self.regulariser(&blend(&images[k], &images[other], 0.5));
            let mean = (0.5 * (clean[k].0 + clean[other].0), 0.5 * (clean[k].1 + clean[other].1));
            pairs += 1;
            if middle.0 > mean.1 {
                decided += 1;
                above += 1;
            } else if middle.1 < mean.0 {
                decided += 1;
            }
        }
        let share = if decided > 0 { f64::from(above) / f64::from(decided) } else { 0.0 };
        for (what, value) in
            [(What::MiddleAbove, share), (What::Decided, f64::from(decided) / f64::from(pairs))]
        {
            rows.push(Row { what, who: Who::Proximal, level: 0.0, value, similarity: 0.0 });
        }
        Ok(rows)
    }
}

fn blend(x: &[f64], other: &[f64], share: f64) -> Vec<f64> {
    x.iter().zip(other).map(|(x, other)| (1.0 - share) * x + share * other).collect()
}

/// Normal blur with ends that reflect.
fn reflected_blur(x: &[f64], side: usize, width: f64) -> Vec<f64> {
    let reach = (4.0 * width).ceil() as isize;
    let weights: Vec<f64> =
        (-reach..=reach).map(|k| (-(k * k) as f64 / (2.0 * width * width)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let reflect = |k: isize| {
        let period = 2 * side as isize;
        let k = k.rem_euclid(period);
        (if k < side as isize { k } else { period - 1 - k }) as usize
    };
    let along = |x: &[f64], row: bool| -> Vec<f64> {
        (0..side * side)
            .map(|place| {
                let (i, j) = (place / side, place % side);
                let taps = (-reach..=reach).zip(&weights).map(|(k, weight)| {
                    let at = if row {
                        i * side + reflect(j as isize + k)
                    } else {
                        reflect(i as isize + k) * side + j
                    };
                    weight / total * x[at]
                });
                taps.sum()
            })
            .collect()
    };
    along(&along(x, true), false)
}
