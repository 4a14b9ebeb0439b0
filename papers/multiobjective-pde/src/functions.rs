//! Objectives that are maxima of smooth pieces: test functions of the literature, and formulas.

use formulas::{Formula, Tape};

/// Several objectives.
pub trait Objectives: Sync {
    /// Numbers of a point.
    fn dimension(&self) -> usize;
    /// Objectives.
    fn count(&self) -> usize;
    /// All values at x.
    fn values(&self, x: &[f64], values: &mut [f64]);
    /// A subgradient of objective i at x.
    fn subgradient(&self, i: usize, x: &[f64], gradient: &mut [f64]);
}

/// Test functions on the plane (Lukšan, Vlček 2000).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// max{x₁⁴ + x₂², (2 − x₁)² + (2 − x₂)², 2e^(x₂ − x₁)}: 2 at (1, 1).
    Cb3,
    /// max{5x₁ + x₂, −5x₁ + x₂, x₁² + x₂² + 4x₂}: −3 at (0, −3).
    Dem,
    /// max{q, q + 10(4 − 4x₁ − x₂), q + 10(6 − x₁ − 2x₂)}, q = |x|²: 7.2 at (1.2, 2.4).
    Ql,
    /// max{−x₁ − x₂, −x₁ − x₂ + q − 1}: −√2.
    Lq,
    /// −x₁ + 20 max{q − 1, 0}: −1 at (1, 0).
    Mifflin1,
    /// −x₁ + 2(q − 1) + 1.75|q − 1|: −1 at (1, 0); not convex.
    Mifflin2,
    /// max{x₁² + (x₂ − 1)² + x₂ − 1, −x₁² − (x₂ − 1)² + x₂ + 1}: 0 at 0; not convex.
    Crescent,
}

impl Test {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Cb3, Self::Dem, Self::Ql, Self::Lq, Self::Mifflin1, Self::Mifflin2, Self::Crescent];

    /// Its name in the literature.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cb3 => "CB3",
            Self::Dem => "DEM",
            Self::Ql => "QL",
            Self::Lq => "LQ",
            Self::Mifflin1 => "MIFFLIN1",
            Self::Mifflin2 => "MIFFLIN2",
            Self::Crescent => "CRESCENT",
        }
    }

    /// Its minimum.
    pub fn minimum(self) -> f64 {
        match self {
            Self::Cb3 => 2.0,
            Self::Dem => -3.0,
            Self::Ql => 7.2,
            Self::Lq => -std::f64::consts::SQRT_2,
            Self::Mifflin1 | Self::Mifflin2 => -1.0,
            Self::Crescent => 0.0,
        }
    }

    /// Whether it is convex.
    pub fn is_convex(self) -> bool {
        !matches!(self, Self::Mifflin2 | Self::Crescent)
    }

    /// Values and gradients of its pieces: the function is the largest.
    pub fn pieces(self, [x, y]: [f64; 2]) -> Vec<(f64, [f64; 2])> {
        let q = x * x + y * y;
        match self {
            Self::Cb3 => {
                let e = 2.0 * (y - x).exp();
                vec![
                    (x.powi(4) + y * y, [4.0 * x.powi(3), 2.0 * y]),
                    ((2.0 - x).powi(2) + (2.0 - y).powi(2), [2.0 * (x - 2.0), 2.0 * (y - 2.0)]),
                    (e, [-e, e]),
                ]
            }
            Self::Dem => vec![
                (5.0 * x + y, [5.0, 1.0]),
                (-5.0 * x + y, [-5.0, 1.0]),
                (q + 4.0 * y, [2.0 * x, 2.0 * y + 4.0]),
            ],
            Self::Ql => vec![
                (q, [2.0 * x, 2.0 * y]),
                (q + 10.0 * (4.0 - 4.0 * x - y), [2.0 * x - 40.0, 2.0 * y - 10.0]),
                (q + 10.0 * (6.0 - x - 2.0 * y), [2.0 * x - 10.0, 2.0 * y - 20.0]),
            ],
            Self::Lq => {
                vec![(-x - y, [-1.0, -1.0]), (-x - y + q - 1.0, [2.0 * x - 1.0, 2.0 * y - 1.0])]
            }
            Self::Mifflin1 => {
                vec![(-x, [-1.0, 0.0]), (-x + 20.0 * (q - 1.0), [40.0 * x - 1.0, 40.0 * y])]
            }
            Self::Mifflin2 => {
                [3.75, 0.25].map(|c| (-x + c * (q - 1.0), [2.0 * c * x - 1.0, 2.0 * c * y])).to_vec()
            }
            Self::Crescent => {
                let r = x * x + (y - 1.0).powi(2);
                vec![
                    (r + y - 1.0, [2.0 * x, 2.0 * (y - 1.0) + 1.0]),
                    (-r + y + 1.0, [-2.0 * x, -2.0 * (y - 1.0) + 1.0]),
                ]
            }
        }
    }

    fn largest(self, x: [f64; 2]) -> (f64, [f64; 2]) {
        let pieces = self.pieces(x);
        pieces.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best }).expect("a piece")
    }

    /// Its value.
    pub fn value(self, x: [f64; 2]) -> f64 {
        self.largest(x).0
    }
}

