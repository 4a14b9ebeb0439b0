//! The paper's method: ADMM on the convex programme over sampled patterns.
//!
//! Each block's weights u_j are copied twice, into v_j for the norms and into slacks s_j = E_j X u_j for the cones. The step in u is a linear system of 2rP unknowns, which the paper factors once: cubic in P, and quadratic for each iteration.
//! But E_j² = I, so that GᵀG is XᵀX in every block, and what couples blocks goes through n outputs: (I + XᵀX) and one n × n matrix K = I/c + 2H∘C are all there is to factor, with H = X(I + XᵀX)⁻¹Xᵀ and C_kl the number of patterns in which rows k and l are
//! both active. An iteration is then four products of n × r with r × 2P: linear in P, and a new ρ costs n³/3 only.
//!
//! Losses other than the squared one have their outputs copied too, q = Fu, with a proximal step of their own.

use faer::linalg::solvers::{Llt, Solve};
use faer::{ColMut, Mat, Side};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, Axis, Zip};
use numerics::cholesky::Cholesky;
use rand::Rng;
use rand::seq::SliceRandom;

use crate::network::{Network, Neuron};
use crate::patterns::Patterns;
use crate::problem::{Loss, Problem, sigmoid};

/// How the step in u is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// By the n × n system.
    Exact,
    /// By sweeps over blocks in random order, each solved exactly: for n too large to factor.
    RandomBlocks {
        /// Sweeps of an iteration.
        sweeps: usize,
    },
}

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// ρ.
    pub penalty: f64,
    /// Balances primal and dual residuals by ρ.
    pub adaptive: bool,
    /// γ: the dual step; ρ is the usual one.
    pub dual_step: Option<f64>,
    /// Most iterations.
    pub iterations: usize,
    /// How u is found.
    pub inner: Inner,
}

impl Default for Options {
    fn default() -> Self {
        Self { penalty: 0.1, adaptive: true, dual_step: None, iterations: 2_000, inner: Inner::Exact }
    }
}

/// An iterate, blocks in columns: the first P with sign +, the others with sign −.
#[derive(Clone, Debug)]
pub struct State {
    /// Iterations so far.
    pub iteration: usize,
    /// r × 2P: the copies with norms, many of them zero.
    pub v: Array2<f64>,
    /// ρ.
    pub penalty: f64,
    /// The multiplier of the outputs' copies, a dual point; none for the squared loss, which has no copies.
    pub nu: Option<Array1<f64>>,
    /// |u − v|, |Gu − s| and the change of copies times ρ, over 1 + |u|.
    pub residual: f64,
}

impl State {
    /// The network of the copies.
    pub fn network(&self) -> Network {
        let half = self.v.ncols() / 2;
        let blocks = self.v.axis_iter(Axis(1)).enumerate();
        let neurons = blocks
            .filter(|(_, z)| z.iter().any(|z| *z != 0.0))
            .map(|(j, z)| Neuron { sign: if j < half { 1.0 } else { -1.0 }, z: z.to_owned() });
        Network { neurons: neurons.collect() }
    }
}

struct Method<'a> {
    problem: &'a Problem,
    /// n × 2P: sign where active, and ±1 of the cones.
    active: Array2<f64>,
    cone: Array2<f64>,
    /// 1/(1 + σ²).
    diagonal: Array1<f64>,
    overlap: Array2<f64>,
    u: Array2<f64>,
    /// X u.
    products: Array2<f64>,
    v: Array2<f64>,
    s: Array2<f64>,
    q: Array1<f64>,
    dual_v: Array2<f64>,
    dual_s: Array2<f64>,
    dual_q: Array1<f64>,
    penalty: f64,
}

