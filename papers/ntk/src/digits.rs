//! Digits: MNIST's files, or strokes drawn at random where these are not at hand.

use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use rand::Rng;

/// Pixels of a side.
const SIDE: usize = 28;

/// Why a file holds no images.
#[derive(Debug, thiserror::Error)]
pub enum DigitsError {
    /// It cannot be read, or its compression is damaged.
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        fault: std::io::Error,
    },
    /// It is not in MNIST's format, or too short.
    #[error("{}: expected at least {count} images of MNIST's format", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// How many images were wanted.
        count: usize,
    },
}

/// The first `count` images of a gzip-compressed IDX file (LeCun's format), one a row of 784 pixels in [0, 1].
///
/// # Errors
/// For an unreadable, damaged or short file.
pub fn read(path: &Path, count: usize) -> Result<Array2<f64>, DigitsError> {
    let unreadable = |fault| DigitsError::Unreadable { path: path.to_owned(), fault };
    let format = || DigitsError::Format { path: path.to_owned(), count };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).map_err(unreadable)?;
    let (header, pixels) = bytes.split_at_checked(16).ok_or_else(format)?;
    // Magic number 2051, count, rows, columns, each in four bytes.
    let images = header[..4] == [0, 0, 8, 3] && header[8..] == [0, 0, 0, 28, 0, 0, 0, 28];
    let pixels = pixels.get(..count * SIDE * SIDE).filter(|_| images).ok_or_else(format)?;
    let values = pixels.iter().map(|pixel| f64::from(*pixel) / 255.0).collect();
    Array2::from_shape_vec((count, SIDE * SIDE), values).map_err(|_| format())
}

/// `count` images of pen strokes in ten classes, one a row of 784 pixels in [0, 1]: each class is a path through a few points, which an image moves a
/// little. They have MNIST's size and range, and stand in for it in nothing else.
pub fn strokes(count: usize, random: &mut impl Rng) -> Array2<f64> {
    let mut path =
        || -> Vec<[f64; 2]> { (0..5).map(|_| [0, 1].map(|_| random.random_range(0.2..0.8))).collect() };
    let classes: Vec<Vec<[f64; 2]>> = (0..10).map(|_| path()).collect();
    let mut images = Array2::zeros((count, SIDE * SIDE));
    for (i, mut image) in images.rows_mut().into_iter().enumerate() {
        let mut moved = |point: &[f64; 2]| point.map(|c| c + random.random_range(-0.06..0.06));
        let points: Vec<[f64; 2]> = classes[i % 10].iter().map(&mut moved).collect();
        for (place, pixel) in image.iter_mut().enumerate() {
            let at = [(place / SIDE) as f64, (place % SIDE) as f64].map(|c| (c + 0.5) / SIDE as f64);
            let distance = points.windows(2).map(|ends| from_segment(at, ends[0], ends[1]));
            let distance = distance.fold(f64::INFINITY, f64::min);
            *pixel = (1.5 * (-distance * distance / (2.0 * 0.035 * 0.035)).exp()).min(1.0);
        }
    }
    images
}

/// The distance of a point from a segment.
fn from_segment(at: [f64; 2], start: [f64; 2], end: [f64; 2]) -> f64 {
    let along = [end[0] - start[0], end[1] - start[1]];
    let to = [at[0] - start[0], at[1] - start[1]];
    let square = along[0] * along[0] + along[1] * along[1];
    let share =
        if square > 0.0 { ((to[0] * along[0] + to[1] * along[1]) / square).clamp(0.0, 1.0) } else { 0.0 };
    (to[0] - share * along[0]).hypot(to[1] - share * along[1])
}
