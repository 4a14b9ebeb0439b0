//! Settings of the loop, with those that make it one method or another.

use bilevel::schedule::Power;

/// How x moves along the momentum m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Move {
    /// x ← x − η m.
    Plain,
    /// x ← x − η m/|m|: every step has length η.
    Normalised,
    /// x ← x − η m, cut to this length where it is longer.
    Clipped {
        /// Positive.
        longest: f64,
    },
}

/// How v ≈ g_yy⁻¹ f_y is found at each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inverse {
    /// Conjugate gradients with exact products, to a relative residual.
    ConjugateGradients {
        /// Relative residual.
        tolerance: f64,
        /// Most products.
        most: usize,
    },
    /// Q terms of Neumann's series, a fresh sample for each product.
    Neumann {
        /// At most 1/‖g_yy‖, or the series may grow.
        step: f64,
        /// Q ≥ 1.
        terms: usize,
    },
    /// One step v ← v − ν(g_yy v − f_y) from the last v.
    Linear {
        /// ν > 0.
        step: f64,
    },
}

/// When the lower iterate moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LowerUpdates {
    /// N steps every I-th step of x, averaged, within a ball.
    Periodic {
        /// I ≥ 1.
        period: u64,
        /// N ≥ 1.
        inner: u32,
        /// R; ∞ for none.
        ball: f64,
    },
    /// Steps before every step of x, the last of them kept.
    EveryStep {
        /// At least 1.
        inner: u32,
    },
}

/// The refined start of y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refine {
    /// Epochs.
    pub epochs: u32,
    /// Steps of the first; each has twice as many as the one before.
    pub first_steps: u64,
    /// Step of the first; each has half of the one before.
    pub first_rate: f64,
    /// Radius of the first epoch's ball; ∞ for none. Each has 1/√2 of the one before.
    pub ball: f64,
}

/// Settings of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// η.
    pub eta: Power,
    /// β in [0, 1).
    pub beta: f64,
    /// When y moves.
    pub lower: LowerUpdates,
    /// γ.
    pub gamma: Power,
    /// How v is found.
    pub inverse: Inverse,
    /// How x moves.
    pub step: Move,
    /// Samples of each gradient at a step of x, and of each lower step: at least 1.
    pub batch: u32,
    /// The refined start, if any.
    pub refine: Option<Refine>,
}

/// A setting out of its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OptionsError {
    /// η, γ, ν or the longest step is not positive and finite.
    #[error("{name} is {value}, expected a positive number")]
    Positive {
        /// Which.
        name: &'static str,
        /// Found.
        value: f64,
    },
    /// β outside [0, 1).
    #[error("beta is {0}, expected a number from 0 to below 1")]
    Beta(f64),
    /// A count of 0.
    #[error("{0} is 0, expected at least 1")]
    Zero(&'static str),
    /// Neumann's series may grow.
    #[error("the step {step} of Neumann's series is longer than 1/‖g_yy‖ = {most}: the series may grow")]
    Neumann {
        /// Found.
        step: f64,
        /// 1/‖g_yy‖.
        most: f64,
    },
}

impl Options {
    /// BO-REP: β 0.9, I = N = 3, Neumann's series with terms for κ of a few. `smoothness` bounds ‖g_yy‖.
    pub fn bo_rep(eta: f64, gamma: f64, smoothness: f64) -> Self {
        Self {
            eta: Power::constant(eta),
            beta: 0.9,
            lower: LowerUpdates::Periodic { period: 3, inner: 3, ball: f64::INFINITY },
            gamma: Power::constant(gamma),
            inverse: Inverse::Neumann { step: 1.0 / smoothness, terms: 5 },
            step: Move::Normalised,
            batch: 1,
            refine: Some(Refine { epochs: 4, first_steps: 10, first_rate: gamma, ball: f64::INFINITY }),
        }
    }

    /// SLIP: the same with a warm start and one lower step before each step of x.
    pub fn slip(eta: f64, gamma: f64, smoothness: f64) -> Self {
        Self { lower: LowerUpdates::EveryStep { inner: 1 }, ..Self::bo_rep(eta, gamma, smoothness) }
    }

    /// Ours: SLIP with plain steps that are cut to `longest`.
    pub fn clipped(eta: f64, longest: f64, gamma: f64, smoothness: f64) -> Self {
        Self { step: Move::Clipped { longest }, ..Self::slip(eta, gamma, smoothness) }
    }

    /// SOBA: single steps of y, then v, then x. DEVIATION: each from samples of its own and at what was just updated; the published method takes one sample for all three directions.
    pub fn soba(eta: f64, gamma: f64, smoothness: f64) -> Self {
        Self { beta: 0.0, ..Self::ma_soba(eta, gamma, smoothness) }
    }

    /// MA-SOBA: SOBA along the running mean of hypergradients.
    pub fn ma_soba(eta: f64, gamma: f64, smoothness: f64) -> Self {
        Self {
            inverse: Inverse::Linear { step: (0.5 / smoothness).min(gamma) },
            step: Move::Plain,
            refine: None,
            ..Self::slip(eta, gamma, smoothness)
        }
    }

    /// stocBiO: five lower steps, Neumann's series, four samples of each gradient.
    pub fn stocbio(eta: f64, gamma: f64, smoothness: f64) -> Self {
        Self {
            beta: 0.0,
            lower: LowerUpdates::EveryStep { inner: 5 },
            step: Move::Plain,
            batch: 4,
            refine: None,
            ..Self::bo_rep(eta, gamma, smoothness)
        }
    }

    /// TTSA: single steps on two time scales, k^(−2/5) below and k^(−3/5) above.
    pub fn ttsa(eta: f64, gamma: f64, smoothness: f64) -> Self {
        let power = |value, exponent| Power { value, exponent, offset: 100.0 };
        Self {
            beta: 0.0,
            eta: power(eta, -0.6),
            gamma: power(gamma, -0.4),
            step: Move::Plain,
            refine: None,
            ..Self::slip(eta, gamma, smoothness)
        }
    }

    /// Checks ranges; `smoothness` bounds ‖g_yy‖.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self, smoothness: f64) -> Result<(), OptionsError> {
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() {
                Ok(())
            } else {
                Err(OptionsError::Positive { name, value })
            }
        };
        let counted = |name, count: u64| if count > 0 { Ok(()) } else { Err(OptionsError::Zero(name)) };
        positive("eta", self.eta.value)?;
        positive("gamma", self.gamma.value)?;
        if !(0.0..1.0).contains(&self.beta) {
            return Err(OptionsError::Beta(self.beta));
        }
        match self.lower {
            LowerUpdates::Periodic { period, inner, ball } => {
                counted("period", period)?;
                counted("inner", u64::from(inner))?;
                if ball != f64::INFINITY {
                    positive("ball", ball)?;
                }
            }
            LowerUpdates::EveryStep { inner } => counted("inner", u64::from(inner))?,
        }
        match self.inverse {
            Inverse::ConjugateGradients { tolerance, most } => {
                positive("tolerance", tolerance)?;
                counted("most", most as u64)?;
            }
            Inverse::Neumann { step, terms } => {
                positive("the step of the series", step)?;
                counted("terms", terms as u64)?;
                if step > (1.0 + 1e-9) / smoothness {
                    return Err(OptionsError::Neumann { step, most: 1.0 / smoothness });
                }
            }
            Inverse::Linear { step } => positive("the step of the linear system", step)?,
        }
        if let Move::Clipped { longest } = self.step {
            positive("longest", longest)?;
        }
        counted("batch", u64::from(self.batch))
    }
}
