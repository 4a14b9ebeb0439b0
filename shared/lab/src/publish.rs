//! From stored cells to figures, tables, verdicts and pages.
//!
//! Each experiment's folder holds what its part of the page needs (`report.json`), so that one
//! experiment can be drawn again without the others, and the page of a paper is a function of the
//! folders alone. What must repeat and what cannot are kept apart: times, the machine and the commit
//! stand in `run.json` and in files whose names begin with `timing-`.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::claim::{Claim, Evidence, Judged};
use crate::column::Column;
use crate::error::{Error, Failure, IoContext};
use crate::experiment::{AnyExperiment, Profile};
use crate::files::{remove_unfinished, write_atomically};
use crate::page::{self, CellCounts, ClaimView, ExperimentView, IndexFigure, Link, PaperPage, Verdict};
use crate::paper::Citation;
use crate::provenance::Machine;
use crate::report::{Report, TIMING_PREFIX};
use crate::run::{Computed, Run, Standing, ended, remove_leftovers};
use crate::store::{Ending, StoredCell};

/// What `verdicts.json` of a paper holds: its judged claims, and what the scoreboard shows beside them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaperVerdicts {
    /// The paper.
    pub paper: Citation,
    /// What it shows, in a few words; a report of an earlier version does not say.
    #[serde(default)]
    pub shows: String,
    /// The profile of the run.
    pub profile: Profile,
    /// Its seed.
    pub seed: u64,
    /// Whether cells are missing.
    pub partial: bool,
    /// The claims in the paper's order.
    pub claims: Vec<Judged>,
    /// A figure that stands for the paper.
    pub figure: Option<IndexFigure>,
}

/// What `report.json` of an experiment holds: its part of the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct ExperimentReport {
    profile: Profile,
    seed: u64,
    view: ExperimentView,
    claims: Vec<Judged>,
}

/// Names of files in a report folder.
const REPORT: &str = "report.json";
pub(crate) const VERDICTS: &str = "verdicts.json";
const RUN: &str = "run.json";
const PAGE: &str = "index.html";

/// Messages of failed cells that a page shows.
const FAILURES_ON_A_PAGE: usize = 5;

