//! `early-stopping`: noisy targets, and the error on new points against the time of training.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, Axis};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::{angles, on_circle};
use crate::{Architecture, Kind, Regression, Time};

/// Test error along the gradient flow, and gradient descent beside it.
pub struct EarlyStopping;

/// A cell: noisy samples of a function.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Draw of points and noise.
    pub replicate: u32,
}

/// A time of training.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Time of training.
    pub time: f64,
    /// Mean square error of the mean on the circle.
    #[column(within = 1e-4)]
    pub test_error: f64,
    /// The same as t → ∞.
    #[column(within = 1e-2)]
    pub final_error: f64,
    /// Largest difference of gradient flow and gradient descent at rate 1 on the training points; compared up to t =
    /// 4096.
    #[column(within = 1e-3)]
    pub descent_difference: Option<f64>,
}

const DEPTH: usize = 3;
const SAMPLES: usize = 40;
fn truth(angle: f64) -> f64 {
    angle.sin() + 0.5 * (2.0 * angle).cos()
}

impl Experiment for EarlyStopping {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "early-stopping";
    const TITLE: &'static str = "Stopping early helps on noise";
    const QUESTION: &'static str = "Forty noisy samples of a smooth function on the circle are fitted in function space. Is the error on the whole circle smaller at a finite time than at the end, since noise lies \
         along components of small eigenvalues? Steps of gradient descent with the same kernel are run beside the flow.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 2,
            Profile::Quick => 20,
            Profile::Full => 200,
        };
        let cells = |noise| (0..replicates).map(move |replicate| Parameters { noise, replicate });
        [0.0, 0.3].into_iter().flat_map(cells).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut random = random.stream("samples");
        let sampled: Vec<f64> =
            (0..SAMPLES).map(|_| random.random_range(-std::f64::consts::PI..std::f64::consts::PI)).collect();
        let noisy = |&angle: &f64| truth(angle) + cell.noise * random.sample::<f64, _>(StandardNormal);
        let targets: Array1<f64> = sampled.iter().map(noisy).collect();
        let (x, everywhere) = (on_circle(&sampled), angles(200));
        let circle = on_circle(&everywhere);
        let truth: Array1<f64> = everywhere.iter().map(|angle| truth(*angle)).collect();
        let architecture = Architecture::of_the_paper(DEPTH);
        let regression = Regression::new(architecture, x.view(), targets.view())?;
        let error = |time: Time| -> Result<f64, Failure> {
            let mean = regression.mean(circle.view(), time)?;
            Ok((mean - &truth).mapv(|e| e * e).mean().unwrap_or(f64::NAN))
        };
        let final_error = match error(Time::Infinite) {
            Ok(error) => error,
            Err(fault) => return Ok(Outcome::Skipped(fault.to_string())),
        };
        let kernel = architecture.matrix(Kind::Ntk, x.view())?;
        let mut descent: Array2<f64> = Array2::zeros((SAMPLES, 1));
        let goal = targets.clone().insert_axis(Axis(1));
        let mut done = 0;
        let mut rows = Vec::new();
        for exponent in 0..=17 {
            let steps = 1 << exponent;
            let time = f64::from(steps);
            while done < steps.min(1 << 12) {
                let slope = kernel.dot(&(&descent - &goal)) / SAMPLES as f64;
                descent -= &slope;
                done += 1;
            }
            let flow = regression.mean(x.view(), Time::At(time))?;
            let difference = (&flow - &descent.column(0)).mapv(f64::abs).fold(0.0, |a, b| f64::max(a, *b));
            let descent_difference = (done == steps).then_some(difference);
            rows.push(Row { time, test_error: error(Time::At(time))?, final_error, descent_difference });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("time of training")
            .y_label("mean square error on the circle")
            .x_log()
            .y_log();
        let mut all = Vec::new();
        for (noise, name) in [(0.0, "no noise"), (0.3, "noise of deviation 0.3")] {
            let rows = table.rows().filter(|(cell, _)| cell.noise == noise);
            let means =
                table.means_by(rows.map(|(_, row)| (row.time, row.test_error)), &format!("error, {name}"));
            chart = chart.means(name, &means);
            all.extend(means);
        }
        report.figure(
            "error",
            "Error on the whole circle against the time of training, mean over draws and 95 % bootstrap interval. Without noise it falls all along; with noise it is smallest at a finite \
             time and rises again as the noise is fitted.",
            "Two curves on logarithmic axes: one falls throughout, the other falls, turns and rises.",
            &Figure::new("Noise is learned last").panel(chart),
        )?;
        report.means_table("draws", &all)
    }
}
