//! `notears-topo generate`: data to try things on.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lab::arguments::{refuse_beyond_memory, refuse_one_file_for_two};
use lab::{Error, remark, write_atomically};
use ndarray::Array2;
use notears_topo::simulate::{self, Family, Noise};

use super::graph_file::{self, Format};

/// Draws a random graph and data that follow it.
#[derive(Args)]
pub struct Generate {
    /// The family of graphs
    #[arg(long, value_enum, default_value_t = FamilyName::Er)]
    graph: FamilyName,
    /// Number of variables
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000), default_value_t = 10)]
    variables: u32,
    /// Edges a node; by default 2, or as many as there is room for
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    edges: Option<u32>,
    /// Number of observations
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 1_000)]
    rows: u32,
    /// What variables are, given their parents
    #[arg(long, value_enum, default_value_t = Model::Gaussian)]
    model: Model,
    /// Seed of the draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the true graph goes: .csv, .dot or .graphml
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// Where the data goes: .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum FamilyName {
    /// Erdős and Rényi
    Er,
    /// Barabási and Albert: scale-free
    Sf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    /// Linear with normal noise
    Gaussian,
    /// Linear with exponential noise
    Exponential,
    /// Linear with Gumbel noise
    Gumbel,
    /// Zeros and ones
    Logistic,
    /// Random networks
    Mlp,
}

impl Generate {
    /// Draws, writes and says.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn run(self) -> anyhow::Result<()> {
        refuse_one_file_for_two(&self.truth, &self.out)?;
        let format = graph_file::format_of(&self.truth)?;
        if !matches!(graph_file::format_of(&self.out), Ok(Format::Edges)) {
            return Err(
                Error::Usage(format!("{}: expected a name that ends in .csv", self.out.display())).into()
            );
        }
        let (variables, rows) = (self.variables as usize, self.rows as usize);
        let size = variables as f64;
        refuse_beyond_memory(40.0 * size * rows as f64 + 40.0 * size * size, "the data")?;
        let most = match self.graph {
            FamilyName::Er => (variables - 1) / 2,
            FamilyName::Sf => variables - 1,
        };
        let edges = self.edges.map_or(most.min(2), |edges| edges as usize);
        if edges > most {
            let fault = format!("--edges {edges}: {variables} variables have room for {most} edges a node");
            return Err(Error::Usage(fault).into());
        }
        let family = match self.graph {
            FamilyName::Er => Family::ErdosRenyi,
            FamilyName::Sf => Family::ScaleFree,
        };
        let mut random = numerics::random::stream(self.seed, &["notears-topo", "generate"]);
        let weights = simulate::graph(family, variables, edges, &mut random);
        let scales = vec![1.0; variables];
        let data: Array2<f64> = match self.model {
            Model::Gaussian => simulate::linear(weights.view(), rows, Noise::Gaussian, &scales, &mut random)?,
            Model::Exponential => {
                simulate::linear(weights.view(), rows, Noise::Exponential, &scales, &mut random)?
            }
            Model::Gumbel => simulate::linear(weights.view(), rows, Noise::Gumbel, &scales, &mut random)?,
            Model::Logistic => simulate::logistic(weights.view(), rows, &mut random)?,
            Model::Mlp => simulate::perceptron(weights.view(), rows, &mut random)?,
        };
        let names: Vec<String> = (1..=variables).map(|variable| format!("x{variable}")).collect();
        let lines = std::iter::once(names.join(",")).chain(
            data.rows().into_iter().map(|row| row.iter().map(f64::to_string).collect::<Vec<_>>().join(",")),
        );
        write_atomically(&self.out, (lines.collect::<Vec<_>>().join("\n") + "\n").as_bytes())?;
        graph_file::write(&self.truth, format, &names, &weights, &[])?;
        let edges = weights.iter().filter(|weight| **weight != 0.0).count();
        remark(&format!(
            "data   {rows} rows, {variables} variables, written to {}\ngraph  {edges} edges, written to {}",
            self.out.display(),
            self.truth.display()
        ))?;
        Ok(())
    }
}
