//! Axes, grid and labels around the plotting area, the same for charts and heat maps.

use super::axis::{Axis, Tick};
use super::font;
use super::scene::{Anchor, Point, Rect, Scene, Text, half_capital};
use super::theme::{AXIS, GRID, INK, LABEL, LEADING, PANEL_TITLE, SMALL, SOFT_INK};

const TICK: f64 = 4.0;
const MINOR_TICK: f64 = 2.5;
const TICK_GAP: f64 = 3.0;
const LABEL_GAP: f64 = 5.0;

/// The words and axes around a plotting area.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub title: String,
    pub x_label: String,
    pub y_label: String,
    pub x: Axis,
    pub y: Axis,
    pub without_ticks: bool,
    /// Only the left and the lower side, with a grid.
    pub open: bool,
    /// By how much the title may be wider than the plotting area.
    pub title_room: f64,
    /// The height on which ticks and the label of the y axis are laid out.
    pub expected_height: f64,
}

impl Frame {
    fn y_ticks(&self) -> Vec<Tick> {
        match self.without_ticks {
            true => Vec::new(),
            false => thinned(self.y.ticks(self.most_y_ticks()), &self.y, self.expected_height),
        }
    }

    /// One tick in 24 px, from 3 to 7.
    pub(super) fn most_y_ticks(&self) -> usize {
        (self.expected_height / 24.0).clamp(3.0, 7.0) as usize
    }

    /// The most ticks whose labels do not touch on `width` px.
    fn x_ticks(&self, width: f64) -> Vec<Tick> {
        if self.without_ticks {
            return Vec::new();
        }
        if !self.x.categories.is_empty() {
            return thinned(self.x.ticks(2), &self.x, width);
        }
        let fitting = (2..=7).rev().map(|most| self.x.ticks(most)).find(|ticks| self.apart(ticks, width));
        let mut ticks = fitting.unwrap_or_else(|| self.x.ticks(2));
        // Only places given by the author can still be too close.
        while !self.apart(&ticks, width) && ticks.len() > 1 {
            ticks = ticks.into_iter().step_by(2).collect();
        }
        ticks
    }

    fn apart(&self, ticks: &[Tick], width: f64) -> bool {
        let spans: Vec<(f64, f64)> = ticks
            .iter()
            .filter(|tick| !tick.label.is_empty())
            .filter_map(|tick| {
                let half = font::width(&tick.label, SMALL, false) / 2.0;
                self.x.fraction(tick.value).map(|at| (at * width - half, at * width + half))
            })
            .collect();
        spans.windows(2).all(|pair| pair[0].1 + 8.0 <= pair[1].0 || pair[1].1 + 8.0 <= pair[0].0)
    }

