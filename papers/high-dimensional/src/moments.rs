//! Mean and deviation of a column of any size.

/// A column's mean, or zero, and the root of the mean square about it.
///
/// Squares are taken of values of size one, so that none overflows or vanishes. What rounding leaves of a constant column is a deviation of zero.
pub(crate) fn moments(values: &[f64], centred: bool) -> (f64, f64) {
    let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    if largest == 0.0 {
        return (0.0, 0.0);
    }
    let n = values.len() as f64;
    let mean = if centred { values.iter().map(|value| value / largest).sum::<f64>() / n } else { 0.0 };
    let square = values.iter().map(|value| (value / largest - mean).powi(2)).sum::<f64>() / n;
    let deviation = if square.sqrt() <= 1e-13 * mean.abs() { 0.0 } else { square.sqrt() };
    (largest * mean, largest * deviation)
}
