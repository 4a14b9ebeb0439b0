//! Covers of Pareto critical sets by boxes.
//!
//! Boxes are halved along their longest side, and those that cannot hold a critical point are dropped: with gradients g_i at the centre c of a box with half diagonal r, that differ from the true ones by e_i
//! at most and change by at most L_i r on the box, no point of it is critical if the shortest vector of conv{g_i(c)} is longer than max(e_i + L_i r). What remains covers
//! the whole critical set of the first box, with exact gradients and with inexact ones. Where there are no Lipschitz constants, boxes are kept that descent from
//! points in them hits, as in the papers; nothing is proven then.

use rayon::prelude::*;

use crate::descent::{Options, descend};
use crate::functions::Objectives;
use crate::min_norm::shortest;

/// Boxes of one size that tile a domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Cover {
    low: Vec<f64>,
    high: Vec<f64>,
    /// How often each side was halved.
    halvings: Vec<u32>,
    /// Places of the boxes that are kept, in ascending order.
    boxes: Vec<Vec<u32>>,
}

/// Why there is no cover.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CoverError {
    /// The domain is none.
    #[error("the domain from {0:?} to {1:?} has no inside")]
    Domain(Vec<f64>, Vec<f64>),
    /// An axis has been halved as often as places can count.
    #[error("an axis was halved {0} times: no more is possible")]
    Depth(u32),
    /// Too many boxes for memory and patience.
    #[error(
        "{0} boxes or descents at depth {1}: a smaller depth, fewer variables or smaller Lipschitz constants are needed"
    )]
    Boxes(usize, u32),
}

/// Boxes at most.
const MOST: usize = 4_000_000;
/// Halvings of an axis at most: places are 32-bit numbers.
const HALVINGS: u32 = 31;

impl Cover {
    /// One box.
    ///
    /// # Errors
    /// For sides that are empty or not finite.
    pub fn new(low: Vec<f64>, high: Vec<f64>) -> Result<Self, CoverError> {
        let inside = |(low, high): (&f64, &f64)| low < high && low.is_finite() && high.is_finite();
        if low.is_empty() || low.len() != high.len() || !low.iter().zip(&high).all(inside) {
            return Err(CoverError::Domain(low, high));
        }
        let d = low.len();
        Ok(Self { low, high, halvings: vec![0; d], boxes: vec![vec![0; d]] })
    }

    /// Boxes that are kept.
    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// Sides of a box.
    pub fn sides(&self) -> Vec<f64> {
        let side = |((low, high), halvings): ((&f64, &f64), &u32)| (high - low) / f64::from(*halvings).exp2();
        self.low.iter().zip(&self.high).zip(&self.halvings).map(side).collect()
    }

    /// The diagonal of a box.
    pub fn diameter(&self) -> f64 {
        self.sides().iter().map(|side| side * side).sum::<f64>().sqrt()
    }

