//! Convex training against perturbed inputs.
//!
//! Each input may move by up to ε in every feature. If a neuron keeps its pattern on all boxes, E_i X v ≥ ε|v|₁, the network is affine in each row's perturbation and the worst case is a norm: (1 − y f + ε|q_k|₁)₊ for the hinge, with q_k the sum
//! of the weights that see row k. So the programme over *stable* patterns is the exact worst-case cost of its network, an upper bound of what robust training can reach, and the optimum itself at ε = 0. The larger ε, the fewer patterns are stable; without any, the
//! network is zero. (How the paper states this is remembered from another paper of its authors; what is here is derived.)

use good_lp::{Expression, Solution, SolverModel, Variable, constraint, default_solver, variable, variables};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use crate::global::{Coverage, generate};
use crate::network::{Network, Neuron};
use crate::patterns::Patterns;
use crate::problem::{Loss, Problem, sigmoid, softplus};

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
    /// A linear programme was not solved.
    #[error("the robust programme was not solved: {0}")]
    Unsolved(String),
    /// More unknowns than tangents and linear programmes can treat in minutes.
    #[error("{0} stable patterns on {1} rows are too many for linear programmes: sample fewer")]
    TooLarge(usize, usize),
    /// Tangents were added without end.
    #[error("the robust programme was not solved to its tolerance: {0} of the cost is left")]
    Gap(String),
}

/// A linear programme under construction: rows Σ entries ≤ right.
struct Rows {
    rows: Vec<(Vec<(usize, f64)>, f64)>,
    /// Which unknowns cannot be negative.
    positive: Vec<bool>,
}

impl Rows {
    fn new(positive: Vec<bool>) -> Self {
        Self { rows: Vec::new(), positive }
    }

    /// Σ entries ≤ right.
    fn at_most(&mut self, entries: impl IntoIterator<Item = (usize, f64)>, right: f64) {
        self.rows.push((entries.into_iter().filter(|(_, value)| *value != 0.0).collect(), right));
    }

