//! Glyphs: polylines with jittered corners, drawn with a Gaussian pen, deformed exactly.
//!
//! An image of a deformed glyph is evaluated at h⁻¹(x − y): no image is interpolated.

use ndarray::Array2;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::matrix::{Matrix, apply2, inverse2};

/// Ten shapes of different topology or proportion, corners in [−1, 1]²; each a list of strokes.
const SHAPES: [&[&[[f64; 2]]]; 10] = [
    &[&[[-0.6, -0.8], [0.6, -0.8], [0.6, 0.8], [-0.6, 0.8], [-0.6, -0.8]]],
    &[&[[0.0, -0.9], [0.0, 0.9]]],
    &[&[[-0.6, 0.7], [0.6, 0.7], [-0.6, -0.8], [0.6, -0.8]]],
    &[&[[-0.5, 0.8], [0.5, 0.4], [-0.2, 0.0], [0.5, -0.4], [-0.5, -0.8]]],
    &[&[[-0.6, 0.9], [-0.6, -0.1], [0.6, -0.1]], &[[0.3, 0.6], [0.3, -0.9]]],
    &[&[[0.0, 0.9], [0.0, -0.9]], &[[-0.7, 0.0], [0.7, 0.0]]],
    &[&[[-0.7, -0.8], [0.0, 0.9], [0.7, -0.8]]],
    &[&[[-0.7, -0.8], [0.0, 0.9], [0.7, -0.8], [-0.7, -0.8]]],
    &[&[[-0.6, 0.8], [-0.6, -0.8]], &[[0.6, 0.8], [0.6, -0.8]], &[[-0.6, 0.0], [0.6, 0.0]]],
    &[&[[0.0, 0.0], [0.0, 0.9]], &[[0.0, 0.0], [0.8, -0.6]], &[[0.0, 0.0], [-0.8, -0.6]]],
];

/// Classes.
pub const CLASSES: usize = SHAPES.len();

/// A drawn glyph.
#[derive(Clone, Debug, PartialEq)]
pub struct Glyph {
    strokes: Vec<Vec<[f64; 2]>>,
    /// Half the pen's width.
    pen: f64,
}

/// An affine map of the canvas [−1, 1]².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deformation {
    /// h.
    pub h: Matrix<2>,
    /// y.
    pub shift: [f64; 2],
}

impl Deformation {
    /// Nothing.
    pub const NONE: Self = Self { h: [[1.0, 0.0], [0.0, 1.0]], shift: [0.0, 0.0] };
}

/// Ranges of deformations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranges {
    /// Degrees to either side.
    pub rotation: f64,
    /// Shear to either side.
    pub shear: f64,
    /// Largest |log| of the scale of each axis.
    pub squeeze: f64,
    /// Shift of either coordinate.
    pub shift: f64,
}

impl Ranges {
    /// affNIST's, as usually described: ±20°, shear ±0.2, scales 0.8 to 1.2, and a translation.
    pub const AFFNIST: Self = Self { rotation: 20.0, shear: 0.2, squeeze: 0.2, shift: 0.15 };
    /// Wider: ±60°, shear ±0.5, scales e^±0.3.
    pub const WIDE: Self = Self { rotation: 60.0, shear: 0.5, squeeze: 0.3, shift: 0.15 };

    /// Draws one.
    pub fn draw(&self, random: &mut impl Rng) -> Deformation {
        let mut within = |bound: f64| if bound > 0.0 { random.random_range(-bound..bound) } else { 0.0 };
        let angle = within(self.rotation).to_radians();
        let shear = within(self.shear);
        let (sx, sy) = (within(self.squeeze).exp(), within(self.squeeze).exp());
        let (sine, cosine) = angle.sin_cos();
        let h = [[cosine * sx, (cosine * shear - sine) * sy], [sine * sx, (sine * shear + cosine) * sy]];
        Deformation { h, shift: [within(self.shift), within(self.shift)] }
    }
}

impl Glyph {
    /// A glyph of a class with corners moved by `jitter` in each direction, in the middle of the canvas at a little over half its size.
    pub fn draw(class: usize, jitter: f64, random: &mut impl Rng) -> Self {
        let mut move_by = || -> f64 {
            let z: f64 = StandardNormal.sample(random);
            jitter * z.clamp(-2.0, 2.0)
        };
        let strokes = SHAPES[class % CLASSES]
            .iter()
            .map(|stroke| {
                stroke.iter().map(|[x, y]| [0.55 * (x + move_by()), 0.55 * (y + move_by())]).collect()
            })
            .collect();
        Self { strokes, pen: 0.09 }
    }

    /// Its ink at a point, in [0, 1].
    pub fn at(&self, x: [f64; 2]) -> f64 {
        let mut least = f64::INFINITY;
        for stroke in &self.strokes {
            for pair in stroke.windows(2) {
                let (a, b) = (pair[0], pair[1]);
                let along = [b[0] - a[0], b[1] - a[1]];
                let to = [x[0] - a[0], x[1] - a[1]];
                let square = along[0] * along[0] + along[1] * along[1];
                let t = if square > 0.0 {
                    ((to[0] * along[0] + to[1] * along[1]) / square).clamp(0.0, 1.0)
                } else {
                    0.0
                };
                let away = [to[0] - t * along[0], to[1] - t * along[1]];
                least = least.min(away[0] * away[0] + away[1] * away[1]);
            }
        }
        (-0.5 * least / (self.pen * self.pen)).exp()
    }

    /// Pixels of the deformed glyph, row by row, from −1 to 1; y runs downwards.
    pub fn pixels(&self, side: usize, deformation: &Deformation) -> Vec<f64> {
        let inverse = inverse2(&deformation.h);
        let centre = |k: usize| (2.0 * k as f64 + 1.0) / side as f64 - 1.0;
        (0..side * side)
            .map(|place| {
                let x = [
                    centre(place % side) - deformation.shift[0],
                    centre(place / side) - deformation.shift[1],
                ];
                2.0 * self.at(apply2(&inverse, x)) - 1.0
            })
            .collect()
    }
}

/// Glyphs of all classes in turn, and their labels.
pub fn glyphs(count: usize, random: &mut impl Rng) -> (Vec<Glyph>, Vec<usize>) {
    let labels: Vec<usize> = (0..count).map(|k| k % CLASSES).collect();
    (labels.iter().map(|label| Glyph::draw(*label, 0.06, random)).collect(), labels)
}

/// Images of glyphs, one a row, each with a deformation of its own.
pub fn images(glyphs: &[Glyph], side: usize, ranges: Option<Ranges>, random: &mut impl Rng) -> Array2<f32> {
    let mut pixels = Vec::with_capacity(glyphs.len() * side * side);
    for glyph in glyphs {
        let deformation = ranges.map_or(Deformation::NONE, |ranges| ranges.draw(random));
        pixels.extend(glyph.pixels(side, &deformation).iter().map(|x| *x as f32));
    }
    Array2::from_shape_vec((glyphs.len(), side * side), pixels).expect("pixels of all images")
}
