//! The command on good and bad input, and the README's examples of it.

use std::fs;
use std::process::Command;

use crate::program::{readme_commands, refusal, run, smoke_verdicts, text};

/// Data of a random graph with its truth.
fn generated(options: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    text(folder.path(), &format!("generate {options} --out data.csv --truth truth.csv"));
    folder
}

#[test]
fn incomplete_rows_are_left_out_on_request() {
    let folder = generated("--variables 5 --rows 300");
    let folder = folder.path();
    let data = fs::read_to_string(folder.join("data.csv")).unwrap();
    let holes: Vec<String> = data
        .lines()
        .enumerate()
        .map(|(k, line)| match k {
            10 | 20 => line.split_once(',').map(|(_, rest)| format!(",{rest}")).unwrap(),
            _ => line.to_owned(),
        })
        .collect();
    fs::write(folder.join("holes.csv"), holes.join("\n") + "\n").unwrap();
    let said = text(folder, "fit holes.csv --missing drop --out graph.csv");
    assert!(said.contains("2 rows with empty fields are left out of 300"), "{said}");
    refusal(folder, "fit holes.csv --out other.csv", 1);
}

#[test]
fn graphs_are_learned_and_compared() {
    let folder = generated("--variables 8 --rows 2000");
    let folder = folder.path();
    let said = text(folder, "fit data.csv --out graph.csv");
    assert!(said.contains("sortability by variance") && said.contains("no order scores below"), "{said}");
    let said = text(folder, "compare truth.csv graph.csv --data data.csv");
    assert!(said.contains("SHD    0 edges") && said.contains("after a refit"), "{said}");
    let exact = text(folder, "exact data.csv");
    assert!(exact.contains("proven"), "{exact}");
    let score =
        |said: &str| said.split("score").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(score(&text(folder, "fit data.csv --out again.csv")), score(&exact));
    // The order's own graph is complete, and what one writes another reads.
    text(folder, "fit data.csv --out full.csv --prune none --restarts 3 --moves both");
    assert_eq!(fs::read_to_string(folder.join("full.csv")).unwrap().lines().count(), 29);
    for moves in ["paper", "swaps", "insertions"] {
        text(
            folder,
            &format!("fit data.csv --out warm.csv --warm-start graph.csv --restarts 0 --moves {moves}"),
        );
    }
    for start in ["random", "variance", "determination", "equal-variance"] {
        text(folder, &format!("fit data.csv --out warm.csv --start {start} --restarts 2 --perturbations 0"));
    }
}

#[test]
fn graphs_are_written_for_other_programs() {
    let folder = generated("--variables 4 --edges 1 --rows 200");
    text(folder.path(), "fit data.csv --out graph.dot");
    text(folder.path(), "fit data.csv --out graph.graphml");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("graph.dot").starts_with("digraph {") && read("graph.dot").contains(" -> "));
    assert!(
        read("graph.graphml").contains("<edge source=") && read("graph.graphml").ends_with("</graphml>\n")
    );
}

#[test]
fn names_with_commas_and_quotes_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("data.csv"), "\"a,b\",\"c \"\"d\"\"\"\n1,2\n2,3\n4,1\n0,5\n").unwrap();
    text(folder, "fit data.csv --out graph.csv --prune none");
    assert!(text(folder, "compare graph.csv graph.csv --data data.csv").contains("SHD    0"));
    text(folder, "fit data.csv --out again.csv --warm-start graph.csv");
    fs::write(folder.join("marked.csv"), "\u{feff}\"from\",\"to\"\nu,v\n").unwrap();
    assert!(text(folder, "compare marked.csv marked.csv").contains("1 found, 1 true"));
}

#[test]
fn required_edges_are_written_whatever_the_penalty() {
    let folder = generated("--variables 5 --rows 200");
    fs::write(folder.path().join("c.toml"), "required = [[\"x1\", \"x2\"]]").unwrap();
    let said = text(folder.path(), "fit data.csv --l1 1000 --constraints c.toml --out graph.csv");
    assert!(said.contains("required edge x1 → x2 the weight 0"), "{said}");
    assert!(fs::read_to_string(folder.path().join("graph.csv")).unwrap().contains("x1,x2,0"));
}

