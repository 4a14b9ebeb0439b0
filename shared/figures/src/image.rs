//! Pictures made of pixels.

use ndarray::{Array3, ArrayView3};

use super::layout::{Layout, Sides};
use super::scene::{Item, Pixels, Rect, Scene};
use super::theme::{INK, LEADING, PANEL_TITLE, SMALL, SOFT_INK};
use crate::{FigureError, font};

/// An RGB picture with its aspect kept and its pixels sharp.
#[derive(Clone, Debug)]
pub struct Image {
    rgb: Array3<u8>,
    title: String,
    caption: String,
}

impl Image {
    /// Copies an array of shape height × width × 3, the first row on top.
    pub fn new(rgb: ArrayView3<u8>) -> Self {
        Self { rgb: rgb.to_owned(), title: String::new(), caption: String::new() }
    }

    /// A title above this panel.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// A text below the picture.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    pub(super) fn prepared(&self) -> Result<&Self, FigureError> {
        let (height, width, channels) = self.rgb.dim();
        if height == 0 || width == 0 {
            return Err(FigureError::EmptyPanel { title: self.title.clone() });
        }
        if channels != 3 {
            let series = self.title.clone();
            return Err(FigureError::LengthMismatch {
                series,
                what: "channels",
                found: channels,
                expected: 3,
            });
        }
        Ok(self)
    }

    fn ratio(&self) -> f64 {
        let (height, width, _) = self.rgb.dim();
        height as f64 / width as f64
    }
}

impl Layout for &Image {
    fn sides(&self, _width: f64) -> Sides {
        Sides::default()
    }

    fn top(&self, width: f64) -> f64 {
        let lines = font::wrap(&self.title, PANEL_TITLE, true, width).len() as f64;
        lines * PANEL_TITLE * LEADING + if lines > 0.0 { 5.0 } else { 3.0 }
    }

    fn bottom(&self, width: f64) -> f64 {
        let lines = font::wrap(&self.caption, SMALL, false, width).len() as f64;
        lines * SMALL * LEADING + if lines > 0.0 { 5.0 } else { 0.0 }
    }

    fn plot_height(&self, width: f64) -> f64 {
        (self.ratio() * width).clamp(40.0, 400.0)
    }

    fn draw(&self, scene: &mut Scene, area: Rect, _panel_width: f64) {
        let (height, width, _) = self.rgb.dim();
        let place = area.fit(self.ratio());
        let pixels = Pixels { width, height, rgb: self.rgb.iter().copied().collect() };
        scene.items.push(Item::Picture { place, pixels });
        let title = font::wrap(&self.title, PANEL_TITLE, true, area.width());
        let middle = area.center().0;
        scene.block(title, (middle, area.top - self.top(area.width())), PANEL_TITLE, true, INK);
        let caption = font::wrap(&self.caption, SMALL, false, area.width());
        scene.block(caption, (middle, place.bottom + 5.0), SMALL, false, SOFT_INK);
    }
}
