//! `rates`: the size of the gradient against calls of the oracle (Theorems on both algorithms).

use bilevel::hypergradient::dense;
use bilevel::levels::{Bilevel, Known};
use bilevel::oracle::{Noise, Noisy};
use bilevel::schedule::Power;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::double_loop::{self, double_loop};
use crate::implicit::{self, ignoring, implicit};
use crate::penalty::{exact_penalty, gradient_mapping};
use crate::problems::of_rates;
use crate::run::{Begin, Ended, Step};
use crate::single_loop::{self, single_loop};

/// Methods with tuned constants on one problem.
pub struct Rates;

/// A method with its schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Double loop, exact gradients.
    Deterministic,
    /// Double loop, noisy gradients.
    Double,
    /// Single loop with momentum.
    Momentum,
    /// Single loop without (F2SA).
    Plain,
    /// The single loop without momentum with steeper schedules than the theory allows.
    Steeper,
    /// stocBiO: many samples and Neumann's series.
    Stocbio,
    /// TTSA: two time scales.
    Ttsa,
    /// Null model: descent along f_x alone.
    Ignoring,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 8] = [
    (Method::Deterministic, "double loop, no noise"),
    (Method::Double, "double loop"),
    (Method::Momentum, "single loop, momentum"),
    (Method::Plain, "single loop (F2SA)"),
    (Method::Steeper, "steeper schedules"),
    (Method::Stocbio, "stocBiO"),
    (Method::Ttsa, "TTSA"),
    (Method::Ignoring, "null: f_x alone"),
];

/// How the noise depends on the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Roughness {
    /// Not at all.
    Additive,
    /// In proportion to |y|.
    Proportional,
    /// Independent at any two points: no mean-squared smoothness.
    Rough,
}

/// A cell: a method on a problem, with its tuning and all its runs.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// Whether f chooses among the lower solutions: outside of the paper's class.
    pub selecting: bool,
    /// How the noise depends on the point.
    pub noise: Roughness,
    /// Calls of the oracle in a run.
    pub budget: u64,
    /// Runs.
    pub runs: u32,
}

/// A place of the run; gradients are mappings through X with step 0.1.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The run.
    pub replicate: u32,
    /// Gradients and products asked for.
    pub calls: u64,
    /// σ of the step; 0 for methods without.
    pub sigma: f64,
    /// |∇ψ(x)|.
    #[column(within = 5e-2)]
    pub gradient: f64,
    /// |∇ψ_σ(x)| at the step's σ, the theorem's quantity; of methods without σ |∇ψ(x)|.
    #[column(within = 5e-2)]
    pub penalised_gradient: f64,
    /// First constants (α, γ) of the steps, chosen among six pairs on other samples.
    pub constants: String,
}

/// The pairs (α, γ) among which each method's constants are chosen.
const CONSTANTS: [(f64, f64); 6] =
    [(0.5, 0.5), (0.5, 0.2), (0.15, 0.5), (0.15, 0.2), (0.05, 0.5), (0.05, 0.2)];

