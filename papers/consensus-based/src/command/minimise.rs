//! `consensus-based minimise`: a swarm, or consensus hopping, on any objective.

use std::path::PathBuf;

use clap::Args;
use consensus_based::consensus::Consensus;
use consensus_based::draws::Draws;
use consensus_based::hopping::Hopper;
use consensus_based::objective::Objective;
use consensus_based::swarm::{self, Best, Found, Noise, Options, Start, StopReason, Temperature, Undefined};
use lab::arguments::{positive, refuse_beyond_memory, refuse_overwriting};
use lab::table::format_number;
use lab::{progress, remark, say};

use super::{
    ObjectiveArguments, alpha, coordinates, expect_csv, not_negative, refused, usage, write_columns,
};

/// Prints the best point found, and how far it can be trusted.
#[derive(Args)]
pub struct Minimise {
    #[command(flatten)]
    objective: ObjectiveArguments,
    /// Particles of the swarm
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    particles: u32,
    /// Most steps
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Length of a step in time, Δt
    #[arg(long, default_value_t = 0.02, value_parser = positive, allow_negative_numbers = true)]
    step: f64,
    /// Drift to the consensus, λ
    #[arg(long, default_value_t = 1.0, value_parser = not_negative, allow_negative_numbers = true)]
    drift: f64,
    /// Noise, σ [default: 5, or 1.6 with --isotropic]
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true)]
    noise: Option<f64>,
    /// Noise of the same size in all directions, as in the paper's figures
    #[arg(long)]
    isotropic: bool,
    /// Inverse temperature α, inf for the best particle, or ess:SHARE for the α at which that share of the particles counts
    #[arg(long, default_value = "1e5", value_parser = temperature, allow_negative_numbers = true)]
    alpha: Temperature,
    /// Mean of the first particles: one number a coordinate, as "8,8"
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBERS")]
    start: Option<String>,
    /// Standard deviation of the first particles around --start
    #[arg(long, default_value_t = 1.0, requires = "start", value_parser = not_negative, allow_negative_numbers = true)]
    spread: f64,
    /// Keeps all coordinates between two numbers, as "-3,3"; without --start the particles begin there, uniformly
    #[arg(long = "box", allow_hyphen_values = true, value_name = "LOW,HIGH")]
    bounds: Option<String>,
    /// Consensus hopping of this width s instead of a swarm
    #[arg(long, value_parser = positive, allow_negative_numbers = true, value_name = "WIDTH", conflicts_with_all = ["step", "drift", "noise", "isotropic", "spread", "bounds", "radius"], requires = "start")]
    hop: Option<f64>,
    /// Where the objective is NaN: an error, or as bad as can be
    #[arg(long, default_value = "refuse")]
    nan: Nan,
    /// Stops a run when the root mean squared distance to the consensus is at most this
    #[arg(long, default_value_t = 1e-12, value_parser = not_negative, allow_negative_numbers = true)]
    radius: f64,
    /// Independent runs; the best counts, and the share that agrees with it is told
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the path of the consensus goes: .csv with run, step, coordinates, effective particles, value of the best particle
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Nan {
    /// An error
    Refuse,
    /// Infeasible
    Worst,
}

fn temperature(text: &str) -> Result<Temperature, String> {
    match text.strip_prefix("ess:") {
        None => alpha(text)
            .map(Temperature::Alpha)
            .map_err(|_| "expected a number of at least 0, inf, or ess:SHARE".into()),
        Some(share) => match share.parse::<f64>() {
            Ok(share) if share > 0.0 && share < 1.0 => Ok(Temperature::EffectiveShare(share)),
            _ => Err("expected ess: and a number between 0 and 1".into()),
        },
    }
}

