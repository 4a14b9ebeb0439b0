//! `check`: certificates.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::say;
use sphere_packing::certificate::Certificate;

/// Files beyond this size are no certificates.
const LARGEST: u64 = 1 << 30;

#[derive(Args)]
pub struct Check {
    /// A certificate that `bound` or `play` wrote
    #[arg(value_name = "FILE.json")]
    file: PathBuf,
    /// Decimal digits to print
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=60))]
    digits: u16,
}

impl Check {
    pub fn run(self) -> anyhow::Result<()> {
        let name = || self.file.display().to_string();
        let size = std::fs::metadata(&self.file).with_context(name)?.len();
        anyhow::ensure!(size <= LARGEST, "{}: {size} bytes is no certificate", name());
        let text = std::fs::read_to_string(&self.file).with_context(name)?;
        let proven =
            Certificate::from_json(&text).and_then(|certificate| certificate.check()).with_context(name)?;
        say(&format!(
            "proven: no packing of spheres in dimension {} is denser than {}",
            proven.dimension,
            proven.decimal(usize::from(self.digits))
        ))?;
        Ok(())
    }
}
