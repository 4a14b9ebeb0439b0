//! `softening`: hops without sampling error against proximal points and gradient steps, by quadrature.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::curves::Curve;
use crate::envelope::exact_hop;

/// Exact hops on curves.
pub struct Softening;

/// Which question a cell belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sweep {
    /// α grows at fixed τ.
    Alpha,
    /// The bound, on curves with 1/τ + Λ > 0.
    Bound,
    /// The identity alone, on curves with many wells.
    Identity,
    /// τ falls: proximal against gradient step.
    Step,
}

/// A cell: a hop.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Which question it belongs to.
    pub sweep: Sweep,
    /// The curve.
    pub curve: Curve,
    /// Where the hop begins.
    pub m: f64,
    /// Step size of the movement, τ = αs².
    pub tau: f64,
    /// Inverse temperature, α.
    pub alpha: f64,
}

/// What the hop does.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// |hop − proximal point|.
    #[column(within = 1e-3, absolute = 1e-12)]
    pub softening: f64,
    /// √(τ/(α(1 + Λτ))), which it cannot exceed where 1/τ + Λ > 0.
    pub bound: Option<f64>,
    /// |hop − (m − τF′(m))|/s, F′ by differences of free energies.
    #[column(absolute = 1e-6)]
    pub identity: f64,
    /// |proximal point − gradient step|.
    #[column(absolute = 1e-12)]
    pub implicit: f64,
    /// τ|E′(m)|, the length of the gradient step: the null model of no motion.
    pub no_motion: f64,
}

/// Curves and starts of the sweep over α, all at τ = 0.1.
pub const RATES: [(Curve, f64, &str); 3] = [
    (Curve::WShaped, 1.0, "smooth: W-shaped"),
    (Curve::Kink, 0.0, "curvature jumps (C1,1)"),
    (Curve::Absolute, 0.05, "|t| near its kink"),
];

impl Experiment for Softening {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "softening";
    const TITLE: &'static str = "Hop, proximal point and gradient step without sampling error (main theorem)";
    const QUESTION: &'static str = "How far is the hop from the proximal point as α grows at fixed τ, is the bound √(dτ/(α(1 + Λτ))) kept, is the hop a gradient step on \
         the soft envelope, and how fast do implicit and explicit step part as τ grows?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let dense = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 2,
            Profile::Full => 8,
        };
        let mut grid = Vec::new();
        for (curve, m, _) in RATES {
            let alphas = (0..=5 * dense).map(|k| 10_f64.powf(1.0 + f64::from(k) / f64::from(dense)));
            grid.extend(alphas.map(|alpha| Parameters { sweep: Sweep::Alpha, curve, m, tau: 0.1, alpha }));
        }
        for curve in [Curve::Cosine, Curve::Absolute, Curve::Kink] {
            for tau in [0.02, 0.1, 0.5, 2.0] {
                for alpha in [1.0, 20.0, 500.0, 1e4] {
                    // For |t| the bound is nearly attained at m = τ: half of a normal law.
                    let starts = [-2.7, -1.1, 0.0, tau, 1.3, 2.9];
                    grid.extend(starts.map(|m| Parameters { sweep: Sweep::Bound, curve, m, tau, alpha }));
                }
            }
        }
        for curve in [Curve::MildRastrigin, Curve::WShaped, Curve::StyblinskiTang] {
            for (tau, alpha, m) in [(0.05, 1.0, 1.2), (0.2, 10.0, -0.7), (0.5, 10.0, 3.1), (0.1, 100.0, 2.2)]
            {
                grid.push(Parameters { sweep: Sweep::Identity, curve, m, tau, alpha });
            }
        }
        let taus =
            (0..=3 * dense).map(|k| 3e-4 * (100.0_f64 / 3.0).powf(f64::from(k) / f64::from(3 * dense)));
        grid.extend(taus.map(|tau| Parameters {
            sweep: Sweep::Step,
            curve: Curve::Cosine,
            m: 2.0,
            tau,
            alpha: 100.0,
        }));
        grid
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { curve, m, tau, alpha, .. } = *cell;
        let width = (tau / alpha).sqrt();
        let hop = exact_hop(curve, m, width, alpha);
        // Five-point differences: off by h⁴, which leaves less than rounding does.
        let h = 0.02 * width;
        let free_energy = |offset: f64| exact_hop(curve, m + offset * h, width, alpha).free_energy;
        let slope = (8.0 * (free_energy(1.0) - free_energy(-1.0)) - (free_energy(2.0) - free_energy(-2.0)))
            / (12.0 * h);
        let convexity = 1.0 + curve.convexity() * tau;
        Ok(Outcome::Done(vec![Row {
            softening: (hop.point - hop.prox.point).abs(),
            bound: (convexity > 0.0).then(|| (tau / (alpha * convexity)).sqrt()),
            identity: (hop.point - (m - tau * slope)).abs() / width,
            implicit: (hop.prox.point - (m - tau * curve.slope(m))).abs(),
            no_motion: tau * curve.slope(m).abs(),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let of = |sweep: Sweep| table.rows().filter(move |(cell, _)| cell.sweep == sweep);
        let mut chart =
            Chart::new().x_label("inverse temperature, α").y_label("|hop − proximal point|").x_log().y_log();
        for (curve, _, name) in RATES {
            let rows = of(Sweep::Alpha).filter(|(cell, _)| cell.curve == curve);
            chart = chart.line_with_markers(name, rows.map(|(cell, row)| (cell.alpha, row.softening)));
        }
        report.figure(
            "rates",
            "Distance of the hop without sampling error to the proximal point at τ = 0.1. Where the objective is smooth it falls as 1/α; where its curvature jumps at \
             the proximal point, as α^(−1/2), the theorem's rate.",
            "Three falling lines on logarithmic axes, two with slope −1, one with slope −1/2.",
            &Figure::new("The Laplace principle has two rates").panel(chart),
        )?;
        let rows = || of(Sweep::Step).map(|(cell, row)| (cell.tau, row));
        let chart = Chart::new()
            .x_label("step size, τ")
            .y_label("distance")
            .x_log()
            .y_log()
            .line_with_markers("proximal to gradient step", rows().map(|(tau, row)| (tau, row.implicit)))
            .line_with_markers("null: no motion", rows().map(|(tau, row)| (tau, row.no_motion)));
        report.figure(
            "steps",
            "Implicit and explicit step part like τ²; a residual of size τ, which the theorem as remembered allows, would also allow not to move at all.",
            "Two rising lines on logarithmic axes, one with slope 2, above it one with slope 1.",
            &Figure::new("Implicit against explicit step").panel(chart),
        )?;
        let ratios = of(Sweep::Bound).filter_map(|(_, row)| Some(row.softening / row.bound?));
        let chart = Chart::new()
            .x_label("|hop − proximal point| over its bound")
            .y_label("hops")
            .x_range(0.0, 1.0)
            .histogram("", ratios, 25);
        report.figure(
            "bound",
            "The distance over its bound √(τ/(α(1 + Λτ))) for three curves, four τ, four α and six starts. None exceeds 1; √(2/π) = 0.798 is what half a normal law \
             can attain.",
            "A histogram between 0 and 0.8.",
            &Figure::new("The bound holds and is nearly attained").panel(chart),
        )
    }
}
