//! `floating`: how often one released number excludes a neighbour for certain.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::noise::{Lattice, Noise};

/// Floating.
pub struct Floating;

/// Where noise comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampler {
    /// 53 binary digits.
    Double,
    /// 24 binary digits.
    Single,
    /// Whole multiples of a public unit.
    Lattice,
}

/// A cell: a query whose answer is 0, and 1 for the neighbour.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Noise.
    pub sampler: Sampler,
    /// σ.
    pub deviation: f64,
    /// Releases.
    pub releases: u32,
}

/// Shares.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Releases that cannot come from the neighbour, of all: δ is at least that, at any ε.
    #[column(absolute = 1e-9)]
    pub excluded: f64,
    /// Releases of the neighbour that would be taken for excluding it.
    #[column(absolute = 1e-9)]
    pub false_alarms: f64,
}

/// Whether y lies below 1/2 and is no multiple of the last digit of numbers from 1/2 to 1, which 1 + noise always is there.
fn excludes_one(y: f64, digits: i32) -> bool {
    y.abs() < 0.5 && (y * f64::from(digits).exp2()).fract() != 0.0
}

impl Experiment for Floating {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "floating";
    const TITLE: &'static str = "Floating-point noise";
    const QUESTION: &'static str = "How often does the last digit of a noisy sum betray what was summed?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let releases = match profile {
            Profile::Smoke => 2_000,
            Profile::Quick => 200_000,
            Profile::Full => 1_000_000,
        };
        let deviations: &[f64] = if profile == Profile::Smoke { &[1.0] } else { &[1.0, 2.0, 4.0, 8.0, 21.0] };
        let of = |sampler| {
            deviations.iter().map(move |deviation| Parameters { sampler, deviation: *deviation, releases })
        };
        [Sampler::Double, Sampler::Single, Sampler::Lattice].into_iter().flat_map(of).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut draws = random.stream("noise");
        let sigma = cell.deviation;
        let digits = if cell.sampler == Sampler::Single { 24 } else { 53 };
        let mut share = |answer: f64| {
            let mut count = 0_u32;
            let mut lattice = Lattice::with(&mut draws);
            let unit = lattice.unit(sigma, f64::INFINITY).unwrap_or(1.0);
            for _ in 0..cell.releases {
                let y = match cell.sampler {
                    Sampler::Lattice => {
                        let mut value = [(answer / unit).round()];
                        lattice.add(sigma / unit, &mut value);
                        value[0] * unit
                    }
                    Sampler::Double => {
                        let z: f64 = StandardNormal.sample(lattice.bits());
                        answer + sigma * z
                    }
                    Sampler::Single => {
                        let z: f32 = StandardNormal.sample(lattice.bits());
                        f64::from(answer as f32 + sigma as f32 * z)
                    }
                };
                count += u32::from(excludes_one(y, digits));
            }
            f64::from(count) / f64::from(cell.releases)
        };
        Ok(Outcome::Done(vec![Row { excluded: share(0.0), false_alarms: share(1.0) }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .title("releases that exclude the neighbour for certain")
            .x_label("deviation of the noise, in units of what neighbours differ by")
            .y_label("share of releases")
            .x_log();
        for (sampler, name) in
            [(Sampler::Double, "64-bit"), (Sampler::Single, "32-bit"), (Sampler::Lattice, "lattice")]
        {
            let rows = table.rows().filter(|(cell, _)| cell.sampler == sampler);
            chart = chart.line_with_markers(name, rows.map(|(cell, row)| (cell.deviation, row.excluded)));
        }
        let figure = Figure::new("What the last digit gives away").panel(chart);
        report.figure("shares", "Floating-point noise reveals the neighbour with certainty in a share of releases far above any usual δ; on the lattice it never does.", "Three lines, one at zero.", &figure)
    }
}
