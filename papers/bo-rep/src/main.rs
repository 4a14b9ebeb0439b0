//! The command line: the paper's experiments, and its methods on a user's own problems and sequences.

use std::process::ExitCode;

use bo_rep::claims::{OPEN_QUESTIONS, claims};
use bo_rep::experiments::{Cleaning, Exact, FarStart, Rate, Representation, Roles, Smoothness};
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "bo-rep".into(),
        title: "Bilevel Optimization under Unbounded Smoothness: A New Algorithm and Convergence Analysis"
            .into(),
        authors: "Hao, Gong, Liu".into(),
        venue: "ICLR".into(),
        year: 2024,
        link: Some("https://arxiv.org/abs/2401.09587".into()),
    };
    let shows = "Bilevel learning where smoothness grows with the gradient";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Problems with closed Φ, sequences of Markov chains with known Bayes error, all drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Exact)
        .experiment(FarStart)
        .experiment(Rate)
        .experiment(Roles)
        .experiment(Smoothness)
        .experiment(Representation)
        .experiment(Cleaning)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
