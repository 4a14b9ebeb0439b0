//! `audits`: attacks on the library as it is, and on what is broken on purpose.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::DELTA;
use crate::audit::{Audit, Fault, audit};
use crate::schedule::{Adjacency, Rounds};

/// Audits.
pub struct Audits;

/// Claimed ε.
pub const CLAIMED: f64 = 3.0;

/// What is attacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The library with continuous noise.
    Continuous,
    /// The library with noise on the lattice.
    Lattice,
    /// The library for a record left out.
    ZeroOut,
    /// The library where steps grow.
    Growing,
    /// Half of the noise.
    HalfNoise,
    /// Nine tenths of the noise.
    NineTenths,
    /// The budget is spent on every segment.
    BudgetOfOneSegment,
    /// Noise for a record left out, where one is replaced.
    WrongNeighbours,
    /// Differences clipped to five times the radius.
    LooseDifferences,
    /// The noise of the radius before, where steps shrink.
    StaleRadius,
    /// The same where steps grow.
    StaleRadiusGrowing,
    /// One record is not clipped.
    Unclipped,
}

/// Targets, with a name for figures.
pub const TARGETS: [(Target, &str); 12] = [
    (Target::Continuous, "as it is"),
    (Target::Lattice, "on the lattice"),
    (Target::ZeroOut, "record left out"),
    (Target::Growing, "growing steps"),
    (Target::HalfNoise, "half of the noise"),
    (Target::NineTenths, "0.9 of the noise"),
    (Target::BudgetOfOneSegment, "budget of a segment"),
    (Target::WrongNeighbours, "wrong neighbours"),
    (Target::LooseDifferences, "radius times 5"),
    (Target::StaleRadius, "stale radius"),
    (Target::StaleRadiusGrowing, "stale, growing steps"),
    (Target::Unclipped, "a record unclipped"),
];

impl Target {
    /// Whether nothing is broken.
    pub fn is_sound(self) -> bool {
        matches!(self, Self::Continuous | Self::Lattice | Self::ZeroOut | Self::Growing)
    }

    fn fault(self) -> Fault {
        match self {
            Self::Continuous | Self::Lattice | Self::ZeroOut | Self::Growing => Fault::None,
            Self::HalfNoise => Fault::Noise(0.5),
            Self::NineTenths => Fault::Noise(0.9),
            Self::BudgetOfOneSegment => Fault::BudgetOfOneSegment,
            Self::WrongNeighbours => Fault::WrongNeighbours,
            Self::LooseDifferences => Fault::LooseDifferences(5.0),
            Self::StaleRadius | Self::StaleRadiusGrowing => Fault::StaleRadius,
            Self::Unclipped => Fault::Unclipped,
        }
    }
}

/// A cell: an audit of (3, 10⁻⁵), 30 rounds with a restart every 10.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What is attacked.
    pub target: Target,
    /// Runs on each of two neighbours.
    pub runs: usize,
    /// Which seed.
    pub replicate: u32,
}

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The estimated μ over the claimed one.
    #[column(absolute = 1e-6)]
    pub ratio: f64,
    /// Its standard error.
    #[column(absolute = 1e-6)]
    pub error: f64,
    /// 99.9 % lower bound of ε.
    #[column(within = 1e-5, absolute = 1e-6)]
    pub epsilon: f64,
    /// The same by counts above one threshold.
    #[column(within = 1e-5, absolute = 1e-6)]
    pub epsilon_by_counts: f64,
}

impl Experiment for Audits {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "audits";
    const TITLE: &'static str = "Audits by the best distinguishing attack";
    const QUESTION: &'static str = "Does any attack show more than the claimed ε, and would it if noise, accounting, radius or clipping were wrong?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        // For what is sound, then for what is broken, where a tenth must show.
        let (runs, replicates) = match profile {
            Profile::Smoke => ([500, 500], [1, 1]),
            Profile::Quick => ([3_000, 8_000], [5, 1]),
            Profile::Full => ([100_000, 100_000], [5, 3]),
        };
        let of = |(target, _): (Target, &str)| {
            let (runs, replicates) =
                if target.is_sound() { (runs[0], replicates[0]) } else { (runs[1], replicates[1]) };
            (0..replicates).map(move |replicate| Parameters { target, runs, replicate })
        };
        TARGETS.into_iter().flat_map(of).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let seed = random.stream("attack").next_u64();
        let plan = Audit {
            epsilon: CLAIMED,
            delta: DELTA,
            rounds: Rounds { rounds: 30, restart: 10, share: 0.5 },
            adjacency: if cell.target == Target::ZeroOut { Adjacency::ZeroOut } else { Adjacency::Replace },
            runs: cell.runs,
            growing: matches!(cell.target, Target::Growing | Target::StaleRadiusGrowing),
            lattice: cell.target == Target::Lattice,
            fault: cell.target.fault(),
            confidence: 0.999,
        };
        let found = audit(&plan, seed)?;
        Ok(Outcome::Done(vec![Row {
            ratio: found.mu / found.claimed,
            error: found.error / found.claimed,
            epsilon: found.epsilon,
            epsilon_by_counts: found.epsilon_by_counts,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("99.9 % lower bounds of ε, where 3 is claimed").columns(1);
        for (title, sound) in [("the library", true), ("broken on purpose; cut at 20", false)] {
            let shown: Vec<_> = TARGETS.iter().filter(|(target, _)| target.is_sound() == sound).collect();
            let mut chart = Chart::new()
                .title(title)
                .y_label("ε")
                .categories(shown.iter().map(|(_, name)| *name))
                .horizontal_reference("claimed", CLAIMED);
            for (name, of) in [
                ("by μ", (|row: &Row| row.epsilon) as fn(&Row) -> f64),
                ("by counts", |row| row.epsilon_by_counts),
            ] {
                let points = table.rows().filter_map(|(cell, row)| {
                    let place = shown.iter().position(|(target, _)| *target == cell.target)?;
                    Some((place as f64, of(row).min(20.0)))
                });
                chart = chart.scatter(name, points);
            }
            figure = figure.panel(chart);
        }
        report.figure("audits", "Only what is broken shows more than the claimed ε, cut at 20 here. A stale radius is caught where steps grow.", "Two panels of points.", &figure)
    }
}
