//! `paths`: runs of the four methods on the landscape (the paper's Figures 1(b), 2(a), 2(b) and 2(c)).

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{METHODS, Method, STEPS, on_the_canyon};
use crate::canyon::Canyon;
use crate::objective::Objective;

/// Paths on the canyon.
pub struct Paths;

/// A cell: a run of a method.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// The run.
    pub replicate: u32,
}

/// A step that is shown: of swarm and hopping each second, of descent each hundredth.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Number of the step.
    pub step: u64,
    /// First coordinate of the consensus, or of the point of descent.
    #[column(within = 1e-3, absolute = 1e-3)]
    pub x: f64,
    /// Second coordinate.
    #[column(within = 1e-3, absolute = 1e-3)]
    pub y: f64,
    /// E there.
    #[column(within = 1e-2, absolute = 1e-2)]
    pub value: f64,
    /// Number of a particle of the first swarm, at the steps at which the swarm is drawn; else the row is the consensus or the point of descent.
    pub particle: Option<u32>,
}

impl Experiment for Paths {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "paths";
    const TITLE: &'static str = "Four methods on a canyon (Figures 1(b), 2(a), 2(b), 2(c))";
    const QUESTION: &'static str = "From (8, 8) a bent canyon leads to a local minimum near (2.34, 2.47), and over a barrier to the global one at 0. Where do the \
         four methods of the paper go, with the parameters of the authors' scripts?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 5,
            Profile::Full => 50,
        };
        let runs = |method| {
            (0..if method == Method::Descent { 1 } else { replicates })
                .map(move |replicate| Parameters { method, replicate })
        };
        METHODS.into_iter().flat_map(|(method, _)| runs(method)).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let every = if matches!(cell.method, Method::Swarm | Method::Hopping) { 2 } else { STEPS.1 / 100 };
        let mut rows = Vec::new();
        on_the_canyon(cell.method, &mut random.stream("run"), |step, seen| {
            let mut row = |[x, y]: [f64; 2], particle| {
                rows.push(Row { step, x, y, value: Canyon.value(&[x, y]), particle })
            };
            if step % every == 0 || step == 1 {
                row(seen.point, None);
            }
            if cell.method == Method::Swarm && cell.replicate == 0 && DRAWN.contains(&step) {
                seen.particles
                    .chunks_exact(2)
                    .zip(0..)
                    .for_each(|(at, number)| row([at[0], at[1]], Some(number)));
            }
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Where four methods go on the canyon")
            .subtitle("level lines of E at 4, 8, 16, 28; square: global minimum 0; each run a line")
            .columns(2)
            .panel_height(300.0);
        for (method, name) in METHODS {
            let mut chart = Chart::new()
                .title(name)
                .x_label("x")
                .y_label("y")
                .x_range(-3.0, 9.0)
                .y_range(-3.0, 9.0)
                .without_legend();
            for segments in level_lines() {
                chart = chart.segments("", segments).styled_as(7);
            }
            for (cell, rows) in table.cells().filter(|(cell, _)| cell.method == method) {
                chart = chart
                    .line(
                        format!("run {}", cell.replicate + 1),
                        rows.iter().filter(|row| row.particle.is_none()).map(|row| (row.x, row.y)),
                    )
                    .styled_as(0);
            }
            chart = chart.scatter("global minimum", [(0.0, 0.0)]).styled_as(1).annotation(
                0.3,
                -0.6,
                "global minimum",
            );
            figure = figure.panel(chart);
        }
        report.figure(
            "figures-1-2",
            "Consensus of the swarm (Figure 1(b)), of hopping (2(a)), gradient descent (2(b)) and annealed Langevin (2(c)). The first two follow the canyon from \
             values of E alone and pass the barrier; descent stops at the local minimum; Langevin passes in some runs.",
            "Four panels of the same landscape with paths from the upper right: two end at the origin, one stops at (2.3, 2.5), one ends at either.",
            &figure,
        )?;
        let first = || {
            table
                .rows()
                .filter(|(cell, _)| cell.method == Method::Swarm && cell.replicate == 0)
                .map(|(_, row)| row)
        };
        let mut figure = Figure::new("The swarm of Figure 1(b) on its way")
            .subtitle("level lines of E; squares: consensus; particles outside the frame are not drawn")
            .columns(2)
            .panel_height(300.0);
        for step in DRAWN {
            let mut chart = Chart::new()
                .title(format!("step {step}"))
                .x_label("x")
                .y_label("y")
                .x_range(-3.0, 9.0)
                .y_range(-3.0, 9.0)
                .without_legend();
            for segments in level_lines() {
                chart = chart.segments("", segments).styled_as(7);
            }
            let particles =
                first().filter(|row| row.step == step && row.particle.is_some()).map(|row| (row.x, row.y));
            let consensus =
                first().filter(|row| row.step == step && row.particle.is_none()).map(|row| (row.x, row.y));
            figure = figure.panel(
                chart
                    .scatter("particles", particles)
                    .styled_as(0)
                    .scatter("consensus", consensus)
                    .styled_as(1),
            );
        }
        report.figure(
            "swarm",
            "Particles and consensus of one run. The consensus is where the best particles are, in the canyon; it moves on when a particle is thrown to a lower place, across barriers too, while the cloud \
             around it grows thinner and wider.",
            "Four panels: a cloud around the upper right, then clouds that lie along the canyon, at last around the origin with far outliers.",
            &figure,
        )?;
        let mut chart =
            Chart::new().x_label("share of the run").y_label("E along the run").y_range(0.0, 40.0);
        for (method, name) in METHODS {
            let first = table.cells().find(|(cell, _)| cell.method == method && cell.replicate == 0);
            if let Some((_, rows)) = first {
                let last = rows.last().map_or(1, |row| row.step) as f64;
                chart = chart.line(
                    name,
                    rows.iter()
                        .filter(|row| row.particle.is_none())
                        .map(|row| (row.step as f64 / last, row.value)),
                );
            }
        }
        report.figure(
            "values",
            "E along the first run of each method. Gradient descent falls and rests at 3.86. The consensus of swarm and hopping rests on plateaus too and leaves them by jumps.",
            "Four falling curves; one ends on a plateau at 3.9, the others near 0.",
            &Figure::new("The energy of the consensus falls like that of a descent").panel(chart),
        )
    }
}

/// Steps at which the swarm is drawn.
const DRAWN: [u64; 4] = [1, 50, 100, 250];

/// A short line between two points, with its weight.
type Segment = ((f64, f64), (f64, f64), f64);

/// Level lines of the canyon by marching squares, all of one weight.
fn level_lines() -> Vec<Vec<Segment>> {
    let side = 72;
    let at = |k: usize| -3.0 + 12.0 * k as f64 / side as f64;
    let lines = |level: f64| {
        let mut segments = Vec::new();
        for (i, j) in (0..side * side).map(|k| (k / side, k % side)) {
            let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)].map(|(i, j)| [at(i), at(j)]);
            let heights = corners.map(|corner| Canyon.value(&corner) - level);
            let crossing = |k: usize| {
                let (a, b) = (heights[k], heights[(k + 1) % 4]);
                let share = a / (a - b);
                let (from, to) = (corners[k], corners[(k + 1) % 4]);
                ((a < 0.0) != (b < 0.0))
                    .then(|| (from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])))
            };
            let crossings: Vec<_> = (0..4).filter_map(crossing).collect();
            segments.extend(crossings.chunks_exact(2).map(|ends| (ends[0], ends[1], 1.0)));
        }
        segments
    };
    [4.0, 8.0, 16.0, 28.0].map(lines).to_vec()
}
