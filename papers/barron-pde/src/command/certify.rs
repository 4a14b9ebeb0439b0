//! `barron-pde certify`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use barron_pde::equation::{Flux, Potential};
use barron_pde::flow::{Discrete, Room};
use barron_pde::growth::Growing;
use barron_pde::kantorovich::radius;
use barron_pde::torus::Torus;
use clap::Args;
use lab::arguments::{refuse_beyond_memory, usage};
use lab::say;
use lab::table::format_number;

use super::data::{read_on, read_problem};

/// Bounds the H¹ distance of a function from a problem's solution by its residual, whatever made the function.
#[derive(Args)]
pub struct Certify {
    /// The function: .csv, .npy or .parquet with k1, …, re, im, for k and -k both
    #[arg(long, value_name = "FILE")]
    coefficients: PathBuf,
    /// The problem, as of solve
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
}

impl Certify {
    /// Reads, bounds and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        // On the lattice of the data's own frequencies, where the function lives there too.
        let lifted = read_problem(&self.problem, 3, true)
            .and_then(|problem| Ok((read_on(&self.coefficients, &problem)?, problem)));
        let (u, problem) = match lifted {
            Ok(found) => found,
            Err(_) => {
                let problem = read_problem(&self.problem, 3, false)?;
                (read_on(&self.coefficients, &problem)?, problem)
            }
        };
        let equation = problem.equation;
        let least = equation.curvature(0.0, 0.0, problem.forcing.lattice().least_length()).least;
        let Some(least) = least else {
            return Err(usage(format!(
                "{}: the energy is not strongly convex, and a residual proves nothing",
                self.problem.display()
            )));
        };
        if equation.potential == Potential::None {
            let origin = vec![0; problem.vectors.len()];
            for (name, function) in [(&self.problem, &problem.forcing), (&self.coefficients, &u)] {
                if function.coefficient(&origin).norm() > 0.0 {
                    bail!(
                        "{}: without a potential functions have mean zero, and this one has not",
                        name.display()
                    );
                }
            }
        }
        let exact = match (equation.flux, equation.potential) {
            (Flux::Linear, Potential::Reaction { alpha }) if u.len() <= 1_000 => {
                Some(Growing::Reaction { alpha }.derivative(&u, &problem.forcing).dual())
            }
            _ => None,
        };
        let (dual, how) = match exact {
            Some(dual) => (dual, "exactly".to_owned()),
            None => self.on_grids(&problem, &u)?,
        };
        say(&format!(
            "H¹ norm             {}\nresidual in H⁻¹     {}, {how}\nH¹ distance         at most {}\nB₀, B₁, B₂          {}, {}, {} of this function",
            format_number(u.h1()),
            format_number(dual),
            format_number(dual / least),
            format_number(u.barron(0.0)),
            format_number(u.barron(1.0)),
            format_number(u.barron(2.0)),
        ))?;
        if let (Flux::Linear, Potential::Reaction { alpha }) = (equation.flux, equation.potential) {
            let modes = (2 * u.bandwidth() as usize + 16).min(200);
            match radius(&u, &problem.forcing, alpha, 1.0, modes) {
                Some(proof) => say(&format!(
                    "B₁ of the solution  within {} of {} (Newton and Kantorovich: Y {}, Z₁ {}, |A| {}; up to rounding)",
                    format_number(proof.radius),
                    format_number(proof.norm),
                    format_number(proof.defect),
                    format_number(proof.contraction),
                    format_number(proof.inverse)
                ))?,
                None => {
                    let why = match () {
                        () if problem.vectors.len() > 1 => "the data have more than one frequency",
                        () if u.bandwidth() > 200 => "more than 200 harmonics are not tried",
                        () => "no radius satisfies the inequality",
                    };
                    say(&format!("B₁ of the solution  not enclosed: {why}"))?;
                }
            }
        }
        Ok(())
    }

    /// The residual's norm on finer and finer grids, until it stands still.
    fn on_grids(
        &self,
        problem: &super::data::Problem,
        u: &barron_pde::spectrum::Spectrum,
    ) -> anyhow::Result<(f64, String)> {
        let band = u.bandwidth().max(problem.forcing.bandwidth()) as usize;
        let mut side = (4 * band + 8).next_multiple_of(2);
        let mut before = f64::NAN;
        for _ in 0..6 {
            let bytes = (side as f64).powi(problem.vectors.len() as i32) * 250.0;
            if let Err(fault) = refuse_beyond_memory(bytes, "the grid") {
                if before.is_nan() {
                    return Err(fault.into());
                }
                break;
            }
            let torus = Torus::new(u.lattice().clone(), side)?;
            let forcing = torus.spread(&problem.forcing)?;
            let function = torus.spread(u).with_context(|| self.coefficients.display().to_string())?;
            let discrete = Discrete::new(&torus, problem.equation, &forcing);
            let dual = discrete.derivative(&function, &mut Vec::new(), &mut Room::default()).dual;
            if (dual - before).abs() <= 1e-3 * dual {
                return Ok((dual, format!("on grids up to {side} points along an axis")));
            }
            before = dual;
            side *= 2;
        }
        Ok((before, format!("on a grid of {} points along an axis, still changing", side / 2)))
    }
}
