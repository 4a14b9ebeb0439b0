//! Figures in the house style, as SVG and PNG.
//!
//! A [`Figure`] is a title over a grid of panels: a [`Chart`] of series, a [`Heatmap`] of a matrix or
//! an [`Image`]. A panel says what to show; ranges, ticks, legends and line breaks follow from it.
//! All figures look alike: white ground, thin grey grid, colours that the colour-blind can tell apart,
//! and dashes, markers or stripes besides, so that colour is never the only cue. Legends stand outside
//! the data.
//!
//! A figure is first laid out as a list of shapes in px of the page, and that list is drawn by the
//! SVG and by the bitmap backend of `plotters`. The chart layer of `plotters` is not used: it works on
//! whole pixels, lets text overlap, and panics on ranges that are empty or not finite. The bytes depend
//! on the input alone: the fonts are embedded and nothing is read from the system.
//!
//! ```
//! # use figures::{Chart, Figure};
//! let gap = [(1.0, 0.1), (2.0, 0.012), (4.0, 0.001)];
//! let figure = Figure::new("Gap against sparsity").panel(
//!     Chart::new()
//!         .x_label("k, nonzeros allowed per column")
//!         .y_label("relative gap")
//!         .y_log()
//!         .line_with_markers("semi-dual", gap),
//! );
//! assert!(figure.to_svg()?.contains("relative gap"));
//! # Ok::<(), figures::FigureError>(())
//! ```

mod axis;
mod bars;
mod chart;
mod display;
mod font;
mod frame;
mod heatmap;
mod image;
mod indexed;
mod layout;
mod legend;
mod prepared;
mod render;
mod scene;
mod series;
mod stripes;
#[cfg(test)]
mod tests;
mod theme;

pub use chart::{Chart, Interval};
pub use display::{escaped, html_output};
pub use heatmap::Heatmap;
pub use image::Image;

use layout::{Grid, Layout};
use scene::Scene;
use theme::{INK, LABEL, LEADING, SOFT_INK, TITLE};

const PADDING: f64 = 14.0;
const DEFAULT_WIDTH: f64 = 720.0;
const WIDTHS: (f64, f64) = (200.0, 3000.0);
const PANEL_HEIGHTS: (f64, f64) = (60.0, 3000.0);
/// Bounds the memory of the bitmap: 48 bytes per square px while it is drawn.
const LARGEST_AREA: f64 = 6e6;

/// Why a figure cannot be drawn.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// The figure has no panel.
    #[error("the figure has no panels")]
    NoPanels,
    /// A chart without series, or a matrix or picture without cells.
    #[error("the panel \"{title}\" has nothing to show")]
    EmptyPanel {
        /// Title of the panel, may be empty.
        title: String,
    },
    /// A series without points. Points that are not finite count.
    #[error("the series \"{series}\" has no points")]
    EmptySeries {
        /// Name of the series, or its number where it has none.
        series: String,
    },
    /// Lists that belong together differ in length.
    #[error("\"{series}\" has {found} {what}, expected {expected}")]
    LengthMismatch {
        /// Name of the series, or title of the panel.
        series: String,
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A range that is empty, backward, not finite, beyond 1e300, or not positive on a logarithmic axis.
    #[error("the {axis} axis cannot go from {low} to {high}")]
    BadRange {
        /// `x`, `y` or `value`.
        axis: &'static str,
        /// The given lower end.
        low: f64,
        /// The given upper end.
        high: f64,
    },
    /// A size outside its limits.
    #[error("the {what} is {value}, but must be from {least} to {most}")]
    BadSize {
        /// Which size.
        what: &'static str,
        /// Its value, in px or square px.
        value: f64,
        /// Lower limit.
        least: f64,
        /// Upper limit.
        most: f64,
    },
    /// The drawing library or the PNG encoder failed.
    #[error("drawing failed: {reason}")]
    Drawing {
        /// What it said.
        reason: String,
    },
}

/// One cell of the grid of a [`Figure`].
#[derive(Clone, Debug)]
pub enum Panel {
    /// Series over two axes.
    Chart(Chart),
    /// A matrix in colours.
    Heatmap(Heatmap),
    /// A picture made of pixels.
    Image(Image),
}

impl From<Chart> for Panel {
    fn from(chart: Chart) -> Self {
        Self::Chart(chart)
    }
}

impl From<Heatmap> for Panel {
    fn from(heatmap: Heatmap) -> Self {
        Self::Heatmap(heatmap)
    }
}

impl From<Image> for Panel {
    fn from(image: Image) -> Self {
        Self::Image(image)
    }
}

impl Panel {
    fn prepared(&self, expected_height: f64) -> Result<Box<dyn Layout + '_>, FigureError> {
        Ok(match self {
            Self::Chart(chart) => Box::new(chart.prepared(expected_height)?),
            Self::Heatmap(heatmap) => Box::new(heatmap.prepared(expected_height)?),
            Self::Image(image) => Box::new(image.prepared()?),
        })
    }
}

