//! `networks`: two-layer networks for random waves and for solutions, and their error over the width.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{forcing_of, key, spread_out, zero};
use crate::equation::{Equation, Flux, Potential};
use crate::flow::{Discrete, Options, flow, newton};
use crate::spectrum::Spectrum;
use crate::torus::Torus;
use crate::two_layer::{Atom, Waves};

/// Networks.
pub struct Networks;

/// How a network is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Builder {
    /// Steps, sampled.
    Steps,
    /// Cosines, sampled.
    Cosines,
    /// Rectifiers, sampled.
    Rectifiers,
    /// Steps, by orthogonal greedy selection.
    GreedySteps,
    /// Steps, sampled, for the second iterate of the flow instead of random waves, held against the equation's solution, a function of four of the d variables.
    Solution,
}

/// All of them with their names.
pub const BUILDERS: [(Builder, &str); 5] = [
    (Builder::Steps, "steps"),
    (Builder::Cosines, "cosines"),
    (Builder::Rectifiers, "rectifiers"),
    (Builder::GreedySteps, "steps, greedy"),
    (Builder::Solution, "steps, a PDE's solution"),
];

/// A cell: networks of a width.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// How.
    pub builder: Builder,
    /// d.
    pub dimension: usize,
    /// N.
    pub neurons: usize,
    /// Networks.
    pub replicates: u32,
}

/// A network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The network.
    pub replicate: u32,
    /// The mean square error at 2,000 points of the cube.
    #[column(within = 1e-6)]
    pub square_error: f64,
    /// What the expected square error is, or its bound for rectifiers and greedy selection; for iterates of the flow with the square of their distance from the solution, since sampling has no bias.
    #[column(within = 1e-6)]
    pub expected: f64,
}

