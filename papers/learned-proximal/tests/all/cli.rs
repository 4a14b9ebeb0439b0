//! The command on good and bad input, and the README's examples of it.

use std::fs::write;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn cases() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases").into()
}

#[test]
fn a_network_is_trained_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let (here, cases) = (folder.path(), cases());
    let said = text(
        here,
        &format!("train --data {cases}/points.csv --sigma 0.3 --width 8 --steps 60 --out net.json"),
    );
    assert!(said.contains("tau over sigma") && said.contains("weight of a sample"), "{said}");
    let said = text(here, &format!("apply --net net.json --data {cases}/points.csv --out f.csv"));
    assert!(said.contains("rows                 40 of 2 numbers"), "{said}");
    assert_eq!(std::fs::read_to_string(here.join("f.csv")).unwrap().lines().count(), 41);
    let said = text(here, &format!("prior --net net.json --at {cases}/points.csv --out r.csv"));
    assert!(said.contains("bounds apart"), "{said}");
    assert!(
        std::fs::read_to_string(here.join("r.csv")).unwrap().starts_with("lower,upper,residual,gradient\n")
    );
    let said = text(here, &format!("certify --net net.json --at {cases}/points.csv"));
    assert!(said.contains("none is negative"), "{said}");
    write(here.join("a.csv"), "1,0\n0.5,0.5\n").unwrap();
    write(here.join("b.csv"), "0.7\n0.2\n").unwrap();
    for method in ["pgd", "admm", "fista"] {
        let said = text(
            here,
            &format!(
                "reconstruct --net net.json --operator matrix:a.csv --observed b.csv --method {method} --out x.csv --trace t.csv"
            ),
        );
        assert!(said.contains("largest rise"), "{said}");
        assert!(
            std::fs::read_to_string(here.join("t.csv")).unwrap().starts_with("objective,change,residual\n")
        );
    }
}

#[test]
fn images_are_trained_and_reconstructed() {
    let folder = tempfile::tempdir().unwrap();
    let (here, cases) = (folder.path(), cases());
    text(
        here,
        &format!(
            "train --data {cases}/images.csv --shape image --width 3 --sigma 0.1 --steps 20 --out net.json"
        ),
    );
    write(here.join("blurred.csv"), "0.2\n".repeat(144)).unwrap();
    write(here.join("seen.csv"), "0\n5\n9\n63\n").unwrap();
    write(here.join("four.csv"), "0.2\n0.4\n0.1\n0.3\n").unwrap();
    for (operator, observed) in [("blur:1", "blurred"), ("mask:seen.csv", "four"), ("circulant:4", "four")] {
        let said = text(
            here,
            &format!(
                "reconstruct --net net.json --operator {operator} --observed {observed}.csv --steps 20 --out x.csv"
            ),
        );
        assert!(said.contains("objective"), "{operator}: {said}");
    }
}

