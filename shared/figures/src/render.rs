//! From a scene to SVG and PNG, with the two backends of plotters.
//!
//! plotters works on whole pixels. The SVG is therefore drawn ten times as large and scaled back by
//! its `viewBox`; the bitmap is drawn four times as large and every 2 × 2 pixels are averaged, which
//! leaves two pixels per px of the page and smooth edges.

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontStyle, FontTransform, IntoFont, RGBAColor, ShapeStyle, TextStyle, register_font,
};

use super::font;
use super::indexed::png_file;
use super::scene::{Anchor, Item, Paint, Pixels, Point, Rect, Scene, Text, printable};
use crate::FigureError;

const SVG_SCALE: f64 = 10.0;
const BITMAP_SCALE: f64 = 4.0;
const AVERAGED: usize = 2;

/// plotters divides the size of text by this for SVG.
const SVG_TEXT: f64 = 1.24;

fn failure(error: impl std::error::Error) -> FigureError {
    FigureError::Drawing { reason: error.to_string() }
}

fn whole(value: f64, scale: f64) -> i32 {
    (value * scale).round().clamp(-1e6, 1e6) as i32
}

fn pixel((x, y): Point, scale: f64) -> (i32, i32) {
    (whole(x, scale), whole(y, scale))
}

/// Whole coordinates without repetitions.
fn path(points: &[Point], scale: f64) -> Vec<(i32, i32)> {
    let mut path: Vec<_> = points.iter().map(|&point| pixel(point, scale)).collect();
    path.dedup();
    path
}

fn shape(paint: Paint, width: f64) -> ShapeStyle {
    let (r, g, b) = paint.color;
    ShapeStyle {
        color: RGBAColor(r, g, b, paint.opacity),
        filled: true,
        stroke_width: width.round().max(1.0) as u32,
    }
}

fn text_style(text: &Text, size: f64) -> TextStyle<'static> {
    let weight = if text.bold { FontStyle::Bold } else { FontStyle::Normal };
    let turn = if text.upward { FontTransform::Rotate270 } else { FontTransform::None };
    let anchor = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let (r, g, b) = text.color;
    let mut style = TextStyle::from((font::FAMILY, size, weight).into_font().transform(turn));
    style.color = RGBAColor(r, g, b, 1.0).to_backend_color();
    style.pos = Pos::new(anchor, VPos::Top);
    style
}

/// The scene as an SVG document of `width` × `height` px that is named by `title`.
pub(super) fn svg(scene: &Scene, width: f64, height: f64, title: &str) -> Result<String, FigureError> {
    let mut body = String::new();
    let mut pictures = String::new();
    {
        let mut backend = SVGBackend::with_string(&mut body, (1, 1));
        for item in &scene.items {
            match item {
                Item::Stroke { points, width, paint } => {
                    let path = path(points, SVG_SCALE);
                    backend.draw_path(path, &shape(*paint, width * SVG_SCALE))
                }
                Item::Polygon { points, paint } => {
                    backend.fill_polygon(path(points, SVG_SCALE), &shape(*paint, 1.0))
                }
                Item::Disc { center, radius, paint } => {
                    let radius = whole(*radius, SVG_SCALE) as u32;
                    backend.draw_circle(pixel(*center, SVG_SCALE), radius, &shape(*paint, 1.0), true)
                }
                Item::Picture { place, pixels } => {
                    pictures.push_str(&embedded(*place, pixels)?);
                    Ok(())
                }
                Item::Text(text) => {
                    // plotters puts the baseline 0.76 times the size below the upper edge.
                    let drop = 0.76 * text.size;
                    let (x, y) = text.at;
                    let at = if text.upward { (x - drop, y) } else { (x, y - drop) };
                    let style = text_style(text, text.size * SVG_SCALE * SVG_TEXT);
                    backend.draw_text(&text.line, &style, pixel(at, SVG_SCALE))
                }
            }
            .map_err(failure)?;
        }
        backend.present().map_err(failure)?;
    }
    let body = body.split_once('\n').map_or("", |(_, rest)| rest);
    let body = body.replace(" opacity=\"1\"", "").replace(&format!(" font-family=\"{}\"", font::FAMILY), "");
    let (across, down) = pixel((width, height), SVG_SCALE);
    let title = escaped(title);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {across} {down}\" \
         role=\"img\" aria-label=\"{title}\" font-family=\"{}\" stroke-linejoin=\"round\">\n<title>{title}</title>\n\
         <rect width=\"{across}\" height=\"{down}\" fill=\"#FFFFFF\"/>\n{pictures}{body}",
        font::FAMILY,
    ))
}

