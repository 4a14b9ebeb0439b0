//! The preconditioned gradient flow of the paper on a grid, its accelerated form, and Newton's method.
//!
//! One step is u ← u − η(I − Δ)⁻¹DE(u): gradient descent in H¹. Where μ ≤ D²E ≤ M there, η = 2/(μ + M) contracts the H¹ distance from the minimiser by (M − μ)/(M + μ), at any dimension and on any grid; and |u − u*|_{H¹} ≤ |DE(u)|_{H⁻¹}/μ at every u, which is the certificate of all methods here.

use num_complex::Complex64;

use crate::equation::{Curvature, Equation};
use crate::torus::Torus;

/// An equation with its right-hand side on a grid.
pub struct Discrete<'a> {
    /// The grid.
    pub torus: &'a Torus,
    /// The equation.
    pub equation: Equation,
    /// f's coefficients.
    pub forcing: &'a [Complex64],
    /// a(x) > 0 at the points; 1 where absent.
    pub coefficient: Option<&'a [f64]>,
    /// Keeps odd functions odd against rounding: coefficients stay imaginary (d = 1).
    pub odd: bool,
    /// The least |ω| of the functions at hand, where it is known to be larger than the lattice's; for equations without a potential.
    pub least_length: Option<f64>,
}

/// Room for the evaluation of a derivative, taken once.
#[derive(Default)]
pub struct Room {
    values: Vec<f64>,
    slopes: Vec<Vec<f64>>,
    spectrum: Vec<Complex64>,
    spare: Vec<Complex64>,
}

/// What an evaluation of DE tells beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// E(u).
    pub energy: f64,
    /// The largest |u| at a point; 0 where the equation does not look at it.
    pub sup: f64,
    /// The largest |∇u|² at a point; likewise.
    pub square: f64,
    /// |DE(u)|_{H⁻¹}.
    pub dual: f64,
}

impl<'a> Discrete<'a> {
    /// An equation without a coefficient, of functions without a symmetry.
    pub fn new(torus: &'a Torus, equation: Equation, forcing: &'a [Complex64]) -> Self {
        Self { torus, equation, forcing, coefficient: None, odd: false, least_length: None }
    }

    /// DE(u) into `out`. Two real transforms for a nonlinear potential, 2m for a nonlinear flux in m dimensions, none for a linear equation.
    ///
    /// # Panics
    /// If lengths are not those of the grid.
    pub fn derivative(&self, u: &[Complex64], out: &mut Vec<Complex64>, room: &mut Room) -> State {
        let (torus, equation) = (self.torus, self.equation);
        let mut state = State { energy: 0.0, sup: 0.0, square: 0.0, dual: 0.0 };
        out.clear();
        out.extend(self.forcing.iter().map(|f| -f));
        state.energy -= torus.inner(self.forcing, u, |_| 1.0);
        let points = torus.points() as f64;
        if equation.has_nonlinear_potential() {
            let Room { values, spectrum, spare, .. } = room;
            spectrum.clear();
            spectrum.extend_from_slice(u);
            torus.evaluate(spectrum, values, spare);
            let (energy, sup) = equation.potential.apply(values);
            state.sup = sup;
            state.energy += energy / points;
            torus.transform(values, spectrum, spare);
            out.iter_mut().zip(&*spectrum).for_each(|(out, c)| *out += c);
        } else {
            let mass = equation.potential.at(0.0).2;
            state.energy += 0.5 * mass * torus.sum(u, |_| 1.0);
            out.iter_mut().zip(u).for_each(|(out, c)| *out += mass * c);
        }
        if equation.has_nonlinear_flux() || self.coefficient.is_some() {
            state.square = self.gradient(u, room);
            let Room { values, slopes, spectrum, spare } = room;
            let mut energy = 0.0;
            values.resize(torus.points(), 0.0);
            for (point, value) in values.iter_mut().enumerate() {
                let square: f64 = slopes.iter().map(|slope| slope[point] * slope[point]).sum();
                let (phi, factor, _) = equation.flux.at(square);
                let a = self.coefficient.map_or(1.0, |a| a[point]);
                energy += a * phi;
                *value = a * factor;
            }
            state.energy += energy / points;
            for (axis, slope) in slopes.iter_mut().enumerate() {
                slope.iter_mut().zip(&*values).for_each(|(slope, factor)| *slope *= factor);
                torus.transform(slope, spectrum, spare);
                for ((out, c), omega) in out.iter_mut().zip(&*spectrum).zip(torus.component(axis)) {
                    // −div: −iω.
                    *out += Complex64::new(omega * c.im, -omega * c.re);
                }
            }
        } else {
            state.energy += 0.5 * torus.sum(u, |square| square);
            for ((out, c), square) in out.iter_mut().zip(u).zip(torus.squares()) {
                *out += square * c;
            }
        }
        self.restrict(out);
        state.dual = torus.dual(out);
        state
    }

