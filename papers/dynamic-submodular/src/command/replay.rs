//! `dynamic-submodular replay`: a stream of a user's own.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use dynamic_submodular::experiments::contest::{Contender, Settings, start};
use dynamic_submodular::function::{Coverage, FacilityLocation};
use dynamic_submodular::level_algorithm::SMALLEST;
use dynamic_submodular::{Function, Operation, Step, graph_file};
use lab::arguments::{positive, refuse_beyond_memory, refuse_one_file_for_two, refuse_overwriting, usage};
use lab::{input, progress, remark, say, write_atomically};

use super::operations::Lines;

/// Reads operations, keeps a solution, and writes one row a step.
#[derive(Args)]
pub struct Replay {
    /// What a set of elements is worth
    #[arg(long, value_enum)]
    function: Kind,
    /// Coverage: an edge list, plain or .gz; facility: points, one a line, .csv or .npy (ids are lines from 0)
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Coverage: the ids from 0 to one below this are nodes too, without edges where the edge list has none of them
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=4_000_000_000))]
    nodes: Option<u64>,
    /// Operations, `+ id` or `- id` a line; - reads standard input
    #[arg(long, value_name = "FILE")]
    stream: PathBuf,
    /// Most elements of the solution
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    k: u32,
    /// Tolerance of the levels, from 0.001 and below 1
    #[arg(long, value_parser = fraction, allow_negative_numbers = true, default_value_t = 0.2)]
    epsilon: f64,
    /// Facility: similarities are exp(−d²/(2 bandwidth²))
    #[arg(long, value_parser = positive, allow_negative_numbers = true, default_value_t = 1.0)]
    bandwidth: f64,
    /// The algorithm
    #[arg(long, value_enum, default_value_t = Algorithm::LevelsHigh)]
    algorithm: Algorithm,
    /// Seed of the algorithm's coins
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write every so many steps; calls, changes and seconds are sums since the row before
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 1)]
    every: u32,
    /// Where the steps go: .csv with step, value, size, calls, changes, seconds
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Where the final solution goes, one id a line [default: printed]
    #[arg(long, value_name = "FILE")]
    solution: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Nodes cover their neighbours
    Coverage,
    /// Nodes cover themselves and their neighbours
    ClosedCoverage,
    /// Points serve all points, by similarity
    Facility,
}

#[derive(Clone, Copy, ValueEnum)]
enum Algorithm {
    /// The paper's, largest bucket: the one that the argument is about
    LevelsLargest,
    /// The paper's, high bucket: larger values, more calls
    LevelsHigh,
    /// Sieve-streaming, run again on deletions
    Sieve,
    /// Sieve-streaming++
    SievePruned,
    /// Lattanzi et al. 2020
    LevelledBuffers,
    /// Lazy greedy after every update
    LazyGreedy,
    /// Stochastic greedy after every update
    StochasticGreedy,
    /// A random set after every update
    Random,
}

impl Algorithm {
    fn contender(self) -> Contender {
        match self {
            Self::LevelsLargest => Contender::LevelsLargest,
            Self::LevelsHigh => Contender::LevelsHigh,
            Self::Sieve => Contender::Sieve,
            Self::SievePruned => Contender::SievePruned,
            Self::LevelledBuffers => Contender::LevelledBuffers,
            Self::LazyGreedy => Contender::LazyGreedy,
            Self::StochasticGreedy => Contender::StochasticGreedy,
            Self::Random => Contender::Random,
        }
    }
}

impl Replay {
    /// Reads, replays, writes and says.
    ///
    /// # Errors
    /// One line that names the file, the line and the fault. After a bad operation the steps before it are written all the same.
    pub fn run(self) -> anyhow::Result<()> {
        for out in std::iter::once(&self.out).chain(&self.solution) {
            refuse_overwriting(out, [self.input.as_path(), &self.stream])?;
        }
        if let Some(solution) = &self.solution {
            refuse_one_file_for_two(&self.out, solution)?;
        }
        match self.function {
            Kind::Facility => {
                if self.nodes.is_some() {
                    return Err(usage("--nodes is for coverage"));
                }
                let points = input::matrix(&self.input)?;
                refuse_beyond_memory(4.0 * (points.nrows() as f64).powi(2), "the similarities")?;
                let function = FacilityLocation::of_points(points.view(), self.bandwidth)
                    .with_context(|| self.input.display().to_string())?;
                self.replay(&function, None)
            }
            closed => {
                let named = graph_file::read(&self.input)?;
                let named = match self.nodes {
                    Some(nodes) => {
                        refuse_beyond_memory(100.0 * nodes as f64, "the nodes")?;
                        named.with_nodes(nodes)
                    }
                    None => named,
                };
                let function = if closed == Kind::Coverage {
                    Coverage::of_neighbours(&named.graph)
                } else {
                    Coverage::of_closed_neighbourhoods(&named.graph)
                };
                self.replay(&function, Some(&named.names))
            }
        }
    }

