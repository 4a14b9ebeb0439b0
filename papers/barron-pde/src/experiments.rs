//! Experiments on contraction, growth of norms, dimension, composition, two-layer networks, broken assumptions, and other methods.

use std::sync::Arc;

use lab::{Failure, key};
use num_complex::Complex64;
use rand::Rng;

use crate::spectrum::{Lattice, Spectrum};
use crate::torus::Torus;

pub mod composition;
pub mod contraction;
pub mod dimension;
pub mod failures;
pub mod growth;
pub mod methods;
pub mod networks;

pub use composition::Composition;
pub use contraction::Contraction;
pub use dimension::Dimension;
pub use failures::Failures;
pub use growth::Growth;
pub use methods::Methods;
pub use networks::Networks;

/// The frequency of d ones.
fn ones(dimension: usize) -> Vec<i32> {
    vec![1; dimension]
}

/// A lattice of one frequency of length √d, or of two of length √(d/2) on different variables.
fn spread_out(dimension: usize, frequencies: usize) -> Result<Arc<Lattice>, Failure> {
    let vectors = match frequencies {
        1 => vec![ones(dimension)],
        _ => {
            let half = dimension.div_ceil(2);
            let on = |first: bool| (0..dimension).map(|j| i32::from((j < half) == first)).collect();
            vec![on(true), on(false)]
        }
    };
    Ok(Arc::new(Lattice::spanned(&vectors)?))
}

/// (I − Δ)g: what has g as its solution before any nonlinearity.
fn forcing_of(g: &Spectrum) -> Spectrum {
    let lattice = g.lattice().clone();
    g.filtered(|n| 1.0 + lattice.inner(n, n))
}

/// A few waves with random frequencies up to 2 along an axis, amplitudes and phases.
fn random_waves(
    lattice: &Arc<Lattice>,
    count: usize,
    amplitude: f64,
    random: &mut impl Rng,
) -> Result<Spectrum, Failure> {
    let axes = lattice.dimension();
    let mut list = Vec::new();
    while list.len() < count {
        let n: Vec<i32> = (0..axes).map(|_| random.random_range(-2..=2)).collect();
        let size = amplitude * random.random_range(0.5..1.0);
        let phase = random.random_range(0.0..std::f64::consts::TAU);
        if n.iter().any(|entry| *entry != 0) {
            list.push((n, size, phase));
        }
    }
    Ok(Spectrum::cosines(lattice.clone(), &list)?)
}

fn zero(torus: &Torus) -> Vec<Complex64> {
    vec![Complex64::default(); torus.coefficients()]
}

/// The H¹ distance.
fn distance(torus: &Torus, a: &[Complex64], b: &[Complex64]) -> f64 {
    torus.h1(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
}
