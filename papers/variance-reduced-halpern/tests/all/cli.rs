//! The command on good and bad input, and the README's examples of it.

use std::fs::write;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn case(name: &str) -> String {
    format!("{}/tests/cases/{name}.csv", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn games_are_solved_by_every_method() {
    let folder = tempfile::tempdir().unwrap();
    for method in ["pdhg", "resolvent", "page --unproven", "eg", "eag", "vr-eg", "forb", "halpern --unproven"]
    {
        // Halpern without sampling has no theorem on games, and Algorithm 1 none either: they come near for a while.
        let gap = if method.starts_with("page") || method.starts_with("halpern") { "0.5" } else { "1e-2" };
        let said = text(
            folder.path(),
            &format!("game --matrix {} --method {method} --gap {gap} --out s.csv", case("uniform40")),
        );
        assert!(
            said.contains("game                40 × 40") && said.contains("stopped             reached"),
            "{said}"
        );
        let strategies = std::fs::read_to_string(folder.path().join("s.csv")).unwrap();
        assert!(
            strategies.starts_with("player,choice,probability\nx,0,") && strategies.lines().count() == 81
        );
    }
}

/// Neither a factor of a million nor a shift, nor degenerate games that break pivoting solvers.
#[test]
fn scales_shifts_and_ties_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let said = |matrix: &str, gap: &str| {
        write(folder.path().join("a.csv"), matrix).unwrap();
        text(folder.path(), &format!("game --matrix a.csv --gap {gap}"))
    };
    let line = |said: &str, name: &str| said.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let plain = said("0,-1,2\n1,0,-1\n-2,1,0\n", "1e-6");
    let moved = said("5e6,4e6,7e6\n6e6,5e6,4e6\n3e6,6e6,5e6\n", "1");
    assert_eq!(line(&plain, "cost"), line(&moved, "cost"), "{plain}\n{moved}");
    assert!(said("1e300,-1e300\n-1e300,1e300\n", "1e296").contains("reached"));
    assert!(said("7,7\n7,7\n7,7\n", "1e-9").contains("value               between 7 and 7"));
    assert!(
        said("1,1\n1,1\n0,0\n1,1\n0,1\n1,0\n0,0\n1,1\n", "1e-9")
            .contains("value               between 1 and 1")
    );
    assert!(said("3\n", "1e-9").contains("between 3 and 3"));
    // A start that is the solution.
    write(folder.path().join("a.csv"), "0,-1,1\n1,0,-1\n-1,1,0\n").unwrap();
    assert!(text(folder.path(), "game --matrix a.csv --calls 1").contains("stopped             reached"));
}

#[test]
fn sparse_games_come_as_entries() {
    let folder = tempfile::tempdir().unwrap();
    let entries: String =
        (0..60).map(|k| format!("{},{},{}\n", k % 20, (7 * k) % 19 + k / 20, 1 + k % 5)).collect();
    write(folder.path().join("e.csv"), format!("row,column,value\n{entries}")).unwrap();
    let said = text(folder.path(), "game --entries e.csv --gap 1e-6");
    assert!(said.contains("game                20 × ") && said.contains("reached"), "{said}");
    // An empty column is worth everything to x.
    write(folder.path().join("i.csv"), "row,column,value\n0,0,1\n1,1,1\n").unwrap();
    assert!(
        text(folder.path(), "game --entries i.csv --gap 1e-9")
            .contains("value               between 0.5 and 0.5")
    );
    let wider = text(folder.path(), "game --entries i.csv --columns 3 --gap 1e-9");
    assert!(wider.contains("value               between 0 and "), "{wider}");
}

#[test]
fn affine_problems_are_solved_by_every_method() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path().join("k.csv"), "2,1,0\n-1,2,0\n0,0,1\n").unwrap();
    write(folder.path().join("q.csv"), "-5\n-3\n-3\n").unwrap();
    for method in ["page", "resolvent", "eg", "eag", "vr-eg", "forb", "halpern"] {
        let residual = if ["page", "halpern", "eag"].contains(&method) { "1e-3" } else { "1e-6" };
        let said = text(
            folder.path(),
            &format!(
                "affine --matrix k.csv --vector q.csv --method {method} --residual {residual} --out z.csv"
            ),
        );
        assert!(said.contains(&format!("method              {method}\n")), "{said}");
        let z = std::fs::read_to_string(folder.path().join("z.csv")).unwrap();
        let z: Vec<f64> = z.lines().skip(1).map(|line| line.parse().unwrap()).collect();
        for (found, expected) in z.iter().zip([1.4, 2.2, 3.0]) {
            assert!((found - expected).abs() < 2e-3, "{method}: {z:?}");
        }
    }
    for set in ["--simplex", "--interval 0,1", "--interval=-1,1", "--l1 0.5", ""] {
        assert!(
            text(folder.path(), &format!("affine --matrix k.csv --vector q.csv {set}")).contains("reached")
        );
    }
}

