//! Contests with cbx, the field's package, and cma, the standard without gradients.

use std::path::Path;

use consensus_based::consensus::consensus;
use consensus_based::draws::Draws;
use consensus_based::evolution::evolve;
use consensus_based::objective::Objective;
use consensus_based::problems::{Benchmark, Problem};
use consensus_based::swarm::{Options, Start, minimise};
use lab::ndarray::{Array1, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use numerics::random::stream;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 4] {
    [small(), large(), points(), quality()]
}

const START: Start = Start::Uniform { low: -3.0, high: 3.0 };

/// Throughput at the size of Figure 1(b).
fn small() -> Contest {
    Contest {
        id: "swarm-small",
        title: "A swarm of the size of Figure 1(b)",
        work: "250 steps of 200 particles in two dimensions on Ackley's function, anisotropic noise, λ = 1, σ = 5, Δt = 0.02, α = 10⁵; every entrant draws its own numbers.",
        judged: Judged { name: "value at the best point", target: Some(Target::AtMost(0.01)) },
        write_inputs: |profile, folder, _| {
            sizes(folder, if profile == Profile::Smoke { [50.0, 2.0, 150.0] } else { [200.0, 2.0, 250.0] })
        },
        ours: vec![Ours { name: "swarm", differs: None, load: swarm }],
        rivals: vec![Rival { name: "cbx", script: "cbx_and_cma", function: "swarm", differs: None }],
        judge: ackley,
    }
}

/// Throughput at a large size.
fn large() -> Contest {
    Contest {
        id: "swarm-large",
        title: "A large swarm",
        work: "The same with 10,000 particles in 100 dimensions and 100 steps, which is too short to converge.",
        judged: Judged { name: "value at the best point", target: None },
        write_inputs: |profile, folder, _| {
            sizes(
                folder,
                if profile == Profile::Smoke { [100.0, 10.0, 5.0] } else { [10_000.0, 100.0, 100.0] },
            )
        },
        ours: vec![Ours { name: "swarm", differs: None, load: swarm }],
        rivals: vec![Rival { name: "cbx", script: "cbx_and_cma", function: "swarm", differs: None }],
        judge: ackley,
    }
}

fn sizes(folder: &Path, sizes: [f64; 3]) -> Result<(), Failure> {
    write_array(folder, "sizes", arr1(&sizes).view())
}

fn read_sizes(inputs: &Path) -> Result<[usize; 3], Failure> {
    let sizes = read_array::<Ix1>(inputs, "sizes")?;
    Ok([0, 1, 2].map(|k| sizes[k] as usize))
}

fn swarm(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let [particles, dimension, steps] = read_sizes(inputs)?;
    let problem = Problem { benchmark: Benchmark::Ackley, dimension, shift: 0.0 };
    let options = Options { particles, ..Options::default() };
    Ok(entrant(
        move || {
            Ok(minimise(&problem, &options, &START, (steps as u64, 0.0), Draws::new(1, 0), |_, _, _| {})?
                .best
                .point)
        },
        |point: &Vec<f64>| Array1::from(point.clone()).into_dyn(),
    ))
}

fn ackley(_: &Path, answer: &ArrayD<f64>) -> Result<f64, Failure> {
    Ok(Benchmark::Ackley.value(answer.as_slice().ok_or("no point")?))
}

/// Consensus points at extreme α and energies, against 60 digits.
fn points() -> Contest {
    Contest {
        id: "consensus-points",
        title: "Consensus points at the ends of the range",
        work: "26 small ensembles: α from 0 to ∞, energies up to 10³⁰⁸ and an ulp apart, infeasible particles, positions near 10⁸ and 10³⁰⁸.",
        judged: Judged {
            name: "ensembles missed by more than 1e-12 of their spread",
            target: Some(Target::AtMost(0.0)),
        },
        write_inputs: |_, folder, _| {
            for (number, case) in reference()?.into_iter().enumerate() {
                write_array(folder, &format!("points-{number}"), case.points.view())?;
                write_array(folder, &format!("energies-{number}"), case.energies.view())?;
                write_array(folder, &format!("alpha-{number}"), arr1(&[case.alpha]).view())?;
            }
            Ok(())
        },
        ours: vec![Ours { name: "consensus", differs: None, load: consensus_points }],
        rivals: vec![Rival { name: "cbx", script: "cbx_and_cma", function: "consensus", differs: None }],
        judge: |_, answer| {
            let answer = answer.as_slice().ok_or("no points")?;
            let (mut place, mut missed) = (0, 0.0);
            for case in reference()? {
                let found = answer.get(place..place + case.expected.len()).ok_or("too few numbers")?;
                place += case.expected.len();
                // Halves, because ranges overflow. A point that is not finite has no distance, and is missed.
                let near = |(a, b): (&f64, &f64)| (a / 2.0 - b / 2.0).abs() <= 1e-12 * case.half_spread;
                missed += f64::from(u8::from(!found.iter().zip(&case.expected).all(near)));
            }
            Ok(missed)
        },
    }
}

struct Case {
    alpha: f64,
    points: lab::ndarray::Array2<f64>,
    energies: Array1<f64>,
    expected: Vec<f64>,
    half_spread: f64,
}

