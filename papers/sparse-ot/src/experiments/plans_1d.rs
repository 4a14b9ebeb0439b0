//! `plans-1d`: transport plans between histograms on a line.

use lab::{Columns, Experiment, Failure, Figure, Heatmap, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::problems::{HistogramPair, histograms_on_a_line};
use crate::{
    Problem, Regulariser, RelaxationOptions, SinkhornOptions, SparsePlan, solve_exact, solve_relaxation,
    solve_sinkhorn,
};

/// Plans between Gaussian histograms on 32 bins, as in the authors' notebook.
pub struct Plans1d;

/// How a plan is regularised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Regularisation {
    /// Not at all: exact transport by linear programming.
    Unregularised,
    /// By entropy, ε = 0.002.
    Entropic,
    /// Quadratically, γ = 0.1.
    Quadratic,
    /// At most two nonzeros per column, γ = 1: the top-k plan at the certified potentials.
    KSparse,
}

/// A cell: which histograms, which regularisation.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The two histograms.
    pair: HistogramPair,
    /// How the plan is regularised.
    regularisation: Regularisation,
}

/// One nonzero of a plan.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Row of the plan.
    source_bin: usize,
    /// Column of the plan.
    target_bin: usize,
    /// Mass moved from the source bin to the target bin.
    mass: f64,
}

const PAIRS: [(HistogramPair, &str); 2] =
    [(HistogramPair::Gaussians, "to a Gaussian"), (HistogramPair::GaussianToMixture, "to a mixture")];
const REGULARISATIONS: [(Regularisation, &str); 4] = [
    (Regularisation::Unregularised, "exact"),
    (Regularisation::Entropic, "entropic"),
    (Regularisation::Quadratic, "quadratic"),
    (Regularisation::KSparse, "k = 2"),
];

/// The mass that is drawn in the brightest colour.
const LARGEST_SHOWN: f64 = 0.06;

impl Regularisation {
    fn plan(self, problem: &Problem) -> Result<SparsePlan, Failure> {
        let relaxed = |regulariser| solve_relaxation(problem, regulariser, &RelaxationOptions::default());
        Ok(match self {
            Self::Unregularised => solve_exact(problem).plan,
            Self::Entropic => {
                let options = SinkhornOptions { epsilon: 0.002, ..SinkhornOptions::default() };
                SparsePlan::from_dense(solve_sinkhorn(problem, &options)?.plan.view())
            }
            Self::Quadratic => relaxed(Regulariser::new(problem.rows(), 0.1))?.relaxed_plan,
            Self::KSparse => relaxed(Regulariser::new(2, 1.0))?.top_k_plan,
        })
    }
}

impl Experiment for Plans1d {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "plans-1d";
    const TITLE: &'static str = "Transport plans on a line";
    const QUESTION: &'static str = "What do plans look like between histograms on 32 bins with the cost (i − j)²/31²: exact, entropic (ε = 0.002), \
         quadratic (γ = 0.1), and with at most two nonzeros per column (γ = 1)?";
    const REVISION: u32 = 2;

    fn grid(&self, _profile: Profile) -> Vec<Parameters> {
        let of_pair =
            |(pair, _)| REGULARISATIONS.map(|(regularisation, _)| Parameters { pair, regularisation });
        PAIRS.into_iter().flat_map(of_pair).collect()
    }

    fn measure(&self, parameters: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = histograms_on_a_line(parameters.pair)?;
        let plan = parameters.regularisation.plan(&problem)?;
        let entries = |j| plan.column(j).map(move |(i, mass)| Row { source_bin: i, target_bin: j, mass });
        Ok(Outcome::Done((0..plan.columns()).flat_map(entries).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Two nonzeros per column keep the plan thin")
            .columns(REGULARISATIONS.len())
            .width(900.0);
        let mut summary = Vec::new();
        for (parameters, rows) in table.cells() {
            let problem = histograms_on_a_line(parameters.pair)?;
            let mut dense = Array2::zeros((problem.rows(), problem.columns()));
            for row in rows {
                dense[(row.source_bin, row.target_bin)] = row.mass;
            }
            let plan = SparsePlan::from_dense(dense.view());
            let regularisation = REGULARISATIONS.iter().find(|(kind, _)| *kind == parameters.regularisation);
            let pair = PAIRS.iter().find(|(pair, _)| *pair == parameters.pair);
            let title = format!(
                "{} {}",
                regularisation.map_or("", |(_, name)| name),
                pair.map_or("", |(_, name)| name)
            );
            // Entropy leaves mass everywhere; what is too faint to see is drawn as nothing.
            let visible = dense.mapv(|mass| if mass > LARGEST_SHOWN / 256.0 { mass } else { 0.0 });
            let heatmap =
                Heatmap::new(visible.view()).title(title).x_label("target bin").y_label("source bin");
            figure = figure.panel(
                heatmap.zero_white().value_range(0.0, LARGEST_SHOWN).value_label("mass").without_color_bar(),
            );
            summary.push(Summary {
                pair: parameters.pair,
                regularisation: parameters.regularisation,
                nonzeros: plan.nonzeros(),
                most_nonzeros: plan.max_nonzeros_per_column(),
                transport_cost: plan.cost(problem.cost()),
                row_error: plan.row_error(problem.a()),
                column_error: plan.column_error(problem.b()),
            });
        }
        report.figure(
            "plans",
            "Plans between histograms; white is zero or too faint to see, yellow 0.06 or more. Exact transport follows a curve, \
             entropy and the quadratic regulariser widen it, and two nonzeros per column keep it thin. The first three meet \
             both marginals; the k-sparse plan meets the column masses, and the table says by how much it misses the rows.",
            "Two rows of four heatmaps of 32 by 32 bins. In each row the exact plan is a thin curve, the entropic and the \
             quadratic plan are bands around it, and the plan with two nonzeros per column is again thin.",
            &figure,
        )?;
        report.records("nonzeros", "Nonzeros, cost and marginal errors of the plans.", &summary)
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// The two histograms.
    pair: HistogramPair,
    /// How the plan is regularised.
    regularisation: Regularisation,
    /// Nonzero entries of the plan.
    nonzeros: usize,
    /// Most nonzeros of a column.
    most_nonzeros: usize,
    /// ⟨C, T⟩.
    transport_cost: f64,
    /// Sum over rows of |row sum − a|, of a mass of 1.
    #[column(within = 0.1, absolute = 1e-6)]
    row_error: f64,
    /// Sum over columns of |column sum − b|, of a mass of 1.
    #[column(absolute = 1e-9)]
    column_error: f64,
}
