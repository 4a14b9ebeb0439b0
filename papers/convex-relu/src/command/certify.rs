//! `convex-relu certify`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use convex_relu::global::{Coverage, certify, certify_by_relaxation, generate};
use convex_relu::patterns::sampled;
use lab::arguments::positive;
use lab::say;
use lab::table::format_number;
use numerics::random::stream;

use super::data::{Data, MOST, all_cells, covered, read_network};

/// A network trained anywhere: its cost, and a bound that no network is below.
#[derive(Args)]
pub struct Certify {
    #[command(flatten)]
    data: Data,
    /// A network of this program: .json
    #[arg(long, value_name = "FILE", conflicts_with_all = ["inner", "outer"])]
    network: Option<PathBuf>,
    /// Inner weights: .csv or .npy, a row for each neuron, as in PyTorch
    #[arg(long, value_name = "FILE", requires = "outer")]
    inner: Option<PathBuf>,
    /// Outer weights: .csv or .npy, a number for each neuron
    #[arg(long, value_name = "FILE", requires = "inner")]
    outer: Option<PathBuf>,
    /// Bound over these many sampled patterns, instead of all
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000), conflicts_with = "relax")]
    patterns: Option<u32>,
    /// A weaker bound over all networks that enumerates nothing
    #[arg(long)]
    relax: bool,
    /// Find the optimum as well, for a bound that does not hang on the network
    #[arg(long, conflicts_with = "relax")]
    optimum: bool,
    /// Enumerate up to this many patterns
    #[arg(long, value_parser = positive, default_value_t = MOST, allow_negative_numbers = true)]
    most: f64,
    /// Seed of the directions
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Certify {
    /// Reads and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let (x, y) = self.data.read()?;
        let problem = self.data.problem(&x, &y)?;
        let tables = self.inner.as_deref().zip(self.outer.as_deref());
        // Squares as they were trained: layers not scaled against each other.
        let (network, squares) = read_network(self.network.as_deref(), tables, x.ncols())?;
        let reduced = network.reduced(&problem);
        let (proof, over, least) = if self.relax {
            let Some(proof) = certify_by_relaxation(&problem, &reduced) else {
                bail!("{}: the eigenvalue of the relaxation was not found", self.data.x.display());
            };
            (proof, "over all networks, relaxed".to_owned(), None)
        } else {
            let (patterns, covers) = match self.patterns {
                Some(count) => {
                    let mut random = stream(self.seed, &["convex-relu", "certify"]);
                    (sampled(problem.x(), count as usize, &mut random), Coverage::Given)
                }
                None => (all_cells(&problem, self.most)?, Coverage::All),
            };
            let over = covered(covers, &patterns);
            let least = self.optimum.then(|| generate(&problem, &patterns, covers, 1e-9).certificate);
            (certify(&problem, &reduced, &patterns, covers), over, least)
        };
        if !(proof.upper.is_finite() && squares.is_finite()) {
            bail!("{}: the network's cost is not finite", self.data.x.display());
        }
        let lower = least.map_or(proof.lower, |least| least.lower.max(proof.lower));
        let mut text = format!(
            "cost                {}, its layers scaled against each other as well as can be\n",
            format_number(proof.upper)
        );
        if squares > 0.0 {
            let loss = proof.upper - problem.beta() * reduced.norm();
            text +=
                &format!("as it stands        {}\n", format_number(loss + 0.5 * self.data.beta * squares));
        }
        text += &format!(
            "lower bound         {} {over}\ngap                 {}, {} of the cost",
            format_number(lower),
            format_number(proof.upper - lower),
            format_number((proof.upper - lower) / proof.upper.max(f64::MIN_POSITIVE)),
        );
        Ok(say(&text)?)
    }
}
