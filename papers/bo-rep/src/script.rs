//! What the public scripts compute, beside what the paper states.
//!
//! In the scripts the lower loop calls for gradients N times without clearing the buffer, so that step k goes along the sum of all so far; and the upper level's ∂f/∂y is left in the same buffer, so that the next lower loop descends it as well. There is no
//! refined start, no ball, no mean, and v takes one step of a linear system per step of x. These are facts about the scripts, not about the paper.

use bilevel::levels::Bilevel;
use bilevel::oracle::Part;

use crate::bo_rep::{Inverse, Move, advance, solve};
use crate::oracle::Stochastic;
use crate::run::{Begin, Ended, State, Step, add};

/// Settings of the script.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Script {
    /// η.
    pub eta: f64,
    /// β.
    pub beta: f64,
    /// γ.
    pub gamma: f64,
    /// Lower steps in a loop, at least 1.
    pub inner: u32,
    /// Steps of x between lower loops, at least 1.
    pub period: u64,
    /// Step of the linear system.
    pub linear: f64,
    /// Whether the buffer is cleared before every gradient, as it should be: then this is the stated loop with the same calls.
    pub clears: bool,
}

/// Runs the script until the budget is spent.
pub fn script<S: Stochastic>(
    stochastic: &S,
    begin: &Begin<'_>,
    options: &Script,
    mut observe: impl FnMut(&Step<'_>),
) -> Ended {
    let mut state = State::new(stochastic, begin);
    let (d, q) = state.oracle.problem().dimensions();
    let (mut buffer, mut part) = (vec![0.0; q], vec![0.0; q]);
    let (mut h, mut m) = (vec![0.0; d], vec![0.0; d]);
    let mut work = (vec![0.0; q], vec![0.0; q]);
    loop {
        let updated = state.steps.is_multiple_of(options.period.max(1));
        if updated {
            for _ in 0..options.inner.max(1) {
                let sample = state.draw();
                state.mean(Part::LowerY, &[sample], &mut part);
                if options.clears {
                    buffer.fill(0.0);
                }
                add(&mut buffer, 1.0, &part);
                add(&mut state.y, -options.gamma, &buffer);
            }
            buffer.fill(0.0);
        }
        let sample = state.draw();
        state.mean(Part::UpperX, &[sample], &mut h);
        state.mean(Part::UpperY, &[sample], &mut part);
        add(&mut buffer, 1.0, &part);
        solve(&mut state, Inverse::Linear { step: options.linear }, &part, &mut work);
        let v = std::mem::take(&mut state.v);
        let sample = state.draw();
        state.subtract_xy(sample, &v, &mut h);
        state.v = v;
        if state.steps == 0 {
            m.copy_from_slice(&h);
        } else {
            m.iter_mut().zip(&h).for_each(|(m, h)| *m = options.beta * *m + (1.0 - options.beta) * h);
        }
        let length = advance(&mut state, &m, options.eta, Move::Normalised);
        if let Some(reason) = state.close(length, (&h, &m), updated, &mut observe) {
            return state.end(reason);
        }
    }
}
