//! Matrices and vectors from a user's files: CSV without a header, or NumPy's NPY; with named columns also CSV with a header, and Parquet.
//!
//! Every refusal is one line with the file, the place in it, and the fault.

mod named;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Dimension};
use ndarray_npy::{ReadNpyError, ReadNpyExt, ReadableElement};

pub use named::{Missing, NamedMatrix, complete_rows, named_matrix};

/// Why a file is not the numbers it should be.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It cannot be read.
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        fault: std::io::Error,
    },
    /// Its name ends in neither `.csv` nor `.npy`.
    #[error("{}: expected a name that ends in .csv or .npy", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// It is damaged, truncated, or holds another type.
    #[error("{}: {fault}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// A field of a CSV file is no finite number.
    #[error("{} line {line}, field {field}: expected a finite number, found {found:?}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The field, counted from 1.
        field: usize,
        /// What stands there.
        found: String,
    },
    /// An entry of an NPY file is NaN or infinite.
    #[error("{} entry {index:?}: expected a finite number, found {found}", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The place, counted from 0.
        index: Vec<usize>,
        /// What stands there.
        found: f64,
    },
}

/// Reads a matrix: CSV with one row a line, or a two-dimensional NPY array (either memory order) of
/// floats or integers.
///
/// # Errors
/// For an unreadable, truncated or empty file, rows of unequal length, words, NaN and infinities.
pub fn matrix(path: &Path) -> Result<Array2<f64>, InputError> {
    let matrix: Array2<f64> = match extension(path)? {
        Kind::Csv => csv_matrix(path, 0, Missing::Refuse, f64::is_finite)?.0,
        Kind::Npy => npy(path, 2, f64::is_finite)?,
    };
    tracing::info!("read {}: {} × {}", path.display(), matrix.nrows(), matrix.ncols());
    Ok(matrix)
}

/// Reads a matrix of costs: as [`matrix`], but an entry may be `inf`, for never.
///
/// # Errors
/// Those of [`matrix`] but for positive infinities.
pub fn costs(path: &Path) -> Result<Array2<f64>, InputError> {
    let accepted = |value: f64| value.is_finite() || value == f64::INFINITY;
    match extension(path)? {
        Kind::Csv => Ok(csv_matrix(path, 0, Missing::Refuse, accepted)?.0),
        Kind::Npy => npy(path, 2, accepted),
    }
}

/// Reads a vector: CSV with one number a line or all on one line, or an NPY array of one dimension.
///
/// # Errors
/// As for [`matrix`], and for a CSV file with several rows and several columns.
pub fn vector(path: &Path) -> Result<Array1<f64>, InputError> {
    let vector: Array1<f64> = match extension(path)? {
        Kind::Npy => npy(path, 1, f64::is_finite)?,
        Kind::Csv => {
            let matrix = csv_matrix(path, 0, Missing::Refuse, f64::is_finite)?.0;
            let (rows, columns) = matrix.dim();
            if rows > 1 && columns > 1 {
                let fault = format!("expected one number a line, found {rows} lines of {columns}");
                return Err(InputError::Format { path: path.to_owned(), fault });
            }
            matrix.into_iter().collect()
        }
    };
    tracing::info!("read {}: {} numbers", path.display(), vector.len());
    Ok(vector)
}

enum Kind {
    Csv,
    Npy,
}

fn extension(path: &Path) -> Result<Kind, InputError> {
    match (extension_is(path, "csv"), extension_is(path, "npy")) {
        (true, _) => Ok(Kind::Csv),
        (_, true) => Ok(Kind::Npy),
        _ => Err(InputError::Kind { path: path.to_owned() }),
    }
}

fn extension_is(path: &Path, expected: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(expected))
}

fn bytes(path: &Path) -> Result<Vec<u8>, InputError> {
    fs::read(path).map_err(|fault| InputError::Unreadable { path: path.to_owned(), fault })
}

