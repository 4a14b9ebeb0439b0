//! The grid of panels: all plotting areas have the same width; those of one column share their left
//! and right edges, those of one row their upper edges.

use super::legend::{Entry, Legend};
use super::scene::{Rect, Scene};

const ACROSS_GAP: f64 = 14.0;
const DOWN_GAP: f64 = 20.0;
const LEAST_PLOT: f64 = 60.0;

/// Room beside a plotting area.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sides {
    pub left: f64,
    pub right: f64,
}

/// A panel that knows how much room it needs around its plotting area.
pub(super) trait Layout {
    /// Room on both sides in a panel that is `width` px wide.
    fn sides(&self, width: f64) -> Sides;
    /// Room above a plotting area of the given width.
    fn top(&self, width: f64) -> f64;
    /// Room below a plotting area of the given width.
    fn bottom(&self, width: f64) -> f64;
    /// A good height for a plotting area of the given width.
    fn plot_height(&self, width: f64) -> f64;
    /// The legend that may be shared with other panels.
    fn entries(&self) -> &[Entry] {
        &[]
    }
    /// Told when another place shows the legend.
    fn share_legend(&mut self) {}
    /// Draws into a plotting area; `panel_width` is what `sides` was asked with.
    fn draw(&self, scene: &mut Scene, area: Rect, panel_width: f64);
}

/// Where the panels go. Sizes in px.
pub(super) struct Grid<'a> {
    panels: Vec<Box<dyn Layout + 'a>>,
    columns: usize,
    panel_width: f64,
    sides: Vec<Sides>,
    plot_width: f64,
    rows: Vec<Row>,
    legend: Vec<Entry>,
}

struct Row {
    top: f64,
    plot: f64,
    bottom: f64,
}

impl<'a> Grid<'a> {
    /// Lays panels out in `columns` on `width` px; the grid is wider where plots would be too narrow.
    /// `row_height` replaces the heights that the panels ask for where it leaves room for a plot.
    pub(super) fn new(
        mut panels: Vec<Box<dyn Layout + 'a>>,
        columns: usize,
        width: f64,
        row_height: Option<f64>,
    ) -> Self {
        let mut legend = Vec::new();
        let shared = panels.iter().filter(|panel| !panel.entries().is_empty()).count();
        let same = panels.windows(2).all(|pair| pair[0].entries() == pair[1].entries());
        if shared > 1 && same {
            legend = panels[0].entries().to_vec();
            panels.iter_mut().for_each(|panel| panel.share_legend());
        }

        let panel_width = (width - ACROSS_GAP * (columns as f64 - 1.0)) / columns as f64;
        let largest = |a: f64, b: f64| a.max(b);
        let column = |c: usize| panels.iter().skip(c).step_by(columns);
        let sides: Vec<Sides> = (0..columns)
            .map(|c| Sides {
                left: column(c).map(|panel| panel.sides(panel_width).left).fold(0.0, largest),
                right: column(c).map(|panel| panel.sides(panel_width).right).fold(0.0, largest),
            })
            .collect();
        let beside: f64 = sides.iter().map(|sides| sides.left + sides.right).sum();
        let plot_width = (panel_width - beside / columns as f64).max(LEAST_PLOT);
        let rows = panels
            .chunks(columns)
            .map(|row| {
                let most = |ask: &dyn Fn(&dyn Layout, f64) -> f64| {
                    row.iter().map(|panel| ask(&**panel, plot_width)).fold(0.0, largest)
                };
                let top = most(&|panel, width| panel.top(width));
                let bottom = most(&|panel, width| panel.bottom(width));
                let wanted = most(&|panel, width| panel.plot_height(width));
                let plot = row_height.map_or(wanted, |height| (height - top - bottom).max(LEAST_PLOT));
                Row { top, plot, bottom }
            })
            .collect();
        Self { panels, columns, panel_width, sides, plot_width, rows, legend }
    }

    pub(super) fn width(&self) -> f64 {
        let sides: f64 = self.sides.iter().map(|sides| sides.left + sides.right).sum();
        sides + self.plot_width * self.columns as f64 + ACROSS_GAP * (self.columns as f64 - 1.0)
    }

    pub(super) fn height(&self) -> f64 {
        let rows: f64 = self.rows.iter().map(|row| row.top + row.plot + row.bottom).sum();
        let legend = Legend::new(&self.legend, self.width()).height();
        rows + DOWN_GAP * (self.rows.len() as f64 - 1.0) + if legend > 0.0 { legend + DOWN_GAP } else { 0.0 }
    }

    pub(super) fn draw(&self, scene: &mut Scene, left: f64, top: f64) {
        let mut upper = top;
        for (row, panels) in self.rows.iter().zip(self.panels.chunks(self.columns)) {
            let mut start = left;
            for (panel, sides) in panels.iter().zip(&self.sides) {
                let area = Rect {
                    left: start + sides.left,
                    top: upper + row.top,
                    right: start + sides.left + self.plot_width,
                    bottom: upper + row.top + row.plot,
                };
                panel.draw(scene, area, self.panel_width);
                start = area.right + sides.right + ACROSS_GAP;
            }
            upper += row.top + row.plot + row.bottom + DOWN_GAP;
        }
        if !self.legend.is_empty() {
            let legend = Legend::new(&self.legend, self.width());
            legend.draw(scene, (left + (self.width() - legend.width()).max(0.0) / 2.0, upper));
        }
    }
}
