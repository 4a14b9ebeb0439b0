//! `points-2d`: matching two clouds of points in the plane.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::problems::{clouds, matching_problem};
use crate::{
    Problem, Regulariser, RelaxationOptions, RepairOptions, SinkhornOptions, SparsePlan, repair, solve_exact,
    solve_relaxation, solve_sinkhorn,
};

/// Who is matched with whom, as lines between two clouds of 20 points.
pub struct Points2d;

/// How the plan is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// Exact transport.
    Exact,
    /// Entropic, ε = 0.1 of the largest cost.
    Entropic,
    /// At most one nonzero per column.
    One,
    /// At most two nonzeros per column.
    Two,
}

/// A cell: one way of matching.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// How the plan is found.
    matching: Matching,
}

/// One pair of points that mass moves between.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// First coordinate of the source point.
    x: f64,
    /// Second coordinate of the source point.
    y: f64,
    /// First coordinate of the target point.
    target_x: f64,
    /// Second coordinate of the target point.
    target_y: f64,
    /// Mass moved, of 1 in all.
    #[column(within = 1e-4)]
    mass: f64,
}

/// Points of each cloud, as in the authors' notebook.
const POINTS: usize = 20;
const GAMMA: f64 = 10.0;
const MATCHINGS: [(Matching, &str); 4] = [
    (Matching::Exact, "exact"),
    (Matching::Entropic, "entropic, ε = 0.1"),
    (Matching::One, "k = 1"),
    (Matching::Two, "k = 2, γ = 10"),
];

impl Matching {
    fn plan(self, problem: &Problem) -> Result<Option<SparsePlan>, Failure> {
        let sparse = |k| -> Result<_, Failure> {
            let regulariser = Regulariser::new(k, GAMMA);
            let relaxed = solve_relaxation(problem, regulariser, &RelaxationOptions::default())?;
            let found = repair(problem, regulariser, &relaxed, &RepairOptions::default())?.found();
            Ok(found.map(|repaired| repaired.plan))
        };
        match self {
            Self::Exact => Ok(Some(solve_exact(problem).plan)),
            Self::Entropic => {
                let options = SinkhornOptions { epsilon: 0.1, ..SinkhornOptions::default() };
                Ok(Some(SparsePlan::from_dense(solve_sinkhorn(problem, &options)?.plan.view())))
            }
            Self::One => sparse(1),
            Self::Two => sparse(2),
        }
    }
}

impl Experiment for Points2d {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "points-2d";
    const TITLE: &'static str = "Matching points in the plane";
    const QUESTION: &'static str = "Which of 20 points of one cloud are matched with which of another, under squared Euclidean cost and uniform masses?";
    const REVISION: u32 = 2;

    fn grid(&self, _profile: Profile) -> Vec<Parameters> {
        MATCHINGS.iter().map(|(matching, _)| Parameters { matching: *matching }).collect()
    }

    fn measure(&self, parameters: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (source, target) = clouds(POINTS, &mut random.shared_stream("points", &())?);
        let uniform = ndarray::Array1::from_elem(POINTS, 1.0 / POINTS as f64);
        let problem = matching_problem(&source, &target, uniform.view(), uniform.view())?;
        let Some(plan) = parameters.matching.plan(&problem)? else {
            return Ok(Outcome::Skipped("no sparse plan with both marginals was found".into()));
        };
        let line = |i: usize, j: usize, mass: f64| {
            let at = |points: &Array2<f64>, index| (points[(index, 0)], points[(index, 1)]);
            let ((x, y), (target_x, target_y)) = (at(&source, i), at(&target, j));
            Row { x, y, target_x, target_y, mass }
        };
        // The entropic plan has mass everywhere; what is too faint to draw is left out.
        let visible = |(_, mass): &(usize, f64)| *mass > 1e-4 / POINTS as f64;
        let column = |j| plan.column(j).filter(visible).map(move |(i, mass)| (i, j, mass));
        Ok(Outcome::Done((0..plan.columns()).flat_map(column).map(|(i, j, mass)| line(i, j, mass)).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Who is matched with whom").columns(2);
        for (parameters, rows) in table.cells() {
            let name = MATCHINGS
                .iter()
                .find(|(matching, _)| *matching == parameters.matching)
                .map_or("", |(_, name)| name);
            let segment = |row: &Row| ((row.x, row.y), (row.target_x, row.target_y), row.mass);
            figure = figure.panel(
                Chart::new()
                    .title(format!("{name}: {} pairs", rows.len()))
                    .x_label("first coordinate")
                    .y_label("second coordinate")
                    .equal_aspect()
                    .segments("", rows.iter().map(segment))
                    .scatter("source", rows.iter().map(|row| (row.x, row.y)))
                    .scatter("target", rows.iter().map(|row| (row.target_x, row.target_y))),
            );
        }
        report.figure(
            "matching",
            "Lines join points that mass moves between, more opaque for more mass. Exact transport and k = 1 give a permutation; \
             k = 2 splits some points in two; entropy joins all with all.",
            "Four panels with the same two clouds of points: few lines in the panels exact and k = 1, some points with two lines \
             in the panel k = 2, and a dense web of faint lines in the entropic panel.",
            &figure,
        )
    }
}
