//! A reduced basis for the state equation, with an error bound on both sides.
//!
//! On the span of an orthonormal V the state is the minimiser of the convex energy ½⟨y, Ay⟩ + (κ/2)|max(0, y)|² − ⟨b, y⟩. Its residual r = b − A y_N − κ max(0, y_N) bounds the error,
//!
//! |y − y_N|_A ≤ |r|_{A⁻¹} ≤ (1 + κ/λ₁)|y − y_N|_A,
//!
//! and the bound is one fast solution of Poisson's equation: no constant is estimated. The switch acts on nodes, so a reduced step costs N N_rb to see it, and N_rb² for each node where it changes.

use ndarray::{Array1, Array2};
use numerics::cholesky::Cholesky;

use crate::control::{Control, ControlError, Effort, Input};
use crate::state::{Workspace, switch};

/// A basis with the equation on its span.
#[derive(Clone)]
pub struct Reduced<'a> {
    control: &'a Control,
    /// Orthonormal in h² Σ.
    basis: Vec<Vec<f64>>,
    /// The same, node by node.
    rows: Vec<f64>,
    /// VᵀAV.
    stiffness: Array2<f64>,
    /// Vᵀf, and VᵀB by columns.
    source: Vec<f64>,
    columns: Vec<Vec<f64>>,
}

/// A reduced state.
#[derive(Clone, Debug, PartialEq)]
pub struct ReducedState {
    /// y_N at all nodes.
    pub y: Vec<f64>,
    /// Newton steps.
    pub steps: usize,
    /// Multiplications and additions.
    pub flops: f64,
}

/// One step of the greedy choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Greedy {
    /// Basis functions.
    pub size: usize,
    /// The parameter with the largest bound.
    pub worst: usize,
    /// Its bound.
    pub estimate: f64,
}

impl<'a> Reduced<'a> {
    /// The empty basis of a problem with controls in ℝᵐ.
    ///
    /// # Errors
    /// For controls everywhere on the grid: they are no parameters.
    pub fn new(control: &'a Control) -> Result<Self, ControlError> {
        let Input::Columns(columns) = &control.input else {
            return Err(ControlError::Shape("a reduced basis needs controls in R^m".into()));
        };
        let columns = vec![Vec::new(); columns.len()];
        Ok(Self {
            control,
            basis: Vec::new(),
            rows: Vec::new(),
            stiffness: Array2::zeros((0, 0)),
            source: Vec::new(),
            columns,
        })
    }

    /// Functions in the basis.
    pub fn size(&self) -> usize {
        self.basis.len()
    }

    /// Takes a function in, orthogonalised twice; `false` if the span has it, to 10⁻¹⁰ of its norm.
    pub fn extend(&mut self, snapshot: &[f64]) -> bool {
        let grid = self.control.pde.grid();
        let size = grid.norm(snapshot);
        let mut v = snapshot.to_vec();
        for _ in 0..2 {
            for b in &self.basis {
                let along = grid.inner(&v, b);
                v.iter_mut().zip(b).for_each(|(v, b)| *v -= along * b);
            }
        }
        let norm = grid.norm(&v);
        if norm.is_nan() || norm <= 1e-10 * size {
            return false;
        }
        v.iter_mut().for_each(|v| *v /= norm);
        let mut applied = vec![0.0; v.len()];
        grid.laplacian(&v, &mut applied);
        let count = self.basis.len();
        let row: Vec<f64> = self.basis.iter().chain([&v]).map(|basis| grid.inner(basis, &applied)).collect();
        let old = std::mem::replace(&mut self.stiffness, Array2::zeros((count + 1, count + 1)));
        self.stiffness.slice_mut(ndarray::s![..count, ..count]).assign(&old);
        for (place, value) in row.iter().enumerate() {
            self.stiffness[(count, place)] = *value;
            self.stiffness[(place, count)] = *value;
        }
        self.source.push(grid.inner(&v, &self.control.f));
        if let Input::Columns(columns) = &self.control.input {
            for (reduced, column) in self.columns.iter_mut().zip(columns) {
                reduced.push(grid.inner(&v, column));
            }
        }
        self.basis.push(v);
        self.rows = (0..self.control.f.len())
            .flat_map(|node| self.basis.iter().map(move |basis| basis[node]))
            .collect();
        true
    }

    /// The basis of the first `size` functions; all of it, if there are fewer.
    pub fn prefix(&self, size: usize) -> Self {
        let size = size.min(self.size());
        let nodes = self.rows.chunks_exact(self.size().max(1));
        Self {
            control: self.control,
            basis: self.basis[..size].to_vec(),
            rows: nodes.flat_map(|row| &row[..size]).copied().collect(),
            stiffness: self.stiffness.slice(ndarray::s![..size, ..size]).to_owned(),
            source: self.source[..size].to_vec(),
            columns: self.columns.iter().map(|column| column[..size].to_vec()).collect(),
        }
    }

    fn combine(&self, c: &[f64]) -> Vec<f64> {
        if c.is_empty() {
            return vec![0.0; self.control.f.len()];
        }
        self.rows.chunks_exact(c.len()).map(|row| row.iter().zip(c).map(|(v, c)| v * c).sum()).collect()
    }

