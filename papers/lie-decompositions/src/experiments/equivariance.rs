//! `equivariance`: errors of a sampled group convolution against the number of samples, everything else being exact.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use lab::{Chart, Columns, Estimate, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use numerics::growth::exponent;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::haar::{Ball, Law, Points, draw};
use crate::matrix::{apply2, product};
use crate::polar::Polar2;
use crate::signals::{Gaussian, Kernels, Prepared, moved};

/// Equivariance.
pub struct Equivariance;

/// How samples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampler {
    /// Haar measure on the ball T = 1.7 of SL(2).
    Haar,
    /// The same by Sobol's points.
    HaarSobol,
    /// The ball without the factor of its measure.
    Flat,
    /// Log-normal with variance 0.1, unweighted, as in the authors' code.
    LogNormal,
    /// With variance 0.8.
    WideLogNormal,
    /// exp of the algebra's ball R = 9, with Haar's weights.
    Algebra,
    /// Haar measure on a ball of GL⁺(2), |s| ≤ 1.
    General,
    /// The same by Sobol's points.
    GeneralSobol,
    /// Samples moved with the point at which the layer is evaluated (SL(2)).
    Orbit,
}

/// All, in the order of reports.
pub const SAMPLERS: [(Sampler, &str); 9] = [
    (Sampler::Haar, "Haar"),
    (Sampler::HaarSobol, "Haar, Sobol"),
    (Sampler::Flat, "flat"),
    (Sampler::LogNormal, "log-normal 0.1"),
    (Sampler::WideLogNormal, "log-normal 0.8"),
    (Sampler::Algebra, "algebra"),
    (Sampler::General, "Haar, GL⁺"),
    (Sampler::GeneralSobol, "Sobol, GL⁺"),
    (Sampler::Orbit, "orbit"),
];

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// How.
    pub sampler: Sampler,
    /// N.
    pub samples: u64,
    /// Sets of samples.
    pub sets: u32,
}

/// A set.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub set: u32,
    /// |Φ(L_h f)(hx + y, hg) − Φ(f)(x, g)| over |Φ f|, rooted mean squares over 8 points (x, g) with t(g) ≤ ½ and 3 maps with t(h) ≤ ½.
    #[column(within = 1e-6)]
    pub error: f64,
}