/// The numbers behind `header` lines, and how many lines with empty fields were dropped.
fn csv_matrix(
    path: &Path,
    header: usize,
    missing: Missing,
    accepted: impl Fn(f64) -> bool,
) -> Result<(Array2<f64>, usize), InputError> {
    let bytes = bytes(path)?;
    let format = |fault: String| InputError::Format { path: path.to_owned(), fault };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes.as_slice());
    let mut values = Vec::new();
    let mut columns = 0;
    let (mut rows, mut dropped) = (0, 0);
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|fault| format(fault.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        if index == 0 {
            columns = record.len();
        } else if record.len() != columns {
            return Err(format(format!("line {line} has {} fields, the first has {columns}", record.len())));
        }
        if index < header {
            continue;
        }
        if missing == Missing::Drop && record.iter().any(str::is_empty) {
            dropped += 1;
            continue;
        }
        for (field, text) in record.iter().enumerate() {
            match text.parse::<f64>() {
                Ok(value) if accepted(value) => values.push(value),
                _ => {
                    let found = text.to_owned();
                    return Err(InputError::Field { path: path.to_owned(), line, field: field + 1, found });
                }
            }
        }
        rows += 1;
    }
    if values.is_empty() {
        return Err(format("no numbers in it".into()));
    }
    let matrix =
        Array2::from_shape_vec((rows, columns), values).map_err(|fault| format(fault.to_string()))?;
    Ok((matrix, dropped))
}

/// Reads an array of floats, or of integers up to 32 bits unsigned and 64 bits signed, as `f64`.
fn npy<D: Dimension>(
    path: &Path,
    dimensions: usize,
    accepted: impl Fn(f64) -> bool,
) -> Result<ndarray::Array<f64, D>, InputError> {
    let bytes = bytes(path)?;
    if let Some(numbers) = promised(&bytes).filter(|numbers| *numbers > bytes.len()) {
        let fault = format!("truncated: {numbers} numbers announced, {} bytes found", bytes.len());
        return Err(InputError::Format { path: path.to_owned(), fault });
    }
    let array = typed::<f64, D>(&bytes, |value| value)
        .or_else(|fault| retry::<f32, D>(fault, &bytes, f64::from))
        .or_else(|fault| retry::<i64, D>(fault, &bytes, |value| value as f64))
        .or_else(|fault| retry::<i32, D>(fault, &bytes, f64::from))
        .or_else(|fault| retry::<i16, D>(fault, &bytes, f64::from))
        .or_else(|fault| retry::<i8, D>(fault, &bytes, f64::from))
        .or_else(|fault| retry::<u32, D>(fault, &bytes, f64::from))
        .or_else(|fault| retry::<u16, D>(fault, &bytes, f64::from))
        .or_else(|fault| retry::<u8, D>(fault, &bytes, f64::from))
        .map_err(|fault| {
            let fault = match fault {
                ReadNpyError::WrongNdim(_, found) => {
                    format!("expected {dimensions} dimensions, found {found}")
                }
                other => other.to_string(),
            };
            InputError::Format { path: path.to_owned(), fault }
        })?;
    if array.is_empty() {
        return Err(InputError::Format { path: path.to_owned(), fault: "no numbers in it".into() });
    }
    for (index, &found) in array.view().into_dyn().indexed_iter() {
        if !accepted(found) {
            return Err(InputError::Entry { path: path.to_owned(), index: index.slice().to_vec(), found });
        }
    }
    Ok(array)
}

/// How many numbers the header of an NPY file announces, each of at least one byte: memory is taken for
/// them before any is read.
fn promised(bytes: &[u8]) -> Option<usize> {
    let header = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned();
    let (_, shape) = header.split_once("'shape': (")?;
    let (shape, _) = shape.split_once(')')?;
    let sides = shape.split(',').map(str::trim).filter(|side| !side.is_empty());
    sides
        .map(|side| side.parse::<usize>().ok())
        .try_fold(1, |product: usize, side| Some(product.saturating_mul(side?)))
}

