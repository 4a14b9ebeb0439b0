//! Tables as the output of a notebook's cell; a figure shows itself (see [`figures`]).
//!
//! A frame needs a wrapper, [`table`], because its type is not ours. Its HTML takes colours and fonts from the page around it, so
//! that it can be read on light and dark ground.
//!
//! [`rows`] loads what an experiment has measured:
//!
//! ```no_run
//! let rows = lab::display::rows("sparse-ot", "k-tradeoff")?;
//! lab::display::table(&rows).first(5).evcxr_display();
//! # Ok::<(), lab::display::RowsError>(())
//! ```

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, PolarsError};
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;

use figures::{escaped, html_output};

use crate::table::{format_row, is_numeric};

/// Rows of a table that are shown unless [`TableView::first`] says otherwise.
const ROWS_SHOWN: usize = 20;

/// The selectors repeat the class, because Jupyter's own rules for tables are as specific as one.
const TABLE_STYLE: &str = "\
<style>
.lab-table { margin: 0; }
.lab-table figcaption { margin: 0 0 0.5em; }
.lab-table .scroll { max-width: 100%; overflow-x: auto; }
.lab-table.lab-table table { width: auto; margin: 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.lab-table.lab-table th, .lab-table.lab-table td { padding: 0.2em 0.7em; text-align: left; white-space: nowrap; }
.lab-table.lab-table thead th { border-bottom: 1px solid currentColor; }
.lab-table.lab-table .numeric { text-align: right; }
</style>";

/// Why the rows of an experiment cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// The experiment has not been run here.
    #[error("{} is not there: run `make {paper}` first", file.display())]
    Missing {
        /// The file, from the folder that holds `reports`.
        file: PathBuf,
        /// The paper.
        paper: String,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is no Parquet table.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What polars found.
        source: PolarsError,
    },
}

/// The rows that an experiment measured: a column for each parameter and each measured quantity, read
/// from `reports/<paper>/<experiment>/rows.parquet` in this folder or the nearest one above it.
///
/// # Errors
/// If the experiment has not been run, or the file is damaged.
pub fn rows(paper: &str, experiment: &str) -> Result<DataFrame, RowsError> {
    let here = std::env::current_dir()
        .map_err(|source| RowsError::Unreadable { path: PathBuf::from("."), source })?;
    rows_from(&here, paper, experiment)
}

fn rows_from(folder: &Path, paper: &str, experiment: &str) -> Result<DataFrame, RowsError> {
    let file = Path::new("reports").join(paper).join(experiment).join("rows.parquet");
    let found = folder.ancestors().map(|above| above.join(&file)).find(|path| path.exists());
    let path = found.ok_or_else(|| RowsError::Missing { file, paper: paper.to_owned() })?;
    match File::open(&path) {
        Err(source) => Err(RowsError::Unreadable { path, source }),
        Ok(file) => ParquetReader::new(file).finish().map_err(|source| RowsError::Malformed { path, source }),
    }
}

/// The frame as an HTML table, numbers flush right with at most six significant digits.
pub fn table(frame: &DataFrame) -> TableView {
    TableView { frame: frame.clone(), caption: String::new(), shown: ROWS_SHOWN }
}

/// What [`table`] shows. It shares the memory of the frame.
#[derive(Clone, Debug)]
pub struct TableView {
    frame: DataFrame,
    caption: String,
    shown: usize,
}

impl TableView {
    /// A sentence above the table.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// Shows at most so many rows; 20 by default.
    pub fn first(mut self, rows: usize) -> Self {
        self.shown = rows;
        self
    }

    /// Shows the table as the output of a cell.
    pub fn evcxr_display(&self) {
        println!("{}", html_output(&self.html()));
    }

