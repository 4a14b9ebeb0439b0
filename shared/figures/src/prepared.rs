//! A chart with its axes fixed: checks, layout and drawing.

use super::axis::{Axis, fitted, usable, valid_range};
use super::chart::{Chart, LegendPlace};
use super::frame::Frame;
use super::layout::{Layout, Sides};
use super::legend::{Entry, Legend};
use super::scene::{Paint, Rect, Scene, half_capital};
use super::series::{Layer, Series, Shape};
use super::theme::{INK, LABEL, LEADING, SMALL, SOFT_INK, WHITE};
use crate::{FigureError, font};

const LEGEND_GAP: f64 = 10.0;
/// Room to the right of the plotting area, for the half of the last tick label.
const RIGHT: f64 = 12.0;

impl Chart {
    /// Checks the series and fixes the axes. `expected_height` is about that of the plotting area.
    pub(super) fn prepared(&self, expected_height: f64) -> Result<Prepared<'_>, FigureError> {
        if let Some(mismatch) = &self.mismatch {
            return Err(mismatch.clone());
        }
        if self.series.is_empty() {
            return Err(FigureError::EmptyPanel { title: self.title.clone() });
        }
        if let Some((index, series)) =
            self.series.iter().enumerate().find(|(_, series)| series.shape.len() == 0)
        {
            return Err(FigureError::EmptySeries { series: self.display_name(&series.name, index) });
        }
        let range = |axis: &'static str, given: Option<(f64, f64)>, log: bool, found: (f64, f64)| match given
        {
            None => Ok(found),
            Some((low, high)) if valid_range(low, high, log) => Ok((low, high)),
            Some((low, high)) => Err(FigureError::BadRange { axis, low, high }),
        };
        let (x_values, y_values) = self.values();
        let mut x_found = fitted(x_values, self.x.log, 0.025);
        let bars = self.series.iter().any(|series| matches!(series.shape, Shape::Bars { .. }));
        if (bars || !self.x.categories.is_empty()) && !self.x.log {
            let last =
                self.series.iter().map(Series::bar_count).max().unwrap_or(0).max(self.x.categories.len());
            x_found = (x_found.0.min(-0.5), x_found.1.max(last as f64 - 0.5));
            if self.series.iter().all(|series| series.bar_count() > 0 || series.shape.is_reference()) {
                x_found = (-0.5, last as f64 - 0.5);
            }
        }
        let x_range = range("x", self.x_range, self.x.log, x_found)?;
        let y_range = range("y", self.y_range, self.y.log, fitted(y_values, self.y.log, 0.05))?;
        let frame = Frame {
            title: self.title.clone(),
            x_label: self.x_label.clone(),
            y_label: self.y_label.clone(),
            x: Axis { low: x_range.0, high: x_range.1, ..self.x.clone() },
            y: Axis { low: y_range.0, high: y_range.1, ..self.y.clone() },
            without_ticks: false,
            open: true,
            title_room: 2.0 * RIGHT,
            expected_height,
        };
        let entries = match self.legend {
            LegendPlace::Nowhere => Vec::new(),
            _ => self.series.iter().filter(|s| !s.name.is_empty()).map(Series::entry).collect(),
        };
        Ok(Prepared { chart: self, frame, entries })
    }

    /// All values that the axes should show; those of y only where x is in a given range.
    fn values(&self) -> (Vec<f64>, Vec<f64>) {
        let (mut x, mut y) = (Vec::new(), Vec::new());
        let shown = self.x_range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        for series in &self.series {
            series.extend(shown, self.y.log, &mut x, &mut y);
        }
        (x, y)
    }
}

/// A chart whose axes are known.
pub(super) struct Prepared<'a> {
    chart: &'a Chart,
    frame: Frame,
    entries: Vec<Entry>,
}