#[test]
fn priors_are_computed_and_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for prior in ["laplace:1", "mixture:0.3,-2,0.25;0.7,2,0.25", "student:3"] {
        let said = text(here, &format!("exact --prior {prior} --gamma 0.5 --count 9 --out e.csv"));
        assert!(said.contains("matched from mode"), "{said}");
    }
    let said = text(here, "exact --prior laplace:1 --gamma 0.1");
    assert!(said.contains("matched from mode    0.111004 at most"), "{said}");
    let said = text(here, "train --prior laplace:1 --sigma 1 --width 8 --depth 2 --steps 40 --out net.json");
    assert!(said.contains("inputs               1"), "{said}");
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (here, cases) = (folder.path(), cases());
    write(here.join("flat.csv"), "1,1\n1,1\n").unwrap();
    write(here.join("nan.csv"), "1,NaN\n").unwrap();
    write(here.join("wide.csv"), "1,2,3\n4,5,6\n").unwrap();
    write(here.join("cut.json"), "{\"sigma\": 1").unwrap();
    write(here.join("two.csv"), "0.5\n0.1\n").unwrap();
    write(here.join("far.csv"), "0\n7\n").unwrap();
    text(here, &format!("train --data {cases}/points.csv --sigma 0.3 --width 4 --steps 10 --out net.json"));
    let trained = std::fs::read_to_string(here.join("net.json")).unwrap();
    write(here.join("odd.json"), trained.replace("\"beta\":10.0", "\"beta\":-1.0")).unwrap();
    write(here.join("huge.csv"), "1e308,-1e308\n1,1\n").unwrap();
    write(here.join("zero.csv"), "0,0\n0,0\n").unwrap();
    write(here.join("wide.json"), trained.replace("\"outputs\":4", "\"outputs\":4000000000")).unwrap();
    write(here.join("short.json"), trained.replace("\"parameters\":[", "\"parameters\":[0.5,")).unwrap();
    let points = format!("{cases}/points.csv");
    for (arguments, code, fault) in [
        (format!("train --data {points} --sigma 0 --out n.json"), 2, "--sigma"),
        (
            format!("train --data {points} --sigma 1 --gamma-per-root-n 0 --out n.json"),
            2,
            "--gamma-per-root-n",
        ),
        (format!("train --data {points} --sigma 1 --out n.csv"), 2, "expected a name that ends in .json"),
        (format!("train --data {points} --prior laplace:1 --sigma 1 --out n.json"), 2, "cannot be used with"),
        ("train --data flat.csv --sigma 1 --out n.json".into(), 1, "flat.csv: all numbers are 1"),
        ("train --data nan.csv --sigma 1 --out n.json".into(), 1, "nan.csv line 1, field 2"),
        ("train --data none.csv --sigma 1 --out n.json".into(), 1, "none.csv"),
        (format!("train --data {points} --sigma 1 --shape image --out n.json"), 1, "no square image"),
        (
            format!("train --data {points} --sigma 1 --rate 1e200 --steps 20 --out n.json"),
            1,
            "training diverged",
        ),
        ("train --prior laplace:-1 --sigma 1 --out n.json".into(), 2, "the scale is -1"),
        ("train --prior cauchy:1 --sigma 1 --out n.json".into(), 2, "expected laplace:B"),
        ("train --prior student:3 --sigma 1 --out n.json".into(), 2, "medians have no closed form"),
        ("exact --prior mixture:0.5,0,1".into(), 2, "weights have the sum 0.5"),
        ("exact --prior laplace:1 --from 2 --to 1".into(), 2, "--from and --to"),
        (format!("apply --net none.json --data {points} --out f.csv"), 1, "cannot read none.json"),
        (
            format!("apply --net cut.json --data {points} --out f.csv"),
            1,
            "expected a file that train has written",
        ),
        (format!("apply --net odd.json --data {points} --out f.csv"), 1, "beta is -1"),
        (format!("apply --net short.json --data {points} --out f.csv"), 1, "parameters"),
        (
            "apply --net net.json --data wide.csv --out f.csv".into(),
            1,
            "wide.csv: 3 numbers a row, the network takes 2",
        ),
        (format!("apply --net net.json --data {points} --out {points}"), 2, "one of the inputs"),
        (
            "reconstruct --net net.json --operator sharpen:1 --observed two.csv --out x.csv".into(),
            2,
            "expected blur:WIDTH",
        ),
        (
            "reconstruct --net net.json --operator blur:1 --observed two.csv --out x.csv".into(),
            2,
            "no square image",
        ),
        (
            "reconstruct --net net.json --operator mask:far.csv --observed two.csv --out x.csv".into(),
            1,
            "far.csv: place 7",
        ),
        (
            "reconstruct --net net.json --operator circulant:3 --observed two.csv --out x.csv".into(),
            2,
            "3 rows of 2",
        ),
        (
            "reconstruct --net net.json --operator circulant:1 --observed two.csv --out x.csv".into(),
            1,
            "two.csv: 2 numbers, the measurement has 1",
        ),
        (
            "reconstruct --net net.json --operator circulant:2 --observed two.csv --eta 0 --out x.csv".into(),
            2,
            "--eta",
        ),
        ("exact --prior mixture:1,nan,1".into(), 2, "a mean is NaN"),
        ("exact --prior laplace:1 --sigma 1e-160".into(), 2, "between 1e-100 and 1e100"),
        (
            "apply --net net.json --data huge.csv --out f.csv".into(),
            1,
            "huge.csv: row 1, number 1: 1e308 is too large",
        ),
        ("prior --net net.json --at huge.csv --out f.csv".into(), 1, "huge.csv: row 1, number 1"),
        ("apply --net wide.json --data two.csv --out f.csv".into(), 1, "wide.json"),
        (
            "reconstruct --net net.json --operator matrix:zero.csv --observed two.csv --out x.csv".into(),
            1,
            "the measurement is zero",
        ),
        (
            "reconstruct --net net.json --operator circulant:2 --observed two.csv --rho 1 --out x.csv".into(),
            2,
            "--rho is for admm",
        ),
        ("reproduce laplce --out reports".into(), 2, "did you mean laplace?"),
    ] {
        let said = refusal(here, &arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
}

/// Every command of the README runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 6);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("finite-gamma"), "{verdicts}");
}
