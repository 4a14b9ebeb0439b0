//! One experiment for each figure of the paper and each of its sentences about calls.

use lab::{Failure, Random, key};
use rand::RngCore;

pub mod averages;
pub mod last_iterate;
pub mod policeman;
pub mod quadratic;
pub mod resolvents;
pub mod restarts;

pub use averages::Averages;
pub use last_iterate::LastIterate;
pub use policeman::Policeman;
pub use quadratic::Quadratic;
pub use resolvents::Resolvents;
pub use restarts::Restarts;

/// Runs `measure` for `seeds` seeds, one after another.
fn of_seeds<R>(
    random: &Random,
    seeds: u32,
    mut measure: impl FnMut(u32, u64) -> Result<Vec<R>, Failure>,
) -> Result<Vec<R>, Failure> {
    let mut stream = random.stream("samples");
    let mut rows = Vec::new();
    for replicate in 0..seeds {
        rows.extend(measure(replicate, stream.next_u64())?);
    }
    Ok(rows)
}
