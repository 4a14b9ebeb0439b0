//! The command line: the thesis's experiments, and its methods on a user's own tables.

use std::process::ExitCode;

use high_dimensional::claims::{OPEN_QUESTIONS, claims};
use high_dimensional::experiments::{
    Bounds, Conjugacy, ContaminatedClusters, Descent, Families, Grids, Iterations, Optima, Recovery,
    Screening,
};
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "high-dimensional".into(),
        title: "Robust and efficient methods for high-dimensional data".into(),
        authors: "Yang".into(),
        venue: "thesis, McGill University".into(),
        year: 2025,
        link: Some("https://arxiv.org/abs/2509.08155".into()),
    };
    let shows = "Screening, sparse fits, robust mixed models";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Tables with known signals, drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Families)
        .experiment(Grids)
        .experiment(Screening)
        .experiment(Iterations)
        .experiment(Bounds)
        .experiment(Descent)
        .experiment(Recovery)
        .experiment(Optima)
        .experiment(ContaminatedClusters)
        .experiment(Conjugacy)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
