//! The command on good and bad input, and the README's examples of it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::program::{command, failure, readme_commands, refusal, smoke_verdicts, text};

/// A star with four leaves, 10 in the middle, and an edge beside it.
const GRAPH: &str = "# a comment\n10 11\n10\t12\n10,13\n10 14\n20 21\n";
const STREAM: &str = "+ 10\n+ 20\n+ 21\n# gone\n- 10\n+ 11\n";
const REPLAY: &str = "replay --function coverage --input g.txt --stream s.txt --k 2 --out steps.csv";

fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("g.txt"), GRAPH).unwrap();
    fs::write(folder.path().join("s.txt"), STREAM).unwrap();
    folder
}

fn steps(folder: &Path) -> Vec<Vec<f64>> {
    let table = fs::read_to_string(folder.join("steps.csv")).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("step,value,size,calls,changes,seconds"));
    lines.map(|line| line.split(',').map(|field| field.parse().unwrap()).collect()).collect()
}

#[test]
fn every_algorithm_follows_a_stream() {
    let folder = inputs();
    for algorithm in [
        "levels-largest",
        "levels-high",
        "sieve",
        "sieve-pruned",
        "levelled-buffers",
        "lazy-greedy",
        "stochastic-greedy",
        "random",
    ] {
        let said = text(folder.path(), &format!("{REPLAY} --algorithm {algorithm} --solution chosen.txt"));
        assert!(said.contains("steps      5"), "{algorithm}: {said}");
        let steps = steps(folder.path());
        assert_eq!(steps.len(), 5, "{algorithm}");
        let chosen = fs::read_to_string(folder.path().join("chosen.txt")).unwrap();
        assert!(chosen.lines().count() <= 2 && !chosen.contains("10"), "{algorithm}: {chosen}");
    }
    text(folder.path(), &format!("{REPLAY} --algorithm lazy-greedy"));
    // Covered by at most two: the star's leaves; with an end of the edge one more; both ends after the middle went.
    let values: Vec<f64> = steps(folder.path()).iter().map(|row| row[1]).collect();
    assert_eq!(values, [4.0, 5.0, 5.0, 2.0, 2.0]);
}

