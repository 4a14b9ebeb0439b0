//! The command on good and bad input, and the README's examples of it.

use std::fs::write;
use std::path::Path;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn cases() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases").into()
}

/// Forty rows whose label is the sign of a line, three of them turned round.
fn data(folder: &Path) {
    let row = |k: usize| {
        let (a, b) = ((1.7 * k as f64).sin() * 2.0, (2.9 * k as f64 + 1.0).cos() * 2.0);
        let label = (a + 0.5 * b + 0.1 > 0.0) != k.is_multiple_of(13);
        format!("{a},{b},{},{}\n", u8::from(label), 2.0 * a - b + 0.2 * (5.0 * k as f64).sin())
    };
    write(folder.join("rows.csv"), format!("a,b,label,y\n{}", (0..40).map(row).collect::<String>())).unwrap();
    let part = |from: usize, to: usize| format!("a,b,label,y\n{}", (from..to).map(row).collect::<String>());
    write(folder.join("train.csv"), part(0, 20)).unwrap();
    write(folder.join("valid.csv"), part(20, 40)).unwrap();
}

#[test]
fn toys_are_solved_by_every_method() {
    let folder = tempfile::tempdir().unwrap();
    for (toy, method) in [
        ("llc", "loop"),
        ("llc", "exact"),
        ("llsc", "loop"),
        ("llsc", "exact"),
        ("llsc", "implicit"),
        ("llsc", "penalty"),
    ] {
        let said = text(
            folder.path(),
            &format!("solve --problem {toy} --n 20 --method {method} --steps 200 --alpha 0.02 --out p.csv"),
        );
        assert!(said.contains(if toy == "llc" { "relative error" } else { "Φ(x) − F*" }), "{said}");
        assert!(std::fs::read_to_string(folder.path().join("p.csv")).unwrap().starts_with("step,gap\n"));
    }
    let said = text(folder.path(), "solve --problem llc --n 30 --method exact");
    assert!(said.contains("relative error      0.000"), "{said}");
}

#[test]
fn values_and_quadratic_problems_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(folder.path(), &format!("value --case {}/value_function.json --number 1", cases()));
    assert!(said.contains("v                   ") && said.contains("f - v"), "{said}");
    write(
        folder.path().join("p.json"),
        r#"{"P": [[1, 0], [0, 1]], "q": [0, 0], "K": [[-1], [-1]], "A": [[1, 1]], "B": [[0]], "r": [1], "a": [2], "b": [0.5, 0.5]}"#,
    )
    .unwrap();
    // y follows x in both coordinates until y₁ + y₂ = 1.
    let said = text(folder.path(), "qp --problem p.json --out s.csv");
    assert!(said.contains("lower KKT residual") && said.contains("infeasibility"), "{said}");
    let solution = std::fs::read_to_string(folder.path().join("s.csv")).unwrap();
    let of =
        |line: usize| solution.lines().nth(line).unwrap().split(',').nth(2).unwrap().parse::<f64>().unwrap();
    assert!((of(1) - 2.0).abs() < 0.01 && (of(2) - 0.5).abs() < 0.01, "{solution}");
}

#[test]
fn rows_and_ridges_are_weighted() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    for weights in ["common", "per-row", "tuned"] {
        let said = text(
            folder.path(),
            &format!("svm --data rows.csv --weights {weights} --split 24,10 --out w.csv"),
        );
        assert!(
            said.contains("rows                24 for training, 10 for validation, 6 for tests"),
            "{said}"
        );
        let rows = std::fs::read_to_string(folder.path().join("w.csv")).unwrap();
        assert!(rows.starts_with("row,label,log_weight\n") && rows.lines().count() == 25);
    }
    let said = text(folder.path(), "ridge --train train.csv --valid valid.csv");
    assert!(said.contains("best                log weight"), "{said}");
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let file = |name: &str, content: &str| write(folder.path().join(name), content).unwrap();
    file("three.csv", "a,label\n1,0\n2,1\n3,2\n");
    file("flat.csv", "a,label\n1,0\n1,1\n1,0\n1,1\n");
    file("nan.csv", "a,label\n1,0\nx,1\n");
    file("cut.json", "{\"P\": ");
    file("concave.json", r#"{"P": [[-1]], "q": [0], "K": [[1]]}"#);
    file("shape.json", r#"{"P": [[1, 2]], "q": [0], "K": [[1]]}"#);
    file("empty.json", r#"{"P": [[1]], "q": [0], "K": [[1]], "A": [[0]], "B": [[0]], "r": [-1]}"#);
    file("key.json", r#"{"P": [[1]], "q": [0], "K": [[1]], "equation": true}"#);
    file("true.json", r#"{"P": [[1]], "q": [0], "K": [[1]], "equations": "true"}"#);
    file("down.json", r#"{"P": [[0]], "q": [1], "K": [[0]]}"#);
    file("point.json", r#"{"P": [[1]], "q": [0], "K": [[1]], "x": [0, 1], "y": [0], "z": []}"#);
    for (arguments, code, fault) in [
        ("solve", 2, "--problem"),
        ("solve --problem llc --n 2", 2, "--n 2"),
        ("solve --problem llsc --n 5000", 2, "--n 5000"),
        ("solve --problem llc --p -1", 2, "--p -1"),
        ("solve --problem llc --method implicit", 2, "llc has many lower solutions"),
        ("solve --problem llc --n 100 --alpha 1e200 --steps 5000", 1, "left the numbers"),
        ("solve --problem llc --start inf", 2, "--start inf"),
        ("solve --problem llc --out p.txt", 2, "p.txt"),
        ("qp --problem none.json", 1, "none.json"),
        ("qp --problem cut.json", 1, "cut.json"),
        ("qp --problem concave.json", 1, "not positive semidefinite: its least eigenvalue is -1"),
        ("qp --problem shape.json", 1, "P: a row has 2 numbers, expected 1"),
        ("qp --problem empty.json", 1, "no point satisfies the constraints"),
        ("value --case point.json", 1, "x has 2 numbers, expected 1"),
        ("svm --data none.csv", 1, "none.csv"),
        ("svm --data nan.csv", 1, "nan.csv"),
        ("svm --data rows.csv --label c", 2, "no such column"),
        ("svm --data three.csv", 2, "expected two values, found 3"),
        ("svm --data three.csv --label a", 2, "expected two values"),
        ("svm --data flat.csv --split 2,2", 2, "all columns are constant"),
        ("svm --data flat.csv", 2, "too few to be split"),
        ("qp --problem key.json", 1, "equation: no such field"),
        ("qp --problem true.json", 1, "equations: expected true or false"),
        ("qp --problem down.json", 1, "the lower level has no solution"),
        ("solve --problem llsc --n 20 --method implicit --alpha 1e300 --steps 50", 1, "left the numbers"),
        ("svm --data rows.csv --split 30,20", 2, "has 40 rows"),
        ("svm --data rows.csv --split 30", 2, "expected two numbers"),
        ("svm --data rows.csv --out rows.csv", 2, "rows.csv is one of the inputs"),
        ("ridge --train train.csv --valid three.csv", 2, "three.csv has no such column"),
        ("ridge --train train.csv --valid valid.csv --target q", 2, "--target q"),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
}

/// Every command of the README runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 4);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("smooth-value") && verdicts.contains("toy-law"), "{verdicts}");
}
