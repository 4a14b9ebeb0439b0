//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::path::Path;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

/// Twelve points in the plane, a target, and labels.
fn data(folder: &Path) {
    let point = |i: usize| ((1.7 * i as f64).sin(), (2.9 * i as f64 + 1.0).cos());
    let lines = |of: &dyn Fn(usize) -> String| (0..12).map(|i| of(i) + "\n").collect::<String>();
    write(folder.join("x.csv"), lines(&|i| format!("{},{}", point(i).0, point(i).1))).unwrap();
    write(folder.join("y.csv"), lines(&|i| format!("{}", point(i).0 * point(i).1))).unwrap();
    write(folder.join("labels.csv"), lines(&|i| u8::from(point(i).0 * point(i).1 > 0.0).to_string()))
        .unwrap();
}

#[test]
fn networks_are_trained_with_proofs() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    for options in [
        "--y y.csv --all",
        "--y y.csv --bias --all",
        "--y y.csv --patterns 40",
        "--y y.csv --patterns 40 --method admm --iterations 300",
        "--y y.csv --patterns 40 --method blocks --penalty 0.1 --iterations 50",
        "--y y.csv --patterns 200 --method neurons",
        "--y labels.csv --loss log --all",
        "--y labels.csv --loss hinge --patterns 30",
    ] {
        let said = text(folder.path(), &format!("train --x x.csv {options} --beta 0.1 --out net.json"));
        assert!(said.contains("lower bound"), "{options}: {said}");
        assert_eq!(said.contains("over all networks"), options.contains("--all"), "{said}");
    }
    text(folder.path(), "train --x x.csv --y y.csv --all --beta 0.1 --gap 1e-9 --out net.json");
    let said = text(folder.path(), "certify --x x.csv --y y.csv --beta 0.1 --network net.json");
    assert!(said.contains("over all networks of all widths"), "{said}");
    write(folder.path().join("inner.csv"), "1,0\n-1,0.5\n0.2,0.3\n").unwrap();
    write(folder.path().join("outer.csv"), "1\n-0.5\n0.7\n").unwrap();
    for options in ["", "--optimum", "--relax", "--patterns 20"] {
        let said = text(
            folder.path(),
            &format!("certify --x x.csv --y y.csv --beta 0.1 --inner inner.csv --outer outer.csv {options}"),
        );
        assert!(said.contains("as it stands"), "{said}");
    }
}

#[test]
fn patterns_are_counted_and_written() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let said = text(folder.path(), "patterns --x x.csv --out p.csv");
    assert!(said.contains("there are           24"), "{said}");
    assert_eq!(read_to_string(folder.path().join("p.csv")).unwrap().lines().count(), 24);
    assert!(text(folder.path(), "patterns --x x.csv --bias --count").contains("at most             134"));
}

#[test]
fn robust_networks_have_exact_costs() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    for epsilon in ["0", "0.02", "10"] {
        let said = text(
            folder.path(),
            &format!(
                "robust --x x.csv --y labels.csv --loss hinge --beta 0.05 --epsilon {epsilon} --out r.json"
            ),
        );
        assert!(said.contains("worst-case cost"), "{said}");
    }
}

#[test]
fn bad_input_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    write(folder.path().join("nan.csv"), "1,NaN\n2,3\n").unwrap();
    write(folder.path().join("two.csv"), "1\n2\n").unwrap();
    write(folder.path().join("ones.csv"), "1\n".repeat(12)).unwrap();
    write(folder.path().join("wide.csv"), "1,2,3\n").unwrap();
    write(folder.path().join("one.csv"), "1\n").unwrap();
    write(folder.path().join("broken.json"), "{\"bias\": fal").unwrap();
    let entry = |i: usize, j: usize| {
        format!("{}", ((i * i + 3) as f64 * (j + 1) as f64 * 0.37 + (j * j) as f64).sin())
    };
    let line = |i: usize| {
        (0..12).map(|j| entry(i, j)).collect::<Vec<_>>().join(",")
            + "
"
    };
    let long: String = (0..40).map(line).collect();
    write(folder.path().join("long.csv"), long).unwrap();
    write(folder.path().join("long_y.csv"), (0..40).map(|i| format!("{i}\n")).collect::<String>()).unwrap();
    let train = "train --beta 0.1 --out n.json";
    for (arguments, code, fault) in [
        (format!("{train} --x nan.csv --y two.csv"), 1, "nan.csv"),
        (format!("{train} --x x.csv --y two.csv"), 1, "12 rows"),
        (format!("{train} --x x.csv --y y.csv --loss log"), 1, "labels"),
        (format!("{train} --x x.csv --y ones.csv --loss hinge"), 1, "same"),
        ("train --x x.csv --y y.csv --beta 0 --out n.json".into(), 2, "beta"),
        (format!("{train} --x long.csv --y long_y.csv --all"), 2, "--most"),
        (format!("{train} --x x.csv --y labels.csv --loss hinge --method neurons"), 2, "smooth"),
        ("train --x x.csv --y y.csv --beta 0.1 --out n.txt".into(), 2, "json"),
        ("certify --x x.csv --y y.csv --beta 0.1".into(), 2, "--network"),
        ("certify --x x.csv --y y.csv --beta 0.1 --network broken.json".into(), 1, "broken.json"),
        ("certify --x x.csv --y y.csv --beta 0.1 --inner wide.csv --outer one.csv".into(), 1, "3 weights"),
        (
            "robust --x x.csv --y labels.csv --loss log --beta 0.1 --epsilon -1 --out r.json".into(),
            2,
            "epsilon",
        ),
        ("patterns --x absent.csv".into(), 1, "absent.csv"),
    ] {
        let line = refusal(folder.path(), &arguments, code);
        assert!(line.contains(fault), "{arguments}: {line}");
    }
}

#[test]
fn smoke_profile_runs() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("exact-equals"), "{verdicts}");
}

#[test]
fn the_readme_is_right() {
    assert!(readme_commands() >= 4);
}
