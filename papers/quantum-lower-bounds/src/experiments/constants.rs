//! `constants`: suprema by interval arithmetic, beside what the literature states.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::chain::{Chain, tridiagonal_norm};
use crate::constants::{GAP, LITERATURE_ENTRY, LITERATURE_GAP, LITERATURE_LIPSCHITZ};
use crate::enclosure::{gate_supremum, largest_entry, lipschitz_bound, slope_supremum};

/// Constants of the chain.
pub struct Constants;

/// A constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// sup Ψ′.
    Gate1,
    /// sup Ψ″.
    Gate2,
    /// sup Ψ‴.
    Gate3,
    /// sup −Ψ⁗, the larger side.
    Gate4,
    /// sup Φ′.
    Slope1,
    /// sup Φ″.
    Slope2,
    /// sup Φ‴ in absolute value.
    Slope3,
    /// sup |∂ᵢF|.
    Entry,
    /// What a column adds to F(0) − inf F.
    Gap,
    /// The Lipschitz constant of ∇F.
    Lipschitz,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Which.
    pub quantity: Quantity,
    /// Interval boxes, and tries of the search for a large Hessian.
    pub effort: u64,
}

/// An enclosure.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// No less; for the Lipschitz constant attained at a point that was found.
    #[column(within = 1e-6)]
    pub low: f64,
    /// No more.
    #[column(within = 1e-6)]
    pub high: f64,
    /// The literature's number; NaN where it states none.
    pub literature: f64,
}

/// The largest norm of a Hessian that random walks find, ten of them from random places.
fn large_hessian(tries: u64, random: &mut impl Rng) -> f64 {
    let chain = Chain::new(4);
    let (mut diagonal, mut beside) = ([0.0; 4], [0.0; 3]);
    let mut norm = |x: &[f64; 4]| {
        chain.hessian(x, &mut diagonal, &mut beside);
        tridiagonal_norm(&diagonal, &beside)
    };
    let mut largest = 0.0_f64;
    for _ in 0..10 {
        let mut best = [0.0; 4].map(|_: f64| random.random_range(0.6..1.0));
        best[3] = 5.0;
        let mut value = norm(&best);
        for attempt in 0..tries / 10 {
            // From wide to narrow.
            let width = 0.3 * 1e-6_f64.powf(attempt as f64 / (tries / 10) as f64);
            let trial = best.map(|x| x + width * random.random_range(-1.0..1.0));
            let found = norm(&trial);
            if found > value {
                (best, value) = (trial, found);
            }
        }
        largest = largest.max(value);
    }
    largest
}

impl Experiment for Constants {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "constants";
    const TITLE: &'static str = "Constants of the chain, with certainty";
    const QUESTION: &'static str =
        "Are the constants of the literature right, and how far are they from what is true?";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let effort = match profile {
            Profile::Smoke => 500,
            Profile::Quick => 4_000,
            Profile::Full => 40_000,
        };
        use Quantity::*;
        [Gate1, Gate2, Gate3, Gate4, Slope1, Slope2, Slope3, Entry, Gap, Lipschitz]
            .map(|quantity| Parameters { quantity, effort })
            .to_vec()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let tolerance = 1e-7;
        let (found, literature) = match cell.quantity {
            Quantity::Gate1 => (gate_supremum(1, 1.0, tolerance), (54.0 / std::f64::consts::E).sqrt()),
            Quantity::Gate2 => (gate_supremum(2, 1.0, tolerance), 32.5),
            Quantity::Gate3 => (gate_supremum(3, 1.0, tolerance), f64::NAN),
            Quantity::Gate4 => (gate_supremum(4, -1.0, 1e-5), f64::NAN),
            Quantity::Slope1 => (slope_supremum(1, 1.0, tolerance), std::f64::consts::E.sqrt()),
            Quantity::Slope2 => (slope_supremum(2, 1.0, tolerance), 1.0),
            Quantity::Slope3 => (slope_supremum(3, -1.0, tolerance), f64::NAN),
            Quantity::Entry => (largest_entry(tolerance), LITERATURE_ENTRY),
            Quantity::Gap => {
                // Far out, where Φ is at its limit to the last bit, two chains differ by what a column adds.
                let far = |length: usize| Chain::new(length).value(&vec![1e8; length]);
                let added = far(2) - far(3);
                (crate::enclosure::Interval::new(added.min(GAP), added.max(GAP)), LITERATURE_GAP)
            }
            Quantity::Lipschitz => {
                let mut found = lipschitz_bound(1e-2, cell.effort as usize);
                found.low = large_hessian(10 * cell.effort, &mut random.stream("search"));
                (found, LITERATURE_LIPSCHITZ)
            }
        };
        Ok(Outcome::Done(vec![Row { low: found.low, high: found.high, literature }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let stated: Vec<(&Parameters, &Row)> =
            table.rows().filter(|(_, row)| row.literature.is_finite()).collect();
        let names = stated.iter().map(|(cell, _)| match cell.quantity {
            Quantity::Gate1 => "Ψ′",
            Quantity::Gate2 => "Ψ″",
            Quantity::Slope1 => "Φ′",
            Quantity::Slope2 => "Φ″",
            Quantity::Entry => "∂F",
            Quantity::Gap => "gap",
            _ => "∇F",
        });
        let share = |of: fn(&Row) -> f64| {
            stated.iter().map(move |(_, row)| of(row) / row.literature).collect::<Vec<_>>()
        };
        let chart = Chart::new()
            .x_label("constant")
            .y_label("share of the literature's number")
            .y_range(0.8, 1.02)
            .categories(names)
            .bars("at least", share(|row| row.low))
            .bars("at most", share(|row| row.high))
            .horizontal_reference("literature", 1.0);
        report.figure(
            "constants",
            "Certified enclosures beside the literature's constants, and the gap's exact value: those of entries, gap and gradient can be replaced by smaller ones.",
            "Pairs of bars at or below a line at one.",
            &Figure::new("Constants of the chain").panel(chart),
        )
    }
}
