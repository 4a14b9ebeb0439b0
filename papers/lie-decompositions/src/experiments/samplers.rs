//! `samplers`: laws of samples against their formulas.

use std::f64::consts::PI;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::exponential::{has_logarithm, missed_share};
use crate::haar::{Ball, Law as Samples, Points, density_bound, draw, draw_ball, proposal};
use crate::jacobi::singular;
use crate::matrix::product;
use crate::polar::Polar2;

/// Samplers.
pub struct Samplers;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// Kolmogorov's distance of squeezes, axes, angles and scales from their laws, times √N.
    Laws,
    /// The share of a ball of radius T/2 after a translation.
    Translations,
    /// The share without a real logarithm.
    WithoutLogarithm,
    /// The mean of |X| in SL(3), against quadrature over a chamber.
    MeanRadius,
    /// Largest density over its bound, dimensions 2 to 5.
    Bound,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What.
    pub quantity: Quantity,
    /// T.
    pub radius: f64,
    /// N.
    pub count: u64,
}

/// A number.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which of several.
    pub which: u32,
    /// What was found.
    pub measured: f64,
    /// What the formula says; an upper limit for distances and bounds.
    pub expected: f64,
    /// Standard errors between the two; for distances and bounds their ratio.
    pub away: f64,
}

impl Experiment for Samplers {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "samplers";
    const TITLE: &'static str = "Samples of Haar measure";
    const QUESTION: &'static str = "Have samples the laws of the invariant measure, is it invariant, and how much of it has no logarithm?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let count = match profile {
            Profile::Smoke => 20_000,
            Profile::Quick => 500_000,
            Profile::Full => 5_000_000,
        };
        let mut cells = Vec::new();
        let mut add = |quantity, radii: &[f64], count| {
            cells.extend(radii.iter().map(|radius| Parameters { quantity, radius: *radius, count }));
        };
        add(Quantity::Laws, &[0.5, 1.7], count);
        add(Quantity::Translations, &[1.7], count);
        add(Quantity::WithoutLogarithm, &[0.25, 0.5, 1.0, 2.0, 4.0], count);
        add(Quantity::MeanRadius, &[1.0, 1.5], count / 5);
        add(Quantity::Bound, &[0.5, 1.0, 2.0], count / 5);
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream = random.stream("samples");
        let count = usize::try_from(cell.count)?;
        let radius = cell.radius;
        let near = |which, measured: f64, expected: f64, error: f64| Row {
            which,
            measured,
            expected,
            away: (measured - expected).abs() / error,
        };
        let share = |which, hits: usize, expected: f64| {
            let n = count as f64;
            near(which, hits as f64 / n, expected, (expected * (1.0 - expected) / n).sqrt())
        };
        let haar = |log_scale, random: &mut _| {
            draw(Samples::Haar(Ball { radius, log_scale }), Points::Random, count, random)
        };
        let rows = match cell.quantity {
            Quantity::Laws => {
                let samples = haar(0.3, &mut stream)?.elements;
                type Law = (fn(&Polar2) -> f64, Box<dyn Fn(f64) -> f64>);
                let laws: [Law; 4] = [
                    (|g| g.squeeze, Box::new(move |t| (t.sinh() / radius.sinh()).powi(2))),
                    (|g| g.axis, Box::new(|psi| psi / (2.0 * PI))),
                    (|g| g.angle, Box::new(|theta| 0.5 + theta / (2.0 * PI))),
                    (|g| g.scale, Box::new(|s| 0.5 + s / 0.6)),
                ];
                (0..4)
                    .map(|which| {
                        let (of, law) = &laws[which as usize];
                        let mut values: Vec<f64> = samples.iter().map(of).collect();
                        values.sort_by(f64::total_cmp);
                        let n = count as f64;
                        let distance = values
                            .iter()
                            .enumerate()
                            .map(|(k, value)| {
                                let at = law(*value);
                                (at - k as f64 / n).abs().max((at - (k as f64 + 1.0) / n).abs())
                            })
                            .fold(0.0, f64::max);
                        // Kolmogorov's law is beyond 2.23 with probability 10⁻⁴.
                        let scaled = distance * n.sqrt();
                        Row { which, measured: scaled, expected: 2.23, away: scaled / 2.23 }
                    })
                    .collect()
            }
            Quantity::Translations => {
                let samples = haar(0.0, &mut stream)?.elements;
                let matrices: Vec<_> = samples.iter().map(Polar2::matrix).collect();
                let expected = ((0.5 * radius).sinh() / radius.sinh()).powi(2);
                let mut rows = Vec::new();
                for which in 0..20 {
                    let h = Polar2 {
                        scale: 0.0,
                        squeeze: 0.5 * stream.random::<f64>(),
                        axis: stream.random_range(-PI..PI),
                        angle: stream.random_range(-PI..PI),
                    }
                    .matrix();
                    // |g|² = 2 cosh 2t in SL(2).
                    let limit = 2.0 * radius.cosh();
                    let inside = matrices.iter().filter(|g| {
                        let moved = product(&h, g);
                        moved.iter().flatten().map(|x| x * x).sum::<f64>() <= limit
                    });
                    rows.push(share(which, inside.count(), expected));
                }
                rows
            }
            Quantity::WithoutLogarithm => {
                let samples = haar(0.0, &mut stream)?.elements;
                let without = samples.iter().filter(|g| !has_logarithm(&g.matrix())).count();
                vec![share(0, without, missed_share(radius))]
            }
            Quantity::MeanRadius => {
                let (elements, _) = draw_ball::<3>(radius, 0.0, count, &mut stream)?;
                let radii: Vec<f64> = elements
                    .iter()
                    .filter_map(singular)
                    .map(|found| found.values.iter().map(|value| value.ln().powi(2)).sum::<f64>().sqrt())
                    .collect();
                let mean = radii.iter().sum::<f64>() / radii.len() as f64;
                let variance = radii.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / radii.len() as f64;
                let expected = chamber_mean(radius);
                vec![near(0, mean, expected, (variance / radii.len() as f64).sqrt())]
            }
            Quantity::Bound => vec![
                bound::<2>(radius, count, &mut stream),
                bound::<3>(radius, count, &mut stream),
                bound::<4>(radius, count, &mut stream),
                bound::<5>(radius, count, &mut stream),
            ],
        };
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let missed = table.rows().filter(|(cell, _)| cell.quantity == Quantity::WithoutLogarithm);
        let chart = Chart::new()
            .x_label("radius T of the ball")
            .y_label("share without a logarithm")
            .y_range(0.0, 0.55)
            .line(
                "(gd T cosh²T − sinh T)/(π sinh²T)",
                (1..=80).map(|k| (0.05 * f64::from(k), missed_share(0.05 * f64::from(k)))),
            )
            .scatter("samples", missed.map(|(cell, row)| (cell.radius, row.measured)))
            .horizontal_reference("one half", 0.5);
        report.figure(
            "missed",
            "The part of SL(2) that the exponential does not reach, by Haar measure.",
            "A curve that rises to one half, with points on it.",
            &Figure::new("What the exponential misses").panel(chart),
        )
    }
}

