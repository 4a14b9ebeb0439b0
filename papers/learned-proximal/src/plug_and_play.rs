//! Plug-and-play: reconstruction with a denoiser in the place of a proximal operator, and what can be certified of it.
//!
//! With f exactly the proximal operator of R, x ← f(x − η∇h(x)) is proximal gradient descent of F = ηh + R. R(x₊) comes with f for one potential, so that F is known at every iterate without an inversion. For an L-smooth h and an f with eigenvalues of f′ up to L_f
//!
//! ```text
//! F(x₊) ≤ F(x) − ½(1 + 1/L_f − ηL)|x₊ − x|²
//! ```
//!
//! as ψ* is 1/L_f-strongly convex: descent for ηL < 1 + 1/L_f, and that is sharp for f(y) = c y. The limit solves h + R/η. ADMM is Douglas–Rachford splitting of h + ρR; for ρ > L its envelope falls.

use crate::network::{ProximalNetwork, Work};
use crate::operator::LeastSquares;

/// A denoiser; one that is a proximal operator knows R.
pub trait Denoiser: Sync {
    /// f(y), and R(f(y)) if f is a proximal operator.
    fn denoise(&self, y: &[f64], work: &mut Work) -> (Vec<f64>, Option<f64>);
}

impl Denoiser for ProximalNetwork {
    fn denoise(&self, y: &[f64], work: &mut Work) -> (Vec<f64>, Option<f64>) {
        let pass = self.potential_and_prox(y, work);
        let value = self.regulariser_at_output(y, &pass)[0];
        (pass.prox, Some(value))
    }
}

/// A step of a method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// F, or the envelope; `None` where R is not known.
    pub objective: Option<f64>,
    /// |x₊ − x|; |z − x| for ADMM.
    pub change: f64,
    /// The length of F's gradient at x₊, if f is a proximal operator; |z − x| for ADMM.
    pub residual: f64,
}

/// What a method ends with.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The last iterate.
    pub x: Vec<f64>,
    /// Every step.
    pub entries: Vec<Entry>,
    /// The largest rise of F, relative to 1 + |F|; 0 if it never rose, `None` if it is not known.
    pub rise: Option<f64>,
    /// Why it ended.
    pub reason: StopReason,
}

/// Why a method ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The change is at most the tolerance.
    Converged,
    /// Steps ran out.
    Steps,
    /// An iterate is not finite or beyond 10¹⁰⁰.
    Diverged,
}

/// How long a method goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Until {
    /// Most steps, at least 1.
    pub steps: usize,
    /// The change to end at.
    pub change: f64,
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

struct Recorder {
    entries: Vec<Entry>,
    rise: Option<f64>,
    until: Until,
}

impl Recorder {
    fn new(until: Until) -> Self {
        Self { entries: Vec::new(), rise: None, until }
    }

    /// Records a step; gives the reason to end, if there is one.
    fn record(&mut self, entry: Entry, x: &[f64]) -> Option<StopReason> {
        if let (Some(new), Some(old)) = (entry.objective, self.entries.last().and_then(|last| last.objective))
        {
            self.rise = Some(self.rise.unwrap_or(0.0).max((new - old) / (1.0 + old.abs())));
        }
        self.entries.push(entry);
        if x.iter().any(|x| x.is_nan() || x.abs() > 1e100) {
            return Some(StopReason::Diverged);
        }
        if entry.change <= self.until.change {
            return Some(StopReason::Converged);
        }
        (self.entries.len() >= self.until.steps).then_some(StopReason::Steps)
    }

    fn end(self, x: Vec<f64>, reason: StopReason) -> Trace {
        Trace { x, entries: self.entries, rise: self.rise, reason }
    }
}

