//! Tables with an outcome among their columns.

use std::path::Path;

use anyhow::bail;
use lab::input::{complete_rows, named_matrix};
use lab::remark;

/// A table, taken apart.
pub struct Split {
    /// Names of the columns that are left.
    pub names: Vec<String>,
    /// Their values.
    pub columns: Vec<Vec<f64>>,
    /// Values of the columns that were asked for, in order.
    pub taken: Vec<Vec<f64>>,
}

/// Reads a table and takes columns out of it; with `drop` rows with empty fields are left out, and their number said.
///
/// # Errors
/// One line with the file and the fault; for a name that is no column, with those that are.
pub fn split(path: &Path, taken: &[&str], drop: bool) -> anyhow::Result<Split> {
    let table = if drop {
        let (table, dropped) = complete_rows(path)?;
        if dropped > 0 {
            remark(&format!("{}: {dropped} rows with empty fields were left out", path.display()))?;
        }
        table
    } else {
        named_matrix(path)?
    };
    let mut places = Vec::new();
    for name in taken {
        let Some(place) = table.names.iter().position(|column| column == name) else {
            let known: Vec<&str> = table.names.iter().take(20).map(String::as_str).collect();
            let more = if table.names.len() > 20 { ", …" } else { "" };
            bail!("{}: no column {name}; there are {}{more}", path.display(), known.join(", "));
        };
        if places.contains(&place) {
            bail!("{}: column {name} is asked for twice", path.display());
        }
        places.push(place);
    }
    let column = |place: usize| table.values.column(place).to_vec();
    let kept: Vec<usize> = (0..table.names.len()).filter(|place| !places.contains(place)).collect();
    if kept.is_empty() {
        bail!("{}: no column is left besides {}", path.display(), taken.join(", "));
    }
    Ok(Split {
        names: kept.iter().map(|place| table.names[*place].clone()).collect(),
        columns: kept.into_iter().map(column).collect(),
        taken: places.into_iter().map(column).collect(),
    })
}
