//! The command line: the paper's experiments, and the method on a user's own data.

use std::process::ExitCode;

use high_dimensional::claims::{OPEN_QUESTIONS, claims};
use high_dimensional::experiments::Convergence;
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "high-dimensional".into(),
        title: "Title of the Paper".into(),
        authors: "Authors".into(),
        venue: "Venue".into(),
        year: 2026,
        link: None,
    };
    let shows = "What it shows, in six words";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Random points drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Convergence)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
