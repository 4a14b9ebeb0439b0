//! A paper made up to show what `lab` does with it in every case. The tests of `tests/runs.rs` run it.
//!
//! `heads` is the smallest experiment worth the name: toss coins, judge whether half of them fall
//! heads. `faults` has a cell for every way of ending, and `naps` cells that take their time.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use clap::Subcommand;
use lab::{
    Chart, Citation, Claim, Column, Estimate, Experiment, Failure, Figure, Outcome, Paper, Profile, Random,
    Report, Rule, Table,
};
use rand::Rng;
use serde::{Deserialize, Serialize};

struct Heads;

#[derive(Clone, Serialize, Deserialize)]
struct Tosses {
    tosses: u32,
    replicate: u32,
}

#[derive(Clone, Serialize, Deserialize)]
struct Share {
    heads: f64,
}

impl Experiment for Heads {
    type Parameters = Tosses;
    type Row = Share;

    fn id(&self) -> &'static str {
        "heads"
    }
    fn title(&self) -> &'static str {
        "Heads"
    }
    fn question(&self) -> &'static str {
        "What share of tosses falls heads?"
    }
    fn revision(&self) -> u32 {
        1
    }
    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("tosses", "how often the coin was tossed"),
            Column::new("replicate", "which series"),
            Column::new("heads", "share of heads"),
        ]
    }
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

struct Faults;

#[derive(Clone, Serialize, Deserialize)]
struct Fault {
    kind: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Value {
    value: f64,
    elapsed: f64,
}

impl Experiment for Faults {
    type Parameters = Fault;
    type Row = Value;

    fn id(&self) -> &'static str {
        "faults"
    }
    fn title(&self) -> &'static str {
        "Faults"
    }
    fn question(&self) -> &'static str {
        "Does every ending of a cell reach the report?"
    }
    fn revision(&self) -> u32 {
        // Raised by a test, to see that cells of another revision are ignored.
        std::env::var("HOUSE_RULES_REVISION").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
    }
    fn columns(&self) -> Vec<Column> {
        vec![
            Column::new("kind", "how the cell ends"),
            Column::new("value", "a value that may be infinite"),
            Column::seconds("elapsed", "a time, different in every run"),
        ]
    }
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

#[derive(Clone, Serialize, Deserialize)]
struct Nap {
    number: u32,
}

#[derive(Clone, Serialize, Deserialize)]
struct Dream {
    dream: u64,
}

impl Experiment for Naps {
    type Parameters = Nap;
    type Row = Dream;

    fn id(&self) -> &'static str {
        "naps"
    }
    fn title(&self) -> &'static str {
        "Naps"
    }
    fn question(&self) -> &'static str {
        "Does a run that is killed lose more than the cells in flight?"
    }
    fn revision(&self) -> u32 {
        1
    }
    fn columns(&self) -> Vec<Column> {
        vec![Column::new("number", "which nap"), Column::new("dream", "a random number")]
    }
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
        &Faults,
        Rule::at_most("largest value", 2.0),
        |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.value))),
    );
    let private =
        Claim::not_tested("private", "It works on private data.", "section 9", "the data are private");
    let paper = Paper::new(citation, "0.0.0", "A paper made up for tests.")
        .experiment(Heads)
        .experiment(Faults)
        .experiment(Naps)
        .claims([half, value, private]);
    lab::main(&paper, |Own::Panic| panic!("a panic in a subcommand"))
}
