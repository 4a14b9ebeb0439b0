//! `priors`: networks of several dimensions trained on samples, their regularisers against exact ones.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, array};
use numerics::bootstrap::median;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::inversion::invert;
use crate::network::{ProximalNetwork, Start};
use crate::prior::{GaussianMixture, Laplace, Prior};
use crate::training::{Loss, Sampling, Stage, train_on};

/// Priors.
pub struct Priors;

/// What data come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// Two normal clouds in the plane, σ = 0.5.
    Mixture,
    /// Eight independent Laplace coordinates, σ = 1.
    Laplace,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Of what.
    pub data: Data,
    /// Steps at the first rate; half as many at a tenth of it.
    pub steps: u32,
    /// Repetition.
    pub replicate: u32,
}

/// A point.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The network's R at an exact f_γ(y), less its mean over the points.
    pub learned: f64,
    /// R_γ there by the theorem, less its mean.
    pub exact: f64,
    /// −σ² ln p there, less its mean.
    pub prior: f64,
}

impl Experiment for Priors {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "priors";
    const TITLE: &'static str = "Regularisers in several dimensions";
    const QUESTION: &'static str = "Does a network trained on samples by proximal matching have the regulariser that the theorem says? Three layers of 32 units, α = 0.01; R at 60 points by inversion.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (steps, replicates) = match profile {
            Profile::Smoke => (30, 1),
            Profile::Quick => (1_200, 3),
            Profile::Full => (20_000, 5),
        };
        let of = |data: Data| (0..replicates).map(move |replicate| Parameters { data, steps, replicate });
        [Data::Mixture, Data::Laplace].into_iter().flat_map(of).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream = random.stream("training");
        let problem = Problem::new(cell.data)?;
        let n = problem.dimension;
        let mut network = ProximalNetwork::dense(n, &[32, 32, 32], true, (10.0, 0.01))?
            .with_start(Start::Alive, &mut stream);
        let sampling = Sampling { sigma: problem.sigma, batch: 256, convex: true };
        let (steps, gamma) = (cell.steps as usize, problem.gamma);
        let matching = Loss::Matching { gamma };
        let stages = [
            Stage { loss: Loss::Squared, steps, rate: 3e-3 },
            Stage { loss: matching, steps, rate: 1e-3 },
            Stage { loss: matching, steps: steps / 2, rate: 1e-4 },
        ];
        let ended = train_on(&mut network, n, &sampling, &stages, |x, y| {
            x.clear();
            y.clear();
            for _ in 0..sampling.batch {
                x.extend(problem.draw(&mut stream));
            }
            y.extend(x.iter().map(|x| x + problem.sigma * stream.sample::<f64, _>(StandardNormal)));
        });
        if ended.is_err() {
            return Ok(Outcome::Diverged("training".into()));
        }
        let mut points = random.stream("points");
        let mut rows = Vec::new();
        for _ in 0..60 {
            let y: Vec<f64> = problem
                .draw(&mut points)
                .iter()
                .map(|x| x + problem.sigma * points.sample::<f64, _>(StandardNormal))
                .collect();
            let (z, exact, prior) = problem.exact(&y);
            let learned = invert(&network, &z, 1e-10, 200).lower;
            rows.push(Row { learned, exact, prior });
        }
        for of in
            [(|row| &mut row.learned) as fn(&mut Row) -> &mut f64, |row| &mut row.exact, |row| &mut row.prior]
        {
            let mean = rows.iter_mut().map(|row| *of(row)).sum::<f64>() / 60.0;
            rows.iter_mut().for_each(|row| *of(row) -= mean);
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Learned against exact regularisers").columns(2);
        for (data, title) in
            [(Data::Mixture, "mixture in the plane"), (Data::Laplace, "Laplace, eight dimensions")]
        {
            let kept = |row: &Row| row.learned.abs() < 15.0;
            let rows: Vec<&Row> = table
                .rows()
                .filter(|(cell, row)| cell.data == data && cell.replicate == 0 && kept(row))
                .map(|(_, row)| row)
                .collect();
            // Regularisers are known up to a constant; one network value gone astray moves means.
            let centred = |of: fn(&Row) -> f64| {
                let middle = median(rows.iter().map(|row| of(row)));
                rows.iter().map(|row| of(row) - middle).collect::<Vec<f64>>()
            };
            let (learned, exact, prior) =
                (centred(|row| row.learned), centred(|row| row.exact), centred(|row| row.prior));
            let against = |other: Vec<f64>| learned.clone().into_iter().zip(other);
            let chart = Chart::new()
                .title(title)
                .x_label("R of the network")
                .y_label("exact")
                .scatter("R at γ, by the theorem", against(exact))
                .scatter("−σ² ln p", against(prior))
                .diagonal("equal");
            figure = figure.panel(chart);
        }
        report.figure(
            "regularisers",
            "The first repetition, medians taken off, values up to 15. Circles on the diagonal say that the network has the theorem's regulariser.",
            "Two panels of points near a diagonal.",
            &figure,
        )
    }
}

struct Problem {
    data: Data,
    dimension: usize,
    sigma: f64,
    gamma: f64,
    mixture: GaussianMixture,
    laplace: Laplace,
}

impl Problem {
    fn new(data: Data) -> Result<Self, Failure> {
        let components = vec![
            (0.5, array![1.0, 0.6], array![[0.25, 0.06], [0.06, 0.3]]),
            (0.5, array![-0.9, 0.2], Array2::eye(2) * 0.35),
        ];
        let (mixture, laplace) = (GaussianMixture::new(components)?, Laplace::new(1.0)?);
        let (dimension, sigma, gamma) = if data == Data::Mixture { (2, 0.5, 0.5) } else { (8, 1.0, 2.5) };
        Ok(Self { data, dimension, sigma, gamma, mixture, laplace })
    }

    fn draw(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        if self.data == Data::Mixture {
            return self.mixture.draw(random);
        }
        (0..self.dimension)
            .map(|_| {
                let size = -(1.0 - random.random::<f64>()).ln();
                if random.random_bool(0.5) { size } else { -size }
            })
            .collect()
    }

    /// f_γ(y), R_γ and −σ² ln p there.
    fn exact(&self, y: &[f64]) -> (Vec<f64>, f64, f64) {
        let square = self.sigma * self.sigma;
        if self.data == Data::Mixture {
            let (z, value) = self.mixture.matched(Array1::from(y.to_vec()).view(), self.sigma, self.gamma);
            let prior = -square * self.mixture.smoothed(z.view(), 0.0).log;
            return (z.to_vec(), value, prior);
        }
        // The smoothed posterior of independent coordinates is a product: γ stays what it is.
        let found: Vec<_> = y.iter().map(|y| self.laplace.matched(*y, self.sigma, self.gamma)).collect();
        let prior = found.iter().map(|found| -square * self.laplace.log_density(found.value)).sum();
        (
            found.iter().map(|found| found.value).collect(),
            found.iter().map(|found| found.regulariser).sum(),
            prior,
        )
    }
}
