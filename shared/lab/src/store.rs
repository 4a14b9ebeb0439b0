//! Measured cells on disk: JSON Lines that survive being killed.
//!
//! One line is one cell, written by one call as soon as the cell ends. A line that a crash tore is
//! the last one and has no line feed: it is dropped, and its cell is computed again. A line that is
//! damaged elsewhere is moved aside. Shards of a run write files of their own, and every reader
//! merges what lies in the folder; of two lines for one cell, the later one counts.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::{Error, IoContext};
use crate::files::write_atomically;
use crate::record::Record;

/// How a cell ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "message", rename_all = "kebab-case")]
pub enum Ending {
    /// Measured.
    Done,
    /// Not applicable, with the reason.
    Skipped(String),
    /// Not finite.
    Diverged(String),
    /// Out of its budget.
    TimedOut(String),
    /// An error or a panic; the next run tries again.
    Failed(String),
}

/// One measured cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredCell {
    /// The cell's parameters.
    pub parameters: Record,
    /// The seed of the run.
    pub seed: u64,
    /// The experiment's revision when it was measured.
    pub revision: u32,
    /// How it ended.
    #[serde(flatten)]
    pub ending: Ending,
    /// What was measured.
    pub rows: Vec<Record>,
    /// Wall time of the measurement.
    pub seconds: f64,
    /// Milliseconds since 1970 when it ended: of two lines for one cell, the later counts.
    pub ended: u64,
    /// Commit of the sources.
    pub commit: String,
    /// Whether the sources differed from that commit.
    pub dirty: bool,
    /// Fingerprint of the sources that measured it.
    pub source: String,
    /// The limit in seconds that ended the cell, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
}

impl StoredCell {
    /// Whether another run, with this limit, measures it again: a failed cell always, one that reached its limit if there is more time now.
    pub(crate) fn again(&self, limit: Option<Duration>) -> bool {
        match (&self.ending, self.limit) {
            (Ending::Failed(_), _) => true,
            (_, Some(then)) => limit.is_none_or(|now| now.as_secs_f64() > then),
            _ => false,
        }
    }
}

/// Which share of the cells a run computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its number, counted from 0.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err("expected i/n with i from 0 to n-1, for example 0/3".into()),
        }
    }
}

/// The folder of an experiment's measured cells.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// The right to append to one rows file. It ends with the process that holds it, however that ends.
#[derive(Debug)]
pub struct Writer {
    rows: File,
    path: PathBuf,
    lock: File,
    synced: Instant,
}

/// Lines of a rows file: the cells, and the damaged lines with their numbers.
struct Parsed {
    cells: Vec<StoredCell>,
    damaged: Vec<(usize, String)>,
    /// Bytes up to and with the last line feed.
    whole: usize,
}

impl Store {
    /// The store of `experiment` of `paper` below `rows`. Nothing is created until a writer is asked for.
    pub fn new(rows: &Path, paper: &str, experiment: &str) -> Self {
        Self { folder: rows.join(paper).join(experiment) }
    }

    /// All stored cells, the latest line of each (parameters, seed, revision), keyed by parameters in
    /// canonical form; cells of other seeds are left out.
    ///
    /// # Errors
    /// If a file cannot be read. Damaged and torn lines are no error: their cells are missing.
    pub fn read(&self, seed: u64) -> Result<HashMap<String, Vec<StoredCell>>, Error> {
        let mut latest: HashMap<String, Vec<StoredCell>> = HashMap::new();
        for path in self.files()? {
            let text = fs::read(&path).reading(&path)?;
            let parsed = parse(&text);
            for (line, _) in &parsed.damaged {
                tracing::warn!("{} line {line} is damaged: its cell counts as missing", path.display());
            }
            for cell in parsed.cells.into_iter().filter(|cell| cell.seed == seed) {
                let revisions = latest.entry(cell.parameters.canonical()).or_default();
                match revisions.iter_mut().find(|other| other.revision == cell.revision) {
                    Some(other) if other.ended <= cell.ended => *other = cell,
                    Some(_) => {}
                    None => revisions.push(cell),
                }
            }
        }
        Ok(latest)
    }