fn escaped(text: &str) -> String {
    let text = printable(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// An `<image>` with sharp cells. Pictures with far more cells than can be seen are averaged down.
fn embedded(place: Rect, pixels: &Pixels) -> Result<String, FigureError> {
    let limit = |cells: usize, size: f64| cells.min((2.0 * size).ceil().max(1.0) as usize);
    let pixels = resampled(pixels, limit(pixels.width, place.width()), limit(pixels.height, place.height()));
    let (left, top) = pixel((place.left, place.top), SVG_SCALE);
    let (right, bottom) = pixel((place.right, place.bottom), SVG_SCALE);
    Ok(format!(
        "<image x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
         style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>\n",
        right - left,
        bottom - top,
        base64(&png_file(&pixels)?),
    ))
}

/// The scene as a PNG file with two pixels per px.
pub(super) fn png(scene: &Scene, width: f64, height: f64) -> Result<Vec<u8>, FigureError> {
    for (style, bytes) in [(FontStyle::Normal, font::REGULAR), (FontStyle::Bold, font::BOLD)] {
        register_font(font::FAMILY, style, bytes)
            .map_err(|_| FigureError::Drawing { reason: "the embedded font is damaged".to_string() })?;
    }
    let (across, down) = pixel((width, height), BITMAP_SCALE);
    let size = (across as u32, down as u32);
    let mut rgb = vec![255; across as usize * down as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut rgb, size);
        for item in &scene.items {
            match item {
                Item::Stroke { points, width, paint } => bitmap_stroke(&mut backend, points, *width, *paint),
                Item::Polygon { points, paint } => {
                    backend.fill_polygon(path(points, BITMAP_SCALE), &shape(*paint, 1.0)).map_err(failure)
                }
                Item::Disc { center, radius, paint } => {
                    let radius = whole(*radius, BITMAP_SCALE) as u32;
                    backend
                        .draw_circle(pixel(*center, BITMAP_SCALE), radius, &shape(*paint, 1.0), true)
                        .map_err(failure)
                }
                Item::Picture { place, pixels } => {
                    let (left, top) = pixel((place.left, place.top), BITMAP_SCALE);
                    let (right, bottom) = pixel((place.right, place.bottom), BITMAP_SCALE);
                    let (w, h) = ((right - left).max(1) as usize, (bottom - top).max(1) as usize);
                    backend
                        .blit_bitmap((left, top), (w as u32, h as u32), &resampled(pixels, w, h).rgb)
                        .map_err(failure)
                }
                Item::Text(text) => bitmap_text(&mut backend, text),
            }?;
        }
        backend.present().map_err(failure)?;
    }
    let large = Pixels { width: across as usize, height: down as usize, rgb };
    png_file(&resampled(&large, large.width / AVERAGED, large.height / AVERAGED))
}

/// A rectangle for every segment and a disc at every joint: plotters' own outline of a thick line
/// has holes where the line turns back.
fn bitmap_stroke<B: DrawingBackend>(
    backend: &mut B,
    points: &[Point],
    width: f64,
    paint: Paint,
) -> Result<(), FigureError> {
    let style = shape(paint, 1.0);
    let half = width * BITMAP_SCALE / 2.0;
    let path: Vec<Point> = points.iter().map(|&(x, y)| (x * BITMAP_SCALE, y * BITMAP_SCALE)).collect();
    for (i, pair) in path.windows(2).enumerate() {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let length = (x1 - x0).hypot(y1 - y0);
        if length == 0.0 {
            continue;
        }
        let (nx, ny) = ((y0 - y1) / length * half, (x1 - x0) / length * half);
        let corners = [(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)];
        if x0 == x1 || y0 == y1 {
            let low = corners.iter().fold((f64::MAX, f64::MAX), |a, p| (a.0.min(p.0), a.1.min(p.1)));
            let high = corners.iter().fold((f64::MIN, f64::MIN), |a, p| (a.0.max(p.0), a.1.max(p.1)));
            let last = |low: f64, high: f64| whole(low, 1.0) + (whole(high - low, 1.0) - 1).max(0);
            let end = (last(low.0, high.0), last(low.1, high.1));
            backend.draw_rect(pixel(low, 1.0), end, &style, true).map_err(failure)?;
        } else {
            backend.fill_polygon(corners.map(|corner| pixel(corner, 1.0)), &style).map_err(failure)?;
        }
        // plotters' disc of radius r is 2 r + 1 pixels wide.
        let radius = (half - 0.5).floor();
        if i > 0 && radius >= 2.0 && paint.opacity == 1.0 {
            backend.draw_circle(pixel(pair[0], 1.0), radius as u32, &style, true).map_err(failure)?;
        }
    }
    Ok(())
}

/// Text glyph by glyph, each at its own left bearing.
fn bitmap_text<B: DrawingBackend>(backend: &mut B, text: &Text) -> Result<(), FigureError> {
    let box_size = text.size * font::LINE_BOX * BITMAP_SCALE;
    let style = text_style(&Text { anchor: Anchor::Start, ..text.clone() }, box_size);
    let length = font::width(&text.line, text.size, text.bold);
    let mut pen = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -length / 2.0,
        Anchor::End => -length,
    };
    for character in text.line.chars() {
        let glyph = font::glyph(character, text.bold);
        let ink = pen + glyph.bearing * text.size;
        let (x, y) = text.at;
        let (x, y) = if text.upward { (x, y - ink) } else { (x + ink, y) };
        // plotters puts the baseline half the box below the upper edge.
        let drop = box_size / BITMAP_SCALE / 2.0;
        let at = if text.upward { (x - drop, y) } else { (x, y - drop) };
        backend
            .draw_text(character.encode_utf8(&mut [0; 4]), &style, pixel(at, BITMAP_SCALE))
            .map_err(failure)?;
        pen += glyph.advance * text.size;
    }
    Ok(())
}