    /// Names of categories in lines, or none if they have to be turned.
    fn category_lines(&self, width: f64) -> Option<Vec<Vec<String>>> {
        let room = width / self.x.categories.len() as f64 - 6.0;
        let lines: Vec<Vec<String>> =
            self.x.categories.iter().map(|name| font::wrap(name, SMALL, false, room.max(1.0))).collect();
        let intact = self.x.categories.iter().zip(&lines).all(|(name, lines)| {
            lines.len() <= 3 && lines.join(" ") == name.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        intact.then_some(lines)
    }

    /// Height of the tick labels of the x axis.
    fn x_tick_height(&self, width: f64) -> f64 {
        if self.without_ticks {
            return 0.0;
        }
        let lines = match self.category_lines(width) {
            Some(lines) => lines.iter().map(Vec::len).max().unwrap_or(1).max(1) as f64 * SMALL * LEADING,
            None => font::widest(self.x.categories.iter().map(String::as_str), SMALL),
        };
        TICK + TICK_GAP + lines
    }

    fn y_label_lines(&self) -> Vec<String> {
        font::wrap(&self.y_label, LABEL, false, self.expected_height)
    }

    fn y_tick_width(&self) -> f64 {
        let ticks = self.y_ticks();
        if ticks.is_empty() {
            return 0.0;
        }
        TICK + TICK_GAP + font::widest(ticks.iter().map(|tick| tick.label.as_str()), SMALL)
    }

    /// Room to the left of the plotting area in a panel of the given width.
    pub(super) fn left(&self, panel_width: f64) -> f64 {
        self.y_room().max(self.overhang(panel_width).0)
    }

    /// Room that the labels of the y axis take.
    pub(super) fn y_room(&self) -> f64 {
        let lines = self.y_label_lines().len() as f64;
        self.y_tick_width() + lines * LABEL * LEADING + if lines > 0.0 { LABEL_GAP } else { 0.0 }
    }

    /// How far labels of the x axis may reach beyond the plotting area on the left and on the right.
    /// The plotting area takes at least half of most panels.
    pub(super) fn overhang(&self, panel_width: f64) -> (f64, f64) {
        if self.without_ticks || !self.x.categories.is_empty() {
            return (0.0, 0.0);
        }
        (2..=7).flat_map(|most| self.x.ticks(most)).fold((0.0, 0.0), |(left, right), tick| {
            let half = font::width(&tick.label, SMALL, false) / 2.0;
            let at = 0.5 * panel_width * self.x.fraction(tick.value).unwrap_or(0.5);
            ((half - at).max(left), (at + half - 0.5 * panel_width).max(right))
        })
    }

    /// Room above the plotting area.
    pub(super) fn top(&self, width: f64) -> f64 {
        let lines = font::wrap(&self.title, PANEL_TITLE, true, width + self.title_room).len() as f64;
        lines * PANEL_TITLE * LEADING + if lines > 0.0 { 5.0 } else { 3.0 }
    }

    /// Room below the plotting area.
    pub(super) fn bottom(&self, width: f64) -> f64 {
        let lines = font::wrap(&self.x_label, LABEL, false, width).len() as f64;
        self.x_tick_height(width) + lines * LABEL * LEADING + if lines > 0.0 { LABEL_GAP } else { 0.0 }
    }

    pub(super) fn place(&self, plot: Rect, (x, y): Point) -> Option<Point> {
        Some((self.across(plot, x)?, self.up(plot, y)?))
    }

    pub(super) fn across(&self, plot: Rect, x: f64) -> Option<f64> {
        Some(plot.left + self.x.fraction(x)? * plot.width())
    }

    pub(super) fn up(&self, plot: Rect, y: f64) -> Option<f64> {
        Some(plot.bottom - self.y.fraction(y)? * plot.height())
    }

    /// Grid lines; they are drawn before the data.
    pub(super) fn draw_grid(&self, scene: &mut Scene, plot: Rect) {
        if self.x.categories.is_empty() {
            for tick in self.x_ticks(plot.width()).iter().filter(|tick| !tick.label.is_empty()) {
                if let Some(x) = self.across(plot, tick.value) {
                    scene.stroke(vec![(x, plot.top), (x, plot.bottom)], 0.8, GRID);
                }
            }
        }
        for tick in self.y_ticks().iter().filter(|tick| !tick.label.is_empty()) {
            if let Some(y) = self.up(plot, tick.value) {
                scene.stroke(vec![(plot.left, y), (plot.right, y)], 0.8, GRID);
            }
        }
    }

    /// Axes, ticks, labels and the title. `width` is what `top` and `bottom` were asked with.
    pub(super) fn draw(&self, scene: &mut Scene, plot: Rect, width: f64) {
        if self.open {
            scene.stroke(
                vec![(plot.left, plot.top), (plot.left, plot.bottom), (plot.right, plot.bottom)],
                1.0,
                AXIS,
            );
        } else {
            scene.outline(plot, 0.8, AXIS);
        }
        self.draw_x(scene, plot, width);
        self.draw_y(scene, plot);
        let title = font::wrap(&self.title, PANEL_TITLE, true, width + self.title_room);
        let top = plot.top - self.top(width);
        scene.block(title, (plot.center().0, top), PANEL_TITLE, true, INK);
    }

    fn draw_x(&self, scene: &mut Scene, plot: Rect, width: f64) {
        let below = plot.bottom + TICK + TICK_GAP;
        let lines = self.category_lines(width);
        for tick in self.x_ticks(plot.width()) {
            let Some(x) = self.across(plot, tick.value) else { continue };
            let length = if tick.label.is_empty() { MINOR_TICK } else { TICK };
            scene.stroke(vec![(x, plot.bottom), (x, plot.bottom + length)], 1.0, AXIS);
            match (&lines, self.x.categories.is_empty()) {
                (_, true) => scene.block(vec![tick.label], (x, below), SMALL, false, SOFT_INK),
                (Some(lines), false) => {
                    let name = lines.get(tick.value as usize).cloned().unwrap_or_default();
                    scene.block(name, (x, below), SMALL, false, SOFT_INK);
                }
                (None, false) => scene.text(Text {
                    line: tick.label,
                    at: (x + half_capital(SMALL), below),
                    size: SMALL,
                    bold: false,
                    color: SOFT_INK,
                    anchor: Anchor::End,
                    upward: true,
                }),
            }
        }
        let label = font::wrap(&self.x_label, LABEL, false, width);
        let top = plot.bottom + self.x_tick_height(width) + LABEL_GAP;
        scene.block(label, (plot.center().0, top), LABEL, false, INK);
    }

    fn draw_y(&self, scene: &mut Scene, plot: Rect) {
        for tick in self.y_ticks() {
            let Some(y) = self.up(plot, tick.value) else { continue };
            let length = if tick.label.is_empty() { MINOR_TICK } else { TICK };
            scene.stroke(vec![(plot.left - length, y), (plot.left, y)], 1.0, AXIS);
            scene.words(
                tick.label,
                (plot.left - TICK - TICK_GAP, y + half_capital(SMALL)),
                SMALL,
                SOFT_INK,
                Anchor::End,
            );
        }
        let lines = self.y_label_lines();
        let left = plot.left - self.y_tick_width() - LABEL_GAP - lines.len() as f64 * LABEL * LEADING;
        scene.upward_block(lines, (left, plot.center().1), LABEL, INK);
    }
}

/// Every second, third, … name where the names of all categories would touch on `length` px.
fn thinned(ticks: Vec<Tick>, axis: &Axis, length: f64) -> Vec<Tick> {
    let most = (length / (1.15 * SMALL)).max(1.0) as usize;
    let stride = if axis.categories.is_empty() { 1 } else { ticks.len().div_ceil(most).max(1) };
    ticks.into_iter().step_by(stride).collect()
}
