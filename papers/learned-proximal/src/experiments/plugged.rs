//! `plugged`: descent, the sharp step, splitting within and outside of its condition, and LASSO by a learnt proximal operator.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::inversion::spectrum;
use crate::network::{ProximalNetwork, Start, Work};
use crate::operator::{LeastSquares, Operator};
use crate::plug_and_play::{Denoiser, StopReason, Trace, Until, douglas_rachford, proximal_gradient};
use crate::prior::{Laplace, Prior};
use crate::training::{Loss, Stage, train_on_population};

/// Plug-and-play.
pub struct Plugged;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Case {
    /// Proximal gradients with a random network; the parameter is ηL.
    Gradient,
    /// The same; the parameter is ηL over the sharp limit 1 + 1/L_f, with a certified bound of L_f.
    Sharp,
    /// f(y) = c y and h = |x|²/2; the parameter is η over (1 + 1/c).
    Linear,
    /// ADMM with a random network; the parameter is ρ/L.
    Splitting,
    /// LASSO by ADMM with a network trained by proximal matching to 0.1 on a Laplace prior.
    LassoMatching,
    /// The same, trained on squared errors.
    LassoSquared,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What.
    pub case: Case,
    /// See the case.
    pub parameter: f64,
    /// n; for linear f the value of c.
    pub size: f64,
    /// Repetition.
    pub replicate: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Steps.
    pub steps: u32,
    /// Whether it came to rest.
    pub rested: bool,
    /// Whether it left the numbers, or its last step was longer than its first.
    pub grew: bool,
    /// The largest rise of F, or of the envelope, relative to 1 + |F|.
    pub rise: f64,
    /// The length of F's gradient at the end; |z − x| for ADMM.
    pub residual: f64,
    /// The largest eigenvalue of f′ met at random points; 0 where it is not looked at.
    pub largest_eigenvalue: f64,
    /// Of LASSO, the distance to the exact solution; else 0.
    pub distance: f64,
}

