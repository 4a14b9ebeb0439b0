//! Matrices whose columns have names.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;

use ndarray::Array2;
use polars::prelude::{Column, DataType};
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;

use super::{InputError, bytes, csv_matrix, extension_is, matrix};

/// A matrix with a name for every column.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedMatrix {
    /// Names of the columns, all different.
    pub names: Vec<String>,
    /// One row for each record.
    pub values: Array2<f64>,
}

/// What becomes of rows in which a field is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// The file is refused.
    #[default]
    Refuse,
    /// They are left out.
    Drop,
}

/// [`named_matrix`] of the rows that are complete, and the number of those left out: empty fields of CSV, absent values of Parquet.
///
/// # Errors
/// As [`named_matrix`], and if no row is complete.
pub fn complete_rows(path: &Path) -> Result<(NamedMatrix, usize), InputError> {
    read(path, Missing::Drop)
}

/// Reads a .csv, .npy or .parquet file of numbers. The first line of a CSV file names the columns unless it is all numbers; columns without a name are called x1, x2, ….
///
/// # Errors
/// One line that names the file, the place and the fault: a field or value that is no finite number, rows of unequal length, a name that occurs twice.
pub fn named_matrix(path: &Path) -> Result<NamedMatrix, InputError> {
    read(path, Missing::Refuse).map(|(named, _)| named)
}

fn read(path: &Path, missing: Missing) -> Result<(NamedMatrix, usize), InputError> {
    let mut dropped = 0;
    let format = |fault: String| InputError::Format { path: path.to_owned(), fault };
    let named = if extension_is(path, "parquet") {
        let (named, left_out) = parquet(path, missing)?;
        dropped = left_out;
        named
    } else if extension_is(path, "csv") {
        let bytes = bytes(path)?;
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
        let header = reader.headers().map_err(|fault| format(fault.to_string()))?;
        if header.iter().all(|field| field.parse::<f64>().is_ok()) {
            let (values, left_out) = csv_matrix(path, 0, missing, f64::is_finite)?;
            dropped = left_out;
            numbered(values)
        } else {
            let names = header.iter().map(ToOwned::to_owned).collect();
            let (values, left_out) = csv_matrix(path, 1, missing, f64::is_finite)?;
            dropped = left_out;
            NamedMatrix { names, values }
        }
    } else if extension_is(path, "npy") {
        numbered(matrix(path)?)
    } else {
        return Err(format("expected a name that ends in .csv, .npy or .parquet".into()));
    };
    if named.names.iter().any(|name| name.trim().is_empty()) {
        return Err(format("a column has no name".into()));
    }
    let mut seen = BTreeSet::new();
    match named.names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(format(format!("two columns are called {name:?}"))),
        None => {
            tracing::info!("read {}: {} × {}", path.display(), named.values.nrows(), named.values.ncols());
            Ok((named, dropped))
        }
    }
}

fn numbered(values: Array2<f64>) -> NamedMatrix {
    NamedMatrix { names: (1..=values.ncols()).map(|column| format!("x{column}")).collect(), values }
}

