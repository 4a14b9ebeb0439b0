//! Computing what is missing, and reporting what there is.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use crate::error::Error;
use crate::experiment::{AnyExperiment, Profile, Random};
use crate::interrupt;
use crate::page::CellCounts;
use crate::paper::Paper;
use crate::provenance::{Sources, now, workspace_root};
use crate::record::Record;
use crate::store::{Ending, Shard, Store, StoredCell};
use crate::terminal::progress;

pub(crate) mod limited;

/// Where and how much to run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How much work.
    pub profile: Profile,
    /// The seed that every random stream derives from.
    pub seed: u64,
    /// The report folder; `reports` of the workspace by default.
    pub out: Option<PathBuf>,
    /// The folder of measured cells; by default `.rows` in the workspace, or in `out` where that is named.
    pub rows: Option<PathBuf>,
    /// The share of the cells to compute; all by default.
    pub shard: Option<Shard>,
    /// Whether to compute cells again that are done.
    pub fresh: bool,
    /// How long a cell may take before it is ended as timed out; each cell is then a process of its own.
    pub cell_limit: Option<Duration>,
}

/// A paper with its settings, folders and sources: everything a run needs.
pub struct Run<'a> {
    pub(crate) paper: &'a Paper,
    pub(crate) settings: Settings,
    /// The workspace, if the run is inside one.
    pub(crate) root: Option<PathBuf>,
    /// The folder of all papers' reports.
    pub(crate) out: PathBuf,
    rows: PathBuf,
    pub(crate) sources: Sources,
}

/// The cells of one experiment's grid and what is stored of them.
pub(crate) struct Standing {
    /// Parameters in the order of the grid.
    pub grid: Vec<Record>,
    /// Stored cells of the current revision, by canonical parameters.
    stored: HashMap<String, StoredCell>,
    /// Grid cells that are only stored under another revision.
    pub other_revision: usize,
    /// Mean wall time of a stored cell.
    pub mean_seconds: Option<f64>,
}

/// What computing did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Computed {
    pub cells: usize,
    pub failures: Vec<String>,
    pub seconds: f64,
}

impl<'a> Run<'a> {
    /// Finds the folders and sources.
    ///
    /// # Errors
    /// Outside a workspace, if `out` is not named either; if the smoke profile would write into the
    /// workspace's reports; if a claim names an experiment that the paper does not have.
    pub fn new(paper: &'a Paper, settings: Settings) -> Result<Self, Error> {
        for claim in &paper.claims {
            if let Some(id) =
                claim.experiment().filter(|id| paper.experiments.iter().all(|known| known.id() != *id))
            {
                return Err(Error::Internal(format!(
                    "claim {} names experiment {id}, which the paper does not have",
                    claim.id
                )));
            }
        }
        let root = workspace_root();
        let (out, default_rows) = match (&settings.out, &root) {
            (Some(out), _) => (out.clone(), out.join(".rows")),
            (None, Ok(root)) => (root.join("reports"), root.join(".rows")),
            (None, Err(_)) => return Err(workspace_root().expect_err("the lookup failed a moment ago")),
        };
        if settings.profile == Profile::Smoke && settings.out.is_none() {
            return Err(Error::Usage(
                "the smoke profile never writes into reports/: name another folder with --out".into(),
            ));
        }
        let rows = settings.rows.clone().unwrap_or(default_rows);
        let root = root.ok();
        let sources = Sources::of(&paper.citation.id, root.as_deref());
        Ok(Self { paper, settings, root, out, rows, sources })
    }

    /// The folder of this paper's report at this profile.
    pub(crate) fn folder(&self) -> PathBuf {
        let paper = self.out.join(&self.paper.citation.id);
        if self.settings.profile == Profile::Full { paper.join("full") } else { paper }
    }