    /// Opens the rows file of a shard (or of a whole run) for appending, mending it first: a torn last
    /// line is cut off, damaged lines move to a `.damaged` file beside it with one warning each.
    ///
    /// # Errors
    /// [`Error::Locked`] while another process writes to it; otherwise if a file cannot be made.
    pub fn writer(&self, shard: Option<Shard>) -> Result<Writer, Error> {
        fs::create_dir_all(&self.folder).writing(&self.folder)?;
        let name = match shard {
            None => "rows.jsonl".to_owned(),
            Some(Shard { index, count }) => format!("rows-{index}-of-{count}.jsonl"),
        };
        let path = self.folder.join(name);
        let lock = lock(&path.with_extension("lock"))?;
        let mut rows = OpenOptions::new().read(true).append(true).create(true).open(&path).writing(&path)?;
        let mut text = Vec::new();
        rows.read_to_end(&mut text).reading(&path)?;
        let parsed = parse(&text);
        if parsed.whole < text.len() {
            tracing::info!("{}: dropped a torn last line", path.display());
            rows.set_len(parsed.whole as u64).writing(&path)?;
        }
        if !parsed.damaged.is_empty() {
            set_aside(&path, &text, &parsed)?;
            rows = OpenOptions::new().append(true).open(&path).writing(&path)?;
        }
        Ok(Writer { rows, path, lock, synced: Instant::now() })
    }

    fn files(&self) -> Result<Vec<PathBuf>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(fault) => return Err(fault).reading(&self.folder),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.reading(&self.folder)?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

impl Writer {
    /// Appends one cell in one call.
    ///
    /// # Errors
    /// If the line cannot be written whole; what was written of it is cut off again where possible.
    pub fn append(&mut self, cell: &StoredCell) -> Result<(), Error> {
        let mut line = serde_json::to_string(cell).map_err(|fault| Error::Internal(fault.to_string()))?;
        line.push('\n');
        let before = self.rows.seek(SeekFrom::End(0)).writing(&self.path)?;
        if let Err(fault) = self.rows.write_all(line.as_bytes()) {
            // A torn line would be recognised anyway; cutting it off keeps the file whole for other readers.
            let _ = self.rows.set_len(before);
            return Err(fault).writing(&self.path);
        }
        // A power cut loses a second of work at most, and quick cells do not wait for the disk.
        if self.synced.elapsed() >= Duration::from_secs(1) {
            self.sync()?;
            self.synced = Instant::now();
        }
        Ok(())
    }

    /// Makes what was appended survive a power cut.
    ///
    /// # Errors
    /// If the system cannot store it.
    pub fn sync(&self) -> Result<(), Error> {
        self.rows.sync_data().writing(&self.path)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the file is not enough while a child process that is just starting still holds a copy.
        let _ = self.lock.unlock();
    }
}

fn parse(text: &[u8]) -> Parsed {
    let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let mut parsed = Parsed { cells: Vec::new(), damaged: Vec::new(), whole };
    for (number, line) in text[..whole].split(|&byte| byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(cell) => parsed.cells.push(cell),
            Err(_) => parsed.damaged.push((number + 1, String::from_utf8_lossy(line).into_owned())),
        }
    }
    parsed
}

/// Moves damaged lines out of the rows file.
fn set_aside(path: &Path, text: &[u8], parsed: &Parsed) -> Result<(), Error> {
    let aside = path.with_extension("damaged");
    let mut file = OpenOptions::new().append(true).create(true).open(&aside).writing(&aside)?;
    let mut sound = Vec::with_capacity(text.len());
    for (number, line) in text[..parsed.whole].split_inclusive(|&byte| byte == b'\n').enumerate() {
        if parsed.damaged.iter().any(|(damaged, _)| *damaged == number + 1) {
            file.write_all(line).writing(&aside)?;
        } else {
            sound.extend_from_slice(line);
        }
    }
    write_atomically(path, &sound)?;
    let numbers: Vec<String> = parsed.damaged.iter().map(|(number, _)| number.to_string()).collect();
    tracing::warn!(
        "{}: damaged line {} moved to {}; its cell is computed again",
        path.display(),
        numbers.join(", "),
        aside.display()
    );
    Ok(())
}

