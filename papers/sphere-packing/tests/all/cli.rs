//! The command on good and bad input, and the README's examples of it.

use std::fs;

use crate::program::{readme_commands, refusal, run, smoke_verdicts, text};

/// The bound in a sentence of `bound`, `check` or `play`.
fn proven(said: &str) -> &str {
    said.split("is denser than ").nth(1).unwrap().split_whitespace().next().unwrap()
}

#[test]
fn bounds_are_proven_and_checked_from_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let said = text(folder, "bound --dimension 8 --digits 6 --certificate two.json");
    assert_eq!(proven(&said), "0.253670");
    assert!(said.contains("E8 with 0.2536695079"), "{said}");
    assert!(proven(&text(folder, "check two.json")).starts_with("0.25366"));
    let said = text(
        folder,
        "bound --dimension 3 --method three-point --degree 2 --radial-degree 6 --certificate three.json --checkpoint iterate",
    );
    assert!(said.contains("hardly helps"), "{said}");
    let checked = text(folder, "check three.json --digits 10");
    assert_eq!(proven(&checked), proven(&said));
    assert!(!folder.join("iterate").exists());
    let said =
        text(folder, "bound --dimension 3 --method three-point --radius 1.142 --truncation 1.5 --trace");
    assert!(proven(&said).starts_with("0.77732801"), "{said}");
    let certificate = fs::read_to_string(folder.join("three.json")).unwrap();
    for (name, damaged) in [
        ("no certificate", certificate[..certificate.len() / 3].to_owned()),
        ("rejected", certificate.replace("\"dimension\": 3", "\"dimension\": 5")),
    ] {
        fs::write(folder.join("bad.json"), damaged).unwrap();
        let said = refusal(folder, "check bad.json", 1);
        assert!(said.contains("bad.json") && said.contains(name), "{name}: {said}");
    }
}

#[test]
fn games_are_played_and_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let first = text(
        folder,
        "play --dimension 3 --degree 2 --radial-degree 4 --evaluations 3 --store s.jsonl --certificate c.json",
    );
    assert!(proven(&text(folder, "check c.json --digits 10")) == proven(&first));
    let second =
        text(folder, "play --dimension 3 --degree 2 --radial-degree 4 --evaluations 4 --store s.jsonl");
    assert!(second.contains("3 of the programmes were in the store"), "{second}");
    assert_eq!(fs::read_to_string(folder.join("s.jsonl")).unwrap().lines().count(), 4);
    for player in ["random", "random-geometry", "bayesian", "tree"] {
        text(
            folder,
            &format!(
                "play --dimension 3 --degree 2 --radial-degree 4 --evaluations 2 --player {player} --seed 4"
            ),
        );
    }
    fs::write(folder.join("bad.jsonl"), "{}\n").unwrap();
    assert!(refusal(folder, "play --dimension 3 --store bad.jsonl", 1).contains("bad.jsonl: line 1"));
    refusal(folder, "play --dimension 3 --store x.json --certificate x.json", 2);
}

#[test]
fn programmes_are_solved_or_said_not_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let good = "3\n1\n2\n48 -8 20\n0 1 1 1 -11\n0 1 2 2 23\n1 1 1 1 10\n1 1 1 2 4\n2 1 2 2 -8\n3 1 1 2 -8\n3 1 2 2 -2\n";
    fs::write(folder.join("good.dat-s"), good).unwrap();
    let said = text(folder, "solve good.dat-s --out x.txt");
    assert!(said.contains("minimum -4.1899"), "{said}");
    assert_eq!(fs::read_to_string(folder.join("x.txt")).unwrap().lines().count(), 3);
    text(folder, "solve good.dat-s --precision 256 --gap 1e-20 --trace");
    // x ≥ 1 and −x ≥ 0; and x without a lower end.
    fs::write(folder.join("infeasible.dat-s"), "1\n1\n-2\n1\n0 1 1 1 1\n1 1 1 1 1\n1 1 2 2 -1\n").unwrap();
    assert!(refusal(folder, "solve infeasible.dat-s --out y.txt", 1).contains("infeasible"));
    fs::write(folder.join("unbounded.dat-s"), "1\n1\n1\n1\n0 1 1 1 -1\n1 1 1 1 -1\n").unwrap();
    assert!(refusal(folder, "solve unbounded.dat-s --out y.txt", 1).contains("unbounded"));
    assert!(refusal(folder, "solve good.dat-s --iterations 2 --out y.txt", 1).contains("not converged"));
    fs::write(folder.join("bad.dat-s"), "3\n1\n2\n48 -8\n").unwrap();
    assert!(refusal(folder, "solve bad.dat-s --out y.txt", 1).contains("line 4"));
    assert!(!folder.join("y.txt").exists(), "nothing is written without a solution");
    refusal(folder, "solve good.dat-s --out good.dat-s", 2);
    refusal(folder, "solve missing.dat-s", 1);
    assert!(refusal(folder, "solve good.dat-s --precision 4096", 2).contains("512"));
}

#[test]
fn misuse_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (arguments, fault) in [
        ("bound --dimension 8 --degree 3", "--method three-point"),
        ("bound --dimension 8 --method three-point --roots 4", "--method two-point"),
        ("bound --dimension 1 --method three-point", "at least 2"),
        ("bound --dimension 3 --method three-point --multipliers 1,q", "multiplier q"),
        ("bound --dimension 3 --method three-point --multipliers 1,d,d", "twice"),
        ("bound --dimension 3 --method three-point --degree 1 --multipliers 1,xyXY", "degree 4"),
        ("bound --dimension 3 --method three-point --truncation 1", "truncation"),
        ("bound --dimension 3 --method three-point --width 9", "width"),
    ] {
        let said = refusal(folder, &format!("{arguments} --certificate out.json"), 2);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
    for arguments in [
        "bound --dimension 0",
        "bound --dimension 401",
        "bound --dimension 8 --digits 0",
        "play --dimension 1",
        "bound --dimension 3 --radius -1",
    ] {
        assert_eq!(run(folder, arguments).status.code(), Some(2), "{arguments}");
    }
    assert!(!folder.join("out.json").exists(), "nothing is written");
    refusal(folder, "check missing.json", 1);
}

#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 4);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("never-below-packings"), "{verdicts}");
}
