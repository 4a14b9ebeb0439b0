//! `contraction`: the flow's ratio of H¹ distances at every step against the constant that convexity gives.

use std::sync::Arc;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use num_complex::Complex64;
use serde::{Deserialize, Serialize};

use super::{distance, forcing_of, key, random_waves, spread_out, zero};
use crate::equation::{Equation, Flux, Potential};
use crate::flow::{Discrete, Options, flow, newton};
use crate::spectrum::{Lattice, Spectrum};
use crate::torus::Torus;

/// Contraction.
pub struct Contraction;

/// Where the equation is posed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// The torus, with u²/2 in L.
    Torus,
    /// The cube with u = 0 on its boundary and nothing but the flux, as odd functions of period 2.
    Cube,
}

/// A cell: an equation on a grid.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where.
    pub domain: Domain,
    /// d; above 3 on the lattice of two frequencies.
    pub dimension: usize,
    /// Points along an axis.
    pub side: usize,
    /// β: second derivatives of L by ∇u lie between 1 and 1 + β.
    pub beta: f64,
    /// The amplitude of (I − Δ)⁻¹f.
    pub amplitude: f64,
    /// Right-hand sides.
    pub replicates: u32,
}

/// A step.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The right-hand side.
    pub replicate: u32,
    /// Steps done.
    pub step: usize,
    /// H¹ distance from the solution over the solution's norm.
    #[column(within = 1e-3, absolute = 1e-11)]
    pub distance: f64,
    /// The distance over that before.
    #[column(within = 1e-3)]
    pub ratio: f64,
    /// (M − μ)/(M + μ).
    #[column(within = 1e-9, absolute = 1e-12)]
    pub bound: f64,
    /// The distance over the certificate.
    #[column(within = 1e-3)]
    pub certified: f64,
    /// μ/M, below which that cannot be.
    #[column(within = 1e-9)]
    pub least: f64,
}

