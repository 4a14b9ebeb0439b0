//! Measured values with their intervals.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::number::format_number;

/// A measured value with its 95 % interval. An exact value has an interval of length zero.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// A value without sampling error: a count, a bound over all cells, a worst case.
    pub fn exact(value: f64) -> Self {
        Self { value, low: value, high: value }
    }

    /// A mean or another statistic with its 95 % interval.
    pub fn with_interval(value: f64, low: f64, high: f64) -> Self {
        Self { value, low, high }
    }

    /// The largest of the values as an exact worst case; NaN (judged as not tested) if there is none
    /// or one of them is NaN.
    pub fn worst_of(values: impl IntoIterator<Item = f64>) -> Self {
        let worst =
            values.into_iter().reduce(|a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) });
        Self::exact(worst.unwrap_or(f64::NAN))
    }

    /// The smallest of the values as an exact worst case, like [`worst_of`](Self::worst_of).
    pub fn smallest_of(values: impl IntoIterator<Item = f64>) -> Self {
        Self::exact(-Self::worst_of(values.into_iter().map(|value| -value)).value)
    }

    /// The value that is farthest from `center` as an exact worst case, like [`worst_of`](Self::worst_of).
    pub fn farthest_from(center: f64, values: impl IntoIterator<Item = f64>) -> Self {
        let farther =
            |a: f64, b: f64| if b.is_nan() || (b - center).abs() > (a - center).abs() { b } else { a };
        Self::exact(values.into_iter().reduce(farther).unwrap_or(f64::NAN))
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", format_number(self.value))?;
        if self.low != self.high {
            write!(f, " [{}, {}]", format_number(self.low), format_number(self.high))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_nothing_is_no_number() {
        assert!(Estimate::worst_of([]).value.is_nan());
        assert!(Estimate::worst_of([1.0, f64::NAN, 2.0]).value.is_nan());
        assert_eq!(Estimate::worst_of([1.0, 3.0, 2.0]), Estimate::exact(3.0));
    }
}