/// Nearest cells where the picture grows, averages of all covered cells where it shrinks.
fn resampled(pixels: &Pixels, width: usize, height: usize) -> Pixels {
    if (width, height) == (pixels.width, pixels.height) {
        return pixels.clone();
    }
    let cover = |i: usize, new: usize, old: usize| {
        let first = i * old / new;
        first..((i + 1) * old / new).max(first + 1)
    };
    let mut rgb = Vec::with_capacity(width * height * 3);
    for row in 0..height {
        let rows = cover(row, height, pixels.height);
        for column in 0..width {
            let columns = cover(column, width, pixels.width);
            let count = (rows.len() * columns.len()) as u32;
            let mut sums = [count / 2; 3];
            for source in rows.clone() {
                for source in columns.clone().map(|column| 3 * (source * pixels.width + column)) {
                    for (sum, value) in sums.iter_mut().zip(&pixels.rgb[source..source + 3]) {
                        *sum += u32::from(*value);
                    }
                }
            }
            rgb.extend(sums.map(|sum| (sum / count) as u8));
        }
    }
    Pixels { width, height, rgb }
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(*group.get(i).unwrap_or(&0)));
        for digit in 0..4 {
            let sign =
                if digit <= group.len() { DIGITS[(bits >> (18 - 6 * digit) & 63) as usize] } else { b'=' };
            text.push(char::from(sign));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors of RFC 4648, section 10.
    #[test]
    fn base64_of_the_rfc() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar"];
        let coded = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        assert_eq!(texts.map(|text| base64(text.as_bytes())), coded);
    }

    #[test]
    fn pictures_grow_by_repeating_and_shrink_by_averaging() {
        let pixels = Pixels { width: 2, height: 1, rgb: vec![0, 0, 0, 100, 200, 50] };
        let grown = resampled(&pixels, 4, 2);
        assert_eq!(grown.rgb[..12], [0, 0, 0, 0, 0, 0, 100, 200, 50, 100, 200, 50]);
        assert_eq!(resampled(&grown, 2, 1), pixels);
        assert_eq!(resampled(&pixels, 1, 1).rgb, [50, 100, 25]);
    }
}
