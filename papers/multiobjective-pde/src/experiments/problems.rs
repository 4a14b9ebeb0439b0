//! The control problems of the experiments. None is the papers': their targets could not be read.

use std::f64::consts::PI;

use lab::Failure;
use serde::{Deserialize, Serialize};

use crate::control::{Control, Input, Objective};
use crate::grid::Grid;
use crate::state::MaxPde;

/// Targets for one objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// sin πx sin πy: positive.
    Hill,
    /// sin 4πx sin 3πy: changes sign often.
    Oscillation,
    /// 1 on the middle square, −1 around it.
    Patch,
    /// x − ½.
    Ramp,
    /// A narrow bell less a third.
    Spike,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Hill, Self::Oscillation, Self::Patch, Self::Ramp, Self::Spike];

    /// Its values.
    pub fn sample(self, grid: &Grid) -> Vec<f64> {
        grid.sample(|x, y| match self {
            Self::Hill => (PI * x).sin() * (PI * y).sin(),
            Self::Oscillation => (4.0 * PI * x).sin() * (3.0 * PI * y).sin(),
            Self::Patch if (0.25..=0.75).contains(&x) && (0.25..=0.75).contains(&y) => 1.0,
            Self::Patch => -1.0,
            Self::Ramp => x - 0.5,
            Self::Spike => (-50.0 * ((x - 0.3).powi(2) + (y - 0.6).powi(2))).exp() - 1.0 / 3.0,
        })
    }
}

/// One target and a control everywhere.
///
/// # Errors
/// For κ or σ that are no such numbers.
pub fn tracking(target: Target, n: usize, kappa: f64, cost: f64) -> Result<Control, Failure> {
    let pde = MaxPde::new(n, kappa)?;
    let objective = Objective { target: Some(target.sample(pde.grid())), cost };
    let f = vec![0.0; pde.grid().nodes()];
    Ok(Control::new(pde, f, Input::Onto, vec![objective])?)
}

/// Problems with two objectives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pair {
    /// sin πx sin πy against −½ sin 2πx sin πy, both with σ = 10⁻³.
    Tracking,
    /// sin πx sin πy against the cost ½|u|².
    Cost,
    /// The same with the cost in units in which both objectives are of one size, (10⁻³/2)|u|².
    ScaledCost,
}

impl Pair {
    /// With controls everywhere, κ = 10.
    ///
    /// # Errors
    /// None in fact.
    pub fn control(self, n: usize) -> Result<Control, Failure> {
        let pde = MaxPde::new(n, 10.0)?;
        let first = Target::Hill.sample(pde.grid());
        let objectives = match self {
            Self::Tracking => {
                let second = pde.grid().sample(|x, y| -0.5 * (2.0 * PI * x).sin() * (PI * y).sin());
                [first, second].map(|target| Objective { target: Some(target), cost: 1e-3 }).to_vec()
            }
            Self::Cost | Self::ScaledCost => {
                let cost = if self == Self::Cost { 1.0 } else { 1e-3 };
                vec![Objective { target: Some(first), cost: 0.0 }, Objective { target: None, cost }]
            }
        };
        let f = vec![0.0; pde.grid().nodes()];
        Ok(Control::new(pde, f, Input::Onto, objectives)?)
    }
}

/// Two controls, two targets that pull apart, and a source that changes sign.
///
/// # Errors
/// For κ that is no such number.
pub fn two_controls(n: usize, kappa: f64) -> Result<Control, Failure> {
    let pde = MaxPde::new(n, kappa)?;
    let grid = pde.grid();
    let f = grid.sample(|x, y| 5.0 * (PI * x).sin() * (2.0 * PI * y).sin());
    let bump =
        |a: f64, b: f64| grid.sample(move |x, y| 10.0 * (-20.0 * ((x - a).powi(2) + (y - b).powi(2))).exp());
    let columns = vec![bump(0.3, 0.3), bump(0.7, 0.6)];
    let objectives = [
        grid.sample(|x, y| 0.3 * (PI * x).sin() * (PI * y).sin()),
        grid.sample(|x, y| -0.3 * (2.0 * PI * x).sin() * (PI * y).sin()),
    ]
    .map(|target| Objective { target: Some(target), cost: 1e-3 })
    .to_vec();
    Ok(Control::new(pde, f, Input::Columns(columns), objectives)?)
}
