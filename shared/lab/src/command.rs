//! The command line that every paper has.

use std::io::{IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::arguments::duration;
use crate::check::check;
use crate::error::{Error, IoContext};
use crate::experiment::Profile;
use crate::interrupt;
use crate::paper::Paper;
use crate::publish::{PaperVerdicts, VERDICTS};
use crate::run::{Computed, Run, Settings, limited, panic_message};
use crate::store::Shard;
use crate::terminal::{self, columns, say};

mod plan;

#[derive(Parser)]
#[command(version)]
struct Line<Own: Subcommand> {
    #[command(flatten)]
    everywhere: Everywhere,
    #[command(subcommand)]
    command: Command<Own>,
}

/// Options of every subcommand.
#[derive(Args)]
struct Everywhere {
    /// Threads to use [default: all]; results do not depend on it
    #[arg(long, global = true, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Say less
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Subcommand)]
enum Command<Own: Subcommand> {
    /// Lists the experiments and claims
    List,
    /// Shows which cells are done, missing, failed or stale, and how long the rest will take
    Plan {
        #[command(flatten)]
        chosen: Chosen,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Exit 1 unless every cell is done
        #[arg(long)]
        complete: bool,
    },
    /// Computes what is missing and writes figures, tables, verdicts and the page
    Reproduce {
        #[command(flatten)]
        chosen: Chosen,
        /// Compute only the i-th of n shares of the cells and report nothing; a later run merges them
        #[arg(long, value_name = "I/N")]
        shard: Option<Shard>,
        /// Compute the cells of the grid again even if they are done
        #[arg(long)]
        fresh: bool,
        /// End a cell that takes longer, as timed out: 90s, 10m or 2h [default: no limit]
        #[arg(long, value_name = "TIME", value_parser = duration)]
        cell_limit: Option<Duration>,
    },
    /// Draws the report again from measured cells, computing nothing
    Render {
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Prints the verdicts of the report
    Verdicts {
        #[command(flatten)]
        chosen: Chosen,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Judge the measured cells again; exit 1 if a verdict or a value differs from the committed report
        #[arg(long)]
        check: bool,
    },
    /// Measures one cell for a run with a limit: reads it from standard input
    #[command(hide = true)]
    Measure,
    #[command(flatten)]
    Own(Own),
}

/// Which cells, and where they and the report lie.
#[derive(Args)]
struct Chosen {
    /// Experiments [default: all]
    experiments: Vec<String>,
    /// How much work the grid holds
    #[arg(long, value_enum, default_value_t = Profile::Quick)]
    profile: Profile,
    /// The seed that every random stream derives from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder of the reports [default: reports/ of the workspace]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Folder of the measured cells [default: .rows in the workspace, or in --out]
    #[arg(long, value_name = "FOLDER", env = "LAB_ROWS")]
    rows: Option<PathBuf>,
}

/// What is wrong with a command line, in one line; `--help` says the rest.
fn first_paragraph(text: &str) -> String {
    let lines = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim);
    lines.collect::<Vec<_>>().join(" ")
}

/// For papers without subcommands of their own.
#[derive(Subcommand)]
pub enum NoCommands {}

/// Runs the command line of a paper: `lab`'s subcommands, and the paper's own through `own`.
///
/// Every error is one line on standard error; a call without arguments prints the help there. Exit codes: 0 done, 1 failure, 2 wrong usage, 130
/// interrupted.
pub fn main<Own: Subcommand>(paper: &Paper, own: impl FnOnce(Own) -> anyhow::Result<()>) -> ExitCode {
    let command =
        Line::<Own>::command().name(paper.citation.id.clone()).version(paper.version).about(format!(
            "{} ({}, {} {})",
            paper.citation.title, paper.citation.authors, paper.citation.venue, paper.citation.year
        ));
    let line = match command.try_get_matches().and_then(|matches| Line::<Own>::from_arg_matches(&matches)) {
        Ok(line) => line,
        Err(fault) => {
            // A closed standard output is nobody's fault, and there is nowhere left to say so.
            let _ = if fault.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                // Called without arguments: whoever does that wants to know what there is.
                writeln!(std::io::stderr(), "{fault}")
            } else if fault.use_stderr() {
                writeln!(std::io::stderr(), "{}", first_paragraph(&fault.to_string()))
            } else {
                fault.print()
            };
            return ExitCode::from(fault.exit_code() as u8);
        }
    };
    start(&line.everywhere);
    let work = || match line.command {
        Command::Own(command) => own(command),
        command => lab_command(paper, command, line.everywhere.quiet).map_err(Into::into),
    };
    // A panic is a fault of this program, and is told in one line like any other.
    let outcome = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::Internal(panic_message(&*panic)).into()));
    finish(outcome)
}

