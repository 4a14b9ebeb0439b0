//! `barron-pde network`.

use std::path::PathBuf;

use barron_pde::two_layer::{Atom, Waves};
use clap::{Args, ValueEnum};
use lab::arguments::check_output;
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use ndarray::Array2;
use numerics::random::stream;
use rand::Rng;

use super::data::read_coefficients;
use super::usage;

/// Builds Σ weight · σ(2πk·x − bias) + constant for a trigonometric polynomial on the unit cube.
#[derive(Args)]
pub struct NetworkCommand {
    /// Coefficients: .csv, .npy or .parquet with k1, …, re, im, for k and -k both
    #[arg(long, value_name = "FILE")]
    coefficients: PathBuf,
    /// N
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    neurons: u32,
    /// σ
    #[arg(long, value_enum, default_value = "step")]
    atoms: AtomName,
    /// Orthogonal greedy selection instead of sampling, at most 1000 neurons
    #[arg(long)]
    greedy: bool,
    /// The seed of all draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the network goes: .csv with part, weight, k1, …, bias
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AtomName {
    /// 1 where its argument is positive
    Step,
    /// The positive part
    Relu,
    /// The cosine
    Cosine,
}

impl NetworkCommand {
    /// Reads, builds, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.coefficients.as_path()])?;
        let atom = match self.atoms {
            AtomName::Step => Atom::Step,
            AtomName::Relu => Atom::Relu,
            AtomName::Cosine => Atom::Cosine,
        };
        if self.greedy && self.neurons > 1_000 {
            return Err(usage("--neurons: greedy selection takes at most 1000"));
        }
        let function = read_coefficients(&self.coefficients)?;
        let dimension = function.lattice().dimension();
        let (constant, waves) = function.waves();
        if waves.is_empty() {
            return Err(usage(format!("{}: the function is a constant", self.coefficients.display())));
        }
        let f = Waves { constant, waves };
        let mut random = stream(self.seed, &["barron-pde", "network"]);
        let mut points = |count: usize| {
            f.phases(&Array2::from_shape_simple_fn((count, dimension), || random.random::<f64>()))
        };
        let (fitted, tests) = (points(2_000), points(10_000));
        let mut own = stream(self.seed, &["barron-pde", "network", "neurons"]);
        let count = self.neurons as usize;
        let network = if self.greedy {
            f.greedy(atom, count, (4 * count).max(400), &fitted, &mut own)
        } else {
            f.sampled(atom, count, &mut own)
        };
        let expected = (f.sampling_constant(atom, &tests) / count as f64).sqrt();
        let known = match (self.greedy, atom) {
            (false, Atom::Step | Atom::Cosine) => {
                format!("{} in the root mean square over draws", format_number(expected))
            }
            _ => format!(
                "at most {} in that of sampled networks",
                format_number((f.bound(atom) / count as f64).sqrt())
            ),
        };
        say(&format!(
            "neurons             {}\nvariation V         {}\nBarron's constant   {}\nL² error            {} at 10000 points, {known}",
            network.neurons.len(),
            format_number(f.variation()),
            format_number(f.barron_constant()),
            format_number(network.square_error(&f, &tests).sqrt()),
        ))?;
        say(&format!("constant            {}", format_number(network.constant)))?;
        let Some(out) = &self.out else { return Ok(()) };
        // A first row for the constant and one for each linear part, whose k is what their argument is.
        let linear = network.linear.iter().enumerate().filter(|(_, slope)| **slope != 0.0);
        let parts = linear.map(|(wave, slope)| ("linear", *slope, Some(wave), 0.0));
        let neurons = network.neurons.iter().map(|n| ("neuron", n.weight, Some(n.wave), n.bias));
        let rows: Vec<(&str, f64, Option<usize>, f64)> =
            [("constant", network.constant, None, 0.0)].into_iter().chain(parts).chain(neurons).collect();
        let mut columns = vec![
            Column::new("part".into(), rows.iter().map(|row| row.0).collect::<Vec<&str>>()),
            Column::new("weight".into(), rows.iter().map(|row| row.1).collect::<Vec<f64>>()),
        ];
        for place in 0..dimension {
            let entries: Vec<i32> =
                rows.iter().map(|row| row.2.map_or(0, |wave| f.waves[wave].0[place])).collect();
            columns.push(Column::new(format!("k{}", place + 1).into(), entries));
        }
        columns.push(Column::new("bias".into(), rows.iter().map(|row| row.3).collect::<Vec<f64>>()));
        write_columns(out, columns)
    }
}
