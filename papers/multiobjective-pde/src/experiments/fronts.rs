//! `fronts`: weighted sums against reference points.

use lab::table::format_number;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::problems::Pair;
use crate::control::Stationary;
use crate::front::{by_reference_points, by_weights, gaps};
use crate::state::Workspace;

/// Fronts.
pub struct Fronts;

/// How a front is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Equally spaced weights.
    Weights,
    /// Reference points along the front.
    ReferencePoints,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The objectives.
    pub pair: Pair,
    /// How.
    pub method: Method,
    /// Nodes along a side.
    pub n: u64,
    /// Points by weights; reference points are as far apart as makes as many.
    pub points: u64,
}

/// A point.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which, from the minimiser of the first objective on.
    pub point: u64,
    /// J₁.
    #[column(within = 1e-6)]
    pub first: f64,
    /// J₂.
    #[column(within = 1e-6)]
    pub second: f64,
    /// Weight of J₁.
    #[column(within = 1e-4)]
    pub weight: f64,
    /// Distance to the point before; none of the first.
    #[column(within = 1e-4)]
    pub gap: Option<f64>,
    /// |σu + B*p|, relative.
    #[column(absolute = 1e-7)]
    pub residual: f64,
    /// C.
    #[column(within = 1e-2)]
    pub certificate: f64,
    /// State equations.
    pub states: u64,
    /// Linear systems.
    pub systems: u64,
}

impl Experiment for Fronts {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "fronts";
    const TITLE: &'static str = "Weights and reference points";
    const QUESTION: &'static str =
        "With as many points: which method spreads them evenly, and what does a point cost?";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (n, points) = match profile {
            Profile::Smoke => (7, 7),
            Profile::Quick => (31, 21),
            Profile::Full => (63, 51),
        };
        let mut cells = Vec::new();
        for pair in [Pair::Tracking, Pair::Cost, Pair::ScaledCost] {
            for method in [Method::Weights, Method::ReferencePoints] {
                cells.push(Parameters { pair, method, n, points });
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let control = cell.pair.control(usize::try_from(cell.n)?)?;
        let work = &mut Workspace::default();
        let points = usize::try_from(cell.points)?;
        let mut front = by_weights(&control, points, work)?;
        if cell.method == Method::ReferencePoints {
            let along = gaps(&front).iter().sum::<f64>() / (points - 1) as f64;
            front = by_reference_points(&control, along, 4 * points, work)?;
        }
        let mut gap = None;
        let row = |(place, point): (usize, &Stationary)| {
            let row = Row {
                point: place as u64,
                first: point.values[0],
                second: point.values[1],
                weight: point.weights[0],
                gap,
                residual: point.residual,
                certificate: point.certificate,
                states: point.effort.states,
                systems: point.effort.systems,
            };
            gap = front
                .get(place + 1)
                .map(|next| (next.values[0] - point.values[0]).hypot(next.values[1] - point.values[1]));
            row
        };
        Ok(Outcome::Done(front.iter().enumerate().map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure =
            Figure::new("Three fronts, each with about as many points").columns(3).width(1_300.0);
        for (pair, title) in [
            (Pair::Tracking, "two targets"),
            (Pair::Cost, "a target and the cost of control"),
            (Pair::ScaledCost, "the cost in other units"),
        ] {
            let mut chart = Chart::new().title(title).x_label("first objective").y_label("second objective");
            for (method, name) in
                [(Method::Weights, "weights"), (Method::ReferencePoints, "reference points")]
            {
                let rows = table.rows().filter(|(cell, _)| cell.pair == pair && cell.method == method);
                chart = chart.scatter(name, rows.map(|(_, row)| (row.first, row.second)));
            }
            figure = figure.panel(chart);
        }
        let ratios: Vec<String> = [Pair::Tracking, Pair::Cost, Pair::ScaledCost]
            .iter()
            .map(|pair| {
                let of = |method| format_number(unevenness(table, *pair, method));
                format!("{} and {}", of(Method::Weights), of(Method::ReferencePoints))
            })
            .collect();
        report.figure(
            "fronts",
            &format!(
                "Whether weights crowd is a matter of units: largest gap over smallest, by weights and by reference points, is {} for two targets, {} against the cost, and {} where the cost is scaled to the size of the other objective.",
                ratios[0], ratios[1], ratios[2]
            ),
            "Three falling curves of points.",
            &figure,
        )
    }
}

/// Largest gap over smallest; of reference points without the last one, which is what is left over.
pub fn unevenness(table: &Table<Parameters, Row>, pair: Pair, method: Method) -> f64 {
    let rows = table.rows().filter(|(cell, _)| cell.pair == pair && cell.method == method);
    let mut gaps: Vec<f64> = rows.filter_map(|(_, row)| row.gap).collect();
    if method == Method::ReferencePoints {
        gaps.pop();
    }
    let (least, most) =
        gaps.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), gap| (least.min(*gap), most.max(*gap)));
    most / least
}
