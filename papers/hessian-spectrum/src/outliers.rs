//! How many eigenvalues stand apart: two rules that no threshold is fitted to.

/// The outcome of both rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outliers {
    /// R1: the place i ≥ 1 of the largest ratio λ_i/λ_{i+1} for i up to 40, both of them above 10⁻¹⁴ of the first; 0 if there are not two.
    pub gap: usize,
    /// That ratio; below 1.5 there is no gap worth the name.
    pub ratio: f64,
    /// R2: eigenvalues above the modulus of the smallest one.
    pub above_negative: usize,
}

/// Applies both to eigenvalues in any order.
pub fn outliers(values: &[f64]) -> Outliers {
    let mut falling = values.to_vec();
    falling.sort_by(|a, b| b.total_cmp(a));
    let first = falling.first().copied().unwrap_or(0.0);
    let positive = falling.iter().take_while(|value| **value > 1e-14 * first && **value > 0.0).count();
    let (gap, ratio) = (1..positive.min(41))
        .map(|i| (i, falling[i - 1] / falling[i]))
        .fold((0, 1.0), |best, next| if next.1 > best.1 { next } else { best });
    let smallest = falling.last().copied().unwrap_or(0.0);
    let above_negative = falling.iter().filter(|value| **value > smallest.abs()).count();
    Outliers { gap, ratio, above_negative }
}
