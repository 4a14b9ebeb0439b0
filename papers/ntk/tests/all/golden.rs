//! Kernels and posteriors computed elsewhere in 60-digit arithmetic.

use std::fs;
use std::path::PathBuf;

use ndarray::{Array1, Array2, Axis, array};
use ntk::spectrum::{on_circle, on_sphere};
use ntk::{Activation, Architecture, Kind, Regression, Time};

fn matrix(name: &str) -> Array2<f64> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    let rows: Vec<Vec<f64>> =
        text.lines().map(|line| line.split(',').map(|word| word.parse().unwrap()).collect()).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

/// The largest error of an entry relative to √(K_ii K_jj).
fn error(found: &Array2<f64>, expected: &Array2<f64>) -> f64 {
    let scale = |i: usize, j: usize| (expected[(i, i)] * expected[(j, j)]).sqrt();
    let relative = |((i, j), value): ((usize, usize), &f64)| (value - expected[(i, j)]).abs() / scale(i, j);
    found.indexed_iter().map(relative).fold(0.0, f64::max)
}

#[test]
fn kernels_agree_with_sixty_digits() {
    let mut checked = 0;
    for (activation, name) in [(Activation::Relu, "relu"), (Activation::Erf, "erf")] {
        for (weight_std, bias_std, deviations) in
            [(1.0, 0.1, "w1b0.1"), (2_f64.sqrt(), 0.0, "w1.4142135623730951b0")]
        {
            for (depths, points, bound) in [
                (1..=3, "x5x3", 1e-13),
                (1..=3, "edge8x3", 1e-12),
                (3..=3, "x10x10", 1e-13),
                (3..=3, "circle25", 1e-12),
            ] {
                let mut x = matrix(&format!("input_{points}.csv"));
                for depth in depths {
                    for (kind, kind_name) in [(Kind::Nngp, "nngp"), (Kind::Ntk, "ntk")] {
                        let mut expected =
                            matrix(&format!("{name}_{deviations}_L{depth}_{points}_{kind_name}.csv"));
                        let architecture = Architecture { depth, activation, weight_std, bias_std };
                        if bias_std == 0.0 && points == "edge8x3" {
                            // The cases have no value for the zero point without bias: its variance is zero, and so are both kernels of networks whose activation is zero at zero.
                            x = matrix("input_edge8x3.csv");
                            let all = architecture.matrix(kind, x.view()).unwrap();
                            assert!(all.row(3).iter().chain(all.column(3)).all(|entry| *entry == 0.0));
                            let kept = [0, 1, 2, 4, 5, 6, 7];
                            x = x.select(Axis(0), &kept);
                            expected = expected.select(Axis(0), &kept).select(Axis(1), &kept);
                        }
                        let found = architecture.matrix(kind, x.view()).unwrap();
                        let error = error(&found, &expected);
                        assert!(
                            error <= bound,
                            "{name} {deviations} L{depth} {points} {kind_name}: {error:e}"
                        );
                        let cross = architecture.cross(kind, x.view(), x.view()).unwrap();
                        assert!(self::error(&cross, &expected) <= bound);
                        checked += 1;
                    }
                }
            }
        }
    }
    assert_eq!(checked, 64);
}

/// Four points on the circle and targets of a third-party reproduction of the paper's Figure 2.
fn figure_two() -> Regression {
    let points = Array2::from_shape_fn((4, 2), |(i, j)| {
        let angle: f64 = [-2.2, -1.0, 1.0, 2.2][i];
        if j == 0 { angle.cos() } else { angle.sin() }
    });
    let targets = array![-0.4, -0.2, 0.3, 0.3];
    Regression::new(Architecture::of_the_paper(4), points.view(), targets.view()).unwrap()
}

#[test]
fn means_and_variances_of_figure_two() {
    let regression = figure_two();
    for (name, time) in [("t0", Time::At(0.0)), ("t100", Time::At(100.0)), ("tinf", Time::Infinite)] {
        let expected = matrix(&format!("fig2_mean_{name}.csv"));
        let angles = expected.column(0).to_owned();
        let x =
            Array2::from_shape_fn(
                (angles.len(), 2),
                |(i, j)| if j == 0 { angles[i].cos() } else { angles[i].sin() },
            );
        let posterior = regression.posterior(x.view(), time).unwrap();
        let mean = regression.mean(x.view(), time).unwrap();
        let largest = |found: &Array1<f64>, column: usize| {
            found.iter().zip(expected.column(column)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        assert!(
            largest(&mean, 1) < 1e-12 && largest(&posterior.mean, 1) < 1e-12,
            "{name}: {}",
            largest(&mean, 1)
        );
        let variance = posterior.covariance.diag().to_owned();
        assert!(largest(&variance, 2) < 1e-12, "{name}: {}", largest(&variance, 2));
    }
}

/// Eigenvalues decay as k^−d (tangent kernel) and k^−(d+2) (covariance) on the sphere of d dimensions of space (Bietti and Bach 2021).
#[test]
fn spectra_decay_as_known() {
    let slope = |values: &[f64], from: usize, to: usize| {
        (values[to] / values[from]).ln() / (to as f64 / from as f64).ln()
    };
    for depth in 2..=4 {
        let architecture = Architecture::of_the_paper(depth);
        let ntk = on_circle(&architecture, Kind::Ntk, 1 << 14, 256).unwrap();
        let nngp = on_circle(&architecture, Kind::Nngp, 1 << 14, 256).unwrap();
        for parity in [0, 1] {
            assert!((slope(&ntk, 64 + parity, 256 - parity) + 2.0).abs() < 0.05, "{}", slope(&ntk, 64, 256));
            assert!(
                (slope(&nngp, 64 + parity, 256 - parity) + 4.0).abs() < 0.05,
                "{}",
                slope(&nngp, 64, 256)
            );
        }
    }
    let sphere = on_sphere(&Architecture::of_the_paper(3), Kind::Ntk, 20_000, 40).unwrap();
    assert!((slope(&sphere, 20, 40) + 3.0).abs() < 0.2, "{}", slope(&sphere, 20, 40));
}

/// One hidden layer without bias: the odd harmonics from 3 on are missing, so the kernel is not strictly positive definite.
#[test]
fn without_bias_two_layers_miss_odd_harmonics() {
    let architecture = Architecture { bias_std: 0.0, ..Architecture::of_the_paper(2) };
    let values = on_circle(&architecture, Kind::Ntk, 1 << 12, 21).unwrap();
    for k in (3..=21).step_by(2) {
        assert!(values[k].abs() < 1e-14, "k = {k}: {:e}", values[k]);
        assert!(values[k - 1] > 1e-6);
    }
    let biased = on_circle(&Architecture::of_the_paper(2), Kind::Ntk, 1 << 12, 21).unwrap();
    assert!(biased.iter().all(|value| *value > 1e-6), "with bias all are there");
}

/// The paper's y axis of Figure 1 runs from 0.05 to 0.40; the limit at angles 0 and π was computed elsewhere.
#[test]
fn the_limit_of_figure_one() {
    let architecture = Architecture::of_the_paper(4);
    let kernels = |angle: f64| {
        architecture.pair(array![1.0, 0.0].view(), array![angle.cos(), angle.sin()].view()).unwrap()
    };
    assert!((kernels(0.0).ntk - 0.2825).abs() < 5e-5);
    assert!((kernels(std::f64::consts::PI).ntk - 0.0644).abs() < 5e-5);
}
