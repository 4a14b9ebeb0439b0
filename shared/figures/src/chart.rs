//! Charts of series over an x and a y axis.

use super::axis::{Axis, fitted, usable, valid_range};
use super::series::{Ends, Join, Series, Shape};
use crate::FigureError;

const MOST_BINS: usize = 10_000;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum LegendPlace {
    #[default]
    Below,
    Right,
    Nowhere,
}

/// A value at a place of the horizontal axis, with the interval that it lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Where on the horizontal axis.
    pub at: f64,
    /// The value.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// A chart: series over two linear or logarithmic axes.
///
/// Series take the colours, dashes and markers of the house in the order of adding; a series with
/// an empty name is left out of the legend. Values that are not finite (or beyond 1e300), and values
/// ≤ 0 on a logarithmic axis, leave a gap. Without a given range an axis shows all other values.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    pub(super) title: String,
    pub(super) x_label: String,
    pub(super) y_label: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) x_range: Option<(f64, f64)>,
    pub(super) y_range: Option<(f64, f64)>,
    pub(super) equal_aspect: bool,
    pub(super) legend: LegendPlace,
    pub(super) series: Vec<Series>,
    pub(super) annotations: Vec<(f64, f64, String)>,
    pub(super) mismatch: Option<FigureError>,
}

fn collected(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    values.into_iter().collect()
}

impl Chart {
    /// An empty chart; it needs at least one series.
    pub fn new() -> Self {
        Self::default()
    }

    /// A title above this panel.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// What the x axis shows, with its unit.
    pub fn x_label(mut self, label: impl Into<String>) -> Self {
        self.x_label = label.into();
        self
    }

    /// What the y axis shows, with its unit.
    pub fn y_label(mut self, label: impl Into<String>) -> Self {
        self.y_label = label.into();
        self
    }

    /// A logarithmic x axis.
    pub fn x_log(mut self) -> Self {
        self.x.log = true;
        self
    }

    /// A logarithmic y axis.
    pub fn y_log(mut self) -> Self {
        self.y.log = true;
        self
    }

    /// The values at the left and the right end of the x axis.
    pub fn x_range(mut self, low: f64, high: f64) -> Self {
        self.x_range = Some((low, high));
        self
    }

    /// The values at the lower and the upper end of the y axis.
    pub fn y_range(mut self, low: f64, high: f64) -> Self {
        self.y_range = Some((low, high));
        self
    }

    /// Places of the ticks of the x axis, for instance 1, 2, 4, 8.
    pub fn x_ticks(mut self, places: impl IntoIterator<Item = f64>) -> Self {
        self.x.places = Some(collected(places));
        self
    }

    /// Places of the ticks of the y axis.
    pub fn y_ticks(mut self, places: impl IntoIterator<Item = f64>) -> Self {
        self.y.places = Some(collected(places));
        self
    }

