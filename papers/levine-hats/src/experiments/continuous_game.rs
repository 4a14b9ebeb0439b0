//! `continuous-game`: uncountable stacks.

use lab::{Chart, Columns, Experiment, Failure, Figure, Heatmap, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::continuous::{circle_wins, frequency_area, frequency_wins};

/// Areas of win sets in the continuous game.
pub struct ContinuousGame;

/// A model of the game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Hats are half circles.
    Circle,
    /// Hats are square waves of any frequency.
    Frequency,
}

/// A cell: a model, and the scale of frequencies.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What hats are.
    pub model: Model,
    /// Number of players, n.
    pub players: usize,
    /// T; 1 for the circle, which has none.
    pub scale: f64,
    /// Random stacks played.
    pub samples: u64,
}

/// The area of the win set.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Probability that all win, by formula.
    pub area: f64,
    /// Share of sampled stacks on which the strategy, applied by each player, wins.
    pub sampled: f64,
    /// Difference of the two in standard errors.
    #[column(within = 1e-3)]
    pub deviations: f64,
}

impl Experiment for ContinuousGame {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "continuous-game";
    const TITLE: &'static str = "Uncountable stacks: one half";
    const QUESTION: &'static str = "How large is the set on which all players are right when hats are half circles, or square waves of any frequency? By formula, and by \
         playing the strategies on random stacks.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (largest, samples) = match profile {
            Profile::Smoke => (8, 10_000),
            Profile::Quick => (16, 200_000),
            Profile::Full => (20, 2_000_000),
        };
        let mut grid = Vec::new();
        for players in [2, 3, 4] {
            grid.push(Parameters { model: Model::Circle, players, scale: 1.0, samples });
            for exponent in (0..=largest).step_by(2) {
                let scale = 2_f64.powi(exponent);
                grid.push(Parameters { model: Model::Frequency, players, scale, samples });
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut random = random.stream("stacks");
        let mut stacks = vec![0.0; cell.players];
        let mut wins = 0_u64;
        for _ in 0..cell.samples {
            stacks.fill_with(|| random.random());
            wins += u64::from(match cell.model {
                Model::Circle => circle_wins(&stacks),
                Model::Frequency => frequency_wins(&stacks, cell.scale),
            });
        }
        let area = match cell.model {
            Model::Circle => 0.5,
            Model::Frequency => frequency_area(cell.players, cell.scale),
        };
        let samples = cell.samples as f64;
        let sampled = wins as f64 / samples;
        let deviations = (sampled - area) / (area * (1.0 - area) / samples).sqrt();
        Ok(Outcome::Done(vec![Row { area, sampled, deviations }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart =
            Chart::new().x_label("scale of the frequencies, T").y_label("1/2 − area").x_log().y_log();
        for players in [2, 3, 4] {
            let rows =
                table.rows().filter(|(cell, _)| cell.model == Model::Frequency && cell.players == players);
            let points = rows.map(|(cell, row)| (cell.scale, 0.5 - row.area));
            chart = chart.line_with_markers(format!("{players} players"), points);
        }
        report.figure(
            "area",
            "What square waves miss of 1/2, against the scale of their frequencies: it vanishes, so the supremum of the game is 1/2. \
             With half circles 1/2 is attained.",
            "Three falling lines on logarithmic axes, one for each number of players.",
            &Figure::new("The win set fills half of the cube").panel(chart),
        )?;
        const SIDE: usize = 256;
        let middle = |cell: usize| (cell as f64 + 0.5) / SIDE as f64;
        let panels = [4.0, 16.0, 64.0].map(|scale| {
            let wins = |(y, x)| f64::from(u8::from(frequency_wins(&[middle(x), middle(y)], scale)));
            Heatmap::new(Array2::from_shape_fn((SIDE, SIDE), wins).view())
                .title(format!("T = {scale}"))
                .x_label("x, stack of the first player")
                .y_label("y, stack of the second player")
                .extent((0.0, 1.0), (0.0, 1.0))
                .zero_white()
                .value_range(0.0, 2.0)
                .without_color_bar()
        });
        report.figure(
            "win-sets",
            "Where two players win with square waves (coloured): hyperbolic stripes, right for both at once. Every horizontal and every vertical section is a hat.",
            "Three square pictures of hyperbolic stripes, finer from left to right.",
            &Figure::new("Both are right on the same set").columns(3).width(1000.0).panels(panels),
        )
    }
}