fn typed<T: ReadableElement + Clone, D: Dimension>(
    bytes: &[u8],
    convert: impl Fn(T) -> f64,
) -> Result<ndarray::Array<f64, D>, ReadNpyError> {
    let array = ndarray::Array::<T, D>::read_npy(Cursor::new(bytes))?;
    Ok(array.mapv(convert))
}

/// Tries another number type, where only the type was wrong.
fn retry<T: ReadableElement + Clone, D: Dimension>(
    fault: ReadNpyError,
    bytes: &[u8],
    convert: impl Fn(T) -> f64,
) -> Result<ndarray::Array<f64, D>, ReadNpyError> {
    match fault {
        ReadNpyError::WrongDescriptor(_) => typed(bytes, convert),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use ndarray_npy::WriteNpyExt;

    fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        (folder, path)
    }

    fn fault(name: &str, bytes: &[u8]) -> String {
        let (_folder, path) = file(name, bytes);
        matrix(&path).unwrap_err().to_string().replace(&path.display().to_string(), name)
    }

    #[test]
    fn csv_and_npy_give_the_same_matrix() {
        let expected = array![[1.0, -2.5e-3], [0.1, 4.0]];
        let (_folder, path) = file("c.csv", b"1,-2.5e-3\n 0.1 , 4\n");
        assert_eq!(matrix(&path).unwrap(), expected);
        for order in [expected.clone(), expected.t().as_standard_layout().reversed_axes().to_owned()] {
            let mut bytes = Vec::new();
            order.write_npy(&mut bytes).unwrap();
            let (_folder, path) = file("c.npy", &bytes);
            assert_eq!(matrix(&path).unwrap(), expected);
        }
        let mut bytes = Vec::new();
        array![[1_i64, 2], [3, 4]].write_npy(&mut bytes).unwrap();
        let (_folder, path) = file("c.npy", &bytes);
        assert_eq!(matrix(&path).unwrap(), array![[1.0, 2.0], [3.0, 4.0]]);
    }

    #[test]
    fn vectors_stand_in_a_line_or_a_column() {
        for text in ["1\n2\n3\n", "1,2,3"] {
            let (_folder, path) = file("a.csv", text.as_bytes());
            assert_eq!(vector(&path).unwrap(), array![1.0, 2.0, 3.0]);
        }
        let (_folder, path) = file("a.csv", b"1,2\n3,4\n");
        assert!(
            vector(&path)
                .unwrap_err()
                .to_string()
                .ends_with("expected one number a line, found 2 lines of 2")
        );
    }

    #[test]
    fn each_refusal_says_where_and_what() {
        assert_eq!(
            fault("c.csv", b"1,2\n3,x\n"),
            "c.csv line 2, field 2: expected a finite number, found \"x\""
        );
        assert_eq!(
            fault("c.csv", b"1,NaN\n"),
            "c.csv line 1, field 2: expected a finite number, found \"NaN\""
        );
        assert_eq!(fault("c.csv", b"1,2\n3\n"), "c.csv: line 2 has 1 fields, the first has 2");
        assert_eq!(fault("c.csv", b""), "c.csv: no numbers in it");
        assert_eq!(fault("c.txt", b""), "c.txt: expected a name that ends in .csv or .npy");
        let mut npy = Vec::new();
        array![[1.0, f64::NAN]].write_npy(&mut npy).unwrap();
        assert_eq!(fault("c.npy", &npy), "c.npy entry [0, 1]: expected a finite number, found NaN");
        for length in [0, 5, 60, npy.len() - 1] {
            assert!(fault("c.npy", &npy[..length]).starts_with("c.npy: "), "truncated to {length}");
        }
        let huge = String::from_utf8_lossy(&npy).replace("(1, 2)", "(1000000000, 1000000000)");
        assert!(fault("c.npy", huge.as_bytes()).starts_with("c.npy: "), "a header that announces too much");
        let mut vector = Vec::new();
        array![1.0].write_npy(&mut vector).unwrap();
        assert_eq!(fault("c.npy", &vector), "c.npy: expected 2 dimensions, found 1");
        let missing = matrix(Path::new("none.csv")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read none.csv"), "{missing}");
    }
}
