//! `exact-ratio`: against the optimum after every update, on instances small enough to solve.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::contest::operations;
use crate::exact::optimum;
use crate::function::{Coverage, FacilityLocation, Function};
use crate::graph::erdos_renyi;
use crate::stream::{Available, ORDERS, Order};
use crate::{BucketRule, LevelAlgorithm, LevelOptions, Maximiser};

/// The value over the optimum at every step, mean over coins.
pub struct ExactRatio;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Nodes of a random graph cover their neighbours.
    Coverage,
    /// Facility location with random similarities, most of them 0.
    FacilityLocation,
}

/// A cell: an instance, a stream, a rule.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The function.
    pub family: Family,
    /// The stream.
    pub order: Order,
    /// Which bucket is sampled.
    pub rule: BucketRule,
    /// Draw of function and stream.
    pub instance: u32,
    /// Draws of the algorithm's coins.
    pub coins: u64,
}

/// One step of the stream.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The step, from 1.
    pub step: u64,
    /// Largest value of four available elements.
    pub optimum: f64,
    /// Value over the optimum, mean over coins.
    #[column(within = 0.05)]
    pub mean_ratio: f64,
    /// Smallest over coins of f/OPT.
    #[column(within = 0.3)]
    pub smallest_ratio: f64,
}

const ELEMENTS: usize = 40;
const K: usize = 4;
const EPSILON: f64 = 0.1;

/// What instances share between rules.
#[derive(Serialize)]
struct Instance {
    family: Family,
    order: Order,
    instance: u32,
}

impl Experiment for ExactRatio {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "exact-ratio";
    const TITLE: &'static str = "Against the optimum after every update";
    const QUESTION: &'static str = "With 40 elements, k = 4 and ε = ε_g = 0.1: how far is the solution from the optimum, found by branch and bound, after every update of a stream? \
         In the mean over the algorithm's coins, which the paper claims to be at least 1/2 − ε.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (instances, coins) = match profile {
            Profile::Smoke => (1, 4),
            Profile::Quick => (3, 20),
            Profile::Full => (10, 100),
        };
        let mut grid = Vec::new();
        for family in [Family::Coverage, Family::FacilityLocation] {
            for order in ORDERS {
                for instance in 0..instances {
                    for rule in [BucketRule::Largest, BucketRule::High] {
                        grid.push(Parameters { family, order, rule, instance, coins });
                    }
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { family, order, instance, .. } = *cell;
        let mut shared = random.shared_stream("instance", &Instance { family, order, instance })?;
        match family {
            Family::Coverage => {
                let function = Coverage::of_neighbours(&erdos_renyi(ELEMENTS, 3.0, &mut shared));
                follow(&function, &operations(&function, order, &mut shared), cell, random)
            }
            Family::FacilityLocation => {
                let entry = || {
                    if shared.random_bool(0.4) { f64::from(shared.random_range(1..1000_u16)) } else { 0.0 }
                };
                let similarity = Array2::from_shape_simple_fn((ELEMENTS, ELEMENTS), entry);
                let function = FacilityLocation::new(similarity.view())?;
                follow(&function, &operations(&function, order, &mut shared), cell, random)
            }
        }
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Far above one half at every step").columns(2);
        for (family, name) in
            [(Family::Coverage, "coverage"), (Family::FacilityLocation, "facility location")]
        {
            let mut chart = Chart::new()
                .title(name)
                .x_label("updates done")
                .y_label("value over the optimum")
                .y_range(0.0, 1.05)
                .horizontal_reference("claimed in the mean: 1/2 − ε", 0.5 - EPSILON);
            for order in ORDERS {
                let first = table.rows().filter(|(cell, _)| {
                    cell.family == family
                        && cell.order == order
                        && cell.rule == BucketRule::Largest
                        && cell.instance == 0
                });
                chart = chart.line(order.name(), first.map(|(_, row)| (row.step as f64, row.mean_ratio)));
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "ratio",
            "Value over the optimum after every update, mean over coins, on the first instance of each stream; largest bucket. The claim is far away: \
             ratios alone would not tell a wrong implementation from a right one, the invariants in the tests do.",
            "Two panels of three lines that stay mostly between 0.8 and 1, with single dips, above a dashed line at 0.4.",
            &figure,
        )?;
        let mut summary = Vec::new();
        for family in [Family::Coverage, Family::FacilityLocation] {
            for order in ORDERS {
                for rule in [BucketRule::Largest, BucketRule::High] {
                    let rows: Vec<&Row> = table
                        .rows()
                        .filter(|(cell, _)| (cell.family, cell.order, cell.rule) == (family, order, rule))
                        .map(|(_, row)| row)
                        .collect();
                    let means: Vec<f64> = rows.iter().map(|row| row.mean_ratio).collect();
                    summary.push(Summary {
                        family,
                        order,
                        rule,
                        mean_ratio: numerics::bootstrap::mean(&means),
                        smallest_mean: means.iter().copied().fold(f64::INFINITY, f64::min),
                        smallest_ratio: rows
                            .iter()
                            .map(|row| row.smallest_ratio)
                            .fold(f64::INFINITY, f64::min),
                    });
                }
            }
        }
        report.records("summary", "Value over the optimum: over all steps and instances.", &summary)
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// The function.
    family: Family,
    /// The stream.
    order: Order,
    /// Which bucket is sampled.
    rule: BucketRule,
    /// Value over the optimum, mean over coins.
    #[column(within = 0.05)]
    mean_ratio: f64,
    /// The least of the means over instances.
    smallest_mean: f64,
    /// The smallest over coins.
    #[column(within = 0.3)]
    smallest_ratio: f64,
}

fn follow<F: Function>(
    function: &F,
    operations: &[crate::Operation],
    cell: &Parameters,
    random: &Random,
) -> Result<Outcome<Row>, Failure> {
    let mut available = Available::none(function.elements());
    let mut optima = Vec::with_capacity(operations.len());
    for operation in operations {
        available.update(*operation)?;
        optima.push(optimum(function, &available.elements(), K).value);
    }
    let mut ratios = vec![Vec::new(); operations.len()];
    let mut seeds = random.stream("coins");
    for _ in 0..cell.coins {
        let options = LevelOptions {
            epsilon: EPSILON,
            guess_ratio: EPSILON,
            bucket_rule: cell.rule,
            seed: seeds.random(),
            ..LevelOptions::new(K)
        };
        let steps = LevelAlgorithm::new(function, options)?.process(operations)?;
        for ((step, best), ratios) in steps.iter().zip(&optima).zip(&mut ratios) {
            ratios.push(if *best > 0.0 { step.value / best } else { 1.0 });
        }
    }
    let row = |(step, ratios): (usize, &Vec<f64>)| Row {
        step: step as u64 + 1,
        optimum: optima[step],
        mean_ratio: numerics::bootstrap::mean(ratios),
        smallest_ratio: ratios.iter().copied().fold(f64::INFINITY, f64::min),
    };
    Ok(Outcome::Done(ratios.iter().enumerate().map(row).collect()))
}
