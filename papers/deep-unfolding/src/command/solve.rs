//! `deep-unfolding solve`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use deep_unfolding::iterations::fista;
use deep_unfolding::lasso::{Options, StopReason, certificate, lasso, lasso_batch, stacked};
use deep_unfolding::network::Network;
use deep_unfolding::problem::{Penalty, Problem};
use deep_unfolding::sparsest::{descent, exact, local_optimality};
use lab::arguments::{check_output, positive};
use lab::table::format_number;
use lab::{columns, remark, say};
use ndarray::{Array1, Array2, ArrayView1};
use rayon::prelude::*;

use super::{PenaltyName, check_scale, not_negative, read_columns, read_problem, usage, write_columns};

/// Minimises ½‖y − Ax‖² + λ‖x‖₁ or + λ‖x‖₀ for one or many y.
#[derive(Args)]
pub struct Solve {
    /// A: .csv, .npy or .parquet, M rows of N numbers
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    /// y: M rows, a column for each right-hand side
    #[arg(long, value_name = "FILE")]
    measurements: PathBuf,
    /// What is added to the squares
    #[arg(long, value_enum, default_value = "l1")]
    penalty: PenaltyName,
    /// λ, for objectives with a factor ½ before the squares: M times that of scikit-learn
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true)]
    weight: f64,
    /// How; the default solves the LASSO to the tolerance, and goes from its solution to a minimum of the ℓ0 objective that no change of one entry improves
    #[arg(long, value_enum, default_value = "descent")]
    method: Method,
    /// The duality gap over the objective to which the LASSO is solved
    #[arg(long, value_parser = positive, allow_negative_numbers = true, default_value_t = 1e-10)]
    tolerance: f64,
    /// Iterations of ISTA, FISTA and IHT, and most sweeps of descents [default: 1000, for the LASSO 100000]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: Option<u32>,
    /// Where solutions go: .csv with a column for each right-hand side
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Coordinate descent
    Descent,
    /// Proximal gradient steps of 1/L for the ℓ1 penalty
    Ista,
    /// The same with momentum
    Fista,
    /// Proximal gradient steps of 1/L for the ℓ0 penalty
    Iht,
    /// The global minimum of the ℓ0 objective, for at most 24 columns
    Exact,
}

