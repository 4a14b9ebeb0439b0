//! `multiobjective-pde front`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, positive, refuse_one_file_for_two, usage};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use multiobjective_pde::control::{Effort, Kind, Stationary};
use multiobjective_pde::front::{by_reference_points, by_weights, effort, gaps};
use multiobjective_pde::state::Workspace;

use super::problem;

/// A problem with two objectives.
#[derive(Args)]
pub struct Front {
    /// The problem: .json, with functions as formulas in x and y or as numbers at nodes
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// How points are found
    #[arg(long, value_enum, default_value = "weights")]
    method: Scheme,
    /// Points by weights; with --along the most reference points there may be, else about as many of them
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    points: u32,
    /// Distance of reference points along the front; what makes as many points as weights would, if it is not given
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    along: Option<f64>,
    /// Write objectives, weights and what is known of every point: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write controls, one point a column: .csv
    #[arg(long, value_name = "FILE")]
    controls: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scheme {
    /// Equally spaced weights
    Weights,
    /// Reference points along the front
    ReferencePoints,
}

impl Front {
    /// Computes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        for path in [&self.out, &self.controls] {
            check_output(path.as_deref(), "csv", [self.problem.as_path()])?;
        }
        if let (Some(out), Some(controls)) = (&self.out, &self.controls) {
            refuse_one_file_for_two(out, controls)?;
        }
        if self.along.is_some() && self.method == Scheme::Weights {
            return Err(usage("--along is for --method reference-points"));
        }
        let name = self.problem.display().to_string();
        let control = problem::read(&self.problem)?;
        let work = &mut Workspace::default();
        let points = self.points as usize;
        // The points by weights that say how far apart reference points are to be.
        let mut before = Effort::default();
        let front = match (self.method, self.along) {
            (Scheme::Weights, _) => by_weights(&control, points, work),
            (Scheme::ReferencePoints, Some(along)) => by_reference_points(&control, along, points, work),
            (Scheme::ReferencePoints, None) => by_weights(&control, points, work).and_then(|front| {
                let along = gaps(&front).iter().sum::<f64>() / (points - 1) as f64;
                before = effort(&front);
                by_reference_points(&control, along, 4 * points, work)
            }),
        }
        .with_context(|| name.clone())?;
        self.write(&front)?;
        let count = |kind| front.iter().filter(|point| point.kind == kind).count();
        let all = gaps(&front);
        let (least, most) =
            all.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), gap| (least.min(*gap), most.max(*gap)));
        let end = |point: &Stationary| {
            point.values.iter().map(|value| format_number(*value)).collect::<Vec<_>>().join(", ")
        };
        let spent = effort(&front);
        say(&format!(
            "points              {}\nfrom                {}\nto                  {}\nproven optimal      {}\nstationary besides  {}\nnot stationary      {}\ngaps                from {} to {}\nwork                {} state equations, {} linear systems",
            front.len(),
            end(&front[0]),
            end(&front[front.len() - 1]),
            count(Kind::Global),
            count(Kind::Strong) + count(Kind::Weak),
            count(Kind::NotStationary),
            format_number(least),
            format_number(most),
            spent.states + before.states,
            spent.systems + before.systems,
        ))?;
        if count(Kind::NotStationary) == front.len() {
            bail!("{name}: no stationary point was found");
        }
        Ok(())
    }

    fn write(&self, front: &[Stationary]) -> anyhow::Result<()> {
        let number = |name: &str, of: fn(&Stationary) -> f64| {
            Column::new(name.into(), front.iter().map(of).collect::<Vec<f64>>())
        };
        if let Some(out) = &self.out {
            let kinds = front.iter().map(|point| match point.kind {
                Kind::Global => "global",
                Kind::Strong => "strong",
                Kind::Weak => "weak",
                Kind::NotStationary => "not stationary",
            });
            let columns = vec![
                number("first", |point| point.values[0]),
                number("second", |point| point.values[1]),
                number("weight", |point| point.weights[0]),
                number("residual", |point| point.residual),
                number("certificate", |point| point.certificate),
                Column::new("kind".into(), kinds.collect::<Vec<&str>>()),
                number("states", |point| point.effort.states as f64),
            ];
            write_columns(out, columns)?;
        }
        if let Some(path) = &self.controls {
            let columns = front
                .iter()
                .zip(1..)
                .map(|(point, k): (&Stationary, u32)| Column::new(format!("point_{k}").into(), &point.u));
            write_columns(path, columns.collect())?;
        }
        Ok(())
    }
}
