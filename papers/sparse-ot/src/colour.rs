//! Colour transfer: giving one image the palette of another.
//!
//! Both images are reduced to palettes by k-means in RGB; the palettes are matched by transport under
//! the squared Euclidean cost, and each palette colour of the source is replaced by the mean of the
//! target colours its mass goes to.

use ndarray::{Array1, Array2, Array3, ArrayView1, ArrayView3, Axis};
use rand::Rng;

use crate::plan::SparsePlan;
use crate::problem::{Cost, Problem, ProblemError};

/// The colours of an image and where they are.
#[derive(Clone, Debug)]
pub struct Palette {
    /// One colour a row: red, green, blue in [0, 1].
    pub colours: Array2<f64>,
    /// Share of the pixels of each colour; total 1.
    pub masses: Array1<f64>,
    /// Palette index of every pixel (height × width).
    pub pixels: Array2<usize>,
}

/// Most rounds of k-means; it usually ends before.
const ROUNDS: usize = 30;

impl Palette {
    /// The palette of an RGB image (height × width × 3, components in [0, 1]) with at most `size` colours:
    /// k-means (Lloyd 1982) from k-means++ (Arthur and Vassilvitskii 2007), until no pixel changes its colour
    /// or 30 rounds. Colours without pixels are left out. The image must have a pixel, and `size` be at least 1.
    /// Cost: O(pixels · size) per round.
    pub fn of(image: ArrayView3<'_, f64>, size: usize, random: &mut impl Rng) -> Self {
        let (height, width, _) = image.dim();
        let points: Vec<[f64; 3]> =
            image.lanes(Axis(2)).into_iter().map(|lane| [lane[0], lane[1], lane[2]]).collect();
        let mut centres = spread(&points, size, random);
        let mut labels = vec![usize::MAX; points.len()];
        for _ in 0..ROUNDS {
            let mut changed = false;
            for (label, point) in labels.iter_mut().zip(&points) {
                let nearest = nearest(&centres, point);
                changed |= *label != nearest;
                *label = nearest;
            }
            if !changed {
                break;
            }
            centres = means(&points, &labels, &centres);
        }
        let mut counts = vec![0_usize; centres.len()];
        labels.iter().for_each(|label| counts[*label] += 1);
        let used: Vec<usize> = (0..centres.len()).filter(|index| counts[*index] > 0).collect();
        let mut renamed = vec![0; centres.len()];
        used.iter().enumerate().for_each(|(new, old)| renamed[*old] = new);
        Self {
            colours: Array2::from_shape_fn((used.len(), 3), |(index, channel)| centres[used[index]][channel]),
            masses: used.iter().map(|index| counts[*index] as f64 / points.len() as f64).collect(),
            pixels: Array2::from_shape_fn((height, width), |(y, x)| renamed[labels[y * width + x]]),
        }
    }

    /// The image with these colours in place of its palette's, as bytes.
    pub fn paint(&self, colours: &Array2<f64>) -> Array3<u8> {
        let (height, width) = self.pixels.dim();
        Array3::from_shape_fn((height, width, 3), |(y, x, channel)| {
            (colours[(self.pixels[(y, x)], channel)].clamp(0.0, 1.0) * 255.0).round() as u8
        })
    }
}

/// Transport between two palettes under the squared Euclidean cost in RGB.
///
/// # Errors
/// None for palettes of images; the checks of [`Problem::new`] are passed on.
pub fn palette_problem(source: &Palette, target: &Palette) -> Result<Problem, ProblemError> {
    let cost = Cost::squared_euclidean(source.colours.view(), target.colours.view(), 1.0)?.to_dense();
    Problem::new(Cost::dense(cost.view())?, source.masses.view(), target.masses.view())
}

/// For each row of the plan the mean of the target colours (one a row) its mass goes to; the row's own
/// colour where it sends none.
pub fn transferred(plan: &SparsePlan, source: &Array2<f64>, target: &Array2<f64>) -> Array2<f64> {
    let mut sums = Array2::<f64>::zeros(source.dim());
    let mut masses = vec![0.0; source.nrows()];
    for column in 0..plan.columns() {
        for (row, mass) in plan.column(column) {
            sums.row_mut(row).scaled_add(mass, &target.row(column));
            masses[row] += mass;
        }
    }
    for (row, mass) in masses.into_iter().enumerate() {
        if mass > 0.0 {
            sums.row_mut(row).mapv_inplace(|sum| sum / mass);
        } else {
            sums.row_mut(row).assign(&source.row(row));
        }
    }
    sums
}

/// A sky in the evening above water, as an RGB image with components in [0, 1].
pub fn evening(height: usize, width: usize) -> Array3<f64> {
    picture(height, width, |y, x| {
        let wave = 0.04 * (60.0 * y + 9.0 * (7.0 * x).sin()).sin();
        let sun = (-((x - 0.62).powi(2) + (y - 0.42).powi(2)) / 0.006).exp();
        if y < 0.55 {
            [0.25 + 0.7 * y + sun, 0.15 + 0.5 * y + 0.8 * sun, 0.45 - 0.3 * y + 0.3 * sun]
        } else {
            let glow = 0.5 * (-((x - 0.62) / 0.12).powi(2)).exp();
            [0.12 + glow + wave, 0.10 + 0.55 * glow + wave, 0.25 + 0.1 * glow + wave]
        }
    })
}