/// The mean of |X| over the ball of SL(3): in polar coordinates of traceless diagonal matrices, x = ρ(cos φ, cos(φ − 2π/3), cos(φ + 2π/3))√(2/3), density ρ ∏|sinh(x_i − x_j)|.
fn chamber_mean(radius: f64) -> f64 {
    let (mut mass, mut moment) = (0.0, 0.0);
    let n = 400;
    for i in 0..n {
        let rho = radius * (f64::from(i) + 0.5) / f64::from(n);
        for j in 0..n {
            let phi = PI / 3.0 * (f64::from(j) + 0.5) / f64::from(n);
            let x = [0.0, 2.0, -2.0].map(|k| rho * (2.0 / 3.0_f64).sqrt() * (phi - k * PI / 3.0).cos());
            let density = rho * ((x[0] - x[1]).sinh() * (x[0] - x[2]).sinh() * (x[1] - x[2]).sinh()).abs();
            mass += density;
            moment += rho * density;
        }
    }
    moment / mass
}

fn bound<const N: usize>(radius: f64, count: usize, random: &mut impl Rng) -> Row {
    let bound = density_bound(N, radius);
    let most = (0..count).map(|_| proposal::<N>(radius, random).1).fold(0.0, f64::max);
    Row { which: N as u32, measured: most, expected: bound, away: most / bound }
}
