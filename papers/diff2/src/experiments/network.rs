//! `network`: the paper's network on a generated regression, trained by DP-GD, DIFF2, and DIFF2 with local steps.
//!
//! Every method is tuned on one run for each of as many settings, and judged on another run. Tuning looks at the data, as in the paper, and is not private.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, s};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::{DELTA, budget};
use crate::clipping::{Query, clipped_mean, mean_loss};
use crate::models::Softplus;
use crate::noise::Seeded;
use crate::plan::{Draws, Local, Minibatch, Plan};
use crate::privacy::{Mu, NoiseMultiplier};
use crate::records::Records;
use crate::schedule::{Constants, Rounds};
use crate::train::{Release, train};

/// Network.
pub struct Network;

const UNITS: usize = 10;
const NODES: usize = 4;

/// How records lie on nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// By chance.
    Chance,
    /// By the first feature.
    Sorted,
}

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// DP-GD.
    GradientDescent,
    /// DIFF2-GD.
    Diff2,
    /// DIFF2-BVR-L-SGD.
    Local,
}

/// Methods with names.
pub const METHODS: [(Method, &str); 3] = [
    (Method::GradientDescent, "DP-GD"),
    (Method::Diff2, "DIFF2-GD"),
    (Method::Local, "DIFF2 with local steps"),
];

/// A cell: one drawn data set, 80 % of it for training.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Records.
    pub records: usize,
    /// Features.
    pub features: usize,
    /// Most rounds of the search.
    pub most_rounds: u64,
    /// Nodes' shares.
    pub split: Split,
    /// ε, with δ = 10⁻⁵.
    pub epsilon: f64,
    /// Which draw.
    pub replicate: u32,
}

/// A method, at its best settings for a number of rounds.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub method: Method,
    /// Mean of |∇f|² over some twenty iterates, equally spaced.
    #[column(within = 1e-5)]
    pub mean: f64,
    /// |∇f|² at the last one.
    #[column(within = 1e-5)]
    pub last: f64,
    /// Training loss at the last one.
    #[column(within = 1e-6)]
    pub loss: f64,
    /// Test loss there.
    #[column(within = 1e-6)]
    pub test_loss: f64,
    /// R.
    pub rounds: u64,
    /// T.
    pub restart: u64,
    /// η.
    pub step: f64,
    /// Whether tuning found the smallest mean of |∇f|² with so many rounds.
    pub preferred: bool,
    /// Mean share of records scaled down.
    #[column(absolute = 1e-4)]
    pub clipped: f64,
}

struct Problem {
    model: Softplus,
    training: Records,
    test: Records,
    start: Vec<f64>,
}

fn problem(cell: &Parameters, random: &mut ChaCha8Rng) -> Result<Problem, Failure> {
    let mut normal = || -> f64 { StandardNormal.sample(random) };
    let (count, p) = (cell.records, cell.features);
    let features = Array2::from_shape_simple_fn((count, p), || normal() / (p as f64).sqrt());
    // A teacher of the same kind, with steeper units.
    let inner = Array2::from_shape_simple_fn((p, UNITS), || 2.0 * normal());
    let outer = Array1::from_shape_simple_fn(UNITS, &mut normal);
    let clean = features.dot(&inner).mapv(|z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p()).dot(&outer);
    let (mean, deviation) = (clean.mean().unwrap_or(0.0), clean.std(0.0));
    let targets = clean.mapv(|y| (y - mean) / deviation + 0.1 * normal());
    let train = count * 4 / 5;
    let mut order: Vec<usize> = (0..train).collect();
    if cell.split == Split::Sorted {
        order.sort_by(|a, b| features[[*a, 0]].total_cmp(&features[[*b, 0]]));
    }
    let mut nodes = vec![0; train];
    for (place, row) in order.iter().enumerate() {
        nodes[*row] = place * NODES / train;
    }
    let start = (0..UNITS * p).map(|_| normal()).chain(vec![0.0; UNITS]).collect::<Vec<_>>();
    let start = [start, (0..UNITS).map(|_| 0.3 * normal()).collect(), vec![0.0]].concat();
    Ok(Problem {
        model: Softplus::new(p, UNITS),
        training: Records::new(features.slice(s![..train, ..]), targets.slice(s![..train]), &nodes)?,
        test: Records::new(
            features.slice(s![train.., ..]),
            targets.slice(s![train..]),
            &vec![0; count - train],
        )?,
        start,
    })
}