#[test]
fn other_scores_learn_too() {
    let folder = generated("--variables 5 --rows 500 --model logistic");
    assert!(text(folder.path(), "fit data.csv --score logistic --out graph.csv").contains("KKT"));
    text(folder.path(), "fit data.csv --score logistic --l1 0.01 --intercept --out graph.csv");
    assert!(text(folder.path(), "exact data.csv --score logistic").contains("proven"));
    let folder = generated("--variables 4 --rows 150 --model mlp --edges 1");
    text(folder.path(), "fit data.csv --score mlp --hidden 5 --prune 0.5 --standardise --out graph.csv");
    let said = text(folder.path(), "fit data.csv --l1 0.1 --out graph.csv --restarts 2");
    assert!(said.contains("KKT"), "{said}");
    text(folder.path(), "exact data.csv --l1 0.1");
}

#[test]
fn constraints_hold() {
    let folder = generated("--variables 5 --rows 300");
    let folder = folder.path();
    let lines = "required = [[\"x5\", \"x1\"]]\nforbidden = [[\"x2\", \"x3\"], [\"x3\", \"x2\"]]\ntiers = [[\"x5\"], [\"x4\"]]\n";
    fs::write(folder.join("c.toml"), lines).unwrap();
    for moves in ["paper", "both"] {
        text(
            folder,
            &format!("fit data.csv --constraints c.toml --out graph.csv --moves {moves} --restarts 3"),
        );
        let graph = fs::read_to_string(folder.join("graph.csv")).unwrap();
        assert!(graph.contains("x5,x1,"), "{graph}");
        assert!(
            !graph.contains("x2,x3,") && !graph.contains("x3,x2,") && !graph.contains("x4,x5,"),
            "{graph}"
        );
    }
    fs::write(folder.join("t.toml"), "tiers = [[\"x1\"], [\"x2\", \"x3\"], [\"x4\", \"x5\"]]\n").unwrap();
    let said = text(folder, "fit data.csv --constraints t.toml --out graph.csv");
    let order = said.lines().find(|line| line.starts_with("order")).unwrap().to_owned();
    let place = |name: &str| order.find(name).unwrap();
    assert!(place("x1") < place("x2").min(place("x3")), "{order}");
    assert!(place("x2").max(place("x3")) < place("x4").min(place("x5")), "{order}");
    for (content, fault) in [
        ("required = [[\"x1\", \"x2\"], [\"x2\", \"x1\"]]", "form a circle"),
        (
            "required = [[\"x1\", \"x2\"]]\nforbidden = [[\"x1\", \"x2\"]]",
            "x1 → x2 is required and forbidden",
        ),
        ("required = [[\"x1\", \"y\"]]", "\"y\" is no column"),
        ("tiers = [[\"x1\"], [\"x1\"]]", "x1 stands twice"),
        ("required = [[\"x1\", \"x2\", \"x3\"]]", "two names"),
        ("demanded = []", "bad.toml line 1: unknown field"),
        ("required = 3", "expected"),
    ] {
        fs::write(folder.join("bad.toml"), content).unwrap();
        let told = refusal(folder, "fit data.csv --constraints bad.toml --out out.csv", 1);
        assert!(told.contains("bad.toml") && told.contains(fault), "{told}");
    }
}

