//! Holding a paper's contests: rounds in turns, ratios with their intervals, tables and a figure.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use lab::Mean;
use lab::Paper;
use lab::Profile;
use lab::error::{Error, Failure, IoContext};
use lab::interrupt;
use lab::provenance::{Machine, Sources, workspace_root};
use lab::remark;
use lab::table::format_number;
use numerics::bootstrap::quantile;
use numerics::random::stream;

use super::process::{Call, Out, Process};
use super::results::{ContestResults, Results, Row, write};
use super::{Contest, Target};

/// Calls shorter than this are repeated within a round until they fill it.
const SECONDS_IN_A_ROUND: f64 = 0.2;
/// Where a call takes longer than this, three rounds must do.
const SLOW_CALL_SECONDS: f64 = 5.0;
/// Threads of the entrant before may spin for a tenth of a second before they sleep, and take cores from the next.
const PAUSE: Duration = Duration::from_millis(300);
/// An entrant that lets one wait longer is out.
const PATIENCE: Duration = Duration::from_secs(600);

/// How to hold the contests of a paper.
pub(crate) struct Tournament {
    pub profile: Profile,
    pub seed: u64,
    /// The interpreter in which the public packages are installed; what `make rivals` set up by default.
    pub python: Option<PathBuf>,
    /// Names of contests; all by default.
    pub contests: Vec<String>,
    /// Rounds, where the calls are not slow.
    pub rounds: usize,
    /// The folder of the results; `reports/rivals` of the workspace by default.
    pub out: Option<PathBuf>,
}

/// An entrant on its way through a contest.
struct Running {
    row: Row,
    process: Option<Process>,
    rounds: Vec<Call>,
}

/// Where a contest is held.
struct Place<'a> {
    root: &'a Path,
    /// The folder of its inputs and answers.
    inputs: PathBuf,
    /// The core for single-threaded entrants.
    core: Option<usize>,
}

/// Holds the contests and writes `<paper>.json`, `.csv`, `.parquet`, `.svg` and `.png`.
///
/// # Errors
/// For an unknown contest; outside a workspace; for some contests or other sizes without a folder for their results; if inputs cannot be made or results not be stored. What a
/// rival does wrong is a result; that one of ours fails is an error, after the results are written.
pub(crate) fn hold(paper: &Paper, contests: &[Contest], tournament: &Tournament) -> Result<(), Error> {
    let root = workspace_root()?;
    if tournament.out.is_none() && (tournament.profile != Profile::Quick || !tournament.contests.is_empty()) {
        return Err(Error::Usage(
            "only all contests at their usual sizes go into reports/rivals/: name another folder with --out"
                .into(),
        ));
    }
    let chosen: Vec<&Contest> = match tournament.contests.is_empty() {
        true => contests.iter().collect(),
        false => {
            tournament.contests.iter().map(|name| find(paper, contests, name)).collect::<Result<_, _>>()?
        }
    };
    let sources = Sources::of(&paper.citation().id, Some(&root));
    let (out, inputs) = match &tournament.out {
        Some(out) => (out.clone(), out.join(".inputs")),
        None => (root.join("reports/rivals"), root.join("target/rivals/inputs")),
    };
    let core = allowed_core();
    interrupt::listen()?;
    let mut results = Results {
        paper: paper.citation().clone(),
        profile: tournament.profile,
        seed: tournament.seed,
        machine: Machine::here(),
        commit: sources.commit,
        dirty: sources.dirty,
        pinned: core.is_some(),
        contests: Vec::new(),
    };
    for contest in chosen {
        let place = Place { root: &root, inputs: inputs.join(&paper.citation().id).join(contest.id), core };
        results.contests.push(one(paper, contest, tournament, &place)?);
    }
    write(&results, &out)?;
    let rows = results.contests.iter().flat_map(|contest| &contest.entrants);
    match rows.into_iter().find(|row| row.ours && row.reason.is_some()) {
        None => Ok(()),
        Some(Row { contest, entrant, reason, .. }) => {
            let reason = reason.as_deref().unwrap_or_default();
            Err(Error::FailedCells(format!("our {entrant} failed in contest {contest}: {reason}")))
        }
    }
}

