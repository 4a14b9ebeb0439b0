//! Certified suprema by interval arithmetic: branch and bound on one variable.
//!
//! Every operation is rounded outwards by one unit in the last place, and exponentials by two, which trusts the system's exponential to one
//! unit; that is documented for it, not proved here. The bound of the Lipschitz constant also takes Φ from the error function, with a margin of 10⁻¹².

use crate::scalars::SLOPE_LIMIT;

/// All numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// One number.
    pub fn point(value: f64) -> Self {
        Self { low: value, high: value }
    }

    /// From one number to another that is not less.
    pub fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    fn outward(low: f64, high: f64) -> Self {
        Self { low: low.next_down(), high: high.next_up() }
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        Self::outward(self.low + other.low, self.high + other.high)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Self {
        Self::outward(self.low - other.high, self.high - other.low)
    }

    /// The product.
    pub fn times(self, other: Self) -> Self {
        let ends =
            [self.low * other.low, self.low * other.high, self.high * other.low, self.high * other.high];
        Self::outward(
            ends.into_iter().fold(f64::INFINITY, f64::min),
            ends.into_iter().fold(f64::NEG_INFINITY, f64::max),
        )
    }

    /// The square.
    pub fn squared(self) -> Self {
        let (low, high) = (self.low.abs().min(self.high.abs()), self.low.abs().max(self.high.abs()));
        let least = if self.low <= 0.0 && self.high >= 0.0 { 0.0 } else { (low * low).next_down() };
        Self { low: least, high: (high * high).next_up() }
    }

    /// e to it.
    pub fn exp(self) -> Self {
        Self {
            low: self.low.exp().next_down().next_down().max(0.0),
            high: self.high.exp().next_up().next_up(),
        }
    }

    /// Halves.
    fn halves(self) -> [Self; 2] {
        let middle = 0.5 * (self.low + self.high);
        [Self::new(self.low, middle), Self::new(middle, self.high)]
    }
}

/// Σ cᵢ xⁱ by Horner's rule.
fn polynomial(coefficients: &[f64], x: Interval) -> Interval {
    let start = Interval::point(0.0);
    coefficients.iter().rev().fold(start, |sum, c| sum.times(x).plus(Interval::point(*c)))
}

/// Polynomials Q with Ψ⁽ᵏ⁾ = Q(w)·exp(1 − w²), w = 1/(2x − 1), k = 0 … 5, from the lowest coefficient on.
const GATE: [&[f64]; 6] = [
    &[1.0],
    &[0.0, 0.0, 0.0, 4.0],
    &[0.0, 0.0, 0.0, 0.0, -24.0, 0.0, 16.0],
    &[0.0, 0.0, 0.0, 0.0, 0.0, 192.0, 0.0, -288.0, 0.0, 64.0],
    &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1920.0, 0.0, 4800.0, 0.0, -2304.0, 0.0, 256.0],
    &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 23040.0, 0.0, -84480.0, 0.0, 65280.0, 0.0, -15360.0, 0.0, 1024.0],
];

/// Polynomials Q with Φ⁽ᵏ⁾ = Q(x)·exp((1 − x²)/2), k = 1 … 5.
const SLOPE: [&[f64]; 5] =
    [&[1.0], &[0.0, -1.0], &[-1.0, 0.0, 1.0], &[0.0, 3.0, 0.0, -1.0], &[3.0, 0.0, -6.0, 0.0, 1.0]];

/// Beyond, Ψ and its derivatives are below 10⁻³⁰⁰.
const LAST_GATE: f64 = 28.0;
/// Beyond, derivatives of Φ are below 10⁻³⁰⁰.
const LAST_SLOPE: f64 = 40.0;

/// Ψ⁽ᵏ⁾ for all w = 1/(2x − 1) of an interval within [0, 28], k ≤ 4.
pub fn gate(order: usize, w: Interval) -> Interval {
    let natural = polynomial(GATE[order], w).times(Interval::point(1.0).minus(w.squared()).exp());
    // By the mean value: dΨ⁽ᵏ⁾/dw = Ψ⁽ᵏ⁺¹⁾ dx/dw with dx/dw = −1/(2w²), whose division is done in the polynomial.
    let reduced: Vec<f64> = GATE[order + 1].iter().skip(2).map(|c| -0.5 * c).collect();
    let rise = polynomial(&reduced, w).times(Interval::point(1.0).minus(w.squared()).exp());
    around(w, natural, rise, |middle| {
        polynomial(GATE[order], middle).times(Interval::point(1.0).minus(middle.squared()).exp())
    })
}

/// Φ⁽ᵏ⁾ for all x of an interval, 1 ≤ k ≤ 4.
pub fn slope(order: usize, x: Interval) -> Interval {
    let bell = |x: Interval| Interval::point(0.5).minus(x.squared().times(Interval::point(0.5))).exp();
    let natural = polynomial(SLOPE[order - 1], x).times(bell(x));
    let rise = polynomial(SLOPE[order], x).times(bell(x));
    around(x, natural, rise, |middle| polynomial(SLOPE[order - 1], middle).times(bell(middle)))
}

/// The narrower of what is known directly and what the derivative allows around the middle, end by end.
fn around(x: Interval, natural: Interval, rise: Interval, at: impl Fn(Interval) -> Interval) -> Interval {
    let middle = Interval::point(0.5 * (x.low + x.high));
    let by_rise = at(middle).plus(rise.times(x.minus(middle)));
    Interval::new(natural.low.max(by_rise.low), natural.high.min(by_rise.high))
}

