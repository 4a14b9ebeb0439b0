//! Activation patterns: which rows of X a neuron sees.
//!
//! The hyperplanes x_k·u = 0 cut space into cells, in each of which [Xu ≥ 0] is constant. All cells are enumerated without linear programs: adding a hyperplane cuts just those cells whose
//! signs occur on it, which is the same problem in one dimension less.

use std::collections::{BTreeMap, HashMap};

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Different patterns, with a direction inside the cell of each where one is known.
#[derive(Clone, Debug)]
pub struct Patterns {
    rows: usize,
    words: usize,
    bits: Vec<u64>,
    directions: Vec<Option<Array1<f64>>>,
    known: HashMap<Box<[u64]>, usize>,
}

impl Patterns {
    /// None, of n rows.
    pub fn new(rows: usize) -> Self {
        Self {
            rows,
            words: rows.div_ceil(64),
            bits: Vec::new(),
            directions: Vec::new(),
            known: HashMap::new(),
        }
    }

    /// The pattern of a direction; gives whether it is new.
    pub fn insert(&mut self, x: ArrayView2<f64>, direction: Array1<f64>) -> bool {
        let active = x.dot(&direction).mapv(|product| product >= 0.0);
        self.insert_bits(active.iter().copied(), Some(direction))
    }

    /// A pattern by its bits, one for each row.
    pub fn insert_bits(
        &mut self,
        active: impl IntoIterator<Item = bool>,
        direction: Option<Array1<f64>>,
    ) -> bool {
        let mut key = vec![0_u64; self.words].into_boxed_slice();
        for (row, active) in active.into_iter().take(self.rows).enumerate() {
            key[row / 64] |= u64::from(active) << (row % 64);
        }
        if self.known.contains_key(&key) {
            return false;
        }
        self.bits.extend(key.iter());
        self.known.insert(key, self.directions.len());
        self.directions.push(direction);
        true
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.directions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.directions.is_empty()
    }

    /// n.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether a row is active.
    pub fn active(&self, pattern: usize, row: usize) -> bool {
        self.bits[pattern * self.words + row / 64] >> (row % 64) & 1 == 1
    }

    /// The place of a direction's pattern, if it is among these.
    pub fn find(&self, x: ArrayView2<f64>, direction: ArrayView1<f64>) -> Option<usize> {
        let mut key = vec![0_u64; self.words].into_boxed_slice();
        for (row, product) in x.dot(&direction).iter().enumerate() {
            key[row / 64] |= u64::from(*product >= 0.0) << (row % 64);
        }
        self.known.get(&key).copied()
    }

    /// A direction inside the cell.
    pub fn direction(&self, pattern: usize) -> Option<ArrayView1<'_, f64>> {
        self.directions[pattern].as_ref().map(|direction| direction.view())
    }

    /// Some of them.
    pub fn subset(&self, places: impl IntoIterator<Item = usize>) -> Self {
        let mut chosen = Self::new(self.rows);
        for place in places {
            let active: Vec<bool> = (0..self.rows).map(|row| self.active(place, row)).collect();
            chosen.insert_bits(active, self.directions[place].clone());
        }
        chosen
    }

    /// Σ over active rows of ν_k x_k.
    pub fn correlation(&self, pattern: usize, x: ArrayView2<f64>, nu: ArrayView1<f64>) -> Array1<f64> {
        let mut sum = Array1::zeros(x.ncols());
        for (row, (x, nu)) in x.outer_iter().zip(nu).enumerate() {
            if self.active(pattern, row) {
                sum.scaled_add(*nu, &x);
            }
        }
        sum
    }
}

/// The patterns of standard normal directions, `draws` of them, repetitions dropped.
pub fn sampled(x: ArrayView2<f64>, draws: usize, random: &mut impl Rng) -> Patterns {
    let mut patterns = Patterns::new(x.nrows());
    for _ in 0..draws {
        patterns.insert(x, normal(x.ncols(), random));
    }
    patterns
}

/// A standard normal vector.
pub fn normal(dimension: usize, random: &mut impl Rng) -> Array1<f64> {
    (0..dimension).map(|_| -> f64 { StandardNormal.sample(random) }).collect()
}

/// Cover's count 2 Σ_{k<r} C(n − 1, k): the cells of n hyperplanes in general position, an upper bound otherwise. Infinite beyond the range of numbers.
pub fn count(rows: usize, rank: usize) -> f64 {
    let (mut term, mut sum) = (1.0, 0.0);
    for k in 0..rank.min(rows) {
        sum += term;
        term *= (rows as f64 - 1.0 - k as f64) / (k as f64 + 1.0);
    }
    2.0 * sum
}