/// Iterates until `each` says so, or the iterations are used up. Gives the last state.
pub fn admm(
    problem: &Problem,
    patterns: &Patterns,
    options: &Options,
    random: &mut impl Rng,
    mut each: impl FnMut(&State) -> bool,
) -> State {
    let mut method = Method::new(problem, patterns, options.penalty);
    let by_blocks = options.inner != Inner::Exact;
    // The n × n system, or one r × r system for each pattern.
    let factors = |method: &Method| match by_blocks {
        true => method.block_factors(),
        false => method.coupling().map(|coupling| vec![coupling]),
    };
    let Some(mut factor) = factors(&method) else { return method.state(0, f64::INFINITY) };
    let mut state = method.state(0, f64::INFINITY);
    for iteration in 1..=options.iterations {
        match options.inner {
            Inner::Exact => method.exact(&factor[0]),
            Inner::RandomBlocks { sweeps } => method.by_blocks(&factor, sweeps, random),
        }
        let dual = options.dual_step.map_or(1.0, |step| step / method.penalty);
        let (primal, change) = method.copies(dual);
        let scale = 1.0 + norm(&method.u);
        state = method.state(iteration, primal.max(method.penalty * change) / scale);
        if each(&state) {
            break;
        }
        if options.adaptive && iteration % 25 == 0 {
            let ratio = primal / (method.penalty * change).max(1e-300);
            let factor_of = if ratio > 5.0 {
                2.0
            } else if ratio < 0.2 {
                0.5
            } else {
                1.0
            };
            if factor_of != 1.0 {
                method.rescale(factor_of);
                match factors(&method) {
                    Some(next) => factor = next,
                    None => break,
                }
            }
        }
    }
    state
}

fn norm(values: &Array2<f64>) -> f64 {
    values.iter().map(|x| x * x).sum::<f64>().sqrt()
}

impl<'a> Method<'a> {
    fn new(problem: &'a Problem, patterns: &Patterns, penalty: f64) -> Self {
        let (n, r) = problem.x().dim();
        let blocks = 2 * patterns.len();
        let half = patterns.len();
        let is_active = |row: usize, block: usize| patterns.active(block % half.max(1), row);
        let active = Array2::from_shape_fn((n, blocks), |(row, block)| {
            f64::from(u8::from(is_active(row, block))) * if block < half { 1.0 } else { -1.0 }
        });
        let cone =
            Array2::from_shape_fn((n, blocks), |(row, block)| if is_active(row, block) { 1.0 } else { -1.0 });
        let squares = problem.x().map_axis(Axis(0), |column| column.dot(&column));
        let plus = active.slice(ndarray::s![.., ..half]);
        let overlap = plus.dot(&plus.t());
        let zeros = |shape| Array2::zeros(shape);
        Self {
            problem,
            active,
            cone,
            diagonal: squares.mapv(|square| 1.0 / (1.0 + square)),
            overlap,
            u: zeros((r, blocks)),
            products: zeros((n, blocks)),
            v: zeros((r, blocks)),
            s: zeros((n, blocks)),
            q: Array1::zeros(n),
            dual_v: zeros((r, blocks)),
            dual_s: zeros((n, blocks)),
            dual_q: Array1::zeros(n),
            penalty,
        }
    }

    fn state(&self, iteration: usize, residual: f64) -> State {
        let nu = (self.problem.loss() != Loss::Squared).then(|| &self.dual_q * -self.penalty);
        State { iteration, v: self.v.clone(), penalty: self.penalty, nu, residual }
    }

    /// c: how the outputs' squares weigh in the step.
    fn weight(&self) -> f64 {
        if self.problem.loss() == Loss::Squared { 1.0 / self.penalty } else { 1.0 }
    }

    fn coupling(&self) -> Option<Cholesky> {
        let x = self.problem.x();
        let scaled = &x * &self.diagonal;
        let mut matrix = scaled.dot(&x.t()) * &self.overlap * 2.0;
        matrix.diag_mut().mapv_inplace(|entry| entry + 1.0 / self.weight());
        Cholesky::new(matrix.view())
    }

    /// What outputs are drawn to: y, or the copies less their duals.
    fn target(&self) -> Array1<f64> {
        if self.problem.loss() == Loss::Squared {
            self.problem.y().to_owned()
        } else {
            &self.q - &self.dual_q
        }
    }

    /// v − λ + Gᵀ(s − ν) + c Fᵀ target.
    fn right(&self) -> Array2<f64> {
        let target = self.target() * self.weight();
        let mut rows = &self.s - &self.dual_s;
        rows *= &self.cone;
        Zip::from(rows.rows_mut()).and(self.active.rows()).and(&target).for_each(
            |mut row, active, target| {
                row.scaled_add(*target, &active);
            },
        );
        let mut right = &self.v - &self.dual_v;
        general_mat_mul(1.0, &self.problem.x().t(), &rows, 1.0, &mut right);
        right
    }

    fn exact(&mut self, factor: &Cholesky) {
        self.u = self.solved(self.right(), factor);
        general_mat_mul(1.0, &self.problem.x(), &self.u, 0.0, &mut self.products);
    }

