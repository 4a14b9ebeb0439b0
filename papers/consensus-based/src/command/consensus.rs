//! `consensus-based consensus`: the consensus of given particles.

use std::path::PathBuf;

use clap::Args;
use consensus_based::consensus::{alpha_of_effective_share, consensus};
use lab::input::named_matrix;
use lab::table::format_number;
use lab::{Error, say};

use super::{alpha, refused};

/// Prints the weighted mean and what certifies it.
#[derive(Args)]
pub struct ConsensusOf {
    /// Particles: .csv, .npy or .parquet, one a row, with their energies in a column
    #[arg(long, value_name = "FILE")]
    points: PathBuf,
    /// Name of the column of energies; columns without names are x1, x2, …
    #[arg(long, value_name = "NAME")]
    energy_column: String,
    /// Inverse temperature α, or inf
    #[arg(long, value_parser = alpha, allow_negative_numbers = true, required_unless_present = "effective_share")]
    alpha: Option<f64>,
    /// The α at which this share of the particles counts
    #[arg(long, value_name = "SHARE", conflicts_with = "alpha")]
    effective_share: Option<f64>,
}

impl ConsensusOf {
    /// Reads, computes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let named = named_matrix(&self.points)?;
        let column = named.names.iter().position(|name| *name == self.energy_column).ok_or_else(|| {
            let known = super::shortened(&named.names);
            Error::Usage(format!(
                "--energy-column {}: {} has {known}",
                self.energy_column,
                self.points.display()
            ))
        })?;
        let coordinates: Vec<usize> = (0..named.names.len()).filter(|k| *k != column).collect();
        if coordinates.is_empty() {
            return Err(
                Error::Usage(format!("{}: no column beside the energies", self.points.display())).into()
            );
        }
        let points: Vec<f64> = named
            .values
            .rows()
            .into_iter()
            .flat_map(|row| coordinates.iter().map(move |k| row[*k]))
            .collect();
        let energies = named.values.column(column).to_vec();
        let alpha = match (self.alpha, self.effective_share) {
            (Some(alpha), _) => alpha,
            (None, share) => {
                alpha_of_effective_share(&points, &energies, share.unwrap_or(f64::NAN)).map_err(refused)?
            }
        };
        let found = consensus(&points, &energies, alpha).map_err(refused)?;
        let mut lines = vec![format!("alpha           {}", format_number(alpha))];
        lines.extend(
            coordinates
                .iter()
                .zip(&found.point)
                .map(|(k, x)| format!("{:<15} {}", named.names[*k], format_number(*x))),
        );
        lines.push(format!("effective       {} of {} particles", format_number(found.ess), energies.len()));
        lines.push(format!("free energy     {}", format_number(found.softmin)));
        lines.push(format!("best row        {} with energy {}", found.best + 1, format_number(found.least)));
        say(&lines.join("\n"))?;
        Ok(())
    }
}