impl Experiment for Rates {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "rates";
    const TITLE: &'static str = "Gradients against calls";
    const QUESTION: &'static str = "For a gradient of size ε the paper proves ε⁻³ calls without noise, ε⁻⁷ with noise in two loops, ε⁻⁵ with momentum in one. Are the slopes at least that steep, and which method is ahead at \
         equal calls, each with the best of six pairs of constants?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (budget, runs) = match profile {
            Profile::Smoke => (3_000, 2),
            Profile::Quick => (1_000_000, 12),
            Profile::Full => (30_000_000, 32),
        };
        let mut grid = Vec::new();
        for (method, _) in METHODS {
            let runs = if method == Method::Deterministic { 1 } else { runs };
            grid.extend([false, true].map(|selecting| Parameters {
                method,
                selecting,
                noise: Roughness::Additive,
                budget,
                runs,
            }));
        }
        for noise in [Roughness::Proportional, Roughness::Rough] {
            grid.extend([Method::Momentum, Method::Plain].map(|method| Parameters {
                method,
                selecting: false,
                noise,
                budget,
                runs,
            }));
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let noise = match cell.noise {
            Roughness::Additive => Noise::Additive,
            Roughness::Proportional => Noise::Proportional,
            Roughness::Rough => Noise::Rough,
        };
        let deviation = if cell.method == Method::Deterministic { 0.0 } else { 1.0 };
        let oracle = Noisy { problem: of_rates(cell.selecting), deviation, noise };
        let size = |x: &[f64], sigma: f64| -> Result<f64, Failure> {
            let problem = &oracle.problem;
            let gradient = match sigma > 0.0 {
                true => exact_penalty(problem, x, sigma)?.gradient,
                false => {
                    dense(problem, x, &problem.solution(x)).ok_or("the solution is not finite")?.gradient
                }
            };
            Ok(gradient_mapping(problem, x, &gradient, 0.1))
        };
        let begin = |calls, seed| Begin { x: &[2.2, -1.9], y: &[0.0; 3], calls, seed };
        // Constants that do best on samples of their own, by the root mean square of eight shorter runs.
        let mut tuning = random.stream("tuning");
        let (mut best, mut chosen) = (f64::INFINITY, CONSTANTS[0]);
        for constants in CONSTANTS {
            let mut sum = 0.0;
            for _ in 0..cell.runs.min(8) {
                let ended =
                    run(cell.method, &oracle, &begin(cell.budget / 10, tuning.next_u64()), constants, |_| {});
                sum += if ended.x.iter().all(|x| x.is_finite()) {
                    size(&ended.x, 0.0)?.powi(2)
                } else {
                    f64::INFINITY
                };
            }
            if sum < best {
                (best, chosen) = (sum, constants);
            }
        }
        let mut samples = random.stream("samples");
        let mut rows = Vec::new();
        for replicate in 0..cell.runs {
            let (mut next, mut seen) = (1_000.0_f64, Vec::new());
            let ended = run(cell.method, &oracle, &begin(cell.budget, samples.next_u64()), chosen, |step| {
                let calls = step.counts.calls();
                if calls as f64 >= next {
                    seen.push((calls, step.sigma, step.x.to_vec()));
                    next = (calls as f64).max(next) * 10_f64.powf(0.375);
                }
            });
            if seen.last().is_none_or(|(calls, ..)| *calls < ended.counts.calls()) {
                seen.push((ended.counts.calls(), ended.sigma, ended.x));
            }
            for (calls, sigma, x) in seen {
                let constants = format!("{} {}", chosen.0, chosen.1);
                rows.push(Row {
                    replicate,
                    calls,
                    sigma,
                    gradient: size(&x, 0.0)?,
                    penalised_gradient: size(&x, sigma)?,
                    constants,
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure = Figure::new("Size of the gradient against calls of the oracle")
            .subtitle("mean over runs, 95 % bootstrap interval")
            .columns(2);
        for (selecting, title) in [(false, "f flat on S(x), the paper's class"), (true, "f selects in S(x)")]
        {
            let mut chart =
                Chart::new().title(title).x_label("calls").y_label("mean square of |∇ψ|").x_log().y_log();
            for (method, name) in METHODS {
                let rows = table.rows().filter(|(cell, _)| {
                    cell.method == method && cell.selecting == selecting && cell.noise == Roughness::Additive
                });
                let means = table.means_by(
                    rows.map(|(_, row)| (rounded(row.calls), row.gradient.powi(2))),
                    &format!("mean square of |∇ψ|, {name}, {title}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        let mut chart = Chart::new()
            .title("at the step's σ, the theorem's quantity")
            .x_label("calls")
            .y_label("mean square of |∇ψ_σ|")
            .x_log()
            .y_log();
        for (method, name) in METHODS.into_iter().take(5) {
            let rows = table.rows().filter(|(cell, _)| {
                cell.method == method && !cell.selecting && cell.noise == Roughness::Additive
            });
            let means = table.means_by(
                rows.map(|(_, row)| (rounded(row.calls), row.penalised_gradient.powi(2))),
                &format!("mean square of |∇ψ_σ|, {name}"),
            );
            chart = chart.means(name, &means);
            all.extend(means);
        }
        figure = figure.panel(chart);
        let mut chart = Chart::new().title("the schedule's σ").x_label("calls").y_label("σ").x_log().y_log();
        for (method, name) in METHODS.into_iter().take(5) {
            let rows = table.rows().filter(|(cell, row)| {
                cell.method == method
                    && !cell.selecting
                    && cell.noise == Roughness::Additive
                    && row.replicate == 0
            });
            chart = chart.line(name, rows.map(|(_, row)| (row.calls as f64, row.sigma)));
        }
        figure = figure.panel(chart);
        report.figure(
            "gradients",
            "Above: mean square of |∇ψ(x)|, which contains the bias, of the order of σ. Below: that of |∇ψ_σ(x)|, on which the rates are judged, and σ itself. Momentum is not ahead at these budgets. TTSA and stocBiO use exact products \
             of second derivatives. The null model that ignores how the lower solution moves stays away from stationary points.",
            "Four panels on logarithmic axes: falling lines above, where the null model stays level; below falling lines for all but the steeper schedules, and straight falling lines of σ.",
            &figure,
        )?;
        let mut chart = Chart::new().x_label("calls").y_label("mean square of |∇ψ_σ|").x_log().y_log();
        for noise in [Roughness::Additive, Roughness::Proportional, Roughness::Rough] {
            for method in [Method::Momentum, Method::Plain] {
                let name = format!(
                    "{}, {}",
                    if method == Method::Momentum { "momentum" } else { "F2SA" },
                    format!("{noise:?}").to_lowercase()
                );
                let rows = table
                    .rows()
                    .filter(|(cell, _)| cell.method == method && !cell.selecting && cell.noise == noise);
                let means = table.means_by(
                    rows.map(|(_, row)| (rounded(row.calls), row.penalised_gradient.powi(2))),
                    &format!("mean square of |∇ψ_σ|, {name}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
        }
        report.figure(
            "noise",
            "The single loop with and without momentum under three kinds of noise: additive, in proportion to |y|, and independent at any two points, which breaks the assumption of mean-squared smoothness that momentum rests on.",
            "Lines that fall, except that of momentum with rough noise.",
            &Figure::new("Momentum and the smoothness of noise").panel(chart),
        )?;
        report.means_table("runs", &all)
    }
}

/// Places of different runs that differ by a step fall together.
fn rounded(calls: u64) -> f64 {
    10_f64.powf(((calls as f64).log10() * 4.0).round() / 4.0)
}

/// A run with the paper's schedules and the first constants (α, γ).
fn run<P: Known + Bilevel>(
    method: Method,
    oracle: &Noisy<P>,
    begin: &Begin<'_>,
    (alpha, gamma): (f64, f64),
    observe: impl FnMut(&Step<'_>),
) -> Ended {
    let scaled = |power: Power, value: f64| Power { value, ..power };
    let single = |options: single_loop::Options| single_loop::Options {
        alpha: scaled(options.alpha, alpha),
        gamma: scaled(options.gamma, gamma),
        ..options
    };
    match method {
        Method::Deterministic | Method::Double => {
            let options = if method == Method::Double {
                double_loop::Options::noisy(gamma)
            } else {
                double_loop::Options::deterministic(gamma)
            };
            double_loop(
                oracle,
                begin,
                &double_loop::Options { alpha: scaled(options.alpha, alpha), ..options },
                observe,
            )
        }
        Method::Momentum => single_loop(oracle, begin, &single(single_loop::Options::momentum()), observe),
        Method::Plain => {
            single_loop(oracle, begin, &single(single_loop::Options::without_momentum()), observe)
        }
        Method::Steeper => {
            let power = |value, exponent| Power { value, exponent, offset: 10.0 };
            let options = single_loop::Options {
                sigma: power(1.0, -0.25),
                alpha: power(alpha, -0.5),
                gamma: power(gamma, -0.5),
                ..single_loop::Options::without_momentum()
            };
            single_loop(oracle, begin, &options, observe)
        }
        Method::Stocbio => implicit(oracle, begin, &implicit::Options::stocbio(gamma, 0.1 * alpha), observe),
        Method::Ttsa => implicit(oracle, begin, &implicit::Options::ttsa(gamma, alpha), observe),
        Method::Ignoring => ignoring(
            oracle,
            begin,
            (1, 0.1 * gamma, Power { value: alpha, exponent: -0.6, offset: 10.0 }),
            observe,
        ),
    }
}
