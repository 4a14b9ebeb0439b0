//! One experiment for each figure of the paper, each link of its theorem, and each null model.

pub mod benchmarks;
pub mod chain;
pub mod hop_limit;
pub mod laplace_principle;
pub mod particles;
pub mod paths;
pub mod reaching;
pub mod regimes;
pub mod sampling;
pub mod softening;
pub mod stability;

pub use benchmarks::Benchmarks;
pub use chain::Chain;
pub use hop_limit::HopLimit;
pub use laplace_principle::LaplacePrinciple;
pub use particles::Particles;
pub use paths::Paths;
pub use reaching::Reaching;
pub use regimes::Regimes;
pub use sampling::Sampling;
pub use softening::Softening;
pub use stability::Stability;

use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::canyon::{Canyon, START};
use crate::consensus::Refusal;
use crate::descent::{descend, langevin};
use crate::draws::Draws;
use crate::hopping::Hopper;
use crate::swarm::{Options, Start, Swarm};

/// The four methods of Figures 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Consensus-based optimisation, Figure 1(b).
    Swarm,
    /// Consensus hopping, Figure 2(a).
    Hopping,
    /// Gradient descent, Figure 2(b).
    Descent,
    /// Annealed Langevin descent, Figure 2(c).
    Langevin,
}

/// All of them with their names in figures.
pub const METHODS: [(Method, &str); 4] = [
    (Method::Swarm, "consensus-based optimisation"),
    (Method::Hopping, "consensus hopping"),
    (Method::Descent, "gradient descent"),
    (Method::Langevin, "annealed Langevin"),
];

/// What is seen of a step on the canyon.
pub struct Seen<'a> {
    /// The consensus, or the point of descent.
    pub point: [f64; 2],
    /// Effective particles, where there are particles.
    pub ess: Option<f64>,
    /// The particles of which the point is the consensus.
    pub particles: &'a [f64],
}

/// Steps of swarm and hopping, and of descent, in the authors' scripts.
pub const STEPS: (u64, u64) = (250, 10_000);

/// A run of a method on the canyon with the parameters of the authors' scripts. The swarm's consensus is that of the
/// places before each step.
///
/// # Errors
/// None with these parameters; the methods' own.
pub fn on_the_canyon(
    method: Method,
    random: &mut impl RngCore,
    mut observe: impl FnMut(u64, Seen<'_>),
) -> Result<(), Refusal> {
    let (steps, small_steps) = STEPS;
    let draws = Draws::new(random.next_u64(), 0);
    let mut on_path = |step: u64, point: &[f64]| {
        observe(step, Seen { point: [point[0], point[1]], ess: None, particles: &[] })
    };
    match method {
        Method::Swarm => {
            let start = Start::Normal { mean: START.to_vec(), spread: 0.5 };
            let mut swarm = Swarm::new(&Canyon, &Options::of_figure_1b(), &start, draws)?;
            for step in 1..=steps {
                let found = swarm.consensus()?;
                let point = [found.point[0], found.point[1]];
                observe(step, Seen { point, ess: Some(found.ess), particles: swarm.points() });
                swarm.move_to(&Canyon, &point)?;
            }
        }
        Method::Hopping => {
            let mut hopper = Hopper::new(0.7, 100.0, 200, 2)?;
            let mut point = START;
            for step in 1..=steps {
                let found = hopper.hop(&Canyon, &point, draws.step(step))?;
                point = [found.point[0], found.point[1]];
                observe(step, Seen { point, ess: Some(found.ess), particles: hopper.points() });
            }
        }
        Method::Descent => drop(descend(&Canyon, &START, 0.001, small_steps, &mut on_path)),
        Method::Langevin => drop(langevin(&Canyon, &START, (0.001, small_steps, 10.0), random, &mut on_path)),
    }
    Ok(())
}
