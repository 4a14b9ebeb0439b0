//! One unit of a cell: the step forward from activated gates, and back.
//!
//! Both are written once, over numbers that are either plain or carry a derivative along a direction; the second gives Hessian products.

use std::ops::{Add, Mul, Sub};

/// A plain number, or one with its derivative along a direction.
pub trait Scalar: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// Many of them: values, and derivatives if they have any.
    type Slice<'a>: Copy;

    /// A constant.
    fn of(value: f64) -> Self;
    /// The k-th of many.
    fn at(slice: Self::Slice<'_>, k: usize) -> Self;
    /// The part that a pass computes: the value of a plain number, else the derivative.
    fn computed(self) -> f64;
}

impl Scalar for f64 {
    type Slice<'a> = &'a [f64];

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn at(slice: &[f64], k: usize) -> Self {
        slice[k]
    }
    #[inline(always)]
    fn computed(self) -> f64 {
        self
    }
}

/// value + ε·along with ε² = 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual {
    pub value: f64,
    pub along: f64,
}

impl Scalar for Dual {
    type Slice<'a> = (&'a [f64], &'a [f64]);

    #[inline(always)]
    fn of(value: f64) -> Self {
        Self { value, along: 0.0 }
    }
    #[inline(always)]
    fn at((values, along): (&[f64], &[f64]), k: usize) -> Self {
        Self { value: values[k], along: along[k] }
    }
    #[inline(always)]
    fn computed(self) -> f64 {
        self.along
    }
}

impl Add for Dual {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, along: self.along + other.along }
    }
}

impl Sub for Dual {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { value: self.value - other.value, along: self.along - other.along }
    }
}

impl Mul for Dual {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self { value: self.value * other.value, along: self.value * other.along + self.along * other.value }
    }
}

/// What a unit's step starts from: the states before it, its activated gates, and the cell's extra number.
#[derive(Clone, Copy)]
pub struct Unit<S> {
    /// h before the step.
    pub state: S,
    /// c before the step; of an LSTM alone.
    pub memory: S,
    /// In the order of the parameters.
    pub gates: [S; 4],
    /// tanh c after the step of an LSTM, h W_hn + b_n of a GRU.
    pub extra: S,
}

/// Derivatives by what a step starts from.
pub struct Back<S> {
    /// By the gates' arguments.
    pub gates: [S; 4],
    /// By the recurrent part of the last gate's argument, which a GRU multiplies by r.
    pub recurrent: S,
    /// By h before the step, what goes through weights left out.
    pub state: S,
    /// By c before the step.
    pub memory: S,
}

/// A kind of cell.
pub trait Kind {
    /// Gates.
    const GATES: usize;
    /// Which of them are sigmoids, the others being tanh.
    const SIGMOID: [bool; 4];
    /// Whether it has a memory c beside the state h.
    const MEMORY: bool = false;
    /// Whether the recurrent part of the last gate is multiplied by the first gate.
    const RESET: bool = false;

    /// c after the step, before the extra number is known.
    fn memory<S: Scalar>(unit: &Unit<S>) -> S {
        unit.memory
    }
    /// h after the step.
    fn state<S: Scalar>(unit: &Unit<S>) -> S;
    /// Derivatives, given those by h and c after the step.
    fn back<S: Scalar>(unit: &Unit<S>, by_state: S, by_memory: S) -> Back<S>;
}

/// g(1 − g), the derivative of a sigmoid g.
#[inline(always)]
fn of_sigmoid<S: Scalar>(gate: S) -> S {
    gate * (S::of(1.0) - gate)
}

/// 1 − g², the derivative of a tanh g.
#[inline(always)]
fn of_tanh<S: Scalar>(gate: S) -> S {
    S::of(1.0) - gate * gate
}

/// h = tanh(x + h W).
pub struct Simple;

impl Kind for Simple {
    const GATES: usize = 1;
    const SIGMOID: [bool; 4] = [false; 4];

    #[inline(always)]
    fn state<S: Scalar>(unit: &Unit<S>) -> S {
        unit.gates[0]
    }

    #[inline(always)]
    fn back<S: Scalar>(unit: &Unit<S>, by_state: S, _: S) -> Back<S> {
        let gate = by_state * of_tanh(unit.gates[0]);
        let zero = S::of(0.0);
        Back { gates: [gate, zero, zero, zero], recurrent: gate, state: zero, memory: zero }
    }
}

/// Gates r, u, n; h = (1 − u) n + u h with n = tanh(x_n + r (h W_n + b_n)).
pub struct Gated;

impl Kind for Gated {
    const GATES: usize = 3;
    const SIGMOID: [bool; 4] = [true, true, false, false];
    const RESET: bool = true;

    #[inline(always)]
    fn state<S: Scalar>(unit: &Unit<S>) -> S {
        let [_, u, n, _] = unit.gates;
        (S::of(1.0) - u) * n + u * unit.state
    }

    #[inline(always)]
    fn back<S: Scalar>(unit: &Unit<S>, by_state: S, _: S) -> Back<S> {
        let [r, u, n, _] = unit.gates;
        let candidate = by_state * (S::of(1.0) - u) * of_tanh(n);
        let update = by_state * (unit.state - n) * of_sigmoid(u);
        let reset = candidate * unit.extra * of_sigmoid(r);
        let zero = S::of(0.0);
        Back {
            gates: [reset, update, candidate, zero],
            recurrent: candidate * r,
            state: by_state * u,
            memory: zero,
        }
    }
}

/// Gates i, f, g, o; c = f c + i g and h = o tanh c.
pub struct LongShort;

impl Kind for LongShort {
    const GATES: usize = 4;
    const SIGMOID: [bool; 4] = [true, true, false, true];
    const MEMORY: bool = true;

    #[inline(always)]
    fn memory<S: Scalar>(unit: &Unit<S>) -> S {
        let [i, f, g, _] = unit.gates;
        f * unit.memory + i * g
    }

    #[inline(always)]
    fn state<S: Scalar>(unit: &Unit<S>) -> S {
        unit.gates[3] * unit.extra
    }

    #[inline(always)]
    fn back<S: Scalar>(unit: &Unit<S>, by_state: S, by_memory: S) -> Back<S> {
        let [i, f, g, o] = unit.gates;
        let by_memory = by_memory + by_state * o * of_tanh(unit.extra);
        let output = by_state * unit.extra * of_sigmoid(o);
        Back {
            gates: [
                by_memory * g * of_sigmoid(i),
                by_memory * unit.memory * of_sigmoid(f),
                by_memory * i * of_tanh(g),
                output,
            ],
            recurrent: output,
            state: S::of(0.0),
            memory: by_memory * f,
        }
    }
}
