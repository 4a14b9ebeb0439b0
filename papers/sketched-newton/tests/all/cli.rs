//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::path::Path;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn files(folder: &Path) {
    let put = |name: &str, text: &str| write(folder.join(name), text).unwrap();
    put(
        "p.json",
        r#"{"variables": ["x", "y"], "x0": [1.0, 0.5], "objective": "(x - 2)^2 + (y - 2)**2", "constraints": ["x^2 + y^2 - 1"]}"#,
    );
    put("over.json", r#"{"variables": ["x"], "x0": [1.0], "objective": "x", "constraints": ["x", "x - 1"]}"#);
    put("name.json", r#"{"variables": ["x"], "x0": [1.0], "objective": "x + q", "constraints": []}"#);
    put("grammar.json", r#"{"variables": ["x"], "x0": [1.0], "objective": "x +", "constraints": []}"#);
    put("start.json", r#"{"variables": ["x"], "x0": [-1.0], "objective": "ln(x)", "constraints": []}"#);
    put("short.json", r#"{"variables": ["x", "y"], "x0": [1.0], "objective": "x"}"#);
    put("cut.json", r#"{"variables": ["x", "y"], "x0": [1.0"#);
    put(
        "double.json",
        r#"{"variables": ["x", "y"], "x0": [1.0, 1.0], "objective": "x^2 + y^2", "constraints": ["x + y - 1", "2*x + 2*y - 2"]}"#,
    );
    put("key.json", r#"{"variables": ["x"], "x0": [1.0], "objective": "x^2", "constraint": ["x - 1"]}"#);
    put("none.json", r#"{"variables": [], "x0": [], "objective": "1"}"#);
    put("constant.json", r#"{"variables": ["x"], "x0": [1.0], "objective": "x^2", "constraints": ["1"]}"#);
    put("comma.json", r#"{"variables": ["x,y"], "x0": [1.0], "objective": "1"}"#);
    put("twice.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 3\n1 1 2\n1 1 3\n2 2 1\n");
    put("huge.mtx", "%%MatrixMarket matrix coordinate real general\n4000000000 4000000000 1\n1 1 2\n");
    put("large.csv", "1e308\n1e308\n1e308\n");
    put("small.csv", "1e-200\n2e-200\n3e-200\n");
    put("k.mtx", "%%MatrixMarket matrix coordinate real symmetric\n3 3 4\n1 1 2\n2 2 1\n3 1 1\n3 2 1\n");
    put("array.mtx", "%%MatrixMarket matrix array real general\n2 2\n1\n3\n2\n4\n");
    put("wide.mtx", "%%MatrixMarket matrix coordinate real general\n2 3 1\n1 1 2\n");
    put("early.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 2\n");
    put("index.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 3 2\n");
    put("nan.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 nan\n");
    put("empty.mtx", "%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 2\n");
    put("b.csv", "1\n2\n3\n");
    put("b2.csv", "1\n2\n");
    put("l.csv", "label,a,b,c\n1,0.5,0.1,-0.3\n0,-0.4,0.2,0.3\n1,0.2,-0.1,0.6\n0,-0.7,0.9,-0.1\n");
    put("bad.csv", "label,a,b\n3,0.5,0.1\n1,0.2,0.3\n");
    put("A.csv", "1,2,-1\n");
    put("w.csv", "0.3\n-0.2\n0.9\n");
    put("b1.csv", "0.5\n");
    put("far.csv", "50\n");
}

#[test]
fn problems_are_solved() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for solver in ["gaussian", "kaczmarz", "block:2", "count:2", "gmres", "minres", "ldl"] {
        for mode in ["published", "practical"] {
            let said = text(
                folder.path(),
                &format!("solve p.json --solver {solver} --mode {mode} --trace t.csv --out x.csv"),
            );
            assert!(said.contains("0.7071") && said.contains("a strict local minimum"), "{said}");
        }
    }
    let trace = read_to_string(folder.path().join("t.csv")).unwrap();
    assert!(trace.starts_with("iteration,residual,delta") && trace.lines().count() > 2, "{trace}");
    assert!(read_to_string(folder.path().join("x.csv")).unwrap().contains("\nlambda1,"));
    let said = |seed: u32| text(folder.path(), &format!("solve p.json --seed {seed} --tolerance 1e-3"));
    assert_eq!(said(1), said(1));
    let merit = text(folder.path(), "merit p.json --x 1,0.5 --lambda 0.25 --eta1 2");
    assert!(merit.contains("d/d lambda1") && merit.contains("value"), "{merit}");
    let said =
        text(folder.path(), "logistic l.csv --label label --linear A.csv --right b1.csv --solver minres");
    assert!(said.contains("right labels"), "{said}");
    let other = text(
        folder.path(),
        "logistic l.csv --label label --linear A.csv --right b1.csv --solver ldl --start w.csv",
    );
    assert!(other.contains("a strict local minimum"), "{other}");
    let said = text(folder.path(), "control --grid 7 --solver ldl");
    assert!(said.contains("largest error"), "{said}");
    let said = text(folder.path(), "control --grid 3 --case authors --solver kaczmarz --mode published");
    assert!(said.contains("9.644"), "{said}");
    for solver in ["kaczmarz", "gaussian", "ldl", "minres"] {
        let said = text(folder.path(), &format!("linsolve k.mtx b.csv --solver {solver} --out z.csv"));
        assert!(said.contains("residual"), "{said}");
        let z: Vec<f64> = read_to_string(folder.path().join("z.csv"))
            .unwrap()
            .lines()
            .map(|z| z.parse().unwrap())
            .collect();
        // 2z₁ + z₃ = 1, z₂ + z₃ = 2, z₁ + z₂ = 3.
        assert!((z[0] - 2.0 / 3.0).abs() < 1e-6 && (z[1] - 7.0 / 3.0).abs() < 1e-6, "{z:?}");
    }
    // Right sides of any size.
    for solver in ["kaczmarz", "gmres", "minres", "ldl"] {
        let said = text(folder.path(), &format!("linsolve k.mtx small.csv --solver {solver} --out z.csv"));
        let z: Vec<f64> = read_to_string(folder.path().join("z.csv"))
            .unwrap()
            .lines()
            .map(|z| z.parse().unwrap())
            .collect();
        assert!((z[0] * 1e200 - 2.0 / 3.0).abs() < 1e-6, "{said}");
        text(folder.path(), &format!("linsolve k.mtx large.csv --solver {solver}"));
    }
    let said = text(folder.path(), "linsolve array.mtx b2.csv --solver gmres --out z.csv");
    // (1 2; 3 4) z = (1, 2).
    assert!(said.contains("0.5"), "{said}");
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for (arguments, fault, code) in [
        ("solve nowhere.json", "nowhere.json", 1),
        ("solve cut.json", "cut.json", 1),
        ("solve over.json", "2 equality constraints for 1 variables", 1),
        ("solve name.json", "q is not among the variables", 1),
        ("solve grammar.json", "grammar.json", 1),
        ("solve start.json", "the objective is not a finite number", 1),
        ("solve short.json", "x has 1 numbers, expected 2", 1),
        ("solve p.json --solver cg", "expected gaussian", 2),
        ("solve p.json --delta 2", "between 0 and 1", 2),
        ("solve key.json", "unknown field", 1),
        ("solve none.json", "there are none", 1),
        ("solve constant.json", "no variable is in it", 1),
        ("solve comma.json", "cannot stand in a formula", 1),
        ("linsolve twice.mtx b2.csv", "line 4", 1),
        ("linsolve huge.mtx b2.csv", "the matrix is singular", 1),
        ("solve p.json --trace t.txt", ".csv", 2),
        ("solve p.json --trace t.csv --out t.csv", "two outputs", 2),
        ("merit p.json --x 1", "x has 1 numbers", 1),
        ("linsolve wide.mtx b2.csv", "2 rows and 3 columns", 1),
        ("linsolve early.mtx b2.csv", "the file ends early", 1),
        ("linsolve index.mtx b2.csv", "line 3", 1),
        ("linsolve nan.mtx b2.csv", "no finite number", 1),
        ("linsolve empty.mtx b2.csv", "row 2 of the system is zero", 1),
        ("linsolve array.mtx b2.csv --solver minres", "not symmetric", 1),
        ("linsolve k.mtx b2.csv", "2 numbers for 3 rows", 1),
        ("linsolve b.csv b.csv", "line 1", 1),
        ("logistic l.csv --label nobody", "no column nobody", 1),
        ("logistic bad.csv --label label", "label 1 is 3", 1),
        ("logistic l.csv --label label --linear A.csv --right far.csv", "the shortest one has", 1),
        ("control --grid 0", "--grid", 2),
        ("control --grid 3 --target b.csv", "3 numbers, expected 9", 1),
        ("control --grid 3 --case authors --alpha 1", "--alpha", 2),
        ("reproduce benchmork --out reports", "did you mean benchmark?", 2),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
    // What is found before it fails is said.
    let failed = crate::program::run(folder.path(), "solve double.json --mode published");
    assert_eq!(failed.status.code(), Some(1));
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(said.contains("constraint 2 depends on those before") && said.lines().count() == 1, "{said}");
}

/// Every command of the README runs as it stands.
#[test]
fn the_readme_is_true() {
    assert!(readme_commands() >= 4);
}

/// All claims are judged, whatever the verdict at this size.
#[test]
fn the_smoke_profile_judges_every_claim() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("less-work"), "{verdicts}");
}
