//! The command line: the paper's experiments, and private training on a user's data.

use std::process::ExitCode;

use diff2::claims::{OPEN_QUESTIONS, claims};
use diff2::experiments::{Accounting, Audits, Exponents, Floating, LogisticRegression, Network};
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "diff2".into(),
        title: "DIFF2: Differential Private Optimization via Gradient Differences for Nonconvex Distributed Learning"
            .into(),
        authors: "Murata, Suzuki".into(),
        venue: "ICML".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2302.03884".into()),
    };
    let shows = "Private training by noisy differences of gradients";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Regressions and classifications drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Accounting)
        .experiment(Audits)
        .experiment(Exponents)
        .experiment(LogisticRegression)
        .experiment(Network)
        .experiment(Floating)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
