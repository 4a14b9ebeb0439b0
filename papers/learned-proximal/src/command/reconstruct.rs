//! `learned-proximal reconstruct`.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, positive, refuse_one_file_for_two, usage};
use lab::input::{matrix, vector};
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use lab::{remark, say};
use learned_proximal::operator::{LeastSquares, Operator};
use learned_proximal::plug_and_play::{
    StopReason, Trace, Until, accelerated, douglas_rachford, proximal_gradient,
};
use numerics::random::stream;

use super::{Trained, write_rows};

/// min h(x) + R(x)/eta or h(x) + rho R(x), h = weight |A x - b|^2/2.
#[derive(Args)]
pub struct Reconstruct {
    /// The network: .json, as train writes it
    #[arg(long, value_name = "FILE")]
    net: PathBuf,
    /// The measurement: blur:WIDTH (all places where image and kernel meet, so b is larger than the image), mask:FILE (places from 0), matrix:FILE, or circulant:ROWS with random signs from the seed
    #[arg(long)]
    operator: String,
    /// b: one number a line, or NPY
    #[arg(long, value_name = "FILE")]
    observed: PathBuf,
    /// How
    #[arg(long, value_enum, default_value = "pgd")]
    method: MethodName,
    /// Step of pgd and fista [default: 0.9 over the smoothness of h]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    eta: Option<f64>,
    /// Weight of admm [default: 1.01 times the smoothness of h]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    rho: Option<f64>,
    /// Of h
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    weight: f64,
    /// Steps at most
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Change to end at
    #[arg(long, value_parser = positive, default_value_t = 1e-8, allow_negative_numbers = true)]
    tolerance: f64,
    /// Seed of a circulant matrix
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write x, one row: .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write objective, change and residual of each step: .csv
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// Proximal gradients
    Pgd,
    /// Alternating directions, that is Douglas-Rachford splitting
    Admm,
    /// Accelerated proximal gradients, begun anew where the objective rises
    Fista,
}

