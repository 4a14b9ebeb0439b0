//! The command on good and bad input, and the README's examples of it.

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

#[test]
fn an_estimate_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(folder.path(), "estimate --function product --points 1000");
    assert!(said.contains("mean") && said.contains("standard error"), "{said}");
    assert_eq!(
        said,
        text(folder.path(), "estimate --function product --points 1000"),
        "the same seed, the same numbers"
    );
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, fault) in [
        ("estimate --points 1", "--points"),
        ("estimate --function cone", "--function"),
        ("reproduce convergance --out reports", "did you mean convergence?"),
    ] {
        let said = refusal(folder.path(), arguments, 2);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
}

/// Every command of the README runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 1);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("root-rate"), "{verdicts}");
}
