//! The roots of the extremal function and their weights, by Newton's method from the solution with one root less.

use ndarray::Array2;

use super::ball_volume;
use crate::Error;
use crate::dense::solve_general;
use crate::laguerre::{self, Recurrence};
use crate::scalar::{Multi, Scalar, convert};

/// The numbers that roots are kept in, whatever they were computed in.
pub type Long = Multi<40>;

/// The largest number of roots, for which 2560 bits suffice.
pub const MOST_ROOTS: usize = 80;

/// The largest dimension.
pub const HIGHEST_DIMENSION: usize = 400;

/// The dual solution: the roots of the extremal function with N roots, and their weights.
#[derive(Clone, Debug)]
pub struct Roots {
    /// n.
    pub dimension: usize,
    /// z_i = 2π r_i², ascending.
    pub squares: Vec<Long>,
    /// w_i > 0.
    pub weights: Vec<Long>,
    /// Squares and weights of the solution that this one grew from; none for one root.
    before: Option<(Vec<Long>, Vec<Long>)>,
}

impl Roots {
    /// The closed-form solution with one root: z_1² − 3 (a + 2) z_1 + 2 (a + 1)(a + 2) = 0 with a = n/2, the larger root.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] for a dimension outside 1…[`HIGHEST_DIMENSION`].
    pub fn one(dimension: usize) -> Result<Self, Error> {
        if !(1..=HIGHEST_DIMENSION).contains(&dimension) {
            return Err(Error::Setting { name: "dimension", value: dimension as f64, expected: "1 to 400" });
        }
        let number = Long::from_f64;
        let half = number(dimension as f64 / 2.0);
        let sum = number(3.0) * (half + number(2.0));
        let product = number(2.0) * (half + number(1.0)) * (half + number(2.0));
        let root = (sum + (sum * sum - number(4.0) * product).sqrt()).times_power_of_two(-1);
        let weight = -(number(1.0) / laguerre::values(dimension, 1, root)[1]);
        Ok(Self { dimension, squares: vec![root], weights: vec![weight], before: None })
    }

    /// The solution with `count` roots, one root after another.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] for a count outside 1…[`MOST_ROOTS`] or a faulty dimension, [`Error::NotConverged`] if Newton's method finds no next solution.
    pub fn with(dimension: usize, count: usize) -> Result<Self, Error> {
        check_count(count)?;
        let mut roots = Self::one(dimension)?;
        while roots.count() < count {
            roots = roots.grown()?;
        }
        Ok(roots)
    }

    /// N.
    pub fn count(&self) -> usize {
        self.squares.len()
    }

    /// r_1, in the scaling in which the Fourier transform uses e^(−2πi x·y).
    pub fn radius(&self) -> f64 {
        (self.squares[0].to_f64() / std::f64::consts::TAU).sqrt()
    }

    /// w_1 e^(z_1/2), the mean number of points at distance r_1 in the measure that the dual solution is.
    pub fn nearest_pairs(&self) -> f64 {
        (self.weights[0] * self.squares[0].times_power_of_two(-1).exp()).to_f64()
    }

    /// The bound's value vol(B_{r_1/2}), to `f64`; [`certificate`](crate::certificate) proves it.
    pub fn value(&self) -> f64 {
        ball_volume(self.dimension, self.radius() / 2.0)
    }

    /// The solution with one more root.
    ///
    /// # Errors
    ///
    /// As for [`with`](Self::with).
    pub fn grown(&self) -> Result<Self, Error> {
        check_count(self.count() + 1)?;
        match self.count() + 1 {
            0..=8 => self.grown_in::<Multi<5>>(),
            9..=18 => self.grown_in::<Multi<10>>(),
            19..=30 => self.grown_in::<Multi<16>>(),
            31..=46 => self.grown_in::<Multi<24>>(),
            _ => self.grown_in::<Multi<40>>(),
        }
    }

