//! Operations of a tape with their derivatives.

/// An operation on earlier results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Node {
    Number(f64),
    Variable(usize),
    Add(usize, usize),
    Subtract(usize, usize),
    Multiply(usize, usize),
    Divide(usize, usize),
    Remainder(usize, usize),
    /// With an exponent that is a number.
    PowerOf(usize, f64),
    Power(usize, usize),
    Minimum(usize, usize),
    Maximum(usize, usize),
    Angle(usize, usize),
    Negate(usize),
    Call(Function, usize),
}

/// A function of one variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Sqrt,
    Cbrt,
    Exp,
    Ln,
    Log2,
    Log10,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Abs,
    Signum,
    Floor,
    Ceil,
    Round,
    Trunc,
}

/// First derivatives by the two operands, and second ones by both firsts, by both, by both seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Partials {
    pub first: [f64; 2],
    pub second: [f64; 3],
}

/// c xᵖ, and zero for c = 0 whatever x.
fn monomial(c: f64, x: f64, p: f64) -> f64 {
    if c == 0.0 { 0.0 } else { c * power(x, p) }
}

fn power(x: f64, p: f64) -> f64 {
    if p == p.trunc() && p.abs() < 1e9 { x.powi(p as i32) } else { x.powf(p) }
}

impl Function {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sqrt" => Self::Sqrt,
            "cbrt" => Self::Cbrt,
            "exp" => Self::Exp,
            "ln" | "log" => Self::Ln,
            "log2" => Self::Log2,
            "log10" => Self::Log10,
            "sin" => Self::Sin,
            "cos" => Self::Cos,
            "tan" => Self::Tan,
            "asin" => Self::Asin,
            "acos" => Self::Acos,
            "atan" => Self::Atan,
            "sinh" => Self::Sinh,
            "cosh" => Self::Cosh,
            "tanh" => Self::Tanh,
            "abs" => Self::Abs,
            "signum" => Self::Signum,
            "floor" => Self::Floor,
            "ceil" => Self::Ceil,
            "round" => Self::Round,
            "trunc" => Self::Trunc,
            _ => return None,
        })
    }

    fn value(self, x: f64) -> f64 {
        match self {
            Self::Sqrt => x.sqrt(),
            Self::Cbrt => x.cbrt(),
            Self::Exp => x.exp(),
            Self::Ln => x.ln(),
            Self::Log2 => x.log2(),
            Self::Log10 => x.log10(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Tan => x.tan(),
            Self::Asin => x.asin(),
            Self::Acos => x.acos(),
            Self::Atan => x.atan(),
            Self::Sinh => x.sinh(),
            Self::Cosh => x.cosh(),
            Self::Tanh => x.tanh(),
            Self::Abs => x.abs(),
            Self::Signum => x.signum(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Round => x.round(),
            Self::Trunc => x.trunc(),
        }
    }

    /// f′ and f″, from x and f(x).
    fn derivatives(self, x: f64, f: f64) -> (f64, f64) {
        match self {
            Self::Sqrt => (0.5 / f, -0.25 / (f * x)),
            Self::Cbrt => (1.0 / (3.0 * f * f), -2.0 / (9.0 * f * f * x)),
            Self::Exp => (f, f),
            Self::Ln => (1.0 / x, -1.0 / (x * x)),
            Self::Log2 => (std::f64::consts::LOG2_E / x, -std::f64::consts::LOG2_E / (x * x)),
            Self::Log10 => (std::f64::consts::LOG10_E / x, -std::f64::consts::LOG10_E / (x * x)),
            Self::Sin => (x.cos(), -f),
            Self::Cos => (-x.sin(), -f),
            Self::Tan => (1.0 + f * f, 2.0 * f * (1.0 + f * f)),
            Self::Asin => {
                let rest = 1.0 - x * x;
                (1.0 / rest.sqrt(), x / (rest * rest.sqrt()))
            }
            Self::Acos => {
                let rest = 1.0 - x * x;
                (-1.0 / rest.sqrt(), -x / (rest * rest.sqrt()))
            }
            Self::Atan => {
                let sum = 1.0 + x * x;
                (1.0 / sum, -2.0 * x / (sum * sum))
            }
            Self::Sinh => (x.cosh(), f),
            Self::Cosh => (x.sinh(), f),
            Self::Tanh => (1.0 - f * f, -2.0 * f * (1.0 - f * f)),
            Self::Abs => (x.signum(), 0.0),
            Self::Signum | Self::Floor | Self::Ceil | Self::Round | Self::Trunc => (0.0, 0.0),
        }
    }
}

impl Node {
    pub(crate) fn operands(&self) -> [Option<usize>; 2] {
        match *self {
            Self::Number(_) | Self::Variable(_) => [None, None],
            Self::Negate(a) | Self::Call(_, a) | Self::PowerOf(a, _) => [Some(a), None],
            Self::Add(a, b)
            | Self::Subtract(a, b)
            | Self::Multiply(a, b)
            | Self::Divide(a, b)
            | Self::Remainder(a, b)
            | Self::Power(a, b)
            | Self::Minimum(a, b)
            | Self::Maximum(a, b)
            | Self::Angle(a, b) => [Some(a), Some(b)],
        }
    }

    /// From what its operands came to, and the variables.
    pub(crate) fn value(&self, of: impl Fn(usize) -> f64, x: &[f64]) -> f64 {
        match *self {
            Self::Number(number) => number,
            Self::Variable(place) => x[place],
            Self::Add(a, b) => of(a) + of(b),
            Self::Subtract(a, b) => of(a) - of(b),
            Self::Multiply(a, b) => of(a) * of(b),
            Self::Divide(a, b) => of(a) / of(b),
            Self::Remainder(a, b) => of(a) % of(b),
            Self::PowerOf(a, exponent) => power(of(a), exponent),
            Self::Power(a, b) => of(a).powf(of(b)),
            // Unlike f64::min these let NaN through.
            Self::Minimum(a, b) => {
                if of(a) < of(b) || of(a).is_nan() {
                    of(a)
                } else {
                    of(b)
                }
            }
            Self::Maximum(a, b) => {
                if of(a) > of(b) || of(a).is_nan() {
                    of(a)
                } else {
                    of(b)
                }
            }
            Self::Angle(a, b) => of(a).atan2(of(b)),
            Self::Negate(a) => -of(a),
            Self::Call(function, a) => function.value(of(a)),
        }
    }

    pub(crate) fn partials(&self, value: f64, values: &[f64]) -> Partials {
        let of = |first: [f64; 2], second: [f64; 3]| Partials { first, second };
        match *self {
            Self::Number(_) | Self::Variable(_) => Partials::default(),
            Self::Add(..) => of([1.0, 1.0], [0.0; 3]),
            Self::Subtract(..) => of([1.0, -1.0], [0.0; 3]),
            Self::Multiply(a, b) => of([values[b], values[a]], [0.0, 1.0, 0.0]),
            Self::Divide(_, b) => {
                let inverse = 1.0 / values[b];
                let by_b = -value * inverse;
                of([inverse, by_b], [0.0, -inverse * inverse, -2.0 * by_b * inverse])
            }
            Self::Remainder(..) => of([1.0, 0.0], [0.0; 3]),
            Self::PowerOf(a, p) => {
                let x = values[a];
                of([monomial(p, x, p - 1.0), 0.0], [monomial(p * (p - 1.0), x, p - 2.0), 0.0, 0.0])
            }
            Self::Power(a, b) => {
                let (x, p) = (values[a], values[b]);
                // 0ᵖ stays 0 for all p > 0.
                let logarithm = if value == 0.0 && p > 0.0 { 0.0 } else { x.ln() };
                of(
                    [monomial(p, x, p - 1.0), value * logarithm],
                    [
                        monomial(p * (p - 1.0), x, p - 2.0),
                        x.powf(p - 1.0) * (1.0 + p * logarithm),
                        value * logarithm * logarithm,
                    ],
                )
            }
            Self::Minimum(a, b) => of(if values[a] < values[b] { [1.0, 0.0] } else { [0.0, 1.0] }, [0.0; 3]),
            Self::Maximum(a, b) => of(if values[a] > values[b] { [1.0, 0.0] } else { [0.0, 1.0] }, [0.0; 3]),
            Self::Angle(a, b) => {
                let (y, x) = (values[a], values[b]);
                let square = x * x + y * y;
                let (by_y, by_x) = (x / square, -y / square);
                of([by_y, by_x], [2.0 * by_y * by_x, by_x * by_x - by_y * by_y, -2.0 * by_y * by_x])
            }
            Self::Negate(_) => of([-1.0, 0.0], [0.0; 3]),
            Self::Call(function, a) => {
                let (first, second) = function.derivatives(values[a], value);
                of([first, 0.0], [second, 0.0, 0.0])
            }
        }
    }

    /// Which second derivatives need not be zero.
    pub(crate) fn curved(&self) -> [bool; 3] {
        match *self {
            Self::Multiply(..) => [false, true, false],
            Self::Divide(..) => [false, true, true],
            Self::PowerOf(_, p) => [p != 1.0 && p != 0.0, false, false],
            Self::Power(..) | Self::Angle(..) => [true; 3],
            Self::Call(function, _) => [function != Function::Abs && !self.is_step(), false, false],
            _ => [false; 3],
        }
    }

    pub(crate) fn is_step(&self) -> bool {
        let steps = [Function::Signum, Function::Floor, Function::Ceil, Function::Round, Function::Trunc];
        matches!(self, Self::Remainder(..))
            || matches!(self, Self::Call(function, _) if steps.contains(function))
    }
}
