//! `restarts`: gaps of random games along Algorithm 2 with and without restarts (beyond the paper).

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{key, of_seeds};
use crate::extragradient::extragradient;
use crate::games::{Game, Sampling};
use crate::inexact::{Inner, Options, resolvent_halpern};
use crate::operator::FiniteSum;
use crate::problems::uniform;
use crate::run::{Step, Task};

/// Restarts on games.
pub struct Restarts;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Algorithm 2, rows and columns drawn by their squared lengths.
    Resolvent,
    /// The same, rows and columns drawn uniformly.
    Uniform,
    /// The same as the first with restarts.
    Restarted,
    /// Extragradient, step 0.99/|A|₂.
    Extragradient,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 4] = [
    (Method::Resolvent, "Algorithm 2"),
    (Method::Uniform, "Algorithm 2, uniform sampling"),
    (Method::Restarted, "Algorithm 2, restarted"),
    (Method::Extragradient, "extragradient, last iterate"),
];

/// A cell: a method on random games.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// Rows and columns.
    pub size: usize,
    /// How much larger the first row is: 1 for alike rows.
    pub spread: f64,
    /// Epochs.
    pub epochs: u64,
    /// Games.
    pub seeds: u32,
}

/// The first point after a mark.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The game.
    pub replicate: u32,
    /// Epochs, doubling.
    pub mark: u64,
    /// max Ax − min Aᵀy.
    #[column(within = 0.1, absolute = 1e-9)]
    pub gap: f64,
}

impl Experiment for Restarts {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "restarts";
    const TITLE: &'static str = "Restarts and importance sampling on games";
    const QUESTION: &'static str = "Beyond the paper: does moving the anchor whenever the fixed-point residual has fallen to 0.3 make Algorithm 2 faster on matrix games, and what does sampling by squared lengths save?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (size, epochs, seeds) = match profile {
            Profile::Smoke => (10, 256, 2),
            Profile::Quick => (40, 16_384, 5),
            Profile::Full => (100, 65_536, 20),
        };
        let of = |spread| METHODS.map(|(method, _)| Parameters { method, size, spread, epochs, seeds });
        [of(1.0), of(30.0)].concat()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut games = random.shared_stream("games", &key([("spread", cell.spread)]))?;
        let rows = of_seeds(random, cell.seeds, |replicate, seed| {
            let mut matrix = uniform(cell.size, &mut games);
            matrix.row_mut(0).mapv_inplace(|entry| entry * cell.spread);
            let sampling =
                if cell.method == Method::Uniform { Sampling::Uniform } else { Sampling::SquaredNorms };
            let game = Game::dense(matrix.view(), sampling)?;
            let (start, strategies, n) = (game.uniform(), game.strategies(), game.components());
            let task = Task { operator: &game, resolvent: &strategies, start: &start, calls: u64::MAX, seed };
            let (mut rows, mut next) = (Vec::new(), 1);
            let observe = |step: &Step<'_>| {
                while step.counts.calls(n) >= next * n as u64 {
                    rows.push(Row { replicate, mark: next, gap: game.gap(step.point) });
                    next *= 2;
                }
                if next > cell.epochs { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let options = Options::new(n, game.average_constant(), 1.0, Inner::Fixed { share: 1.0 });
            match cell.method {
                Method::Extragradient => extragradient(&task, 0.99 / game.constant(), observe),
                Method::Restarted => {
                    resolvent_halpern(&task, &Options { restart: Some(0.3), ..options }, observe)
                }
                Method::Resolvent | Method::Uniform => resolvent_halpern(&task, &options, observe),
            };
            Ok(rows)
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure = Figure::new("Gaps of random games")
            .subtitle("geometric mean over games, 95 % bootstrap interval of its logarithm")
            .columns(2);
        for (spread, title) in [(1.0, "rows alike"), (30.0, "one row thirty times larger")] {
            let mut chart = Chart::new().title(title).x_label("epochs").y_label("log₁₀ of the gap").x_log();
            for (method, name) in METHODS {
                let rows = table.rows().filter(|(cell, _)| cell.method == method && cell.spread == spread);
                let means = table.means_by(
                    rows.map(|(_, row)| (row.mark as f64, row.gap.max(1e-16).log10())),
                    &format!("logarithm of the gap, {name}, {title}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "gaps",
            "With restarts the gap falls faster than without, where it goes on like 1/k; how fast differs from game to game. The last iterate of extragradient, which converges linearly on games too, is a strong rival. Sampling by squared lengths helps where lengths differ.",
            "Two panels: three falling lines and one that bends down to the level of rounding.",
            &figure,
        )?;
        report.means_table("gaps", &all)
    }
}
