//! The command on good and bad input, and the README's examples of it.

use std::fs::write;
use std::path::Path;

use crate::program::{command, readme_commands, refusal, smoke_verdicts, text};

/// Three clusters of eight points in three coordinates.
fn data(folder: &Path) {
    let point = |k: usize| {
        let jitter = |a: f64| 0.3 * (a * k as f64 + a).sin();
        let at = |c: usize, j: usize| if c == j { 3.0 } else { 0.0 };
        let c = k % 3;
        format!("{},{},{}\n", at(c, 0) + jitter(1.7), at(c, 1) + jitter(2.3), at(c, 2) + jitter(3.1))
    };
    write(folder.join("x.csv"), (0..24).map(point).collect::<String>()).unwrap();
    write(folder.join("y.csv"), (0..24).map(|k| format!("{}\n", k % 3)).collect::<String>()).unwrap();
}

#[test]
fn spectra_agree_between_matrix_and_products() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let of = "--x x.csv --labels y.csv --hidden 6";
    let said = text(folder.path(), &format!("train {of} --train 500 --out w.csv"));
    assert!(
        said.contains("parameters          45 of widths [3, 6, 3]") && said.contains("accuracy            1"),
        "{said}"
    );
    let said = text(folder.path(), &format!("spectrum {of} --weights w.csv --gauss-newton --out all.csv"));
    assert!(said.contains("trace and Frobenius norm agree") && said.contains("R1 "), "{said}");
    let all = std::fs::read_to_string(folder.path().join("all.csv")).unwrap();
    assert!(all.starts_with("place,hessian,gauss_newton\n1,") && all.lines().count() == 46, "{all}");
    let said = text(
        folder.path(),
        &format!("outliers {of} --weights w.csv --top 6 --bottom 2 --certify --out ends.csv"),
    );
    assert!(said.contains("certified           yes"), "{said}");
    let ends = std::fs::read_to_string(folder.path().join("ends.csv")).unwrap();
    let field = |text: &str, line: usize, place: usize| {
        text.lines().nth(line).unwrap().split(',').nth(place).unwrap().parse::<f64>().unwrap()
    };
    for k in 1..=6 {
        assert!((field(&all, k, 1) - field(&ends, k, 2)).abs() < 1e-9);
    }
    let said = text(
        folder.path(),
        &format!("density {of} --weights w.csv --vectors 3 --steps 20 --deflate 3 --out cdf.csv"),
    );
    assert!(said.contains("fails with probability 0.05"), "{said}");
    assert!(
        std::fs::read_to_string(folder.path().join("cdf.csv"))
            .unwrap()
            .starts_with("place,lower,estimate,upper\n")
    );
    text(folder.path(), &format!("train {of} --train 100 --batch 6 --momentum 0.5 --seed 3 --out v.csv"));
    let said =
        text(folder.path(), &format!("path {of} --from w.csv --to v.csv --bend 50 --places 10 --out p.csv"));
    assert!(
        said.contains("line                largest loss")
            && said.contains("curve               largest loss"),
        "{said}"
    );
    assert!(std::fs::read_to_string(folder.path().join("p.csv")).unwrap().starts_with("place,line,curve\n"));
}

/// Also where nobody reads what is said.
#[test]
fn files_are_written_past_a_closed_pipe() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let arguments = "spectrum --x x.csv --labels y.csv --hidden 4 --train 5 --out all.csv";
    let mut child = command(folder.path(), arguments).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert!(folder.path().join("all.csv").exists());
}

#[test]
fn networks_of_all_kinds_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    for kind in [
        "--hidden=",
        "--hidden 4,3,2 --activation tanh",
        "--activation gelu --loss squared --raw",
        "--activation softplus --hidden 1",
    ] {
        let said = text(folder.path(), &format!("spectrum --x x.csv --labels y.csv --train 5 {kind}"));
        assert!(said.contains("near zero"), "{said}");
    }
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let file = |name: &str, content: &str| write(folder.path().join(name), content).unwrap();
    file("nan.csv", "1,2\nNaN,3\n");
    file("flat.csv", "1,2\n1,2\n");
    file("two.csv", "0\n1\n");
    file("half.csv", "0\n0.5\n");
    file("gap.csv", "0\n2\n");
    file("same.csv", "0\n0\n");
    file("small.csv", "1,2\n3,5\n");
    file("w.csv", "1\n2\n");
    for (arguments, code, fault) in [
        ("spectrum --labels y.csv", 2, "--x"),
        ("spectrum --x none.csv --labels y.csv", 1, "none.csv"),
        ("spectrum --x nan.csv --labels two.csv", 1, "nan.csv"),
        ("spectrum --x flat.csv --labels two.csv", 2, "flat.csv: all columns are constant"),
        ("spectrum --x small.csv --labels y.csv", 2, "y.csv has 24 rows, small.csv has 2"),
        ("spectrum --x small.csv --labels half.csv", 2, "row 2 has class 0.5"),
        ("spectrum --x small.csv --labels gap.csv", 2, "no row has class 1"),
        ("spectrum --x small.csv --labels same.csv", 2, "one class only"),
        ("spectrum --x small.csv --labels two.csv --hidden 4,0", 2, "--hidden 4,0"),
        (
            "spectrum --x small.csv --labels two.csv --weights w.csv",
            1,
            "w.csv: these widths have 522 parameters, found 2",
        ),
        ("spectrum --x small.csv --labels two.csv --hidden 20000", 2, "GB"),
        ("spectrum --x small.csv --labels two.csv --rate 1e300", 1, "training diverged"),
        ("spectrum --x small.csv --labels two.csv --rate 0", 2, "--rate"),
        ("spectrum --x small.csv --labels two.csv --momentum 1", 2, "--momentum 1"),
        ("spectrum --x small.csv --labels two.csv --batch 3", 2, "--batch 3: expected from 1 to 2"),
        ("spectrum --x small.csv --labels two.csv --out e.txt", 2, "e.txt"),
        ("outliers --x small.csv --labels two.csv --top 0 --bottom 0", 2, "expected from 1 to 522"),
        ("outliers --x small.csv --labels two.csv --top 600", 2, "more than 200 together"),
        ("outliers --x small.csv --labels two.csv --top 1 --certify", 2, "--certify"),
        ("spectrum --x small.csv --labels two.csv --hidden 100000,100000", 2, "50 million"),
        ("spectrum --x small.csv --labels two.csv --hidden 18446744073709551615", 2, "50 million"),
        ("spectrum --x small.csv --labels two.csv --gauss-newton", 2, "--out"),
        ("density --x small.csv --labels two.csv --failure 0", 2, "--failure 0"),
        ("density --x small.csv --labels two.csv --vectors 0", 2, "--vectors"),
        ("density --x small.csv --labels two.csv --deflate 999", 2, "there are 522"),
        ("path --x small.csv --labels two.csv --from w.csv --to w.csv", 1, "w.csv"),
        ("train --x small.csv --labels two.csv --out small.csv", 2, "small.csv is one of the inputs"),
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
    assert!(verdicts.contains("outliers-exist") && verdicts.contains("band-holds"), "{verdicts}");
}