    /// Names of the places 0, 1, 2, … of the x axis.
    pub fn categories<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.x.categories = names.into_iter().map(Into::into).collect();
        self
    }

    /// One unit is as long on the x axis as on the y axis (linear axes only).
    pub fn equal_aspect(mut self) -> Self {
        self.equal_aspect = true;
        self
    }

    /// The legend stands to the right of the chart instead of below it.
    pub fn legend_right(mut self) -> Self {
        self.legend = LegendPlace::Right;
        self
    }

    /// No legend.
    pub fn without_legend(mut self) -> Self {
        self.legend = LegendPlace::Nowhere;
        self
    }

    fn push(mut self, name: impl Into<String>, shape: Shape) -> Self {
        let slot = self.series.iter().filter(|series| !series.shape.is_reference()).count();
        let references = self.series.len() - slot;
        let own = if shape.is_reference() { references } else { slot };
        self.series.push(Series { name: name.into(), slot: own, restyled: false, shape });
        self
    }

    /// Straight lines between points. A line of more than 4000 points is drawn from its extremes in every
    /// half px.
    pub fn line(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.push(name, Shape::curve(points, Join::Straight, false))
    }

    /// Straight lines between points with markers on them; markers that would touch are left out.
    pub fn line_with_markers(
        self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.push(name, Shape::curve(points, Join::Straight, true))
    }

    /// Markers only.
    pub fn scatter(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.push(name, Shape::curve(points, Join::None, true))
    }

    /// A staircase: each y holds until the next x.
    pub fn steps(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        self.push(name, Shape::curve(points, Join::Steps, false))
    }

    /// A line in a band of its colour from `lower` to `upper` (values, not distances). On a
    /// logarithmic axis a lower end ≤ 0 runs off the bottom.
    pub fn line_with_band(
        self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
        lower: impl IntoIterator<Item = f64>,
        upper: impl IntoIterator<Item = f64>,
    ) -> Self {
        self.with_ends(name, Shape::curve(points, Join::Straight, false), Ends::Band, lower, upper)
    }

    /// A line through values in the band of their intervals.
    pub fn means<'a, V>(self, name: impl Into<String>, values: &'a [V]) -> Self
    where
        &'a V: Into<Interval>,
    {
        let values: Vec<Interval> = values.iter().map(Into::into).collect();
        self.line_with_band(
            name,
            values.iter().map(|value| (value.at, value.value)),
            values.iter().map(|value| value.low),
            values.iter().map(|value| value.high),
        )
    }

    /// Bars with the whiskers of their intervals, one for each category in order.
    pub fn bars_of_means<'a, V>(self, name: impl Into<String>, values: &'a [V]) -> Self
    where
        &'a V: Into<Interval>,
    {
        let values: Vec<Interval> = values.iter().map(Into::into).collect();
        self.bars_with_errors(
            name,
            values.iter().map(|value| value.value),
            values.iter().map(|value| value.low),
            values.iter().map(|value| value.high),
        )
    }

    /// A band without a line.
    pub fn band(
        self,
        name: impl Into<String>,
        x: impl IntoIterator<Item = f64>,
        lower: impl IntoIterator<Item = f64>,
        upper: impl IntoIterator<Item = f64>,
    ) -> Self {
        let points = x.into_iter().map(|x| (x, f64::NAN));
        self.with_ends(name, Shape::curve(points, Join::None, false), Ends::Band, lower, upper)
    }

    /// Markers with whiskers from `lower` to `upper` (values, not distances).
    pub fn error_bars(
        self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
        lower: impl IntoIterator<Item = f64>,
        upper: impl IntoIterator<Item = f64>,
    ) -> Self {
        self.with_ends(name, Shape::curve(points, Join::None, true), Ends::Whiskers, lower, upper)
    }

    /// Bars at x = 0, 1, 2, …; bars of several series stand side by side. They start at zero, on a
    /// logarithmic axis at its lower end.
    pub fn bars(self, name: impl Into<String>, heights: impl IntoIterator<Item = f64>) -> Self {
        self.push(name, Shape::Bars { heights: collected(heights), ends: Vec::new() })
    }

    /// Bars with whiskers from `lower` to `upper` (values, not distances).
    pub fn bars_with_errors(
        self,
        name: impl Into<String>,
        heights: impl IntoIterator<Item = f64>,
        lower: impl IntoIterator<Item = f64>,
        upper: impl IntoIterator<Item = f64>,
    ) -> Self {
        let bars = Shape::Bars { heights: collected(heights), ends: Vec::new() };
        self.with_ends(name, bars, Ends::Whiskers, lower, upper)
    }

    /// Counts of the finite samples in `bins` (1 to 10 000) equal intervals from the least to the
    /// largest.
    pub fn histogram(
        self,
        name: impl Into<String>,
        samples: impl IntoIterator<Item = f64>,
        bins: usize,
    ) -> Self {
        let samples: Vec<f64> = samples.into_iter().filter(|&sample| usable(sample, false)).collect();
        if samples.is_empty() {
            return self.push(name, Shape::Binned { edges: Vec::new(), heights: Vec::new() });
        }
        let bins = bins.clamp(1, MOST_BINS);
        let (mut low, mut high) =
            samples.iter().fold((f64::MAX, f64::MIN), |(l, h), &s| (l.min(s), h.max(s)));
        if !valid_range(low, high, false) {
            (low, high) = fitted([low], false, 0.0);
        }
        let mut heights = vec![0.0; bins];
        for sample in samples {
            let share = (sample - low) / (high - low);
            heights[((share * bins as f64) as usize).min(bins - 1)] += 1.0;
        }
        let edges = (0..=bins).map(|i| low + (high - low) * (i as f64 / bins as f64)).collect();
        self.push(name, Shape::Binned { edges, heights })
    }

    /// Heights over given intervals: one edge more than heights.
    pub fn binned(
        mut self,
        name: impl Into<String>,
        edges: impl IntoIterator<Item = f64>,
        heights: impl IntoIterator<Item = f64>,
    ) -> Self {
        let (name, edges, heights) = (name.into(), collected(edges), collected(heights));
        if !heights.is_empty() {
            self.check(&name, "edges", edges.len(), heights.len() + 1);
        }
        self.push(name, Shape::Binned { edges, heights })
    }

    /// Lines between two points each, wider and darker with their weight (relative to the largest);
    /// those without positive weight are left out.
    pub fn segments(
        self,
        name: impl Into<String>,
        segments: impl IntoIterator<Item = ((f64, f64), (f64, f64), f64)>,
    ) -> Self {
        self.push(name, Shape::Segments(segments.into_iter().collect()))
    }

    /// A grey dashed line across the chart.
    pub fn horizontal_reference(self, name: impl Into<String>, y: f64) -> Self {
        self.push(name, Shape::Horizontal(y))
    }

    /// A grey dashed line from bottom to top.
    pub fn vertical_reference(self, name: impl Into<String>, x: f64) -> Self {
        self.push(name, Shape::Vertical(x))
    }

    /// The grey dashed line y = x.
    pub fn diagonal(self, name: impl Into<String>) -> Self {
        self.push(name, Shape::Diagonal)
    }

    /// A short text beside a point of the data.
    pub fn annotation(mut self, x: f64, y: f64, text: impl Into<String>) -> Self {
        self.annotations.push((x, y, text.into()));
        self
    }

    /// Gives the series added last the look of place `slot` (0, 1, …) in the house's order, so that
    /// one method looks the same in all figures.
    pub fn styled_as(mut self, slot: usize) -> Self {
        if let Some(series) = self.series.last_mut() {
            series.slot = slot;
            series.restyled = true;
        }
        self
    }

    fn with_ends(
        mut self,
        name: impl Into<String>,
        mut shape: Shape,
        kind: Ends,
        lower: impl IntoIterator<Item = f64>,
        upper: impl IntoIterator<Item = f64>,
    ) -> Self {
        let (name, lower, upper) = (name.into(), collected(lower), collected(upper));
        self.check(&name, "lower ends", lower.len(), shape.len());
        self.check(&name, "upper ends", upper.len(), shape.len());
        shape.set_ends(kind, lower.into_iter().zip(upper).collect());
        self.push(name, shape)
    }

    /// Keeps the first mismatch until the figure is drawn.
    fn check(&mut self, name: &str, what: &'static str, found: usize, expected: usize) {
        if found != expected && self.mismatch.is_none() {
            let series = self.display_name(name, self.series.len());
            self.mismatch = Some(FigureError::LengthMismatch { series, what, found, expected });
        }
    }

    pub(super) fn display_name(&self, name: &str, index: usize) -> String {
        if name.is_empty() { format!("number {}", index + 1) } else { name.to_string() }
    }
}