#[test]
fn standard_input_compression_and_batches_give_the_same_steps() {
    let folder = inputs();
    text(folder.path(), REPLAY);
    let value = |folder: &Path| steps(folder).last().unwrap()[1];
    let expected = value(folder.path());
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(GRAPH.as_bytes()).unwrap();
    fs::write(folder.path().join("g.txt.gz"), gz.finish().unwrap()).unwrap();
    let piped = REPLAY.replace("g.txt", "g.txt.gz").replace("s.txt", "-");
    let mut child = command(folder.path(), &format!("{piped} --every 3"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(STREAM.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(steps(folder.path()).iter().map(|row| row[0]).collect::<Vec<_>>(), [3.0, 5.0]);
    assert_eq!(value(folder.path()), expected);
}

/// Ids without edges, up to a stated count: worth nothing by their neighbours, one by themselves.
#[test]
fn nodes_without_edges_can_be_inserted() {
    let folder = inputs();
    fs::write(folder.path().join("s.txt"), "+ 10\n+ 99\n+ 98\n- 10\n").unwrap();
    for (function, left) in [("coverage", 0.0), ("closed-coverage", 2.0)] {
        text(
            folder.path(),
            &format!(
                "replay --function {function} --input g.txt --stream s.txt --k 3 --nodes 100 --out steps.csv"
            ),
        );
        assert_eq!(steps(folder.path()).last().unwrap()[1], left, "{function}");
    }
    fs::write(folder.path().join("p.csv"), "0,0\n0,1\n").unwrap();
    let refused = "replay --function facility --input p.csv --stream s.txt --k 2 --nodes 5 --out x.csv";
    assert!(refusal(folder.path(), refused, 2).contains("--nodes is for coverage"));
}

#[test]
fn facilities_are_points_in_a_file() {
    let folder = inputs();
    fs::write(folder.path().join("p.csv"), "0,0\n0,1\n5,5\n").unwrap();
    fs::write(folder.path().join("s.txt"), "+ 0\n+ 1\n+ 2\n- 0\n").unwrap();
    let said =
        text(folder.path(), "replay --function facility --input p.csv --stream s.txt --k 2 --out steps.csv");
    assert!(said.contains("solution   1 2"), "{said}");
    let refused = "replay --function facility --input p.csv --stream s.txt --k 2 --bandwidth -1 --out x.csv";
    assert!(refusal(folder.path(), refused, 2).contains("--bandwidth"));
}

#[test]
fn a_bad_operation_names_its_line_and_keeps_what_was_done() {
    let folder = inputs();
    for (line, fault) in [
        ("+ 10", "s.txt line 3: 10 is inserted, but it is there already"),
        ("- 12", "s.txt line 3: 12 is deleted, but it is not there"),
        ("+ 99", "s.txt line 3: unknown id 99"),
        ("insert 3", "s.txt line 3: expected `+ id` or `- id`, found \"insert 3\""),
        ("+ -3", "s.txt line 3: expected"),
        ("+", "s.txt line 3: expected"),
        ("++12", "s.txt line 3: expected"),
        ("é 3", "s.txt line 3: expected"),
    ] {
        for every in ["", " --every 10"] {
            fs::write(folder.path().join("s.txt"), format!("+ 10\n+ 11\n{line}\n+ 12\n")).unwrap();
            let said = failure(folder.path(), &format!("{REPLAY}{every}"), 1);
            assert!(said.contains(fault) && said.contains("the 2 steps before it were done"), "{said}");
            assert_eq!(steps(folder.path()).last().unwrap()[0], 2.0);
        }
    }
}

#[test]
fn bad_files_and_options_get_one_line() {
    let folder = inputs();
    fs::write(folder.path().join("bad.txt"), "1 2\n3 x\n").unwrap();
    fs::write(folder.path().join("empty.txt"), "# nothing\n").unwrap();
    fs::write(folder.path().join("cut.gz"), b"\x1f\x8b\x08\x00\x00").unwrap();
    for (graph, fault) in [
        ("none.txt", "cannot read none.txt"),
        ("bad.txt", "bad.txt line 2: expected two whole numbers, found \"3 x\""),
        ("empty.txt", "empty.txt: no edges in it"),
        ("cut.gz", "cannot read cut.gz"),
    ] {
        let said = refusal(folder.path(), &REPLAY.replace("g.txt", graph), 1);
        assert!(said.contains(fault), "{said}");
    }
    for (wrong, fault) in [
        (REPLAY.replace("--k 2", "--k 0"), "--k"),
        (format!("{REPLAY} --epsilon 1"), "--epsilon"),
        (format!("{REPLAY} --epsilon NaN"), "--epsilon"),
        (format!("{REPLAY} --epsilon 1e-300"), "at least 0.001"),
        (format!("{REPLAY} --solution ./steps.csv"), "two outputs need a file each"),
        (
            "generate --nodes 20 --out-graph new.txt --out-stream ./new.txt".into(),
            "two outputs need a file each",
        ),
        (format!("{REPLAY} --algorithm best"), "--algorithm"),
        (REPLAY.replace("steps.csv", "s.txt"), "s.txt is one of the inputs"),
        (format!("{REPLAY} --solution steps.csv"), "two outputs need a file each"),
    ] {
        assert!(refusal(folder.path(), &wrong, 2).contains(fault), "{wrong}");
    }
    let unwritable = REPLAY.replace("steps.csv", "/proc/none/steps.csv");
    assert!(refusal(folder.path(), &unwritable, 1).contains("cannot write /proc/none"));
    assert_eq!(fs::read_to_string(folder.path().join("s.txt")).unwrap(), STREAM);
}

/// Every command of the two READMEs runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 3);
}

/// The experiments end, every cell is measured, and the claim that the smallest grid can judge has its verdict.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    let half = verdicts.split("\"id\"").find(|claim| claim.contains("half-at-every-step")).unwrap();
    assert!(half.contains("\"verdict\": \"reproduced\""), "{half}");
}