/// Settings of a run.
#[derive(Clone, Copy)]
struct Setting {
    method: Method,
    rounds: Rounds,
    step: f64,
}

struct Measured {
    mean: f64,
    last: f64,
    clipped: f64,
    end: Vec<f64>,
}

/// C₁, and C₂ = C₃.
const CLIPS: (f64, f64) = (2.0, 2.0);
const LOCAL_STEPS: u64 = 4;
const LOCAL_SHARE: f64 = 0.3;

impl Problem {
    fn squared_gradient(&self, at: &[f64]) -> f64 {
        let query = Query::Gradients { at };
        let gradient = clipped_mean(&self.model, query, &self.training, f64::INFINITY, None).mean;
        gradient.iter().map(|g| g * g).sum()
    }

    fn run(&self, setting: &Setting, epsilon: f64, random: &mut ChaCha8Rng) -> Result<Measured, Failure> {
        let draws = Draws::new(setting.rounds.rounds, self.training.nodes(), random);
        let mut plan = Plan::within(budget(epsilon)?, setting.rounds, setting.step, CLIPS)?;
        if setting.method == Method::Local {
            let local = Local {
                steps: LOCAL_STEPS,
                minibatch: Minibatch::Fixed(self.training.size(0) / 2),
                clip: CLIPS.1,
                noise: NoiseMultiplier::new(1.0)?,
            };
            plan = plan.with_local((epsilon, DELTA), LOCAL_SHARE, local, &draws)?;
        }
        // Every few iterates stand for all.
        let every = setting.rounds.rounds.div_ceil(20);
        let (mut sum, mut seen, mut clipped) = (0.0, 0.0, 0.0);
        let observe = |release: &Release| {
            if release.round.is_multiple_of(every) {
                sum += self.squared_gradient(release.at);
                seen += 1.0;
            }
            clipped += release.clipped;
        };
        let mut noise = Seeded::new(random);
        let trained = train(&self.model, &self.training, &plan, &draws, &self.start, &mut noise, observe)?;
        let rounds = setting.rounds.rounds as f64;
        let last = self.squared_gradient(&trained.last);
        Ok(Measured { mean: sum / seen, last, clipped: clipped / rounds, end: trained.last })
    }
}

/// The step above which one of a gradient's steepest directions is left, as pilots show for this start.
const LONGEST: f64 = 0.3;

/// Settings that are tried for a method with so many rounds: six of each. Steps with differences stay near the longest that the bound allows, 1/(s₂√(2(T − 1)d)).
fn search(problem: &Problem, method: Method, rounds: u64, mu: Mu) -> Vec<Setting> {
    let shares: &[f64] = if method == Method::GradientDescent { &[0.0] } else { &[0.25, 0.06] };
    let mut all = Vec::new();
    for share in shares {
        let restart = ((rounds as f64 * share) as u64).max(1);
        let rounds = Rounds { rounds, restart, share: 0.5 };
        let (longest, parts): (f64, &[f64]) = if restart == 1 {
            (LONGEST, &[0.05, 0.15, 0.3, 0.6, 1.0, 2.0])
        } else {
            let constants = Constants {
                smoothness: 0.5 / LONGEST,
                gap: 1.0,
                clip_gradient: CLIPS.0,
                clip_difference: CLIPS.1,
                dimension: problem.start.len() as f64,
                records: 0.5 / problem.training.share(),
                mu,
            };
            (constants.bounded(rounds).step, &[0.3, 1.0, 2.0])
        };
        all.extend(parts.iter().map(|part| Setting { method, rounds, step: part * longest }));
    }
    all
}

