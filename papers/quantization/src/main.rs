//! The command line: the survey's experiments, and networks of a user's own.

use std::process::ExitCode;

use lab::{Citation, Paper};
use quantization::claims::{OPEN_QUESTIONS, claims};
use quantization::experiments::{
    Activations, Awareness, Clipping, Families, IntegerOnly, MixedPrecision, Sizes, Speed, Staircases,
};

mod command;
mod contests;

fn main() -> ExitCode {
    let citation = Citation {
        id: "quantization".into(),
        title: "A Survey of Quantization Methods for Efficient Neural Network Inference".into(),
        authors: "Amir Gholami, Sehoon Kim, Zhen Dong, Zhewei Yao, Michael W. Mahoney, Kurt Keutzer".into(),
        venue: "arXiv".into(),
        year: 2021,
        link: Some("https://arxiv.org/abs/2103.13630".into()),
    };
    let paper = Paper::new(
        citation,
        env!("CARGO_PKG_VERSION"),
        "What fewer bits cost and save",
        include_str!("summary.txt"),
    )
    .data("Random strokes drawn by this workspace from the seed; MNIST's test images in the full profile.")
    .open_questions(OPEN_QUESTIONS)
    .experiment(Staircases)
    .experiment(Families)
    .experiment(Clipping)
    .experiment(Awareness)
    .experiment(MixedPrecision)
    .experiment(Activations)
    .experiment(IntegerOnly)
    .experiment(Sizes)
    .experiment(Speed)
    .claims(claims());
    rivals::main(&paper, contests::contests(), command::Command::run)
}
