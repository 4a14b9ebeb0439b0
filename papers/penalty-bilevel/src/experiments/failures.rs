//! `failures`: where closeness fails, where it is slower, and where it is exact (Examples 1 and 2, and beyond).

use bilevel::families::Scalar;
use bilevel::levels::Known;
use bilevel::lower;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::penalty::{closeness, scalar_penalty};

/// Scalar problems in closed form.
pub struct Failures;

/// Which problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Example {
    /// S jumps at 0 (the shape of the paper's Example 1).
    Jump,
    /// Strict complementarity fails at 0 (the shape of Example 2).
    Kink,
    /// g grows like a power p above 2: values.
    GrowthLinear,
    /// The same: gradients.
    GrowthQuadratic,
    /// The penalty is exact.
    Vertex,
    /// Orders in μ.
    TiltCubic,
}

/// A cell: an example with its parameter, and σ.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The example.
    pub example: Example,
    /// p of the growth, μ of the tilt; else 0.
    pub parameter: f64,
    /// Penalty parameter.
    pub sigma: f64,
}

/// Errors of ψ_σ.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Largest ψ − ψ_σ over the points looked at.
    pub gap: f64,
    /// Largest |ψ′ − ψ_σ′| over the points at which ψ′ exists.
    #[column(absolute = 1e-12)]
    pub gradient_error: f64,
    /// (ψ_{σ/2} − ψ_σ)/(ψ_{σ/4} − ψ_{σ/2}) at the first point: 2 where ψ_σ is linear in σ.
    #[column(absolute = 1e-6)]
    pub halving_ratio: Option<f64>,
    /// Largest distance of a numerical minimiser of σf + g from the closed form.
    #[column(absolute = 1e-7)]
    pub numerical: f64,
}

impl Experiment for Failures {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "failures";
    const TITLE: &'static str = "Where closeness fails, slows down, or is exact (Examples 1 and 2)";
    const QUESTION: &'static str = "The paper shows that without regularity ψ_σ need not be close. How far off is it, which rate holds beyond the error bound, and does the ratio of values at σ, σ/2, σ/4 tell?";
    const REVISION: u32 = 1;