    /// ∂u along each axis into `room.slopes`; the largest |∇u|².
    fn gradient(&self, u: &[Complex64], room: &mut Room) -> f64 {
        let torus = self.torus;
        let Room { slopes, spectrum, spare, .. } = room;
        slopes.resize_with(torus.lattice().dimension(), Vec::new);
        for (axis, slope) in slopes.iter_mut().enumerate() {
            spectrum.clear();
            let derivative = |(c, omega): (&Complex64, &f64)| Complex64::new(-omega * c.im, omega * c.re);
            spectrum.extend(u.iter().zip(torus.component(axis)).map(derivative));
            torus.evaluate(spectrum, slope, spare);
        }
        let square = |point: usize| slopes.iter().map(|slope| slope[point] * slope[point]).sum::<f64>();
        (0..torus.points()).map(square).fold(0.0, f64::max)
    }

    /// D²E(u)v into `out`, with Φ̂, 2Φ̂′ and ∇u of u at the points in `about`.
    fn second(&self, about: &Linearised, v: &[Complex64], out: &mut Vec<Complex64>, room: &mut Room) {
        let torus = self.torus;
        out.clear();
        out.resize(v.len(), Complex64::default());
        let Room { values, spectrum, spare, .. } = &mut *room;
        if self.equation.has_nonlinear_potential() {
            spectrum.clear();
            spectrum.extend_from_slice(v);
            torus.evaluate(spectrum, values, spare);
            values.iter_mut().zip(&about.mass).for_each(|(value, mass)| *value *= mass);
            torus.transform(values, spectrum, spare);
            out.iter_mut().zip(&*spectrum).for_each(|(out, c)| *out += c);
        } else {
            let mass = self.equation.potential.at(0.0).2;
            out.iter_mut().zip(v).for_each(|(out, c)| *out += mass * c);
        }
        if self.equation.has_nonlinear_flux() || self.coefficient.is_some() {
            self.gradient(v, room);
            let Room { slopes, spectrum, spare, .. } = room;
            for point in 0..torus.points() {
                let along: f64 = slopes.iter().zip(&about.slopes).map(|(v, u)| v[point] * u[point]).sum();
                for (v, u) in slopes.iter_mut().zip(&about.slopes) {
                    v[point] = about.across[point] * v[point] + about.along[point] * along * u[point];
                }
            }
            for (axis, slope) in slopes.iter_mut().enumerate() {
                torus.transform(slope, spectrum, spare);
                for ((out, c), omega) in out.iter_mut().zip(&*spectrum).zip(torus.component(axis)) {
                    *out += Complex64::new(omega * c.im, -omega * c.re);
                }
            }
        } else {
            for ((out, c), square) in out.iter_mut().zip(v).zip(torus.squares()) {
                *out += square * c;
            }
        }
        self.restrict(out);
    }

