//! `quadratic`: the constrained quadratic of Figure 1b, and the question whether variance reduction made its gain.

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::of_seeds;
use crate::extragradient::{anchored_extragradient, extragradient, reduced_extragradient};
use crate::halpern::halpern;
use crate::inexact::{Inner, Options, Snapshot, resolvent_halpern};
use crate::operator::norm;
use crate::page::{self, page_halpern};
use crate::problems::{chain, chain_zero};
use crate::resolvent::Simple;
use crate::run::{Step, Task};

/// Figure 1b.
pub struct Quadratic;

/// A method with the authors' parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Extragradient, step 0.5.
    Extragradient,
    /// With an anchor, step 0.3.
    Anchored,
    /// With sampled differences, step 0.01.
    Reduced,
    /// Algorithm 1, step 0.3.
    Page,
    /// Algorithm 1, step 0.1; not in the figure.
    PageShort,
    /// Algorithm 2, γ = 0.001, snapshots frozen as in the authors' program.
    Frozen,
    /// Algorithm 2 as it is meant, γ = 0.001.
    Moving,
    /// Halpern without sampling, step 0.3; not in the figure.
    Deterministic,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 8] = [
    (Method::Extragradient, "extragradient"),
    (Method::Anchored, "anchored extragradient"),
    (Method::Reduced, "variance-reduced extragradient"),
    (Method::Page, "Algorithm 1"),
    (Method::PageShort, "Algorithm 1, step 0.1"),
    (Method::Frozen, "Algorithm 2, as in the authors' program"),
    (Method::Moving, "Algorithm 2"),
    (Method::Deterministic, "Halpern without sampling"),
];

/// A cell: a method.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// n; the dimension is 2n.
    pub size: usize,
    /// Epochs of n calls, as the authors count.
    pub epochs: u64,
    /// Runs.
    pub seeds: u32,
}

/// The first point after a mark.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The run.
    pub replicate: u32,
    /// Epochs of the authors, by 7 % from mark to mark: a difference of the variance-reduced extragradient costs one call there.
    pub mark: f64,
    /// Epochs when every evaluation is counted.
    pub all_epochs: f64,
    /// k.
    pub step: u64,
    /// |F(u)|.
    #[column(within = 5e-2)]
    pub residual: f64,
    /// What the closed forms predict, 2D/(ηk) for Algorithm 1 and D/(ηk) for Halpern; 0 for others.
    pub predicted: f64,
}

impl Experiment for Quadratic {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "quadratic";
    const TITLE: &'static str = "The quadratic of Figure 1b";
    const QUESTION: &'static str = "Are Algorithms 1 and 2 ahead of extragradient methods on the constrained quadratic, does Algorithm 1 alone not oscillate, and is it variance reduction that makes the gain?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        // Steps of Algorithm 2 and of the variance-reduced extragradient are many: the quick profile cuts them short.
        let (size, seeds, epochs, of_resolvents, of_reduced) = match profile {
            Profile::Smoke => (20, 1, 300, 300, 100),
            Profile::Quick => (200, 2, 100_000, 30_000, 5_000),
            Profile::Full => (200, 5, 1_000_000, 1_000_000, 1_000_000),
        };
        let cell = |method| {
            let (epochs, seeds) = match method {
                Method::Page | Method::PageShort => (epochs, seeds),
                Method::Frozen | Method::Moving => (of_resolvents, 1),
                Method::Reduced => (of_reduced, 1),
                // The same for every seed.
                Method::Extragradient | Method::Anchored | Method::Deterministic => (epochs, 1),
            };
            Parameters { method, size, epochs, seeds }
        };
        METHODS.map(|(method, _)| cell(method)).to_vec()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let n = cell.size;
        let (sum, zero) = (chain(n)?, chain_zero(n));
        let start = vec![1.0 / n as f64; 2 * n];
        let distance = norm(&zero.iter().zip(&start).map(|(z, u)| z - u).collect::<Vec<f64>>());
        let constant = match cell.method {
            Method::Page => 2.0 / 0.3,
            Method::PageShort => 2.0 / 0.1,
            Method::Deterministic => 1.0 / 0.3,
            _ => 0.0,
        };
        let rows = of_seeds(random, cell.seeds, |replicate, seed| {
            let task =
                Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: u64::MAX, seed };
            let (mut rows, mut next, mut value) = (Vec::new(), 1.0_f64, vec![0.0; 2 * n]);
            let observe = |step: &Step<'_>| {
                let calls = step.counts.calls(n);
                let authors =
                    if cell.method == Method::Reduced { calls - step.counts.differences } else { calls };
                let mark = authors as f64 / n as f64;
                if mark >= next {
                    let residual = step.residual(&sum, &mut value);
                    let predicted = distance * constant / step.number.max(1) as f64;
                    rows.push(Row {
                        replicate,
                        mark: next,
                        all_epochs: calls as f64 / n as f64,
                        step: step.number,
                        residual,
                        predicted,
                    });
                    while next <= mark {
                        next *= 1.07;
                    }
                }
                if next > cell.epochs as f64 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let inexact = |snapshot| Options {
                scale: (n as f64).sqrt(),
                gamma: 0.001,
                inner: Inner::Fixed { share: 0.05 },
                snapshot,
                restart: None,
            };
            match cell.method {
                Method::Extragradient => extragradient(&task, 0.5, observe),
                Method::Anchored => anchored_extragradient(&task, 0.3, observe),
                Method::Reduced => reduced_extragradient(&task, 0.01, observe),
                Method::Page => page_halpern(&task, &page::Options::new(0.3, n), observe),
                Method::PageShort => page_halpern(&task, &page::Options::new(0.1, n), observe),
                Method::Frozen => resolvent_halpern(&task, &inexact(Snapshot::Frozen), observe),
                Method::Moving => resolvent_halpern(&task, &inexact(Snapshot::Moving), observe),
                Method::Deterministic => halpern(&task, 0.3, observe),
            };
            Ok(rows)
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("epochs, as the authors count")
            .y_label("|F(u)|")
            .x_log()
            .y_log()
            .legend_right();
        let mut all = Vec::new();
        for (method, name) in METHODS {
            let rows = table.rows().filter(|(cell, row)| cell.method == method && row.replicate == 0);
            chart = chart.line(name, rows.map(|(_, row)| (row.mark, row.residual)));
            let last = table.cells().filter(|(cell, _)| cell.method == method).flat_map(|(cell, rows)| {
                (0..cell.seeds).filter_map(|replicate| rows.iter().rfind(|row| row.replicate == replicate))
            });
            all.extend(table.means_by(
                last.map(|row| (row.mark, row.residual)),
                &format!("residual at the last mark, {name}"),
            ));
        }
        report.figure(
            "residuals",
            "One run each. Plain Halpern steps without sampling, which the figure of the paper does not show, account for most of the distance between Algorithm 1 and extragradient methods. Algorithm 1 grows at first: its step is longer than what the sum allows early.",
            "Eight falling curves on logarithmic axes; two of extragradient methods stay high, Algorithms 1 and 2 and Halpern end far below.",
            &Figure::new("A quadratic with linear constraints").panel(chart),
        )?;
        report.means_table("last", &all)
    }
}
