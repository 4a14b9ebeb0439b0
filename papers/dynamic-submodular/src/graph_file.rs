//! Edge lists, as SNAP and others publish them: two node names a line, `#` before comments, plain or compressed by gzip.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::graph::Graph;

/// A graph whose nodes have the names of a file.
#[derive(Clone, Debug)]
pub struct NamedGraph {
    /// The graph, nodes in ascending order of their names.
    pub graph: Graph,
    /// The name of each node.
    pub names: Vec<u64>,
}

impl NamedGraph {
    /// The same graph with the nodes 0 to `count` − 1 in it too, without edges where the file has none of them.
    pub fn with_nodes(self, count: u64) -> Self {
        let mut places: BTreeMap<u64, usize> = self.names.iter().map(|name| (*name, 0)).collect();
        places.extend((0..count).map(|name| (name, 0)));
        for (place, slot) in places.values_mut().enumerate() {
            *slot = place;
        }
        let place = |node: usize| places[&self.names[node]];
        let graph = &self.graph;
        let edges = (0..graph.nodes())
            .flat_map(|node| graph.neighbours(node).iter().map(move |other| (node, *other as usize)))
            .map(|(node, other)| (place(node), place(other)));
        let graph = Graph::new(places.len(), edges);
        Self { graph, names: places.into_keys().collect() }
    }
}

/// Why a file is no edge list.
#[derive(Debug, thiserror::Error)]
pub enum GraphFileError {
    /// It cannot be read, or its compression is damaged.
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        fault: std::io::Error,
    },
    /// A line that is not two whole numbers.
    #[error("{} line {line}: expected two whole numbers, found {found:?}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// No edge in it.
    #[error("{}: no edges in it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads an edge list; further columns of a line are ignored, edges are undirected.
///
/// # Errors
/// For an unreadable, truncated or empty file, and for a line that does not begin with two whole numbers.
pub fn read(path: &Path) -> Result<NamedGraph, GraphFileError> {
    let unreadable = |fault| GraphFileError::Unreadable { path: path.to_owned(), fault };
    let file = File::open(path).map_err(unreadable)?;
    let compressed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
    let plain: Box<dyn Read> =
        if compressed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut pairs: Vec<(u64, u64)> = Vec::new();
    for (number, line) in BufReader::new(plain).lines().enumerate() {
        let line = line.map_err(unreadable)?;
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', '%']) {
            continue;
        }
        let mut words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
        let mut name = || words.next().and_then(|word| word.parse().ok());
        let (Some(left), Some(right)) = (name(), name()) else {
            let found: String = text.chars().take(40).collect();
            return Err(GraphFileError::Line { path: path.to_owned(), line: number + 1, found });
        };
        pairs.push((left, right));
    }
    if pairs.is_empty() {
        return Err(GraphFileError::Empty { path: path.to_owned() });
    }
    let mut places: BTreeMap<u64, usize> = pairs.iter().flat_map(|(a, b)| [(*a, 0), (*b, 0)]).collect();
    for (place, slot) in places.values_mut().enumerate() {
        *slot = place;
    }
    let edges = pairs.iter().map(|(left, right)| (places[left], places[right]));
    let graph = Graph::new(places.len(), edges);
    Ok(NamedGraph { graph, names: places.into_keys().collect() })
}