/// Several test functions as objectives.
#[derive(Clone, Debug, PartialEq)]
pub struct Tests(pub Vec<Test>);

impl Objectives for Tests {
    fn dimension(&self) -> usize {
        2
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn values(&self, x: &[f64], values: &mut [f64]) {
        for (value, test) in values.iter_mut().zip(&self.0) {
            *value = test.value([x[0], x[1]]);
        }
    }

    fn subgradient(&self, i: usize, x: &[f64], gradient: &mut [f64]) {
        gradient.copy_from_slice(&self.0[i].largest([x[0], x[1]]).1);
    }
}

/// Σ weight · test as one objective: what a weighted sum minimises.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedTests(pub Vec<(f64, Test)>);

impl Objectives for WeightedTests {
    fn dimension(&self) -> usize {
        2
    }

    fn count(&self) -> usize {
        1
    }

    fn values(&self, x: &[f64], values: &mut [f64]) {
        values[0] = self.0.iter().map(|(weight, test)| weight * test.value([x[0], x[1]])).sum();
    }

    fn subgradient(&self, _: usize, x: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        for (weight, test) in &self.0 {
            let (_, piece) = test.largest([x[0], x[1]]);
            gradient.iter_mut().zip(&piece).for_each(|(g, p)| *g += weight * p);
        }
    }
}

/// Objectives of formulas, each a maximum of pieces.
#[derive(Clone, Debug)]
pub struct Pieces {
    names: Vec<String>,
    bends: bool,
    objectives: Vec<Vec<(Formula, Vec<usize>)>>,
}

impl Pieces {
    /// Takes formulas in. Variables are all names that occur, in alphabetical order.
    ///
    /// # Errors
    /// For no objective, an objective without a piece, no variable, and one line on a formula that is none, with its number.
    pub fn parse(objectives: &[Vec<String>]) -> Result<Self, String> {
        if objectives.is_empty() {
            return Err("no objective".into());
        }
        let mut parsed = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        let mut bends = false;
        for (i, pieces) in objectives.iter().enumerate() {
            if pieces.is_empty() {
                return Err(format!("objective {} has no piece", i + 1));
            }
            let mut formulas = Vec::new();
            for (j, text) in pieces.iter().enumerate() {
                let formula = Formula::parse(text)
                    .map_err(|fault| format!("objective {}, piece {}: {fault}", i + 1, j + 1))?;
                names.extend(formula.names().iter().cloned());
                bends |= ["abs", "min", "max"].iter().any(|name| text.contains(name))
                    || !formula.is_differentiable();
                formulas.push(formula);
            }
            parsed.push(formulas);
        }
        let names: Vec<String> = names.into_iter().collect();
        if names.is_empty() {
            return Err("no variable in any objective".into());
        }
        let place = |formula: Formula| {
            let places = formula.names().iter().filter_map(|name| names.binary_search(name).ok()).collect();
            (formula, places)
        };
        let objectives = parsed.into_iter().map(|pieces| pieces.into_iter().map(place).collect()).collect();
        Ok(Self { names, bends, objectives })
    }

    /// Names of the variables, in the order of points.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether every objective has one piece, without absolute values, minima, maxima and steps.
    pub fn is_smooth(&self) -> bool {
        !self.bends && self.objectives.iter().all(|pieces| pieces.len() == 1)
    }

    /// The Frobenius norm of the Hessian of the largest piece of objective i.
    pub fn curvature(&self, i: usize, x: &[f64]) -> f64 {
        let (formula, places) = self.active(i, x);
        let own: Vec<f64> = places.iter().map(|place| x[*place]).collect();
        let mut values = vec![0.0; formula.second().len()];
        formula.hessian(&own, &mut values, &mut Tape::default());
        let square =
            |((i, j), value): (&(usize, usize), &f64)| value * value * if i == j { 1.0 } else { 2.0 };
        formula.second().iter().zip(&values).map(square).sum::<f64>().sqrt()
    }

