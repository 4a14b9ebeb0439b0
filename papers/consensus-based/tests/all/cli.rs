//! The command on good and bad input, and the README's examples of it.

use std::fs::write;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

#[test]
fn a_formula_is_minimised() {
    let folder = tempfile::tempdir().unwrap();
    let said = text(folder.path(), "minimise --objective (x-1)^2+abs(y+2) --box=-5,5 --runs 3");
    assert!(said.contains("x = 1.0") && said.contains("3 of 3 runs"), "{said}");
    assert_eq!(
        said,
        text(folder.path(), "minimise --objective (x-1)^2+abs(y+2) --box=-5,5 --runs 3"),
        "the same seed, the same run"
    );
    // A sign is weaker than a power, and numbers may have exponents.
    let said = text(folder.path(), "minimise --objective -x^2+1e-1*x --box=-1,2");
    assert!(said.contains("x = 2\n"), "{said}");
    let said = text(
        folder.path(),
        "minimise --objective canyon --start 8,8 --hop 0.7 --alpha 100 --steps 250 --out path.csv",
    );
    assert!(said.contains("best value"), "{said}");
    let path = std::fs::read_to_string(folder.path().join("path.csv")).unwrap();
    assert!(
        path.starts_with("run,step,x1,x2,effective_particles,best_particle_value\n")
            && path.lines().count() == 251
    );
}

#[test]
fn parameters_are_fitted_to_data() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<String> =
        (0..40).map(|k| f64::from(k) / 8.0).map(|t| format!("{t},{}", 2.0 * (1.5 * t).sin() + 1.0)).collect();
    write(folder.path().join("t.csv"), format!("t,y\n{}\n", rows.join("\n"))).unwrap();
    let said = text(folder.path(), "minimise --objective (y-a*sin(1.5*t)-c)^2 --data t.csv --box=-4,4");
    assert!(said.contains("a = 2.0") || said.contains("a = 1.99"), "{said}");
    let said =
        text(folder.path(), "compare --objective (y-a*sin(1.5*t)-c)^2 --data t.csv --start 0,0 --steps 5");
    assert!(said.contains("null: no motion"), "{said}");
}

#[test]
fn the_consensus_of_a_file_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path().join("p.csv"), "a,b,e\n1,2,3\n2,3,1\n0,0,1\n").unwrap();
    let said = text(folder.path(), "consensus --points p.csv --energy-column e --alpha inf");
    assert!(
        said.contains("a               1\n")
            && said.contains("b               1.5\n")
            && said.contains("2 of 3 particles"),
        "{said}"
    );
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path().join("p.csv"), "a,e\n1,2\n2,x\n").unwrap();
    write(folder.path().join("q.csv"), "a,e\n1,2\n2,3\n").unwrap();
    for (arguments, code, fault) in [
        ("minimise --objective sphere", 2, "--start or --box"),
        ("minimise --objective sphere --start 1,2,3", 2, "expected 2 numbers (x1, x2), found 3"),
        ("minimise --objective sphere --start 1,inf", 2, "--start: expected finite numbers"),
        (
            "minimise --objective sphere --start 5,5 --box=-1,1",
            2,
            "--start: expected finite coordinates within the bounds, found 5",
        ),
        ("minimise --objective sphere --box=1,-1", 2, "--box: expected"),
        ("minimise --objective Ackley --start 1", 2, "neither a test function"),
        ("minimise --objective x+1e400 --start 1", 2, "beyond 1e308"),
        (
            "minimise --objective (e-k*a)^2 --data q.csv --box=-1,1",
            2,
            "e is a column and a mathematical constant",
        ),
        ("minimise --objective sphere --start 1,1 --step 1 --noise 100", 1, "diverged at step"),
        (
            "minimise --objective sphere --start 1,1 --out big.csv --steps 4000000000",
            2,
            "the path of the consensus would take",
        ),
        (
            "compare --objective sphere --start 1,1 --samples 100000000 --steps 1 --tau 1e-300 --alpha 1e300",
            2,
            "width of hops",
        ),
        ("minimise --objective sphere --start 1,1 --alpha=-1", 2, "--alpha"),
        ("minimise --objective sphere --start 1,1 --alpha ess:2", 2, "--alpha"),
        ("minimise --objective sphere --start 1,1 --step 0", 2, "--step"),
        ("minimise --objective sphere --start 1,1 --particles 0", 2, "--particles"),
        (
            "minimise --objective sphere --start 1,1 --out path.txt",
            2,
            "path.txt: expected a name that ends in .csv",
        ),
        ("minimise --objective sphere --start 1,1 --out q.csv/path.csv", 1, "cannot write"),
        ("minimise --objective x+ --start 1", 2, "--objective \"x+\""),
        ("minimise --objective 2*^x --start 1", 2, "instead of ^ at character 3"),
        ("minimise --objective 3+4 --start 1", 2, "nothing to choose"),
        ("minimise --objective a+a --data q.csv --start 1", 2, "nothing to choose"),
        ("minimise --objective a*b --data p.csv --start 1", 1, "p.csv line 3, field 2"),
        ("minimise --objective a*b --data q.csv --start 1 --out q.csv", 2, "q.csv is one of the inputs"),
        ("minimise --objective log(x) --box=-1,1", 1, "NaN at particle"),
        ("minimise --objective log(x) --box=-2,-1 --nan worst", 1, "no particle is feasible"),
        ("minimise --objective x+1 --dimension 3 --start 1", 2, "--dimension"),
        ("consensus --points p.csv --energy-column e --alpha 1", 1, "p.csv line 3, field 2"),
        ("consensus --points q.csv --energy-column z --alpha 1", 2, "--energy-column z"),
        ("consensus --points q.csv --energy-column e --effective-share 2", 2, "--effective-share: expected"),
        ("consensus --points none.csv --energy-column e --alpha 1", 1, "none.csv"),
        ("compare --objective sphere --start 1,1 --tau 0", 2, "--tau"),
        ("reproduce pats --out reports", 2, "did you mean paths?"),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
}

/// Every command of the README runs as it stands.
#[test]
fn the_commands_of_the_readme_work() {
    assert!(readme_commands() >= 4);
}

/// The experiments end, and nothing in them failed.
#[test]
fn the_smoke_profile_is_reproduced() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("cbo-reaches"), "{verdicts}");
}
