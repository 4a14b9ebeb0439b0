//! The command line: the paper's experiments, and its methods on a user's own data.

use std::process::ExitCode;

use lab::{Citation, Paper};
use learned_proximal::claims::{OPEN_QUESTIONS, claims};
use learned_proximal::experiments::{Dimension, Exact, Gap, Images, LaplaceNets, Plugged, Priors};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "learned-proximal".into(),
        title: "What's in a Prior? Learned Proximal Networks for Inverse Problems".into(),
        authors: "Fang, Buchanan, Sulam".into(),
        venue: "ICLR".into(),
        year: 2024,
        link: Some("https://arxiv.org/abs/2310.14344".into()),
    };
    let shows = "Denoisers that are proximal operators, and what they learn";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Priors with closed forms, and strokes drawn by this crate from the seed; MNIST's test images in the full profile, where `make data` brought them.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Exact)
        .experiment(Dimension)
        .experiment(LaplaceNets)
        .experiment(Gap)
        .experiment(Priors)
        .experiment(Plugged)
        .experiment(Images)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
