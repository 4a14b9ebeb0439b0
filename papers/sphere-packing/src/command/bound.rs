//! `bound`: proven upper bounds.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use lab::Error::Usage;
use lab::arguments::{positive, refuse_one_file_for_two};
use lab::{remark, say, write_atomically};
use sphere_packing::certificate::{Certificate, Proven};
use sphere_packing::packings::{best_known, published};
use sphere_packing::semidefinite::precision::{Plan, Precision, solve};
use sphere_packing::three_point::multiplier::Multiplier;
use sphere_packing::three_point::predictor::kissing_bound;
use sphere_packing::three_point::{Parameters, ThreePointBound};
use sphere_packing::two_point::{HIGHEST_DIMENSION, MOST_ROOTS, Roots, bound_to_digits, bound_with};

use super::{HarmonicsName, as_usage, multipliers, no_result, precision, refuse_folder, report_progress};

#[derive(Args)]
pub struct Bound {
    /// Dimension of the space: to 400 for two-point, where hundreds take minutes, and 2 to 100 for three-point
    #[arg(long, value_name = "n", value_parser = clap::value_parser!(u16).range(1..=HIGHEST_DIMENSION as i64))]
    dimension: u16,
    /// Which bound
    #[arg(long, value_enum, default_value_t = Method::TwoPoint)]
    method: Method,
    /// Decimal digits: as many as stand still for two-point, that are printed for three-point
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=20))]
    digits: u16,
    /// File for the certificate
    #[arg(long, value_name = "FILE.json")]
    certificate: Option<PathBuf>,
    /// Two-point: this number of double roots instead of what the digits need
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST_ROOTS as i64))]
    roots: Option<u16>,
    /// Three-point: degree d of the kernel, 0 to 20 [default: 3]
    #[arg(long, value_name = "d", value_parser = clap::value_parser!(u16).range(0..=20))]
    degree: Option<u16>,
    /// Three-point: f has degree 2 · this + 1 in |x|² [default: twice the degree, at least 8]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=60))]
    radial_degree: Option<u16>,
    /// Three-point: smallest distance r, 0.1 to 10 [default: that of the two-point bound]
    #[arg(long, value_name = "r", value_parser = positive, allow_negative_numbers = true)]
    radius: Option<f64>,
    /// Three-point: truncation R, to 4 times the radius [default: 1.3 times]
    #[arg(long, value_name = "R", value_parser = positive, allow_negative_numbers = true)]
    truncation: Option<f64>,
    /// Three-point: width ρ of the kernel's Gaussian relative to f's, 0 to 4 [default: 1]
    #[arg(long, value_name = "ρ", allow_negative_numbers = true)]
    width: Option<f64>,
    /// Three-point: multipliers of the sums of squares [default: 1,xX,xyXY,d,g]
    #[arg(long, value_name = "LIST")]
    multipliers: Option<String>,
    /// Three-point: harmonics of the kernel [default: all]
    #[arg(long, value_enum)]
    harmonics: Option<HarmonicsName>,
    /// Three-point: bits of the first arithmetic that is tried: 53, 106, 192, 256, 384 or 512 [default: 106]
    #[arg(long, value_name = "BITS")]
    precision: Option<usize>,
    /// Three-point: a file that the iterate is kept in every minute, and resumed from
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Prints a line for every iteration of the solver
    #[arg(long)]
    trace: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Cohn and Elkies' bound by Newton's method
    TwoPoint,
    /// Cohn, de Laat and Salmon's truncated bound by a semidefinite programme
    ThreePoint,
}

impl Bound {
    pub fn run(self) -> anyhow::Result<()> {
        if let Some(path) = &self.certificate {
            refuse_folder(path)?;
        }
        match self.method {
            Method::TwoPoint => self.two_point(),
            Method::ThreePoint => self.three_point(),
        }
    }

    fn two_point(self) -> anyhow::Result<()> {
        let given = [
            ("--degree", self.degree.is_some()),
            ("--radial-degree", self.radial_degree.is_some()),
            ("--radius", self.radius.is_some()),
            ("--truncation", self.truncation.is_some()),
            ("--width", self.width.is_some()),
            ("--multipliers", self.multipliers.is_some()),
            ("--harmonics", self.harmonics.is_some()),
            ("--precision", self.precision.is_some()),
            ("--checkpoint", self.checkpoint.is_some()),
            ("--trace", self.trace),
        ];
        if let Some((name, _)) = given.iter().find(|(_, given)| *given) {
            return Err(Usage(format!("{name} is for --method three-point")).into());
        }
        let dimension = usize::from(self.dimension);
        let (bound, still) = match self.roots {
            Some(count) => (bound_with(dimension, usize::from(count)).map_err(as_usage)?, true),
            None => bound_to_digits(dimension, usize::from(self.digits), 48).map_err(as_usage)?,
        };
        say(&format!(
            "two-point bound of degree {}, double roots: {}, r = {:.10}",
            4 * bound.roots.count() - 1,
            bound.roots.count(),
            bound.roots.radius()
        ))?;
        if !still {
            say(&format!(
                "note: the {} digits asked for do not stand still yet; the bound is proven, more roots would lower it",
                self.digits
            ))?;
        }
        self.finish(&bound.proven, Certificate::TwoPoint(bound.certificate))
    }

