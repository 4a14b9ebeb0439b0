//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::path::Path;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn problems(folder: &Path) {
    let file = |name: &str, content: &str| write(folder.join(name), content).unwrap();
    file(
        "p.json",
        r#"{"dimension": 1, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": 1}}}, "waves": [[[1], 40, 0]]}"#,
    );
    file(
        "plane.json",
        r#"{"dimension": 2, "equation": {"flux": {"square-root": {"beta": 3}}, "potential": {"reaction": {"alpha": 0}}}, "waves": [[[1, 1], 30, 0.2], [[2, 0], 10, 0]]}"#,
    );
    file(
        "high.json",
        r#"{"dimension": 5, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": 0.5}}}, "waves": [[[1, 1, 0, 0, 1], 40, 0], [[0, 0, 1, 1, 0], 20, 1], [[1, 1, 1, 1, 1], 5, 0]]}"#,
    );
    file(
        "well.json",
        r#"{"dimension": 1, "equation": {"flux": "linear", "potential": {"double-well": {"kappa": 100}}}, "waves": [[[1], 0.1, 0.3]]}"#,
    );
    file(
        "laplace.json",
        r#"{"dimension": 2, "equation": {"flux": {"power": {"p": 3}}, "potential": "none"}, "waves": [[[1, 0], 1, 0], [[0, 1], 1, 0.4]]}"#,
    );
}

