//! Product quantisation: short vectors of weights share a codebook.
//!
//! Each row is cut into pieces of d neighbouring weights, and each piece is replaced by one of K centroids: (N/d) log₂ K + 32 K d bits in all (Gong and others 2014).

use ndarray::{Array2, ArrayView2};
use rand::Rng;

use crate::Error;

/// Codes and centroids.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductCode {
    /// K × d.
    pub centroids: Array2<f64>,
    /// For each row the centroid of each piece.
    pub codes: Array2<usize>,
}

impl ProductCode {
    /// Clusters the pieces by k-means with k-means++ starts and `rounds` rounds. `importance` weighs the squared error of each input, by its mean square; ones for plain k-means.
    ///
    /// # Errors
    /// A piece that does not divide the rows, no centroids, weights that are not finite or empty, importance of another length.
    pub fn new(
        weights: ArrayView2<f64>,
        piece: usize,
        centroids: usize,
        importance: &[f64],
        rounds: usize,
        random: &mut impl Rng,
    ) -> Result<Self, Error> {
        let (rows, columns) = weights.dim();
        crate::error::check_finite(weights.iter().copied(), "the weights")?;
        if weights.is_empty() {
            return Err(Error::Empty("the weight matrix".into()));
        }
        if piece == 0 || columns % piece != 0 {
            return Err(Error::Setting {
                name: "the length of a piece",
                value: piece as f64,
                range: "a divisor of the number of inputs",
            });
        }
        if centroids == 0 {
            return Err(Error::Setting { name: "the number of centroids", value: 0.0, range: "at least 1" });
        }
        if importance.len() != columns {
            return Err(Error::Shape {
                what: "the importance of inputs".into(),
                rows: importance.len(),
                columns: 1,
                expected: format!("{columns} × 1"),
            });
        }
        let pieces = columns / piece;
        let at = |index: usize, k: usize| weights[(index / pieces, index % pieces * piece + k)];
        let weight = |index: usize, k: usize| importance[index % pieces * piece + k];
        let count = rows * pieces;
        let distance = |index: usize, center: &[f64]| -> f64 {
            (0..piece).map(|k| weight(index, k) * (at(index, k) - center[k]).powi(2)).sum()
        };
        // k-means++: the next start is drawn by its distance from those before.
        let mut centers: Vec<Vec<f64>> = Vec::new();
        let mut nearest = vec![f64::INFINITY; count];
        let mut pick = random.random_range(0..count);
        for _ in 0..centroids.min(count) {
            centers.push((0..piece).map(|k| at(pick, k)).collect());
            let last = &centers[centers.len() - 1];
            nearest
                .iter_mut()
                .enumerate()
                .for_each(|(index, least)| *least = least.min(distance(index, last)));
            let total: f64 = nearest.iter().sum();
            let mut draw = random.random::<f64>() * total;
            pick = nearest
                .iter()
                .position(|d| {
                    draw -= d;
                    draw < 0.0
                })
                .unwrap_or(count - 1);
        }
        let mut codes = vec![0; count];
        for _ in 0..rounds.max(1) {
            for (index, code) in codes.iter_mut().enumerate() {
                let by_distance = |a: &usize, b: &usize| {
                    distance(index, &centers[*a]).total_cmp(&distance(index, &centers[*b]))
                };
                *code = (0..centers.len()).min_by(by_distance).unwrap_or(0);
            }
            for (own, center) in centers.iter_mut().enumerate() {
                for (k, entry) in center.iter_mut().enumerate() {
                    let members =
                        || codes.iter().enumerate().filter(|(_, code)| **code == own).map(|(index, _)| index);
                    let total: f64 = members().map(|index| weight(index, k)).sum();
                    if total > 0.0 {
                        *entry = members().map(|index| weight(index, k) * at(index, k)).sum::<f64>() / total;
                    }
                }
            }
        }
        let centroids = Array2::from_shape_fn((centers.len(), piece), |(c, k)| centers[c][k]);
        let codes = Array2::from_shape_fn((rows, pieces), |(row, place)| codes[row * pieces + place]);
        Ok(Self { centroids, codes })
    }

    /// The weights back.
    pub fn values(&self) -> Array2<f64> {
        let piece = self.centroids.ncols();
        Array2::from_shape_fn((self.codes.nrows(), self.codes.ncols() * piece), |(row, column)| {
            self.centroids[(self.codes[(row, column / piece)], column % piece)]
        })
    }

    /// Bits of codes and centroids.
    pub fn size_bits(&self) -> f64 {
        let bits = (self.centroids.nrows() as f64).log2().ceil();
        self.codes.len() as f64 * bits + 32.0 * self.centroids.len() as f64
    }
}
