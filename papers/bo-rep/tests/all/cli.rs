//! The command on good and bad input, and the README's examples of it.

use std::fs::write;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn cases() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases").into()
}

#[test]
fn a_point_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let problem = format!("--problem {}/closed_form.json --name cosh_1", cases());
    let said = text(folder.path(), &format!("gradient {problem} --x=-0.942,-0.557"));
    assert!(
        said.contains("Φ                    5.81064")
            && said.contains("∇Φ                   0.845142, -1.0457"),
        "{said}"
    );
    for inverse in ["cg", "neumann:20", "linear:0.1"] {
        let said = text(folder.path(), &format!("gradient {problem} --x 1,1 --y 0,0 --inverse {inverse}"));
        assert!(said.contains("off by"), "{said}");
    }
}

#[test]
fn a_problem_is_solved_by_every_method() {
    let folder = tempfile::tempdir().unwrap();
    for method in ["borep", "slip", "clip", "soba", "masoba", "saba", "stocbio", "ttsa", "sustain", "vrbo"] {
        let said = text(
            folder.path(),
            &format!(
                "solve --problem {}/closed_form.json --x 3,-2 --method {method} --noise 1 --calls 1e4 --eta 0.003 --trace t.csv",
                cases()
            ),
        );
        assert!(said.contains("|∇Φ|"), "{said}");
        let trace = std::fs::read_to_string(folder.path().join("t.csv")).unwrap();
        assert!(trace.starts_with("calls,gradient,length,x1,x2\n") && trace.lines().count() > 10, "{trace}");
    }
}

