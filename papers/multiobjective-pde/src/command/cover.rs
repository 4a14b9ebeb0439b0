//! `multiobjective-pde cover`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use lab::arguments::{check_output, not_negative, usage};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use multiobjective_pde::cover::Cover;
use multiobjective_pde::descent::Options;
use multiobjective_pde::functions::{Objectives, Pieces};

use super::descend::read;

/// Objectives and a domain.
#[derive(Args)]
pub struct CoverCommand {
    /// Objectives, as for descend: .json
    #[arg(long, value_name = "FILE")]
    pieces: PathBuf,
    /// The least coordinates, in alphabetical order of names
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, required = true)]
    low: Vec<f64>,
    /// The largest
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, required = true)]
    high: Vec<f64>,
    /// Halvings
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=60))]
    depth: u32,
    /// Lipschitz constants of the gradients on the domain, one for each objective; estimated from Hessians at random points where none are given, and then nothing is proven
    #[arg(long, value_delimiter = ',', value_parser = not_negative)]
    lipschitz: Vec<f64>,
    /// How wrong gradients may be, one number for each objective
    #[arg(long, value_delimiter = ',', value_parser = not_negative)]
    errors: Vec<f64>,
    /// Keep boxes that descent hits instead: for objectives with several pieces
    #[arg(long)]
    hits: bool,
    /// Write centres of boxes: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Points at which Hessians are looked at, and what their largest norm is multiplied with.
const SAMPLES: u64 = 2_000;
const SAFETY: f64 = 1.5;

impl CoverCommand {
    /// Covers and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.pieces.as_path()])?;
        let name = self.pieces.display().to_string();
        let pieces = read(&self.pieces)?;
        let (d, count) = (pieces.dimension(), pieces.count());
        for (argument, found, expected) in [
            ("--low", self.low.len(), d),
            ("--high", self.high.len(), d),
            ("--lipschitz", self.lipschitz.len(), count),
            ("--errors", self.errors.len(), count),
        ] {
            let optional =
                found == 0 && expected == count && !argument.ends_with("gh") && argument != "--low";
            if found != expected && !optional {
                return Err(usage(format!("{argument} has {found} numbers, expected {expected}")));
            }
        }
        if !self.hits && !pieces.is_smooth() {
            bail!(
                "{name}: an objective has several pieces, abs, min or max: its gradient jumps, and only --hits can cover it"
            );
        }
        if self.hits && !(self.lipschitz.is_empty() && self.errors.is_empty()) {
            return Err(usage("--lipschitz and --errors are not used with --hits"));
        }
        let mut cover = Cover::new(self.low.clone(), self.high.clone())
            .map_err(|fault| usage(format!("--low and --high: {fault}")))?;
        let errors = if self.errors.is_empty() { vec![0.0; count] } else { self.errors.clone() };
        let proven = !self.lipschitz.is_empty();
        let lipschitz = if proven || self.hits { self.lipschitz.clone() } else { self.estimated(&pieces) };
        if lipschitz.iter().any(|value| !value.is_finite()) {
            bail!("{name}: a second derivative is not finite in the domain");
        }
        let gradients = |x: &[f64]| -> Vec<Vec<f64>> {
            (0..count)
                .map(|i| {
                    let mut gradient = vec![0.0; d];
                    pieces.subgradient(i, x, &mut gradient);
                    gradient
                })
                .collect()
        };
        for _ in 0..self.depth {
            cover.halve()?;
            if self.hits {
                let options = Options { radius: 1e-4, iterations: 100, ..Options::default() };
                cover.keep_hit(&pieces, 3, &options)?;
            } else {
                cover.keep_critical(&gradients, &errors, &lipschitz);
            }
        }
        if let Some(out) = &self.out {
            let centres: Vec<Vec<f64>> = cover.centres().collect();
            let column = |(place, name): (usize, &String)| {
                Column::new(name.as_str().into(), centres.iter().map(|x| x[place]).collect::<Vec<f64>>())
            };
            write_columns(out, pieces.names().iter().enumerate().map(column).collect())?;
        }
        let says = match (self.hits, proven) {
            (true, _) => "boxes that descent hit: nothing is proven".to_owned(),
            (_, true) => {
                "holds every critical point of the domain, if the constants given are right".to_owned()
            }
            _ => "Lipschitz constants estimated: nothing is proven".to_owned(),
        };
        let constants: Vec<String> = lipschitz.iter().map(|value| format_number(*value)).collect();
        let sides: Vec<String> = cover.sides().iter().map(|side| format_number(*side)).collect();
        Ok(say(&format!(
            "boxes               {}\nsides               {}\nconstants           {}\ncover               {says}",
            cover.len(),
            sides.join(" x "),
            if constants.is_empty() { "none".to_owned() } else { constants.join(", ") },
        ))?)
    }

    fn estimated(&self, pieces: &Pieces) -> Vec<f64> {
        // Points of a fixed lattice: golden ratios of higher dimensions.
        let d = self.low.len();
        let ratio = (0..60).fold(2.0_f64, |root, _| (1.0 + root).powf(1.0 / (d as f64 + 1.0)));
        let point = |k: u64| -> Vec<f64> {
            (0..d)
                .map(|axis| {
                    let t = (0.5 + k as f64 / ratio.powi(axis as i32 + 1)).fract();
                    self.low[axis] + t * (self.high[axis] - self.low[axis])
                })
                .collect()
        };
        (0..pieces.count())
            .map(|i| {
                let norms = (0..SAMPLES).map(|k| pieces.curvature(i, &point(k)));
                SAFETY * norms.fold(0.0, |most: f64, norm| if norm.is_nan() { norm } else { most.max(norm) })
            })
            .collect()
    }
}
