//! The command line: the paper's experiments, and variational problems of a user.

use std::process::ExitCode;

use barron_pde::claims::{OPEN_QUESTIONS, claims};
use barron_pde::experiments::{Composition, Contraction, Dimension, Failures, Growth, Methods, Networks};
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "barron-pde".into(),
        title: "Neural Network Approximations of PDEs Beyond Linearity: A Representational Perspective"
            .into(),
        authors: "Marwah, Lipton, Lu, Risteski".into(),
        venue: "ICML".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2210.12101".into()),
    };
    let shows = "Barron norms along a preconditioned flow, with proofs of distance";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Equations with few waves, drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Contraction)
        .experiment(Growth)
        .experiment(Dimension)
        .experiment(Networks)
        .experiment(Failures)
        .experiment(Composition)
        .experiment(Methods)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
