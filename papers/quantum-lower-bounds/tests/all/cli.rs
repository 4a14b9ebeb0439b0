//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::program::{command, readme_commands, refusal, smoke_verdicts, text};

fn files(folder: &Path) {
    let put = |name: &str, text: &str| write(folder.join(name), text).unwrap();
    put("points.csv", "0,0,0\n50,0,0\n50,50,0\n50,50,50\n");
    put("wide.csv", "0,0,0,0\n");
    put("nan.csv", "0,nan,0\n");
    put("empty.csv", "");
}

/// Three columns: T = 1/(12 · 152 ε²).
const CLASS: &str = "--epsilon 0.013";

#[test]
fn chains_are_shown_and_traces_judged() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let said = text(folder.path(), &format!("chain {CLASS} --evaluate points.csv --out values.csv"));
    assert!(said.contains("columns             3") && said.contains("least queries       4"), "{said}");
    let values = read_to_string(folder.path().join("values.csv")).unwrap();
    assert!(
        values.starts_with("value,gradient_norm,columns_found,g1,g2,g3") && values.lines().count() == 5,
        "{values}"
    );
    let said = text(folder.path(), &format!("judge points.csv {CLASS}"));
    assert!(
        said.contains("first small gradient at query 4") && said.contains("3 of 3, 1 by one query"),
        "{said}"
    );
    write(folder.path().join("lucky.csv"), "50,50,50\n").unwrap();
    let said = text(folder.path(), &format!("judge lucky.csv {CLASS}"));
    assert!(said.contains("knew where to go"), "{said}");
    let said = text(folder.path(), "chain --order 3 --epsilon 1e-3 --sharp");
    assert!(said.contains("columns"), "{said}");
}

#[test]
fn an_oracle_answers_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    for (options, dimension) in [("", 3), (" --rotate 7 --seed 2", 7)] {
        let mut child = command(folder.path(), &format!("serve {CLASS}{options}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let zeros = vec!["0"; dimension].join(" ");
        write!(child.stdin.take().unwrap(), "{zeros}\n{zeros}\nend\n").unwrap();
        let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], dimension.to_string());
        assert_eq!(lines[1].split(' ').count(), dimension + 1, "{said}");
        assert_eq!(lines[1], lines[2]);
        assert!(lines[3].starts_with("queries 2 columns 0 of 3"), "{said}");
    }
    // A bad query ends it with one line.
    let mut child = command(folder.path(), &format!("serve {CLASS}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "0 x 0").unwrap();
    let output = child.wait_with_output().unwrap();
    let fault = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && fault.lines().count() == 1 && fault.contains("query 1: \"x\""),
        "{fault}"
    );
}

#[test]
fn quantum_probabilities_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(folder.path(), "quantum --letters 2 --length 2 --queries 1 --blank");
    assert!(
        said.contains("3/4") && said.contains("0.933013") && said.contains("quantum optimum     0.933"),
        "{said}"
    );
    let said = text(folder.path(), "quantum --letters 4096 --length 10 --queries 5");
    assert!(said.contains("too large"), "{said}");
    let said = text(folder.path(), "noise --samples 1024 --queries 256");
    assert!(said.contains("quantum overlap     0.848"), "{said}");
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for (arguments, fault, code) in [
        ("chain --epsilon 10", "no column", 2),
        ("chain --epsilon 1e-9", "at most 1e8", 2),
        ("chain --order 4", "--order", 2),
        ("chain --epsilon 0.013 --evaluate wide.csv", "wide.csv: 4 numbers a row, expected 3", 1),
        ("chain --epsilon 0.013 --evaluate nan.csv", "nan.csv", 1),
        ("chain --epsilon 0.013 --evaluate points.csv --out points.csv", "one of the inputs", 2),
        ("judge empty.csv --epsilon 0.013", "empty.csv", 1),
        ("judge nowhere.csv", "nowhere.csv", 1),
        ("serve --epsilon 0.013 --rotate 2", "at least 3", 2),
        ("quantum --letters 1 --length 2 --queries 1", "--letters", 2),
        ("noise --samples 4 --queries 5", "at most 4", 2),
        ("reproduce column --out reports", "did you mean columns?", 2),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
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
    assert!(verdicts.contains("coherent-coin"), "{verdicts}");
}
