//! `landing`: a lower level whose error bound holds near its solutions only.

use bilevel::families::Circle;
use bilevel::hypergradient::dense;
use bilevel::levels::{Known, Lower};
use bilevel::oracle::{Noise, Noisy};
use bilevel::schedule::Power;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::array;
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::double_loop::{Options, double_loop};
use crate::run::Begin;

/// Runs on a sphere of solutions from near, from far and from its centre.
pub struct Landing;

/// A cell: where y and z begin, a run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Distance of the lower start from the centre, which is a maximum of g.
    pub distance: f64,
    /// The run.
    pub replicate: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// |∇ψ| at the end; nothing where x has left the numbers.
    #[column(within = 1e-2, absolute = 1e-9)]
    pub gradient: Option<f64>,
    /// σ at the end.
    pub sigma: f64,
    /// Whether z is a stationary point of g that is no minimum: a step aside lowers g.
    pub stuck: bool,
}

impl Experiment for Landing {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "landing";
    const TITLE: &'static str = "An error bound near the solutions suffices";
    const QUESTION: &'static str = "g = (|y|² − 1 − |x|²)²/4 has a sphere of minima around a maximum. From where does the double loop come to a stationary point of ψ, and is it seen when it does not?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 20,
            Profile::Full => 200,
        };
        let mut grid = vec![Parameters { distance: 0.0, replicate: 0 }];
        for distance in [0.01, 0.5, 1.5, 3.0] {
            grid.extend((0..replicates).map(|replicate| Parameters { distance, replicate }));
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let circle = Circle { c: array![[0.3, 0.0], [0.0, -0.3]], e: array![0.2, 0.4] };
        let mut random = random.stream("start");
        let mut draw = || [random.sample::<f64, _>(StandardNormal), random.sample(StandardNormal)];
        let (x, direction) = (draw(), draw());
        let length = direction[0].hypot(direction[1]);
        let y = direction.map(|v| cell.distance * v / length);
        let oracle = Noisy { problem: circle, deviation: 0.0, noise: Noise::Additive };
        // Curvature of g is at most 3|y|² + 1 + |x|²; x comes nearer to the origin.
        let reach = cell.distance.max(1.0).powi(2) + x[0] * x[0] + x[1] * x[1];
        let options = Options {
            inner_steps: Power::constant(40.0),
            alpha: Power { value: 0.3, exponent: -1.0 / 3.0, offset: 10.0 },
            ..Options::deterministic(0.2 / (1.0 + reach))
        };
        let begin = Begin { x: &x, y: &y, calls: 123 * 2_000, seed: 0 };
        let ended = double_loop(&oracle, &begin, &options, |_| {});
        let problem = &oracle.problem;
        let finite = ended.x.iter().all(|x| x.is_finite());
        let found = dense(problem, &ended.x, &problem.solution(&ended.x)).filter(|_| finite);
        // Where z rests at the maximum, the penalised gradient drives x away: what z is can be told at the first x as well.
        let at = if finite { &ended.x[..] } else { &x[..] };
        let mut slope = [0.0; 2];
        problem.lower_y(at, &ended.z, &mut slope);
        let aside = ended.z.iter().map(|z| z + 1e-3).collect::<Vec<_>>();
        let falls = problem.lower(at, &aside) < problem.lower(at, &ended.z);
        let gradient = found.map(|found| bilevel::sets::norm(&found.gradient));
        Ok(Outcome::Done(vec![Row {
            gradient,
            sigma: ended.sigma,
            stuck: bilevel::sets::norm(&slope) < 1e-6 && falls,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let points = table.rows().filter_map(|(cell, row)| Some((cell.distance, row.gradient? / row.sigma)));
        let chart = Chart::new()
            .x_label("distance of the lower start from the centre")
            .y_label("|∇ψ|/σ at the end")
            .x_log()
            .y_log()
            .scatter("runs", points)
            .horizontal_reference("3", 3.0);
        report.figure(
            "landings",
            "|∇ψ| over σ at the end of runs from starts at different distances from the maximum of g. All come below 3σ. The one that begins exactly at the maximum is not drawn: z stays there, which is recognised, and x leaves.",
            "Columns of markers below the dashed line.",
            &Figure::new("Landing on a sphere of solutions").panel(chart),
        )
    }
}
