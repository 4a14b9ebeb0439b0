//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::path::Path;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");

/// A matrix of 6 × 9, three signals in columns, and their measurements.
fn data(folder: &Path) {
    let a = |i: usize, j: usize| (1.3 * i as f64 + 2.1 * j as f64 + 0.7 * (i * j) as f64).sin() * 0.5;
    let x = |j: usize, k: usize| if (j + 2 * k).is_multiple_of(5) { 1.0 + k as f64 } else { 0.0 };
    let lines = |rows: usize, columns: usize, value: &dyn Fn(usize, usize) -> f64| {
        let line = |i| (0..columns).map(|j| value(i, j).to_string()).collect::<Vec<_>>().join(",");
        (0..rows).map(line).collect::<Vec<_>>().join("\n") + "\n"
    };
    write(folder.join("a.csv"), lines(6, 9, &a)).unwrap();
    write(folder.join("x.csv"), lines(9, 3, &x)).unwrap();
    write(folder.join("y.csv"), lines(6, 3, &|i, k| (0..9).map(|j| a(i, j) * x(j, k)).sum())).unwrap();
    write(folder.join("one.csv"), lines(6, 1, &|i, _| (0..9).map(|j| a(i, j) * x(j, 0)).sum())).unwrap();
}

#[test]
fn problems_are_solved_with_proofs() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    for (method, penalty) in [
        ("descent", "l1"),
        ("ista", "l1"),
        ("fista", "l1"),
        ("descent", "l0"),
        ("iht", "l0"),
        ("exact", "l0"),
    ] {
        let said = text(
            folder.path(),
            &format!(
                "solve --matrix a.csv --measurements y.csv --penalty {penalty} --weight 0.01 --method {method} --out s.csv"
            ),
        );
        assert!(said.contains(if penalty == "l1" { "duality gap" } else { "one entry gains" }), "{said}");
        let solutions = read_to_string(folder.path().join("s.csv")).unwrap();
        assert!(solutions.starts_with("x1,x2,x3\n") && solutions.lines().count() == 10, "{solutions}");
    }
    let said = text(folder.path(), "solve --matrix a.csv --measurements one.csv --weight 100");
    assert!(said.contains("whose solution is zero"), "{said}");
    let said = text(folder.path(), "solve --matrix a.csv --measurements one.csv --weight 0");
    assert!(said.contains("certifies nothing"), "{said}");
    let said = text(
        folder.path(),
        "solve --matrix a.csv --measurements y.csv --weight 0.01 --method ista --iterations 3",
    );
    assert!(said.contains("3 right-hand sides are not within the tolerance: allow more"), "{said}");
    // A tiny weight: the gap is printed, and with it that rounding limits it (scikit-learn 27928).
    let said = text(
        folder.path(),
        &format!(
            "solve --matrix {CASES}/lasso_g60x100_A.csv --measurements {CASES}/lasso_g60x100_y.csv --weight 1e-7"
        ),
    );
    assert!(said.contains("at the limit of rounding"), "{said}");
}

