//! `far-start`: calls until the gradient stays small, against the distance of the start, with every method tuned on the same number of settings.

use bilevel::levels::Bilevel;
use bilevel::sets::norm;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::experiments::methods::{Common, Method, Setting, run};
use crate::families::{Family, cosh};
use crate::oracle::Noisy;
use crate::run::{Begin, StopReason};

/// Far starts.
pub struct FarStart;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Method.
    pub method: Method,
    /// s: the start is s (1, −0.9, 0.8).
    pub distance: f64,
    /// The distance on which its steps were tuned.
    pub tuned_at: f64,
    /// Runs.
    pub runs: u32,
    /// Calls a run.
    pub calls: u64,
}

/// What came out.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// |∇Φ| at the start.
    pub start_gradient: f64,
    /// The step that was best on the tuning runs; 0 if none arrived.
    pub eta: f64,
    /// Of clipping, the longest step; else 0.
    pub longest: f64,
    /// Whether the mean of |∇Φ| over the runs stayed at 0.5 and below for four windows, a third more calls.
    pub reached: bool,
    /// Calls until it did; all of them if it did not.
    pub calls_needed: f64,
    /// Runs that left the numbers.
    pub diverged: u32,
}

/// |∇Φ| that is to be reached.
pub const TARGET: f64 = 0.5;
const METHODS: [Method; 9] = [
    Method::BoRep,
    Method::Slip,
    Method::Clip,
    Method::Soba,
    Method::MaSoba,
    Method::Stocbio,
    Method::Ttsa,
    Method::Sustain,
    Method::Vrbo,
];
/// Calls at which windows end: from 200 on by a tenth.
fn windows(calls: u64) -> Vec<f64> {
    let mut ends = vec![200.0];
    while ends[ends.len() - 1] * 1.1 <= calls as f64 {
        ends.push(ends[ends.len() - 1] * 1.1);
    }
    ends
}

impl Experiment for FarStart {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "far-start";
    const TITLE: &'static str = "Far starts";
    const QUESTION: &'static str = "How many gradients and products does each method need until |∇Φ| stays at 0.5, from starts whose gradient grows like e^s? Settings are tuned on two other seeds, twelve for each method.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (distances, runs, calls): (&[f64], u32, u64) = match profile {
            Profile::Smoke => (&[2.0, 6.0], 2, 5_000),
            Profile::Quick => (&[2.0, 6.0, 8.0, 10.0, 12.0, 14.0], 10, 200_000),
            Profile::Full => (&[2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0], 32, 2_000_000),
        };
        let methods = if profile == Profile::Smoke { &METHODS[..4] } else { &METHODS[..] };
        let mut cells = Vec::new();
        for method in methods.iter().copied() {
            cells.extend(distances.iter().map(|distance| Parameters {
                method,
                distance: *distance,
                tuned_at: *distance,
                runs,
                calls,
            }));
            if profile != Profile::Smoke {
                cells.push(Parameters { method, distance: 10.0, tuned_at: 2.0, runs: 16, calls: 20_000 });
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = cosh();
        let mut start_gradient = [0.0; 3];
        problem.gradient(&start(cell.distance), &mut start_gradient);
        // The setting of a method at a distance is the same wherever it is used.
        let mut tuning = random.shared_stream("tuning", &lab::key([("tuned_at", cell.tuned_at)]))?;
        let seeds: [u64; 2] = tuning.random();
        let budget = if cell.tuned_at == cell.distance { cell.calls } else { 200_000.min(10 * cell.calls) };
        let mut best: Option<(f64, Setting)> = None;
        for setting in settings(cell.method) {
            // Whoever needs more than the best so far need not go on.
            let most = best.map_or(budget as f64, |(calls, _)| (1.5 * calls).min(budget as f64)) as u64;
            let mut runs = seeds
                .iter()
                .map(|seed| gradients(&problem, cell.method, setting, cell.tuned_at, most, *seed));
            // Both runs have to stay with the numbers.
            let mean = runs.next().flatten().zip(runs.next().flatten()).map(|(mut a, b)| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a = 0.5 * (*a + b));
                a
            });
            if let Some(needed) = mean.and_then(|mean| reached(&mean))
                && best.is_none_or(|(calls, _)| needed < calls)
            {
                best = Some((needed, setting));
            }
        }
        let mut row = Row {
            start_gradient: norm(&start_gradient),
            eta: 0.0,
            longest: 0.0,
            reached: false,
            calls_needed: cell.calls as f64,
            diverged: 0,
        };
        let Some((_, setting)) = best else {
            return Ok(Outcome::Done(vec![row]));
        };
        let mut fresh = random.stream("runs");
        let mut sum: Vec<f64> = Vec::new();
        for _ in 0..cell.runs {
            match gradients(&problem, cell.method, setting, cell.distance, cell.calls, fresh.random()) {
                Some(path) if sum.is_empty() => sum = path,
                Some(path) => sum.iter_mut().zip(path).for_each(|(sum, g)| *sum += g),
                None => row.diverged += 1,
            }
        }
        let finished = cell.runs - row.diverged;
        sum.iter_mut().for_each(|g| *g /= f64::from(finished));
        row.eta = setting.eta;
        if cell.method == Method::Clip {
            row.longest = setting.longest;
        }
        if let Some(needed) = reached(&sum).filter(|_| row.diverged == 0) {
            row.reached = true;
            row.calls_needed = needed;
        }
        Ok(Outcome::Done(vec![row]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let tuned = || table.rows().filter(|(cell, _)| cell.distance == cell.tuned_at);
        let mut chart = Chart::new()
            .x_label("|∇Φ| at the start")
            .y_label("gradients and products until it stays at 0.5")
            .x_log()
            .y_log()
            .legend_right();
        for method in METHODS {
            let rows = tuned().filter(|(cell, row)| cell.method == method && row.reached);
            let points: Vec<(f64, f64)> =
                rows.map(|(_, row)| (row.start_gradient, row.calls_needed)).collect();
            if !points.is_empty() {
                chart = chart.line_with_markers(method.name(), points);
            }
        }
        report.figure(
            "calls",
            "Each method with the step that was best at each distance; where a line ends, no setting arrived within the budget.",
            "Plain methods are cheapest on the left and rise steeply; normalised ones rise slowly; clipping stays low.",
            &Figure::new("From how far a start is still cheap").panel(chart),
        )
    }
}

