//! The minimiser of proximal matching by quadrature alone, to hold the theorem against.

use crate::prior::Prior;

/// Nodes and weights of Gauss and Legendre on [−1, 1], by Newton's method on the recurrence.
fn legendre(count: usize) -> Vec<(f64, f64)> {
    (0..count)
        .map(|i| {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (count as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut p, mut q) = (1.0, x);
                for k in 2..=count {
                    (p, q) = (q, ((2 * k - 1) as f64 * x * q - (k - 1) as f64 * p) / k as f64);
                }
                slope = count as f64 * (x * q - p) / (x * x - 1.0);
                let step = q / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            (x, 2.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

/// Nodes and weights on panels of width 0.05 from −12 to 12, of which zero is a boundary.
pub struct Nodes(Vec<(f64, f64)>);

impl Nodes {
    /// Sixteen nodes a panel.
    pub fn new() -> Self {
        let (half, rule) = (0.025, legendre(16));
        let panel = |k: i32| {
            let middle = 0.05 * f64::from(k) + half;
            rule.iter().map(move |(x, w)| (middle + half * x, half * w)).collect::<Vec<_>>()
        };
        let mut nodes: Vec<(f64, f64)> = (-240..240).flat_map(panel).collect();
        nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self(nodes)
    }

    /// argmax over z of ∫ exp(−(z − x)²/γ²) p(x) exp(−(y − x)²/2σ²) dx: the best of a grid, then Newton's method.
    pub fn matched(&self, prior: &dyn Prior, y: f64, sigma: f64, gamma: f64) -> f64 {
        let posterior: Vec<(f64, f64)> = self
            .0
            .iter()
            .map(|(x, w)| (*x, w * (prior.log_density(*x) - (y - x) * (y - x) / (2.0 * sigma * sigma)).exp()))
            .filter(|(_, weight)| *weight > 1e-300)
            .collect();
        let square = gamma * gamma;
        // Beyond seven widths the kernel is below 10⁻²¹.
        let near = |z: f64| {
            let from = posterior.partition_point(|(x, _)| *x < z - 7.0 * gamma);
            let to = posterior.partition_point(|(x, _)| *x <= z + 7.0 * gamma);
            &posterior[from..to]
        };
        let value =
            |z: f64| near(z).iter().map(|(x, w)| w * (-(z - x) * (z - x) / square).exp()).sum::<f64>();
        let spacing = 0.2 * gamma.min(sigma);
        let count = (16.0 / spacing) as i32;
        let grid = (-count / 2..=count / 2).map(|k| spacing * f64::from(k));
        let best = grid.map(|z| (value(z), z)).fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
        let mut z = best.1;
        for _ in 0..60 {
            let (mut slope, mut curvature) = (0.0, 0.0);
            for (x, w) in near(z) {
                let kernel = w * (-(z - x) * (z - x) / square).exp();
                slope += kernel * (x - z);
                curvature += kernel * (2.0 * (z - x) * (z - x) / square - 1.0);
            }
            let step = -slope / curvature;
            z += step.clamp(-spacing, spacing);
            if step.abs() < 1e-15 {
                break;
            }
        }
        z
    }
}