    /// Centres of the boxes.
    pub fn centres(&self) -> impl Iterator<Item = Vec<f64>> + '_ {
        let sides = self.sides();
        self.boxes.iter().map(move |place| self.centre(place, &sides))
    }

    fn centre(&self, place: &[u32], sides: &[f64]) -> Vec<f64> {
        let at = |((low, side), place): ((&f64, &f64), &u32)| low + side * (f64::from(*place) + 0.5);
        self.low.iter().zip(sides).zip(place).map(at).collect()
    }

    /// Whether a point is in a box that is kept; in both where it lies between two.
    pub fn contains(&self, x: &[f64]) -> bool {
        let sides = self.sides();
        let mut candidates: Vec<Vec<u32>> = vec![Vec::new()];
        for ((x, low), (side, halvings)) in x.iter().zip(&self.low).zip(sides.iter().zip(&self.halvings)) {
            let place = (x - low) / side;
            let most = 2_f64.powi(*halvings as i32) - 1.0;
            // Within rounding of an edge, both sides.
            let around: Vec<u32> = [(place - 1e-9).floor(), (place + 1e-9).floor()]
                .into_iter()
                .filter(|place| (0.0..=most).contains(place))
                .map(|place| place as u32)
                .collect();
            candidates = candidates
                .iter()
                .flat_map(|start| around.iter().map(|place| [start.as_slice(), &[*place]].concat()))
                .collect();
        }
        candidates.iter().any(|place| self.boxes.binary_search(place).is_ok())
    }

    /// Boxes with a side that no kept box shares.
    pub fn boundary(&self) -> Vec<Vec<f64>> {
        let sides = self.sides();
        let exposed = |place: &&Vec<u32>| {
            (0..place.len()).any(|axis| {
                [-1_i64, 1].iter().any(|step| {
                    let mut other = (*place).clone();
                    match u32::try_from(i64::from(other[axis]) + step) {
                        Ok(moved) => other[axis] = moved,
                        Err(_) => return true,
                    }
                    self.boxes.binary_search(&other).is_err()
                })
            })
        };
        self.boxes.iter().filter(exposed).map(|place| self.centre(place, &sides)).collect()
    }

    /// Halves all boxes along their longest side.
    ///
    /// # Errors
    /// For more than four million boxes, and for an axis that was halved 31 times.
    pub fn halve(&mut self) -> Result<(), CoverError> {
        let sides = self.sides();
        let axis = (0..sides.len()).rev().max_by(|a, b| sides[*a].total_cmp(&sides[*b])).unwrap_or(0);
        if self.boxes.len() > MOST / 2 {
            return Err(CoverError::Boxes(2 * self.boxes.len(), self.halvings.iter().sum::<u32>() + 1));
        }
        if self.halvings[axis] >= HALVINGS {
            return Err(CoverError::Depth(HALVINGS));
        }
        self.halvings[axis] += 1;
        let mut halves = Vec::with_capacity(2 * self.boxes.len());
        for place in &self.boxes {
            for half in [0, 1] {
                let mut place = place.clone();
                place[axis] = 2 * place[axis] + half;
                halves.push(place);
            }
        }
        halves.sort_unstable();
        self.boxes = halves;
        Ok(())
    }

    /// Drops boxes without critical points: `gradients` gives g_1, …, g_k at a point, `errors` are e_i, `lipschitz` are L_i. Rayon over boxes.
    pub fn keep_critical(
        &mut self,
        gradients: &(dyn Fn(&[f64]) -> Vec<Vec<f64>> + Sync),
        errors: &[f64],
        lipschitz: &[f64],
    ) {
        let sides = self.sides();
        let radius = 0.5 * self.diameter();
        let reach = errors.iter().zip(lipschitz).map(|(e, l)| e + l * radius).fold(0.0, f64::max);
        // What rounding may add to the shortest vector.
        let slack = |gradients: &[Vec<f64>]| {
            1e-6 * gradients.iter().flatten().fold(0.0_f64, |most, g| most.max(g.abs()))
        };
        let boxes = std::mem::take(&mut self.boxes);
        self.boxes = boxes
            .into_par_iter()
            .filter(|place| {
                let at = gradients(&self.centre(place, &sides));
                let found = shortest(&at).vector;
                // Gradients that are no numbers prove nothing.
                let length = found.iter().map(|v| v * v).sum::<f64>().sqrt();
                length.is_nan() || length <= reach + slack(&at)
            })
            .collect();
    }

    /// Takes the boxes that descents hit from `per_axis`ᵈ points in each box there is, wherever they are.
    ///
    /// # Errors
    /// For more than ten million descents.
    pub fn keep_hit(
        &mut self,
        objectives: &dyn Objectives,
        per_axis: u32,
        options: &Options,
    ) -> Result<(), CoverError> {
        let sides = self.sides();
        let d = sides.len();
        let points = per_axis.checked_pow(d as u32).unwrap_or(u32::MAX);
        let descents = f64::from(points) * self.boxes.len() as f64;
        if descents > 1e7 {
            return Err(CoverError::Boxes(descents as usize, self.halvings.iter().sum()));
        }
        let cover = &*self;
        let hits: Vec<Vec<u32>> = cover
            .boxes
            .par_iter()
            .flat_map_iter(|place| {
                let sides = &sides;
                (0..points).filter_map(move |number| {
                    let mut rest = number;
                    let start: Vec<f64> = (0..d)
                        .map(|axis| {
                            let step = f64::from(rest % per_axis) + 0.5;
                            rest /= per_axis;
                            cover.low[axis]
                                + sides[axis] * (f64::from(place[axis]) + step / f64::from(per_axis))
                        })
                        .collect();
                    let end = descend(objectives, &start, options).x;
                    let place = |axis: usize| {
                        let place = ((end[axis] - cover.low[axis]) / sides[axis]).floor();
                        let most = 2_f64.powi(cover.halvings[axis] as i32) - 1.0;
                        (0.0..=most).contains(&place).then_some(place as u32)
                    };
                    (0..d).map(place).collect::<Option<Vec<u32>>>()
                })
            })
            .collect();
        let unique: std::collections::BTreeSet<Vec<u32>> = hits.into_iter().collect();
        self.boxes = unique.into_iter().collect();
        Ok(())
    }
}

/// Distance of a point to the nearest of several.
pub fn distance(x: &[f64], set: &[Vec<f64>]) -> f64 {
    let square = |point: &Vec<f64>| x.iter().zip(point).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
    set.iter().map(square).fold(f64::INFINITY, f64::min).sqrt()
}
