//! Images and labels from files.

use std::path::Path;

use anyhow::{Context, bail};
use clap::Args;
use ndarray::Array2;

/// Where images are.
#[derive(Args)]
pub struct Images {
    /// Images: .csv or .npy with one a row, or MNIST's files: .gz
    #[arg(long, value_name = "FILE")]
    pub images: std::path::PathBuf,
    /// Images to read from MNIST's files
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=70_000))]
    pub count: u32,
}

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

impl Images {
    /// Pixels scaled so that `range` becomes [−1, 1], and the side of an image; without one the range of the file.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn read(&self, range: Option<(f64, f64)>) -> anyhow::Result<(Array2<f32>, usize)> {
        let name = self.images.display();
        let pixels = self.pixels()?;
        let side = (pixels.ncols() as f64).sqrt().round() as usize;
        if side * side != pixels.ncols() {
            bail!("{name}: {} numbers a row are no square image", pixels.ncols());
        }
        let (least, most) = range.map_or_else(|| self.range(), Ok)?;
        let scaled = pixels.mapv(|x| (2.0 * (x - least) / (most - least) - 1.0) as f32);
        Ok((scaled, side))
    }

    /// The least and the largest pixel of a file.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn range(&self) -> anyhow::Result<(f64, f64)> {
        let pixels = self.pixels()?;
        let range = pixels
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
        if range.0 == range.1 {
            bail!("{}: all pixels are {}", self.images.display(), range.0);
        }
        Ok(range)
    }

    fn pixels(&self) -> anyhow::Result<Array2<f64>> {
        if is_compressed(&self.images) {
            Ok(digits::read(&self.images, self.count as usize)?)
        } else {
            Ok(lab::input::matrix(&self.images)?)
        }
    }

    /// Labels, as many as there are images.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn labels(&self, path: &Path, images: usize) -> anyhow::Result<Vec<usize>> {
        let name = path.display().to_string();
        if is_compressed(path) {
            return Ok(digits::read_labels(path, images)?);
        }
        let labels = lab::input::vector(path)?;
        if labels.len() != images {
            bail!("{name}: {} labels for {images} images", labels.len());
        }
        let label = |(place, value): (usize, &f64)| {
            let whole = value.fract() == 0.0 && (0.0..1e4).contains(value);
            whole.then_some(*value as usize).with_context(|| {
                format!("{name}: label {} is {value}, expected a whole number from 0", place + 1)
            })
        };
        labels.iter().enumerate().map(label).collect()
    }
}
