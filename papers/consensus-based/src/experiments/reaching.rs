//! `reaching`: how often the four methods reach the global minimum of the canyon, and what their moves look like.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::paths::Parameters;
use super::{METHODS, Method, STEPS, on_the_canyon};
use crate::canyon::{Canyon, START};
use crate::descent::descend;
use crate::objective::Objective;

/// Many runs of Figures 1(b), 2(a), 2(b), 2(c), each in a few numbers.
pub struct Reaching;

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Distance of the last point to the global minimiser.
    #[column(within = 1e-2, absolute = 1e-2)]
    pub distance: f64,
    /// Least distance along the run.
    #[column(within = 1e-2, absolute = 1e-2)]
    pub nearest: f64,
    /// Largest amount by which E rises along the run above its least value until then.
    #[column(within = 1e-2, absolute = 1e-2)]
    pub rise: f64,
    /// Median distance of the points with x > 2.6 to the path of gradient descent.
    #[column(within = 1e-2, absolute = 1e-2)]
    pub from_descent: Option<f64>,
    /// Mean cosine between moves longer than 0.001 and −∇E where they begin.
    #[column(within = 1e-2, absolute = 1e-2)]
    pub cosine: Option<f64>,
    /// Share of the steps in which fewer than 1.5 particles count.
    #[column(within = 1e-2, absolute = 1e-2)]
    pub one_counts: Option<f64>,
    /// Mean squared distance of the swarm to its consensus, before the last step over before the first.
    #[column(within = 5e-2)]
    pub scatter_growth: Option<f64>,
}