    fn three_point(self) -> anyhow::Result<()> {
        if let (Some(certificate), Some(checkpoint)) = (&self.certificate, &self.checkpoint) {
            refuse_one_file_for_two(certificate, checkpoint)?;
        }
        if self.roots.is_some() {
            return Err(Usage("--roots is for --method two-point".into()).into());
        }
        let dimension = usize::from(self.dimension);
        let degree = usize::from(self.degree.unwrap_or(3));
        let radial_degree = self.radial_degree.map_or((2 * degree).max(8), usize::from);
        if dimension < 2 {
            return Err(Usage("--dimension 1: the three-point bound needs at least 2".into()).into());
        }
        let roots = Roots::with(dimension, 8).map_err(as_usage)?;
        let radius = self.radius.unwrap_or_else(|| roots.radius());
        let harmonics = self.harmonics.unwrap_or(HarmonicsName::All);
        let parameters = Parameters {
            dimension,
            degree,
            radial_degree,
            radius,
            truncation: self.truncation.unwrap_or(1.3 * radius),
            width: self.width.unwrap_or(1.0),
            harmonics: harmonics.into(),
            multipliers: match &self.multipliers {
                Some(list) => multipliers(list).map_err(as_usage)?,
                None => Multiplier::usual(degree),
            },
        };
        parameters.validate().map_err(as_usage)?;
        let from = precision(self.precision.unwrap_or(106))?;
        if degree > 0 {
            let highest = if harmonics == HarmonicsName::All { 2 * degree } else { degree };
            // Where no such bound is computed, nothing is said.
            let kissing =
                if (2..=30).contains(&highest) { kissing_bound(dimension, highest).ok() } else { None };
            if kissing.is_some_and(|kissing| kissing >= roots.nearest_pairs()) {
                say(&format!(
                    "note: Delsarte's kissing bound says that a kernel of degree {degree} hardly helps in dimension {dimension}"
                ))?;
            }
        }
        let programme = ThreePointBound::new(parameters).map_err(as_usage)?;
        let checkpoint = self.checkpoint.as_deref().map(|path| (path, Duration::from_secs(60)));
        let mut plan = Plan { from, to: Precision::Bits512, checkpoint, ..Plan::default() };
        plan.settings.gap = 10f64.powi(-i32::from(self.digits.max(6))).max(1e-14);
        let started = Instant::now();
        let outcome = solve(&programme, &plan, &mut |progress| {
            !self.trace || report_progress(progress, (progress.primal, progress.dual), started)
        })?;
        let last = *outcome.last();
        let certified = outcome.output.map_err(|fault| no_result(last.status, &fault))?;
        say(&format!(
            "three-point bound of degree {degree}, {} iterations, {} bits",
            last.progress.iteration,
            last.precision.bits()
        ))?;
        if degree > 0 && certified.certificate.kernel.is_empty() {
            say(
                "note: the kernel does not help with these parameters; the certificate is a two-point function",
            )?;
        }
        if roots.value() < certified.proven.to_f64() {
            remark("note: the two-point bound with 8 roots is lower (--method two-point)")?;
        }
        self.finish(&certified.proven, Certificate::ThreePoint(certified.certificate))
    }

    /// Prints what was proven, and writes the certificate.
    fn finish(&self, proven: &Proven, certificate: Certificate) -> anyhow::Result<()> {
        say(&format!(
            "proven: no packing of spheres in dimension {} is denser than {}",
            proven.dimension,
            proven.decimal(usize::from(self.digits))
        ))?;
        if let Some(packing) = best_known(proven.dimension) {
            say(&format!("densest known: {} with {:.10}", packing.name, packing.density))?;
        }
        if let Some(published) = published(proven.dimension) {
            say(&format!(
                "literature: {} by two points, {} by three",
                published.two_point, published.three_point
            ))?;
        }
        if let Some(path) = &self.certificate {
            write_atomically(path, certificate.to_json().as_bytes())?;
            remark(&format!("certificate: {}", path.display()))?;
        }
        Ok(())
    }
}
