//! `exact`: the theorem on finite γ against direct minimisation, and how far a perfect fit is from the posterior's mode.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::quadrature::Nodes;
use crate::prior::{Laplace, Mixture, Prior, Student};

/// The theorem.
pub struct Exact;

/// A prior.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// e^{−|x|}/2.
    Laplace,
    /// ½ N(−1.2, 1) + ½ N(1.2, 1): the posterior's mode is continuous.
    Convex,
    /// 0.3 N(−2, ¼) + 0.7 N(2, ¼): it jumps.
    Separated,
    /// 0.8 N(0, 0.01) + 0.2 N(0, 2.25).
    SpikeAndSlab,
    /// Three degrees of freedom.
    Student,
}

impl Name {
    /// The prior.
    ///
    /// # Errors
    /// None: parameters are in range.
    pub fn prior(self) -> Result<Box<dyn Prior>, Failure> {
        Ok(match self {
            Self::Laplace => Box::new(Laplace::new(1.0)?),
            Self::Convex => Box::new(Mixture::new(vec![[0.5, -1.2, 1.0], [0.5, 1.2, 1.0]])?),
            Self::Separated => Box::new(Mixture::new(vec![[0.3, -2.0, 0.25], [0.7, 2.0, 0.25]])?),
            Self::SpikeAndSlab => Box::new(Mixture::new(vec![[0.8, 0.0, 0.01], [0.2, 0.0, 2.25]])?),
            Self::Student => Box::new(Student::new(3.0)?),
        })
    }
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Prior, noise 1.
    pub prior: Name,
    /// γ.
    pub gamma: f64,
}

/// What came out.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The largest difference of direct minimiser and formula, over 13 data.
    pub difference: f64,
    /// The largest distance of the minimiser from soft thresholding, y from −4 to 4; of Laplace's prior, else 0.
    pub from_mode: f64,
    /// The largest distance of R from |z|, |z| ≤ 3, both 0 at 0; of Laplace's prior, else 0.
    pub from_prior: f64,
}

impl Experiment for Exact {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "exact";
    const TITLE: &'static str = "Proximal matching at finite γ";
    const QUESTION: &'static str = "Is the minimiser of proximal matching a posterior mean after a proximal step, at every γ, and how far is it from the posterior's mode? Formula against quadrature and Newton's method, without a network.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let names = [Name::Laplace, Name::Convex, Name::Separated, Name::SpikeAndSlab, Name::Student];
        let gammas = [0.1, 0.5, 2.0];
        let of = |prior: Name| gammas.map(|gamma| Parameters { prior, gamma });
        let mut cells: Vec<Parameters> = if profile == Profile::Smoke {
            vec![Parameters { prior: Name::Laplace, gamma: 0.5 }]
        } else {
            names.into_iter().flat_map(of).collect()
        };
        if profile != Profile::Smoke {
            cells.extend(
                [0.01, 0.02, 0.05, 0.2, 0.3, 1.0].map(|gamma| Parameters { prior: Name::Laplace, gamma }),
            );
        }
        cells
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let prior = cell.prior.prior()?;
        let nodes = Nodes::new();
        let mut difference = 0.0_f64;
        // Not at jumps: both sides are minimisers there.
        for y in [-4.0, -2.9, -2.3, -1.6, -1.0, -0.6, 0.05, 0.45, 0.8, 1.15, 1.7, 2.6, 5.0] {
            let direct = nodes.matched(&*prior, y, 1.0, cell.gamma);
            difference = difference.max((direct - prior.matched(y, 1.0, cell.gamma).value).abs());
        }
        let (from_mode, from_prior) =
            if cell.prior == Name::Laplace { gaps(&*prior, cell.gamma) } else { (0.0, 0.0) };
        Ok(Outcome::Done(vec![Row { difference, from_mode, from_prior }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut rows: Vec<_> = table.rows().filter(|(cell, _)| cell.prior == Name::Laplace).collect();
        rows.sort_by(|a, b| a.0.gamma.total_cmp(&b.0.gamma));
        let chart = Chart::new()
            .x_label("γ")
            .y_label("largest distance")
            .x_log()
            .y_log()
            .line_with_markers(
                "f from soft thresholding",
                rows.iter().map(|(cell, row)| (cell.gamma, row.from_mode)),
            )
            .line_with_markers("R from |z|", rows.iter().map(|(cell, row)| (cell.gamma, row.from_prior)));
        report.figure(
            "distances",
            "Exact minimisers, no network. The paper's training ends at γ = 0.1, where a perfect fit is 0.11 off.",
            "Two rising lines on logarithmic axes.",
            &Figure::new("How far a perfect fit is from the posterior's mode").panel(chart),
        )
    }
}

/// sup |f − soft| and sup |R − |z||.
fn gaps(prior: &dyn Prior, gamma: f64) -> (f64, f64) {
    let zero = prior.matched(0.0, 1.0, gamma).regulariser;
    let (mut of_map, mut of_prior) = (0.0_f64, 0.0_f64);
    for k in 0..=1_000 {
        let y = 0.005 * f64::from(k);
        let found = prior.matched(y, 1.0, gamma);
        if y <= 4.0 {
            of_map = of_map.max((found.value - (y - 1.0).max(0.0)).abs());
        }
        if found.value <= 3.0 {
            of_prior = of_prior.max((found.regulariser - zero - found.value).abs());
        }
    }
    (of_map, of_prior)
}
