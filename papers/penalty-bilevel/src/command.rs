#[derive(clap::Subcommand)]
pub enum Command {
    /// x
    X,
}
impl Command {
    pub fn run(self) -> anyhow::Result<()> {
        Ok(())
    }
}
