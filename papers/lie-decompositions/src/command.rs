//! What people run on their own matrices and images.

use clap::{Subcommand, ValueEnum};

mod classify;
mod equivariance;
mod images;
mod integrate;
mod polar;
mod sample;
mod stored;
mod train;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Coordinates of matrices: logarithm of the positive factor, and rotation
    Polar(polar::PolarCommand),
    /// Draws group elements by the invariant measure
    Sample(sample::Sample),
    /// Integrates a formula over a ball of SL(2) or GL⁺(2)
    Integrate(integrate::Integrate),
    /// Trains a group-convolutional network on images
    Train(train::Train),
    /// Names images with a trained network
    Classify(classify::Classify),
    /// Says how much a trained network's outputs change under deformations of images
    Equivariance(equivariance::EquivarianceCommand),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Polar(polar) => polar.run(),
            Self::Sample(sample) => sample.run(),
            Self::Integrate(integrate) => integrate.run(),
            Self::Train(train) => train.run(),
            Self::Classify(classify) => classify.run(),
            Self::Equivariance(equivariance) => equivariance.run(),
        }
    }
}

/// A group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// Determinant one
    Sl,
    /// Positive determinant
    Gl,
}
