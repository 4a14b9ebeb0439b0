//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::path::Path;

use crate::program::{failure, readme_commands, refusal, smoke_verdicts, text};

/// Records on two nodes with a label.
fn data(folder: &Path) {
    let line = |i: usize| {
        let (a, b) = ((i as f64).sin(), (2.3 * i as f64).cos());
        format!("{a},{b},{},{},{}\n", u8::from(a + 0.3 * b > 0.1), a * b, i % 2)
    };
    let rows: String = (0..400).map(line).collect();
    write(folder.join("d.csv"), format!("a,b,label,product,node\n{rows}")).unwrap();
    write(folder.join("ranges.csv"), "name,low,high\na,-1,1\nb,-1,1\nproduct,-1,1\n").unwrap();
}

#[test]
fn privacy_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(
        folder.path(),
        "account --full-noise 5.6 --full 3 --difference-noise 10.2 --differences 27 --delta 1e-5",
    );
    assert!(said.contains("exact") && said.contains("zero-concentrated"), "{said}");
    let said = text(
        folder.path(),
        "account --full-noise 30 --minibatch-noise 1 --minibatches 100 --rate 0.01 --delta 1e-5",
    );
    assert!(said.contains("at most"), "{said}");
    let said = text(
        folder.path(),
        "calibrate --epsilon 3 --delta 1e-5 --rounds 30 --restart 10 --records 1000 --clip-gradient 2",
    );
    assert!(said.contains("mu                  0.719117") && said.contains("1.22083 times"), "{said}");
    // Far in the tail and with hardly any noise (prv_accountant 17, 36; opacus 601).
    for arguments in ["--full-noise 10 --full 10 --delta 1e-30", "--full-noise 0.01 --full 1 --delta 1e-5"] {
        let said = text(folder.path(), &format!("account {arguments}"));
        assert!(!said.contains("inf") && !said.contains("NaN"), "{said}");
    }
}

#[test]
fn models_are_trained_privately() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let common = "train --data d.csv --target label --node node --epsilon 3 --delta 1e-5 --clip-gradient 1 --clip-difference 0.5 --rounds 20 --out m.json";
    for options in [
        "--ranges ranges.csv",
        "--public-scaling --method gd",
        "--public-scaling --method diff2-local",
        "--public-scaling --method diff2-local --neighbours zero-out --sampling-rate 0.2",
        "--public-scaling --trust node --model softplus:3 --show-losses",
        "--public-scaling --insecure-seed 1",
    ] {
        let said = text(folder.path(), &format!("{common} {options}"));
        assert!(said.contains("privacy             epsilon 3") || said.contains("epsilon 2.99"), "{said}");
        let saved = read_to_string(folder.path().join("m.json")).unwrap();
        assert_eq!(saved.contains("\"private\": false"), options.contains("seed"), "{saved}");
    }
    let seeded = |seed: u32| {
        text(folder.path(), &format!("{common} --public-scaling --insecure-seed {seed}"));
        read_to_string(folder.path().join("m.json")).unwrap()
    };
    assert_eq!(seeded(1), seeded(1));
    assert_ne!(seeded(1), seeded(2));
    // Without a seed no two runs are alike.
    let drawn = || {
        text(folder.path(), &format!("{common} --public-scaling"));
        read_to_string(folder.path().join("m.json")).unwrap()
    };
    assert_ne!(drawn(), drawn());
    let by_bound = common.replace("--rounds 20", "--smoothness 0.5 --gap 0.7");
    assert!(text(folder.path(), &format!("{by_bound} --public-scaling")).contains("rounds"));
}

#[test]
fn audits_refute_weak_noise_only() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(folder.path(), "audit --runs 500 --rounds 6 --restart 3 --seed 1");
    assert!(said.contains("not refuted"), "{said}");
    let line =
        failure(folder.path(), "audit --runs 500 --rounds 6 --restart 3 --seed 1 --noise-factor 0.3", 1);
    assert!(line.contains("refuted"), "{line}");
}

