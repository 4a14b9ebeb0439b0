//! What people run on their own strategies.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::Context;
use clap::{Args, Subcommand};
use lab::{Error, remark, say, write_atomically};
use levine_hats::bounds::{CONJECTURED, PUBLISHED_UPPER, min_weight};
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
    /// Hats of a stack, for chain and first-black [default: 5]
    #[arg(long)]
    height: Option<usize>,
    /// Number of players, for mod2, mod3, white-restart and first-black [default: 2]
    #[arg(long)]
    players: Option<usize>,
    /// Where the strategy goes: .json
    #[arg(long, value_name = "FILE")]
    out: std::path::PathBuf,
}

impl Construct {
    fn run(self) -> anyhow::Result<()> {
        let strategy = self.build().map_err(|fault| Error::Usage(format!("construct: {fault}")))?;
        write(&self.out, &strategy)?;
        evaluate::describe(&strategy, None)?;
        remark(&format!("strategy   {}", self.out.display()))?;
        Ok(())
    }

    fn build(&self) -> Result<Strategy, String> {
        let name = self.name.as_str();
        let block = name.strip_prefix(['S', 's']).and_then(|block| block.parse().ok());
        let (own_height, two_only) = (
            matches!(name, "mod2" | "mod3" | "white-restart") || block.is_some(),
            name == "chain" || block.is_some(),
        );
        if own_height && self.height.is_some() {
            return Err(format!("{name} has a height of its own: leave --height out"));
        }
        if two_only && self.players.is_some_and(|players| players != 2) {
            return Err(format!("{name} is for two players"));
        }
        let (height, players) = (self.height.unwrap_or(5), self.players.unwrap_or(2));
        let built = match (name, block) {
            (_, Some(block)) => return recursive_block(block).map_err(|fault| fault.to_string()),
            ("chain", _) => chain(height),
            ("mod2", _) => modular(players, 2),
            ("mod3", _) => modular(players, 3),
            ("white-restart", _) => white_restart_block(players),
            ("first-black", _) => first_black(players, height),
            _ => {
                let known = "S3, S5, S7, …, chain, mod2, mod3, white-restart or first-black";
                return Err(format!("expected {known}, found {name}"));
            }
        };
        built.map_err(|fault| fault.to_string())
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

/// Most hats of all players together that bounds are printed for.
const MOST_HATS: usize = 120;

impl Bound {
    fn run(self) -> anyhow::Result<()> {
        let Self { players, height } = self;
        if !(2..=MOST_HATS / 2).contains(&players) {
            return Err(
                Error::Usage(format!("expected 2 to {} players, found {players}", MOST_HATS / 2)).into()
            );
        }
        if !(1..=MOST_HATS / players).contains(&height) {
            let most = MOST_HATS / players;
            let fault = format!("expected 1 to {most} hats for {players} players, found {height}");
            return Err(Error::Usage(fault).into());
        }
        let hats = players * height;
        let share = |wins: u128| wins as f64 / 2_f64.powi(hats as i32);
        let upper = min_weight(players, height);
        let (lower, why) = match (players, height) {
            (_, 1..=3) => (upper, "attained by the modular code, so this is the value"),
            (2, 4) => (89, "the value: every table was visited"),
            // 7/20 of 4^h, rounded down.
            (2, _) => ((7_u128 << hats) / 20, "chain; optimal if V_2 = 7/20"),
            (3, 4) => (1_125, "found by search"),
            (4, 4) => (FOUR_PLAYERS_FOUR_HATS, "found by search"),
            _ => (min_weight(players, 3) << (hats - 3 * players), "modular code on three of the hats"),
        };
        say(&format!("upper bound  {upper} of 2^{hats} = {:.9} (fewest black hats)", share(upper)))?;
        say(&format!("lower bound  {lower} of 2^{hats} = {:.9} ({why})", share(lower)))?;
        if players == 2 {
            let (numerator, denominator) = CONJECTURED;
            let [_, upper] = PUBLISHED_UPPER;
            say(&format!("infinite     {numerator}/{denominator} ≤ V_2 ≤ {upper} (Heilman and Tamuz)"))?;
        }
        Ok(())
    }
}

/// Wins of the strategy in tests/cases/four-players-four-hats.json.
const FOUR_PLAYERS_FOUR_HATS: u128 = 15_017;

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