impl Experiment for Networks {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "networks";
    const TITLE: &'static str = "Two-layer networks";
    const QUESTION: &'static str = "Does the error of sampled networks fall as N^(−1/2) with the constant known beforehand, in any dimension, also for solutions of a nonlinear equation?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, widths, replicates): (&[usize], &[usize], _) = match profile {
            Profile::Smoke => (&[2], &[16, 64], 4),
            Profile::Quick => (&[2, 10, 100], &[16, 64, 256, 1_024], 40),
            Profile::Full => (&[2, 10, 100, 1_000], &[16, 64, 256, 1_024, 4_096, 16_384], 120),
        };
        let mut cells = Vec::new();
        for (builder, _) in BUILDERS {
            for dimension in dimensions {
                for neurons in widths {
                    let greedy = builder == Builder::GreedySteps;
                    if greedy && *neurons > 64 {
                        continue;
                    }
                    let replicates = if greedy { 4 } else { replicates };
                    cells.push(Parameters { builder, dimension: *dimension, neurons: *neurons, replicates });
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let key = key([("dimension", cell.dimension as f64)]);
        let mut data = random.shared_stream("function", &key)?;
        let (f, exact, apart) = match cell.builder {
            Builder::Solution => solution(cell.dimension)?,
            _ => {
                let f = random_function(cell.dimension, &mut data);
                (f.clone(), f, 0.0)
            }
        };
        let mut points = || Array2::from_shape_simple_fn((2_000, cell.dimension), || data.random::<f64>());
        let (fitted, tests) = (points(), points());
        let (fitted, phases) = (f.phases(&fitted), f.phases(&tests));
        let truth: Vec<f64> = exact.phases(&tests).outer_iter().map(|s| exact.value(s)).collect();
        let atom = match cell.builder {
            Builder::Cosines => Atom::Cosine,
            Builder::Rectifiers => Atom::Relu,
            _ => Atom::Step,
        };
        let constant = if matches!(cell.builder, Builder::Rectifiers | Builder::GreedySteps) {
            f.bound(atom)
        } else {
            f.sampling_constant(atom, &phases)
        };
        let expected = constant / cell.neurons as f64 + apart * apart;
        let mut own = random.stream("networks");
        let row = |replicate| {
            let network = match cell.builder {
                Builder::GreedySteps => f.greedy(atom, cell.neurons, 600, &fitted, &mut own),
                _ => f.sampled(atom, cell.neurons, &mut own),
            };
            let off = phases.outer_iter().zip(&truth).map(|(s, truth)| (network.value(s) - truth).powi(2));
            Row { replicate, square_error: off.sum::<f64>() / truth.len() as f64, expected }
        };
        Ok(Outcome::Done((0..cell.replicates).map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure =
            Figure::new("Two-layer networks").subtitle("root mean square error over networks").columns(2);
        for dimension in super::contraction::distinct(table.cells().map(|(cell, _)| cell.dimension as f64)) {
            let mut chart = Chart::new()
                .title(format!("d = {dimension}"))
                .x_label("neurons")
                .y_label("L² error")
                .x_log()
                .y_log();
            for (builder, name) in BUILDERS {
                let rows = table
                    .rows()
                    .filter(|(cell, _)| cell.builder == builder && cell.dimension as f64 == dimension);
                let means = table.means_by(
                    rows.map(|(cell, row)| (cell.neurons as f64, row.square_error)),
                    &format!("square error, d = {dimension}, {name}"),
                );
                chart = chart.line_with_markers(name, means.iter().map(|mean| (mean.at, mean.mean.sqrt())));
                all.extend(means);
                if builder == Builder::Steps {
                    let rows = table.rows().filter(|(cell, row)| {
                        cell.builder == builder && cell.dimension as f64 == dimension && row.replicate == 0
                    });
                    chart = chart.line(
                        "steps, expected",
                        rows.map(|(cell, row)| (cell.neurons as f64, row.expected.sqrt())),
                    );
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "Sampled networks have the error that was known beforehand. Greedy selection does better with the same number of neurons.",
            "A panel for each dimension with falling lines.",
            &figure,
        )?;
        report.means_table("neurons", &all)
    }
}

/// Six waves of |k|₁ from 1 to 3 in random variables, of variation 12.5.
fn random_function(dimension: usize, random: &mut impl Rng) -> Waves {
    let mut waves: Vec<(Vec<i32>, f64, f64)> = Vec::new();
    while waves.len() < 6 {
        let mut k = vec![0; dimension];
        for _ in 0..random.random_range(1..=3) {
            k[random.random_range(0..dimension)] += if random.random::<bool>() { 1 } else { -1 };
        }
        let opposite: Vec<i32> = k.iter().map(|entry| -entry).collect();
        let new = k.iter().any(|entry| *entry != 0)
            && !waves.iter().any(|(other, ..)| *other == k || *other == opposite);
        if new {
            waves.push((k, random.random_range(0.2..1.0), random.random_range(0.0..std::f64::consts::TAU)));
        }
    }
    let mut f = Waves { constant: 0.0, waves };
    let scale = 12.5 / f.variation();
    f.waves.iter_mut().for_each(|(_, a, _)| *a *= scale);
    f
}

/// −Δu + u + u³ = f on two frequencies of the first four variables: the flow's second iterate, the solution, and their L² distance.
fn solution(dimension: usize) -> Result<(Waves, Waves, f64), Failure> {
    let lattice = spread_out(dimension.min(4), 2)?;
    let g = Spectrum::cosines(lattice.clone(), &[(vec![1, 0], 4.0, 0.0), (vec![0, 1], 3.0, 0.5)])?;
    let torus = Torus::new(lattice, 32)?;
    let forcing = torus.spread(&forcing_of(&g))?;
    let equation = Equation { flux: Flux::Linear, potential: Potential::Reaction { alpha: 1.0 } };
    let problem = Discrete::new(&torus, equation, &forcing);
    let early = flow(&problem, zero(&torus), &Options { steps: 2, ..Options::default() }, |_, _| ()).u;
    let exact =
        newton(&problem, zero(&torus), &Options { tolerance: 1e-12, ..Options::default() }, |_, _| ()).u;
    let apart: Vec<_> = early.iter().zip(&exact).map(|(a, b)| a - b).collect();
    // Frequencies n of the lattice are those of the first variables of the cube.
    let half = dimension.min(4).div_ceil(2);
    let whole = |n: &[i32]| {
        (0..dimension).map(|j| if j >= 4 { 0 } else { n[usize::from(j >= half)] }).collect::<Vec<i32>>()
    };
    let lifted = |u: &[num_complex::Complex64]| {
        let (constant, waves) = torus.gathered(u, 1e-9).waves();
        Waves { constant, waves: waves.into_iter().map(|(n, a, phase)| (whole(&n), a, phase)).collect() }
    };
    Ok((lifted(&early), lifted(&exact), torus.l2(&apart)))
}
