//! The convex programme over given patterns, by an interior-point method that knows its structure.
//!
//! min loss(Σ s_j D_j X z_j) + β Σ t_j over blocks of a pattern and a sign, |z_j| ≤ t_j, each in its cone E_j X z_j ≥ 0 with E_j = 2D_j − I. Newton's system couples blocks through the n
//! outputs only: each block has an r × r system of its own, and what they share is one n × n matrix. A step costs O(P(n r² + n² r) + n³) for P blocks, and the largest thing that is stored is the slacks, P n numbers.
//! Norms are second-order cones in the scaling of Nesterov and Todd; predictor and corrector (Mehrotra 1992) share a factorisation.
//!
//! Multipliers of the cones give the bound on the way: M(ν) over these patterns is at most max |±XᵀD_jν + XᵀE_jλ_j| for any λ ≥ 0.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1};
use numerics::cholesky::Cholesky;
use rayon::prelude::*;

use crate::network::{Network, Neuron};
use crate::patterns::Patterns;
use crate::problem::{Loss, Problem};

mod lorentz;
mod moves;
mod slopes;
mod triangular;

use lorentz::{Lorentz, Scaling};
use slopes::{Slacks, Slopes};
use triangular::{multiply_factored, solve_factored, triangle};

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The gap over the cost.
    pub gap: f64,
    /// Most steps.
    pub steps: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { gap: 1e-11, steps: 100 }
    }
}

/// What was found over the given patterns.
#[derive(Clone, Debug)]
pub struct Restricted {
    /// Its neurons, in the problem's coordinates, none dropped.
    pub network: Network,
    /// ν.
    pub nu: Array1<f64>,
    /// The cost of the network.
    pub cost: f64,
    /// The programme's optimum over these patterns is not below.
    pub lower: f64,
    /// Newton steps.
    pub steps: usize,
}

impl Restricted {
    /// (cost − lower)/cost.
    pub fn gap(&self) -> f64 {
        (self.cost - self.lower) / self.cost.max(f64::MIN_POSITIVE)
    }
}

struct Block {
    pattern: usize,
    sign: f64,
    /// (t, z) and its dual.
    primal: Lorentz,
    dual: Lorentz,
    /// E X z where feasible, and the multipliers.
    slack: Array1<f64>,
    multiplier: Array1<f64>,
}

struct Method<'a> {
    problem: &'a Problem,
    patterns: &'a Patterns,
    blocks: Vec<Block>,
    slopes: Option<Slopes>,
    output: Array1<f64>,
}

/// A block's system: H = LLᵀ, and the scaling that it comes from.
struct Factored {
    factor: Array2<f64>,
    scaling: Scaling,
}

/// A block's change.
struct Change {
    primal: Lorentz,
    dual: Lorentz,
    slack: Array1<f64>,
    multiplier: Array1<f64>,
}

/// All changes.
struct Direction {
    blocks: Vec<Change>,
    output: Array1<f64>,
    slopes: Option<Slopes>,
}

/// Derivatives of the loss by rows, and of the hinge's what a change of its multiplier adds.
struct Derivatives {
    first: Array1<f64>,
    second: Array1<f64>,
}

/// Solves the programme over these patterns, for both signs of each.
pub fn solve(problem: &Problem, patterns: &Patterns, options: &Options) -> Restricted {
    let mut method = Method::new(problem, patterns);
    let mut best = method.measured(0);
    let mut stalled = 0;
    for step in 1..=options.steps {
        if best.gap() <= options.gap || stalled > 12 || method.step().is_none() {
            break;
        }
        let now = method.measured(step);
        if now.gap() < best.gap() {
            best = now;
            stalled = 0;
        } else {
            stalled += 1;
        }
    }
    best
}