impl Experiment for Plugged {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "plugged";
    const TITLE: &'static str = "Plug-and-play with a proximal operator";
    const QUESTION: &'static str = "Does proximal gradient descent with a learnt proximal operator descend its objective and come to rest, up to which step, and does ADMM outside of its condition? Random networks scaled so that f′ has eigenvalues of two, where R is nonconvex, and least squares of 2, 8 and 64 unknowns.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[f64], u32) = match profile {
            Profile::Smoke => (&[2.0], 1),
            Profile::Quick => (&[2.0, 8.0, 64.0], 4),
            Profile::Full => (&[2.0, 8.0, 64.0, 256.0], 10),
        };
        let mut cells = Vec::new();
        for size in sizes {
            for replicate in 0..replicates {
                for (case, parameter) in [
                    (Case::Gradient, 0.5),
                    (Case::Gradient, 0.95),
                    (Case::Sharp, 0.99),
                    (Case::Splitting, 1.01),
                    (Case::Splitting, 0.1),
                ] {
                    cells.push(Parameters { case, parameter, size: *size, replicate });
                }
            }
        }
        for c in [0.5, 1.0, 2.0, 5.0] {
            cells.extend([0.99, 1.01].map(|parameter| Parameters {
                case: Case::Linear,
                parameter,
                size: c,
                replicate: 0,
            }));
        }
        for replicate in 0..replicates {
            cells.extend([Case::LassoMatching, Case::LassoSquared].map(|case| Parameters {
                case,
                parameter: 0.8,
                size: 5.0,
                replicate,
            }));
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        // All cases of a repetition see the same problem.
        let key = lab::key([("size", cell.size), ("replicate", f64::from(cell.replicate))]);
        let mut stream = random.shared_stream("problem", &key)?;
        let until = |steps, change| Until { steps, change };
        let mut largest = 0.0;
        let row = match cell.case {
            Case::Linear => {
                let h = least_squares(Array2::eye(3), vec![0.0; 3]);
                let eta = cell.parameter * (1.0 + 1.0 / cell.size);
                row(
                    &proximal_gradient(&Scaled(cell.size), &h, &[1.0, -0.5, 0.25], eta, until(20_000, 1e-8)),
                    0.0,
                )
            }
            Case::LassoMatching | Case::LassoSquared => lasso(cell, &mut stream)?,
            case => {
                let n = cell.size as usize;
                let widths = [2 * n.clamp(4, 32), 2 * n.clamp(4, 32)];
                let shape = ProximalNetwork::dense(n, &widths, true, (10.0, 0.05))?;
                let mut network = shape.with_start(Start::Alive, &mut stream);
                largest = expansive(&mut network, &mut stream);
                let h = random_problem(n, &mut stream);
                let start: Vec<f64> = (0..n).map(|_| 3.0 * stream.sample::<f64, _>(StandardNormal)).collect();
                let smoothness = h.smoothness();
                let trace = match case {
                    Case::Gradient => proximal_gradient(
                        &network,
                        &h,
                        &start,
                        cell.parameter / smoothness,
                        until(20_000, 1e-10),
                    ),
                    Case::Sharp => {
                        let limit = 1.0 + 1.0 / network.smoothness_bound();
                        proximal_gradient(
                            &network,
                            &h,
                            &start,
                            cell.parameter * limit / smoothness,
                            until(20_000, 1e-10),
                        )
                    }
                    _ => douglas_rachford(
                        &network,
                        &h,
                        &start,
                        cell.parameter * smoothness,
                        until(2_000, 1e-9),
                    ),
                };
                row(&trace, 0.0)
            }
        };
        Ok(Outcome::Done(vec![Row { largest_eigenvalue: largest, ..row }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let kept: Vec<_> = table.rows().filter(|(cell, _)| cell.case == Case::Linear).collect();
        let side = |grew: bool| {
            kept.iter()
                .filter(move |(_, row)| row.grew == grew)
                .map(|(cell, _)| (cell.size, cell.parameter * (1.0 + 1.0 / cell.size)))
                .collect::<Vec<_>>()
        };
        let mut chart = Chart::new().x_label("c, the slope of f").y_label("ηL").x_log();
        chart = chart.line(
            "1 + 1/c",
            (0..40).map(|k| 10.0_f64.powf(-0.4 + 0.03 * f64::from(k))).map(|c| (c, 1.0 + 1.0 / c)),
        );
        for (grew, name) in [(false, "comes to rest"), (true, "grows")] {
            let points = side(grew);
            if !points.is_empty() {
                chart = chart.scatter(name, points);
            }
        }
        report.figure(
            "step",
            "f(y) = c y and h = |x|²/2, steps a hundredth on either side of the limit. The usual condition is ηL < 1.",
            "A falling curve with points of two kinds just below and above it.",
            &Figure::new("The sharp step of proximal gradients").panel(chart),
        )
    }
}

fn row(trace: &Trace, distance: f64) -> Row {
    let (first, last) = (trace.entries[0], trace.entries[trace.entries.len() - 1]);
    Row {
        steps: trace.entries.len() as u32,
        rested: trace.reason == StopReason::Converged,
        grew: trace.reason == StopReason::Diverged || last.change > first.change,
        rise: trace.rise.unwrap_or(0.0),
        residual: if last.residual.is_finite() { last.residual } else { f64::MAX },
        largest_eigenvalue: 0.0,
        distance,
    }
}

/// Scales ψ less its quadratic part so that the largest eigenvalue of f′ met at random points is two, and gives what is met then.
fn expansive(network: &mut ProximalNetwork, random: &mut ChaCha8Rng) -> f64 {
    let points: Vec<f64> =
        (0..20 * network.inputs()).map(|_| 2.0 * random.sample::<f64, _>(StandardNormal)).collect();
    let met = spectrum(network, &points, 60, random).most;
    network.scale((2.0 - network.alpha()) / (met - network.alpha()));
    spectrum(network, &points, 60, random).most
}

/// f(y) = c y, the proximal operator of (1/c − 1)|x|²/2.
struct Scaled(f64);

impl Denoiser for Scaled {
    fn denoise(&self, y: &[f64], _: &mut Work) -> (Vec<f64>, Option<f64>) {
        let value = 0.5 * self.0 * (1.0 - self.0) * y.iter().map(|y| y * y).sum::<f64>();
        (y.iter().map(|y| self.0 * y).collect(), Some(value))
    }
}

/// A network of one input on each coordinate.
struct Separable<'a>(&'a ProximalNetwork);

impl Denoiser for Separable<'_> {
    fn denoise(&self, y: &[f64], work: &mut Work) -> (Vec<f64>, Option<f64>) {
        let pass = self.0.potential_and_prox(y, work);
        let value = self.0.regulariser_at_output(y, &pass).iter().sum();
        (pass.prox, Some(value))
    }
}

