//! `levine-hats search`: alternating best responses from many starts.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use lab::arguments::{duration, refuse_overwriting};
use lab::{Error, progress, remark};
use levine_hats::BigRational;
use levine_hats::block_search::{Stopping, search_blocks};
use levine_hats::bounds::conjectured_wins;
use levine_hats::search::{SearchError, SearchOptions, search};

use super::{evaluate, probability, read, usage, write};

/// Searches until the time is over or the restarts are done, and writes the best strategy.
#[derive(Args)]
pub struct Search {
    /// Number of players
    #[arg(long, default_value_t = 2)]
    players: usize,
    /// Hats of a stack
    #[arg(long)]
    height: usize,
    /// How long to search, as 90s, 10m or 2h; the round at hand is finished [default: 60s, or until --restarts are done]
    #[arg(long, value_parser = duration)]
    time: Option<Duration>,
    /// Stop after this many restarts, rounded up to a multiple of 64: without --time the result then depends on the seed alone
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    restarts: Option<u64>,
    /// Seed of the random choices
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Search blocks for infinite stacks, two players, of which these are passed on [default restarts: 1000]
    #[arg(long, value_enum, conflicts_with_all = ["time", "from"])]
    stopping: Option<Passed>,
    /// Probability of a black hat, as 3/10 or 0.3 [default: 1/2]
    #[arg(long, value_parser = probability, requires = "stopping")]
    bias: Option<BigRational>,
    /// A strategy to begin with: .json
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Where the best strategy goes: .json; written whenever a better one is found
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Search {
    /// Searches, writes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        refuse_overwriting(&self.out, self.from.as_deref())?;
        if let Some(passed) = self.stopping {
            return self.search_blocks(passed);
        }
        let most = self.time.or(self.restarts.is_none().then_some(Duration::from_secs(60)));
        let options = SearchOptions { seed: self.seed, ..SearchOptions::new(self.players, self.height) };
        let from = self.from.as_deref().map(read).transpose()?;
        let begin = Instant::now();
        let bar = progress(None, "{spinner} {elapsed} {msg}");
        let mut written = Ok(());
        let mut best_written = 0;
        let found = search(&options, from, |best| {
            bar.set_message(format!(
                "best {} after {} restarts, {} hits",
                best.wins, best.restarts, best.hits
            ));
            if best.wins > best_written {
                best_written = best.wins;
                written = write(&self.out, &best.strategy);
            }
            written.is_ok()
                && most.is_none_or(|most| begin.elapsed() < most)
                && self.restarts.is_none_or(|restarts| best.restarts < restarts)
        });
        bar.finish_and_clear();
        written?;
        let found = found.map_err(|fault| match fault {
            SearchError::Strategy(fault) => usage(fault),
            other => Error::Usage(other.to_string()).into(),
        })?;
        write(&self.out, &found.strategy)?;
        evaluate::describe(&found.strategy, None)?;
        remark(&format!("restarts   {}, of which {} reached these wins", found.restarts, found.hits))?;
        if self.players == 2 && found.wins > conjectured_wins(self.height) {
            remark("certificate saved: run `levine-hats evaluate` on the file, and tell the world")?;
        }
        remark(&format!("strategy   {}", self.out.display()))?;
        Ok(())
    }
}

impl Search {
    fn search_blocks(self, passed: Passed) -> anyhow::Result<()> {
        if self.players != 2 {
            return Err(
                Error::Usage(format!("blocks are searched for 2 players, found {}", self.players)).into()
            );
        }
        let stopping = match passed {
            Passed::White => Stopping::PassOnWhite,
            Passed::OneColour => Stopping::PassOnOneColour,
            Passed::Free => Stopping::Free,
        };
        let half = BigRational::new(1.into(), 2.into());
        let bias = self.bias.clone().unwrap_or(half);
        let restarts = self.restarts.unwrap_or(1_000);
        let found = search_blocks(self.height, &bias, stopping, restarts, self.seed).map_err(usage)?;
        write(&self.out, &found.strategy)?;
        evaluate::describe(&found.strategy, Some(&bias))?;
        remark(&format!("restarts   {restarts}, of which {} reached this value", found.hits))?;
        remark(&format!("strategy   {}", self.out.display()))?;
        Ok(())
    }
}

/// Which blocks are passed on.
#[derive(Clone, Copy, ValueEnum)]
enum Passed {
    /// The white block
    White,
    /// The white and the black block
    OneColour,
    /// Whichever the search chooses
    Free,
}
