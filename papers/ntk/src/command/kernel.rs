//! `ntk kernel`: kernel matrices.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use lab::arguments::{refuse_beyond_memory, refuse_overwriting};
use lab::table::format_number;
use lab::{input, remark};
use ntk::Kind;

use super::{NetworkArguments, write_matrix};

/// Writes the kernel of all pairs of points.
#[derive(Args)]
pub struct Kernel {
    /// Points, one a line: .csv without a header, or .npy
    #[arg(long, value_name = "FILE")]
    inputs: PathBuf,
    /// More points: the kernel is then of the first against these
    #[arg(long, value_name = "FILE")]
    inputs2: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArguments,
    /// Which kernel
    #[arg(long, value_enum, default_value_t = Which::Ntk)]
    kind: Which,
    /// Write single precision: half of the memory, of one set of points only
    #[arg(long, conflicts_with = "inputs2")]
    single: bool,
    /// Where it goes: .npy or .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// The tangent kernel
    Ntk,
    /// The covariance of outputs at initialisation
    Nngp,
}

impl Kernel {
    /// Reads, computes, writes and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        refuse_overwriting(&self.out, std::iter::once(self.inputs.as_path()).chain(self.inputs2.as_deref()))?;
        let kind = match self.kind {
            Which::Ntk => Kind::Ntk,
            Which::Nngp => Kind::Nngp,
        };
        let architecture = self.network.architecture();
        let x = input::matrix(&self.inputs)?;
        if self.single {
            refuse_beyond_memory(8.0 * (x.nrows() as f64).powi(2), "the kernel matrix")?;
            let kernel =
                architecture.matrix_f32(kind, x.view()).with_context(|| self.inputs.display().to_string())?;
            write_matrix(&self.out, kernel.view())?;
            return self.say(kernel.dim(), kernel.iter().map(|entry| f64::from(*entry)));
        }
        let kernel = match &self.inputs2 {
            None => {
                refuse_beyond_memory(16.0 * (x.nrows() as f64).powi(2), "the kernel matrix")?;
                architecture.matrix(kind, x.view()).with_context(|| self.inputs.display().to_string())?
            }
            Some(path) => {
                let y = input::matrix(path)?;
                refuse_beyond_memory(16.0 * x.nrows() as f64 * y.nrows() as f64, "the kernel matrix")?;
                architecture
                    .cross(kind, x.view(), y.view())
                    .with_context(|| format!("{} and {}", self.inputs.display(), path.display()))?
            }
        };
        write_matrix(&self.out, kernel.view())?;
        self.say(kernel.dim(), kernel.iter().copied())
    }

    /// Says what was written.
    fn say(&self, (rows, columns): (usize, usize), entries: impl Iterator<Item = f64>) -> anyhow::Result<()> {
        let (low, high) = entries.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), k| (l.min(k), h.max(k)));
        remark(&format!(
            "kernel     {rows} × {columns}, entries from {} to {}\nwritten to {}",
            format_number(low),
            format_number(high),
            self.out.display()
        ))?;
        Ok(())
    }
}
