//! What concerns all papers at once: the scoreboard and the data.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Parser, Subcommand};
use lab::manifest::{Fetched, Manifest};
use lab::provenance::workspace_root;
use lab::{index, say};

#[derive(Parser)]
#[command(version, about)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes the scoreboard: index.html and the generated tables of the READMEs
    Index {
        /// Folder of the reports [default: reports/ of the workspace, and the READMEs]
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Brings the public data sets of data/manifest.toml, each checked by its SHA-256
    Data {
        /// Copy from this folder instead of downloading
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    lab::finish(match Line::parse().command {
        Command::Index { out } => scoreboard(out),
        Command::Data { from } => data(from),
    })
}

fn scoreboard(out: Option<PathBuf>) -> anyhow::Result<()> {
    // Another folder has no READMEs that go with it.
    let (reports, root) = match out {
        Some(out) => (out, None),
        None => {
            let root = workspace_root()?;
            (root.join("reports"), Some(root))
        }
    };
    let papers = index::build(&reports, root.as_deref())?;
    say(&format!("{} papers: {}", papers, reports.join("index.html").display()))?;
    Ok(())
}

fn data(from: Option<PathBuf>) -> anyhow::Result<()> {
    let folder = workspace_root()?.join("data");
    let mut missing = 0;
    for file in Manifest::read(&folder)?.file {
        let fetched = file.bring(&folder, from.as_deref())?;
        let state = match fetched {
            Fetched::Present => "present".to_owned(),
            Fetched::Brought => "brought".to_owned(),
            Fetched::OnlyFromFolder => "no public address is known: only --from brings it".to_owned(),
            Fetched::Missing(why) => {
                missing += 1;
                format!("missing: {why}")
            }
        };
        say(&format!("{}: {state}", file.path.display()))?;
    }
    if missing > 0 {
        bail!("{missing} data files are missing; the papers then run on data they generate, and say so");
    }
    Ok(())
}