impl Reconstruct {
    /// Reads, reconstructs, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let inputs = [self.net.as_path(), self.observed.as_path()];
        check_output(Some(&self.out), "csv", inputs)?;
        check_output(self.trace.as_deref(), "csv", inputs)?;
        if let Some(trace) = &self.trace {
            refuse_one_file_for_two(&self.out, trace)?;
        }
        let network = Trained::read(&self.net)?.network;
        let n = network.inputs();
        let operator = self.operator_for(n)?;
        let observed = vector(&self.observed)?.to_vec();
        let expected = operator.outputs();
        ensure!(
            observed.len() == expected,
            "{}: {} numbers, the measurement has {expected}",
            self.observed.display(),
            observed.len()
        );
        if self.rho.is_some() && self.method != MethodName::Admm {
            return Err(usage("--rho is for admm: pgd and fista take --eta"));
        }
        if self.eta.is_some() && self.method == MethodName::Admm {
            return Err(usage("--eta is for pgd and fista: admm takes --rho"));
        }
        let h = LeastSquares { operator, observed, weight: self.weight };
        let smoothness = h.smoothness();
        ensure!(
            smoothness > 1e-200 && smoothness < 1e200,
            "--operator {}: the measurement is zero, or its squares leave the numbers",
            self.operator
        );
        let until = Until { steps: self.steps as usize, change: self.tolerance };
        let start = vec![0.0; n];
        let (trace, objective, per) = match self.method {
            MethodName::Admm => {
                let rho = self.rho.unwrap_or(1.01 * smoothness);
                if rho <= smoothness {
                    remark(&format!(
                        "rho is {}, not above the smoothness of h, {}: there is no guarantee",
                        format_number(rho),
                        format_number(smoothness)
                    ))?;
                }
                let trace = douglas_rachford(&network, &h, &start, rho, until);
                (trace, format!("h + {} R, whose envelope is the objective below", format_number(rho)), 1.0)
            }
            method => {
                let eta = self.eta.unwrap_or(0.9 / smoothness);
                let limit = 1.0 + 1.0 / network.smoothness_bound();
                if eta * smoothness >= limit {
                    remark(&format!(
                        "eta L is {}, not below the certified limit {}: there is no guarantee",
                        format_number(eta * smoothness),
                        format_number(limit)
                    ))?;
                }
                let run = if method == MethodName::Pgd { proximal_gradient } else { accelerated };
                (run(&network, &h, &start, eta, until), format!("h + R/{}", format_number(eta)), 1.0 / eta)
            }
        };
        if trace.reason == StopReason::Diverged {
            bail!(
                "the iterates left the numbers after {} steps: a smaller --eta or a larger --rho keeps them",
                trace.entries.len()
            );
        }
        self.write(&trace, per, n)?;
        let last = trace.entries[trace.entries.len() - 1];
        let ended = if trace.reason == StopReason::Converged { "at rest" } else { "out of steps" };
        Ok(say(&format!(
            "minimised            {objective}\nsteps                {}, {ended}\nh                    {}\nobjective            {}\nlargest rise         {}\nlast change          {}\nresidual             {}",
            trace.entries.len(),
            format_number(h.value(&trace.x)),
            format_number(per * last.objective.unwrap_or(f64::NAN)),
            format_number(trace.rise.unwrap_or(0.0)),
            format_number(last.change),
            format_number(last.residual),
        ))?)
    }

    fn write(&self, trace: &Trace, per: f64, n: usize) -> anyhow::Result<()> {
        write_rows(&self.out, &trace.x, n)?;
        if let Some(path) = &self.trace {
            let column = |name: &str, of: &dyn Fn(&learned_proximal::plug_and_play::Entry) -> f64| {
                Column::new(name.into(), trace.entries.iter().map(of).collect::<Vec<f64>>())
            };
            write_columns(
                path,
                vec![
                    column("objective", &|entry| per * entry.objective.unwrap_or(f64::NAN)),
                    column("change", &|entry| entry.change),
                    column("residual", &|entry| entry.residual),
                ],
            )?;
        }
        Ok(())
    }

    fn operator_for(&self, n: usize) -> anyhow::Result<Operator> {
        let text = &self.operator;
        let fault = |what: &str| usage(format!("--operator {text}: {what}"));
        let (word, rest) = text
            .split_once(':')
            .ok_or_else(|| fault("expected blur:WIDTH, mask:FILE, matrix:FILE or circulant:ROWS"))?;
        match word {
            "blur" => {
                let side = (n as f64).sqrt().round() as usize;
                if side * side != n {
                    return Err(fault(&format!("the network takes {n} numbers, which are no square image")));
                }
                let width = rest.parse().map_err(|_| fault("expected a width in pixels"))?;
                Operator::blur(side, width).map_err(|error| fault(&error.to_string()))
            }
            "mask" => {
                let path = PathBuf::from(rest);
                let places = vector(&path)?;
                if let Some(place) = places.iter().find(|place| place.fract() != 0.0 || **place < 0.0) {
                    bail!("{}: {place}, expected places from 0", path.display());
                }
                let seen = places.iter().map(|place| *place as usize).collect();
                Operator::mask(n, seen).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
            }
            "matrix" => {
                let path = PathBuf::from(rest);
                let read = matrix(&path)?;
                ensure!(
                    read.ncols() == n,
                    "{}: {} columns, the network takes {n} numbers",
                    path.display(),
                    read.ncols()
                );
                Ok(Operator::Matrix(read))
            }
            "circulant" => {
                let rows = rest.parse().map_err(|_| fault("expected a number of rows"))?;
                let mut random = stream(self.seed, &["learned-proximal", "circulant"]);
                Operator::circulant(n, rows, &mut random).map_err(|error| fault(&error.to_string()))
            }
            _ => Err(fault("expected blur:WIDTH, mask:FILE, matrix:FILE or circulant:ROWS")),
        }
    }
}
