//! The command line: the paper's experiments, and strategies of a user's own.

use std::process::ExitCode;

use lab::{Citation, Paper};
use levine_hats::claims::{OPEN_QUESTIONS, claims};
use levine_hats::experiments::{
    BiasedHats, BlockValues, ContinuousGame, Convergence, ManyPlayers, SearchBasins, StrategyHistogram,
    ValueTable, WinRegions,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "levine-hats".into(),
        title: "An Analytical Framework for the Levine Hats Problem".into(),
        authors: "C. Bouquet, S. Chikhi, T. Charles, Y. Zhou, E. Wang".into(),
        venue: "arXiv".into(),
        year: 2025,
        link: Some("https://arxiv.org/abs/2508.01737".into()),
    };
    let paper = Paper::new(
        citation,
        env!("CARGO_PKG_VERSION"),
        "Strategies that win 7/20 of games",
        include_str!("summary.txt"),
    )
    .data("No data: the game itself. Searches and samples draw from the seed.")
    .open_questions(OPEN_QUESTIONS)
    .experiment(ValueTable)
    .experiment(BlockValues)
    .experiment(Convergence)
    .experiment(WinRegions)
    .experiment(StrategyHistogram)
    .experiment(SearchBasins)
    .experiment(ManyPlayers)
    .experiment(BiasedHats)
    .experiment(ContinuousGame)
    .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
