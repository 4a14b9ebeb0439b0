//! Contests with POT, on points in the plane with squared distances as costs.

use std::path::Path;

use lab::ndarray::{Array2, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};
use sparse_ot::problems::points_in_the_plane;
use sparse_ot::semidual::SemiDual;
use sparse_ot::{
    AscentOptions, Cost, Problem, Regulariser, RelaxationOptions, SinkhornOptions, SparsePlan, solve_exact,
    solve_relaxation, solve_semidual, solve_sinkhorn,
};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 4] {
    [sparse(), entropic(), exact("exact", 500), exact("exact-large", 2_000)]
}

const GAMMA: f64 = 10.0;
const NONZEROS: usize = 2;
const EPSILON: f64 = 0.01;

fn write_problem(size: usize, folder: &Path, random: &mut ChaCha8Rng) -> Result<Problem, Failure> {
    let problem = points_in_the_plane(size, random)?;
    write_array(folder, "cost", problem.cost().to_dense().view())?;
    write_array(folder, "a", arr1(problem.a()).view())?;
    write_array(folder, "b", arr1(problem.b()).view())?;
    Ok(problem)
}

fn read_problem(folder: &Path) -> Result<Problem, Failure> {
    let cost: Array2<f64> = read_array(folder, "cost")?;
    let (a, b) = (read_array::<Ix1>(folder, "a")?, read_array::<Ix1>(folder, "b")?);
    Ok(Problem::new(Cost::dense(cost.view())?, a.view(), b.view())?)
}

/// ℓ1 errors of a plan's row and column sums, the larger of both, as part of the mass.
fn marginal_error(problem: &Problem, plan: &Array2<f64>) -> f64 {
    let plan = SparsePlan::from_dense(plan.view());
    plan.row_error(problem.a()).max(plan.column_error(problem.b())) / problem.mass()
}

fn plan_of(problem: &Problem, answer: &ArrayD<f64>) -> Result<Array2<f64>, Failure> {
    let plan = answer.clone().into_dimensionality::<Ix2>()?;
    if plan.dim() != (problem.rows(), problem.columns()) {
        return Err(format!("a plan of {:?}", plan.dim()).into());
    }
    Ok(plan)
}

/// The paper's problem: at most k nonzeros in a column of the plan.
fn sparse() -> Contest {
    let certified = "Another algorithm than L-BFGS, which ends with a certified gap of 1e-4.";
    Contest {
        id: "sparse",
        title: "Sparsity-constrained transport",
        work: "Maximise the dual of sparsity-constrained transport, k = 2, γ = 10, between 256 points and 256 points in the unit square. \
         The answer is the row potentials. Each method stops by its own rule.",
        judged: Judged {
            name: "by how much the dual value of the potentials falls short of a certified upper bound, as part of it",
            target: Some(Target::AtMost(1e-4)),
        },
        write_inputs: |profile, folder, random| {
            let problem = write_problem(if profile == Profile::Smoke { 32 } else { 256 }, folder, random)?;
            let options = RelaxationOptions { relative_gap: 1e-5, ..RelaxationOptions::default() };
            let bound = solve_relaxation(&problem, Regulariser::new(NONZEROS, GAMMA), &options)?;
            write_array(folder, "upper-bound", arr1(&[bound.upper]).view())
        },
        ours: vec![
            Ours { name: "proximal point", differs: Some(certified), load: proximal_point },
            Ours { name: "L-BFGS on the semi-dual", differs: None, load: semidual },
        ],
        rivals: vec![
            Rival { name: "POT, semi-dual", script: "pot", function: "semi_dual", differs: None },
            Rival { name: "POT, dual", script: "pot", function: "dual", differs: None },
        ],
        judge: |inputs, answer| {
            let problem = read_problem(inputs)?;
            let upper = read_array::<Ix1>(inputs, "upper-bound")?[0];
            let alpha = answer.iter().copied().collect::<Vec<f64>>();
            if alpha.len() != problem.rows() {
                return Err(format!("{} potentials for {} rows", alpha.len(), problem.rows()).into());
            }
            let mut slope = vec![0.0; alpha.len()];
            let value =
                SemiDual::new(&problem, Regulariser::new(NONZEROS, GAMMA))?.evaluate(&alpha, &mut slope);
            Ok((upper - value) / upper.abs())
        },
    }
}

