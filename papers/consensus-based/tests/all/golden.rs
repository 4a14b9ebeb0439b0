//! Reference values with up to 60 digits, computed by other methods (tests/cases/README.md).

use consensus_based::canyon::Canyon;
use consensus_based::consensus::consensus;
use consensus_based::curves::Curve;
use consensus_based::descent::descend;
use consensus_based::draws::Draws;
use consensus_based::envelope::{exact_hop, log_kappa};
use consensus_based::hopping::Hopper;
use consensus_based::movement::{prox_on_a_line, proximal_point};
use consensus_based::objective::{Objective, Pointwise};
use consensus_based::problems::{BENCHMARKS, Benchmark, Problem};
use consensus_based::quadratic::Quadratic;
use consensus_based::swarm::{Noise, Options, Start, Swarm, Temperature};
use ndarray::{Array1, Array2};
use serde_json::Value;

macro_rules! cases {
    ($file:literal) => {
        serde_json::from_str::<Vec<Value>>(include_str!(concat!("../cases/", $file, ".json"))).unwrap()
    };
}

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|v| if v.is_array() { numbers(v) } else { vec![number(v)] })
        .collect()
}

fn curve(name: &str) -> Curve {
    match name {
        "quadratic" => Curve::Quadratic,
        "abs" => Curve::Absolute,
        "kink" => Curve::Kink,
        "wshaped" => Curve::WShaped,
        "rastrigin10" => Curve::Rastrigin,
        "rastrigin2.5" => Curve::MildRastrigin,
        "styblinski" => Curve::StyblinskiTang,
        other => panic!("no curve {other}"),
    }
}

/// Relative to the size, absolute below 1.
fn off(found: f64, expected: f64) -> f64 {
    (found - expected).abs() / expected.abs().max(1.0)
}

#[test]
fn all_26_consensus_points_are_exact() {
    let cases = cases!("consensus");
    assert_eq!(cases.len(), 26);
    for case in cases {
        let (name, alpha) = (case["name"].as_str().unwrap(), number(&case["alpha"]));
        let (points, energies, expected) =
            (numbers(&case["x"]), numbers(&case["energy"]), numbers(&case["consensus"]));
        let found = consensus(&points, &energies, alpha).unwrap();
        let d = expected.len();
        let feasible =
            || points.chunks(d).zip(&energies).filter(|(_, energy)| energy.is_finite()).map(|(row, _)| row);
        let range = |k: usize| {
            let ends =
                feasible().fold((f64::MAX, f64::MIN), |(low, high), row| (low.min(row[k]), high.max(row[k])));
            // Halves, because the range itself may overflow.
            ends.1 / 2.0 - ends.0 / 2.0
        };
        let spread = (0..d).map(range).fold(0.0, f64::max);
        for (found, expected) in found.point.iter().zip(&expected) {
            let distance = (found / 2.0 - expected / 2.0).abs();
            assert!(
                distance <= 1e-13 * spread || spread == 0.0 && distance == 0.0,
                "{name}: {found} for {expected}"
            );
        }
        assert!((found.ess / number(&case["ess"]) - 1.0).abs() < 1e-12, "{name}: ess {}", found.ess);
        // At α = 1e-300 sixty digits are too few for a logarithm so near 1: the case gives the least energy there, the limit is the mean.
        let softmin = match name {
            "alpha_1e-300" => energies.iter().sum::<f64>() / energies.len() as f64,
            _ if case["softmin"].is_null() => continue,
            _ => number(&case["softmin"]),
        };
        assert!(off(found.softmin, softmin) < 1e-12, "{name}: softmin {} for {softmin}", found.softmin);
    }
}

#[test]
fn exact_hops_agree_with_quadrature_in_80_bits() {
    for case in cases!("hops") {
        let curve = curve(case["function"].as_str().unwrap());
        let [m, width, alpha] = ["m", "sigma", "alpha"].map(|name| number(&case[name]));
        let found = exact_hop(curve, m, width, alpha);
        let expected = |name: &str| number(&case[name]);
        let what = format!("{curve:?} from {m} at {alpha}: {found:?}");
        assert!(off(found.free_energy, expected("free_energy")) < 1e-12, "{what}");
        let gap = &case["prox_gap_to_next_local_minimum"];
        let tied = !gap.is_null() && number(gap) < 1e-6;
        // Where two wells tie to 3e-8 the hop lies between them and magnifies the rounding of the width.
        assert!(off(found.point, expected("consensus")) < if tied { 1e-9 } else { 1e-12 }, "{what}");
        assert!((found.variance / expected("gibbs_variance") - 1.0).abs() < 1e-9, "{what}");
        assert!(off(log_kappa(curve, m, width, alpha), expected("log_kappa")) < 1e-10, "{what}");
        assert!(tied || off(found.prox.point, expected("prox")) < 1e-12, "{what}");
        if !gap.is_null() && !tied {
            // The file's gaps come from a grid.
            assert!((found.prox.gap.unwrap() / number(gap) - 1.0).abs() < 1e-3, "{what}");
        }
    }
}

