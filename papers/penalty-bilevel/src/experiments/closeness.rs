//! `closeness`: ψ − ψ_σ and the difference of gradients against σ (Theorem 1.1).

use bilevel::hypergradient::dense;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::penalty::{exact_penalty, richardson};
use crate::problems::{FAMILIES, Family, draw};

/// How close ψ_σ is.
pub struct ClosenessOfPenalty;

/// A cell: a random problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The kind of lower level.
    pub family: Family,
    /// Number of the problem.
    pub replicate: u32,
}

/// A value of σ.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Penalty parameter.
    pub sigma: f64,
    /// ψ(x) − ψ_σ(x).
    #[column(within = 1e-2, absolute = 1e-9)]
    pub gap: f64,
    /// |∇ψ(x) − ∇ψ_σ(x)|.
    #[column(within = 1e-2, absolute = 1e-9)]
    pub gradient_error: f64,
    /// f_yᵀKf_y/2, the limit of gap/σ.
    pub gap_constant: f64,
    /// |ψ − (2ψ_{σ/2} − ψ_σ)|, Richardson's step (not in the paper).
    #[column(within = 0.5, absolute = 1e-9)]
    pub richardson: f64,
    /// ψ_{σ/2} − ψ_σ, which must not be negative.
    #[column(absolute = 1e-9)]
    pub rise: f64,
}

impl Experiment for ClosenessOfPenalty {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "closeness";
    const TITLE: &'static str = "How close the penalised function is (Theorem 1.1)";
    const QUESTION: &'static str = "ψ_σ is O(σ)-close to ψ, in value and gradient, under a proximal error bound. Is it, on eight families with many, constrained and nonconvex lower \
         solutions, and what is the constant?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 8,
            Profile::Full => 100,
        };
        FAMILIES
            .into_iter()
            .flat_map(|(family, _)| (0..replicates).map(move |replicate| Parameters { family, replicate }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (problem, x) = draw(cell.family, &mut random.stream("problem"));
        let exact = dense(&*problem, &x, &problem.solution(&x)).ok_or("the solution is not finite")?;
        let mut rows = Vec::new();
        for k in 0..=12 {
            let sigma = 10_f64.powf(-0.5 * f64::from(k));
            let (coarse, fine) =
                (exact_penalty(&*problem, &x, sigma)?, exact_penalty(&*problem, &x, sigma / 2.0)?);
            let error = coarse
                .gradient
                .iter()
                .zip(&exact.gradient)
                .map(|(a, b)| (a - b) * (a - b))
                .sum::<f64>()
                .sqrt();
            rows.push(Row {
                sigma,
                gap: exact.value - coarse.value,
                gradient_error: error,
                gap_constant: exact.gap_constant,
                richardson: (exact.value - richardson(&coarse, &fine).0).abs(),
                rise: fine.value - coarse.value,
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Closeness of value and gradient")
            .subtitle("median over problems")
            .columns(3)
            .panel_height(260.0);
        let quantities: [(&str, Quantity); 3] = [
            ("ψ − ψ_σ", |row| row.gap),
            ("|∇ψ − ∇ψ_σ|", |row| row.gradient_error),
            ("ψ − Richardson's value", |row| row.richardson),
        ];
        for (name, quantity) in quantities {
            let mut chart = Chart::new()
                .title(name)
                .x_label("σ")
                .y_label("distance")
                .x_log()
                .y_log()
                .y_range(1e-11, 10.0);
            for (family, label) in FAMILIES {
                chart = chart.line(label, medians(table, family, quantity));
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "distances",
            "Left: ψ − ψ_σ falls in proportion to σ on all families. Middle: so does the difference of gradients. Right: 2ψ_{σ/2} − ψ_σ is closer by a factor of σ, until rounding, 10⁻¹⁶/σ, takes over.",
            "Three panels of falling lines over σ; slopes 1, 1 and 2, with a rise at the smallest σ in the last.",
            &figure,
        )
    }
}

type Quantity = fn(&Row) -> f64;

/// Median over the problems of a family at each σ.
fn medians(table: &Table<Parameters, Row>, family: Family, quantity: Quantity) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = table
        .rows()
        .filter(|(cell, _)| cell.family == family)
        .map(|(_, row)| (row.sigma, quantity(row)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    points.chunk_by(|a, b| a.0 == b.0).map(|group| group[group.len() / 2]).collect()
}
