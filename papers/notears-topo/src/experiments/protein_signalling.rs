//! `protein-signalling`: the data of Sachs and others with its consensus graph.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, input};
use serde::{Deserialize, Serialize};

use crate::pruning::{Pruning, pruned_weights};
use crate::sortability::sortability;
use crate::{Covariance, baseline, exact};

/// 853 cells, 11 proteins, 17 consensus edges.
pub struct ProteinSignalling;

/// A cell: how the data is taken.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// `raw` or `log-standardised`.
    pub scale: Scale,
}

/// How concentrations are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// As measured: the variance of PKA dominates the score.
    Raw,
    /// Logarithms, divided by their standard deviations.
    LogStandardised,
}

/// An edge of the graph found, or of the consensus.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Where the order comes from.
    pub method: Method,
    /// Cause.
    pub from: String,
    /// Effect.
    pub to: String,
    /// Weight in the graph found; 0 for a consensus edge that was not found.
    #[column(within = 1e-4)]
    pub weight: f64,
    /// How the edge stands in the consensus.
    pub status: Status,
    /// Q of the order.
    pub score: f64,
    /// Sortability of the consensus graph by variance.
    pub variance_sortability: f64,
    /// Of the consensus graph, by R².
    pub determination_sortability: f64,
}

/// Where an order comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The least score of any order.
    Optimum,
    /// Greedy equal variance.
    EqualVariance,
    /// Sorted by R².
    Determination,
}

/// How an edge stands in the consensus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// In both.
    Agrees,
    /// Found the other way round.
    Reversed,
    /// Found, not in the consensus.
    Extra,
    /// In the consensus, not found either way.
    Missing,
}

const DATA: &str = "sachs/sachs.csv";
const CONSENSUS: &str = "sachs/sachs_dag.csv";