impl Prepared<'_> {
    fn legend_right(&self, width: f64) -> Option<Legend<'_>> {
        let right = self.chart.legend == LegendPlace::Right && !self.entries.is_empty();
        right.then(|| Legend::new(&self.entries, (0.3 * width).min(200.0)))
    }

    fn legend_below(&self, width: f64) -> Option<Legend<'_>> {
        let below = self.chart.legend == LegendPlace::Below && !self.entries.is_empty();
        below.then(|| Legend::new(&self.entries, width))
    }

    /// Height per width of the plotting area if the author asked for equal units.
    fn ratio(&self) -> Option<f64> {
        let equal = self.chart.equal_aspect && !self.frame.x.log && !self.frame.y.log;
        let ratio = (self.frame.y.high - self.frame.y.low) / (self.frame.x.high - self.frame.x.low);
        (equal && ratio.is_finite()).then(|| ratio.clamp(0.05, 20.0))
    }

    fn annotate(&self, scene: &mut Scene, plot: Rect) {
        for (x, y, text) in &self.chart.annotations {
            let Some(at) = self.frame.place(plot, (*x, *y)).filter(|&at| plot.contains(at)) else { continue };
            let lines = font::wrap(text, SMALL, false, 0.6 * plot.width());
            let width = font::widest(lines.iter().map(String::as_str), SMALL);
            let height = SMALL * LEADING * lines.len() as f64;
            let left = (at.0 + 8.0).min(plot.right - width).max(plot.left);
            let top = if at.1 - 5.0 - height > plot.top { at.1 - 5.0 - height } else { at.1 + 5.0 };
            let ground = Rect { left: left - 2.0, top, right: left + width + 2.0, bottom: top + height };
            scene.rect(ground, Paint { color: WHITE, opacity: 0.6 });
            scene.block(lines, (left + width / 2.0, top), SMALL, false, INK);
        }
    }
}

impl Layout for Prepared<'_> {
    fn sides(&self, width: f64) -> Sides {
        let legend = self.legend_right(width).map_or(0.0, |legend| legend.width() + 18.0);
        let overhang = self.frame.overhang(width).1;
        Sides { left: self.frame.left(width), right: (legend + RIGHT).max(overhang) }
    }

    fn top(&self, width: f64) -> f64 {
        self.frame.top(width)
    }

    fn bottom(&self, width: f64) -> f64 {
        let legend = self.legend_below(width + self.frame.y_room()).map_or(0.0, |l| l.height() + LEGEND_GAP);
        self.frame.bottom(width) + legend
    }

    fn plot_height(&self, width: f64) -> f64 {
        match self.ratio() {
            Some(ratio) => (width * ratio).clamp(120.0, 480.0),
            None => (0.62 * width).clamp(140.0, 340.0),
        }
    }

    fn entries(&self) -> &[Entry] {
        if self.chart.legend == LegendPlace::Below { &self.entries } else { &[] }
    }

    fn share_legend(&mut self) {
        self.entries.clear();
    }

    fn draw(&self, scene: &mut Scene, area: Rect, panel_width: f64) {
        let plot = self.ratio().map_or(area, |ratio| area.fit(ratio));
        self.frame.draw_grid(scene, plot);
        self.frame.draw(scene, plot, area.width());
        let groups = self.chart.series.iter().filter(|series| series.bar_count() > 0).count();
        for layer in [Layer::Areas, Layer::Backdrop, Layer::Lines, Layer::Markers] {
            let mut group = 0;
            for series in &self.chart.series {
                series.draw(scene, &self.frame, plot, layer, (group, groups));
                group += usize::from(series.bar_count() > 0);
            }
        }
        self.annotate(scene, plot);
        let (x_values, y_values) = self.chart.values();
        let drawable = x_values.iter().any(|&x| usable(x, self.frame.x.log))
            && y_values.iter().any(|&y| usable(y, self.frame.y.log));
        if !drawable {
            let (x, y) = plot.center();
            scene.block(vec!["no drawable values".to_string()], (x, y - LABEL), LABEL, false, SOFT_INK);
        }
        if let Some(legend) = self.legend_right(panel_width) {
            legend.draw(scene, (plot.right + 18.0, plot.top + half_capital(SMALL)));
        }
        if let Some(legend) = self.legend_below(area.width() + self.frame.y_room()) {
            let space = area.width() + self.frame.y_room();
            let left = area.right - space + (space - legend.width()).max(0.0) / 2.0;
            legend.draw(scene, (left, plot.bottom + self.frame.bottom(area.width()) + LEGEND_GAP));
        }
    }
}
