//! `k-tradeoff`: objective, sparsity and iterations against k.

use lab::{Chart, Column, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use numerics::bootstrap::{mean, mean_interval};
use numerics::random::stream;
use numerics::sum::dot;
use serde::{Deserialize, Serialize};

use crate::problems::points_in_the_plane;
use crate::{AscentOptions, Regulariser, solve_exact, solve_semidual};

/// Objective, nonzeros per column and iterations against k, over replicates of random points.
pub struct KTradeoff;

/// A cell: one k on one replicate of the points. All k of a replicate see the same points.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    size: usize,
    k: usize,
    replicate: u32,
}

impl Parameters {
    /// Nonzeros allowed per column.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Whether k is no constraint.
    pub fn is_unconstrained(&self) -> bool {
        self.k >= self.size
    }
}

/// What one ascent on the semi-dual reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// S(α) at the potentials found: a lower bound.
    pub value: f64,
    /// ⟨C, T⟩ + (γ/2)‖T‖² of the plan found.
    pub plan_value: f64,
    /// Most nonzeros of a column.
    pub most_nonzeros: usize,
    /// Nonzeros per column in the mean.
    pub mean_nonzeros: f64,
    /// Σᵢ |(T 1)ᵢ − aᵢ|.
    pub row_error: f64,
    /// Σⱼ |(Tᵀ 1)ⱼ − bⱼ|.
    pub column_error: f64,
    /// Iterations of L-BFGS.
    pub iterations: usize,
    /// Exact transport cost plus (γ/2)‖b‖², where k = 1.
    pub exact_value: Option<f64>,
}

/// Strength of the regulariser.
const GAMMA: f64 = 1.0;

impl Experiment for KTradeoff {
    type Parameters = Parameters;
    type Row = Row;

    fn id(&self) -> &'static str {
        "k-tradeoff"
    }

    fn title(&self) -> &'static str {
        "What k trades"
    }

    fn question(&self) -> &'static str {
        "How do the semi-dual value, the nonzeros per column, the row error and the iterations of L-BFGS change with k, on \
         random points in the plane with random masses and γ = 1?"
    }

    fn revision(&self) -> u32 {
        1
    }

    fn columns(&self) -> Vec<Column> {
        // Where k binds, L-BFGS ends on a kink: which iterate it stops at depends on the last bits.
        vec![
            Column::new("size", "points on each side"),
            Column::new("k", "nonzeros allowed per column"),
            Column::new("replicate", "which draw of the points"),
            Column::new("value", "semi-dual value reached, a lower bound").within(1e-3),
            Column::new("plan_value", "regularised cost of the plan read off").within(0.1),
            Column::new("most_nonzeros", "most nonzeros of a column"),
            Column::new("mean_nonzeros", "nonzeros per column in the mean").within(0.1),
            Column::new("row_error", "sum over rows of |row sum − a|, of a total mass of 1").within(1.0),
            Column::new("column_error", "sum over columns of |column sum − b|").within(1.0),
            Column::new("iterations", "iterations of L-BFGS").within(1.0),
            Column::new("exact_value", "exact transport cost plus (γ/2)‖b‖², where k = 1"),
        ]
    }

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
        let found = solve_semidual(&problem, Regulariser::new(parameters.k, GAMMA), &AscentOptions::default())?;
        if !found.value.is_finite() {
            return Ok(Outcome::Diverged(format!("semi-dual value {}", found.value)));
        }
        let exact_value = match parameters.k {
            1 => Some(solve_exact(&problem)?.cost + 0.5 * GAMMA * dot(problem.b(), problem.b())),
            _ => None,
        };
        Ok(Outcome::Done(vec![Row {
            value: found.value,
            plan_value: found.plan.primal_value(problem.cost(), GAMMA),
            most_nonzeros: found.plan.max_nonzeros_per_column(),
            mean_nonzeros: found.plan.nonzeros() as f64 / problem.columns() as f64,
            row_error: found.row_error,
            column_error: found.column_error,
            iterations: found.iterations,
            exact_value,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let panels: [(&str, fn(&Row) -> f64); 4] = [
            ("semi-dual value", |row| row.value),
            ("nonzeros per column", |row| row.mean_nonzeros),
            ("row error, of mass 1", |row| row.row_error),
            ("L-BFGS iterations", |row| row.iterations as f64),
        ];
        let mut figure = Figure::new("Small k: sparse plans, hard to reach")
            .subtitle("mean over replicates, with its 95 % bootstrap interval")
            .columns(2);
        for (label, value) in panels {
            let means = means_by_k(table, label, value);
            let chart = Chart::new().x_label("k, nonzeros allowed per column").y_label(label).x_log().without_legend();
            let chart = if label.starts_with("row error") { chart.y_log() } else { chart };
            figure = figure.panel(
                chart
                    .line_with_band(
                        label,
                        means.iter().map(|point| (point.k as f64, point.mean)),
                        means.iter().map(|point| point.low),
                        means.iter().map(|point| point.high),
                    )
                    .x_ticks(means.iter().map(|point| point.k as f64)),
            );
        }
        report.figure(
            "tradeoff",
            "A larger k lowers the optimal value and makes the semi-dual smooth: L-BFGS then needs fewer iterations and the \
             plan meets the row masses. Where k binds, the row error shows that it stopped on a kink.",
            "Four panels against k on a logarithmic axis: the semi-dual value falls with k, nonzeros per column rise and \
             level off, the row error falls by orders of magnitude, and iterations fall.",
            &figure,
        )?;
        let summary: Vec<MeanByK> = panels.iter().flat_map(|(label, value)| means_by_k(table, label, *value)).collect();
        report.records("means", "Means over replicates with their 95 % bootstrap intervals.", &summary)
    }
}

/// What all k of a replicate share.
#[derive(Serialize)]
struct Replicate {
    size: usize,
    replicate: u32,
}

/// A mean over replicates with its interval; without replicates to compare, the interval is the mean.
#[derive(Serialize)]
struct MeanByK {
    quantity: &'static str,
    k: usize,
    mean: f64,
    low: f64,
    high: f64,
    replicates: usize,
}

fn means_by_k(table: &Table<Parameters, Row>, quantity: &'static str, value: impl Fn(&Row) -> f64) -> Vec<MeanByK> {
    let mut ks: Vec<usize> = table.rows().map(|(parameters, _)| parameters.k).collect();
    ks.sort_unstable();
    ks.dedup();
    let mean_at = |k: usize| {
        let values: Vec<f64> =
            table.rows().filter(|(parameters, _)| parameters.k == k).map(|(_, row)| value(row)).collect();
        let center = mean(&values);
        let interval = mean_interval(&values, &mut stream(0, &["sparse-ot", "k-tradeoff", quantity, &k.to_string()]));
        let (low, high) = interval.map_or((center, center), |interval| (interval.low, interval.high));
        MeanByK { quantity, k, mean: center, low, high, replicates: values.len() }
    };
    ks.into_iter().map(mean_at).collect()
}
