//! Global optima, and proofs of them.
//!
//! A network of any width is optimal iff no cell violates the dual at its ν. So patterns can be *generated*: solve over a few, ask all others for the direction that violates most, add the worst, repeat. The
//! certificate does not care where a network comes from.

use ndarray::{Array1, ArrayView1};

use crate::cones::{relaxed, violation};
use crate::interior::{Options, solve};
use crate::network::Network;
use crate::patterns::Patterns;
use crate::polish::polished;
use crate::problem::{Loss, Problem};

/// What a lower bound is a bound of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every network of every width.
    All,
    /// Networks whose neurons have one of the given patterns.
    Given,
}

/// Bounds of an optimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// The cost of the network.
    pub upper: f64,
    /// No network that is covered costs less.
    pub lower: f64,
    /// Which those are.
    pub covers: Coverage,
}

impl Certificate {
    /// (upper − lower)/upper.
    pub fn gap(&self) -> f64 {
        (self.upper - self.lower) / self.upper.max(f64::MIN_POSITIVE)
    }
}

/// How far a network, from anywhere, is from the optimum over patterns: all cells of X for all networks.
pub fn certify(problem: &Problem, network: &Network, patterns: &Patterns, covers: Coverage) -> Certificate {
    let nu = problem.dual_point(network.predict(problem.x()).view());
    let lower = lower_bound(problem, patterns, nu.view());
    Certificate { upper: network.cost(problem), lower, covers }
}

/// The same without enumerating patterns: a weak bound over all networks, at the cost of an eigenvalue problem. None if that fails.
pub fn certify_by_relaxation(problem: &Problem, network: &Network) -> Option<Certificate> {
    let nu = problem.dual_point(network.predict(problem.x()).view());
    let lower = problem.dual_value(nu.view(), relaxed(problem, nu.view())?);
    Some(Certificate { upper: network.cost(problem), lower: lower.max(0.0), covers: Coverage::All })
}

/// The bound over patterns that a dual point proves, from −∇loss at a network or from multipliers.
pub fn lower_bound(problem: &Problem, patterns: &Patterns, nu: ArrayView1<f64>) -> f64 {
    // No loss is negative.
    problem.dual_value(nu, violation(problem, patterns, nu).most).max(0.0)
}

/// The largest β at which a network of some neuron is optimal: above it, none is. For the hinge, at one multiplier of those that are possible.
pub fn largest_beta(problem: &Problem, patterns: &Patterns) -> f64 {
    let zero = Array1::zeros(problem.rows());
    let nu = match problem.loss() {
        Loss::Hinge => problem.y().to_owned(),
        _ => problem.dual_point(zero.view()),
    };
    // Nothing may be screened at a β that is not known yet.
    let tiny = problem.with_beta(1e-300 * problem.scale()).unwrap_or_else(|_| problem.clone());
    violation(&tiny, patterns, nu.view()).most * problem.scale()
}

/// An optimum by generated patterns.
#[derive(Clone, Debug)]
pub struct Optimum {
    /// At most n neurons, in the problem's coordinates.
    pub network: Network,
    /// ν.
    pub nu: Array1<f64>,
    /// Bounds over the patterns that were offered.
    pub certificate: Certificate,
    /// Rounds of generation.
    pub rounds: usize,
    /// Patterns that were used, of those offered.
    pub used: usize,
}

/// The optimum over the given patterns, generated from them until the gap is at most `gap`, 20 at a time.
///
/// Each round prices all patterns, O(P n r) and a projection for those that are not screened, and solves over those in use.
pub fn generate(problem: &Problem, patterns: &Patterns, covers: Coverage, gap: f64) -> Optimum {
    const ADDED: usize = 20;
    // Angles at which neurons are one, and distances from a hyperplane at which they lie on it.
    const FACES: [(f64, f64); 8] = [
        (1e-6, 1e-6),
        (1e-5, 1e-5),
        (1e-4, 1e-4),
        (1e-3, 1e-3),
        (1e-2, 1e-3),
        (1e-2, 1e-2),
        (1e-3, 1e-5),
        (1e-2, 1e-5),
    ];
    let options = Options { gap: 0.1 * gap, ..Options::default() };
    let mut used: Vec<usize> = Vec::new();
    let mut nu = match problem.loss() {
        Loss::Hinge => problem.y().to_owned(),
        _ => problem.dual_point(Array1::zeros(problem.rows()).view()),
    };
    let mut best = (Network::default(), nu.clone(), f64::NEG_INFINITY);
    let mut upper = best.0.cost(problem);
    let mut rounds = 0;
    loop {
        let found = violation(problem, patterns, nu.view());
        let lower = problem.dual_value(nu.view(), found.most).max(0.0);
        best.2 = best.2.max(lower);
        if upper - best.2 <= gap * upper {
            break;
        }
        let before = used.len();
        for (place, ..) in &found.worst {
            if used.len() < before + ADDED && !used.contains(place) {
                used.push(*place);
            }
        }
        if used.len() == before {
            break;
        }
        rounds += 1;
        let chosen = patterns.subset(used.iter().copied());
        let solved = solve(problem, &chosen, &options);
        nu = solved.nu;
        let mut network = solved.network.merged(1e-9, 1e-9);
        let bound =
            |nu: &Array1<f64>| problem.dual_value(nu.view(), violation(problem, &chosen, nu.view()).most);
        let mut smallest = network.cost(problem) - bound(&nu);
        // On faces, as far as the certificate agrees.
        for (angle, tolerance) in FACES {
            if smallest <= 1e-13 * upper || problem.loss() == Loss::Hinge {
                break;
            }
            let exact = polished(problem, &solved.network.merged(tolerance, angle), tolerance);
            let sharper = problem.dual_point(exact.predict(problem.x()).view());
            let found = exact.cost(problem) - bound(&sharper);
            if found < smallest {
                smallest = found;
                nu = sharper;
                network = exact;
            }
        }
        let cost = network.cost(problem);
        if cost < upper {
            upper = cost;
            best.0 = network;
            best.1 = nu.clone();
        }
    }
    let network = best.0.reduced_to_independent(problem);
    let upper = network.cost(problem);
    let certificate = Certificate { upper, lower: best.2, covers };
    Optimum { network, nu: best.1, certificate, rounds, used: used.len() }
}