    fn replay<F: Function>(&self, function: &F, names: Option<&[u64]>) -> anyhow::Result<()> {
        let settings = Settings {
            cardinality: self.k as usize,
            epsilon: self.epsilon,
            guess_ratio: 0.3,
            seed: self.seed,
            checkpoints: 0,
        };
        let mut algorithm = start(function, self.algorithm.contender(), settings)?;
        let elements =
            names.map(|names| names.iter().enumerate().map(|(place, name)| (*name, place)).collect());
        let mut lines = self.lines(elements)?;
        let bar = progress(None, "{spinner} {elapsed} {msg}");
        let mut rows = Rows::new(self.every);
        let mut fault = None;
        while fault.is_none() {
            let (mut batch, mut numbers) = (Vec::new(), Vec::new());
            while batch.len() < self.every as usize {
                match lines.next() {
                    Ok(Some((line, operation))) => {
                        batch.push(operation);
                        numbers.push(line);
                    }
                    Ok(None) => break,
                    Err(text) => {
                        fault = Some(text);
                        break;
                    }
                }
            }
            if batch.is_empty() {
                break;
            }
            let begin = Instant::now();
            let steps = match algorithm.process(&batch) {
                Ok(steps) => steps,
                Err(refused) => {
                    let line = numbers[refused.steps.len()];
                    fault = Some(
                        lines.at(line, &self.in_ids(&batch[refused.steps.len()], &refused.fault, names)),
                    );
                    refused.steps
                }
            };
            rows.take(&steps, begin.elapsed())?;
            if let Some(last) = steps.last() {
                bar.set_message(format!("{} steps, value {}, {} calls", rows.steps, last.value, rows.calls));
                bar.tick();
            }
        }
        bar.finish_and_clear();
        let name = |element: usize| names.map_or(element as u64, |names| names[element]);
        let ids: Vec<String> =
            algorithm.solution().into_iter().map(|element| name(element).to_string()).collect();
        write_atomically(&self.out, rows.text.as_bytes())?;
        if let Some(path) = &self.solution {
            write_atomically(path, (ids.join("\n") + "\n").as_bytes())?;
        }
        remark(&format!(
            "steps      {}\nvalue      {}\nsize       {} of {}\ncalls      {} ({:.1} an update)\nchanges    {} ({:.2} an update)\nseconds    {:.3}\nsteps in   {}",
            rows.steps,
            rows.last.map_or(0.0, |step| step.value),
            ids.len(),
            self.k,
            rows.calls,
            rows.calls as f64 / rows.steps.max(1) as f64,
            rows.changes,
            rows.changes as f64 / rows.steps.max(1) as f64,
            rows.seconds,
            self.out.display()
        ))?;
        match &self.solution {
            Some(path) => remark(&format!("solution   {}", path.display()))?,
            None => say(&format!("solution   {}", ids.join(" ")))?,
        }
        match fault {
            Some(fault) => bail!("{fault}; the {} steps before it were done", rows.steps),
            None => Ok(()),
        }
    }

    fn lines(&self, elements: Option<BTreeMap<u64, usize>>) -> anyhow::Result<Lines<Box<dyn BufRead>>> {
        if self.stream == Path::new("-") {
            return Ok(Lines::new(Box::new(BufReader::new(stdin())), "standard input".into(), elements));
        }
        let file =
            File::open(&self.stream).with_context(|| format!("cannot read {}", self.stream.display()))?;
        Ok(Lines::new(Box::new(BufReader::new(file)), self.stream.display().to_string(), elements))
    }

    /// A refusal in the names of the user's files.
    fn in_ids(
        &self,
        operation: &Operation,
        fault: &dynamic_submodular::UpdateError,
        names: Option<&[u64]>,
    ) -> String {
        let (Operation::Insert(element) | Operation::Delete(element)) = *operation;
        let id = names.map_or(element as u64, |names| names[element]);
        match fault {
            dynamic_submodular::UpdateError::Unknown { .. } => format!("unknown id {id}"),
            dynamic_submodular::UpdateError::InsertedTwice(_) => {
                format!("{id} is inserted, but it is there already")
            }
            dynamic_submodular::UpdateError::Absent(_) => format!("{id} is deleted, but it is not there"),
        }
    }
}

/// The table of steps.
struct Rows {
    every: u32,
    text: String,
    steps: usize,
    calls: u64,
    changes: usize,
    seconds: f64,
    last: Option<Step>,
}

impl Rows {
    fn new(every: u32) -> Self {
        let text = "step,value,size,calls,changes,seconds\n".into();
        Self { every, text, steps: 0, calls: 0, changes: 0, seconds: 0.0, last: None }
    }

    /// Adds a row for a batch.
    fn take(&mut self, steps: &[Step], time: Duration) -> std::fmt::Result {
        let Some(last) = steps.last() else { return Ok(()) };
        debug_assert!(steps.len() <= self.every as usize);
        let (calls, changes) =
            steps.iter().fold((0, 0), |sum, step| (sum.0 + step.calls, sum.1 + step.changes));
        self.steps += steps.len();
        self.calls += calls;
        self.changes += changes;
        self.seconds += time.as_secs_f64();
        self.last = Some(*last);
        let seconds = time.as_secs_f64();
        writeln!(self.text, "{},{},{},{calls},{changes},{seconds:.9}", self.steps, last.value, last.size)
    }
}

/// A tolerance of the command line.
fn fraction(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (SMALLEST..1.0).contains(&number) => Ok(number),
        _ => Err("expected a number of at least 0.001 and below 1".into()),
    }
}
