//! Convex training against perturbed inputs.
//!
//! Each input may move by up to ε in every feature. If a neuron keeps its pattern on all boxes, E_i X v ≥ ε|v|₁, the network is affine in each row's perturbation and the worst case is a norm: (1 − y f + ε|q_k|₁)₊ for the hinge, with q_k the sum
//! of the weights that see row k. So the programme over *stable* patterns is the exact worst-case cost of its network, an upper bound of what robust training can reach, and the optimum itself at ε = 0. The larger ε, the fewer patterns are stable; without any, the
//! network is zero. (How the paper states this is remembered from another paper of its authors; what is here is derived.)

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::{ExponentialConeT, NonnegativeConeT, SecondOrderConeT};
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::network::{Network, Neuron};
use crate::patterns::Patterns;
use crate::problem::Loss;

/// Inputs, targets, and how far which features may move.
#[derive(Clone, Debug)]
pub struct Robust<'a> {
    /// n × d.
    pub x: ArrayView2<'a, f64>,
    /// Targets; labels ±1 for the logistic loss and the hinge.
    pub y: ArrayView1<'a, f64>,
    /// The loss.
    pub loss: Loss,
    /// β.
    pub beta: f64,
    /// ε ≥ 0.
    pub size: f64,
    /// Which features move; a column of ones does not.
    pub moves: &'a [bool],
}

/// An optimum of the robust programme.
#[derive(Clone, Debug)]
pub struct RobustOptimum {
    /// Over stable patterns.
    pub network: Network,
    /// Its worst-case cost as the programme states it.
    pub objective: f64,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RobustError {
    /// The conic solver did not converge.
    #[error("the robust programme was not solved: {0}")]
    Unsolved(String),
}

/// A sparse matrix under construction: rows of a cone programme.
#[derive(Default)]
struct Rows {
    entries: Vec<(usize, usize, f64)>,
    right: Vec<f64>,
    cones: Vec<SupportedConeT<f64>>,
}

impl Rows {
    /// Σ entries ≤ right.
    fn at_most(&mut self, entries: impl IntoIterator<Item = (usize, f64)>, right: f64) {
        let row = self.right.len();
        self.entries.extend(entries.into_iter().map(|(column, value)| (row, column, value)));
        self.right.push(right);
    }

    /// The rows since `first` form this cone.
    fn close(&mut self, cone: SupportedConeT<f64>) {
        self.cones.push(cone);
    }

    fn matrix(&self, columns: usize) -> CscMatrix<f64> {
        let (mut rows, mut places, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (row, column, value) in &self.entries {
            rows.push(*row);
            places.push(*column);
            values.push(*value);
        }
        CscMatrix::new_from_triplets(self.right.len(), columns, rows, places, values)
    }
}

fn solved(
    columns: usize,
    quadratic: &[(usize, f64)],
    linear: &[f64],
    rows: &Rows,
) -> Result<(Vec<f64>, f64), RobustError> {
    let (places, values): (Vec<usize>, Vec<f64>) = quadratic.iter().copied().unzip();
    let square = CscMatrix::new_from_triplets(columns, columns, places.clone(), places, values);
    let settings = DefaultSettings {
        verbose: false,
        tol_gap_abs: 1e-10,
        tol_gap_rel: 1e-10,
        tol_feas: 1e-10,
        ..DefaultSettings::default()
    };
    let fault = |text: String| RobustError::Unsolved(text);
    let mut solver =
        DefaultSolver::new(&square, linear, &rows.matrix(columns), &rows.right, &rows.cones, settings)
            .map_err(|error| fault(format!("{error:?}")))?;
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved => {
            Ok((solver.solution.x.clone(), solver.solution.obj_val))
        }
        status => Err(fault(format!("{status:?}"))),
    }
}

impl Robust<'_> {
    /// Those patterns whose robust cone has a point inside, by one linear programme each.
    ///
    /// # Errors
    /// [`RobustError`] if one is not solved.
    pub fn stable(&self, patterns: &Patterns) -> Result<Patterns, RobustError> {
        let mut kept = Vec::new();
        for pattern in 0..patterns.len() {
            if self.margin(patterns, pattern)? > 1e-7 {
                kept.push(pattern);
            }
        }
        Ok(patterns.subset(kept))
    }

    /// The largest t with E X u ≥ ε|u|₁ + t over |u|∞ ≤ 1, rows in units of their length.
    fn margin(&self, patterns: &Patterns, pattern: usize) -> Result<f64, RobustError> {
        let (n, d) = self.x.dim();
        // u, then |u|, then t.
        let mut rows = Rows::default();
        for row in 0..n {
            let length = self.x.row(row).dot(&self.x.row(row)).sqrt();
            if length == 0.0 {
                continue;
            }
            let side = if patterns.active(pattern, row) { -1.0 } else { 1.0 };
            let products = (0..d).map(|j| (j, side * self.x[(row, j)] / length));
            let sizes = (0..d).filter(|j| self.moves[*j]).map(|j| (d + j, self.size / length));
            rows.at_most(products.chain(sizes).chain([(2 * d, 1.0)]), 0.0);
        }
        for j in 0..d {
            rows.at_most([(j, 1.0), (d + j, -1.0)], 0.0);
            rows.at_most([(j, -1.0), (d + j, -1.0)], 0.0);
            rows.at_most([(d + j, 1.0)], 1.0);
        }
        rows.at_most([(2 * d, 1.0)], 1.0);
        rows.close(NonnegativeConeT(rows.right.len()));
        let mut linear = vec![0.0; 2 * d + 1];
        linear[2 * d] = -1.0;
        Ok(-solved(2 * d + 1, &[], &linear, &rows)?.1)
    }

