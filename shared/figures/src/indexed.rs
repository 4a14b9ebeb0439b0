//! Pictures as PNG files of at most 256 colours, where that changes no pixel visibly: less than half as long.
//!
//! A figure has a handful of colours and their mixtures at edges. The palette starts with the most frequent colour and takes in, one after the other, the one
//! whose pixels together are furthest from it (number of pixels times squared distance), the last quarter by distance alone; every other colour becomes its nearest there.

use std::collections::BTreeMap;

use crate::FigureError;
use crate::scene::Pixels;

/// The most colours of a palette.
const COLORS: usize = 256;

/// The largest change of a channel, which only rare mixtures at edges come near to; a picture that would need more keeps its own colours.
const LARGEST_CHANGE: u8 = 24;

type Color = [u8; 3];

/// The file.
pub(super) fn png_file(pixels: &Pixels) -> Result<Vec<u8>, FigureError> {
    let mut file = Vec::new();
    let fault = |error: png::EncodingError| FigureError::Drawing { reason: error.to_string() };
    let mut encoder = png::Encoder::new(&mut file, pixels.width as u32, pixels.height as u32);
    encoder.set_depth(png::BitDepth::Eight);
    let colors: &[Color] = pixels.rgb.as_chunks().0;
    let indexed = palette(colors);
    let data = match indexed {
        Some((palette, indices)) => {
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(palette.into_flattened());
            encoder.set_filter(png::Filter::NoFilter);
            encoder.set_compression(png::Compression::High);
            indices
        }
        None => {
            encoder.set_color(png::ColorType::Rgb);
            pixels.rgb.clone()
        }
    };
    let mut writer = encoder.write_header().map_err(fault)?;
    writer.write_image_data(&data).map_err(fault)?;
    writer.finish().map_err(fault)?;
    Ok(file)
}

/// A colour of the picture, its number of pixels and the palette's nearest.
struct Entry {
    color: Color,
    count: u64,
    nearest: u8,
    distance: u64,
}

/// A palette and each pixel's place in it; `None` if some pixel would change visibly.
fn palette(pixels: &[Color]) -> Option<(Vec<Color>, Vec<u8>)> {
    let mut counts: BTreeMap<Color, u64> = BTreeMap::new();
    for run in pixels.chunk_by(|a, b| a == b) {
        *counts.entry(run[0]).or_default() += run.len() as u64;
    }
    let mut entries: Vec<Entry> = counts
        .into_iter()
        // Any distance is smaller; the first colour is then the most frequent.
        .map(|(color, count)| Entry { color, count, nearest: 0, distance: 1 << 20 })
        .collect();
    let mut palette: Vec<Color> = Vec::new();
    while palette.len() < COLORS {
        let weight = |entry: &&Entry| match palette.len() < COLORS - COLORS / 4 {
            true => entry.count * entry.distance,
            false => entry.distance,
        };
        // Of equal ones the last, in the order of colours.
        let Some(next) = entries.iter().max_by_key(weight) else { break };
        if next.distance == 0 {
            break;
        }
        let (color, place) = (next.color, palette.len() as u8);
        for entry in &mut entries {
            let distance = squared_distance(entry.color, color);
            if distance < entry.distance {
                (entry.nearest, entry.distance) = (place, distance);
            }
        }
        palette.push(color);
    }
    let change = |entry: &Entry| {
        let near = palette[usize::from(entry.nearest)];
        entry.color.iter().zip(near).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
    };
    if entries.iter().any(|entry| change(entry) > LARGEST_CHANGE) {
        return None;
    }
    let mut indices = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|a, b| a == b) {
        let place = entries.binary_search_by_key(&run[0], |entry| entry.color).ok()?;
        indices.extend(std::iter::repeat_n(entries[place].nearest, run.len()));
    }
    Some((palette, indices))
}

fn squared_distance(a: Color, b: Color) -> u64 {
    a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(file: &[u8]) -> (png::ColorType, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("a PNG header");
        let kind = reader.info().color_type;
        let mut rgb = vec![0; reader.output_buffer_size().expect("a small picture")];
        reader.next_frame(&mut rgb).expect("PNG data");
        (kind, rgb)
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let rgb: Vec<u8> = (0..64 * 64).flat_map(|i: usize| [(i % 250) as u8, 7, (i % 250) as u8]).collect();
        let pixels = Pixels { width: 64, height: 64, rgb: rgb.clone() };
        let file = png_file(&pixels).expect("pixels for every place");
        assert_eq!(decoded(&file), (png::ColorType::Indexed, rgb));
    }

    #[test]
    fn mixtures_at_edges_hardly_change() {
        // 3,000 mixtures of three colours with white, most of the picture white.
        let mixture = |i: usize| {
            let share = (i % 1000) as f64 / 1000.0;
            [[0, 114, 178], [213, 94, 0], [0, 0, 0]][i % 3]
                .map(|channel: u8| (255.0 - share * (255.0 - f64::from(channel))) as u8)
        };
        let rgb: Vec<u8> =
            (0..100_000).flat_map(|i| if i % 20 == 0 { mixture(i / 20) } else { [255; 3] }).collect();
        let pixels = Pixels { width: 1000, height: 100, rgb: rgb.clone() };
        let (kind, found) = decoded(&png_file(&pixels).expect("pixels for every place"));
        assert_eq!(kind, png::ColorType::Indexed);
        for (a, b) in found.as_chunks::<3>().0.iter().zip(rgb.as_chunks::<3>().0) {
            assert!(a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= LARGEST_CHANGE), "{a:?} {b:?}");
            assert!(*b != [255; 3] || *a == [255; 3], "white is white");
        }
    }

    #[test]
    fn all_colours_at_once_are_kept() {
        let rgb: Vec<u8> = (0..32usize.pow(3))
            .flat_map(|i| [i % 32, i / 32 % 32, i / 1024].map(|channel| (8 * channel) as u8))
            .collect();
        let pixels = Pixels { width: 256, height: 128, rgb: rgb.clone() };
        let file = png_file(&pixels).expect("pixels for every place");
        assert_eq!(decoded(&file), (png::ColorType::Rgb, rgb));
    }
}
