//! Step sizes that are powers of the step's number.

/// value · (1 + k/offset)^exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// At k = 0, positive.
    pub value: f64,
    /// 0 for a constant.
    pub exponent: f64,
    /// Steps until the power sets in, positive.
    pub offset: f64,
}

impl Power {
    /// The same at every step.
    pub fn constant(value: f64) -> Self {
        Self { value, exponent: 0.0, offset: 1.0 }
    }

    /// The value at step k. Powers are dear beside the gradients of small problems: see [`held`](Self::held).
    pub fn at(&self, k: u64) -> f64 {
        if self.exponent == 0.0 {
            self.value
        } else {
            self.value * (1.0 + k as f64 / self.offset).powf(self.exponent)
        }
    }

    /// The value at step k, computed anew at each of the first steps and at every 16th from sixteen offsets on, where it is off by at most one part in 15·|exponent|/(17·offset); `last` keeps it.
    pub fn held(&self, k: u64, last: &mut f64) -> f64 {
        if k.is_multiple_of(16) || (k as f64) < 16.0 * self.offset {
            *last = self.at(k);
        }
        *last
    }
}
