//! `variance-reduced-halpern affine`: zeros of affine monotone operators, with constraints or an l1 norm.

use std::path::PathBuf;

use anyhow::ensure;
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, positive};
use lab::input::{matrix, vector};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use variance_reduced_halpern::affine::{self, AffineError, Law};
use variance_reduced_halpern::extragradient::{
    anchored_extragradient, extragradient, forward_reflected, reduced_extragradient,
};
use variance_reduced_halpern::halpern::halpern;
use variance_reduced_halpern::inexact::{self, Inner, resolvent_halpern};
use variance_reduced_halpern::operator::FiniteSum;
use variance_reduced_halpern::page::page_halpern;
use variance_reduced_halpern::potential::tuned;
use variance_reduced_halpern::resolvent::Simple;
use variance_reduced_halpern::run::{Monitor, StopReason, Task};

use super::{ended, prediction, usage};

/// Reads K and q, finds z and writes it.
#[derive(Args)]
pub struct Affine {
    /// K, square and monotone: .csv or .npy
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    /// q: .csv or .npy
    #[arg(long, value_name = "FILE")]
    vector: PathBuf,
    /// Blocks of columns, the parts of the sum; one for each column if not given
    #[arg(long)]
    blocks: Option<usize>,
    /// G: the subdifferential of this times the l1 norm
    #[arg(long, value_name = "WEIGHT", value_parser = positive, conflicts_with_all = ["interval", "simplex"], allow_negative_numbers = true)]
    l1: Option<f64>,
    /// G: every coordinate from the first to the second of two numbers
    #[arg(long, value_name = "LOW,HIGH", conflicts_with = "simplex", allow_hyphen_values = true)]
    interval: Option<String>,
    /// G: not negative, with sum 1
    #[arg(long)]
    simplex: bool,
    /// The method
    #[arg(long, value_enum, default_value_t = Method::Eg)]
    method: Method,
    /// The residual |F(z) + g| to reach
    #[arg(long, value_parser = positive, default_value_t = 1e-6, allow_negative_numbers = true)]
    residual: f64,
    /// The most calls of a part
    #[arg(long, value_parser = lab::arguments::calls, default_value = "1e9")]
    calls: u64,
    /// Decides what is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where z goes: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Method {
    /// Algorithm 1 with tuned b, p and step, proved without constraints; for positive definite (K + Kᵀ)/2
    Page,
    /// Algorithm 2 with restarts
    Resolvent,
    /// Extragradient
    Eg,
    /// Anchored extragradient
    Eag,
    /// Variance-reduced extragradient
    VrEg,
    /// Forward-reflected-backward
    Forb,
    /// Halpern without sampling; for positive definite (K + Kᵀ)/2
    Halpern,
}

impl Affine {
    /// Reads, solves, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.matrix.as_path(), self.vector.as_path()])?;
        let resolvent = self.resolvent()?;
        let (k, q) = (matrix(&self.matrix)?, vector(&self.vector)?);
        let blocks = affine::Affine::even_blocks(k.ncols(), self.blocks.unwrap_or(k.ncols()))
            .map_err(|fault| usage(format!("--blocks: {fault}")))?;
        let n = blocks.len();
        let sum =
            affine::Affine::new(k.view(), q.to_vec(), blocks, Law::SquaredNorms).map_err(
                |fault| match fault {
                    AffineError::Shape { .. } => {
                        anyhow::anyhow!("{} and {}: {fault}", self.matrix.display(), self.vector.display())
                    }
                    _ => anyhow::anyhow!("{}: {fault}", self.matrix.display()),
                },
            )?;
        let (average, constant, cocoercive) =
            (sum.average_constant(), sum.constant(), sum.cocoercive_constant());
        let definite = cocoercive.is_finite();
        say(&prediction(n, if definite { cocoercive } else { average }, constant, 1.0))?;
        if matches!(self.method, Method::Page | Method::Halpern) && !definite {
            return Err(usage(format!(
                "--method: {} is not positive definite in (K + Kᵀ)/2, which this method needs; resolvent or eg do not",
                self.matrix.display()
            )));
        }
        if matches!(self.method, Method::Resolvent) && n < 2 {
            return Err(usage("--method resolvent: Algorithm 2 needs two parts or more"));
        }
        let start = vec![0.0; q.len()];
        let task =
            Task { operator: &sum, resolvent: &resolvent, start: &start, calls: self.calls, seed: self.seed };
        let mut monitor = Monitor::new(&sum, self.residual, 1.05);
        let look = |step: &variance_reduced_halpern::run::Step<'_>| monitor.look(step);
        let found = match self.method {
            Method::Page => {
                // As for a start at distance 1.
                let mut options = tuned(n, cocoercive / self.residual);
                options.eta /= cocoercive;
                page_halpern(&task, &options, look)
            }
            Method::Resolvent => {
                let options = inexact::Options::new(n, average, 1.0, Inner::Fixed { share: 1.0 });
                resolvent_halpern(&task, &inexact::Options { restart: Some(0.3), ..options }, look)
            }
            Method::Eg => extragradient(&task, 0.99 / constant, look),
            Method::Eag => anchored_extragradient(&task, 0.99 / constant, look),
            Method::VrEg => reduced_extragradient(&task, 0.99 / (n as f64).sqrt() / average, look),
            Method::Forb => forward_reflected(&task, 0.49 / constant, look),
            // Cocoercivity of F itself is not below that on average.
            Method::Halpern => halpern(&task, 1.0 / cocoercive, look),
        };
        say(&format!(
            "method              {}\nresidual            {}\ncost                {} calls ({} checks of {n} among them), {} resolvents\nstopped             {}",
            clap::ValueEnum::to_possible_value(&self.method)
                .map_or_else(String::new, |value| value.get_name().to_owned()),
            format_number(found.residual(&sum)),
            found.counts.calls(n) + monitor.checks * n as u64,
            monitor.checks,
            found.counts.resolvents,
            ended(found.reason, self.calls)
        ))?;
        ensure!(found.reason != StopReason::Diverged, "{}: the method diverged", self.matrix.display());
        if let Some(out) = &self.out {
            write_columns(out, vec![Column::new("z".into(), found.point)])?;
        }
        ensure!(
            found.reason == StopReason::Observer,
            "{}: the residual {} was not reached",
            self.matrix.display(),
            format_number(self.residual)
        );
        Ok(())
    }

    fn resolvent(&self) -> anyhow::Result<Simple> {
        if self.simplex {
            let length = vector(&self.vector)?.len();
            return Ok(Simple::Simplices(vec![length]));
        }
        if let Some(weight) = self.l1 {
            return Ok(Simple::Absolute { weight });
        }
        let Some(text) = &self.interval else { return Ok(Simple::Zero) };
        let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some([lower, upper])
                if lower <= upper && *lower < f64::INFINITY && *upper > f64::NEG_INFINITY =>
            {
                Ok(Simple::Interval { lower: *lower, upper: *upper })
            }
            _ => Err(usage(format!("--interval {text}: expected two numbers, the lower first, as in -1,1"))),
        }
    }
}