    /// The reduced state of a control, by Newton's method with a line search on the energy. Only nodes whose switch has changed are taken into VᵀDV or out of it again.
    ///
    /// # Panics
    /// If u has another length than there are controls.
    pub fn solve(&self, u: &[f64]) -> ReducedState {
        assert_eq!(u.len(), self.columns.len(), "a number for each control");
        let count = self.size();
        let (grid, kappa) = (self.control.pde.grid(), self.control.pde.kappa());
        let (nodes, square) = (self.control.f.len(), grid.spacing() * grid.spacing());
        let mut b = Array1::from(self.source.clone());
        for (column, u) in self.columns.iter().zip(u) {
            b.iter_mut().zip(column).for_each(|(b, c)| *b += u * c);
        }
        let energy = |c: &Array1<f64>, y: &[f64]| {
            let on: f64 = y.iter().map(|y| y.max(0.0)).map(|y| y * y).sum();
            0.5 * c.dot(&self.stiffness.dot(c)) + 0.5 * kappa * square * on - b.dot(c)
        };
        let mut c = Array1::<f64>::zeros(count);
        let mut y = vec![0.0; nodes];
        let mut chi = vec![0.0; nodes];
        let mut matrix = self.stiffness.clone();
        let mut flops = 0.0;
        for steps in 0..50 {
            let next = switch(&y);
            for (node, (before, after)) in chi.iter().zip(&next).enumerate() {
                if before != after {
                    let row = &self.rows[node * count..][..count];
                    let change = kappa * square * (after - before);
                    for i in 0..count {
                        let scaled = change * row[i];
                        for (j, value) in row[..=i].iter().enumerate() {
                            matrix[(i, j)] += scaled * value;
                        }
                    }
                    flops += (count * (count + 2)) as f64;
                }
            }
            chi = next;
            let mut solved = b.to_vec();
            if let Some(factor) = Cholesky::new(matrix.view()) {
                factor.solve(&mut solved);
            }
            let solved = Array1::from(solved);
            let now = energy(&c, &y);
            let mut t = 1.0;
            let (tried, then) = loop {
                let tried = &c + &((&solved - &c) * t);
                let then = self.combine(tried.as_slice().unwrap_or_default());
                flops += nodes as f64 * (2 * count + 3) as f64;
                if energy(&tried, &then) <= now + 1e-14 * now.abs() || t < 1e-8 {
                    break (tried, then);
                }
                t *= 0.5;
            };
            let repeated = t == 1.0 && switch(&then) == chi;
            (c, y) = (tried, then);
            if repeated {
                return ReducedState { y, steps: steps + 1, flops };
            }
        }
        ReducedState { y, steps: 50, flops }
    }

    /// |r|_{A⁻¹} of a reduced state: its error in the energy norm is at most this and at least this over 1 + κ/λ₁.
    pub fn estimate(&self, u: &[f64], y: &[f64], work: &mut Workspace) -> f64 {
        let mut r = vec![0.0; y.len()];
        self.control.pde.residual(y, &self.control.source(u), &mut r);
        self.control.pde.grid().dual_norm(&r, &mut work.transforms)
    }

    /// Takes in the state of the parameter with the largest bound until all bounds are below `tolerance`, or the basis has `most` functions, or it no longer grows. Each entry is that of the basis before its parameter was taken in.
    ///
    /// # Errors
    /// As [`crate::state::MaxPde::solve`], and for no parameter.
    pub fn greedy(
        control: &'a Control,
        parameters: &[Vec<f64>],
        tolerance: f64,
        most: usize,
        work: &mut Workspace,
    ) -> Result<(Self, Vec<Greedy>), ControlError> {
        if parameters.is_empty() {
            return Err(ControlError::Shape("no parameter to choose from".into()));
        }
        let mut reduced = Self::new(control)?;
        let mut history = Vec::new();
        loop {
            let mut step = Greedy { size: reduced.size(), worst: 0, estimate: -1.0 };
            for (place, u) in parameters.iter().enumerate() {
                let estimate = reduced.estimate(u, &reduced.solve(u).y, work);
                if estimate > step.estimate {
                    step = Greedy { worst: place, estimate, ..step };
                }
            }
            history.push(step);
            if step.estimate <= tolerance || reduced.size() >= most {
                return Ok((reduced, history));
            }
            let state = control.state(&parameters[step.worst], None, &mut Effort::default(), work)?;
            if !reduced.extend(&state.y) {
                return Ok((reduced, history));
            }
        }
    }

    /// The first `most` principal functions of the states of all parameters.
    ///
    /// # Errors
    /// As [`Reduced::greedy`].
    pub fn principal(
        control: &'a Control,
        parameters: &[Vec<f64>],
        most: usize,
        work: &mut Workspace,
    ) -> Result<Self, ControlError> {
        let mut reduced = Self::new(control)?;
        let states = (parameters.iter())
            .map(|u| control.state(u, None, &mut Effort::default(), work).map(|state| state.y))
            .collect::<Result<Vec<_>, _>>()?;
        let count = states.len();
        let grid = control.pde.grid();
        let gram = Array2::from_shape_fn((count, count), |(i, j)| grid.inner(&states[i], &states[j]));
        let Some((_, vectors)) = numerics::symmetric::eigen(gram.view()) else {
            return Err(ControlError::Shape("states have no finite inner products".into()));
        };
        for column in (0..count).rev().take(most) {
            let mut function = vec![0.0; control.f.len()];
            for (state, weight) in states.iter().zip(vectors.column(column)) {
                function.iter_mut().zip(state).for_each(|(f, y)| *f += weight * y);
            }
            reduced.extend(&function);
        }
        Ok(reduced)
    }
}
