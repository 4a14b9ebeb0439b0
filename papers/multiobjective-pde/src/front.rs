//! Fronts of two objectives, by weights and by reference points.
//!
//! Equally spaced weights give points that crowd where the front is curved. A reference point z below the front asks for the nearest point of the front instead, and the next z is found
//! along the front: from J^k in the direction normal to z^k − J^k, and a little below.

use crate::control::search::Scalarisation;
use crate::control::{Control, ControlError, Effort, Stationary};
use crate::state::Workspace;

/// The weight that stands for zero where without it the control would cost nothing.
const LEAST: f64 = 1e-3;

fn two(control: &Control) -> Result<(), ControlError> {
    match control.objectives.len() {
        2 => Ok(()),
        count => Err(ControlError::Shape(format!("{count} objectives, a front has two"))),
    }
}

/// Weights (α, 1 − α) with α from 1 to 0 in equal steps, 10⁻³ away from the ends where controls would cost nothing.
pub fn weights(control: &Control, points: usize) -> Vec<[f64; 2]> {
    let free = control.objectives.iter().any(|objective| objective.cost == 0.0);
    let (low, high) = if free { (LEAST, 1.0 - LEAST) } else { (0.0, 1.0) };
    let last = (points.max(2) - 1) as f64;
    (0..points)
        .map(|k| {
            let alpha = high - (high - low) * k as f64 / last;
            [alpha, 1.0 - alpha]
        })
        .collect()
}

/// Minimisers of weighted sums, each from the one before.
///
/// # Errors
/// For other than two objectives, and as [`Control::minimise`].
pub fn by_weights(
    control: &Control,
    points: usize,
    work: &mut Workspace,
) -> Result<Vec<Stationary>, ControlError> {
    two(control)?;
    let mut front: Vec<Stationary> = Vec::with_capacity(points);
    let mut start = vec![0.0; control.dimension()];
    for pair in weights(control, points) {
        let found = control.minimise(&Scalarisation::Weights(pair.to_vec()), &start, work)?;
        start.clone_from(&found.u);
        front.push(found);
    }
    Ok(front)
}

/// Nearest points to reference points that are `along` apart, and a third of that below the front, from the minimiser of the first objective until that of the second is within `along` in objective space; it is the last point.
///
/// # Errors
/// As [`by_weights`].
pub fn by_reference_points(
    control: &Control,
    along: f64,
    most: usize,
    work: &mut Workspace,
) -> Result<Vec<Stationary>, ControlError> {
    two(control)?;
    let ends = weights(control, 2);
    let zero = vec![0.0; control.dimension()];
    let mut front = vec![control.minimise(&Scalarisation::Weights(ends[0].to_vec()), &zero, work)?];
    let last = control.minimise(&Scalarisation::Weights(ends[1].to_vec()), &zero, work)?;
    let mut toward = [-front[0].weights[0], -front[0].weights[1]];
    while front.len() + 1 < most {
        let here = &front[front.len() - 1];
        let length = toward[0].hypot(toward[1]);
        let left = (here.values[0] - last.values[0]).hypot(here.values[1] - last.values[1]);
        if length == 0.0 || left <= along {
            break;
        }
        let unit = [toward[0] / length, toward[1] / length];
        let below = along / 3.0;
        let z = [
            here.values[0] + along * -unit[1] + below * unit[0],
            here.values[1] + along * unit[0] + below * unit[1],
        ];
        let found = control.minimise(&Scalarisation::Reference(z.to_vec()), &here.u, work)?;
        // No progress along the front: z is on the wrong side of it.
        if found.values[1] >= here.values[1] {
            break;
        }
        toward = [z[0] - found.values[0], z[1] - found.values[1]];
        front.push(found);
    }
    front.push(last);
    Ok(front)
}

/// Distances of neighbours in objective space.
pub fn gaps(front: &[Stationary]) -> Vec<f64> {
    let between = |pair: &[Stationary]| {
        (pair[0].values.iter().zip(&pair[1].values)).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
    };
    front.windows(2).map(between).collect()
}

/// What a whole front took.
pub fn effort(front: &[Stationary]) -> Effort {
    front.iter().fold(Effort::default(), |sum, point| Effort {
        states: sum.states + point.effort.states,
        systems: sum.systems + point.effort.systems,
    })
}
