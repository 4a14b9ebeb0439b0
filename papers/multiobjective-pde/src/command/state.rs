//! `multiobjective-pde state`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, not_negative, refuse_beyond_memory};
use lab::input::vector;
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use multiobjective_pde::state::{MaxPde, Method, Workspace};

/// One right side.
#[derive(Args)]
pub struct State {
    /// b at n × n inner nodes, y running first: .csv or .npy
    #[arg(long, value_name = "FILE")]
    rhs: PathBuf,
    /// κ
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true)]
    kappa: f64,
    /// How linear systems are solved
    #[arg(long, value_enum, default_value = "cg")]
    method: Linear,
    /// Write y: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Linear {
    /// Conjugate gradients, preconditioned by sine transforms
    Cg,
    /// Sparse Cholesky factors
    Cholesky,
}

impl State {
    /// Solves and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.rhs.as_path()])?;
        let name = self.rhs.display().to_string();
        let b = vector(&self.rhs)?.to_vec();
        let n = (b.len() as f64).sqrt().round() as usize;
        if n * n != b.len() {
            bail!("{name}: {} numbers are not n × n for any n", b.len());
        }
        let method = match self.method {
            Linear::Cg => Method::ConjugateGradients,
            Linear::Cholesky => Method::Cholesky,
        };
        if method == Method::Cholesky {
            refuse_beyond_memory(31.0 * 12.0 * b.len() as f64 * (b.len() as f64).log2() / 4.0, "the factor")?;
        }
        let pde = MaxPde::new(n, self.kappa)?;
        let state = pde.solve(&b, None, method, &mut Workspace::default()).with_context(|| name)?;
        let count = |of: fn(&f64) -> bool| state.y.iter().filter(|y| of(y)).count();
        if let Some(out) = &self.out {
            write_columns(out, vec![Column::new("y".into(), &state.y)])?;
        }
        let (least, most) = state
            .y
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), y| (least.min(*y), most.max(*y)));
        Ok(say(&format!(
            "nodes               {n} x {n}\nNewton steps        {}, conjugate gradients {}\nresidual            {}\ny                   from {} to {}\npositive            {}, zero {}, negative {}",
            state.steps,
            state.inner,
            format_number(state.residual),
            format_number(least),
            format_number(most),
            count(|y| *y > 0.0),
            count(|y| *y == 0.0),
            count(|y| *y < 0.0),
        ))?)
    }
}
