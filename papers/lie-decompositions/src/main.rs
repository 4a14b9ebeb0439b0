//! The command line: the paper's experiments, and its methods on a user's own matrices and images.

use std::process::ExitCode;

use lab::{Citation, Paper};
use lie_decompositions::claims::{OPEN_QUESTIONS, claims};
use lie_decompositions::experiments::{
    Classification, Decomposition, Equivariance, Integrals, Samplers, Sources,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "lie-decompositions".into(),
        title: "Lie Group Decompositions for Equivariant Neural Networks".into(),
        authors: "Mironenco, Forré".into(),
        venue: "ICLR".into(),
        year: 2024,
        link: Some("https://arxiv.org/abs/2310.11366".into()),
    };
    let shows = "Equivariance to all affine maps, by samples";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Matrices with 50 digits beside the tests; signals and glyphs given by formulas, samples and deformations drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Decomposition)
        .experiment(Samplers)
        .experiment(Integrals)
        .experiment(Equivariance)
        .experiment(Sources)
        .experiment(Classification)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
