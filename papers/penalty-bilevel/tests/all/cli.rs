//! The command on good and bad input, and the README's examples of it.

use std::fs::write;
use std::path::Path;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn cases() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases").into()
}

fn data(folder: &Path) {
    let rows = |seed: f64, n: usize| {
        let row = |k: usize| {
            let (a, b) = ((seed + k as f64).sin(), (seed * 2.0 + 1.7 * k as f64).cos());
            format!(
                "{a},{b},{},{}\n",
                2.0 * a - b + 0.3 * (5.0 * k as f64).sin(),
                u8::from(a + 0.5 * (3.1 * k as f64).sin() > 0.0)
            )
        };
        format!("a,b,y,label\n{}", (0..n).map(row).collect::<String>())
    };
    write(folder.join("train.csv"), rows(0.3, 40)).unwrap();
    write(folder.join("valid.csv"), rows(7.7, 30)).unwrap();
}

#[test]
fn a_point_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let said =
        text(folder.path(), &format!("gradient --problem {}/quadratic.json --name quad_1 --x=-2,3", cases()));
    assert!(said.contains("ψ                   56.1713") && said.contains("near 2: closeness"), "{said}");
    let said = text(
        folder.path(),
        &format!("gradient --problem {}/constrained.json --name box_23 --x 1,0 --sigma 0.1", cases()),
    );
    assert!(said.contains("not near 2") && said.contains("active              [0"), "{said}");
}

#[test]
fn a_problem_is_solved_with_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    for method in ["double", "momentum", "plain"] {
        let said = text(
            folder.path(),
            &format!(
                "solve --problem {}/nonconvex.json --name plsine_51 --x 0.2 --method {method} --calls 5e3 --alpha 0.05 --trace t.csv",
                cases()
            ),
        );
        assert!(said.contains("products with second derivatives 0"), "{said}");
        let trace = std::fs::read_to_string(folder.path().join("t.csv")).unwrap();
        assert!(trace.starts_with("calls,sigma,gradient,x1\n") && trace.lines().count() > 10, "{trace}");
    }
}

#[test]
fn weights_are_selected_by_every_method() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    for method in ["exact", "penalty", "double", "momentum", "aid"] {
        let said = text(
            folder.path(),
            &format!(
                "select --train train.csv --valid valid.csv --target y --method {method} --calls 3000 --out w.csv"
            ),
        );
        assert!(said.contains("features            3"), "{said}");
        let weights = std::fs::read_to_string(folder.path().join("w.csv")).unwrap();
        assert!(
            weights.starts_with("feature,log_weight,weight,coefficient\na,") && weights.lines().count() == 4,
            "{weights}"
        );
    }
    let said = text(
        folder.path(),
        "select --train train.csv --valid valid.csv --target label --loss logistic --common",
    );
    assert!(said.contains("validation loss"), "{said}");
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    write(folder.path().join("other.csv"), "a,y\n1,2\n2,3\n").unwrap();
    write(folder.path().join("flat.csv"), "a,b,y,label\n1,1,1,0\n2,1,2,1\n3,1,1,1\n").unwrap();
    write(folder.path().join("bad.json"), "{\"family\": \"cone\", \"problem\": {}}").unwrap();
    write(folder.path().join("cut.json"), "{\"family\": ").unwrap();
    let quadratic = format!("{}/quadratic.json", cases());
    for (arguments, code, fault) in [
        (format!("gradient --problem {quadratic} --x 1"), 2, "--x: expected 2 numbers, found 1"),
        (format!("gradient --problem {quadratic} --x 1,nan"), 2, "--x: expected finite numbers"),
        (format!("gradient --problem {quadratic} --x 1,2 --sigma 0"), 2, "--sigma"),
        (format!("gradient --problem {quadratic} --name none --x 1,2"), 1, "no problem is called none"),
        ("gradient --problem none.json --x 1".into(), 1, "none.json"),
        ("gradient --problem bad.json --x 1".into(), 1, "family cone: expected"),
        ("gradient --problem cut.json --x 1".into(), 1, "cut.json"),
        (format!("solve --problem {quadratic} --calls 0"), 2, "--calls"),
        (format!("solve --problem {quadratic} --trace t.txt"), 2, "t.txt: expected a name that ends in .csv"),
        (format!("solve --problem {quadratic} --alpha 1e9 --gamma 1e9"), 1, "left the numbers"),
        (
            "select --train train.csv --valid valid.csv --target z".into(),
            2,
            "--target z: train.csv has no such column",
        ),
        ("select --train train.csv --valid other.csv --target y".into(), 2, "other.csv: column b is missing"),
        (
            "select --train other.csv --valid train.csv --target y".into(),
            2,
            "train.csv: column b is not in the training data",
        ),
        (
            "select --train train.csv --valid valid.csv --target y --loss logistic".into(),
            2,
            "logistic loss needs two values",
        ),
        ("select --train flat.csv --valid flat.csv --target y".into(), 2, "column b is constant"),
        (
            "select --train train.csv --valid valid.csv --target y --out train.csv".into(),
            2,
            "--out train.csv is one of the inputs",
        ),
        ("reproduce closenes --out reports".into(), 2, "did you mean closeness?"),
    ] {
        let said = refusal(folder.path(), &arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
}

/// Every command of the README runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 3);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("value-close"), "{verdicts}");
}
