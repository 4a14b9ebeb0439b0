//! `constrained`: the double loop where lower constraints are active.

use bilevel::hypergradient::dense;
use bilevel::levels::{Known, SecondOrder};
use bilevel::oracle::Noisy;
use bilevel::schedule::Power;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::closeness::Parameters;
use crate::double_loop::{Options, double_loop};
use crate::problems::{Family, constrained};
use crate::run::Begin;

/// Runs on balls, boxes and simplices.
pub struct Constrained;

/// A run to σ = 0.001.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// |∇ψ| at the start.
    pub first: f64,
    /// |∇ψ| at the end.
    #[column(within = 1e-2, absolute = 1e-6)]
    pub last: f64,
    /// σ at the end.
    pub sigma: f64,
    /// Coordinates of the lower solution at a bound, at the end.
    pub active: usize,
    /// Gradients asked for.
    pub calls: u64,
    /// Products with second derivatives asked for: none.
    pub products: u64,
}

const FAMILIES: [(Family, &str); 3] =
    [(Family::Ball, "ball"), (Family::Box, "box"), (Family::Simplex, "simplex")];

impl Experiment for Constrained {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "constrained";
    const TITLE: &'static str = "Active lower constraints";
    const QUESTION: &'static str = "Does the double loop, by first derivatives alone, come to stationary points of ψ where constraints of the lower level are active?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 10,
            Profile::Full => 100,
        };
        FAMILIES
            .into_iter()
            .flat_map(|(family, _)| (0..replicates).map(move |replicate| Parameters { family, replicate }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (problem, x) = constrained(cell.family, &mut random.stream("problem"));
        let largest = problem.lower_yy(&x, &[0.0; 4]).iter().map(|a| a * a).sum::<f64>().sqrt();
        let oracle = Noisy { problem, deviation: 0.0, noise: bilevel::oracle::Noise::Additive };
        let problem = &oracle.problem;
        let size = |x: &[f64]| -> Result<(f64, usize), Failure> {
            let found = dense(problem, x, &problem.solution(x)).ok_or("the solution is not finite")?;
            Ok((bilevel::sets::norm(&found.gradient), found.active.len()))
        };
        let options = Options {
            sigma: Power { value: 1.0, exponent: -1.0, offset: 10.0 },
            alpha: Power::constant(0.05),
            inner_steps: Power::constant(30.0),
            ..Options::deterministic(1.0 / (2.0 * largest))
        };
        // σ is 1/(1 + k/10): 10,000 upper steps come to 0.001.
        let begin = Begin { x: &x, y: &[0.25; 4], calls: 10_000 * 93, seed: 0 };
        let ended = double_loop(&oracle, &begin, &options, |_| {});
        if ended.x.iter().any(|x| !x.is_finite()) {
            return Ok(Outcome::Diverged("the double loop's x".into()));
        }
        let (last, active) = size(&ended.x)?;
        Ok(Outcome::Done(vec![Row {
            first: size(&x)?.0,
            last,
            sigma: ended.sigma,
            active,
            calls: ended.counts.calls(),
            products: ended.counts.products,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart =
            Chart::new().x_label("|∇ψ| at the start").y_label("|∇ψ| at the end, σ = 0.001").x_log().y_log();
        for (family, name) in FAMILIES {
            chart = chart.scatter(
                name,
                table.rows().filter(|(cell, _)| cell.family == family).map(|(_, row)| (row.first, row.last)),
            );
        }
        report.figure(
            "gradients",
            "Gradient of ψ at the end of the double loop against that at its start. Where an active set changes near the end ψ is not smooth, and the gradient stays larger.",
            "A cloud of markers; most lie three to five decades below where they began, some of the simplex above 0.01 or at rounding.",
            &Figure::new("Stationary points with active constraints").panel(chart),
        )
    }
}
