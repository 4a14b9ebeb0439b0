//! `notears-topo fit`: a graph from data.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use lab::arguments::refuse_overwriting;
use lab::remark;
use lab::table::format_number;
use ndarray::Array2;
use notears_topo::bilevel::{self, Acceptance, Candidates, Sets};
use notears_topo::constraints::{Constraints, Precedence};
use notears_topo::inner::{ByRefitting, Inner, weights};
use notears_topo::node_score;
use notears_topo::pruning::{Pruning, deviations, prune, prune_order};
use notears_topo::search::{Neighbourhood, Restarts, search};
use notears_topo::sortability::sortability;
use notears_topo::stationarity::{kkt_residual, least_squares_slopes};
use notears_topo::{Error, Order, baseline, factor::Factor};

use super::{Problem, ScoreArguments, constraints_file, graph_file, in_order, twelve_digits, with_name};

/// Learns an acyclic graph.
#[derive(Args)]
pub struct Fit {
    /// One observation a line: .csv with or without a header, .npy, .parquet
    data: PathBuf,
    #[command(flatten)]
    score: ScoreArguments,
    /// Which moves are looked at; by default insertions for plain least squares, else the paper's candidate sets, with sorting anew along edges that close no cycle (not with --moves paper, nor for mlp)
    #[arg(long, value_enum)]
    moves: Option<Moves>,
    /// The first order
    #[arg(long, value_enum, default_value_t = Start::EqualVariance)]
    start: Start,
    /// Start from the order of this graph (.csv: edges or a matrix), to improve what another method found; cycles are cut at their lightest edges
    #[arg(long, value_name = "FILE", conflicts_with = "start")]
    warm_start: Option<PathBuf>,
    /// Descents from random orders besides the first; by default 100 where all moves are priced from one factor (least squares without --l1, forbidden edges and --moves paper), 5 for other convex scores, 0 for mlp
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    restarts: Option<u32>,
    /// Perturbations after each descent, where all moves are priced from one factor; 20 by default
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    perturbations: Option<u32>,
    /// Seed of random orders
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Which edges are kept, always with a refit: bic, none, or the least size of a weight
    #[arg(long, value_parser = pruning, default_value = "bic", allow_negative_numbers = true)]
    prune: Pruning,
    /// Knowledge: a .toml file with required = [["a", "b"]], forbidden = [["b", "a"]], tiers = [["a"], ["b", "c"]]
    #[arg(long, value_name = "FILE")]
    constraints: Option<PathBuf>,
    /// Where the graph goes: .csv (from,to,weight), .dot or .graphml
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Moves {
    /// Swaps from the paper's candidate sets
    Paper,
    /// All swaps
    Swaps,
    /// All insertions
    Insertions,
    /// Insertions and swaps
    Both,
}

#[derive(Clone, Copy, ValueEnum)]
enum Start {
    /// A random order
    Random,
    /// By ascending variance
    Variance,
    /// By ascending R² on all other variables
    Determination,
    /// Always the variable of least variance given those before it
    EqualVariance,
}

/// What a search ended with.
struct Found {
    order: Order,
    score: f64,
    first: f64,
    residual: Option<f64>,
    fits: Vec<node_score::Fit>,
}

impl Fit {
    /// Reads, learns, writes and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let format = graph_file::format_of(&self.out)?;
        let inputs = std::iter::once(self.data.as_path())
            .chain(self.warm_start.as_deref())
            .chain(self.constraints.as_deref());
        refuse_overwriting(&self.out, inputs)?;
        let problem = self.score.read(&self.data)?;
        let constraints = match &self.constraints {
            Some(path) => constraints_file::read(path, &problem.names)?,
            None => Constraints::default(),
        };
        let precedence = constraints.precedence(&problem.names).with_context(|| match &self.constraints {
            Some(path) => path.display().to_string(),
            None => self.data.display().to_string(),
        })?;
        let priced =
            problem.plain && constraints.forbidden.is_empty() && !matches!(self.moves, Some(Moves::Paper));
        if self.perturbations.is_some() && !priced {
            let fault = "--perturbations needs least squares without --l1, forbidden edges and --moves paper";
            return Err(lab::Error::Usage(fault.into()).into());
        }
        let start = self.first_order(&problem)?;
        let fault = |fault: Error| {
            anyhow::Error::from(with_name(fault, &problem.names)).context(self.data.display().to_string())
        };
        let found = self.learn(&problem, priced, &start, &constraints, &precedence).map_err(fault)?;
        let weights = weights(&found.fits);
        graph_file::write(&self.out, format, &problem.names, &weights, &constraints.required)?;
        self.say(&problem, &found, &weights, &constraints)
    }