#[test]
fn bad_input_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    write(folder.path().join("nan.csv"), "a,label\n1,0\nNaN,1\n").unwrap();
    write(folder.path().join("labels.csv"), "a,label\n1,0\n2,3\n").unwrap();
    write(folder.path().join("narrow.csv"), "name,low,high\na,1,1\n").unwrap();
    write(folder.path().join("twice.csv"), "name,low,high\na,-1,1\na,-2,1\n").unwrap();
    write(folder.path().join("other.csv"), "a,-1,1\nb,-1,1\nproduct,-1,1\nzzz,0,1\n").unwrap();
    write(folder.path().join("some.csv"), "name,low,high\na,-1,1\n").unwrap();
    let common = "--epsilon 3 --delta 1e-5 --clip-gradient 1 --clip-difference 0.5 --rounds 20 --out m.json";
    for (arguments, code, fault) in [
        (format!("train --data d.csv --target label {common}"), 2, "--ranges"),
        (format!("train --data d.csv --target absent --public-scaling {common}"), 1, "absent"),
        (format!("train --data d.csv --target label --node label --public-scaling {common}"), 1, "both"),
        (format!("train --data nan.csv --target label --public-scaling {common}"), 1, "nan.csv"),
        (format!("train --data labels.csv --target label --public-scaling {common}"), 1, "record 2"),
        (format!("train --data d.csv --target label --ranges narrow.csv {common}"), 1, "line 2"),
        (format!("train --data d.csv --target label --ranges some.csv {common}"), 1, "no bounds for b"),
        (
            format!("train --data d.csv --target label --public-scaling --model softplus:0 {common}"),
            2,
            "softplus",
        ),
        (
            format!(
                "train --data d.csv --target label --public-scaling --method diff2-local --sampling-rate 0.1 {common}"
            ),
            2,
            "zero-out",
        ),
        (
            format!(
                "train --data d.csv --target label --public-scaling --method diff2-local --minibatch 401 {common}"
            ),
            1,
            "400 records",
        ),
        (
            format!(
                "train --data d.csv --target label --public-scaling {}",
                common.replace("m.json", "d.csv")
            ),
            2,
            "json",
        ),
        (
            format!("train --data d.csv --target label --public-scaling {}", common.replace("1e-5", "1")),
            2,
            "delta",
        ),
        (format!("train --data d.csv --target label --ranges twice.csv {common}"), 1, "already"),
        (format!("train --data d.csv --target label --ranges other.csv {common}"), 1, "zzz"),
        (
            format!("train --data d.csv --target label --public-scaling --method gd --restart 3 {common}"),
            2,
            "--restart",
        ),
        (
            format!("train --data d.csv --target label --public-scaling --minibatch 3 {common}"),
            2,
            "--minibatch",
        ),
        (
            format!(
                "train --data d.csv --target label --public-scaling {}",
                common.replace("--rounds 20", "--smoothness 1 --gap 1")
            ),
            2,
            "--clip-difference",
        ),
        (
            format!(
                "train --data d.csv --target label --public-scaling {}",
                common.replace("--epsilon 3 --delta 1e-5", "--epsilon 1e-9 --delta 1e-12")
            ),
            1,
            "lattice",
        ),
        ("account --full-noise 0 --delta 1e-5".into(), 2, "full-noise"),
        ("account --full-noise 1 --full 0 --delta 1e-5".into(), 2, "nothing"),
        ("calibrate --epsilon -1 --delta 1e-5 --rounds 3 --restart 1".into(), 2, "epsilon"),
        ("audit --runs 10".into(), 2, "runs"),
    ] {
        let line = refusal(folder.path(), &arguments, code);
        assert!(line.contains(fault), "{arguments}: {line}");
    }
}

#[test]
fn smoke_profile_runs() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("diff2-rate"), "{verdicts}");
}

#[test]
fn the_readme_is_right() {
    assert!(readme_commands() >= 4);
}
