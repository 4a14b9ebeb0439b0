//! The command line: the paper's experiments, and global training on a user's data.

use std::process::ExitCode;

use convex_relu::claims::{OPEN_QUESTIONS, claims};
use convex_relu::experiments::{Descents, Exact, Hard, Iterations, Neurons, Perturbed, Sampling, Steps};
use lab::{Citation, Paper};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "convex-relu".into(),
        title: "Efficient Global Optimization of Two-layer ReLU Networks: Quadratic-time Algorithms and Adversarial Training"
            .into(),
        authors: "Bai, Gautam, Sojoudi".into(),
        venue: "SIAM J. Math. Data Sci.".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2201.01965".into()),
    };
    let shows = "Small networks trained to proven global optima";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Regressions and classifications drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Exact)
        .experiment(Descents)
        .experiment(Sampling)
        .experiment(Neurons)
        .experiment(Hard)
        .experiment(Iterations)
        .experiment(Steps)
        .experiment(Perturbed)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
