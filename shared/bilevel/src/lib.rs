//! What the papers on bilevel optimisation share; no algorithm of a paper.
//!
//! ```text
//! min over x in X of ψ(x),      ψ(x) = min over y in S(x) of f(x, y),      S(x) = argmin over y in Y of g(x, y)
//! ```
//!
//! The minimum over S(x) is the optimistic choice where the lower level has several solutions.
//!
//! | module | what it holds |
//! |---|---|
//! | [`levels`] | traits of the upper level f and the lower level g, with and without second derivatives |
//! | [`sets`] | convex sets X and Y: projections and active faces |
//! | [`oracle`] | noisy gradients that can be drawn again at another point, and counters |
//! | [`lower`] | solving a level exactly: Newton's method on the active face |
//! | [`hypergradient`] | ∇ψ by a pseudo-inverse on the active face, by conjugate gradients, by Neumann's series |
//! | [`schedule`] | step sizes that are powers of the step's number |
//! | [`families`] | problems with ψ and ∇ψ in closed form |
//! | [`selection`] | hyperparameters of ridge and logistic regression, chosen on validation data |
//!
//! x has d coordinates, y has q.

pub mod families;
pub mod hypergradient;
pub mod levels;
pub mod lower;
pub mod oracle;
pub mod schedule;
pub mod selection;
pub mod sets;
