//! `facility-location`: serving customers instead of covering nodes.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::contest::{self, CONTENDERS, Contender, Settings, contest, operations};
use crate::function::FacilityLocation;
use crate::stream::{ORDERS, Order};
use ndarray::Array2;

/// Facility location under updates.
pub struct Facilities;

/// A cell: an algorithm on a stream.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Points, which are elements and customers.
    pub points: usize,
    /// The stream.
    pub order: Order,
    /// The algorithm.
    pub contender: Contender,
    /// Draw of points, stream and coins.
    pub replicate: u32,
}

impl Experiment for Facilities {
    type Parameters = Parameters;
    type Row = contest::Outcome;

    const ID: &'static str = "facility-location";
    const TITLE: &'static str = "Facility location under updates";
    const QUESTION: &'static str = "Points of a few clusters come and go, and k = 10 of them serve all: value and oracle calls of every algorithm on each stream.";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (points, replicates) = match profile {
            Profile::Smoke => (60, 1),
            Profile::Quick => (400, 4),
            Profile::Full => (2_000, 5),
        };
        let mut grid = Vec::new();
        for replicate in 0..replicates {
            for order in ORDERS {
                for (contender, _) in CONTENDERS {
                    grid.push(Parameters { points, order, contender, replicate });
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<contest::Outcome>, Failure> {
        let Parameters { points, order, replicate, .. } = *cell;
        let mut shared = random.shared_stream("points", &Instance { points, order, replicate })?;
        let function = FacilityLocation::of_points(clusters(points, &mut shared).view(), 1.0)?;
        let operations = operations(&function, order, &mut shared);
        let settings = Settings {
            cardinality: 10,
            epsilon: 0.2,
            guess_ratio: 0.3,
            seed: random.stream("coins").random(),
            checkpoints: 40,
        };
        let (outcome, _) = contest(&function, &operations, cell.contender, settings)?;
        Ok(Outcome::Done(vec![outcome]))
    }

    fn report(
        &self,
        table: &Table<Parameters, contest::Outcome>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let mut chart =
            Chart::new().x_label("oracle calls an update").y_label("value over lazy greedy's").x_log();
        let mut all = Vec::new();
        for (contender, name) in CONTENDERS {
            let mut points = Vec::new();
            for (place, order) in ORDERS.into_iter().enumerate() {
                let order_name = order.name();
                let rows = || {
                    table.rows().filter(move |(cell, _)| cell.order == order && cell.contender == contender)
                };
                let mean = |quantity: &str, value: fn(&contest::Outcome) -> f64| {
                    let values: Vec<f64> = rows().map(|(_, row)| value(row)).collect();
                    table.mean_at(place as f64, values, &format!("{quantity}, {name}, {order_name}"))
                };
                let (calls, ratio) =
                    (mean("calls", |row| row.calls), mean("value over lazy greedy's", |row| row.ratio));
                points.push((calls.mean, ratio.mean));
                all.extend([calls, ratio]);
            }
            chart = chart.scatter(name, points).styled_as(contender.slot());
        }
        report.figure(
            "calls-and-values",
            "Value against oracle calls, one mark for each stream (mean over draws). Selecting anew by greedy has the best values, and with a few \
             hundred points it is cheaper than the levels too; sieve-streaming has values like those of the largest bucket, on most streams at a small part of the calls.",
            "Marks by algorithm: recomputed greedy near one, the levels slightly below, a random set far left and lowest.",
            &Figure::new("Values and calls on facility location").panel(chart),
        )?;
        report.records(
            "means",
            "Means over draws with their 95 % bootstrap intervals; `at` counts the streams.",
            &all,
        )
    }
}

/// Points in the plane around twelve centres.
fn clusters(points: usize, random: &mut impl Rng) -> Array2<f64> {
    let centres: Vec<[f64; 2]> = (0..12).map(|_| [0, 1].map(|_| random.random_range(0.0..12.0))).collect();
    let mut places = Array2::zeros((points, 2));
    for mut place in places.rows_mut() {
        let centre = centres[random.random_range(0..centres.len())];
        for axis in 0..2 {
            place[axis] = centre[axis] + random.random_range(-1.0..1.0) + random.random_range(-1.0..1.0);
        }
    }
    places
}

/// What contenders share.
#[derive(Serialize)]
struct Instance {
    points: usize,
    order: Order,
    replicate: u32,
}
