//! Control of an elliptic equation on the unit square, five-point differences on N × N inner points, h = 1/(N+1), zero on the boundary.
//!
//! The authors' problem is linear-quadratic, min ½|y − ȳ|² + (α/2)|u|² subject to Δ_h y + u = 0 with α = 0.1 and grid spacing 2/(N+1), their square having
//! sides of length 2. The manufactured one is semilinear, −Δ_h y + y³ = u + s, with
//! data that make a known pair its solution for every N: y* = sin πx sin πy, u* = sin 2πx sin πy, λ* = αu*, s = Ay* + y*³ − u*,
//! ȳ = y* + Aλ* + 3y*²λ*. Its Lagrangian is strictly convex near the solution, 6|y*λ*| being at most 0.06.

use crate::problem::Problem;
use crate::sparse::Sparse;

/// A control problem: variables are y and then u, constraints the equation at each point.
#[derive(Clone, Debug)]
pub struct Control {
    side: usize,
    spacing: f64,
    alpha: f64,
    target: Vec<f64>,
    source: Vec<f64>,
    /// 1 for y³ in the equation, 0 without.
    cubic: f64,
    /// The equation's sign: −1 as Δy + u = 0, 1 as −Δy + y³ − u − s = 0.
    sign: f64,
}

/// The solution of the manufactured problem.
#[derive(Clone, Debug)]
pub struct Manufactured {
    /// y* and then u*.
    pub variables: Vec<f64>,
    /// λ*, with the sign of L = f + λᵀc and c = Ay + y³ − u − s.
    pub multipliers: Vec<f64>,
}

impl Control {
    /// The authors' problem on N × N points, N ≥ 1: α = 0.1, ȳ = sin(4 + g(i − m)) + cos(3 + g(j − m)) with g = 0.1/√15 and m = (N+1)/2.
    pub fn authors(side: usize) -> Self {
        let middle = (side as f64 + 1.0) / 2.0;
        let slope = 0.1 / 15.0_f64.sqrt();
        let at = |place: usize| slope * (place as f64 + 1.0 - middle);
        // Column by column: i runs first.
        let target = (0..side * side)
            .map(|place| (4.0 + at(place % side)).sin() + (3.0 + at(place / side)).cos())
            .collect();
        Self::linear(side, 2.0 / (side as f64 + 1.0), 0.1, target)
    }

    /// min ½|y − ȳ|² + (α/2)|u|² subject to Δ_h y + u = 0 with this spacing; `target` has N² numbers.
    pub fn linear(side: usize, spacing: f64, alpha: f64, target: Vec<f64>) -> Self {
        let source = vec![0.0; side * side];
        Self { side, spacing, alpha, target, source, cubic: 0.0, sign: -1.0 }
    }

    /// The semilinear problem with a known solution, for α > 0.
    pub fn manufactured(side: usize, alpha: f64) -> (Self, Manufactured) {
        let spacing = 1.0 / (side as f64 + 1.0);
        let wave =
            |place: usize, waves: f64| (waves * std::f64::consts::PI * (place as f64 + 1.0) * spacing).sin();
        let on_grid = |waves: f64| -> Vec<f64> {
            (0..side * side).map(|place| wave(place % side, waves) * wave(place / side, 1.0)).collect()
        };
        let (state, control) = (on_grid(1.0), on_grid(2.0));
        let multipliers: Vec<f64> = control.iter().map(|u| alpha * u).collect();
        let mut problem =
            Self { side, spacing, alpha, target: Vec::new(), source: Vec::new(), cubic: 1.0, sign: 1.0 };
        let points = 0..side * side;
        problem.source = points
            .clone()
            .map(|place| problem.operator(place, &state) + state[place].powi(3) - control[place])
            .collect();
        problem.target = points
            .map(|place| {
                let adjoint =
                    problem.operator(place, &multipliers) + 3.0 * state[place].powi(2) * multipliers[place];
                state[place] + adjoint
            })
            .collect();
        (problem, Manufactured { variables: [state, control].concat(), multipliers })
    }

    /// N.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Neighbours of a point.
    fn neighbours(&self, place: usize) -> impl Iterator<Item = usize> + use<> {
        let side = self.side;
        let (i, j) = (place % side, place / side);
        let of = |inside: bool, other: usize| inside.then_some(other);
        [
            of(j > 0, place.wrapping_sub(side)),
            of(i > 0, place.wrapping_sub(1)),
            of(i + 1 < side, place + 1),
            of(j + 1 < side, place + side),
        ]
        .into_iter()
        .flatten()
    }

    /// (−Δ_h y) at a point.
    fn operator(&self, place: usize, y: &[f64]) -> f64 {
        let around: f64 = self.neighbours(place).map(|other| y[other]).sum();
        (4.0 * y[place] - around) / (self.spacing * self.spacing)
    }
}

impl Problem for Control {
    fn variables(&self) -> usize {
        2 * self.side * self.side
    }

    fn constraints(&self) -> usize {
        self.side * self.side
    }

    fn values(&self, x: &[f64], constraints: &mut [f64]) -> f64 {
        let (y, u) = x.split_at(constraints.len());
        let mut objective = 0.0;
        for (place, c) in constraints.iter_mut().enumerate() {
            let state =
                self.operator(place, y) + self.cubic * y[place].powi(3) - u[place] - self.source[place];
            *c = self.sign * state;
            objective +=
                0.5 * (y[place] - self.target[place]).powi(2) + 0.5 * self.alpha * u[place] * u[place];
        }
        objective
    }

    fn derivatives(&self, x: &[f64], gradient: &mut [f64], jacobian: &mut Sparse) {
        let points = self.side * self.side;
        let scale = self.sign / (self.spacing * self.spacing);
        for place in 0..points {
            gradient[place] = x[place] - self.target[place];
            gradient[points + place] = self.alpha * x[points + place];
            let diagonal = 4.0 * scale + self.sign * self.cubic * 3.0 * x[place] * x[place];
            for other in self.neighbours(place).filter(|other| *other < place) {
                jacobian.push(other, -scale);
            }
            jacobian.push(place, diagonal);
            for other in self.neighbours(place).filter(|other| *other > place) {
                jacobian.push(other, -scale);
            }
            jacobian.push(points + place, -self.sign);
            jacobian.end_row();
        }
    }

    fn hessian(&self, x: &[f64], multipliers: &[f64], hessian: &mut Sparse) {
        let points = self.side * self.side;
        for (place, multiplier) in multipliers.iter().enumerate() {
            hessian.push(place, 1.0 + self.sign * self.cubic * 6.0 * x[place] * multiplier);
            hessian.end_row();
        }
        for place in points..2 * points {
            hessian.push(place, self.alpha);
            hessian.end_row();
        }
    }
}