    /// The smallest value of a linear cost, and where it is.
    fn minimised(&self, cost: &[(usize, f64)]) -> Result<(Vec<f64>, f64), RobustError> {
        let mut problem = variables!();
        let kind = |positive: &bool| if *positive { variable().min(0.0) } else { variable() };
        let unknowns: Vec<Variable> =
            self.positive.iter().map(|positive| problem.add(kind(positive))).collect();
        let sum = |entries: &[(usize, f64)]| -> Expression {
            entries.iter().map(|(column, value)| *value * unknowns[*column]).sum()
        };
        let mut model = problem.minimise(sum(cost)).using(default_solver);
        for (entries, right) in &self.rows {
            model.add_constraint(constraint!(sum(entries) <= *right));
        }
        let solution = model.solve().map_err(|error| RobustError::Unsolved(error.to_string()))?;
        let found: Vec<f64> = unknowns.iter().map(|unknown| solution.value(*unknown)).collect();
        let value = cost.iter().map(|(column, weight)| weight * found[*column]).sum();
        Ok((found, value))
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
        let mut rows = Rows::new((0..2 * d + 1).map(|k| (d..2 * d).contains(&k)).collect());
        for row in 0..n {
            let length = self.x.row(row).dot(&self.x.row(row)).sqrt();
            if length == 0.0 {
                // A row of zeros that may move allows no weight at all.
                if (0..d).any(|j| self.may_move(j)) {
                    return Ok(0.0);
                }
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
        Ok(-rows.minimised(&[(2 * d, -1.0)])?.1)
    }

    /// The optimum over stable patterns, to 10⁻⁹ of the cost: norms and losses are replaced by tangents, which are added where the last linear programme left them.
    ///
    /// # Errors
    /// [`RobustError`] if there are more than 800 patterns times rows, if a linear programme is not solved, or the tangents do not come to an end.
    pub fn solve(&self, patterns: &Patterns) -> Result<RobustOptimum, RobustError> {
        const MOST: usize = 800;
        let (n, d) = self.x.dim();
        if self.size == 0.0 {
            // Nothing moves: the ordinary optimum.
            let problem = Problem::new(self.x, self.y, self.loss, self.beta)
                .map_err(|fault| RobustError::Unsolved(fault.to_string()))?;
            let found = generate(&problem, patterns, Coverage::Given, 1e-9);
            let network = found.network.restored(&problem);
            return Ok(RobustOptimum { network, objective: found.certificate.upper });
        }
        if patterns.len() * n > MOST {
            return Err(RobustError::TooLarge(patterns.len(), n));
        }
        let shape = Shape { features: d, blocks: 2 * patterns.len() };
        let mut rows = Rows::new(shape.positive(n));
        self.add_cones(patterns, &shape, &mut rows);
        self.add_margins(patterns, &shape, &mut rows);
        let mut cost: Vec<(usize, f64)> =
            (0..shape.blocks).map(|block| (shape.norm(block), self.beta)).collect();
        cost.extend((0..n).map(|row| (shape.loss(row), 1.0)));
        // Tangents to begin with.
        for block in 0..shape.blocks {
            for j in 0..d {
                for side in [1.0, -1.0] {
                    rows.at_most([(shape.weight(block, j), side), (shape.norm(block), -1.0)], 0.0);
                }
            }
        }
        for row in 0..n {
            for at in [-4.0, -1.0, 0.0, 1.0, 4.0] {
                self.add_tangent(&shape, row, at, &mut rows);
            }
        }
        let mut left = f64::INFINITY;
        for _ in 0..100 {
            let (found, lower) = rows.minimised(&cost)?;
            let z = |block: usize| -> Array1<f64> { (0..d).map(|j| found[shape.weight(block, j)]).collect() };
            let norms: f64 = (0..shape.blocks).map(|block| z(block).dot(&z(block)).sqrt()).sum();
            let losses: f64 = (0..n).map(|row| self.of_margin(found[shape.margin(row)])).sum();
            let objective = losses + self.beta * norms;
            left = (objective - lower) / objective.max(1.0);
            if left <= 1e-9 {
                let neurons = (0..shape.blocks).map(|block| Neuron { sign: shape.sign(block), z: z(block) });
                let network = Network { neurons: neurons.collect() };
                return Ok(RobustOptimum { network: network.merged(1e-9, 1e-12), objective });
            }
            for block in 0..shape.blocks {
                let (z, norm) = (z(block), found[shape.norm(block)]);
                let length = z.dot(&z).sqrt();
                if length > norm + 1e-12 * (1.0 + length) {
                    let tangent = (0..d).map(|j| (shape.weight(block, j), z[j] / length));
                    rows.at_most(tangent.chain([(shape.norm(block), -1.0)]), 0.0);
                }
            }
            for row in 0..n {
                let at = found[shape.margin(row)];
                if self.of_margin(at) > found[shape.loss(row)] + 1e-12 {
                    self.add_tangent(&shape, row, at, &mut rows);
                }
            }
        }
        Err(RobustError::Gap(format!("{left:e}")))
    }

    fn may_move(&self, feature: usize) -> bool {
        self.moves[feature] && self.size > 0.0
    }

    /// The loss of the worst margin m: 1 − y f + ε|q|₁, −y f + ε|q|₁, or |f − y| + ε|q|₁.
    fn of_margin(&self, margin: f64) -> f64 {
        match self.loss {
            Loss::Hinge => margin.max(0.0),
            Loss::Logistic => softplus(margin),
            Loss::Squared => 0.5 * margin.max(0.0).powi(2),
        }
    }

    /// loss ≥ value + slope (margin − at).
    fn add_tangent(&self, shape: &Shape, row: usize, at: f64, rows: &mut Rows) {
        let slope = match self.loss {
            Loss::Hinge => f64::from(u8::from(at > 0.0)),
            Loss::Logistic => sigmoid(at),
            Loss::Squared => at.max(0.0),
        };
        let right = slope * at - self.of_margin(at);
        rows.at_most([(shape.margin(row), slope), (shape.loss(row), -1.0)], right);
    }

    /// E X z ≥ ε|z|₁ in every block.
    fn add_cones(&self, patterns: &Patterns, shape: &Shape, rows: &mut Rows) {
        let d = shape.features;
        for block in 0..shape.blocks {
            for row in 0..self.x.nrows() {
                let side = if patterns.active(block / 2, row) { -1.0 } else { 1.0 };
                let products = (0..d).map(|j| (shape.weight(block, j), side * self.x[(row, j)]));
                let moved = (0..d).filter(|j| self.may_move(*j)).map(|j| (shape.size(block, j), self.size));
                rows.at_most(products.chain(moved), 0.0);
            }
            for j in (0..d).filter(|j| self.may_move(*j)) {
                rows.at_most([(shape.weight(block, j), 1.0), (shape.size(block, j), -1.0)], 0.0);
                rows.at_most([(shape.weight(block, j), -1.0), (shape.size(block, j), -1.0)], 0.0);
            }
        }
    }

    /// |q_k| by features, and the margin that a row's loss is of.
    fn add_margins(&self, patterns: &Patterns, shape: &Shape, rows: &mut Rows) {
        let d = shape.features;
        for row in 0..self.x.nrows() {
            let seen: Vec<usize> =
                (0..shape.blocks).filter(|block| patterns.active(block / 2, row)).collect();
            for j in (0..d).filter(|j| self.may_move(*j)) {
                for side in [1.0, -1.0] {
                    let sum = seen.iter().map(|block| (shape.weight(*block, j), side * shape.sign(*block)));
                    rows.at_most(sum.chain([(shape.row_size(row, j), -1.0)]), 0.0);
                }
            }
            let y = self.y[row];
            let mut add = |factor: f64, right: f64| {
                let output = seen.iter().flat_map(|block| {
                    (0..d).map(|j| (shape.weight(*block, j), factor * shape.sign(*block) * self.x[(row, j)]))
                });
                let moved = (0..d).filter(|j| self.may_move(*j)).map(|j| (shape.row_size(row, j), self.size));
                rows.at_most(output.chain(moved).chain([(shape.margin(row), -1.0)]), right);
            };
            match self.loss {
                Loss::Hinge => add(-y, -1.0),
                Loss::Logistic => add(-y, 0.0),
                Loss::Squared => {
                    add(1.0, y);
                    add(-1.0, -y);
                }
            }
        }
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

/// Where unknowns stand: for each block z, |z| by features and its norm; for each row |q| by features, the margin and the loss.
struct Shape {
    features: usize,
    blocks: usize,
}

impl Shape {
    fn sign(&self, block: usize) -> f64 {
        if block.is_multiple_of(2) { 1.0 } else { -1.0 }
    }

    fn weight(&self, block: usize, j: usize) -> usize {
        block * (2 * self.features + 1) + j
    }

    fn size(&self, block: usize, j: usize) -> usize {
        self.weight(block, self.features + j)
    }

    fn norm(&self, block: usize) -> usize {
        self.weight(block, 2 * self.features)
    }

    fn row_size(&self, row: usize, j: usize) -> usize {
        self.weight(self.blocks, 0) + row * (self.features + 2) + j
    }

    fn margin(&self, row: usize) -> usize {
        self.row_size(row, self.features)
    }

    fn loss(&self, row: usize) -> usize {
        self.row_size(row, self.features + 1)
    }

    /// Sizes, norms and losses.
    fn positive(&self, rows: usize) -> Vec<bool> {
        let mut positive = vec![false; self.row_size(rows, 0)];
        for block in 0..self.blocks {
            (0..self.features).for_each(|j| positive[self.size(block, j)] = true);
            positive[self.norm(block)] = true;
        }
        for row in 0..rows {
            (0..self.features).for_each(|j| positive[self.row_size(row, j)] = true);
            positive[self.loss(row)] = true;
        }
        positive
    }
}

/// Labelled points in four squares around the origin, y = sign(x₁x₂), none within `gap` of an axis.
pub fn crossed_squares(count: usize, gap: f64, random: &mut impl rand::Rng) -> (Array2<f64>, Array1<f64>) {
    let push = |x: f64| if x >= 0.0 { x + gap } else { x - gap };
    let x = Array2::from_shape_simple_fn((count, 2), || push(random.random_range(-1.0..1.0)));
    let y = x.outer_iter().map(|row| if row[0] * row[1] > 0.0 { 1.0 } else { -1.0 }).collect();
    (x, y)
}
