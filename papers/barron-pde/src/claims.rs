//! The paper's claims and the rules that judge them, fixed before any number was measured here.
//!
//! Thresholds come from a pilot whose numbers were in view; right-hand sides and functions are drawn anew here.

use lab::{Claim, Estimate, Rule};

use crate::experiments::composition::Function;
use crate::experiments::contraction::Domain;
use crate::experiments::failures::Broken;
use crate::experiments::growth::Case;
use crate::experiments::methods::Method;
use crate::experiments::networks::Builder;
use crate::experiments::{Composition, Contraction, Dimension, Failures, Growth, Methods, Networks};

mod quantities;

use quantities::{bound_over_norm, composed, ends, exponent_of, largest_ratio, norm_slope, over_expected};

/// What could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "The paper's body was not at hand, only its abstract was: the constants of its theorem, its domain and its norm are not known here. The claims are judged on our statement of it: the unit torus, or the cube as odd functions of period 2, with the spectral norm Σ (1 + |ω|)|c|.",
    "The constants of contraction and of the recursion are derived here. They are sharper than what is remembered of the paper's, and are not the paper's.",
    "Whether the assumption on Barron norms is meant for all functions with constants that do not depend on the dimension is not known; what that reading forces stands under `linear-only`.",
];

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    [convergence(), norms(), networks(), assumptions(), beyond(), not_tested()]
        .into_iter()
        .flatten()
        .collect()
}

fn convergence() -> Vec<Claim> {
    vec![
        Claim::new(
            "exponential",
            "The preconditioned flow converges exponentially.",
            "abstract",
            &Contraction,
            Rule::at_least(
                "smallest R² of log distance against steps, last half, over cells and right-hand sides",
                0.99,
            ),
            |table| Ok(Estimate::smallest_of(quantities::linearity(table))),
        )
        .shown_by("distances"),
        Claim::new(
            "rate",
            "Every step contracts the H¹ distance by (Λ − λ)/(Λ + λ) at least, in one to three dimensions.",
            "theorem; constant derived here",
            &Contraction,
            Rule::at_most("largest ratio over the constant", 1.0 + 1e-6),
            |table| {
                Ok(Estimate::worst_of(largest_ratio(table, |cell| {
                    cell.domain == Domain::Torus && cell.dimension <= 3
                })))
            },
        )
        .shown_by("distances"),
        Claim::new(
            "rate-in-high-dimension",
            "It does so in hundreds and thousands of dimensions.",
            "theorem; constant derived here",
            &Contraction,
            Rule::at_most("largest ratio over the constant, d of 100 and more", 1.0 + 1e-6),
            |table| Ok(Estimate::worst_of(largest_ratio(table, |cell| cell.dimension >= 100))),
        )
        .shown_by("distances"),
        Claim::new(
            "poincare",
            "With zero boundary values and no term in u, λ is divided by 1 + C_P, the Poincaré constant.",
            "theorem; constant derived here",
            &Contraction,
            Rule::at_most("largest ratio over the constant, on the cube", 1.0 + 1e-6),
            |table| Ok(Estimate::worst_of(largest_ratio(table, |cell| cell.domain == Domain::Cube))),
        ),
        Claim::new(
            "certificate",
            "The residual's dual norm over μ bounds the distance, and is at most M/μ times too large.",
            "derived here",
            &Contraction,
            Rule::at_most("larger of distance over certificate and μ/M over that, at any step", 1.0 + 1e-6),
            |table| {
                let sides = table.rows().flat_map(|(_, row)| [row.certified, row.least / row.certified]);
                Ok(Estimate::worst_of(sides))
            },
        ),
    ]
}

fn norms() -> Vec<Claim> {
    vec![
        Claim::new(
            "growth-bounded",
            "Each step raises the Barron norm by no more than the recursion says.",
            "abstract; constants derived here",
            &Growth,
            Rule::at_most("largest log₁₀ of B₁ over its bound, over steps, cases and dimensions", 1e-9),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.barron.log10() - row.bound))),
        )
        .shown_by("norms"),
        Claim::new(
            "linear-special-case",
            "For a linear equation the bound grows geometrically, not doubly exponentially.",
            "abstract: linear equations are subsumed",
            &Growth,
            Rule::at_most("largest rise of the bound's log₁₀ in one step over that in the step before, p = 1, from the third step on", 1.0 + 1e-6),
            |table| Ok(Estimate::worst_of(quantities::accelerations(table, Case::Linear))),
        )
        .shown_by("norms"),
        Claim::new(
            "polynomial-in-dimension",
            "The Barron norm of solutions grows at most polynomially with the dimension.",
            "abstract",
            &Dimension,
            Rule::at_most("largest exponent of B₁ in d from 10 on, data of length √d", 1.0),
            |table| Ok(Estimate::worst_of(norm_slope(table, |row| row.barron))),
        )
        .shown_by("norms"),
        Claim::new(
            "amplitudes-do-not-grow",
            "B₀ of solutions does not grow with the dimension.",
            "beyond the paper",
            &Dimension,
            Rule::at_most("largest exponent of B₀ in d from 10 on", 0.05),
            |table| Ok(Estimate::worst_of(norm_slope(table, |row| row.wiener))),
        )
        .shown_by("norms"),
    ]
}

