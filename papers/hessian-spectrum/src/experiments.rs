//! One experiment for each sentence of the abstract, controls with known laws, and what goes beyond.

use lab::{Failure, Random};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;

pub mod batches;
pub mod clusters;
pub mod density;
pub mod digit_images;
pub mod marchenko_pastur;
pub mod separability;
pub mod width;

pub use batches::Batches;
pub use clusters::Clusters;
pub use density::Density;
pub use digit_images::DigitImages;
pub use marchenko_pastur::MarchenkoPastur;
pub use separability::Separability;
pub use width::Width;

/// Measures for `seeds` seeds, one after another, each from a stream of its own.
fn of_seeds<R>(
    random: &Random,
    seeds: u32,
    mut measure: impl FnMut(u32, &mut ChaCha8Rng) -> Result<Vec<R>, Failure>,
) -> Result<Vec<R>, Failure> {
    let mut seeds_from = random.stream("seeds");
    let mut rows = Vec::new();
    for replicate in 0..seeds {
        let seed = seeds_from.next_u64();
        rows.extend(measure(replicate, &mut numerics::random::stream(seed, &["data and network"]))?);
    }
    Ok(rows)
}

/// Eigenvalues in falling order.
fn falling(matrix: &ndarray::Array2<f64>) -> Result<Vec<f64>, Failure> {
    let mut values = numerics::symmetric::eigenvalues(matrix.view()).ok_or("the matrix is not finite")?;
    values.reverse();
    Ok(values)
}

/// The middle value of a list that is not empty.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