    /// The optimum over stable patterns.
    ///
    /// # Errors
    /// [`RobustError`] if the conic solver does not converge.
    pub fn solve(&self, patterns: &Patterns) -> Result<RobustOptimum, RobustError> {
        let (n, d) = self.x.dim();
        let blocks = 2 * patterns.len();
        // For each block z, its norm t and sizes |z|; for each row sizes of q and up to three numbers of the loss.
        let stride = 2 * d + 1;
        let of_row = d + 3;
        let columns = blocks * stride + n * of_row;
        let weights = |block: usize, j: usize| block * stride + j;
        let norm = |block: usize| block * stride + d;
        let sizes = |block: usize, j: usize| block * stride + d + 1 + j;
        let row_sizes = |row: usize, j: usize| blocks * stride + row * of_row + j;
        let number = |row: usize, k: usize| blocks * stride + row * of_row + d + k;
        let sees = |block: usize, row: usize| patterns.active(block / 2, row);
        let sign = |block: usize| if block.is_multiple_of(2) { 1.0 } else { -1.0 };
        let mut rows = Rows::default();
        for block in 0..blocks {
            for row in 0..n {
                let side = if sees(block, row) { -1.0 } else { 1.0 };
                let products = (0..d).map(|j| (weights(block, j), side * self.x[(row, j)]));
                let moved = (0..d).filter(|j| self.moves[*j]).map(|j| (sizes(block, j), self.size));
                rows.at_most(products.chain(moved), 0.0);
            }
            for j in 0..d {
                rows.at_most([(weights(block, j), 1.0), (sizes(block, j), -1.0)], 0.0);
                rows.at_most([(weights(block, j), -1.0), (sizes(block, j), -1.0)], 0.0);
            }
        }
        for row in 0..n {
            // |q_k| in each feature, and the margin that the loss is of.
            for j in 0..d {
                for side in [1.0, -1.0] {
                    let sum = (0..blocks).filter(|b| sees(*b, row)).map(|b| (weights(b, j), side * sign(b)));
                    rows.at_most(sum.chain([(row_sizes(row, j), -1.0)]), 0.0);
                }
            }
            let output = |factor: f64| -> Vec<(usize, f64)> {
                let seen = (0..blocks).filter(|block| sees(*block, row));
                seen.flat_map(|b| (0..d).map(move |j| (b, j)))
                    .map(|(b, j)| (weights(b, j), factor * sign(b) * self.x[(row, j)]))
                    .collect()
            };
            let moved = || (0..d).filter(|j| self.moves[*j]).map(|j| (row_sizes(row, j), self.size));
            let y = self.y[row];
            match self.loss {
                Loss::Hinge => {
                    rows.at_most(output(-y).into_iter().chain(moved()).chain([(number(row, 0), -1.0)]), -1.0);
                    rows.at_most([(number(row, 0), -1.0)], 0.0);
                }
                Loss::Squared => {
                    for side in [1.0, -1.0] {
                        let entries = output(side).into_iter().chain(moved()).chain([(number(row, 0), -1.0)]);
                        rows.at_most(entries, side * y);
                    }
                }
                // e^(m − ℓ) + e^(−ℓ) ≤ 1 for ℓ ≥ ln(1 + e^m).
                Loss::Logistic => rows.at_most([(number(row, 1), 1.0), (number(row, 2), 1.0)], 1.0),
            }
        }
        rows.close(NonnegativeConeT(rows.right.len()));
        for block in 0..blocks {
            rows.at_most([(norm(block), -1.0)], 0.0);
            (0..d).for_each(|j| rows.at_most([(weights(block, j), -1.0)], 0.0));
            rows.close(SecondOrderConeT(d + 1));
        }
        if self.loss == Loss::Logistic {
            for row in 0..n {
                for (k, with_margin) in [(1, true), (2, false)] {
                    let mut entries = vec![(number(row, 0), 1.0)];
                    if with_margin {
                        let seen = (0..blocks).filter(|block| sees(*block, row));
                        entries.extend(
                            seen.flat_map(|b| (0..d).map(move |j| (b, j)))
                                .map(|(b, j)| (weights(b, j), self.y[row] * sign(b) * self.x[(row, j)])),
                        );
                        entries.extend(
                            (0..d).filter(|j| self.moves[*j]).map(|j| (row_sizes(row, j), -self.size)),
                        );
                    }
                    rows.at_most(entries, 0.0);
                    rows.at_most([], 1.0);
                    rows.at_most([(number(row, k), -1.0)], 0.0);
                    rows.close(ExponentialConeT());
                }
            }
        }
        let mut linear = vec![0.0; columns];
        (0..blocks).for_each(|block| linear[norm(block)] = self.beta);
        let mut quadratic = Vec::new();
        for row in 0..n {
            match self.loss {
                Loss::Squared => quadratic.push((number(row, 0), 1.0)),
                _ => linear[number(row, 0)] = 1.0,
            }
        }
        // What no cost touches stays bounded by the sizes' own price.
        for block in 0..blocks {
            (0..d).for_each(|j| linear[sizes(block, j)] = 1e-12);
        }
        let (found, objective) = solved(columns, &quadratic, &linear, &rows)?;
        let neurons = (0..blocks)
            .map(|block| Neuron { sign: sign(block), z: (0..d).map(|j| found[weights(block, j)]).collect() });
        Ok(RobustOptimum { network: Network { neurons: neurons.collect() }.merged(1e-7, 1e-9), objective })
    }