fn parquet(path: &Path, missing: Missing) -> Result<(NamedMatrix, usize), InputError> {
    let format = |fault: String| InputError::Format { path: path.to_owned(), fault };
    let frame =
        ParquetReader::new(Cursor::new(bytes(path)?)).finish().map_err(|fault| format(fault.to_string()))?;
    let all = frame.height();
    let frame = match missing {
        Missing::Refuse => frame,
        Missing::Drop => {
            let present = frame.columns().iter().map(Column::is_not_null);
            match present.reduce(|all, own| all & own) {
                Some(complete) => frame.filter(&complete).map_err(|fault| format(fault.to_string()))?,
                None => frame,
            }
        }
    };
    let dropped = all - frame.height();
    let (rows, columns) = frame.shape();
    if rows == 0 || columns == 0 {
        return Err(format("no numbers in it".into()));
    }
    let mut values = Array2::zeros((rows, columns));
    for (index, column) in frame.columns().iter().enumerate() {
        let numbers = column.cast(&DataType::Float64).map_err(|fault| format(fault.to_string()))?;
        let numbers = numbers.f64().map_err(|fault| format(fault.to_string()))?;
        for (row, number) in numbers.iter().enumerate() {
            match number.filter(|number| number.is_finite()) {
                Some(number) => values[(row, index)] = number,
                None => {
                    let name = column.name();
                    return Err(format(format!(
                        "column {name:?}, row {}: expected a finite number",
                        row + 1
                    )));
                }
            }
        }
    }
    let names = frame.get_column_names().iter().map(ToString::to_string).collect();
    Ok((NamedMatrix { names, values }, dropped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use polars::prelude::DataFrame;

    fn read(name: &str, content: &[u8]) -> Result<NamedMatrix, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        named_matrix(&path).map_err(|fault| fault.to_string().replace(&path.display().to_string(), name))
    }

    #[test]
    fn incomplete_rows_are_left_out_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "u,v\n1,2\n,4\n5,6\n7,\n").unwrap();
        let (named, dropped) = complete_rows(&path).unwrap();
        assert_eq!((named.values, dropped), (array![[1.0, 2.0], [5.0, 6.0]], 2));
        assert!(named_matrix(&path).is_err());
        std::fs::write(&path, "u,v\n1,\n").unwrap();
        assert!(complete_rows(&path).unwrap_err().to_string().ends_with("no numbers in it"));
        let columns = vec![
            Column::new("u".into(), [Some(1.0), None, Some(3.0)]),
            Column::new("v".into(), [Some(4.0), Some(5.0), Some(6.0)]),
        ];
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, crate::table::parquet_bytes(&DataFrame::new(3, columns).unwrap()).unwrap())
            .unwrap();
        let (named, dropped) = complete_rows(&path).unwrap();
        assert_eq!((named.values, dropped), (array![[1.0, 4.0], [3.0, 6.0]], 1));
    }

    #[test]
    fn names_come_from_the_header_or_are_numbers() {
        let named = read("a.csv", b"u,v\n1,2\n3,4\n").unwrap();
        assert_eq!(
            (named.names, named.values),
            (vec!["u".into(), "v".into()], array![[1.0, 2.0], [3.0, 4.0]])
        );
        let named = read("a.csv", b"1,2\n3,4\n").unwrap();
        assert_eq!(
            (named.names, named.values),
            (vec!["x1".into(), "x2".into()], array![[1.0, 2.0], [3.0, 4.0]])
        );
    }

    #[test]
    fn parquet_has_names_and_types() {
        let columns = vec![Column::new("u".into(), [1i64, 3]), Column::new("v".into(), [0.5, 4.0])];
        let bytes = crate::table::parquet_bytes(&DataFrame::new(2, columns).unwrap()).unwrap();
        let named = read("a.parquet", &bytes).unwrap();
        assert_eq!(
            (named.names, named.values),
            (vec!["u".into(), "v".into()], array![[1.0, 0.5], [3.0, 4.0]])
        );
        let columns = vec![Column::new("u".into(), [1.0, f64::NAN])];
        let bytes = crate::table::parquet_bytes(&DataFrame::new(2, columns).unwrap()).unwrap();
        assert_eq!(
            read("a.parquet", &bytes).unwrap_err(),
            "a.parquet: column \"u\", row 2: expected a finite number"
        );
        assert!(read("a.parquet", &bytes[..bytes.len() / 2]).is_err(), "a truncated file is refused");
    }

    #[test]
    fn faults_are_told_with_their_place() {
        assert_eq!(read("a.csv", b"u,u\n1,2\n").unwrap_err(), "a.csv: two columns are called \"u\"");
        assert_eq!(
            read("a.csv", b"u,v\n1,2\n3,x\n").unwrap_err(),
            "a.csv line 3, field 2: expected a finite number, found \"x\""
        );
        assert!(read("a.csv", b"u,v\n1,2,3\n").unwrap_err().contains("line 2 has 3 fields"));
        assert_eq!(read("a.csv", b"u,v\n").unwrap_err(), "a.csv: no numbers in it");
    }
}
