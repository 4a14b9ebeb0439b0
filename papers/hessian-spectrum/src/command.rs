//! What people run on their own data.

use clap::Subcommand;
use lab::arguments::usage;

mod data;
mod density;
mod outliers;
mod path;
mod spectrum;
mod train;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Trains a network and writes its parameters
    Train(train::Train),
    /// All eigenvalues of the Hessian, from the matrix
    Spectrum(spectrum::Spectrum),
    /// The largest and smallest eigenvalues from products, with residuals, and how many stand apart
    Outliers(outliers::OutliersCommand),
    /// The distribution of all eigenvalues from products, with a band that holds
    Density(density::DensityCommand),
    /// Loss between two points, along a line and a trained curve
    Path(path::PathCommand),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Train(train) => train.run(),
            Self::Spectrum(spectrum) => spectrum.run(),
            Self::Outliers(outliers) => outliers.run(),
            Self::Density(density) => density.run(),
            Self::Path(path) => path.run(),
        }
    }
}
