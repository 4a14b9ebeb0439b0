//! Widths of characters, read from the embedded fonts, and line breaking.
//!
//! plotters rounds text widths to whole pixels and drops the room to the left of each glyph when it
//! draws a bitmap. The advance and the left bearing of every glyph are therefore taken from the
//! font's own tables (`cmap` format 4 and `hmtx`), so that both outputs are laid out alike.

use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) static REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");
pub(super) static BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold.ttf");

/// The family asked for in SVG: Verdana has the same widths where DejaVu Sans is not installed.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Height of a capital letter, in units of the text size.
pub(super) const CAP_HEIGHT: f64 = 0.73;

/// Ascent plus descent, in units of the text size.
pub(super) const LINE_BOX: f64 = 2384.0 / 2048.0;

/// Advance and left bearing, in units of the text size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Glyph {
    pub advance: f64,
    pub bearing: f64,
}

struct Face {
    glyphs: HashMap<char, Glyph>,
    missing: Glyph,
}

static FACES: LazyLock<[Face; 2]> = LazyLock::new(|| {
    [REGULAR, BOLD].map(|font| Face::read(font).expect("the embedded fonts are well formed"))
});

fn unsigned(bytes: &[u8], at: usize) -> Option<usize> {
    let pair = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_be_bytes([pair[0], pair[1]])))
}

fn signed(bytes: &[u8], at: usize) -> Option<f64> {
    let pair = bytes.get(at..at + 2)?;
    Some(f64::from(i16::from_be_bytes([pair[0], pair[1]])))
}

fn offset(bytes: &[u8], at: usize) -> Option<usize> {
    Some(unsigned(bytes, at)? << 16 | unsigned(bytes, at + 2)?)
}

fn table<'a>(font: &'a [u8], tag: &[u8; 4]) -> Option<&'a [u8]> {
    let record =
        (0..unsigned(font, 4)?).map(|i| 12 + 16 * i).find(|&at| font.get(at..at + 4) == Some(tag))?;
    let start = offset(font, record + 8)?;
    font.get(start..start + offset(font, record + 12)?)
}

impl Face {
    fn read(font: &[u8]) -> Option<Self> {
        let em = signed(table(font, b"head")?, 18)?;
        let full_records = unsigned(table(font, b"hhea")?, 34)?;
        let metrics = table(font, b"hmtx")?;
        let glyph = |index: usize| -> Option<Glyph> {
            let bearing_at = if index < full_records {
                4 * index + 2
            } else {
                4 * full_records + 2 * (index - full_records)
            };
            Some(Glyph {
                advance: signed(metrics, 4 * index.min(full_records - 1))? / em,
                bearing: signed(metrics, bearing_at)? / em,
            })
        };

        let cmap = table(font, b"cmap")?;
        let map = (0..unsigned(cmap, 2)?)
            .filter_map(|i| cmap.get(offset(cmap, 4 + 8 * i + 4)?..))
            .find(|map| unsigned(map, 0) == Some(4))?;
        let twice = unsigned(map, 6)?;
        let mut glyphs = HashMap::new();
        for segment in (0..twice).step_by(2) {
            let last = unsigned(map, 14 + segment)?;
            let first = unsigned(map, 16 + twice + segment)?;
            let delta = unsigned(map, 16 + 2 * twice + segment)?;
            let range_at = 16 + 3 * twice + segment;
            let range = unsigned(map, range_at)?;
            for code in first..=last.min(0xfffe) {
                let index = match range {
                    0 => code + delta,
                    _ => match unsigned(map, range_at + range + 2 * (code - first))? {
                        0 => continue,
                        index => index + delta,
                    },
                };
                if let Some(character) = char::from_u32(code as u32) {
                    glyphs.insert(character, glyph(index & 0xffff)?);
                }
            }
        }
        Some(Self { glyphs, missing: glyph(0)? })
    }
}

/// The metrics of a character; those of the empty box if the font lacks it.
pub(super) fn glyph(character: char, bold: bool) -> Glyph {
    let face = &FACES[usize::from(bold)];
    *face.glyphs.get(&character).unwrap_or(&face.missing)
}

/// Width in px of one line of text whose size is `size` px.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    size * text.chars().map(|c| glyph(c, bold).advance).sum::<f64>()
}

/// The widest of several lines.
pub(super) fn widest<'a>(lines: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    lines.into_iter().map(|line| width(line, size, false)).fold(0.0, f64::max)
}

/// Breaks text at spaces, and inside a word only where the word alone is wider than `limit` px.
pub(super) fn wrap(text: &str, size: f64, bold: bool, limit: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
            if width(&longer, size, bold) <= limit {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for character in word.chars() {
                line.push(character);
                if width(&line, size, bold) > limit && line.chars().nth(1).is_some() {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, character.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units of DejaVu Sans 2.37 (2048 to the em), as `ttx -t hmtx` prints them.
    #[test]
    fn metrics_are_those_of_the_font() {
        let units =
            |advance: f64, bearing: f64| Glyph { advance: advance / 2048.0, bearing: bearing / 2048.0 };
        assert_eq!(glyph('l', false), units(569.0, 193.0));
        assert_eq!(glyph('M', false), units(1767.0, 201.0));
        assert_eq!(glyph('l', true), units(702.0, 172.0));
    }

    #[test]
    fn the_fonts_have_the_signs_of_the_papers() {
        for bold in [false, true] {
            for sign in "−αγλεΩ₀₁₂ᵢⱼ‖×≤≥∞²⁻⁹ᵀ∈∑√·…–ℓℝ".chars()
            {
                assert!(FACES[usize::from(bold)].glyphs.contains_key(&sign), "{sign}");
            }
        }
    }

    #[test]
    fn wrapping_keeps_all_letters_and_the_limit() {
        let text = "nonzeros per column of an unreasonablylongword";
        let lines = wrap(text, 12.0, false, 80.0);
        assert!(lines.iter().all(|line| width(line, 12.0, false) <= 80.0));
        let letters = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(letters(&lines.concat()), letters(text));
        assert!(wrap(" \n ", 12.0, false, 80.0).is_empty());
        assert_eq!(wrap("ab", 12.0, false, 0.0), ["a", "b"]);
    }
}
