//! `lie-decompositions integrate`.

use anyhow::bail;
use clap::Args;
use formulas::{Formula, Tape};
use lab::arguments::{not_negative, positive, usage};
use lab::say;
use lab::table::format_number;
use lie_decompositions::haar::{Ball, Law, Points, draw};
use numerics::random::stream;

use super::Group;

/// ∫ f(g) dg over a ball.
#[derive(Args)]
pub struct Integrate {
    /// f as a formula in s, t, psi, theta (coordinates) and a, b, c, d (entries, row by row)
    #[arg(long, allow_hyphen_values = true)]
    formula: String,
    /// Which group
    #[arg(long, value_enum, default_value = "sl")]
    group: Group,
    /// t up to
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    radius: f64,
    /// For GL: |s| up to
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true)]
    log_scale: Option<f64>,
    /// Sobol's points in 16 shifts; else independent ones
    #[arg(long)]
    sobol: bool,
    /// Points, in 16 sets: the next multiple
    #[arg(long, default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(16..=100_000_000))]
    count: u32,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Sets whose spread is the error.
const SETS: u32 = 16;
const NAMES: [&str; 8] = ["s", "t", "psi", "theta", "a", "b", "c", "d"];

impl Integrate {
    /// Integrates and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let formula = Formula::parse(&self.formula)
            .map_err(|fault| usage(format!("--formula \"{}\": {fault}", self.formula)))?;
        if let Some(name) = formula.names().iter().find(|name| !NAMES.contains(&name.as_str())) {
            return Err(usage(format!("--formula: there are {}, but no {name}", NAMES.join(", "))));
        }
        let log_scale = match (self.group, self.log_scale) {
            (Group::Sl, Some(_)) => return Err(usage("--log-scale is for --group gl")),
            (Group::Sl, None) => 0.0,
            (Group::Gl, scale) => scale.unwrap_or(0.3),
        };
        let ball = Ball { radius: self.radius, log_scale };
        let points = if self.sobol { Points::Sobol } else { Points::Random };
        let (mut tape, mut means) = (Tape::default(), Vec::new());
        for set in 0..SETS {
            let mut random = stream(self.seed, &["integrate", &set.to_string()]);
            let count = self.count.div_ceil(SETS) as usize;
            let samples = draw(Law::Haar(ball), points, count, &mut random)
                .map_err(|fault| usage(format!("--radius: {fault}")))?;
            let mut sum = 0.0;
            for (element, weight) in samples.elements.iter().zip(&samples.weights) {
                let [[a, b], [c, d]] = element.matrix();
                let values = [element.scale, element.squeeze, element.axis, element.angle, a, b, c, d];
                let own: Vec<f64> = formula
                    .names()
                    .iter()
                    .filter_map(|name| NAMES.iter().position(|known| known == name))
                    .map(|place| values[place])
                    .collect();
                sum += weight * formula.evaluate(&own, &mut tape);
            }
            means.push(sum);
        }
        let mean = means.iter().sum::<f64>() / f64::from(SETS);
        let spread = means.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let error = (spread / f64::from(SETS * (SETS - 1))).sqrt();
        if !(mean.is_finite() && error.is_finite()) {
            bail!("--formula \"{}\": the integral is {mean}", self.formula);
        }
        Ok(say(&format!(
            "integral            {}\nstandard error      {}\nvolume              {}\nmean                {}",
            format_number(mean),
            format_number(error),
            format_number(ball.volume()),
            format_number(mean / ball.volume()),
        ))?)
    }
}
