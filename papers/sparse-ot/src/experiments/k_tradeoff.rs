//! `k-tradeoff`: value, sparsity and iterations against k.

use lab::{Chart, Columns, Experiment, Failure, Figure, Mean, Outcome, Profile, Random, Report, Table};
use numerics::sum::dot;
use serde::{Deserialize, Serialize};

use crate::problems::points_in_the_plane;
use crate::{
    AscentOptions, Regulariser, RelaxationOptions, RepairOptions, repair, solve_exact, solve_relaxation,
    solve_semidual,
};

/// Certified value, nonzeros per column and iterations against k, over replicates of random points.
pub struct KTradeoff;

/// A cell: one k on one replicate of the points. All k of a replicate see the same points.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Points on each side.
    pub size: usize,
    /// Nonzeros allowed per column.
    pub k: usize,
    /// Which draw of the points.
    pub replicate: u32,
}

/// What the solvers reached. Where k binds, L-BFGS ends on a kink, and which iterate it ends at depends on the last bits.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Certified lower bound of the optimal value.
    pub lower: f64,
    /// Certified upper bound of the optimal value of the relaxation.
    pub upper: f64,
    /// Nonzeros per column of the relaxed plan, in the mean.
    #[column(within = 0.05)]
    pub relaxed_nonzeros: f64,
    /// Columns of the relaxed plan with more than k nonzeros: where scores tie.
    #[column(within = 0.2)]
    pub tied_columns: usize,
    /// ⟨C, T⟩ + (γ/2)‖T‖² of the relaxed plan, which is the objective of the sparse problem where no column ties.
    #[column(within = 1e-3)]
    pub relaxed_plan_value: f64,
    /// Larger marginal error of the relaxed plan, of a mass of 1.
    #[column(absolute = 1e-9)]
    pub relaxed_plan_error: f64,
    /// Most nonzeros of a column of the top-k plan.
    pub top_k_nonzeros: usize,
    /// Row error of the top-k plan, of a mass of 1.
    #[column(within = 0.1, absolute = 0.05)]
    pub top_k_row_error: f64,
    /// Value of a plan with at most k nonzeros per column and both marginals, where one was found.
    #[column(within = 1e-2)]
    pub repaired_value: Option<f64>,
    /// Most nonzeros of a column of that plan.
    pub repaired_nonzeros: Option<usize>,
    /// Iterations of L-BFGS on the semi-dual, the paper's way, at most 500.
    #[column(within = 0.5, absolute = 20)]
    pub iterations: usize,
    /// How far L-BFGS stayed below the certified lower bound, relatively.
    #[column(within = 0.9, absolute = 1e-4)]
    pub shortfall: f64,
    /// Exact transport cost plus (γ/2)‖b‖², where k = 1.
    pub exact_value: Option<f64>,
}

/// Strength of the regulariser.
const GAMMA: f64 = 1.0;

