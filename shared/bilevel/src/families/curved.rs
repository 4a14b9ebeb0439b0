//! Lower levels whose solutions form a curve, or that are not convex.

use ndarray::{Array1, Array2, ArrayView1, array};

use crate::levels::{Bilevel, Known, Lower, Products, SecondOrder, Upper};

/// g = (|y|² − 1 − |x|²)²/4, f = |y − Cx − e|²/2: S(x) is a sphere, its centre a maximum of g.
#[derive(Clone, Debug)]
pub struct Circle {
    /// q × d.
    pub c: Array2<f64>,
    /// q numbers.
    pub e: Array1<f64>,
}

impl Circle {
    fn target(&self, x: &[f64]) -> Array1<f64> {
        self.c.dot(&ArrayView1::from(x)) + &self.e
    }

    /// |y|² − 1 − |x|².
    fn excess(x: &[f64], y: &[f64]) -> f64 {
        let square = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>();
        square(y) - 1.0 - square(x)
    }
}

impl Upper for Circle {
    fn upper(&self, x: &[f64], y: &[f64]) -> f64 {
        0.5 * self.target(x).iter().zip(y).map(|(a, y)| (y - a) * (y - a)).sum::<f64>()
    }
    fn upper_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let offset = self.target(x) - ArrayView1::from(y);
        out.copy_from_slice(self.c.t().dot(&offset).as_slice().unwrap_or_default());
    }
    fn upper_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        for ((out, a), y) in out.iter_mut().zip(self.target(x)).zip(y) {
            *out = y - a;
        }
    }
}

impl Lower for Circle {
    fn lower(&self, x: &[f64], y: &[f64]) -> f64 {
        0.25 * Self::excess(x, y).powi(2)
    }
    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let excess = Self::excess(x, y);
        out.iter_mut().zip(x).for_each(|(out, x)| *out = -excess * x);
    }
    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let excess = Self::excess(x, y);
        out.iter_mut().zip(y).for_each(|(out, y)| *out = excess * y);
    }
}

impl Bilevel for Circle {
    fn dimensions(&self) -> (usize, usize) {
        (self.c.ncols(), self.c.nrows())
    }
}

impl Products for Circle {
    fn lower_yy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let (excess, along) = (Self::excess(x, y), y.iter().zip(v).map(|(y, v)| y * v).sum::<f64>());
        for ((out, y), v) in out.iter_mut().zip(y).zip(v) {
            *out = excess * v + 2.0 * along * y;
        }
    }
    fn lower_xy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let along: f64 = y.iter().zip(v).map(|(y, v)| y * v).sum();
        out.iter_mut().zip(x).for_each(|(out, x)| *out = -2.0 * along * x);
    }
}

impl SecondOrder for Circle {
    fn lower_yy(&self, x: &[f64], y: &[f64]) -> Array2<f64> {
        let excess = Self::excess(x, y);
        Array2::from_shape_fn((y.len(), y.len()), |(i, j)| {
            2.0 * y[i] * y[j] + if i == j { excess } else { 0.0 }
        })
    }
    fn upper_yy(&self, _: &[f64], y: &[f64]) -> Array2<f64> {
        Array2::eye(y.len())
    }
}

impl Known for Circle {
    /// The point of the sphere that is nearest to Cx + e, which must not be 0.
    fn solution(&self, x: &[f64]) -> Vec<f64> {
        let target = self.target(x);
        let radius = (1.0 + x.iter().map(|x| x * x).sum::<f64>()).sqrt();
        (&target * (radius / target.dot(&target).sqrt())).to_vec()
    }
}

/// g = u² + 3 sin² u with u = y₁ − cᵀx and y₂ free, f = (y₁ − t₁)²/2 + (y₂ − t₂ − dᵀx)²/2 + w y₁y₂: g is not convex but satisfies the Polyak–Łojasiewicz inequality.
#[derive(Clone, Debug)]
pub struct PlSine {
    /// c, d numbers.
    pub c: Vec<f64>,
    /// d, as many.
    pub d: Vec<f64>,
    /// (t₁, t₂).
    pub t: [f64; 2],
    /// w, |w| < 1.
    pub w: f64,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl PlSine {
    fn second_target(&self, x: &[f64]) -> f64 {
        self.t[1] + dot(&self.d, x)
    }

    /// d/du (u² + 3 sin² u).
    fn tilt(&self, x: &[f64], y: &[f64]) -> f64 {
        let u = y[0] - dot(&self.c, x);
        2.0 * u + 3.0 * (2.0 * u).sin()
    }

    fn bend(&self, x: &[f64], y: &[f64]) -> f64 {
        2.0 + 6.0 * (2.0 * (y[0] - dot(&self.c, x))).cos()
    }
}

impl Upper for PlSine {
    fn upper(&self, x: &[f64], y: &[f64]) -> f64 {
        0.5 * (y[0] - self.t[0]).powi(2) + 0.5 * (y[1] - self.second_target(x)).powi(2) + self.w * y[0] * y[1]
    }
    fn upper_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let offset = y[1] - self.second_target(x);
        out.iter_mut().zip(&self.d).for_each(|(out, d)| *out = -offset * d);
    }
    fn upper_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        out[0] = y[0] - self.t[0] + self.w * y[1];
        out[1] = y[1] - self.second_target(x) + self.w * y[0];
    }
}

impl Lower for PlSine {
    fn lower(&self, x: &[f64], y: &[f64]) -> f64 {
        let u = y[0] - dot(&self.c, x);
        u * u + 3.0 * u.sin().powi(2)
    }
    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let tilt = self.tilt(x, y);
        out.iter_mut().zip(&self.c).for_each(|(out, c)| *out = -tilt * c);
    }
    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[self.tilt(x, y), 0.0]);
    }
}

impl Bilevel for PlSine {
    fn dimensions(&self) -> (usize, usize) {
        (self.c.len(), 2)
    }
}

impl Products for PlSine {
    fn lower_yy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&[self.bend(x, y) * v[0], 0.0]);
    }
    fn lower_xy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        let bend = self.bend(x, y) * v[0];
        out.iter_mut().zip(&self.c).for_each(|(out, c)| *out = -bend * c);
    }
}

impl SecondOrder for PlSine {
    fn lower_yy(&self, x: &[f64], y: &[f64]) -> Array2<f64> {
        array![[self.bend(x, y), 0.0], [0.0, 0.0]]
    }
    fn upper_yy(&self, _: &[f64], _: &[f64]) -> Array2<f64> {
        array![[1.0, self.w], [self.w, 1.0]]
    }
}

impl Known for PlSine {
    fn solution(&self, x: &[f64]) -> Vec<f64> {
        let first = dot(&self.c, x);
        vec![first, self.second_target(x) - self.w * first]
    }

    /// y₂ is a line in y₁; the best of a fine grid in y₁.
    fn near_penalised(&self, x: &[f64], sigma: f64) -> Vec<f64> {
        if sigma == 0.0 {
            return self.solution(x);
        }
        let center = dot(&self.c, x);
        let at = |k: i32| {
            let first = center + 8.0 * f64::from(k) / 4_000.0;
            let y = [first, self.second_target(x) - self.w * first];
            (sigma * self.upper(x, &y) + self.lower(x, &y), y)
        };
        let best = (-4_000..=4_000).map(at).min_by(|a, b| a.0.total_cmp(&b.0));
        best.map_or_else(|| self.solution(x), |(_, y)| y.to_vec())
    }
}