    fn first_order(&self, problem: &Problem) -> anyhow::Result<Order> {
        if let Some(path) = &self.warm_start {
            let weights =
                graph_file::read(path)?.on(&problem.names).with_context(|| path.display().to_string())?;
            return Ok(bilevel::order_of(weights.view())?);
        }
        let variables = problem.names.len();
        let defined =
            || baseline::coefficients_of_determination(&problem.covariance).iter().all(|r2| r2.is_finite());
        if matches!(self.start, Start::Determination) && !defined() {
            let fault = "--start determination: R² on all other variables is undefined, as columns depend on each other";
            return Err(lab::Error::Usage(fault.into()).into());
        }
        Ok(match self.start {
            Start::Random => Order::random(variables, &mut self.stream("start")),
            Start::Variance => baseline::by_variance(&problem.covariance),
            Start::Determination => baseline::by_coefficient_of_determination(&problem.covariance),
            Start::EqualVariance => baseline::equal_variance(&problem.covariance),
        })
    }

    fn stream(&self, purpose: &str) -> rand_chacha::ChaCha8Rng {
        numerics::random::stream(self.seed, &["notears-topo", "fit", purpose])
    }

    fn learn(
        &self,
        problem: &Problem,
        priced: bool,
        start: &Order,
        constraints: &Constraints,
        precedence: &Precedence,
    ) -> Result<Found, Error> {
        let required = |i: usize, j: usize| constraints.required.contains(&(i, j));
        let neighbourhood = match self.moves {
            Some(Moves::Swaps | Moves::Paper) => Neighbourhood::Swaps,
            Some(Moves::Both) => Neighbourhood::Both,
            Some(Moves::Insertions) => Neighbourhood::Insertions,
            None if priced => Neighbourhood::Insertions,
            None => Neighbourhood::Swaps,
        };
        if priced {
            let restarts = Restarts {
                random: self.restarts.unwrap_or(100) as usize,
                perturbations: self.perturbations.unwrap_or(20) as usize,
                seed: self.seed,
            };
            let found = search(&problem.covariance, Some(start), restarts, neighbourhood, precedence)?;
            let first = Factor::new(&problem.covariance, &precedence.legalise(start)).score();
            let fits = prune_order(&problem.covariance, &found.order, self.prune, &required)?;
            let weights = Factor::new(&problem.covariance, &found.order).weights(&found.order);
            let slopes = least_squares_slopes(&problem.covariance, weights.view());
            let residual = kkt_residual(weights.view(), slopes.view(), 0.0).ok();
            return Ok(Found { score: found.score, first, residual, fits, order: found.order });
        }
        let variables = problem.names.len();
        let sets = match self.score.score {
            super::ScoreName::Mlp => Sets::automatic_nonlinear(variables),
            _ => Sets::automatic(variables),
        };
        let options = bilevel::Options {
            neighbourhood,
            candidates: match self.moves {
                None | Some(Moves::Paper) => Candidates::Sets(sets),
                Some(_) => Candidates::All,
            },
            acceptance: if problem.score.is_convex() { Acceptance::Scheduled } else { Acceptance::First },
            resort: problem.score.is_convex() && !matches!(self.moves, Some(Moves::Paper)),
            tolerance: if problem.score.is_convex() { 1e-12 } else { 1e-6 },
        };
        let mut best: Option<Found> = None;
        let mut random = self.stream("restarts");
        let restarts = self.restarts.unwrap_or(if problem.score.is_convex() { 5 } else { 0 });
        for index in 0..=restarts {
            let order = if index == 0 { start.clone() } else { Order::random(variables, &mut random) };
            let order = precedence.legalise(&order);
            let found = self.descend(problem, order, constraints, precedence, &options)?;
            if best.as_ref().is_none_or(|best| found.score < best.score) {
                best = Some(found);
            }
        }
        let mut found =
            best.ok_or(Error::Setting { name: "the number of starts", value: 0.0, range: "at least 1" })?;
        found.fits = prune(
            problem.score.as_ref(),
            &found.fits,
            &deviations(&problem.covariance),
            self.prune,
            &required,
        )?;
        Ok(found)
    }