/// Takes a lock that the system releases when the process ends.
fn lock(path: &Path) -> Result<File, Error> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).writing(path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).writing(path)?;
            let holder =
                format!("process {} on {}", std::process::id(), gethostname::gethostname().display());
            file.write_all(holder.as_bytes()).writing(path)?;
            Ok(file)
        }
        Err(fs::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).reading(path)?;
            if holder.is_empty() {
                holder = "another process".into();
            }
            Err(Error::Locked { holder, rows: path.with_extension("jsonl") })
        }
        Err(fs::TryLockError::Error(fault)) => Err(fault).writing(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Scalar;

    fn cell(k: i64, ended: u64) -> StoredCell {
        StoredCell {
            parameters: Record(vec![("k".into(), Scalar::Integer(k))]),
            seed: 0,
            revision: 1,
            ending: Ending::Done,
            rows: vec![Record(vec![
                ("value".into(), Scalar::Float(f64::NAN)),
                ("gap".into(), Scalar::Float(0.1)),
            ])],
            seconds: 0.5,
            ended,
            commit: "0".into(),
            dirty: false,
            source: "1".into(),
            limit: None,
        }
    }

    fn stored(store: &Store) -> Vec<i64> {
        let mut found: Vec<i64> = store
            .read(0)
            .unwrap()
            .into_values()
            .map(|cells| match cells[0].parameters.0[0].1 {
                Scalar::Integer(k) => k,
                _ => unreachable!("k is an integer in these tests"),
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn a_line_torn_at_any_byte_loses_only_its_own_cell() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), "paper", "experiment");
        for k in 0..3 {
            store.writer(None).unwrap().append(&cell(k, 1)).unwrap();
        }
        let path = folder.path().join("paper/experiment/rows.jsonl");
        let text = fs::read(&path).unwrap();
        let last = text[..text.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
        for cut in last..text.len() {
            fs::write(&path, &text[..cut]).unwrap();
            assert_eq!(stored(&store), [0, 1], "cut at byte {cut}");
            let mut writer = store.writer(None).unwrap();
            writer.append(&cell(7, 1)).unwrap();
            assert_eq!(stored(&store), [0, 1, 7], "cut at byte {cut}");
        }
    }

    #[test]
    fn a_damaged_line_is_set_aside_and_the_rest_kept() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), "paper", "experiment");
        for k in 0..3 {
            store.writer(None).unwrap().append(&cell(k, 1)).unwrap();
        }
        let path = folder.path().join("paper/experiment/rows.jsonl");
        let text = fs::read_to_string(&path).unwrap().replacen("\"k\":1", "\"k:1", 1);
        fs::write(&path, text).unwrap();
        store.writer(None).unwrap().append(&cell(3, 1)).unwrap();
        assert_eq!(stored(&store), [0, 2, 3]);
        let aside = fs::read_to_string(path.with_extension("damaged")).unwrap();
        assert!(aside.contains("\"k:1"), "{aside}");
    }

    #[test]
    fn shards_are_merged_and_the_later_line_counts() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), "paper", "experiment");
        for index in 0..3 {
            let shard = Shard { index, count: 3 };
            store.writer(Some(shard)).unwrap().append(&cell(index as i64, 1)).unwrap();
        }
        let mut later = cell(1, 9);
        later.seconds = 2.0;
        store.writer(None).unwrap().append(&later).unwrap();
        assert_eq!(stored(&store), [0, 1, 2]);
        assert_eq!(store.read(0).unwrap()[&later.parameters.canonical()][0].seconds, 2.0);
        assert!(store.read(1).unwrap().is_empty(), "another seed has no cells");
    }

    #[test]
    fn a_second_writer_is_refused_with_the_name_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path(), "paper", "experiment");
        let first = store.writer(None).unwrap();
        let refused = store.writer(None).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(first);
        store.writer(None).unwrap();
    }

    #[test]
    fn a_shard_is_a_number_below_a_count() {
        assert_eq!("2/3".parse(), Ok(Shard { index: 2, count: 3 }));
        for wrong in ["3/3", "1", "a/b", "0/0", "-1/3"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
