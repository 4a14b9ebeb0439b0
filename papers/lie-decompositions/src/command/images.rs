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
    /// Pixels in [−1, 1], and the side of an image.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn read(&self) -> anyhow::Result<(Array2<f32>, usize)> {
        let name = self.images.display();
        let pixels = if is_compressed(&self.images) {
            digits::read(&self.images, self.count as usize)?
        } else {
            lab::input::matrix(&self.images)?
        };
        let side = (pixels.ncols() as f64).sqrt().round() as usize;
        if side * side != pixels.ncols() {
            bail!("{name}: {} numbers a row are no square image", pixels.ncols());
        }
        let (least, most) = pixels
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
        if least == most {
            bail!("{name}: all pixels are {least}");
        }
        // From whatever range the file has.
        let scaled = pixels.mapv(|x| (2.0 * (x - least) / (most - least) - 1.0) as f32);
        Ok((scaled, side))
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
