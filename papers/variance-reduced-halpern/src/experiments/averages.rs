//! `averages`: calls of Algorithm 1 against n and ε, and against Halpern without sampling (the abstract's complexity).

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{key, of_seeds};
use crate::halpern::halpern;
use crate::operator::{FiniteSum, crossover, norm};
use crate::page::{Options, page_halpern};
use crate::potential::{certified_step, late_calls, tuned};
use crate::problems::projections;
use crate::resolvent::Simple;
use crate::run::{Monitor, Task};

/// Calls for cocoercive sums.
pub struct Averages;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Algorithm 1, the authors' b and p, η = 0.5/L.
    Page,
    /// The same with the step that is proved.
    Certified,
    /// b, p and step that the proof finds best.
    Tuned,
    /// Halpern without sampling, step 1/L_F.
    Deterministic,
    /// The same, step 2/L_F, the longest.
    DeterministicLong,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 5] = [
    (Method::Page, "Algorithm 1, 0.5/L"),
    (Method::Certified, "Algorithm 1, proved step"),
    (Method::Tuned, "Algorithm 1, tuned b and p, proved step"),
    (Method::Deterministic, "Halpern, 1/L_F"),
    (Method::DeterministicLong, "Halpern, 2/L_F"),
];

/// A cell: a method on sums of n projections.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// n.
    pub components: usize,
    /// The share of a direction that all parts have in common.
    pub common: f64,
    /// The smallest residual, of which each run passes the larger ones.
    pub smallest: f64,
    /// Problems.
    pub seeds: u32,
}

/// A residual that a run came to.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The problem.
    pub replicate: u32,
    /// ε.
    pub residual: f64,
    /// Calls when a look first saw ε or less; looks are at calls that grow by 1 %, and not counted.
    #[column(within = 3e-2)]
    pub calls: u64,
    /// What the closed forms predict: 2D/(ηε) late steps, or D/(ηε) passes.
    pub predicted: f64,
    /// L/L_F.
    pub ratio: f64,
    /// n*, below which Algorithm 1 with η = 0.5/L is predicted to need more calls than this deterministic step; 0 for Algorithm 1 itself.
    pub crossover: f64,
}

impl Experiment for Averages {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "averages";
    const TITLE: &'static str = "Calls of Algorithm 1";
    const QUESTION: &'static str = "The paper proves n + √n L/ε calls up to logarithms for cocoercive sums, where methods without sampling need n L_F/ε. Do calls follow the first, and where does it pay?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, smallest, seeds): (&[usize], _, _) = match profile {
            Profile::Smoke => (&[16, 64], 1e-2, 2),
            Profile::Quick => (&[64, 256, 1_024, 4_096], 1e-4, 5),
            Profile::Full => (&[64, 256, 1_024, 4_096, 16_384], 1e-4, 20),
        };
        let mut grid = Vec::new();
        for &components in sizes {
            // Ten times the calls would not fit.
            let smallest = if profile == Profile::Quick && components > 1_024 { 1e-3 } else { smallest };
            for common in [0.5, 0.8] {
                grid.extend(METHODS.map(|(method, _)| Parameters {
                    method,
                    components,
                    common,
                    smallest,
                    seeds,
                }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let n = cell.components;
        // All methods see the same problems.
        let mut problems =
            random.shared_stream("problems", &key([("n", n as f64), ("common", cell.common)]))?;
        let options = match cell.method {
            Method::Certified => {
                Options { eta: certified_step(&Options::new(1.0, n)), ..Options::new(1.0, n) }
            }
            Method::Tuned => tuned(n, f64::INFINITY),
            _ => Options::new(0.5, n),
        };
        let rows = of_seeds(random, cell.seeds, |replicate, seed| {
            let sum = projections(n, cell.common, &mut problems);
            let (average, constant) = (sum.average_constant(), sum.constant());
            let start = vec![0.0; sum.dimension()];
            let distance = norm(sum.zero());
            let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: 1 << 40, seed };
            let mut monitor = Monitor::new(&sum, cell.smallest, 1.01);
            let step = match cell.method {
                Method::Deterministic => Some(1.0),
                Method::DeterministicLong => Some(2.0),
                _ => None,
            };
            let predicted = if let Some(step) = step {
                halpern(&task, step / constant, |step| monitor.look(step));
                distance * constant / step * n as f64
            } else {
                let options = Options { eta: options.eta / average, ..options };
                page_halpern(&task, &options, |step| monitor.look(step));
                late_calls(&options, n, distance, 1.0)
            };
            let mut rows = Vec::new();
            for residual in [1e-1, 1e-2, 1e-3, 1e-4].into_iter().filter(|residual| *residual >= cell.smallest)
            {
                let seen = monitor.seen.iter().find(|(_, seen)| *seen <= residual);
                let (calls, _) = seen.ok_or("the residual was not reached")?;
                rows.push(Row {
                    replicate,
                    residual,
                    calls: *calls,
                    predicted: predicted / residual,
                    ratio: average / constant,
                    crossover: step.map_or(0.0, |step| crossover(average, constant, 0.5, step)),
                });
            }
            Ok(rows)
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        // The smallest residual that all came to.
        let smallest = table.cells().map(|(cell, _)| cell.smallest).fold(0.0, f64::max);
        let mut all = Vec::new();
        let mut figure = Figure::new("Calls until the residual is small")
            .subtitle(format!("residual {smallest:e}, mean over problems, 95 % bootstrap interval"))
            .columns(2);
        for (common, title) in
            [(0.5, "parts that differ: L about 2 L_F"), (0.8, "parts nearly aligned: L near L_F")]
        {
            let mut chart =
                Chart::new().title(title).x_label("n, number of parts").y_label("calls").x_log().y_log();
            for (method, name) in METHODS {
                let rows = table.rows().filter(|(cell, row)| {
                    cell.method == method && cell.common == common && row.residual == smallest
                });
                let means = table.means_by(
                    rows.map(|(cell, row)| (cell.components as f64, row.calls as f64)),
                    &format!("calls, {name}, {title}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "calls",
            "Calls of Algorithm 1 grow with √n, those of Halpern without sampling with n. Left L is about twice L_F: with the authors' b and p it passes Halpern with steps 1/L_F between n = 1,024 and 4,096, with tuned ones between 256 and 1,024. Right L is nearly L_F, and it pays from n = 256 or 1,024 on. Against steps 2/L_F it takes four times as many parts.",
            "Two panels of rising straight lines on logarithmic axes; the lines of Algorithm 1 are flatter and meet the others at larger n on the left than on the right.",
            &figure,
        )?;
        let mut figure = Figure::new("Calls against the closed forms").columns(2);
        for (common, title) in [(0.5, "parts that differ"), (0.8, "parts nearly aligned")] {
            let mut chart = Chart::new()
                .title(title)
                .x_label("n, number of parts")
                .y_label("measured over predicted")
                .x_log();
            for (method, name) in METHODS {
                let rows = table.rows().filter(|(cell, row)| {
                    cell.method == method && cell.common == common && row.residual == smallest
                });
                let means = table.means_by(
                    rows.map(|(cell, row)| (cell.components as f64, row.calls as f64 / row.predicted)),
                    &format!("measured over predicted calls, {name}, {title}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "predicted",
            "Measured calls over 2D/(ηε) late steps of Algorithm 1 or D/(ηε) passes of Halpern. Nearly aligned parts need fewer: most of the distance D lies in directions in which F is small, where the quasi-stationary regime comes late.",
            "Two panels of five lines: near one left, below one right.",
            &figure,
        )?;
        report.means_table("calls", &all)
    }
}
