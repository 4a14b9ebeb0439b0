//! Bars, intervals and whiskers.

use super::frame::Frame;
use super::scene::{Paint, Rect, Scene, clip_line};
use super::series::{BINNED_OPACITY, Layer, Series, Shape, off_the_bottom};
use super::stripes::hatch;
use super::theme::INK;

impl Series {
    pub(super) fn draw_whisker(
        &self,
        scene: &mut Scene,
        frame: &Frame,
        plot: Rect,
        x: f64,
        (lower, upper): (f64, f64),
    ) {
        let lower = frame.up(plot, off_the_bottom(lower, &frame.y));
        let (Some(lower), Some(upper)) = (lower, frame.up(plot, upper)) else { return };
        let color = if self.bar_count() > 0 { INK } else { self.style().color };
        for line in [
            [(x, lower), (x, upper)],
            [(x - 3.5, lower), (x + 3.5, lower)],
            [(x - 3.5, upper), (x + 3.5, upper)],
        ] {
            for part in clip_line(&line, plot) {
                scene.stroke(part, 1.3, color);
            }
        }
    }

    pub(super) fn draw_bars(
        &self,
        scene: &mut Scene,
        frame: &Frame,
        plot: Rect,
        layer: Layer,
        group: (usize, usize),
    ) {
        let Shape::Bars { heights, ends } = &self.shape else { return };
        let base = frame.up(plot, if frame.y.log { frame.y.low } else { 0.0 }).unwrap_or(plot.bottom);
        let width = 0.8 / group.1.max(1) as f64;
        for (i, &height) in heights.iter().enumerate() {
            let start = i as f64 - 0.4 + width * group.0 as f64;
            let (Some(left), Some(right)) = (frame.across(plot, start), frame.across(plot, start + width))
            else {
                continue;
            };
            match (layer, frame.up(plot, height)) {
                (Layer::Areas, Some(top)) => {
                    let gap = if group.1 > 1 { 0.75 } else { 0.0 };
                    let bar = Rect {
                        left: left + gap,
                        top: top.min(base),
                        right: right - gap,
                        bottom: top.max(base),
                    };
                    if let Some(bar) = overlap(bar, plot) {
                        scene.rect(bar, self.style().color);
                        hatch(scene, bar, self.style().hatch);
                    }
                }
                (Layer::Markers, _) if i < ends.len() => {
                    self.draw_whisker(scene, frame, plot, (left + right) / 2.0, ends[i]);
                }
                _ => {}
            }
        }
    }

    pub(super) fn draw_binned(
        &self,
        scene: &mut Scene,
        frame: &Frame,
        plot: Rect,
        edges: &[f64],
        heights: &[f64],
    ) {
        let color = self.style().color;
        let base = frame.up(plot, if frame.y.log { frame.y.low } else { 0.0 }).unwrap_or(plot.bottom);
        for (pair, &height) in edges.windows(2).zip(heights) {
            let sides = (frame.across(plot, pair[0]), frame.across(plot, pair[1]), frame.up(plot, height));
            let (Some(left), Some(right), Some(top)) = sides else { continue };
            let (left, right) = (left.min(right), left.max(right));
            let bin = Rect { left, top: top.min(base), right, bottom: top.max(base) };
            if let Some(bin) = overlap(bin, plot).filter(|bin| bin.height() > 0.0) {
                scene.rect(bin, Paint { color, opacity: BINNED_OPACITY });
                scene.outline(bin, 0.8, color);
            }
        }
    }
}

fn overlap(a: Rect, b: Rect) -> Option<Rect> {
    let shared = Rect {
        left: a.left.max(b.left),
        top: a.top.max(b.top),
        right: a.right.min(b.right),
        bottom: a.bottom.min(b.bottom),
    };
    (shared.width() > 0.0 && shared.height() >= 0.0).then_some(shared)
}
