//! `integrals`: integrals over groups that are known, by samples in the subgroups' coordinates.

use std::f64::consts::PI;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::haar::{Ball, Law, Points, draw, normal_symmetric, sinhc};
use crate::jacobi::eigen;
use crate::matrix::{Matrix, product};
use crate::polar::Polar2;
use crate::spherical::{heat, multivariate_gamma, riemannian_gaussian, spherical};

/// Integrals.
pub struct Integrals;

/// What is integrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integral {
    /// Mass of the heat kernel of the hyperbolic plane at time ½: 1.
    HeatMass,
    /// Its integral against the spherical function of λ = 1: e^{−s(¼ + λ²)}.
    HeatSpherical,
    /// ∫ e^{−ρ²/2σ²} with σ = ½.
    Gaussian,
    /// The mean over rotations of φ(g k h): φ(g) φ(h), λ = 1.3.
    ProductFormula,
    /// Γ₂(3): positive 2 × 2 matrices.
    GammaTwo,
    /// Γ₃(3).
    GammaThree,
    /// Γ₄(4).
    GammaFour,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What.
    pub integral: Integral,
    /// Sobol's points in place of random ones.
    pub sobol: bool,
    /// N.
    pub count: u64,
}

/// An estimate.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// What was found.
    pub measured: f64,
    /// The value.
    pub expected: f64,
    /// The standard error by the spread of the terms, as if they were independent.
    pub standard_error: f64,
}