/// Turns an outcome into an exit code and one line on standard error.
pub fn finish(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(fault) = outcome else { return ExitCode::SUCCESS };
    if fault
        .downcast_ref::<std::io::Error>()
        .is_some_and(|fault| fault.kind() == std::io::ErrorKind::BrokenPipe)
    {
        return ExitCode::SUCCESS;
    }
    let text = format!("{fault:#}").replace('\n', " ");
    eprintln!("error: {text}");
    match fault.downcast_ref::<Error>() {
        Some(Error::Usage(_)) => ExitCode::from(2),
        Some(Error::Interrupted) => ExitCode::from(interrupt::EXIT_CODE),
        _ => ExitCode::FAILURE,
    }
}

fn start(options: &Everywhere) {
    terminal::be_quiet(options.quiet);
    let level = match (options.quiet, options.verbose) {
        (true, _) => tracing::Level::ERROR,
        (false, 0) => tracing::Level::WARN,
        (false, 1) => tracing::Level::INFO,
        _ => tracing::Level::DEBUG,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .init();
    if let Some(threads) = options.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        if let Err(fault) = pool {
            tracing::warn!("--threads {threads} has no effect: {fault}");
        }
    }
    // Panics are caught: those of a cell become its ending, any other an error.
    std::panic::set_hook(Box::new(|panic| tracing::debug!("{panic}")));
}

fn lab_command<Own: Subcommand>(paper: &Paper, command: Command<Own>, quiet: bool) -> Result<(), Error> {
    match command {
        Command::List => list(paper),
        Command::Plan { chosen, json, complete } => plan::plan(
            &chosen.run(paper, Share::default())?,
            &paper.select(&chosen.experiments)?,
            json,
            complete,
        ),
        Command::Reproduce { chosen, shard, fresh, cell_limit } => {
            reproduce(paper, &chosen, Share { shard, fresh, cell_limit }, quiet)
        }
        Command::Measure => limited::measure(paper),
        Command::Render { chosen } => {
            let run = chosen.run(paper, Share::default())?;
            for experiment in paper.select(&chosen.experiments)? {
                if chosen.experiments.is_empty() && run.is_empty(experiment)? {
                    continue;
                }
                if !run.has_cells(experiment)? {
                    let id = experiment.id();
                    return Err(Error::Usage(format!(
                        "{id} has no measured cells at this profile and seed: reproduce it first"
                    )));
                }
                run.publish_experiment(experiment, Some(&Computed::default()))?;
            }
            let verdicts = run.publish_paper()?;
            if quiet { Ok(()) } else { print_verdicts(&verdicts) }
        }
        Command::Verdicts { chosen, json, check: compare } => {
            let run = chosen.run(paper, Share::default())?;
            if compare {
                return say(&check(&run, &paper.select(&chosen.experiments)?)?);
            }
            let selected: Vec<&str> =
                paper.select(&chosen.experiments)?.iter().map(|experiment| experiment.id()).collect();
            let path = run.folder().join(VERDICTS);
            let text = std::fs::read_to_string(&path).reading(&path)?;
            let malformed =
                |fault: serde_json::Error| Error::Malformed { path: path.clone(), fault: fault.to_string() };
            let mut verdicts: PaperVerdicts = serde_json::from_str(&text).map_err(malformed)?;
            if verdicts.seed != chosen.seed {
                let (found, asked) = (verdicts.seed, chosen.seed);
                return Err(Error::Usage(format!("--seed {asked}: the report is of seed {found}")));
            }
            if !chosen.experiments.is_empty() {
                let of_selected = |id: &String| selected.contains(&id.as_str());
                verdicts.claims.retain(|claim| claim.experiment.as_ref().is_some_and(of_selected));
            }
            match json {
                true => say(&serde_json::to_string_pretty(&verdicts).map_err(malformed)?),
                false => print_verdicts(&verdicts),
            }
        }
        Command::Own(_) => Err(Error::Internal("a paper's own subcommand came to lab".into())),
    }
}