    fn linearise(&self, u: &[Complex64], room: &mut Room) -> Linearised {
        let torus = self.torus;
        let mut found = Linearised::default();
        if self.equation.has_nonlinear_potential() {
            let mut spectrum = u.to_vec();
            torus.evaluate(&mut spectrum, &mut found.mass, &mut room.spare);
            found.mass.iter_mut().for_each(|value| *value = self.equation.potential.at(*value).2);
        }
        if self.equation.has_nonlinear_flux() || self.coefficient.is_some() {
            self.gradient(u, room);
            found.slopes.clone_from(&room.slopes);
            for point in 0..torus.points() {
                let square: f64 = found.slopes.iter().map(|slope| slope[point] * slope[point]).sum();
                let (_, factor, slope) = self.equation.flux.at(square);
                let a = self.coefficient.map_or(1.0, |a| a[point]);
                found.across.push(a * factor);
                found.along.push(2.0 * a * slope);
            }
        }
        found
    }

    /// Removes what the equation's functions do not have: a mean where there is no potential, an even part where functions are odd.
    fn restrict(&self, spectrum: &mut [Complex64]) {
        if self.equation.potential == crate::equation::Potential::None {
            spectrum.iter_mut().zip(self.torus.squares()).for_each(|(c, square)| {
                if *square == 0.0 {
                    *c = Complex64::default();
                }
            });
        }
        if self.odd {
            spectrum.iter_mut().for_each(|c| c.re = 0.0);
        }
    }

    /// μ and M for functions as large as in this state.
    pub fn curvature(&self, state: &State) -> Curvature {
        let least = self.least_length.unwrap_or_else(|| self.torus.lattice().least_length());
        let mut found = self.equation.curvature(state.sup, state.square, least);
        if let Some(a) = self.coefficient {
            let (low, high) =
                a.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), a| (low.min(*a), high.max(*a)));
            found.least = found.least.map(|least| least * low.min(1.0));
            found.largest *= high.max(1.0);
        }
        found
    }
}

/// The second derivative at a function: W″, and of the flux its part across and along ∇u.
#[derive(Default)]
struct Linearised {
    mass: Vec<f64>,
    across: Vec<f64>,
    along: Vec<f64>,
    slopes: Vec<Vec<f64>>,
}

/// Rises of the energy below this share of it are rounding of sums over the points.
const ROUNDING: f64 = 1e-11;

/// How a method goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// η; where absent 2/(μ + M) with M for functions as large as the iterate, halved as long as the energy rises.
    pub step: Option<f64>,
    /// Stops where the certificate is at most this share of |u|_{H¹}.
    pub tolerance: f64,
    /// Most steps.
    pub steps: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { step: None, tolerance: 1e-10, steps: 10_000 }
    }
}

/// Why a method stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The certificate, or the residual where there is none, is within the tolerance.
    Tolerance,
    /// Neither residual nor energy has fallen for fifty steps: they are at the limit of rounding.
    Rounding,
    /// All steps were taken.
    Steps,
    /// A number was not finite.
    Diverged,
}

/// The end of a method.
#[derive(Clone, Debug)]
pub struct Solved {
    /// The coefficients.
    pub u: Vec<Complex64>,
    /// Steps taken.
    pub steps: usize,
    /// Evaluations of DE and products with D²E.
    pub evaluations: usize,
    /// What DE(u) is.
    pub state: State,
    /// |u − u*|_{H¹} is at most this, for the discrete energy; |DE(u)|_{H⁻¹} where E is not strongly convex.
    pub certificate: f64,
    /// Why it stopped.
    pub reason: StopReason,
}

