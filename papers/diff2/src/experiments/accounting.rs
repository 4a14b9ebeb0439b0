//! `accounting`: exact privacy of compositions, and what bounds cost.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::privacy::{Mu, NoiseMultiplier, ZeroConcentrated};

/// Accounting.
pub struct Accounting;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// ε of a composition at a δ.
    Epsilon,
    /// μ of a budget.
    Budget,
}

/// A cell: one line of a table that was computed with 60 digits.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// ε of a composition, or μ of a budget.
    pub asked: Asked,
    /// The table's line.
    pub line: usize,
}

/// Answers.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// ε of the budget, or the exact one found.
    #[column(within = 1e-12)]
    pub epsilon: f64,
    /// δ.
    pub delta: f64,
    /// The answer: ε or μ.
    #[column(within = 1e-12)]
    pub found: f64,
    /// Its relative error.
    #[column(absolute = 1e-13)]
    pub error: f64,
    /// Noise that zero-concentrated privacy asks for over the noise needed; for compositions, its ε over the exact one.
    #[column(within = 1e-10)]
    pub classic: f64,
    /// ε by the best Rényi order over the exact one; NaN for budgets.
    #[column(within = 1e-10)]
    pub renyi: f64,
}

fn lines(asked: Asked) -> Vec<Vec<&'static str>> {
    let text = match asked {
        Asked::Epsilon => include_str!("../../tests/cases/gaussian.csv"),
        Asked::Budget => include_str!("../../tests/cases/calibrate.csv"),
    };
    let all = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    all.filter(|cells| asked == Asked::Budget || cells[4] == "eps_of_delta" && cells[7].parse() != Ok(0.0))
        .collect()
}

impl Experiment for Accounting {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "accounting";
    const TITLE: &'static str = "Exact accounting";
    const QUESTION: &'static str = "Is the stated privacy that of the composition, and how much noise do bounds through Rényi divergences waste?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let every = if profile == Profile::Smoke { 5 } else { 1 };
        let of = |asked| (0..lines(asked).len()).step_by(every).map(move |line| Parameters { asked, line });
        of(Asked::Epsilon).chain(of(Asked::Budget)).collect()
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let all = lines(cell.asked);
        let numbers: Result<Vec<f64>, _> = all[cell.line]
            .iter()
            .enumerate()
            .map(
                |(column, text)| {
                    if cell.asked == Asked::Epsilon && column == 4 { Ok(0.0) } else { text.parse() }
                },
            )
            .collect();
        let numbers = numbers?;
        let row = match cell.asked {
            Asked::Epsilon => {
                let parts = [
                    (NoiseMultiplier::new(numbers[0])?, numbers[1] as u64),
                    (NoiseMultiplier::new(numbers[2])?, numbers[3] as u64),
                ];
                let (delta, exact) = (numbers[5], numbers[7]);
                let mu = Mu::compose(&parts);
                let found = mu.epsilon(delta)?;
                let bounds = ZeroConcentrated::of(mu);
                Row {
                    epsilon: found,
                    delta,
                    found,
                    error: (found / exact - 1.0).abs(),
                    classic: bounds.classic_epsilon(delta)? / found,
                    renyi: bounds.improved_epsilon(delta)? / found,
                }
            }
            Asked::Budget => {
                let (epsilon, delta) = (numbers[0], numbers[1]);
                let found = Mu::calibrate(epsilon, delta)?.value();
                let classic = ZeroConcentrated::classic_budget(epsilon, delta)?.value();
                Row {
                    epsilon,
                    delta,
                    found,
                    error: (found / numbers[2] - 1.0).abs(),
                    classic: found / classic,
                    renyi: f64::NAN,
                }
            }
        };
        Ok(Outcome::Done(vec![row]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let rows = |asked| table.rows().filter(move |(cell, _)| cell.asked == asked);
        let mut chart = Chart::new()
            .title("ε that bounds state over the exact one")
            .x_label("exact ε")
            .y_label("ratio")
            .x_log();
        for (name, of) in [
            ("zero-concentrated", (|row: &Row| row.classic) as fn(&Row) -> f64),
            ("best Rényi order", |row| row.renyi),
        ] {
            let points = rows(Asked::Epsilon).filter(|(_, row)| row.epsilon > 0.01 && of(row) < 4.0);
            chart = chart.scatter(name, points.map(|(_, row)| (row.epsilon, of(row))));
        }
        let figure = Figure::new("What bounds cost").panel(chart);
        report.figure(
            "bounds",
            "The same releases, by three accountants: bounds through Rényi divergences state more than is given away.",
            "Two sets of points above 1.",
            &figure,
        )
    }
}
