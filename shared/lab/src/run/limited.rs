//! Cells that must end: each is measured by a process of its own, which can be ended whatever it does.
//!
//! The process is this program with the hidden subcommand `measure`. It reads an order, measures as any run does, and writes the outcome;
//! the numbers are the same, since they depend on nothing but the parameters and the seed.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::experiment::AnyExperiment;
use crate::interrupt;
use crate::paper::Paper;
use crate::record::Record;
use crate::store::Ending;

/// What the process is asked for.
#[derive(Serialize, Deserialize)]
struct Order {
    experiment: String,
    parameters: Record,
    seed: u64,
}

/// What it answers.
#[derive(Serialize, Deserialize)]
struct Answer {
    #[serde(flatten)]
    ending: Ending,
    rows: Vec<Record>,
}

const PATIENCE: Duration = Duration::from_millis(5);

/// Measures a cell in a process of its own and ends that at the limit, or when the user asks twice to stop.
pub(super) fn measured(
    paper: &Paper,
    experiment: &dyn AnyExperiment,
    parameters: &Record,
    seed: u64,
    limit: Duration,
) -> (Ending, Vec<Record>) {
    let order = Order { experiment: experiment.id().into(), parameters: parameters.clone(), seed };
    let threads = if experiment.runs_alone() { rayon::current_num_threads() } else { 1 };
    asked(paper, &order, threads, limit).unwrap_or_else(|fault| (Ending::Failed(fault), Vec::new()))
}

fn asked(
    paper: &Paper,
    order: &Order,
    threads: usize,
    limit: Duration,
) -> Result<(Ending, Vec<Record>), String> {
    let words = |fault: std::io::Error| format!("its process: {fault}");
    let program = std::env::current_exe().map_err(words)?;
    let mut child = Command::new(program)
        .args(["--threads", &threads.to_string(), "--quiet", "measure"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(words)?;
    let text = serde_json::to_vec(order).map_err(|fault| fault.to_string())?;
    let mut orders = child.stdin.take().ok_or("its process has no input")?;
    // A process that ends before it has read is told by its exit code.
    let _ = orders.write_all(&text);
    drop(orders);
    // Read from aside, so that a long answer does not fill the pipe while this thread waits for the end.
    let mut answers = child.stdout.take().ok_or("its process has no output")?;
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        answers.read_to_end(&mut text).map(|_| text)
    });
    let Some(status) = ended(&mut child, limit).map_err(words)? else {
        let seconds = limit.as_secs_f64();
        return Ok((
            Ending::TimedOut(format!("{} ended at its limit of {seconds} s", paper.citation.id)),
            Vec::new(),
        ));
    };
    let text = reader.join().map_err(|_| "its answer could not be read")?.map_err(words)?;
    if !status.success() {
        return Err(format!("its process ended with {status}"));
    }
    let Answer { ending, rows } =
        serde_json::from_slice(&text).map_err(|fault| format!("its answer: {fault}"))?;
    Ok((ending, rows))
}

/// Waits for the end of a process; ends it at the limit and gives nothing.
fn ended(child: &mut Child, limit: Duration) -> std::io::Result<Option<std::process::ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PATIENCE);
    }
}

/// The other side: measures one cell that standard input describes, and writes the outcome to standard output.
///
/// # Errors
/// If the order cannot be read or names nothing of this paper.
pub(crate) fn measure(paper: &Paper) -> Result<(), Error> {
    // The terminal's Ctrl-C reaches this process too; the run that started it decides.
    interrupt::listen()?;
    let malformed = |fault: serde_json::Error| Error::Usage(format!("the cell that is asked for: {fault}"));
    let Order { experiment, parameters, seed } =
        serde_json::from_reader(std::io::stdin().lock()).map_err(malformed)?;
    let experiment = paper.select(&[experiment])?[0];
    let (ending, rows) = super::measured(paper, experiment, &parameters, seed);
    let answer = serde_json::to_string(&Answer { ending, rows })
        .map_err(|fault| Error::Internal(fault.to_string()))?;
    crate::say(&answer)
}
