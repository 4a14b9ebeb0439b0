//! The page of all contests, and what the scoreboard says of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;

use lab::error::{Error, Failure, IoContext};
use lab::index::{RATIOS, Ratio};
use lab::page::page_by;
use lab::table::format_number;
use lab::write_atomically;

use super::results::{ContestResults, Results, Row};

#[derive(Serialize)]
struct Page {
    machines: Vec<String>,
    papers: Vec<PaperView>,
}

#[derive(Serialize)]
struct PaperView {
    id: String,
    title: String,
    /// The profile, where it is not the usual one.
    profile: String,
    /// What was measured: commit and seed.
    sources: String,
    figure: bool,
    alternative_text: String,
    contests: Vec<ContestView>,
}

#[derive(Serialize)]
struct ContestView {
    id: String,
    title: String,
    work: String,
    judged: String,
    summary: String,
    /// What entrants are, and in what their work differs.
    notes: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Writes `index.html` beside the results of all papers in `folder`, and the ratios that the scoreboard shows. Gives the number of
/// papers.
///
/// # Errors
/// If a results file is malformed, or a file cannot be written.
pub fn build(folder: &Path) -> Result<usize, Error> {
    let results = collect(folder)?;
    let mut machines: Vec<String> = results.iter().map(machine).collect();
    machines.dedup();
    let page = Page { machines, papers: results.iter().map(|results| paper(results, folder)).collect() };
    let html = page_by(include_str!("../templates/rivals.html"), &page)
        .map_err(|fault| Error::Report { experiment: "rivals".into(), fault: Failure::from(fault) })?;
    write_atomically(&folder.join("index.html"), html.as_bytes())?;
    let ratios: BTreeMap<&str, Vec<Ratio>> =
        results.iter().map(|results| (&*results.paper.id, ratios(results))).collect();
    let mut text =
        serde_json::to_string_pretty(&ratios).map_err(|fault| Error::Internal(fault.to_string()))?;
    text.push('\n');
    write_atomically(&folder.join(RATIOS), text.as_bytes())?;
    Ok(results.len())
}

/// Processor time of the best package over ours, by contest.
fn ratios(results: &Results) -> Vec<Ratio> {
    let of = |contest: &ContestResults| {
        let ours = contest.entrants.iter().find(|row| row.threads == 1 && row.ours)?;
        let best = best(contest)?;
        let remark = match (ours.reached == Some(false), best.reached == Some(false)) {
            (true, true) => Some("both miss what was asked for"),
            (true, false) => Some("ours misses what was asked for"),
            (false, true) => Some("it misses what was asked for, as all packages do"),
            (false, false) => None,
        };
        let other = (best.differs.is_some() || ours.differs.is_some()).then_some("not the same work");
        let remarks: Vec<&str> = remark.into_iter().chain(other).collect();
        let remark = (!remarks.is_empty()).then(|| remarks.join(", "));
        Some(Ratio {
            contest: contest.id.clone(),
            ratio: best.cpu_ratio?,
            package: best.entrant.clone(),
            remark,
        })
    };
    results.contests.iter().filter_map(of).collect()
}

/// The fastest package with one thread: of those that do the work, or of all, if none does.
fn best(contest: &ContestResults) -> Option<&Row> {
    let timed =
        || contest.entrants.iter().filter(|row| row.threads == 1 && !row.ours && row.cpu_ratio.is_some());
    let ratio = |row: &Row| row.cpu_ratio.unwrap_or(f64::INFINITY);
    let fastest = |left: &&Row, right: &&Row| ratio(left).total_cmp(&ratio(right));
    timed().filter(|row| row.reached != Some(false)).min_by(fastest).or_else(|| timed().min_by(fastest))
}

fn collect(folder: &Path) -> Result<Vec<Results>, Error> {
    let mut files: Vec<_> =
        fs::read_dir(folder).reading(folder)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "json") && !path.ends_with(RATIOS));
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read(path).reading(path)?;
        serde_json::from_slice(&text)
            .map_err(|fault| Error::Malformed { path: path.clone(), fault: fault.to_string() })
    };
    files.iter().map(read).collect()
}

fn machine(results: &Results) -> String {
    let machine = &results.machine;
    let features = machine.features.join(", ");
    let pinned = match results.pinned {
        true => "With one thread, every entrant was bound to one core.",
        false => "Entrants were not bound to cores.",
    };
    format!(
        "{}, {} hardware threads ({}; {features}). {pinned}",
        machine.processor, machine.hardware_threads, machine.platform
    )
}

fn paper(results: &Results, folder: &Path) -> PaperView {
    let id = &results.paper.id;
    let commit: String = results.commit.chars().take(10).collect();
    let changes = if results.dirty { " with changes" } else { "" };
    PaperView {
        id: id.clone(),
        title: results.paper.title.clone(),
        profile: if results.profile == lab::Profile::Quick {
            String::new()
        } else {
            results.profile.to_string()
        },
        sources: format!("commit {commit}{changes}, seed {}", results.seed),
        figure: folder.join(format!("{id}.svg")).exists(),
        alternative_text: format!(
            "CPU time of each package over ours with one thread, by contest: {}",
            results.contests.iter().map(standing).collect::<Vec<_>>().join("; ")
        ),
        contests: results.contests.iter().map(contest).collect(),
    }
}

