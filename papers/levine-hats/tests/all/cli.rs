//! The command on good and bad input, and the README's examples of it.

use std::fs;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

#[test]
fn constructions_are_written_and_evaluate_to_their_values() {
    let folder = tempfile::tempdir().unwrap();
    let values = [
        ("S5", "7/20"),
        ("S3", "7/20"),
        ("chain --height 4", "89 of 2^8"),
        ("mod3 --players 4", "886 of 2^12"),
        ("mod2 --players 3", "14 of 2^6"),
        ("white-restart --players 3", "136/511"),
        ("first-black --height 2", "5 of 2^4"),
    ];
    for (construction, value) in values {
        let said = text(folder.path(), &format!("construct {construction} --out s.json"));
        assert!(said.contains(value), "{construction}: {said}");
        let again = text(folder.path(), "evaluate s.json");
        assert!(said.starts_with(&again), "evaluating the file says the same:\n{said}\n{again}");
    }
    text(folder.path(), "construct S3 --out s.json");
    assert!(text(folder.path(), "evaluate s.json --bias 0.3").contains("3/10"));
}

#[test]
fn a_search_writes_what_it_found_and_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let search = "search --height 5 --restarts 128 --seed 4 --out";
    let first = text(folder.path(), &format!("{search} a.json --threads 1"));
    assert!(first.contains("wins       358 of 2^10"), "{first}");
    text(folder.path(), &format!("{search} b.json --threads 2"));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("a.json"), read("b.json"));
    let blocks = text(folder.path(), "search --height 3 --stopping one-colour --restarts 64 --out d.json");
    assert!(blocks.contains("7/20"), "{blocks}");
    let biased = "search --height 3 --stopping white --bias 3/10 --restarts 64 --out d.json";
    assert!(text(folder.path(), biased).contains("17742/98039"));
    text(folder.path(), "search --height 5 --restarts 64 --from a.json --out c.json");
    assert!(text(folder.path(), "evaluate c.json").contains("358 of 2^10"));
}

#[test]
fn bounds_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    assert!(text(folder.path(), "bound --players 2 --height 5").contains("386 of 2^10"));
    assert!(
        text(folder.path(), "bound --players 4 --height 3").contains("886 of 2^12 = 0.216308594 (attained")
    );
    assert!(text(folder.path(), "bound --players 2 --height 40").contains("lower bound"));
    assert!(text(folder.path(), "bound --players 3 --height 4").contains("1125 of 2^12"));
    assert!(refusal(folder.path(), "bound --players 1 --height 3", 2).contains("expected 2 to 60 players"));
    assert!(refusal(folder.path(), "bound --players 9 --height 99", 2).contains("expected 1 to 13 hats"));
}

#[test]
fn malformed_strategies_get_one_line_with_the_file_and_the_fault() {
    let folder = tempfile::tempdir().unwrap();
    let faults = [
        (r#"{"players":2,"height":1,"guesses":[[1,1],[1]]}"#, "player 2: expected 2 guesses"),
        (
            r#"{"players":2,"height":1,"guesses":[[1,2],[1,1]]}"#,
            "player 1, guess 2: expected a hat from 1 to 1",
        ),
        (r#"{"players":2,"height":99,"guesses":[[],[]]}"#, "expected a height from 1 to 24"),
        (
            r#"{"players":3,"height":1,"guesses":[[1,1],[1,1]]}"#,
            "expected one list of guesses for each of 3 players, found 2",
        ),
        (r#"{"players":2,"height":1,"guesses":[[0,0],[0,0]]}"#, "never ends"),
        (r#"{"players":2,"height":1"#, "EOF"),
        ("", "EOF"),
    ];
    for (content, fault) in faults {
        fs::write(folder.path().join("s.json"), content).unwrap();
        let said = refusal(folder.path(), "evaluate s.json", 1);
        assert!(said.contains(fault), "{content}: {said}");
    }
    assert!(refusal(folder.path(), "evaluate none.json", 1).contains("cannot read none.json"));
}

#[test]
fn usage_faults_get_one_line_and_exit_code_two() {
    let folder = tempfile::tempdir().unwrap();
    let faults = [
        ("construct S4 --out out.json", "odd block of at least 3 hats, found 4"),
        ("construct nothing --out out.json", "expected S3, S5"),
        ("construct mod3 --players 99 --out out.json", "expected 2 to 25 players, found 99"),
        ("construct chain --players 3 --out out.json", "chain is for two players"),
        ("construct S3 --height 9 --out out.json", "S3 has a height of its own"),
        (
            "search --players 5 --height 6 --restarts 1 --out out.json",
            "expected a height from 1 to 4 for 5 players",
        ),
        ("search --height 0 --restarts 1 --out out.json", "expected a height from 1 to 24"),
        ("search --height 40 --restarts 1 --out out.json", "expected a height from 1 to 24"),
        ("search --height 3 --time soon --out out.json", "expected a time such as 90s"),
        ("evaluate s.json --bias 2", "expected a probability"),
        ("evaluate s.json --bias 0.x", "expected a probability"),
    ];
    for (arguments, fault) in faults {
        let said = refusal(folder.path(), arguments, 2);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
    text(folder.path(), "construct chain --height 3 --out s.json");
    let said = refusal(folder.path(), "search --height 3 --from s.json --restarts 1 --out s.json", 2);
    assert!(said.contains("is one of the inputs"), "{said}");
    let said = refusal(folder.path(), "search --height 3 --restarts 1 --out /proc/none/s.json", 1);
    assert!(said.contains("cannot write /proc/none"), "{said}");
}

/// Every `levine-hats` command of the two READMEs runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 4);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("s5-attains") && !verdicts.contains("not-reproduced"), "{verdicts}");
}