/// The flow from `start`; `observe` sees every iterate with its state, the first included.
///
/// # Panics
/// If lengths are not those of the grid, as below.
pub fn flow(
    problem: &Discrete,
    start: Vec<Complex64>,
    options: &Options,
    mut observe: impl FnMut(&[Complex64], &State),
) -> Solved {
    let mut room = Room::default();
    let (mut u, mut residual) = (start, Vec::new());
    let mut state = problem.derivative(&u, &mut residual, &mut room);
    let mut evaluations = 1;
    let (mut next, mut next_residual) = (Vec::new(), Vec::new());
    let mut progress = Progress::new();
    for steps in 0.. {
        observe(&u, &state);
        if let Some(reason) = finished(problem, &u, &state, options, steps, &mut progress) {
            return solved(problem, u, steps, evaluations, state, reason);
        }
        let curvature = problem.curvature(&state);
        // Where all second derivatives vanish, as those of a power of the gradient at zero, any step will do to begin with.
        let sum = curvature.least.unwrap_or(0.0) + curvature.largest;
        let mut step = options.step.unwrap_or(if sum > 0.0 { 2.0 / sum } else { 1.0 });
        loop {
            next.clear();
            next.extend(
                u.iter()
                    .zip(&residual)
                    .zip(problem.torus.squares())
                    .map(|((u, r), square)| u - r * (step / (1.0 + square))),
            );
            let found = problem.derivative(&next, &mut next_residual, &mut room);
            evaluations += 1;
            // A fixed step is taken whatever comes of it.
            let lower = found.energy <= state.energy + ROUNDING * (1.0 + state.energy.abs());
            if options.step.is_some() || lower || step < 1e-12 {
                state = found;
                break;
            }
            step *= 0.5;
        }
        std::mem::swap(&mut u, &mut next);
        std::mem::swap(&mut residual, &mut next_residual);
    }
    unreachable!("the loop ends at the last step")
}

/// Nesterov's method in H¹ for strongly convex energies, with momentum (√κ − 1)/(√κ + 1) for κ = M/μ: about √κ steps where the flow takes κ.
pub fn accelerated(
    problem: &Discrete,
    start: Vec<Complex64>,
    options: &Options,
    mut observe: impl FnMut(&[Complex64], &State),
) -> Solved {
    let mut room = Room::default();
    let mut residual = Vec::new();
    let (mut u, mut ahead) = (start.clone(), start);
    let mut progress = Progress::new();
    for steps in 0.. {
        // The certificate holds at the extrapolated point, where the derivative is taken.
        let state = problem.derivative(&ahead, &mut residual, &mut room);
        observe(&ahead, &state);
        if let Some(reason) = finished(problem, &ahead, &state, options, steps, &mut progress) {
            return solved(problem, ahead, steps, steps + 1, state, reason);
        }
        let curvature = problem.curvature(&state);
        let step =
            options.step.unwrap_or(if curvature.largest > 0.0 { 1.0 / curvature.largest } else { 1.0 });
        let root = (1.0 / (step * curvature.least.unwrap_or(1.0))).sqrt().max(1.0);
        let momentum = (root - 1.0) / (root + 1.0);
        for (((u, ahead), r), square) in
            u.iter_mut().zip(&mut ahead).zip(&residual).zip(problem.torus.squares())
        {
            let found = *ahead - r * (step / (1.0 + square));
            *ahead = found + (found - *u) * momentum;
            *u = found;
        }
    }
    unreachable!("the loop ends at the last step")
}

/// Newton's method, its systems solved by conjugate gradients in H¹ to an accuracy that follows the residual (Eisenstat and Walker 1996), with steps halved while the energy rises.
pub fn newton(
    problem: &Discrete,
    start: Vec<Complex64>,
    options: &Options,
    mut observe: impl FnMut(&[Complex64], &State),
) -> Solved {
    let mut room = Room::default();
    let (mut u, mut residual) = (start, Vec::new());
    let mut state = problem.derivative(&u, &mut residual, &mut room);
    let first = state.dual;
    let mut evaluations = 1;
    let mut progress = Progress::new();
    for steps in 0.. {
        observe(&u, &state);
        if let Some(reason) = finished(problem, &u, &state, options, steps, &mut progress) {
            return solved(problem, u, steps, evaluations, state, reason);
        }
        let about = problem.linearise(&u, &mut room);
        let accuracy = (state.dual / first).sqrt().min(0.1);
        let (direction, products) = conjugate_gradients(problem, &about, &residual, accuracy, &mut room);
        evaluations += products;
        let mut length = 1.0;
        loop {
            let next: Vec<Complex64> = u.iter().zip(&direction).map(|(u, d)| u - d * length).collect();
            let found = problem.derivative(&next, &mut residual, &mut room);
            evaluations += 1;
            if found.energy <= state.energy + ROUNDING * (1.0 + state.energy.abs()) || length < 1e-10 {
                (u, state) = (next, found);
                break;
            }
            length *= 0.5;
        }
    }
    unreachable!("the loop ends at the last step")
}