impl Experiment for Contraction {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "contraction";
    const TITLE: &'static str = "Contraction of the preconditioned flow";
    const QUESTION: &'static str = "Does every step contract the H¹ distance by (M − μ)/(M + μ), in any dimension, is that attained, and does the residual bound the distance?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (betas, grids, replicates): (&[f64], &[(usize, usize)], _) = match profile {
            Profile::Smoke => (&[1.0], &[(1, 32)], 1),
            Profile::Quick => (&[1.0, 9.0], &[(1, 128), (2, 48), (3, 20), (100, 48), (1_000, 48)], 3),
            Profile::Full => (
                &[1.0, 9.0, 99.0],
                &[(1, 512), (2, 256), (3, 64), (100, 128), (1_000, 128), (10_000, 128)],
                5,
            ),
        };
        let mut cells = Vec::new();
        for beta in betas {
            for (dimension, side) in grids {
                for amplitude in [0.05, 1.0] {
                    let cell = |domain| Parameters {
                        domain,
                        dimension: *dimension,
                        side: *side,
                        beta: *beta,
                        amplitude,
                        replicates,
                    };
                    cells.push(cell(Domain::Torus));
                    if *dimension <= if profile == Profile::Full { 3 } else { 2 } {
                        cells.push(cell(Domain::Cube));
                    }
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let lattice = match (cell.domain, cell.dimension) {
            (Domain::Cube, dimension) => Arc::new(Lattice::doubled(dimension)),
            (Domain::Torus, 1..=3) => Arc::new(Lattice::unit(cell.dimension)),
            _ => spread_out(cell.dimension, 2)?,
        };
        let torus = Torus::new(lattice.clone(), cell.side)?;
        let potential =
            if cell.domain == Domain::Torus { Potential::Reaction { alpha: 0.0 } } else { Potential::None };
        let equation = Equation { flux: Flux::SquareRoot { beta: cell.beta }, potential };
        let mut stream = random.shared_stream("forcing", &key([("dimension", cell.dimension as f64)]))?;
        let mut rows = Vec::new();
        for replicate in 0..cell.replicates {
            let g = match cell.domain {
                Domain::Torus => random_waves(&lattice, 3, cell.amplitude, &mut stream)?,
                Domain::Cube => sines(&lattice, cell.amplitude, &mut stream)?,
            };
            let forcing = torus.spread(&forcing_of(&g))?;
            let problem = Discrete {
                least_length: (cell.domain == Domain::Cube)
                    .then(|| std::f64::consts::PI * (cell.dimension as f64).sqrt()),
                ..Discrete::new(&torus, equation, &forcing)
            };
            let exact = newton(
                &problem,
                zero(&torus),
                &Options { tolerance: 1e-14, steps: 60, ..Options::default() },
                |_, _| (),
            )
            .u;
            let size = torus.h1(&exact);
            let mut before = f64::NAN;
            let mut step = 0;
            let options = Options { tolerance: 1e-9, ..Options::default() };
            flow(&problem, zero(&torus), &options, |u: &[Complex64], state| {
                let curvature = problem.curvature(state);
                let (least, largest) = (curvature.least.unwrap_or(0.0), curvature.largest);
                let now = distance(&torus, u, &exact);
                // The exact solution itself is good to about 1e-13.
                if now > 1e-10 * size && (step < 20 || step % if step < 200 { 10 } else { 100 } == 0) {
                    rows.push(Row {
                        replicate,
                        step,
                        distance: now / size,
                        ratio: now / before,
                        bound: (largest - least) / (largest + least),
                        certified: now / (state.dual / least),
                        least: least / largest,
                    });
                }
                before = now;
                step += 1;
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let betas: Vec<f64> = distinct(table.cells().map(|(cell, _)| cell.beta));
        let mut figure = Figure::new("The preconditioned flow")
            .subtitle("mean over right-hand sides, 95 % bootstrap interval; amplitude 1")
            .columns(2);
        for beta in betas {
            let mut chart = Chart::new()
                .title(format!("β = {beta}"))
                .x_label("step")
                .y_label("H¹ distance over the norm")
                .y_log();
            let dimensions = distinct(
                table
                    .cells()
                    .filter(|(cell, _)| cell.domain == Domain::Torus)
                    .map(|(cell, _)| cell.dimension as f64),
            );
            let mut last = 0.0_f64;
            for dimension in dimensions {
                let rows = table.rows().filter(|(cell, _)| {
                    cell.beta == beta
                        && cell.domain == Domain::Torus
                        && cell.dimension as f64 == dimension
                        && cell.amplitude == 1.0
                });
                let name = format!("d = {dimension}");
                let means = table.means_by(
                    rows.map(|(_, row)| (row.step as f64, row.distance)),
                    &format!("distance, β = {beta}, {name}"),
                );
                last = means.iter().fold(last, |last, mean| last.max(mean.at));
                if !means.is_empty() {
                    chart = chart.means(name, &means);
                }
                all.extend(means);
            }
            let q: f64 = beta / (2.0 + beta);
            let bound = (0..=last as usize)
                .map(|step| (step as f64, q.powi(step as i32)))
                .filter(|(_, value)| *value > 1e-10);
            figure = figure.panel(chart.line("bound", bound));
        }
        report.figure(
            "distances",
            "Curves of all dimensions lie on or below the same line, the bound ((M − μ)/(M + μ))ᵗ, which is β/(2 + β) to the t: neither dimension nor grid enters.",
            "A panel for each β with falling lines.",
            &figure,
        )?;
        report.means_table("step", &all)
    }
}

/// Two random sines for functions that vanish on the boundary: products of sin(πnx) along the axes.
fn sines(lattice: &Arc<Lattice>, amplitude: f64, random: &mut impl rand::Rng) -> Result<Spectrum, Failure> {
    let axes = lattice.dimension();
    let mut sum = Spectrum::zero(lattice.clone());
    for _ in 0..2 {
        let mut product: Option<Spectrum> = None;
        for axis in 0..axes {
            let n: Vec<i32> =
                (0..axes).map(|other| if other == axis { random.random_range(1..=3) } else { 0 }).collect();
            let sine = Spectrum::cosines(lattice.clone(), &[(n, 1.0, -std::f64::consts::FRAC_PI_2)])?;
            product = Some(product.map_or(sine.clone(), |product| product.times(&sine)));
        }
        let product = product.ok_or("no axis")?;
        sum = sum.combined(1.0, &product, amplitude * random.random_range(0.5..1.0));
    }
    Ok(sum)
}

/// Values in ascending order, each once.
pub(crate) fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}
