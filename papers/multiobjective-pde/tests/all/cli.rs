//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::path::Path;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn files(folder: &Path) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for name in [
        "problem.json",
        "heaters.json",
        "pieces.json",
        "smooth.json",
        "starts.csv",
        "front.csv",
        "matrix.csv",
        "rhs.csv",
        "source.csv",
    ] {
        std::fs::copy(cases.join(name), folder.join(name)).unwrap();
    }
    let put = |name: &str, text: &str| write(folder.join(name), text).unwrap();
    put("five.csv", "1\n2\n3\n4\n5\n");
    put("nan.csv", "1\nnan\n3\n4\n");
    put("empty.csv", "");
    put("cut.json", "{\"n\": 3, \"kappa\"");
    put(
        "free.json",
        r#"{"n": 3, "kappa": 1, "objectives": [{"target": 1, "cost": 0}, {"target": 2, "cost": 0}]}"#,
    );
    put("named.json", r#"{"n": 3, "kappa": 1, "objectives": [{"target": "z", "cost": 1}, {"cost": 1}]}"#);
    put("short.json", r#"{"n": 3, "kappa": 1, "objectives": [{"target": [1, 2], "cost": 1}, {"cost": 1}]}"#);
    put("huge.json", r#"{"n": 100000, "kappa": 1, "objectives": [{"cost": 1}]}"#);
    put("bent.json", r#"{"objectives": [["abs(x)"]]}"#);
    put("down.json", r#"{"objectives": [["x"]]}"#);
    put("one.csv", "1\n");
    put("broken.json", r#"{"objectives": [["x +"]]}"#);
    put("logarithm.json", r#"{"objectives": [["ln(x1) + x2"]]}"#);
}

#[test]
fn states_and_fronts_are_found() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let said = text(folder.path(), "state --rhs source.csv --kappa 32 --out y.csv");
    assert!(said.contains("nodes               9 x 9"), "{said}");
    assert_eq!(read_to_string(folder.path().join("y.csv")).unwrap().lines().count(), 82);
    let other = text(folder.path(), "state --rhs source.csv --kappa 32 --method cholesky");
    assert!(other.contains("conjugate gradients 0"), "{other}");

    let said = text(folder.path(), "front --problem problem.json --points 5 --out f.csv --controls u.csv");
    assert!(said.contains("points              5") && said.contains("not stationary      0"), "{said}");
    let front = read_to_string(folder.path().join("f.csv")).unwrap();
    assert!(front.starts_with("first,second,weight,residual,certificate,kind,states"), "{front}");
    assert_eq!(read_to_string(folder.path().join("u.csv")).unwrap().lines().count(), 226);
    let said = text(folder.path(), "front --problem problem.json --method reference-points --points 5");
    assert!(said.contains("not stationary      0"), "{said}");
    let said =
        text(folder.path(), "reduce --problem heaters.json --low -6 --high 6 --tolerance 0.2 --out b.csv");
    assert!(said.contains("at fresh controls"), "{said}");
}

#[test]
fn objectives_descend_and_are_covered() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let said = text(folder.path(), "descend --pieces pieces.json --starts starts.csv --out x.csv");
    assert!(said.contains("critical            20 of 20"), "{said}");
    let ends = read_to_string(folder.path().join("x.csv")).unwrap();
    assert!(ends.starts_with("x1,x2,objective_1,objective_2,criticality"), "{ends}");
    let said = text(
        folder.path(),
        "cover --pieces smooth.json --low -1,-1 --high 1,1 --lipschitz 4,4.3 --depth 10 --out boxes.csv",
    );
    assert!(said.contains("holds every critical point"), "{said}");
    let said = text(folder.path(), "cover --pieces smooth.json --low -1,-1 --high 1,1 --depth 8");
    assert!(said.contains("nothing is proven"), "{said}");
    let said = text(folder.path(), "cover --pieces pieces.json --low 0,0 --high 2,2 --depth 6 --hits");
    assert!(said.contains("descent hit"), "{said}");
}

#[test]
fn paths_and_indicators_are_exact() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let said = text(folder.path(), "path --matrix matrix.csv --rhs rhs.csv --out kinks.csv");
    assert!(said.contains("kinks               9"), "{said}");
    assert_eq!(read_to_string(folder.path().join("kinks.csv")).unwrap().lines().count(), 10);
    let said = text(folder.path(), "indicator --points front.csv --reference 5,5");
    // 4 · 1 + 3 · 1.5 + 2 · 0.5 + 1 · 1.
    assert!(
        said.contains("hypervolume         10.5\n") && said.contains("not dominated       4 of 6"),
        "{said}"
    );
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for (arguments, fault, code) in [
        ("state --rhs five.csv --kappa 1", "five.csv: 5 numbers are not n × n", 1),
        ("state --rhs nan.csv --kappa 1", "nan.csv", 1),
        ("state --rhs empty.csv --kappa 1", "empty.csv", 1),
        ("state --rhs source.csv --kappa -1", "--kappa", 2),
        ("state --rhs source.csv --kappa 1 --out source.csv", "one of the inputs", 2),
        ("state --rhs nowhere.csv --kappa 1", "nowhere.csv", 1),
        ("front --problem cut.json", "cut.json", 1),
        ("front --problem free.json --points 3", "no minimiser", 1),
        ("front --problem named.json", "there are x and y, but no z", 1),
        ("front --problem short.json", "target of objective 1: 2 numbers, expected 9", 1),
        ("front --problem huge.json", "n is 100000", 1),
        ("front --problem problem.json --along 1", "--along is for", 2),
        ("front --problem problem.json --points 1", "--points", 2),
        ("reduce --problem problem.json", "needs \"controls\"", 1),
        ("reduce --problem heaters.json --low 1 --high 1", "--low is below --high", 2),
        ("descend --pieces broken.json --starts starts.csv", "objective 1, piece 1", 1),
        ("descend --pieces pieces.json --starts five.csv", "five.csv: 1 numbers a row, expected 2", 1),
        ("descend --pieces logarithm.json --starts starts.csv", "an objective is", 1),
        ("descend --pieces pieces.json --starts starts.csv --decrease 2", "below 1", 2),
        ("cover --pieces pieces.json --low 0,0 --high 1,1", "only --hits", 1),
        ("cover --pieces smooth.json --low 0 --high 1,1", "--low has 1 numbers", 2),
        ("cover --pieces smooth.json --low 1,1 --high 1,1", "has no inside", 2),
        ("path --matrix matrix.csv --rhs five.csv", "the matrix has 8 rows, b has 5", 1),
        ("indicator --points front.csv --reference 5", "point 1 has 2 objectives", 1),
        ("indicator --points front.csv", "--reference", 2),
        ("indicator --points front.csv --reference nan,5", "--reference", 2),
        ("reduce --problem heaters.json --low -1e308 --high 1e308", "their difference is finite", 2),
        ("cover --pieces pieces.json --low 0,0 --high 2,2 --hits --lipschitz 1,1", "not used with --hits", 2),
        ("cover --pieces bent.json --low -1 --high 1", "only --hits", 1),
        ("descend --pieces down.json --starts one.csv", "no start ends at a critical point", 1),
        ("reproduce front --out reports", "did you mean fronts?", 2),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
}

/// Every command of the README runs as it stands.
#[test]
fn the_readme_is_true() {
    assert!(readme_commands() >= 6);
}

/// All claims are judged, whatever the verdict at this size.
#[test]
fn the_smoke_profile_judges_every_claim() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("three-sets"), "{verdicts}");
}
