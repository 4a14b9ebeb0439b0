//! `laplace-principle`: the non-asymptotic inequality on which global convergence rests.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::curves::Curve;
use crate::envelope::exact_hop;
use crate::principle::laplace_bound;

/// The inequality on curves.
pub struct LaplacePrinciple;

/// A cell: a curve, a law of the particles, α.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The curve.
    pub curve: Curve,
    /// Mean of the normal law ρ.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// Inverse temperature, α.
    pub alpha: f64,
}

/// The inequality for all pairs (r, q) of a grid.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// |x_α(ρ) − x*|, by quadrature.
    #[column(absolute = 1e-12)]
    pub distance: f64,
    /// Least right-hand side over the pairs.
    pub bound: f64,
    /// Pairs tried.
    pub pairs: u32,
    /// Pairs for which the left-hand side is the larger one.
    pub violations: u32,
}

impl Experiment for LaplacePrinciple {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "laplace-principle";
    const TITLE: &'static str = "The Laplace principle with constants";
    const QUESTION: &'static str = "Global convergence rests on the consensus of a law being near the minimiser once α is large, with explicit constants. Does the inequality \
         hold on a convex and on two wavy curves, and how much does it give away?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let dense = if profile == Profile::Full { 4 } else { 1 };
        let mut grid = Vec::new();
        for (curve, _, _) in CURVES {
            for (mean, deviation) in [(1.0, 1.0), (3.0, 2.0), (0.3, 0.2), (-2.0, 0.7)] {
                grid.extend((0..=4 * dense).map(|k| Parameters {
                    curve,
                    mean,
                    deviation,
                    alpha: 10_f64.powf(f64::from(k) / f64::from(dense)),
                }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let distance = exact_hop(cell.curve, cell.mean, cell.deviation, cell.alpha).point.abs();
        let growth = CURVES
            .into_iter()
            .find(|(curve, ..)| *curve == cell.curve)
            .map_or(f64::NAN, |(_, growth, _)| growth);
        let mut row = Row { distance, bound: f64::INFINITY, pairs: 0, violations: 0 };
        for r in [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0] {
            for q in [0.001, 0.01, 0.1, 1.0, 5.0] {
                let bound =
                    laplace_bound(cell.curve, growth, (cell.mean, cell.deviation), cell.alpha, (r, q));
                row.bound = row.bound.min(bound);
                row.pairs += 1;
                // NaN would be a violation too.
                row.violations +=
                    u32::from(!matches!(distance.partial_cmp(&bound), Some(order) if order.is_le()));
            }
        }
        Ok(Outcome::Done(vec![row]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Distance of the consensus to the minimiser, and its bound")
            .subtitle("law N(1, 1)")
            .columns(3)
            .panel_height(230.0);
        for (curve, _, name) in CURVES {
            let rows = || table.rows().filter(move |(cell, _)| cell.curve == curve && cell.mean == 1.0);
            figure = figure.panel(
                Chart::new()
                    .title(name)
                    .x_label("α")
                    .y_label("distance")
                    .x_log()
                    .y_log()
                    .line_with_markers("distance", rows().map(|(cell, row)| (cell.alpha, row.distance)))
                    .line_with_markers("least bound", rows().map(|(cell, row)| (cell.alpha, row.bound))),
            );
        }
        report.figure(
            "inequality",
            "Distance |x_α − x*| against α, and the least of the bounds over 35 pairs (r, q): it holds, and gives away a factor of five and more for this law.",
            "Three panels, in each the bound lies above the distance.",
            &figure,
        )
    }
}

/// Curves with η: E(t) ≥ η²t².
const CURVES: [(Curve, f64, &str); 3] = [
    (Curve::Quadratic, std::f64::consts::FRAC_1_SQRT_2, "t²/2"),
    (Curve::MildRastrigin, 1.0, "Rastrigin, 2.5"),
    (Curve::Rastrigin, 1.0, "Rastrigin, 10"),
];