impl Run<'_> {
    /// Writes the figures, tables and judged claims of one experiment into its folder, and gives the tables that must repeat with
    /// their columns. `computed` is what the run did before; nothing, where it only draws.
    ///
    /// # Errors
    /// If the report cannot be made from the stored cells, or not stored.
    pub(crate) fn publish_experiment(
        &self,
        experiment: &dyn AnyExperiment,
        computed: Option<&Computed>,
    ) -> Result<Vec<(String, Vec<Column>)>, Error> {
        let folder = self.folder().join(experiment.id());
        let of_experiment = |fault: Failure| Error::Report { experiment: experiment.id().into(), fault };
        let standing = self.standing(experiment)?;
        let cells = standing.cells();
        let counts = standing.counts();
        let mut report = Report::new(&folder, &self.paper.citation.id, experiment.id());
        if counts.done > 0 {
            experiment.report(&cells, &mut report).map_err(of_experiment)?;
        }
        let judged = self.judge(experiment, &standing, &cells, counts).map_err(of_experiment)?;
        let view = ExperimentView {
            id: experiment.id().into(),
            title: experiment.title().into(),
            question: experiment.question().into(),
            cells: counts,
            other_sources: standing.other_sources(&self.sources),
            failures: failures(&cells),
            revision: experiment.revision(),
            figures: std::mem::take(&mut report.figures),
            tables: std::mem::take(&mut report.tables),
            run_json: format!("{}/{RUN}", experiment.id()),
        };
        remove_leftovers(&folder, &report.written);
        remove_unfinished(&folder);
        self.write_claims(&folder, judged, view)?;
        if computed.is_some() || !folder.join(RUN).exists() {
            self.write_run(&folder, &standing, computed.unwrap_or(&Computed::default()))?;
        }
        Ok(report.described)
    }

    fn judge(
        &self,
        experiment: &dyn AnyExperiment,
        standing: &Standing,
        cells: &[StoredCell],
        counts: CellCounts,
    ) -> Result<Vec<Judged>, Failure> {
        let of_this = |claim: &&Claim| claim.experiment() == Some(experiment.id());
        let evidence = || Evidence {
            cells,
            grid: standing.grid.len(),
            ended: ended(counts),
            without_value: counts.skipped + counts.diverged + counts.timed_out,
        };
        self.paper
            .claims
            .iter()
            .filter(of_this)
            .map(|claim| claim.judge(&self.paper.citation.id, Some(evidence())))
            .collect()
    }

    fn write_claims(
        &self,
        folder: &Path,
        mut claims: Vec<Judged>,
        view: ExperimentView,
    ) -> Result<(), Error> {
        let times: Vec<Judged> = claims.iter().filter(|claim| claim.timing).cloned().collect();
        let times_file = folder.join(format!("{TIMING_PREFIX}{VERDICTS}"));
        if times.is_empty() {
            let _ = fs::remove_file(&times_file);
        } else {
            write_json(&times_file, &times)?;
        }
        for claim in claims.iter_mut().filter(|claim| claim.timing) {
            claim.estimate = None;
        }
        let Self { settings, .. } = self;
        write_json(
            &folder.join(REPORT),
            &ExperimentReport { profile: settings.profile, seed: settings.seed, view, claims },
        )
    }

    fn write_run(&self, folder: &Path, standing: &Standing, computed: &Computed) -> Result<(), Error> {
        let record = json!({
            "paper": self.paper.citation.id,
            "version": self.paper.version,
            "profile": self.settings.profile,
            "seed": self.settings.seed,
            "sources": self.sources,
            "machine": Machine::here(),
            "threads": rayon::current_num_threads(),
            "ended_milliseconds_since_1970": crate::provenance::now(),
            "seconds": computed.seconds,
            "seconds_of_all_cells": standing.seconds(),
            "cells_computed": computed.cells,
            "cells_reused": ended(standing.counts()).saturating_sub(computed.cells.saturating_sub(computed.failures.len())),
            "cells_from_other_sources": standing.other_sources(&self.sources),
        });
        write_json(&folder.join(RUN), &record)
    }

    /// Writes the paper's verdicts and page from the experiments' folders.
    ///
    /// # Errors
    /// If a folder holds no readable report, or the page cannot be stored.
    pub(crate) fn publish_paper(&self) -> Result<PaperVerdicts, Error> {
        let folder = self.folder();
        let mut reports = Vec::new();
        for experiment in &self.paper.experiments {
            reports.push(match self.stored_report(&folder, experiment.id())? {
                Some(report) => report,
                None => self.empty_report(experiment.as_ref())?,
            });
        }
        let mut claims = Vec::new();
        for claim in &self.paper.claims {
            let published =
                reports.iter().flat_map(|report| &report.claims).find(|judged| judged.id == claim.id);
            claims.push(match published {
                Some(judged) => judged.clone(),
                None => claim
                    .judge(&self.paper.citation.id, None)
                    .map_err(|fault| Error::Report { experiment: format!("claim {}", claim.id), fault })?,
            });
        }
        let partial = reports.iter().any(|report| report.view.cells.missing + report.view.cells.failed > 0);
        let figure = reports.iter().flat_map(|report| &report.view.figures).find(|figure| !figure.timing);
        let verdicts = PaperVerdicts {
            paper: self.paper.citation.clone(),
            shows: self.paper.shows.into(),
            profile: self.settings.profile,
            seed: self.settings.seed,
            partial,
            figure: figure.map(|figure| IndexFigure {
                path: figure.svg.clone(),
                alternative_text: figure.alternative_text.clone(),
            }),
            claims,
        };
        remove_unfinished(&folder);
        write_json(&folder.join(VERDICTS), &verdicts)?;
        let html =
            page::paper_page(&self.page(&verdicts, reports.into_iter().map(|report| report.view).collect()));
        let html = html.map_err(|fault| Error::Report { experiment: "page".into(), fault: fault.into() })?;
        write_atomically(&folder.join(PAGE), html.as_bytes())?;
        Ok(verdicts)
    }

    /// The report in an experiment's folder, if it is of this profile and seed.
    fn stored_report(&self, folder: &Path, experiment: &str) -> Result<Option<ExperimentReport>, Error> {
        let path = folder.join(experiment).join(REPORT);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault).reading(&path),
        };
        let report: ExperimentReport = serde_json::from_slice(&text).map_err(|fault| Error::Malformed {
            path,
            fault: format!("not a report of this version: {fault}"),
        })?;
        let ours = report.profile == self.settings.profile && report.seed == self.settings.seed;
        Ok(ours.then_some(report))
    }

    fn empty_report(&self, experiment: &dyn AnyExperiment) -> Result<ExperimentReport, Error> {
        let missing = self.standing(experiment)?.grid.len();
        let view = ExperimentView {
            id: experiment.id().into(),
            title: experiment.title().into(),
            question: experiment.question().into(),
            cells: CellCounts { missing, ..CellCounts::default() },
            other_sources: 0,
            failures: Vec::new(),
            revision: experiment.revision(),
            figures: Vec::new(),
            tables: Vec::new(),
            run_json: format!("{}/{RUN}", experiment.id()),
        };
        Ok(ExperimentReport {
            profile: self.settings.profile,
            seed: self.settings.seed,
            view,
            claims: Vec::new(),
        })
    }

    fn page(&self, verdicts: &PaperVerdicts, experiments: Vec<ExperimentView>) -> PaperPage {
        let Citation { id, title, authors, venue, year, link } = self.paper.citation.clone();
        let full = self.settings.profile == Profile::Full;
        let other =
            if full { self.folder().join("..").join(PAGE) } else { self.folder().join("full").join(PAGE) };
        let other = other.exists().then(|| Link {
            label: if full { "quick" } else { "full" }.into(),
            href: if full { format!("../{PAGE}") } else { format!("full/{PAGE}") },
        });
        let notebook = self.folder().join("notebook.html").exists().then(|| "notebook.html".to_owned());
        PaperPage {
            id,
            title,
            authors,
            venue,
            year,
            link,
            summary: self.paper.summary.into(),
            profile: verdicts.profile.to_string(),
            seed: verdicts.seed,
            version: self.paper.version.into(),
            partial: verdicts.partial,
            open_questions: self.paper.open_questions.iter().map(|question| (*question).into()).collect(),
            claims: verdicts.claims.iter().map(|claim| claim_view(claim, &experiments)).collect(),
            experiments,
            data: self.paper.data.into(),
            other_profiles: other.into_iter().collect(),
            notebook,
            index: Some(if full { "../../index.html" } else { "../index.html" }.into()),
        }
    }
}

