//! `plans-1d`: transport plans between histograms on a line.

use lab::{Column, Experiment, Failure, Figure, Heatmap, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::problems::{HistogramPair, histograms_on_a_line};
use crate::{AscentOptions, Regulariser, solve_exact, solve_semidual};

/// Plans between Gaussian histograms on 32 bins, as in the authors' notebook.
pub struct Plans1d;

/// How a plan is regularised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Regularisation {
    /// Not at all: exact transport by linear programming.
    Unregularised,
    /// Quadratically, γ = 0.1.
    Quadratic,
    /// At most two nonzeros per column, γ = 1.
    KSparse,
}

/// A cell: which histograms, which regularisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    pair: HistogramPair,
    regularisation: Regularisation,
}

/// One nonzero of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    source_bin: usize,
    target_bin: usize,
    mass: f64,
}

const PAIRS: [(HistogramPair, &str); 2] =
    [(HistogramPair::Gaussians, "Gaussian to Gaussian"), (HistogramPair::GaussianToMixture, "Gaussian to mixture")];
const REGULARISATIONS: [(Regularisation, &str); 3] = [
    (Regularisation::Unregularised, "unregularised"),
    (Regularisation::Quadratic, "quadratic, γ = 0.1"),
    (Regularisation::KSparse, "k = 2, γ = 1"),
];

impl Experiment for Plans1d {
    type Parameters = Parameters;
    type Row = Row;

    fn id(&self) -> &'static str {
        "plans-1d"
    }

    fn title(&self) -> &'static str {
        "Transport plans on a line"
    }

    fn question(&self) -> &'static str {
        "What do the plans look like between histograms on 32 bins with the cost (i − j)²/31²: unregularised, \
         regularised quadratically, and with at most two nonzeros per column?"
    }

    fn revision(&self) -> u32 {
        1
    }

    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("pair", "the two histograms"),
            Column::new("regularisation", "how the plan is regularised"),
            Column::new("source_bin", "row of the plan"),
            Column::new("target_bin", "column of the plan"),
            Column::new("mass", "mass moved from the source bin to the target bin"),
            Column::new("nonzeros", "nonzero entries of the plan"),
            Column::new("most_nonzeros", "most nonzeros of a column"),
            Column::new("row_error", "sum over rows of |row sum − a|, of a total mass of 1").within(0.5),
        ]
    }

    fn grid(&self, _profile: Profile) -> Vec<Parameters> {
        let all = PAIRS.iter().flat_map(|(pair, _)| REGULARISATIONS.iter().map(|(regularisation, _)| (*pair, *regularisation)));
        all.map(|(pair, regularisation)| Parameters { pair, regularisation }).collect()
    }

    fn measure(&self, parameters: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = histograms_on_a_line(parameters.pair)?;
        let options = AscentOptions::default();
        let plan = match parameters.regularisation {
            Regularisation::Unregularised => solve_exact(&problem)?.plan,
            Regularisation::Quadratic => {
                solve_semidual(&problem, Regulariser::new(problem.rows(), 0.1), &options)?.plan
            }
            Regularisation::KSparse => solve_semidual(&problem, Regulariser::new(2, 1.0), &options)?.plan,
        };
        let entries = (0..plan.columns())
            .flat_map(|target_bin| plan.column(target_bin).map(move |(source_bin, mass)| Row { source_bin, target_bin, mass }));
        Ok(Outcome::Done(entries.collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Fewer nonzeros, the same shape").columns(REGULARISATIONS.len());
        let mut summary = Vec::new();
        for (parameters, rows) in table.cells() {
            let problem = histograms_on_a_line(parameters.pair)?;
            let mut plan = Array2::zeros((problem.rows(), problem.columns()));
            for row in rows {
                plan[(row.source_bin, row.target_bin)] = row.mass;
            }
            let name = |known: &[(Regularisation, &'static str)]| {
                known.iter().find(|(kind, _)| *kind == parameters.regularisation).map_or("", |(_, name)| name)
            };
            let pair = PAIRS.iter().find(|(pair, _)| *pair == parameters.pair).map_or("", |(_, name)| name);
            let heatmap = Heatmap::new(plan.view())
                .title(format!("{pair}: {}", name(&REGULARISATIONS)))
                .x_label("target bin")
                .y_label("source bin")
                .zero_white()
                .value_label("mass");
            figure = figure.panel(heatmap);
            let per_column = |j: usize| plan.column(j).iter().filter(|mass| **mass > 0.0).count();
            summary.push(Summary {
                pair: parameters.pair,
                regularisation: parameters.regularisation,
                nonzeros: rows.len(),
                most_nonzeros: (0..plan.ncols()).map(per_column).max().unwrap_or(0),
                row_error: plan.rows().into_iter().zip(problem.a()).map(|(row, a)| (row.sum() - a).abs()).sum(),
            });
        }
        report.figure(
            "plans",
            "Plans between histograms: exact transport follows a curve, the quadratic regulariser widens it, and two \
             nonzeros per column keep it thin. The k-sparse plan has exact column sums; its row error is in the table.",
            "Two rows of three heatmaps of 32 by 32 bins. In each row the unregularised plan is a thin curve, the \
             quadratic plan a band around it, and the plan with two nonzeros per column again thin.",
            &figure,
        )?;
        report.records("nonzeros", "Nonzeros and row errors of the plans.", &summary)
    }
}

#[derive(Serialize)]
struct Summary {
    pair: HistogramPair,
    regularisation: Regularisation,
    nonzeros: usize,
    most_nonzeros: usize,
    row_error: f64,
}
