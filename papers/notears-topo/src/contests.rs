//! Contests with DAGMA's and gCastle's packages, on linear data from a random graph.

use std::path::Path;

use lab::ndarray::{Array2, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use notears_topo::bilevel::{self, Options, order_of};
use notears_topo::constraints::Precedence;
use notears_topo::continuous::{self, DagmaOptions, NotearsOptions};
use notears_topo::factor::Factor;
use notears_topo::inner::ByFactor;
use notears_topo::search::{Neighbourhood, Restarts, search};
use notears_topo::simulate::{Family, Noise, graph, linear};
use notears_topo::{Covariance, Order};
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 3] {
    [score(), dagma(), notears()]
}

const JUDGED: &str = "score of the answer's order (regressions on all predecessors) above the least that a long search finds, as part of it";

fn write_data(variables: usize, folder: &Path, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let truth = graph(Family::ErdosRenyi, variables, 2, random);
    let data = linear(truth.view(), 1000, Noise::Gaussian, &vec![1.0; variables], random)?;
    write_array(folder, "data", data.view())?;
    let restarts = Restarts { random: 20, perturbations: 50, seed: 0 };
    let best = search(
        &Covariance::of(data.view())?,
        None,
        restarts,
        Neighbourhood::Insertions,
        &Precedence::none(),
    )?;
    write_array(folder, "best", arr1(&[best.score]).view())
}

fn read_data(folder: &Path) -> Result<Array2<f64>, Failure> {
    read_array(folder, "data")
}

/// An answer is an order, or weights whose cycles are cut where that costs least.
fn excess(folder: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    let covariance = Covariance::of(read_data(folder)?.view())?;
    let best = read_array::<Ix1>(folder, "best")?[0];
    let order = match answer.ndim() {
        1 => Order::new(answer.iter().map(|&variable| variable as usize).collect())?,
        _ => order_of(answer.clone().into_dimensionality::<Ix2>()?.view())?,
    };
    if order.len() != covariance.variables() {
        return Err(format!("an order of {} variables", order.len()).into());
    }
    Ok(Factor::new(&covariance, &order).score() / best - 1.0)
}

fn order_answer(order: &Order) -> ArrayD<f64> {
    order
        .variables()
        .iter()
        .map(|&variable| variable as f64)
        .collect::<lab::ndarray::Array1<f64>>()
        .into_dyn()
}

/// A graph with a low score, by whatever method.
fn score() -> Contest {
    let beyond = "Beyond the paper: insertions, twenty random orders.";
    let penalised = "Minimises with an ℓ1 penalty, which its authors advise.";
    Contest {
        id: "score",
        title: "A graph with a low score",
        work: "Learn an acyclic graph from 1,000 observations of 50 variables (uniformly random graph, two edges a variable, Gaussian noise of \
         variance 1) that explains them as well as possible by least squares.",
        judged: Judged { name: JUDGED, target: Some(Target::AtMost(0.01)) },
        write_inputs: |profile, folder, random| {
            write_data(if profile == Profile::Smoke { 6 } else { 50 }, folder, random)
        },
        ours: vec![
            Ours { name: "swaps of the paper", differs: None, load: swaps },
            Ours { name: "insertions, restarts", differs: Some(beyond), load: insertions },
        ],
        rivals: vec![Rival {
            name: "DAGMA",
            script: "packages",
            function: "dagma_weights",
            differs: Some(penalised),
        }],
        judge: excess,
    }
}

/// The paper's search from a random order, with the large set searched as often as it helps.
fn swaps(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let data = read_data(inputs)?;
    let start =
        Order::random(data.ncols(), &mut numerics::random::stream(0, &["notears-topo", "rivals", "start"]));
    let call = move || {
        let covariance = Covariance::of(data.view())?;
        let mut inner = ByFactor::new(&covariance, start.clone());
        bilevel::search(&mut inner, &Precedence::none(), &Options::unlimited(covariance.variables()))?;
        Ok(notears_topo::inner::Inner::order(&inner).clone())
    };
    Ok(entrant(call, order_answer))
}

fn insertions(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let data = read_data(inputs)?;
    let restarts = Restarts { random: 20, perturbations: 0, seed: 1 };
    let call = move || {
        let covariance = Covariance::of(data.view())?;
        Ok(search(&covariance, None, restarts, Neighbourhood::Insertions, &Precedence::none())?.order)
    };
    Ok(entrant(call, order_answer))
}

/// The method of DAGMA.
fn dagma() -> Contest {
    let quasi_newton = "Minimises each step of the path by a quasi-Newton method.";
    let adam = "Minimises by Adam, up to 30,000 and at last 60,000 steps.";
    Contest {
        id: "dagma",
        title: "DAGMA",
        work: "Run DAGMA's central path with λ = 0.02 and its authors' weights, on 1,000 observations of 30 variables. The answer is the matrix \
         of weights.",
        judged: Judged { name: JUDGED, target: None },
        write_inputs: |profile, folder, random| {
            write_data(if profile == Profile::Smoke { 5 } else { 30 }, folder, random)
        },
        ours: vec![Ours { name: "DAGMA, quasi-Newton", differs: Some(quasi_newton), load: dagma_weights }],
        rivals: vec![Rival {
            name: "DAGMA",
            script: "packages",
            function: "dagma_weights",
            differs: Some(adam),
        }],
        judge: excess,
    }
}

fn dagma_weights(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let data = read_data(inputs)?;
    Ok(entrant(
        move || Ok(continuous::dagma(&Covariance::of(data.view())?, &DagmaOptions::default())?.weights),
        |weights| weights.clone().into_dyn(),
    ))
}

/// The method of NOTEARS.
fn notears() -> Contest {
    let polynomial =
        "Measures cycles by a power of I + W ∘ W / d; ours by the exponential of the first paper.";
    Contest {
        id: "notears",
        title: "NOTEARS",
        work: "Run NOTEARS with λ = 0.1 until h ≤ 1e-8, on 1,000 observations of 10 variables. The answer is the matrix of weights.",
        judged: Judged { name: JUDGED, target: None },
        write_inputs: |profile, folder, random| {
            write_data(if profile == Profile::Smoke { 5 } else { 10 }, folder, random)
        },
        ours: vec![Ours { name: "NOTEARS", differs: None, load: notears_weights }],
        rivals: vec![Rival {
            name: "gCastle, NOTEARS",
            script: "packages",
            function: "notears_weights",
            differs: Some(polynomial),
        }],
        judge: excess,
    }
}

fn notears_weights(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let data = read_data(inputs)?;
    Ok(entrant(
        move || Ok(continuous::notears(&Covariance::of(data.view())?, &NotearsOptions::default())?.weights),
        |weights| weights.clone().into_dyn(),
    ))
}
