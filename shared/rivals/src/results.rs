//! What a paper's contests came to: tables, a figure, and the file that the page is made of.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use lab::Citation;
use lab::Profile;
use lab::Report;
use lab::error::{Error, Failure};
use lab::provenance::Machine;
use lab::write_atomically;
use lab::{Chart, Columns, Figure};

/// The results of one paper's contests.
#[derive(Serialize, Deserialize)]
pub(super) struct Results {
    pub paper: Citation,
    pub profile: Profile,
    pub seed: u64,
    pub machine: Machine,
    pub commit: String,
    pub dirty: bool,
    /// Whether single-threaded entrants were bound to one core.
    pub pinned: bool,
    pub contests: Vec<ContestResults>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ContestResults {
    pub id: String,
    pub title: String,
    pub work: String,
    pub judged: String,
    /// What the number must be, in words.
    pub target: Option<String>,
    pub entrants: Vec<Row>,
}

/// One entrant with one number of threads.
#[derive(Clone, Default, Serialize, Deserialize, Columns)]
pub(super) struct Row {
    /// The contest.
    pub contest: String,
    /// Threads of the entrant.
    pub threads: usize,
    /// The package or our method.
    pub entrant: String,
    /// Whether it is a method of ours.
    pub ours: bool,
    /// The package and its version.
    pub version: String,
    /// `measured`, `missing` or `failed`.
    pub outcome: String,
    /// Why it is missing or failed.
    pub reason: Option<String>,
    /// In what its work is not the same.
    pub differs: Option<String>,
    /// What the judge says of the answer.
    pub value: Option<f64>,
    /// Whether the answer does the work asked for.
    pub reached: Option<bool>,
    /// Rounds.
    pub rounds: usize,
    /// Calls in a round.
    pub calls: u32,
    /// Processor time of a call, median over rounds.
    #[column(time, unit = "s")]
    pub cpu_seconds: Option<f64>,
    /// Wall time of a call, median over rounds.
    #[column(time, unit = "s")]
    pub wall_seconds: Option<f64>,
    /// Largest memory of the process during calls.
    #[column(time, unit = "MB")]
    pub peak_megabytes: Option<f64>,
    /// How much of it the calls added.
    #[column(time, unit = "MB")]
    pub added_megabytes: Option<f64>,
    /// Processor time over that of our first method, paired by rounds: the geometric mean.
    #[column(time)]
    pub cpu_ratio: Option<f64>,
    /// Lower end of its 95 % interval.
    #[column(time)]
    pub cpu_ratio_low: Option<f64>,
    /// Upper end of its 95 % interval.
    #[column(time)]
    pub cpu_ratio_high: Option<f64>,
    /// Wall time over that of our first method, paired by rounds: the geometric mean.
    #[column(time)]
    pub wall_ratio: Option<f64>,
    /// Lower end of its 95 % interval.
    #[column(time)]
    pub wall_ratio_low: Option<f64>,
    /// Upper end of its 95 % interval.
    #[column(time)]
    pub wall_ratio_high: Option<f64>,
}

/// Writes `<paper>.json`, `.csv`, `.parquet`, and where something was measured `.svg` and `.png`.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn write(results: &Results, out: &Path) -> Result<(), Error> {
    let id = &results.paper.id;
    let faulty = |fault: Failure| Error::Report { experiment: format!("contests of {id}"), fault };
    let rows: Vec<Row> = results.contests.iter().flat_map(|contest| &contest.entrants).cloned().collect();
    let mut report = Report::new(out, id, "rivals");
    report.contest_records(id, "All entrants.", &rows).map_err(faulty)?;
    if let Some(figure) = figure(results) {
        let caption = "CPU time over that of our first method, with one thread.";
        report.figure(id, caption, caption, &figure).map_err(faulty)?;
    } else {
        for kind in ["svg", "png"] {
            // Of an earlier run that could measure more; that it is not there is no fault.
            let _ = fs::remove_file(out.join(format!("{id}.{kind}")));
        }
    }
    let json = serde_json::to_string_pretty(results).map_err(|fault| faulty(fault.into()))?;
    write_atomically(&out.join(format!("{id}.json")), json.as_bytes())
}

/// CPU time over ours with one thread, by contest; nothing where no rival was measured.
fn figure(results: &Results) -> Option<Figure> {
    let contests: Vec<&ContestResults> = results.contests.iter().collect();
    let mut names: Vec<&str> = Vec::new();
    let mut points = Vec::new();
    for (place, contest) in contests.iter().enumerate() {
        // Our first entrant is the line at one.
        let measured =
            contest.entrants.iter().skip(1).filter(|row| row.threads == 1 && row.cpu_ratio.is_some());
        let measured: Vec<&Row> = measured.collect();
        for (turn, row) in measured.iter().enumerate() {
            if !names.contains(&&*row.entrant) {
                names.push(&row.entrant);
            }
            let shift = (turn as f64 - (measured.len() as f64 - 1.0) / 2.0) * 0.12;
            points.push((
                &*row.entrant,
                place as f64 + shift,
                row.cpu_ratio?,
                row.cpu_ratio_low?,
                row.cpu_ratio_high?,
            ));
        }
    }
    if points.is_empty() {
        return None;
    }
    let (least, most) =
        points.iter().fold((0.5_f64, 2.0_f64), |(low, high), point| (low.min(point.3), high.max(point.4)));
    let mut chart = Chart::new()
        .categories(contests.iter().map(|contest| contest.id.clone()))
        .x_label("contest")
        .y_label("CPU time over ours, one thread (times)")
        .y_log()
        .x_range(-0.5, contests.len() as f64 - 0.5)
        .y_range(least / 1.5, most * 1.5)
        .horizontal_reference("ours", 1.0);
    for name in names {
        let own = || points.iter().filter(move |point| point.0 == name);
        chart = chart.error_bars(
            name,
            own().map(|point| (point.1, point.2)),
            own().map(|point| point.3),
            own().map(|point| point.4),
        );
    }
    Some(Figure::new(format!("{}: public packages against ours", results.paper.id)).panel(chart))
}