impl Experiment for ProteinSignalling {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "protein-signalling";
    const TITLE: &'static str = "Protein signalling (Sachs and others 2005)";
    const QUESTION: &'static str = "853 cells, 11 proteins, a consensus graph of 17 edges: how much of the consensus has the graph of least score, and how much the cheap orders? In the full profile, where the data is here.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        match profile {
            Profile::Full => [Scale::Raw, Scale::LogStandardised].map(|scale| Parameters { scale }).into(),
            Profile::Smoke | Profile::Quick => Vec::new(),
        }
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let (Some(data), Some(consensus)) = (lab::data_file(DATA), lab::data_file(CONSENSUS)) else {
            return Ok(Outcome::Skipped("the data of Sachs and others is not here: make data".into()));
        };
        let (data, consensus) = (input::named_matrix(&data)?, input::named_matrix(&consensus)?);
        if data.names != consensus.names {
            return Err("data and consensus graph name different proteins".into());
        }
        let covariance = match cell.scale {
            Scale::Raw => Covariance::of(data.values.view())?,
            Scale::LogStandardised => Covariance::of(data.values.mapv(f64::ln).view())?.standardised(),
        };
        let truth = &consensus.values;
        let sorted = sortability(truth.view(), &covariance);
        let orders = [
            (Method::Optimum, exact::least_squares(&covariance)?.order),
            (Method::EqualVariance, baseline::equal_variance(&covariance)),
            (Method::Determination, baseline::by_coefficient_of_determination(&covariance)),
        ];
        let mut rows = Vec::new();
        for (method, order) in orders {
            let weights = pruned_weights(&covariance, &order, Pruning::Bic)?;
            let score = crate::factor::Factor::new(&covariance, &order).score();
            for ((i, j), &weight) in weights.indexed_iter() {
                let status =
                    match (weight != 0.0, truth[(i, j)] != 0.0, truth[(j, i)] != 0.0, weights[(j, i)] != 0.0)
                    {
                        (true, true, ..) => Status::Agrees,
                        (true, false, true, _) => Status::Reversed,
                        (true, false, false, _) => Status::Extra,
                        (false, true, _, false) => Status::Missing,
                        _ => continue,
                    };
                rows.push(Row {
                    method,
                    from: data.names[i].clone(),
                    to: data.names[j].clone(),
                    weight,
                    status,
                    score,
                    variance_sortability: sorted.variance,
                    determination_sortability: sorted.determination,
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut summary = Vec::new();
        let mut figure = Figure::new("Graphs of least score beside the consensus")
            .subtitle("proteins on a circle; an edge leads from its thick half to its thin one")
            .columns(2);
        for (cell, rows) in table.cells() {
            for method in [Method::Optimum, Method::EqualVariance, Method::Determination] {
                let rows: Vec<&Row> = rows.iter().filter(|row| row.method == method).collect();
                let count = |status: Status| rows.iter().filter(|row| row.status == status).count();
                let (agrees, reversed, extra, missing) = (
                    count(Status::Agrees),
                    count(Status::Reversed),
                    count(Status::Extra),
                    count(Status::Missing),
                );
                let score = rows.first().map_or(f64::NAN, |row| row.score);
                let hamming = reversed + extra + missing;
                let scale = cell.scale;
                summary.push(Summary { scale, method, score, agrees, reversed, extra, missing, hamming });
                if method == Method::Optimum {
                    figure = figure.panel(circle(scale, &rows));
                }
            }
        }
        if summary.is_empty() {
            return Ok(());
        }
        report.figure(
            "graphs",
            "The graph of least score (optimum over all orders, pruned by the BIC with a refit) beside the consensus of Sachs and others, by whether edges agree.",
            "Eleven proteins on a circle in each panel, joined by lines for edges that agree, are reversed, extra or missing.",
            &figure,
        )?;
        report.records("agreement", "Edges by how they stand in the consensus.", &summary)
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// How concentrations are taken.
    scale: Scale,
    /// Where the order comes from.
    method: Method,
    /// Q of the order.
    score: f64,
    /// Edges in both.
    agrees: usize,
    /// Edges found the other way round.
    reversed: usize,
    /// Edges not in the consensus.
    extra: usize,
    /// Consensus edges not found either way.
    missing: usize,
    /// SHD to the consensus.
    hamming: usize,
}

fn circle(scale: Scale, rows: &[&Row]) -> Chart {
    let mut names: Vec<&str> = rows.iter().flat_map(|row| [row.from.as_str(), row.to.as_str()]).collect();
    names.sort_unstable();
    names.dedup();
    let place = |name: &str| {
        let index = names.iter().position(|other| *other == name).unwrap_or(0);
        let angle = std::f64::consts::TAU * index as f64 / names.len() as f64;
        (angle.cos(), angle.sin())
    };
    let title = match scale {
        Scale::Raw => "as measured",
        Scale::LogStandardised => "logarithms, standardised",
    };
    let mut chart = Chart::new()
        .title(title)
        .equal_aspect()
        .x_range(-1.4, 1.4)
        .y_range(-1.3, 1.3)
        .x_ticks([])
        .y_ticks([]);
    let kinds = [
        (Status::Agrees, "agrees"),
        (Status::Reversed, "reversed"),
        (Status::Extra, "not in the consensus"),
        (Status::Missing, "missing"),
    ];
    for (slot, (status, name)) in kinds.into_iter().enumerate() {
        let edges = rows.iter().filter(|row| row.status == status);
        let halves: Vec<_> = edges
            .flat_map(|row| {
                let (from, to) = (place(&row.from), place(&row.to));
                let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
                [(from, middle, 1.0), (middle, to, 0.3)]
            })
            .collect();
        if !halves.is_empty() {
            chart = chart.segments(name, halves).styled_as(slot);
        }
    }
    for name in &names {
        let (x, y) = place(name);
        chart = chart.annotation(1.18 * x - 0.12, 1.15 * y - 0.06, *name);
    }
    chart
}
