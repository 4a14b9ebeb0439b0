//! The paper's claims and the rules that judge them, fixed before any number was measured.
//!
//! The body of the paper was not at hand: where a claim stands in it is given by subject, not by page.

use lab::{Claim, Estimate, Rule};

use crate::experiments::KTradeoff;

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim::new(
            "k-bounds-nonzeros",
            "The constraint bounds the nonzeros of every column of the plan by k.",
            "abstract; the semi-dual with k-sparse columns",
            &KTradeoff,
            Rule::at_most("largest excess of a column's nonzeros over k", 0.0),
            |table| {
                let excess = |(parameters, row): (&_, &_)| excess(parameters, row);
                Ok(Estimate::worst_of(table.rows().map(excess)))
            },
        )
        .shown_by("tradeoff"),
        Claim::new(
            "k-one-is-exact",
            "With k = 1 the optimal value is that of unregularised transport plus the constant (γ/2)‖b‖².",
            "limit k = 1",
            &KTradeoff,
            Rule::at_most("largest relative difference from exact transport plus (γ/2)‖b‖²", 1e-6),
            |table| {
                let difference = |(_, row): (_, &crate::experiments::k_tradeoff::Row)| {
                    row.exact_value.map(|exact| (row.value - exact).abs() / exact.abs())
                };
                Ok(Estimate::worst_of(table.rows().filter_map(difference)))
            },
        )
        .shown_by("tradeoff"),
        Claim::new(
            "k-full-is-quadratic",
            "With k = m the problem is quadratically regularised transport: its plan is a transport plan whose regularised \
             cost equals the dual value.",
            "limit k = m",
            &KTradeoff,
            Rule::at_most("largest of row error and relative difference of plan value and dual value", 1e-6),
            |table| {
                let unconstrained = table.rows().filter(|(parameters, _)| parameters.is_unconstrained());
                let fault = unconstrained.map(|(_, row)| {
                    row.row_error.max(row.column_error).max((row.plan_value - row.value).abs() / row.value.abs())
                });
                Ok(Estimate::worst_of(fault))
            },
        )
        .shown_by("tradeoff"),
    ]
}

fn excess(parameters: &crate::experiments::k_tradeoff::Parameters, row: &crate::experiments::k_tradeoff::Row) -> f64 {
    row.most_nonzeros as f64 - parameters.k() as f64
}

/// What the paper leaves out or could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "The body of the paper was not at hand. Settings of the one-dimensional plans (32 bins, means, deviations, γ) follow the \
     authors' public notebook.",
    "The authors maximise the semi-dual with L-BFGS from zero potentials; memory and line search are not stated. Here: ten \
     pairs, strong Wolfe conditions, and a stop at a relative increase of 1e-14.",
];
