//! Loss along straight lines and along curves with one bend between two points, and the training of such a curve.
//!
//! The curve is γ(t) = (1−t)² a + 2t(1−t) c + t² b with a control point c that is trained on losses at random t (Garipov and others 2018, Draxler and others 2018).

use ndarray::{Array1, ArrayView1};
use rand::Rng;

use crate::point::{Point, PointError};

/// A way from a to b.
#[derive(Clone, Debug, PartialEq)]
pub enum Path {
    /// (1 − t) a + t b.
    Line,
    /// Along the great circle, with lengths in between: the combination that the authors' program takes.
    Spherical,
    /// With a control point.
    Bend(Array1<f64>),
}

impl Path {
    /// γ(t) for t in [0, 1], and beyond.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn at(&self, a: ArrayView1<f64>, b: ArrayView1<f64>, t: f64) -> Array1<f64> {
        match self {
            Self::Line => &a * (1.0 - t) + &b * t,
            Self::Spherical => {
                let cosine = a.dot(&b) / (a.dot(&a).sqrt() * b.dot(&b).sqrt());
                let angle = cosine.clamp(-1.0, 1.0).acos();
                if angle.sin() <= 1e-9 {
                    return Self::Line.at(a, b, t);
                }
                &a * (((1.0 - t) * angle).sin() / angle.sin()) + &b * ((t * angle).sin() / angle.sin())
            }
            Self::Bend(c) => &a * (1.0 - t).powi(2) + c * (2.0 * t * (1.0 - t)) + &b * t.powi(2),
        }
    }
}

/// Losses at `places` + 1 evenly spaced points from t = 0 to 1; `a` carries data and loss.
///
/// # Errors
/// For a `b` of another length, or numbers that are not finite.
///
/// # Panics
/// If there is no place.
pub fn losses(
    a: &Point,
    b: ArrayView1<f64>,
    path: &Path,
    places: usize,
) -> Result<Vec<(f64, f64)>, PointError> {
    assert!(places > 0, "a path has two ends");
    let from = a.network().parameters();
    let at = |k: usize| {
        let t = k as f64 / places as f64;
        Ok((t, a.at(path.at(from, b, t))?.mean_loss()))
    };
    (0..=places).map(at).collect()
}

/// Trains the control point by steps down the mean gradient at `draws` random t, from the middle of the line.
///
/// # Errors
/// For a `b` of another length, or as soon as a parameter is not finite.
pub fn bend(
    a: &Point,
    b: ArrayView1<f64>,
    (rate, steps, draws): (f64, usize, usize),
    random: &mut impl Rng,
) -> Result<Path, PointError> {
    let from = a.network().parameters();
    let mut control = Path::Line.at(from, b, 0.5);
    let mut point = a.clone();
    for _ in 0..steps {
        let mut slope = Array1::zeros(control.len());
        for _ in 0..draws {
            let t: f64 = random.random();
            point = point.at(Path::Bend(control.clone()).at(from, b, t))?;
            slope.scaled_add(2.0 * t * (1.0 - t) / draws as f64, &point.loss_and_gradient().1);
        }
        control.scaled_add(-rate, &slope);
    }
    Ok(Path::Bend(control))
}
