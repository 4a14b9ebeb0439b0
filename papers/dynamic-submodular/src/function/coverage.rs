//! Coverage: how many points, or how much weight, a set of elements covers.

use super::Function;
use crate::graph::Graph;

/// f(S) = Σ of the weights of the points covered by an element of S; each element covers a sparse list of points.
///
/// State: one bit a point. A gain reads the list of the element and one bit for each of its points.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// Points of element e: `points[starts[e]..starts[e + 1]]`.
    starts: Vec<usize>,
    points: Vec<u32>,
    universe: usize,
    /// Empty where all weights are 1.
    weights: Vec<f64>,
}

/// Why lists of points are no coverage function.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CoverageError {
    /// A list names a point beyond the universe.
    #[error("element {element} covers point {point}, but there are {universe} points")]
    Point {
        /// The element.
        element: usize,
        /// The point.
        point: usize,
        /// The number of points.
        universe: usize,
    },
    /// More points than 32 bits can name.
    #[error("expected fewer than 2^32 points, found {0}")]
    TooMany(usize),
    /// Not one weight for each point.
    #[error("expected {universe} weights, found {found}")]
    Weights {
        /// The number of points.
        universe: usize,
        /// The number of weights.
        found: usize,
    },
    /// A weight that is negative or not finite.
    #[error("the weight of point {point} is {weight}: expected a finite number, at least 0")]
    Weight {
        /// The point.
        point: usize,
        /// Its weight.
        weight: f64,
    },
}

impl Coverage {
    /// Each element covers the points of its list; repeated points count once. `universe` is the number of points.
    ///
    /// # Errors
    /// For points outside the universe.
    pub fn new(sets: &[Vec<usize>], universe: usize) -> Result<Self, CoverageError> {
        if u32::try_from(universe).is_err() {
            return Err(CoverageError::TooMany(universe));
        }
        let (mut starts, mut points) = (vec![0], Vec::new());
        for (element, set) in sets.iter().enumerate() {
            if let Some(&point) = set.iter().find(|point| **point >= universe) {
                return Err(CoverageError::Point { element, point, universe });
            }
            let mut set: Vec<u32> = set.iter().map(|&point| point as u32).collect();
            set.sort_unstable();
            set.dedup();
            points.extend(set);
            starts.push(points.len());
        }
        Ok(Self { starts, points, universe, weights: Vec::new() })
    }

    /// Gives each point a weight.
    ///
    /// # Errors
    /// If there is not one weight for each point, or one is negative, NaN or infinite.
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Self, CoverageError> {
        if weights.len() != self.universe {
            return Err(CoverageError::Weights { universe: self.universe, found: weights.len() });
        }
        match weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
            Some(point) => Err(CoverageError::Weight { point, weight: weights[point] }),
            None => Ok(Self { weights, ..self }),
        }
    }

    /// Nodes cover their neighbours, |N(S)|: the open neighbourhood, as in the published experiments.
    pub fn of_neighbours(graph: &Graph) -> Self {
        Self::of_graph(graph, false)
    }

    /// Nodes cover themselves and their neighbours, |S ∪ N(S)|: the dominating-set objective.
    pub fn of_closed_neighbourhoods(graph: &Graph) -> Self {
        Self::of_graph(graph, true)
    }

    fn of_graph(graph: &Graph, closed: bool) -> Self {
        let (mut starts, mut points) = (vec![0], Vec::new());
        for node in 0..graph.nodes() {
            points.extend_from_slice(graph.neighbours(node));
            if closed && graph.neighbours(node).binary_search(&(node as u32)).is_err() {
                points.push(node as u32);
            }
            starts.push(points.len());
        }
        Self { starts, points, universe: graph.nodes(), weights: Vec::new() }
    }

    /// The points that an element covers.
    pub fn points(&self, element: usize) -> &[u32] {
        &self.points[self.starts[element]..self.starts[element + 1]]
    }

    /// The number of points.
    pub fn universe(&self) -> usize {
        self.universe
    }

    /// The weight of a point; 1 where no weights are given.
    pub fn weight_of(&self, point: usize) -> f64 {
        self.weights.get(point).copied().unwrap_or(1.0)
    }

    fn weight(&self, point: u32) -> f64 {
        self.weight_of(point as usize)
    }
}

/// Which points are covered, and their weight.
#[derive(Clone, Debug)]
pub struct Covered {
    bits: Vec<u64>,
    value: f64,
}

impl Covered {
    fn none(universe: usize) -> Self {
        Self { bits: vec![0; universe.div_ceil(64)], value: 0.0 }
    }

    fn has(&self, point: u32) -> bool {
        self.bits[point as usize / 64] >> (point % 64) & 1 == 1
    }
}

impl Function for Coverage {
    type State = Covered;

    fn elements(&self) -> usize {
        self.starts.len() - 1
    }

    fn empty(&self) -> Covered {
        Covered::none(self.universe)
    }

    fn value(&self, state: &Covered) -> f64 {
        state.value
    }

    fn gain(&self, state: &Covered, element: usize) -> f64 {
        let points = self.points(element);
        if self.weights.is_empty() {
            points.iter().map(|&point| u32::from(!state.has(point))).sum::<u32>().into()
        } else {
            points.iter().filter(|point| !state.has(**point)).map(|&point| self.weight(point)).sum()
        }
    }

    fn add(&self, state: &mut Covered, element: usize) {
        for &point in self.points(element) {
            if !state.has(point) {
                state.bits[point as usize / 64] |= 1 << (point % 64);
                state.value += self.weight(point);
            }
        }
    }
}

/// [`Coverage`] without weights for dense lists: one row of bits an element, and a gain is a pass over it that counts the bits not covered.
/// Faster where elements cover more than about one point in 64.
#[derive(Clone, Debug)]
pub struct BitsetCoverage {
    rows: Vec<u64>,
    words: usize,
    elements: usize,
}

impl BitsetCoverage {
    /// The same function, stored as bits. Memory: N · universe / 8 bytes. Weights are not kept, so there must be none.
    ///
    /// Returns `None` for a weighted function.
    pub fn of(sparse: &Coverage) -> Option<Self> {
        if !sparse.weights.is_empty() {
            return None;
        }
        let (words, elements) = (sparse.universe.div_ceil(64), sparse.elements());
        let mut rows = vec![0; words * elements];
        for element in 0..elements {
            for &point in sparse.points(element) {
                rows[element * words + point as usize / 64] |= 1_u64 << (point % 64);
            }
        }
        Some(Self { rows, words, elements })
    }

    fn row(&self, element: usize) -> &[u64] {
        &self.rows[element * self.words..(element + 1) * self.words]
    }
}

impl Function for BitsetCoverage {
    type State = Covered;

    fn elements(&self) -> usize {
        self.elements
    }

    fn empty(&self) -> Covered {
        Covered { bits: vec![0; self.words], value: 0.0 }
    }

    fn value(&self, state: &Covered) -> f64 {
        state.value
    }

    fn gain(&self, state: &Covered, element: usize) -> f64 {
        let new =
            self.row(element).iter().zip(&state.bits).map(|(row, covered)| (row & !covered).count_ones());
        new.sum::<u32>().into()
    }

    fn add(&self, state: &mut Covered, element: usize) {
        state.value += self.gain(state, element);
        for (covered, row) in state.bits.iter_mut().zip(self.row(element)) {
            *covered |= row;
        }
    }
}