fn networks() -> Vec<Claim> {
    vec![
        Claim::new(
            "root-rate",
            "Networks of N sampled neurons have an error of order N^(−1/2).",
            "Barron 1993",
            &Networks,
            Rule::between(
                "exponent of the root mean square error in N, steps, farthest over dimensions",
                -0.55,
                -0.45,
            ),
            |table| Ok(Estimate::farthest_from(-0.5, exponent_of(table, Builder::Steps))),
        )
        .shown_by("errors"),
        Claim::new(
            "exact-constant",
            "Its constant is V²E[H] − |f − c₀|², whatever the dimension.",
            "derived here",
            &Networks,
            Rule::between(
                "mean square error over its expectation, steps and cosines, farthest over dimensions",
                0.9,
                1.1,
            ),
            |table| {
                Ok(Estimate::farthest_from(1.0, over_expected(table, &[Builder::Steps, Builder::Cosines])))
            },
        )
        .shown_by("errors"),
        Claim::new(
            "solutions",
            "A solution is approximated by a network for an iterate of the flow, with the square of the iterate's error plus that of sampling.",
            "abstract: the theorem's use",
            &Networks,
            Rule::between("mean square error over the sum of both, farthest over dimensions", 0.9, 1.1),
            |table| Ok(Estimate::farthest_from(1.0, over_expected(table, &[Builder::Solution]))),
        )
        .shown_by("errors"),
        Claim::new(
            "rectifiers",
            "Rectifiers stay within their bound.",
            "derived here",
            &Networks,
            Rule::at_most("largest mean square error over its bound", 1.0),
            |table| Ok(Estimate::worst_of(over_expected(table, &[Builder::Rectifiers]))),
        )
        .shown_by("errors"),
    ]
}

fn assumptions() -> Vec<Claim> {
    vec![
        Claim::new(
            "upper-bound-needed",
            "Without an upper bound on second derivatives a fixed step diverges.",
            "assumption; large data",
            &Failures,
            Rule::at_least("least H¹ distance at the end over the solution's norm, η = 1, A = 3 and 10", 1.0),
            |table| Ok(Estimate::smallest_of(ends(table, |cell| cell.broken == Broken::Reaction && cell.fixed && cell.size > 1.0))),
        )
        .shown_by("distances"),
        Claim::new(
            "local-bound-suffices",
            "A bound on the iterates' own ball suffices.",
            "beyond the paper",
            &Failures,
            Rule::at_most("largest H¹ distance at the end, local step, cubic terms and fluxes", 1e-8),
            |table| {
                let cells = ends(table, |cell| matches!(cell.broken, Broken::Reaction | Broken::Quartic) && !cell.fixed);
                Ok(Estimate::worst_of(cells))
            },
        )
        .shown_by("distances"),
        Claim::new(
            "convexity-needed",
            "Without convexity the limit depends on the start.",
            "assumption",
            &Failures,
            Rule::at_least("difference of u(1/4) from starts of both signs, κ = 6π² and 12π², least", 1.0),
            |table| Ok(Estimate::smallest_of(quantities::two_limits(table))),
        )
        .shown_by("distances"),
        Claim::new(
            "lower-bound-needed",
            "Without a positive lower bound convergence is not exponential.",
            "assumption; p = 4 in two dimensions",
            &Failures,
            Rule::at_most("decay of log distance per step over the last half over that over the first tenth", 0.1),
            |table| Ok(Estimate::exact(quantities::slowing(table))),
        )
        .shown_by("distances"),
        Claim::new(
            "linear-only",
            "Read for all functions with constants that do not depend on the dimension, the assumption on Barron norms fails for φ = sin: B₀(φ(g)) comes to sinh B₀(g).",
            "beyond the paper: what the abstract's assumption forces",
            &Composition,
            Rule::between("B₀(sin g) in a thousand dimensions over sinh 5", 0.98, 1.0),
            |table| Ok(Estimate::exact(composed(table, Function::Sine, 5.0, 1_000) / 5.0_f64.sinh())),
        )
        .shown_by("norms"),
        Claim::new(
            "dimension-enters",
            "In one dimension that does not show.",
            "beyond the paper",
            &Composition,
            Rule::at_least("B₀(sin g) in a hundred dimensions over that in one, r = 5", 30.0),
            |table| Ok(Estimate::exact(composed(table, Function::Sine, 5.0, 100) / composed(table, Function::Sine, 5.0, 1))),
        )
        .shown_by("norms"),
    ]
}

