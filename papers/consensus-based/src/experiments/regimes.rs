//! `regimes`: where the paper's title holds. A hop as gradient step, as proximal point, or as the best of N.

use lab::ndarray::Array2;
use lab::{Columns, Experiment, Failure, Figure, Heatmap, Outcome, Profile, Random, Report, Table};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::curves::Curve;
use crate::draws::Draws;
use crate::hopping::Hopper;
use crate::movement::prox_on_a_line;
use crate::objective::Objective;
use crate::problems::Waves;

/// Single hops over the plane of (τ, N).
pub struct Regimes;

/// A cell: a step size, a number of samples.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Step size τ = αs².
    pub tau: f64,
    /// Samples, N.
    pub samples: usize,
}

/// Root mean squared distances of hops, over the length of the mean hop.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// To the gradient step m − τ∇E(m).
    #[column(within = 1e-3)]
    pub to_gradient_step: f64,
    /// To the proximal point.
    #[column(within = 1e-3)]
    pub to_proximal: f64,
    /// To m − s E[max of N normals] ∇E/|∇E|, the mean of the best of N.
    #[column(within = 1e-3)]
    pub to_best_of_n: f64,
}

/// Width of all hops.
const WIDTH: f64 = 0.05;
const START: [f64; 2] = [2.0, -1.5];

impl Experiment for Regimes {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "regimes";
    const TITLE: &'static str = "Where a hop is a gradient step";
    const QUESTION: &'static str = "At a fixed width s a hop depends on τ = αs² and N. Where is it the gradient step of the paper's title, where the proximal point, and where \
         just the best of N samples?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (taus, sizes): (i32, &[usize]) = match profile {
            Profile::Smoke => (3, &[10, 100]),
            Profile::Quick => (13, &[10, 32, 100, 316, 1_000, 3_162, 10_000]),
            Profile::Full => (25, &[10, 32, 100, 316, 1_000, 3_162, 10_000, 31_623, 100_000]),
        };
        let taus = (0..taus).map(|k| 1e-4 * 10_f64.powf(6.0 * f64::from(k) / f64::from(taus - 1)));
        taus.flat_map(|tau| sizes.iter().map(move |&samples| Parameters { tau, samples })).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let alpha = cell.tau / (WIDTH * WIDTH);
        let mut gradient = [0.0; 2];
        Waves.gradient(&START, &mut gradient);
        let length = gradient[0].hypot(gradient[1]);
        let best = WIDTH * expected_maximum(cell.samples) / length;
        let targets = [
            [0, 1].map(|k| START[k] - cell.tau * gradient[k]),
            [0, 1].map(|k| prox_on_a_line(Curve::Cosine, START[k], cell.tau).point),
            [0, 1].map(|k| START[k] - best * gradient[k]),
        ];
        let mut hopper = Hopper::new(WIDTH, alpha, cell.samples, 2)?;
        let draws = Draws::new(random.stream("hops").next_u64(), 0);
        let runs = 100;
        let (mut squares, mut mean) = ([0.0; 3], [0.0; 2]);
        for run in 0..runs {
            let found = hopper.hop(&Waves, &START, draws.step(run))?.point;
            for (square, target) in squares.iter_mut().zip(&targets) {
                *square += ((found[0] - target[0]).powi(2) + (found[1] - target[1]).powi(2)) / runs as f64;
            }
            (0..2).for_each(|k| mean[k] += (found[k] - START[k]) / runs as f64);
        }
        let moved = mean[0].hypot(mean[1]);
        let [to_gradient_step, to_proximal, to_best_of_n] = squares.map(|square: f64| square.sqrt() / moved);
        Ok(Outcome::Done(vec![Row { to_gradient_step, to_proximal, to_best_of_n }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut taus: Vec<f64> = table.cells().map(|(cell, _)| cell.tau).collect();
        let mut sizes: Vec<usize> = table.cells().map(|(cell, _)| cell.samples).collect();
        taus.sort_by(f64::total_cmp);
        taus.dedup();
        sizes.sort_unstable();
        sizes.dedup();
        let panels: [(&str, Quantity); 3] = [
            ("to the gradient step", |row| row.to_gradient_step),
            ("to the proximal point", |row| row.to_proximal),
            ("to the best of N", |row| row.to_best_of_n),
        ];
        let mut figure = Figure::new("A hop is a gradient step below the reach of its samples")
            .subtitle("distance of hops over the length of the mean hop: about 1 for a prediction of no motion; s = 0.05; dark: near")
            .columns(1)
            .panel_height(170.0);
        for (name, quantity) in panels {
            let mut values = Array2::from_elem((sizes.len(), taus.len()), f64::NAN);
            for (cell, row) in table.rows() {
                let place = |(row, column)| (sizes.len() - 1 - row, column);
                let row_of = sizes
                    .iter()
                    .position(|n| *n == cell.samples)
                    .zip(taus.iter().position(|tau| *tau == cell.tau));
                if let Some(at) = row_of {
                    values[place(at)] = quantity(row).min(1.0);
                }
            }
            figure = figure.panel(
                Heatmap::new(values.view())
                    .title(name)
                    .x_label("τ = αs²")
                    .y_label("N")
                    .x_categories(taus.iter().map(|tau| format!("{tau:.1e}")))
                    .y_categories(sizes.iter().rev().map(ToString::to_string))
                    .value_range(0.0, 1.0)
                    .stretch(),
            );
        }
        report.figure(
            "regimes",
            "Relative distance of sampled hops to three predictions. The gradient step holds for N that is large enough and τ below about s √(2 ln N)/|∇E|; the proximal \
             point reaches no farther where the samples do not; at large τ a hop is the best of N samples. At small τ few samples leave only noise.",
            "Three heat maps over τ and N: the first two are dark at small τ and large N, the third at large τ.",
            &figure,
        )
    }
}

/// Something of a row.
type Quantity = fn(&Row) -> f64;

/// The mean of the largest of N standard normals, by Simpson's rule on N∫ z φ(z) Φ(z)^(N−1) dz.
pub fn expected_maximum(samples: usize) -> f64 {
    use numerics::normal::{density, distribution};
    let intervals = 4_000;
    let term = |k: i32| {
        let z = -9.0 + 18.0 * f64::from(k) / f64::from(intervals);
        let weight = if k == 0 || k == intervals {
            1.0
        } else if k % 2 == 1 {
            4.0
        } else {
            2.0
        };
        weight * z * density(z) * distribution(z).powf(samples as f64 - 1.0)
    };
    samples as f64 * (0..=intervals).map(term).sum::<f64>() * 18.0 / f64::from(intervals) / 3.0
}
