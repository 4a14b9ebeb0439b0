//! Matrices in Matrix Market's format: `%%MatrixMarket matrix coordinate real general` (or `symmetric`, `integer`, `array`), then sizes and entries.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use sketched_newton::sparse::Sparse;

/// Reads a matrix.
///
/// # Errors
/// One line with the file, the line and the fault.
pub fn read(path: &Path) -> anyhow::Result<Sparse> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
    parse(&text).map_err(|(line, fault)| anyhow!("{name}, line {line}: {fault}"))
}

type Fault = (usize, String);

fn parse(text: &str) -> Result<Sparse, Fault> {
    let mut lines = text.lines().enumerate().map(|(place, line)| (place + 1, line));
    let (_, header) = lines.next().ok_or((1, "the file is empty".to_owned()))?;
    let words: Vec<String> = header.split_whitespace().map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let [
        "%%matrixmarket",
        "matrix",
        layout @ ("coordinate" | "array"),
        "real" | "integer" | "double",
        symmetry @ ("general" | "symmetric"),
    ] = words[..]
    else {
        return Err((
            1,
            "expected %%MatrixMarket matrix coordinate|array real|integer general|symmetric".into(),
        ));
    };
    let mut content = lines.filter(|(_, line)| !line.starts_with('%') && !line.trim().is_empty());
    let (place, sizes) = content.next().ok_or((1, "no line of sizes".to_owned()))?;
    let sizes: Vec<usize> = sizes
        .split_whitespace()
        .map(|word| word.parse().map_err(|_| (place, format!("{word:?} is no size"))))
        .collect::<Result<_, Fault>>()?;
    let coordinate = layout == "coordinate";
    let (rows, columns) = match (coordinate, sizes.as_slice()) {
        (true, [rows, columns, _]) | (false, [rows, columns]) => (*rows, *columns),
        _ => {
            return Err((
                place,
                format!("{} sizes, expected {}", sizes.len(), if coordinate { 3 } else { 2 }),
            ));
        }
    };
    if rows == 0 || columns == 0 || rows.max(columns) > u32::MAX as usize {
        return Err((place, format!("a matrix of {rows} x {columns}")));
    }
    if coordinate && rows / 2 > sizes[2] {
        return Err((place, format!("{rows} rows with {} entries: the matrix is singular", sizes[2])));
    }
    let symmetric = symmetry == "symmetric";
    if symmetric && rows != columns {
        return Err((place, format!("a symmetric matrix of {rows} x {columns}")));
    }
    let expected = match (coordinate, symmetric) {
        (true, _) => Some(sizes[2]),
        (false, true) => rows.checked_mul(rows + 1).map(|twice| twice / 2),
        (false, false) => rows.checked_mul(columns),
    };
    let expected = expected.ok_or_else(|| (place, format!("a matrix of {rows} x {columns}")))?;
    let mut entries: Vec<(u32, u32, f64, usize)> = Vec::new();
    let (mut row, mut column) = (0, 0);
    for (place, line) in content.by_ref() {
        let mut words = line.split_whitespace();
        if coordinate {
            let mut index = |size: usize| -> Result<usize, Fault> {
                let word = words.next().ok_or((place, "expected row, column and value".to_owned()))?;
                match word.parse::<usize>() {
                    Ok(index) if (1..=size).contains(&index) => Ok(index - 1),
                    _ => Err((place, format!("{word:?} is no index from 1 to {size}"))),
                }
            };
            (row, column) = (index(rows)?, index(columns)?);
        }
        let word = words.next().ok_or((place, "no value".to_owned()))?;
        let value: f64 = match word.parse() {
            Ok(value) if f64::is_finite(value) => value,
            _ => return Err((place, format!("{word:?} is no finite number"))),
        };
        if let Some(word) = words.next() {
            return Err((place, format!("{word:?} is one word too many")));
        }
        if entries.len() == expected {
            return Err((place, format!("more than the {expected} entries that were announced")));
        }
        entries.push((row as u32, column as u32, value, place));
        if !coordinate {
            row += 1;
            if row == rows {
                column += 1;
                row = if symmetric { column } else { 0 };
            }
        }
    }
    if entries.len() != expected {
        return Err((
            text.lines().count(),
            format!("{} entries, {expected} were announced: the file ends early", entries.len()),
        ));
    }
    if symmetric {
        let mirrored: Vec<_> = entries
            .iter()
            .filter(|entry| entry.0 != entry.1)
            .map(|(i, j, v, line)| (*j, *i, *v, *line))
            .collect();
        entries.extend(mirrored);
    }
    entries.sort_unstable_by_key(|(row, column, _, line)| (*row, *column, *line));
    if let Some(pair) = entries.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
        return Err((pair[1].3, format!("entry ({}, {}) stands there twice", pair[0].0 + 1, pair[0].1 + 1)));
    }
    let mut matrix = Sparse::new(columns);
    let mut next = entries.into_iter().peekable();
    for row in 0..rows as u32 {
        while let Some((_, column, value, _)) = next.next_if(|entry| entry.0 == row) {
            matrix.push(column as usize, value);
        }
        matrix.end_row();
    }
    Ok(matrix)
}

/// Refuses matrices that are not square, and with `symmetric` those that are not symmetric.
///
/// # Errors
/// One line.
pub fn check_square(path: &Path, matrix: &Sparse, symmetric: Option<&str>) -> anyhow::Result<()> {
    let name = path.display();
    if matrix.rows() != matrix.columns() {
        bail!("{name}: {} rows and {} columns, expected a square matrix", matrix.rows(), matrix.columns());
    }
    match symmetric {
        Some(solver) if !matrix.is_symmetric() => {
            bail!("{name}: the matrix is not symmetric, which {solver} needs; the sketches and gmres do not")
        }
        _ => Ok(()),
    }
}
