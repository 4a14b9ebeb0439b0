//! `hessian-spectrum train`.

use std::path::PathBuf;

use clap::Args;
use lab::arguments::check_output;
use lab::{say, write_atomically};

use super::data::{Data, Training, described};

/// Trains and writes the parameters, layer by layer the weights row by row, then the biases.
#[derive(Args)]
pub struct Train {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    training: Training,
    /// Where the parameters go: .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Train {
    /// Reads, trains, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(Some(&self.out), "csv", self.data.files().into_iter().chain(self.training.file()))?;
        let point = self.training.reach(self.data.point(self.training.file())?)?;
        // A number a line, to the last bit, as vectors are read.
        let lines: String = point.network().parameters().iter().map(|p| format!("{p:?}\n")).collect();
        write_atomically(&self.out, lines.as_bytes())?;
        say(&described(&self.data, &point)?)?;
        Ok(())
    }
}