#[test]
fn hops_on_quadratics_are_proximal_points() {
    for case in cases!("quadratic_hops") {
        let d = case["d"].as_u64().unwrap() as usize;
        let matrix = Array2::from_shape_vec((d, d), numbers(&case["A"])).unwrap();
        let (m, b) = (Array1::from(numbers(&case["m"])), Array1::from(numbers(&case["b"])));
        let [width, alpha, tau] = ["sigma", "alpha", "tau"].map(|name| number(&case[name]));
        let quadratic = Quadratic::new(matrix, b).unwrap();
        let hop = quadratic.hop(&m, width, alpha);
        let prox = proximal_point(&quadratic, m.as_slice().unwrap(), tau, &[]).unwrap();
        let mut step = vec![0.0; d];
        quadratic.gradient(m.as_slice().unwrap(), &mut step);
        for k in 0..d {
            let expected = numbers(&case["hop_exact_equals_prox"])[k];
            assert!(
                off(hop.point[k], expected) < 1e-12 && off(prox.point[k], expected) < 1e-9,
                "{d}: {hop:?} {prox:?}"
            );
            assert!(off(m[k] - tau * step[k], numbers(&case["gradient_step"])[k]) < 1e-12);
        }
        // κ overflows a double in one case: its logarithm is read from the digits.
        let text = case["kappa"].as_str().unwrap();
        let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
        let expected =
            digits.parse::<f64>().unwrap().ln() + power.parse::<f64>().unwrap() * std::f64::consts::LN_10;
        assert!((hop.log_kappa / expected - 1.0).abs() < 1e-11, "{}", hop.log_kappa);
    }
}

#[test]
fn functions_have_their_values() {
    let mut seen = 0;
    for case in cases!("functions") {
        let (x, expected) = (numbers(&case["x"]), number(&case["value"]));
        let found = match case["function"].as_str().unwrap() {
            "wshaped" => Curve::WShaped.value(x[0]),
            "wshaped_2d" => (Curve::WShaped.value(x[0]) + 10.0 * x[1] * x[1]) / 10.0,
            "grand_canyon3_noisy" => {
                let mut gradient = [0.0; 2];
                Canyon.gradient(&x, &mut gradient);
                if let Some(expected) = case.get("gradient").map(numbers) {
                    assert!(gradient.iter().zip(expected).all(|(g, e)| off(*g, e) < 1e-12), "{gradient:?}");
                }
                Canyon.value(&x)
            }
            name => {
                let own = match name {
                    "rastrigin10" => "rastrigin",
                    "rastrigin2.5" => "mild-rastrigin",
                    "styblinski" => "styblinski-tang",
                    name => name,
                };
                let (benchmark, _) = BENCHMARKS.into_iter().find(|(_, name)| *name == own).unwrap();
                Problem { benchmark, dimension: x.len(), shift: 0.0 }.value(&x)
            }
        };
        // Sizes of terms: of the wavy sums about 25 a coordinate, of Schwefel's and Rosenbrock's the values themselves.
        let terms = expected.abs().max(25.0 * x.len() as f64);
        assert!((found - expected).abs() <= 1e-13 * terms, "{}: {found} for {expected}", case["function"]);
        seen += 1;
    }
    assert_eq!(seen, 50);
}

#[test]
fn known_minima_are_attained() {
    for (benchmark, name) in BENCHMARKS {
        for dimension in [2, 10] {
            let at = |x: f64| benchmark.value(&vec![x; dimension]);
            let minimum = at(benchmark.minimiser());
            assert!(
                (minimum - benchmark.minimum(dimension)).abs() < 1e-9 * dimension as f64,
                "{name}: {minimum}"
            );
            assert!(
                at(benchmark.minimiser() + 0.01) > minimum && at(benchmark.minimiser() - 0.01) > minimum,
                "{name}"
            );
        }
    }
    assert_eq!(Canyon.value(&[0.0, 0.0]), 0.0);
}