/// Green hills below a pale sky, as an RGB image with components in [0, 1].
pub fn hills(height: usize, width: usize) -> Array3<f64> {
    picture(height, width, |y, x| {
        let texture = 0.05 * (80.0 * x).sin() * (70.0 * y + 10.0 * x).cos();
        let far = 0.45 + 0.08 * (6.0 * x + 1.0).sin();
        let near = 0.68 + 0.10 * (4.0 * x).cos();
        if y > near {
            [0.16 + texture, 0.38 + 0.3 * (y - near) + texture, 0.12]
        } else if y > far {
            [0.35 + texture, 0.52 + texture, 0.30]
        } else {
            [0.62 + 0.3 * y, 0.78 + 0.18 * y, 0.95 - 0.05 * y]
        }
    })
}

fn picture(height: usize, width: usize, colour: impl Fn(f64, f64) -> [f64; 3]) -> Array3<f64> {
    Array3::from_shape_fn((height, width, 3), |(y, x, channel)| {
        colour(y as f64 / height as f64, x as f64 / width as f64)[channel].clamp(0.0, 1.0)
    })
}

/// Starting centres far from each other: each is drawn with probability proportional to the squared
/// distance from those before it.
fn spread(points: &[[f64; 3]], size: usize, random: &mut impl Rng) -> Vec<[f64; 3]> {
    let mut centres = vec![points[random.random_range(0..points.len())]];
    let mut distances: Vec<f64> = points.iter().map(|point| squared_distance(point, &centres[0])).collect();
    while centres.len() < size {
        let total: f64 = distances.iter().sum();
        if total == 0.0 {
            break;
        }
        let mut left = random.random::<f64>() * total;
        let chosen = distances.iter().position(|distance| {
            left -= distance;
            left < 0.0
        });
        let centre = points[chosen.unwrap_or(points.len() - 1)];
        for (distance, point) in distances.iter_mut().zip(points) {
            *distance = distance.min(squared_distance(point, &centre));
        }
        centres.push(centre);
    }
    centres
}

fn nearest(centres: &[[f64; 3]], point: &[f64; 3]) -> usize {
    let mut best = (0, f64::INFINITY);
    for (index, centre) in centres.iter().enumerate() {
        let distance = squared_distance(point, centre);
        if distance < best.1 {
            best = (index, distance);
        }
    }
    best.0
}

/// The mean of each centre's points; a centre without points stays where it is.
fn means(points: &[[f64; 3]], labels: &[usize], centres: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let mut sums = vec![([0.0; 3], 0_usize); centres.len()];
    for (point, label) in points.iter().zip(labels) {
        let (sum, count) = &mut sums[*label];
        sum.iter_mut().zip(point).for_each(|(sum, value)| *sum += value);
        *count += 1;
    }
    let mean = |((sum, count), centre): (([f64; 3], usize), &[f64; 3])| match count {
        0 => *centre,
        _ => sum.map(|component| component / count as f64),
    };
    sums.into_iter().zip(centres).map(mean).collect()
}

fn squared_distance(left: &[f64; 3], right: &[f64; 3]) -> f64 {
    ArrayView1::from(left).iter().zip(right).map(|(left, right)| (left - right).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;
    use numerics::random::stream;

    #[test]
    fn few_colours_are_found_exactly() {
        let image = Array3::from_shape_fn(
            (4, 6, 3),
            |(_, x, channel)| if x < 2 { [1.0, 0.0, 0.0][channel] } else { 0.5 },
        );
        let palette = Palette::of(image.view(), 8, &mut stream(0, &["palette"]));
        assert_eq!(palette.colours.nrows(), 2);
        let mut masses = palette.masses.to_vec();
        masses.sort_by(f64::total_cmp);
        assert!((masses[0] - 1.0 / 3.0).abs() < 1e-15 && (masses[1] - 2.0 / 3.0).abs() < 1e-15);
        let painted = palette.paint(&palette.colours);
        for (pixel, original) in painted.iter().zip(&image) {
            assert_eq!(*pixel, (original * 255.0).round() as u8);
        }
    }

    #[test]
    fn a_permutation_swaps_colours_and_rows_without_mass_keep_theirs() {
        let plan = SparsePlan::from_dense(arr2(&[[0.0, 0.5], [0.5, 0.0], [0.0, 0.0]]).view());
        let source = arr2(&[[0.1, 0.1, 0.1], [0.2, 0.2, 0.2], [0.3, 0.3, 0.3]]);
        let target = arr2(&[[0.6, 0.7, 0.8], [0.9, 1.0, 0.0]]);
        let expected = arr2(&[[0.9, 1.0, 0.0], [0.6, 0.7, 0.8], [0.3, 0.3, 0.3]]);
        assert_eq!(transferred(&plan, &source, &target), expected);
    }
}
