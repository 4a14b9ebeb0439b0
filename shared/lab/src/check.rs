//! Comparing a fresh report with the committed one.

use std::fs;
use std::path::Path;

use crate::column::{Agreement, Column};
use crate::error::{Error, IoContext};
use crate::experiment::AnyExperiment;
use crate::provenance::git;
use crate::publish::{PaperVerdicts, VERDICTS};
use crate::report::TIMING_PREFIX;
use crate::run::Run;

/// How far estimates of claims may differ.
const ESTIMATES: Agreement = Agreement::Within { relative: 1e-6, absolute: 1e-12 };

/// Draws the report again from the measured cells into a temporary folder, and compares verdicts and
/// tables with those of the last commit. Gives a line that says what was compared.
///
/// # Errors
/// [`Error::Differs`] with the first difference and their number, or if there is nothing to compare.
pub(crate) fn check(run: &Run<'_>, experiments: &[&dyn AnyExperiment]) -> Result<String, Error> {
    let committed = run.folder();
    let scratch = tempfile::tempdir().writing(Path::new("temporary folder"))?;
    let fresh = run.elsewhere(scratch.path());
    let mut differences = Vec::new();
    let mut values = 0;
    for experiment in experiments {
        let described = fresh.publish_experiment(*experiment, None)?;
        let (ours, theirs) = (fresh.folder().join(experiment.id()), committed.join(experiment.id()));
        for (name, columns) in &described {
            let ours = fs::read_to_string(ours.join(name)).reading(&ours.join(name))?;
            let theirs = committed_text(run, &theirs.join(name))?;
            let name = format!("{}/{name}", experiment.id());
            values += compare_tables(&name, columns, &ours, &theirs, &mut differences)?;
        }
        for name in committed_tables(run, &theirs) {
            if described.iter().all(|(ours, _)| *ours != name) {
                differences.push(format!("{}/{name}: only the report has this table", experiment.id()));
            }
        }
    }
    if experiments.len() == run.paper.experiments.len() {
        for folder in committed_names(run, &committed, &["-d"]) {
            if folder != "full" && experiments.iter().all(|experiment| experiment.id() != folder) {
                differences.push(format!("{folder}: only the report has this experiment"));
            }
        }
    }
    let ours = fresh.publish_paper()?;
    let path = committed.join(VERDICTS);
    let theirs: PaperVerdicts = serde_json::from_str(&committed_text(run, &path)?)
        .map_err(|fault| Error::Malformed { path, fault: fault.to_string() })?;
    let judged = |id: &Option<String>| {
        id.as_ref().is_some_and(|id| experiments.iter().any(|experiment| experiment.id() == id))
    };
    let mut claims = 0;
    for claim in ours.claims.iter().filter(|claim| judged(&claim.experiment)) {
        claims += 1;
        match theirs.claims.iter().find(|other| other.id == claim.id) {
            Some(other) if other.verdict == claim.verdict => {
                let (Some(ours), Some(theirs)) = (claim.estimate, other.estimate) else { continue };
                if !claim.timing && !ESTIMATES.holds(ours.value, theirs.value) {
                    differences.push(format!("claim {}: {ours} here, {theirs} in the report", claim.id));
                }
            }
            Some(other) => differences
                .push(format!("claim {}: {} here, {} in the report", claim.id, claim.verdict, other.verdict)),
            None => differences.push(format!("claim {} is not in the report", claim.id)),
        }
    }
    let unknown = |id: &&String| ours.claims.iter().all(|claim| claim.id != **id);
    if let Some(id) = theirs.claims.iter().map(|claim| &claim.id).find(unknown) {
        differences.push(format!("claim {id} of the report does not exist here"));
    }
    match differences.first() {
        None => Ok(format!("{claims} verdicts and {values} values agree with the committed report")),
        Some(first) if differences.len() == 1 => Err(Error::Differs(first.clone())),
        Some(first) => {
            Err(Error::Differs(format!("{first} (and {} more differences)", differences.len() - 1)))
        }
    }
}

/// A file of the report as of the last commit; as it lies on disk where there is no git.
fn committed_text(run: &Run<'_>, path: &Path) -> Result<String, Error> {
    let relative = run.root.as_deref().and_then(|root| Some((root, path.strip_prefix(root).ok()?)));
    let from_git =
        relative.and_then(|(root, relative)| git(root, &["show", &format!("HEAD:{}", relative.display())]));
    match from_git {
        Some(text) => Ok(text),
        None => fs::read_to_string(path).reading(path),
    }
}

