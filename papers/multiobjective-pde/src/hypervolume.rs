//! The volume that a set of points dominates, up to a reference point; all objectives are minimised.
//!
//! Two objectives are swept from left to right. Three are swept upwards along the third, with the staircase of the others kept. For more, each point adds what it
//! dominates alone, which is a problem of fewer points (While, Bradstreet, Barone 2012); exponential in the worst case, fine for a few hundred points.

use std::cmp::Ordering;

/// Why there is no volume.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HypervolumeError {
    /// A point of the wrong length.
    #[error("point {place} has {found} objectives, the reference {expected}")]
    Length {
        /// Which point, from 1.
        place: usize,
        /// Its length.
        found: usize,
        /// That of the reference.
        expected: usize,
    },
    /// A number that is none.
    #[error("point {0} is not finite")]
    NotFinite(usize),
    /// No objective, or a reference that is not finite.
    #[error("the reference {0:?} is no point")]
    Reference(Vec<f64>),
}

/// Which points are not dominated; of equal ones the first. O(N log N) for two objectives, O(N²) comparisons for more.
pub fn nondominated(points: &[Vec<f64>]) -> Vec<usize> {
    if points.iter().all(|point| point.len() == 2) {
        let mut order: Vec<usize> = (0..points.len()).collect();
        // Of equal ones the first comes first, since the sort is stable.
        order.sort_by(|i, j| {
            let (a, b) = (&points[*i], &points[*j]);
            a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]))
        });
        let mut least = f64::INFINITY;
        order.retain(|place| {
            let lower = points[*place][1] < least;
            least = least.min(points[*place][1]);
            lower
        });
        order.sort_unstable();
        return order;
    }
    let dominates = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| a <= b);
    (0..points.len())
        .filter(|i| {
            !points.iter().enumerate().any(|(j, other)| {
                j != *i && dominates(other, &points[*i]) && (j < *i || other != &points[*i])
            })
        })
        .collect()
}

/// The volume of what the points dominate below the reference; points on it or beyond count nothing.
///
/// # Errors
/// For points of different lengths, and for what is not finite.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> Result<f64, HypervolumeError> {
    if reference.is_empty() || reference.iter().any(|r| !r.is_finite()) {
        return Err(HypervolumeError::Reference(reference.to_vec()));
    }
    for (place, point) in points.iter().enumerate() {
        if point.len() != reference.len() {
            return Err(HypervolumeError::Length {
                place: place + 1,
                found: point.len(),
                expected: reference.len(),
            });
        }
        if point.iter().any(|value| !value.is_finite()) {
            return Err(HypervolumeError::NotFinite(place + 1));
        }
    }
    // Lengths below the reference, so that all volumes are boxes at the origin.
    let mut boxes: Vec<Vec<f64>> = points
        .iter()
        .map(|point| reference.iter().zip(point).map(|(r, p)| r - p).collect::<Vec<f64>>())
        .filter(|lengths| lengths.iter().all(|length| *length > 0.0))
        .collect();
    Ok(volume(&mut boxes))
}

fn falling(axis: usize) -> impl Fn(&Vec<f64>, &Vec<f64>) -> Ordering {
    move |a, b| b[axis].total_cmp(&a[axis])
}

/// The volume of the union of boxes from the origin.
fn volume(boxes: &mut [Vec<f64>]) -> f64 {
    match boxes.first().map_or(0, Vec::len) {
        0 => 0.0,
        1 => boxes.iter().map(|lengths| lengths[0]).fold(0.0, f64::max),
        2 => {
            boxes.sort_by(falling(0));
            let mut height = 0.0_f64;
            let mut area = 0.0;
            for lengths in boxes.iter() {
                if lengths[1] > height {
                    area += lengths[0] * (lengths[1] - height);
                    height = lengths[1];
                }
            }
            area
        }
        3 => {
            boxes.sort_by(falling(2));
            let mut stairs = Staircase::default();
            let mut sum = 0.0;
            for (place, lengths) in boxes.iter().enumerate() {
                stairs.add(lengths[0], lengths[1]);
                let next = boxes.get(place + 1).map_or(0.0, |next| next[2]);
                sum += stairs.area * (lengths[2] - next);
            }
            sum
        }
        _ => {
            let last = boxes[0].len() - 1;
            boxes.sort_by(falling(last));
            let mut sum = 0.0;
            for place in 0..boxes.len() {
                let alone = &boxes[place];
                // What later boxes, which are lower, share with this one.
                let mut shared: Vec<Vec<f64>> = boxes[place + 1..]
                    .iter()
                    .map(|other| other.iter().zip(alone).map(|(a, b)| a.min(*b)).collect())
                    .collect();
                keep_largest(&mut shared);
                sum += alone.iter().product::<f64>() - volume(&mut shared);
            }
            sum
        }
    }
}

/// Drops boxes inside others.
fn keep_largest(boxes: &mut Vec<Vec<f64>>) {
    let mirrored: Vec<Vec<f64>> =
        boxes.iter().map(|lengths| lengths.iter().map(|length| -length).collect()).collect();
    let kept = nondominated(&mirrored);
    *boxes = kept.into_iter().map(|place| std::mem::take(&mut boxes[place])).collect();
}

/// Corners of a union of rectangles from the origin: x falls as y rises.
#[derive(Default)]
struct Staircase {
    corners: Vec<(f64, f64)>,
    area: f64,
}

impl Staircase {
    fn add(&mut self, x: f64, y: f64) {
        // Corners from `first` on have y above or equal: they are narrower, or dominate.
        let first = self.corners.partition_point(|corner| corner.1 < y);
        if self.corners.get(first).is_some_and(|corner| corner.0 >= x) {
            return;
        }
        let mut begin = first;
        while begin > 0 && self.corners[begin - 1].0 <= x {
            begin -= 1;
        }
        // The steps between `begin` and `first` vanish under the new one.
        let mut low = if begin == 0 { 0.0 } else { self.corners[begin - 1].1 };
        let mut added = 0.0;
        for corner in &self.corners[begin..first] {
            added += (x - corner.0) * (corner.1 - low);
            low = corner.1;
        }
        let beyond = self.corners.get(first).map_or(0.0, |corner| corner.0);
        added += (x - beyond) * (y - low);
        self.area += added;
        self.corners.splice(begin..first, [(x, y)]);
    }
}
