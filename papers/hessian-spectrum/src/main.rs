//! The command line: the paper's experiments, and spectra of networks on a user's own data.

use std::process::ExitCode;

use hessian_spectrum::claims::{OPEN_QUESTIONS, claims};
use hessian_spectrum::experiments::{
    Batches, Clusters, Density, DigitImages, MarchenkoPastur, Separability, Width,
};
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "hessian-spectrum".into(),
        title: "Empirical Analysis of the Hessian of Over-Parametrized Neural Networks".into(),
        authors: "Sagun, Evci, Güney, Dauphin, Bottou".into(),
        venue: "arXiv".into(),
        year: 2017,
        link: Some("https://arxiv.org/abs/1706.04454".into()),
    };
    let shows = "Bulk and outliers of a network's Hessian";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Clusters of points and pen strokes drawn by this crate from the seed; in the full profile also MNIST's test images.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Clusters)
        .experiment(Width)
        .experiment(Separability)
        .experiment(Batches)
        .experiment(MarchenkoPastur)
        .experiment(Density)
        .experiment(DigitImages)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