/// The contest of this name.
///
/// # Errors
/// For an unknown name, with the nearest known one.
pub(crate) fn find<'a>(paper: &Paper, contests: &'a [Contest], name: &str) -> Result<&'a Contest, Error> {
    let found = contests.iter().find(|contest| contest.id == name);
    found.ok_or_else(|| paper.unknown("contest", name, contests.iter().map(|contest| contest.id)))
}

fn one(
    paper: &Paper,
    contest: &Contest,
    tournament: &Tournament,
    place: &Place<'_>,
) -> Result<ContestResults, Error> {
    let faulty = |fault: Failure| Error::Report { experiment: contest.id.into(), fault };
    let inputs = &place.inputs;
    if inputs.exists() {
        fs::remove_dir_all(inputs).writing(inputs)?;
    }
    fs::create_dir_all(inputs).writing(inputs)?;
    let mut random = stream(tournament.seed, &[&paper.citation().id, "rivals", contest.id]);
    (contest.write_inputs)(tournament.profile, inputs, &mut random).map_err(faulty)?;
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    let mut entrants = Vec::new();
    for threads in if all > 1 { vec![1, all] } else { vec![1] } {
        entrants.extend(compete(paper, contest, tournament, place, threads)?);
    }
    let judged = contest.judged;
    let target = judged.target.map(|target| match target {
        Target::AtMost(most) => format!("at most {}", format_number(most)),
        Target::AtLeast(least) => format!("at least {}", format_number(least)),
    });
    Ok(ContestResults {
        id: contest.id.into(),
        title: contest.title.into(),
        work: contest.work.into(),
        judged: judged.name.into(),
        target,
        entrants,
    })
}

/// All entrants with one number of threads.
fn compete(
    paper: &Paper,
    contest: &Contest,
    tournament: &Tournament,
    place: &Place<'_>,
    threads: usize,
) -> Result<Vec<Row>, Error> {
    let inputs = &place.inputs;
    let mut field = start(paper, contest, tournament, place, threads)?;
    let mut slowest: f64 = 0.0;
    for (number, entrant) in field.iter_mut().enumerate() {
        stop_if_interrupted()?;
        if threads > 1 {
            std::thread::sleep(PAUSE);
        }
        let answer = inputs.join(format!("answer-{number}.npy"));
        if let Some(seconds) = entrant.warm_up(contest, inputs, &answer) {
            slowest = slowest.max(seconds);
        }
        say_standing(paper, &entrant.row)?;
    }
    let rounds = if slowest > SLOW_CALL_SECONDS { tournament.rounds.min(3) } else { tournament.rounds };
    for _ in 0..rounds {
        for entrant in &mut field {
            stop_if_interrupted()?;
            if threads > 1 {
                std::thread::sleep(PAUSE);
            }
            entrant.round();
        }
    }
    stop_if_interrupted()?;
    let reference: Vec<Call> = match field.first() {
        Some(ours) if ours.process.is_some() => ours.rounds.clone(),
        _ => Vec::new(),
    };
    Ok(field.into_iter().map(|entrant| entrant.result(&reference)).collect())
}