impl Solve {
    /// Reads, solves, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let penalty = Penalty::from(self.penalty);
        match (self.method, penalty) {
            (Method::Ista | Method::Fista, Penalty::L0) => {
                return Err(usage(
                    "--penalty l0: --method ista and fista are for l1, iht is its counterpart",
                ));
            }
            (Method::Iht | Method::Exact, Penalty::L1) => {
                return Err(usage("--penalty l1: --method iht and exact are for l0"));
            }
            _ => {}
        }
        if self.weight == 0.0 && penalty == Penalty::L0 {
            return Err(usage("--weight 0: the ℓ0 objective needs a positive weight"));
        }
        check_output(self.out.as_deref(), "csv", [self.matrix.as_path(), self.measurements.as_path()])?;
        let problem = read_problem(&self.matrix)?;
        let ys = read_columns(&self.measurements, problem.dimensions().0, "a right-hand side")?;
        if self.weight == 0.0 {
            remark("weight 0: these are least squares, whose gap certifies nothing")?;
        }
        let trivial = problem
            .correlations(ys.view())
            .outer_iter()
            .filter(|b| b.iter().all(|c| c.abs() <= self.weight))
            .count();
        if penalty == Penalty::L1 && trivial > 0 {
            remark(&format!(
                "the weight is at or above the largest correlation |aᵀy| of {trivial} right-hand sides, whose solution is zero"
            ))?;
        }
        check_scale(&self.measurements, &ys)?;
        let (xs, at_rounding) = self.solutions(&problem, &ys)?;
        let missed = self.say(&problem, &ys, &xs)?;
        if missed > 0 && self.weight > 0.0 {
            remark(&match (penalty, at_rounding) {
                (Penalty::L1, 0) => {
                    format!("{missed} right-hand sides are not within the tolerance: allow more --iterations")
                }
                (Penalty::L1, _) => format!(
                    "{missed} right-hand sides are not within the tolerance, {at_rounding} of them at the limit of rounding for this weight"
                ),
                (Penalty::L0, _) => format!("one entry would still improve {missed} right-hand sides"),
            })?;
        }
        self.out.as_ref().map_or(Ok(()), |out| write_columns(out, &xs))
    }

    /// Solutions in rows, and how many of them stopped at rounding.
    fn solutions(&self, problem: &Problem, ys: &Array2<f64>) -> anyhow::Result<(Array2<f64>, usize)> {
        let iterations = |default: usize| self.iterations.map_or(default, |iterations| iterations as usize);
        let size = problem.dimensions().1;
        let rows =
            |solve: &(dyn Fn(ArrayView1<f64>) -> anyhow::Result<Array1<f64>> + Sync)| -> anyhow::Result<Array2<f64>> {
                let all: Vec<_> = ys.outer_iter().collect();
                let found: Vec<_> = all.into_par_iter().map(solve).collect();
                let mut xs = Array2::zeros((ys.nrows(), size));
                for (mut row, x) in xs.outer_iter_mut().zip(found) {
                    row.assign(&x?);
                }
                Ok(xs)
            };
        let options = Options { tolerance: self.tolerance, sweeps: iterations(Options::default().sweeps) };
        match self.method {
            Method::Ista => Ok((
                Network::plain(Penalty::L1, self.weight, problem.plain_step(), iterations(1_000))
                    .apply(problem, ys.view()),
                0,
            )),
            Method::Iht => Ok((
                Network::plain(Penalty::L0, self.weight, problem.plain_step(), iterations(1_000))
                    .apply(problem, ys.view()),
                0,
            )),
            Method::Fista => Ok((fista(problem, ys.view(), self.weight, iterations(1_000), |_, _| ()), 0)),
            Method::Exact => Ok((rows(&|y| Ok(exact(problem, y, self.weight)?.x))?, 0)),
            Method::Descent if self.penalty == PenaltyName::L1 => {
                let solutions = lasso_batch(problem, ys.view(), self.weight, &options);
                let missed =
                    solutions.iter().filter(|solution| solution.reason == StopReason::Rounding).count();
                Ok((stacked(&solutions, size), missed))
            }
            Method::Descent => {
                let end = |y: ArrayView1<f64>| {
                    let start = start(problem, y, self.weight);
                    Ok(descent(problem, y, self.weight, start.view(), iterations(1_000)).x)
                };
                Ok((rows(&end)?, 0))
            }
        }
    }

    /// Prints objectives with their proofs; how many of these do not hold.
    fn say(&self, problem: &Problem, ys: &Array2<f64>, xs: &Array2<f64>) -> anyhow::Result<usize> {
        let judged = |(y, x): (ArrayView1<f64>, ArrayView1<f64>)| {
            let entries = x.iter().filter(|x| **x != 0.0).count();
            let (objective, proof) = match self.penalty {
                PenaltyName::L1 => certificate(problem, y, x, self.weight),
                PenaltyName::L0 => local_optimality(problem, y, x, self.weight),
            };
            (objective, proof, entries)
        };
        let all: Vec<(f64, f64, usize)> = ys.outer_iter().zip(xs.outer_iter()).map(judged).collect();
        anyhow::ensure!(
            all.iter().all(|(objective, proof, _)| objective.is_finite() && proof.is_finite()),
            "{}: an objective is not finite: scale the data",
            self.measurements.display()
        );
        let proof = if self.penalty == PenaltyName::L1 { "duality gap" } else { "one entry gains" };
        let line = |(k, (objective, proof, entries)): (usize, &(f64, f64, usize))| {
            vec![format!("{}", k + 1), format_number(*objective), format_number(*proof), entries.to_string()]
        };
        say(&columns(
            &["y", "objective", proof, "entries"],
            all.iter().enumerate().take(10).map(line).collect(),
        ))?;
        if all.len() > 10 {
            let largest = all
                .iter()
                .map(|(objective, proof, _)| if *objective > 0.0 { proof / objective } else { 0.0 })
                .fold(0.0, f64::max);
            say(&format!(
                "and {} more; the largest {proof} over its objective is {}",
                all.len() - 10,
                format_number(largest)
            ))?;
        }
        let allowed = |objective: f64| {
            if self.penalty == PenaltyName::L1 { self.tolerance * objective } else { 1e-9 * objective }
        };
        Ok(all.iter().filter(|(objective, proof, _)| *proof > allowed(*objective)).count())
    }
}

/// Where a descent of the ℓ0 objective starts: the LASSO solution for half of √(2λ) times the columns' typical length, the correlation at which a lone column begins to be kept. Half, since the LASSO shrinks what it keeps, and the descent drops what is too many.
pub fn start(problem: &Problem, y: ArrayView1<f64>, weight: f64) -> Array1<f64> {
    let scale = problem.gram().diag().mean().unwrap_or(1.0).sqrt();
    let most = problem.matrix().t().dot(&y).iter().fold(0.0_f64, |most, c| most.max(c.abs()));
    let soft = (0.5 * (2.0 * weight).sqrt() * scale).min(0.5 * most);
    if soft > 0.0 {
        lasso(problem, y, soft, &Options::default()).x
    } else {
        Array1::zeros(problem.dimensions().1)
    }
}
