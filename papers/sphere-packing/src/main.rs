//! The command line: the paper's experiments, bounds with certificates, the game, and a solver for semidefinite programmes.

use std::process::ExitCode;

use lab::{Citation, Paper};
use sphere_packing::claims::{OPEN_QUESTIONS, claims};
use sphere_packing::experiments::{
    Degree, GeometryScan, Players, PrecisionNeeded, Records, RootConvergence, SolverTime, SumsOfSquares,
    TwoPointTable,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "sphere-packing".into(),
        title: "Model-Based and Sample-Efficient AI-Assisted Math Discovery in Sphere Packing".into(),
        authors: "Rasul Tutunov, Alexandre Maraval, Antoine Grosnit, Xihan Li, Jun Wang, Haitham Bou-Ammar"
            .into(),
        venue: "arXiv".into(),
        year: 2025,
        link: Some("https://arxiv.org/abs/2512.04829".into()),
    };
    let paper = Paper::new(
        citation,
        env!("CARGO_PKG_VERSION"),
        "Proven bounds on packing densities",
        include_str!("summary.txt"),
    )
    .data("None: the problems are given by a dimension and a degree.")
    .open_questions(OPEN_QUESTIONS)
    .experiment(TwoPointTable)
    .experiment(RootConvergence)
    .experiment(SumsOfSquares)
    .experiment(Degree)
    .experiment(GeometryScan)
    .experiment(Players)
    .experiment(PrecisionNeeded)
    .experiment(SolverTime)
    .experiment(Records)
    .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