fn claim_view(claim: &Judged, experiments: &[ExperimentView]) -> ClaimView {
    let shown_by = experiments.iter().filter(|view| Some(&view.id) == claim.experiment.as_ref());
    let mut figures = shown_by.flat_map(|view| &view.figures);
    let figure =
        figures.find(|figure| Some(&figure.id) == claim.figure.as_ref()).map(|figure| figure.svg.clone());
    ClaimView {
        id: claim.id.clone(),
        statement: claim.statement.clone(),
        place: claim.place.clone(),
        paper_value: claim.paper_value.clone(),
        our_value: claim.estimate.map(|estimate| estimate.to_string()),
        rule: claim.rule.clone().unwrap_or_else(|| "none".into()),
        verdict: claim.verdict,
        reason: claim.reason.clone(),
        experiment: claim.experiment.clone(),
        figure,
        timing_link: (claim.timing && claim.verdict != Verdict::NotTested)
            .then(|| claim.experiment.as_ref().map(|id| format!("{id}/{TIMING_PREFIX}{VERDICTS}")))
            .flatten(),
    }
}

fn failures(cells: &[StoredCell]) -> Vec<String> {
    let messages = cells.iter().filter_map(|cell| match &cell.ending {
        Ending::Failed(message) => Some(format!("{}: {message}", cell.parameters.describe())),
        _ => None,
    });
    messages.take(FAILURES_ON_A_PAGE).collect()
}

/// Writes indented JSON with a final line feed.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let mut text = serde_json::to_string_pretty(value).map_err(|fault| Error::Internal(fault.to_string()))?;
    text.push('\n');
    write_atomically(path, text.as_bytes())
}