impl Experiment for Integrals {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "integrals";
    const TITLE: &'static str = "Integrals over groups";
    const QUESTION: &'static str =
        "Do sums over samples in the coordinates of the subgroups meet integrals that are known?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        // Powers of two, of which Sobol's points are nets.
        let counts: &[u64] = match profile {
            Profile::Smoke => &[1 << 10],
            Profile::Quick => &[1 << 10, 1 << 12, 1 << 14],
            Profile::Full => &[1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20],
        };
        let plane =
            [Integral::HeatMass, Integral::HeatSpherical, Integral::Gaussian, Integral::ProductFormula];
        let mut cells = Vec::new();
        for count in counts {
            for integral in plane {
                cells.extend([false, true].map(|sobol| Parameters { integral, sobol, count: *count }));
            }
            for integral in [Integral::GammaTwo, Integral::GammaThree, Integral::GammaFour] {
                cells.push(Parameters { integral, sobol: false, count: 10 * count });
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream = random.stream("samples");
        let count = usize::try_from(cell.count)?;
        let points = if cell.sobol { Points::Sobol } else { Points::Random };
        // The plane is SL(2) without the rotation: a ball of radius t is one of radius ρ = 2t, and dA = 2 sinh(2t) dt dψ.
        let over_plane = |f: &dyn Fn(f64) -> f64, radius: f64, random: &mut _| -> Result<Vec<f64>, Failure> {
            let ball = Ball { radius, log_scale: 0.0 };
            let samples = draw(Law::Haar(ball), points, count, random)?;
            let area = 2.0 * ball.volume() / (2.0 * PI);
            Ok(samples.elements.iter().map(|g| area * f(2.0 * g.squeeze)).collect())
        };
        let (terms, expected) = match cell.integral {
            Integral::HeatMass => (over_plane(&|rho| heat(0.5, rho), 2.75, &mut stream)?, 1.0),
            Integral::HeatSpherical => (
                over_plane(&|rho| heat(0.5, rho) * spherical(1.0, rho), 2.75, &mut stream)?,
                (-0.5_f64 * 1.25).exp(),
            ),
            Integral::Gaussian => {
                (over_plane(&|rho| (-2.0 * rho * rho).exp(), 2.0, &mut stream)?, riemannian_gaussian(0.5))
            }
            Integral::ProductFormula => {
                let lambda = 1.3;
                let element =
                    |t, psi, theta| Polar2 { scale: 0.0, squeeze: t, axis: psi, angle: theta }.matrix();
                let (g, h) = (element(0.6, 0.3, 1.1), element(0.9, -2.0, 0.4));
                let samples =
                    draw(Law::Haar(Ball { radius: 1.0, log_scale: 0.0 }), points, count, &mut stream)?;
                let terms = samples.elements.iter().map(|sample| {
                    let moved = product(&product(&g, &sample.rotation()), &h);
                    let squeeze = Polar2::of(&moved).map_or(f64::NAN, |found| found.squeeze);
                    spherical(lambda, 2.0 * squeeze)
                });
                (terms.collect(), spherical(lambda, 1.2) * spherical(lambda, 1.8))
            }
            Integral::GammaTwo => (gamma_terms::<2>(3.0, count, &mut stream), multivariate_gamma(2, 3.0)),
            Integral::GammaThree => (gamma_terms::<3>(3.0, count, &mut stream), multivariate_gamma(3, 3.0)),
            Integral::GammaFour => (gamma_terms::<4>(4.0, count, &mut stream), multivariate_gamma(4, 4.0)),
        };
        let n = terms.len() as f64;
        let mean = terms.iter().sum::<f64>() / n;
        let variance = terms.iter().map(|term| (term - mean).powi(2)).sum::<f64>() / n;
        Ok(Outcome::Done(vec![Row { measured: mean, expected, standard_error: (variance / n).sqrt() }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Errors of integrals over the hyperbolic plane").columns(2);
        for (sobol, title) in [(false, "random points"), (true, "Sobol's points")] {
            let mut chart =
                Chart::new().title(title).x_label("points").y_label("relative error").x_log().y_log();
            for (integral, name) in [
                (Integral::HeatMass, "heat kernel"),
                (Integral::HeatSpherical, "times a spherical function"),
                (Integral::Gaussian, "Gaussian"),
                (Integral::ProductFormula, "product formula"),
            ] {
                let rows = table.rows().filter(|(cell, _)| cell.integral == integral && cell.sobol == sobol);
                chart = chart.line_with_markers(
                    name,
                    rows.map(|(cell, row)| {
                        (cell.count as f64, ((row.measured - row.expected) / row.expected).abs().max(1e-12))
                    }),
                );
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "One set of points for each number. Sobol's points use that all coordinates are drawn by formulas.",
            "Two panels of falling lines, steeper on the right.",
            &figure,
        )
    }
}

/// Terms of ∫ e^{−tr S} det Sᵃ dμ(S): S = e^{2X}, X normal around half the logarithm of the peak, dμ = 2^{n(n+1)/2} ∏ sinhc(x_i − x_j) ∏ dX_ij.
fn gamma_terms<const N: usize>(a: f64, count: usize, random: &mut impl Rng) -> Vec<f64> {
    let directions = (N * (N + 1) / 2) as f64;
    // The peak of e^{−s} sᵃ on multiples of the identity, and a spread that is wide enough.
    let centre = 0.5 * a.ln();
    let deviation = 0.7 / a.sqrt();
    (0..count)
        .map(|_| {
            let z: Matrix<N> = normal_symmetric(random);
            let square: f64 = z.iter().flatten().map(|z| z * z).sum();
            let mut x = z.map(|row| row.map(|z| deviation * z));
            x.iter_mut().enumerate().for_each(|(i, row)| row[i] += centre);
            let density =
                (-0.5 * square).exp() / (2.0 * PI).powf(0.5 * directions) / deviation.powf(directions);
            let (values, _) = eigen(&x);
            let pairs = (0..N).flat_map(|i| (0..i).map(move |j| (i, j)));
            // 2^{n(n+1)/2} for entries, of which those off the diagonal are orthonormal coordinates over √2.
            let jacobian = 2.0_f64.powf(directions - 0.25 * (N * (N - 1)) as f64);
            let measure: f64 = jacobian * pairs.map(|(i, j)| sinhc(values[i] - values[j])).product::<f64>();
            let trace: f64 = values.iter().map(|x| (2.0 * x).exp()).sum();
            let log_det: f64 = 2.0 * values.iter().sum::<f64>();
            (-trace + a * log_det).exp() * measure / density
        })
        .collect()
}
