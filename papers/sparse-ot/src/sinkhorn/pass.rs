//! The passes over the kernel, compiled for several instruction sets.

use pulp::NullaryFnOnce;

/// Columns that are read together.
const TOGETHER: usize = 4;
/// A sum below this may miss terms that the kernel has lost to underflow: with scalings in range, those are below 1e-287.
const LEAST_SUM: f64 = 1e-200;

/// For columns K_j of a part of the kernel, the scalings v_j = masses_j/⟨K_j, factors⟩ and then Σ_j v_j K_j, while the columns are in the nearest caches: the kernel is read from memory once an
/// iteration. A scaling is not a number where the sum is lost.
pub(super) struct Pass<'a> {
    pub scalings: &'a mut [f64],
    pub sums: &'a mut [f64],
    pub kernel: &'a [f64],
    pub masses: &'a [f64],
    pub factors: &'a [f64],
}

impl NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { scalings, sums, kernel, masses, factors } = self;
        sums.fill(0.0);
        let columns = kernel.chunks(TOGETHER * factors.len());
        for ((scalings, masses), kernel) in
            scalings.chunks_mut(TOGETHER).zip(masses.chunks(TOGETHER)).zip(columns)
        {
            let together = scalings.iter_mut().zip(masses).zip(kernel.chunks_exact(factors.len()));
            for ((scaling, mass), column) in together {
                let sum = product(column, factors);
                *scaling = match *mass > 0.0 {
                    true if lost(sum, *mass) => f64::NAN,
                    true => mass / sum,
                    false => 1.0,
                };
            }
            combine(sums, kernel, scalings);
        }
    }
}

/// Σ_j weights_j K_j for the columns of a part of the kernel.
pub(super) struct Combination<'a> {
    pub sums: &'a mut [f64],
    pub kernel: &'a [f64],
    pub weights: &'a [f64],
}

impl NullaryFnOnce for Combination<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { sums, kernel, weights } = self;
        sums.fill(0.0);
        for (kernel, weights) in kernel.chunks(TOGETHER * sums.len()).zip(weights.chunks(TOGETHER)) {
            combine(sums, kernel, weights);
        }
    }
}

/// Adds up to four columns times their weights.
#[inline(always)]
fn combine(sums: &mut [f64], kernel: &[f64], weights: &[f64]) {
    let m = sums.len();
    if let &[p, q, r, s] = weights {
        let (a, rest) = kernel.split_at(m);
        let (b, rest) = rest.split_at(m);
        let (c, d) = rest.split_at(m);
        for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *sum += (a * p + b * q) + (c * r + d * s);
        }
    } else {
        for (column, weight) in kernel.chunks_exact(m).zip(weights) {
            sums.iter_mut().zip(column).for_each(|(sum, entry)| *sum += entry * weight);
        }
    }
}

/// ⟨x, y⟩ in independent lanes.
#[inline(always)]
fn product(x: &[f64], y: &[f64]) -> f64 {
    const LANES: usize = 16;
    let ((x, last_x), (y, last_y)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (x, y) in x.iter().zip(y) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    let last: f64 = last_x.iter().zip(last_y).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f64>() + last
}

/// Whether a sum, or the scaling that takes it to `mass`, has no digits left.
pub(super) fn lost(sum: f64, mass: f64) -> bool {
    !(sum >= LEAST_SUM && sum.is_finite() && (mass / sum).is_normal())
}
