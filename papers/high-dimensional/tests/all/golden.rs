//! Small cases with answers from elsewhere, each with its source.

use high_dimensional::problems::{INTEGRANDS, Integrand};

/// The midpoint rule on a fine grid, another method's answer: off by at most the share of cells that the circle crosses, 2/400.
#[test]
fn means_agree_with_the_midpoint_rule() {
    let n = 400;
    for (f, name) in INTEGRANDS {
        let middle = |i: usize| (i as f64 + 0.5) / n as f64;
        let sum: f64 = (0..n * n).map(|k| f.value(middle(k / n), middle(k % n))).sum();
        assert!((sum / (n * n) as f64 - f.mean()).abs() < 5e-3, "{name}");
    }
    assert_eq!(Integrand::Product.mean(), 0.25);
}