impl Experiment for KTradeoff {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "k-tradeoff";
    const TITLE: &'static str = "What k trades";
    const QUESTION: &'static str = "How do the optimal value, the nonzeros per column and the iterations of L-BFGS change with k, on random points in \
         the plane with random masses and γ = 1? The value is certified from both sides; L-BFGS runs on the semi-dual.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (size, replicates) = match profile {
            Profile::Smoke => (12, 3),
            Profile::Quick => (32, 20),
            Profile::Full => (128, 50),
        };
        let mut cells = Vec::new();
        for replicate in 0..replicates {
            let powers = std::iter::successors(Some(1), |k| Some(2 * k)).take_while(|k| *k < size);
            cells.extend(powers.chain([size]).map(|k| Parameters { size, k, replicate }));
        }
        cells
    }

    fn measure(&self, parameters: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let key = Replicate { size: parameters.size, replicate: parameters.replicate };
        let problem = points_in_the_plane(parameters.size, &mut random.shared_stream("points", &key)?)?;
        let regulariser = Regulariser::new(parameters.k, GAMMA);
        let relaxed = solve_relaxation(&problem, regulariser, &RelaxationOptions::default())?;
        let repaired = repair(&problem, regulariser, &relaxed, &RepairOptions::default())?.found();
        let ascent = solve_semidual(&problem, regulariser, &AscentOptions::default())?;
        if ![relaxed.lower, relaxed.upper, ascent.value].iter().all(|value| value.is_finite()) {
            return Ok(Outcome::Diverged(format!("bounds {} and {}", relaxed.lower, relaxed.upper)));
        }
        let exact_value = match parameters.k {
            1 => Some(solve_exact(&problem).cost + 0.5 * GAMMA * dot(problem.b(), problem.b())),
            _ => None,
        };
        let plan = &relaxed.relaxed_plan;
        let tied = |nonzeros: &&usize| **nonzeros > parameters.k;
        Ok(Outcome::Done(vec![Row {
            lower: relaxed.lower,
            upper: relaxed.upper,
            relaxed_nonzeros: plan.nonzeros() as f64 / plan.columns() as f64,
            tied_columns: plan.nonzeros_per_column().iter().filter(tied).count(),
            relaxed_plan_value: plan.primal_value(problem.cost(), GAMMA),
            relaxed_plan_error: plan.row_error(problem.a()).max(plan.column_error(problem.b())),
            top_k_nonzeros: relaxed.top_k_plan.max_nonzeros_per_column(),
            top_k_row_error: relaxed.top_k_plan.row_error(problem.a()),
            repaired_value: repaired.as_ref().map(|repaired| repaired.value),
            repaired_nonzeros: repaired.as_ref().map(|repaired| repaired.plan.max_nonzeros_per_column()),
            iterations: ascent.iterations,
            shortfall: (relaxed.lower - ascent.value) / relaxed.lower.abs(),
            exact_value,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        // Draws of the points differ far more than values of k: everything is compared within a draw.
        let unconstrained = |parameters: &Parameters| {
            let same = |(other, _): &(&Parameters, &Row)| {
                other.replicate == parameters.replicate && other.k == other.size
            };
            table.rows().find(same).map_or(f64::NAN, |(_, row)| row.lower)
        };
        let value = |p: &Parameters, row: &Row| 100.0 * (row.lower / unconstrained(p) - 1.0);
        let quantities: [(&str, Quantity<'_>); 4] = [
            ("value above k = m, %", &value),
            ("nonzeros per column", &|_, row| row.relaxed_nonzeros),
            ("row error of the top-k plan", &|_, row| row.top_k_row_error),
            ("L-BFGS iterations", &|_, row| row.iterations as f64),
        ];
        let mut figure = Figure::new("What k trades")
            .subtitle("mean over draws of the points, 95 % bootstrap interval")
            .columns(2);
        let mut all = Vec::new();
        for (label, value) in quantities {
            let means = table.means_by(table.rows().map(|(p, row)| (p.k as f64, value(p, row))), label);
            figure = figure.panel(against_k(label, &means));
            all.extend(means);
        }
        report.figure(
            "tradeoff",
            "A small k costs value and smoothness. At the optimum the top-k plan misses row masses where scores tie; as k grows, \
             ties vanish, the row error falls to zero and L-BFGS on the semi-dual needs fewer iterations.",
            "Four panels against k on a logarithmic axis. The value above that of k = m falls to zero, nonzeros per column of \
             the relaxed plan are lowest at small k, the row error of the top-k plan falls, and the iterations of L-BFGS fall.",
            &figure,
        )?;
        let gap = |p: &Parameters, row: &Row| {
            Some((p.k as f64, 100.0 * (row.repaired_value? - row.lower) / row.lower.abs()))
        };
        let gaps =
            table.means_by(table.rows().filter_map(|(p, row)| gap(p, row)), "gap of the repaired plan, %");
        let found =
            |p: &Parameters, row: &Row| (p.k as f64, if row.repaired_value.is_some() { 100.0 } else { 0.0 });
        let found = table.means_by(table.rows().map(|(p, row)| found(p, row)), "repaired plans found, %");
        let figure = Figure::new("A sparse plan with both marginals")
            .subtitle("mean over draws of the points, 95 % bootstrap interval")
            .columns(2)
            .panel(against_k("found, % of draws", &found).y_range(0.0, 105.0))
            .panel(against_k("gap to the dual bound, %", &gaps));
        report.figure(
            "repaired",
            "Plans with at most k nonzeros per column that meet both marginals, found by repairing the relaxed plan: how often, \
             and how far their value can be from optimal at most.",
            "Two panels against k: the share of draws for which a repaired plan was found, and its gap to the dual bound, which \
             is largest at small k and vanishes at large k.",
            &figure,
        )?;
        all.extend(gaps);
        all.extend(found);
        report.means_table("draws of the points", &all)
    }
}

/// Something to average over the draws.
type Quantity<'a> = &'a dyn Fn(&Parameters, &Row) -> f64;

/// What all k of a replicate share.
#[derive(Serialize)]
struct Replicate {
    size: usize,
    replicate: u32,
}

fn against_k(label: &str, means: &[Mean]) -> Chart {
    Chart::new()
        .x_label("k, nonzeros allowed per column")
        .y_label(label)
        .x_log()
        .x_ticks(means.iter().map(|point| point.at))
        .means("", means)
}
