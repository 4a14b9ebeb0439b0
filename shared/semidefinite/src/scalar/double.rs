//! `f64` as a scalar, with the product of matrices in tiles of the result that stay in registers.
//!
//! Every entry is the same sum, in the same order and with every product rounded, as that of three plain loops: certificates are made of such numbers, and their checksums are published.

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
        if rows == 0 {
            return;
        }
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
    /// R rows of the result in as many columns as a tile has.
    #[inline(always)]
    fn tile<const R: usize>(&mut self, row: usize, column: usize) {
        let Sizes { rows, columns, .. } = self.sizes;
        let place = |index: usize| (row + index) * columns + column;
        let mut sums = [[0.0; LANES]; R];
        for (index, sums) in sums.iter_mut().enumerate() {
            sums.copy_from_slice(&self.c[place(index)..][..LANES]);
        }
        for (a, b) in self.a.chunks_exact(rows).zip(self.b.chunks_exact(columns)) {
            let (a, b) = (&a[row..row + R], &b[column..column + LANES]);
            for (sums, factor) in sums.iter_mut().zip(a) {
                let factor = self.sign * factor;
                for (sum, value) in sums.iter_mut().zip(b) {
                    *sum += factor * value;
                }
            }
        }
        for (index, sums) in sums.iter().enumerate() {
            self.c[place(index)..][..LANES].copy_from_slice(sums);
        }
    }

    /// A column of the result, all rows at a time.
    #[inline(always)]
    fn column(&mut self, column: usize) {
        let Sizes { rows, columns, .. } = self.sizes;
        for (a, b) in self.a.chunks_exact(rows).zip(self.b.chunks_exact(columns)) {
            for (entry, factor) in self.c[column..].iter_mut().step_by(columns).zip(a) {
                *entry += self.sign * factor * b[column];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::accumulate_row_by_row;
    use super::*;

    #[test]
    fn products_are_those_of_plain_loops() {
        let numbers = |count: usize, step: usize| -> Vec<f64> {
            (0..count).map(|k| (k * step % 101) as f64 / 7.0 - 6.0).collect()
        };
        for (depth, rows, columns) in [(0, 2, 9), (3, 0, 3), (1, 1, 1), (7, 5, 8), (9, 6, 19), (30, 13, 24)] {
            let sizes = Sizes { depth, rows, columns };
            let (a, b) = (numbers(depth * rows, 37), numbers(depth * columns, 53));
            for sign in [1.0, -1.0] {
                let (mut found, mut expected) = (numbers(rows * columns, 29), numbers(rows * columns, 29));
                f64::accumulate(&mut found, &a, &b, sizes, sign);
                accumulate_row_by_row(&mut expected, &a, &b, sizes, sign);
                assert_eq!(found, expected, "{depth}, {rows}, {columns}");
            }
        }
    }
}