    /// (I + GᵀG + c FᵀF)⁻¹ of a right-hand side, through the outputs.
    fn solved(&mut self, mut u: Array2<f64>, factor: &Cholesky) -> Array2<f64> {
        let x = self.problem.x();
        let scale = |rows: &mut Array2<f64>, by: &Array1<f64>| {
            rows.axis_iter_mut(Axis(0)).zip(by).for_each(|(mut row, by)| row *= *by);
        };
        scale(&mut u, &self.diagonal);
        general_mat_mul(1.0, &x, &u, 0.0, &mut self.products);
        let mut pull = self.output();
        if let Some(values) = pull.as_slice_mut() {
            factor.solve(values);
        }
        let mut rows = self.active.clone();
        scale(&mut rows, &pull);
        let mut back = x.t().dot(&rows);
        scale(&mut back, &self.diagonal);
        u - back
    }

    /// I + XᵀX + c XᵀDX of each pattern, factored.
    fn block_factors(&self) -> Option<Vec<Cholesky>> {
        let x = self.problem.x();
        let gram = x.t().dot(&x) + Array2::<f64>::eye(x.ncols());
        let half = self.u.ncols() / 2;
        let of = |pattern: usize| {
            let mut rows = x.to_owned();
            rows.outer_iter_mut()
                .zip(self.active.column(pattern))
                .for_each(|(mut row, active)| row *= *active);
            Cholesky::new((&gram + &(rows.t().dot(&x) * self.weight())).view())
        };
        (0..half).map(of).collect()
    }

    /// Exact steps of one block after the other in random order, outputs kept up to date.
    fn by_blocks(&mut self, factors: &[Cholesky], sweeps: usize, random: &mut impl Rng) {
        let x = self.problem.x();
        let weight = self.weight();
        let right = self.right();
        let mut output = self.output();
        let mut order: Vec<usize> = (0..self.u.ncols()).collect();
        for _ in 0..sweeps {
            order.shuffle(random);
            for block in &order {
                // Of ½|u|² + ½|Gu|² + (c/2)|Fu|² − right·u.
                let products = self.products.column(*block);
                let rows = &products + &(&self.active.column(*block) * &output * weight);
                let gradient = &self.u.column(*block) + &x.t().dot(&rows) - right.column(*block);
                let mut change = -gradient;
                if let Some(values) = change.as_slice_mut() {
                    factors[*block % factors.len()].solve(values);
                }
                let moved = x.dot(&change);
                output += &(&self.active.column(*block) * &moved);
                self.u.column_mut(*block).scaled_add(1.0, &change);
                self.products.column_mut(*block).scaled_add(1.0, &moved);
            }
        }
    }

    fn output(&self) -> Array1<f64> {
        Zip::from(self.products.rows()).and(self.active.rows()).map_collect(|p, a| p.dot(&a))
    }

    /// Copies and duals, given u. Gives the primal residual and the change of the copies.
    fn copies(&mut self, dual: f64) -> (f64, f64) {
        let threshold = self.problem.beta() / self.penalty;
        let (mut primal, mut change) = (0.0, 0.0);
        for ((mut v, mut dual_v), u) in self
            .v
            .axis_iter_mut(Axis(1))
            .zip(self.dual_v.axis_iter_mut(Axis(1)))
            .zip(self.u.axis_iter(Axis(1)))
        {
            let length = u.iter().zip(&dual_v).map(|(u, d)| (u + d).powi(2)).sum::<f64>().sqrt();
            let factor = if length > threshold { 1.0 - threshold / length } else { 0.0 };
            for ((v, d), u) in v.iter_mut().zip(dual_v.iter_mut()).zip(u) {
                let next = factor * (u + *d);
                change += (next - *v).powi(2);
                *v = next;
                primal += (u - next).powi(2);
                *d += dual * (u - next);
            }
        }
        Zip::from(&mut self.s).and(&mut self.dual_s).and(&self.products).and(&self.cone).for_each(
            |s, d, p, e| {
                let signed = p * e;
                let next = (signed + *d).max(0.0);
                change += (next - *s).powi(2);
                *s = next;
                primal += (signed - next).powi(2);
                *d += dual * (signed - next);
            },
        );
        if self.problem.loss() != Loss::Squared {
            let output = self.output();
            for row in 0..output.len() {
                let (at, y) = (output[row] + self.dual_q[row], self.problem.y()[row]);
                let next = proximal(self.problem.loss(), at, y, self.penalty);
                change += (next - self.q[row]).powi(2);
                self.q[row] = next;
                primal += (output[row] - next).powi(2);
                self.dual_q[row] += dual * (output[row] - next);
            }
        }
        (primal.sqrt(), change.sqrt())
    }

