//! `chain`: swarm, hopping, minimising movement and gradient descent on a wavy bowl, link by link.

use std::f64::consts::FRAC_1_SQRT_2;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::curves::Curve;
use crate::descent::noisy_descent;
use crate::draws::Draws;
use crate::envelope::exact_hop;
use crate::hopping::Hopper;
use crate::objective::Objective;
use crate::problems::Waves;
use crate::swarm::{Noise, Options, Start, Swarm, Temperature};

/// Residuals of each link beside what they would be without any motion.
pub struct Chain;

/// A cell: α, N, a run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Inverse temperature, α.
    pub alpha: f64,
    /// Samples of a hop, N.
    pub samples: usize,
    /// The run.
    pub replicate: u32,
}

/// A run of forty hops, from (2, −1.5) with τ = αs² = 0.05. Residuals are root mean squares over the hops of distances in ℝ².
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Sampled hop against the gradient step from the same point: g_k of the theorem.
    #[column(within = 1e-3)]
    pub hop_to_descent: f64,
    /// Null model of it, no motion: length of the gradient step.
    #[column(within = 1e-3)]
    pub no_motion: f64,
    /// Sampled hop against the hop without sampling error.
    #[column(within = 1e-3)]
    pub sampling: f64,
    /// Hop without sampling error against the proximal point.
    #[column(within = 1e-3)]
    pub softening: f64,
    /// Proximal point against the gradient step.
    #[column(within = 1e-3)]
    pub implicit: f64,
    /// One step of a swarm with λΔt = 1 (the theorem's regime), drawn with the hops' width around each hop: its consensus against the next hop without sampling error.
    #[column(within = 1e-2)]
    pub swarm_to_hop: f64,
    /// Null model of it: length of that hop.
    #[column(within = 1e-2)]
    pub swarm_no_motion: f64,
    /// The same of a swarm that is left to itself for forty steps: its width is no longer that of hops.
    #[column(within = 1e-2)]
    pub swarm_run_to_hop: f64,
    /// Null model of it: length of that hop.
    #[column(within = 1e-2)]
    pub swarm_run_no_motion: f64,
    /// Mean cosine of a hop with −∇E over the first 20 hops.
    #[column(within = 1e-3)]
    pub cosine: f64,
    /// Mean distance of a hop to the iterate of gradient descent of the same number: deviation and lag.
    #[column(within = 1e-3)]
    pub behind: f64,
    /// Mean distance of a hop to the nearest point of the path of gradient descent, at any step.
    #[column(within = 1e-3)]
    pub off_curve: f64,
    /// Distance to the iterate of the same number, of gradient descent with noise of the hops' sampling covariance.
    #[column(within = 1e-3)]
    pub behind_with_noise: f64,
}

const TAU: f64 = 0.05;
const START: [f64; 2] = [2.0, -1.5];

