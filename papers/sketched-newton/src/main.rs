//! The command line: the paper's experiments, and the method on a user's own problems.

use std::process::ExitCode;

use lab::{Citation, Paper};
use sketched_newton::claims::{OPEN_QUESTIONS, claims};
use sketched_newton::experiments::{
    Adaptivity, Benchmark, Crossover, GridControl, Law, LogisticRegression, ManufacturedControl, Rates,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "sketched-newton".into(),
        title: "Constrained Optimization via Exact Augmented Lagrangian and Randomized Iterative Sketching"
            .into(),
        authors: "Hong, Na, Mahoney, Kolar".into(),
        venue: "ICML".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2305.18379".into()),
    };
    let shows = "Newton steps by random projections";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("A collection of small problems with known optima; grids, regressions and random systems made by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Benchmark)
        .experiment(Rates)
        .experiment(Adaptivity)
        .experiment(Law)
        .experiment(GridControl)
        .experiment(ManufacturedControl)
        .experiment(LogisticRegression)
        .experiment(Crossover)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
