//! `quantum-lower-bounds serve`.

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use anyhow::{Context, bail};
use clap::Args;
use lab::arguments::{refuse_beyond_memory, usage};
use numerics::random::stream;
use quantum_lower_bounds::rotation::{Hidden, Scratch};

use super::Class;

/// A line with numbers in, a line with the value and the gradient out; `end` prints the count and stops. The first line out is the dimension.
#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    class: Class,
    /// Hide the chain in this many dimensions, at least the chain's length; only the length of the class's chain counts then: the function is unscaled, and a gradient of 1 or less is small
    #[arg(long, value_name = "D")]
    rotate: Option<usize>,
    /// Seed of the rotation, which the oracle keeps to itself
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Serve {
    /// Answers until the input ends.
    ///
    /// # Errors
    /// One line that names the query and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let function = self.class.hardest()?;
        let length = function.chain.length();
        let hidden = match self.rotate {
            Some(dimension) if dimension < length => {
                return Err(usage(format!(
                    "--rotate {dimension}: expected at least {length}, the length of the chain"
                )));
            }
            Some(dimension) => {
                refuse_beyond_memory(
                    8.0 * dimension as f64 * length as f64,
                    "a rotation in so many dimensions",
                )?;
                Some(Hidden::random(
                    length,
                    dimension,
                    &mut stream(self.seed, &["quantum-lower-bounds", "serve"]),
                ))
            }
            None => None,
        };
        let dimension = self.rotate.unwrap_or(length);
        let mut out = BufWriter::new(stdout().lock());
        writeln!(out, "{dimension}")?;
        out.flush()?;
        let (mut gradient, mut scratch, mut queries) = (vec![0.0; dimension], Scratch::default(), 0_u64);
        let (mut found, mut first) = (0, None);
        for line in stdin().lock().lines() {
            let line = line.with_context(|| format!("query {}", queries + 1))?;
            if line.trim().is_empty() {
                continue;
            }
            if line.trim() == "end" {
                break;
            }
            queries += 1;
            let parsed = line.split([' ', ',', '\t']).filter(|word| !word.is_empty()).map(|word| match word
                .parse::<f64>()
            {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Err(anyhow::anyhow!(
                    "query {queries}: {:?} is no finite number",
                    word.chars().take(40).collect::<String>()
                )),
            });
            let x = parsed.collect::<Result<Vec<f64>, _>>()?;
            if x.len() != dimension {
                bail!("query {queries}: {} numbers, expected {dimension}", x.len());
            }
            let (value, progress) = match &hidden {
                Some(hidden) => {
                    let value = hidden.gradient(&x, &mut gradient, &mut scratch);
                    (value, scratch.found())
                }
                None => {
                    (function.gradient(&x, &mut gradient), function.chain.progress(&x, 0.5 * function.scale))
                }
            };
            if !value.is_finite() || gradient.iter().any(|g| !g.is_finite()) {
                bail!("query {queries}: the numbers are too large, the value is not finite");
            }
            found = found.max(progress);
            let epsilon = if hidden.is_some() { 1.0 } else { function.epsilon };
            if first.is_none() && gradient.iter().map(|g| g * g).sum::<f64>().sqrt() <= epsilon {
                first = Some(queries);
            }
            write!(out, "{value:e}")?;
            for g in &gradient {
                write!(out, " {:e}", g + 0.0)?;
            }
            writeln!(out)?;
            out.flush()?;
        }
        let first = first.map_or("none".to_owned(), |query: u64| query.to_string());
        writeln!(out, "queries {queries} columns {found} of {length} first-small-gradient {first}")?;
        Ok(out.flush()?)
    }
}
