//! `router-time`: what routing costs.

use std::time::Instant;

use lab::{Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::bars::bars_by_router;
use super::router::random_logits;
use crate::router::{ROUTERS, Router, capacity};

/// Milliseconds per 1,000 tokens of the five routers.
pub struct RouterTime;

/// A cell: one router, one draw of the logits.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Tokens.
    pub tokens: usize,
    /// Who routes.
    pub router: Router,
    /// Which draw; all routers see the same.
    pub replicate: u32,
}

/// What routing took.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Pairs of token and expert that were chosen: the work is done, and the same in every run.
    #[column(within = 0.01)]
    pub pairs: usize,
    /// Milliseconds per 1,000 tokens, the least of five runs.
    #[column(time, unit = "ms")]
    pub milliseconds: f64,
}

const EXPERTS: usize = 32;
const REPEATS: usize = 5;

#[derive(Serialize)]
struct Draw {
    tokens: usize,
    replicate: u32,
}

impl Experiment for RouterTime {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "router-time";
    const TITLE: &'static str = "What routing costs";
    const QUESTION: &'static str = "How long do the five routers take per 1,000 tokens, with 32 experts, capacity factor 1.25, and 20 iterations where they \
         iterate?";
    const REVISION: u32 = 2;
    const RUNS_ALONE: bool = true;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[196], 2),
            Profile::Quick => (&[196, 1568], 10),
            Profile::Full => (&[196, 1568, 12_544], 30),
        };
        let mut cells = Vec::new();
        for &tokens in sizes {
            for replicate in 0..replicates {
                cells.extend(ROUTERS.iter().map(|(router, _)| Parameters {
                    tokens,
                    router: *router,
                    replicate,
                }));
            }
        }
        cells
    }

    fn measure(&self, parameters: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let draw = Draw { tokens: parameters.tokens, replicate: parameters.replicate };
        let logits = random_logits(parameters.tokens, EXPERTS, &mut random.shared_stream("logits", &draw)?);
        let slots = capacity(parameters.tokens, EXPERTS, 1.25);
        let mut least = f64::INFINITY;
        let mut pairs = 0;
        for _ in 0..REPEATS {
            let started = Instant::now();
            let assignment = parameters.router.route(&logits, slots)?;
            least = least.min(started.elapsed().as_secs_f64());
            pairs = assignment.experts.iter().map(Vec::len).sum();
        }
        Ok(Outcome::Done(vec![Row { pairs, milliseconds: least * 1e6 / parameters.tokens as f64 }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let values = table.rows().map(|(cell, row)| (cell.router, cell.tokens as f64, row.milliseconds));
        let (chart, _) = bars_by_router(table, &values.collect::<Vec<_>>(), "tokens", "ms per 1,000 tokens");
        report.timing_figure(
            "milliseconds",
            "Time of routing, mean over draws of the logits with its 95 % bootstrap interval. Measured with all threads of the \
             machine named in run.json.",
            "Bars of the time per 1,000 tokens for each of five routers, by number of tokens.",
            &Figure::new("What routing costs").panel(chart),
        )
    }
}
