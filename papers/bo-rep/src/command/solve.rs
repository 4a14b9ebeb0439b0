//! `bo-rep solve`.

use std::path::PathBuf;

use anyhow::bail;
use bilevel::levels::{Bilevel, Known};
use bilevel::sets::norm;
use bo_rep::bo_rep::{Inverse, LowerUpdates, Move, Options, Refine, bo_rep, certificate};
use bo_rep::families::Family;
use bo_rep::files::family;
use bo_rep::oracle::{Law, Noisy};
use bo_rep::recursive::{Rates, Recursive, recursive};
use bo_rep::run::{Begin, Ended, Step, StopReason};
use clap::{Args, ValueEnum};
use lab::arguments::{calls, check_output, not_negative, numbers, positive, usage};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{first_numbers, format_number, write_columns};

use super::momentum;

/// Runs a method and says where it ends, with a certificate.
#[derive(Args)]
pub struct Solve {
    /// The problem: .json, as in tests/cases
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// Its name, where the file is a list [default: the first]
    #[arg(long)]
    name: Option<String>,
    /// The method
    #[arg(long, value_enum, default_value_t = MethodName::BoRep)]
    method: MethodName,
    /// The start, as "0.1,0.2" [default: ones]
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBERS")]
    x: Option<String>,
    /// The lower start [default: zeros]
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBERS")]
    y: Option<String>,
    /// Gradients and products of single samples to spend
    #[arg(long, default_value = "100000", value_parser = calls)]
    calls: u64,
    /// Standard deviation of the noise on every coordinate of every gradient; three tenths of it on products
    #[arg(long, default_value_t = 0.0, value_parser = not_negative, allow_negative_numbers = true)]
    noise: f64,
    /// Noise that is far from symmetric
    #[arg(long)]
    skewed: bool,
    /// Step of x: a length for borep and slip
    #[arg(long, default_value_t = 0.01, value_parser = positive, allow_negative_numbers = true)]
    eta: f64,
    /// Longest step of clip [default: 0.1]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    longest: Option<f64>,
    /// Step of y [default: half of one over its largest curvature, a tenth with noise]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    gamma: Option<f64>,
    /// Momentum [default: the method's]
    #[arg(long, value_parser = momentum, allow_negative_numbers = true)]
    beta: Option<f64>,
    /// Steps of x between updates of y, of borep [default: 3]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    period: Option<u64>,
    /// Lower steps of an update, of borep [default: 3]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    inner: Option<u32>,
    /// Radius of the ball of an update, of borep [default: none]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    ball: Option<f64>,
    /// Terms of Neumann's series, of borep, slip, clip, stocbio and ttsa [default: for a bias of a hundredth]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    terms: Option<u32>,
    /// Epochs of the refined start, of borep, slip and clip; 0 for none [default: 4]
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=20))]
    refine: Option<u32>,
    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the path goes: .csv with calls, |∇Φ|, the step's length and x
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// BO-REP
    #[value(name = "borep")]
    BoRep,
    /// SLIP
    Slip,
    /// Clipped steps
    Clip,
    /// SOBA
    Soba,
    /// MA-SOBA
    Masoba,
    /// SABA, on a thousand noise vectors
    Saba,
    /// stocBiO
    Stocbio,
    /// TTSA
    Ttsa,
    /// SUSTAIN
    Sustain,
    /// VRBO
    Vrbo,
}

