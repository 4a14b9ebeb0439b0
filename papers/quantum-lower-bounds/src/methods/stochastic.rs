//! Methods that see a stochastic gradient, on the chain behind a coin.
//!
//! A mean over B tosses depends on how many showed the column only, a binomial number, so that a batch costs what one gradient costs.
//! Whether the true gradient is small is looked up without a query.

use rand::Rng;
use rand_distr::{Binomial, Distribution};

use super::{Run, norm};
use crate::oracle::Coin;

/// How a gradient is estimated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Estimator {
    /// A fresh batch in every step.
    Plain,
    /// PAGE: a fresh batch with this probability, otherwise the last estimate plus a difference of gradients of the same tosses at both points, over a small batch.
    Page {
        /// Of a fresh batch, in (0, 1].
        restart: f64,
        /// Tosses of a difference.
        small: u64,
    },
    /// STORM: ∇f(x, ξ) + (1 − a)(d − ∇f(x₋, ξ)), with a batch of tosses.
    Storm {
        /// a, in (0, 1].
        momentum: f64,
    },
}

/// Steps and batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// η.
    pub step: f64,
    /// B ≥ 1.
    pub batch: u64,
    /// The estimate.
    pub estimator: Estimator,
}

/// Descends from 0 until |∇F| ≤ ε or so many stochastic gradients were asked for.
pub fn stochastic(coin: &Coin, schedule: &Schedule, epsilon: f64, limit: u64, random: &mut impl Rng) -> Run {
    let d = coin.chain.length();
    let (mut x, mut before) = (vec![0.0; d], vec![0.0; d]);
    let (mut estimate, mut fresh, mut old) = (vec![0.0; d], vec![0.0; d], vec![0.0; d]);
    let (mut queries, mut first, mut found) = (0_u64, true, false);
    // The mean of z/q over tosses.
    let factor = |batch: u64, random: &mut _| -> f64 {
        let shown = Binomial::new(batch, coin.probability).map_or(0, |binomial| binomial.sample(random));
        shown as f64 / (batch as f64 * coin.probability)
    };
    while queries < limit {
        coin.chain.gradient(&x, &mut fresh);
        if norm(&fresh) <= epsilon {
            found = true;
            break;
        }
        let restart = match schedule.estimator {
            Estimator::Plain => true,
            Estimator::Page { restart, .. } => first || random.random::<f64>() < restart,
            Estimator::Storm { .. } => first,
        };
        if restart {
            coin.mean_gradient(&x, factor(schedule.batch, random), &mut estimate);
            queries += schedule.batch;
        } else {
            let (tosses, kept) = match schedule.estimator {
                Estimator::Storm { momentum } => (schedule.batch, 1.0 - momentum),
                Estimator::Page { small, .. } => (small, 1.0),
                Estimator::Plain => (schedule.batch, 0.0),
            };
            let factor = factor(tosses, random);
            coin.mean_gradient(&x, factor, &mut fresh);
            coin.mean_gradient(&before, factor, &mut old);
            estimate
                .iter_mut()
                .zip(fresh.iter().zip(&old))
                .for_each(|(e, (new, old))| *e = new + kept * (*e - old));
            queries += 2 * tosses;
        }
        first = false;
        before.copy_from_slice(&x);
        x.iter_mut().zip(&estimate).for_each(|(x, e)| *x -= schedule.step * e);
    }
    Run { queries: queries as usize, found, point: x }
}

/// The fastest that a zero-respecting method can be: waits at every column until a toss shows it, and moves it far out. T/q + 1 queries in the mean.
pub fn patient(coin: &Coin, far: f64, random: &mut impl Rng) -> u64 {
    let d = coin.chain.length();
    let (mut x, mut gradient) = (vec![0.0; d], vec![0.0; d]);
    let mut queries = 0;
    loop {
        queries += 1;
        coin.gradient(&x, coin.toss(random), &mut gradient);
        match x.iter().position(|x| *x == 0.0) {
            // All columns are far out: this query saw the small gradient.
            None => return queries,
            Some(next) if gradient[next] != 0.0 => x[next] = far,
            Some(_) => {}
        }
    }
}
