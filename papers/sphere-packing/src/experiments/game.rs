//! `game`: the best bound against the number of solved programmes, by player.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::game::Game;
use crate::game::play::{Player, play};
use crate::game::store::Store;
use crate::three_point::Harmonics;
use crate::three_point::multiplier::Multiplier;

/// The players.
pub struct Players;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Dimension, n.
    pub dimension: u32,
    /// Who proposes programmes.
    pub player: Player,
    /// The player's random numbers.
    pub replicate: u32,
    /// Programmes that may be solved.
    pub budget: u32,
}

/// One solved programme.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// How many programmes have been solved.
    pub evaluation: u32,
    /// Proven bound of this programme, NaN for none.
    #[column(within = 1e-3)]
    pub bound: f64,
    /// Lowest bound so far.
    #[column(within = 1e-3)]
    pub best: f64,
    /// Smallest distance, r.
    #[column(within = 0.5)]
    pub radius: f64,
    /// R/r.
    #[column(absolute = 1)]
    pub ratio: f64,
    /// Width of the kernel's Gaussian, ρ.
    #[column(absolute = 2)]
    pub width: f64,
    /// Multipliers besides 1.
    #[column(absolute = 6)]
    pub multipliers: u32,
    /// Multipliers that are not among the usual ones.
    #[column(absolute = 6)]
    pub unusual: u32,
}

/// d and the radial degree of the game.
const DEGREE: usize = 3;
const RADIAL: usize = 8;

impl Experiment for Players {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "game";
    const TITLE: &'static str = "The game and its players";
    const QUESTION: &'static str = "With the same number of solved programmes, how low a proven bound do random search, random geometries with the usual multipliers, Bayesian optimisation of the geometry, tree search over multipliers, and both in turn reach? Degree 3; all start from the defaults.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, replicates, budget): (&[u32], u32, u32) = match profile {
            Profile::Smoke => (&[3], 1, 3),
            Profile::Quick => (&[3], 2, 8),
            Profile::Full => (&[3, 4], 5, 20),
        };
        let players = Player::ALL;
        dimensions
            .iter()
            .flat_map(|&dimension| {
                players.into_iter().flat_map(move |player| {
                    (0..replicates).map(move |replicate| Parameters { dimension, player, replicate, budget })
                })
            })
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let game = Game::new(cell.dimension as usize, DEGREE, RADIAL, Harmonics::All)?;
        let moves = play(
            &game,
            cell.player,
            cell.budget as usize,
            &mut random.stream("moves"),
            &mut Store::in_memory(),
            &mut |_| true,
        )?;
        let usual = Multiplier::usual(DEGREE);
        let rows = moves.iter().enumerate().map(|(number, played)| {
            let parameters = game.parameters(&played.state);
            Row {
                evaluation: number as u32 + 1,
                bound: played.evaluation.bound.unwrap_or(f64::NAN),
                best: played.best.unwrap_or(f64::NAN),
                radius: parameters.radius,
                ratio: parameters.truncation / parameters.radius,
                width: parameters.width,
                multipliers: played.state.multipliers.len() as u32,
                unusual: played
                    .state
                    .multipliers
                    .iter()
                    .filter(|multiplier| !usual.contains(multiplier))
                    .count() as u32,
            }
        });
        Ok(Outcome::Done(rows.collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut dimensions: Vec<u32> = table.rows().map(|(cell, _)| cell.dimension).collect();
        dimensions.sort_unstable();
        dimensions.dedup();
        let mut panels = Vec::new();
        for dimension in dimensions {
            let mut chart = Chart::new()
                .title(format!("n = {dimension}"))
                .x_label("programmes solved")
                .y_label("lowest proven bound");
            for player in Player::ALL {
                let points: Vec<(f64, f64)> = table
                    .rows()
                    .filter(|(cell, row)| {
                        cell.dimension == dimension && cell.player == player && row.best.is_finite()
                    })
                    .map(|(_, row)| (f64::from(row.evaluation), row.best))
                    .collect();
                if !points.is_empty() {
                    chart = chart.means(player.name(), &table.means_by(points, player.name()));
                }
            }
            panels.push(chart);
        }
        report.figure(
            "curves",
            "The lowest proven bound against programmes solved, mean over seeds with 95 % intervals.",
            "Falling curves, one for each player, with intervals.",
            &Figure::new("The players").panels(panels),
        )
    }
}
