//! Three denoisers, trained on the same images, and what holds of them.

use ndarray::ArrayView2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::{Parameters, Row, SIGMA, What, Who};
use crate::classical::signal_to_noise;
use crate::inversion::spectrum;
use crate::network::{ProximalNetwork, Start, Work};
use crate::residual::ResidualDenoiser;
use crate::training::{Loss, Sampling, Stage, train};

/// The networks that are compared.
pub(super) struct Trained {
    pub proximal: ProximalNetwork,
    pub gradient_step: ProximalNetwork,
    pub unconstrained: ResidualDenoiser,
}

impl Trained {
    /// All three with the same number of steps and rows. `None` if one diverged.
    pub fn new(cell: &Parameters, data: ArrayView2<f64>, random: &mut ChaCha8Rng) -> Option<Self> {
        let (side, width, steps) = (cell.side as usize, cell.width as usize, cell.steps as usize);
        let n = (side * side) as f64;
        let sampling = Sampling { sigma: SIGMA, batch: 32, convex: true };
        let mut proximal =
            ProximalNetwork::convolutional(side, width, (10.0, 0.02)).ok()?.with_start(Start::Alive, random);
        let mut stages = vec![
            Stage { loss: Loss::Absolute, steps: steps / 2, rate: 1e-2 },
            Stage { loss: Loss::Absolute, steps: steps / 2, rate: 2e-3 },
        ];
        stages.extend([8.0, 4.0, 2.0, 1.0].map(|factor| Stage {
            loss: Loss::Matching { gamma: 0.08 * n.sqrt() * factor },
            steps: steps / 8,
            rate: 5e-4,
        }));
        train(&mut proximal, data, &sampling, &stages, random).ok()?;
        let mut gradient_step =
            ProximalNetwork::convolutional(side, width, (10.0, 1.0)).ok()?.with_start(Start::Uniform, random);
        let free = Sampling { convex: false, ..sampling };
        let stages = [(steps, 3e-3), (steps / 2, 3e-4)].map(|(steps, rate)| Stage {
            loss: Loss::Squared,
            steps,
            rate,
        });
        train(&mut gradient_step, data, &free, &stages, random).ok()?;
        // About as many parameters as the proximal network has: four convolutions of two and a half times its width.
        let mut unconstrained = ResidualDenoiser::new(side, width * 5 / 2, 4, random);
        unconstrained.train(data, (SIGMA, sampling.batch, steps, 3e-3), random).ok()?;
        unconstrained.train(data, (SIGMA, sampling.batch, steps / 2, 3e-4), random).ok()?;
        Some(Self { proximal, gradient_step, unconstrained })
    }

    pub fn checks(&self, test: ArrayView2<f64>, random: &mut ChaCha8Rng) -> Vec<Row> {
        let n = test.ncols();
        let noisy: Vec<f64> =
            test.iter().map(|x| x + SIGMA * random.sample::<f64, _>(StandardNormal)).collect();
        let mut rows = Vec::new();
        let mut say = |what, who, value| rows.push(Row { what, who, level: 0.0, value, similarity: 0.0 });
        let found = spectrum(&self.proximal, &noisy[..4 * n], 40, random);
        say(What::LargestEigenvalue, Who::Proximal, found.most);
        say(What::SmallestEigenvalue, Who::Proximal, found.least);
        say(What::EigenvalueBound, Who::Proximal, self.proximal.smoothness_bound());
        say(What::Asymmetry, Who::Proximal, found.asymmetry);
        let free = spectrum(&self.gradient_step, &noisy[..4 * n], 40, random);
        say(What::LargestEigenvalue, Who::GradientStep, free.most);
        say(What::SmallestEigenvalue, Who::GradientStep, free.least);
        say(What::Asymmetry, Who::GradientStep, free.asymmetry);
        let worst = noisy[..4 * n].chunks_exact(n).fold(0.0_f64, |worst, y| {
            let mut draw = || -> Vec<f64> { (0..n).map(|_| random.random_range(-1.0..1.0)).collect() };
            worst.max(self.unconstrained.asymmetry(y, &draw(), &draw()))
        });
        say(What::Asymmetry, Who::Unconstrained, worst);
        // Of the trained network, and of one that was never trained.
        let random_network = self.proximal.clone().with_start(Start::Alive, random);
        let least = advantage(&self.proximal, &noisy, random).min(advantage(&random_network, &noisy, random));
        say(What::Advantage, Who::Proximal, least);
        say(What::Parameters, Who::Proximal, self.proximal.parameters.len() as f64);
        say(What::Parameters, Who::Unconstrained, self.unconstrained.parameters() as f64);
        say(What::Dead, Who::Proximal, self.proximal.dead_share());
        let mut work = Work::default();
        let ratio = |x: &[f64]| {
            let pairs =
                x.chunks_exact(n).zip(test.rows()).map(|(x, truth)| signal_to_noise(x, &truth.to_vec()));
            pairs.sum::<f64>() / test.nrows() as f64
        };
        say(What::Denoised, Who::Proximal, ratio(&self.proximal.potential_and_prox(&noisy, &mut work).prox));
        say(
            What::Denoised,
            Who::GradientStep,
            ratio(&self.gradient_step.potential_and_prox(&noisy, &mut work).prox),
        );
        say(What::Denoised, Who::Unconstrained, ratio(&self.unconstrained.apply(&noisy)));
        say(What::Denoised, Who::Data, ratio(&noisy));
        rows
    }
}

/// The least advantage of f(y) as a proximal point of y over outputs at data nearby, relative to 1 + the objective: 60 pairs an image at twenty distances.
fn advantage(network: &ProximalNetwork, y: &[f64], random: &mut ChaCha8Rng) -> f64 {
    let n = network.inputs();
    let mut work = Work::default();
    let mut least = f64::INFINITY;
    for y in y.chunks_exact(n) {
        let mut rows = y.to_vec();
        for k in 0..60 {
            // From 10⁻⁶ to 1 in length.
            let length = 10.0_f64.powf(-6.0 + 6.0 * f64::from(k % 20) / 19.0);
            let direction: Vec<f64> = (0..n).map(|_| random.sample(StandardNormal)).collect();
            let size = direction.iter().map(|d: &f64| d * d).sum::<f64>().sqrt();
            rows.extend(y.iter().zip(&direction).map(|(y, d)| y + length / size * d));
        }
        let pass = network.potential_and_prox(&rows, &mut work);
        let values = network.regulariser_at_output(&rows, &pass);
        let objective = |k: usize| {
            let f = &pass.prox[k * n..(k + 1) * n];
            values[k] + 0.5 * f.iter().zip(y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>()
        };
        let own = objective(0);
        for k in 1..values.len() {
            least = least.min((objective(k) - own) / (1.0 + own.abs()));
        }
    }
    least
}
