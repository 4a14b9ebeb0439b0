//! `formula`: the explicit hypergradient with many or constrained lower solutions (Theorem 3.2), and what it gives elsewhere.

use bilevel::hypergradient::{assemble, conjugate_gradients, dense, neumann};
use bilevel::levels::Known;
use bilevel::lower;
use bilevel::sets::ConvexSet;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array1;
use numerics::symmetric::eigen;
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::closeness::Parameters;
use crate::penalty::{InnerOptions, penalty_gradient};
use crate::problems::{FAMILIES, Family, draw};

/// The formula against differences, and against what methods compute that ignore which solution is meant.
pub struct Formula;

/// Errors relative to |∇ψ|, or to 1 where that is smaller.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The formula at y* against Richardson differences of ψ.
    #[column(absolute = 1e-8)]
    pub formula: f64,
    /// The formula without the face of Y, at the same y*; where Y is ℝ^q, nothing.
    #[column(within = 1e-3, absolute = 1e-8)]
    pub unconstrained: Option<f64>,
    /// Conjugate gradients at the solution that gradient descent on g finds from y* + N(0, 1) (AID; 0.3 N(0, 1) for the PL sine); where Y is ℝ^q.
    #[column(within = 1e-2, absolute = 1e-5)]
    pub implicit: Option<f64>,
    /// A thousand terms of Neumann's series there (stocBiO).
    #[column(within = 1e-2, absolute = 1e-5)]
    pub neumann: Option<f64>,
    /// ∇ψ_σ by first derivatives from the same start, σ = 0.001.
    #[column(within = 1e-2, absolute = 1e-5)]
    pub penalty: Option<f64>,
}

