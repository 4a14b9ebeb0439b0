//! `levine-hats search`: alternating best responses from many starts.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use lab::{Error, say};
use levine_hats::bounds::conjectured_wins;
use levine_hats::search::{SearchError, SearchOptions, search};

use super::{evaluate, read, refuse_same, usage, write};

/// Searches until the time is over or the restarts are done, and writes the best strategy.
#[derive(Args)]
pub struct Search {
    /// Number of players
    #[arg(long, default_value_t = 2)]
    players: usize,
    /// Hats of a stack
    #[arg(long)]
    height: usize,
    /// How long to search, as 90s, 10m or 2h; the round at hand is finished
    #[arg(long, value_parser = duration, default_value = "60s")]
    time: Duration,
    /// Stop after this many restarts: the result then depends on nothing but the seed
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    restarts: Option<u64>,
    /// Seed of the random choices
    #[arg(long, default_value_t = 0)]
    seed: u64,
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
        refuse_same(self.from.as_deref(), &self.out)?;
        let options = SearchOptions { seed: self.seed, ..SearchOptions::new(self.players, self.height) };
        let from = self.from.as_deref().map(read).transpose()?;
        let begin = Instant::now();
        let bar = ProgressBar::new_spinner().with_style(
            ProgressStyle::with_template("{spinner} {elapsed} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.enable_steady_tick(Duration::from_millis(200));
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
                && begin.elapsed() < self.time
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
        say(&format!("restarts   {}, of which {} reached these wins", found.restarts, found.hits))?;
        if self.players == 2 && found.wins > conjectured_wins(self.height) {
            say("certificate saved: run `levine-hats evaluate` on the file, and tell the world")?;
        }
        say(&format!("strategy   {}", self.out.display()))?;
        Ok(())
    }
}

/// A time span of the command line.
fn duration(text: &str) -> Result<Duration, String> {
    let expected = "expected a time such as 90s, 10m or 2h";
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).ok_or(expected)?);
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(expected.into()),
    };
    let number: f64 = number.parse().map_err(|_| expected)?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| expected.into())
}
