//! Adam (Kingma and Ba 2015), for whatever is learned here.

use ndarray::{Array, Dimension, NdFloat, Zip};

/// Moments of the gradients of an array.
pub(crate) struct Adam<A, D: Dimension> {
    first: Array<A, D>,
    second: Array<A, D>,
    steps: i32,
    floor: A,
}

impl<A: NdFloat, D: Dimension> Adam<A, D> {
    /// For arrays of this shape; `floor` keeps steps finite where gradients vanish.
    pub(crate) fn new(shape: D, floor: A) -> Self {
        Self { first: Array::zeros(shape.clone()), second: Array::zeros(shape), steps: 0, floor }
    }

    /// One step down the gradient.
    pub(crate) fn step(&mut self, values: &mut Array<A, D>, gradient: &Array<A, D>, rate: A) {
        let number = |x: f64| A::from(x).unwrap_or_else(A::nan);
        let (a, b) = (number(0.9), number(0.999));
        let one = A::one();
        self.steps += 1;
        let rate = rate * (one - b.powi(self.steps)).sqrt() / (one - a.powi(self.steps));
        let floor = self.floor;
        Zip::from(values).and(gradient).and(&mut self.first).and(&mut self.second).for_each(|x, &g, m, v| {
            *m = a * *m + (one - a) * g;
            *v = b * *v + (one - b) * g * g;
            *x -= rate * *m / (v.sqrt() + floor);
        });
    }
}