    fn grown_in<T: Scalar>(&self) -> Result<Self, Error> {
        // How much further out the next root lies than the last step says; the first of these nearly always does.
        const STRETCHES: [f64; 16] =
            [1.25, 1.5, 1.1, 1.8, 2.2, 1.0, 3.0, 0.8, 1.15, 1.35, 1.05, 1.65, 2.0, 0.9, 1.2, 1.3];
        let shortened = |values: &[Long]| -> Vec<T> { values.iter().map(|value| convert(*value)).collect() };
        let squares = shortened(&self.squares);
        let weights = shortened(&self.weights);
        let last = squares.len() - 1;
        // The origin is the root before the first, with weight one.
        let (before, weight_before) =
            if last == 0 { (T::zero(), T::one()) } else { (squares[last - 1], weights[last - 1]) };
        let stretched = STRETCHES.iter().map(|stretch| {
            let mut start = (squares.clone(), weights.clone());
            start.0.push(squares[last] + T::from_f64(*stretch) * (squares[last] - before));
            start.1.push(weights[last] * weights[last] / weight_before);
            start
        });
        let extrapolated = self.before.iter().map(|(squares_before, weights_before)| {
            extrapolate(&squares, &weights, &shortened(squares_before), &shortened(weights_before))
        });
        for start in extrapolated.chain(stretched) {
            if let Some((found, weights)) = newton(self.dimension, start.0, start.1)
                && found[0] <= squares[0] * (T::one() + T::from_f64(1e-30))
            {
                let lengthen = |values: Vec<T>| values.into_iter().map(convert).collect();
                return Ok(Self {
                    dimension: self.dimension,
                    squares: lengthen(found),
                    weights: lengthen(weights),
                    before: Some((self.squares.clone(), self.weights.clone())),
                });
            }
        }
        Err(Error::NotConverged(format!(
            "dimension {}: no solution with {} roots was found from the one with {}",
            self.dimension,
            self.count() + 1,
            self.count()
        )))
    }
}

/// Where the solution with one more root lies, by the last two: seen from the last root on, solutions look alike, so a root changes as the one
/// before it did.
fn extrapolate<T: Scalar>(
    squares: &[T],
    weights: &[T],
    squares_before: &[T],
    weights_before: &[T],
) -> (Vec<T>, Vec<T>) {
    let last = squares_before.len() - 1;
    let mut next = (vec![squares[0]], vec![weights[0]]);
    for (i, (square, weight)) in squares.iter().zip(weights).enumerate().skip(1) {
        next.0.push(*square + squares[i - 1] - squares_before[i - 1]);
        next.1.push(*weight * weights[i - 1] / weights_before[i - 1]);
    }
    next.0.push(squares[last + 1].times_power_of_two(1) - squares_before[last]);
    next.1.push(weights[last + 1] * weights[last + 1] / weights_before[last]);
    next
}

pub(super) fn check_count(count: usize) -> Result<(), Error> {
    if (1..=MOST_ROOTS).contains(&count) {
        Ok(())
    } else {
        Err(Error::Setting { name: "number of roots", value: count as f64, expected: "1 to 80" })
    }
}

/// Newton's method in relative steps, none longer than 0.3, until they vanish; `None` unless it ends with ascending roots and positive weights.
fn newton<T: Scalar>(dimension: usize, mut squares: Vec<T>, mut weights: Vec<T>) -> Option<(Vec<T>, Vec<T>)> {
    let count = squares.len();
    let recurrence = Recurrence::new(dimension, 4 * count - 1);
    let mut previous = f64::INFINITY;
    for _ in 0..120 {
        let mut matrix = Array2::from_elem((2 * count, 2 * count), T::zero());
        let mut right = vec![-T::one(); 2 * count];
        for (i, (square, weight)) in squares.iter().zip(&weights).enumerate() {
            let (values, derivatives) = recurrence.values_and_derivatives(*square);
            for row in 0..2 * count {
                let term = *weight * values[2 * row + 1];
                right[row] -= term;
                matrix[[row, i]] = *weight * derivatives[2 * row + 1] * *square;
                matrix[[row, count + i]] = term;
            }
        }
        let step = solve_general(matrix, &right)?;
        let longest = step.iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max);
        if !longest.is_finite() {
            return None;
        }
        let damping = T::from_f64(if longest > 0.3 { 0.3 / longest } else { 1.0 });
        for i in 0..count {
            squares[i] *= T::one() + damping * step[i];
            weights[i] *= T::one() + damping * step[count + i];
        }
        if squares[0] <= T::zero()
            || !squares.windows(2).all(|pair| pair[0] < pair[1])
            || weights.iter().any(|weight| *weight <= T::zero())
        {
            return None;
        }
        // The last step squares an error that is already below a quarter of the digits, or rounding stops it. Doubles have no number as small
        // as the shortest step of 2560 bits, which is zero in them.
        let digits = |share: f64| (-share * T::BITS as f64).exp2();
        if longest < digits(0.3) && (longest <= digits(0.55) || longest >= previous) {
            return Some((squares, weights));
        }
        previous = longest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps below the smallest double are zero in it, and so is 2^(−1536), which they were once held against.
    #[test]
    fn newton_ends_in_numbers_finer_than_the_smallest_double() {
        let known = Roots::with(8, 3).unwrap();
        let nearby = |value: &Long| convert::<Long, Multi<40>>(*value * Long::from_f64(1.001));
        let start = (known.squares.iter().map(nearby).collect(), known.weights.iter().map(nearby).collect());
        let (squares, _) = newton(8, start.0, start.1).unwrap();
        assert!(((squares[0] - known.squares[0]) / known.squares[0]).to_f64().abs() < 1e-90);
    }
}
