//! `sketched-newton linsolve`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use lab::arguments::{check_output, positive};
use lab::input::vector;
use lab::table::{first_numbers, format_number};
use lab::{say, write_atomically};
use sketched_newton::choice::Choice;
use sketched_newton::contraction::{GaussianLaw, kaczmarz_rate, spectrum};
use sketched_newton::inner::Stop;
use sketched_newton::sketch::Kind;

use super::market;

/// Up to this order what a sketch needs is predicted, from all eigenvalues.
const PREDICTED: usize = 300;

/// Any square matrix for the sketches and gmres, a symmetric one for minres and ldl.
#[derive(Args)]
pub struct Linsolve {
    /// K, in Matrix Market's format: .mtx
    matrix: PathBuf,
    /// b: .csv or .npy
    right: PathBuf,
    /// gaussian, kaczmarz, kaczmarz:norms, kaczmarz:shuffled, block:ROWS, count:BUCKETS, gmres, gmres:RESTART, minres or ldl
    #[arg(long, default_value = "kaczmarz")]
    solver: Choice,
    /// Stop at this residual, relative to b
    #[arg(long, value_parser = positive, default_value_t = 1e-8, allow_negative_numbers = true)]
    tolerance: f64,
    /// Steps at most
    #[arg(long, default_value_t = 100_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Seed of the sketches
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write z: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Linsolve {
    /// Reads, solves and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let name = self.matrix.display().to_string();
        check_output(self.out.as_deref(), "csv", [self.matrix.as_path(), self.right.as_path()])?;
        let system = market::read(&self.matrix)?;
        let solver_name = self.solver.to_string();
        market::check_square(&self.matrix, &system, self.solver.needs_symmetry().then_some(&solver_name))?;
        let right = vector(&self.right)?.to_vec();
        if right.len() != system.rows() {
            bail!("{}: {} numbers for {} rows of {name}", self.right.display(), right.len(), system.rows());
        }
        // Solved for a right side of ordinary size, so that no square overflows.
        let scale = right.iter().fold(0.0_f64, |most, b| most.max(b.abs()));
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let right: Vec<f64> = right.iter().map(|b| b / scale).collect();
        let length = right.iter().map(|b| b * b).sum::<f64>().sqrt();
        let mut solver = self.solver.solver(self.seed);
        solver.prepare(&system).with_context(|| name.clone())?;
        let mut z = vec![0.0; right.len()];
        let stop = Stop { residual: self.tolerance * length, steps: self.steps };
        let work = solver.solve(&system, &right, &mut z, &stop);
        let predicted = if system.rows() <= PREDICTED && work.residual <= stop.residual {
            self.predicted(&system, &z)
        } else {
            String::new()
        };
        z.iter_mut().for_each(|z| *z *= scale);
        if !z.iter().all(|value| value.is_finite()) {
            bail!("{name}: {solver_name} gave no finite solution");
        }
        if let Some(path) = &self.out {
            let text = z.iter().fold(String::new(), |mut text, value| {
                let _ = writeln!(text, "{value:e}");
                text
            });
            write_atomically(path, text.as_bytes())?;
        }
        let mut text = format!(
            "z                   {}\nresidual            {} of b\nsteps               {} of {solver_name}, {} flops, {} bytes",
            first_numbers(&z),
            format_number(work.residual / length.max(f64::MIN_POSITIVE)),
            work.steps,
            format_number(work.flops),
            format_number(work.bytes),
        );
        text += &predicted;
        say(&text)?;
        if work.residual.is_nan() || work.residual > stop.residual {
            bail!("{name}: {solver_name} did not reach the tolerance in {} steps", work.steps);
        }
        Ok(())
    }

    /// Steps that the laws predict, where there is one: exactly for the Gaussian sketch, as a bound for Kaczmarz.
    fn predicted(&self, system: &sketched_newton::sparse::Sparse, z: &[f64]) -> String {
        let none = || String::new();
        let share = self.tolerance * self.tolerance;
        match self.solver {
            Choice::Sketch(Kind::Gaussian) if system.is_symmetric() => {
                let Some(found) = spectrum(system.to_dense().view()) else { return none() };
                if found.smallest <= f64::EPSILON * found.frobenius {
                    return none();
                }
                let along =
                    |i: usize| z.iter().enumerate().map(|(row, z)| z * found.vectors[[row, i]]).sum::<f64>();
                let squares: Vec<f64> = (0..z.len()).map(|i| along(i).powi(2)).collect();
                let steps = GaussianLaw::new(&found.values).steps(&squares, share);
                steps.map_or_else(none, |steps| format!("\npredicted           {steps} steps until the mean squared error is {} of its first value", format_number(share)))
            }
            Choice::Sketch(Kind::Kaczmarz(sampling)) => match kaczmarz_rate(system, sampling) {
                Some(rate) if rate > 0.0 => {
                    let steps = share.ln() / (-rate).ln_1p();
                    format!(
                        "\npredicted           at most {} steps until the mean squared error is {} of its first value",
                        format_number(steps.ceil()),
                        format_number(share)
                    )
                }
                _ => none(),
            },
            _ => none(),
        }
    }
}