    fn rescale(&mut self, factor: f64) {
        self.penalty *= factor;
        self.dual_v /= factor;
        self.dual_s /= factor;
        self.dual_q /= factor;
    }
}

/// The minimiser of loss(q, y) + (ρ/2)(q − at)².
fn proximal(loss: Loss, at: f64, y: f64, penalty: f64) -> f64 {
    match loss {
        Loss::Squared => (penalty * at + y) / (penalty + 1.0),
        Loss::Hinge => {
            let margin = y * at;
            y * if margin >= 1.0 { margin } else { (margin + 1.0 / penalty).min(1.0) }
        }
        Loss::Logistic => {
            // Newton's method on a strongly convex function of one number, kept in the bracket that p in (0, 1) gives.
            let (mut low, mut high) = (at.min(at + y / penalty), at.max(at + y / penalty));
            let mut q = 0.5 * (low + high);
            for _ in 0..60 {
                let p = sigmoid(-y * q);
                let slope = -y * p + penalty * (q - at);
                if slope > 0.0 {
                    high = q
                } else {
                    low = q
                }
                let next = q - slope / (p * (1.0 - p) + penalty);
                let next = if next > low && next < high { next } else { 0.5 * (low + high) };
                if (next - q).abs() <= 1e-15 * (1.0 + q.abs()) {
                    return next;
                }
                q = next;
            }
            q
        }
    }
}

/// The paper's form of the step: the matrix of all 2rP unknowns, factored.
pub struct Dense {
    factor: Llt<f64>,
}

impl Dense {
    /// I + GᵀG + FᵀF/ρ, (2rP)³/3 flops. None if it is not positive definite to working precision.
    pub fn new(problem: &Problem, patterns: &Patterns, penalty: f64) -> Option<Self> {
        let (n, r) = problem.x().dim();
        let (half, size) = (patterns.len(), 2 * patterns.len() * r);
        let x = problem.x();
        let outputs = Mat::from_fn(n, size, |row, column| {
            let block = column / r;
            let sign = if block < half { 1.0 } else { -1.0 };
            if patterns.active(block % half, row) { sign * x[(row, column % r)] } else { 0.0 }
        });
        let gram = x.t().dot(&x);
        let mut matrix = outputs.transpose() * &outputs * faer::Scale(1.0 / penalty);
        for block in 0..2 * half {
            for i in 0..r {
                for j in 0..r {
                    matrix[(block * r + i, block * r + j)] += gram[(i, j)] + f64::from(u8::from(i == j));
                }
            }
        }
        Some(Self { factor: matrix.llt(Side::Lower).ok()? })
    }

    /// The step's solution for a right-hand side of blocks, (2rP)² multiplications twice.
    pub fn solve(&self, right: &mut [f64]) {
        self.factor.solve_in_place(ColMut::from_slice_mut(right).as_mat_mut());
    }
}

/// The form of this crate for one step alone, to hold against [`Dense`]: r × 2P right-hand sides in, u out.
pub struct Coupled<'a> {
    method: Method<'a>,
    factor: Cholesky,
}

impl<'a> Coupled<'a> {
    /// n³/3 flops.
    pub fn new(problem: &'a Problem, patterns: &Patterns, penalty: f64) -> Option<Self> {
        let method = Method::new(problem, patterns, penalty);
        let factor = method.coupling()?;
        Some(Self { method, factor })
    }

    /// u for v = `right`, with s, duals and y as zero: 8 n r P multiplications.
    pub fn solve(&mut self, right: &Array2<f64>) -> Array2<f64> {
        self.method.solved(right.clone(), &self.factor)
    }
}

/// How many of a test set a network gets right, outputs against labels ±1.
pub fn accuracy(network: &Network, x: ndarray::ArrayView2<f64>, y: ArrayView1<f64>) -> f64 {
    let right = network.predict(x).iter().zip(y).filter(|(f, y)| **f * **y > 0.0).count();
    right as f64 / y.len() as f64
}
