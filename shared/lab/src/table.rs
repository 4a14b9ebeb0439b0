//! The table of an experiment: typed for drawing, a polars `DataFrame` for everything else.

use std::path::Path;

use numerics::random::stream;
use polars::prelude::{AnyValue, Column as Series, DataFrame, DataType, PolarsError};
use polars_io::SerWriter;
use polars_io::csv::write::CsvWriter;
use polars_io::parquet::write::ParquetWriter;
use rand_chacha::ChaCha8Rng;
use serde::de::DeserializeOwned;

use crate::estimate::Estimate;
use crate::files::write_atomically;
use crate::means::{Mean, means_by};
pub use crate::number::format_number;
use crate::record::{Record, RecordError, Scalar};
use crate::store::{Ending, StoredCell};

/// The cells of a grid that were measured, in the order of the grid.
#[derive(Clone, Debug)]
pub struct Table<P, R> {
    paper: String,
    cells: Vec<(P, Vec<R>)>,
    not_measured: Vec<(P, String)>,
    frame: DataFrame,
}

/// Why records do not make a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A record is not the struct it should be: the struct was changed after the row was measured.
    #[error(
        "a stored row does not fit its type ({0}): raise the experiment's revision, or reproduce with --fresh"
    )]
    Record(#[from] RecordError),
    /// A column holds both words and numbers.
    #[error("column `{0}` holds values of different kinds")]
    MixedColumn(String),
    /// A parameter and a row field have the same name.
    #[error("`{0}` is the name of a parameter and of a row field")]
    SameName(String),
    /// polars refuses.
    #[error(transparent)]
    Polars(#[from] PolarsError),
}

impl<P: DeserializeOwned, R: DeserializeOwned> Table<P, R> {
    /// The table of stored cells.
    ///
    /// # Errors
    /// If a record does not fit the types, which raising the revision mends.
    pub(crate) fn new(paper: &str, stored: &[StoredCell]) -> Result<Self, TableError> {
        let mut cells = Vec::new();
        let mut not_measured = Vec::new();
        for cell in stored {
            let parameters = cell.parameters.to()?;
            match &cell.ending {
                Ending::Done => {
                    let rows = cell.rows.iter().map(Record::to).collect::<Result<_, _>>()?;
                    cells.push((parameters, rows));
                }
                Ending::Skipped(why) => not_measured.push((parameters, format!("skipped: {why}"))),
                Ending::Diverged(what) => not_measured.push((parameters, format!("diverged: {what}"))),
                Ending::TimedOut(budget) => not_measured.push((parameters, format!("timed out: {budget}"))),
                Ending::Failed(message) => not_measured.push((parameters, format!("failed: {message}"))),
            }
        }
        Ok(Self { paper: paper.to_owned(), cells, not_measured, frame: frame_of_cells(stored)? })
    }
}

impl<P, R> Table<P, R> {
    /// Measured cells: parameters and rows.
    pub fn cells(&self) -> impl Iterator<Item = (&P, &[R])> {
        self.cells.iter().map(|(parameters, rows)| (parameters, rows.as_slice()))
    }

    /// All rows, each beside its cell's parameters.
    pub fn rows(&self) -> impl Iterator<Item = (&P, &R)> {
        self.cells.iter().flat_map(|(parameters, rows)| rows.iter().map(move |row| (parameters, row)))
    }

    /// Cells that were skipped, diverged, timed out or failed, and why. They are in no mean.
    pub fn not_measured(&self) -> impl Iterator<Item = (&P, &str)> {
        self.not_measured.iter().map(|(parameters, why)| (parameters, why.as_str()))
    }

    /// The mean of values with its 95 % bootstrap interval, as a claim takes it; not a number, and so not tested, below two values.
    pub fn mean(&self, values: impl IntoIterator<Item = f64>) -> Estimate {
        Estimate::mean_of(&values.into_iter().collect::<Vec<_>>(), &self.paper)
    }

    /// The mean of the values at each place with its 95 % bootstrap interval, places in ascending order. Values are (place, value), one for
    /// each replicate; `quantity` names what is averaged, in tables and in the resampling.
    pub fn means_by(&self, values: impl IntoIterator<Item = (f64, f64)>, quantity: &str) -> Vec<Mean> {
        means_by(values, &self.paper, quantity)
    }

    /// The mean of the values at one place, as [`means_by`](Self::means_by) gives it; of no values, it is not a number.
    pub fn mean_at(&self, at: f64, values: impl IntoIterator<Item = f64>, quantity: &str) -> Mean {
        Mean::of(&values.into_iter().collect::<Vec<_>>(), &self.paper, quantity, at)
    }

    /// A stream for resampling, named after the paper and the purpose: the same at every call.
    pub fn resampling(&self, purpose: &[&str]) -> ChaCha8Rng {
        stream(0, &[&[self.paper.as_str()], purpose].concat())
    }

    /// The rows as a polars frame: one column for each parameter, then for each row field.
    pub fn frame(&self) -> &DataFrame {
        &self.frame
    }
}

/// One row for each measured row, with its cell's parameters.
pub(crate) fn frame_of_cells(cells: &[StoredCell]) -> Result<DataFrame, TableError> {
    let records: Vec<Record> = cells
        .iter()
        .flat_map(|cell| cell.rows.iter().map(|row| Record([&cell.parameters.0[..], &row.0[..]].concat())))
        .collect();
    frame_of_records(&records)
}

/// A polars frame with a column for each field, in the order of first appearance. Whole numbers
/// become 64-bit integers unless some value of the column is a float; absent values are null; NaN and
/// the infinities stay what they are.
///
/// # Errors
/// If a column mixes words, flags and numbers, or a record names a field twice.
pub fn frame_of_records(records: &[Record]) -> Result<DataFrame, TableError> {
    let mut names: Vec<&str> = Vec::new();
    for record in records {
        for (position, (name, _)) in record.0.iter().enumerate() {
            if record.0[..position].iter().any(|(other, _)| other == name) {
                return Err(TableError::SameName(name.clone()));
            }
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    let columns = names.into_iter().map(|name| {
        let values = records.iter().map(|record| {
            // Records of one struct hold a field at one place; look there first.
            record.0.iter().find(|(other, _)| other == name).map_or(&Scalar::Null, |(_, scalar)| scalar)
        });
        series(name, &values.collect::<Vec<_>>())
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(DataFrame::new(records.len(), columns)?)
}

fn series(name: &str, values: &[&Scalar]) -> Result<Series, TableError> {
    let all =
        |kind: fn(&Scalar) -> bool| values.iter().all(|value| kind(value) || matches!(value, Scalar::Null));
    let column = if all(|value| matches!(value, Scalar::Null | Scalar::Text(_))) {
        let words = values.iter().map(|value| match value {
            Scalar::Text(word) => Some(word.as_str()),
            _ => None,
        });
        Series::new(name.into(), words.collect::<Vec<_>>())
    } else if all(|value| matches!(value, Scalar::Bool(_))) {
        let flags = values.iter().map(|value| match value {
            Scalar::Bool(flag) => Some(*flag),
            _ => None,
        });
        Series::new(name.into(), flags.collect::<Vec<_>>())
    } else if all(|value| matches!(value, Scalar::Integer(_))) {
        let numbers = values.iter().map(|value| match value {
            Scalar::Integer(number) => Some(*number),
            _ => None,
        });
        Series::new(name.into(), numbers.collect::<Vec<_>>())
    } else if all(|value| matches!(value, Scalar::Integer(_) | Scalar::Float(_))) {
        let numbers = values.iter().map(|value| match value {
            Scalar::Integer(number) => Some(*number as f64),
            Scalar::Float(number) => Some(*number),
            _ => None,
        });
        Series::new(name.into(), numbers.collect::<Vec<_>>())
    } else {
        return Err(TableError::MixedColumn(name.to_owned()));
    };
    Ok(column)
}

/// The frame as CSV: floats in the shortest form that reads back to the same bits, NaN and infinities
/// as the words `NaN`, `inf` and `-inf`, absent values as nothing.
///
/// # Errors
/// If polars cannot write a column type.
pub fn csv_bytes(frame: &DataFrame) -> Result<Vec<u8>, TableError> {
    let mut bytes = Vec::new();
    CsvWriter::new(&mut bytes).finish(&mut frame.clone())?;
    Ok(bytes)
}

/// Writes named columns of equal length as a CSV file, whole or not at all.
///
/// # Errors
/// For columns of different lengths, and if the file cannot be written; the latter names it.
pub fn write_columns(path: &Path, columns: Vec<Series>) -> anyhow::Result<()> {
    let height = columns.first().map_or(0, Series::len);
    Ok(write_atomically(path, &csv_bytes(&DataFrame::new(height, columns)?)?)?)
}

/// The frame as Parquet.
///
/// # Errors
/// If polars cannot write a column type.
pub fn parquet_bytes(frame: &DataFrame) -> Result<Vec<u8>, TableError> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut frame.clone())?;
    Ok(bytes)
}

/// The first eight numbers of many, as a command prints them.
pub fn first_numbers(values: &[f64]) -> String {
    let first: Vec<String> = values.iter().take(8).map(|value| format_number(*value)).collect();
    first.join(", ") + if values.len() > 8 { ", …" } else { "" }
}

/// A row of a frame as words for a page.
pub(crate) fn format_row(frame: &DataFrame, row: usize) -> Vec<String> {
    let format = |value: AnyValue<'_>| match value {
        AnyValue::Null => String::new(),
        AnyValue::Float64(number) => format_number(number),
        AnyValue::Float32(number) => format_number(number.into()),
        AnyValue::String(word) => word.to_owned(),
        AnyValue::StringOwned(word) => word.to_string(),
        other => other.to_string(),
    };
    frame.columns().iter().map(|column| column.get(row).map_or_else(|_| String::new(), format)).collect()
}

/// Whether a column holds numbers, which a page sets flush right.
pub(crate) fn is_numeric(kind: &DataType) -> bool {
    kind.is_primitive_numeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars_io::SerReader;
    use polars_io::parquet::read::ParquetReader;
    use proptest::prelude::*;

    fn floats(values: &[f64]) -> DataFrame {
        let records: Vec<Record> =
            values.iter().map(|&value| Record(vec![("value".into(), Scalar::Float(value))])).collect();
        frame_of_records(&records).unwrap()
    }

    proptest! {
        #[test]
        fn floats_survive_csv_and_parquet(values in prop::collection::vec(any::<f64>(), 1..40)) {
            let frame = floats(&values);
            let csv = String::from_utf8(csv_bytes(&frame).unwrap()).unwrap();
            for (line, value) in csv.lines().skip(1).zip(&values) {
                let read: f64 = line.parse().unwrap();
                prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()), "{} from {}", read, line);
            }
            let parquet = parquet_bytes(&frame).unwrap();
            let back = ParquetReader::new(std::io::Cursor::new(parquet)).finish().unwrap();
            prop_assert!(back.equals_missing(&frame) || values.iter().any(|value| value.is_nan()));
            let read = back.column("value").unwrap().f64().unwrap().clone();
            for (read, value) in read.iter().zip(&values) {
                let read = read.expect("no value is null");
                prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()));
            }
        }
    }

    #[test]
    fn what_is_not_finite_is_spelled_out_and_never_null() {
        let csv = csv_bytes(&floats(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1])).unwrap();
        assert_eq!(String::from_utf8(csv).unwrap(), "value\nNaN\ninf\n-inf\n0.1\n");
        assert_eq!(floats(&[f64::NAN]).column("value").unwrap().null_count(), 0);
    }

    #[test]
    fn whole_numbers_beside_floats_become_floats_and_absence_is_null() {
        let records = [
            Record(vec![("x".into(), Scalar::Integer(1)), ("note".into(), Scalar::Null)]),
            Record(vec![("x".into(), Scalar::Float(0.5)), ("note".into(), Scalar::Text("a".into()))]),
        ];
        let csv = csv_bytes(&frame_of_records(&records).unwrap()).unwrap();
        assert_eq!(String::from_utf8(csv).unwrap(), "x,note\n1.0,\n0.5,a\n");
    }

    #[test]
    fn mixed_columns_and_double_names_are_refused() {
        let mixed =
            [Record(vec![("x".into(), Scalar::Integer(1))]), Record(vec![("x".into(), Scalar::Bool(true))])];
        assert!(matches!(frame_of_records(&mixed), Err(TableError::MixedColumn(name)) if name == "x"));
        let double = [Record(vec![("x".into(), Scalar::Null), ("x".into(), Scalar::Null)])];
        assert!(matches!(frame_of_records(&double), Err(TableError::SameName(name)) if name == "x"));
    }
}
