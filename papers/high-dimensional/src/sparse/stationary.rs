//! All stationary points of a tiny problem with squared loss.
//!
//! Away from zero a penalty is made of pieces, parabolas with continuous slopes. On every choice of a piece for each coefficient the first-order conditions are linear; solutions that
//! lie in their pieces are the stationary points, and the least of them is the global minimum. 5ᵖ systems for MCP, 7ᵖ for SCAD, 3ᵖ for the lasso.

use ndarray::Array2;

use super::solvers::is_local_minimum;
use numerics::sum::fast_dot;

use super::{Coefficients, Loss, Penalty, Problem, SparseError};

/// A stationary point.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Where.
    pub beta: Vec<f64>,
    /// Its objective.
    pub objective: f64,
    /// Whether no direction within the support goes down to second order.
    pub local_minimum: bool,
}

/// A piece of a coefficient's line: from, to, and p′ = slope·1 + curvature·|b| with its sign.
#[derive(Clone, Copy)]
struct Piece {
    from: f64,
    to: f64,
    sign: f64,
    slope: f64,
    curvature: f64,
}

fn pieces(penalty: Penalty, lambda: f64) -> Vec<Piece> {
    let positive: Vec<(f64, f64, f64, f64)> = match penalty {
        Penalty::Lasso => vec![(0.0, f64::INFINITY, lambda, 0.0)],
        Penalty::Mcp(gamma) => {
            vec![(0.0, gamma * lambda, lambda, -1.0 / gamma), (gamma * lambda, f64::INFINITY, 0.0, 0.0)]
        }
        Penalty::Scad(a) => vec![
            (0.0, lambda, lambda, 0.0),
            (lambda, a * lambda, a * lambda / (a - 1.0), -1.0 / (a - 1.0)),
            (a * lambda, f64::INFINITY, 0.0, 0.0),
        ],
    };
    [1.0, -1.0]
        .into_iter()
        .flat_map(|sign| {
            positive.iter().map(move |(from, to, slope, curvature)| Piece {
                from: *from,
                to: *to,
                sign,
                slope: *slope,
                curvature: *curvature,
            })
        })
        .collect()
}

/// All of them, by objective. Points that differ by less than 10⁻⁹ count once.
///
/// # Errors
/// As [`Problem::check`]; for logistic loss, and for more than eight columns.
pub fn stationary_points(problem: &Problem) -> Result<Vec<Point>, SparseError> {
    problem.check()?;
    let p = problem.x.count();
    if problem.loss != Loss::Squared || p > 8 {
        return Err(SparseError::Shape(
            "stationary points are enumerated for squared loss and up to eight columns".into(),
        ));
    }
    let n = problem.y.len() as f64;
    let gram = Array2::from_shape_fn((p, p), |(i, j)| {
        problem.weight * fast_dot(problem.x.column(i), problem.x.column(j)) / n
    });
    let covariance: Vec<f64> =
        (0..p).map(|j| problem.weight * fast_dot(problem.x.column(j), problem.y) / n).collect();
    let pieces = pieces(problem.penalty, problem.lambda);
    let mut choice = vec![0_usize; p];
    let mut found: Vec<Point> = Vec::new();
    loop {
        if let Some(beta) = solution(&choice, &pieces, &gram, &covariance, problem.lambda) {
            let near = |point: &Point| point.beta.iter().zip(&beta).all(|(a, b)| (a - b).abs() < 1e-9);
            if !found.iter().any(near) {
                let at = Coefficients { beta, intercept: 0.0 };
                let (objective, local_minimum) = (problem.objective(&at), is_local_minimum(problem, &at));
                found.push(Point { beta: at.beta, objective, local_minimum });
            }
        }
        // The next choice; 0 is a coefficient of zero.
        let Some(place) = choice.iter().position(|c| *c < pieces.len()) else { break };
        choice[place] += 1;
        choice[..place].fill(0);
    }
    found.sort_by(|a, b| a.objective.total_cmp(&b.objective));
    Ok(found)
}

fn solution(
    choice: &[usize],
    pieces: &[Piece],
    gram: &Array2<f64>,
    covariance: &[f64],
    lambda: f64,
) -> Option<Vec<f64>> {
    let active: Vec<usize> = (0..choice.len()).filter(|j| choice[*j] > 0).collect();
    let piece = |j: usize| pieces[choice[j] - 1];
    let k = active.len();
    // (G + D) b = c − sign·slope by elimination with row pivots.
    let mut system = Array2::from_shape_fn((k, k + 1), |(r, c)| {
        let i = active[r];
        if c == k {
            covariance[i] - piece(i).sign * piece(i).slope
        } else {
            gram[[i, active[c]]] + if r == c { piece(i).curvature } else { 0.0 }
        }
    });
    for column in 0..k {
        let pivot =
            (column..k).max_by(|a, b| system[[*a, column]].abs().total_cmp(&system[[*b, column]].abs()))?;
        if system[[pivot, column]].abs() < 1e-12 {
            return None;
        }
        for c in 0..=k {
            system.swap([pivot, c], [column, c]);
        }
        for row in 0..k {
            if row != column {
                let factor = system[[row, column]] / system[[column, column]];
                for c in column..=k {
                    system[[row, c]] -= factor * system[[column, c]];
                }
            }
        }
    }
    let mut beta = vec![0.0; choice.len()];
    for (r, j) in active.iter().enumerate() {
        beta[*j] = system[[r, k]] / system[[r, r]];
        let size = beta[*j] * piece(*j).sign;
        if size <= 0.0 || size < piece(*j).from - 1e-12 || size > piece(*j).to + 1e-12 {
            return None;
        }
    }
    let slope = |j: usize| covariance[j] - (0..choice.len()).map(|i| gram[[j, i]] * beta[i]).sum::<f64>();
    let rests = (0..choice.len()).filter(|j| choice[*j] == 0).all(|j| slope(j).abs() <= lambda + 1e-10);
    rests.then_some(beta)
}