/// Encloses the supremum of a function by its values on intervals of a domain: splits where the upper end is largest, until the ends are `tolerance` apart or
/// so many intervals were looked at. The result is certain in both cases.
pub fn supremum(
    domain: Interval,
    tolerance: f64,
    boxes: usize,
    f: impl Fn(Interval) -> Interval,
) -> Interval {
    let mut open = vec![(domain, f(domain))];
    let mut known = f64::NEG_INFINITY;
    let mut looked = 1;
    loop {
        let best =
            open.iter().enumerate().max_by(|a, b| a.1.1.high.total_cmp(&b.1.1.high)).map(|(place, _)| place);
        let Some(place) = best else { return Interval::new(known, known) };
        let high = open[place].1.high;
        if high - known <= tolerance || looked >= boxes {
            return Interval::new(known, high.max(known));
        }
        let (split, _) = open.swap_remove(place);
        for half in split.halves() {
            let value = f(half);
            looked += 1;
            let middle = Interval::point(0.5 * (half.low + half.high));
            known = known.max(f(middle).low);
            if value.high >= known {
                open.push((half, value));
            }
        }
        if looked % 64 < 2 {
            open.retain(|(_, value)| value.high >= known);
        }
    }
}

/// sup ±Ψ⁽ᵏ⁾ for k = 1 … 4.
pub fn gate_supremum(order: usize, sign: f64, tolerance: f64) -> Interval {
    let found = supremum(Interval::new(0.0, LAST_GATE), tolerance, 1_000_000, |w| {
        gate(order, w).times(Interval::point(sign))
    });
    // The rest is positive at most by 10⁻³⁰⁰.
    Interval::new(found.low, found.high.max(1e-300))
}

/// sup ±Φ⁽ᵏ⁾ for k = 1 … 4.
pub fn slope_supremum(order: usize, sign: f64, tolerance: f64) -> Interval {
    let found = supremum(Interval::new(-LAST_SLOPE, LAST_SLOPE), tolerance, 1_000_000, |x| {
        slope(order, x).times(Interval::point(sign))
    });
    Interval::new(found.low, found.high.max(1e-300))
}

/// A rounding's width around the limit of Φ.
fn limit() -> Interval {
    Interval::outward(SLOPE_LIMIT.next_down(), SLOPE_LIMIT.next_up())
}

/// sup |∂ᵢF|: over x = xᵢ of e·Φ′(x) + Ψ′(|x|)·√(2πe), neighbours being far out. For T ≥ 3, where both exist.
pub fn largest_entry(tolerance: f64) -> Interval {
    let e = Interval::outward(std::f64::consts::E, std::f64::consts::E);
    let at = |w: Interval| e.times(slope(1, position(w))).plus(gate(1, w).times(limit()));
    // x ≤ ½ has Ψ′ = 0 and is below e·√e.
    supremum(Interval::new(1e-3, LAST_GATE), tolerance, 1_000_000, at)
}

/// x = ½ + 1/(2w).
fn position(w: Interval) -> Interval {
    let inverse = |w: f64| 0.5 + 0.5 / w;
    Interval::outward(inverse(w.high).next_down(), inverse(w.low).next_up())
}

/// An upper bound of the Lipschitz constant of ∇F for every T: the largest sum of absolute values of a row of the Hessian.
///
/// With y = |xᵢ| the row is |Ψ(s)Φ″(y) + Ψ″(y)Φ(v)| + Ψ′(y)Φ′(v) + Ψ′(s)Φ′(y) over neighbours s and v. For either sign of what stands in bars it falls apart into a function
/// of v, whose supremum is known in closed form, and one of s, which is split as y is.
pub fn lipschitz_bound(tolerance: f64, boxes: usize) -> Interval {
    let row = |y: Interval, bend: Interval, rise: Interval, sign: f64| {
        let signed = Interval::point(sign);
        // sup over v of ±Ψ″Φ(v) + Ψ′Φ′(v), growing in both coefficients: at v = ±Ψ″/Ψ′.
        let (a, b) = (bend.times(signed).high, rise.high.max(0.0));
        let right = if a > 30.0 * b {
            Interval::point(a).times(limit()).high + 1e-12
        } else {
            let v = a / b;
            let [phi, bell] = crate::scalars::slope::<2>(v);
            // Φ and Φ′ are right to 10⁻¹⁴.
            a * phi + b * bell + 1e-12 * (1.0 + a.abs() * phi + b * bell)
        };
        let right = right.max(0.0);
        let by_height = slope(2, y).times(signed).high;
        let by_rise = slope(1, y).high;
        let left = supremum(Interval::new(0.0, LAST_GATE), 0.1 * tolerance, 400, |w| {
            gate(0, w).times(Interval::point(by_height)).plus(gate(1, w).times(Interval::point(by_rise)))
        });
        right + left.high.max(0.0)
    };
    let upper = |y: Interval, w: Option<Interval>| {
        let zero = Interval::point(0.0);
        let (bend, rise) = w.map_or((zero, zero), |w| (gate(2, w), gate(1, w)));
        row(y, bend, rise, 1.0).max(row(y, bend, rise, -1.0)).next_up()
    };
    // Where the gate counts as closed only the left neighbour matters. Beyond y = 500 every term is below 10⁻⁹.
    let closed = supremum(Interval::new(0.0, 0.518), tolerance, boxes, |y| {
        Interval::new(f64::NEG_INFINITY, upper(y, None))
    });
    let open = supremum(Interval::new(1e-3, LAST_GATE), tolerance, boxes, |w| {
        let high = upper(position(w), Some(w));
        Interval::new(f64::NEG_INFINITY, high)
    });
    // Only the upper end is certain: nothing shows that a row is ever so large.
    Interval::new(f64::NEG_INFINITY, closed.high.max(open.high))
}
