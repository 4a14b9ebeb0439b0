//! The command line: the paper's experiments, and transport on a user's own files.

use std::process::ExitCode;

use lab::{Citation, Paper};
use sparse_ot::claims::claims;
use sparse_ot::experiments::{
    ColourTransfer, Convergence, KTradeoff, MixtureOfExperts, Plans1d, Points2d, RouterTime, Routing,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "sparse-ot".into(),
        title: "Sparsity-Constrained Optimal Transport".into(),
        authors: "Tianlin Liu, Joan Puigcerver, Mathieu Blondel".into(),
        venue: "ICLR".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2209.15466".into()),
    };
    let paper = Paper::new(
        citation,
        env!("CARGO_PKG_VERSION"),
        "Transport plans with k nonzeros a column",
        include_str!("summary.txt"),
    )
    .open_questions(sparse_ot::claims::OPEN_QUESTIONS)
    .experiment(Plans1d)
    .experiment(Points2d)
    .experiment(KTradeoff)
    .experiment(Convergence)
    .experiment(ColourTransfer)
    .experiment(Routing)
    .experiment(RouterTime)
    .experiment(MixtureOfExperts)
    .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