impl Chosen {
    fn run<'a>(&self, paper: &'a Paper, share: Share) -> Result<Run<'a>, Error> {
        let Self { profile, seed, out, rows, .. } = self;
        let Share { shard, fresh, cell_limit } = share;
        let (out, rows) = (out.clone(), rows.clone());
        Run::new(paper, Settings { profile: *profile, seed: *seed, out, rows, shard, fresh, cell_limit })
    }
}

fn list(paper: &Paper) -> Result<(), Error> {
    let experiments =
        paper.experiments.iter().map(|experiment| vec![experiment.id().into(), experiment.title().into()]);
    let claims = paper.claims.iter().map(|claim| vec![claim.id.into(), claim.statement.into()]);
    say(&format!(
        "{}\n\n{}",
        columns(&["experiment", "title"], experiments.collect()),
        columns(&["claim", "statement"], claims.collect())
    ))
}

/// Which of the cells a run computes, and how long each may take.
#[derive(Clone, Copy, Default)]
struct Share {
    shard: Option<Shard>,
    fresh: bool,
    cell_limit: Option<Duration>,
}

fn reproduce(paper: &Paper, chosen: &Chosen, share: Share, quiet: bool) -> Result<(), Error> {
    let shard = share.shard;
    let run = chosen.run(paper, share)?;
    let experiments = paper.select(&chosen.experiments)?;
    interrupt::listen()?;
    let mut failures = 0;
    for experiment in experiments {
        let computed = run.compute(experiment)?;
        failures += computed.failures.len();
        for failure in &computed.failures {
            tracing::error!("{}: {failure}", experiment.id());
        }
        // Interrupted before its first cell, an experiment keeps the report it had.
        if shard.is_none() && run.has_cells(experiment)? {
            run.publish_experiment(experiment, Some(&computed))?;
        }
        if !quiet {
            let Computed { cells, seconds, .. } = computed;
            eprintln!("{} {}: {cells} cells computed in {seconds:.1} s", paper.citation.id, experiment.id());
        }
    }
    if shard.is_none() {
        let verdicts = run.publish_paper()?;
        if !quiet {
            print_verdicts(&verdicts)?;
            say(&format!("report: {}", run.folder().join("index.html").display()))?;
        }
    }
    if interrupt::requested() {
        return Err(Error::Interrupted);
    }
    match failures {
        0 => Ok(()),
        1 => Err(Error::FailedCells("1 cell failed; the next run tries it again".into())),
        _ => Err(Error::FailedCells(format!("{failures} cells failed; the next run tries them again"))),
    }
}

fn print_verdicts(verdicts: &PaperVerdicts) -> Result<(), Error> {
    let rows = verdicts.claims.iter().map(|claim| {
        let ours = claim.estimate.map_or_else(|| "-".into(), |estimate| estimate.to_string());
        let rule = claim.rule.clone().unwrap_or_else(|| "-".into());
        let verdict = match &claim.reason {
            Some(reason) => format!("{} ({reason})", claim.verdict),
            None => claim.verdict.to_string(),
        };
        vec![claim.id.clone(), ours, rule, verdict]
    });
    say(&columns(&["claim", "ours", "rule", "verdict"], rows.collect()))
}