#[test]
fn problems_are_solved_and_certified() {
    let folder = tempfile::tempdir().unwrap();
    problems(folder.path());
    for (problem, method) in
        [("p", "flow"), ("p", "accelerated"), ("p", "newton"), ("plane", "flow"), ("high", "newton")]
    {
        let said = text(
            folder.path(),
            &format!("solve --problem {problem}.json --method {method} --side 32 --out u.csv"),
        );
        assert!(said.contains("H¹ distance         at most") && !said.contains("not within"), "{said}");
        let said = text(folder.path(), &format!("certify --coefficients u.csv --problem {problem}.json"));
        assert!(said.contains("H¹ distance         at most"), "{said}");
        assert_eq!(said.contains("Newton and Kantorovich"), problem == "p", "{said}");
        let said = text(folder.path(), "norm --coefficients u.csv --order 0");
        assert!(said.contains("B of order 0"), "{said}");
    }
    // The value of the reference cases: B₁ of the solution for f = 40 cos 2πx.
    text(folder.path(), "solve --problem p.json --tolerance 1e-13 --out u.csv");
    assert!(text(folder.path(), "certify --coefficients u.csv --problem p.json").contains("of 7.08628"));
    let said = text(folder.path(), "solve --problem well.json --allow-nonconvex --method flow");
    assert!(said.contains("residual in H⁻¹"), "{said}");
    let said = text(folder.path(), "solve --problem laplace.json --side 16 --method flow --tolerance 1e-3");
    assert!(said.contains("residual in H⁻¹"), "{said}");
    // A single wave in the plane is an equation on a circle to certify, too.
    write(folder.path().join("one.json"), r#"{"dimension": 2, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": 1}}}, "waves": [[[1, 1], 60, 0]]}"#).unwrap();
    text(folder.path(), "solve --problem one.json --side 32 --out u.csv");
    assert!(
        text(folder.path(), "certify --coefficients u.csv --problem one.json")
            .contains("Newton and Kantorovich")
    );
    // (2, 0, 0, 0) and (3, 0, 0, 0) span what (1, 0, 0, 0) does.
    write(folder.path().join("euclid.json"), r#"{"dimension": 4, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": 1}}}, "waves": [[[2, 0, 0, 0], 60, 0], [[3, 0, 0, 0], 60, 0]]}"#).unwrap();
    text(folder.path(), "solve --problem euclid.json --out u.csv");
    // What solve writes can be read, also where it is zero.
    write(folder.path().join("zero.json"), r#"{"dimension": 1, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": 1}}}, "waves": [[[1], 0, 0]]}"#).unwrap();
    text(folder.path(), "solve --problem zero.json --out u.csv");
    text(folder.path(), "norm --coefficients u.csv");
}

#[test]
fn norms_grow_and_networks_are_built() {
    let folder = tempfile::tempdir().unwrap();
    problems(folder.path());
    let said = text(folder.path(), "grow --problem high.json --steps 3");
    assert!(said.lines().count() >= 4 && said.contains("bound of B₁"), "{said}");
    write(
        folder.path().join("c.csv"),
        "k1,k2,re,im\n1,0,0.5,0.1\n-1,0,0.5,-0.1\n1,2,0,0.25\n-1,-2,0,-0.25\n0,0,1,0\n",
    )
    .unwrap();
    for options in [
        "--atoms step",
        "--atoms relu",
        "--atoms cosine",
        "--atoms step --greedy --neurons 30",
        "--atoms relu --greedy --neurons 30",
    ] {
        let said = text(folder.path(), &format!("network --coefficients c.csv {options} --out n.csv"));
        assert!(said.contains("L² error"), "{said}");
        let network = read_to_string(folder.path().join("n.csv")).unwrap();
        assert!(network.starts_with("part,weight,k1,k2,bias\nconstant,"), "{network}");
    }
    let values: String = (0..64).map(|k| format!("{}\n", ((k as f64 / 64.0) - 0.5).abs())).collect();
    write(folder.path().join("tent.csv"), values).unwrap();
    assert!(text(folder.path(), "norm --grid tent.csv").contains("infinite, if"));
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    problems(folder.path());
    let file = |name: &str, content: &str| write(folder.path().join(name), content).unwrap();
    file("cut.json", "{\"dimension\": ");
    file(
        "key.json",
        r#"{"dimension": 1, "equation": {"flux": "linear", "potential": "none"}, "waves": [], "colour": 1}"#,
    );
    file("none.json", r#"{"dimension": 1, "equation": {"flux": "linear", "potential": "none"}}"#);
    file(
        "mean.json",
        r#"{"dimension": 1, "equation": {"flux": "linear", "potential": "none"}, "waves": [[[0], 1, 0], [[1], 1, 0]]}"#,
    );
    file(
        "entries.json",
        r#"{"dimension": 2, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": 1}}}, "waves": [[[1], 1, 0]]}"#,
    );
    file(
        "alpha.json",
        r#"{"dimension": 1, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": -1}}}, "waves": [[[1], 1, 0]]}"#,
    );
    file(
        "half.json",
        r#"{"dimension": 1, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": 1}}}, "forcing": [[[1], 1, 0]]}"#,
    );
    file(
        "many.json",
        r#"{"dimension": 4, "equation": {"flux": "linear", "potential": {"reaction": {"alpha": 1}}}, "waves": [[[1,0,0,0],1,0],[[0,1,0,0],1,0],[[0,0,1,0],1,0],[[0,0,0,1],1,0]]}"#,
    );
    file("nan.csv", "k1,re,im\n1,x,0\n");
    file("part.csv", "k1,re,im\n1.5,1,0\n-1.5,1,0\n");
    file("two.csv", "1,2\n");
    file("flat.csv", "k1,re,im\n0,1,0\n");
    file("odd.csv", "1\n2\n3\n");
    let reaction = |waves: &str| {
        format!(
            r#"{{"dimension": 1, "equation": {{"flux": "linear", "potential": {{"reaction": {{"alpha": 1}}}}}}, "waves": {waves}}}"#
        )
    };
    file("wide.json", &reaction("[[[4], 1, 0]]"));
    file("far.json", &reaction("[[[1000000], 1, 0]]"));
    file("tiny.json", &reaction("[[[1], 1e-170, 0]]"));
    file(
        "laplace1.json",
        r#"{"dimension": 1, "equation": {"flux": "linear", "potential": "none"}, "waves": [[[1], 1, 0]]}"#,
    );
    file("turned.csv", "re,im,k1\n1,0,1\n1,0,-1\n");
    for (arguments, code, fault) in [
        ("solve", 2, "--problem"),
        ("solve --problem absent.json", 1, "absent.json"),
        ("solve --problem cut.json", 1, "cut.json"),
        ("solve --problem key.json", 1, "colour"),
        ("solve --problem none.json", 1, "forcing or waves"),
        ("solve --problem mean.json", 1, "mean zero"),
        ("solve --problem entries.json", 1, "has 1 entries in 2 dimensions"),
        ("solve --problem alpha.json", 1, "alpha is -1"),
        ("solve --problem half.json", 1, "not conjugate"),
        ("solve --problem many.json", 1, "4 independent frequencies"),
        ("solve --problem well.json", 2, "--allow-nonconvex"),
        ("solve --problem p.json --side 7", 2, "--side 7"),
        ("solve --problem wide.json --side 8", 2, "hold frequencies below 4"),
        (
            "solve --problem p.json --method flow --steps 2 --out u.csv",
            1,
            "not within the tolerance after 2 steps",
        ),
        ("solve --problem far.json", 1, "not below a million"),
        ("solve --problem tiny.json", 1, "scale the problem"),
        ("certify --coefficients flat.csv --problem laplace1.json", 1, "flat.csv: without a potential"),
        ("norm --coefficients turned.csv", 2, "expected the columns k1, re, im"),
        ("solve --problem high.json --side 65536", 2, "GB"),
        ("solve --problem p.json --out p.json", 2, "ends in .csv"),
        ("certify --coefficients flat.csv --problem well.json", 2, "proves nothing"),
        ("certify --coefficients two.csv --problem p.json", 2, "expected columns"),
        ("certify --coefficients part.csv --problem p.json", 2, "no integer"),
        ("norm --coefficients nan.csv", 1, "nan.csv line 2, field 2"),
        ("norm", 2, "--coefficients"),
        ("norm --grid odd.csv", 1, "odd.csv: a grid has an even number"),
        ("norm --coefficients flat.csv --order -1", 2, "--order"),
        ("network --coefficients flat.csv", 2, "a constant"),
        ("grow --problem plane.json", 2, "few terms"),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
}

/// Every command of the README runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 5);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("certified-norm"), "{verdicts}");
}
