//! The methods that experiments compare, each with the same number of settings to be tuned on.

use serde::{Deserialize, Serialize};

use crate::bo_rep::{Inverse, Options, bo_rep};
use crate::oracle::Stochastic;
use crate::recursive::{Rates, Recursive, recursive};
use crate::run::{Begin, Ended, Step};

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// BO-REP.
    BoRep,
    /// SLIP.
    Slip,
    /// Clipped steps, ours.
    Clip,
    /// SOBA.
    Soba,
    /// MA-SOBA.
    MaSoba,
    /// stocBiO.
    Stocbio,
    /// TTSA.
    Ttsa,
    /// SUSTAIN.
    Sustain,
    /// VRBO.
    Vrbo,
    /// SABA.
    Saba,
}

impl Method {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BoRep => "BO-REP",
            Self::Slip => "SLIP",
            Self::Clip => "clipped",
            Self::Soba => "SOBA",
            Self::MaSoba => "MA-SOBA",
            Self::Stocbio => "stocBiO",
            Self::Ttsa => "TTSA",
            Self::Sustain => "SUSTAIN",
            Self::Vrbo => "VRBO",
            Self::Saba => "SABA",
        }
    }

    /// Whether steps are of fixed length, so that settings are lengths.
    pub fn is_normalised(self) -> bool {
        matches!(self, Self::BoRep | Self::Slip)
    }

    /// Whether it is a published method with plain steps.
    pub fn is_plain(self) -> bool {
        !self.is_normalised() && self != Self::Clip
    }
}

/// What is tuned: a step, and the longest step of clipping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// η.
    pub eta: f64,
    /// Of clipping.
    pub longest: f64,
}

/// What is not tuned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// γ.
    pub gamma: f64,
    /// A bound of ‖g_yy‖.
    pub smoothness: f64,
    /// For normalised and clipped methods in place of theirs, if any.
    pub inverse: Option<Inverse>,
}

/// Runs a method with a setting.
pub fn run<S: Stochastic>(
    method: Method,
    stochastic: &S,
    begin: &Begin<'_>,
    setting: Setting,
    common: &Common,
    mut observe: impl FnMut(&Step<'_>),
) -> Ended {
    let (eta, gamma, smoothness) = (setting.eta, common.gamma, common.smoothness);
    let rates = Rates { eta, gamma, linear: (0.5 / smoothness).min(gamma) };
    let mut theirs = |method| {
        recursive(stochastic, begin, method, rates, &mut observe).expect("the samples are a finite sum")
    };
    let mut options = match method {
        Method::BoRep => Options::bo_rep(eta, gamma, smoothness),
        Method::Slip => Options::slip(eta, gamma, smoothness),
        Method::Clip => Options::clipped(eta, setting.longest, gamma, smoothness),
        Method::Soba => Options::soba(eta, gamma, smoothness),
        Method::MaSoba => Options::ma_soba(eta, gamma, smoothness),
        Method::Stocbio => Options::stocbio(eta, gamma, smoothness),
        Method::Ttsa => Options::ttsa(eta, gamma, smoothness),
        Method::Sustain => return theirs(Recursive::Sustain { theta: 0.1 }),
        Method::Vrbo => return theirs(Recursive::Vrbo { period: 20, large: 50 }),
        Method::Saba => return theirs(Recursive::Saba),
    };
    if let (Some(inverse), true) = (common.inverse, !method.is_plain()) {
        options.inverse = inverse;
    }
    bo_rep(stochastic, begin, &options, observe)
}