#[test]
fn sequences_are_measured_represented_and_cleaned() {
    let folder = tempfile::tempdir().unwrap();
    let cases = cases();
    for cell in ["rnn", "gru", "lstm"] {
        let said = text(
            folder.path(),
            &format!("smoothness --data {cases}/train.txt --cell {cell} --hidden 4 --out s.csv"),
        );
        assert!(said.contains("slope"), "{said}");
        assert!(
            std::fs::read_to_string(folder.path().join("s.csv"))
                .unwrap()
                .starts_with("gradient,smoothness\n")
        );
    }
    let pair = format!("--train {cases}/train.txt --valid {cases}/valid.txt");
    let said = text(folder.path(), &format!("represent {pair} --hidden 4 --calls 2000 --out net.json"));
    assert!(said.contains("validation rows"), "{said}");
    assert!(folder.path().join("net.json").exists());
    let noisy = format!("--train {cases}/noisy.txt --valid {cases}/valid.txt --truth {cases}/true.txt");
    for lower in ["head", "full --calls 600"] {
        let said = text(folder.path(), &format!("clean {noisy} --lower {lower} --out w.csv"));
        assert!(said.contains("of pairs with the flipped row below"), "{said}");
        assert_eq!(std::fs::read_to_string(folder.path().join("w.csv")).unwrap().lines().count(), 121);
    }
    let said = text(folder.path(), &format!("bayes --chains {cases}/chains.json --length 5"));
    assert!(said.contains("0.3487052171347638") && said.contains("57443017183/164732313600"), "{said}");
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let (cases, here) = (cases(), folder.path());
    write(here.join("three.txt"), "yes a b\nno b\nmaybe a\n").unwrap();
    write(here.join("one.txt"), "yes a b\nyes b\n").unwrap();
    write(here.join("bare.txt"), "yes a b\nno\n").unwrap();
    write(here.join("empty.txt"), "# nothing\n\n").unwrap();
    write(here.join("new.txt"), "yes a z\nno a\n").unwrap();
    write(here.join("label.txt"), "yes a\nfoo a\n").unwrap();
    write(here.join("bad.json"), "{\"kind\": \"cone\", \"c\": [1], \"a\": [1], \"b\": [0], \"w\": [0]}")
        .unwrap();
    write(here.join("cut.json"), "{\"kind\": ").unwrap();
    write(here.join("nan.json"), "{\"kind\": \"cosh\", \"c\": [\"NaN\"], \"a\": [1]}").unwrap();
    write(here.join("zero.json"), "{\"P0\": [[\"1/0\",\"1/2\"],[\"1/2\",\"1/2\"]], \"P1\": []}").unwrap();
    write(
        here.join("rows.json"),
        "{\"P0\": [[\"1/2\",\"1/3\"],[\"1/2\",\"1/2\"]], \"P1\": [[\"1/2\",\"1/2\"],[\"1/2\",\"1/2\"]]}",
    )
    .unwrap();
    let problem = format!("--problem {cases}/closed_form.json");
    let valid = format!("--valid {cases}/valid.txt");
    for (arguments, code, fault) in [
        (format!("gradient {problem} --x 1"), 2, "--x: expected 2 numbers, found 1"),
        (format!("gradient {problem} --x 1,nan"), 2, "--x: expected finite numbers"),
        (format!("gradient {problem} --x 9000,0"), 2, "not finite"),
        (format!("gradient {problem} --x 1,2 --inverse neumann:0"), 2, "at least one term"),
        (format!("gradient {problem} --name none --x 1,2"), 1, "nothing is called none"),
        ("gradient --problem none.json --x 1".into(), 1, "none.json"),
        ("gradient --problem bad.json --x 1".into(), 1, "kind cone: expected cosh"),
        ("gradient --problem cut.json --x 1".into(), 1, "cut.json"),
        ("gradient --problem nan.json --x 1".into(), 1, "c: expected a list of finite numbers"),
        (format!("solve {problem} --calls 0"), 2, "--calls"),
        (format!("solve {problem} --eta 0"), 2, "--eta"),
        (format!("solve {problem} --beta 1"), 2, "expected a number from 0 to below 1"),
        (format!("solve {problem} --period 0"), 2, "--period"),
        (format!("solve {problem} --terms 0"), 2, "--terms"),
        (
            format!("solve {problem} --method soba --period 2"),
            2,
            "--period has no effect on this method: it is for borep",
        ),
        (format!("solve {problem} --trace t.txt"), 2, "t.txt: expected a name that ends in .csv"),
        (format!("solve {problem} --method soba --eta 10 --x 9,9"), 1, "left the numbers"),
        (
            format!("represent --train three.txt {valid}"),
            1,
            "three.txt line 3: label maybe, expected one of two values",
        ),
        (format!("represent --train one.txt {valid}"), 1, "all labels are the same"),
        (format!("represent --train bare.txt {valid}"), 1, "bare.txt line 2: label no without a token"),
        (format!("represent --train empty.txt {valid}"), 1, "empty.txt: no sequences"),
        (
            format!("represent --train {cases}/train.txt --valid new.txt"),
            1,
            "new.txt line 1: token z is not in the training data",
        ),
        (
            format!("represent --train {cases}/train.txt --valid label.txt"),
            1,
            "label.txt line 2: label foo, expected no or yes",
        ),
        (format!("represent --train {cases}/train.txt {valid} --ridge 0"), 2, "--ridge"),
        (
            format!("represent --train {cases}/train.txt {valid} --out {cases}/train.txt"),
            2,
            "expected a name that ends in .json",
        ),
        (
            format!("clean --train {cases}/noisy.txt {valid} --truth {cases}/valid.txt"),
            1,
            "expected the training sequences",
        ),
        ("bayes --chains rows.json".into(), 1, "chain 0, row 1"),
        ("bayes --chains zero.json".into(), 1, "P0: expected a matrix of fractions"),
        (format!("bayes --chains {cases}/chains.json --name chain_3 --length 40"), 2, "--length 40"),
        (
            format!(
                "clean --train {cases}/noisy.txt {valid} --truth {cases}/true.txt --out {cases}/true.txt"
            ),
            2,
            "expected a name that ends in .csv",
        ),
        ("reproduce far-strat --out reports".into(), 2, "did you mean far-start?"),
    ] {
        let said = refusal(here, &arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
    // Tokens that training rows do not have can be one.
    text(here, &format!("represent --train {cases}/train.txt --valid new.txt --unknown --calls 100"));
}

/// Every command of the README runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 6);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("relaxed-smooth"), "{verdicts}");
}
