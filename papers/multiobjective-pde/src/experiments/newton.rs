//! `newton`: Newton's method on the optimality system, globalised in three ways.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::problems::{Target, tracking};
use crate::control::search::Scalarisation;
use crate::control::three_sets::Sets;
use crate::control::{Effort, STATIONARY};
use crate::state::{Workspace, switch};

/// Newton.
pub struct Newton;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Nodes along a side.
    pub n: u64,
    /// What is tracked.
    pub target: Target,
    /// κ.
    pub kappa: f64,
    /// σ.
    pub cost: f64,
}

/// A problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Whether the local method's sets repeated.
    pub local: bool,
    /// Whether they came back instead.
    pub local_cycled: bool,
    /// Whether the method with a line search on the residual solved it.
    pub residual_search: bool,
    /// Whether the search on the objective did, without three sets.
    pub objective_search: bool,
    /// Whether three sets did, from nothing, c = 1.
    pub cold_sets: bool,
    /// Whether the search on the objective did, followed by three sets where it stalls.
    pub together: bool,
    /// Nodes of the last solution where y = 0.
    pub zeros: u64,
    /// |σu + B*p| of the last solution, relative.
    #[column(absolute = 1e-8)]
    pub residual: f64,
    /// C of the last solution.
    #[column(within = 1e-3)]
    pub certificate: f64,
    /// State equations of the search on the objective alone.
    pub search_states: u64,
    /// Of all together.
    pub states: u64,
    /// How much lower the last objective is than that of the search, relative.
    #[column(absolute = 1e-8)]
    pub gained: f64,
}

impl Experiment for Newton {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "newton";
    const TITLE: &'static str = "Globalisations of Newton's method";
    const QUESTION: &'static str =
        "On which problems does the local method fail, does a line search cure that, and do three sets?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sides: &[u64] = match profile {
            Profile::Smoke => &[11],
            Profile::Quick => &[11, 19],
            Profile::Full => &[11, 19, 31, 63],
        };
        let targets = if profile == Profile::Smoke { &Target::ALL[..2] } else { &Target::ALL[..] };
        let mut cells = Vec::new();
        for n in sides {
            for target in targets {
                for kappa in [1.0, 10.0, 100.0] {
                    cells.extend([1e-2, 1e-3, 1e-4, 1e-6].iter().map(|cost| Parameters {
                        n: *n,
                        target: *target,
                        kappa,
                        cost: *cost,
                    }));
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let control = tracking(cell.target, usize::try_from(cell.n)?, cell.kappa, cell.cost)?;
        let work = &mut Workspace::default();
        let local = control.local_newton(&[1.0], work)?;
        let residual = control.residual_search(&[1.0], work)?;
        let weights = Scalarisation::Weights(vec![1.0]);
        let start = vec![0.0; control.dimension()];
        let searched = control.objective_search(&weights, &start, work)?;
        let weighted = control.weighted(&[1.0]);
        let effort = &mut Effort::default();
        let state = control.state(&start, None, effort, work)?;
        let p = control.adjoint(&switch(&state.y), &weighted, &state.y, effort, work);
        let cold = control.three_sets(&weighted, Sets::near_zero(&state.y, &p), 1.0, effort, work);
        let together = control.minimise(&weights, &start, work)?;
        let before = control.values(&searched.u, &searched.y)[0];
        Ok(Outcome::Done(vec![Row {
            local: local.solved,
            local_cycled: local.cycled,
            residual_search: residual.solved,
            objective_search: searched.smooth,
            cold_sets: cold.solved().is_some(),
            together: together.residual <= STATIONARY.min(1e-10),
            zeros: together.y.iter().filter(|y| **y == 0.0).count() as u64,
            residual: together.residual,
            certificate: together.certificate,
            search_states: searched.effort.states,
            states: together.effort.states,
            gained: (before - together.values[0]) / before,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        type Solved = fn(&Row) -> bool;
        let methods: [(&str, Solved); 5] = [
            ("local", |row| row.local),
            ("search on residual", |row| row.residual_search),
            ("search on objective", |row| row.objective_search),
            ("three sets, cold", |row| row.cold_sets),
            ("search, then sets", |row| row.together),
        ];
        let all = table.rows().count() as f64;
        let share = |of: Solved, zeros: bool| {
            table.rows().filter(|(_, row)| (row.zeros > 0) == zeros && !of(row)).count() as f64 / all
        };
        let chart = Chart::new()
            .categories(methods.map(|(name, _)| name))
            .y_label("share of problems not solved")
            .bars("solution has no node with y = 0", methods.map(|(_, of)| share(of, false)))
            .bars("solution has such nodes", methods.map(|(_, of)| share(of, true)));
        report.figure(
            "solved",
            "Most failures of two sets are on problems whose solution has nodes with y = 0, which two sets cannot have: no line search cures these, a third set does.",
            "Grouped bars: failures are nearly all on problems with zero nodes, and none are left for the last method.",
            &Figure::new("Failures of five methods").width(1_100.0).panel(chart),
        )
    }
}
