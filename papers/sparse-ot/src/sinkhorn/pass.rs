//! The passes over the kernel, compiled for several instruction sets.

use numerics::elementary::exponentials;
use pulp::NullaryFnOnce;

/// Columns that are read together: a factor, once loaded, serves all of them.
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
        let m = factors.len();
        let columns = kernel.chunks(TOGETHER * m);
        for ((scalings, masses), kernel) in
            scalings.chunks_mut(TOGETHER).zip(masses.chunks(TOGETHER)).zip(columns)
        {
            if scalings.len() == TOGETHER {
                let (pair, other) = kernel.split_at(2 * m);
                let columns = [pair.split_at(m), other.split_at(m)];
                let found = products([columns[0].0, columns[0].1, columns[1].0, columns[1].1], factors);
                scalings.copy_from_slice(&found);
            } else {
                for (scaling, column) in scalings.iter_mut().zip(kernel.chunks_exact(m)) {
                    [*scaling] = products([column], factors);
                }
            }
            for (scaling, mass) in scalings.iter_mut().zip(masses) {
                let sum = *scaling;
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
            *sum = a.mul_add(p, b.mul_add(q, c.mul_add(r, d.mul_add(s, *sum))));
        }
    } else {
        for (column, weight) in kernel.chunks_exact(m).zip(weights) {
            sums.iter_mut().zip(column).for_each(|(sum, entry)| *sum = entry.mul_add(*weight, *sum));
        }
    }
}

/// ⟨K_j, factors⟩ of some columns, in independent lanes.
#[inline(always)]
fn products<const COLUMNS: usize>(columns: [&[f64]; COLUMNS], factors: &[f64]) -> [f64; COLUMNS] {
    const LANES: usize = 8;
    let columns = columns.map(|column| column.as_chunks::<LANES>());
    let (whole, rest) = factors.as_chunks::<LANES>();
    let columns = columns.map(|(column, last)| (&column[..whole.len()], last));
    let mut lanes = [[0.0; LANES]; COLUMNS];
    for (i, factors) in whole.iter().enumerate() {
        for (lanes, (column, _)) in lanes.iter_mut().zip(&columns) {
            for lane in 0..LANES {
                lanes[lane] = column[i][lane].mul_add(factors[lane], lanes[lane]);
            }
        }
    }
    // Seen as one expression with these sums, lanes of different columns would be shuffled into one register in the loop.
    let lanes = std::hint::black_box(lanes);
    let mut products = [0.0; COLUMNS];
    for ((product, lanes), (_, last)) in products.iter_mut().zip(lanes).zip(columns) {
        let last: f64 = last.iter().zip(rest).map(|(entry, factor)| entry * factor).sum();
        *product = lanes.iter().sum::<f64>() + last;
    }
    products
}

/// exp((fᵢ + g − cᵢ)/ε) for a column of the kernel; 0 below e^−708 and infinite above e^709.
pub(super) struct Column<'a> {
    pub entries: &'a mut [f64],
    pub f: &'a [f64],
    pub g: f64,
    pub costs: &'a [f64],
    pub epsilon: f64,
}

impl NullaryFnOnce for Column<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { entries, f, g, costs, epsilon } = self;
        for ((entry, f), c) in entries.iter_mut().zip(f).zip(costs) {
            let exponent = (f + g - c) / epsilon;
            // The function cuts its argument to this range.
            let (value, _) = exponentials(exponent);
            let value = if exponent < -708.0 { 0.0 } else { value };
            *entry = if exponent > 709.0 { f64::INFINITY } else { value };
        }
    }
}

/// Multiplies a column of the kernel by its scalings, adds it to the sums of rows, and gives its own sum and its cost. What carries nothing costs nothing, also where
/// the cost is infinite.
pub(super) struct Finish<'a> {
    pub entries: &'a mut [f64],
    pub u: &'a [f64],
    pub v: f64,
    pub costs: &'a [f64],
    pub rows: &'a mut [f64],
}

impl NullaryFnOnce for Finish<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn call(self) -> (f64, f64) {
        const LANES: usize = 16;
        let Self { entries, u, v, costs, rows } = self;
        let (mut sums, mut paid) = ([0.0; LANES], [0.0; LANES]);
        let whole = entries.chunks_mut(LANES).zip(u.chunks(LANES)).zip(costs.chunks(LANES));
        for (((entries, u), costs), rows) in whole.zip(rows.chunks_mut(LANES)) {
            let lanes = sums.iter_mut().zip(&mut paid);
            let values = entries.iter_mut().zip(u).zip(costs).zip(rows);
            for ((sum, paid), (((entry, u), cost), row)) in lanes.zip(values) {
                *entry *= u * v;
                *row += *entry;
                *sum += *entry;
                *paid += if *entry == 0.0 { 0.0 } else { *entry * cost };
            }
        }
        (sums.iter().sum(), paid.iter().sum())
    }
}

/// Whether a sum, or the scaling that takes it to `mass`, has no digits left.
pub(super) fn lost(sum: f64, mass: f64) -> bool {
    !(sum >= LEAST_SUM && sum.is_finite() && (mass / sum).is_normal())
}
