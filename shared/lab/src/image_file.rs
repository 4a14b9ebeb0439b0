//! PNG images as arrays.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ndarray::{Array3, ArrayView3};

use crate::error::Error;
use crate::files::write_atomically;

/// Why a file is no image that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It cannot be read.
    #[error("cannot read {}: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        fault: std::io::Error,
    },
    /// It is damaged, truncated, or no PNG.
    #[error("{}: {fault}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// It cannot be written.
    #[error("{0}")]
    Unwritable(#[from] Error),
}

/// The largest image that is read: 200 million pixels.
const MOST_PIXELS: u64 = 200_000_000;

/// Reads a PNG file as height × width × 3 bytes: greys become colours, 16 bits become 8, transparency is
/// dropped.
///
/// # Errors
/// For an unreadable, damaged or truncated file.
pub fn read_png(path: &Path) -> Result<Array3<u8>, ImageError> {
    let bytes = fs::read(path).map_err(|fault| ImageError::Unreadable { path: path.to_owned(), fault })?;
    let format = |fault: String| ImageError::Format { path: path.to_owned(), fault };
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|fault| format(fault.to_string()))?;
    let (width, height) = reader.info().size();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format(format!("{width} × {height} pixels, at most {MOST_PIXELS} are read")));
    }
    let size = reader.output_buffer_size().ok_or_else(|| format("too large for memory".into()))?;
    let mut pixels = vec![0; size];
    let frame = reader.next_frame(&mut pixels).map_err(|fault| format(fault.to_string()))?;
    let channels = frame.color_type.samples();
    let (height, width) = (frame.height as usize, frame.width as usize);
    // With one or two channels the first is grey.
    let channel = |index: usize| if channels < 3 { 0 } else { index };
    Ok(Array3::from_shape_fn((height, width, 3), |(y, x, index)| {
        pixels[y * frame.line_size + x * channels + channel(index)]
    }))
}

/// Writes height × width × 3 bytes as a PNG file, whole or not at all.
///
/// # Errors
/// If the image is empty or the file cannot be written.
pub fn write_png(path: &Path, image: ArrayView3<'_, u8>) -> Result<(), ImageError> {
    let (height, width, _) = image.dim();
    let format =
        |fault: png::EncodingError| ImageError::Format { path: path.to_owned(), fault: fault.to_string() };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().map_err(format)?;
    writer.write_image_data(&image.iter().copied().collect::<Vec<u8>>()).map_err(format)?;
    writer.finish().map_err(format)?;
    Ok(write_atomically(path, &bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_comes_back_and_a_truncated_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.png");
        let image = Array3::from_shape_fn((5, 7, 3), |(y, x, channel)| (40 * y + 11 * x + channel) as u8);
        write_png(&path, image.view()).unwrap();
        assert_eq!(read_png(&path).unwrap(), image);
        let bytes = fs::read(&path).unwrap();
        for length in [0, 8, bytes.len() / 2] {
            fs::write(&path, &bytes[..length]).unwrap();
            let fault = read_png(&path).unwrap_err().to_string();
            assert!(fault.starts_with(&path.display().to_string()), "{fault}");
        }
    }
}
