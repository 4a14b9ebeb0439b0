//! Heat maps of matrices and of functions on a rectangle.

use ndarray::{Array2, ArrayView2};
use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, DerivedColorMap, ViridisRGB};

use super::axis::{Axis, fitted, usable, valid_range};
use super::frame::Frame;
use super::layout::{Layout, Sides};
use super::scene::{Anchor, Item, Pixels, Rect, Scene, half_capital};
use super::theme::{AXIS, INK, LABEL, LEADING, MISSING, Rgb, SMALL, SOFT_INK, WHITE};
use crate::{FigureError, font};

const BAR: f64 = 11.0;
const BAR_GAP: f64 = 9.0;
/// Height of the white box of the zeros under the colour bar.
const ZERO_BOX: f64 = 6.0;
/// Beyond this ratio of the sides cells are not kept square.
const SQUARE_LIMIT: f64 = 4.0;

/// Blue over white to red, after ColorBrewer's RdBu (Brewer, 2013).
const DIVERGING: [RGBColor; 9] = [
    RGBColor(0x21, 0x66, 0xac),
    RGBColor(0x43, 0x93, 0xc3),
    RGBColor(0x92, 0xc5, 0xde),
    RGBColor(0xd1, 0xe5, 0xf0),
    RGBColor(0xf7, 0xf7, 0xf7),
    RGBColor(0xfd, 0xdb, 0xc7),
    RGBColor(0xf4, 0xa5, 0x82),
    RGBColor(0xd6, 0x60, 0x4d),
    RGBColor(0xb2, 0x18, 0x2b),
];

/// A matrix in colours: viridis, or blue over white to red around zero.
///
/// Without an extent it is drawn as matrices are written, row 0 on top, with square cells. With an
/// extent it is a function on a rectangle: column j goes from left to right and row i from bottom to
/// top. Cells that are not finite (and negative ones on a logarithmic scale) are grey.
#[derive(Clone, Debug)]
pub struct Heatmap {
    values: Array2<f64>,
    title: String,
    x_label: String,
    y_label: String,
    x_categories: Vec<String>,
    y_categories: Vec<String>,
    extent: Option<[(f64, f64); 2]>,
    zero_white: bool,
    diverging: bool,
    log: bool,
    range: Option<(f64, f64)>,
    value_label: String,
    without_color_bar: bool,
    without_ticks: bool,
    stretch: bool,
}

impl Heatmap {
    /// Copies the values; rows are the first index.
    pub fn new(values: ArrayView2<f64>) -> Self {
        Self {
            values: values.to_owned(),
            title: String::new(),
            x_label: String::new(),
            y_label: String::new(),
            x_categories: Vec::new(),
            y_categories: Vec::new(),
            extent: None,
            zero_white: false,
            diverging: false,
            log: false,
            range: None,
            value_label: String::new(),
            without_color_bar: false,
            without_ticks: false,
            stretch: false,
        }
    }