#[test]
fn networks_are_trained_and_applied() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let fast = "--depth 3 --steps 5 --batch 8";
    for options in [
        "--weight 0.05",
        "--weight 0.05 --loss supervised --free",
        "--weight 0.05 --measurements y.csv",
        "--weight 0.05 --measurements y.csv --signals x.csv --loss supervised",
        "--weight 0.01 --penalty l0",
        "--weight 0.01 --penalty l0 --gradient boundary --free",
        "--weight 0.01 --penalty l0 --gradient almost-everywhere",
    ] {
        let said = text(folder.path(), &format!("train --matrix a.csv {options} {fast} --out n.json"));
        assert!(said.contains("mean loss"), "{said}");
        let said = text(
            folder.path(),
            "apply --matrix a.csv --measurements y.csv --network n.json --signals x.csv --out s.csv",
        );
        assert!(said.contains("network, 3 layers") && said.contains("of 3"), "{said}");
        assert_eq!(read_to_string(folder.path().join("s.csv")).unwrap().lines().count(), 10);
    }
    let again = |seed: u32| {
        text(folder.path(), &format!("train --matrix a.csv --weight 0.05 {fast} --seed {seed} --out n.json"));
        read_to_string(folder.path().join("n.json")).unwrap()
    };
    assert_eq!(again(1), again(1));
    assert_ne!(again(1), again(2));
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let file = |name: &str, content: &str| write(folder.path().join(name), content).unwrap();
    file("nan.csv", "1,2\n3,NaN\n");
    file("short.csv", "1\n2\n");
    file("cut.json", "{\"rows\": 6");
    file(
        "bad.json",
        r#"{"rows": 6, "columns": 9, "network": {"penalty": "l1", "weight": 0.1, "steps": [1, -1]}}"#,
    );
    file(
        "other.json",
        r#"{"rows": 5, "columns": 9, "network": {"penalty": "l1", "weight": 0.1, "steps": [1]}}"#,
    );
    file("huge.csv", "1e200,1\n1,1\n");
    let wide = (0..25).map(|k| k.to_string()).collect::<Vec<_>>().join(",");
    file("wide.csv", &format!("{wide}\n"));
    file("ten.csv", "10\n");
    file("tiny.csv", &"1e-170\n".repeat(6));
    for (arguments, code, fault) in [
        ("solve", 2, "--matrix"),
        ("solve --matrix none.csv --measurements y.csv --weight 1", 1, "none.csv"),
        ("solve --matrix nan.csv --measurements y.csv --weight 1", 1, "nan.csv line 2, field 2"),
        (
            "solve --matrix huge.csv --measurements short.csv --weight 1",
            1,
            "huge.csv: the matrix has entries",
        ),
        (
            "solve --matrix a.csv --measurements short.csv --weight 1",
            2,
            "short.csv: 2 × 1 numbers, expected 6 rows",
        ),
        ("solve --matrix a.csv --measurements y.csv --weight -1", 2, "--weight"),
        ("solve --matrix a.csv --measurements y.csv --weight nan", 2, "--weight"),
        ("solve --matrix a.csv --measurements y.csv --weight 0 --penalty l0", 2, "--weight 0"),
        ("solve --matrix a.csv --measurements y.csv --weight 1 --penalty l0 --method fista", 2, "--method"),
        ("solve --matrix a.csv --measurements y.csv --weight 1 --method exact", 2, "--method"),
        (
            "solve --matrix wide.csv --measurements ten.csv --weight 1 --penalty l0 --method exact",
            1,
            "25 columns are too many",
        ),
        ("solve --matrix a.csv --measurements y.csv --weight 1 --out y.csv", 2, "y.csv is one of the inputs"),
        ("solve --matrix a.csv --measurements y.csv --weight 1 --out s.txt", 2, "ends in .csv"),
        ("solve --matrix a.csv --measurements tiny.csv --weight 1", 1, "tiny.csv: the squares of column 1"),
        ("train --matrix a.csv --weight 1 --depth 2 --out a.csv/n.json", 2, "no file can stand there"),
        ("train --matrix a.csv --weight 0 --out n.json", 2, "--weight"),
        ("train --matrix a.csv --weight 1 --out n.csv", 2, "ends in .json"),
        ("train --matrix a.csv --weight 1 --probability 0 --out n.json", 2, "--probability"),
        (
            "train --matrix a.csv --weight 1 --measurements y.csv --loss supervised --out n.json",
            2,
            "--signals",
        ),
        (
            "train --matrix a.csv --weight 1 --measurements y.csv --signals y.csv --out n.json",
            2,
            "expected 9 rows",
        ),
        (
            "train --matrix a.csv --weight 1 --penalty l0 --free --gradient almost-everywhere --out n.json",
            2,
            "--free",
        ),
        ("apply --matrix a.csv --measurements y.csv --network none.json", 1, "none.json"),
        ("apply --matrix a.csv --measurements y.csv --network cut.json", 1, "cut.json"),
        ("apply --matrix a.csv --measurements y.csv --network bad.json", 1, "bad.json: step 2 is -1"),
        (
            "apply --matrix a.csv --measurements y.csv --network other.json",
            2,
            "other.json is for a matrix of 5 × 9",
        ),
    ] {
        let said = refusal(folder.path(), arguments, code);
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
    assert!(verdicts.contains("misses-optima"), "{verdicts}");
}
