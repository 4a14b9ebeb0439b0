//! What people run on their own strategies.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use lab::{Error, say, write_atomically};
use levine_hats::bounds::{CONJECTURED, PUBLISHED_UPPER, conjectured_wins, min_weight};
use levine_hats::constructions::{chain, first_black, modular, recursive_block, white_restart_block};
use levine_hats::{BigRational, Strategy, StrategyError};
use num_traits::{One, ToPrimitive, Zero};

mod evaluate;
mod find;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Computes the exact value of a strategy in a JSON file
    Evaluate(evaluate::Evaluate),
    /// Searches for a strategy by alternating best responses
    Search(find::Search),
    /// Writes a strategy from the paper: S3, S5, …, chain, mod2, mod3, white-restart, first-black
    Construct(Construct),
    /// Prints what is known about the value of a size
    Bound(Bound),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Evaluate(evaluate) => evaluate.run(),
            Self::Search(search) => search.run(),
            Self::Construct(construct) => construct.run(),
            Self::Bound(bound) => bound.run(),
        }
    }
}

/// Writes a strategy that is known by name.
#[derive(Args)]
pub struct Construct {
    /// S3, S5, S7, … (blocks for infinite stacks), chain, mod2, mod3, white-restart, first-black
    name: String,
    /// Hats of a stack, for chain and first-black
    #[arg(long, default_value_t = 5)]
    height: usize,
    /// Number of players, for mod2, mod3, white-restart and first-black
    #[arg(long, default_value_t = 2)]
    players: usize,
    /// Where the strategy goes: .json
    #[arg(long, value_name = "FILE")]
    out: std::path::PathBuf,
}

impl Construct {
    fn run(self) -> anyhow::Result<()> {
        let usage = |fault: &dyn std::fmt::Display| Error::Usage(format!("construct {}: {fault}", self.name));
        let built: Result<Strategy, Error> = match self.name.as_str() {
            "chain" => chain(self.height).map_err(|fault| usage(&fault)),
            "mod2" => modular(self.players, 2).map_err(|fault| usage(&fault)),
            "mod3" => modular(self.players, 3).map_err(|fault| usage(&fault)),
            "white-restart" => white_restart_block(self.players).map_err(|fault| usage(&fault)),
            "first-black" => first_black(self.players, self.height).map_err(|fault| usage(&fault)),
            name => match name.strip_prefix(['S', 's']).and_then(|k| k.parse().ok()) {
                Some(k) => recursive_block(k).map_err(|fault| usage(&fault)),
                None => {
                    Err(usage(&"expected S3, S5, S7, …, chain, mod2, mod3, white-restart or first-black"))
                }
            },
        };
        let strategy = built?;
        write(&self.out, &strategy)?;
        evaluate::describe(&strategy, None)?;
        say(&format!("strategy   {}", self.out.display()))?;
        Ok(())
    }
}

/// Prints lower and upper bounds.
#[derive(Args)]
pub struct Bound {
    /// Number of players
    #[arg(long)]
    players: usize,
    /// Hats of a stack
    #[arg(long)]
    height: usize,
}

impl Bound {
    fn run(self) -> anyhow::Result<()> {
        let Self { players, height } = self;
        if players < 2 || height == 0 || players.saturating_mul(height) > 120 {
            let asked = format!("{players} players with {height} hats");
            return Err(Error::Usage(format!(
                "expected 2 or more players and 1 to {} hats, found {asked}",
                120 / players.max(2)
            ))
            .into());
        }
        let hats = players * height;
        let share = |wins: u128| wins as f64 / 2_f64.powi(hats as i32);
        let upper = min_weight(players, height);
        say(&format!("upper bound  {upper} of 2^{hats} = {:.9} (fewest black hats)", share(upper)))?;
        match (players, height) {
            (_, 1..=3) => say(&format!("lower bound  {upper} of 2^{hats}: attained, so this is the value"))?,
            (2, 4) => say("lower bound  89 of 2^8 = 0.347656250 (optimal: every table was visited)")?,
            (2, _) if height <= 30 => {
                let wins = conjectured_wins(height);
                let value = share(wins.into());
                say(&format!("lower bound  {wins} of 2^{hats} = {value:.9} (chain; optimal if V_2 = 7/20)"))?;
            }
            _ => {
                let code = levine_hats::bounds::value_of_three_hats(players as u32);
                let value = code.to_f64().unwrap_or(f64::NAN);
                say(&format!("lower bound  {value:.9} (modular code on three of the hats)"))?;
            }
        }
        if players == 2 {
            let (numerator, denominator) = CONJECTURED;
            let [_, upper] = PUBLISHED_UPPER;
            say(&format!("infinite     {numerator}/{denominator} ≤ V_2 ≤ {upper} (Heilman and Tamuz)"))?;
        }
        Ok(())
    }
}

/// Reads a strategy.
fn read(path: &Path) -> anyhow::Result<Strategy> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{}: no strategy", path.display()))
}

/// Writes a strategy, whole or not at all.
fn write(path: &Path, strategy: &Strategy) -> anyhow::Result<()> {
    let mut text = serde_json::to_string(strategy)?;
    text.push('\n');
    write_atomically(path, text.as_bytes())?;
    Ok(())
}

/// A probability of the command line, exact: a fraction `3/10` or a decimal `0.3`.
fn probability(text: &str) -> Result<BigRational, String> {
    let expected = "expected a probability between 0 and 1, both excluded, such as 3/10 or 0.3";
    let fraction = match text.split_once('.') {
        Some((whole, decimals)) => {
            let digits = u32::try_from(decimals.len()).ok().filter(|digits| (1..=30).contains(digits));
            let numerator = format!("{whole}{decimals}");
            match (digits, numerator.bytes().all(|digit| digit.is_ascii_digit())) {
                (Some(digits), true) => {
                    BigRational::from_str(&format!("{numerator}/1{}", "0".repeat(digits as usize)))
                }
                _ => return Err(expected.into()),
            }
        }
        None => BigRational::from_str(text),
    };
    match fraction {
        Ok(p) if p > BigRational::zero() && p < BigRational::one() => Ok(p),
        _ => Err(expected.into()),
    }
}

/// An exact value with its decimals.
fn shown(value: &BigRational) -> String {
    format!("{value} = {:.12}", value.to_f64().unwrap_or(f64::NAN))
}

/// Sizes that do not fit are a fault of the command line.
fn usage(fault: StrategyError) -> anyhow::Error {
    Error::Usage(fault.to_string()).into()
}

/// Refuses to write over the input.
fn refuse_same(input: Option<&Path>, out: &Path) -> anyhow::Result<()> {
    let same = |path: &Path| path.canonicalize().ok() == out.canonicalize().ok() && out.exists();
    match input {
        Some(path) if same(path) => {
            bail!(Error::Usage(format!("--out {} is the strategy to begin with", out.display())))
        }
        _ => Ok(()),
    }
}
