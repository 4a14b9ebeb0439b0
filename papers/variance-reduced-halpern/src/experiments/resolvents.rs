//! `resolvents`: calls of Algorithm 2 against n and ε for monotone Lipschitz sums, against extragradient methods (the abstract's second complexity).

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{key, of_seeds};
use crate::extragradient::{anchored_extragradient, extragradient, reduced_extragradient};
use crate::inexact::{Inner, Options, Snapshot, resolvent_halpern};
use crate::operator::{FiniteSum, norm};
use crate::page::{self, page_halpern};
use crate::problems::bilinear;
use crate::resolvent::Simple;
use crate::run::{Monitor, Task};

/// Calls for bilinear sums.
pub struct Resolvents;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Algorithm 2.
    Resolvent,
    /// Algorithm 2 with the authors' slip, snapshots that do not move.
    Frozen,
    /// Extragradient, step 0.99/L_F.
    Extragradient,
    /// With an anchor, step 0.99/L_F.
    Anchored,
    /// With sampled differences, step 0.99 √p/L.
    Reduced,
    /// Algorithm 1, which needs cocoercivity, step 0.5/L.
    Page,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 6] = [
    (Method::Resolvent, "Algorithm 2"),
    (Method::Frozen, "Algorithm 2, frozen snapshot"),
    (Method::Extragradient, "extragradient"),
    (Method::Anchored, "anchored extragradient"),
    (Method::Reduced, "variance-reduced extragradient"),
    (Method::Page, "Algorithm 1, no theorem here"),
];

/// Those that are compared at every n.
const COMPARED: [Method; 4] = [Method::Resolvent, Method::Extragradient, Method::Anchored, Method::Reduced];

/// A cell: a method on bilinear sums of n parts.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// n.
    pub components: usize,
    /// The length of what all p_i, and all q_i, have in common, before they get length 1.
    pub common: f64,
    /// Of Algorithm 2: the inner steps, over n ln(k + 2).
    pub share: f64,
    /// The smallest residual.
    pub smallest: f64,
    /// The most calls.
    pub budget: u64,
    /// Problems.
    pub seeds: u32,
}

/// A residual that a run came to, or its end.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The problem.
    pub replicate: u32,
    /// ε; 0 for the end of a run that did not come to the smallest.
    pub residual: f64,
    /// Calls when a look first saw ε or less; looks are at calls that grow by 1 %, and not counted.
    #[column(within = 3e-2)]
    pub calls: u64,
    /// The residual seen there over that of the start.
    #[column(within = 5e-2)]
    pub relative: f64,
    /// L/L_F.
    pub ratio: f64,
}