impl Minimise {
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
        let (particles, steps, runs) =
            (f64::from(self.particles), f64::from(self.steps), f64::from(self.runs));
        refuse_beyond_memory(particles * (names.len() + 3) as f64 * 8.0, "the swarm")?;
        refuse_beyond_memory(runs * 8.0, "the values of all runs")?;
        if self.out.is_some() {
            // Numbers in memory, and again as text.
            refuse_beyond_memory(
                steps * runs * ((names.len() + 4) * 32 + 32) as f64,
                "the path of the consensus",
            )?;
        }
        if self.objective.objective == "schwefel" && self.bounds.is_none() {
            remark(
                "schwefel is unbounded below outside of [-500, 500]: --box=-500,500 keeps to where its minimum is known",
            )?;
        }
        let start = self.start.as_ref().map(|text| coordinates("--start", text, &names)).transpose()?;
        let bounds = self
            .bounds
            .as_ref()
            .map(|text| coordinates("--box", text, &["low".into(), "high".into()]))
            .transpose()?;
        let mut path: Vec<Vec<f64>> = Vec::new();
        let bar = progress(Some(u64::from(self.runs)), "run {pos} of {len}");
        let (mut best, mut values): (Option<Found>, _) = (None, Vec::new());
        for run in 0..u64::from(self.runs) {
            let mut observe = |step: u64, consensus: &Consensus| {
                if self.out.is_some() {
                    let numbers =
                        [run as f64, step as f64].into_iter().chain(consensus.point.iter().copied());
                    path.push(numbers.chain([consensus.ess, consensus.least]).collect());
                }
            };
            let found = match (self.hop, &start) {
                (Some(width), Some(start)) => self.hopping(&objective, width, start, run, &mut observe)?,
                _ => self.swarm(&objective, start.clone(), bounds.as_deref(), run, &mut observe)?,
            };
            values.push(found.best.value);
            if best.as_ref().is_none_or(|best| found.best.value < best.best.value) {
                best = Some(found);
            }
            bar.inc(1);
        }
        bar.finish_and_clear();
        if let Some(out) = &self.out {
            let header = ["run", "step"].map(String::from).into_iter().chain(names.iter().cloned());
            let header = header.chain(["effective_particles", "best_particle_value"].map(String::from));
            let columns = header.enumerate().map(|(k, name)| (name, path.iter().map(|row| row[k]).collect()));
            write_columns(out, columns.collect())?;
        }
        best.map_or(Ok(()), |best| self.tell(&best, &values, &names))
    }

    fn options(&self, bounds: Option<&[f64]>) -> Options {
        Options {
            particles: self.particles as usize,
            step: self.step,
            drift: self.drift,
            noise: self.noise.unwrap_or(if self.isotropic { 1.6 } else { 5.0 }),
            shape: if self.isotropic { Noise::Isotropic } else { Noise::Anisotropic },
            temperature: self.alpha,
            bounds: bounds.map(|ends| (ends[0], ends[1])),
            undefined: if matches!(self.nan, Nan::Worst) { Undefined::Infeasible } else { Undefined::Refuse },
        }
    }

    fn swarm(
        &self,
        objective: &impl Objective,
        start: Option<Vec<f64>>,
        bounds: Option<&[f64]>,
        run: u64,
        observe: &mut impl FnMut(u64, &Consensus),
    ) -> anyhow::Result<Found> {
        let options = self.options(bounds);
        let start = match (start, bounds) {
            (Some(mean), _) => Start::Normal { mean, spread: self.spread },
            (None, Some(ends)) => Start::Uniform { low: ends[0], high: ends[1] },
            (None, None) => return Err(usage("where to begin: --start or --box is needed")),
        };
        let dimension = objective.dimension();
        let factor = options.mean_square_factor(dimension);
        if run == 0 && factor > 1.0 {
            let typical = match options.logarithmic_drift(dimension) < 0.0 {
                true => "typical particles come nearer all the same",
                false => {
                    "and typical particles go away too: a smaller --noise, or no --isotropic, lets them come nearer"
                }
            };
            remark(&format!(
                "the mean squared distance to the consensus grows by {factor:.3} a step; {typical}"
            ))?;
        }
        if run == 0 && options.drift * options.step > 2.0 {
            remark("the swarm oscillates: --drift times --step is above 2")?;
        }
        let draws = Draws::new(self.seed, run);
        swarm::minimise(
            objective,
            &options,
            &start,
            (u64::from(self.steps), self.radius),
            draws,
            |step, consensus, _| observe(step, consensus),
        )
        .map_err(refused)
    }

    fn hopping(
        &self,
        objective: &impl Objective,
        width: f64,
        start: &[f64],
        run: u64,
        observe: &mut impl FnMut(u64, &Consensus),
    ) -> anyhow::Result<Found> {
        let Temperature::Alpha(alpha) = self.alpha else {
            return Err(usage("--alpha: hopping takes a number or inf"));
        };
        let mut hopper = Hopper::new(width, alpha, self.particles as usize, start.len()).map_err(refused)?;
        hopper.undefined = self.options(None).undefined;
        let draws = Draws::new(self.seed, run);
        let mut best = Best { point: start.to_vec(), value: f64::INFINITY };
        let (mut last, mut fewest) = (None, f64::INFINITY);
        for step in 0..u64::from(self.steps) {
            let center = last.as_ref().map_or(start, |found: &Consensus| &found.point);
            let found = hopper.hop(objective, center, draws.step(step)).map_err(refused)?;
            if found.least < best.value {
                let row = found.best * start.len();
                best = Best { point: hopper.points()[row..row + start.len()].to_vec(), value: found.least };
            }
            observe(step, &found);
            fewest = fewest.min(found.ess);
            last = Some(found);
        }
        if run == 0 && fewest < 10.0 {
            remark(
                "fewer than ten particles count in some hop: it follows the best samples, not a gradient",
            )?;
        }
        let consensus = last.expect("at least one step is made");
        let consensus_value = objective.value(&consensus.point);
        if consensus_value < best.value {
            best = Best { point: consensus.point.clone(), value: consensus_value };
        }
        let evaluations = u64::from(self.particles) * u64::from(self.steps) + 1;
        let radius = width * (start.len() as f64).sqrt();
        Ok(Found { best, consensus, consensus_value, radius, evaluations, reason: StopReason::Steps })
    }

    fn tell(&self, best: &Found, values: &[f64], names: &[String]) -> anyhow::Result<()> {
        let point = |point: &[f64]| {
            let pairs: Vec<String> = names
                .iter()
                .zip(point)
                .take(10)
                .map(|(name, x)| format!("{name} = {}", format_number(*x)))
                .collect();
            pairs.join(", ") + if names.len() > 10 { ", …" } else { "" }
        };
        let reason = if best.reason == StopReason::Collapsed {
            "the swarm has collapsed"
        } else {
            "all steps were made"
        };
        let mut lines = vec![
            format!("best value      {} (an upper bound of the minimum)", format_number(best.best.value)),
            format!("at              {}", point(&best.best.point)),
            format!("consensus       {}", point(&best.consensus.point)),
            format!("value there     {}", format_number(best.consensus_value)),
            format!("effective       {} of {} particles", format_number(best.consensus.ess), self.particles),
            format!("radius          {}", format_number(best.radius)),
            format!("evaluations     {} a run; {reason}", best.evaluations),
        ];
        if values.len() > 1 {
            let close = |value: &&f64| **value - best.best.value <= 1e-3 * (1.0 + best.best.value.abs());
            let agree = values.iter().filter(close).count();
            lines.push(format!(
                "agreement       {agree} of {} runs come within 0.001 of that value (relative beyond 1)",
                values.len()
            ));
        }
        say(&lines.join("\n"))?;
        Ok(())
    }
}