impl<'a> Method<'a> {
    fn new(problem: &'a Problem, patterns: &'a Patterns) -> Self {
        let (n, r, beta) = (problem.rows(), problem.rank(), problem.beta());
        // Of the size that weights have.
        let size = match problem.loss() {
            Loss::Squared => (problem.y().dot(&problem.y()) / n as f64).sqrt().max(1e-100),
            _ => 1.0,
        };
        // And multipliers of the size of what they balance.
        let slope = problem.x().t().dot(&problem.dual_point(Array1::zeros(n).view()));
        let slope = slope.dot(&slope).sqrt().max(beta);
        let block = |pattern, sign| Block {
            pattern,
            sign,
            primal: Lorentz::unit(size, r),
            dual: Lorentz::unit(slope, r),
            slack: Array1::from_elem(n, size),
            multiplier: Array1::from_elem(n, slope / n as f64),
        };
        let slacks = Slacks { xi: Array1::from_elem(n, 2.0), excess: Array1::from_elem(n, 1.0) };
        let slopes = Slopes {
            p: Array1::from_elem(n, 0.5),
            rest: Array1::from_elem(n, 0.5),
            hinge: (problem.loss() == Loss::Hinge).then_some(slacks),
        };
        Self {
            problem,
            patterns,
            blocks: (0..patterns.len()).flat_map(|k| [block(k, 1.0), block(k, -1.0)]).collect(),
            slopes: (problem.loss() != Loss::Squared).then_some(slopes),
            output: Array1::zeros(n),
        }
    }

    /// ±XᵀD_j of a vector of n numbers.
    fn gathered(&self, block: &Block, values: ArrayView1<f64>) -> Array1<f64> {
        block.sign * self.patterns.correlation(block.pattern, self.problem.x(), values)
    }

    /// E_j of a vector of n numbers.
    fn signed(&self, block: &Block, mut values: Array1<f64>) -> Array1<f64> {
        for (row, value) in values.iter_mut().enumerate() {
            if !self.patterns.active(block.pattern, row) {
                *value = -*value;
            }
        }
        values
    }

    fn nu(&self) -> Array1<f64> {
        match &self.slopes {
            Some(slopes) => &slopes.p * &self.problem.y(),
            None => self.problem.dual_point(self.output.view()),
        }
    }

    fn measured(&self, steps: usize) -> Restricted {
        let nu = self.nu();
        let neurons =
            self.blocks.iter().map(|block| Neuron { sign: block.sign, z: block.primal.tail.clone() });
        let network = Network { neurons: neurons.collect() };
        let bounds = self.blocks.iter().map(|block| {
            let multiplier = self.signed(block, block.multiplier.clone());
            let bound = self.gathered(block, nu.view()) + self.problem.x().t().dot(&multiplier);
            bound.dot(&bound).sqrt()
        });
        let violation = bounds.fold(0.0, f64::max);
        let cost = network.cost(self.problem);
        let lower = self.problem.dual_value(nu.view(), violation);
        Restricted { network, nu, cost, lower, steps }
    }

    /// One step, by predictor and corrector. None where a system cannot be solved.
    fn step(&mut self) -> Option<()> {
        let mu = self.complementarity();
        let derivatives = self.derivatives();
        let root = derivatives.second.mapv(f64::sqrt);
        let (factored, coupling) = self.factored(&root)?;
        let coupling = Cholesky::new(coupling.view())?;
        let predictor = self.direction(&derivatives, &root, &factored, &coupling, 0.0, None)?;
        let reached = self.longest_step(&predictor);
        let after = self.after(&predictor, reached);
        let centring = ((after / mu).clamp(0.0, 1.0)).powi(3).max(1e-6);
        let corrector =
            self.direction(&derivatives, &root, &factored, &coupling, centring * mu, Some(&predictor))?;
        let length = 0.995 * self.longest_step(&corrector);
        self.advance(&corrector, length);
        (length > 1e-12).then_some(())
    }

    fn hinge(&self) -> Option<(&Slopes, &Slacks)> {
        self.slopes.as_ref().and_then(|slopes| slopes.hinge.as_ref().map(|hinge| (slopes, hinge)))
    }

    /// loss′ and loss″ by rows.
    fn derivatives(&self) -> Derivatives {
        let y = self.problem.y();
        match &self.slopes {
            None => Derivatives { first: &self.output - &y, second: Array1::ones(y.len()) },
            Some(slopes) => Derivatives { first: -(&slopes.p * &y), second: slopes.curvature() },
        }
    }

    /// H of every block, and I + W^½ F H⁻¹ Fᵀ W^½.
    fn factored(&self, root: &Array1<f64>) -> Option<(Vec<Factored>, Array2<f64>)> {
        let n = self.problem.rows();
        // At most nine partial sums, the same with any number of threads.
        let chunk = self.blocks.len().div_ceil(8).max(8);
        let parts: Option<Vec<_>> =
            self.blocks.par_chunks(chunk).map(|blocks| self.factored_part(blocks, root)).collect();
        let mut coupling = Array2::eye(n);
        let mut all = Vec::with_capacity(self.blocks.len());
        for (factored, part) in parts? {
            coupling += &part;
            all.extend(factored);
        }
        Some((all, coupling))
    }