impl Experiment for Reaching {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "reaching";
    const TITLE: &'static str = "How often the global minimum is reached (Figures 1(b), 2(a)–(c))";
    const QUESTION: &'static str = "The paper's figures show clouds of 50 runs without numbers. In what share of many runs does each method end near the global \
         minimiser? Do single moves of the consensus point along the negative gradient? How many particles count?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 4,
            Profile::Quick => 200,
            Profile::Full => 5_000,
        };
        let runs = |method| {
            (0..if method == Method::Descent { 2 } else { replicates })
                .map(move |replicate| Parameters { method, replicate })
        };
        METHODS.into_iter().flat_map(|(method, _)| runs(method)).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let descent = path_of_descent();
        let by_particles = matches!(cell.method, Method::Swarm | Method::Hopping);
        // Hopping begins at the start itself; the swarm's first consensus is that of its first particles.
        let mut last = (cell.method == Method::Hopping).then_some(START);
        let (mut nearest, mut least, mut rise) = (f64::INFINITY, f64::INFINITY, 0.0_f64);
        let (mut from_descent, mut cosines, mut few, mut scatters) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        on_the_canyon(cell.method, &mut random.stream("run"), |step, seen| {
            let value = Canyon.value(&seen.point);
            least = least.min(value);
            rise = rise.max(value - least);
            nearest = nearest.min(length(seen.point));
            if by_particles {
                cosines.extend(last.and_then(|last| cosine_of_move(last, seen.point)));
                if seen.point[0] > 2.6 {
                    from_descent.push(
                        descent
                            .iter()
                            .map(|p| length([p[0] - seen.point[0], p[1] - seen.point[1]]))
                            .fold(f64::INFINITY, f64::min),
                    );
                }
            }
            few.extend(seen.ess.map(|ess| f64::from(u8::from(ess < 1.5))));
            if cell.method == Method::Swarm && (step == 1 || step == STEPS.0) {
                let square = |at: &[f64]| (at[0] - seen.point[0]).powi(2) + (at[1] - seen.point[1]).powi(2);
                scatters.push(seen.particles.chunks_exact(2).map(square).sum::<f64>());
            }
            last = Some(seen.point);
        })?;
        let mean = |values: &[f64]| (!values.is_empty()).then(|| numerics::bootstrap::mean(values));
        from_descent.sort_by(f64::total_cmp);
        Ok(Outcome::Done(vec![Row {
            distance: length(last.unwrap_or(START)),
            nearest,
            rise,
            from_descent: (!from_descent.is_empty())
                .then(|| numerics::bootstrap::quantile(&from_descent, 0.5)),
            cosine: mean(&cosines),
            one_counts: mean(&few),
            scatter_growth: scatters.first().zip(scatters.last()).map(|(first, last)| last / first),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let measures: [(&str, Quantity); 3] = [
            ("ends within 0.5 of the global minimiser", |row| f64::from(u8::from(row.distance < 0.5))),
            ("ends within 0.1", |row| f64::from(u8::from(row.distance < 0.1))),
            ("comes within 0.5 at some time", |row| f64::from(u8::from(row.nearest < 0.5))),
        ];
        let mut chart = Chart::new()
            .y_label("share of runs")
            .y_range(0.0, 1.05)
            .categories(METHODS.map(|(_, name)| name));
        let mut all = Vec::new();
        for (name, quantity) in measures {
            let means: Vec<_> = METHODS
                .into_iter()
                .enumerate()
                .map(|(place, (method, label))| {
                    let rows = table.rows().filter(|(cell, _)| cell.method == method);
                    table.mean_at(
                        place as f64,
                        rows.map(|(_, row)| quantity(row)),
                        &format!("{name}, {label}"),
                    )
                })
                .collect();
            chart = chart.bars_of_means(name, &means);
            all.extend(means);
        }
        report.figure(
            "shares",
            "Share of runs that end near the global minimiser, with 95 % bootstrap intervals. Swarm and hopping nearly always do, gradient descent never, annealed \
             Langevin in less than half of the runs.",
            "Groups of three bars for four methods: near 1 for the first two (hopping stays noisy at the finer scale), none for descent, below one half for Langevin.",
            &Figure::new("Who reaches the global minimum").panel(chart),
        )?;
        let swarm = |quantity: fn(&Row) -> Option<f64>| {
            table
                .rows()
                .filter(|(cell, _)| cell.method == Method::Swarm)
                .filter_map(move |(_, row)| quantity(row))
                .collect::<Vec<_>>()
        };
        let histogram = |label: &str, values: Vec<f64>| {
            Chart::new().x_label(label).y_label("runs").histogram("", values, 20)
        };
        report.figure(
            "moves",
            "Runs of the swarm. Above: mean cosine of a run's moves with the negative gradient, 1 where they point along it; share of the steps in which a single particle has practically all the weight. Below: \
             median distance of the consensus to the path of gradient descent while x > 2.6; largest rise of E along the consensus, to be held against the barrier of 0.657: most runs never rise by that much, but not all.",
            "Four histograms: cosines lie around 0.2, shares of steps with one particle around 0.9, distances around 0.15, rises mostly below 0.5 with a tail.",
            &Figure::new("Single moves hardly point along −∇E, and one particle decides")
                .columns(2)
                .panel(histogram("mean cosine of moves with −∇E", swarm(|row| row.cosine)).x_range(-1.0, 1.0))
                .panel(histogram("share of steps with ESS < 1.5", swarm(|row| row.one_counts)).x_range(0.0, 1.0))
                .panel(histogram("median distance to the path of descent", swarm(|row| row.from_descent)))
                .panel(histogram("largest rise of E along the consensus", swarm(|row| Some(row.rise)))),
        )?;
        report.means_table("runs", &all)
    }
}

type Quantity = fn(&Row) -> f64;

fn length(v: [f64; 2]) -> f64 {
    v[0].hypot(v[1])
}

/// Cosine between a move and −∇E where it begins; `None` for moves of at most 0.001.
fn cosine_of_move(from: [f64; 2], to: [f64; 2]) -> Option<f64> {
    let along = [to[0] - from[0], to[1] - from[1]];
    let mut gradient = [0.0; 2];
    Canyon.gradient(&from, &mut gradient);
    let product = -(along[0] * gradient[0] + along[1] * gradient[1]);
    (length(along) > 1e-3).then(|| product / (length(along) * length(gradient)))
}

/// The points of gradient descent from the start, about 0.02 apart.
fn path_of_descent() -> Vec<[f64; 2]> {
    let mut path = vec![START];
    descend(&Canyon, &START, 0.001, STEPS.1, |_, point| {
        let last = path[path.len() - 1];
        if length([point[0] - last[0], point[1] - last[1]]) > 0.02 {
            path.push([point[0], point[1]]);
        }
    });
    path
}
