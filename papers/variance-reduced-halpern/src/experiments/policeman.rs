//! `policeman`: the matrix game of Figure 1a, at the authors' weights and at fresh ones, and its transpose.

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{key, of_seeds};
use crate::extragradient::{anchored_extragradient, extragradient, reduced_extragradient};
use crate::games::{Game, Sampling};
use crate::halpern::halpern;
use crate::inexact::{Inner, Options, Snapshot, resolvent_halpern};
use crate::operator::FiniteSum;
use crate::page::{self, page_halpern};
use crate::problems::{policeman, policeman_of};
use crate::run::{Counts, Step, Task, natural_residual};

/// The weights of the authors' instance, absolute normals from NumPy's legacy generator with seed 1.
const AUTHORS_WEIGHTS: &str = include_str!("../../tests/cases/pb_weights500.csv");

/// Figure 1a.
pub struct Policeman;

/// Which matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instance {
    /// The authors' weights, n = 500.
    Authors,
    /// Fresh weights for each seed.
    Fresh,
    /// Fresh weights, transposed: Nemirovski's game.
    Transposed,
}

/// All of them with their names.
pub const INSTANCES: [(Instance, &str); 3] = [
    (Instance::Authors, "authors' weights"),
    (Instance::Fresh, "fresh weights"),
    (Instance::Transposed, "transposed"),
];

/// A method with the authors' parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Extragradient, step 5/|A|₂.
    Extragradient,
    /// With an anchor, step 5/|A|₂.
    Anchored,
    /// With sampled differences, step 3√p/|A|_F.
    Reduced,
    /// Algorithm 1, step 5/|A|_F.
    Page,
    /// Algorithm 2, snapshots frozen as in the authors' program.
    Frozen,
    /// Algorithm 2 as it is meant.
    Moving,
    /// Halpern without sampling, step 5/|A|₂; not in the figure.
    Deterministic,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 7] = [
    (Method::Extragradient, "extragradient"),
    (Method::Anchored, "anchored extragradient"),
    (Method::Reduced, "variance-reduced extragradient"),
    (Method::Page, "Algorithm 1"),
    (Method::Frozen, "Algorithm 2, as in the authors' program"),
    (Method::Moving, "Algorithm 2"),
    (Method::Deterministic, "Halpern without sampling"),
];

/// A cell: a method on an instance.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// Which matrix.
    pub instance: Instance,
    /// Rows and columns.
    pub size: usize,
    /// Epochs, of n calls.
    pub epochs: u64,
    /// Runs.
    pub seeds: u32,
}

/// How calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counting {
    /// Every evaluation of a part.
    Uniform,
    /// As the authors' program: the pass at the start of an inner loop is free.
    Authors,
}

/// The first point after a mark.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The run.
    pub replicate: u32,
    /// How calls are counted.
    pub counting: Counting,
    /// Epochs: 1, 3, 10, 30, …
    pub mark: u64,
    /// The natural residual with step 1, the figure's quantity.
    #[column(within = 5e-2)]
    pub natural: f64,
    /// max Ax − min Aᵀy.
    #[column(within = 5e-2)]
    pub gap: f64,
}