impl Experiment for Resolvents {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "resolvents";
    const TITLE: &'static str = "Calls of Algorithm 2";
    const QUESTION: &'static str = "For monotone Lipschitz sums the paper proves n + √n L/ε calls up to logarithms for Algorithm 2. Do calls grow like √n and 1/ε, is it ahead of extragradient methods, and does Algorithm 1 fail without cocoercivity?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, smallest, seeds): (&[usize], _, _) = match profile {
            Profile::Smoke => (&[16, 64], 1e-2, 2),
            Profile::Quick => (&[64, 256, 1_024], 1e-3, 5),
            Profile::Full => (&[64, 256, 1_024, 4_096], 1e-3, 20),
        };
        let budget = if profile == Profile::Smoke { 1_000_000 } else { 1 << 40 };
        let mut grid = Vec::new();
        for &components in sizes {
            for common in [1.0, 0.0] {
                let cell =
                    |method, share| Parameters { method, components, common, share, smallest, budget, seeds };
                // Methods whose calls grow like 1/ε and not faster go ten times farther.
                let farther = |method| match method {
                    Method::Resolvent | Method::Anchored => smallest / 10.0,
                    _ => smallest,
                };
                grid.extend(
                    COMPARED.map(|method| Parameters { smallest: farther(method), ..cell(method, 0.5) }),
                );
                if components != sizes[0] || common == 0.0 {
                    continue;
                }
                // At one size: Algorithm 1, and the slip at three lengths of the inner loop.
                grid.push(Parameters { budget: 2_000_000, ..cell(Method::Page, 0.5) });
                grid.extend([0.05, 0.5, 2.0].map(|share| cell(Method::Frozen, share)));
                grid.extend([0.05, 2.0].map(|share| cell(Method::Resolvent, share)));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let n = cell.components;
        let mut problems =
            random.shared_stream("problems", &key([("n", n as f64), ("common", cell.common)]))?;
        let rows = of_seeds(random, cell.seeds, |replicate, seed| {
            let sum = bilinear(n, cell.common, &mut problems);
            let (average, constant) = (sum.average_constant(), sum.constant());
            let start = vec![0.0; sum.dimension()];
            let task =
                Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: cell.budget, seed };
            let mut monitor = Monitor::new(&sum, cell.smallest, 1.01);
            let mut first = vec![0.0; start.len()];
            sum.full(&start, &mut first);
            let first = norm(&first);
            let ended = match cell.method {
                Method::Resolvent | Method::Frozen => {
                    let snapshot =
                        if cell.method == Method::Frozen { Snapshot::Frozen } else { Snapshot::Moving };
                    let inner = Inner::Fixed { share: cell.share };
                    let options = Options { snapshot, ..Options::new(n, average, 0.5, inner) };
                    resolvent_halpern(&task, &options, |step| monitor.look(step))
                }
                Method::Extragradient => extragradient(&task, 0.99 / constant, |step| monitor.look(step)),
                Method::Anchored => anchored_extragradient(&task, 0.99 / constant, |step| monitor.look(step)),
                Method::Reduced => {
                    let step = 0.99 / (n as f64).sqrt() / average;
                    reduced_extragradient(&task, step, |step| monitor.look(step))
                }
                // The smallest residual would stop it before it diverges.
                Method::Page => {
                    page_halpern(&task, &page::Options::new(0.5 / average, n), |_| ControlFlow::Continue(()))
                }
            };
            let row = |residual, calls, seen: f64| Row {
                replicate,
                residual,
                calls,
                // A run that diverged to infinity.
                relative: if seen.is_finite() { seen / first } else { f64::MAX },
                ratio: average / constant,
            };
            let mut rows = Vec::new();
            for residual in [1e-1, 1e-2, 1e-3, 1e-4].into_iter().filter(|residual| *residual >= cell.smallest)
            {
                if let Some((calls, seen)) = monitor.seen.iter().find(|(_, seen)| *seen <= residual) {
                    rows.push(row(residual, *calls, *seen));
                }
            }
            if monitor.reached().is_none() {
                rows.push(row(0.0, ended.counts.calls(n), ended.residual(&sum)));
            }
            Ok(rows)
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        // That all methods came to.
        let smallest = table.cells().map(|(cell, _)| cell.smallest).fold(0.0, f64::max);
        let mut all = Vec::new();
        let mut figure = Figure::new("Calls until the residual is small")
            .subtitle(format!("residual {smallest:e}, mean over problems, 95 % bootstrap interval"))
            .columns(2);
        for (common, title) in [(1.0, "parts with something in common"), (0.0, "independent parts")] {
            let mut chart =
                Chart::new().title(title).x_label("n, number of parts").y_label("calls").x_log().y_log();
            for (method, name) in METHODS.into_iter().filter(|(method, _)| COMPARED.contains(method)) {
                let rows = table.rows().filter(|(cell, row)| {
                    cell.method == method
                        && cell.common == common
                        && cell.share == 0.5
                        && row.residual == smallest
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
            "Calls of Algorithm 2 grow like √n. Left L_F hardly depends on n, and methods without sampling need calls that grow with n. Right L_F falls like 1/√n: they grow with √n too, and sampling does not pay.",
            "Two panels of rising lines on logarithmic axes.",
            &figure,
        )?;
        let mut chart = Chart::new().x_label("inner steps over n ln(k + 2)").y_label("calls").x_log().y_log();
        let least = table.cells().map(|(cell, _)| cell.components).min().unwrap_or(0);
        for (method, name) in [METHODS[0], METHODS[1]] {
            let rows = table.rows().filter(|(cell, row)| {
                cell.method == method
                    && cell.common == 1.0
                    && cell.components == least
                    && row.residual == smallest
            });
            let means = table.means_by(
                rows.map(|(cell, row)| (cell.share, row.calls as f64)),
                &format!("calls, {name}, n = {least}"),
            );
            chart = chart.means(name, &means);
            all.extend(means);
        }
        report.figure(
            "snapshots",
            "The authors' program sets new snapshots to the start of the inner loop. With inner loops as short as theirs (0.05) there hardly is a snapshot, and it makes no difference; with longer ones it costs calls.",
            "Two lines over the length of inner loops that part to the right.",
            &Figure::new("Snapshots that move and that do not").subtitle(format!("n = {least}, residual {smallest:e}")).panel(chart),
        )?;
        report.means_table("calls", &all)
    }
}
