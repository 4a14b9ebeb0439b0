//! Graphs in files: lists of edges, matrices, DOT and GraphML.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use lab::{Error, write_atomically};
use ndarray::Array2;

/// A weighted graph with a name for every node.
pub struct NamedGraph {
    /// Names of the nodes.
    pub names: Vec<String>,
    /// W by nodes.
    pub weights: Array2<f64>,
}

impl NamedGraph {
    /// The graph on these nodes.
    ///
    /// # Errors
    /// If it has a node that is none of them.
    pub fn on(&self, names: &[String]) -> anyhow::Result<Array2<f64>> {
        let places: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
        let place = |name: &String| {
            places.get(name.as_str()).copied().with_context(|| format!("{name:?} is not among the variables"))
        };
        let own: Vec<usize> = self.names.iter().map(place).collect::<anyhow::Result<_>>()?;
        let mut weights = Array2::zeros((names.len(), names.len()));
        for ((i, j), &weight) in self.weights.indexed_iter() {
            weights[(own[i], own[j])] = weight;
        }
        Ok(weights)
    }
}

/// Reads a .csv file: edges with the header from,to or from,to,weight (weight 1 where there is none), or a square matrix under the names of its columns, entry (i, j) for i → j.
///
/// # Errors
/// What is wrong, with the file and the line.
pub fn read(path: &Path) -> anyhow::Result<NamedGraph> {
    let of_file = || path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(bytes);
    let header: Vec<String> = reader
        .headers()
        .map(|header| header.iter().map(ToOwned::to_owned).collect())
        .with_context(of_file)?;
    if !matches!(
        header.iter().map(String::as_str).collect::<Vec<_>>()[..],
        ["from", "to"] | ["from", "to", "weight"]
    ) {
        let lab::input::NamedMatrix { names, values } = lab::input::named_matrix(path)?;
        let (rows, columns) = values.dim();
        ensure!(
            rows == columns,
            "{}: expected edges under from,to,weight or a square matrix, found {rows} × {columns}",
            path.display()
        );
        let graph = NamedGraph { names, weights: values };
        let loops = graph.weights.diag().iter().position(|weight| *weight != 0.0);
        ensure!(loops.is_none(), "{}: {} is its own cause", path.display(), graph.names[loops.unwrap_or(0)]);
        return Ok(graph);
    }
    let mut names: Vec<String> = Vec::new();
    let mut edges = BTreeMap::new();
    for record in reader.records() {
        let record = record.with_context(of_file)?;
        let at = format!("{} line {}", path.display(), record.position().map_or(0, csv::Position::line));
        ensure!(
            record.len() == header.len(),
            "{at} has {} fields, the first has {}",
            record.len(),
            header.len()
        );
        let weight = match record.get(2) {
            None => 1.0,
            Some(text) => match text.parse::<f64>() {
                Ok(weight) if weight.is_finite() => weight,
                _ => bail!("{at}: expected a finite weight, found {text:?}"),
            },
        };
        ensure!(!record[0].is_empty() && !record[1].is_empty(), "{at}: a node has no name");
        ensure!(record[0] != record[1], "{at}: {} is its own cause", &record[0]);
        let mut place = |name: &str| {
            let known = names.iter().position(|other| other == name);
            known.unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            })
        };
        let edge = (place(&record[0]), place(&record[1]));
        ensure!(edges.insert(edge, weight).is_none(), "{at}: this edge stands there twice");
    }
    let mut weights = Array2::zeros((names.len(), names.len()));
    for (edge, weight) in edges {
        weights[edge] = weight;
    }
    Ok(NamedGraph { names, weights })
}

/// How a graph is written.
#[derive(Clone, Copy)]
pub enum Format {
    Edges,
    Dot,
    GraphMl,
}

/// The format that a file name asks for.
///
/// # Errors
/// A usage error for any other ending than .csv, .dot and .graphml.
pub fn format_of(path: &Path) -> Result<Format, Error> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Ok(Format::Edges),
        Some("dot") => Ok(Format::Dot),
        Some("graphml") => Ok(Format::GraphMl),
        _ => Err(Error::Usage(format!(
            "{}: expected a name that ends in .csv, .dot or .graphml",
            path.display()
        ))),
    }
}

/// Writes the edges of nonzero weight, and those that are required.
///
/// # Errors
/// If the file cannot be written.
pub fn write(
    path: &Path,
    format: Format,
    names: &[String],
    weights: &Array2<f64>,
    required: &[(usize, usize)],
) -> anyhow::Result<()> {
    let edges = || weights.indexed_iter().filter(|(edge, weight)| **weight != 0.0 || required.contains(edge));
    let mut text = String::new();
    match format {
        Format::Edges => {
            text.push_str("from,to,weight\n");
            for ((i, j), weight) in edges() {
                writeln!(text, "{},{},{weight}", field(&names[i]), field(&names[j]))?;
            }
        }
        Format::Dot => {
            text.push_str("digraph {\n");
            for name in names {
                writeln!(text, "  {};", quoted(name))?;
            }
            for ((i, j), weight) in edges() {
                writeln!(
                    text,
                    "  {} -> {} [weight={weight}, label=\"{weight:.3}\"];",
                    quoted(&names[i]),
                    quoted(&names[j])
                )?;
            }
            text.push_str("}\n");
        }
        Format::GraphMl => {
            text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n");
            text.push_str("  <key id=\"weight\" for=\"edge\" attr.name=\"weight\" attr.type=\"double\"/>\n  <graph edgedefault=\"directed\">\n");
            for name in names {
                writeln!(text, "    <node id=\"{}\"/>", escaped(name))?;
            }
            for ((i, j), weight) in edges() {
                let (from, to) = (escaped(&names[i]), escaped(&names[j]));
                writeln!(
                    text,
                    "    <edge source=\"{from}\" target=\"{to}\"><data key=\"weight\">{weight}</data></edge>"
                )?;
            }
            text.push_str("  </graph>\n</graphml>\n");
        }
    }
    write_atomically(path, text.as_bytes())?;
    Ok(())
}

fn field(name: &str) -> String {
    match name.contains([',', '"', '\n']) {
        true => format!("\"{}\"", name.replace('"', "\"\"")),
        false => name.to_owned(),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn escaped(name: &str) -> String {
    name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