fn start(
    paper: &Paper,
    contest: &Contest,
    tournament: &Tournament,
    place: &Place<'_>,
    threads: usize,
) -> Result<Vec<Running>, Error> {
    let Place { root, inputs, core } = place;
    let on_cores = |program: &Path| on_cores(program, core.filter(|_| threads == 1));
    let program = std::env::current_exe().reading("this program".as_ref())?;
    let python = tournament.python.clone().unwrap_or_else(|| root.join("target/rivals/venv/bin/python"));
    let mut field = Vec::new();
    // What an entrant prints beside its replies tells why it failed.
    let log = |number: usize| -> Result<Stdio, Error> {
        let path = inputs.join(format!("entrant-{number}-{threads}.log"));
        Ok(File::create(&path).writing(&path)?.into())
    };
    for ours in &contest.ours {
        let mut command = on_cores(&program);
        command
            .args(["contend", contest.id, ours.name, "--threads", &threads.to_string(), "--inputs"])
            .arg(inputs)
            .stderr(log(field.len())?);
        field.push(Running::start(contest, threads, ours.name, true, ours.differs, &mut command));
    }
    let scripts = root.join("papers").join(&paper.citation().id).join("rivals");
    for rival in &contest.rivals {
        let mut command = on_cores(&python);
        for pool in ["OMP", "OPENBLAS", "MKL", "NUMBA"] {
            command.env(format!("{pool}_NUM_THREADS"), threads.to_string());
        }
        command
            .arg(root.join("shared/rivals/entrant.py"))
            .arg(scripts.join(rival.script).with_extension("py"))
            .arg(rival.function)
            .arg(inputs)
            .arg(threads.to_string())
            .stderr(log(field.len())?);
        field.push(Running::start(contest, threads, rival.name, false, rival.differs, &mut command));
    }
    Ok(field)
}

/// A command bound to a core, whatever threads its libraries start.
fn on_cores(program: &Path, core: Option<usize>) -> Command {
    match core {
        // A program that is not there must be missing by its own name.
        Some(core) if program.exists() => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", &core.to_string()]).arg(program);
            command
        }
        _ => Command::new(program),
    }
}

/// A core that this process may use, where the system can bind others to it.
fn allowed_core() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    let core: usize = list.trim().split([',', '-']).next()?.parse().ok()?;
    let tried = Command::new("taskset").args(["--cpu-list", &core.to_string(), "true"]).output();
    tried.is_ok_and(|tried| tried.status.success()).then_some(core)
}

fn stop_if_interrupted() -> Result<(), Error> {
    if interrupt::requested() { Err(Error::Interrupted) } else { Ok(()) }
}

impl Running {
    fn start(
        contest: &Contest,
        threads: usize,
        name: &str,
        ours: bool,
        differs: Option<&str>,
        command: &mut Command,
    ) -> Self {
        let row = Row {
            contest: contest.id.into(),
            threads,
            entrant: name.into(),
            ours,
            outcome: "measured".into(),
            differs: differs.map(Into::into),
            calls: 1,
            ..Row::default()
        };
        let mut running = Self { row, process: None, rounds: Vec::new() };
        match Process::start(command, PATIENCE) {
            Ok(process) => {
                running.row.version = process.version.clone();
                running.process = Some(process);
            }
            Err(out) => running.leave(out),
        }
        running
    }

    fn leave(&mut self, out: Out) {
        let (outcome, reason) = match out {
            Out::Missing(reason) => ("missing", reason),
            Out::Failed(reason) => ("failed", reason),
        };
        self.row.outcome = outcome.into();
        self.row.reason = Some(shortened(&reason.lines().collect::<Vec<_>>().join(" ")));
        self.process = None;
        self.rounds.clear();
    }