    fn html(&self) -> String {
        let columns = self.frame.columns();
        let class = |place: usize| if is_numeric(columns[place].dtype()) { " class=\"numeric\"" } else { "" };
        let head = columns.iter().enumerate().map(|(place, column)| {
            format!("<th scope=\"col\"{}>{}</th>", class(place), escaped(column.name()))
        });
        let body = (0..self.frame.height().min(self.shown)).map(|row| {
            let words = format_row(&self.frame, row);
            let cells = words.iter().enumerate();
            let cells = cells.map(|(place, words)| format!("<td{}>{}</td>", class(place), escaped(words)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        });
        format!(
            "{TABLE_STYLE}\n<figure class=\"lab-table\">\n<figcaption>{}</figcaption>\n\
             <div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>\n</figure>",
            escaped(&self.caption_line()),
            head.collect::<String>(),
            body.collect::<String>(),
        )
    }

    /// The caption, and how much of the frame is shown.
    fn caption_line(&self) -> String {
        let (rows, columns) = self.frame.shape();
        let mut line = self.caption.clone();
        if !line.is_empty() {
            line.push(' ');
        }
        let count =
            |number: usize, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
        let part = if self.shown < rows { format!("{} of ", self.shown) } else { String::new() };
        line + &format!("({part}{}, {})", count(rows, "row"), count(columns, "column"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::parquet_bytes;
    use polars::prelude::Column;

    fn frame() -> DataFrame {
        let columns = vec![
            Column::new("method".into(), ["semi-dual", "<b> & \"dual\"\nEVCXR_END_CONTENT"]),
            Column::new("gap".into(), [Some(1.0 / 3.0), None]),
            Column::new("k".into(), [1_i64, 2]),
        ];
        DataFrame::new(2, columns).unwrap()
    }

    #[test]
    fn a_table_has_its_numbers_rounded_and_flush_right() {
        let html = table(&frame()).html();
        assert!(
            html.contains("<th scope=\"col\">method</th><th scope=\"col\" class=\"numeric\">gap</th>"),
            "{html}"
        );
        assert!(html.contains(
            "<tr><td>semi-dual</td><td class=\"numeric\">0.333333</td><td class=\"numeric\">1</td></tr>"
        ));
        assert!(
            html.contains("<td class=\"numeric\"></td><td class=\"numeric\">2</td>"),
            "a missing value is empty"
        );
        assert!(html.contains("<figcaption>(2 rows, 3 columns)</figcaption>"), "{html}");
    }

    #[test]
    fn words_are_neither_html_nor_the_marker_that_ends_the_content() {
        let view = table(&frame()).caption("k < m");
        let html = view.html();
        assert!(html.contains("<td>&lt;b&gt; &amp; &quot;dual&quot; EVCXR_END_CONTENT</td>"), "{html}");
        assert!(html.contains("<figcaption>k &lt; m (2 rows, 3 columns)</figcaption>"), "{html}");
        let shown = html_output(&html);
        assert!(shown.starts_with("EVCXR_BEGIN_CONTENT text/html\n"));
        assert_eq!(
            shown.lines().position(|line| line == "EVCXR_END_CONTENT"),
            Some(shown.lines().count() - 1)
        );
    }

    #[test]
    fn a_long_table_is_cut_and_says_so() {
        let long =
            DataFrame::new(21, vec![Column::new("k".into(), (0..21_i64).collect::<Vec<_>>())]).unwrap();
        let lines = |view: &TableView| view.html().matches("<td").count();
        assert_eq!(lines(&table(&long)), ROWS_SHOWN);
        assert!(table(&long).html().contains("(20 of 21 rows, 1 column)"));
        assert_eq!(lines(&table(&long).first(3)), 3);
        assert_eq!(lines(&table(&long).first(100)), 21);
        assert_eq!(lines(&table(&long.head(Some(0)))), 0);
    }

    #[test]
    fn rows_are_found_from_a_folder_below() {
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("papers/one");
        std::fs::create_dir_all(&below).unwrap();
        let missing = rows_from(&below, "one", "first").unwrap_err().to_string();
        assert_eq!(missing, "reports/one/first/rows.parquet is not there: run `make one` first");

        let file = root.path().join("reports/one/first/rows.parquet");
        crate::write_atomically(&file, &parquet_bytes(&frame()).unwrap()).unwrap();
        assert!(rows_from(&below, "one", "first").unwrap().equals_missing(&frame()));

        crate::write_atomically(&file, b"no table").unwrap();
        let damaged = rows_from(&below, "one", "first").unwrap_err().to_string();
        assert!(damaged.starts_with(&format!("{}: ", file.display())), "{damaged}");
    }
}
