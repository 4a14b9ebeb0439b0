//! The paper's claims and the rules that judge them, fixed before any number was measured.

use lab::{Claim, Estimate, Rule, Table};
use numerics::growth::exponents;

use crate::experiments::convergence::{Convergence, Parameters, Row};
use crate::problems::{INTEGRANDS, Integrand};

/// What the paper leaves out, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] =
    &["The paper does not state its seeds: here 20 draws of the points for each size."];

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim::new(
            "root-rate",
            "The error of plain sampling falls as N^(−1/2).",
            "Theorem 1",
            &Convergence,
            Rule::between("exponent of the error in N, mean over draws", -0.65, -0.35),
            |table| Ok(exponent(table, |row| row.error)),
        )
        .paper_value("-1/2")
        .shown_by("errors"),
        Claim::not_tested(
            "in-production",
            "The method saves half of the time in production.",
            "Section 7",
            "the system that it was measured in is not public",
        ),
    ]
}

/// The exponent of each draw's fit, in the mean over functions and draws.
fn exponent(table: &Table<Parameters, Row>, error: fn(&Row) -> f64) -> Estimate {
    let of = |integrand: Integrand| {
        let rows = table.rows().filter(move |(cell, _)| cell.integrand == integrand);
        exponents(rows.map(|(cell, row)| (cell.replicate, cell.points as f64, error(row))))
    };
    table.mean(INTEGRANDS.into_iter().flat_map(|(integrand, _)| of(integrand)))
}
