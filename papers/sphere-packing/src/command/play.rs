//! `play`: the game.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use lab::{say, write_atomically};
use numerics::random::stream;
use sphere_packing::certificate::Certificate;
use sphere_packing::game::Game;
use sphere_packing::game::play::{Player, play};
use sphere_packing::game::store::Store;

use super::{HarmonicsName, as_usage, refuse_folder};

#[derive(Args)]
pub struct Play {
    /// Dimension of the space
    #[arg(long, value_name = "n", value_parser = clap::value_parser!(u16).range(2..=100))]
    dimension: u16,
    /// Degree d of the kernel
    #[arg(long, value_name = "d", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=20))]
    degree: u16,
    /// f has degree 2 · this + 1 in |x|² [default: twice the degree, at least 8]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=60))]
    radial_degree: Option<u16>,
    /// Harmonics of the kernel
    #[arg(long, value_enum, default_value_t = HarmonicsName::All)]
    harmonics: HarmonicsName,
    /// Programmes to solve
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    evaluations: u32,
    /// Who proposes them
    #[arg(long, value_enum, default_value_t = PlayerName::Both)]
    player: PlayerName,
    /// Seed of the player; machines that share a game take different ones
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A file of solved programmes that is added to, and resumed from
    #[arg(long, value_name = "FILE.jsonl")]
    store: Option<PathBuf>,
    /// File for the certificate of the lowest bound
    #[arg(long, value_name = "FILE.json")]
    certificate: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlayerName {
    /// Random search
    Random,
    /// Random radii and width, usual multipliers
    RandomGeometry,
    /// Bayesian optimisation of radii and width
    Bayesian,
    /// Tree search over multipliers
    Tree,
    /// Both in turn
    Both,
}

impl Play {
    pub fn run(self) -> anyhow::Result<()> {
        if let Some(path) = &self.certificate {
            refuse_folder(path)?;
        }
        let radial = self.radial_degree.map_or((2 * usize::from(self.degree)).max(8), usize::from);
        let game =
            Game::new(usize::from(self.dimension), usize::from(self.degree), radial, self.harmonics.into())
                .map_err(as_usage)?;
        let player = match self.player {
            PlayerName::Random => Player::Random,
            PlayerName::RandomGeometry => Player::RandomGeometry,
            PlayerName::Bayesian => Player::Bayesian,
            PlayerName::Tree => Player::Tree,
            PlayerName::Both => Player::Both,
        };
        if let (Some(store), Some(certificate)) = (&self.store, &self.certificate) {
            lab::arguments::refuse_one_file_for_two(store, certificate)?;
        }
        let mut store = match &self.store {
            Some(path) => Store::open(path)?,
            None => Store::in_memory(),
        };
        let known = store.len();
        let mut random = stream(self.seed, &["game"]);
        let started = Instant::now();
        let mut number = 0;
        let moves = play(&game, player, self.evaluations as usize, &mut random, &mut store, &mut |played| {
            number += 1;
            let parameters = game.parameters(&played.state);
            let multipliers: Vec<String> = parameters.multipliers.iter().map(ToString::to_string).collect();
            let outcome = match (played.evaluation.bound, &played.evaluation.fault) {
                (Some(bound), _) => format!("{bound:.12}"),
                (None, fault) => format!("no bound ({})", fault.as_deref().unwrap_or("unknown")),
            };
            say(&format!(
                "{number:>4}  {outcome}  r {:.4}  R {:.4}  ρ {:.3}  {}  {:.1} s",
                parameters.radius,
                parameters.truncation,
                parameters.width,
                multipliers.join(","),
                started.elapsed().as_secs_f64()
            ))
            .is_ok()
        })?;
        if known > 0 {
            say(&format!(
                "{} of the programmes were in the store or solved twice",
                moves.len() + known - store.len()
            ))?;
        }
        let best = moves.iter().filter(|played| played.evaluation.bound.is_some()).min_by(|a, b| {
            a.evaluation.bound.partial_cmp(&b.evaluation.bound).unwrap_or(std::cmp::Ordering::Equal)
        });
        let Some(best) = best else { anyhow::bail!("no programme gave a bound") };
        // The store keeps bounds; the certificate is made again.
        let (_, certified) = game.evaluate(&best.state)?;
        let Some(certified) = certified else {
            anyhow::bail!(
                "the best programme's bound could not be proven again: is the store from another version?"
            )
        };
        say(&format!(
            "proven: no packing of spheres in dimension {} is denser than {}",
            self.dimension,
            certified.proven.decimal(10)
        ))?;
        if let Some(path) = &self.certificate {
            write_atomically(path, Certificate::ThreePoint(certified.certificate).to_json().as_bytes())?;
        }
        Ok(())
    }
}
