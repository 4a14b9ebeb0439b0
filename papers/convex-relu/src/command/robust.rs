//! `convex-relu robust`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use convex_relu::descent::attacked;
use convex_relu::patterns::sampled;
use convex_relu::robust::Robust;
use lab::arguments::{check_output, not_negative, positive, refuse_beyond_memory};
use lab::table::format_number;
use lab::{remark, say};
use numerics::random::stream;

use super::data::{Data, MOST, Saved, all_cells};

/// The optimum over networks that are affine on every input's box, with its exact worst case.
#[derive(Args)]
pub struct RobustCommand {
    #[command(flatten)]
    data: Data,
    /// ε: how far each feature may move; a bias does not
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true)]
    epsilon: f64,
    /// Sampled directions, instead of all patterns
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    patterns: Option<u32>,
    /// Enumerate up to this many patterns
    #[arg(long, value_parser = positive, default_value_t = MOST, allow_negative_numbers = true)]
    most: f64,
    /// Seed of directions and attacks
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the network goes: .json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl RobustCommand {
    /// Reads, trains, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(Some(&self.out), "json", [self.data.x.as_path(), self.data.y.as_path()])?;
        let (x, y) = self.data.read()?;
        let problem = self.data.problem(&x, &y)?;
        let mut moves = vec![true; x.ncols()];
        if self.data.bias {
            moves[x.ncols() - 1] = false;
        }
        let robust = Robust {
            x: x.view(),
            y: y.view(),
            loss: self.data.loss.into(),
            beta: self.data.beta,
            size: self.epsilon,
            moves: &moves,
        };
        let mut random = stream(self.seed, &["convex-relu", "robust"]);
        let all = match self.patterns {
            Some(count) => sampled(problem.x(), count as usize, &mut random),
            None => all_cells(&problem, self.most)?,
        };
        refuse_beyond_memory((all.len() * x.len()) as f64 * 1000.0, "the linear programme")?;
        let named = || self.data.x.display().to_string();
        let stable = robust.stable(&all).with_context(named)?;
        let found = robust.solve(&stable).with_context(named)?;
        say(&format!(
            "worst-case cost     {}, exact for this network\npatterns            {}, {} stable at this epsilon\nneurons             {}",
            format_number(found.objective),
            all.len(),
            stable.len(),
            found.network.neurons.len(),
        ))?;
        if stable.is_empty() {
            remark("no pattern is stable: the network is zero; take a smaller --epsilon, or add a --bias")?;
        }
        let attack = attacked(
            &found.network,
            (x.view(), y.view()),
            self.data.loss.into(),
            (self.epsilon, &moves),
            &mut random,
        );
        let cost = attack.sum() + self.data.beta * found.network.norm();
        say(&format!("an attack finds     {}", format_number(cost)))?;
        Saved::of(&found.network, x.ncols(), self.data.bias).write(&self.out)
    }
}
