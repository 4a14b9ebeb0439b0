//! The HTML pages: a paper's claims with their verdicts, and the scoreboard of all papers.
//!
//! A page is a pure function of the structs below, which hold everything it shows. They are also what is stored
//! beside the page, so that the scoreboard is built from the papers' stored pages and computes nothing. A page
//! carries its own style, asks no other host for anything and runs no script. What changes from run to run (time,
//! commit, duration) is never printed: pages are committed, and link to `run.json` instead.
//!
//! Two kinds of words go in. *Texts* (statements, captions, values, …) may hold any character and are escaped.
//! *Names* (ids and relative paths) become anchors and addresses: an id is made of ASCII letters, digits, `-`, `_`
//! and `.`; a path also of `/`, `~` and, before an anchor, `#`.

mod render;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use render::{index_page, page_by, paper_page};

/// What was found about a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// The rule holds.
    #[serde(rename = "reproduced")]
    Reproduced,
    /// The rule holds in part.
    #[serde(rename = "partly")]
    Partly,
    /// The rule does not hold.
    #[serde(rename = "not reproduced")]
    NotReproduced,
    /// Nothing can be said, for a reason that is given.
    #[serde(rename = "not tested")]
    NotTested,
}

/// Everything on a paper's page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaperPage {
    /// The paper's id, an id as the module's documentation defines it.
    pub id: String,
    /// The paper's title.
    pub title: String,
    /// Its authors, as one line.
    pub authors: String,
    /// Where it appeared.
    pub venue: String,
    /// When it appeared.
    pub year: u32,
    /// The paper itself: an `https://` or `http://` address, the only one on the page that leaves the folder.
    pub link: Option<String>,
    /// What the paper says, in a few sentences.
    pub summary: String,
    /// How much work the run held: `smoke`, `quick` or `full`.
    pub profile: String,
    /// The seed of the run.
    pub seed: u64,
    /// The version of the paper's crate.
    pub version: String,
    /// Whether the run was interrupted: the page then says so at its top.
    pub partial: bool,
    /// What the paper leaves out and what is assumed instead, each in a sentence or two.
    pub open_questions: Vec<String>,
    /// The claims, in the order in which they are shown.
    pub claims: Vec<ClaimView>,
    /// The experiments, in the order in which they are shown.
    pub experiments: Vec<ExperimentView>,
    /// What data it ran on, in one line.
    pub data: String,
    /// The same paper's pages of other profiles.
    pub other_profiles: Vec<Link>,
    /// The notebook's path.
    pub notebook: Option<String>,
    /// The path of the scoreboard.
    pub index: Option<String>,
}

/// A labelled path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// What is read.
    pub label: String,
    /// Where it leads, relative to the page.
    pub href: String,
}

/// A claim and its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimView {
    /// Its id; the page's anchor is [`claim_anchor`] of it.
    pub id: String,
    /// The claim as a sentence.
    pub statement: String,
    /// Where in the paper it stands.
    pub place: String,
    /// The paper's value, with its unit, if the paper gives one.
    pub paper_value: Option<String>,
    /// The value measured here, with its unit and 95 % interval.
    pub our_value: Option<String>,
    /// The rule that decides, in words.
    pub rule: String,
    /// What the rule says.
    pub verdict: Verdict,
    /// What explains the verdict, for example "37 of 40 cells" where it is not tested.
    pub reason: Option<String>,
    /// The id of the experiment on this page that measures it.
    pub experiment: Option<String>,
    /// The path of the figure that shows it.
    pub figure: Option<String>,
    /// The path of the measured times behind it: times change from run to run and are not printed.
    pub timing_link: Option<String>,
}

/// An experiment with its figures and tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExperimentView {
    /// Its id; the page's anchor is [`experiment_anchor`] of it.
    pub id: String,
    /// A heading.
    pub title: String,
    /// What it asks and how, in a sentence or two.
    pub question: String,
    /// How its cells ended.
    pub cells: CellCounts,
    /// How many of the measured cells come from other sources than the page.
    #[serde(default)]
    pub other_sources: usize,
    /// The messages of failed cells, a few at most.
    pub failures: Vec<String>,
    /// The revision of its measurement.
    pub revision: u32,
    /// Its figures.
    pub figures: Vec<FigureView>,
    /// Its tables.
    pub tables: Vec<TableView>,
    /// The path of its `run.json`: commit, machine, duration.
    pub run_json: String,
}