    /// A title above this panel.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// What the columns are.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = label.into();
        self
    }

    /// What the rows are.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y_label = label.into();
        self
    }

    /// Names of the columns.
    pub fn x_categories<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.x_categories = names.into_iter().map(Into::into).collect();
        self
    }

    /// Names of the rows.
    pub fn y_categories<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.y_categories = names.into_iter().map(Into::into).collect();
        self
    }

    /// The outer edges (left, right) and (bottom, top) of a function on a rectangle.
    pub fn extent(mut self, x: (f64, f64), y: (f64, f64)) -> Self {
        self.extent = Some([x, y]);
        self
    }

    /// Zeros are white, so that the support of a sparse matrix can be seen.
    pub fn zero_white(mut self) -> Self {
        self.zero_white = true;
        self
    }

    /// Blue below zero, white at zero, red above, with a range that is symmetric if none is given.
    pub fn diverging(mut self) -> Self {
        self.diverging = true;
        self
    }

    /// A logarithmic scale of colours; zeros are white.
    pub fn log_scale(mut self) -> Self {
        self.log = true;
        self
    }

    /// The values at the ends of the colours; give panels the same to compare them.
    pub fn value_range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// What the values are, beside the colour bar.
    pub fn value_label(mut self, label: impl Into<String>) -> Self {
        self.value_label = label.into();
        self
    }

    /// No colour bar, where another panel or the caption gives the scale.
    pub fn without_color_bar(mut self) -> Self {
        self.without_color_bar = true;
        self
    }

    /// No ticks, where the indices do not matter.
    pub fn without_ticks(mut self) -> Self {
        self.without_ticks = true;
        self
    }

    /// Cells fill the panel and need not be square.
    pub fn stretch(mut self) -> Self {
        self.stretch = true;
        self
    }

    /// Checks the values and fixes the axes and the scale of colours.
    pub(super) fn prepared(&self, expected_height: f64) -> Result<PreparedHeatmap<'_>, FigureError> {
        if self.values.is_empty() {
            return Err(FigureError::EmptyPanel { title: self.title.clone() });
        }
        let (rows, columns) = self.values.dim();
        for (what, names, expected) in
            [("column names", &self.x_categories, columns), ("row names", &self.y_categories, rows)]
        {
            if !names.is_empty() && names.len() != expected {
                let series = self.title.clone();
                return Err(FigureError::LengthMismatch { series, what, found: names.len(), expected });
            }
        }
        for ((low, high), axis) in self.extent.into_iter().flatten().zip(["x", "y"]) {
            if !valid_range(low, high, false) {
                return Err(FigureError::BadRange { axis, low, high });
            }
        }
        let log = self.log && !self.diverging;
        let (low, high) = match self.range {
            Some((low, high)) if valid_range(low, high, log) => (low, high),
            Some((low, high)) => return Err(FigureError::BadRange { axis: "value", low, high }),
            None if self.diverging => {
                let largest =
                    self.values.iter().filter(|v| usable(**v, false)).fold(0.0, |a: f64, v| a.max(v.abs()));
                if largest >= 1e-290 { (-largest, largest) } else { (-1.0, 1.0) }
            }
            None => fitted(self.values.iter().copied(), log, 0.0),
        };
        let [x, y] = self.extent.unwrap_or([(-0.5, columns as f64 - 0.5), (rows as f64 - 0.5, -0.5)]);
        let frame = Frame {
            title: self.title.clone(),
            x_label: self.x_label.clone(),
            y_label: self.y_label.clone(),
            x: Axis { low: x.0, high: x.1, categories: self.x_categories.clone(), ..Axis::default() },
            y: Axis { low: y.0, high: y.1, categories: self.y_categories.clone(), ..Axis::default() },
            without_ticks: self.without_ticks,
            open: false,
            title_room: 0.0,
            expected_height,
        };
        let scale = Axis { low, high, log, ..Axis::default() };
        let mut prepared = PreparedHeatmap { map: self, frame, scale };
        prepared.frame.title_room = 2.0 * prepared.right().min(prepared.frame.y_room());
        Ok(prepared)
    }
}

/// A heat map whose axes and colours are known.
pub(super) struct PreparedHeatmap<'a> {
    map: &'a Heatmap,
    frame: Frame,
    scale: Axis,
}