#[test]
fn faults_are_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let write = |name: &str, content: &str| fs::write(folder.join(name), content).unwrap();
    for (content, fault) in [
        ("a,b\n1,2\n1,3\n1,5\n", "column 1 is constant: it can be neither cause nor effect, remove it (a)"),
        ("a,b\n1,2\n2,nan\n", "line 3, field 2: expected a finite number"),
        ("a,a\n1,2\n2,1\n", "two columns are called \"a\""),
        ("a,b,c\n1,2,4\n2,1,1\n", "2 row(s) for 3 column(s)"),
        ("a,b\n1,2\n2,4\n3,6\n", "column 2 is a linear combination"),
        ("a,b\n1,2,3\n", "line 2 has 3 fields"),
        ("a,,c\n1,2,3\n", "a column has no name"),
        ("a,b\n1,2\n", "1 row(s) for 2 column(s)"),
        ("a,b\n", "no numbers in it"),
        ("", "no numbers in it"),
    ] {
        write("data.csv", content);
        let told = refusal(folder, "fit data.csv --out out.csv", 1);
        assert!(told.contains("data.csv") && told.contains(fault), "{told}");
    }
    write("data.csv", "a,b\n0.5,2\n1,3\n0,1\n");
    assert!(
        refusal(folder, "fit data.csv --score logistic --out out.csv", 1)
            .contains("needs 0 or 1, found 0.5 (a)")
    );
    write("same.csv", "a,b\n0,0\n1,1\n0,0\n1,1\n");
    assert!(
        refusal(folder, "fit same.csv --score logistic --intercept --out out.csv", 1).contains("told apart")
    );
    assert!(refusal(folder, "fit missing.csv --out out.csv", 1).contains("missing.csv"));
    assert!(refusal(folder, "fit data.txt --out out.csv", 1).contains(".npy or .parquet"));
    write("data.csv", "a,b\n1,2\n2,3\n4,1\n");
    write("graph.csv", "from,to\na,c\n");
    assert!(
        refusal(folder, "fit data.csv --warm-start graph.csv --out out.csv", 1)
            .contains("\"c\" is not among")
    );
    write("other.csv", "from,to\nu,v\n");
    assert!(refusal(folder, "compare graph.csv other.csv", 1).contains("no node in common"));
    write("graph.csv", "from,to,weight\na,b,x\n");
    assert!(refusal(folder, "compare graph.csv graph.csv", 1).contains("line 2: expected a finite weight"));
    write("graph.csv", "from,to\na,b\na,b\n");
    assert!(refusal(folder, "compare graph.csv graph.csv", 1).contains("twice"));
    for (content, fault) in
        [("from,to\na,a\n", "line 2: a is its own cause"), ("from,to\n,a\n", "line 2: a node has no name")]
    {
        write("graph.csv", content);
        assert!(refusal(folder, "compare graph.csv graph.csv", 1).contains(fault));
    }
    for usage in [
        "fit data.csv --out out.csv --hidden 3",
        "fit data.csv --out out.csv --l1 1 --perturbations 3",
        "generate --variables 3 --edges 5 --out a.csv --truth b.csv",
        "fit data.csv --out data.csv",
        "fit data.csv --out graph.txt",
        "fit data.csv --out out.csv --score logistic --standardise",
        "fit data.csv --out out.csv --intercept",
        "exact data.csv --score mlp",
        "generate --out a.csv --truth a.csv",
    ] {
        refusal(folder, usage, 2);
    }
    for usage in [
        "fit data.csv --out out.csv --l1 -1",
        "fit data.csv --out out.csv --prune -2",
        "fit data.csv --out out.csv --score least",
    ] {
        assert_eq!(run(folder, usage).status.code(), Some(2), "{usage}");
    }
}

#[test]
fn restarts_are_the_same_for_any_number_of_threads() {
    let folder = generated("--variables 12 --rows 200 --seed 3");
    let graph = |threads: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_notears-topo"));
        let arguments = ["fit", "data.csv", "--out", "graph.csv", "--restarts", "7"];
        let output = command
            .current_dir(folder.path())
            .env("RAYON_NUM_THREADS", threads)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success());
        (output.stdout, fs::read(folder.path().join("graph.csv")).unwrap())
    };
    assert_eq!(graph("1"), graph("3"));
}

/// Every command of the READMEs that calls this program works as written, one after the other.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 5);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("kkt-resorted"), "{verdicts}");
}