/// D²E(u)v = r to a relative H⁻¹ residual, preconditioned by (I − Δ)⁻¹; ends early at a direction of no positive curvature. Also the number of products.
fn conjugate_gradients(
    problem: &Discrete,
    about: &Linearised,
    r: &[Complex64],
    accuracy: f64,
    room: &mut Room,
) -> (Vec<Complex64>, usize) {
    let torus = problem.torus;
    let weight = |square: f64| 1.0 / (1.0 + square);
    let mut v = vec![Complex64::default(); r.len()];
    let mut left = r.to_vec();
    let precondition = |left: &[Complex64]| -> Vec<Complex64> {
        left.iter().zip(torus.squares()).map(|(c, square)| c * weight(*square)).collect()
    };
    let mut direction = precondition(&left);
    let mut size = torus.sum(&left, weight);
    let goal = accuracy * accuracy * size;
    let mut product = Vec::new();
    for products in 1..=500 {
        problem.second(about, &direction, &mut product, room);
        let curvature = torus.inner(&direction, &product, |_| 1.0);
        if curvature <= 0.0 || !curvature.is_finite() {
            let v = if products == 1 { direction } else { v };
            return (v, products);
        }
        let length = size / curvature;
        v.iter_mut().zip(&direction).for_each(|(v, d)| *v += d * length);
        left.iter_mut().zip(&product).for_each(|(left, p)| *left -= p * length);
        let next = torus.sum(&left, weight);
        if next <= goal {
            return (v, products);
        }
        let ratio = next / size;
        size = next;
        let ahead = precondition(&left);
        direction.iter_mut().zip(&ahead).for_each(|(d, p)| *d = p + *d * ratio);
    }
    (v, 500)
}

fn certificate(problem: &Discrete, state: &State) -> f64 {
    state.dual / problem.curvature(state).least.unwrap_or(1.0)
}

/// The least residual and energy so far, and the steps since one of them fell: on the way from a saddle the residual rises.
struct Progress {
    least: f64,
    energy: f64,
    since: usize,
}

impl Progress {
    fn new() -> Self {
        Self { least: f64::INFINITY, energy: f64::INFINITY, since: 0 }
    }
}

fn finished(
    problem: &Discrete,
    u: &[Complex64],
    state: &State,
    options: &Options,
    steps: usize,
    progress: &mut Progress,
) -> Option<StopReason> {
    let size = problem.torus.h1(u);
    if !(state.dual.is_finite() && state.energy.is_finite() && size < 1e100) {
        return Some(StopReason::Diverged);
    }
    if certificate(problem, state) <= options.tolerance * size || state.dual == 0.0 {
        return Some(StopReason::Tolerance);
    }
    let lower = state.energy < progress.energy - 1e-12 * (1.0 + state.energy.abs());
    if state.dual < progress.least || lower {
        *progress = Progress {
            least: state.dual.min(progress.least),
            energy: state.energy.min(progress.energy),
            since: 0,
        };
    } else {
        progress.since += 1;
    }
    match options.step.is_none() && progress.since >= 50 {
        true => Some(StopReason::Rounding),
        false => (steps >= options.steps).then_some(StopReason::Steps),
    }
}

fn solved(
    problem: &Discrete,
    u: Vec<Complex64>,
    steps: usize,
    evaluations: usize,
    state: State,
    reason: StopReason,
) -> Solved {
    Solved { certificate: certificate(problem, &state), u, steps, evaluations, state, reason }
}
