//! The subcommands that contests add to a paper's program.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use lab::{Paper, Profile};

use crate::Contest;
use crate::contend::contend;
use crate::tournament::{Tournament, find, hold};

#[derive(Subcommand)]
enum Command<Own: Subcommand> {
    #[command(flatten)]
    Own(Own),
    /// Holds the contests with public packages; `make rivals` installs them and makes the page
    Rivals {
        /// Contests [default: all]
        contests: Vec<String>,
        /// The interpreter in which the packages are installed [default: that of `make rivals`]
        #[arg(long, value_name = "PROGRAM")]
        python: Option<PathBuf>,
        /// Rounds, at least two; three at most where a call takes long
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(2..))]
        rounds: u16,
        /// How large the inputs are
        #[arg(long, value_enum, default_value_t = Profile::Quick)]
        profile: Profile,
        /// The seed of the inputs
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Folder of the results [default: reports/rivals/ of the workspace]
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Is this paper's side in a contest: reads orders from standard input
    #[command(hide = true)]
    Contend {
        contest: String,
        entrant: String,
        #[arg(long)]
        inputs: PathBuf,
    },
}

/// Runs the command line of a paper that has contests: [`lab`'s](lab::main), the paper's own subcommands through `own`, and `rivals`.
pub fn main<Own: Subcommand>(
    paper: &Paper,
    contests: impl IntoIterator<Item = Contest>,
    own: impl FnOnce(Own) -> anyhow::Result<()>,
) -> ExitCode {
    lab::main(paper, |command: Command<Own>| {
        let all: Vec<Contest> = contests.into_iter().collect();
        match command {
            Command::Own(command) => return own(command),
            Command::Rivals { contests, python, rounds, profile, seed, out } => {
                let tournament = Tournament { profile, seed, python, contests, rounds: rounds.into(), out };
                hold(paper, &all, &tournament)?;
            }
            Command::Contend { contest, entrant, inputs } => {
                let contest = find(paper, &all, &contest)?;
                contend(contest, &entrant, &inputs, std::io::stdin().lock(), std::io::stdout())?;
            }
        }
        Ok(())
    })
}