impl Experiment for Policeman {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "policeman";
    const TITLE: &'static str = "The matrix game of Figure 1a";
    const QUESTION: &'static str = "Are variance-reduced methods ahead of extragradient methods on the policeman and the burglar, in the natural residual and in the game's gap, however calls are counted?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (authors, fresh, epochs, seeds) = match profile {
            Profile::Smoke => (50, 30, 30, 1),
            Profile::Quick => (500, 200, 300, 2),
            Profile::Full => (500, 500, 5_000, 5),
        };
        let mut grid = Vec::new();
        for (instance, _) in INSTANCES {
            let size = if instance == Instance::Authors { authors } else { fresh };
            for (method, _) in METHODS {
                let drawn = instance != Instance::Authors
                    || !matches!(method, Method::Extragradient | Method::Anchored | Method::Deterministic);
                grid.push(Parameters {
                    method,
                    instance,
                    size,
                    epochs,
                    seeds: if drawn { seeds } else { 1 },
                });
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut weights =
            random.shared_stream("weights", &key([("instance", f64::from(cell.instance as u8))]))?;
        let rows = of_seeds(random, cell.seeds, |replicate, seed| {
            let matrix: Array2<f64> = match cell.instance {
                Instance::Authors => {
                    let weights: Vec<f64> =
                        AUTHORS_WEIGHTS.lines().map(str::parse).collect::<Result<_, _>>()?;
                    policeman_of(&weights[..cell.size])
                }
                Instance::Fresh => policeman(cell.size, &mut weights),
                Instance::Transposed => policeman(cell.size, &mut weights).reversed_axes(),
            };
            let game = Game::dense(matrix.view(), Sampling::Pairs)?;
            Ok(run(cell, &game, replicate, seed))
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure = Figure::new("The policeman and the burglar")
            .subtitle("mean over runs, 95 % bootstrap interval; every evaluation of a part counted")
            .columns(2);
        for (instance, title) in INSTANCES {
            for (quantity, of) in [
                ("natural residual", (|row: &Row| row.natural) as fn(&Row) -> f64),
                ("gap of the game", |row| row.gap),
            ] {
                let mut chart = Chart::new().title(title).x_label("epochs").y_label(quantity).x_log().y_log();
                for (method, name) in METHODS {
                    let rows = table.rows().filter(|(cell, row)| {
                        cell.instance == instance
                            && cell.method == method
                            && row.counting == Counting::Uniform
                    });
                    let means = table.means_by(
                        rows.map(|(_, row)| (row.mark as f64, of(row))),
                        &format!("{quantity}, {title}, {name}"),
                    );
                    chart = chart.means(name, &means);
                    all.extend(means);
                }
                figure = figure.panel(chart);
            }
        }
        report.figure(
            "residuals",
            "Left the paper's quantity, right the gap, which bounds what either player could win by changing. The residual stays at levels for long: the support of x then moves from one small weight to the next.",
            "Six panels of falling steps on logarithmic axes.",
            &figure,
        )?;
        report.means_table("epochs", &all)
    }
}

fn run(cell: &Parameters, game: &Game, replicate: u32, seed: u64) -> Vec<Row> {
    let n = cell.size;
    let (start, strategies) = (game.uniform(), game.strategies());
    // All methods of the figure use the Frobenius norm for L, though pairs are drawn uniformly.
    let frobenius = game.matrix().squares(false).iter().sum::<f64>().sqrt();
    let long = 5.0 / game.constant();
    let task = Task { operator: game, resolvent: &strategies, start: &start, calls: u64::MAX, seed };
    let mut rows = Vec::new();
    let mut next = [1_u64; 2];
    let observe = |step: &Step<'_>| {
        let counted = |counts: &Counts| [counts.calls(n), counts.calls(n) - counts.inner_starts * n as u64];
        for ((next, calls), counting) in
            next.iter_mut().zip(counted(&step.counts)).zip([Counting::Uniform, Counting::Authors])
        {
            while calls >= *next * n as u64 && *next <= cell.epochs {
                let (natural, gap) = (natural_residual(game, &strategies, step.point), game.gap(step.point));
                rows.push(Row { replicate, counting, mark: *next, natural, gap });
                *next = following(*next);
            }
        }
        if next.iter().all(|next| *next > cell.epochs) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let inner = Inner::Fixed { share: 0.05 };
    match cell.method {
        Method::Extragradient => extragradient(&task, long, observe),
        Method::Anchored => anchored_extragradient(&task, long, observe),
        Method::Reduced => reduced_extragradient(&task, 3.0 / (n as f64).sqrt() / frobenius, observe),
        Method::Page => page_halpern(&task, &page::Options::new(5.0 / frobenius, n), observe),
        Method::Frozen => {
            let options = Options { snapshot: Snapshot::Frozen, ..Options::new(n, frobenius, 5.0, inner) };
            resolvent_halpern(&task, &options, observe)
        }
        Method::Moving => resolvent_halpern(&task, &Options::new(n, frobenius, 5.0, inner), observe),
        Method::Deterministic => halpern(&task, long, observe),
    };
    rows
}

/// 1, 3, 10, 30, 100, …; the last mark of the full profile is 5,000.
fn following(mark: u64) -> u64 {
    match mark {
        3_000 => 5_000,
        _ if mark.to_string().starts_with('1') => mark * 3,
        _ => mark / 3 * 10,
    }
}
