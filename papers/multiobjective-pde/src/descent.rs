//! Descent for several locally Lipschitz objectives (Gebken, Peitz 2021), and gradient sampling beside it.
//!
//! A direction that decreases all objectives by a length ε is the shortest vector of the convex hull of their ε-subdifferentials. That hull is built from below: where a direction fails
//! for an objective, a bisection along it finds a subgradient that was missing. A run ends at a point whose hull, as far as it is known, comes within δ of zero: (ε, δ)-critical.

use numerics::sum::fast_dot;
use rand::Rng;

use crate::functions::Objectives;
use crate::min_norm::shortest;

/// Parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// ε, the radius in which subgradients count.
    pub radius: f64,
    /// δ, the length of a hull's shortest vector at which a point is critical.
    pub tolerance: f64,
    /// c in (0, 1), the part of the decrease that is asked for.
    pub decrease: f64,
    /// Iterations at most.
    pub iterations: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { radius: 1e-3, tolerance: 1e-3, decrease: 0.25, iterations: 1_000 }
    }
}

/// Where a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Descended {
    /// The point.
    pub x: Vec<f64>,
    /// Its objectives.
    pub values: Vec<f64>,
    /// The length of the hull's shortest vector.
    pub criticality: f64,
    /// Whether that is within the tolerance; if not, iterations ran out, or no direction was found to decrease all objectives, by rounding or because values or gradients are not finite.
    pub critical: bool,
    /// Iterations.
    pub iterations: usize,
    /// Evaluations of all objectives.
    pub calls: u64,
    /// Subgradients of one objective each.
    pub subgradients: u64,
}

/// Bisections at most; 60 halve an interval to nothing.
const BISECTIONS: usize = 60;
/// Subgradients of one hull at most.
const LARGEST_HULL: usize = 200;

struct Counted<'a> {
    objectives: &'a dyn Objectives,
    calls: u64,
    subgradients: u64,
}

impl Counted<'_> {
    fn values(&mut self, x: &[f64]) -> Vec<f64> {
        self.calls += 1;
        let mut values = vec![0.0; self.objectives.count()];
        self.objectives.values(x, &mut values);
        values
    }

    fn subgradient(&mut self, i: usize, x: &[f64]) -> Vec<f64> {
        self.subgradients += 1;
        let mut gradient = vec![0.0; x.len()];
        self.objectives.subgradient(i, x, &mut gradient);
        gradient
    }
}

fn moved(x: &[f64], t: f64, v: &[f64]) -> Vec<f64> {
    x.iter().zip(v).map(|(x, v)| x + t * v).collect()
}

/// Descends from a point.
pub fn descend(objectives: &dyn Objectives, start: &[f64], options: &Options) -> Descended {
    let mut counted = Counted { objectives, calls: 0, subgradients: 0 };
    let mut x = start.to_vec();
    let mut values = counted.values(&x);
    let mut iterations = 0;
    loop {
        let (direction, length, certain) = direction(&mut counted, &x, &values, options);
        let critical = length <= options.tolerance;
        // A direction that decreases nothing, by rounding or because values are no numbers, is an end as well.
        if critical || !certain || iterations == options.iterations {
            let Counted { calls, subgradients, .. } = counted;
            return Descended { x, values, criticality: length, critical, iterations, calls, subgradients };
        }
        iterations += 1;
        // At least the length for which the direction was made; longer steps by Armijo's rule.
        let least = options.radius / length;
        let mut t = (1.0 / length).max(1.0);
        loop {
            if t <= least {
                t = least;
            }
            let next = moved(&x, t, &direction);
            let then = counted.values(&next);
            let enough = |(now, then): (&f64, &f64)| *then <= now - options.decrease * t * length * length;
            let finite = then.iter().all(|value| value.is_finite());
            if t == least || (finite && values.iter().zip(&then).all(enough)) {
                (x, values) = (next, then);
                break;
            }
            t *= 0.5;
        }
    }
}

