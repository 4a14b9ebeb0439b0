//! What stands on a chart, and the drawing of curves, segments and reference lines.

use super::axis::{Axis, usable};
use super::frame::Frame;
use super::legend::{Entry, Key};
use super::scene::{Paint, Point, Rect, Scene, clip_line, clip_polygon};
use super::theme::Style;

const LINE: f64 = 1.9;
const BAND_OPACITY: f64 = 0.2;
pub(super) const BINNED_OPACITY: f64 = 0.45;
/// Lines with more points are condensed.
const LONG_LINE: usize = 4000;
/// Markers on a line keep this distance.
const MARKER_DISTANCE: f64 = 13.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Join {
    None,
    Straight,
    Steps,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ends {
    Band,
    Whiskers,
}

/// The order of drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Layer {
    Areas,
    Backdrop,
    Lines,
    Markers,
}

#[derive(Clone, Debug)]
pub(super) enum Shape {
    Curve { points: Vec<Point>, join: Join, markers: bool, kind: Ends, ends: Vec<(f64, f64)> },
    Bars { heights: Vec<f64>, ends: Vec<(f64, f64)> },
    Binned { edges: Vec<f64>, heights: Vec<f64> },
    Segments(Vec<(Point, Point, f64)>),
    Horizontal(f64),
    Vertical(f64),
    Diagonal,
}

#[derive(Clone, Debug)]
pub(super) struct Series {
    pub name: String,
    pub slot: usize,
    /// The look was chosen by the author.
    pub restyled: bool,
    pub shape: Shape,
}

impl Shape {
    pub(super) fn curve(points: impl IntoIterator<Item = Point>, join: Join, markers: bool) -> Self {
        Self::Curve {
            points: points.into_iter().collect(),
            join,
            markers,
            kind: Ends::Band,
            ends: Vec::new(),
        }
    }

    pub(super) fn set_ends(&mut self, new_kind: Ends, new_ends: Vec<(f64, f64)>) {
        match self {
            Self::Curve { kind, ends, .. } => (*kind, *ends) = (new_kind, new_ends),
            Self::Bars { ends, .. } => *ends = new_ends,
            _ => {}
        }
    }

    pub(super) fn is_reference(&self) -> bool {
        matches!(self, Self::Horizontal(_) | Self::Vertical(_) | Self::Diagonal)
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Curve { points, .. } => points.len(),
            Self::Bars { heights, .. } | Self::Binned { heights, .. } => heights.len(),
            Self::Segments(segments) => segments.len(),
            Self::Horizontal(_) | Self::Vertical(_) | Self::Diagonal => 1,
        }
    }
}

/// A lower end ≤ 0 runs off the bottom of a logarithmic axis.
pub(super) fn off_the_bottom(lower: f64, axis: &Axis) -> f64 {
    if axis.log && lower <= 0.0 && lower.is_finite() { axis.low } else { lower }
}

impl Series {
    pub(super) fn style(&self) -> Style {
        if self.shape.is_reference() && !self.restyled {
            Style::reference(self.slot)
        } else {
            Style::slot(self.slot)
        }
    }

    pub(super) fn bar_count(&self) -> usize {
        if let Shape::Bars { heights, .. } = &self.shape { heights.len() } else { 0 }
    }

    pub(super) fn entry(&self) -> Entry {
        let key = match &self.shape {
            Shape::Curve { join, markers, kind, ends, .. } => Key::Curve {
                line: *join != Join::None,
                markers: *markers,
                band: !ends.is_empty() && *kind == Ends::Band,
                whiskers: !ends.is_empty() && *kind == Ends::Whiskers,
            },
            Shape::Bars { .. } => Key::Area { stripes: true, opacity: 1.0 },
            Shape::Binned { .. } => Key::Area { stripes: false, opacity: BINNED_OPACITY },
            Shape::Segments(_) => Key::Segments,
            Shape::Horizontal(_) | Shape::Vertical(_) | Shape::Diagonal => {
                Key::Curve { line: true, markers: false, band: false, whiskers: false }
            }
        };
        Entry { name: self.name.clone(), style: self.style(), key }
    }

