//! What the command lines of several papers ask of their arguments.

use std::path::Path;

use crate::error::Error;

/// A positive, finite number, for `clap`'s `value_parser`.
///
/// # Errors
/// What was expected, in words.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("expected a positive number".into()),
    }
}

/// Refuses to write over a file that is read.
///
/// # Errors
/// A usage error that names the file, if `out` is one of `inputs`, also by another path.
pub fn refuse_overwriting<'a>(out: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
    let same =
        |input: &Path| input == out || (out.exists() && out.canonicalize().ok() == input.canonicalize().ok());
    match inputs.into_iter().any(same) {
        true => Err(Error::Usage(format!("--out {} is one of the inputs", out.display()))),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_finite_numbers_pass() {
        assert_eq!(positive("0.5"), Ok(0.5));
        for text in ["0", "-1", "inf", "NaN", "x", ""] {
            assert!(positive(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_read_is_not_written() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let file = folder.path().join("a");
        std::fs::write(&file, "x").expect("the folder can be written");
        let other = folder.path().join(".").join("a");
        assert!(refuse_overwriting(&other, [file.as_path()]).is_err());
        assert!(refuse_overwriting(&folder.path().join("b"), [file.as_path()]).is_ok());
    }
}