/// A direction with its length, and whether it was seen to decrease every objective: the hull grows until the direction decreases every objective over ε, or is short.
fn direction(counted: &mut Counted, x: &[f64], values: &[f64], options: &Options) -> (Vec<f64>, f64, bool) {
    let count = counted.objectives.count();
    let mut hull: Vec<Vec<f64>> = (0..count).map(|i| counted.subgradient(i, x)).collect();
    loop {
        let v: Vec<f64> = shortest(&hull).vector.iter().map(|v| -v).collect();
        let length = fast_dot(&v, &v).sqrt();
        if !length.is_finite() || hull.len() >= LARGEST_HULL {
            return (v, length, false);
        }
        if length <= options.tolerance {
            return (v, length, true);
        }
        let reach = options.radius / length;
        let ahead = counted.values(&moved(x, reach, &v));
        let fails = |i: &usize| ahead[*i] > values[*i] - options.decrease * options.radius * length;
        let failing: Vec<usize> = (0..count).filter(fails).collect();
        if ahead.iter().any(|value| !value.is_finite()) {
            return (v, length, false);
        }
        if failing.is_empty() {
            return (v, length, true);
        }
        let before = hull.len();
        for i in failing {
            let change = ahead[i] - values[i];
            if let Some(found) = missing(counted, x, &v, (i, values[i], change), reach, length, options) {
                hull.push(found);
            }
        }
        if hull.len() == before {
            // Rounding hides what is missing: nothing better is known.
            return (v, length, false);
        }
    }
}

/// A subgradient ξ of objective i along v with ⟨ξ, v⟩ > −c|v|²; `value` at x and `change` over the whole reach.
///
/// The sufficient decrease is asked with a constant between c and what the whole step attains, without which the bisection might not end.
fn missing(
    counted: &mut Counted,
    x: &[f64],
    v: &[f64],
    (i, value, change): (usize, f64, f64),
    reach: f64,
    length: f64,
    options: &Options,
) -> Option<Vec<f64>> {
    let square = length * length;
    let attained = -change / (options.radius * length);
    let asked = 0.5 * (options.decrease + attained);
    let above = |counted: &mut Counted, t: f64| {
        let values = counted.values(&moved(x, t, v));
        values[i] - value + asked * t * square
    };
    let (mut a, mut b) = (0.0, reach);
    let mut at_b = change + asked * reach * square;
    for _ in 0..BISECTIONS {
        let t = 0.5 * (a + b);
        let found = counted.subgradient(i, &moved(x, t, v));
        if fast_dot(&found, v) > -options.decrease * square {
            return Some(found);
        }
        let at_t = above(counted, t);
        if at_b > at_t {
            a = t;
        } else {
            (b, at_b) = (t, at_t);
        }
    }
    None
}

/// Gradient sampling for several objectives: the hull of all subgradients at x and at 2n random points within ε, drawn anew at each iteration.
pub fn sample_gradients(
    objectives: &dyn Objectives,
    start: &[f64],
    options: &Options,
    random: &mut impl Rng,
) -> Descended {
    let mut counted = Counted { objectives, calls: 0, subgradients: 0 };
    let (n, count) = (start.len(), objectives.count());
    let mut x = start.to_vec();
    let mut values = counted.values(&x);
    let mut iterations = 0;
    let mut stuck = 0;
    loop {
        let mut hull: Vec<Vec<f64>> = (0..count).map(|i| counted.subgradient(i, &x)).collect();
        for _ in 0..2 * n {
            let near: Vec<f64> = loop {
                let offset: Vec<f64> = (0..n).map(|_| random.random_range(-1.0..1.0)).collect();
                if fast_dot(&offset, &offset) <= 1.0 {
                    break moved(&x, options.radius, &offset);
                }
            };
            hull.extend((0..count).map(|i| counted.subgradient(i, &near)));
        }
        let v: Vec<f64> = shortest(&hull).vector.iter().map(|v| -v).collect();
        let length = fast_dot(&v, &v).sqrt();
        let critical = length <= options.tolerance;
        if critical || iterations == options.iterations || stuck == 20 {
            let Counted { calls, subgradients, .. } = counted;
            return Descended { x, values, criticality: length, critical, iterations, calls, subgradients };
        }
        iterations += 1;
        let mut t = (1.0 / length).max(1.0);
        loop {
            let next = moved(&x, t, &v);
            let then = counted.values(&next);
            let enough = |(now, then): (&f64, &f64)| *then <= now - options.decrease * t * length * length;
            if values.iter().zip(&then).all(enough) {
                (x, values) = (next, then);
                stuck = 0;
                break;
            }
            t *= 0.5;
            if t * length < 1e-3 * options.radius {
                // The sample missed a piece; the next may have it.
                stuck += 1;
                break;
            }
        }
    }
}
