//! stub
use clap::Subcommand;
/// stub
#[derive(Subcommand)]
pub enum Command {
    /// stub
    X,
}
impl Command {
    /// stub
    pub fn run(self) -> anyhow::Result<()> {
        Ok(())
    }
}
