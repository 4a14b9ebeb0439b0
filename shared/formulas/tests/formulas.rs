//! Conventions, derivatives against differences, faults, and formulas of any length.

use formulas::{Formula, Tape};

fn at(text: &str, x: &[f64]) -> f64 {
    Formula::parse(text).unwrap().evaluate(x, &mut Tape::default())
}

#[test]
fn conventions_are_those_of_mathematics() {
    for (text, x, value) in [
        ("-x^2", 3.0, -9.0),
        ("1e-3*x**2 - 2*-x", 2.0, 4.004),
        ("2^-x^2", 2.0, 1.0 / 16.0),
        ("x - 1 - 1", 5.0, 3.0),
        ("8/x/2", 2.0, 2.0),
        ("+x*-(1 + 2)", 2.0, -6.0),
        ("max(x, 3) - min(x, 3)", 2.0, 1.0),
        ("7 % x", 4.0, 3.0),
        ("2*π - TAU + x", 1.0, 1.0),
        ("ln(e)*x + log10(100)", 1.0, 3.0),
        (".5 + x*2.e0", 1.0, 2.5),
        ("(3 + 4)*2 + x", 0.0, 14.0),
    ] {
        assert_eq!(at(text, &[x]), value, "{text}");
    }
    assert!(at("ln(x)", &[-1.0]).is_nan());
    assert!(at("max(x, 1)", &[f64::NAN]).is_nan());
    assert_eq!(Formula::parse("b + a*c1 - b").unwrap().names(), ["a", "b", "c1"]);
}

#[test]
fn what_is_no_formula_is_told_in_one_line() {
    let deep = "(".repeat(300) + "x" + &")".repeat(300);
    for (text, fault) in [
        ("x +", "at the end"),
        ("", "at the end"),
        ("2x", "instead of x at character 2"),
        ("f(x)", "no function f"),
        ("(x", "closing bracket"),
        ("x)", "instead of )"),
        ("1e999*x", "beyond 1e308"),
        ("1.2.3", "no number"),
        ("x $ 2", "'$' at character 3"),
        ("min(x)", "second argument of min"),
        (deep.as_str(), "within each other"),
    ] {
        let told = Formula::parse(text).unwrap_err().to_string();
        assert!(told.contains(fault) && !told.contains('\n'), "{text}: {told}");
    }
}

#[test]
fn derivatives_are_those_of_finite_differences() {
    let functions = "sqrt cbrt exp ln log2 log10 sin cos tan asin acos atan sinh cosh tanh abs";
    let mut texts: Vec<String> =
        functions.split(' ').map(|name| format!("{name}(x*y) + x^2*{name}(y/2)")).collect();
    texts.extend(
        ["x^y + y^x", "x/y - (x - y)^5/x^3", "atan2(x, y)*x", "max(x*y, x)^2", "x^0.5*y^-1.5", "x^1 + x^0*y"]
            .map(String::from),
    );
    let x = [0.6, 0.8];
    let mut tape = Tape::default();
    for text in &texts {
        let formula = Formula::parse(text).unwrap();
        let mut gradient = [0.0; 2];
        formula.gradient(&x, &mut gradient, &mut tape);
        let mut second = vec![0.0; formula.second().len()];
        formula.hessian(&x, &mut second, &mut tape);
        let h = 1e-5;
        for place in 0..2 {
            let moved = |sign: f64, gradient: &mut [f64; 2]| {
                let mut moved = x;
                moved[place] += sign * h;
                formula.gradient(&moved, gradient, &mut Tape::default())
            };
            let (mut up, mut down) = ([0.0; 2], [0.0; 2]);
            let slope = (moved(1.0, &mut up) - moved(-1.0, &mut down)) / (2.0 * h);
            assert!((slope - gradient[place]).abs() < 1e-7, "{text}: {slope} {}", gradient[place]);
            for other in 0..=place {
                let curvature = (up[other] - down[other]) / (2.0 * h);
                let pair = formula.second().iter().position(|pair| *pair == (place, other));
                let exact = pair.map_or(0.0, |pair| second[pair]);
                assert!(
                    (curvature - exact).abs() < 1e-6 * exact.abs().max(1.0),
                    "{text}: {curvature} {exact}"
                );
            }
        }
    }
}

#[test]
fn only_variables_that_meet_have_second_derivatives() {
    let formula = Formula::parse("a*b + 3*c + (d - a)^2 - 2*d/7 + abs(c)").unwrap();
    assert_eq!(formula.second(), [(0, 0), (1, 0), (3, 0), (3, 3)]);
    assert!(formula.is_differentiable() && !Formula::parse("floor(x)").unwrap().is_differentiable());
    // Infinite derivatives of what does not count give no NaN.
    let mut gradient = [0.0; 2];
    Formula::parse("0*sqrt(x) + y").unwrap().gradient(&[0.0, 1.0], &mut gradient, &mut Tape::default());
    assert_eq!(gradient, [0.0, 1.0]);
}

#[test]
fn length_is_no_limit() {
    let text = (0..20_000).map(|k| format!("{k}*x^2")).collect::<Vec<_>>().join(" + ");
    let formula = Formula::parse(&text).unwrap();
    let mut second = [0.0];
    formula.hessian(&[1.0], &mut second, &mut Tape::default());
    assert_eq!(second[0], 2.0 * (0..20_000).sum::<i32>() as f64);
}
