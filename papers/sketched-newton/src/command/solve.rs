//! `sketched-newton solve`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::method::{KACZMARZ, Method};
use super::problem;

/// A problem as JSON: "variables", "x0", "objective" and "constraints", each of which is to be zero.
#[derive(Args)]
pub struct Solve {
    /// The problem: .json
    problem: PathBuf,
    #[command(flatten)]
    method: Method,
}

impl Solve {
    /// Reads, solves and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        self.method.check([self.problem.as_path()])?;
        let given = problem::read(&self.problem)?;
        let (x, multipliers) = &given.start;
        let found = self
            .method
            .run(&given.problem, &given.names, (x, multipliers), (None, KACZMARZ), |_| String::new());
        found.with_context(|| self.problem.display().to_string())
    }
}
