//! `exponents`: exact expectations on a quadratic, tuned and by rule, over records and dimensions.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{Chosen as Method, budget};
use crate::moments::{Expected, Quadratic};
use crate::privacy::golden;
use crate::schedule::{Constants, Rounds};

/// Exponents.
pub struct Exponents;

/// A cell: f = |x|²/2 with L = C₁ = C₂ = |∇f(x₀)| = 1 at (3, 10⁻⁵).
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// How.
    pub method: Method,
    /// N.
    pub records: f64,
    /// d.
    pub dimension: f64,
}

/// Expectations.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// E|∇f|² of a random iterate.
    #[column(within = 1e-3)]
    pub mean: f64,
    /// The smallest E|∇f|² of a last iterate, tuned for that, DIFF2 with segments of two rounds or more; NaN by rule.
    #[column(within = 1e-2)]
    pub last: f64,
    /// The bound of these rounds; NaN where tuned.
    #[column(within = 1e-6)]
    pub bound: f64,
    /// R.
    pub rounds: u64,
    /// T/R.
    #[column(within = 0.1)]
    pub segment: f64,
    /// η.
    #[column(within = 0.1)]
    pub step: f64,
    /// φ.
    #[column(absolute = 0.05)]
    pub share: f64,
}

fn constants(cell: &Parameters) -> Result<Constants, Failure> {
    Ok(Constants {
        smoothness: 1.0,
        gap: 0.5,
        clip_gradient: 1.0,
        clip_difference: 1.0,
        dimension: cell.dimension,
        records: cell.records,
        mu: budget(3.0)?,
    })
}

fn expected(constants: &Constants, rounds: &Rounds, step: f64) -> Expected {
    let (gradient_noise, difference_noise) = constants.deviations(rounds);
    let Rounds { rounds, restart, .. } = *rounds;
    let dimension = constants.dimension;
    Quadratic { rounds, restart, step, start: 1.0, dimension, gradient_noise, difference_noise }.expected()
}

/// The best (segments, step, share) for R rounds: one coordinate after the other, from the rule's.
fn tuned(
    constants: &Constants,
    rounds: u64,
    least_restart: u64,
    of: fn(&Expected) -> f64,
) -> (f64, Rounds, f64) {
    let start = constants.bounded(Rounds { rounds, restart: 1, share: 0.5 });
    let at = |segments: f64, share: f64| {
        let restart =
            ((rounds as f64 / segments.exp()).round() as u64).clamp(least_restart.min(rounds), rounds);
        Rounds { rounds, restart, share }
    };
    let value = |segments: f64, step: f64, share: f64| {
        let found = of(&expected(constants, &at(segments, share), step.exp()));
        if found.is_finite() { found } else { f64::MAX }
    };
    let longest = (rounds as f64).ln();
    let guess =
        (constants.records * constants.mu.value() / constants.dimension.sqrt()).max(1.0).ln() * 2.0 / 3.0;
    let (mut segments, mut step, mut share) = (guess.min(longest), start.step.min(0.5).ln(), 0.5_f64);
    // A step below 10⁻⁹ would round away in 1 − η.
    let floor = (1e-9_f64).ln();
    let mut best = f64::INFINITY;
    for _ in 0..8 {
        (step, _) =
            golden((step - 3.0).max(floor), (step + 3.0).min(0.0), |step| value(segments, step, share));
        (segments, _) =
            golden((segments - 2.0).max(0.0), (segments + 2.0).min(longest), |s| value(s, step, share));
        (share, best) = golden(0.02, 0.98, |share| value(segments, step, share));
    }
    (best, at(segments, share), step.exp())
}

/// The best over lengths up to 256 times the rule's, beyond which nothing is gained, of segments of `least_restart` rounds or more.
fn best_of(constants: &Constants, least_restart: u64, of: fn(&Expected) -> f64) -> (f64, Rounds, f64) {
    let middle = constants.schedule(1 << 50).rounds.rounds.max(2);
    let lengths = [0.25, 1.0, 16.0, 256.0].map(|factor| (middle as f64 * factor).max(2.0) as u64);
    let all = lengths.into_iter().map(|rounds| tuned(constants, rounds, least_restart, of));
    // One round a segment is a choice, too.
    let plain = (least_restart == 1).then(|| gradient_descent(constants, of));
    all.chain(plain).reduce(|best, next| if next.0 < best.0 { next } else { best }).unwrap_or((
        f64::NAN,
        Rounds { rounds: 1, restart: 1, share: 0.5 },
        f64::NAN,
    ))
}