fn contest(contest: &ContestResults) -> ContestView {
    let target = contest.target.as_ref().map_or_else(String::new, |target| format!("; asked for: {target}"));
    let mut notes = Vec::new();
    for row in &contest.entrants {
        let mut note = String::new();
        if !row.ours && !row.version.is_empty() {
            note = format!("{}: {}.", row.entrant, row.version);
        }
        if let Some(differs) = &row.differs {
            let name = if note.is_empty() { format!("{}:", row.entrant) } else { String::new() };
            note = format!("{note}{name} {differs}");
        }
        if !note.is_empty() && !notes.contains(&note) {
            notes.push(note);
        }
    }
    ContestView {
        id: contest.id.clone(),
        title: contest.title.clone(),
        work: contest.work.clone(),
        judged: format!("{}{target}", contest.judged),
        summary: standing(contest),
        notes,
        rows: contest.entrants.iter().map(cells).collect(),
    }
}

fn cells(row: &Row) -> Vec<String> {
    let number =
        |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format_number(significant(value)));
    let value = match (&row.reason, row.value) {
        (Some(reason), _) => format!("{}: {reason}", row.outcome),
        (None, Some(value)) if row.reached == Some(false) => {
            format!("{} (misses it)", format_number(significant(value)))
        }
        (None, value) => number(value),
    };
    let ratio = |middle: Option<f64>, low: Option<f64>, high: Option<f64>| match (middle, low, high) {
        (Some(middle), Some(low), Some(high)) => format!(
            "{} [{}, {}]",
            format_number(significant(middle)),
            format_number(significant(low)),
            format_number(significant(high))
        ),
        _ => "-".into(),
    };
    vec![
        row.entrant.clone(),
        row.threads.to_string(),
        value,
        number(row.cpu_seconds),
        number(row.wall_seconds),
        number(row.peak_megabytes),
        number(row.added_megabytes),
        ratio(row.cpu_ratio, row.cpu_ratio_low, row.cpu_ratio_high),
        ratio(row.wall_ratio, row.wall_ratio_low, row.wall_ratio_high),
        if row.rounds == 0 { "-".into() } else { format!("{} × {}", row.rounds, row.calls) },
    ]
}

/// Three digits: no more of a time is worth reading.
fn significant(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// Our CPU time with one thread against the best package that does the work, in a few words.
fn standing(contest: &ContestResults) -> String {
    let single = || contest.entrants.iter().filter(|row| row.threads == 1);
    let Some(ours) = single().find(|row| row.ours) else { return format!("{}: nothing of ours", contest.id) };
    if let Some(reason) = &ours.reason {
        return format!("{}: ours {}: {}", contest.id, ours.outcome, reason);
    }
    let misses = |row: &Row| row.reached == Some(false);
    let Some(best) = best(contest) else {
        let gone: Vec<String> =
            single().filter(|row| !row.ours).map(|row| format!("{} {}", row.entrant, row.outcome)).collect();
        return format!("{}: no package to compare with ({})", contest.id, gone.join(", "));
    };
    let ratio = best.cpu_ratio.unwrap_or(f64::NAN);
    let (times, word) = if ratio >= 1.0 { (ratio, "faster") } else { (1.0 / ratio, "slower") };
    let mut text =
        format!("{}: {} times {word} than {}", contest.id, format_number(significant(times)), best.entrant);
    match (misses(ours), misses(best)) {
        (true, true) => text.push_str(", and both miss what was asked for"),
        (true, false) => text.push_str(", but ours misses what was asked for"),
        (false, true) => text.push_str(", which misses what was asked for, as all packages do"),
        (false, false) => {}
    }
    if let (None, Some(our_value), Some(their_value)) = (&contest.target, ours.value, best.value) {
        let [our_value, their_value] =
            [our_value, their_value].map(|value| format_number(significant(value)));
        text.push_str(&format!(", judged {our_value} against {their_value}"));
    }
    if best.differs.is_some() || ours.differs.is_some() {
        text.push_str(" (not the same work)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(entrant: &str, ours: bool, ratio: f64, reached: bool) -> Row {
        Row {
            threads: 1,
            entrant: entrant.into(),
            ours,
            outcome: "measured".into(),
            cpu_ratio: Some(ratio),
            reached: Some(reached),
            ..Row::default()
        }
    }

    fn standing_of(entrants: Vec<Row>) -> String {
        standing(&ContestResults {
            id: "race".into(),
            title: String::new(),
            work: String::new(),
            judged: String::new(),
            target: None,
            entrants,
        })
    }

    #[test]
    fn wins_and_losses_are_against_the_fastest_that_does_the_work() {
        let ours = row("ours", true, 1.0, true);
        let text =
            standing_of(vec![ours.clone(), row("slow", false, 3.0, true), row("quick", false, 0.1, false)]);
        assert_eq!(text, "race: 3 times faster than slow");
        assert_eq!(
            standing_of(vec![ours.clone(), row("quick", false, 0.5, true)]),
            "race: 2 times slower than quick"
        );
        assert_eq!(
            standing_of(vec![ours.clone(), row("quick", false, 0.5, false)]),
            "race: 2 times slower than quick, which misses what was asked for, as all packages do"
        );
        let weak = row("ours", true, 1.0, false);
        assert_eq!(
            standing_of(vec![weak, row("slow", false, 2.0, true)]),
            "race: 2 times faster than slow, but ours misses what was asked for"
        );
        let missing = Row { cpu_ratio: None, outcome: "missing".into(), ..row("gone", false, 0.0, false) };
        assert_eq!(standing_of(vec![ours, missing]), "race: no package to compare with (gone missing)");
        let other = Row { differs: Some("It rounds.".into()), ..row("other", false, 2.0, true) };
        assert_eq!(
            standing_of(vec![row("ours", true, 1.0, true), other]),
            "race: 2 times faster than other (not the same work)"
        );
    }
}