    /// The same run with its report in another folder.
    pub(crate) fn elsewhere(&self, out: &Path) -> Run<'a> {
        let Self { paper, settings, root, rows, sources, .. } = self;
        Run {
            paper,
            settings: settings.clone(),
            root: root.clone(),
            out: out.to_owned(),
            rows: rows.clone(),
            sources: sources.clone(),
        }
    }

    /// What is stored of an experiment's grid.
    pub(crate) fn standing(&self, experiment: &dyn AnyExperiment) -> Result<Standing, Error> {
        let malformed = |fault: String| Error::Experiment { experiment: experiment.id().into(), fault };
        let grid = experiment.cells(self.settings.profile).map_err(|fault| malformed(fault.to_string()))?;
        let mut all = self.store(experiment).read(self.settings.seed)?;
        let mut stored = HashMap::new();
        let mut other_revision = 0;
        let mut seconds = Vec::new();
        for parameters in &grid {
            let name = parameters.canonical();
            if stored.contains_key(&name) {
                return Err(malformed(format!("the grid holds a cell twice: {}", parameters.describe())));
            }
            let revisions = all.remove(&name).unwrap_or_default();
            let others = !revisions.is_empty();
            match revisions.into_iter().find(|cell| cell.revision == experiment.revision()) {
                Some(cell) => {
                    seconds.push(cell.seconds);
                    stored.insert(name, cell);
                }
                None => other_revision += usize::from(others),
            }
        }
        // Cells of other profiles took time too, and are better than no estimate.
        if seconds.is_empty() {
            seconds.extend(all.values().flatten().map(|cell| cell.seconds));
        }
        let mean_seconds = (!seconds.is_empty()).then(|| seconds.iter().sum::<f64>() / seconds.len() as f64);
        Ok(Standing { grid, stored, other_revision, mean_seconds })
    }

    /// Whether an experiment has no cells at this profile.
    pub(crate) fn is_empty(&self, experiment: &dyn AnyExperiment) -> Result<bool, Error> {
        Ok(self.standing(experiment)?.grid.is_empty())
    }

    /// Whether any cell of an experiment's grid is stored.
    pub(crate) fn has_cells(&self, experiment: &dyn AnyExperiment) -> Result<bool, Error> {
        let standing = self.standing(experiment)?;
        Ok(standing.counts().missing < standing.grid.len())
    }

    fn store(&self, experiment: &dyn AnyExperiment) -> Store {
        Store::new(&self.rows, &self.paper.citation.id, experiment.id())
    }

    /// Computes the missing cells of an experiment (its shard of them), each stored as it ends.
    ///
    /// # Errors
    /// If another run writes the same rows, or a cell cannot be stored. A failed cell is no error here.
    pub(crate) fn compute(&self, experiment: &dyn AnyExperiment) -> Result<Computed, Error> {
        let started = Instant::now();
        let writer = self.store(experiment).writer(self.settings.shard)?;
        // Read behind the lock: another run may have ended a moment ago.
        let standing = self.standing(experiment)?;
        let share = |index: usize| self.settings.shard.is_none_or(|shard| index % shard.count == shard.index);
        let missing: Vec<&Record> = standing
            .grid
            .iter()
            .enumerate()
            .filter(|(index, parameters)| {
                let again =
                    || standing.get(parameters).is_none_or(|cell| cell.again(self.settings.cell_limit));
                share(*index) && (self.settings.fresh || again())
            })
            .map(|(_, parameters)| parameters)
            .collect();
        let bar = progress(
            Some(missing.len() as u64),
            "{prefix:24} {bar:30} {pos}/{len} cells  {per_sec}  {eta} left",
        );
        bar.set_prefix(experiment.id());
        let writer = Mutex::new(writer);
        let failures = Mutex::new(Vec::new());
        let ended = AtomicUsize::new(0);
        let broken = AtomicBool::new(false);
        let cell = |parameters: &Record| -> Result<(), Error> {
            if interrupt::requested() || broken.load(Ordering::Relaxed) {
                return Ok(());
            }
            let cell = self.measure(experiment, parameters);
            if let Ending::Failed(message) = &cell.ending {
                let failure = format!("{}: {message}", parameters.describe());
                failures.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(failure);
            }
            let stored = writer.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).append(&cell);
            if stored.is_err() {
                broken.store(true, Ordering::Relaxed);
            }
            ended.fetch_add(1, Ordering::Relaxed);
            bar.inc(1);
            stored
        };
        let stored = if experiment.runs_alone() {
            missing.into_iter().try_for_each(cell)
        } else {
            missing.into_par_iter().with_max_len(1).try_for_each(cell)
        };
        bar.finish_and_clear();
        stored?;
        writer.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).sync()?;
        let mut failures = failures.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        failures.sort();
        Ok(Computed { cells: ended.into_inner(), failures, seconds: started.elapsed().as_secs_f64() })
    }

    fn measure(&self, experiment: &dyn AnyExperiment, parameters: &Record) -> StoredCell {
        let started = Instant::now();
        let seed = self.settings.seed;
        let (ending, rows, limit) = match self.settings.cell_limit {
            None => {
                let (ending, rows) = measured(self.paper, experiment, parameters, seed);
                (ending, rows, None)
            }
            Some(limit) => {
                let (ending, rows, at_limit) =
                    limited::measured(self.paper, experiment, parameters, seed, limit);
                (ending, rows, at_limit.then_some(limit))
            }
        };
        StoredCell {
            parameters: parameters.clone(),
            seed: self.settings.seed,
            revision: experiment.revision(),
            ending,
            rows,
            seconds: started.elapsed().as_secs_f64(),
            ended: now(),
            commit: self.sources.commit.clone(),
            dirty: self.sources.dirty,
            source: self.sources.fingerprint.clone(),
            limit: limit.map(|limit| limit.as_secs_f64()),
        }
    }
}

