//! The command line: the paper's experiments, and the method on a user's own objective.

use std::process::ExitCode;

use consensus_based::claims::{OPEN_QUESTIONS, claims};
use consensus_based::experiments::{
    Benchmarks, Chain, HopLimit, LaplacePrinciple, Particles, Paths, Reaching, Regimes, Sampling, Softening,
    Stability,
};
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "consensus-based".into(),
        title: "Gradient is All You Need? How Consensus-Based Optimization can be Interpreted as a Stochastic Relaxation of Gradient Descent".into(),
        authors: "Riedl, Klock, Geldhauser, Fornasier".into(),
        venue: "arXiv:2306.09778".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2306.09778".into()),
    };
    let shows = "Swarms without gradients, read as descent";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("The landscape and test functions with known minima; no data.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Paths)
        .experiment(Reaching)
        .experiment(Chain)
        .experiment(Softening)
        .experiment(Sampling)
        .experiment(HopLimit)
        .experiment(Regimes)
        .experiment(Stability)
        .experiment(LaplacePrinciple)
        .experiment(Particles)
        .experiment(Benchmarks)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