/// The reference cases of the tests.
fn reference() -> Result<Vec<Case>, Failure> {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../tests/cases/consensus.json"))?;
    let case = |case: serde_json::Value| {
        let number = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
        let numbers =
            |value: &serde_json::Value| value.as_array()?.iter().map(number).collect::<Option<Vec<f64>>>();
        let rows: Vec<Vec<f64>> = case["x"].as_array()?.iter().map(numbers).collect::<Option<_>>()?;
        let (energies, expected) = (numbers(&case["energy"])?, numbers(&case["consensus"])?);
        let points =
            lab::ndarray::Array2::from_shape_vec((rows.len(), expected.len()), rows.concat()).ok()?;
        let feasible = || points.rows().into_iter().zip(&energies).filter(|(_, energy)| energy.is_finite());
        let half_range = |k: usize| {
            let ends = feasible()
                .fold((f64::MAX, f64::MIN), |(low, high), (row, _)| (low.min(row[k]), high.max(row[k])));
            ends.1 / 2.0 - ends.0 / 2.0
        };
        let half_spread = (0..expected.len()).map(half_range).fold(0.0, f64::max);
        Some(Case {
            alpha: number(&case["alpha"])?,
            points: points.clone(),
            energies: Array1::from(energies.clone()),
            expected,
            half_spread,
        })
    };
    Ok(cases.into_iter().map(case).collect::<Option<Vec<Case>>>().ok_or("a damaged case")?)
}

fn consensus_points(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let mut cases = Vec::new();
    while inputs.join(format!("points-{}.npy", cases.len())).exists() {
        let number = cases.len();
        let points =
            read_array::<Ix2>(inputs, &format!("points-{number}"))?.into_iter().collect::<Vec<f64>>();
        let energies = read_array::<Ix1>(inputs, &format!("energies-{number}"))?.to_vec();
        cases.push((points, energies, read_array::<Ix1>(inputs, &format!("alpha-{number}"))?[0]));
    }
    Ok(entrant(
        move || {
            let found =
                cases.iter().map(|(points, energies, alpha)| Ok(consensus(points, energies, *alpha)?.point));
            Ok(found.collect::<Result<Vec<_>, Failure>>()?.concat())
        },
        |numbers: &Vec<f64>| Array1::from(numbers.clone()).into_dyn(),
    ))
}

/// Values reached with equal numbers of evaluations.
fn quality() -> Contest {
    Contest {
        id: "rastrigin",
        title: "Rastrigin's function in ten dimensions with 40,000 evaluations",
        work: "The minimiser is moved to (1, …, 1); swarms and CMA-ES begin in or around the box [−3, 3]¹⁰. Eight runs with eight seeds.",
        judged: Judged {
            name: "best value, mean over the runs (minimum 0; the next local minima have 0.99)",
            target: None,
        },
        write_inputs: |profile, folder, _| {
            sizes(folder, [if profile == Profile::Smoke { 2_000.0 } else { 40_000.0 }, 10.0, 0.0])
        },
        ours: vec![
            Ours { name: "swarm, 200 particles", differs: None, load: swarm_on_rastrigin },
            Ours { name: "our CMA-ES, population 300", differs: None, load: evolution_on_rastrigin },
        ],
        rivals: vec![
            Rival {
                name: "cbx, 200 particles",
                script: "cbx_and_cma",
                function: "rastrigin_swarm",
                differs: None,
            },
            Rival {
                name: "cma, population 300",
                script: "cbx_and_cma",
                function: "rastrigin_evolution",
                differs: None,
            },
        ],
        judge: |_, answer| {
            let points = answer.as_slice().ok_or("no points")?;
            Ok(points.chunks_exact(10).map(|point| RASTRIGIN.value(point)).sum::<f64>()
                / (points.len() / 10) as f64)
        },
    }
}

const RASTRIGIN: Problem = Problem { benchmark: Benchmark::Rastrigin, dimension: 10, shift: 1.0 };

fn swarm_on_rastrigin(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let [evaluations, ..] = read_sizes(inputs)?;
    let steps = (evaluations / 200 - 1) as u64;
    runs(move |run| {
        let found = minimise(
            &RASTRIGIN,
            &Options::default(),
            &START,
            (steps, 0.0),
            Draws::new(1, run),
            |_, _, _| {},
        )?;
        Ok(found.best.point)
    })
}

fn evolution_on_rastrigin(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let [evaluations, ..] = read_sizes(inputs)?;
    runs(move |run| {
        Ok(evolve(&RASTRIGIN, &[0.0; 10], 2.0, (300, evaluations as u64), &mut stream(run, &["contest"]))
            .0
            .point)
    })
}

fn runs(run: impl Fn(u64) -> Result<Vec<f64>, Failure> + 'static) -> Result<Box<dyn Entrant>, Failure> {
    Ok(entrant(
        move || Ok((1..=8).map(&run).collect::<Result<Vec<_>, Failure>>()?.concat()),
        |numbers: &Vec<f64>| Array1::from(numbers.clone()).into_dyn(),
    ))
}
