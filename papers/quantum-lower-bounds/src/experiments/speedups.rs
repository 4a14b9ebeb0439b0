//! `speedups`: where quantum queries help by a square root, and where not, by exact formulas.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::claims::speedup_exponent;
use crate::hidden_chain::hybrid_bound;
use crate::quantum::amplitudes::{Register, amplification_queries, grover};
use crate::quantum::interrogation::queries_for;

/// Speed-ups.
pub struct Speedups;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// A marked item of N, with probability ½.
    Search,
    /// All T letters of a hidden chain with 16 T² letters, with probability ½: by the hybrid bound.
    Chain,
    /// One toss with z = 1 of a coin in superposition, q = 1/size, with probability ½.
    Coin,
    /// An overlap of ½ with n hidden signs.
    Signs,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What.
    pub task: Task,
    /// N, T, 1/q or n.
    pub size: u64,
}

/// Queries.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Quantum queries that suffice; for the chain the fewest that the hybrid bound allows.
    pub quantum: u64,
    /// Classical queries that are needed.
    pub classical: u64,
    /// Difference between the formula's probability and a state vector's; NaN where none is simulated.
    pub simulated: f64,
}

impl Experiment for Speedups {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "speedups";
    const TITLE: &'static str = "Square roots, and none";
    const QUESTION: &'static str = "How do queries grow with the size for search, for a chain, for a coherent coin, and for spread signs?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (powers, chains): (&[u32], &[u64]) = match profile {
            Profile::Smoke => (&[4, 6, 8], &[2, 4, 8]),
            Profile::Quick => (&[6, 8, 10, 12, 14, 16], &[2, 3, 4, 6, 8, 12, 16, 20]),
            Profile::Full => (&[6, 8, 10, 12, 14, 16, 18, 20, 22, 24], &[2, 3, 4, 6, 8, 12, 16, 20]),
        };
        let mut cells: Vec<Parameters> =
            chains.iter().map(|size| Parameters { task: Task::Chain, size: *size }).collect();
        for power in powers {
            let tasks = [Task::Search, Task::Coin, Task::Signs];
            let tasks = tasks.into_iter().filter(|task| *task != Task::Signs || *power <= 12);
            cells.extend(tasks.map(|task| Parameters { task, size: 1 << power }));
        }
        cells
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let size = cell.size;
        let row = match cell.task {
            Task::Search => {
                let queries = amplification_queries(1.0 / size as f64);
                let mut register = Register::uniform(size.trailing_zeros());
                register.search(size as usize / 3, queries);
                let simulated =
                    (register.probability(size as usize / 3) - grover(size as f64, queries)).abs();
                Row { quantum: queries, classical: size.div_ceil(2) - 1, simulated }
            }
            Task::Chain => {
                let length = u32::try_from(size)?;
                let allowed =
                    (0..length).find(|queries| hybrid_bound(16 * length * length, length, *queries) >= 0.5);
                Row { quantum: u64::from(allowed.unwrap_or(length)), classical: size, simulated: f64::NAN }
            }
            Task::Coin => {
                let q = 1.0 / size as f64;
                let classical = (0.5_f64.ln() / (-q).ln_1p()).ceil() as u64;
                Row { quantum: amplification_queries(q), classical, simulated: f64::NAN }
            }
            Task::Signs => {
                let (quantum, classical) = queries_for(size, 0.5);
                Row { quantum, classical, simulated: f64::NAN }
            }
        };
        Ok(Outcome::Done(vec![row]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart =
            Chart::new().x_label("size: N, T, 1/q, n").y_label("queries").x_log().y_log().legend_right();
        for (task, name) in [
            (Task::Search, "search"),
            (Task::Coin, "coherent coin"),
            (Task::Signs, "spread signs"),
            (Task::Chain, "hidden chain"),
        ] {
            let rows = || table.rows().filter(move |(cell, _)| cell.task == task);
            chart = chart.line_with_markers(
                name,
                rows().map(|(cell, row)| (cell.size as f64, row.quantum.max(1) as f64)),
            );
        }
        let exponent = |task| speedup_exponent(table, task);
        report.figure(
            "queries",
            &format!(
                "Powers of the size: {:.2} for search and {:.2} for a coherent coin, whose lines coincide, {:.2} for spread signs, and {:.2} for a chain, by its lower bound.",
                exponent(Task::Search),
                exponent(Task::Coin),
                exponent(Task::Signs),
                exponent(Task::Chain),
            ),
            "Four rising lines on logarithmic axes.",
            &Figure::new("Quantum queries").panel(chart),
        )
    }
}
