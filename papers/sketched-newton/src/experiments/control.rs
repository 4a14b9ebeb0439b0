//! `control`: the authors' control problem on finer and finer grids.

use std::collections::BTreeMap;

use lab::table::format_number;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use numerics::symmetric::eigen;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::choice;
use crate::contraction::{kaczmarz_rate, spectrum};
use crate::inner::Stop;
use crate::kkt::{self, right_side};
use crate::models::Control;
use crate::newton::{Accuracy, Convexity, Options, Reason, solve};
use crate::problem::{Point, Problem};
use crate::sketch::Sampling;
use crate::sparse::{Sparse, norm};

/// Control of Poisson's equation.
pub struct GridControl;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// N.
    pub side: u64,
    /// Inner solver; `kaczmarz-ideal` is Kaczmarz after the ideal block preconditioner, from both sides.
    pub solver: String,
    /// Rows of K that may be touched.
    pub limit: u64,
}

/// The Newton system at the start, and for N = 3 the whole method.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// n + m.
    pub size: u64,
    /// Whether |r| ≤ 10⁻⁸|b|.
    pub solved: bool,
    /// |r|/|b|.
    #[column(within = 0.5)]
    pub residual: f64,
    /// Inner steps.
    pub steps: u64,
    /// Rows of K that were touched over n + m.
    pub sweeps: f64,
    /// Flops.
    pub flops: f64,
    /// Bytes.
    pub bytes: f64,
    /// |K|_F²/σ_min², of the preconditioned matrix where there is one.
    #[column(within = 1e-4)]
    pub condition: f64,
    /// Kaczmarz's rate; NaN for other solvers.
    #[column(within = 1e-4)]
    pub rate: f64,
    /// f at the end of the whole method with |F| ≤ 10⁻⁴; NaN if it did not converge or N > 3.
    #[column(within = 1e-4)]
    pub objective: f64,
    /// Newton steps of it.
    pub iterations: u64,
    /// |F| at the start.
    #[column(within = 1e-9)]
    pub first: f64,
}

/// P^(−1/2) K P^(−1/2) with P = diag(H, G H⁻¹ Gᵀ), H being diagonal: its eigenvalues are 1 and (1 ± √5)/2 whatever the grid.
fn preconditioned(problem: &Control, point: &Point) -> Result<Sparse, Failure> {
    let (n, m) = (problem.variables(), problem.constraints());
    let mut hessian = Sparse::new(n);
    problem.hessian(&point.x, &point.multipliers, &mut hessian);
    let mut scaled = point.jacobian.to_dense();
    for (variable, mut column) in scaled.columns_mut().into_iter().enumerate() {
        column /= hessian.row(variable).1[0].sqrt();
    }
    let (values, vectors) = eigen(scaled.dot(&scaled.t()).view()).ok_or("no eigenvalues")?;
    let mut root: Array2<f64> = vectors.clone();
    root.columns_mut().into_iter().zip(values).for_each(|(mut column, value)| column /= value.sqrt());
    let block = root.dot(&vectors.t()).dot(&scaled);
    let mut system = Sparse::new(n + m);
    for variable in 0..n {
        system.push(variable, 1.0);
        (0..m).for_each(|row| system.push(n + row, block[[row, variable]]));
        system.end_row();
    }
    for row in 0..m {
        (0..n).for_each(|variable| system.push(variable, block[[row, variable]]));
        system.end_row();
    }
    Ok(system)
}

