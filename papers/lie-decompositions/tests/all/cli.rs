//! The command on good and bad input, and the README's examples of it.

use std::fs::{read_to_string, write};
use std::path::Path;

use crate::program::{readme_commands, refusal, smoke_verdicts, text};

fn files(folder: &Path) {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for name in ["matrices.csv", "glyphs.csv", "labels.csv"] {
        std::fs::copy(cases.join(name), folder.join(name)).unwrap();
    }
    let put = |name: &str, text: &str| write(folder.join(name), text).unwrap();
    put("three.csv", "1,0,0,0,2,0,0,0,0.5\n");
    put("mirror.csv", "1,0,0,1\n1,0,0,-1\n");
    put("double.csv", "2,0,0,1\n");
    put("wide.csv", "1,2,3\n");
    put("nan.csv", "1,nan,0,1\n");
    put("flat.csv", "1,1,1,1\n1,1,1,1\n");
    put("few.csv", "0\n1\n");
    put("same.csv", &"1\n".repeat(24));
    put("half.csv", &"0.5\n".repeat(24));
    put("cut.json", "{\"side\": 12");
}

#[test]
fn matrices_have_coordinates() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let said = text(folder.path(), "polar --matrices matrices.csv --out c.csv");
    assert!(said.contains("4 of 2 x 2") && said.contains("without logarithm   1"), "{said}");
    let rows = read_to_string(folder.path().join("c.csv")).unwrap();
    assert!(
        rows.starts_with("scale,squeeze,axis,angle,has_logarithm") && rows.lines().count() == 5,
        "{rows}"
    );
    let said = text(folder.path(), "polar --matrices three.csv --group sl --out c3.csv");
    assert!(said.contains("1 of 3 x 3"), "{said}");
}

#[test]
fn samples_and_integrals_are_those_of_balls() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let said = text(folder.path(), "sample --radius 1 --count 100 --sobol --out g.csv");
    assert!(said.contains("without logarithm   0.204"), "{said}");
    assert_eq!(read_to_string(folder.path().join("g.csv")).unwrap().lines().count(), 101);
    let said = text(folder.path(), "sample --dimension 3 --group gl --count 50 --seed 3");
    assert!(said.contains("50 of 3 x 3") && said.contains("accepted            0."), "{said}");
    // The mean of cosh 2t over the ball of radius 1 is 1 + sinh²1 = 2.3811.
    let said = text(folder.path(), "integrate --formula cosh(2*t) --sobol");
    assert!(said.contains("mean                2.381"), "{said}");
    // And half the sum of squared entries is the same.
    let said = text(folder.path(), "integrate --formula (a^2+b^2+c^2+d^2)/2 --sobol --seed 5");
    assert!(said.contains("mean                2.38"), "{said}");
}

#[test]
fn networks_are_trained_stored_and_used() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let said = text(
        folder.path(),
        "train --images glyphs.csv --labels labels.csv --group rotations --samples 2 --channels 4 --hidden 8 --kernel 3 --epochs 4 --pool --out net.json",
    );
    assert!(said.contains("24 of 12 x 12, 3 classes"), "{said}");
    let said = text(
        folder.path(),
        "classify --net net.json --images glyphs.csv --labels labels.csv --out named.csv",
    );
    assert!(said.contains("named rightly"), "{said}");
    assert_eq!(read_to_string(folder.path().join("named.csv")).unwrap().lines().count(), 25);
    let said = text(folder.path(), "equivariance --net net.json --images glyphs.csv --rotation 30");
    assert!(said.contains("rotation") && said.contains("all of them"), "{said}");
    // Labels are not overwritten, and nothing is written for labels that do not fit.
    let said = refusal(
        folder.path(),
        "classify --net net.json --images glyphs.csv --labels labels.csv --out labels.csv",
        2,
    );
    assert!(said.contains("one of the inputs"), "{said}");
    refusal(folder.path(), "classify --net net.json --images glyphs.csv --labels few.csv --out other.csv", 1);
    let said = refusal(folder.path(), "equivariance --net net.json --images glyphs.csv --rotation 1e308", 2);
    assert!(said.contains("--rotation"), "{said}");
    // What a network does not fit.
    let said = refusal(folder.path(), "classify --net net.json --images matrices.csv", 1);
    assert!(said.contains("matrices.csv") && said.contains("expected 144"), "{said}");
}

#[test]
fn bad_input_gets_one_line() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for (arguments, fault, code) in [
        ("polar --matrices mirror.csv", "mirror.csv: row 2: the determinant is not positive", 1),
        ("polar --matrices double.csv --group sl --out c.csv", "row 1: the determinant is not one", 1),
        ("polar --matrices wide.csv", "wide.csv: 3 numbers a row", 1),
        ("polar --matrices nan.csv", "nan.csv", 1),
        ("polar --matrices matrices.csv --out matrices.csv", "one of the inputs", 2),
        ("sample --radius 60", "--radius", 2),
        ("sample --radius -1", "--radius", 2),
        ("sample --dimension 5 --radius 20", "would be accepted", 2),
        ("sample --dimension 3 --sobol", "--sobol is for", 2),
        ("sample --log-scale 0.5", "--log-scale is for", 2),
        ("integrate --formula x+1", "but no x", 2),
        ("integrate --formula t+", "--formula", 2),
        ("integrate --formula 1/(t-t)", "the integral is", 1),
        ("train --images glyphs.csv --labels few.csv --out n.json", "few.csv: 2 labels for 24 images", 1),
        ("train --images glyphs.csv --labels same.csv --out n.json", "nothing to tell apart", 1),
        ("train --images glyphs.csv --labels half.csv --out n.json", "label 1 is 0.5", 1),
        ("train --images wide.csv --labels few.csv --out n.json", "no square image", 1),
        ("train --images flat.csv --labels few.csv --out n.json", "all pixels are 1", 1),
        ("train --images glyphs.csv --labels labels.csv --kernel 4 --out n.json", "--kernel is odd", 2),
        (
            "train --images glyphs.csv --labels labels.csv --group scales --log-scale 800 --out n.json",
            "log-scale 800",
            2,
        ),
        ("sample --group gl --log-scale 1e9", "log-scales", 2),
        ("train --images glyphs.csv --labels labels.csv --out n.bin", "ends in .json", 2),
        ("classify --net cut.json --images glyphs.csv", "cut.json", 1),
        ("classify --net nowhere.json --images glyphs.csv", "nowhere.json", 1),
        ("reproduce sampler --out reports", "did you mean samplers?", 2),
    ] {
        let said = refusal(folder.path(), arguments, code);
        assert!(said.contains(fault), "{arguments}: {said}");
    }
}

/// Every command of the README runs as it stands.
#[test]
fn the_readme_is_true() {
    assert!(readme_commands() >= 5);
}

/// All claims are judged, whatever the verdict at this size.
#[test]
fn the_smoke_profile_judges_every_claim() {
    let verdicts = smoke_verdicts();
    assert!(verdicts.contains("orbits-exact"), "{verdicts}");
}
