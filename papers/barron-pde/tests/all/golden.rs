//! Reference values by other methods (tests/cases/README.md).

use std::f64::consts::TAU;
use std::sync::Arc;

use barron_pde::composition::norm_of_sine;
use barron_pde::equation::{Equation, Flux, Potential};
use barron_pde::flow::{Discrete, Options, Solved, State, StopReason, accelerated, flow, newton};
use barron_pde::growth::Growing;
use barron_pde::kantorovich::radius;
use barron_pde::spectrum::{Lattice, Spectrum};
use barron_pde::torus::Torus;
use barron_pde::two_layer::Waves;
use num_complex::Complex64;
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

fn integers(value: &Value) -> Vec<i32> {
    value.as_array().unwrap().iter().map(|n| n.as_i64().unwrap() as i32).collect()
}

fn spectrum(lattice: &Arc<Lattice>, value: &Value) -> Spectrum {
    let term = |term: &Value| (integers(&term[0]), Complex64::new(number(&term[1]), number(&term[2])));
    Spectrum::new(lattice.clone(), value.as_array().unwrap().iter().map(term)).unwrap()
}

fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs().max(1e-3)
}

fn zero(torus: &Torus) -> Vec<Complex64> {
    vec![Complex64::default(); torus.coefficients()]
}

const REACTION: Equation = Equation { flux: Flux::Linear, potential: Potential::Reaction { alpha: 1.0 } };

#[test]
fn chosen_solutions_have_their_right_hand_sides_and_norms() {
    for case in cases("manufactured") {
        let dimension = case["d"].as_u64().unwrap() as usize;
        let lattice = Arc::new(Lattice::unit(dimension));
        let (u, f) = (spectrum(&lattice, &case["u"]), spectrum(&lattice, &case["f"]));
        let growing = Growing::Reaction { alpha: number(&case["alpha"]) };
        let rest = growing.derivative(&u, &f);
        assert!(rest.l2() <= 1e-12 * f.l2(), "d = {dimension}: {}", rest.l2());
        for (order, expected) in case["u_barron"].as_array().unwrap().iter().enumerate() {
            assert!(close(u.barron(order as f64), number(expected), 1e-12));
        }
        for (order, expected) in case["f_barron"].as_array().unwrap().iter().enumerate() {
            assert!(close(f.barron(order as f64), number(expected), 1e-11));
        }
        assert!(close(u.l2(), number(&case["u_l2"]), 1e-12));
    }
}

type Method = fn(&Discrete, Vec<Complex64>, &Options, fn(&[Complex64], &State)) -> Solved;

#[test]
fn grids_find_chosen_solutions() {
    for case in cases("manufactured").iter().filter(|case| case["d"].as_u64().unwrap() <= 3) {
        let dimension = case["d"].as_u64().unwrap() as usize;
        let lattice = Arc::new(Lattice::unit(dimension));
        let (u, f) = (spectrum(&lattice, &case["u"]), spectrum(&lattice, &case["f"]));
        let torus = Torus::new(lattice, [64, 64, 32][dimension - 1]).unwrap();
        let forcing = torus.spread(&f).unwrap();
        let equation =
            Equation { potential: Potential::Reaction { alpha: number(&case["alpha"]) }, ..REACTION };
        let problem = Discrete::new(&torus, equation, &forcing);
        let expected = torus.spread(&u).unwrap();
        let methods: [Method; 3] = [flow, accelerated, newton];
        for method in methods {
            let found = method(&problem, zero(&torus), &Options::default(), |_, _| ());
            let off: Vec<Complex64> = found.u.iter().zip(&expected).map(|(a, b)| a - b).collect();
            assert_eq!(found.reason, StopReason::Tolerance);
            assert!(torus.h1(&off) <= 1e-9 * torus.h1(&expected), "d = {dimension}: {}", torus.h1(&off));
            assert!(torus.h1(&off) <= found.certificate + 1e-11, "the certificate is no bound");
        }
    }
}

/// One wave in d dimensions is an equation on a circle.
#[test]
fn reactions_agree_with_power_series() {
    for case in cases("reaction_1d") {
        let (alpha, a) = (number(&case["alpha"]), number(&case["a"]));
        let factor = number(&case["laplacian_factor"]) as i32;
        // Σ of that many ones squared.
        let lattice = Arc::new(Lattice::spanned(&[vec![1; factor as usize]]).unwrap());
        let torus = Torus::new(lattice.clone(), 128).unwrap();
        let f = Spectrum::cosines(lattice, &[(vec![1], a, 0.0)]).unwrap();
        let forcing = torus.spread(&f).unwrap();
        let equation = Equation { potential: Potential::Reaction { alpha }, ..REACTION };
        let problem = Discrete::new(&torus, equation, &forcing);
        let found =
            newton(&problem, zero(&torus), &Options { tolerance: 1e-13, ..Options::default() }, |_, _| ());
        assert!(close(found.state.energy, number(&case["energy"]), 1e-11), "{case}: {}", found.state.energy);
        assert!(close(torus.l2(&found.u), number(&case["l2"]), 1e-11));
        let u = torus.gathered(&found.u, 0.0);
        let largest = number(&case["values_at_x_j_over_64"][0]);
        for (j, expected) in case["values_at_x_j_over_64"].as_array().unwrap().iter().enumerate() {
            let value = u.value(&[2.0 * j as f64 / 64.0]);
            assert!((value - number(expected)).abs() <= 1e-11 * largest.abs(), "{case} {j}: {value}");
        }
        // The proof by Newton and Kantorovich encloses the norm, and far outside of small data.
        let proof = radius(&torus.gathered(&found.u, 1e-15 * largest), &f, alpha, 1.0, 80).expect("a radius");
        assert!(proof.radius < 1e-8 * proof.norm && proof.contraction < 0.5, "{proof:?}");
    }
}

