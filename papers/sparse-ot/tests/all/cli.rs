//! The command on good and bad input, and the README's examples of it.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use crate::program::{failure, readme_commands, refusal, run, smoke_verdicts, text};

const COST: &str = "0,1,4\n1,0,1\n4,1,0\n";
const MASS: &str = "0.25\n0.5\n0.25\n";

/// A folder with a small problem in it.
struct Inputs(tempfile::TempDir);

impl Inputs {
    fn new() -> Self {
        let inputs = Self(tempfile::tempdir().unwrap());
        inputs.write("c.csv", COST.as_bytes());
        inputs.write("a.csv", MASS.as_bytes());
        inputs.write("b.csv", MASS.as_bytes());
        inputs
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// `sparse-ot solve` in the folder, with the given arguments behind the usual ones.
    fn solve(&self, arguments: &str) -> Output {
        run(self.0.path(), &with_usual(arguments))
    }

    /// The one line of a refusal; nothing is written.
    fn refusal(&self, arguments: &str, code: i32) -> String {
        refusal(self.0.path(), &with_usual(arguments), code)
    }
}

fn with_usual(arguments: &str) -> String {
    format!("solve --a a.csv --b b.csv --out plan.csv {arguments}")
}

const USUAL: &str = "--cost c.csv --k 2 --gamma 0.5";

#[test]
fn a_plan_is_written_and_described() {
    let inputs = Inputs::new();
    let output = inputs.solve(USUAL);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for label in [
        "optimal value",
        "relative gap",
        "nonzeros per column",
        "row error",
        "column error",
        "seconds",
        "plan.csv",
    ] {
        assert!(text.contains(label), "{label}: {text}");
    }
    // Moving nothing costs nothing: the optimal plan is diag(1/4, 1/2, 1/4), since any other entry costs at
    // least 1 while it saves less than γ/4 = 1/8 of the square norm.
    let plan = fs::read_to_string(inputs.path("plan.csv")).unwrap();
    assert_eq!(plan.lines().next(), Some("row,column,mass"));
    for (line, (index, mass)) in plan.lines().skip(1).zip([(0, 0.25), (1, 0.5), (2, 0.25)]) {
        let fields: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        assert_eq!((fields[0] as usize, fields[1] as usize), (index, index));
        assert!((fields[2] - mass).abs() < 1e-9, "{line}");
    }
}

#[test]
fn dense_layout_npy_input_and_k_above_m_work() {
    let inputs = Inputs::new();
    let output = inputs.solve("--cost c.csv --k 99 --gamma 0.5 --layout dense --method dual");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let plan = fs::read_to_string(inputs.path("plan.csv")).unwrap();
    assert!(plan.lines().count() == 3 && plan.lines().all(|line| line.split(',').count() == 3), "{plan}");
}

#[test]
fn points_every_method_and_every_plan_work() {
    let inputs = Inputs::new();
    inputs.write("x.csv", b"0,0\n1,0\n0,1\n");
    inputs.write("y.csv", b"0,0.1\n1,0.1\n0,1.1\n");
    let points = "--points-x x.csv --points-y y.csv --k 2 --gamma 0.5";
    let options = [
        "--method relaxed",
        "--method semidual",
        "--method dual",
        "--plan top-k",
        "--plan relaxed",
        "--plan repaired",
        "--method semidual --plan top-k --iterations 1",
        "--iterations 0 --plan relaxed",
    ];
    for option in options {
        let output = inputs.solve(&format!("{points} {option}"));
        assert!(output.status.success(), "{option}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Masses and points in single precision, their totals 1e-7 apart (tests/cases/single, restated from a public report).
#[test]
fn single_precision_is_precise_enough() {
    let folder = tempfile::tempdir().unwrap();
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/single");
    let said = text(
        folder.path(),
        &format!(
            "solve --points-x {cases}/x.npy --points-y {cases}/y.npy --a {cases}/a.npy --b {cases}/b.npy --k 8 --gamma 0.5 --out plan.csv"
        ),
    );
    assert!(said.contains("of the larger one: b is scaled to that of a"), "{said}");
}

#[test]
fn a_plan_that_cannot_exist_is_refused_with_the_reason() {
    let inputs = Inputs::new();
    inputs.write("c.csv", b"0\n1\n2\n");
    inputs.write("b.csv", b"1\n");
    let text = inputs.refusal("--cost c.csv --k 2 --gamma 1 --plan repaired", 1);
    assert!(text.contains("3 rows have mass, 2 nonzeros are allowed"), "{text}");
    let output = inputs.solve("--cost c.csv --k 2 --gamma 1");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("none exists"),
        "the default falls back and says so"
    );
}

#[test]
fn scales_from_tiny_to_huge_end_without_nan() {
    let inputs = Inputs::new();
    for exponent in [-12, 6] {
        let scaled = COST.split('\n').map(|line| {
            let fields = line.split(',').filter_map(|field| field.parse::<f64>().ok());
            fields.map(|value| (value * 10_f64.powi(exponent)).to_string()).collect::<Vec<_>>().join(",")
        });
        inputs.write("c.csv", scaled.collect::<Vec<_>>().join("\n").as_bytes());
        let output = inputs.solve("--cost c.csv --k 1 --gamma 1");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && !text.contains("NaN"), "{text}");
    }
}

#[test]
fn one_image_gets_the_colours_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let image =
        |colour: [u8; 3]| ndarray::Array3::from_shape_fn((4, 4, 3), |(_, _, channel)| colour[channel]);
    lab::image_file::write_png(&folder.path().join("s.png"), image([200, 10, 10]).view()).unwrap();
    lab::image_file::write_png(&folder.path().join("t.png"), image([10, 10, 200]).view()).unwrap();
    let arguments = "colours --source s.png --target t.png --out new.png";
    text(folder.path(), arguments);
    let new = lab::image_file::read_png(&folder.path().join("new.png")).unwrap();
    assert_eq!(new, image([10, 10, 200]));
    fs::write(folder.path().join("t.png"), "no image").unwrap();
    assert!(failure(folder.path(), arguments, 1).starts_with("error: t.png: "));
}

#[test]
fn wrong_options_are_usage() {
    let inputs = Inputs::new();
    assert!(
        inputs.refusal("--cost c.csv --k 0 --gamma 1", 2).contains("every column needs at least one nonzero")
    );
    for gamma in ["0", "-1", "NaN", "inf", "x"] {
        let text = inputs.refusal(&format!("--cost c.csv --k 1 --gamma={gamma}"), 2);
        assert!(text.contains("expected a positive number"), "{gamma}: {text}");
    }
    assert!(inputs.refusal("--cost c.csv --k 1 --gamma 1 --method sinkhorm", 2).contains("possible values"));
}

#[test]
fn wrong_files_are_named_with_their_fault() {
    let inputs = Inputs::new();
    let text = inputs.refusal("--cost none.csv --k 2 --gamma 1", 1);
    assert!(text.contains("cannot read none.csv"), "{text}");
    let cases: [(&str, &str, &str, &str); 9] = [
        ("c.csv", "0,1\n1,0\n", COST, "the cost matrix has 2"),
        ("c.csv", "0,1,4\n1,0\n", COST, "line 2 has 2 fields"),
        ("c.csv", "0,1,4\n1,zero,1\n4,1,0\n", COST, "line 2, field 2"),
        ("c.csv", "", COST, "no numbers in it"),
        ("a.csv", "0.25\n0.5\n", MASS, "a has 2 masses"),
        ("a.csv", "-0.25\n1.0\n0.25\n", MASS, "a[0] is -0.25"),
        ("b.csv", "0.25\nNaN\n0.25\n", MASS, "line 2, field 1"),
        ("b.csv", "0.25\n0.6\n0.25\n", MASS, "differ by"),
        ("b.csv", "0\n0\n0\n", MASS, "total must be positive"),
    ];
    for (file, wrong, right, fault) in cases {
        inputs.write(file, wrong.as_bytes());
        let text = inputs.refusal(USUAL, 1);
        assert!(text.starts_with("error: ") && text.contains(fault), "{file} {wrong:?}: {text}");
        inputs.write(file, right.as_bytes());
    }
    inputs.write("c.npy", b"\x93NUMPY\x01\x00");
    assert!(inputs.refusal("--cost c.npy --k 2 --gamma 1", 1).contains("c.npy"), "a truncated file");
}

#[test]
fn inputs_are_never_overwritten() {
    let inputs = Inputs::new();
    for (out, fault) in [("c.csv", "is one of the inputs"), ("plan.npy", "ends in .csv")] {
        let said = refusal(inputs.0.path(), &format!("solve --a a.csv --b b.csv --out {out} {USUAL}"), 2);
        assert!(said.contains(fault), "{out}: {said}");
    }
    assert_eq!(fs::read_to_string(inputs.path("c.csv")).unwrap(), COST);
}

#[test]
fn an_unwritable_plan_is_an_error() {
    let inputs = Inputs::new();
    let arguments = format!("solve --a a.csv --b b.csv --out /proc/none/plan.csv {USUAL}");
    assert!(refusal(inputs.0.path(), &arguments, 1).starts_with("error: cannot write /proc/none"));
}

#[test]
fn bins_without_mass_stay_empty() {
    let inputs = Inputs::new();
    inputs.write("a.csv", b"0.5\n0.5\n0\n");
    inputs.write("b.csv", b"0\n0.5\n0.5\n");
    let output = inputs.solve(USUAL);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let plan = fs::read_to_string(inputs.path("plan.csv")).unwrap();
    assert!(plan.lines().skip(1).all(|line| line.split(',').nth(1) != Some("0")), "{plan}");
    assert!(!plan.contains("NaN"), "{plan}");
}

/// Every `sparse-ot` command of the two READMEs runs as it stands, from a folder that holds `papers/`.
#[test]
fn the_commands_of_the_readmes_work() {
    assert!(readme_commands() >= 3);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    smoke_verdicts();
}