    /// Adds the values that the axes should show; those of the y of curves only where x is shown.
    pub(super) fn extend(&self, shown: (f64, f64), y_log: bool, x: &mut Vec<f64>, y: &mut Vec<f64>) {
        let base = if y_log { f64::NAN } else { 0.0 };
        match &self.shape {
            Shape::Curve { points, ends, .. } => {
                x.extend(points.iter().map(|point| point.0));
                for (i, point) in
                    points.iter().enumerate().filter(|(_, p)| (shown.0..=shown.1).contains(&p.0))
                {
                    y.push(point.1);
                    y.extend(ends.get(i).into_iter().flat_map(|&(lower, upper)| [lower, upper]));
                }
            }
            Shape::Bars { heights, ends } => {
                x.extend((0..heights.len()).map(|i| i as f64));
                y.extend(heights);
                y.extend(ends.iter().flat_map(|&(lower, upper)| [lower, upper]));
                y.push(base);
            }
            Shape::Binned { edges, heights } => {
                x.extend(edges);
                y.extend(heights);
                y.push(base);
            }
            Shape::Segments(segments) => {
                x.extend(segments.iter().flat_map(|(from, to, _)| [from.0, to.0]));
                y.extend(segments.iter().flat_map(|(from, to, _)| [from.1, to.1]));
            }
            Shape::Horizontal(value) => y.push(*value),
            Shape::Vertical(value) => x.push(*value),
            Shape::Diagonal => {}
        }
    }

    /// Draws what belongs to a layer. Bars are number `group.0` of `group.1` side by side.
    pub(super) fn draw(
        &self,
        scene: &mut Scene,
        frame: &Frame,
        plot: Rect,
        layer: Layer,
        group: (usize, usize),
    ) {
        match (&self.shape, layer) {
            (Shape::Curve { .. }, _) => self.draw_curve(scene, frame, plot, layer),
            (Shape::Bars { .. }, _) => self.draw_bars(scene, frame, plot, layer, group),
            (Shape::Binned { edges, heights }, Layer::Areas) => {
                self.draw_binned(scene, frame, plot, edges, heights)
            }
            (Shape::Segments(segments), Layer::Backdrop) => self.draw_segments(scene, frame, plot, segments),
            (Shape::Horizontal(y), Layer::Backdrop) => {
                if let Some(y) = frame.up(plot, *y) {
                    self.draw_reference(scene, plot, vec![(plot.left, y), (plot.right, y)]);
                }
            }
            (Shape::Vertical(x), Layer::Backdrop) => {
                if let Some(x) = frame.across(plot, *x) {
                    self.draw_reference(scene, plot, vec![(x, plot.bottom), (x, plot.top)]);
                }
            }
            (Shape::Diagonal, Layer::Backdrop) => {
                // With one linear and one logarithmic axis y = x is not straight.
                let steps = (0..=200).map(|i| i as f64 / 200.0);
                let values = steps.map(|share| match frame.x.log {
                    true => frame.x.low * (frame.x.high / frame.x.low).powf(share),
                    false => frame.x.low + share * (frame.x.high - frame.x.low),
                });
                let points = values.filter_map(|value| frame.place(plot, (value, value))).collect();
                self.draw_reference(scene, plot, points);
            }
            _ => {}
        }
    }

    fn draw_reference(&self, scene: &mut Scene, plot: Rect, points: Vec<Point>) {
        for part in clip_line(&points, plot) {
            scene.dashed(part, self.style().dash, 1.4, self.style().color);
        }
    }

    fn draw_curve(&self, scene: &mut Scene, frame: &Frame, plot: Rect, layer: Layer) {
        let Shape::Curve { points, join, markers, kind, ends } = &self.shape else { return };
        let style = self.style();
        match layer {
            Layer::Areas if *kind == Ends::Band => self.draw_band(scene, frame, plot, points, ends),
            Layer::Lines => {
                for run in
                    points.chunk_by(|a, b| frame.place(plot, *a).is_some() && frame.place(plot, *b).is_some())
                {
                    let mut line: Vec<Point> =
                        run.iter().filter_map(|&point| frame.place(plot, point)).collect();
                    match join {
                        Join::None => continue,
                        Join::Straight => {}
                        Join::Steps => {
                            let corners = line.windows(2).map(|pair| (pair[1].0, pair[0].1));
                            let corners: Vec<Point> = corners.collect();
                            line = line
                                .iter()
                                .zip(&corners)
                                .flat_map(|(a, b)| [*a, *b])
                                .chain(line.last().copied())
                                .collect();
                        }
                    }
                    // A point between two gaps would be invisible as a line.
                    if line.len() == 1 && !markers && plot.contains(line[0]) {
                        scene.marker(style.marker, line[0], style.color);
                    }
                    for part in clip_line(&condensed(line), plot) {
                        scene.dashed(part, style.dash, LINE, style.color);
                    }
                }
            }
            Layer::Markers => {
                if *kind == Ends::Whiskers {
                    for (&(x, _), &whisker) in points.iter().zip(ends) {
                        if let Some(x) = frame.across(plot, x) {
                            self.draw_whisker(scene, frame, plot, x, whisker);
                        }
                    }
                }
                if !markers {
                    return;
                }
                let mut last: Option<Point> = None;
                for at in points
                    .iter()
                    .filter_map(|&point| frame.place(plot, point))
                    .filter(|&at| plot.contains(at))
                {
                    let near = |old: Point| (at.0 - old.0).hypot(at.1 - old.1) < MARKER_DISTANCE;
                    if *join == Join::None || !last.is_some_and(near) {
                        scene.marker(style.marker, at, style.color);
                        last = Some(at);
                    }
                }
            }
            _ => {}
        }
    }

