//! `particles`: success on Rastrigin's function against the number of particles.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::draws::Draws;
use crate::problems::{Benchmark, Problem};
use crate::swarm::{Options, Start, minimise};

/// Swarms of growing size, with a budget of evaluations that grows with them.
pub struct Particles;

/// A cell: a size, a run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Particles, N.
    pub particles: usize,
    /// The run.
    pub replicate: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Best value found; the next local minimum has 0.99.
    #[column(within = 1e-2, absolute = 1e-6)]
    pub best: f64,
    /// Evaluations made.
    pub evaluations: u64,
}

impl Row {
    /// 1 where the basin of the global minimiser was found.
    pub fn success(&self) -> f64 {
        f64::from(u8::from(self.best < 0.5))
    }
}

impl Experiment for Particles {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "particles";
    const TITLE: &'static str = "More particles find the global basin";
    const QUESTION: &'static str = "Rastrigin's function in d = 4, minimiser at (1, 1, 1, 1), swarm from the box [−3, 3]⁴: how does the share of runs in the global basin grow with \
         N? Evaluations grow with N too.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 2,
            Profile::Quick => 60,
            Profile::Full => 500,
        };
        [25, 50, 100, 200, 400]
            .into_iter()
            .flat_map(|particles| (0..replicates).map(move |replicate| Parameters { particles, replicate }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = Problem { benchmark: Benchmark::Rastrigin, dimension: 4, shift: 1.0 };
        let options = Options { particles: cell.particles, ..Options::default() };
        let draws = Draws::new(random.stream("swarm").next_u64(), 0);
        let found = minimise(
            &problem,
            &options,
            &Start::Uniform { low: -3.0, high: 3.0 },
            (400, 0.0),
            draws,
            |_, _, _| {},
        )?;
        Ok(Outcome::Done(vec![Row { best: found.best.value, evaluations: found.evaluations }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let means = table.means_by(
            table.rows().map(|(cell, row)| (cell.particles as f64, row.success())),
            "share in the global basin",
        );
        let chart = Chart::new()
            .x_label("particles, N")
            .y_label("share of runs")
            .x_log()
            .y_range(0.0, 1.05)
            .x_ticks([25.0, 50.0, 100.0, 200.0, 400.0])
            .means("in the global basin", &means);
        report.figure(
            "success",
            "Share of runs whose best value lies in the basin of the global minimiser of Rastrigin's function, d = 4, with 95 % bootstrap intervals.",
            "A line that rises from below one half to 1.",
            &Figure::new("Success grows with the swarm").panel(chart),
        )?;
        report.means_table("runs", &means)
    }
}
