//! `benchmark`: thirty problems of the paper's collection, all methods.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::known;
use crate::augmented_lagrangian;
use crate::choice::Choice;
use crate::krylov::Gmres;
use crate::models::formulas::collection;
use crate::newton::{Options, Reason, Slope, Solution, solve};
use crate::sketch::{Kind, Sampling};
use crate::sqp;

/// All methods on the collection.
pub struct Benchmark;

/// How a problem is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The published setting with the Gaussian sketch.
    Gaussian,
    /// With Kaczmarz.
    Kaczmarz,
    /// Kaczmarz with ∇²f in the slope.
    ObjectiveHessian,
    /// The published setting with GMRES instead.
    Gmres,
    /// With MINRES.
    Minres,
    /// With L D Lᵀ.
    Direct,
    /// ℓ₁-SQP with GMRES(2), adaptive.
    SqpAdaptive,
    /// ℓ₁-SQP with GMRES(2) and two tests.
    SqpTwoTests,
    /// The method of multipliers with GMRES.
    Multipliers,
}

impl Method {
    const ALL: [Self; 9] = [
        Self::Gaussian,
        Self::Kaczmarz,
        Self::ObjectiveHessian,
        Self::Gmres,
        Self::Minres,
        Self::Direct,
        Self::SqpAdaptive,
        Self::SqpTwoTests,
        Self::Multipliers,
    ];

    /// Whether chance decides.
    pub fn is_random(self) -> bool {
        matches!(self, Self::Gaussian | Self::Kaczmarz | Self::ObjectiveHessian)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "Gaussian sketch",
            Self::Kaczmarz => "Kaczmarz",
            Self::ObjectiveHessian => "Kaczmarz, authors' slope",
            Self::Gmres => "GMRES",
            Self::Minres => "MINRES",
            Self::Direct => "LDLᵀ",
            Self::SqpAdaptive => "SQP, adaptive",
            Self::SqpTwoTests => "SQP, two tests",
            Self::Multipliers => "multipliers",
        }
    }
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Name of the problem.
    pub problem: String,
    /// How.
    pub method: Method,
    /// Runs, 1 where chance decides nothing.
    pub runs: u32,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub run: u32,
    /// Newton steps.
    pub iterations: u64,
    /// Whether |F| ≤ 10⁻⁴.
    pub converged: bool,
    /// |F| at the end.
    #[column(within = 1e-3)]
    pub residual: f64,
    /// Points at which f and c were asked for, and at which their derivatives were, each counted twice as in the authors' tables.
    pub evaluations: u64,
    /// Inner steps.
    pub steps: u64,
    /// Inner flops.
    pub flops: f64,
    /// Inner bytes.
    pub bytes: f64,
    /// Iterations in which the inner solver ran into its limit.
    pub unsolved: u64,
    /// Iterations with δ at the floor.
    pub floored: u64,
    /// Times that the descent test sent the solver back.
    pub refused: u64,
    /// |f − f*|; NaN for square problems.
    #[column(absolute = 1e-6)]
    pub value_error: f64,
    /// The last step length.
    pub last_step: f64,
}

fn run(cell: &Parameters, seed: u64) -> Result<(Solution, f64), Failure> {
    let known = known(&cell.problem)?;
    let problem = known.problem()?;
    let multipliers = vec![0.0; known.constraints.len()];
    let start = (known.start.as_slice(), multipliers.as_slice());
    let choice = match cell.method {
        Method::Gaussian => Choice::Sketch(Kind::Gaussian),
        Method::Kaczmarz | Method::ObjectiveHessian => Choice::Sketch(Kind::Kaczmarz(Sampling::Uniform)),
        Method::Minres => Choice::Minres,
        Method::Direct => Choice::Direct,
        _ => Choice::Gmres(None),
    };
    let mut options = Options::published();
    // A thousand are beyond every run that converges.
    options.iterations = 1_000;
    let solution = match cell.method {
        Method::SqpAdaptive | Method::SqpTwoTests => {
            let adaptive = cell.method == Method::SqpAdaptive;
            let test = if adaptive { sqp::Test::Adaptive } else { sqp::Test::TwoTests };
            // Systems of order ten or less.
            let options = sqp::Options { iterations: 1_000, steps: 2_000, ..sqp::Options::published(test) };
            sqp::solve(&problem, start, &mut Gmres { restart: 2 }, &options)?
        }
        Method::Multipliers => {
            let options = augmented_lagrangian::Options::published();
            augmented_lagrangian::solve(&problem, start, &mut Gmres { restart: usize::MAX }, &options)?
        }
        method => {
            if method == Method::ObjectiveHessian {
                options.slope = Slope::ObjectiveHessian;
            }
            solve(&problem, start, choice.solver(seed).as_mut(), &options, &mut |_, _| ())?
        }
    };
    let error = match known.value {
        Some(value) if !known.is_square() => (solution.point.objective - value).abs(),
        _ => f64::NAN,
    };
    Ok((solution, error))
}