/// A title over a grid of panels.
#[derive(Clone, Debug)]
pub struct Figure {
    title: String,
    subtitle: String,
    columns: Option<usize>,
    width: f64,
    panel_height: Option<f64>,
    panels: Vec<Panel>,
}

impl Figure {
    /// A figure without panels, 720 px wide.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            columns: None,
            width: DEFAULT_WIDTH,
            panel_height: None,
            panels: Vec::new(),
        }
    }

    /// A second, smaller line: what was measured, on what, how often.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Panels per row, at least 1. The default is 1, 2, 3, 2, 3 and 3 for one to six panels, at most
    /// 4 for more.
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = Some(columns);
        self
    }

    /// Width of the figure in px of the page, 200 to 3000. Text keeps its size: a figure wider than
    /// the page is shrunk there, and its text with it.
    pub fn width(mut self, width: f64) -> Self {
        self.width = width;
        self
    }

    /// Height of every row in px with its titles, labels and legends; by default rows are as high as
    /// their panels ask for.
    pub fn panel_height(mut self, height: f64) -> Self {
        self.panel_height = Some(height);
        self
    }

    /// Adds a panel; panels fill the rows from the left and from the top.
    pub fn panel(mut self, panel: impl Into<Panel>) -> Self {
        self.panels.push(panel.into());
        self
    }

    /// Adds several panels.
    pub fn panels<P: Into<Panel>>(mut self, panels: impl IntoIterator<Item = P>) -> Self {
        self.panels.extend(panels.into_iter().map(Into::into));
        self
    }

    /// The figure as an SVG document with a width, a height, a `viewBox` and `role="img"`. Text stays
    /// text, in DejaVu Sans, Verdana or the reader's sans-serif.
    ///
    /// # Errors
    /// [`FigureError`] if there is nothing to show, lists differ in length, or a range or size is
    /// outside its limits.
    pub fn to_svg(&self) -> Result<String, FigureError> {
        let (scene, width, height) = self.scene()?;
        render::svg(&scene, width, height, &self.title)
    }

    /// The figure as a PNG file with two pixels per px of the page.
    ///
    /// # Errors
    /// As [`Figure::to_svg`].
    pub fn to_png(&self) -> Result<Vec<u8>, FigureError> {
        let (scene, width, height) = self.scene()?;
        render::png(&scene, width, height)
    }

    fn default_columns(&self) -> usize {
        match self.panels.len() {
            count @ 0..=3 => count.max(1),
            4 => 2,
            5 | 6 | 9 => 3,
            _ => 4,
        }
    }

    /// All shapes, the width and the height.
    fn scene(&self) -> Result<(Scene, f64, f64), FigureError> {
        if self.panels.is_empty() {
            return Err(FigureError::NoPanels);
        }
        let within = |what, value: f64, (least, most): (f64, f64)| match value >= least && value <= most {
            true => Ok(()),
            false => Err(FigureError::BadSize { what, value, least, most }),
        };
        within("width", self.width, WIDTHS)?;
        within("panel height", self.panel_height.unwrap_or(PANEL_HEIGHTS.0), PANEL_HEIGHTS)?;

        let columns = self.columns.unwrap_or_else(|| self.default_columns()).clamp(1, self.panels.len());
        let inner = self.width - 2.0 * PADDING;
        let expected = match self.panel_height {
            Some(height) => (0.7 * height).max(60.0),
            None => (0.5 * inner / columns as f64).clamp(90.0, 320.0),
        };
        let panels =
            self.panels.iter().map(|panel| panel.prepared(expected)).collect::<Result<Vec<_>, _>>()?;
        let grid = Grid::new(panels, columns, inner, self.panel_height);

        let width = (grid.width() + 2.0 * PADDING).ceil();
        let title = font::wrap(&self.title, TITLE, true, width - 2.0 * PADDING);
        let subtitle = font::wrap(&self.subtitle, LABEL, false, width - 2.0 * PADDING);
        let title_height = title.len() as f64 * TITLE * LEADING;
        let head = title_height + subtitle.len() as f64 * LABEL * LEADING;
        let top = PADDING + head + if head > 0.0 { 8.0 } else { 0.0 };
        let height = (top + grid.height() + PADDING).ceil();
        within("area in square px", width * height, (0.0, LARGEST_AREA))?;

        let mut scene = Scene::default();
        scene.block(title, (width / 2.0, PADDING - 2.0), TITLE, true, INK);
        scene.block(subtitle, (width / 2.0, PADDING + title_height), LABEL, false, SOFT_INK);
        grid.draw(&mut scene, PADDING, top);
        Ok((scene, width, height))
    }
}