#[test]
fn steps_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(folder.path(), "step --components 256 --batch 8 --probability 0.1");
    assert!(
        said.contains("authors' b and p") && said.contains("as given") && said.contains("tuned"),
        "{said}"
    );
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| write(folder.path().join(name), content).unwrap();
    file("a.csv", "0,1\n1,0\n");
    file("slanted.csv", "0,3\n-1,1\n2,-1\n");
    file("nan.csv", "0,NaN\n1,0\n");
    file("ragged.csv", "0,1\n1\n");
    file("empty.csv", "");
    file("skew.csv", "0,1\n-1,0\n");
    file("bad.csv", "1,4\n0,1\n");
    file("q.csv", "1\n1\n");
    file("q3.csv", "1\n1\n1\n");
    file("twice.csv", "row,column,value\n0,0,1\n0,0,2\n");
    file("far.csv", "row,column,value\n3000000000,3000000000,1\n");
    file("small.csv", "row,column,value\n0,0,1\n1,1,1\n");
    file("half.csv", "row,column,value\n0.5,0,1\n");
    file("named.csv", "r,column,value\n0,0,1\n");
    for (arguments, code, fault) in [
        ("game", 2, "--matrix"),
        ("game --matrix none.csv", 1, "none.csv"),
        ("game --matrix nan.csv", 1, "nan.csv"),
        ("game --matrix ragged.csv", 1, "ragged.csv"),
        ("game --matrix empty.csv", 1, "empty.csv"),
        ("game --matrix a.csv --gap 0", 2, "--gap"),
        ("game --matrix a.csv --gap -1", 2, "--gap"),
        ("game --matrix a.csv --method page", 2, "--unproven"),
        ("game --matrix a.csv --method halpern", 2, "--unproven"),
        ("game --matrix a.csv --no-restart", 2, "--no-restart"),
        ("game --matrix a.csv --method simplex", 2, "--method"),
        ("game --matrix a.csv --out a.csv", 2, "a.csv is one of the inputs"),
        ("game --matrix a.csv --out a.txt", 2, "a.txt: expected a name that ends in .csv"),
        ("game --matrix a.csv --entries twice.csv", 2, "--entries"),
        ("game --entries twice.csv", 1, "row 0 and column 0 stand twice"),
        ("game --entries half.csv", 1, "entry 1: 0.5 is no place"),
        ("game --entries named.csv", 2, "no column row"),
        ("game --matrix slanted.csv --method eag --gap 1e-14 --calls 10", 1, "the gap 1e-14 was not reached"),
        (
            "affine --matrix bad.csv --vector q.csv",
            1,
            "not monotone: the least eigenvalue of (K + Kᵀ)/2 is -1",
        ),
        ("affine --matrix a.csv --vector q3.csv", 1, "K is 2 × 2 and q has 3 numbers"),
        ("affine --matrix skew.csv --vector q.csv --method page", 2, "not positive definite"),
        ("affine --matrix skew.csv --vector q.csv --blocks 5", 2, "--blocks: 5 blocks for 2 columns"),
        ("affine --matrix skew.csv --vector q.csv --blocks 1 --method resolvent", 2, "two parts"),
        ("affine --matrix skew.csv --vector q.csv --interval 2,1", 2, "--interval 2,1"),
        ("affine --matrix skew.csv --vector q.csv --interval inf,inf", 2, "--interval inf,inf"),
        ("game --entries far.csv", 2, "GB"),
        ("game --entries small.csv --rows 1", 2, "entries reach 2 rows"),
        ("affine --matrix skew.csv --vector q.csv --simplex --l1 1", 2, "--l1"),
        ("step --components 1", 2, "--components 1"),
        ("step --components 10 --batch 11", 2, "--batch 11"),
        ("step --components 10 --probability 0", 2, "--probability 0"),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("a.csv")).unwrap(), "0,1\n1,0\n");
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
    assert!(verdicts.contains("fig1a-order") && verdicts.contains("last-iterate"), "{verdicts}");
}
