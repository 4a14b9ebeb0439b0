//! `law`: the mean squared error of the Gaussian sketch, counted and computed.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::known;
use crate::contraction::{GaussianLaw, spectrum};
use crate::kkt;
use crate::models::random_saddle;
use crate::problem::Point;
use crate::sketch::{Kind, Sketch};
use crate::sparse::{Sparse, norm};

/// The law of the Gaussian sketch.
pub struct Law;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The system of a problem at its solution, or `random-12`.
    pub system: String,
    /// Runs.
    pub runs: u64,
}

/// A number of steps.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// t.
    pub steps: u64,
    /// Mean of |eₜ|²/|e₀|² over the runs.
    #[column(within = 1e-6)]
    pub counted: f64,
    /// Its standard error.
    #[column(within = 1e-3)]
    pub deviation: f64,
    /// E|eₜ|²/|e₀|² by the law.
    #[column(within = 1e-9)]
    pub computed: f64,
    /// (1 − σ_min²/|K|_F²)ᵗ: v_min is at least σ_min²/|K|_F², as vᵢ/sᵢ falls in sᵢ and has mean 1.
    #[column(within = 1e-9)]
    pub bound: f64,
    /// Steps to E|e|² = 10⁻¹²|e₀|² by the law.
    pub needed: f64,
    /// The same by the bound.
    pub needed_by_bound: f64,
}

fn system(name: &str, random: &Random) -> Result<Sparse, Failure> {
    if name == "random-12" {
        return Ok(random_saddle(12, &mut random.stream("system")));
    }
    let known = known(name)?;
    let problem = known.problem()?;
    let (Some(x), Some(multipliers)) = (known.point, known.multipliers) else {
        return Err("no optimum is known".into());
    };
    Ok(kkt::at(&problem, &Point::start(&problem, &x, &multipliers)?))
}

impl Experiment for Law {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "law";
    const TITLE: &'static str = "The Gaussian sketch, exactly";
    const QUESTION: &'static str = "Does the mean squared error fall as the exact recursion says, and how far is the usual bound from it?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let runs = match profile {
            Profile::Smoke => 200,
            Profile::Quick => 4_000,
            Profile::Full => 100_000,
        };
        let systems = ["HS28", "HS42", "HS48", "HS52", "HS78", "HS100LNP", "random-12"];
        let count = if profile == Profile::Smoke { 1 } else { systems.len() };
        systems[..count].iter().map(|system| Parameters { system: (*system).into(), runs }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let system = system(&cell.system, random)?;
        let d = system.rows();
        let spectrum = spectrum(system.to_dense().view()).ok_or("no eigenvalues")?;
        let law = GaussianLaw::new(&spectrum.values);
        let mut stream = random.stream("errors");
        let mut start: Vec<f64> = (0..d).map(|_| StandardNormal.sample(&mut stream)).collect();
        let length = norm(&start);
        start.iter_mut().for_each(|value| *value /= length);
        let squares: Vec<f64> = (0..d)
            .map(|i| {
                start.iter().enumerate().map(|(row, e)| e * spectrum.vectors[[row, i]]).sum::<f64>().powi(2)
            })
            .collect();
        // Later than a tenth the mean is that of rare runs.
        let last = law.steps(&squares, 0.1).ok_or("the law needs too many steps")?.min(2_000);
        let mut times: Vec<u64> =
            [0.125, 0.25, 0.5, 1.0].iter().map(|share| (last as f64 * share).ceil() as u64).collect();
        times.dedup();
        let mut sums = vec![(0.0, 0.0); times.len()];
        let zero = vec![0.0; d];
        let mut sketch = Sketch::new(Kind::Gaussian, random.stream("sketch").random());
        for _ in 0..cell.runs {
            let mut error = start.clone();
            let mut done = 0;
            for (time, sum) in times.iter().zip(&mut sums) {
                while done < *time {
                    sketch.step(&system, &zero, &mut error);
                    done += 1;
                }
                let square: f64 = error.iter().map(|e| e * e).sum();
                sum.0 += square;
                sum.1 += square * square;
            }
        }
        let runs = cell.runs as f64;
        let rate = (spectrum.smallest / spectrum.frobenius).powi(2);
        let needed = law.steps(&squares, 1e-12).map_or(f64::NAN, |steps| steps as f64);
        let rows = times.iter().zip(sums).map(|(time, (sum, square))| {
            let counted = sum / runs;
            Row {
                steps: *time,
                counted,
                deviation: ((square / runs - counted * counted).max(0.0) / runs).sqrt(),
                computed: law.mean_square(&squares, *time),
                bound: (*time as f64 * (-rate).ln_1p()).exp(),
                needed,
                needed_by_bound: 1e-12_f64.ln() / (-rate).ln_1p(),
            }
        });
        Ok(Outcome::Done(rows.collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let names: Vec<&str> = table.cells().map(|(cell, _)| cell.system.as_str()).collect();
        let (mut points, mut low, mut high) = (Vec::new(), Vec::new(), Vec::new());
        let (mut exact, mut bound) = (Vec::new(), Vec::new());
        for (place, (_, rows)) in table.cells().enumerate() {
            for (index, row) in rows.iter().enumerate() {
                points.push((place as f64 + 0.12 * (index as f64 - 1.5), row.counted / row.computed));
                low.push((row.counted - 2.0 * row.deviation) / row.computed);
                high.push((row.counted + 2.0 * row.deviation) / row.computed);
            }
            let first = rows.first();
            exact.push(first.map_or(f64::NAN, |row| row.needed));
            bound.push(first.map_or(f64::NAN, |row| row.needed_by_bound));
        }
        let chart = Chart::new()
            .title("mean squared error, counted over computed, at up to four times")
            .x_label("system")
            .y_label("ratio, two standard errors")
            .categories(names.clone())
            .error_bars("counted", points, low, high)
            .horizontal_reference("exact law", 1.0);
        let needed = Chart::new()
            .title("steps to 10⁻⁶ of the error")
            .x_label("system")
            .y_label("steps")
            .y_log()
            .categories(names)
            .bars("exact law", exact)
            .bars("bound by σ²/|K|²", bound);
        report.figure(
            "law",
            "Counted means agree with the exact law; the rate σ²/|K|_F² of norm-weighted Kaczmarz, which bounds it, asks for more steps than are needed.",
            "Points with whiskers around a line at one, and pairs of bars.",
            &Figure::new("The Gaussian sketch on seven systems").columns(1).panel(chart).panel(needed),
        )
    }
}