impl Experiment for Network {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "network";
    const TITLE: &'static str = "The paper's network on generated data";
    const QUESTION: &'static str = "At ε of 3 and 5, does DIFF2 find smaller gradients and losses than DP-GD, and do local steps save rounds?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let shapes: &[(usize, usize, u64, u32)] = match profile {
            Profile::Smoke => &[(400, 3, 12, 2)],
            Profile::Quick => &[(6_000, 8, 120, 2)],
            // The shapes of California Housing and of Gas Turbine.
            Profile::Full => {
                &[(2_000, 8, 1_200, 2), (6_000, 8, 1_200, 2), (20_640, 8, 120, 4), (36_733, 9, 120, 4)]
            }
        };
        let mut cells = Vec::new();
        for (records, features, most_rounds, replicates) in shapes {
            for split in [Split::Chance, Split::Sorted] {
                for epsilon in [3.0, 5.0] {
                    cells.extend((0..*replicates).map(|replicate| Parameters {
                        records: *records,
                        features: *features,
                        most_rounds: *most_rounds,
                        split,
                        epsilon,
                        replicate,
                    }));
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = problem(cell, &mut random.stream("data"))?;
        let lengths = [4, 12, 40, 120, 1_200].into_iter().filter(|rounds| *rounds <= cell.most_rounds);
        // Two lengths, and a third where there is time.
        let lengths: Vec<u64> = lengths.filter(|rounds| *rounds >= 40 || cell.most_rounds < 40).collect();
        let mut rows = Vec::new();
        for (method, name) in METHODS {
            let mut tuning = random.stream(&format!("tuning of {name}"));
            let mut values = Vec::new();
            for rounds in &lengths {
                let mut best = (f64::INFINITY, None);
                for setting in search(&problem, method, *rounds, budget(cell.epsilon)?) {
                    // A run that diverges is not chosen.
                    let mean = problem
                        .run(&setting, cell.epsilon, &mut tuning)
                        .map_or(f64::INFINITY, |run| run.mean);
                    if mean < best.0 {
                        best = (mean, Some(setting));
                    }
                }
                let setting = best.1.ok_or("every setting diverged")?;
                let mut judging = random.stream(&format!("judging of {name} in {rounds} rounds"));
                let found = problem.run(&setting, cell.epsilon, &mut judging)?;
                values.push(best.0);
                rows.push(Row {
                    method,
                    mean: found.mean,
                    last: found.last,
                    loss: mean_loss(&problem.model, &found.end, &problem.training),
                    test_loss: mean_loss(&problem.model, &found.end, &problem.test),
                    rounds: *rounds,
                    restart: setting.rounds.restart,
                    step: setting.step,
                    preferred: false,
                    clipped: found.clipped,
                });
            }
            let first = rows.len() - values.len();
            let preferred = (0..values.len()).min_by(|a, b| values[*a].total_cmp(&values[*b]));
            if let Some(place) = preferred {
                rows[first + place].preferred = true;
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut kinds: Vec<(usize, f64)> = Vec::new();
        for (cell, _) in table.rows() {
            if !kinds.contains(&(cell.records, cell.epsilon)) {
                kinds.push((cell.records, cell.epsilon));
            }
        }
        let names = kinds.iter().map(|(records, epsilon)| format!("N = {records}, ε = {epsilon}"));
        let names: Vec<String> = names.collect();
        let mut figure = Figure::new("The paper's network, best settings").columns(1);
        for (title, y, of) in [
            ("squared gradient, mean over iterates", "|∇f|²", (|row: &Row| row.mean) as fn(&Row) -> f64),
            ("test loss of the last iterate", "loss", |row| row.test_loss),
        ] {
            let mut chart = Chart::new().title(title).y_label(y).y_log().categories(&names);
            for (at, (method, name)) in METHODS.into_iter().enumerate() {
                let points = table
                    .rows()
                    .filter(|(_, row)| row.method == method && row.preferred)
                    .filter_map(|(cell, row)| {
                        let place = kinds.iter().position(|kind| *kind == (cell.records, cell.epsilon))?;
                        Some((place as f64 + 0.2 * (at as f64 - 1.0), of(row)))
                    });
                chart = chart.scatter(name, points);
            }
            figure = figure.panel(chart);
        }
        report.figure("losses", "Each method at the best of its settings, on the same data: one point for each drawn data set and split.", "Two panels of points.", &figure)
    }
}