fn proximal_point(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let problem = read_problem(inputs)?;
    let options = RelaxationOptions { relative_gap: 1e-4, ..RelaxationOptions::default() };
    Ok(entrant(
        move || Ok(solve_relaxation(&problem, Regulariser::new(NONZEROS, GAMMA), &options)?.alpha),
        |alpha| arr1(alpha).into_dyn(),
    ))
}

fn semidual(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let problem = read_problem(inputs)?;
    let options = AscentOptions { max_iterations: 1000, ..AscentOptions::default() };
    Ok(entrant(
        move || Ok(solve_semidual(&problem, Regulariser::new(NONZEROS, GAMMA), &options)?.alpha),
        |alpha| arr1(alpha).into_dyn(),
    ))
}

/// Entropic transport.
fn entropic() -> Contest {
    let unsafe_for_small = "Scalings overflow where ε is a small part of the costs; ours absorbs them.";
    Contest {
        id: "entropic",
        title: "Entropic transport",
        work: "Sinkhorn's iterations, ε = 0.01, between 512 points and 512 points in the unit square, until the marginals are right to 2e-6 of the mass. \
         POT tests the Euclidean norm, every ten iterations; its threshold is one with which it gets there. The answer is the plan.",
        judged: Judged {
            name: "error of the marginals (ℓ1), as part of the mass",
            target: Some(Target::AtMost(2e-6)),
        },
        write_inputs: |profile, folder, random| {
            write_problem(if profile == Profile::Smoke { 32 } else { 512 }, folder, random).map(drop)
        },
        ours: vec![Ours { name: "Sinkhorn", differs: None, load: sinkhorn }],
        rivals: vec![
            Rival { name: "POT, sinkhorn_log", script: "pot", function: "sinkhorn_log", differs: None },
            Rival {
                name: "POT, sinkhorn",
                script: "pot",
                function: "sinkhorn",
                differs: Some(unsafe_for_small),
            },
        ],
        judge: |inputs, answer| {
            let problem = read_problem(inputs)?;
            Ok(marginal_error(&problem, &plan_of(&problem, answer)?))
        },
    }
}

fn sinkhorn(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let problem = read_problem(inputs)?;
    let options = SinkhornOptions { epsilon: EPSILON, tolerance: 2e-6, max_iterations: 100_000 };
    Ok(entrant(move || Ok(solve_sinkhorn(&problem, &options)?.plan), |plan| plan.clone().into_dyn()))
}

/// Exact transport.
fn exact(id: &'static str, size: usize) -> Contest {
    let small = size < 1_000;
    Contest {
        id,
        title: if small { "Exact transport, 500 points" } else { "Exact transport, 2,000 points" },
        work: if small {
            "The cheapest plan between 500 points and 500 points in the unit square, from a matrix of costs."
        } else {
            "The cheapest plan between 2,000 points and 2,000 points in the unit square, from a matrix of costs."
        },
        judged: Judged {
            name: "cost of the plan, beyond the optimum that our network simplex finds, as part of it",
            target: Some(Target::AtMost(1e-9)),
        },
        write_inputs: if small {
            |profile, folder, random| {
                exact_inputs(if profile == Profile::Smoke { 8 } else { 500 }, folder, random)
            }
        } else {
            |profile, folder, random| {
                exact_inputs(if profile == Profile::Smoke { 8 } else { 2_000 }, folder, random)
            }
        },
        ours: vec![Ours { name: "network simplex", differs: None, load: simplex }],
        rivals: vec![Rival { name: "POT, emd", script: "pot", function: "emd", differs: None }],
        judge: |inputs, answer| {
            let problem = read_problem(inputs)?;
            let plan = plan_of(&problem, answer)?;
            let optimum = read_array::<Ix1>(inputs, "optimum")?[0];
            let cost = SparsePlan::from_dense(plan.view()).cost(problem.cost());
            match marginal_error(&problem, &plan) {
                error if error > 1e-9 => Err(format!("its marginals miss by {error:.1e}").into()),
                _ => Ok((cost - optimum) / optimum),
            }
        },
    }
}

fn exact_inputs(size: usize, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let problem = write_problem(size, folder, random)?;
    write_array(folder, "optimum", arr1(&[solve_exact(&problem).cost]).view())
}

fn simplex(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let problem = read_problem(inputs)?;
    Ok(entrant(move || Ok(solve_exact(&problem).plan), |plan| plan.to_dense().into_dyn()))
}
