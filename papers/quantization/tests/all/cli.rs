//! The command on good and bad input, and the README's examples of it.

use std::fs;

use crate::program::{readme_commands, refusal, run, smoke_verdicts, text};

/// A small network on points of the plane in two classes.
fn trained() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (mut points, mut labels) = (String::new(), String::new());
    for i in 0..200 {
        let (x, y) = ((i * 37 % 200) as f64 / 100.0 - 1.0, (i * 91 % 200) as f64 / 100.0 - 1.0);
        points += &format!("{x},{y}\n");
        labels += &format!("{}\n", u8::from(x > y));
    }
    fs::write(folder.path().join("x.csv"), points).unwrap();
    fs::write(folder.path().join("y.csv"), labels).unwrap();
    let said = text(folder.path(), "train --data x.csv --labels y.csv --epochs 60 --out m.safetensors");
    assert!(said.contains("2338 parameters"), "{said}");
    folder
}

#[test]
fn networks_are_quantised_evaluated_and_inspected() {
    let folder = trained();
    let folder = folder.path();
    let accuracy = |said: &str| -> f64 {
        said.split("accuracy ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap()
    };
    let real = accuracy(&text(folder, "evaluate m.safetensors --data x.csv --labels y.csv"));
    assert!(real > 0.9, "{real}");
    for options in [
        "--bits 8",
        "--bits 4 --method gptq",
        "--bits 4 --method adaround --granularity tensor",
        "--bits 4 --method obq --range mse",
        "--bits 4 --method bias-correction --layout full",
        "--bits 4 --method equalisation --activation-bits 0",
        "--bits 3 --granularity group:2 --layout asymmetric",
        "--bits 8 --granularity channels:8 --range percentile:99.9 --activation-range entropy",
    ] {
        let said = text(
            folder,
            &format!("quantize m.safetensors {options} --calibration x.csv --out q.safetensors"),
        );
        assert!(said.contains(" before"), "{said}");
        let said = text(folder, "evaluate q.safetensors --data x.csv --labels y.csv");
        assert!(accuracy(&said) > real - 0.1, "{options}: {said}");
        assert!(said.contains("integers"), "{said}");
        let said = text(folder, "inspect q.safetensors --before m.safetensors --figure h.png");
        assert!(said.contains("layer 2") && said.contains("of the mean square"), "{said}");
    }
    // By integers alone it says which instructions ran.
    text(folder, "quantize m.safetensors --calibration x.csv --out q.safetensors");
    let said = text(folder, "evaluate q.safetensors --data x.csv --labels y.csv");
    assert!(["AMX", "VNNI", "AVX2", "portable"].iter().any(|path| said.contains(path)), "{said}");
    assert!(text(folder, "inspect m.safetensors").contains("dense 64 × 2"));
}

#[test]
fn faults_are_told_in_one_line() {
    let folder = trained();
    let folder = folder.path();
    let write = |name: &str, content: &[u8]| fs::write(folder.join(name), content).unwrap();
    let out = "--out out.safetensors";
    write("three.csv", b"1,2,3\n");
    assert!(
        refusal(folder, &format!("quantize m.safetensors --calibration three.csv {out}"), 1)
            .contains("rows of 3 numbers, the network takes 2")
    );
    write("nan.csv", b"1,nan\n");
    assert!(
        refusal(folder, &format!("quantize m.safetensors --calibration nan.csv {out}"), 1)
            .contains("nan.csv line 1, field 2")
    );
    write("empty.csv", b"");
    assert!(
        refusal(folder, &format!("quantize m.safetensors --calibration empty.csv {out}"), 1)
            .contains("no numbers")
    );
    write("broken.safetensors", &fs::read(folder.join("m.safetensors")).unwrap()[..200]);
    assert!(
        refusal(folder, &format!("quantize broken.safetensors --calibration x.csv {out}"), 1)
            .contains("no safetensors file")
    );
    assert!(
        refusal(folder, &format!("quantize missing.safetensors --calibration x.csv {out}"), 1)
            .contains("cannot read missing")
    );
    text(folder, "quantize m.safetensors --calibration x.csv --out q.safetensors");
    assert!(
        refusal(folder, &format!("quantize q.safetensors --calibration x.csv {out}"), 1)
            .contains("quantised already")
    );
    write("huge.csv", b"1,1e300\n");
    assert!(
        refusal(folder, &format!("quantize m.safetensors --calibration huge.csv {out}"), 1)
            .contains("row 1, column 2: 1000000000")
    );
    write("large.csv", b"3e38,-3e38\n3e38,3e38\n");
    assert!(
        refusal(folder, &format!("quantize m.safetensors --calibration large.csv {out}"), 1)
            .contains("large.csv")
    );
    write("labels.csv", b"0\n1\n");
    assert!(
        refusal(folder, "evaluate m.safetensors --data x.csv --labels labels.csv", 1)
            .contains("2 labels for 200 rows")
    );
    write("labels.csv", "0\n".repeat(199).as_bytes());
    fs::write(folder.join("labels.csv"), "0\n".repeat(199) + "7\n").unwrap();
    assert!(
        refusal(folder, "evaluate m.safetensors --data x.csv --labels labels.csv", 1)
            .contains("entry 200: expected a label from 0 to 1")
    );
    for usage in [
        "quantize m.safetensors --calibration x.csv --out m.safetensors",
        "quantize m.safetensors --calibration x.csv --out out.bin",
        "inspect m.safetensors --figure out.txt",
        "train --data x.csv --labels y.csv --shape convolutional --out out.safetensors",
        "train --test-data t.csv --test-labels l.csv --out out.safetensors",
        "train --test-data t.npy --test-labels l.txt --out out.safetensors",
    ] {
        refusal(folder, usage, 2);
    }
    for usage in ["--bits 9", "--bits 1", "--granularity group:0", "--range percentile:20", "--method magic"]
    {
        let command = format!("quantize m.safetensors --calibration x.csv {out} {usage}");
        assert_eq!(run(folder, &command).status.code(), Some(2), "{usage}");
    }
}

/// Constant calibration data and weights that are all zero are handled: scale 1, nothing divides by zero.
#[test]
fn degenerate_input_is_quantised() {
    let folder = trained();
    fs::write(folder.path().join("zero.csv"), "0,0\n0,0\n").unwrap();
    for method in ["nearest", "gptq", "adaround"] {
        text(
            folder.path(),
            &format!("quantize m.safetensors --method {method} --calibration zero.csv --out q.safetensors"),
        );
        text(folder.path(), "evaluate q.safetensors --data x.csv --labels y.csv");
    }
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
    assert!(verdicts.contains("integers-suffice"), "{verdicts}");
}
