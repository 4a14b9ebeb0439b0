//! What an experiment shows: figures as SVG and PNG, tables as CSV and Parquet, each written whole.

use std::path::{Path, PathBuf};

use figures::Figure;
use polars::prelude::DataFrame;
use serde::Serialize;

use crate::column::{Column, Columns};
use crate::error::{Error, Failure};
use crate::files::write_atomically;
use crate::means::Mean;
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
    paper: String,
    experiment: String,
    pub(crate) figures: Vec<FigureView>,
    pub(crate) tables: Vec<TableView>,
    pub(crate) written: Vec<PathBuf>,
    /// The CSV files of tables that must repeat, with their columns.
    pub(crate) described: Vec<(String, Vec<Column>)>,
}

impl Report {
    /// An empty report of an experiment (or of what is shown like one) whose files go into the folder.
    pub fn new(folder: &Path, paper: &str, experiment: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            paper: paper.to_owned(),
            experiment: experiment.to_owned(),
            figures: Vec::new(),
            tables: Vec::new(),
            written: Vec::new(),
            described: Vec::new(),
        }
    }

    /// The paper's name.
    pub fn paper(&self) -> &str {
        &self.paper
    }

    /// Adds the table `means`. `over` says over what they are taken.
    ///
    /// # Errors
    /// As for [`records`](Self::records).
    pub fn means_table(&mut self, over: &str, means: &[Mean]) -> Result<(), Failure> {
        self.records("means", &format!("Means over {over} with their 95 % bootstrap intervals."), means)
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

    /// Adds a table of flat structs, one a row.
    ///
    /// # Errors
    /// If it cannot be written, a struct is not flat, or a column holds times.
    pub fn records<T: Columns + Serialize>(
        &mut self,
        id: &str,
        caption: &str,
        records: &[T],
    ) -> Result<(), Failure> {
        let columns = T::columns();
        if let Some(column) = columns.iter().find(|column| column.is_time()) {
            return Err(
                format!("table {id} holds the times `{}`: add it as a timing table", column.name).into()
            );
        }
        self.tabulate(id.to_owned(), caption, &frame(records)?, &columns, false)
    }

    /// Adds a table of measured times.
    ///
    /// # Errors
    /// If it cannot be written, or a struct is not flat.
    pub fn timing_records<T: Columns + Serialize>(
        &mut self,
        id: &str,
        caption: &str,
        records: &[T],
    ) -> Result<(), Failure> {
        self.tabulate(format!("{TIMING_PREFIX}{id}"), caption, &frame(records)?, &T::columns(), true)
    }

    /// Adds a table that may hold times beside other columns: the report of a contest, which does not repeat as a whole.
    ///
    /// # Errors
    /// As for [`timing_records`](Self::timing_records).
    pub fn contest_records<T: Columns + Serialize>(
        &mut self,
        id: &str,
        caption: &str,
        records: &[T],
    ) -> Result<(), Failure> {
        self.tabulate(id.to_owned(), caption, &frame(records)?, &T::columns(), true)
    }

    /// The measured rows themselves: what repeats in one table, parameters and times in another.
    pub(crate) fn rows<P: Columns, R: Columns>(&mut self, frame: &DataFrame) -> Result<(), Failure> {
        let parameters = P::columns();
        let columns = [&parameters[..], &R::columns()].concat();
        let names: Vec<&str> = frame.columns().iter().map(|column| column.name().as_str()).collect();
        if let Some(name) = names.iter().find(|name| columns.iter().all(|column| column.name != **name)) {
            return Err(format!("no column describes the field `{name}`: is it renamed or flattened?").into());
        }
        let timing = |name: &&str| columns.iter().any(|column| column.name == *name && column.is_time());
        let (times, repeats): (Vec<&str>, Vec<&str>) = names.into_iter().partition(timing);
        self.tabulate("rows".into(), "All measured rows.", &frame.select(repeats)?, &columns, false)?;
        if !times.is_empty() {
            let names = parameters.iter().map(|parameter| parameter.name).chain(times);
            let frame = frame.select(names.collect::<Vec<_>>())?;
            self.tabulate(format!("{TIMING_PREFIX}rows"), "Measured times.", &frame, &columns, true)?;
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
        described: &[Column],
        timing: bool,
    ) -> Result<(), Failure> {
        let known = |name: &str| described.iter().any(|column| column.name == name);
        if let Some(column) = frame.columns().iter().find(|column| !known(column.name())) {
            let name = column.name();
            return Err(format!("no column describes the field `{name}`: is it renamed or flattened?").into());
        }
        let csv = self.write(&format!("{id}.csv"), &csv_bytes(frame)?)?;
        let parquet = self.write(&format!("{id}.parquet"), &parquet_bytes(frame)?)?;
        if !timing {
            self.described.push((format!("{id}.csv"), described.to_vec()));
        }
        let columns = frame.columns().iter().map(|column| {
            let described = described.iter().find(|described| described.name == column.name().as_str());
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

fn frame(records: &[impl Serialize]) -> Result<DataFrame, Failure> {
    let records = records.iter().map(Record::of).collect::<Result<Vec<_>, _>>()?;
    Ok(frame_of_records(&records)?)
}
