//! The command line: the paper's experiments, and graphs of a user's own data.

use std::process::ExitCode;

use lab::{Citation, Paper};
use notears_topo::claims::{OPEN_QUESTIONS, claims};
use notears_topo::experiments::{
    LogisticScore, Neighbourhoods, Networks, Penalised, ProteinSignalling, SampleSize, ScoreGap, SearchTime,
    Work,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "notears-topo".into(),
        title: "Optimizing NOTEARS Objectives via Topological Swaps".into(),
        authors: "Chang Deng, Kevin Bello, Bryon Aragam, Pradeep Ravikumar".into(),
        venue: "ICML".into(),
        year: 2023,
        link: Some("https://arxiv.org/abs/2305.17277".into()),
    };
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), "Searching orders beats acyclicity penalties", include_str!("summary.txt"))
        .data("Linear, logistic and network models on random graphs, drawn by this crate from the seed; the protein data of Sachs and others in the full profile.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(ScoreGap)
        .experiment(Neighbourhoods)
        .experiment(Penalised)
        .experiment(LogisticScore)
        .experiment(Networks)
        .experiment(SampleSize)
        .experiment(Work)
        .experiment(SearchTime)
        .experiment(ProteinSignalling)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
