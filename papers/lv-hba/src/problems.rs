//! Random quadratic lower levels, and rows with flipped labels whose truth is known.

use ndarray::{Array1, Array2};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::quadratic::{Distance, Lower, Quadratic, QuadraticError};

/// A random lower level with `x` and `y` variables and `constraints` coupled inequalities, of which a random point satisfies all with slack; multipliers up to 100. The upper level is the distance from random points.
///
/// # Errors
/// Never seen: the constraints hold somewhere by construction.
pub fn random_quadratic(
    x: usize,
    y: usize,
    constraints: usize,
    random: &mut impl Rng,
) -> Result<Quadratic, QuadraticError> {
    let mut normal = |rows: usize, columns: usize| -> Array2<f64> {
        Array2::from_shape_simple_fn((rows, columns), || StandardNormal.sample(random))
    };
    let root = normal(y, y);
    let (a, b) = (normal(constraints, y), normal(constraints, x));
    let inside = normal(1, x + y).row(0).to_owned();
    let slack = normal(1, constraints).row(0).mapv(|s| s.abs());
    let r = a.dot(&inside.slice(ndarray::s![x..])) + b.dot(&inside.slice(ndarray::s![..x])) + slack;
    let lower = Lower {
        p: root.t().dot(&root) / y as f64 + Array2::<f64>::eye(y) * 0.1,
        q: normal(1, y).row(0).to_owned(),
        k: normal(y, x),
        a,
        b,
        r,
        equations: false,
        bound: 100.0,
        e: Array2::zeros((0, x)),
    };
    let upper = Distance { x: normal(1, x).row(0).to_vec(), y: normal(1, y).row(0).to_vec() };
    Quadratic::new(lower, Box::new(upper))
}

/// Rows with labels, of which some were flipped.
#[derive(Clone, Debug)]
pub struct Flipped {
    /// Inputs.
    pub x: Array2<f64>,
    /// Labels −1 and 1, after flips.
    pub y: Array1<f64>,
    /// Which were flipped.
    pub flipped: Vec<bool>,
}

/// x from N(0, I), label the sign of uᵀx + 0.2 + N(0, 1)/2 for a unit vector u, each flipped with a probability. At least one row of each class.
pub fn flipped_rows(count: usize, u: &Array1<f64>, probability: f64, random: &mut impl Rng) -> Flipped {
    let x = Array2::from_shape_simple_fn((count, u.len()), || -> f64 { StandardNormal.sample(random) });
    let mut y: Array1<f64> = x.dot(u).mapv(|a| {
        let noise: f64 = StandardNormal.sample(random);
        if a + 0.2 + 0.5 * noise > 0.0 { 1.0 } else { -1.0 }
    });
    let flipped: Vec<bool> = (0..count).map(|_| random.random_bool(probability)).collect();
    for (label, flip) in y.iter_mut().zip(&flipped) {
        if *flip {
            *label = -*label;
        }
    }
    if count > 1 && y.iter().all(|label| *label == y[0]) {
        y[0] = -y[0];
    }
    Flipped { x, y, flipped }
}

/// A random unit vector.
pub fn direction(d: usize, random: &mut impl Rng) -> Array1<f64> {
    let u: Array1<f64> = (0..d).map(|_| -> f64 { StandardNormal.sample(random) }).collect();
    let length = u.dot(&u).sqrt();
    u / length
}

/// The probability that a flipped row has a lower score than one that is not, ties counted half: the area under the curve of −score as a detector of flips. Not a number if there are none, or only flips.
pub fn area_under_curve(scores: &[f64], flipped: &[bool]) -> f64 {
    let of = |flip: bool| scores.iter().zip(flipped).filter(move |(_, f)| **f == flip).map(|(s, _)| *s);
    let (mut wins, mut pairs) = (0.0, 0.0);
    for bad in of(true) {
        for good in of(false) {
            pairs += 1.0;
            wins += if bad < good {
                1.0
            } else if bad == good {
                0.5
            } else {
                0.0
            };
        }
    }
    wins / pairs
}