#[test]
fn nonlinear_fluxes_agree_with_shooting() {
    for case in cases("quasilinear_1d") {
        let lattice = Arc::new(Lattice::unit(1));
        let torus = Torus::new(lattice.clone(), 256).unwrap();
        let waves = [(vec![1], number(&case["a"]), 0.0), (vec![3], number(&case["c"]), 0.0)];
        let forcing = torus.spread(&Spectrum::cosines(lattice, &waves).unwrap()).unwrap();
        let equation = Equation {
            flux: Flux::SquareRoot { beta: number(&case["b"]) },
            potential: Potential::Reaction { alpha: 0.0 },
        };
        let problem = Discrete::new(&torus, equation, &forcing);
        let found =
            newton(&problem, zero(&torus), &Options { tolerance: 1e-12, ..Options::default() }, |_, _| ());
        let u = torus.gathered(&found.u, 0.0);
        for (j, expected) in case["values_at_x_j_over_32"].as_array().unwrap().iter().enumerate() {
            let value = u.value(&[j as f64 / 32.0]);
            assert!((value - number(expected)).abs() < 1e-9, "{case} {j}: {value}");
        }
    }
}

#[test]
fn double_wells_agree_with_elliptic_functions() {
    for case in cases("allen_cahn") {
        let kappa = number(&case["kappa_over_4pi2"]) * TAU * TAU;
        let lattice = Arc::new(Lattice::unit(1));
        let torus = Torus::new(lattice.clone(), 128).unwrap();
        let forcing = zero(&torus);
        let equation = Equation { flux: Flux::Linear, potential: Potential::DoubleWell { kappa } };
        let problem = Discrete { odd: true, ..Discrete::new(&torus, equation, &forcing) };
        let start =
            torus.spread(&Spectrum::cosines(lattice, &[(vec![1], 0.1, -TAU / 4.0)]).unwrap()).unwrap();
        let found = flow(&problem, start, &Options { tolerance: 1e-12, ..Options::default() }, |_, _| ());
        assert_eq!(found.reason, StopReason::Tolerance);
        for (order, key) in [(0.0, "barron0"), (1.0, "barron1")] {
            assert!(close(torus.barron(&found.u, order), number(&case[key]), 1e-10), "{case}");
        }
        assert!(close(torus.gathered(&found.u, 0.0).value(&[0.25]), number(&case["max"]), 1e-10));
    }
}

#[test]
fn norms_of_closed_forms() {
    let torus = Torus::new(Arc::new(Lattice::unit(1)), 512).unwrap();
    let of = |f: &dyn Fn(f64) -> f64| {
        let mut values: Vec<f64> = (0..512).map(|k| f((TAU * k as f64 / 512.0).cos())).collect();
        let (mut out, mut room) = (Vec::new(), Vec::new());
        torus.transform(&mut values, &mut out, &mut room);
        (torus.barron(&out, 0.0), torus.barron(&out, 1.0))
    };
    let mut checked = 0;
    for case in cases("barron_norms") {
        let name = case["f"].as_str().unwrap();
        if name.starts_with("exp(c") {
            let c = number(&case["c"]);
            let (zero, one) = of(&|x| (c * x).exp());
            assert!(
                close(zero, number(&case["barron0"]), 1e-12) && close(one, number(&case["barron1"]), 1e-9),
                "{case} {one}"
            );
        } else if name.starts_with("(1-r^2)") {
            let r = number(&case["r"]);
            let (zero, one) = of(&|x| (1.0 - r * r) / (1.0 - 2.0 * r * x + r * r));
            assert!(
                close(zero, number(&case["barron0"]), 1e-9) && close(one, number(&case["barron1"]), 1e-8),
                "{case} {zero} {one}"
            );
        } else if name.starts_with("sin(") {
            let found = norm_of_sine(number(&case["r"]), case["d"].as_u64().unwrap() as u32);
            assert!(close(found, number(&case["barron0"]), 1e-10), "{case}: {found}");
        } else {
            continue;
        }
        checked += 1;
    }
    assert!(checked >= 8, "{checked}");
}

#[test]
fn variations_of_waves() {
    for case in cases("maurey") {
        let k = case["K"].as_array().unwrap().iter().map(integers);
        let waves = k.zip(case["a"].as_array().unwrap()).map(|(k, a)| (k, number(a), 0.3)).collect();
        let f = Waves { constant: 0.0, waves };
        assert!(close(f.variation(), number(&case["step_variation"]), 1e-12));
        assert!(close(f.barron_constant(), number(&case["fourier_c1"]), 1e-12));
    }
}