#[test]
fn paths_of_descent_and_of_the_movement_agree() {
    for case in cases!("paths") {
        let points = case["points"].as_array().unwrap();
        if case["kind"] == "gradient_descent" {
            let mut next = points.iter().peekable();
            descend(&Canyon, &numbers(&case["start"]), number(&case["rate"]), 10_000, |step, point| {
                if let Some(expected) = next.next_if(|expected| expected["step"].as_u64() == Some(step)) {
                    assert!(
                        off(point[0], number(&expected["x"])) < 1e-9
                            && off(point[1], number(&expected["y"])) < 1e-9
                    );
                }
            });
            assert!(next.peek().is_none());
        } else {
            let (curve, tau) = (curve(case["function"].as_str().unwrap()), number(&case["tau"]));
            let mut m = number(&case["start"]);
            for expected in points {
                m = prox_on_a_line(curve, m, tau).point;
                assert!(off(m, number(expected)) < 1e-11, "{curve:?}, tau {tau}: {m} for {expected}");
            }
        }
    }
}

/// Averages over runs within 6.2 standard errors, which a right program exceeds once in a billion tries.
#[test]
fn swarms_have_their_exact_moments() {
    for case in cases!("moments") {
        let [d, particles, steps] = ["d", "N", "steps"].map(|name| case[name].as_u64().unwrap());
        let anisotropic = case["noise"] == "aniso";
        let options = Options {
            particles: particles as usize,
            step: number(&case["dt"]),
            drift: number(&case["lambda_"]),
            noise: number(&case["sigma"]),
            shape: if anisotropic { Noise::Anisotropic } else { Noise::Isotropic },
            temperature: Temperature::Alpha(0.0),
            ..Options::default()
        };
        let factor = options.mean_square_factor(d as usize).powi(steps as i32);
        assert!((factor / number(&case["fixed_point_ratio"]) - 1.0).abs() < 1e-12);
        assert!((options.logarithmic_drift(d as usize) - number(&case["log_rate_continuous"])).abs() < 1e-12);
        if factor > 100.0 {
            continue; // The mean is carried by rare particles: no number of runs within a test would show it.
        }
        let flat = Pointwise::new(d as usize, |_: &[f64]| 0.0);
        let start = Start::Normal { mean: vec![0.0; d as usize], spread: 1.0 };
        let run = |run| {
            let mut swarm = Swarm::new(&flat, &options, &start, Draws::new(17, run)).unwrap();
            let begin = swarm.consensus().unwrap().point;
            let before = swarm.radius(&begin).powi(2);
            (0..steps).for_each(|_| drop(swarm.step(&flat).unwrap()));
            let end = swarm.consensus().unwrap().point;
            let walk: f64 = end.iter().zip(&begin).map(|(a, b)| (a - b) * (a - b)).sum();
            [swarm.radius(&end).powi(2) / before, walk / before]
        };
        let ratios: Vec<[f64; 2]> = (0..2_000).map(run).collect();
        for (k, name) in [(0, "scatter_ratio"), (1, "mean_walk_over_S0")] {
            let values: Vec<f64> = ratios.iter().map(|ratio| ratio[k]).collect();
            let mean = numerics::bootstrap::mean(&values);
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 1_999.0;
            let error = (variance / 2_000.0).sqrt();
            assert!((mean - number(&case[name])).abs() < 6.2 * error, "{name}, {case}: {mean} ± {error}");
        }
    }
}

/// At α = ∞ on a slope a hop is as long as the largest of N normals.
#[test]
fn hops_to_the_best_sample_have_the_expected_length() {
    let slope = Pointwise::new(1, |x: &[f64]| -x[0]);
    for case in cases!("best_of_n") {
        let samples = case["N"].as_u64().unwrap() as usize;
        let runs = if samples > 10_000 { 20 } else { 2_000 };
        let mut hopper = Hopper::new(1.0, f64::INFINITY, samples, 1).unwrap();
        let draws = Draws::new(3, 0);
        let lengths: Vec<f64> =
            (0..runs).map(|run| hopper.hop(&slope, &[0.0], draws.step(run)).unwrap().point[0]).collect();
        // The largest of N normals has a standard deviation of at most 1.
        let tolerance = 6.2 / (runs as f64).sqrt();
        assert!(
            (numerics::bootstrap::mean(&lengths) - number(&case["expected_max"])).abs() < tolerance,
            "{samples}"
        );
    }
}

/// 1 − cos 2πx against the library's cosine, through Rastrigin's function.
#[test]
fn waves_are_accurate_at_all_sizes() {
    let wave = |x: f64| (Benchmark::Rastrigin.value(&[x]) - x * x) / 10.0;
    for k in -4_000..4_000 {
        let x = f64::from(k) / 1_009.0;
        assert!((wave(x) - (1.0 - (std::f64::consts::TAU * x).cos())).abs() < 2e-14, "{x}");
    }
    assert!((Benchmark::Salomon.value(&[1e9 + 0.5]) - (2.0 + 1e8 + 0.05)).abs() < 1e-6);
    assert!(Benchmark::Salomon.value(&[f64::NAN]).is_nan());
}
