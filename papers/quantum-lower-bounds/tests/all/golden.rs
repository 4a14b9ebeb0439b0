//! Against values of other origin.

use std::path::Path;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;
use quantum_lower_bounds::chain::Chain;
use quantum_lower_bounds::constants::lipschitz;
use quantum_lower_bounds::enclosure::{gate_supremum, largest_entry, slope_supremum};
use quantum_lower_bounds::hidden_chain::{blank_register_optimum, classical_by_recursion, classical_optimum};
use quantum_lower_bounds::methods::gradient_descent;
use quantum_lower_bounds::oracle::{Exact, smooth_gate};
use quantum_lower_bounds::quantum::amplitudes::{Register, grover};
use quantum_lower_bounds::quantum::interrogation::overlap;
use quantum_lower_bounds::quantum::optimum::{Answers, QueryProblem};
use quantum_lower_bounds::rotation::cap_probability;
use quantum_lower_bounds::scalars::{gate, slope};
use quantum_lower_bounds::scaled::Scaled;
use serde_json::Value;

fn text(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)).unwrap()
}

/// Rows of a table without its header.
fn rows(name: &str) -> Vec<Vec<String>> {
    text(name).lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_str().unwrap().parse().unwrap()).collect()
}

fn close(found: f64, exact: f64, relative: f64, what: &str) {
    assert!((found - exact).abs() <= relative * exact.abs(), "{what}: {found:e} for {exact:e}");
}

#[test]
fn scalars_have_fifteen_digits() {
    for row in rows("scalar.csv") {
        let number: Vec<f64> = row.iter().map(|word| word.parse().unwrap()).collect();
        let (gates, slopes) = (gate::<4>(number[0]), slope::<4>(number[0]));
        for k in 0..4 {
            // Below 10⁻³⁰⁰ the gate counts as closed.
            if number[1 + k].abs() > 1e-290 {
                // Ψ has a condition number of 2w², and a derivative cancels near its zeros.
                let w = 0.5 / (number[0] - 0.5);
                // Its terms are up to 64 w³ᵏ Ψ, whatever is left of them.
                let scale = number[1 + k].abs() + 64.0 * w.powi(3 * k as i32) * number[1].abs();
                assert!(
                    (gates[k] - number[1 + k]).abs() <= 1e-15 * (10.0 + 4.0 * w * w) * scale,
                    "Ψ{k}({}): {} for {}",
                    row[0],
                    gates[k],
                    number[1 + k]
                );
            } else {
                assert!(gates[k].abs() <= 1e-250, "Ψ{k}({})", row[0]);
            }
            let scale = number[5 + k].abs().max(if k > 0 { 1e-3 * number[6] } else { 0.0 });
            assert!(
                (slopes[k] - number[5 + k]).abs()
                    <= 1e-14 * (1.0 + number[0].powi(2)) * scale.max(f64::MIN_POSITIVE),
                "Φ{k}({}): {} for {}",
                row[0],
                slopes[k],
                number[5 + k]
            );
        }
    }
}

