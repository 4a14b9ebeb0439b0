//! `hidden`: a rotated chain leaks a column by chance as often as a cap of the sphere is wide, and gradient descent finds one column at a time.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::rotation::{Hidden, Rotation, Scratch, cap_probability};

/// Hidden chains.
pub struct Hiding;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// d.
    pub dimension: u64,
    /// |x| of the points that are tried. At R = 230√T columns are hidden in dimensions beyond 4R² only, which is 2·10⁵ T.
    pub radius: f64,
    /// Points.
    pub points: u64,
}

/// Counts.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Share of pairs of point and column with |uᵀx| ≥ ½.
    #[column(within = 1e-9)]
    pub frequency: f64,
    /// The cap's probability.
    #[column(within = 1e-9)]
    pub predicted: f64,
    /// Standard error of the share, for independent pairs.
    pub deviation: f64,
    /// The most columns that one query of gradient descent added, on a hidden chain of eight columns in this dimension.
    pub most_by_one: u64,
    /// Columns found after `queries` queries.
    pub found: u64,
    /// Queries of gradient descent.
    pub queries: u64,
}

const COLUMNS: usize = 8;

impl Experiment for Hiding {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "hidden";
    const TITLE: &'static str = "Chains in many dimensions";
    const QUESTION: &'static str =
        "How often does a blind point see a column, and does gradient descent see more than one at a time?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, points): (&[u64], u64) = match profile {
            Profile::Smoke => (&[50], 500),
            Profile::Quick => (&[10, 20, 50, 100, 200], 10_000),
            Profile::Full => (&[10, 20, 50, 100, 200, 300], 200_000),
        };
        let of = |dimension: &u64| Parameters { dimension: *dimension, radius: 2.0, points };
        dimensions.iter().map(of).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let d = usize::try_from(cell.dimension)?;
        let mut stream = random.stream("points");
        let rotation = Rotation::random(d, COLUMNS, &mut stream);
        let (mut x, mut inside, mut seen) = (vec![0.0; d], [0.0; COLUMNS], 0_u64);
        for _ in 0..cell.points {
            x.iter_mut().for_each(|x| *x = StandardNormal.sample(&mut stream));
            let length = x.iter().map(|x: &f64| x * x).sum::<f64>().sqrt();
            x.iter_mut().for_each(|x| *x *= cell.radius / length);
            rotation.inside(&x, &mut inside);
            seen += inside.iter().filter(|y| y.abs() >= 0.5).count() as u64;
        }
        let pairs = cell.points as f64 * COLUMNS as f64;
        let predicted = cap_probability(d, cell.radius, 0.5);
        let hidden = Hidden::random(COLUMNS, d, &mut stream);
        let (mut gradient, mut scratch) = (vec![0.0; d], Scratch::default());
        let (mut found, mut most) = (0, 0);
        let queries = 400;
        x.fill(0.0);
        for _ in 0..queries {
            hidden.gradient(&x, &mut gradient, &mut scratch);
            let progress = scratch.found();
            most = most.max(progress.saturating_sub(found));
            found = found.max(progress);
            // |∇²f̂| is below 155 as the literature states it.
            x.iter_mut().zip(&gradient).for_each(|(x, g)| *x -= g / 155.0);
        }
        Ok(Outcome::Done(vec![Row {
            frequency: seen as f64 / pairs,
            predicted,
            deviation: (predicted * (1.0 - predicted) / pairs).sqrt(),
            most_by_one: most as u64,
            found: found as u64,
            queries,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let rows = || table.rows().map(|(cell, row)| (cell.dimension as f64, row));
        let band = |sign: f64| {
            rows().map(move |(_, row)| row.frequency + sign * 2.0 * row.deviation).collect::<Vec<_>>()
        };
        let chart = Chart::new()
            .x_label("dimension d, |x| = 2")
            .y_label("probability that |uᵀx| ≥ 1/2")
            .x_log()
            .y_log()
            .line("spherical cap", rows().map(|(d, row)| (d, row.predicted)))
            .error_bars("counted", rows().map(|(d, row)| (d, row.frequency)), band(-1.0), band(1.0));
        let worst =
            rows().map(|(_, row)| (row.frequency - row.predicted).abs() / row.deviation).fold(0.0, f64::max);
        report.figure(
            "caps",
            &format!("Counted shares are within {worst:.1} standard errors of the formula."),
            "A line with points and whiskers.",
            &Figure::new("A blind point sees a column by chance").panel(chart),
        )
    }
}
