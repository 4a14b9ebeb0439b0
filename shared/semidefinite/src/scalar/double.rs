//! `f64` as a scalar, with the product of matrices in tiles of the result that stay in registers.

use pulp::{Arch, NullaryFnOnce};

use super::{Scalar, Sizes};

/// Columns of a tile: two vectors of AVX2.
const LANES: usize = 8;

/// Rows of a tile, to hide the latency of the sums and to load B less often.
const ROWS: usize = 4;

impl Scalar for f64 {
    const BITS: usize = 53;

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    fn is_finite(self) -> bool {
        f64::is_finite(self)
    }

    fn times_power_of_two(self, power: i32) -> Self {
        self * 2f64.powi(power)
    }

    fn accumulate(c: &mut [Self], a: &[Self], b: &[Self], sizes: Sizes, sign: f64) {
        Arch::new().dispatch(Product { c, a, b, sizes, sign });
    }

    fn to_text(self) -> String {
        format!("{:016x}", self.to_bits())
    }

    fn from_text(text: &str) -> Option<Self> {
        (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok().map(f64::from_bits))?
    }
}

/// C ± Aᵀ B.
struct Product<'a> {
    c: &'a mut [f64],
    a: &'a [f64],
    b: &'a [f64],
    sizes: Sizes,
    sign: f64,
}

impl NullaryFnOnce for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let Sizes { rows, columns, .. } = self.sizes;
        let whole = columns - columns % LANES;
        for column in (0..whole).step_by(LANES) {
            let together = rows - rows % ROWS;
            for row in (0..together).step_by(ROWS) {
                self.tile::<ROWS>(row, column);
            }
            for row in together..rows {
                self.tile::<1>(row, column);
            }
        }
        for column in whole..columns {
            self.column(column);
        }
    }
}

impl Product<'_> {
    /// R rows of the result in one vector of columns.
    #[inline(always)]
    fn tile<const R: usize>(&mut self, row: usize, column: usize) {
        let Sizes { rows, columns, .. } = self.sizes;
        let mut sums = [[0.0; LANES]; R];
        for (a, b) in self.a.chunks_exact(rows).zip(self.b.chunks_exact(columns)) {
            let (a, b) = (&a[row..row + R], &b[column..column + LANES]);
            for (sums, factor) in sums.iter_mut().zip(a) {
                for (sum, value) in sums.iter_mut().zip(b) {
                    *sum = factor.mul_add(*value, *sum);
                }
            }
        }
        for (place, sums) in sums.iter().enumerate() {
            let target = &mut self.c[(row + place) * columns + column..][..LANES];
            target.iter_mut().zip(sums).for_each(|(entry, sum)| *entry += self.sign * sum);
        }
    }

    /// A column of the result, all rows at a time.
    #[inline(always)]
    fn column(&mut self, column: usize) {
        let Sizes { rows, columns, .. } = self.sizes;
        for (a, b) in self.a.chunks_exact(rows).zip(self.b.chunks_exact(columns)) {
            let factor = self.sign * b[column];
            for (entry, value) in self.c[column..].iter_mut().step_by(columns).zip(a) {
                *entry = value.mul_add(factor, *entry);
            }
        }
    }
}