impl Experiment for Chain {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "chain";
    const TITLE: &'static str = "From swarm to gradient descent, link by link (main theorem)";
    const QUESTION: &'static str = "The theorem leads from the swarm over hopping and the minimising movement to gradient descent. How large is each link's residual on \
         Σ xᵢ²/2 + 0.3 (1 − cos 2xᵢ) at τ = 0.05, and how large beside the residual of not moving at all?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (samples, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[50, 100], 3),
            Profile::Quick => (&[100, 1_000, 10_000], 20),
            Profile::Full => (&[100, 1_000, 10_000, 100_000, 1_000_000], 50),
        };
        let mut grid = Vec::new();
        for alpha in [10.0, 100.0, 1_000.0] {
            for &samples in samples {
                grid.extend((0..replicates).map(|replicate| Parameters { alpha, samples, replicate }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let steps = 40;
        let width = (TAU / cell.alpha).sqrt();
        let draws = Draws::new(random.stream("hops").next_u64(), 0);
        let mut hopper = Hopper::new(width, cell.alpha, cell.samples, 2)?;
        let (mut hopping, mut descending) = (START, START);
        let (mut squares, mut cosines, mut behind) = ([0.0; 9], Vec::new(), 0.0);
        let curve = path_of_descent();
        let mut off_curve = 0.0;
        for step in 0..steps {
            let gradient = slope(hopping);
            let explicit = [0, 1].map(|k| hopping[k] - TAU * gradient[k]);
            let exact = [0, 1].map(|k| exact_hop(Curve::Cosine, hopping[k], width, cell.alpha));
            let (hop, prox) = (exact.map(|hop| hop.point), exact.map(|hop| hop.prox.point));
            let found = hopper.hop(&Waves, &hopping, draws.step(step))?;
            let sampled = [found.point[0], found.point[1]];
            for (k, (a, b)) in
                [(sampled, explicit), (hopping, explicit), (sampled, hop), (hop, prox), (prox, explicit)]
                    .into_iter()
                    .enumerate()
            {
                squares[k] += square(a, b);
            }
            if step < 20 {
                let along = [0, 1].map(|k| sampled[k] - hopping[k]);
                let product = -(along[0] * gradient[0] + along[1] * gradient[1]);
                cosines.push(product / (along[0].hypot(along[1]) * gradient[0].hypot(gradient[1])));
            }
            hopping = sampled;
            let gradient = slope(descending);
            descending = [0, 1].map(|k| descending[k] - TAU * gradient[k]);
            behind += square(hopping, descending).sqrt() / steps as f64;
            off_curve += curve.iter().map(|at| square(hopping, *at).sqrt()).fold(f64::INFINITY, f64::min)
                / steps as f64;
        }
        self.swarms(cell, width, steps, random, &mut squares)?;
        let [
            hop_to_descent,
            no_motion,
            sampling,
            softening,
            implicit,
            swarm_to_hop,
            swarm_no_motion,
            swarm_run_to_hop,
            swarm_run_no_motion,
        ] = squares.map(|sum| (sum / steps as f64).sqrt());
        Ok(Outcome::Done(vec![Row {
            hop_to_descent,
            no_motion,
            sampling,
            softening,
            implicit,
            swarm_to_hop,
            swarm_no_motion,
            swarm_run_to_hop,
            swarm_run_no_motion,
            cosine: numerics::bootstrap::mean(&cosines),
            behind,
            off_curve,
            behind_with_noise: behind_with_noise(cell, width, steps, random)?,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Residuals of the theorem's links, and of not moving")
            .subtitle("root mean square over 40 hops, mean over runs, 95 % bootstrap interval")
            .columns(2);
        let mut all = Vec::new();
        for alpha in [10.0, 100.0, 1_000.0] {
            let mut chart = Chart::new()
                .title(format!("α = {alpha}"))
                .x_label("samples, N")
                .y_label("distance")
                .x_log()
                .y_log();
            for (name, quantity) in LINKS {
                let rows = table.rows().filter(|(cell, _)| cell.alpha == alpha);
                let means = table.means_by(
                    rows.map(|(cell, row)| (cell.samples as f64, quantity(row))),
                    &format!("{name}, α = {alpha}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "links",
            "Each link's residual against the number of samples. Softening and implicit step do not depend on N; sampling falls as N^(−1/2) where α is small and hardly at \
             all where it is large: then the hop is nearer to its start than to the gradient step, and the total equals that of not moving. The swarm's link is not seen: one step after a swarm was drawn with the hops' width its consensus is off by about half the length of the hop at α = 1000, by up to several times that length at smaller α, \
             and more samples do not help, since its particles' law has heavier tails; left to itself for forty steps it is off by five times that length and more (columns of the table).",
            "Three panels of lines over N: at α = 10 sampling falls below the null model, at α = 1000 it stays beside it.",
            &figure,
        )?;
        let mut chart = Chart::new()
            .x_label("inverse temperature, α")
            .y_label("mean distance to descent")
            .x_log()
            .y_log();
        let mut samples: Vec<usize> = table.cells().map(|(cell, _)| cell.samples).collect();
        samples.sort_unstable();
        samples.dedup();
        let paths: [(&str, Quantity); 3] = [
            ("same number", |row| row.behind),
            ("nearest point", |row| row.off_curve),
            ("noisy descent, same number", |row| row.behind_with_noise),
        ];
        for (name, quantity) in paths {
            for &n in [samples.first(), samples.last()].into_iter().flatten() {
                let rows = table.rows().filter(|(cell, _)| cell.samples == n);
                let means = table.means_by(
                    rows.map(|(cell, row)| (cell.alpha, quantity(row))),
                    &format!("{name}, N = {n}"),
                );
                chart = chart.means(format!("{name}, N = {n}"), &means);
                all.extend(means);
            }
        }
        report.figure(
            "behind",
            "At a fixed τ, raising α makes hopping fall behind gradient descent, for any number of samples: distances to the iterate of the same number grow, while the hops stay near the path. Gradient \
             descent with noise of the hops' own sampling covariance does not fall behind: it is the mean hop that is too short.",
            "Lines of the distance to the iterate of the same number rise with α; those to the nearest point of the path and those of noisy descent stay low.",
            &Figure::new("A large α makes short hops").panel(chart),
        )?;
        report.means_table("runs", &all)
    }
}

impl Chain {
    /// Adds the squares of the swarms' residuals and nulls.
    fn swarms(
        &self,
        cell: &Parameters,
        width: f64,
        steps: u64,
        random: &Random,
        squares: &mut [f64; 9],
    ) -> Result<(), Failure> {
        // λΔt = 1: particles leave their places altogether. σ√Δt = 1/√d keeps their mean squared distance to a consensus that rests.
        let options = Options {
            particles: cell.samples,
            step: 0.01,
            drift: 100.0,
            noise: FRAC_1_SQRT_2 / 0.1,
            shape: Noise::Isotropic,
            temperature: Temperature::Alpha(cell.alpha),
            ..Options::default()
        };
        let swarm_at = |mean: &[f64], run| {
            let start = Start::Normal { mean: mean.to_vec(), spread: width };
            Swarm::new(&Waves, &options, &start, Draws::new(random.stream("swarm").next_u64(), run))
        };
        let mut residuals = |at: usize, from: &[f64], to: &[f64]| {
            let hop = [0, 1].map(|k| exact_hop(Curve::Cosine, from[k], width, cell.alpha).point);
            squares[at] += square([to[0], to[1]], hop);
            squares[at + 1] += square([from[0], from[1]], hop);
        };
        let mut center = START.to_vec();
        for step in 0..steps {
            let mut swarm = swarm_at(&center, step + 1)?;
            let from = swarm.step(&Waves)?.point;
            center = swarm.consensus()?.point;
            residuals(5, &from, &center);
        }
        let mut swarm = swarm_at(&START, 0)?;
        for _ in 0..steps {
            let from = swarm.step(&Waves)?.point;
            residuals(7, &from, &swarm.consensus()?.point);
        }
        Ok(())
    }
}

/// The path of gradient descent, long enough for hops that are ahead.
fn path_of_descent() -> Vec<[f64; 2]> {
    let mut point = START;
    let mut path = vec![START];
    for _ in 0..200 {
        let gradient = slope(point);
        point = [0, 1].map(|k| point[k] - TAU / 4.0 * gradient[k]);
        path.push(point);
    }
    path
}

/// Something of a row.
type Quantity = fn(&Row) -> f64;

const LINKS: [(&str, Quantity); 7] = [
    ("swarm to hop, one step", |row| row.swarm_to_hop),
    ("hop, sampling", |row| row.sampling),
    ("hop to proximal point", |row| row.softening),
    ("proximal to gradient step", |row| row.implicit),
    ("hop to gradient step, in all", |row| row.hop_to_descent),
    ("null: no motion", |row| row.no_motion),
    ("swarm to hop, forty steps", |row| row.swarm_run_to_hop),
];

fn slope(point: [f64; 2]) -> [f64; 2] {
    let mut gradient = [0.0; 2];
    Waves.gradient(&point, &mut gradient);
    gradient
}

fn square(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
}

/// The null model of "stochastic gradient": descent with noise of the covariance that a hop from the same place has, its mean distance to the iterates without noise.
/// The difference of two independent hops, over √2, has mean 0 and that covariance whatever their law.
fn behind_with_noise(cell: &Parameters, width: f64, steps: u64, random: &Random) -> Result<f64, Failure> {
    let draws = Draws::new(random.stream("null").next_u64(), 0);
    let mut hopper = Hopper::new(width, cell.alpha, cell.samples, 2)?;
    let mut fault = None;
    let (mut plain, mut off) = (START, 0.0);
    let kick = |step: u64, point: &[f64], noise: &mut [f64]| {
        for (number, sign) in [(2 * step, FRAC_1_SQRT_2), (2 * step + 1, -FRAC_1_SQRT_2)] {
            match hopper.hop(&Waves, point, draws.step(number)) {
                Ok(hop) => (0..2).for_each(|k| noise[k] += sign * (hop.point[k] - point[k])),
                Err(refusal) => fault = Some(refusal),
            }
        }
    };
    noisy_descent(&Waves, &START, TAU, steps, kick, &mut |_, point: &[f64]| {
        let gradient = slope(plain);
        plain = [0, 1].map(|k| plain[k] - TAU * gradient[k]);
        off += square([point[0], point[1]], plain).sqrt() / steps as f64;
    });
    fault.map_or(Ok(off), |fault| Err(fault.into()))
}
