//! Constraints in a TOML file.

use std::path::Path;

use anyhow::{Context, anyhow};
use notears_topo::constraints::Constraints;
use serde::Deserialize;

/// The lists of the file, by names of columns.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    required: Vec<Vec<String>>,
    #[serde(default)]
    forbidden: Vec<Vec<String>>,
    #[serde(default)]
    tiers: Vec<Vec<String>>,
}

/// Reads constraints on variables of these names.
///
/// # Errors
/// What is wrong with the file, or a name that is no column.
pub fn read(path: &Path, names: &[String]) -> anyhow::Result<Constraints> {
    let of_file = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let fault = |fault: toml::de::Error| {
        let line =
            fault.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        anyhow!("{} line {line}: {}", path.display(), one_line(fault.message()))
    };
    let file: File = toml::from_str(&text).map_err(fault)?;
    let place = |name: &String| {
        names
            .iter()
            .position(|other| other == name)
            .ok_or_else(|| anyhow!("{name:?} is no column of the data"))
    };
    let edges = |list: &[Vec<String>]| -> anyhow::Result<Vec<(usize, usize)>> {
        let edge = |names: &Vec<String>| match &names[..] {
            [from, to] => Ok((place(from)?, place(to)?)),
            _ => Err(anyhow!("an edge has two names, found {names:?}")),
        };
        list.iter().map(edge).collect()
    };
    let tiers = || -> anyhow::Result<Vec<Vec<usize>>> {
        file.tiers.iter().map(|tier| tier.iter().map(place).collect()).collect()
    };
    Ok(Constraints {
        required: edges(&file.required).with_context(of_file)?,
        forbidden: edges(&file.forbidden).with_context(of_file)?,
        tiers: tiers().with_context(of_file)?,
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
