//! `edges`: the boundary of a critical set of three objectives is made of the sets of two.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::cover::{Cover, distance};
use crate::functions::{Objectives, Quadratic, Quadratics};

/// Edges.
pub struct Edges;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Halvings.
    pub depth: u32,
}

/// A box on the boundary of the cover.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Its centre.
    pub x: f64,
    /// Its centre.
    pub y: f64,
    /// Its distance to the sets of two objectives, over its diameter.
    #[column(within = 1e-3)]
    pub away: f64,
    /// A box's diagonal.
    pub diameter: f64,
    /// Boxes of the whole cover.
    pub boxes: u64,
}

/// Three strongly convex quadratics on the plane.
pub fn three_quadratics() -> Quadratics {
    Quadratics(vec![
        Quadratic { q: vec![vec![2.0, 0.6], vec![0.6, 1.0]], a: vec![-0.7, -0.5] },
        Quadratic { q: vec![vec![1.0, -0.4], vec![-0.4, 2.0]], a: vec![0.8, -0.3] },
        Quadratic { q: vec![vec![1.5, 0.0], vec![0.0, 1.0]], a: vec![0.1, 0.8] },
    ])
}

/// The sets of all pairs.
pub fn sets_of_pairs(quadratics: &Quadratics) -> Vec<Vec<f64>> {
    [(0, 1), (0, 2), (1, 2)]
        .iter()
        .flat_map(|(i, j)| {
            (0..=2_000).filter_map(move |k| {
                let mut weights = [0.0; 3];
                weights[*i] = f64::from(k) / 2_000.0;
                weights[*j] = 1.0 - weights[*i];
                quadratics.pareto(&weights)
            })
        })
        .collect()
}

impl Experiment for Edges {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "edges";
    const TITLE: &'static str = "Boundaries from fewer objectives";
    const QUESTION: &'static str =
        "Is the boundary of the critical set of three objectives near the sets of pairs?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let depth = match profile {
            Profile::Smoke => 9,
            Profile::Quick => 14,
            Profile::Full => 18,
        };
        vec![Parameters { depth }]
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let quadratics = three_quadratics();
        let lipschitz: Vec<f64> = quadratics.curvatures().iter().map(|(_, most)| *most).collect();
        let gradients = |x: &[f64]| -> Vec<Vec<f64>> {
            (0..3)
                .map(|i| {
                    let mut gradient = vec![0.0; 2];
                    quadratics.subgradient(i, x, &mut gradient);
                    gradient
                })
                .collect()
        };
        let mut cover = Cover::new(vec![-1.0, -1.0], vec![1.0, 1.0])?;
        for _ in 0..cell.depth {
            cover.halve()?;
            cover.keep_critical(&gradients, &[0.0; 3], &lipschitz);
        }
        let edges = sets_of_pairs(&quadratics);
        let diameter = cover.diameter();
        let row = |centre: Vec<f64>| Row {
            x: centre[0],
            y: centre[1],
            away: distance(&centre, &edges) / diameter,
            diameter,
            boxes: cover.len() as u64,
        };
        Ok(Outcome::Done(cover.boundary().into_iter().map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let edges = sets_of_pairs(&three_quadratics());
        let mut chart = Chart::new()
            .x_label("x₁")
            .y_label("x₂")
            .equal_aspect()
            .scatter("boundary of the cover", table.rows().map(|(_, row)| (row.x, row.y)));
        for (part, name) in
            edges.chunks(edges.len() / 3).zip(["objectives 1, 2", "objectives 1, 3", "objectives 2, 3"])
        {
            chart = chart.line(name, part.iter().map(|x| (x[0], x[1])));
        }
        report.figure(
            "edges",
            "Boxes at the boundary of a cover of the critical set of three objectives, and the sets of each pair.",
            "A triangle with curved sides, surrounded by dots.",
            &Figure::new("A set and its edges").panel(chart),
        )
    }
}
