//! `accuracy`: queries on the hardest function of a class, over ε.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::Method;
use crate::constants::lipschitz;
use crate::oracle::Exact;
use crate::scaled::{Constants, Scaled};

/// Accuracy.
pub struct Accuracy;

/// A cell: Δ = L = 1.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// p.
    pub order: u64,
    /// How.
    pub method: Method,
    /// ε.
    pub epsilon: f64,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// T.
    pub length: u64,
    /// T with sharp constants.
    pub sharp_length: u64,
    /// Queries to |∇f| ≤ ε.
    pub queries: u64,
    /// Whether it was found.
    pub found: bool,
}

impl Experiment for Accuracy {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "accuracy";
    const TITLE: &'static str = "Queries over the accuracy";
    const QUESTION: &'static str =
        "With which power of 1/ε do queries grow on the hardest functions of first, second and third order?";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (count, shortest, longest): (u32, f64, f64) = match profile {
            Profile::Smoke => (2, 8.0, 32.0),
            Profile::Quick => (8, 64.0, 512.0),
            Profile::Full => (12, 64.0, 2_048.0),
        };
        let mut cells = Vec::new();
        for (order, method) in
            [(1, Method::Gradient), (2, Method::Cubic), (2, Method::TrustRegion), (3, Method::Greedy)]
        {
            let p = order as f64;
            let constant = if order == 1 { crate::constants::LITERATURE_LIPSCHITZ } else { lipschitz(order) };
            // Accuracies whose chains have so many columns: T = ε^(−(1+p)/p) ℓ^(−1/p)/12. Shorter chains are walked mostly by what their ends take.
            let epsilon = |length: f64| (12.0 * length * constant.powf(1.0 / p)).powf(-p / (1.0 + p));
            // Iterations of second order take longer.
            let longest = if order == 2 { 0.5 * longest } else { longest };
            let lengths =
                (0..count).map(|k| shortest * (longest / shortest).powf(f64::from(k) / f64::from(count - 1)));
            cells.extend(lengths.map(|length| Parameters {
                order: order as u64,
                method,
                epsilon: epsilon(length + 0.5),
            }));
        }
        cells
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let order = usize::try_from(cell.order)?;
        let hardest = |constants| Scaled::hardest(order, 1.0, 1.0, cell.epsilon, constants);
        let function = hardest(Constants::Literature)?;
        let mut oracle = Exact::new(function);
        let run = cell.method.run(&mut oracle, lipschitz(2), 1_000_000)?;
        Ok(Outcome::Done(vec![Row {
            length: function.chain.length() as u64,
            sharp_length: hardest(Constants::Sharp)?.chain.length() as u64,
            queries: run.queries as u64,
            found: run.found,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("The hardest functions with Δ = L = 1").columns(3);
        for (order, title, methods) in [
            (1, "gradients, p = 1", &[Method::Gradient][..]),
            (2, "Hessians, p = 2", &[Method::Cubic, Method::TrustRegion]),
            (3, "third order, p = 3", &[Method::Greedy]),
        ] {
            let mut chart = Chart::new().title(title).x_label("1/ε").y_label("queries").x_log().y_log();
            for method in methods {
                let rows = table
                    .rows()
                    .filter(|(cell, row)| cell.order == order && cell.method == *method && row.found);
                chart = chart.line_with_markers(
                    method.name(),
                    rows.map(|(cell, row)| (1.0 / cell.epsilon, row.queries as f64)),
                );
            }
            let bounds = table.rows().filter(|(cell, _)| cell.order == order && cell.method == methods[0]);
            chart = chart
                .line("bound T + 1", bounds.map(|(cell, row)| (1.0 / cell.epsilon, row.length as f64 + 1.0)));
            figure = figure.panel(chart);
        }
        report.figure(
            "queries",
            "Methods run in parallel to the lower bound T + 1, whose power is −2, −3/2 and −4/3 in ε; for third order only optimal play is run.",
            "Three panels of rising lines on logarithmic axes.",
            &figure,
        )
    }
}
