//! `truncations`: the hybrid argument on simulated algorithms.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::hidden_chain::{blank_register_optimum, classical_optimum, hybrid_bound};
use crate::quantum::truncation::{Family, Game};
use num_traits::ToPrimitive;

/// The hybrid argument.
pub struct Truncations;

/// What the algorithm does between queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// The uniform superposition.
    Uniform,
    /// Reflections about the mean.
    Reflections,
    /// Random reflections.
    Random,
    /// A blank register and the best measurement, by its formula; T = 2 and one query only.
    Blank,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// N.
    pub letters: u64,
    /// T.
    pub length: u64,
    /// k < T.
    pub queries: u64,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Secrets.
    pub secrets: u64,
}

/// Distances and probabilities.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Root mean square distance of final states; NaN for the formula.
    #[column(within = 1e-6)]
    pub distance: f64,
    /// 2k/√N.
    pub distance_bound: f64,
    /// Mean probability of naming the secret; NaN for several queries.
    #[column(within = 1e-6)]
    pub success: f64,
    /// The hybrid bound of it.
    pub success_bound: f64,
    /// The best classical probability.
    pub classical: f64,
}

impl Experiment for Truncations {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "truncations";
    const TITLE: &'static str = "k quantum queries know k columns";
    const QUESTION: &'static str = "Do algorithms in superposition stay as near to ones that cannot know later letters as the argument says?";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (two, three, secrets): (&[u64], &[u64], u64) = match profile {
            Profile::Smoke => (&[16, 32], &[], 5),
            Profile::Quick => (&[16, 32, 64, 128, 256, 512], &[16, 32, 64], 30),
            Profile::Full => (&[16, 32, 64, 128, 256, 512, 1024, 2048, 4096], &[16, 32, 64, 128], 60),
        };
        let mut cells = Vec::new();
        for (lengths, length) in [(two, 2), (three, 3)] {
            for letters in lengths {
                for queries in 1..length {
                    for algorithm in
                        [Algorithm::Uniform, Algorithm::Reflections, Algorithm::Random, Algorithm::Blank]
                    {
                        // Amplitudes of nine random states.
                        let small = (*letters as f64).powi(length as i32) * length as f64 <= 1e6;
                        let holds = match algorithm {
                            Algorithm::Blank => length == 2,
                            Algorithm::Random => small,
                            _ => (*letters as f64).powi(length as i32) * (length as f64) < 2e7,
                        };
                        if holds {
                            cells.push(Parameters { letters: *letters, length, queries, algorithm, secrets });
                        }
                    }
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (letters, length, queries) =
            (u32::try_from(cell.letters)?, u32::try_from(cell.length)?, u32::try_from(cell.queries)?);
        let game = Game { letters: letters as usize, length: length as usize };
        let family = match cell.algorithm {
            Algorithm::Uniform => Some(Family::Uniform),
            Algorithm::Reflections => Some(Family::Reflections),
            Algorithm::Random => Some(Family::Random),
            Algorithm::Blank => None,
        };
        let (distance, success) = match family {
            Some(family) => {
                let found = game.measure(
                    family,
                    queries as usize,
                    usize::try_from(cell.secrets)?,
                    &mut random.stream("secrets"),
                );
                (found.distance, found.success)
            }
            None => (f64::NAN, blank_register_optimum(letters)),
        };
        Ok(Outcome::Done(vec![Row {
            distance,
            distance_bound: 2.0 * f64::from(queries) / f64::from(letters).sqrt(),
            success,
            success_bound: hybrid_bound(letters, length, queries),
            classical: classical_optimum(letters, length, queries).to_f64().unwrap_or(f64::NAN),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut success = Chart::new()
            .title("success, T = 2, one query")
            .x_label("letters N")
            .y_label("probability")
            .x_log()
            .y_log();
        let rows = |algorithm: Algorithm| {
            table.rows().filter(move |(cell, _)| cell.length == 2 && cell.algorithm == algorithm)
        };
        success = success
            .line(
                "hybrid bound",
                rows(Algorithm::Uniform).map(|(cell, row)| (cell.letters as f64, row.success_bound)),
            )
            .line_with_markers(
                "blank register, best",
                rows(Algorithm::Blank).map(|(cell, row)| (cell.letters as f64, row.success)),
            )
            .line_with_markers(
                "classical, best",
                rows(Algorithm::Uniform).map(|(cell, row)| (cell.letters as f64, row.classical)),
            )
            .line_with_markers(
                "uniform",
                rows(Algorithm::Uniform).map(|(cell, row)| (cell.letters as f64, row.success)),
            );
        let mut distance = Chart::new()
            .title("distance over its bound")
            .x_label("letters N")
            .y_label("share of 2k/√N")
            .x_log()
            .y_range(0.0, 1.05);
        for (algorithm, name) in [
            (Algorithm::Uniform, "uniform"),
            (Algorithm::Reflections, "reflections"),
            (Algorithm::Random, "random"),
        ] {
            let points = table.rows().filter(|(cell, _)| cell.algorithm == algorithm);
            distance = distance.scatter(
                name,
                points.map(|(cell, row)| (cell.letters as f64, row.distance / row.distance_bound)),
            );
        }
        let ratio = rows(Algorithm::Blank).last().map_or(f64::NAN, |(_, row)| row.success / row.classical);
        let farthest = table.rows().map(|(_, row)| row.distance / row.distance_bound).fold(0.0, f64::max);
        report.figure(
            "success",
            &format!("One query in superposition names a secret of two letters {ratio:.2} times as often as the best classical one at the largest N, both falling like 1/N; distances are {farthest:.2} of their bound at most."),
            "Four falling lines on logarithmic axes, and points below one.",
            &Figure::new("Quantum queries of hidden chains").panel(success).panel(distance),
        )
    }
}
