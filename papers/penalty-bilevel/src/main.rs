//! The command line: the paper's experiments, and the methods on a user's own data.

use std::process::ExitCode;

use lab::{Citation, Paper};
use penalty_bilevel::claims::{OPEN_QUESTIONS, claims};
use penalty_bilevel::experiments::{
    ClosenessOfPenalty, Constrained, Failures, Formula, Landing, Rates, SelectionOfWeights,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "penalty-bilevel".into(),
        title:
            "On Penalty Methods for Nonconvex Bilevel Optimization and First-Order Stochastic Approximation"
                .into(),
        authors: "Kwon, Kwon, Wright, Nowak".into(),
        venue: "ICLR".into(),
        year: 2024,
        link: Some("https://arxiv.org/abs/2309.01753".into()),
    };
    let shows = "Bilevel gradients from first derivatives alone";
    let paper = Paper::new(citation, env!("CARGO_PKG_VERSION"), shows, include_str!("summary.txt"))
        .data("Random problems with solutions in closed form, and regression data, drawn by this crate from the seed.")
        .open_questions(OPEN_QUESTIONS)
        .experiment(ClosenessOfPenalty)
        .experiment(Failures)
        .experiment(Formula)
        .experiment(Rates)
        .experiment(Constrained)
        .experiment(Landing)
        .experiment(SelectionOfWeights)
        .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
