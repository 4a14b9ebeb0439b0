//! A sequence of λ from the largest on, each started at the last answer, with columns left out by the sequential strong rule and *all* columns checked afterwards.

use super::solvers::{Fit, Method, Options, observed};
use super::{Coefficients, Columns, Problem, SparseError};

/// Which columns are left out before a λ is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// None.
    Keep,
    /// Those with |g| < 2λ − λ₋ at the last answer (Tibshirani and others 2012); violators are put back until there are none.
    Strong,
    /// The same with half the gradient and no check, as a published script has it: leaves out too much.
    Halved,
}

/// An answer for a λ.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// λ.
    pub lambda: f64,
    /// The answer; its KKT residual is over all columns.
    pub fit: Fit,
    /// Columns that the rule kept.
    pub kept: usize,
    /// Columns that it left out and that had to be put back.
    pub violations: usize,
}

/// λ from its largest value to a share of it, in equal ratios or in equal steps.
pub fn lambdas(problem: &Problem, count: usize, share: f64, in_ratios: bool) -> Vec<f64> {
    let largest = problem.largest_lambda();
    let place = |k: usize| k as f64 / (count.max(2) - 1) as f64;
    (0..count)
        .map(|k| largest * if in_ratios { share.powf(place(k)) } else { 1.0 + (share - 1.0) * place(k) })
        .collect()
}

/// Solves for all λ, in falling order whatever order they come in; stops early when `keep_on` says `false` of a step.
///
/// # Errors
/// As [`Problem::check`].
pub fn path(
    problem: &Problem,
    lambdas: &[f64],
    method: Method,
    rule: Rule,
    options: &Options,
    keep_on: &mut dyn FnMut(&Step) -> bool,
) -> Result<Vec<Step>, SparseError> {
    let mut lambdas = lambdas.to_vec();
    lambdas.sort_by(|a, b| b.total_cmp(a));
    let p = problem.x.count();
    let mut at = Coefficients { beta: vec![0.0; p], intercept: 0.0 };
    let mut last = problem.largest_lambda();
    let (mut gradient, _) = problem.gradient(&at);
    // Of the whole table; without the columns that are left out it is less, and found anew.
    let mut whole = options.lipschitz;
    let mut steps = Vec::new();
    for lambda in lambdas {
        let problem = problem.with(lambda);
        problem.check()?;
        let kept_by_rule = |column: usize, at: &Coefficients, gradient: &[f64]| match rule {
            Rule::Keep => true,
            Rule::Strong => at.beta[column] != 0.0 || gradient[column].abs() >= 2.0 * lambda - last,
            Rule::Halved => at.beta[column] != 0.0 || 0.5 * gradient[column].abs() >= 2.0 * lambda - last,
        };
        let mut kept: Vec<usize> = (0..p).filter(|column| kept_by_rule(*column, &at, &gradient)).collect();
        let (mut violations, mut iterations) = (0, 0);
        let slope = loop {
            // A table of the kept columns alone; nothing to copy where all are.
            let all = kept.len() == p;
            let own;
            let table = if all {
                problem.x
            } else {
                let columns: Vec<Vec<f64>> =
                    kept.iter().map(|column| problem.x.column(*column).to_vec()).collect();
                own = if columns.is_empty() {
                    Columns::new(&[vec![0.0; problem.y.len()]])?
                } else {
                    Columns::new(&columns)?
                };
                &own
            };
            let start = Coefficients {
                beta: if kept.is_empty() {
                    vec![0.0]
                } else {
                    kept.iter().map(|column| at.beta[*column]).collect()
                },
                intercept: at.intercept,
            };
            let lipschitz = if all && method != Method::Coordinate {
                Some(*whole.get_or_insert_with(|| problem.lipschitz()))
            } else {
                options.lipschitz
            };
            let options = Options { lipschitz, ..*options };
            let fit = observed(&Problem { x: table, ..problem }, method, &start, &options, &mut |_| true)?;
            iterations += fit.iterations;
            at.beta.fill(0.0);
            kept.iter().zip(&fit.at.beta).for_each(|(column, b)| at.beta[*column] = *b);
            at.intercept = fit.at.intercept;
            let slope;
            (gradient, slope) = problem.gradient(&at);
            if rule != Rule::Strong {
                break slope;
            }
            // What was left out and should not have been.
            let mut mark = vec![false; p];
            kept.iter().for_each(|column| mark[*column] = true);
            let wrong: Vec<usize> = (0..p)
                .filter(|column| !mark[*column] && gradient[*column].abs() > lambda + options.tolerance)
                .collect();
            if wrong.is_empty() {
                break slope;
            }
            violations += wrong.len();
            kept.extend(wrong);
            kept.sort_unstable();
        };
        let kkt = problem.kkt_of(&gradient, slope, &at);
        let fit = Fit {
            at: at.clone(),
            objective: problem.objective(&at),
            kkt,
            iterations,
            converged: kkt <= options.tolerance * (1.0 + 1e-9),
        };
        let step = Step { lambda, fit, kept: kept.len(), violations };
        last = lambda;
        let more = keep_on(&step);
        steps.push(step);
        if !more {
            break;
        }
    }
    Ok(steps)
}
