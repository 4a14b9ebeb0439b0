//! Rivals that keep tables or differences: SABA, SUSTAIN, VRBO.
//!
//! They need samples that can be asked again at another point, SABA a finite sum of them. DEVIATION: SUSTAIN and VRBO are published with Neumann's series for v; here v is a third variable, as in SABA, so that all three are compared on directions of the same cost.

use bilevel::levels::Bilevel;
use bilevel::oracle::{Counted, Part};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::bo_rep::{Move, advance};
use crate::oracle::Stochastic;
use crate::run::{Begin, Ended, State, Step, add};

/// Which.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recursive {
    /// SOBA's directions with SAGA's tables (Dagréou, Ablin, Vaiter and Moreau 2022).
    Saba,
    /// Both levels along recursive estimates with momentum (Khanduri and others 2021): new + (1 − θ)(estimate − old), the same sample at both points.
    Sustain {
        /// θ in (0, 1].
        theta: f64,
    },
    /// Recursive differences between means over many samples (Yang, Ji and Liang 2021).
    Vrbo {
        /// Steps between those means, at least 1.
        period: u64,
        /// Samples of such a mean, at least 1.
        large: u32,
    },
}

/// Steps of x, y and v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Of x.
    pub eta: f64,
    /// Of y.
    pub gamma: f64,
    /// Of v.
    pub linear: f64,
}

/// SABA on samples that are no components of a finite sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SABA needs a finite sum: it keeps a table of its components")]
pub struct NotFinite;

/// Directions of x, y and v at a point from one sample: f_x − g_xy v, g_y, g_yy v − f_y.
struct Directions {
    x: Vec<f64>,
    y: Vec<f64>,
    v: Vec<f64>,
}

impl Directions {
    fn new(d: usize, q: usize) -> Self {
        Self { x: vec![0.0; d], y: vec![0.0; q], v: vec![0.0; q] }
    }

    fn fill<S: Stochastic>(
        &mut self,
        (stochastic, oracle): (&S, &Counted<'_, S>),
        sample: u64,
        (x, y, v): (&[f64], &[f64], &[f64]),
        scratch: &mut Self,
    ) {
        oracle.gradient(Part::UpperX, sample, x, y, &mut self.x);
        oracle.gradient(Part::LowerY, sample, x, y, &mut self.y);
        oracle.gradient(Part::UpperY, sample, x, y, &mut scratch.v);
        oracle.count_products(2);
        stochastic.lower_yy_times(sample, x, y, v, &mut self.v);
        stochastic.lower_xy_times(sample, x, y, v, &mut scratch.x);
        add(&mut self.v, -1.0, &scratch.v);
        add(&mut self.x, -1.0, &scratch.x);
    }

    fn add(&mut self, factor: f64, other: &Self) {
        add(&mut self.x, factor, &other.x);
        add(&mut self.y, factor, &other.y);
        add(&mut self.v, factor, &other.v);
    }

    fn scale(&mut self, factor: f64) {
        self.x.iter_mut().chain(&mut self.y).chain(&mut self.v).for_each(|entry| *entry *= factor);
    }

    fn copy(&mut self, other: &Self) {
        self.x.copy_from_slice(&other.x);
        self.y.copy_from_slice(&other.y);
        self.v.copy_from_slice(&other.v);
    }
}

/// Runs until the budget is spent; `observe` sees every step. Five gradients and products a step for SABA, ten for the others, and the means of VRBO.
///
/// # Errors
/// SABA without a finite sum.
pub fn recursive<S: Stochastic>(
    stochastic: &S,
    begin: &Begin<'_>,
    method: Recursive,
    rates: Rates,
    mut observe: impl FnMut(&Step<'_>),
) -> Result<Ended, NotFinite> {
    let mut state = State::new(stochastic, begin);
    let (d, q) = state.oracle.problem().dimensions();
    let components = match method {
        Recursive::Saba => {
            usize::try_from(stochastic.components().ok_or(NotFinite)?).map_err(|_| NotFinite)?
        }
        _ => 0,
    };
    let (mut table, mut mean) = (Vec::new(), Directions::new(d, q));
    for component in 0..components {
        let mut entry = Directions::new(d, q);
        let point = (&state.x[..], &state.y[..], &state.v[..]);
        entry.fill((stochastic, &state.oracle), component as u64, point, &mut Directions::new(d, q));
        mean.add(1.0 / components as f64, &entry);
        table.push(entry);
    }
    let (mut new, mut old, mut estimate) =
        (Directions::new(d, q), Directions::new(d, q), Directions::new(d, q));
    let mut scratch = Directions::new(d, q);
    // Which component comes next has to be random: in turns, tables would all be one round old.
    let mut random = Xoshiro256PlusPlus::seed_from_u64(begin.seed);
    let mut last = (state.x.clone(), state.y.clone(), state.v.clone());
    loop {
        let sample = state.draw();
        let oracle = (stochastic, &state.oracle);
        let here = (&state.x[..], &state.y[..], &state.v[..]);
        match method {
            Recursive::Saba => {
                let place = random.random_range(0..components);
                new.fill(oracle, place as u64, here, &mut scratch);
                estimate.copy(&new);
                estimate.add(-1.0, &table[place]);
                estimate.add(1.0, &mean);
                mean.add(1.0 / components as f64, &new);
                mean.add(-1.0 / components as f64, &table[place]);
                table[place].copy(&new);
            }
            Recursive::Vrbo { period, large } if state.steps.is_multiple_of(period.max(1)) => {
                estimate.scale(0.0);
                for k in 0..u64::from(large.max(1)) {
                    // Numbers far from those of the steps.
                    let sample = sample.wrapping_add((k + 1) << 40);
                    new.fill(oracle, sample, here, &mut scratch);
                    estimate.add(1.0 / f64::from(large.max(1)), &new);
                }
            }
            Recursive::Sustain { .. } | Recursive::Vrbo { .. } => {
                new.fill(oracle, sample, here, &mut scratch);
                if state.steps == 0 {
                    estimate.copy(&new);
                } else {
                    old.fill(oracle, sample, (&last.0, &last.1, &last.2), &mut scratch);
                    estimate.add(-1.0, &old);
                    if let Recursive::Sustain { theta } = method {
                        estimate.scale(1.0 - theta);
                    }
                    estimate.add(1.0, &new);
                }
            }
        }
        last.0.copy_from_slice(&state.x);
        last.1.copy_from_slice(&state.y);
        last.2.copy_from_slice(&state.v);
        let length = advance(&mut state, &estimate.x, rates.eta, Move::Plain);
        add(&mut state.y, -rates.gamma, &estimate.y);
        add(&mut state.v, -rates.linear, &estimate.v);
        if let Some(reason) = state.close(length, (&new.x, &estimate.x), true, &mut observe) {
            return Ok(state.end(reason));
        }
    }
}
