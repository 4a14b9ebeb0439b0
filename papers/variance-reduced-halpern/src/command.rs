//! What people run on their own games and operators.

use clap::Subcommand;
use lab::arguments::usage;

mod affine;
mod game;
mod step;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Solves a matrix game to a proved gap
    Game(game::Game),
    /// Finds z with 0 in Kz + q + G(z)
    Affine(affine::Affine),
    /// Says which step of Algorithm 1 is proved, and what a run will cost
    Step(step::Step),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Game(game) => game.run(),
            Self::Affine(affine) => affine.run(),
            Self::Step(step) => step.run(),
        }
    }
}

/// Why a run ended without what was asked for.
fn ended(reason: variance_reduced_halpern::run::StopReason, calls: u64) -> String {
    use variance_reduced_halpern::run::StopReason;
    match reason {
        StopReason::Observer => "reached".into(),
        StopReason::Budget => format!("the {calls} calls are spent: --calls gives more"),
        StopReason::Diverged => "it diverged: another --method may not".into(),
    }
}

/// Which kind of method the counts of Halpern's two versions favour; both constants are in units of `scale`.
fn prediction(components: usize, average: f64, constant: f64, scale: f64) -> String {
    use lab::table::format_number;
    let least = variance_reduced_halpern::operator::crossover(average, constant, 0.5, 1.0);
    let (average, constant) = (average * scale, constant * scale);
    let cheaper = if components as f64 > least { "sampling pays" } else { "sampling does not pay" };
    format!(
        "L                   {}\nL_F                 {}\nn                   {components}\nn*                  {} = 576 (L/L_F)²: {cheaper}, by the counts of Algorithm 1 with steps 0.5/L and of Halpern with 1/L_F",
        format_number(average),
        format_number(constant),
        format_number(least)
    )
}
