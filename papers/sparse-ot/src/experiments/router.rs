//! `router`: what share of tokens and slots five routers use.

use lab::{Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2};
use ndarray_rand::RandomExt;
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::bars::bars_by_router;
use crate::router::{ROUTERS, Router, capacity, gates};

/// Coverage, gate mass and slots of five routers on random gates with popular and unpopular experts.
pub struct Routing;

/// Tokens and experts of one routing problem: 14 × 14 patches of an image, 32 experts.
const TOKENS: usize = 196;
const EXPERTS: usize = 32;

/// Logits 1.5 N(0, 1) per pair plus N(0, 1) per expert: some experts are popular.
pub fn random_logits(tokens: usize, experts: usize, random: &mut impl Rng) -> Array2<f64> {
    let popularity = Array1::<f64>::random_using(experts, StandardNormal, random);
    Array2::<f64>::random_using((tokens, experts), StandardNormal, random) * 1.5 + popularity
}

/// A cell: one router, one capacity factor, one draw of the logits.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Who routes.
    pub router: Router,
    /// Slots of all experts per token.
    pub capacity_factor: f64,
    /// Which draw; all routers see the same.
    pub replicate: u32,
}

/// How the assignment uses tokens and slots.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Share of tokens with an expert.
    #[column(within = 0.01)]
    pub covered: f64,
    /// Softmax gates of the chosen pairs, summed, per token.
    #[column(within = 0.01)]
    pub gate_mass: f64,
    /// Share of the experts' slots in use.
    #[column(within = 0.01)]
    pub slots_used: f64,
}

/// Something to average over the draws.
type Quantity = fn(&Row) -> f64;

#[derive(Serialize, Columns)]
struct Draw {
    /// Which draw of the logits.
    replicate: u32,
}

impl Experiment for Routing {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "router";
    const TITLE: &'static str = "Routing tokens to experts";
    const QUESTION: &'static str = "What shares of 196 tokens and of the slots of 32 experts do five routers use, when every expert has slots for 1, 1.25 \
         or 2 times the balanced load? Logits are random, with popular and unpopular experts; nothing is trained.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 2,
            Profile::Quick => 20,
            Profile::Full => 200,
        };
        let mut cells = Vec::new();
        for replicate in 0..replicates {
            for capacity_factor in [1.0, 1.25, 2.0] {
                cells.extend(ROUTERS.iter().map(|(router, _)| Parameters {
                    router: *router,
                    capacity_factor,
                    replicate,
                }));
            }
        }
        cells
    }

    fn measure(&self, parameters: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut random = random.shared_stream("logits", &Draw { replicate: parameters.replicate })?;
        let logits = random_logits(TOKENS, EXPERTS, &mut random);
        let slots = capacity(TOKENS, EXPERTS, parameters.capacity_factor);
        let usage = parameters.router.route(&logits, slots)?.usage(gates(logits.view()).view());
        Ok(Outcome::Done(vec![Row {
            covered: usage.covered,
            gate_mass: usage.gate_mass,
            slots_used: usage.slots_used,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let quantities: [(&str, Quantity); 3] = [
            ("tokens covered, %", |row| 100.0 * row.covered),
            ("slots used, %", |row| 100.0 * row.slots_used),
            ("gate mass per token", |row| row.gate_mass),
        ];
        let mut figure = Figure::new("Balanced and full")
            .subtitle("mean over draws of the logits, 95 % bootstrap interval")
            .columns(1);
        let mut all = Vec::new();
        for (label, value) in quantities {
            let values = table.rows().map(|(cell, row)| (cell.router, cell.capacity_factor, value(row)));
            let (chart, means) = bars_by_router(table, &values.collect::<Vec<_>>(), "capacity factor", label);
            figure = figure.panel(chart);
            all.extend(means);
        }
        report.figure(
            "usage",
            "The sparsity-constrained router fills every slot, as expert choice does, and covers nearly every token, as S-BASE \
             does; the gates of the pairs it chooses are a little smaller than those expert choice picks.",
            "Three bar charts over capacity factors 1, 1.25 and 2 with a bar for each of five routers: tokens covered, slots \
             used, and gate mass per token.",
            &figure,
        )?;
        report.records("means", "Means over draws of the logits with their 95 % bootstrap intervals; `at` is the capacity factor.", &all)
    }
}
