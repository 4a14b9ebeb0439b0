//! `certificates`: what the certificate proves, against exhaustive search.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::problems::two_controls;
use crate::control::STATIONARY;
use crate::control::search::Scalarisation;
use crate::state::Workspace;

/// Certificates.
pub struct Certificates;

/// A cell: two controls on 7 × 7 nodes.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// κ.
    pub kappa: f64,
    /// Weight of the first objective.
    pub alpha: f64,
    /// Points along a side of [−6, 6]² that are tried.
    pub side: u64,
}

/// A weight.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// J₁.
    #[column(within = 1e-6)]
    pub first: f64,
    /// J₂.
    #[column(within = 1e-6)]
    pub second: f64,
    /// C.
    #[column(within = 1e-4)]
    pub certificate: f64,
    /// |σu + B*p|, relative.
    #[column(absolute = 1e-8)]
    pub residual: f64,
    /// The least weighted sum on the grid and at 60 random points near and far, less that of the point.
    #[column(absolute = 1e-9)]
    pub least_gap: f64,
    /// Distance in objectives of the solution for the reference point J − 0.05α, from u = 0.
    #[column(absolute = 1e-7)]
    pub apart: f64,
}

impl Row {
    /// Whether the point is proven to be globally optimal.
    pub fn proven(&self) -> bool {
        self.residual <= STATIONARY && self.certificate <= 1.0
    }
}

impl Experiment for Certificates {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "certificates";
    const TITLE: &'static str = "Proven global optima";
    const QUESTION: &'static str = "On how much of a front does the certificate hold, and does any other control ever come below a certified one?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (kappas, side): (&[f64], u64) = match profile {
            Profile::Smoke => (&[40.0], 9),
            Profile::Quick => (&[10.0, 40.0, 160.0, 640.0], 61),
            Profile::Full => (&[10.0, 40.0, 160.0, 640.0], 201),
        };
        kappas
            .iter()
            .flat_map(|kappa| {
                (0..=10).map(move |k| Parameters { kappa: *kappa, alpha: f64::from(k) / 10.0, side })
            })
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let control = two_controls(7, cell.kappa)?;
        let weights = [cell.alpha, 1.0 - cell.alpha];
        let work = &mut Workspace::default();
        let found = control.minimise(&Scalarisation::Weights(weights.to_vec()), &[0.0; 2], work)?;
        let sum = |values: &[f64]| weights[0] * values[0] + weights[1] * values[1];
        let own = sum(&found.values);
        let mut least_gap = f64::INFINITY;
        let mut look = |u: &[f64], work: &mut Workspace| -> Result<(), Failure> {
            let state = control.state(u, None, &mut Default::default(), work)?;
            least_gap = least_gap.min(sum(&control.values(u, &state.y)) - own);
            Ok(())
        };
        let at = |k: u64| -6.0 + 12.0 * k as f64 / (cell.side - 1) as f64;
        for i in 0..cell.side {
            for j in 0..cell.side {
                look(&[at(i), at(j)], work)?;
            }
        }
        let mut stream = random.stream("perturbations");
        for k in 0..60 {
            let size = 10.0_f64.powi(k % 6 - 4);
            let u: Vec<f64> = found.u.iter().map(|u| u + size * stream.random_range(-1.0..1.0)).collect();
            look(&u, work)?;
        }
        let z: Vec<f64> = found.values.iter().zip(&weights).map(|(j, w)| j - 0.05 * w).collect();
        let near = control.minimise(&Scalarisation::Reference(z), &[0.0; 2], work)?;
        let apart = (found.values.iter().zip(&near.values)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        Ok(Outcome::Done(vec![Row {
            first: found.values[0],
            second: found.values[1],
            certificate: found.certificate,
            residual: found.residual,
            least_gap,
            apart,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart =
            Chart::new().x_label("weight of the first objective").y_label("C, zero drawn at 0.001").y_log();
        let kappas: std::collections::BTreeSet<u64> =
            table.cells().map(|(cell, _)| cell.kappa as u64).collect();
        for kappa in kappas {
            let rows = table.rows().filter(|(cell, _)| cell.kappa as u64 == kappa);
            chart = chart.line_with_markers(
                format!("κ = {kappa}"),
                rows.map(|(cell, row)| (cell.alpha, row.certificate.max(1e-3))),
            );
        }
        let beaten = table.rows().filter(|(_, row)| row.least_gap < -1e-9).count();
        report.figure(
            "certificates",
            &format!("Below one a stationary point is proven to be globally optimal. Search found lower ones for {beaten} of {} points.", table.rows().count()),
            "Lines over weights, in part below one.",
            &Figure::new("The certificate along fronts").panel(chart.horizontal_reference("proven below", 1.0)),
        )
    }
}