    /// The exact worst-case cost of any network, for up to two features that move: outputs are piecewise linear, so that their extremes lie on corners, on crossings of an edge and a neuron's line, or of two lines. O(n m²) for m neurons.
    ///
    /// # Panics
    /// If three features or more move.
    pub fn exact_cost(&self, network: &Network) -> f64 {
        let worst = |row: usize| {
            let outputs = self.extremes(network, row);
            self.loss.value(outputs.0, self.y[row]).max(self.loss.value(outputs.1, self.y[row]))
        };
        (0..self.x.nrows()).map(worst).sum::<f64>() + self.beta * network.norm()
    }

    /// The share of rows whose label no perturbation changes.
    ///
    /// # Panics
    /// If three features or more move.
    pub fn exact_accuracy(&self, network: &Network) -> f64 {
        let holds = |row: &usize| {
            let (low, high) = self.extremes(network, *row);
            if self.y[*row] > 0.0 { low > 0.0 } else { high < 0.0 }
        };
        (0..self.x.nrows()).filter(holds).count() as f64 / self.x.nrows() as f64
    }

    /// The smallest and the largest output in a row's box.
    fn extremes(&self, network: &Network, row: usize) -> (f64, f64) {
        let moving: Vec<usize> = (0..self.x.ncols()).filter(|j| self.moves[*j]).collect();
        assert!(moving.len() <= 2, "the exact worst case is known for up to two features that move");
        let at = self.x.row(row);
        let center: [f64; 2] = std::array::from_fn(|k| moving.get(k).map_or(0.0, |j| at[*j]));
        let size: [f64; 2] = std::array::from_fn(|k| if k < moving.len() { self.size } else { 0.0 });
        // Each neuron's line a p₁ + b p₂ + c = 0 in the moving features.
        let lines: Vec<[f64; 3]> = network
            .neurons
            .iter()
            .map(|neuron| {
                let of = |k: usize| moving.get(k).map_or(0.0, |j| neuron.z[*j]);
                let fixed = (0..at.len()).filter(|j| !moving.contains(j)).map(|j| neuron.z[j] * at[j]).sum();
                [of(0), of(1), fixed]
            })
            .collect();
        let output = |p: [f64; 2]| -> f64 {
            let each = lines.iter().zip(&network.neurons);
            each.map(|(line, neuron)| neuron.sign * (line[0] * p[0] + line[1] * p[1] + line[2]).max(0.0))
                .sum()
        };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let inside = |p: [f64; 2]| (0..2).all(|k| (p[k] - center[k]).abs() <= size[k] * (1.0 + 1e-12));
        let mut visit = |p: [f64; 2]| {
            if p.iter().all(|x| x.is_finite()) && inside(p) {
                let f = output(p);
                low = low.min(f);
                high = high.max(f);
            }
        };
        for a in [-1.0, 1.0] {
            for b in [-1.0, 1.0] {
                visit([center[0] + a * size[0], center[1] + b * size[1]]);
            }
        }
        for (place, line) in lines.iter().enumerate() {
            for side in [-1.0, 1.0] {
                let x = center[0] + side * size[0];
                visit([x, -(line[0] * x + line[2]) / line[1]]);
                let y = center[1] + side * size[1];
                visit([-(line[1] * y + line[2]) / line[0], y]);
            }
            for other in &lines[..place] {
                let determinant = line[0] * other[1] - line[1] * other[0];
                visit([
                    (line[1] * other[2] - other[1] * line[2]) / determinant,
                    (line[2] * other[0] - other[2] * line[0]) / determinant,
                ]);
            }
        }
        (low, high)
    }
}

/// Labelled points in four squares around the origin, y = sign(x₁x₂), none within `gap` of an axis.
pub fn crossed_squares(count: usize, gap: f64, random: &mut impl rand::Rng) -> (Array2<f64>, Array1<f64>) {
    let push = |x: f64| if x >= 0.0 { x + gap } else { x - gap };
    let x = Array2::from_shape_simple_fn((count, 2), || push(random.random_range(-1.0..1.0)));
    let y = x.outer_iter().map(|row| if row[0] * row[1] > 0.0 { 1.0 } else { -1.0 }).collect();
    (x, y)
}
