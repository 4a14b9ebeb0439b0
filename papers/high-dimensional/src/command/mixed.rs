//! `high-dimensional mixed`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use high_dimensional::mixed::{Clusters, Effects, Shape, fit, freedom_interval};
use lab::arguments::{check_output, not_negative, positive, usage};
use lab::table::format_number;
use lab::{say, write_atomically};

use super::table::split;

/// Fixed effects of all other columns, and a random intercept, perhaps a slope, for each group.
#[derive(Args)]
pub struct Mixed {
    /// The table: .csv with names in its first line, .npy or .parquet; groups are numbers
    table: PathBuf,
    /// The column of the outcome
    #[arg(long)]
    outcome: String,
    /// The column that tells groups
    #[arg(long)]
    group: String,
    /// A column whose slope is random as well
    #[arg(long, value_name = "COLUMN")]
    slope: Option<String>,
    /// Degrees of freedom of the groups' distribution; `normal` for the Gaussian; estimated with an interval by default
    #[arg(long, conflicts_with = "q", allow_hyphen_values = true)]
    nu: Option<String>,
    /// Tsallis' index instead, above 1 and below 1 + 2/(rows of the largest group)
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    q: Option<f64>,
    /// A lasso on the fixed effects, relative to the mean log-likelihood of a group
    #[arg(long, value_parser = not_negative, default_value_t = 0.0, allow_negative_numbers = true)]
    penalty: f64,
    /// Leave out rows with empty fields instead of refusing them
    #[arg(long)]
    drop_missing: bool,
    /// Write weight and predicted effects of each group: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Mixed {
    /// Reads, fits and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.table.as_path()])?;
        let name = self.table.display().to_string();
        let shape = match (&self.nu, self.q) {
            (_, Some(q)) => Shape::Index(q),
            (None, None) => Shape::Estimated,
            (Some(text), None) if text == "normal" => Shape::Gaussian,
            (Some(text), None) => match text.parse() {
                Ok(nu) if nu > 0.0 && f64::is_finite(nu) => Shape::Freedom(nu),
                _ => return Err(usage(format!("--nu {text}: expected a positive number, or normal"))),
            },
        };
        let table = split(&self.table, &[&self.outcome, &self.group], self.drop_missing)?;
        let effects = match &self.slope {
            None => Effects::Intercept,
            Some(slope) => match table.names.iter().position(|column| column == slope) {
                // After the column of ones.
                Some(place) => Effects::Slope(place + 1),
                None => bail!(
                    "{name}: no column {slope} for a random slope; there are {}",
                    table.names.join(", ")
                ),
            },
        };
        let rows: Vec<Vec<f64>> = (0..table.taken[0].len())
            .map(|row| std::iter::once(1.0).chain(table.columns.iter().map(|column| column[row])).collect())
            .collect();
        let groups: Vec<String> = table.taken[1].iter().map(|group| group.to_string()).collect();
        let clusters =
            Clusters::new(&rows, &table.taken[0], &groups, effects).with_context(|| name.clone())?;
        if clusters.count() == 1 {
            bail!(
                "{name}: column {} has one value: the variance between groups needs two or more",
                self.group
            );
        }
        let found = fit(&clusters, shape, self.penalty).with_context(|| name.clone())?;
        if let Some(path) = &self.out {
            let mut text = String::from("group,weight,intercept");
            text += if self.slope.is_some() { ",slope\n" } else { "\n" };
            for ((group, weight), effects) in found.weights.iter().zip(&found.effects) {
                let _ = write!(text, "{group},{weight:e}");
                effects.iter().for_each(|effect| {
                    let _ = write!(text, ",{effect:e}");
                });
                text.push('\n');
            }
            write_atomically(path, text.as_bytes())?;
        }
        let mut text = format!(
            "groups              {}, {} rows\nintercept           {}",
            clusters.count(),
            rows.len(),
            format_number(found.beta[0])
        );
        for (column, b) in table.names.iter().zip(&found.beta[1..]) {
            let shown: String = column.chars().take(19).collect();
            let _ = write!(text, "\n{shown:<19} {}", format_number(*b));
        }
        let between: Vec<String> = found.between.iter().map(|g| format_number(*g)).collect();
        let _ = write!(
            text,
            "\nbetween groups      {}\nwithin groups       {}",
            between.join(", "),
            format_number(found.within)
        );
        let interval = if shape == Shape::Estimated && self.penalty == 0.0 {
            Some(freedom_interval(&clusters)?)
        } else {
            None
        };
        match (shape, interval) {
            (Shape::Estimated, Some((low, high))) => {
                let _ = write!(
                    text,
                    "\nnu                  {} [{}, {}]",
                    if found.freedom < 1e4 { format_number(found.freedom) } else { "above 10000".into() },
                    if low > 0.1 { format_number(low) } else { "no lower limit".into() },
                    if high < 1e4 { format_number(high) } else { "no upper limit".into() }
                );
            }
            (Shape::Gaussian, _) => text += "\nnu                  infinite",
            (Shape::Index(q), _) => {
                let _ = write!(text, "\nq                   {}", format_number(q));
            }
            _ => {
                let _ = write!(text, "\nnu                  {}", format_number(found.freedom));
            }
        }
        let _ = write!(
            text,
            "\nlog-likelihood      {}\nresidual            {}",
            format_number(found.log_likelihood),
            format_number(found.residual)
        );
        let light: Vec<String> = found
            .weights
            .iter()
            .filter(|(_, weight)| *weight < 0.3)
            .take(10)
            .map(|(group, weight)| format!("{group} ({})", format_number(*weight)))
            .collect();
        if !light.is_empty() {
            let _ = write!(text, "\nlightest groups     {}", light.join(", "));
        }
        say(&text)?;
        if found.residual.is_nan() || found.residual > 1e-3 {
            bail!("{name}: the fit did not converge, the residual is {}", format_number(found.residual));
        }
        Ok(())
    }
}
