//! What a figure consists of before it becomes SVG or pixels: shapes and text in px of the page,
//! with y pointing down. Both outputs are made from the same scene.

use super::font;
use super::theme::{LEADING, Marker, Rgb, WHITE};

pub(super) type Point = (f64, f64);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn center(&self) -> Point {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }

    pub(super) fn contains(&self, (x, y): Point) -> bool {
        let slack = 0.01;
        (self.left - slack..=self.right + slack).contains(&x)
            && (self.top - slack..=self.bottom + slack).contains(&y)
    }

    /// The largest rectangle of the given height per width that fits, centred across and at the top.
    pub(super) fn fit(&self, ratio: f64) -> Rect {
        let width = self.width().min(self.height() / ratio);
        let left = self.center().0 - width / 2.0;
        Rect { left, top: self.top, right: left + width, bottom: self.top + width * ratio }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Paint {
    pub color: Rgb,
    pub opacity: f64,
}

impl From<Rgb> for Paint {
    fn from(color: Rgb) -> Self {
        Self { color, opacity: 1.0 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// One line of text; `at` lies on the baseline.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub line: String,
    pub at: Point,
    pub size: f64,
    pub bold: bool,
    pub color: Rgb,
    pub anchor: Anchor,
    /// Reads upwards.
    pub upward: bool,
}

/// Rows of RGB pixels from the top.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pixels {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(super) enum Item {
    Stroke { points: Vec<Point>, width: f64, paint: Paint },
    Polygon { points: Vec<Point>, paint: Paint },
    Disc { center: Point, radius: f64, paint: Paint },
    Picture { place: Rect, pixels: Pixels },
    Text(Text),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub items: Vec<Item>,
}

impl Scene {
    pub(super) fn stroke(&mut self, points: Vec<Point>, width: f64, paint: impl Into<Paint>) {
        self.items.push(Item::Stroke { points, width, paint: paint.into() });
    }

    pub(super) fn polygon(&mut self, points: Vec<Point>, paint: impl Into<Paint>) {
        self.items.push(Item::Polygon { points, paint: paint.into() });
    }

    pub(super) fn rect(&mut self, r: Rect, paint: impl Into<Paint>) {
        self.polygon(corners(r), paint);
    }

    pub(super) fn outline(&mut self, r: Rect, width: f64, paint: impl Into<Paint>) {
        let mut points = corners(r);
        points.push(points[0]);
        self.stroke(points, width, paint);
    }

    /// A line in strokes and gaps; an empty pattern is a full line.
    pub(super) fn dashed(
        &mut self,
        points: Vec<Point>,
        pattern: &[f64],
        width: f64,
        paint: impl Into<Paint>,
    ) {
        let paint = paint.into();
        if pattern.is_empty() {
            return self.stroke(points, width, paint);
        }
        let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
        let (mut part, mut left) = (0, pattern[0]);
        for pair in points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let mut gone = 0.0;
            while length - gone > left {
                gone += left;
                let share = gone / length;
                let cut = (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1));
                if part % 2 == 0 {
                    piece.push(cut);
                    self.stroke(std::mem::take(&mut piece), width, paint);
                } else {
                    piece = vec![cut];
                }
                part = (part + 1) % pattern.len();
                left = pattern[part];
            }
            left -= length - gone;
            if part % 2 == 0 {
                piece.push(to);
            }
        }
        if part % 2 == 0 && piece.len() > 1 {
            self.stroke(piece, width, paint);
        }
    }

    /// A marker of about 7 px with a white rim, so that overlapping markers stay apart.
    pub(super) fn marker(&mut self, marker: Marker, (x, y): Point, color: Rgb) {
        let at = |points: &[Point]| points.iter().map(|(dx, dy)| (x + dx, y + dy)).collect::<Vec<_>>();
        let filled = |scene: &mut Self, points: &[Point]| {
            let mut rim = at(points);
            rim.push(rim[0]);
            scene.stroke(rim, 1.6, WHITE);
            scene.polygon(at(points), color);
        };
        match marker {
            Marker::Disc => {
                self.items.push(Item::Disc { center: (x, y), radius: 4.2, paint: WHITE.into() });
                self.items.push(Item::Disc { center: (x, y), radius: 3.4, paint: color.into() });
            }
            Marker::Ring => {
                self.items.push(Item::Disc { center: (x, y), radius: 3.7, paint: color.into() });
                self.items.push(Item::Disc { center: (x, y), radius: 2.2, paint: WHITE.into() });
            }
            Marker::Square => filled(self, &[(-3.1, -3.1), (3.1, -3.1), (3.1, 3.1), (-3.1, 3.1)]),
            Marker::Triangle => filled(self, &[(0.0, -4.2), (3.9, 2.8), (-3.9, 2.8)]),
            Marker::TriangleDown => filled(self, &[(0.0, 4.2), (3.9, -2.8), (-3.9, -2.8)]),
            Marker::Diamond => filled(self, &[(0.0, -4.4), (4.4, 0.0), (0.0, 4.4), (-4.4, 0.0)]),
            Marker::Cross => {
                self.stroke(at(&[(-3.1, -3.1), (3.1, 3.1)]), 1.8, color);
                self.stroke(at(&[(-3.1, 3.1), (3.1, -3.1)]), 1.8, color);
            }
            Marker::Plus => {
                self.stroke(at(&[(-4.0, 0.0), (4.0, 0.0)]), 1.8, color);
                self.stroke(at(&[(0.0, -4.0), (0.0, 4.0)]), 1.8, color);
            }
        }
    }

    pub(super) fn text(&mut self, text: Text) {
        self.items.push(Item::Text(Text { line: printable(&text.line), ..text }));
    }

    /// One upright line in regular weight.
    pub(super) fn words(&mut self, line: String, at: Point, size: f64, color: Rgb, anchor: Anchor) {
        self.text(Text { line, at, size, bold: false, color, anchor, upward: false });
    }

    /// Centred lines below one another; `top` is the upper edge of the first.
    pub(super) fn block(&mut self, lines: Vec<String>, (x, top): Point, size: f64, bold: bool, color: Rgb) {
        for (i, line) in lines.into_iter().enumerate() {
            let y = top + size * (LEADING * i as f64 + 1.0);
            self.text(Text { line, at: (x, y), size, bold, color, anchor: Anchor::Middle, upward: false });
        }
    }

    /// Centred lines that read upwards, side by side; `left` is the left edge of the first.
    pub(super) fn upward_block(&mut self, lines: Vec<String>, (left, y): Point, size: f64, color: Rgb) {
        for (i, line) in lines.into_iter().enumerate() {
            let x = left + size * (LEADING * i as f64 + 1.0);
            self.text(Text {
                line,
                at: (x, y),
                size,
                bold: false,
                color,
                anchor: Anchor::Middle,
                upward: true,
            });
        }
    }
}

