//! `learned-proximal certify`.

use std::path::PathBuf;

use clap::Args;
use lab::say;
use lab::table::format_number;
use learned_proximal::inversion::spectrum;
use numerics::random::stream;
use rand::Rng;

use super::{Trained, denoised, rows_for};

/// Signs of weights, symmetry and eigenvalues of f′, and the largest step.
#[derive(Args)]
pub struct Certify {
    /// The network: .json, as train writes it
    #[arg(long, value_name = "FILE")]
    net: PathBuf,
    /// Rows at which to look: .csv or .npy [default: normal ones]
    #[arg(long, value_name = "FILE")]
    at: Option<PathBuf>,
    /// Rows to read from MNIST's files
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=70_000))]
    count: u32,
    /// Seed of random directions and points
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Certify {
    /// Reads, checks and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        // Reading refuses negative weights in convex maps.
        let network = Trained::read(&self.net)?.network;
        let mut random = stream(self.seed, &["learned-proximal", "certify"]);
        let n = network.inputs();
        let points: Vec<f64> = match &self.at {
            Some(path) => {
                let rows = rows_for(&network, path, self.count)?;
                denoised(&network, &rows, path)?;
                rows.iter().take(16 * n).copied().collect()
            }
            None => (0..16 * n).map(|_| random.sample::<f64, _>(rand_distr::StandardNormal)).collect(),
        };
        let found = spectrum(&network, &points, 60, &mut random);
        let bound = network.smoothness_bound();
        anyhow::ensure!(
            found.most.is_finite() && bound.is_finite(),
            "{}: eigenvalues of f' are not finite: parameters are too large",
            self.net.display()
        );
        let least = network.alpha();
        Ok(say(&format!(
            "convex weights       none is negative, a share of {} is zero\nasymmetry of f'      {}\neigenvalues of f'    from {} to {} at {} points\nand everywhere       from {} to {}\nregulariser          {}, R + (1 - 1/L_f)|x|^2/2 is convex for L_f = {}\nproximal gradients   descend for eta L below {} (certified), {} (by the eigenvalues met)",
            format_number(network.dead_share()),
            format_number(found.asymmetry),
            format_number(found.least),
            format_number(found.most),
            points.len() / n,
            format_number(least),
            format_number(bound),
            if found.most > 1.0 { "nonconvex" } else { "no sign of nonconvexity" },
            format_number(bound),
            format_number(1.0 + 1.0 / bound),
            format_number(1.0 + 1.0 / found.most),
        ))?)
    }
}