#[test]
fn the_chain_and_its_derivatives_are_exact() {
    let cases: Value = serde_json::from_str(&text("chain.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let x = numbers(&case["x"]);
        let chain = Chain::new(x.len());
        let mut gradient = vec![0.0; x.len()];
        let value = chain.gradient(&x, &mut gradient);
        let exact: f64 = case["f"].as_str().unwrap().parse().unwrap();
        close(value, exact, 1e-13, "F");
        close(chain.value(&x), exact, 1e-13, "F");
        let (mut diagonal, mut beside) = (vec![0.0; x.len()], vec![0.0; x.len() - 1]);
        chain.hessian(&x, &mut diagonal, &mut beside);
        for (found, name) in [(&gradient, "grad"), (&diagonal, "hess_diag"), (&beside, "hess_off")] {
            let exact = numbers(&case[name]);
            let largest = exact.iter().fold(1e-300_f64, |most, e| most.max(e.abs()));
            for (found, exact) in found.iter().zip(exact) {
                assert!((found - exact).abs() <= 1e-12 * largest, "{name} at {x:?}: {found} for {exact}");
            }
        }
    }
}

#[test]
fn gradient_descent_takes_the_same_queries() {
    let cases: Value = serde_json::from_str(&text("gd.json")).unwrap();
    for case in cases.as_array().unwrap() {
        let length = case["T"].as_u64().unwrap() as usize;
        let chain = Chain::new(length);
        let mut oracle = Exact::new(Scaled { chain, scale: 1.0, factor: 1.0, epsilon: 1.0 });
        let run = gradient_descent(&mut oracle, 152.0, 1.0, 100_000);
        assert_eq!(run.queries as u64, case["queries"].as_u64().unwrap(), "T = {length}");
        for (found, exact) in run.point.iter().zip(numbers(&case["last_x"])) {
            close(*found, exact, 1e-10, "last x");
        }
        for (count, at) in case["at"].as_object().unwrap() {
            let mut oracle = Exact::new(Scaled { chain, scale: 1.0, factor: 1.0, epsilon: 1.0 });
            let run = gradient_descent(&mut oracle, 152.0, 0.0, count.parse::<usize>().unwrap() - 1);
            for (found, exact) in run.point.iter().zip(numbers(&at["x"])) {
                assert!(
                    (found - exact).abs() <= 1e-10 * exact.abs().max(1e-3),
                    "T = {length}, k = {count}: {found} for {exact}"
                );
            }
        }
    }
}

#[test]
fn constants_are_enclosed() {
    let known: Vec<(String, f64)> =
        rows("constants.csv").into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect();
    let exact = |name: &str| {
        known.iter().find(|(known, _)| known.starts_with(name)).unwrap_or_else(|| panic!("{name}")).1
    };
    let tolerance = 1e-7;
    for (found, name) in [
        (gate_supremum(1, 1.0, tolerance), "sup psi1"),
        (gate_supremum(2, 1.0, tolerance), "sup psi2"),
        (gate_supremum(3, 1.0, tolerance), "sup psi3"),
        (largest_entry(tolerance), "sup |d_i F|"),
    ] {
        let exact = exact(name);
        assert!(
            found.low <= exact * (1.0 + 1e-15) && exact <= found.high && found.high - found.low <= 1e-6,
            "{name}: {found:?} for {exact}"
        );
    }
    for (order, exact) in [(1, 1.648721270700128), (2, 1.0), (4, 2.275431628)] {
        let found = slope_supremum(order, 1.0, tolerance);
        assert!(found.low <= exact + 1e-9 && exact <= found.high + 1e-9, "{order}: {found:?}");
    }
    close(gate_supremum(4, -1.0, 1e-4).high, 10377.1121299, 1e-8, "inf Ψ⁗");
    // The literature's 152 is this sum rounded up.
    assert!((lipschitz(1) - 151.2605).abs() < 1e-3, "{}", lipschitz(1));
}

#[test]
fn probabilities_are_exact() {
    for row in rows("classical_chain.csv") {
        let number = |place: usize| row[place].parse::<u32>().unwrap();
        let exact = BigRational::new(row[3].parse::<BigInt>().unwrap(), row[4].parse::<BigInt>().unwrap());
        let found = classical_optimum(number(1), number(0), number(2));
        assert_eq!(found, exact, "{row:?}");
        let by_recursion = classical_by_recursion(number(1), number(0), number(2));
        close(by_recursion, exact.to_f64().unwrap(), 1e-13, "by recursion");
    }
    let number = |row: &[String]| row.iter().map(|word| word.parse::<f64>().unwrap()).collect::<Vec<_>>();
    for row in rows("chain2_blank.csv") {
        let row = number(&row);
        close(blank_register_optimum(row[0] as u32), row[1], 1e-13, "blank");
    }
    for row in rows("interrogation.csv") {
        let row = number(&row);
        close(overlap(row[0] as u64, row[1] as u64), row[2], 1e-12, "interrogation");
    }
    for row in rows("grover.csv") {
        let row = number(&row);
        close(grover(row[0], row[1] as u64), row[2], 1e-12, "search");
        let mut register = Register::uniform((row[0] as u64).trailing_zeros());
        register.search(0, row[1] as u64);
        // Eight hundred reflections of a million amplitudes round as often.
        assert!((register.probability(0) - row[2]).abs() < 1e-9);
    }
    for row in rows("cap.csv") {
        let row = number(&row);
        close(cap_probability(row[0] as usize, row[1], row[2]), row[3], 1e-11, "cap");
    }
    for row in rows("gamma.csv") {
        let row = number(&row);
        let (value, rise) = smooth_gate(row[0]);
        assert!(
            (value - row[1]).abs() < 1e-12 && (rise - row[2]).abs() < 1e-11,
            "Γ({}): {value} {rise}",
            row[0]
        );
    }
}

#[test]
fn quantum_optima_agree_with_another_solver() {
    for row in rows("sdp.csv") {
        let value = |name: &str| {
            row[1]
                .split([' ', ','])
                .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
                .map(|n| n.parse::<usize>().unwrap())
        };
        let (queries, exact, tolerance) =
            (row[2].parse().unwrap(), row[3].parse::<f64>().unwrap(), row[4].parse::<f64>().unwrap());
        let problem = match row[0].as_str() {
            "search" => QueryProblem::search(value("N").unwrap()),
            "signs" => QueryProblem::signs(value("n").unwrap()),
            kind => {
                let answers = if kind.contains("blank") { Answers::Blank } else { Answers::Phases };
                QueryProblem::chain(value("N").unwrap(), value("T").unwrap(), answers)
            }
        };
        // The larger ones are the report's.
        let (blocks, constraints) = problem.size(queries);
        if blocks * constraints > 4_000 {
            continue;
        }
        let found = problem.optimum(queries).unwrap();
        assert!(
            found.attained >= exact - 10.0 * tolerance - 1e-6 && found.bound >= exact - 10.0 * tolerance,
            "{row:?}: {found:?}"
        );
        assert!(
            found.bound - found.attained <= 1e-5 && found.bound <= exact + 10.0 * tolerance + 1e-5,
            "{row:?}: {found:?}"
        );
    }
}