impl PreparedHeatmap<'_> {
    fn color(&self, value: f64) -> Rgb {
        if value == 0.0 && (self.map.zero_white || self.scale.log) {
            return WHITE;
        }
        self.scale.fraction(value).map_or(MISSING, |share| self.shade(share))
    }

    fn shade(&self, share: f64) -> Rgb {
        let share = share.clamp(0.0, 1.0);
        let RGBColor(r, g, b) = match self.map.diverging {
            true => DerivedColorMap::new(&DIVERGING).get_color(share),
            false => ViridisRGB.get_color(share),
        };
        (r, g, b)
    }

    fn pixels(&self) -> Pixels {
        let (height, width) = self.map.values.dim();
        let upward = self.map.extent.is_some();
        let rgb = (0..height)
            .flat_map(|row| self.map.values.row(if upward { height - 1 - row } else { row }))
            .flat_map(|&value| {
                let (r, g, b) = self.color(value);
                [r, g, b]
            })
            .collect();
        Pixels { width, height, rgb }
    }

    /// Height per width of the plotting area if cells are square.
    fn ratio(&self) -> Option<f64> {
        let ratio = (self.frame.y.high - self.frame.y.low).abs() / (self.frame.x.high - self.frame.x.low);
        let square = (1.0 / SQUARE_LIMIT..=SQUARE_LIMIT).contains(&ratio);
        (square && !self.map.stretch).then_some(ratio)
    }

    fn bar_ticks(&self) -> Vec<super::axis::Tick> {
        let most = self.frame.most_y_ticks();
        self.scale.ticks(most).into_iter().filter(|tick| !tick.label.is_empty()).collect()
    }

    fn bar_label(&self) -> Vec<String> {
        font::wrap(&self.map.value_label, LABEL, false, self.frame.expected_height)
    }

    fn bar_tick_width(&self) -> f64 {
        4.0 + font::widest(self.bar_ticks().iter().map(|tick| tick.label.as_str()), SMALL)
    }

    /// Room to the right of the plotting area.
    fn right(&self) -> f64 {
        if self.map.without_color_bar {
            return 4.0;
        }
        let label = self.bar_label().len() as f64 * LABEL * LEADING;
        BAR_GAP + BAR + 5.0 + self.bar_tick_width() + label + 4.0
    }

    fn draw_bar(&self, scene: &mut Scene, plot: Rect) {
        let left = plot.right + BAR_GAP;
        let bar = Rect { left, right: left + BAR, ..plot };
        let shades = 256;
        let rgb = (0..shades)
            .rev()
            .flat_map(|i| {
                let (r, g, b) = self.shade(f64::from(i) / f64::from(shades - 1));
                [r, g, b]
            })
            .collect();
        let pixels = Pixels { width: 1, height: shades as usize, rgb };
        scene.items.push(Item::Picture { place: bar, pixels });
        scene.outline(bar, 0.8, AXIS);
        if self.map.zero_white && self.scale.low >= 0.0 {
            let zero = Rect { top: bar.bottom, bottom: bar.bottom + ZERO_BOX, ..bar };
            scene.outline(zero, 0.8, AXIS);
        }
        for tick in self.bar_ticks() {
            let Some(share) = self.scale.fraction(tick.value) else { continue };
            let y = bar.bottom - share * bar.height();
            scene.stroke(vec![(bar.right, y), (bar.right + 3.0, y)], 1.0, AXIS);
            scene.words(
                tick.label,
                (bar.right + 5.0, y + half_capital(SMALL)),
                SMALL,
                SOFT_INK,
                Anchor::Start,
            );
        }
        let label_left = bar.right + 5.0 + self.bar_tick_width();
        scene.upward_block(self.bar_label(), (label_left, bar.center().1), LABEL, INK);
    }
}

impl Layout for PreparedHeatmap<'_> {
    fn sides(&self, width: f64) -> Sides {
        Sides { left: self.frame.left(width), right: self.right().max(self.frame.overhang(width).1) }
    }

    fn top(&self, width: f64) -> f64 {
        self.frame.top(width)
    }

    fn bottom(&self, width: f64) -> f64 {
        self.frame.bottom(width)
    }

    fn plot_height(&self, width: f64) -> f64 {
        (self.ratio().unwrap_or(0.62) * width).clamp(60.0, 400.0)
    }

    fn draw(&self, scene: &mut Scene, area: Rect, _panel_width: f64) {
        let plot = self.ratio().map_or(area, |ratio| area.fit(ratio));
        scene.items.push(Item::Picture { place: plot, pixels: self.pixels() });
        self.frame.draw(scene, plot, area.width());
        if !self.map.without_color_bar {
            self.draw_bar(scene, plot);
        }
    }
}