/// DP-GD: its best length with a small step, or one round with its best step.
fn gradient_descent(constants: &Constants, of: fn(&Expected) -> f64) -> (f64, Rounds, f64) {
    let run = |rounds: u64, step: f64| {
        let rounds = Rounds { rounds, restart: 1, share: 0.5 };
        (of(&expected(constants, &rounds, step)), rounds, step)
    };
    let small = 1e-4;
    let long = |length: f64| run((length.exp() / small).ceil().max(1.0) as u64, small);
    let (length, _) = golden((1e-4_f64).ln(), 40.0, |length| long(length).0);
    let (step, _) = golden((1e-6_f64).ln(), 0.0, |step| run(1, step.exp()).0);
    let (long, once) = (long(length), run(1, step.exp()));
    if long.0 < once.0 { long } else { once }
}

impl Experiment for Exponents {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "exponents";
    const TITLE: &'static str = "Exponents on a quadratic, without simulation";
    const QUESTION: &'static str = "With which power of the records and of the dimension does the expected squared gradient fall, for DP-GD and for DIFF2, tuned and by rule?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, dimensions): (Vec<f64>, &[f64]) = match profile {
            Profile::Smoke => (vec![1e3, 1e4], &[10.0, 100.0]),
            Profile::Quick => (
                (4..=16).map(|k| 10.0_f64.powf(0.5 * f64::from(k))).collect(),
                &[10.0, 31.0, 100.0, 310.0, 1e3, 3.1e3, 1e4],
            ),
            Profile::Full => (
                (8..=36).map(|k| 10.0_f64.powf(0.25 * f64::from(k))).collect(),
                &[10.0, 18.0, 31.0, 56.0, 100.0, 180.0, 310.0, 560.0, 1e3, 1.8e3, 3.1e3, 5.6e3, 1e4],
            ),
        };
        let mut points: Vec<(f64, f64)> = sizes.iter().map(|records| (*records, 100.0)).collect();
        for dimension in dimensions {
            if !points.contains(&(1e6, *dimension)) {
                points.push((1e6, *dimension));
            }
        }
        let methods = [Method::GradientDescent, Method::Diff2, Method::Diff2ByRule];
        let of = |(records, dimension)| methods.map(|method| Parameters { method, records, dimension });
        points.into_iter().flat_map(of).collect()
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let constants = constants(cell)?;
        let (mean, rounds, step, last, bound) = match cell.method {
            Method::Diff2ByRule => {
                let chosen = constants.schedule(1 << 56);
                let found = expected(&constants, &chosen.rounds, chosen.step);
                (found.mean, chosen.rounds, chosen.step, f64::NAN, chosen.bound)
            }
            Method::Diff2 => {
                let (mean, rounds, step) = best_of(&constants, 1, |found| found.mean);
                (mean, rounds, step, best_of(&constants, 2, |found| found.last).0, f64::NAN)
            }
            Method::GradientDescent => {
                let (mean, rounds, step) = gradient_descent(&constants, |found| found.mean);
                (mean, rounds, step, gradient_descent(&constants, |found| found.last).0, f64::NAN)
            }
        };
        let segment = rounds.restart as f64 / rounds.rounds as f64;
        Ok(Outcome::Done(vec![Row {
            mean,
            last,
            bound,
            rounds: rounds.rounds,
            segment,
            step,
            share: rounds.share,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let names = [
            (Method::GradientDescent, "DP-GD, tuned"),
            (Method::Diff2, "DIFF2, tuned"),
            (Method::Diff2ByRule, "DIFF2, by rule"),
        ];
        let lines = |mut chart: Chart, keep: fn(&Parameters) -> Option<f64>, of: fn(&Row) -> f64| {
            for (method, name) in names {
                let rows = table.rows().filter(|(cell, _)| cell.method == method);
                let points: Vec<_> = rows
                    .filter_map(|(cell, row)| Some((keep(cell)?, of(row))))
                    .filter(|(_, value)| value.is_finite())
                    .collect();
                if !points.is_empty() {
                    chart = chart.line_with_markers(name, points);
                }
            }
            chart
        };
        let by_records = |cell: &Parameters| (cell.dimension == 100.0).then_some(cell.records);
        let by_dimension = |cell: &Parameters| (cell.records == 1e6).then_some(cell.dimension);
        let chart =
            |title: &str, x: &str| Chart::new().title(title).x_label(x).y_label("E|∇f|²").x_log().y_log();
        let figure = Figure::new("Squared gradients at (3, 10⁻⁵)")
            .columns(3)
            .panel(lines(chart("a random iterate", "records N"), by_records, |row| row.mean))
            .panel(lines(chart("random iterate, N = 10⁶", "dimension d"), by_dimension, |row| row.mean))
            .panel(lines(chart("the last iterate", "records N"), by_records, |row| row.last));
        report.figure(
            "exponents",
            "A random iterate of DP-GD falls as 1/N, of DIFF2 as N^(−4/3); last iterates of both fall as N⁻².",
            "Three panels on logarithmic axes.",
            &figure,
        )
    }
}
