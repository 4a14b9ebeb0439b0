//! `diff2 train`.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{ArgGroup, Args, ValueEnum};
use diff2::clipping::{Model, mean_loss};
use diff2::models::{Logistic, Softplus};
use diff2::noise::{Lattice, Noise, Seeded};
use diff2::plan::{Draws, Local, Minibatch, Plan, Trust};
use diff2::privacy::{Mu, NoiseMultiplier};
use diff2::records::Records;
use diff2::schedule::{Adjacency, Constants, Rounds};
use diff2::train::train;
use lab::arguments::{check_output, not_negative, positive, usage};
use lab::table::format_number;
use lab::{remark, say, write_atomically};
use numerics::random::stream;
use rand::{Rng, RngCore, SeedableRng, TryRngCore};
use rand_chacha::ChaCha20Rng;
use serde_json::json;

use super::table::{Table, read_table};
use super::{Neighbours, proper_share, rate};

/// The result is private for one record of the table; draws come from the operating system and are not kept.
#[derive(Args)]
#[command(group = ArgGroup::new("scaling").required(true))]
pub struct Train {
    /// Records: .csv with names, .npy or .parquet, all columns numbers
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The column to predict; for logistic regression two values, 0 and 1 or −1 and 1
    #[arg(long)]
    target: String,
    /// The column that says on which node a record lies; otherwise all are on one
    #[arg(long)]
    node: Option<String>,
    /// Public bounds: .csv with a line name,low,high for each column; values are cut to them and scaled to −1 … 1
    #[arg(long, value_name = "FILE", group = "scaling")]
    ranges: Option<PathBuf>,
    /// The table was scaled without looking at these records, so that nothing needs to be done
    #[arg(long, group = "scaling")]
    public_scaling: bool,
    /// logistic, or softplus:UNITS, one hidden layer with squared loss
    #[arg(long, default_value = "logistic")]
    model: ModelName,
    /// How
    #[arg(long, value_enum, default_value = "diff2")]
    method: Method,
    /// ε
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    epsilon: f64,
    /// δ
    #[arg(long, value_parser = proper_share, allow_negative_numbers = true)]
    delta: f64,
    /// The clipping radius of gradients, chosen without looking at these records
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    clip_gradient: f64,
    /// The clipping radius of differences over the step's length, likewise
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    clip_difference: f64,
    /// L: with --gap, rounds, restarts and step are chosen by the bound
    #[arg(long, value_parser = positive, allow_negative_numbers = true, requires = "gap")]
    smoothness: Option<f64>,
    /// f(x₀) less the smallest loss, at most
    #[arg(long, value_parser = positive, allow_negative_numbers = true, requires = "smoothness")]
    gap: Option<f64>,
    /// R
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000), conflicts_with = "smoothness", required_unless_present = "smoothness")]
    rounds: Option<u64>,
    /// T, by default a tenth of the rounds
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "smoothness")]
    restart: Option<u64>,
    /// η, by default 1/(2 C₂)
    #[arg(long, value_parser = positive, allow_negative_numbers = true, conflicts_with = "smoothness")]
    step: Option<f64>,
    /// The share of the budget for full gradients
    #[arg(long, value_parser = proper_share, default_value_t = 0.5, allow_negative_numbers = true)]
    share: f64,
    /// λ of the public term λ Σ w²/(1 + w²)
    #[arg(long, value_parser = not_negative, default_value_t = 0.0, allow_negative_numbers = true)]
    penalty: f64,
    /// What neighbouring data sets differ by
    #[arg(long, value_enum, default_value = "replace")]
    neighbours: Neighbours,
    /// Who adds the noise
    #[arg(long, value_enum, default_value = "aggregator")]
    trust: TrustName,
    /// K, for local steps, by default 4
    #[arg(long, value_parser = clap::value_parser!(u64).range(2..=10_000))]
    local_steps: Option<u64>,
    /// Records of a local step, by default half of the smallest node
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "sampling_rate")]
    minibatch: Option<u32>,
    /// Instead, the probability that a record is in a local step; needs --neighbours zero-out
    #[arg(long, value_parser = rate, allow_negative_numbers = true)]
    sampling_rate: Option<f64>,
    /// The share of the budget for local steps, by default 0.3
    #[arg(long, value_parser = proper_share, allow_negative_numbers = true)]
    local_share: Option<f64>,
    /// Repeatable draws. Whoever knows the seed can take off the noise: the result is NOT private
    #[arg(long, value_name = "SEED")]
    insecure_seed: Option<u64>,
    /// Say losses too, which are NOT private
    #[arg(long)]
    show_losses: bool,
    /// Where the model goes: .json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// DP-GD: full gradients only
    Gd,
    /// DIFF2-GD
    Diff2,
    /// DIFF2 with local steps of one node in each round
    Diff2Local,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TrustName {
    /// An aggregator that all nodes trust, or secure aggregation
    Aggregator,
    /// Every node for itself
    Node,
}