/// Rows that matter: neither zero nor parallel to an earlier one, scaled to length 1.
pub fn distinct_rows(x: ArrayView2<f64>) -> Array2<f64> {
    const PARALLEL: f64 = 1e-12;
    let largest = x.outer_iter().map(|row| row.dot(&row).sqrt()).fold(0.0, f64::max);
    let mut kept: Vec<Array1<f64>> = Vec::new();
    // Rows by a coordinate that parallel ones share, so that few are compared.
    let mut places: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for row in x.outer_iter() {
        let length = row.dot(&row).sqrt();
        if length <= 1e-14 * largest {
            continue;
        }
        let unit = row.mapv(|x| x / length);
        let key = (unit[0].abs() * 1e9).round() as i64;
        let near = (key - 1..=key + 1).filter_map(|key| places.get(&key)).flatten();
        let parallel = near.copied().any(|place| {
            let other = &kept[place];
            let sign = other.dot(&unit).signum();
            other.iter().zip(&unit).map(|(a, b)| (a - sign * b).powi(2)).sum::<f64>() < PARALLEL * PARALLEL
        });
        if !parallel {
            places.entry(key).or_default().push(kept.len());
            kept.push(unit);
        }
    }
    let mut rows = Array2::zeros((kept.len(), x.ncols()));
    rows.outer_iter_mut().zip(&kept).for_each(|(mut row, unit)| row.assign(unit));
    rows
}

/// All open cells of the hyperplanes of X, which must have full column rank: O(P n r) numbers are touched for P cells.
pub fn cells(x: ArrayView2<f64>) -> Patterns {
    let mut patterns = Patterns::new(x.nrows());
    // Patterns do not know the columns' units: with columns of one length, rows are told apart best.
    let lengths = x.map_axis(Axis(0), |column| column.dot(&column).sqrt().max(f64::MIN_POSITIVE));
    let even = &x / &lengths;
    for witness in witnesses(distinct_rows(even.view()).view()) {
        patterns.insert(x, witness / &lengths);
    }
    patterns
}

/// A point of each cell of distinct unit rows.
fn witnesses(x: ArrayView2<f64>) -> Vec<Array1<f64>> {
    match x.ncols() {
        0 => vec![Array1::zeros(0)],
        1 => [1.0, -1.0].map(|sign| Array1::from_elem(1, sign)).to_vec(),
        2 => on_the_circle(x),
        _ => by_hyperplanes(x),
    }
}

/// In the plane, the middles between directions that are orthogonal to a row.
fn on_the_circle(x: ArrayView2<f64>) -> Vec<Array1<f64>> {
    use std::f64::consts::{PI, TAU};
    if x.nrows() == 0 {
        return vec![Array1::from_vec(vec![1.0, 0.0])];
    }
    let mut angles: Vec<f64> = x
        .outer_iter()
        .flat_map(|row| {
            let angle = row[0].atan2(-row[1]);
            [angle, if angle > 0.0 { angle - PI } else { angle + PI }]
        })
        .collect();
    angles.sort_by(f64::total_cmp);
    let next = angles.iter().skip(1).copied().chain([angles[0] + TAU]);
    angles
        .iter()
        .zip(next)
        .map(|(a, b)| 0.5 * (a + b))
        .map(|a| Array1::from_vec(vec![a.cos(), a.sin()]))
        .collect()
}

fn by_hyperplanes(x: ArrayView2<f64>) -> Vec<Array1<f64>> {
    let (rows, dimension) = x.dim();
    let mut start = Array1::zeros(dimension);
    start[0] = 1.0;
    let mut found = vec![start];
    for k in 0..rows {
        let normal = x.row(k);
        let earlier = x.slice(ndarray::s![..k, ..]);
        let basis = complement(normal);
        // Cells on the hyperplane: those of the earlier rows' traces in it.
        let traces = earlier.dot(&basis);
        let mut cut = BTreeMap::new();
        for place in witnesses(distinct_rows(traces.view()).view()) {
            let point = basis.dot(&place);
            cut.insert(signs(earlier.dot(&point).view()), point);
        }
        let mut kept: Vec<Array1<f64>> = found
            .into_iter()
            .filter(|witness| !cut.contains_key(&signs(earlier.dot(witness).view())))
            .collect();
        for point in cut.into_values() {
            // Half of the way to the nearest of the earlier hyperplanes.
            let nearest =
                earlier.dot(&point).iter().fold(f64::INFINITY, |least, product| least.min(product.abs()));
            let step = 0.5 * nearest.min(1.0);
            kept.extend([step, -step].map(|step| &point + &(&normal * step)));
        }
        found = kept;
    }
    found
}

fn signs(products: ArrayView1<f64>) -> Box<[u64]> {
    let mut key = vec![0_u64; products.len().div_ceil(64)].into_boxed_slice();
    for (row, product) in products.iter().enumerate() {
        key[row / 64] |= u64::from(*product >= 0.0) << (row % 64);
    }
    key
}

/// An orthonormal basis of what is orthogonal to a unit vector: columns of a reflection that maps it to an axis.
fn complement(normal: ArrayView1<f64>) -> Array2<f64> {
    let dimension = normal.len();
    let axis = (0..dimension).max_by(|a, b| normal[*a].abs().total_cmp(&normal[*b].abs())).unwrap_or(0);
    let mut mirror = normal.to_owned();
    mirror[axis] += normal[axis].signum();
    let square = mirror.dot(&mirror);
    let columns = (0..dimension).filter(|column| *column != axis);
    let mut basis = Array2::zeros((dimension, dimension - 1));
    for (place, column) in columns.enumerate() {
        for row in 0..dimension {
            let identity = f64::from(u8::from(row == column));
            basis[(row, place)] = identity - 2.0 * mirror[row] * mirror[column] / square;
        }
    }
    basis
}