/// Measures a cell here; a panic is its ending.
pub(crate) fn measured(
    paper: &Paper,
    experiment: &dyn AnyExperiment,
    parameters: &Record,
    seed: u64,
) -> (Ending, Vec<Record>) {
    let random = Random {
        seed,
        paper: paper.citation.id.clone(),
        experiment: experiment.id().into(),
        cell: parameters.canonical(),
    };
    catch_unwind(AssertUnwindSafe(|| experiment.measure(parameters, &random)))
        .unwrap_or_else(|panic| (Ending::Failed(format!("panicked: {}", panic_message(&*panic))), Vec::new()))
}

impl Standing {
    pub fn get(&self, parameters: &Record) -> Option<&StoredCell> {
        self.stored.get(&parameters.canonical())
    }

    /// Stored cells in the order of the grid.
    pub fn cells(&self) -> Vec<StoredCell> {
        self.grid.iter().filter_map(|parameters| self.get(parameters)).cloned().collect()
    }

    /// How many stored cells were measured by other sources than these.
    pub fn other_sources(&self, sources: &Sources) -> usize {
        self.stored.values().filter(|cell| cell.source != sources.fingerprint).count()
    }

    /// How many stored cells a limit ended: they are measured again where there is more time.
    pub fn at_limit(&self) -> usize {
        self.stored.values().filter(|cell| cell.limit.is_some()).count()
    }

    /// Wall time of all stored cells of the grid, whichever run measured them.
    pub fn seconds(&self) -> f64 {
        self.cells().iter().map(|cell| cell.seconds).sum()
    }

    pub fn counts(&self) -> CellCounts {
        let mut counts = CellCounts { missing: self.grid.len() - self.stored.len(), ..CellCounts::default() };
        for cell in self.stored.values() {
            *match cell.ending {
                Ending::Done => &mut counts.done,
                Ending::Skipped(_) => &mut counts.skipped,
                Ending::Diverged(_) => &mut counts.diverged,
                Ending::TimedOut(_) => &mut counts.timed_out,
                Ending::Failed(_) => &mut counts.failed,
            } += 1;
        }
        counts
    }
}

/// Cells that need no more work.
pub(crate) fn ended(counts: CellCounts) -> usize {
    counts.done + counts.skipped + counts.diverged + counts.timed_out
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".into())
}

/// Removes files of an earlier report that this one did not write.
pub(crate) fn remove_leftovers(folder: &Path, written: &[PathBuf]) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let ours = path
            .extension()
            .is_some_and(|kind| ["svg", "png", "csv", "parquet"].iter().any(|ours| kind == *ours));
        if ours && !written.contains(&path) {
            // A leftover that cannot be removed does no harm beyond being there.
            let _ = std::fs::remove_file(&path);
        }
    }
}