/// How many cells of an experiment's grid ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellCounts {
    /// Measured.
    pub done: usize,
    /// Not applicable.
    pub skipped: usize,
    /// Measured something that is not finite.
    pub diverged: usize,
    /// Ran out of a budget.
    pub timed_out: usize,
    /// Ended in an error.
    pub failed: usize,
    /// Not run yet.
    pub missing: usize,
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureView {
    /// Its id, unique within its experiment.
    pub id: String,
    /// The path of the SVG, which the page shows.
    pub svg: String,
    /// The path of the PNG.
    pub png: String,
    /// What stands below it.
    pub caption: String,
    /// What it shows, for those who cannot see it; never empty.
    pub alternative_text: String,
    /// Whether it shows measured times.
    pub timing: bool,
}

/// A table, or its first rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableView {
    /// Its id, unique within its experiment.
    pub id: String,
    /// What stands above it.
    pub caption: String,
    /// The path of the whole table as CSV.
    pub csv: String,
    /// The path of the whole table as Parquet.
    pub parquet: String,
    /// Its columns.
    pub columns: Vec<ColumnView>,
    /// The formatted rows that the page shows, all of them: the caller takes the first 20 or so of a long table.
    pub rows: Vec<Vec<String>>,
    /// How many rows the files hold.
    pub rows_in_total: usize,
    /// Whether it holds measured times.
    pub timing: bool,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnView {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: Option<String>,
    /// What it means.
    pub meaning: Option<String>,
    /// Whether it holds numbers, which are aligned on the right.
    pub numeric: bool,
}

/// Everything on the scoreboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexPage {
    /// A heading.
    pub title: String,
    /// What the reader sees here, in a few sentences.
    pub introduction: String,
    /// The papers, in the order in which they are shown.
    pub papers: Vec<IndexPaper>,
}

/// A paper on the scoreboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexPaper {
    /// The paper's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its authors, as one line.
    pub authors: String,
    /// Where it appeared.
    pub venue: String,
    /// When it appeared.
    pub year: u32,
    /// The path of its page.
    pub href: String,
    /// The largest complete profile, from which the verdicts come.
    pub profile: String,
    /// What it shows, in a few words.
    pub shows: String,
    /// What its contests with public packages came to.
    pub ratios: Vec<IndexRatio>,
    /// Its claims.
    pub claims: Vec<IndexClaim>,
    /// A figure that stands for the paper.
    pub figure: Option<IndexFigure>,
}

/// A claim on the scoreboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexClaim {
    /// Its id.
    pub id: String,
    /// The claim as a sentence.
    pub statement: String,
    /// What was found.
    pub verdict: Verdict,
    /// The path of the claim on its paper's page: the page's path, `#` and [`claim_anchor`].
    pub href: String,
}

/// A contest on the scoreboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexRatio {
    /// Its name.
    pub contest: String,
    /// The processor time of the best package over ours.
    pub words: String,
    /// The package.
    pub package: String,
    /// The path of the contest on the contests' page.
    pub href: String,
    /// Whether the package is faster.
    pub loss: bool,
}

/// A figure on the scoreboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexFigure {
    /// Its path, relative to the scoreboard.
    pub path: String,
    /// What it shows, for those who cannot see it; never empty.
    pub alternative_text: String,
}

/// What keeps a page from being made.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// An id that cannot be an anchor.
    #[error("id {0:?}: expected ASCII letters, digits, '-', '_' or '.'")]
    Id(String),
    /// Two things that would have the same anchor.
    #[error("two things on the page would be #{0}: ids must differ")]
    SameAnchor(String),
    /// A path that leaves the reports, or that a browser would read otherwise.
    #[error(
        "path {0:?}: expected a relative path of ASCII letters, digits and '-', '_', '.', '/', '~' or '#'"
    )]
    Path(String),
    /// The paper's address is none.
    #[error("link {0:?}: expected an https:// or http:// address")]
    Link(String),
    /// A claim (first) names an experiment (second) that is not on the page.
    #[error("claim {0}: no experiment {1:?} on the page")]
    UnknownExperiment(String, String),
    /// A row of a table (first) has more or fewer values (second) than there are columns (third).
    #[error("table {0}: a row has {1} values for {2} columns")]
    Row(String, usize, usize),
    /// A figure without alternative text, by its path.
    #[error("figure {0}: no alternative text")]
    AlternativeText(String),
    /// A template does not render: a fault of this module.
    #[error("page template: {0}")]
    Template(#[from] minijinja::Error),
}

/// The anchor of a claim on its paper's page.
pub fn claim_anchor(id: &str) -> String {
    format!("claim-{id}")
}

/// The anchor of an experiment on its paper's page.
pub fn experiment_anchor(id: &str) -> String {
    format!("experiment-{id}")
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reproduced => "reproduced",
            Self::Partly => "partly",
            Self::NotReproduced => "not reproduced",
            Self::NotTested => "not tested",
        })
    }
}
