//! The command line: the paper's experiments, and sparse recovery on a user's data.

use std::process::ExitCode;

use deep_unfolding::claims::{OPEN_QUESTIONS, claims};
use deep_unfolding::experiments::{Bias, ExactOptima, HardThresholds, SoftThresholds, Weights};
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "deep-unfolding".into(),
        title: "Supervised and unsupervised learning of unfolded ISTA and IHT".into(),
        authors: "Nagahisa, Hayakawa, Iiguni".into(),
        venue: "arXiv".into(),
        year: 2025,
        link: Some("https://arxiv.org/abs/2509.01331".into()),
    };
    let shows = "Sparse recovery by learned iterations, exact solutions beside them";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Gaussian matrices and sparse signals of known truth, drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(SoftThresholds)
        .experiment(HardThresholds)
        .experiment(Weights)
        .experiment(ExactOptima)
        .experiment(Bias)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
