//! What composition does to Barron norms.
//!
//! For g_d = (r/d) Σ cos 2πxⱼ, of norm B_0 = r in every dimension, B_0(φ(g_d)) tends to Σ |φ⁽ᵐ⁾(0)| rᵐ/m! as d grows: the functions concentrate at 0, and their mixed frequencies do not cancel. So a bound B_0(φ(g)) ≤ Bbᵖ with B and p that do not depend on the dimension holds for polynomials φ alone, and fails beyond the radius of convergence even for a finite right-hand side. Together
//! with a Hessian that is bounded everywhere, derivatives of L have to be affine: the two assumptions leave linear equations, unless functions or dimensions are restricted.

/// J_n(x) for n = 0, …, count − 1, by Miller's backward recurrence; for x ≥ 0. Absolute error about 1e-15.
pub fn bessel(x: f64, count: usize) -> Vec<f64> {
    let mut found = vec![0.0; count];
    if count == 0 || x == 0.0 {
        if let Some(first) = found.first_mut() {
            *first = 1.0;
        }
        return found;
    }
    // Far enough beyond n = x for the minimal solution to have taken over.
    let start = (2 * ((x as usize).max(count) / 2 + 30 + (x.sqrt() * 4.0) as usize)).max(count + 1);
    let (mut above, mut here, mut sum) = (0.0_f64, 1e-300_f64, 0.0_f64);
    for n in (0..start).rev() {
        let below = 2.0 * (n + 1) as f64 / x * here - above;
        (above, here) = (here, below);
        if n < count {
            found[n] = here;
        }
        if here.abs() > 1e250 {
            above *= 1e-250;
            here *= 1e-250;
            sum *= 1e-250;
            found.iter_mut().for_each(|value| *value *= 1e-250);
        }
        if n > 0 && n % 2 == 0 {
            sum += 2.0 * here;
        }
    }
    sum += here;
    found.iter_mut().for_each(|value| *value /= sum);
    found
}

/// B_0 of sin g_d for r up to 300: (S₊ᵈ − S₋ᵈ)/2 with S± = Σ (±1)ⁿ|J_n(r/d)| over all integers, of which 400 on either side are summed. It tends to sinh r.
pub fn norm_of_sine(r: f64, dimension: u32) -> f64 {
    let values = bessel(r / f64::from(dimension), 400);
    let mut even = values[0].abs();
    let mut odd = 0.0;
    for (n, value) in values.iter().enumerate().skip(1) {
        if n % 2 == 0 { even += 2.0 * value.abs() } else { odd += 2.0 * value.abs() }
    }
    let power = |s: f64| {
        s.abs().powf(f64::from(dimension)) * if s < 0.0 && !dimension.is_multiple_of(2) { -1.0 } else { 1.0 }
    };
    0.5 * (power(even + odd) - power(even - odd))
}

/// B_0 of (g_d)³, exactly: all coefficients of a power of a sum of cosines are positive, and so their sum is the value at 0.
pub fn norm_of_cube(r: f64) -> f64 {
    r.powi(3)
}
