//! `barron-pde solve`.

use std::path::PathBuf;

use anyhow::bail;
use barron_pde::equation::Potential;
use barron_pde::flow::{Discrete, Options, StopReason, accelerated, flow, newton};
use barron_pde::norms::estimated;
use barron_pde::torus::Torus;
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, positive, refuse_beyond_memory};
use lab::say;
use lab::table::format_number;
use num_complex::Complex64;

use super::data::{read_problem, tail, write_coefficients};
use super::usage;

/// Minimises ∫ Φ(|∇u|²) + W(u) − fu on the unit torus.
#[derive(Args)]
pub struct Solve {
    /// JSON with "dimension", "equation" and "waves" [[[k…], amplitude, phase], …] or "forcing" [[[k…], re, im], …]; "equation" has "flux": "linear", {"square-root": {"beta": …}}, {"quartic": {"gamma": …}} or {"power": {"p": …}}, and "potential": "none", {"reaction": {"alpha": …}} or {"double-well": {"kappa": …}}
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// How
    #[arg(long, value_enum, default_value = "newton")]
    method: Method,
    /// Points along each axis of the grid, an even number; the grid's axes are those of the data's frequencies where there are more than three dimensions
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(4..=65536))]
    side: u32,
    /// The certificate over the solution's H¹ norm at which to stop
    #[arg(long, value_parser = positive, default_value_t = 1e-10, allow_negative_numbers = true)]
    tolerance: f64,
    /// Most steps
    #[arg(long, default_value_t = 10_000)]
    steps: usize,
    /// Look for a stationary point of an energy that is not convex
    #[arg(long)]
    allow_nonconvex: bool,
    /// Where coefficients go: .csv with k1, …, re, im
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// The preconditioned gradient flow of the paper
    Flow,
    /// The same with momentum
    Accelerated,
    /// Newton with conjugate gradients
    Newton,
}

impl Solve {
    /// Reads, solves, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.problem.as_path()])?;
        let problem = read_problem(&self.problem, 3, false)?;
        let convex = !matches!(problem.equation.potential, Potential::DoubleWell { .. });
        if !convex && !self.allow_nonconvex {
            return Err(usage(format!(
                "{}: the energy is not convex: --allow-nonconvex looks for a stationary point",
                self.problem.display()
            )));
        }
        if problem.equation.potential == Potential::None
            && problem.forcing.coefficient(&vec![0; problem.vectors.len()]).norm() > 0.0
        {
            bail!("{}: without a potential the right-hand side must have mean zero", self.problem.display());
        }
        let lattice = problem.forcing.lattice().clone();
        let axes = lattice.dimension();
        refuse_beyond_memory(
            f64::from(self.side).powi(axes as i32) * (100.0 + 40.0 * axes as f64),
            "the grid",
        )?;
        let torus = Torus::new(lattice, self.side as usize)
            .map_err(|fault| usage(format!("--side {}: {fault}", self.side)))?;
        let forcing = torus
            .spread(&problem.forcing)
            .map_err(|fault| usage(format!("--side {}: {fault}", self.side)))?;
        let discrete = Discrete::new(&torus, problem.equation, &forcing);
        let options = Options { step: None, tolerance: self.tolerance, steps: self.steps };
        let start: Vec<Complex64> = if convex {
            vec![Complex64::default(); torus.coefficients()]
        } else {
            // Zero may be a saddle.
            forcing.iter().zip(torus.squares()).map(|(f, square)| f / (1.0 + square)).collect()
        };
        let found = match self.method {
            Method::Flow => flow(&discrete, start, &options, |_, _| ()),
            Method::Accelerated => accelerated(&discrete, start, &options, |_, _| ()),
            Method::Newton => newton(&discrete, start, &options, |_, _| ()),
        };
        if found.reason == StopReason::Diverged {
            bail!("{}: the numbers were left after {} steps", self.problem.display(), found.steps);
        }
        let [zero, one, two] = [0.0, 1.0, 2.0].map(|order| estimated(&torus, &found.u, order));
        let proof = if discrete.curvature(&found.state).least.is_some() {
            "H¹ distance         at most"
        } else {
            "residual in H⁻¹     "
        };
        say(&format!(
            "steps               {}, {} evaluations\nenergy              {}\nH¹ norm             {}\n{proof} {} on this grid\nB₀, B₁, B₂          {}, {}, {}\ntail of B₁          {}",
            found.steps,
            found.evaluations,
            format_number(found.state.energy),
            format_number(torus.h1(&found.u)),
            format_number(found.certificate),
            format_number(zero.norm),
            format_number(one.norm),
            format_number(two.norm),
            tail(&one),
        ))?;
        match found.reason {
            StopReason::Steps => bail!(
                "{}: not within the tolerance after {} steps: allow more",
                self.problem.display(),
                found.steps
            ),
            StopReason::Rounding => bail!(
                "{}: the residual stands at the limit of rounding, above the tolerance",
                self.problem.display()
            ),
            StopReason::Tolerance | StopReason::Diverged => {}
        }
        let largest = found.u.iter().fold(0.0_f64, |most, c| most.max(c.norm()));
        let function = torus.gathered(&found.u, 1e-16 * largest);
        self.out.as_ref().map_or(Ok(()), |out| write_coefficients(out, &function, &problem.vectors))
    }
}
