//! The key to the series of a chart, outside the data.

use super::font;
use super::scene::{Anchor, Paint, Point, Rect, Scene, half_capital};
use super::stripes::hatch;
use super::theme::{INK, LEADING, SMALL, Style};

/// What stands before a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Key {
    Curve { line: bool, markers: bool, band: bool, whiskers: bool },
    Area { stripes: bool, opacity: f64 },
    Segments,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub name: String,
    pub style: Style,
    pub key: Key,
}

const LONG_KEY: f64 = 34.0;
const SHORT_KEY: f64 = 16.0;
const KEY_GAP: f64 = 7.0;
const COLUMN_GAP: f64 = 20.0;
const ROW_GAP: f64 = 4.0;

/// Entries placed in columns of their own widths.
pub(super) struct Legend<'a> {
    entries: &'a [Entry],
    key_width: f64,
    names: Vec<Vec<String>>,
    columns: Vec<f64>,
    rows: Vec<f64>,
}

impl<'a> Legend<'a> {
    /// As many columns as fit into `width` px; names that alone are wider are broken into lines.
    pub(super) fn new(entries: &'a [Entry], width: f64) -> Self {
        let long = |entry: &Entry| !matches!(entry.key, Key::Curve { line: false, band: false, .. });
        let key_width = if entries.iter().any(long) { LONG_KEY } else { SHORT_KEY };
        let names: Vec<Vec<String>> =
            entries.iter().map(|e| font::wrap(&e.name, SMALL, false, width - key_width - KEY_GAP)).collect();
        let widths: Vec<f64> = names
            .iter()
            .map(|lines| key_width + KEY_GAP + font::widest(lines.iter().map(String::as_str), SMALL))
            .collect();
        let arranged = |count: usize| -> Vec<f64> {
            (0..count).map(|c| widths.iter().skip(c).step_by(count).copied().fold(0.0, f64::max)).collect()
        };
        let total = |columns: &[f64]| columns.iter().sum::<f64>() + COLUMN_GAP * (columns.len() as f64 - 1.0);
        let fitting = (1..=entries.len()).rev().find(|&count| total(&arranged(count)) <= width).unwrap_or(1);
        // The same number of rows with fewer columns leaves no ragged last row.
        let rows = entries.len().div_ceil(fitting).max(1);
        let columns = arranged(entries.len().div_ceil(rows).max(1));
        let rows = names
            .chunks(columns.len())
            .map(|row| row.iter().map(Vec::len).max().unwrap_or(1).max(1) as f64 * SMALL * LEADING)
            .collect();
        Self { entries, key_width, names, columns, rows }
    }

    pub(super) fn width(&self) -> f64 {
        self.columns.iter().sum::<f64>() + COLUMN_GAP * (self.columns.len() as f64 - 1.0)
    }

    pub(super) fn height(&self) -> f64 {
        if self.entries.is_empty() {
            return 0.0;
        }
        self.rows.iter().sum::<f64>() + ROW_GAP * (self.rows.len() as f64 - 1.0)
    }

    pub(super) fn draw(&self, scene: &mut Scene, (left, top): Point) {
        for (i, (entry, lines)) in self.entries.iter().zip(&self.names).enumerate() {
            let (row, column) = (i / self.columns.len(), i % self.columns.len());
            let x = left + self.columns[..column].iter().map(|w| w + COLUMN_GAP).sum::<f64>();
            let y = top + self.rows[..row].iter().map(|h| h + ROW_GAP).sum::<f64>();
            let middle = y + SMALL * LEADING / 2.0;
            key(scene, entry, x, middle, self.key_width);
            for (n, line) in lines.iter().enumerate() {
                let baseline = middle + half_capital(SMALL) + n as f64 * SMALL * LEADING;
                scene.words(
                    line.clone(),
                    (x + self.key_width + KEY_GAP, baseline),
                    SMALL,
                    INK,
                    Anchor::Start,
                );
            }
        }
    }
}

fn key(scene: &mut Scene, entry: &Entry, x: f64, y: f64, width: f64) {
    let Style { color, dash, marker, hatch: stripes } = entry.style;
    let block = |half: f64| Rect { left: x, top: y - half, right: x + width, bottom: y + half };
    match entry.key {
        Key::Curve { line, markers, band, whiskers } => {
            if band {
                scene.rect(block(5.0), Paint { color, opacity: 0.2 });
            }
            if line {
                scene.dashed(vec![(x, y), (x + width, y)], dash, 1.9, color);
            }
            if whiskers {
                let middle = x + width / 2.0;
                scene.stroke(vec![(middle, y - 7.0), (middle, y + 7.0)], 1.3, color);
                scene.stroke(vec![(middle - 3.0, y - 7.0), (middle + 3.0, y - 7.0)], 1.3, color);
                scene.stroke(vec![(middle - 3.0, y + 7.0), (middle + 3.0, y + 7.0)], 1.3, color);
            }
            if markers {
                scene.marker(marker, (x + width / 2.0, y), color);
            }
        }
        Key::Area { stripes: striped, opacity } => {
            let swatch = Rect { left: x + 10.0, ..block(5.0) };
            scene.rect(swatch, Paint { color, opacity });
            if striped {
                hatch(scene, swatch, stripes);
            } else {
                scene.outline(swatch, 1.0, color);
            }
        }
        Key::Segments => scene.stroke(vec![(x, y), (x + width, y)], 1.6, Paint { color, opacity: 0.7 }),
    }
}