fn least_squares(matrix: Array2<f64>, observed: Vec<f64>) -> LeastSquares {
    LeastSquares { operator: Operator::Matrix(matrix), observed, weight: 1.0 }
}

/// A normal matrix of n × n, and data of a normal point with noise.
fn random_problem(n: usize, random: &mut ChaCha8Rng) -> LeastSquares {
    let scale = 1.0 / (n as f64).sqrt();
    let matrix = Array2::from_shape_simple_fn((n, n), || scale * random.sample::<f64, _>(StandardNormal));
    let x: Vec<f64> = (0..n).map(|_| 2.0 * random.sample::<f64, _>(StandardNormal)).collect();
    let mut observed = matrix.dot(&ndarray::ArrayView1::from(&x)).to_vec();
    observed.iter_mut().for_each(|b| *b += 0.1 * random.sample::<f64, _>(StandardNormal));
    least_squares(matrix, observed)
}

/// min |Ax − b|²/2 + λ|x|₁ with λ = ρ: its solution by coordinate descent, and what ADMM with the network finds.
fn lasso(cell: &Parameters, random: &mut ChaCha8Rng) -> Result<Row, Failure> {
    let n = cell.size as usize;
    let h = random_problem(n, random);
    let Operator::Matrix(a) = &h.operator else {
        return Err("no matrix".into());
    };
    let lambda = cell.parameter;
    let mut exact = vec![0.0; n];
    for _ in 0..100_000 {
        let mut most = 0.0_f64;
        for k in 0..n {
            let slope = h.gradient(&exact)[k];
            let curvature: f64 = a.column(k).dot(&a.column(k));
            let moved = exact[k] - slope / curvature;
            let next = moved.signum() * (moved.abs() - lambda / curvature).max(0.0);
            most = most.max((next - exact[k]).abs());
            exact[k] = next;
        }
        if most < 1e-13 {
            break;
        }
    }
    let prior = Laplace::new(1.0)?;
    let mut network =
        ProximalNetwork::dense(1, &[16, 16], true, (10.0, 0.0))?.with_start(Start::Alive, random);
    let nodes: Vec<f64> = (-40..=40).map(|k| 0.15 * f64::from(k)).collect();
    let weights: Vec<f64> = nodes.iter().map(|y| 0.15 * prior.smoothed(*y, 1.0).log.exp()).collect();
    let mut stages = vec![
        Stage { loss: Loss::Squared, steps: 600, rate: 1e-2 },
        Stage { loss: Loss::Squared, steps: 600, rate: 1e-3 },
    ];
    if cell.case == Case::LassoMatching {
        for gamma in [0.5, 0.3, 0.2, 0.1] {
            stages.push(Stage { loss: Loss::Matching { gamma }, steps: 400, rate: 1e-3 });
        }
        stages.push(Stage { loss: Loss::Matching { gamma: 0.1 }, steps: 300, rate: 1e-4 });
    } else {
        stages.push(Stage { loss: Loss::Squared, steps: 1_900, rate: 1e-3 });
    }
    train_on_population(&mut network, &prior, 1.0, (&nodes, &weights), &stages)?;
    let trace = douglas_rachford(
        &Separable(&network),
        &h,
        &vec![0.0; n],
        lambda,
        Until { steps: 20_000, change: 1e-9 },
    );
    let distance = trace.x.iter().zip(&exact).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    Ok(row(&trace, distance))
}
