//! Experiments on the collection, on rates near a solution, on the law of the Gaussian sketch, on adaptivity, control, logistic regression and random systems.

pub mod adaptivity;
pub mod benchmark;
pub mod control;
pub mod crossover;
pub mod law;
pub mod logistic;
pub mod manufactured;
pub mod rates;

pub use adaptivity::Adaptivity;
pub use benchmark::Benchmark;
pub use control::GridControl;
pub use crossover::Crossover;
pub use law::Law;
pub use logistic::LogisticRegression;
pub use manufactured::ManufacturedControl;
pub use rates::Rates;

use lab::{Failure, Profile};

use crate::choice::Choice;
use crate::models::formulas::{Known, collection};

/// A solver by the name that stands in a table.
fn choice(name: &str) -> Result<Choice, Failure> {
    Ok(name.parse::<Choice>()?)
}

/// A problem of the collection.
fn known(name: &str) -> Result<Known, Failure> {
    let found = collection().into_iter().find(|known| known.name == name);
    found.ok_or_else(|| format!("no problem {name}").into())
}

/// The problems with n > m, each once, whose optimum is nondegenerate; three of them for smoke.
fn nondegenerate(profile: Profile) -> Vec<String> {
    let all = collection().into_iter().filter(|known| !known.is_square() && !known.degenerate);
    let all = all.filter(|known| !["BT6", "BT9"].contains(&known.name.as_str())).map(|known| known.name);
    let few = ["HS42", "HS77", "BT5"];
    all.filter(|name| profile != Profile::Smoke || few.contains(&name.as_str())).collect()
}