impl Solve {
    /// Reads, runs, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.trace.as_deref(), "csv", [self.problem.as_path()])?;
        self.refuse_options_without_effect()?;
        let problem = family(&self.problem, self.name.as_deref())?;
        let (d, q) = problem.dimensions();
        let x = self.x.as_ref().map_or_else(|| Ok(vec![1.0; d]), |text| numbers("--x", text, d))?;
        let y = self.y.as_ref().map_or_else(|| Ok(vec![0.0; q]), |text| numbers("--y", text, q))?;
        let mut gradient = vec![0.0; d];
        if !(problem.gradient(&x, &mut gradient) + norm(&gradient)).is_finite() {
            return Err(usage("--x: Φ or its gradient is not finite there"));
        }
        let begin = Begin { x: &x, y: &y, calls: self.calls, seed: self.seed };
        let (mut path, mut next) = (Vec::new(), 1.0);
        let observe = |step: &Step<'_>| {
            let calls = step.counts.calls() as f64;
            if self.trace.is_some() && calls >= next {
                problem.gradient(step.x, &mut gradient);
                path.push([&[calls, norm(&gradient), step.length], step.x].concat());
                next = calls * 1.05;
            }
        };
        let ended = self.ended(&problem, &begin, observe)?;
        if let StopReason::Diverged(what) = ended.reason {
            bail!("{what} left the numbers after {} steps: a smaller --eta or --gamma keeps it", ended.steps);
        }
        if let Some(trace) = &self.trace {
            let names = ["calls", "gradient", "length"]
                .map(String::from)
                .into_iter()
                .chain((1..=d).map(|k| format!("x{k}")));
            let columns = names.enumerate().map(|(k, name)| {
                Column::new(name.into(), path.iter().map(|row: &Vec<f64>| row[k]).collect::<Vec<f64>>())
            });
            write_columns(trace, columns.collect())?;
        }
        let certified = certificate(&problem, (&ended.x, &ended.y, &ended.multiplier), problem.convexity())
            .ok_or_else(|| anyhow::anyhow!("Φ is not finite where the run ended"))?;
        let lines = [
            format!("x                    {}", first_numbers(&ended.x)),
            format!("Φ                    {}", format_number(certified.value)),
            format!("|∇Φ|                 {}", format_number(norm(&certified.gradient))),
            format!("|y − y*| at most     {}", format_number(certified.lower)),
            format!(
                "distance to y*       {}",
                format_number(distance(&ended.y, &problem.solution(&ended.x)))
            ),
            format!("steps of x           {}, {} left out", ended.steps, ended.skipped),
            format!(
                "gradients            {}, products {}",
                ended.counts.gradients.iter().sum::<u64>(),
                ended.counts.products
            ),
        ];
        Ok(say(&lines.join("\n"))?)
    }

    /// An option that the method does not have is a mistake, not a wish to be ignored.
    fn refuse_options_without_effect(&self) -> anyhow::Result<()> {
        use MethodName as M;
        let periodic: &[M] = &[M::BoRep];
        let refined: &[M] = &[M::BoRep, M::Slip, M::Clip];
        let neumann: &[M] = &[M::BoRep, M::Slip, M::Clip, M::Stocbio, M::Ttsa];
        let averaged: &[M] = &[M::BoRep, M::Slip, M::Clip, M::Masoba];
        for (option, given, takers) in [
            ("--period", self.period.is_some(), periodic),
            ("--inner", self.inner.is_some(), periodic),
            ("--ball", self.ball.is_some(), periodic),
            ("--longest", self.longest.is_some(), &[M::Clip]),
            ("--refine", self.refine.is_some(), refined),
            ("--terms", self.terms.is_some(), neumann),
            ("--beta", self.beta.is_some(), averaged),
        ] {
            if given && !takers.contains(&self.method) {
                let names: Vec<String> =
                    takers.iter().map(|method| format!("{method:?}").to_lowercase()).collect();
                return Err(usage(format!(
                    "{option} has no effect on this method: it is for {}",
                    names.join(", ")
                )));
            }
        }
        Ok(())
    }

    fn ended(
        &self,
        problem: &Family,
        begin: &Begin<'_>,
        mut observe: impl FnMut(&Step<'_>),
    ) -> anyhow::Result<Ended> {
        let smoothness = problem.smoothness();
        let (eta, gamma) =
            (self.eta, self.gamma.unwrap_or(if self.noise > 0.0 { 0.1 } else { 0.5 } / smoothness));
        let noisy = Noisy {
            law: if self.skewed { Law::Skewed } else { Law::Normal },
            components: (self.method == MethodName::Saba).then_some(1_000),
            ..Noisy::normal(problem.clone(), self.noise)
        };
        let rates = Rates { eta, gamma, linear: gamma };
        let mut theirs = |method| Ok(recursive(&noisy, begin, method, rates, &mut observe)?);
        let mut options = match self.method {
            MethodName::Saba => return theirs(Recursive::Saba),
            MethodName::Sustain => return theirs(Recursive::Sustain { theta: 0.1 }),
            MethodName::Vrbo => return theirs(Recursive::Vrbo { period: 20, large: 50 }),
            MethodName::BoRep => Options::bo_rep(eta, gamma, smoothness),
            MethodName::Slip => Options::slip(eta, gamma, smoothness),
            MethodName::Clip => Options::clipped(eta, self.longest.unwrap_or(0.1), gamma, smoothness),
            MethodName::Soba => Options::soba(eta, gamma, smoothness),
            MethodName::Masoba => Options::ma_soba(eta, gamma, smoothness),
            MethodName::Stocbio => Options::stocbio(eta, gamma, smoothness),
            MethodName::Ttsa => Options::ttsa(eta, gamma, smoothness),
        };
        if let Some(beta) = self.beta {
            options.beta = beta;
        }
        if let Inverse::Neumann { terms, .. } = &mut options.inverse {
            // The bias is below κ(1 − 1/κ)^Q times |f_y|.
            let condition = smoothness / problem.convexity();
            let enough = (condition * (100.0 * condition).ln()).ceil().clamp(5.0, 1_000.0);
            *terms = self.terms.map_or(enough as usize, |given| given as usize);
        }
        if let LowerUpdates::Periodic { period, inner, ball } = &mut options.lower {
            (*period, *inner) = (self.period.unwrap_or(*period), self.inner.unwrap_or(*inner));
            *ball = self.ball.unwrap_or(*ball);
        }
        if options.step != Move::Plain {
            let epochs = self.refine.unwrap_or(4);
            let refine = Refine { epochs, first_steps: 10, first_rate: gamma, ball: f64::INFINITY };
            options.refine = (epochs > 0).then_some(refine);
        }
        options.check(smoothness).map_err(|fault| usage(fault.to_string()))?;
        Ok(bo_rep(&noisy, begin, &options, observe))
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}
