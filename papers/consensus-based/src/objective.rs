//! What is minimised: a function of points in ℝᵈ that is evaluated many points at a time.

/// A function E: ℝᵈ → ℝ ∪ {+∞}; +∞ says that a point is infeasible.
pub trait Objective: Sync {
    /// d, at least 1.
    fn dimension(&self) -> usize;

    /// Writes E of each row of `points` (row by row, d numbers each) into `values`.
    fn evaluate(&self, points: &[f64], values: &mut [f64]);

    /// Writes ∇E at one point. Where a function does not say better: central differences of width 10⁻⁵ max(1, |xᵢ|), 2d values, as the authors' scripts
    /// take them.
    fn gradient(&self, point: &[f64], gradient: &mut [f64]) {
        let mut moved = point.to_vec();
        for (coordinate, slope) in gradient.iter_mut().enumerate() {
            let here = point[coordinate];
            let width = 1e-5 * here.abs().max(1.0);
            moved[coordinate] = here + width;
            let above = self.value(&moved);
            moved[coordinate] = here - width;
            *slope = (above - self.value(&moved)) / ((here + width) - (here - width));
            moved[coordinate] = here;
        }
    }

    /// E at one point.
    fn value(&self, point: &[f64]) -> f64 {
        let mut value = [0.0];
        self.evaluate(point, &mut value);
        value[0]
    }
}

/// A function of one point, called for each in turn.
pub struct Pointwise<F> {
    dimension: usize,
    function: F,
}

impl<F: Fn(&[f64]) -> f64 + Sync> Pointwise<F> {
    /// E(x) = `function`(x) for x with `dimension` coordinates. The function always sees one point, never the whole swarm.
    pub fn new(dimension: usize, function: F) -> Self {
        Self { dimension, function }
    }
}

impl<F: Fn(&[f64]) -> f64 + Sync> Objective for Pointwise<F> {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn evaluate(&self, points: &[f64], values: &mut [f64]) {
        for (point, value) in points.chunks_exact(self.dimension).zip(values) {
            *value = (self.function)(point);
        }
    }
}
