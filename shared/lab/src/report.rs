//! What an experiment shows: figures as SVG and PNG, tables as CSV and Parquet, each written whole.

use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;
use serde::Serialize;

use crate::column::Column;
use crate::error::{Error, Failure};
use crate::figure::Figure;
use crate::files::write_atomically;
use crate::page::{ColumnView, FigureView, TableView};
use crate::record::Record;
use crate::table::{csv_bytes, format_row, frame_of_records, is_numeric, parquet_bytes};

/// Rows of a table that a page shows; the files hold all.
const ROWS_ON_A_PAGE: usize = 20;

/// Files whose name begins so hold measured times: they never repeat.
pub const TIMING_PREFIX: &str = "timing-";

/// Collects the figures and tables of one experiment in its folder.
#[derive(Debug)]
pub struct Report {
    folder: PathBuf,
    experiment: String,
    columns: Vec<Column>,
    pub(crate) figures: Vec<FigureView>,
    pub(crate) tables: Vec<TableView>,
    pub(crate) written: Vec<PathBuf>,
}

impl Report {
    pub(crate) fn new(folder: &Path, experiment: &str, columns: Vec<Column>) -> Self {
        Self {
            folder: folder.to_owned(),
            experiment: experiment.to_owned(),
            columns,
            figures: Vec::new(),
            tables: Vec::new(),
            written: Vec::new(),
        }
    }

    /// Adds a figure. `caption` says what to see in it, `alternative_text` what it shows to someone who
    /// cannot see it.
    ///
    /// # Errors
    /// If it cannot be drawn or stored.
    pub fn figure(
        &mut self,
        id: &str,
        caption: &str,
        alternative_text: &str,
        figure: &Figure,
    ) -> Result<(), Failure> {
        self.draw(id.to_owned(), caption, alternative_text, figure, false)
    }

    /// Adds a figure of measured times.
    ///
    /// # Errors
    /// If it cannot be drawn or stored.
    pub fn timing_figure(
        &mut self,
        id: &str,
        caption: &str,
        alternative_text: &str,
        figure: &Figure,
    ) -> Result<(), Failure> {
        self.draw(format!("{TIMING_PREFIX}{id}"), caption, alternative_text, figure, true)
    }

    /// Adds a table. Columns that the experiment describes are shown with their meaning and unit.
    ///
    /// # Errors
    /// If it cannot be written, or holds a column of times.
    pub fn table(&mut self, id: &str, caption: &str, frame: &DataFrame) -> Result<(), Failure> {
        if let Some(column) =
            self.columns.iter().find(|column| column.is_timing() && frame.column(column.name).is_ok())
        {
            return Err(
                format!("table {id} holds the times `{}`: add it as a timing table", column.name).into()
            );
        }
        self.tabulate(id.to_owned(), caption, frame, false)
    }

    /// Adds a table of flat structs, one a row.
    ///
    /// # Errors
    /// As for [`table`](Self::table), and if a struct is not flat.
    pub fn records(&mut self, id: &str, caption: &str, records: &[impl Serialize]) -> Result<(), Failure> {
        let records = records.iter().map(Record::of).collect::<Result<Vec<_>, _>>()?;
        self.table(id, caption, &frame_of_records(&records)?)
    }

    /// Adds a table of measured times.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn timing_table(&mut self, id: &str, caption: &str, frame: &DataFrame) -> Result<(), Failure> {
        self.tabulate(format!("{TIMING_PREFIX}{id}"), caption, frame, true)
    }

    /// The measured rows themselves: what repeats in one table, parameters and times in another.
    pub(crate) fn rows(&mut self, frame: &DataFrame, parameters: &[&str]) -> Result<(), Failure> {
        let timing = |name: &str| self.columns.iter().any(|column| column.name == name && column.is_timing());
        let names: Vec<&str> = frame.columns().iter().map(|column| column.name().as_str()).collect();
        if let Some(name) = names.iter().find(|name| self.columns.iter().all(|column| column.name != **name))
        {
            return Err(format!("columns() does not describe the field `{name}`").into());
        }
        let (times, repeats): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| timing(name));
        self.table("rows", "All measured rows.", &frame.select(repeats)?)?;
        if !times.is_empty() {
            let with_parameters: Vec<&str> = parameters.iter().chain(&times).copied().collect();
            self.timing_table("rows", "Measured times.", &frame.select(with_parameters)?)?;
        }
        Ok(())
    }

    fn draw(
        &mut self,
        id: String,
        caption: &str,
        alternative_text: &str,
        figure: &Figure,
        timing: bool,
    ) -> Result<(), Failure> {
        let svg = self.write(&format!("{id}.svg"), figure.to_svg()?.as_bytes())?;
        let png = self.write(&format!("{id}.png"), &figure.to_png()?)?;
        self.figures.push(FigureView {
            id,
            svg,
            png,
            caption: caption.to_owned(),
            alternative_text: alternative_text.to_owned(),
            timing,
        });
        Ok(())
    }

    fn tabulate(
        &mut self,
        id: String,
        caption: &str,
        frame: &DataFrame,
        timing: bool,
    ) -> Result<(), Failure> {
        let csv = self.write(&format!("{id}.csv"), &csv_bytes(frame)?)?;
        let parquet = self.write(&format!("{id}.parquet"), &parquet_bytes(frame)?)?;
        let columns = frame.columns().iter().map(|column| {
            let described = self.columns.iter().find(|described| described.name == column.name().as_str());
            ColumnView {
                name: column.name().to_string(),
                unit: described.and_then(|column| column.unit).map(Into::into),
                meaning: described.map(|column| column.meaning.into()),
                numeric: is_numeric(column.dtype()),
            }
        });
        let columns = columns.collect();
        // Times are on the page as links only: the page itself must not change from run to run.
        let shown = if timing { 0 } else { frame.height().min(ROWS_ON_A_PAGE) };
        self.tables.push(TableView {
            id,
            caption: caption.to_owned(),
            csv,
            parquet,
            columns,
            rows: (0..shown).map(|row| format_row(frame, row)).collect(),
            rows_in_total: frame.height(),
            timing,
        });
        Ok(())
    }

    /// Writes a file into the experiment's folder and gives its path relative to the paper's page.
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<String, Error> {
        let path = self.folder.join(name);
        write_atomically(&path, bytes)?;
        self.written.push(path);
        Ok(format!("{}/{name}", self.experiment))
    }
}
