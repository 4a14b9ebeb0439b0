//! `dynamic-submodular generate`: something to replay.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dynamic_submodular::experiments::contest::{GraphFamily, operations};
use dynamic_submodular::function::Coverage;
use dynamic_submodular::stream::coins;
use dynamic_submodular::{Operation, Order};
use lab::arguments::refuse_one_file_for_two;
use lab::{remark, write_atomically};

/// Writes an edge list and a stream.
#[derive(Args)]
pub struct Generate {
    /// The random graph
    #[arg(long, value_enum, default_value_t = Family::BarabasiAlbert)]
    graph: Family,
    /// Its nodes
    #[arg(long, value_parser = clap::value_parser!(u32).range(20..=10_000_000), default_value_t = 1_000)]
    nodes: u32,
    /// The stream
    #[arg(long, value_enum, default_value_t = Kind::SlidingWindow)]
    stream: Kind,
    /// Seed of both
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the edges go
    #[arg(long, value_name = "FILE")]
    out_graph: PathBuf,
    /// Where the stream goes
    #[arg(long, value_name = "FILE")]
    out_stream: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Family {
    /// Preferential attachment, 8 edges a node
    BarabasiAlbert,
    /// Uniformly random, 16 neighbours in the mean
    ErdosRenyi,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// All come, then go, largest first
    LargestFirst,
    /// Half of the nodes are kept, the oldest goes
    SlidingWindow,
    /// Random insertions and deletions
    Random,
}

impl Generate {
    /// Draws and writes.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn run(self) -> anyhow::Result<()> {
        refuse_one_file_for_two(&self.out_graph, &self.out_stream)?;
        let family = match self.graph {
            Family::BarabasiAlbert => GraphFamily::BarabasiAlbert,
            Family::ErdosRenyi => GraphFamily::ErdosRenyi,
        };
        let order = match self.stream {
            Kind::LargestFirst => Order::LargestFirst,
            Kind::SlidingWindow => Order::SlidingWindow,
            Kind::Random => Order::Random,
        };
        let mut random = coins(self.seed);
        let graph = family.draw(self.nodes as usize, &mut random);
        let mut edges = String::new();
        for node in 0..graph.nodes() {
            for other in graph.neighbours(node).iter().filter(|other| **other as usize > node) {
                writeln!(edges, "{node} {other}")?;
            }
        }
        // A node without neighbours is in no edge, and so in no stream.
        let joined = |element: usize| graph.degree(element) > 0;
        let mut lines = String::new();
        for operation in operations(&Coverage::of_neighbours(&graph), order, &mut random) {
            match operation {
                Operation::Insert(element) if joined(element) => writeln!(lines, "+ {element}")?,
                Operation::Delete(element) if joined(element) => writeln!(lines, "- {element}")?,
                _ => {}
            }
        }
        write_atomically(&self.out_graph, edges.as_bytes())?;
        write_atomically(&self.out_stream, lines.as_bytes())?;
        remark(&format!(
            "graph   {} nodes, {} edges: {}\nstream  {} operations: {}",
            graph.nodes(),
            graph.edges(),
            self.out_graph.display(),
            lines.lines().count(),
            self.out_stream.display()
        ))?;
        Ok(())
    }
}