impl Experiment for Formula {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "formula";
    const TITLE: &'static str = "The explicit gradient, and which solution it is at (Theorem 3.2)";
    const QUESTION: &'static str = "∇ψ has a formula with a pseudo-inverse on the active face, at the lower solution that f prefers. Is it the derivative of ψ? What do implicit methods return that take whichever \
         solution descent on g finds?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 20,
            Profile::Full => 200,
        };
        FAMILIES
            .into_iter()
            .flat_map(|(family, _)| (0..replicates).map(move |replicate| Parameters { family, replicate }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (problem, x) = draw(cell.family, &mut random.stream("problem"));
        let y = problem.solution(&x);
        let exact = dense(&*problem, &x, &y).ok_or("the solution is not finite")?.gradient;
        let scale = bilevel::sets::norm(&exact).max(1.0);
        let error = |found: &[f64]| {
            found.iter().zip(&exact).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt() / scale
        };
        let differences: Vec<f64> = (0..x.len()).map(|k| difference(&*problem, &x, k)).collect();
        let whole = *problem.lower_set() == ConvexSet::Whole;
        let mut row = Row {
            formula: error(&differences),
            unconstrained: None,
            implicit: None,
            neumann: None,
            penalty: None,
        };
        if !whole {
            row.unconstrained =
                Some(error(&unconstrained(&*problem, &x, &y).ok_or("a derivative is not finite")?));
        }
        if whole {
            let mut random = random.stream("start");
            // Within a few units of the solution that f prefers; for the PL sine in its well, whose minimiser is what ψ is about.
            let spread = if cell.family == Family::PlSine { 0.3 } else { 1.0 };
            let start: Vec<f64> =
                y.iter().map(|y| y + spread * random.sample::<f64, _>(StandardNormal)).collect();
            let size = |matrix: ndarray::Array2<f64>| matrix.iter().map(|a| a * a).sum::<f64>().sqrt();
            let smoothness = 1.5 * (size(problem.lower_yy(&x, &start)) + size(problem.lower_yy(&x, &y)))
                + size(problem.upper_yy(&x, &y));
            let mut found = start.clone();
            let mut slope = vec![0.0; found.len()];
            for _ in 0..20_000 {
                lower::slope(&*problem, &x, &found, 0.0, &mut slope);
                found.iter_mut().zip(&slope).for_each(|(y, slope)| *y -= slope / smoothness);
            }
            let mut gradient = vec![0.0; x.len()];
            let mut upper_y = vec![0.0; found.len()];
            problem.upper_y(&x, &found, &mut upper_y);
            let (v, ..) = conjugate_gradients(&*problem, (&x, &found), &upper_y, 1e-8, 50);
            assemble(&*problem, &x, &found, &v, &mut gradient);
            row.implicit = Some(error(&gradient));
            let v = neumann(1.0 / smoothness, 1_000, &upper_y, |v, out| {
                problem.lower_yy_times(&x, &found, v, out)
            });
            assemble(&*problem, &x, &found, &v, &mut gradient);
            row.neumann = Some(error(&gradient));
            let options = InnerOptions { tolerance: 1e-7, most_steps: 400_000, smoothness };
            // Far on the other side of a sphere, or too flat for the steps: said as it is.
            row.penalty = penalty_gradient(&*problem, &x, 1e-3, &start, &options)
                .ok()
                .map(|found| error(&found.gradient));
        }
        Ok(Outcome::Done(vec![row]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let columns: [(&str, Quantity); 5] = [
            ("formula", |row| Some(row.formula)),
            ("formula without the face", |row| row.unconstrained),
            ("conjugate gradients", |row| row.implicit),
            ("Neumann", |row| row.neumann),
            ("penalty, σ = 0.001", |row| row.penalty),
        ];
        let mut chart = Chart::new()
            .y_label("relative error of ∇ψ, median")
            .y_log()
            .y_range(1e-14, 1e3)
            .categories(FAMILIES.map(|(_, name)| name));
        for (name, quantity) in columns {
            let points = FAMILIES.into_iter().enumerate().filter_map(|(place, (family, _))| {
                let mut values: Vec<f64> = table
                    .rows()
                    .filter(|(cell, _)| cell.family == family)
                    .filter_map(|(_, row)| quantity(row))
                    .collect();
                values.sort_by(f64::total_cmp);
                Some((place as f64, values.get(values.len() / 2)?.max(1e-14)))
            });
            chart = chart.scatter(name, points.collect::<Vec<_>>());
        }
        report.figure(
            "errors",
            "Median error of ∇ψ. The formula at the solution that f prefers agrees with differences of ψ. Without the active face it is off by about its size. Where lower solutions are many, implicit methods at the one \
             that descent finds are off as well; the penalty finds the right one.",
            "Markers by family on a logarithmic axis: the formula near 1e-12, the penalty near 1e-4, the others between 0.1 and 3 where solutions are many or constrained.",
            &Figure::new("Which solution a gradient is taken at").panel(chart),
        )
    }
}

type Quantity = fn(&Row) -> Option<f64>;

/// ∂ψ/∂x_k by central differences, extrapolated twice.
fn difference(problem: &dyn Known, x: &[f64], k: usize) -> f64 {
    let central = |h: f64| {
        let at = |offset: f64| {
            let mut moved = x.to_vec();
            moved[k] += offset;
            problem.value(&moved)
        };
        (at(h) - at(-h)) / (2.0 * h)
    };
    let h = 2e-3;
    let (coarse, middle, fine) = (central(h), central(h / 2.0), central(h / 4.0));
    let (first, second) = ((4.0 * middle - coarse) / 3.0, (4.0 * fine - middle) / 3.0);
    (16.0 * second - first) / 15.0
}

/// f_x − g_xy (g_yy)⁺ f_y at a point on the boundary, as if there were none.
fn unconstrained(problem: &dyn Known, x: &[f64], y: &[f64]) -> Option<Vec<f64>> {
    let mut upper_y = vec![0.0; y.len()];
    problem.upper_y(x, y, &mut upper_y);
    let (values, vectors) = eigen(problem.lower_yy(x, y).view())?;
    let largest = values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    let mut coefficients = vectors.t().dot(&Array1::from(upper_y));
    coefficients
        .iter_mut()
        .zip(&values)
        .for_each(|(c, value)| *c = if value.abs() > 1e-10 * largest { *c / value } else { 0.0 });
    let mut gradient = vec![0.0; x.len()];
    assemble(problem, x, y, vectors.dot(&coefficients).as_slice()?, &mut gradient);
    Some(gradient)
}
