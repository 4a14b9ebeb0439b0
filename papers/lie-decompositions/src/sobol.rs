//! Sobol's points in up to six dimensions (direction numbers of Joe and Kuo 2008), shifted at random.

use rand::Rng;

/// Degree, inner coefficients and first direction numbers of the dimensions after the first.
const DIRECTIONS: [(u32, u32, &[u32]); 5] =
    [(1, 0, &[1]), (2, 1, &[1, 3]), (3, 1, &[1, 3, 1]), (3, 2, &[1, 1, 1]), (4, 1, &[1, 1, 3, 3])];
/// Bits of a coordinate.
const BITS: u32 = 52;

/// Points in [0, 1)^D, one after the other.
#[derive(Clone, Debug)]
pub struct Sobol<const D: usize> {
    directions: [[u64; BITS as usize]; D],
    state: [u64; D],
    index: u64,
}

impl<const D: usize> Sobol<D> {
    /// From the first point, zero, with every coordinate's bits flipped as `random` says: a digital shift, which keeps nets and makes each point uniform.
    ///
    /// # Panics
    /// For more than six dimensions.
    pub fn shifted(random: &mut impl Rng) -> Self {
        assert!(D <= DIRECTIONS.len() + 1, "there are direction numbers for six dimensions");
        let directions = std::array::from_fn(|d| {
            let mut numbers = [0_u64; BITS as usize];
            if d == 0 {
                (0..BITS).for_each(|k| numbers[k as usize] = 1 << (BITS - 1 - k));
                return numbers;
            }
            let (degree, inner, first) = DIRECTIONS[d - 1];
            for k in 0..BITS {
                numbers[k as usize] = if k < degree {
                    u64::from(first[k as usize]) << (BITS - 1 - k)
                } else {
                    let back = numbers[(k - degree) as usize];
                    (1..degree).fold(back ^ (back >> degree), |number, j| {
                        let bit = (inner >> (degree - 1 - j)) & 1;
                        if bit == 1 { number ^ numbers[(k - j) as usize] } else { number }
                    })
                };
            }
            numbers
        });
        let shift = std::array::from_fn(|_| random.random::<u64>() >> (64 - BITS));
        Self { directions, state: shift, index: 0 }
    }

    /// The next point, by Gray codes: one exclusive or a coordinate. The half of a last place keeps it away from 0 and 1.
    pub fn point(&mut self) -> [f64; D] {
        let point = self.state.map(|bits| (bits as f64 + 0.5) / (1_u64 << BITS) as f64);
        let place = self.index.trailing_ones() as usize;
        self.index += 1;
        for (state, directions) in self.state.iter_mut().zip(&self.directions) {
            *state ^= directions[place.min(BITS as usize - 1)];
        }
        point
    }
}
