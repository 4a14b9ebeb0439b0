//! `crossover`: random sparse saddle systems, the friendliest that a sketch can hope for.

use std::collections::BTreeMap;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::choice;
use crate::inner::Stop;
use crate::models::random_saddle;
use crate::sparse::norm;

/// Random sparse systems.
pub struct Crossover;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// d.
    pub size: u64,
    /// Inner solver.
    pub solver: String,
}

/// A solve to 10⁻⁶ of the residual.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Whether it got there.
    pub solved: bool,
    /// |r|/|b|.
    #[column(within = 0.5)]
    pub residual: f64,
    /// Steps.
    pub steps: u64,
    /// Flops.
    pub flops: f64,
    /// Bytes.
    pub bytes: f64,
    /// Flops in units of a product with K.
    pub products: f64,
}

impl Experiment for Crossover {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "crossover";
    const TITLE: &'static str = "Random sparse systems";
    const QUESTION: &'static str =
        "Where the matrix is well conditioned and fills in when it is factored: does a sketch win?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sizes: &[u64] = match profile {
            Profile::Smoke => &[300],
            Profile::Quick => &[300, 1_000, 3_000, 10_000],
            Profile::Full => &[300, 1_000, 3_000, 10_000, 30_000, 100_000],
        };
        let mut cells = Vec::new();
        for size in sizes {
            for solver in ["kaczmarz", "kaczmarz:shuffled", "block:8", "minres", "gmres:30", "ldl"] {
                // Beyond, the factor has 10⁹ entries.
                if solver != "ldl" || *size <= 10_000 {
                    cells.push(Parameters { size: *size, solver: solver.into() });
                }
            }
        }
        cells.retain(|cell| cell.solver != "block:8" || cell.size <= 300);
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let size = usize::try_from(cell.size)?;
        let mut stream = random.shared_stream("system", &key([("size", cell.size as f64)]))?;
        let system = random_saddle(size, &mut stream);
        let exact: Vec<f64> = (0..size).map(|_| stream.random_range(-1.0..1.0)).collect();
        let mut right = vec![0.0; size];
        system.multiply(&exact, &mut right);
        let mut solver = choice(&cell.solver)?.solver(random.stream("solver").random());
        solver.prepare(&system)?;
        let mut z = vec![0.0; size];
        let stop = Stop { residual: 1e-6 * norm(&right), steps: 20_000 * cell.size };
        let work = solver.solve(&system, &right, &mut z, &stop);
        Ok(Outcome::Done(vec![Row {
            solved: work.residual <= stop.residual,
            residual: work.residual / norm(&right),
            steps: work.steps,
            flops: work.flops,
            bytes: work.bytes,
            products: work.flops / (2.0 * system.entries() as f64),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut flops = Chart::new().title("flops").x_label("unknowns d").y_label("flops").x_log().y_log();
        let mut bytes =
            Chart::new().title("bytes").x_label("unknowns d").y_label("bytes moved").x_log().y_log();
        let mut curves: BTreeMap<&str, Vec<(f64, &Row)>> = BTreeMap::new();
        for (cell, row) in table.rows().filter(|(_, row)| row.solved) {
            curves.entry(cell.solver.as_str()).or_default().push((cell.size as f64, row));
        }
        for (solver, rows) in &curves {
            flops = flops.line_with_markers(*solver, rows.iter().map(|(size, row)| (*size, row.flops)));
            bytes = bytes.line_with_markers(*solver, rows.iter().map(|(size, row)| (*size, row.bytes)));
        }
        let flops_of = |solver: &str| -> BTreeMap<u64, f64> {
            let rows = curves.get(solver).map_or(&[][..], Vec::as_slice);
            rows.iter().map(|(size, row)| (*size as u64, row.flops)).collect()
        };
        let (kaczmarz, factored) = (flops_of("kaczmarz"), flops_of("ldl"));
        let over: Vec<f64> =
            flops_of("minres").iter().filter_map(|(size, flops)| Some(kaczmarz.get(size)? / flops)).collect();
        let crossed =
            factored.iter().find(|(size, flops)| kaczmarz.get(*size).is_some_and(|other| other < *flops));
        let crossed = crossed.map_or(String::from("at no size"), |(size, _)| format!("from d = {size} on"));
        report.figure(
            "work",
            &format!(
                "To 10⁻⁶ of the residual Kaczmarz takes {:.0} to {:.0} times the flops of MINRES, and fewer than a factorisation, which fills in, {crossed}.",
                over.iter().copied().fold(f64::INFINITY, f64::min),
                over.iter().copied().fold(0.0, f64::max)
            ),
            "Two panels of rising lines on logarithmic axes.",
            &Figure::new("Random sparse saddle systems").panel(flops).panel(bytes),
        )
    }
}