impl Experiment for Benchmark {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "benchmark";
    const TITLE: &'static str = "Thirty problems, nine methods";
    const QUESTION: &'static str = "Does Newton's method with a sketch converge as the authors' runs did, and what does it cost beside the usual solvers?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let runs = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 3,
            Profile::Full => 10,
        };
        let few = ["HS6", "HS28", "HS42", "HS77", "BT5", "BOOTH", "HS48", "HS79"];
        let problems = collection().into_iter().filter(|known| !known.gaussian.is_empty());
        let problems =
            problems.filter(|known| profile != Profile::Smoke || few.contains(&known.name.as_str()));
        let cells = problems.flat_map(|known| {
            Method::ALL.map(|method| Parameters {
                problem: known.name.clone(),
                method,
                runs: if method.is_random() { runs } else { 1 },
            })
        });
        cells.collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut rows = Vec::new();
        for index in 0..cell.runs {
            let seed = random.stream(&format!("run {index}")).random();
            let (solution, value_error) = run(cell, seed)?;
            let work = solution.work();
            let count = |holds: &dyn Fn(&crate::newton::Iteration) -> bool| {
                solution.iterations.iter().filter(|iteration| holds(iteration)).count() as u64
            };
            rows.push(Row {
                run: index,
                iterations: solution.iterations.len() as u64,
                converged: solution.reason == Reason::Converged,
                residual: solution.point.residual(),
                evaluations: 2 * (solution.evaluations.0 + solution.evaluations.1),
                steps: work.steps,
                flops: work.flops,
                bytes: work.bytes,
                unsolved: count(&|iteration| !iteration.solved),
                floored: count(&|iteration| iteration.delta <= 1e-6),
                refused: solution.iterations.iter().map(|iteration| u64::from(iteration.refused)).sum(),
                value_error,
                last_step: solution.iterations.last().map_or(1.0, |iteration| iteration.step),
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        // The share of problems that are solved within a factor of the fewest flops of any method.
        let mut problems: Vec<&str> = table.cells().map(|(cell, _)| cell.problem.as_str()).collect();
        problems.dedup();
        let flops = |problem: &str, method: Method| {
            let cell = table.cells().find(|(cell, _)| cell.problem == problem && cell.method == method);
            let rows = cell.map_or(&[][..], |(_, rows)| rows);
            let solved = rows.iter().filter(|row| row.converged).map(|row| row.flops);
            let mean = solved.sum::<f64>() / rows.len() as f64;
            if rows.iter().all(|row| row.converged) && !rows.is_empty() {
                mean.max(1.0)
            } else {
                f64::INFINITY
            }
        };
        let best =
            |problem: &str| Method::ALL.into_iter().map(|m| flops(problem, m)).fold(f64::INFINITY, f64::min);
        let mut chart = Chart::new()
            .x_label("inner flops over the fewest of any method")
            .y_label("share of problems solved")
            .x_log()
            .y_range(0.0, 1.0)
            .legend_right();
        for method in Method::ALL.into_iter().filter(|method| *method != Method::ObjectiveHessian) {
            let mut ratios: Vec<f64> = problems.iter().map(|name| flops(name, method) / best(name)).collect();
            ratios.retain(|ratio| ratio.is_finite());
            ratios.sort_by(f64::total_cmp);
            let share = |count: usize| count as f64 / problems.len() as f64;
            let points = ratios.iter().enumerate().map(|(place, ratio)| (*ratio, share(place + 1)));
            chart = chart.steps(method.name(), points.chain([(1e7, share(ratios.len()))]));
        }
        let figure = Figure::new("What solving costs").panel(chart);
        let worst = problems
            .iter()
            .map(|name| flops(name, Method::Kaczmarz).min(flops(name, Method::Gaussian)) / best(name))
            .filter(|ratio| ratio.is_finite())
            .fold(f64::INFINITY, f64::min);
        report.figure(
            "cost",
            &format!("On no problem does a sketch take less than {worst:.0} times the flops of the cheapest method."),
            "Staircases of the share of problems over a ratio of flops on a logarithmic axis.",
            &figure,
        )
    }
}