    fn draw_band(&self, scene: &mut Scene, frame: &Frame, plot: Rect, points: &[Point], ends: &[(f64, f64)]) {
        let paint = Paint { color: self.style().color, opacity: BAND_OPACITY };
        let edges: Vec<Option<(Point, Point)>> = points
            .iter()
            .zip(ends)
            .map(|(&(x, _), &(lower, upper))| {
                let lower = frame.place(plot, (x, off_the_bottom(lower, &frame.y)))?;
                Some((lower, frame.place(plot, (x, upper))?))
            })
            .collect();
        for run in edges.split(Option::is_none) {
            let run: Vec<(Point, Point)> = run.iter().copied().flatten().collect();
            let outline = run.iter().map(|edge| edge.0).chain(run.iter().rev().map(|edge| edge.1)).collect();
            let visible = clip_polygon(outline, plot);
            if visible.len() > 2 {
                scene.polygon(visible, paint);
            }
        }
    }

    fn draw_segments(&self, scene: &mut Scene, frame: &Frame, plot: Rect, segments: &[(Point, Point, f64)]) {
        let heaviest = segments.iter().map(|segment| segment.2).filter(|w| w.is_finite()).fold(0.0, f64::max);
        for &(from, to, weight) in
            segments.iter().filter(|(.., weight)| usable(*weight, false) && *weight > 0.0)
        {
            let (Some(from), Some(to)) = (frame.place(plot, from), frame.place(plot, to)) else { continue };
            let share = (weight / heaviest).min(1.0);
            let paint = Paint { color: self.style().color, opacity: 0.12 + 0.5 * share };
            for part in clip_line(&[from, to], plot) {
                scene.stroke(part, 0.5 + 1.2 * share, paint);
            }
        }
    }
}

/// A long line with fewer points: of the points that follow each other within half a px across, only
/// the first, the lowest, the highest and the last are kept, which no eye can tell.
fn condensed(line: Vec<Point>) -> Vec<Point> {
    if line.len() <= LONG_LINE {
        return line;
    }
    let column = |point: &Point| (2.0 * point.0).floor();
    let mut kept = Vec::with_capacity(LONG_LINE);
    for run in line.chunk_by(|a, b| column(a) == column(b)) {
        let extreme =
            |sign: f64| (0..run.len()).max_by(|&a, &b| (sign * run[a].1).total_cmp(&(sign * run[b].1)));
        let mut indices = [0, extreme(-1.0).unwrap_or(0), extreme(1.0).unwrap_or(0), run.len() - 1];
        indices.sort_unstable();
        kept.extend(indices.map(|index| run[index]));
    }
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condensed_line_keeps_its_extremes_and_ends() {
        let short: Vec<Point> = (0..LONG_LINE).map(|i| (i as f64 / 900.0, i as f64)).collect();
        assert_eq!(condensed(short.clone()), short);
        let long: Vec<Point> =
            (0..100_000).map(|i| (f64::from(i) / 1000.0, f64::from(i * 7919 % 1009))).collect();
        let kept = condensed(long.clone());
        assert!(kept.len() <= 4 * 200);
        assert_eq!((kept[0], kept[kept.len() - 1]), (long[0], long[99_999]));
        let highest = |points: &[Point]| points.iter().map(|point| point.1).fold(0.0, f64::max);
        assert_eq!(highest(&kept), highest(&long));
    }
}
