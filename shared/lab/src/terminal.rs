//! What a person sees: results, remarks, progress.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::{Error, IoContext};

static QUIET: AtomicBool = AtomicBool::new(false);

/// Sets whether remarks and progress are left out, once at the start.
pub(crate) fn be_quiet(quiet: bool) {
    QUIET.store(quiet, Ordering::Relaxed);
}

/// Whether the user asked for less than usual: results are printed, remarks and progress are not.
pub fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Prints what a user need not read: where something was written, how it went. Not with `--quiet`.
///
/// # Errors
/// As for [`say`].
pub fn remark(text: &str) -> Result<(), Error> {
    if is_quiet() { Ok(()) } else { say(text) }
}

/// A progress bar over so many steps, or a spinner where their number is not known. Hidden with `--quiet`, and where standard error is no
/// terminal.
pub fn progress(steps: Option<u64>, template: &str) -> ProgressBar {
    if is_quiet() {
        return ProgressBar::hidden();
    }
    let bar = steps.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = bar.with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Aligned columns under their headings.
pub fn columns(headings: &[&str], rows: Vec<Vec<String>>) -> String {
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let mut widths = vec![0; headings.len()];
    for row in std::iter::once(&headings).chain(&rows) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    std::iter::once(&headings).chain(&rows).map(line).collect::<Vec<_>>().join("\n")
}

/// Prints to standard output. To a reader that went away (`| head`) nothing more is said; the program goes on, since files may still have to be written.
///
/// # Errors
/// If standard output refuses the text for another reason.
pub fn say(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(fault) if fault.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.writing("standard output".as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_characters() {
        let rows = vec![vec!["γ".into(), "1".into()], vec!["k".into(), "22".into()]];
        assert_eq!(columns(&["name", "n"], rows), "name  n\nγ     1\nk     22");
    }
}