fn start(distance: f64) -> [f64; 3] {
    [distance, -0.9 * distance, 0.8 * distance]
}

/// Twelve settings for each.
fn settings(method: Method) -> Vec<Setting> {
    let eta = |k: u32| match method {
        // Half decades from 10⁻⁶ to 10^−0.5.
        method if method.is_plain() => 10.0_f64.powf(-6.0 + 0.5 * f64::from(k)),
        // Quarter decades from 10⁻³ to 10^−0.25, which are lengths.
        _ => 10.0_f64.powf(-3.0 + 0.25 * f64::from(k)),
    };
    if method == Method::Clip {
        let etas = [0.003, 0.01, 0.03];
        return etas
            .iter()
            .flat_map(|eta| [0.03, 0.1, 0.3, 1.0].map(|longest| Setting { eta: *eta, longest }))
            .collect();
    }
    (0..12).map(|k| Setting { eta: eta(k), longest: 0.0 }).collect()
}

/// The mean of |∇Φ| in each window of calls; `None` for a run that left the numbers. |∇Φ| is taken at every second step.
fn gradients(
    problem: &Family,
    method: Method,
    setting: Setting,
    distance: f64,
    calls: u64,
    seed: u64,
) -> Option<Vec<f64>> {
    let noisy = Noisy::normal(problem.clone(), 1.0);
    let x = start(distance);
    let begin = Begin { x: &x, y: &[0.0; 3], calls, seed };
    let common = Common { gamma: 0.05, smoothness: problem.smoothness(), inverse: None };
    let ends = windows(calls);
    let (mut means, mut sum, mut count, mut gradient) =
        (Vec::new(), 0.0, 0.0, vec![0.0; problem.dimensions().0]);
    let ended = run(method, &noisy, &begin, setting, &common, |step| {
        let spent = step.counts.calls() as f64;
        if step.number % 2 == 1 {
            problem.gradient(step.x, &mut gradient);
            sum += norm(&gradient);
            count += 1.0;
        }
        while means.len() < ends.len() && spent >= ends[means.len()] {
            let last = means.last().copied().unwrap_or(f64::INFINITY);
            means.push(if count > 0.0 { sum / count } else { last });
            (sum, count) = (0.0, 0.0);
        }
    });
    (ended.reason == StopReason::Budget).then_some(means)
}

/// Windows whose means have to be at the target: the first and those of the next third of its calls.
const STAY: usize = 4;

/// Calls at the end of the first window from which on means stay at the target.
fn reached(means: &[f64]) -> Option<f64> {
    let first = means.windows(STAY).position(|means| means.iter().all(|mean| *mean <= TARGET))?;
    Some(200.0 * 1.1_f64.powi(first as i32))
}