/// Spaces in the place of characters that XML does not allow.
pub(super) fn printable(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'), " ")
}

/// Distance from the middle of a line of capitals to its baseline.
pub(super) fn half_capital(size: f64) -> f64 {
    size * font::CAP_HEIGHT / 2.0
}

pub(super) fn corners(r: Rect) -> Vec<Point> {
    vec![(r.left, r.top), (r.right, r.top), (r.right, r.bottom), (r.left, r.bottom)]
}

/// The parts of a line that lie inside a rectangle (Liang and Barsky, 1984).
pub(super) fn clip_line(points: &[Point], r: Rect) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let edges =
            [(-dx, from.0 - r.left), (dx, r.right - from.0), (-dy, from.1 - r.top), (dy, r.bottom - from.1)];
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for (step, room) in edges {
            if step < 0.0 {
                enter = enter.max(room / step);
            } else if step > 0.0 {
                leave = leave.min(room / step);
            } else if room < 0.0 {
                leave = -1.0;
            }
        }
        if enter > leave {
            open = false;
            continue;
        }
        let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
        if !open || enter > 0.0 {
            parts.push(vec![at(enter)]);
        }
        let end = if leave < 1.0 { at(leave) } else { to };
        parts.last_mut().expect("a part was opened above").push(end);
        open = leave >= 1.0;
    }
    parts
}

/// The part of a polygon inside a rectangle (Sutherland and Hodgman, 1974).
pub(super) fn clip_polygon(points: Vec<Point>, r: Rect) -> Vec<Point> {
    let sides: [(bool, f64, f64); 4] =
        [(true, 1.0, r.left), (true, -1.0, -r.right), (false, 1.0, r.top), (false, -1.0, -r.bottom)];
    sides.into_iter().fold(points, |points, (across, sign, limit)| {
        let depth = |p: Point| sign * if across { p.0 } else { p.1 } - limit;
        let mut kept = Vec::with_capacity(points.len() + 4);
        for (i, &to) in points.iter().enumerate() {
            let from = points[(i + points.len() - 1) % points.len()];
            let (a, b) = (depth(from), depth(to));
            if (a < 0.0) != (b < 0.0) {
                let share = a / (a - b);
                kept.push((from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1)));
            }
            if b >= 0.0 {
                kept.push(to);
            }
        }
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Rect = Rect { left: 0.0, top: 0.0, right: 10.0, bottom: 10.0 };

    #[test]
    fn a_line_is_cut_where_it_leaves() {
        let line = [(-5.0, 5.0), (5.0, 5.0), (5.0, 15.0), (8.0, 15.0), (8.0, 5.0)];
        assert_eq!(
            clip_line(&line, UNIT),
            [vec![(0.0, 5.0), (5.0, 5.0), (5.0, 10.0)], vec![(8.0, 10.0), (8.0, 5.0)]]
        );
        assert!(clip_line(&[(-1.0, -1.0), (11.0, -1.0)], UNIT).is_empty());
    }

    #[test]
    fn a_polygon_is_cut_at_all_sides() {
        let around = vec![(-5.0, -5.0), (15.0, -5.0), (15.0, 15.0), (-5.0, 15.0)];
        let area = |p: &[Point]| {
            (0..p.len())
                .map(|i| p[i].0 * p[(i + 1) % p.len()].1 - p[i].1 * p[(i + 1) % p.len()].0)
                .sum::<f64>()
                / 2.0
        };
        assert_eq!(area(&clip_polygon(around, UNIT)), 100.0);
        assert!(clip_polygon(vec![(20.0, 0.0), (30.0, 0.0), (30.0, 5.0)], UNIT).is_empty());
    }

    #[test]
    fn dashes_have_the_lengths_of_the_pattern() {
        let mut scene = Scene::default();
        scene.dashed(vec![(0.0, 0.0), (5.0, 0.0), (20.0, 0.0)], &[7.0, 3.0], 1.0, WHITE);
        let ends: Vec<(f64, f64)> = scene
            .items
            .iter()
            .map(|item| match item {
                Item::Stroke { points, .. } => (points[0].0, points[points.len() - 1].0),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ends, [(0.0, 7.0), (10.0, 17.0)]);
    }
}
