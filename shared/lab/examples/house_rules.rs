//! A paper made up to show what `lab` does with it in every case. The tests of `tests/runs.rs` run it.
//!
//! `heads` is the smallest experiment worth the name: toss coins, judge whether half of them fall
//! heads. `faults` has a cell for every way of ending, and `naps` cells that take their time.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use clap::Subcommand;
use lab::{
    Chart, Citation, Claim, Columns, Estimate, Experiment, Failure, Figure, Outcome, Paper, Profile, Random,
    Report, Rule, Table,
};
use rand::Rng;
use serde::{Deserialize, Serialize};

struct Heads;

#[derive(Clone, Serialize, Deserialize, Columns)]
struct Tosses {
    /// How often the coin was tossed.
    tosses: u32,
    /// Which series.
    replicate: u32,
}

#[derive(Clone, Serialize, Deserialize, Columns)]
struct Share {
    /// Share of heads.
    heads: f64,
}

impl Experiment for Heads {
    type Parameters = Tosses;
    type Row = Share;

    const ID: &'static str = "heads";
    const TITLE: &'static str = "Heads";
    const QUESTION: &'static str = "What share of tosses falls heads?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Tosses> {
        let replicates = if profile == Profile::Smoke { 4 } else { 16 };
        let cell = |tosses| (0..replicates).map(move |replicate| Tosses { tosses, replicate });
        [100, 10_000].into_iter().flat_map(cell).collect()
    }
    fn measure(&self, parameters: &Tosses, random: &Random) -> Result<Outcome<Share>, Failure> {
        let mut random = random.stream("tosses");
        let heads = (0..parameters.tosses).filter(|_| random.random::<bool>()).count();
        Ok(Outcome::Done(vec![Share { heads: heads as f64 / f64::from(parameters.tosses) }]))
    }
    fn report(&self, table: &Table<Tosses, Share>, report: &mut Report) -> Result<(), Failure> {
        let points = table.rows().map(|(parameters, row)| (f64::from(parameters.tosses), row.heads));
        let chart =
            Chart::new().x_label("tosses").y_label("share of heads").x_log().scatter("series", points);
        report.figure(
            "shares",
            "More tosses, less spread.",
            "Shares of heads near one half.",
            &Figure::new("Heads").panel(chart),
        )
    }
}

/// Its revision is raised by a test, to see that cells of another one are ignored.
struct Faults<const REVISION: u32>;

#[derive(Clone, Serialize, Deserialize, Columns)]
struct Fault {
    /// How the cell ends.
    kind: String,
}

#[derive(Clone, Serialize, Deserialize, Columns)]
struct Value {
    /// A value that may be infinite.
    value: f64,
    /// A time, different in every run.
    #[column(time, unit = "s")]
    elapsed: f64,
}

impl<const REVISION: u32> Experiment for Faults<REVISION> {
    type Parameters = Fault;
    type Row = Value;

    const ID: &'static str = "faults";
    const TITLE: &'static str = "Faults";
    const QUESTION: &'static str = "Does every ending of a cell reach the report?";
    const REVISION: u32 = REVISION;

    fn grid(&self, _profile: Profile) -> Vec<Fault> {
        let kinds = ["finite", "infinite", "skipped", "diverged", "timed-out", "error", "panic"];
        kinds.into_iter().map(|kind| Fault { kind: kind.into() }).collect()
    }
    fn measure(&self, parameters: &Fault, _random: &Random) -> Result<Outcome<Value>, Failure> {
        let elapsed = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs_f64();
        let done = |value| Ok(Outcome::Done(vec![Value { value, elapsed }]));
        let mended = std::env::var_os("HOUSE_RULES_MENDED").is_some();
        match parameters.kind.as_str() {
            "finite" => done(1.5),
            "infinite" => done(f64::INFINITY),
            "skipped" => Ok(Outcome::Skipped("not applicable".into())),
            "diverged" => Ok(Outcome::Diverged("loss NaN".into())),
            "timed-out" => Ok(Outcome::TimedOut("1 s".into())),
            _ if mended => done(0.0),
            "error" => Err("an error <with> marks".into()),
            _ => panic!("a panic in a cell"),
        }
    }
    fn report(&self, _table: &Table<Fault, Value>, _report: &mut Report) -> Result<(), Failure> {
        Ok(())
    }
}

struct Naps;

#[derive(Clone, Serialize, Deserialize, Columns)]
struct Nap {
    /// Which nap.
    number: u32,
}

#[derive(Clone, Serialize, Deserialize, Columns)]
struct Dream {
    /// A random number.
    dream: u64,
}

impl Experiment for Naps {
    type Parameters = Nap;
    type Row = Dream;

    const ID: &'static str = "naps";
    const TITLE: &'static str = "Naps";
    const QUESTION: &'static str = "Does a run that is killed lose more than the cells in flight?";
    const REVISION: u32 = 1;

    fn grid(&self, _profile: Profile) -> Vec<Nap> {
        (0..40).map(|number| Nap { number }).collect()
    }
    fn measure(&self, _parameters: &Nap, random: &Random) -> Result<Outcome<Dream>, Failure> {
        sleep(Duration::from_millis(25));
        Ok(Outcome::Done(vec![Dream { dream: u64::from(random.stream("dream").random::<u32>()) }]))
    }
    fn report(&self, _table: &Table<Nap, Dream>, _report: &mut Report) -> Result<(), Failure> {
        Ok(())
    }
}

/// The paper's own subcommands.
#[derive(Subcommand)]
enum Own {
    /// Panics
    Panic,
}

fn main() -> ExitCode {
    match std::env::var("HOUSE_RULES_REVISION").as_deref() {
        Ok("2") => run::<2>(),
        _ => run::<1>(),
    }
}

fn run<const REVISION: u32>() -> ExitCode {
    let citation = Citation {
        id: "house-rules".into(),
        title: "House Rules".into(),
        authors: "none".into(),
        venue: "a test".into(),
        year: 2026,
        link: None,
    };
    let half = Claim::new(
        "half",
        "Half of all tosses fall heads.",
        "everyday experience",
        &Heads,
        // Ten thousand tosses have a standard deviation of 0.005; six of them.
        Rule::at_most("largest distance of the share from 1/2 over series of 10,000 tosses", 0.03),
        |table| {
            let long = table.rows().filter(|(parameters, _)| parameters.tosses == 10_000);
            Ok(Estimate::worst_of(long.map(|(_, row)| (row.heads - 0.5).abs())))
        },
    )
    .shown_by("shares");
    let value = Claim::new(
        "value",
        "All is well.",
        "nowhere",
        &Faults::<REVISION>,
        Rule::at_most("largest value", 2.0),
        |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.value))),
    );
    let private =
        Claim::not_tested("private", "It works on private data.", "section 9", "the data are private");
    let paper = Paper::new(citation, "0.0.0", "What lab does in every case", "A paper made up for tests.")
        .experiment(Heads)
        .experiment(Faults::<REVISION>)
        .experiment(Naps)
        .claims([half, value, private]);
    lab::main(&paper, |Own::Panic| panic!("a panic in a subcommand"))
}
