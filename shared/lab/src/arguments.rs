//! What the command lines of several papers ask of their arguments.

use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// A finite number from 0 on, for `clap`'s `value_parser`.
///
/// # Errors
/// What was expected, in words.
pub fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number >= 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("expected a number of at least 0".into()),
    }
}

/// A number of calls from 1 on, also written as 1e6, for `clap`'s `value_parser`.
///
/// # Errors
/// What was expected, in words.
pub fn calls(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(number) if (1.0..=1e15).contains(&number) && number.fract() == 0.0 => Ok(number as u64),
        _ => Err("expected a whole number from 1 to 1e15".into()),
    }
}

/// Finite numbers between commas, `expected` of them, as the value of `option`.
///
/// # Errors
/// A usage error that names the option.
pub fn numbers(option: &str, text: &str, expected: usize) -> anyhow::Result<Vec<f64>> {
    let number = |part: &str| part.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    match text.split(',').map(number).collect::<Option<Vec<f64>>>() {
        Some(found) if found.len() == expected => Ok(found),
        Some(found) => Err(usage(format!("{option}: expected {expected} numbers, found {}", found.len()))),
        None => Err(usage(format!("{option}: expected finite numbers separated by commas, found {text:?}"))),
    }
}

/// A fault of the command line, for exit code 2.
pub fn usage(fault: impl Into<String>) -> anyhow::Error {
    Error::Usage(fault.into()).into()
}

/// A time such as `90s`, `10m` or `2h`, for `clap`'s `value_parser`.
///
/// # Errors
/// What was expected, in words.
pub fn duration(text: &str) -> Result<Duration, String> {
    let expected = "expected a time such as 90s, 10m or 2h";
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(expected.into()),
    };
    match number.parse::<f64>() {
        Ok(number) if number > 0.0 => {
            Duration::try_from_secs_f64(number * seconds).map_err(|_| expected.into())
        }
        _ => Err(expected.into()),
    }
}

/// Refuses to write over a file that is read.
///
/// # Errors
/// A usage error that names the file, if `out` is one of `inputs`, also by another path.
pub fn refuse_overwriting<'a>(out: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
    match inputs.into_iter().any(|input| resolved(input) == resolved(out)) {
        true => Err(Error::Usage(format!("--out {} is one of the inputs", out.display()))),
        false => Ok(()),
    }
}

/// Refuses, before anything is computed, a name to write to that has another ending, where no file can stand, or that is an input. Nothing to write is fine.
///
/// # Errors
/// A usage error that names the file.
pub fn check_output<'a>(
    out: Option<&Path>,
    ending: &str,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Error> {
    let Some(out) = out else { return Ok(()) };
    if out.extension().is_none_or(|extension| extension != ending) {
        return Err(Error::Usage(format!("{}: expected a name that ends in .{ending}", out.display())));
    }
    let above = out.ancestors().skip(1).find(|folder| folder.as_os_str().is_empty() || folder.exists());
    let folder = above.is_none_or(|folder| folder.as_os_str().is_empty() || folder.is_dir());
    if out.is_dir() || !folder {
        return Err(Error::Usage(format!("{}: no file can stand there", out.display())));
    }
    refuse_overwriting(out, inputs)
}

/// Refuses to write two things to one file.
///
/// # Errors
/// A usage error that names the file, also where the two paths differ.
pub fn refuse_one_file_for_two(first: &Path, second: &Path) -> Result<(), Error> {
    match resolved(first) == resolved(second) {
        true => Err(Error::Usage(format!("{}: two outputs need a file each", second.display()))),
        false => Ok(()),
    }
}

/// The path without links and dots, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let beside = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

/// Refuses what would not fit into memory, before anything is computed. Where the system does not say how much is free, everything passes.
///
/// # Errors
/// A usage error with both sizes.
pub fn refuse_beyond_memory(bytes: f64, what: &str) -> Result<(), Error> {
    let (gigabytes, free) = (bytes / 1e9, free_gigabytes().unwrap_or(f64::INFINITY));
    if gigabytes <= free {
        return Ok(());
    }
    Err(Error::Usage(format!("{what} would take {gigabytes:.1} GB, {free:.1} GB are free: use fewer points")))
}

fn free_gigabytes() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1e9)
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
    fn only_numbers_from_zero_on_pass() {
        assert_eq!(not_negative("0"), Ok(0.0));
        for text in ["-1", "inf", "NaN", "x", ""] {
            assert!(not_negative(text).is_err(), "{text}");
        }
    }

    #[test]
    fn outputs_have_their_ending_and_a_place() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let file = folder.path().join("a.csv");
        std::fs::write(&file, "x").expect("the folder can be written");
        let fault =
            |out: &Path| check_output(Some(out), "csv", [file.as_path()]).map_err(|fault| fault.to_string());
        assert!(fault(&folder.path().join("new/b.csv")).is_ok() && fault(Path::new("b.csv")).is_ok());
        assert!(fault(&folder.path().join("b.txt")).is_err_and(|text| text.ends_with("ends in .csv")));
        assert!(fault(&file.join("b.csv")).is_err_and(|text| text.ends_with("no file can stand there")));
        assert!(fault(&file).is_err_and(|text| text.ends_with("is one of the inputs")));
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        for text in ["", "10", "m", "-1s", "0h", "10d", "1e300h", "NaNs"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused_with_its_size() {
        assert!(refuse_beyond_memory(1e3, "it").is_ok());
        if free_gigabytes().is_some() {
            let fault = refuse_beyond_memory(1e18, "it").unwrap_err().to_string();
            assert!(fault.starts_with("it would take 1000000000.0 GB"), "{fault}");
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
        let (new, same) = (folder.path().join("new"), folder.path().join(".").join("new"));
        assert!(refuse_one_file_for_two(&new, &same).is_err(), "also where neither is there yet");
        assert!(refuse_one_file_for_two(&new, &file).is_ok());
    }
}