#[derive(Clone, Copy)]
enum ModelName {
    Logistic,
    Softplus(usize),
}

impl FromStr for ModelName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = text.strip_prefix("softplus:").and_then(|units| units.parse().ok());
        match (text, units) {
            ("logistic", _) => Ok(Self::Logistic),
            (_, Some(units)) if (1..=10_000).contains(&units) => Ok(Self::Softplus(units)),
            _ => Err("expected logistic, or softplus: and a number of units up to 10000".into()),
        }
    }
}

impl Train {
    /// Reads, trains, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let inputs = [Some(&self.data), self.ranges.as_ref()];
        check_output(Some(&self.out), "json", inputs.into_iter().flatten().map(PathBuf::as_path))?;
        self.refuse_unused()?;
        let logistic = matches!(self.model, ModelName::Logistic);
        let table =
            read_table(&self.data, &self.target, self.node.as_deref(), self.ranges.as_deref(), logistic)?;
        let named = || self.data.display().to_string();
        let records =
            Records::new(table.features.view(), table.targets.view(), &table.nodes).with_context(named)?;
        let model: Box<dyn Model> = match self.model {
            ModelName::Logistic => Box::new(Logistic::new(table.features.ncols())),
            ModelName::Softplus(units) => Box::new(Softplus::new(table.features.ncols(), units)),
        };
        let all = table.targets.len() as f64;
        if self.delta >= 1.0 / all {
            remark(&format!(
                "delta of {} is 1 over the number of records or more: it would allow to publish one of them",
                format_number(self.delta)
            ))?;
        }
        let (mut noise, mut random): (Box<dyn Noise>, ChaCha20Rng) = match self.insecure_seed {
            Some(seed) => {
                remark("not private: whoever knows the seed can compute the noise and take it off")?;
                let mut draws = stream(seed, &["diff2", "train"]);
                let random = ChaCha20Rng::seed_from_u64(draws.next_u64());
                (Box::new(Seeded::new(draws)), random)
            }
            None => {
                let mut key = [0; 32];
                rand::rngs::OsRng.try_fill_bytes(&mut key)?;
                (Box::new(Lattice::from_system()?), ChaCha20Rng::from_seed(key))
            }
        };
        let mu = Mu::calibrate(self.epsilon, self.delta)?;
        let (rounds, step) = self.schedule(&records, model.parameters(), mu);
        let draws = Draws::new(rounds.rounds, records.nodes(), &mut random);
        let plan = self.plan(&records, mu, rounds, step, &draws)?;
        let start: Vec<f64> = match self.model {
            ModelName::Logistic => vec![0.0; model.parameters()],
            ModelName::Softplus(units) => {
                let size = 1.0 / (table.features.ncols() as f64).sqrt();
                let inner = units * table.features.ncols();
                (0..model.parameters())
                    .map(|index| if index < inner { random.random_range(-size..size) } else { 0.1 })
                    .collect()
            }
        };
        let trained =
            train(&*model, &records, &plan, &draws, &start, &mut *noise, |_| ()).with_context(named)?;
        let epsilon = plan.epsilon(draws.most_walks(), self.delta)?;
        self.say(&records, &plan, epsilon)?;
        if self.show_losses {
            say(&format!(
                "NOT private         loss {} at the start, {} at the last iterate, {} at the drawn one",
                format_number(mean_loss(&*model, &start, &records)),
                format_number(mean_loss(&*model, &trained.last, &records)),
                format_number(mean_loss(&*model, &trained.random, &records)),
            ))?;
        }
        self.write(&table, &plan, epsilon, &trained.last, &trained.random)
    }

    fn adjacency(&self) -> Adjacency {
        self.neighbours.into()
    }

    /// Options that the method would pass over.
    fn refuse_unused(&self) -> anyhow::Result<()> {
        let local = [
            (self.local_steps.is_some(), "--local-steps"),
            (self.minibatch.is_some(), "--minibatch"),
            (self.sampling_rate.is_some(), "--sampling-rate"),
            (self.local_share.is_some(), "--local-share"),
        ];
        if let Some((_, option)) = local.iter().find(|(given, _)| *given && self.method != Method::Diff2Local)
        {
            return Err(usage(format!("{option} is for --method diff2-local")));
        }
        if self.method == Method::Gd && self.restart.is_some() {
            return Err(usage("--restart is not for --method gd, which restarts every round"));
        }
        if self.smoothness.is_some_and(|smoothness| self.clip_difference < smoothness) {
            return Err(usage(
                "the bound needs --clip-difference of --smoothness at least: differences would be clipped below it",
            ));
        }
        Ok(())
    }

    fn local_share(&self) -> f64 {
        self.local_share.unwrap_or(0.3)
    }

    fn schedule(&self, records: &Records, dimension: usize, mu: Mu) -> (Rounds, f64) {
        let gd = self.method == Method::Gd;
        if let (Some(smoothness), Some(gap)) = (self.smoothness, self.gap) {
            // Nodes that trust nobody have P times the variance; local steps leave a share of the budget.
            let trust = if self.trust == TrustName::Node { (records.nodes() as f64).sqrt() } else { 1.0 };
            let local =
                if self.method == Method::Diff2Local { (1.0 - self.local_share()).sqrt() } else { 1.0 };
            let constants = Constants {
                smoothness,
                gap,
                clip_gradient: self.clip_gradient,
                clip_difference: self.clip_difference,
                dimension: dimension as f64,
                records: 1.0 / (records.share() * self.adjacency().factor() * trust),
                mu: Mu::new(mu.value() * local),
            };
            let most = 1_000_000;
            let chosen = if gd {
                constants.gradient_descent(most)
            } else {
                let half = constants.schedule(most);
                constants.bounded(Rounds { share: self.share, ..half.rounds })
            };
            return (chosen.rounds, chosen.step);
        }
        let rounds = self.rounds.unwrap_or(1);
        let restart = if gd { 1 } else { self.restart.unwrap_or(rounds.div_ceil(10)) };
        (Rounds { rounds, restart, share: self.share }, self.step.unwrap_or(0.5 / self.clip_difference))
    }

    fn plan(
        &self,
        records: &Records,
        mu: Mu,
        rounds: Rounds,
        step: f64,
        draws: &Draws,
    ) -> anyhow::Result<Plan> {
        let mut plan = Plan::within(mu, rounds, step, (self.clip_gradient, self.clip_difference))?;
        plan.adjacency = self.adjacency();
        plan.trust = match self.trust {
            TrustName::Aggregator => Trust::Aggregator,
            TrustName::Node => Trust::Node,
        };
        plan.penalty = self.penalty;
        if self.method != Method::Diff2Local {
            return Ok(plan);
        }
        let smallest = (0..records.nodes()).map(|node| records.size(node)).min().unwrap_or(1);
        let minibatch = match self.sampling_rate {
            Some(_) if self.neighbours == Neighbours::Replace => {
                return Err(usage(
                    "--sampling-rate protects a record's presence: use --neighbours zero-out with it",
                ));
            }
            Some(rate) => Minibatch::Poisson(rate),
            None => Minibatch::Fixed(self.minibatch.map_or(smallest.div_ceil(2), |batch| batch as usize)),
        };
        if let Minibatch::Fixed(batch) = minibatch
            && batch > smallest
        {
            bail!("--minibatch {batch}: the smallest node has {smallest} records");
        }
        let local = Local {
            steps: self.local_steps.unwrap_or(4),
            minibatch,
            clip: self.clip_difference,
            noise: NoiseMultiplier::new(1.0)?,
        };
        Ok(plan.with_local((self.epsilon, self.delta), self.local_share(), local, draws)?)
    }

    fn say(&self, records: &Records, plan: &Plan, epsilon: f64) -> anyhow::Result<()> {
        let (restarts, others) = plan.rounds.counts();
        let whose = match self.neighbours {
            Neighbours::Replace => "replaced",
            Neighbours::ZeroOut => "left out",
        };
        let mut text = format!(
            "privacy             epsilon {}, delta {}, for one record {whose}\nrounds              {} of step {}: {restarts} full gradients, {others} differences\nnodes               {}, the largest share of one record is {}\nnoise multipliers   {} of full gradients",
            format_number(epsilon),
            format_number(self.delta),
            plan.rounds.rounds,
            format_number(plan.step),
            records.nodes(),
            format_number(records.share()),
            format_number(plan.noise[0].value()),
        );
        if others > 0 {
            text += &format!(", {} of differences", format_number(plan.noise[1].value()));
        }
        if let Some(local) = &plan.local {
            text += &format!(", {} of local differences", format_number(local.noise.value()));
        }
        Ok(say(&text)?)
    }

    fn write(
        &self,
        table: &Table,
        plan: &Plan,
        epsilon: f64,
        last: &[f64],
        random: &[f64],
    ) -> anyhow::Result<()> {
        let model = match self.model {
            ModelName::Logistic => "logistic".to_owned(),
            ModelName::Softplus(units) => format!("softplus:{units}"),
        };
        let saved = json!({
            "model": model,
            "features": table.names,
            "ranges": table.ranges,
            "parameters": last,
            "parameters of a random iterate": random,
            "privacy": {
                "private": self.insecure_seed.is_none(),
                "epsilon": epsilon,
                "delta": self.delta,
                "neighbours": plan.adjacency,
                "trust": plan.trust,
            },
            "rounds": plan.rounds,
            "step": plan.step,
        });
        Ok(write_atomically(&self.out, (serde_json::to_string_pretty(&saved)? + "\n").as_bytes())?)
    }
}
