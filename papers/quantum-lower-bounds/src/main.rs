//! The command line: the paper's experiments, and contests for a user's own optimiser.

use std::process::ExitCode;

use lab::{Citation, Paper};
use quantum_lower_bounds::claims::{OPEN_QUESTIONS, claims};
use quantum_lower_bounds::experiments::{
    Accuracy, Coins, Columns, Constants, Hiding, MeanSquared, Optima, Speedups, Truncations,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "quantum-lower-bounds".into(),
        title: "Quantum Lower Bounds for Finding Stationary Points of Nonconvex Functions".into(),
        authors: "Zhang, Li".into(),
        venue: "ICML".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2212.03906".into()),
    };
    let shows = "A function that even quantum queries find hard";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Nothing but the chain itself; rotations, tosses and secrets are drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(Constants)
        .experiment(Columns)
        .experiment(Accuracy)
        .experiment(Hiding)
        .experiment(Coins)
        .experiment(MeanSquared)
        .experiment(Truncations)
        .experiment(Speedups)
        .experiment(Optima)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