impl Experiment for Equivariance {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "equivariance";
    const TITLE: &'static str = "Equivariance of sampled layers";
    const QUESTION: &'static str = "Signals and integrals over the plane are exact: how does the error of a group convolution fall with the samples of the group?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (last, sets) = match profile {
            Profile::Smoke => (2, 2),
            Profile::Quick => (6, 6),
            Profile::Full => (10, 16),
        };
        SAMPLERS
            .iter()
            .flat_map(|(sampler, _)| {
                (0..=last).map(move |k| Parameters { sampler: *sampler, samples: 256 << k, sets })
            })
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let general = matches!(cell.sampler, Sampler::General | Sampler::GeneralSobol);
        let ball = Ball { radius: 1.7, log_scale: if general { 1.0 } else { 0.0 } };
        let (law, points) = match cell.sampler {
            Sampler::Haar | Sampler::General | Sampler::Orbit => (Law::Haar(ball), Points::Random),
            Sampler::HaarSobol | Sampler::GeneralSobol => (Law::Haar(ball), Points::Sobol),
            Sampler::Flat => (Law::Flat(ball), Points::Random),
            Sampler::LogNormal => (Law::LogNormal { variance: 0.1, scale: false }, Points::Random),
            Sampler::WideLogNormal => (Law::LogNormal { variance: 0.8, scale: false }, Points::Random),
            Sampler::Algebra => (Law::Algebra { radius: 9.0 }, Points::Random),
        };
        // T = 1.7 is t(g) + t(h) + T₀, and |s| ≤ 1 is 0.3 + 0.3 + 0.4: errors are of sampling alone.
        let kernels = Kernels {
            lift: ([0.25, 0.1], 0.3),
            space: ([-0.2, 0.15], 0.35),
            support: 0.7,
            scale_support: if general { 0.4 } else { 0.0 },
        };
        let count = usize::try_from(cell.samples)?;
        let mut rows = Vec::new();
        for set in 0..cell.sets {
            // Signals, points and maps are those of the set, whatever the sampler.
            let key = lab::key([("set", f64::from(set)), ("general", f64::from(u8::from(general)))]);
            let mut stream = random.shared_stream("signals", &key)?;
            let signal: Vec<Gaussian> = (0..5)
                .map(|_| {
                    let mean = [stream.random_range(-0.6..0.6), stream.random_range(-0.6..0.6)];
                    Gaussian::round(stream.random_range(-1.0..1.0), mean, stream.random_range(0.15..0.35))
                })
                .collect();
            let mut element = |bound: f64| Polar2 {
                scale: if general { stream.random_range(-0.3..0.3) } else { 0.0 },
                squeeze: bound * stream.random::<f64>(),
                axis: stream.random_range(-PI..PI),
                angle: stream.random_range(-PI..PI),
            };
            let elements: Vec<_> = (0..8).map(|_| element(0.5).matrix()).collect();
            let maps: Vec<_> = (0..3).map(|_| element(0.5).matrix()).collect();
            let mut place = || [stream.random_range(-0.5..0.5), stream.random_range(-0.5..0.5)];
            let places: Vec<_> = elements.iter().map(|_| place()).collect();
            let shifts: Vec<_> = maps.iter().map(|_| place()).collect();
            let samples = draw(law, points, count, &mut random.stream(&format!("samples {set}")))?;
            let prepared = Prepared::of(&samples);
            let at = |signal: &[Gaussian], x, g: &_| {
                if cell.sampler == Sampler::Orbit {
                    kernels.convolved(signal, &prepared.moved(g), x, g)
                } else {
                    kernels.convolved(signal, &prepared, x, g)
                }
            };
            let before: Vec<f64> = places.iter().zip(&elements).map(|(x, g)| at(&signal, *x, g)).collect();
            let (mut away, mut size) = (0.0, 0.0);
            for (h, y) in maps.iter().zip(&shifts) {
                let deformed = moved(&signal, h, *y);
                for ((x, g), before) in places.iter().zip(&elements).zip(&before) {
                    let hx = apply2(h, *x);
                    let after = at(&deformed, [hx[0] + y[0], hx[1] + y[1]], &product(h, g));
                    away += (after - before).powi(2);
                    size += before.powi(2);
                }
            }
            rows.push(Row { set, error: (away / size).sqrt() });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Equivariance errors of a group convolution").columns(2).width(1_100.0);
        for (title, shown) in [
            (
                "invariant measure",
                &[Sampler::Haar, Sampler::HaarSobol, Sampler::General, Sampler::GeneralSobol][..],
            ),
            (
                "other samples",
                &[Sampler::Haar, Sampler::Flat, Sampler::LogNormal, Sampler::WideLogNormal, Sampler::Algebra]
                    [..],
            ),
        ] {
            let mut chart = Chart::new()
                .title(title)
                .x_label("samples of the group")
                .y_label("relative error")
                .x_log()
                .y_log();
            for (sampler, name) in SAMPLERS.iter().filter(|(sampler, _)| shown.contains(sampler)) {
                chart = chart.line_with_markers(*name, geometric_means(table, *sampler));
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "Geometric means over sets. Samples of Haar measure make the layer equivariant at the rate of Monte Carlo, Sobol's points faster; log-normal samples have a floor, however many there are; without the factor of the measure, and by the exponential, errors fall more slowly.",
            "Left, falling lines; right, two level lines, and three that fall at different rates.",
            &figure,
        )
    }
}

type Errors = Table<Parameters, Row>;

/// Samples and the geometric mean of the errors, in ascending order.
pub fn geometric_means(table: &Errors, sampler: Sampler) -> Vec<(f64, f64)> {
    let cells = table.cells().filter(|(cell, _)| cell.sampler == sampler);
    let mut points: Vec<(f64, f64)> = cells
        .map(|(cell, rows)| {
            let mean = rows.iter().map(|row| row.error.max(1e-300).ln()).sum::<f64>() / rows.len() as f64;
            (cell.samples as f64, mean.exp())
        })
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// Errors by set, with the samples of each.
fn by_set(table: &Errors, sampler: Sampler) -> BTreeMap<u32, Vec<(f64, f64)>> {
    let mut sets: BTreeMap<u32, Vec<(f64, f64)>> = BTreeMap::new();
    for (cell, row) in table.rows().filter(|(cell, _)| cell.sampler == sampler) {
        sets.entry(row.set).or_default().push((cell.samples as f64, row.error));
    }
    sets.values_mut().for_each(|points| points.sort_by(|a, b| a.0.total_cmp(&b.0)));
    sets
}

/// The exponent of the error in the number of samples: the mean over sets.
pub fn slope(table: &Errors, sampler: Sampler) -> Estimate {
    table.mean(by_set(table, sampler).values().map(|points| exponent(points).unwrap_or(f64::NAN)))
}

/// The error of one sampler over that of another with most samples: the geometric mean over sets.
pub fn ratio(table: &Errors, one: Sampler, other: Sampler) -> Estimate {
    let last = |sampler: Sampler| -> Vec<f64> {
        by_set(table, sampler).values().filter_map(|points| points.last()).map(|point| point.1.ln()).collect()
    };
    let logs = table.mean(last(one).iter().zip(last(other)).map(|(a, b)| a - b));
    Estimate::with_interval(logs.value.exp(), logs.low.exp(), logs.high.exp())
}
