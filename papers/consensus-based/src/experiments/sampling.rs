//! `sampling`: how a sampled hop errs, against N, where the exact hop is known.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::draws::Draws;
use crate::hopping::Hopper;
use crate::quadratic::Quadratic;

/// The error of sampled hops on |x|²/2 in the plane.
pub struct Sampling;

/// A cell: a hop, a number of samples, a batch of runs.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Inverse temperature, α.
    pub alpha: f64,
    /// Step size τ = αs².
    pub tau: f64,
    /// Start of the hop: (m, m/2).
    pub m: f64,
    /// Samples, N.
    pub samples: usize,
    /// Whether samples come in pairs x, 2m − x (not in the paper).
    pub antithetic: bool,
    /// Batch of runs.
    pub replicate: u32,
}

/// A batch of hops.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Mean squared distance of sampled to exact hop, over the batch.
    pub squared_error: f64,
    /// The same by the formula for N → ∞.
    pub formula: f64,
    /// ln κ: N/κ samples count.
    pub log_kappa: f64,
    /// Runs in the batch.
    pub runs: u32,
}

/// α, τ and m of the hops, with ln κ rising.
pub const HOPS: [(f64, f64, f64); 4] =
    [(10.0, 0.02, 1.0), (10.0, 0.1, 2.0), (10.0, 0.5, 2.0), (100.0, 0.05, 2.0)];

impl Experiment for Sampling {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "sampling";
    const TITLE: &'static str = "The price of N^(−1/2)";
    const QUESTION: &'static str = "The theorem's last term is N^(−1/2). How large is the constant before it, which grows like exp(ατ|∇E|²/2), and from which N on does the \
         rate show? Do antithetic pairs help?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sizes: &[usize] = match profile {
            Profile::Smoke => &[20, 100],
            Profile::Quick => &[100, 316, 1_000, 3_162, 10_000, 100_000],
            Profile::Full => &[100, 316, 1_000, 3_162, 10_000, 100_000, 1_000_000],
        };
        let mut grid = Vec::new();
        for (alpha, tau, m) in HOPS {
            for &samples in sizes {
                for antithetic in [false, true] {
                    let of = |replicate| Parameters { alpha, tau, m, samples, antithetic, replicate };
                    grid.extend((0..20).map(of));
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (tau, alpha) = (cell.tau, cell.alpha);
        let width = (tau / alpha).sqrt();
        let m = Array1::from(vec![cell.m, cell.m / 2.0]);
        let quadratic = Quadratic::new(Array2::eye(2), Array1::zeros(2)).ok_or("the identity is a matrix")?;
        let exact = quadratic.hop(&m, width, alpha);
        // 2,000 runs of each in all, fewer where a run is long.
        let runs = (1_000_000 / cell.samples).clamp(1, 100) as u32;
        let draws = Draws::new(random.stream("samples").next_u64(), 0);
        let mut hopper = Hopper::new(width, alpha, cell.samples, 2)?;
        hopper.antithetic = cell.antithetic;
        let mut sum = 0.0;
        for run in 0..runs {
            let found = hopper.hop(&quadratic, &[m[0], m[1]], draws.step(u64::from(run)))?;
            sum += found.point.iter().zip(&exact.point).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        }
        Ok(Outcome::Done(vec![Row {
            squared_error: sum / f64::from(runs),
            formula: exact.squared_error / cell.samples as f64,
            log_kappa: exact.log_kappa,
            runs,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Error of a sampled hop against the number of samples")
            .subtitle("mean square over runs, 95 % bootstrap interval")
            .columns(2);
        let mut all = Vec::new();
        for (alpha, tau, m) in HOPS {
            let of =
                || table.rows().filter(move |(cell, _)| (cell.alpha, cell.tau, cell.m) == (alpha, tau, m));
            let kappa = of().next().map_or(f64::NAN, |(_, row)| row.log_kappa.exp());
            let name = format!("α = {alpha}, τ = {tau}, κ = {kappa:.3e}");
            let mut chart =
                Chart::new().title(&name).x_label("samples, N").y_label("mean squared error").x_log().y_log();
            for (label, antithetic) in [("independent", false), ("antithetic pairs", true)] {
                let rows = of().filter(|(cell, _)| cell.antithetic == antithetic);
                let means = table.means_by(
                    rows.map(|(cell, row)| (cell.samples as f64, row.squared_error)),
                    &format!("{name}, {label}"),
                );
                chart = chart.means(label, &means);
                all.extend(means);
            }
            let formula = of()
                .filter(|(cell, _)| cell.replicate == 0 && !cell.antithetic)
                .map(|(cell, row)| (cell.samples as f64, row.formula));
            // Beyond the length of the hop the formula says nothing that is not trivial.
            let shown: Vec<_> = formula.filter(|(_, value)| *value < 10.0 * m * m).collect();
            figure =
                figure.panel(if shown.is_empty() { chart } else { chart.line("formula, N → ∞", shown) });
        }
        report.figure(
            "errors",
            "With κ near 1 the error follows the formula from N = 100 on; with κ = 44 from about 10⁴; with κ = 2.5·10⁹ no number of samples in reach shows the rate. \
             Antithetic pairs lower the error where κ is small and change nothing where one sample decides.",
            "Four panels of falling lines; in the first all lines are parallel, in the last the formula is too far above to be drawn.",
            &figure,
        )?;
        report.means_table("batches", &all)
    }
}
