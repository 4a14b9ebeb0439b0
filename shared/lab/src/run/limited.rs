//! Cells that must end: each is measured by a process of its own, which can be ended whatever it does.
//!
//! The process is this program with the hidden subcommand `measure`. It reads an order, measures as any run does, and writes the outcome;
//! the numbers are the same, since they depend on nothing but the parameters and the seed.

use std::io::{BufRead, Read, Write};
use std::path::PathBuf;
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

/// How a cell ended, its rows, and whether the limit ended it.
pub(super) type Limited = (Ending, Vec<Record>, bool);

/// A process that ends with its holder, however that leaves it.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be ended, and need not.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures a cell in a process of its own and ends that at the limit. The process ends by itself when this one does.
pub(super) fn measured(
    paper: &Paper,
    experiment: &dyn AnyExperiment,
    parameters: &Record,
    seed: u64,
    limit: Duration,
) -> Limited {
    let order = Order { experiment: experiment.id().into(), parameters: parameters.clone(), seed };
    let threads = if experiment.runs_alone() { rayon::current_num_threads() } else { 1 };
    asked(paper, &order, threads, limit).unwrap_or_else(|fault| (Ending::Failed(fault), Vec::new(), false))
}

fn asked(paper: &Paper, order: &Order, threads: usize, limit: Duration) -> Result<Limited, String> {
    let words = |fault: std::io::Error| format!("its process: {fault}");
    // On Linux the image that runs, which may meanwhile have been compiled anew at its path.
    let program = match cfg!(target_os = "linux") {
        true => PathBuf::from("/proc/self/exe"),
        false => std::env::current_exe().map_err(words)?,
    };
    let child = Command::new(program)
        .args(["--threads", &threads.to_string(), "--quiet", "measure"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(words)?;
    let mut process = Process(child);
    let text = serde_json::to_string(order).map_err(|fault| fault.to_string())?;
    // Open until the cell has ended: its closing tells the process that nobody waits for it any more.
    let mut orders = process.0.stdin.take().ok_or("its process has no input")?;
    // A process that ends before it has read is told by its exit code.
    let _ = writeln!(orders, "{text}");
    // Read from aside, so that a long answer does not fill the pipe while this thread waits for the end.
    let mut answers = process.0.stdout.take().ok_or("its process has no output")?;
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        answers.read_to_end(&mut text).map(|_| text)
    });
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.0.try_wait().map_err(words)? {
            break status;
        }
        if started.elapsed() >= limit {
            let message = format!("{} ended at its limit of {} s", paper.citation.id, limit.as_secs_f64());
            return Ok((Ending::TimedOut(message), Vec::new(), true));
        }
        std::thread::sleep(PATIENCE);
    };
    drop(orders);
    let text = reader.join().map_err(|_| "its answer could not be read")?.map_err(words)?;
    if !status.success() {
        return Err(format!("its process ended with {status}"));
    }
    let Answer { ending, rows } =
        serde_json::from_slice(&text).map_err(|fault| format!("its answer: {fault}"))?;
    Ok((ending, rows, false))
}

/// The other side: measures one cell that standard input describes, and writes the outcome to standard output.
///
/// # Errors
/// If the order cannot be read or names nothing of this paper.
pub(crate) fn measure(paper: &Paper) -> Result<(), Error> {
    // The terminal's Ctrl-C reaches this process too; the run that started it decides.
    interrupt::listen()?;
    let malformed =
        |fault: &dyn std::fmt::Display| Error::Usage(format!("the cell that is asked for: {fault}"));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|fault| malformed(&fault))?;
    let Order { experiment, parameters, seed } =
        serde_json::from_str(&line).map_err(|fault| malformed(&fault))?;
    std::thread::spawn(|| {
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
    let experiment = paper.select(&[experiment])?[0];
    let (ending, rows) = super::measured(paper, experiment, &parameters, seed);
    let answer = serde_json::to_string(&Answer { ending, rows })
        .map_err(|fault| Error::Internal(fault.to_string()))?;
    crate::say(&answer)
}