impl Experiment for GridControl {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "control";
    const TITLE: &'static str = "Control of Poisson's equation on finer grids";
    const QUESTION: &'static str = "The paper's grid has 3 × 3 points. What do sketches cost there and on finer ones, beside Krylov methods and a factorisation?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sides, limit): (&[u64], u64) = match profile {
            Profile::Smoke => (&[3], 1_000_000),
            Profile::Quick => (&[3, 7, 15], 60_000_000),
            Profile::Full => (&[3, 5, 7, 11, 15, 23], 2_000_000_000),
        };
        let solvers = ["kaczmarz", "kaczmarz:norms", "gmres:2", "gmres", "minres", "ldl", "kaczmarz-ideal"];
        let mut cells = Vec::new();
        for side in sides {
            cells.extend(solvers.map(|solver| Parameters { side: *side, solver: solver.into(), limit }));
            if *side == 3 {
                // A million combinations of all rows: far from enough, as its law says.
                cells.push(Parameters { side: 3, solver: "gaussian".into(), limit: limit.min(27_000_000) });
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let side = usize::try_from(cell.side)?;
        let problem = Control::authors(side);
        let (n, m) = (problem.variables(), problem.constraints());
        let (x, multipliers) = (vec![1.0; n], vec![1.0; m]);
        let point = Point::start(&problem, &x, &multipliers)?;
        let ideal = cell.solver == "kaczmarz-ideal";
        let system = if ideal { preconditioned(&problem, &point)? } else { kkt::at(&problem, &point) };
        let chosen = choice(if ideal { "kaczmarz" } else { &cell.solver })?;
        let seed = random.stream("solver").random();
        let mut solver = chosen.solver(seed);
        let right = right_side(&point);
        let mut z = vec![0.0; n + m];
        solver.prepare(&system)?;
        // Rows of K that a step touches.
        let touched = if cell.solver.starts_with("kaczmarz") { 1 } else { (n + m) as u64 };
        let stop = Stop { residual: 1e-8 * norm(&right), steps: cell.limit.div_ceil(touched) };
        let work = solver.solve(&system, &right, &mut z, &stop);
        let rate = match cell.solver.as_str() {
            "kaczmarz" | "kaczmarz-ideal" => kaczmarz_rate(&system, Sampling::Uniform),
            "kaczmarz:norms" => kaczmarz_rate(&system, Sampling::SquaredNorm),
            _ => None,
        };
        let spectrum = spectrum(system.to_dense().view()).ok_or("no eigenvalues")?;
        let (mut objective, mut iterations) = (f64::NAN, 0);
        if side == 3 && !ideal {
            let options = Options {
                convexity: Convexity::Trusted,
                accuracy: Accuracy::Bound { floor: 1e-6 },
                steps: if cell.solver == "gaussian" { 1_000_000 } else { 100_000 },
                iterations: 50,
                ..Options::published()
            };
            let found =
                solve(&problem, (&x, &multipliers), chosen.solver(seed).as_mut(), &options, &mut |_, _| ())?;
            iterations = found.iterations.len() as u64;
            if found.reason == Reason::Converged {
                objective = found.point.objective;
            }
        }
        Ok(Outcome::Done(vec![Row {
            size: (n + m) as u64,
            solved: work.residual <= 1e-8 * norm(&right),
            residual: work.residual / norm(&right),
            steps: work.steps,
            sweeps: (work.steps * touched) as f64 / (n + m) as f64,
            flops: work.flops,
            bytes: work.bytes,
            condition: (spectrum.frobenius / spectrum.smallest).powi(2),
            rate: rate.unwrap_or(f64::NAN),
            objective,
            iterations,
            first: point.residual(),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("unknowns n + m")
            .y_label("flops to 10⁻⁸ of the residual")
            .x_log()
            .y_log()
            .legend_right();
        let mut curves: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        for (cell, row) in table.rows().filter(|(_, row)| row.solved) {
            let name = if cell.solver == "kaczmarz-ideal" { "ideal, set-up free" } else { &cell.solver };
            curves.entry(name).or_default().push((row.size as f64, row.flops));
        }
        for (solver, points) in curves {
            chart = chart.line_with_markers(solver, points);
        }
        let lost: Vec<String> = table
            .rows()
            .filter(|(_, row)| !row.solved)
            .map(|(cell, row)| format!("{} at N = {} ({:.0e})", cell.solver, cell.side, row.residual))
            .collect();
        let lost = if lost.is_empty() {
            String::new()
        } else {
            format!(" Not there within the rows they may touch: {}.", lost.join(", "))
        };
        let flops = |side: u64, solver: &str| {
            let row =
                table.rows().find(|(cell, row)| cell.side == side && cell.solver == solver && row.solved);
            row.map(|(_, row)| row.flops)
        };
        let mut sides: Vec<u64> = table.cells().map(|(cell, _)| cell.side).collect();
        sides.dedup();
        let ratios: Vec<String> = sides
            .into_iter()
            .filter_map(|side| Some((side, flops(side, "kaczmarz")? / flops(side, "minres")?)))
            .map(|(side, ratio)| format!("{} at N = {side}", format_number(ratio.round())))
            .collect();
        report.figure(
            "flops",
            &format!("Flops of Kaczmarz over those of MINRES: {}. The preconditioner of the ideal case, whose set-up would solve the problem, is not counted.{lost}", ratios.join(", ")),
            "Rising lines on logarithmic axes.",
            &Figure::new("A Newton step on N × N points").panel(chart),
        )
    }
}