/// The tables of an experiment that must repeat, as of the last commit.
fn committed_tables(run: &Run<'_>, folder: &Path) -> Vec<String> {
    let repeats = |name: &String| name.ends_with(".csv") && !name.starts_with(TIMING_PREFIX);
    committed_names(run, folder, &[]).into_iter().filter(repeats).collect()
}

/// What a folder of the report holds as of the last commit; only folders with `-d`. Files as they lie on disk, where there is no git.
fn committed_names(run: &Run<'_>, folder: &Path, options: &[&str]) -> Vec<String> {
    let relative = run.root.as_deref().and_then(|root| Some((root, folder.strip_prefix(root).ok()?)));
    let from_git = relative.and_then(|(root, relative)| {
        let tree = format!("HEAD:{}", relative.display());
        git(root, &[&["ls-tree", "--name-only"], options, &[&tree]].concat())
    });
    match from_git {
        Some(text) => text.lines().map(Into::into).collect(),
        None => {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let wanted = entries.filter(|entry| options.is_empty() || entry.path().is_dir());
            wanted.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        }
    }
}

/// Compares two tables value by value and gives how many were compared.
fn compare_tables(
    name: &str,
    columns: &[Column],
    ours: &str,
    theirs: &str,
    differences: &mut Vec<String>,
) -> Result<usize, Error> {
    let read = |text: &str| {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        reader
            .records()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|fault| Error::Malformed { path: name.into(), fault: fault.to_string() })
    };
    let (ours, theirs) = (read(ours)?, read(theirs)?);
    let (Some(headings), Some(other_headings)) = (ours.first(), theirs.first()) else {
        differences.push(format!("{name}: an empty file"));
        return Ok(0);
    };
    if headings != other_headings || ours.len() != theirs.len() {
        differences.push(format!(
            "{name}: {} rows here, {} in the report, or other columns",
            ours.len() - 1,
            theirs.len() - 1
        ));
        return Ok(0);
    }
    for (row, (our_row, their_row)) in ours.iter().zip(&theirs).enumerate().skip(1) {
        for ((heading, our_value), their_value) in headings.iter().zip(our_row).zip(their_row) {
            let described = columns.iter().find(|column| column.name == heading);
            let agreement = described.map_or(Agreement::USUAL, |column| column.agreement);
            if !agree(our_value, their_value, agreement) {
                differences.push(format!(
                    "{name} row {row}, {heading}: {our_value} here, {their_value} in the report"
                ));
            }
        }
    }
    Ok((ours.len() - 1) * headings.len())
}

/// Whether two values are the same words, or floats that agree.
fn agree(ours: &str, theirs: &str, agreement: Agreement) -> bool {
    if ours == theirs || agreement == Agreement::Time {
        return true;
    }
    match (ours.parse::<f64>(), theirs.parse::<f64>()) {
        (Ok(ours), Ok(theirs)) => agreement.holds(ours, theirs),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(ours: &str, theirs: &str) -> Vec<String> {
        let mut found = Vec::new();
        let columns = [Column::new("value", "a value").within(1e-3), Column::new("time", "a time").time()];
        compare_tables("t", &columns, ours, theirs, &mut found).unwrap();
        found
    }

    #[test]
    fn each_column_has_its_own_tolerance() {
        let ours = "k,value,time\n1,1.0005,3\n";
        assert!(differences(ours, "k,value,time\n1,1.0,9\n").is_empty());
        assert_eq!(
            differences(ours, "k,value,time\n1,1.1,3\n"),
            ["t row 1, value: 1.0005 here, 1.1 in the report"]
        );
        assert_eq!(differences(ours, "k,value,time\n2,1.0,3\n").len(), 1);
        assert_eq!(differences(ours, "k,value\n1,1.0\n").len(), 1);
        assert_eq!(differences(ours, "k,value,time\n").len(), 1);
        assert_eq!(differences("value\nNaN\n", "value\nNaN\n").len(), 0);
        assert_eq!(differences("value\nNaN\n", "value\n1\n").len(), 1);
    }
}
