//! The page of all contests.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use lab::provenance::workspace_root;
use lab::say;

/// Writes the page of the contests with public packages, and the ratios that the scoreboard shows
#[derive(Parser)]
#[command(version, about)]
struct Line {
    /// Folder of the results [default: reports/rivals/ of the workspace]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    lab::finish(page(Line::parse().out))
}

fn page(out: Option<PathBuf>) -> anyhow::Result<()> {
    let folder = match out {
        Some(out) => out,
        None => workspace_root()?.join("reports/rivals"),
    };
    let papers = rivals::build(&folder)?;
    say(&format!("contests of {} papers: {}", papers, folder.join("index.html").display()))?;
    Ok(())
}