fn beyond() -> Vec<Claim> {
    vec![
        Claim::new(
            "rate-is-sharp",
            "The constant of contraction is attained.",
            "beyond the paper",
            &Contraction,
            Rule::at_least("largest ratio over the constant, on the torus", 0.99),
            |table| Ok(Estimate::worst_of(largest_ratio(table, |cell| cell.domain == Domain::Torus))),
        )
        .shown_by("distances"),
        Claim::new(
            "bound-is-far",
            "The recursion's bound is far from what happens.",
            "beyond the paper",
            &Growth,
            Rule::at_least("least log₁₀ of bound over B₁ after five steps of the reaction, one wave", 6.0),
            |table| Ok(Estimate::smallest_of(bound_over_norm(table, Case::Reaction, 5))),
        )
        .shown_by("norms"),
        Claim::new(
            "small-data",
            "Inside the small-data ball no iterate exceeds its radius, in any dimension and for any accuracy.",
            "beyond the paper",
            &Growth,
            Rule::at_most("largest B₁ of an iterate over the radius", 1.0 + 1e-12),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.case == Case::SmallData);
                Ok(Estimate::worst_of(rows.map(|(_, row)| row.barron / row.radius)))
            },
        ),
        Claim::new(
            "certified-norm",
            "The Barron norm of the exact solution is enclosed, without any accuracy to choose.",
            "beyond the paper",
            &Dimension,
            Rule::at_most("largest proved radius over the norm, one wave, all d", 1e-10),
            |table| {
                let rows = table.rows().filter(|(cell, _)| cell.frequencies == 1);
                Ok(Estimate::worst_of(rows.map(|(_, row)| row.radius)))
            },
        ),
        Claim::new(
            "acceleration",
            "Acceleration takes about √κ steps for κ, and so lowers the exponent in the bound.",
            "beyond the paper",
            &Methods,
            Rule::at_most("evaluations to an H¹ error of 1e-6 over those of the flow, κ = 100, mean over right-hand sides", 0.35),
            |table| Ok(table.mean(quantities::over_flow(table, Method::Accelerated))),
        )
        .shown_by("errors"),
        Claim::new(
            "acceleration-costs-norm",
            "It pays with larger norms on the way.",
            "beyond the paper",
            &Methods,
            Rule::at_least("largest B₁ over the solution's along the accelerated method, over that along the flow, κ = 100, mean", 1.2),
            |table| Ok(table.mean(quantities::overshoot(table))),
        ),
        Claim::new(
            "newton",
            "Newton's method takes a fifth of the flow's evaluations.",
            "beyond the paper",
            &Methods,
            Rule::at_most("evaluations to an H¹ error of 1e-6 over those of the flow, κ = 100, mean over right-hand sides", 0.2),
            |table| Ok(table.mean(quantities::over_flow(table, Method::Newton))),
        )
        .shown_by("errors"),
        Claim::new(
            "trained-networks",
            "Deep Ritz and physics-informed networks stay above the error that the flow has after ten steps.",
            "beyond the paper: baselines",
            &Methods,
            Rule::at_least("least error of a trained network over the flow's after ten steps, mean over right-hand sides", 1.0),
            |table| Ok(table.mean(quantities::trained_over_flow(table, 10))),
        )
        .shown_by("errors"),
        Claim::new(
            "greedy",
            "Greedy selection has a smaller error than sampling with as many neurons.",
            "Siegel and Xu; baseline",
            &Networks,
            Rule::at_most("root mean square error of 64 greedy steps over that of 64 sampled ones, largest over dimensions", 0.5),
            |table| Ok(Estimate::worst_of(quantities::greedy_over_sampled(table, 64))),
        )
        .shown_by("errors"),
    ]
}

fn not_tested() -> Vec<Claim> {
    vec![
        Claim::not_tested(
            "constants",
            "The theorem's own constants and exponents.",
            "theorem",
            "the paper's body was not at hand",
        ),
        Claim::not_tested(
            "general-domains",
            "The theorem on its own domain with its own boundary values.",
            "theorem",
            "the torus and odd extensions are what has exact spectra",
        ),
        Claim::not_tested(
            "infimum",
            "The norm as an infimum over extensions.",
            "definition",
            "it cannot be computed; the spectral norm is an upper bound",
        ),
    ]
}