    fn factored_part(&self, blocks: &[Block], root: &Array1<f64>) -> Option<(Vec<Factored>, Array2<f64>)> {
        let x = self.problem.x();
        let (n, r) = x.dim();
        let mut stacked = Array2::zeros((blocks.len() * r, n));
        let mut scaled = Array2::zeros((r, n + r));
        let mut all = Vec::with_capacity(blocks.len());
        for (place, block) in blocks.iter().enumerate() {
            let scaling = Scaling::new(&block.primal, &block.dual);
            // Heavy rows first, so that light ones keep their digits; the cone's square root behind them.
            let weights = block.multiplier.iter().zip(&block.slack).map(|(m, s)| (m / s).sqrt());
            let mut order: Vec<(usize, f64)> = weights.enumerate().collect();
            order.sort_by(|a, b| b.1.total_cmp(&a.1));
            let (size, shortened) = scaling.complement_root();
            let w = scaling.direction();
            for (i, mut column) in scaled.outer_iter_mut().enumerate() {
                for (to, (row, weight)) in column.iter_mut().zip(&order) {
                    *to = weight * x[(*row, i)];
                }
                for j in 0..r {
                    column[n + j] = size * (f64::from(u8::from(i == j)) - shortened * w[i] * w[j]);
                }
            }
            let matrix = triangle(&mut scaled)?;
            // L⁻¹Xᵀ W^½, zero where a row is not active.
            let mut rows = stacked.slice_mut(ndarray::s![place * r..(place + 1) * r, ..]);
            for i in 0..r {
                for row in (0..n).filter(|row| self.patterns.active(block.pattern, *row)) {
                    rows[(i, row)] = x[(row, i)] * root[row];
                }
                for k in 0..i {
                    let factor = matrix[(i, k)];
                    let (known, mut current) = rows.multi_slice_mut((ndarray::s![k, ..], ndarray::s![i, ..]));
                    current.scaled_add(-factor, &known);
                }
                let pivot = 1.0 / matrix[(i, i)];
                rows.row_mut(i).mapv_inplace(|value| value * pivot);
            }
            all.push(Factored { factor: matrix, scaling });
        }
        let mut coupling = Array2::zeros((n, n));
        general_mat_mul(1.0, &stacked.t(), &stacked, 0.0, &mut coupling);
        Some((all, coupling))
    }

