//! The command line: the paper's experiments, and constrained bilevel problems of a user.

use std::process::ExitCode;

use lab::{Citation, Paper};
use lv_hba::claims::{OPEN_QUESTIONS, claims};
use lv_hba::experiments::{Cost, Machines, MerelyConvexToy, PenaltyPath, StronglyConvexToy, ValueFunctions};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "lv-hba".into(),
        title: "Constrained Bi-Level Optimization: Proximal Lagrangian Value Function Approach and Hessian-free Algorithm".into(),
        authors: "Yao, Yu, Zeng, Zhang".into(),
        venue: "ICLR".into(),
        year: 2024,
        link: Some("https://arxiv.org/abs/2401.16164".into()),
    };
    let shows = "Bilevel problems with lower constraints, by first derivatives";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Problems with exact solutions, and rows with known flips, drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(ValueFunctions)
        .experiment(MerelyConvexToy)
        .experiment(StronglyConvexToy)
        .experiment(PenaltyPath)
        .experiment(Machines)
        .experiment(Cost)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
