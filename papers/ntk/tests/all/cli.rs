//! The command on good and bad input, and the README's examples of it.

use std::fs;
use std::path::Path;

use crate::program::{readme_commands, refusal, run, smoke_verdicts, text};

fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("x.csv", "1,0\n0,1\n-1,0\n");
    write("y.csv", "0\n1\n0.5\n");
    write("t.csv", "0.6,0.8\n0,1\n");
    folder
}

fn numbers(folder: &Path, name: &str, skip: usize) -> Vec<Vec<f64>> {
    let table = fs::read_to_string(folder.join(name)).unwrap();
    table
        .lines()
        .skip(skip)
        .map(|line| line.split(',').map(|field| field.parse().unwrap()).collect())
        .collect()
}

#[test]
fn kernels_are_written_as_csv_and_npy() {
    let folder = inputs();
    text(folder.path(), "kernel --inputs x.csv --out k.csv");
    let kernel = numbers(folder.path(), "k.csv", 0);
    assert!(
        kernel.len() == 3 && (kernel[0][0] - 0.2825).abs() < 5e-5 && (kernel[0][2] - 0.0644).abs() < 5e-5
    );
    text(folder.path(), "kernel --inputs x.csv --out k.npy --kind nngp --activation erf --depth 2");
    // What was written can be read: a kernel matrix is a matrix of points like any other.
    text(folder.path(), "kernel --inputs k.npy --out again.csv");
    text(folder.path(), "kernel --inputs x.csv --inputs2 t.csv --out c.csv --weight-std 1.4142 --bias-std 0");
    assert_eq!(numbers(folder.path(), "c.csv", 0).iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
    text(folder.path(), "kernel --inputs x.csv --out s.csv --single");
    let single = numbers(folder.path(), "s.csv", 0);
    text(folder.path(), "kernel --inputs x.csv --out k.csv");
    let double = numbers(folder.path(), "k.csv", 0);
    assert!(
        single
            .concat()
            .iter()
            .zip(double.concat())
            .all(|(a, b)| (a - b).abs() < 1e-7 && *a as f32 == b as f32)
    );
    for activation in ["tanh", "gelu", "sine"] {
        text(folder.path(), &format!("kernel --inputs x.csv --out k.csv --activation {activation}"));
    }
}

#[test]
fn regression_passes_through_targets_and_networks_learn() {
    let folder = inputs();
    let regress = "regress --train-x x.csv --train-y y.csv --test-x t.csv --out p.csv";
    let said = text(folder.path(), regress);
    assert!(said.contains("condition"), "{said}");
    let rows = numbers(folder.path(), "p.csv", 1);
    assert!(
        (rows[1][0] - 1.0).abs() < 1e-9 && rows[1][1] < 1e-5,
        "the second test point is a training point: {rows:?}"
    );
    assert!(rows[0][2] < rows[0][3] && rows[0][3] < rows[0][4], "quantiles are in order");
    text(folder.path(), &format!("{regress} --time 0"));
    assert_eq!(numbers(folder.path(), "p.csv", 1)[1][0], 0.0);
    let said =
        text(folder.path(), "train --train-x x.csv --train-y y.csv --width 32 --steps 50 --out costs.csv");
    assert!(said.contains("tangent kernel from limit"), "{said}");
    let costs = numbers(folder.path(), "costs.csv", 1);
    assert!(costs.len() == 50 && costs[49][1] < costs[0][1]);
}

#[test]
fn one_may_hear_less_or_more() {
    let folder = inputs();
    let kernel = "kernel --inputs x.csv --out k.csv";
    assert_eq!(text(folder.path(), &format!("-q {kernel}")), "");
    assert!(folder.path().join("k.csv").exists());
    let loud = run(folder.path(), &format!("{kernel} -vv"));
    let said = String::from_utf8(loud.stderr).unwrap();
    assert!(said.contains("read x.csv: 3 × 2") && said.contains("/k.csv: "), "{said}");
}

/// The origin without bias has kernel zero, and points that coincide are regressed with a ridge.
#[test]
fn what_real_tables_hold_is_taken() {
    let folder = inputs();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("zero.csv", "1,0\n0,0\n");
    text(folder.path(), "kernel --inputs zero.csv --bias-std 0 --out k.csv");
    let kernel = fs::read_to_string(folder.path().join("k.csv")).unwrap();
    assert!(
        kernel.lines().last().unwrap().split(',').all(|entry| entry.parse::<f64>().unwrap() == 0.0),
        "{kernel}"
    );
    write("twice.csv", "1,0\n1,0\n0,1\n");
    text(
        folder.path(),
        "regress --train-x twice.csv --train-y y.csv --test-x twice.csv --ridge 0.01 --out r.csv",
    );
    assert_eq!(fs::read_to_string(folder.path().join("r.csv")).unwrap().lines().count(), 4);
}

#[test]
fn bad_input_gets_one_line() {
    let folder = inputs();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("nan.csv", "1,NaN\n");
    write("wide.csv", "1,2,3\n");
    write("twice.csv", "1,0\n1,0\n1,0\n");
    for (arguments, fault) in [
        ("kernel --inputs nan.csv --out out.csv", "nan.csv line 1, field 2: expected a finite number"),
        ("kernel --inputs none.csv --out out.csv", "cannot read none.csv"),
        ("kernel --inputs x.csv --inputs2 wide.csv --out out.csv", "points have 2 and 3 coordinates"),
        (
            "regress --train-x x.csv --train-y t.csv --test-x t.csv --out out.csv",
            "expected one number a line",
        ),
        (
            "regress --train-x t.csv --train-y y.csv --test-x t.csv --out out.csv",
            "expected 2 targets, one a point, found 3",
        ),
        (
            "regress --train-x twice.csv --train-y y.csv --test-x t.csv --out out.csv",
            "points 1 and 2 are the same",
        ),
        ("train --train-x x.csv --train-y y.csv --width 16 --rate 1e9 --out out.csv", "diverged"),
        ("kernel --inputs x.csv --out /proc/none/out.csv", "cannot write /proc/none"),
    ] {
        let said = refusal(folder.path(), arguments, 1);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
    for (arguments, fault) in [
        ("kernel --inputs x.csv --depth 0 --out out.csv", "--depth"),
        ("kernel --inputs x.csv --weight-std -1 --out out.csv", "--weight-std"),
        ("kernel --inputs x.csv --activation step --out out.csv", "--activation"),
        ("kernel --inputs x.csv --out out.txt", "expected a name that ends in .csv or .npy"),
        ("kernel --inputs x.csv --out x.csv", "x.csv is one of the inputs"),
        ("regress --train-x x.csv --train-y y.csv --test-x t.csv --time -1 --out out.csv", "--time"),
        ("train --train-x x.csv --train-y y.csv --width 4000000000 --out out.csv", "GB are free"),
    ] {
        let said = refusal(folder.path(), arguments, 2);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("x.csv")).unwrap(), "1,0\n0,1\n-1,0\n");
}

/// Every command of the two READMEs runs as it stands, from a folder that holds `papers/`.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 3);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("bias-matters"), "{verdicts}");
}