    /// The untimed first call, whose answer is judged. Gives how long the second one would take.
    fn warm_up(&mut self, contest: &Contest, inputs: &Path, answer: &Path) -> Option<f64> {
        let process = self.process.as_mut()?;
        let judged = process.call(1).and_then(|first| {
            process.answer(answer)?;
            let value = read_answer(answer).and_then(|answer| (contest.judge)(inputs, &answer));
            match value.map_err(|fault| fault.to_string()) {
                Ok(value) if value.is_finite() => Ok((first, value)),
                Ok(value) => Err(Out::Failed(format!("its answer: judged {value}"))),
                Err(fault) => Err(Out::Failed(format!("its answer: {fault}"))),
            }
        });
        let (mut call, value) = match judged {
            Ok(judged) => judged,
            Err(out) => {
                self.leave(out);
                return None;
            }
        };
        self.row.value = Some(value);
        self.row.reached = contest.judged.target.map(|target| target.reached(value));
        // The first call may have compiled something; a short one tells little of how often to repeat it.
        if call.wall_seconds < SLOW_CALL_SECONDS {
            match process.call(1) {
                Ok(second) => call = second,
                Err(out) => {
                    self.leave(out);
                    return None;
                }
            }
        }
        self.row.calls = (SECONDS_IN_A_ROUND / call.wall_seconds.max(1e-6)).ceil().max(1.0) as u32;
        Some(call.wall_seconds)
    }

    fn round(&mut self) {
        let Some(process) = self.process.as_mut() else { return };
        match process.call(self.row.calls) {
            Ok(call) => self.rounds.push(call),
            Err(out) => self.leave(out),
        }
    }

    fn result(self, reference: &[Call]) -> Row {
        let Self { mut row, rounds, .. } = self;
        if rounds.is_empty() {
            return row;
        }
        let median = |of: fn(&Call) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            quantile(&values, 0.5)
        };
        let most = |of: fn(&Call) -> Option<u64>| {
            rounds.iter().filter_map(of).max().map(|bytes| (bytes as f64 / 1e6).round())
        };
        row.rounds = rounds.len();
        row.cpu_seconds = Some(median(|call| call.cpu_seconds));
        row.wall_seconds = Some(median(|call| call.wall_seconds));
        row.peak_megabytes = most(|call| call.peak);
        row.added_megabytes = most(|call| Some(call.peak?.saturating_sub(call.resident?)));
        let ratio = |of: fn(&Call) -> f64| -> Option<[f64; 3]> {
            let logarithms: Vec<f64> =
                rounds.iter().zip(reference).map(|(call, ours)| (of(call) / of(ours)).ln()).collect();
            let found = Mean::of(&logarithms, &row.contest, &row.entrant, row.threads as f64);
            (!logarithms.is_empty()).then(|| [found.mean, found.low, found.high].map(f64::exp))
        };
        let (cpu, wall) = (ratio(|call| call.cpu_seconds), ratio(|call| call.wall_seconds));
        if let Some([middle, low, high]) = cpu {
            (row.cpu_ratio, row.cpu_ratio_low, row.cpu_ratio_high) = (Some(middle), Some(low), Some(high));
        }
        if let Some([middle, low, high]) = wall {
            (row.wall_ratio, row.wall_ratio_low, row.wall_ratio_high) = (Some(middle), Some(low), Some(high));
        }
        row
    }
}

/// What a reason says, for a line of a table.
fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(160) {
        Some((end, _)) => format!("{} …", &reason[..end]),
        None => reason.to_owned(),
    }
}

fn read_answer(path: &Path) -> Result<ndarray::ArrayD<f64>, Failure> {
    let answer: ndarray::ArrayD<f64> = ndarray_npy::read_npy(path)?;
    if answer.iter().any(|value| !value.is_finite()) {
        return Err("it is not finite".into());
    }
    Ok(answer)
}

fn say_standing(paper: &Paper, row: &Row) -> Result<(), Error> {
    let standing = match (&row.reason, row.value) {
        (Some(reason), _) => format!("{}: {reason}", row.outcome),
        (None, Some(value)) if row.reached == Some(false) => {
            format!("{} (misses what was asked for)", format_number(value))
        }
        (None, Some(value)) => format_number(value),
        (None, None) => row.outcome.clone(),
    };
    let Row { contest, threads, entrant, .. } = row;
    let threads = if *threads == 1 { "1 thread".into() } else { format!("{threads} threads") };
    remark(&format!("{} {contest}, {threads}, {entrant}: {standing}", paper.citation().id))
}
