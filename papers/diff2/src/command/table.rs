//! A user's table, scaled by public bounds.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use lab::input::named_matrix;
use lab::ndarray::{Array1, Array2, Axis};

/// Features, targets, and nodes numbered from 0.
pub struct Table {
    /// Names of the features.
    pub names: Vec<String>,
    /// Bounds that were used, for features and target.
    pub ranges: BTreeMap<String, (f64, f64)>,
    /// One row for each record.
    pub features: Array2<f64>,
    /// Scaled.
    pub targets: Array1<f64>,
    /// Of each record.
    pub nodes: Vec<usize>,
}

/// Reads it. Labels get −1 and 1, and their features a column of ones.
///
/// # Errors
/// One line that names the file and the fault.
pub fn read_table(
    path: &Path,
    target: &str,
    node: Option<&str>,
    ranges: Option<&Path>,
    labels: bool,
) -> anyhow::Result<Table> {
    let mut named = named_matrix(path)?;
    let place = |name: &str| {
        let found = named.names.iter().position(|other| other == name);
        found.ok_or_else(|| anyhow!("{}: no column is called {name}", path.display()))
    };
    let target_at = place(target)?;
    let node_at = node.map(place).transpose()?;
    if node_at == Some(target_at) {
        bail!("{}: {target} cannot be both target and node", path.display());
    }
    let ranges = ranges.map_or(Ok(BTreeMap::new()), read_ranges)?;
    if let Some(name) = ranges.keys().find(|name| !named.names.contains(name)) {
        bail!("--ranges: no column is called {name}");
    }
    if !ranges.is_empty() {
        for (at, name) in named.names.iter().enumerate() {
            if Some(at) == node_at || at == target_at && labels {
                continue;
            }
            let (low, high) = ranges.get(name).ok_or_else(|| anyhow!("--ranges: no bounds for {name}"))?;
            let scale = |x: f64| 2.0 * (x.clamp(*low, *high) - low) / (high - low) - 1.0;
            named.values.column_mut(at).mapv_inplace(scale);
        }
    }
    let mut targets = named.values.column(target_at).to_owned();
    if labels {
        let negative = if targets.iter().any(|y| *y == 0.0) { 0.0 } else { -1.0 };
        if let Some(row) = targets.iter().position(|y| *y != 1.0 && *y != negative) {
            bail!(
                "{}: record {} has {target} {}, where labels are 0 and 1 or −1 and 1",
                path.display(),
                row + 1,
                targets[row]
            );
        }
        targets.mapv_inplace(|y| if y == 1.0 { 1.0 } else { -1.0 });
    }
    let nodes = match node_at {
        None => vec![0; targets.len()],
        Some(at) => {
            let column = named.values.column(at);
            let mut kinds = column.to_vec();
            kinds.sort_by(f64::total_cmp);
            kinds.dedup();
            column.iter().map(|value| kinds.partition_point(|kind| kind < value)).collect()
        }
    };
    let kept: Vec<usize> =
        (0..named.names.len()).filter(|at| *at != target_at && Some(*at) != node_at).collect();
    if kept.is_empty() {
        bail!("{}: no column is left to predict {target} from", path.display());
    }
    let mut features = named.values.select(Axis(1), &kept);
    let mut names: Vec<String> = kept.iter().map(|at| named.names[*at].clone()).collect();
    if labels {
        features.push_column(Array1::ones(targets.len()).view())?;
        names.push("1".into());
    }
    Ok(Table { names, ranges, features, targets, nodes })
}

fn read_ranges(path: &Path) -> anyhow::Result<BTreeMap<String, (f64, f64)>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut ranges = BTreeMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let numbers = cells.iter().skip(1).map(|cell| cell.parse::<f64>());
        let numbers: Vec<f64> = numbers.flatten().collect();
        if index == 0 && cells.len() == 3 && numbers.is_empty() {
            continue; // names of the columns
        }
        let line = || format!("{}: line {}", path.display(), index + 1);
        match numbers.as_slice() {
            [low, high] if cells.len() == 3 && low < high && (high - low).is_finite() => {
                if ranges.insert(cells[0].to_owned(), (*low, *high)).is_some() {
                    bail!("{}: {} has bounds already", line(), cells[0]);
                }
            }
            _ => bail!("{}: expected name,low,high with low below high", line()),
        }
    }
    if ranges.is_empty() {
        bail!("{}: no bounds", path.display());
    }
    Ok(ranges)
}
