//! The command line: the paper's experiments, and its methods on a user's own problems.

use std::process::ExitCode;

use lab::{Citation, Paper};
use multiobjective_pde::claims::{OPEN_QUESTIONS, claims};
use multiobjective_pde::experiments::{
    BoundedLosses, Certificates, Covers, Descents, Edges, Fields, Fronts, Newton, Patches, Paths, Reduction,
    States,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "multiobjective-pde".into(),
        title: "Multiobjective Optimization of Non-Smooth PDE-Constrained Problems".into(),
        authors: "Bernreuther, Dellnitz, Gebken, Müller, Peitz, Sonntag, Volkwein".into(),
        venue: "arXiv".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2308.01113".into()),
    };
    let shows = "Compromises proven optimal behind a switch";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Targets, sources and test functions given by formulas; matrices, starts and parameters drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(States)
        .experiment(Newton)
        .experiment(Patches)
        .experiment(Certificates)
        .experiment(Fronts)
        .experiment(Fields)
        .experiment(Reduction)
        .experiment(Descents)
        .experiment(Covers)
        .experiment(Edges)
        .experiment(Paths)
        .experiment(BoundedLosses)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
