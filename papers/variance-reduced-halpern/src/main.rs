//! The command line: the paper's experiments, and the methods on a user's own games and operators.

use std::process::ExitCode;

use lab::{Citation, Paper};
use variance_reduced_halpern::claims::{OPEN_QUESTIONS, claims};
use variance_reduced_halpern::experiments::{
    Averages, LastIterate, Policeman, Quadratic, Resolvents, Restarts,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "variance-reduced-halpern".into(),
        title: "Variance Reduced Halpern Iteration for Finite-Sum Monotone Inclusions".into(),
        authors: "Cai, Alacaoglu, Diakonikolas".into(),
        venue: "ICLR".into(),
        year: 2024,
        link: Some("https://arxiv.org/abs/2310.02987".into()),
    };
    let shows = "Saddle points and games with few calls of their parts";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("The authors' game from its 500 published weights; all else drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Averages)
        .experiment(LastIterate)
        .experiment(Resolvents)
        .experiment(Policeman)
        .experiment(Quadratic)
        .experiment(Restarts)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