    /// Newton's direction towards products of `target`, corrected for the second order of a predictor.
    fn direction(
        &self,
        derivatives: &Derivatives,
        root: &Array1<f64>,
        factored: &[Factored],
        coupling: &Cholesky,
        target: f64,
        predictor: Option<&Direction>,
    ) -> Option<Direction> {
        let (x, y) = (self.problem.x(), self.problem.y());
        let n = self.problem.rows();
        // Slopes move even where outputs do not.
        let before = predictor.and_then(|predictor| predictor.slopes.as_ref());
        let lacking = self.slopes.as_ref().map(|slopes| slopes.lacking(target, before, &(&y * &self.output)));
        let mut first = derivatives.first.clone();
        if let Some(lacking) = &lacking {
            first -= &(&lacking.slope * &derivatives.second * y);
        }
        // Right-hand sides, solved by the blocks alone.
        let alone: Vec<(Array1<f64>, Array1<f64>, Lorentz)> = self
            .blocks
            .par_iter()
            .zip(factored)
            .enumerate()
            .map(|(place, (block, part))| {
                let before = predictor.map(|predictor| &predictor.blocks[place]);
                let (linear, cone) = self.terms(block, part, target, before);
                let products = self.signed(block, x.dot(&block.primal.tail)) - &block.slack;
                let weighted = &linear - &(&block.multiplier / &block.slack * products);
                let mut right = x.t().dot(&self.signed(block, block.multiplier.clone() + weighted));
                right -= &self.gathered(block, first.view());
                right += &block.dual.tail;
                let (corner, along) = part.scaling.corner();
                let rest = cone.head - (self.problem.beta() - block.dual.head);
                right += &cone.tail;
                right.scaled_add(-along * rest / corner, &part.scaling.direction());
                (right, linear, cone)
            })
            .collect();
        let mut weights =
            self.coupled(factored, coupling, root, alone.iter().map(|(right, ..)| right.clone()).collect())?;
        // Where the loss is stiff the coupling cancels: what was lost is solved for once more.
        for _ in 0..if self.slopes.is_some() { 3 } else { 1 } {
            let mut output = Array1::zeros(n);
            for (block, z) in self.blocks.iter().zip(&weights) {
                self.add_output(block, &x.dot(z), &mut output);
            }
            let pull = &derivatives.second * &output;
            let lacking = self.blocks.par_iter().zip(factored).zip(&alone).zip(&weights);
            let lacking = lacking.map(|(((block, part), (right, ..)), z)| {
                right - &multiply_factored(&part.factor, z) - &self.gathered(block, pull.view())
            });
            let more = self.coupled(factored, coupling, root, lacking.collect())?;
            weights.iter_mut().zip(more).for_each(|(z, more)| *z += &more);
        }
        let blocks: Vec<Change> = self
            .blocks
            .par_iter()
            .zip(factored)
            .zip(alone)
            .zip(weights)
            .map(|(((block, part), (_, linear, cone)), z)| {
                let slack = self.signed(block, x.dot(&z) + x.dot(&block.primal.tail)) - &block.slack;
                let multiplier = &linear - &(&block.multiplier / &block.slack * &slack);
                let (corner, along) = part.scaling.corner();
                let w = part.scaling.direction();
                let head_change = self.problem.beta() - block.dual.head;
                let head = (cone.head - head_change - along * w.dot(&z)) / corner;
                // ds = r − M dx, its tail by the complement.
                let (diagonal, outer) = part.scaling.complement();
                let mut tail = &cone.tail - &(&z * diagonal);
                let toward = along * (cone.head - head_change) / corner;
                tail.scaled_add(outer * w.dot(&z) - toward, &w);
                Change {
                    primal: Lorentz { head, tail: z },
                    dual: Lorentz { head: head_change, tail },
                    slack,
                    multiplier,
                }
            })
            .collect();
        let mut output = Array1::zeros(n);
        for (block, change) in self.blocks.iter().zip(&blocks) {
            self.add_output(block, &x.dot(&change.primal.tail), &mut output);
        }
        let moved = &y * &output;
        let slopes = self.slopes.as_ref().zip(lacking);
        let slopes = slopes.map(|(slopes, lacking)| slopes.change(&lacking, &derivatives.second, &moved));
        Some(Direction { blocks, output, slopes })
    }

    /// (H + FᵀWF)⁻¹ of right-hand sides by blocks.
    fn coupled(
        &self,
        factored: &[Factored],
        coupling: &Cholesky,
        root: &Array1<f64>,
        mut rights: Vec<Array1<f64>>,
    ) -> Option<Vec<Array1<f64>>> {
        let x = self.problem.x();
        rights.par_iter_mut().zip(factored).for_each(|(right, part)| solve_factored(&part.factor, right));
        let mut shift = Array1::zeros(self.problem.rows());
        for (block, right) in self.blocks.iter().zip(&rights) {
            self.add_output(block, &x.dot(right), &mut shift);
        }
        let mut pull = root * &shift;
        coupling.solve(pull.as_slice_mut()?);
        pull *= root;
        self.blocks.par_iter().zip(factored).zip(&mut rights).for_each(|((block, part), right)| {
            let mut back = self.gathered(block, pull.view());
            solve_factored(&part.factor, &mut back);
            *right -= &back;
        });
        Some(rights)
    }

    /// What the products lack, over the slack: of the cone of the pattern, and of the norm.
    fn terms(
        &self,
        block: &Block,
        part: &Factored,
        target: f64,
        before: Option<&Change>,
    ) -> (Array1<f64>, Lorentz) {
        let mut linear = target / &block.slack - &block.multiplier;
        let mut cone = block.primal.inverse();
        cone.head = target * cone.head - block.dual.head;
        cone.tail = target * cone.tail - &block.dual.tail;
        if let Some(before) = before {
            linear -= &(&before.slack * &before.multiplier / &block.slack);
            let scaling = &part.scaling;
            let second = scaling.apply_inverse(&before.primal).product(&scaling.apply(&before.dual));
            let lacking = scaling.apply_inverse(&scaling.apply_inverse(&block.primal).quotient(&second));
            cone.head -= lacking.head;
            cone.tail -= &lacking.tail;
        }
        (linear, cone)
    }

    fn add_output(&self, block: &Block, products: &Array1<f64>, sum: &mut Array1<f64>) {
        for (row, (sum, product)) in sum.iter_mut().zip(products).enumerate() {
            if self.patterns.active(block.pattern, row) {
                *sum += block.sign * product;
            }
        }
    }
}
