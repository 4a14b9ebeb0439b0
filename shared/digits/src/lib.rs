//! Images of digits: MNIST's files, or strokes drawn at random where these are not at hand.

use std::io::Read;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use rand::Rng;

/// Pixels of a side of an image.
pub const SIDE: usize = 28;

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
    #[error("{}: expected at least {count} images or labels of MNIST's format", path.display())]
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
    let (header, pixels) = contents(path, 16)?;
    let format = || DigitsError::Format { path: path.to_owned(), count };
    // Magic number 2051, count, rows, columns, each in four bytes.
    let images = header[..4] == [0, 0, 8, 3] && header[8..] == [0, 0, 0, 28, 0, 0, 0, 28];
    let pixels = pixels.get(..count * SIDE * SIDE).filter(|_| images).ok_or_else(format)?;
    let values = pixels.iter().map(|pixel| f64::from(*pixel) / 255.0).collect();
    Array2::from_shape_vec((count, SIDE * SIDE), values).map_err(|_| format())
}

/// The first `count` labels, 0 to 9, of a gzip-compressed IDX file.
///
/// # Errors
/// For an unreadable, damaged or short file.
pub fn read_labels(path: &Path, count: usize) -> Result<Vec<usize>, DigitsError> {
    let (header, labels) = contents(path, 8)?;
    let sound = header[..4] == [0, 0, 8, 1];
    let labels = labels.get(..count).filter(|labels| sound && labels.iter().all(|label| *label < 10));
    let labels = labels.ok_or_else(|| DigitsError::Format { path: path.to_owned(), count })?;
    Ok(labels.iter().map(|label| usize::from(*label)).collect())
}

/// The header and the rest of a compressed file.
fn contents(path: &Path, header: usize) -> Result<(Vec<u8>, Vec<u8>), DigitsError> {
    let unreadable = |fault| DigitsError::Unreadable { path: path.to_owned(), fault };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() < header {
        return Err(DigitsError::Format { path: path.to_owned(), count: 0 });
    }
    let rest = bytes.split_off(header);
    Ok((bytes, rest))
}

/// `count` images of pen strokes in ten classes, one a row of 784 pixels in [0, 1]: image i shows class i mod 10, a path through a few points, each of which it
/// moves by up to `wobble` (in sides of the image; 0.06 is little, 0.12 makes some hard to tell apart). They have MNIST's size and range, and stand in for it in nothing else.
pub fn strokes(count: usize, wobble: f64, random: &mut impl Rng) -> Array2<f64> {
    let mut path =
        || -> Vec<[f64; 2]> { (0..5).map(|_| [0, 1].map(|_| random.random_range(0.2..0.8))).collect() };
    let classes: Vec<Vec<[f64; 2]>> = (0..10).map(|_| path()).collect();
    let mut images = Array2::zeros((count, SIDE * SIDE));
    for (i, mut image) in images.rows_mut().into_iter().enumerate() {
        let mut moved = |point: &[f64; 2]| point.map(|c| c + random.random_range(-wobble..wobble));
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

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.gz");
        let mut encoder = GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap();
        (folder, path)
    }

    #[test]
    fn images_and_labels_are_read_and_other_files_refused() {
        let mut images = vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28];
        images.extend([255; 784]);
        let (_folder, path) = file(&images);
        assert_eq!(read(&path, 1).unwrap(), Array2::ones((1, 784)));
        assert!(read(&path, 2).is_err() && read_labels(&path, 1).is_err());
        let (_folder, path) = file(&[0, 0, 8, 1, 0, 0, 0, 2, 7, 3]);
        assert_eq!(read_labels(&path, 2).unwrap(), [7, 3]);
        assert!(read_labels(&path, 3).is_err() && read(&path, 1).is_err());
        assert!(read_labels(&file(&[0, 0]).1, 1).is_err());
        assert!(read(Path::new("missing.gz"), 1).is_err());
    }

    #[test]
    fn strokes_of_a_class_look_alike() {
        let images = strokes(40, 0.06, &mut numerics::random::stream(0, &["digits"]));
        assert!(images.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        let distance = |i: usize, j: usize| (&images.row(i) - &images.row(j)).mapv(|d| d * d).sum();
        let pairs = |same: bool| {
            let all = (0..40).flat_map(|i| (0..i).map(move |j| (i, j)));
            let chosen: Vec<f64> =
                all.filter(|(i, j)| (i % 10 == j % 10) == same).map(|(i, j)| distance(i, j)).collect();
            chosen.iter().sum::<f64>() / chosen.len() as f64
        };
        assert!(pairs(true) < 0.7 * pairs(false), "{} {}", pairs(true), pairs(false));
    }
}