    fn active(&self, i: usize, x: &[f64]) -> &(Formula, Vec<usize>) {
        let mut tape = Tape::default();
        let mut value = |piece: &(Formula, Vec<usize>)| {
            let own: Vec<f64> = piece.1.iter().map(|place| x[*place]).collect();
            piece.0.evaluate(&own, &mut tape)
        };
        let pieces = &self.objectives[i];
        let mut best = (value(&pieces[0]), &pieces[0]);
        for piece in &pieces[1..] {
            let value = value(piece);
            if value > best.0 {
                best = (value, piece);
            }
        }
        best.1
    }
}

impl Objectives for Pieces {
    fn dimension(&self) -> usize {
        self.names.len()
    }

    fn count(&self) -> usize {
        self.objectives.len()
    }

    fn values(&self, x: &[f64], values: &mut [f64]) {
        for (i, out) in values.iter_mut().enumerate() {
            let (formula, places) = self.active(i, x);
            let own: Vec<f64> = places.iter().map(|place| x[*place]).collect();
            *out = formula.evaluate(&own, &mut Tape::default());
        }
    }

    fn subgradient(&self, i: usize, x: &[f64], gradient: &mut [f64]) {
        let (formula, places) = self.active(i, x);
        let own: Vec<f64> = places.iter().map(|place| x[*place]).collect();
        let mut values = vec![0.0; own.len()];
        formula.gradient(&own, &mut values, &mut Tape::default());
        gradient.fill(0.0);
        for (place, value) in places.iter().zip(&values) {
            gradient[*place] = *value;
        }
    }
}

/// ½ (x − a)ᵀQ(x − a).
#[derive(Clone, Debug, PartialEq)]
pub struct Quadratic {
    /// Q, symmetric and positive definite.
    pub q: Vec<Vec<f64>>,
    /// a.
    pub a: Vec<f64>,
}

/// Convex quadratics as objectives.
#[derive(Clone, Debug, PartialEq)]
pub struct Quadratics(pub Vec<Quadratic>);

impl Quadratics {
    /// The minimiser of a weighted sum; none if its matrix is singular.
    pub fn pareto(&self, weights: &[f64]) -> Option<Vec<f64>> {
        let d = self.dimension();
        let mut matrix = ndarray::Array2::zeros((d, d));
        let mut right = vec![0.0; d];
        for (Quadratic { q, a }, weight) in self.0.iter().zip(weights) {
            for i in 0..d {
                for j in 0..d {
                    matrix[(i, j)] += weight * q[i][j];
                    right[i] += weight * q[i][j] * a[j];
                }
            }
        }
        numerics::cholesky::Cholesky::new(matrix.view())?.solve(&mut right);
        Some(right)
    }

    /// The least and the largest eigenvalue of each Q.
    pub fn curvatures(&self) -> Vec<(f64, f64)> {
        let of = |quadratic: &Quadratic| {
            let d = quadratic.a.len();
            let matrix = ndarray::Array2::from_shape_fn((d, d), |(i, j)| quadratic.q[i][j]);
            let values = numerics::symmetric::eigenvalues(matrix.view()).unwrap_or_default();
            (values.first().copied().unwrap_or(f64::NAN), values.last().copied().unwrap_or(f64::NAN))
        };
        self.0.iter().map(of).collect()
    }
}

impl Objectives for Quadratics {
    fn dimension(&self) -> usize {
        self.0[0].a.len()
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn values(&self, x: &[f64], values: &mut [f64]) {
        let mut gradient = vec![0.0; x.len()];
        for (i, value) in values.iter_mut().enumerate() {
            self.subgradient(i, x, &mut gradient);
            let away = x.iter().zip(&self.0[i].a).map(|(x, a)| x - a);
            *value = 0.5 * gradient.iter().zip(away).map(|(g, away)| g * away).sum::<f64>();
        }
    }

    fn subgradient(&self, i: usize, x: &[f64], gradient: &mut [f64]) {
        let Quadratic { q, a } = &self.0[i];
        for (g, row) in gradient.iter_mut().zip(q) {
            *g = row.iter().zip(x.iter().zip(a)).map(|(q, (x, a))| q * (x - a)).sum();
        }
    }
}
