//! Runs of a whole paper: resumed, killed, interrupted, doubled, sharded, damaged, misused.
//!
//! The paper is `examples/house_rules.rs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use proptest::prelude::*;

fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("examples/house_rules");
    assert!(program.exists(), "{} is built by `cargo test` without a choice of targets", program.display());
    program
}

fn command(arguments: &[&str], out: &Path) -> Command {
    let mut command = Command::new(program());
    command.env_remove("LAB_ROWS");
    command.args(arguments).arg("--profile").arg("smoke").arg("--out").arg(out);
    command
}

fn run(arguments: &[&str], out: &Path) -> Output {
    command(arguments, out).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn reproduce(experiment: &str, out: &Path) {
    let output = run(&["reproduce", experiment, "--quiet"], out);
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Everything below a report folder that must repeat: name and bytes.
fn report(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![out.join("house-rules")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name != "run.json" && !name.starts_with("timing-") {
                found.insert(path.strip_prefix(out).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn kill_after(mut child: Child, milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_run_ends_in_figures_tables_verdicts_and_a_page() {
    let out = tempfile::tempdir().unwrap();
    let output = run(&["reproduce", "heads"], out.path());
    assert!(output.status.success(), "{}", stderr(&output));
    let names: Vec<String> = report(out.path()).into_keys().map(|path| path.display().to_string()).collect();
    for name in [
        "heads/shares.svg",
        "heads/shares.png",
        "heads/rows.csv",
        "heads/rows.parquet",
        "index.html",
        "verdicts.json",
    ] {
        assert!(names.contains(&format!("house-rules/{name}")), "{name} of {names:?}");
    }
    let verdicts = stdout(&output);
    assert!(verdicts.contains("half") && verdicts.contains("reproduced"), "{verdicts}");
    assert!(verdicts.contains("not tested (the data are private)"), "{verdicts}");
    assert!(verdicts.contains("not tested (its experiment has not run)"), "{verdicts}");
    assert_eq!(stdout(&run(&["verdicts"], out.path())).lines().count(), 4);
    // Of one experiment only those that it decides; unknown names and other seeds are refused.
    let of_heads = stdout(&run(&["verdicts", "heads"], out.path()));
    assert!(of_heads.contains("half") && !of_heads.contains("the data are private"), "{of_heads}");
    for wrong in [["verdicts", "nosuch"], ["verdicts", "--seed=5"]] {
        assert_eq!(run(&wrong, out.path()).status.code(), Some(2), "{wrong:?}");
    }
    let run_json = fs::read_to_string(out.path().join("house-rules/heads/run.json")).unwrap();
    for field in [
        "commit",
        "dirty",
        "fingerprint",
        "cargo_lock",
        "processor",
        "features",
        "threads",
        "seconds",
        "seed",
    ] {
        assert!(run_json.contains(&format!("\"{field}\"")), "{field} in {run_json}");
    }
}

#[test]
fn threads_shards_and_repetition_do_not_change_a_byte() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    run(&["reproduce", "heads", "--threads", "1"], folders[0].path());
    run(&["reproduce", "heads", "--threads", "3"], folders[1].path());
    for shard in ["1/3", "2/3", "0/3"] {
        run(&["reproduce", "heads", "--shard", shard], folders[2].path());
    }
    assert!(!folders[2].path().join("house-rules").exists(), "a shard writes no report");
    let merged = run(&["reproduce", "heads"], folders[2].path());
    assert!(stderr(&merged).contains("0 cells computed"), "{}", stderr(&merged));
    let expected = report(folders[0].path());
    assert_eq!(expected, report(folders[1].path()));
    assert_eq!(expected, report(folders[2].path()));
    reproduce("heads", folders[0].path());
    assert_eq!(expected, report(folders[0].path()));
}

#[test]
fn another_seed_gives_another_table() {
    let (zero, one) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(&["reproduce", "heads"], zero.path());
    run(&["reproduce", "heads", "--seed", "1"], one.path());
    let rows = |out: &Path| fs::read(out.join("house-rules/heads/rows.csv")).unwrap();
    assert_ne!(rows(zero.path()), rows(one.path()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, ..ProptestConfig::default() })]

    /// Killed again and again without warning, a run still ends with the table of an undisturbed one.
    #[test]
    fn a_killed_run_loses_only_the_cells_in_flight(moments in prop::collection::vec(5u64..220, 4)) {
        let (disturbed, undisturbed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let rows = disturbed.path().join(".rows/house-rules/naps/rows.jsonl");
        let mut stored = 0;
        for milliseconds in moments {
            let child = command(&["reproduce", "naps", "--threads", "2"], disturbed.path())
                .stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            kill_after(child, milliseconds);
            let now = fs::read_to_string(&rows).unwrap_or_default().matches('\n').count();
            prop_assert!(now >= stored, "{} cells, then {}", stored, now);
            stored = now;
        }
        reproduce("naps", disturbed.path());
        reproduce("naps", undisturbed.path());
        prop_assert_eq!(report(disturbed.path()), report(undisturbed.path()));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_what_is_done_and_says_so() {
    let out = tempfile::tempdir().unwrap();
    let child = command(&["reproduce", "naps", "--threads", "1"], out.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(stderr(&output).contains("error: interrupted"), "{}", stderr(&output));
    let page = fs::read_to_string(out.path().join("house-rules/index.html")).unwrap();
    assert!(
        page.to_lowercase().contains("partial") || page.contains("incomplete"),
        "the page says that it is partial"
    );
    reproduce("naps", out.path());
}

#[test]
fn a_second_run_at_once_is_refused_with_the_first_ones_name() {
    let out = tempfile::tempdir().unwrap();
    let first = command(&["reproduce", "naps", "--threads", "1"], out.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lock = out.path().join(".rows/house-rules/naps/rows.lock");
    while fs::read_to_string(&lock).unwrap_or_default().is_empty() {
        sleep(Duration::from_millis(5));
    }
    let second = run(&["reproduce", "naps"], out.path());
    assert_eq!(second.status.code(), Some(1));
    let refusal = stderr(&second);
    assert!(
        refusal.contains(&format!("process {}", first.id())) && refusal.lines().count() == 1,
        "{refusal}"
    );
    kill_after(first, 0);
    reproduce("naps", out.path());
}

#[test]
fn every_ending_reaches_the_report_and_failures_are_tried_again() {
    let out = tempfile::tempdir().unwrap();
    let output = run(&["reproduce", "faults"], out.path());
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("an error <with> marks") && text.contains("panicked: a panic in a cell"), "{text}");
    assert!(text.ends_with("error: 2 cells failed; the next run tries them again\n"), "{text}");
    let csv = fs::read_to_string(out.path().join("house-rules/faults/rows.csv")).unwrap();
    assert_eq!(csv, "kind,value\nfinite,1.5\ninfinite,inf\n");
    let times = fs::read_to_string(out.path().join("house-rules/faults/timing-rows.csv")).unwrap();
    assert!(times.starts_with("kind,elapsed\nfinite,"), "{times}");
    assert!(stdout(&output).contains("not tested (5 of 7 cells)"), "{}", stdout(&output));
    let page = fs::read_to_string(out.path().join("house-rules/index.html")).unwrap();
    assert!(page.contains("an error &lt;with&gt; marks"), "the page names the failure");
    let again =
        command(&["reproduce", "faults"], out.path()).env("HOUSE_RULES_MENDED", "1").output().unwrap();
    assert!(again.status.success() && stderr(&again).contains("2 cells computed"), "{}", stderr(&again));
    assert!(
        stdout(&again).contains("not tested (3 of 7 cells have no value: skipped, diverged or timed out)"),
        "{}",
        stdout(&again)
    );
}

#[test]
fn raising_the_revision_makes_cells_stale_and_visible() {
    let out = tempfile::tempdir().unwrap();
    run(&["reproduce", "faults"], out.path());
    let mut plan = command(&["plan", "faults"], out.path());
    let plan = stdout(&plan.env("HOUSE_RULES_REVISION", "2").output().unwrap());
    assert!(plan.contains("7 of another revision, ignored"), "{plan}");
    let again =
        command(&["reproduce", "faults"], out.path()).env("HOUSE_RULES_REVISION", "2").output().unwrap();
    assert!(stderr(&again).contains("7 cells computed"), "{}", stderr(&again));
}

#[test]
fn fresh_computes_again_and_plan_counts() {
    let out = tempfile::tempdir().unwrap();
    let plan = stdout(&run(&["plan", "heads"], out.path()));
    assert!(plan.contains("unknown"), "nothing was timed yet: {plan}");
    reproduce("heads", out.path());
    let plan = stdout(&run(&["plan", "heads"], out.path()));
    assert_eq!(
        plan.lines().nth(1).unwrap().split_whitespace().take(5).collect::<Vec<_>>(),
        ["heads", "8", "8", "0", "0"]
    );
    let fresh = run(&["reproduce", "heads", "--fresh"], out.path());
    assert!(stderr(&fresh).contains("8 cells computed"), "{}", stderr(&fresh));
}

#[test]
fn plan_tells_a_program_how_far_the_cells_are() {
    let out = tempfile::tempdir().unwrap();
    run(&["reproduce", "faults"], out.path());
    reproduce("heads", out.path());
    let plan = run(&["plan", "faults", "heads", "--json", "--complete"], out.path());
    assert_eq!(plan.status.code(), Some(1), "two cells failed");
    assert_eq!(stderr(&plan), "error: 2 of 15 cells are not done\n");
    let plan: serde_json::Value = serde_json::from_str(&stdout(&plan)).unwrap();
    assert_eq!((&plan[0]["experiment"], &plan[1]["experiment"]), (&"faults".into(), &"heads".into()));
    for (field, faults, heads) in [("cells", 7, 8), ("done", 5, 8), ("missing", 0, 0), ("failed", 2, 0)] {
        assert_eq!((&plan[0][field], &plan[1][field]), (&faults.into(), &heads.into()), "{field}");
    }
    assert!(run(&["plan", "heads", "--complete"], out.path()).status.success());
}

#[test]
fn render_draws_again_without_computing() {
    let out = tempfile::tempdir().unwrap();
    reproduce("heads", out.path());
    let expected = report(out.path());
    fs::remove_file(out.path().join("house-rules/heads/shares.svg")).unwrap();
    fs::write(out.path().join("house-rules/heads/leftover.png"), "an old figure").unwrap();
    let output = run(&["render", "heads"], out.path());
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(expected, report(out.path()));
}

#[test]
fn check_compares_verdicts_and_values() {
    let out = tempfile::tempdir().unwrap();
    reproduce("heads", out.path());
    let check = run(&["verdicts", "heads", "--check"], out.path());
    assert!(check.status.success(), "{}", stderr(&check));
    assert_eq!(stdout(&check), "1 verdicts and 24 values agree with the committed report\n");
    let path = out.path().join("house-rules/heads/rows.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("0.", "0.9", 1)).unwrap();
    let check = run(&["verdicts", "heads", "--check"], out.path());
    assert_eq!(check.status.code(), Some(1));
    assert!(stderr(&check).contains("heads/rows.csv row 1, heads"), "{}", stderr(&check));
}

#[test]
fn check_notices_a_table_that_only_the_report_has() {
    let out = tempfile::tempdir().unwrap();
    reproduce("heads", out.path());
    fs::write(out.path().join("house-rules/heads/more.csv"), "x\n1\n").unwrap();
    let check = run(&["verdicts", "heads", "--check"], out.path());
    assert_eq!(check.status.code(), Some(1));
    assert!(stderr(&check).contains("heads/more.csv: only the report has this table"), "{}", stderr(&check));
}

/// A process a cell, and the same numbers; what was ended at a limit is measured again where there is more time.
#[test]
fn cells_end_at_their_limit_and_are_tried_again_with_a_larger_one() {
    let (out, unlimited) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let short = run(&["reproduce", "naps", "--cell-limit", "0.001s"], out.path());
    assert!(short.status.success(), "{}", stderr(&short));
    let page = fs::read_to_string(out.path().join("house-rules/index.html")).unwrap();
    assert!(page.contains("40 timed out"), "a nap takes 25 ms");
    let again = run(&["reproduce", "naps", "--cell-limit", "0.001s"], out.path());
    assert!(stderr(&again).contains("naps: 0 cells computed"), "{}", stderr(&again));
    let longer = run(&["reproduce", "naps", "--cell-limit", "1m"], out.path());
    assert!(stderr(&longer).contains("naps: 40 cells computed"), "{}", stderr(&longer));
    reproduce("naps", unlimited.path());
    assert_eq!(report(out.path()), report(unlimited.path()));
    let failing = run(&["reproduce", "faults", "--cell-limit", "1m"], out.path());
    assert_eq!(failing.status.code(), Some(1), "failures and panics come back from the other process");
    assert!(stderr(&failing).contains("a panic in a cell"), "{}", stderr(&failing));
}

/// A report that is written from stored rows says so in `run.json`.
#[test]
fn a_run_that_reuses_rows_says_so() {
    let out = tempfile::tempdir().unwrap();
    reproduce("heads", out.path());
    reproduce("heads", out.path());
    let text = fs::read_to_string(out.path().join("house-rules/heads/run.json")).unwrap();
    assert!(text.contains("\"cells_computed\": 0,") && text.contains("\"cells_reused\": 8,"), "{text}");
}

#[test]
fn misuse_is_refused_in_one_line() {
    let out = tempfile::tempdir().unwrap();
    let unknown = run(&["reproduce", "haeds"], out.path());
    assert_eq!(unknown.status.code(), Some(2));
    assert_eq!(stderr(&unknown), "error: house-rules has no experiment haeds: did you mean heads?\n");
    let limit = run(&["reproduce", "--cell-limit", "10"], out.path());
    assert_eq!(limit.status.code(), Some(2));
    assert!(stderr(&limit).contains("expected a time such as 90s, 10m or 2h"), "{}", stderr(&limit));
    let shard = run(&["reproduce", "--shard", "3/3"], out.path());
    assert_eq!(shard.status.code(), Some(2));
    let elsewhere = Command::new(program()).args(["plan", "heads"]).current_dir(out.path()).output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(2));
    assert!(stderr(&elsewhere).starts_with("error: no workspace here"), "{}", stderr(&elsewhere));
    let smoke = Command::new(program()).args(["plan", "--profile", "smoke"]).output().unwrap();
    assert_eq!(smoke.status.code(), Some(2));
    assert!(stderr(&smoke).contains("never writes into reports/"), "{}", stderr(&smoke));
    let file = out.path().join("file");
    fs::write(&file, "").unwrap();
    let blocked = run(&["reproduce", "heads"], &file);
    assert_eq!(blocked.status.code(), Some(1));
    assert_eq!(stderr(&blocked).lines().count(), 1, "{}", stderr(&blocked));
}

#[test]
fn a_panic_is_told_in_one_line() {
    let output = Command::new(program()).arg("panic").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "error: internal error: a panic in a subcommand\n");
}

/// A limit on the size of files stands in for a full disk: the write fails in the middle of a line.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_and_leaves_the_store_whole() {
    let out = tempfile::tempdir().unwrap();
    let limited = "trap '' XFSZ; ulimit -f 2; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", limited, "sh"])
        .arg(program())
        .args(["reproduce", "heads", "--quiet", "--profile", "smoke", "--out"])
        .arg(out.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("cannot write") && stderr(&output).contains("rows.jsonl"),
        "{}",
        stderr(&output)
    );
    assert!(!out.path().join("house-rules").exists(), "no report of a run that could not be stored");
    let stored = fs::read_to_string(out.path().join(".rows/house-rules/heads/rows.jsonl")).unwrap();
    assert!(stored.ends_with('\n') && stored.lines().count() < 8, "whole lines only");
    reproduce("heads", out.path());
}
