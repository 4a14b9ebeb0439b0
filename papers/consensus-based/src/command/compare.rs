//! `consensus-based compare`: the links of the theorem on a user's objective.

use std::path::PathBuf;

use clap::Args;
use consensus_based::draws::Draws;
use consensus_based::hopping::Hopper;
use consensus_based::movement::proximal_point;
use consensus_based::objective::Objective;
use consensus_based::swarm::{Options, Start, Swarm, Temperature};
use lab::arguments::{positive, refuse_beyond_memory, refuse_overwriting};
use lab::table::format_number;
use lab::{remark, say};

use super::{ObjectiveArguments, coordinates, expect_csv, refused, write_columns};

/// Follows swarm, hopping, movement and descent; from each point of hopping also takes the proximal and the gradient step.
#[derive(Args)]
pub struct Compare {
    #[command(flatten)]
    objective: ObjectiveArguments,
    /// Where all begin, as "2,-1.5"
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBERS")]
    start: String,
    /// Step size τ = α s² of movement and descent
    #[arg(long, default_value_t = 0.05, value_parser = positive, allow_negative_numbers = true)]
    tau: f64,
    /// Inverse temperature α; the width of hops is √(τ/α)
    #[arg(long, default_value_t = 10.0, value_parser = positive, allow_negative_numbers = true)]
    alpha: f64,
    /// Samples of a hop
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    samples: u32,
    /// Steps
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the four paths go: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Compare {
    /// Runs, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        expect_csv(self.out.as_deref())?;
        if let (Some(out), Some(data)) = (&self.out, &self.objective.data) {
            refuse_overwriting(out, [data.as_path()])?;
        }
        let (objective, names) = self.objective.objective()?;
        let start = coordinates("--start", &self.start, &names)?;
        refuse_beyond_memory(f64::from(self.samples) * (start.len() + 1) as f64 * 16.0, "hops and swarm")?;
        if self.out.is_some() {
            refuse_beyond_memory(f64::from(self.steps) * (4 * start.len() + 1) as f64 * 64.0, "the paths")?;
        }
        let width = (self.tau / self.alpha).sqrt();
        let mut hopper =
            Hopper::new(width, self.alpha, self.samples as usize, start.len()).map_err(refused)?;
        let draws = Draws::new(self.seed, 0);
        // The swarm of Figure 1(b), with the hops' α, number and width of samples.
        let options = Options {
            particles: self.samples as usize,
            temperature: Temperature::Alpha(self.alpha),
            ..Options::of_figure_1b()
        };
        let first = Start::Normal { mean: start.clone(), spread: width };
        let mut swarm =
            Swarm::new(&objective, &options, &first, Draws::new(self.seed, 1)).map_err(refused)?;
        let (mut hopping, mut moving, mut descending) = (start.clone(), start.clone(), start);
        let mut swarming = swarm.consensus().map_err(refused)?.point;
        let mut unsolved = 0.0_f64;
        let mut residuals = [0.0; 4];
        let mut kappa = 0.0_f64;
        let mut path = Vec::new();
        for step in 0..self.steps {
            let explicit = gradient_step(&objective, &hopping, self.tau);
            let prox = proximal_point(&objective, &hopping, self.tau, &[]).map_err(refused)?;
            unsolved = unsolved.max(prox.residual);
            let prox = prox.point;
            let found = hopper.hop(&objective, &hopping, draws.step(u64::from(step))).map_err(refused)?;
            kappa = kappa.max(f64::from(self.samples) / found.ess);
            for (sum, (a, b)) in residuals.iter_mut().zip([
                (&found.point, &prox),
                (&prox, &explicit),
                (&found.point, &explicit),
                (&hopping, &explicit),
            ]) {
                *sum += a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / f64::from(self.steps);
            }
            hopping = found.point;
            moving = proximal_point(&objective, &moving, self.tau, &[]).map_err(refused)?.point;
            descending = gradient_step(&objective, &descending, self.tau);
            swarm.step(&objective).map_err(refused)?;
            swarming = swarm.consensus().map_err(refused)?.point;
            if self.out.is_some() {
                path.push([&swarming[..], &hopping, &moving, &descending].concat());
            }
        }
        if unsolved.is_nan() || unsolved > 1e-6 * (1.0 + unsolved.abs()) {
            remark(&format!(
                "proximal points are off by up to {}: tau may be too large for this objective, which then has none or several",
                format_number(unsolved)
            ))?;
        }
        if kappa > f64::from(self.samples) / 10.0 {
            remark(
                "fewer than ten particles count in some hop: its error is not yet that of N^(-1/2); more --samples or a smaller --alpha help",
            )?;
        }
        if let Some(out) = &self.out {
            let of = |method: &str| names.iter().map(|name| format!("{method}_{name}")).collect::<Vec<_>>();
            let header = [of("swarm"), of("hopping"), of("movement"), of("descent")].concat();
            let mut columns = vec![("step".to_owned(), (1..=self.steps).map(f64::from).collect())];
            columns.extend(
                header
                    .into_iter()
                    .enumerate()
                    .map(|(k, name)| (name, path.iter().map(|row| row[k]).collect())),
            );
            write_columns(out, columns)?;
        }
        let [softening, implicit, total, null] = residuals.map(f64::sqrt);
        let ends =
            [("swarm", &swarming), ("hopping", &hopping), ("movement", &moving), ("descent", &descending)]
                .map(|(name, point)| {
                    let shown: Vec<String> = point.iter().take(6).map(|x| format_number(*x)).collect();
                    format!(
                        "{name:<26} ends at {} with value {}",
                        shown.join(", "),
                        format_number(objective.value(point))
                    )
                });
        let lines = [
            format!("hop to proximal point      {}", format_number(softening)),
            format!("proximal to gradient step  {}", format_number(implicit)),
            format!("hop to gradient step       {}", format_number(total)),
            format!("null: no motion            {}", format_number(null)),
        ];
        say(&format!(
            "root mean squared distances over {} hops of width {}\n{}\n{}",
            self.steps,
            format_number(width),
            lines.join("\n"),
            ends.join("\n")
        ))?;
        Ok(())
    }
}

fn gradient_step(objective: &impl Objective, point: &[f64], tau: f64) -> Vec<f64> {
    let mut gradient = vec![0.0; point.len()];
    objective.gradient(point, &mut gradient);
    point.iter().zip(&gradient).map(|(x, slope)| x - tau * slope).collect()
}
