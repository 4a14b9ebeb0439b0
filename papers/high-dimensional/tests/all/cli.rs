//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::path::Path;

use crate::program::{failure, readme_commands, refusal, smoke_verdicts, text};

fn files(folder: &Path) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for name in ["groups.csv", "squares.csv"] {
        std::fs::copy(cases.join(name), folder.join(name)).unwrap();
    }
    let put = |name: &str, text: &str| write(folder.join(name), text).unwrap();
    let rows: String = (0..30)
        .map(|i| {
            format!("{},{},{}\n", i % 2, i, if i == 4 { String::new() } else { (i * i % 7).to_string() })
        })
        .collect();
    put("missing.csv", &format!("y,a,b\n{rows}"));
    put("constant.csv", &format!("y,a\n{}", "1,2\n1,3\n".repeat(15)));
    put("word.csv", "y,a\n1,2\n2,x\n");
    put("short.csv", "y,a\n0,2\n1,3\n");
    put(
        "single.csv",
        &format!("y,g,a\n{}", (0..30).map(|i| format!("{},{i},{}\n", i * i % 11, i % 5)).collect::<String>()),
    );
    put("empty.csv", "");
}

#[test]
fn tables_are_screened() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for options in ["", " --method neighbours", " --method binning", " --bandwidth isj --kernel epanechnikov"]
    {
        let said = text(
            folder.path(),
            &format!("screen squares.csv --outcome label --permute 99 --out s.csv{options}"),
        );
        assert!(said.contains("2 classes") && said.lines().nth(1).unwrap().starts_with("x2"), "{said}");
        let saved = read_to_string(folder.path().join("s.csv")).unwrap();
        assert!(saved.starts_with("rank,column,information") && saved.lines().count() == 9, "{saved}");
    }
    let said = text(folder.path(), "screen missing.csv --outcome y --drop-missing --top 1");
    assert!(said.contains("29 rows"), "{said}");
    let said = |seed: u32| {
        text(folder.path(), &format!("screen squares.csv --outcome label --permute 50 --seed {seed}"))
    };
    assert_eq!(said(3), said(3));
}

#[test]
fn regressions_are_fitted() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for options in
        ["", " --penalty scad", " --penalty lasso --solver ista", " --solver coordinate --shape 2.5"]
    {
        let said = text(folder.path(), &format!("sparse groups.csv --outcome outcome --out c.csv{options}"));
        assert!(said.contains("KKT residual") && said.contains("\na ") && said.contains("\nb "), "{said}");
        assert!(read_to_string(folder.path().join("c.csv")).unwrap().contains(",(intercept),"));
    }
    let said = text(folder.path(), "sparse squares.csv --outcome label --loss logistic --lambda 0.05");
    assert!(said.contains("penalties           1"), "{said}");
}

#[test]
fn mixed_models_are_fitted() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let said = text(folder.path(), "mixed groups.csv --outcome outcome --group group --out w.csv");
    assert!(said.contains("20, 80 rows") && said.contains("\nlightest groups     3 ("), "{said}");
    assert!(read_to_string(folder.path().join("w.csv")).unwrap().starts_with("group,weight,intercept\n3,"));
    for options in ["--nu 4", "--nu normal", "--q 1.2", "--slope a --nu 4", "--nu 4 --penalty 0.05"] {
        let said =
            text(folder.path(), &format!("mixed groups.csv --outcome outcome --group group {options}"));
        assert!(said.contains("log-likelihood"), "{said}");
    }
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for (arguments, fault, code) in [
        ("screen squares.csv --outcome nobody", "no column nobody; there are label", 1),
        ("screen missing.csv --outcome y", "missing.csv", 1),
        ("screen word.csv --outcome y", "word.csv", 1),
        ("screen empty.csv --outcome y", "empty.csv", 1),
        ("screen nowhere.csv --outcome y", "nowhere.csv", 1),
        ("screen short.csv --outcome y", "2 rows, at least 20", 1),
        ("screen constant.csv --outcome y", "the outcome is constant", 1),
        ("screen squares.csv --outcome x0 --kind classes", "no classes", 1),
        ("screen squares.csv --outcome label --bandwidth wide", "--bandwidth", 2),
        ("screen squares.csv --outcome label --out squares.csv", "one of the inputs", 2),
        ("sparse squares.csv --outcome x0 --loss logistic", "expected 0 or 1", 1),
        ("sparse squares.csv --outcome label --shape 0.5", "MCP expects", 2),
        ("sparse squares.csv --outcome label --penalty lasso --shape 3", "the lasso has none", 2),
        ("sparse constant.csv --outcome y", "constant", 1),
        ("sparse squares.csv --outcome label --lambda -1", "--lambda", 2),
        ("mixed single.csv --outcome y --group g", "every cluster has one row", 1),
        ("mixed groups.csv --outcome outcome --group outcome", "asked for twice", 1),
        ("mixed groups.csv --outcome outcome --group group --q 1.6", "q is 1.6", 1),
        ("mixed groups.csv --outcome outcome --group group --nu -3", "--nu", 2),
        ("mixed groups.csv --outcome outcome --group group --slope z", "no column z", 1),
        ("reproduce screen --out reports", "did you mean screening?", 2),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
    // What does not converge is shown, and fails.
    let said =
        failure(folder.path(), "sparse groups.csv --outcome outcome --iterations 1 --tolerance 1e-12", 1);
    assert!(said.contains("did not reach the tolerance"), "{said}");
}

/// Every command of the README runs as it stands.
#[test]
fn the_readme_is_true() {
    assert!(readme_commands() >= 3);
}

/// All claims are judged, whatever the verdict at this size.
#[test]
fn the_smoke_profile_judges_every_claim() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("wrong-clusters-named"), "{verdicts}");
}