/// x ← f(x − η∇h(x)).
pub fn proximal_gradient(f: &dyn Denoiser, h: &LeastSquares, start: &[f64], eta: f64, until: Until) -> Trace {
    let (mut x, mut work, mut recorder) = (start.to_vec(), Work::default(), Recorder::new(until));
    let mut gradient = h.gradient(&x);
    loop {
        let y: Vec<f64> = x.iter().zip(&gradient).map(|(x, g)| x - eta * g).collect();
        let (next, value) = f.denoise(&y, &mut work);
        let there = h.gradient(&next);
        let residual = (0..x.len())
            .map(|k| (eta * (there[k] - gradient[k]) - (next[k] - x[k])).powi(2))
            .sum::<f64>()
            .sqrt();
        let entry = Entry {
            objective: value.map(|value| eta * h.value(&next) + value),
            change: distance(&next, &x),
            residual,
        };
        (x, gradient) = (next, there);
        if let Some(reason) = recorder.record(entry, &x) {
            return recorder.end(x, reason);
        }
    }
}

/// Proximal gradient steps with extrapolation (FISTA's), begun anew whenever F rises: no guarantee of its own, as R is not convex, but below the limit of plain steps F of what is kept does not rise.
pub fn accelerated(f: &dyn Denoiser, h: &LeastSquares, start: &[f64], eta: f64, until: Until) -> Trace {
    let (mut x, mut before, mut work, mut recorder) =
        (start.to_vec(), start.to_vec(), Work::default(), Recorder::new(until));
    let mut momentum = 1.0_f64;
    loop {
        let next_momentum = 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt());
        let ahead = (momentum - 1.0) / next_momentum;
        let mut step = |from: &[f64]| {
            let gradient = h.gradient(from);
            let y: Vec<f64> = from.iter().zip(&gradient).map(|(x, g)| x - eta * g).collect();
            let (next, value) = f.denoise(&y, &mut work);
            let there = h.gradient(&next);
            let residual = (0..next.len())
                .map(|k| (eta * (there[k] - gradient[k]) - (next[k] - from[k])).powi(2))
                .sum::<f64>();
            let objective = value.map(|value| eta * h.value(&next) + value);
            (next, objective, residual.sqrt())
        };
        let point: Vec<f64> = x.iter().zip(&before).map(|(x, before)| x + ahead * (x - before)).collect();
        let mut found = step(&point);
        momentum = next_momentum;
        let last = recorder.entries.last().and_then(|entry| entry.objective);
        if let (Some(new), Some(old)) = (found.1, last)
            && new > old
        {
            found = step(&x);
            momentum = 1.0;
        }
        let entry = Entry { objective: found.1, change: distance(&found.0, &x), residual: found.2 };
        before = std::mem::replace(&mut x, found.0);
        if let Some(reason) = recorder.record(entry, &x) {
            return recorder.end(x, reason);
        }
    }
}

/// ADMM in the public code's order: x = argmin h + ρ/2|x − z + u|², u += x − z, z = f(x + u); which is Douglas–Rachford splitting in s = z − u. The objective is its envelope E(s) = h(x) + ρ(R(z) + |z − (2x − s)|²/2 − |x − s|²/2), which falls for ρ > L.
pub fn douglas_rachford(f: &dyn Denoiser, h: &LeastSquares, start: &[f64], rho: f64, until: Until) -> Trace {
    let (mut s, mut work, mut recorder) = (start.to_vec(), Work::default(), Recorder::new(until));
    let data = h.prepare(rho);
    loop {
        let x = data.at(&s);
        let reflected: Vec<f64> = x.iter().zip(&s).map(|(x, s)| 2.0 * x - s).collect();
        let (z, value) = f.denoise(&reflected, &mut work);
        let change = distance(&z, &x);
        let objective = value.map(|value| {
            let (a, b) = (distance(&z, &reflected), distance(&x, &s));
            h.value(&x) + rho * (value + 0.5 * a * a - 0.5 * b * b)
        });
        for k in 0..s.len() {
            s[k] += z[k] - x[k];
        }
        if let Some(reason) = recorder.record(Entry { objective, change, residual: change }, &s) {
            return recorder.end(z, reason);
        }
    }
}