    fn descend(
        &self,
        problem: &Problem,
        order: Order,
        constraints: &Constraints,
        precedence: &Precedence,
        options: &bilevel::Options,
    ) -> Result<Found, Error> {
        let allowed = constraints.allowed(problem.names.len());
        let mut inner = ByRefitting::new(problem.score.as_ref(), allowed, order)?;
        let first = inner.score();
        bilevel::search(&mut inner, precedence, options)?;
        let residual =
            inner.slopes().map(|_| bilevel::steepest(&inner, precedence).map_or(0.0, |edge| edge.residual));
        Ok(Found {
            order: inner.order().clone(),
            score: inner.score(),
            first,
            residual,
            fits: inner.fits().to_vec(),
        })
    }

    fn say(
        &self,
        problem: &Problem,
        found: &Found,
        weights: &Array2<f64>,
        constraints: &Constraints,
    ) -> anyhow::Result<()> {
        let edges = weights.iter().filter(|weight| **weight != 0.0).count();
        let number = |value: f64| if value.is_finite() { format_number(value) } else { "undefined".into() };
        let sorted = sortability(weights.view(), &problem.covariance);
        let mut lines = vec![
            format!("data        {} rows, {} variables", problem.score.rows(), problem.names.len()),
            format!("order       {}", in_order(&found.order, &problem.names)),
            format!(
                "score       {} (first order: {})",
                twelve_digits(found.score),
                twelve_digits(found.first)
            ),
        ];
        if problem.plain {
            let bound = problem.covariance.lower_bound();
            let gap = (found.score - bound) / bound;
            lines.push(format!(
                "bound       no order scores below {}: at most {} above, relatively",
                number(bound),
                number(gap)
            ));
        }
        if let Some(residual) = found.residual {
            lines.push(format!(
                "KKT         largest slope of an edge that closes no cycle and is not ruled out: {}",
                number(residual)
            ));
        }
        let kept: f64 = found.fits.iter().map(|fit| fit.loss).sum();
        lines.push(format!(
            "edges       {edges} of {} kept, score {} after the refit",
            self.described(),
            number(kept)
        ));
        lines.push(format!(
            "sortability by variance {}, by R² {} (near 1: a sort by it would find these directions too)",
            number(sorted.variance),
            number(sorted.determination)
        ));
        for &(from, to) in constraints.required.iter().filter(|edge| weights[**edge] == 0.0) {
            let names = (&problem.names[from], &problem.names[to]);
            lines.push(format!(
                "warning     the penalty leaves the required edge {} → {} the weight 0",
                names.0, names.1
            ));
        }
        if self.score.standardise {
            lines.push("warning     on standardised data the score no longer tells directions by equal noise variances".into());
        }
        lines.push(format!("written to  {}", self.out.display()));
        remark(&lines.join("\n"))?;
        Ok(())
    }

    fn described(&self) -> String {
        match self.prune {
            Pruning::None => "the full order".into(),
            Pruning::Bic => "the full order by the BIC".into(),
            Pruning::Threshold(threshold) => format!("the full order from size {threshold} on"),
        }
    }
}

fn pruning(text: &str) -> Result<Pruning, String> {
    match (text, text.parse::<f64>()) {
        ("bic", _) => Ok(Pruning::Bic),
        ("none", _) => Ok(Pruning::None),
        (_, Ok(threshold)) if threshold >= 0.0 && threshold.is_finite() => Ok(Pruning::Threshold(threshold)),
        _ => Err("expected bic, none, or a number of at least 0".into()),
    }
}