    fn grid(&self, _: Profile) -> Vec<Parameters> {
        let mut grid = Vec::new();
        let sigmas = || (2..=12).map(|k| 10_f64.powf(-0.5 * f64::from(k)));
        for example in [Example::Jump, Example::Kink, Example::Vertex] {
            grid.extend(sigmas().map(|sigma| Parameters { example, parameter: 0.0, sigma }));
        }
        for example in [Example::GrowthLinear, Example::GrowthQuadratic] {
            for parameter in [2.0, 3.0, 4.0, 6.0, 8.0] {
                grid.extend(sigmas().map(|sigma| Parameters { example, parameter, sigma }));
            }
        }
        grid.extend([1.0, 0.3, 0.1, 0.03, 0.01].map(|parameter| Parameters {
            example: Example::TiltCubic,
            parameter,
            sigma: 1e-7,
        }));
        grid
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let (sigma, parameter) = (cell.sigma, cell.parameter);
        // Points on the scale of σ, where the failures are, and farther away.
        let around = || (1..=400).map(move |k| sigma * f64::from(k) / 100.0);
        let (scalar, points): (Scalar, Vec<f64>) = match cell.example {
            Example::Jump => {
                (Scalar::Jump, around().flat_map(|x| [x, -x]).chain([sigma * 1e-6, 0.5]).collect())
            }
            Example::Kink => (Scalar::Kink, [sigma / 2.0, 1.0].into_iter().chain(around()).collect()),
            Example::GrowthLinear => (Scalar::GrowthLinear { p: parameter }, vec![1.0]),
            Example::GrowthQuadratic => (Scalar::GrowthQuadratic { p: parameter }, vec![1.0]),
            Example::Vertex => (Scalar::Vertex { t: 0.3 }, vec![0.4]),
            Example::TiltCubic => (Scalar::TiltCubic { mu: parameter, c: 0.3 }, vec![0.0]),
        };
        let mut row = Row { gap: 0.0, gradient_error: 0.0, halving_ratio: None, numerical: 0.0 };
        for &x in &points {
            let (value, slope) = scalar_penalty(scalar, x, sigma);
            row.gap = row.gap.max(scalar.psi(x) - value);
            if let Some(exact) = scalar.psi_slope(x) {
                row.gradient_error = row.gradient_error.max((slope - exact).abs());
            }
            // Newton's method from a little aside; a power p > 2 is too flat at its bottom for digits.
            if !matches!(cell.example, Example::GrowthLinear | Example::GrowthQuadratic) {
                let near = scalar.near_penalised(&[x], sigma)[0];
                let found = lower::solve(&scalar, &[x], sigma, &[near + 1e-3 * sigma])
                    .ok_or("no minimiser was found")?;
                row.numerical = row.numerical.max((found.point[0] - near).abs());
            }
        }
        let values =
            [sigma, sigma / 2.0, sigma / 4.0].map(|sigma| scalar_penalty(scalar, points[0], sigma).0);
        row.halving_ratio = Some(closeness(values, 0.0).0).filter(|ratio| ratio.is_finite());
        Ok(Outcome::Done(vec![row]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let of = |example: Example, parameter: f64| {
            table.rows().filter(move |(cell, _)| cell.example == example && cell.parameter == parameter)
        };
        let mut values = Chart::new().title("values").x_label("σ").y_label("largest ψ − ψ_σ").x_log().y_log();
        let mut gradients =
            Chart::new().title("gradients").x_label("σ").y_label("largest |ψ′ − ψ_σ′|").x_log().y_log();
        let lines = [
            (Example::Jump, 0.0, "jump"),
            (Example::Kink, 0.0, "kink"),
            (Example::GrowthLinear, 2.0, "growth 2"),
            (Example::GrowthLinear, 4.0, "growth 4"),
            (Example::GrowthLinear, 8.0, "growth 8"),
        ];
        for (example, parameter, name) in lines {
            values = values
                .line_with_markers(name, of(example, parameter).map(|(cell, row)| (cell.sigma, row.gap)));
            let example = if example == Example::GrowthLinear { Example::GrowthQuadratic } else { example };
            gradients = gradients.line_with_markers(
                name,
                of(example, parameter).map(|(cell, row)| (cell.sigma, row.gradient_error)),
            );
        }
        report.figure(
            "errors",
            "Where S jumps, ψ_σ stays 1 away near the jump for every σ. At a kink values are close and gradients are not, off by up to 1. Where g grows like a power p, the distance is σ^(1/(p−1)).",
            "Two panels over σ: level lines for the jump, for the kink one that falls in values and a level one in gradients, and lines with slopes 1, 1/3 and 1/7.",
            &Figure::new("Without regularity the penalty is not close").columns(2).panel(values).panel(gradients),
        )?;
        let mut chart = Chart::new().x_label("σ").y_label("(ψ_{σ/2} − ψ_σ)/(ψ_{σ/4} − ψ_{σ/2})").x_log();
        for (example, parameter, name) in [
            (Example::Kink, 0.0, "kink, at σ/2"),
            (Example::GrowthLinear, 2.0, "growth 2"),
            (Example::GrowthLinear, 4.0, "growth 4"),
            (Example::GrowthLinear, 8.0, "growth 8"),
        ] {
            chart = chart.line_with_markers(
                name,
                of(example, parameter).filter_map(|(cell, row)| Some((cell.sigma, row.halving_ratio?))),
            );
        }
        report.figure(
            "ratios",
            "The halving ratio is 2 where ψ_σ is in its linear regime, and 2^(1/(p−1)) where g grows like a power p: a check of closeness that needs no ψ.",
            "Level lines at 2, at 1.26 and at 1.10, and a line that is not at 2 for the kink.",
            &Figure::new("A ratio that tells whether closeness holds").panel(chart.horizontal_reference("linear regime", 2.0)),
        )
    }
}
