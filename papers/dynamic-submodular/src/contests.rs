//! Contests with submodlib and apricot: k nodes of a graph with hubs that have the most neighbours together.

use std::path::Path;

use dynamic_submodular::experiments::contest::{GraphFamily, operations};
use dynamic_submodular::function::Coverage;
use dynamic_submodular::graph::Graph;
use dynamic_submodular::greedy::{Recompute, Selector, lazy_greedy};
use dynamic_submodular::{Function, LevelAlgorithm, LevelOptions, Maximiser, Operation, Order};
use lab::ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, arr1};
use lab::{Failure, Profile};
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 2] {
    [selecting(), updating()]
}

fn write_graph(
    nodes: usize,
    cardinality: usize,
    folder: &Path,
    random: &mut ChaCha8Rng,
) -> Result<Coverage, Failure> {
    let graph = GraphFamily::BarabasiAlbert.draw(nodes, random);
    let edges: Vec<[f64; 2]> = (0..nodes)
        .flat_map(|node| graph.neighbours(node).iter().map(move |&other| (node, other as usize)))
        .filter(|(node, other)| node < other)
        .map(|(node, other)| [node as f64, other as f64])
        .collect();
    write_array(folder, "edges", Array2::from(edges).view())?;
    write_array(folder, "nodes", arr1(&[nodes as f64]).view())?;
    write_array(folder, "cardinality", arr1(&[cardinality as f64]).view())?;
    Ok(Coverage::of_neighbours(&graph))
}

fn read_coverage(folder: &Path) -> Result<(Coverage, usize), Failure> {
    let edges = read_array::<Ix2>(folder, "edges")?;
    let number = |name: &str| read_array::<Ix1>(folder, name).map(|values| values[0] as usize);
    let edges = edges.rows().into_iter().map(|edge| (edge[0] as usize, edge[1] as usize)).collect::<Vec<_>>();
    Ok((Coverage::of_neighbours(&Graph::new(number("nodes")?, edges)), number("cardinality")?))
}

fn read_operations(folder: &Path) -> Result<Vec<Operation>, Failure> {
    let operations = read_array::<Ix2>(folder, "operations")?;
    let operation = |row: lab::ndarray::ArrayView1<'_, f64>| match row[1] > 0.0 {
        true => Operation::Insert(row[0] as usize),
        false => Operation::Delete(row[0] as usize),
    };
    Ok(operations.rows().into_iter().map(operation).collect())
}

/// The elements of one row of an answer.
fn chosen(row: &[f64], cardinality: usize, elements: usize) -> Result<Vec<usize>, Failure> {
    let mut chosen: Vec<usize> =
        row.iter().filter(|&&element| element >= 0.0).map(|&element| element as usize).collect();
    chosen.sort();
    chosen.dedup();
    if chosen.len() > cardinality || chosen.iter().any(|&element| element >= elements) {
        return Err("it chooses too many elements, or some that are not there".into());
    }
    Ok(chosen)
}

/// One selection from everything.
fn selecting() -> Contest {
    let compiles = "Every call compiles code anew, as every use of the package does.";
    Contest {
        id: "selecting",
        title: "One selection by lazy greedy",
        work: "Choose 50 of 10,000 nodes of a graph (preferential attachment, 8 edges a node) that have as many neighbours together as \
         possible, by lazy greedy. The function is made before the call. The answer is the nodes.",
        judged: Judged {
            name: "number of neighbours, over that of our greedy selection",
            target: Some(Target::AtLeast(0.99)),
        },
        write_inputs: |profile, folder, random| {
            let (nodes, cardinality) = if profile == Profile::Smoke { (200, 5) } else { (10_000, 50) };
            write_graph(nodes, cardinality, folder, random).map(drop)
        },
        ours: vec![Ours { name: "lazy greedy", differs: None, load: select }],
        rivals: vec![
            Rival { name: "submodlib", script: "packages", function: "submodlib_select", differs: None },
            Rival {
                name: "apricot",
                script: "packages",
                function: "apricot_select",
                differs: Some(compiles),
            },
        ],
        judge: |inputs, answer| {
            let (coverage, cardinality) = read_coverage(inputs)?;
            let row: Vec<f64> = answer.iter().copied().collect();
            let found = coverage.value_of(&chosen(&row, cardinality, coverage.elements())?);
            let all: Vec<usize> = (0..coverage.elements()).collect();
            Ok(found / lazy_greedy(&coverage, &all, cardinality).value)
        },
    }
}

fn select(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (coverage, cardinality) = read_coverage(inputs)?;
    let all: Vec<usize> = (0..coverage.elements()).collect();
    Ok(entrant(
        move || Ok(lazy_greedy(&coverage, &all, cardinality).elements),
        |elements| elements.iter().map(|&element| element as f64).collect::<Array1<f64>>().into_dyn(),
    ))
}

/// A solution after each of many updates.
fn updating() -> Contest {
    let levels = "Keeps its levels from update to update; promised is (1/2 − ε) of the optimum.";
    Contest {
        id: "updating",
        title: "A solution after every update",
        work: "2,000 nodes of such a graph come and go, one at a time, 4,000 updates in all, largest first; after each, at most 20 available nodes are \
         wanted that have many neighbours together. Packages know no updates: they make a function and select anew after each. The answer is all 4,000 solutions.",
        judged: Judged {
            name: "number of neighbours, over that of a greedy selection from what is available, mean over updates",
            target: None,
        },
        write_inputs: |profile, folder, random| {
            let (nodes, cardinality) = if profile == Profile::Smoke { (60, 3) } else { (2_000, 20) };
            let coverage = write_graph(nodes, cardinality, folder, random)?;
            let rows: Vec<[f64; 2]> = operations(&coverage, Order::LargestFirst, random)
                .into_iter()
                .map(|operation| match operation {
                    Operation::Insert(element) => [element as f64, 1.0],
                    Operation::Delete(element) => [element as f64, -1.0],
                })
                .collect();
            write_array(folder, "operations", Array2::from(rows).view())
        },
        ours: vec![
            Ours { name: "lazy greedy anew", differs: None, load: greedy_anew },
            Ours { name: "levels of the paper", differs: Some(levels), load: levels_of_the_paper },
        ],
        rivals: vec![Rival {
            name: "submodlib",
            script: "packages",
            function: "submodlib_updates",
            differs: None,
        }],
        judge: |inputs, answer| {
            let (coverage, cardinality) = read_coverage(inputs)?;
            let operations = read_operations(inputs)?;
            let answer = answer.clone().into_dimensionality::<Ix2>()?;
            if answer.nrows() != operations.len() {
                return Err(format!("{} solutions after {} updates", answer.nrows(), operations.len()).into());
            }
            let mut anew = Recompute::start(&coverage, cardinality, Selector::LazyGreedy, 0)?;
            let (mut sum, mut counted) = (0.0, 0);
            for (operation, row) in operations.iter().zip(answer.rows()) {
                let step = anew.process(&[*operation])?[0];
                let chosen = chosen(&row.to_vec(), cardinality, coverage.elements())?;
                if chosen.iter().any(|&element| !anew.available().has(element)) {
                    return Err("it chooses what is not available".into());
                }
                if step.value > 0.0 {
                    sum += coverage.value_of(&chosen) / step.value;
                    counted += 1;
                }
            }
            Ok(sum / f64::from(counted))
        },
    }
}

fn solutions_of(
    algorithm: &mut impl Maximiser,
    operations: &[Operation],
) -> Result<Vec<Vec<usize>>, Failure> {
    let solution = |operation: &Operation| {
        algorithm.process(std::slice::from_ref(operation))?;
        Ok(algorithm.solution())
    };
    operations.iter().map(solution).collect()
}

fn table(solutions: &[Vec<usize>], cardinality: usize) -> ArrayD<f64> {
    let entry =
        |(step, place): (usize, usize)| solutions[step].get(place).map_or(-1.0, |&element| element as f64);
    Array2::from_shape_fn((solutions.len(), cardinality), entry).into_dyn()
}

fn levels_of_the_paper(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (coverage, cardinality) = read_coverage(inputs)?;
    let operations = read_operations(inputs)?;
    let call = move || {
        let mut algorithm = LevelAlgorithm::new(&coverage, LevelOptions::new(cardinality))?;
        solutions_of(&mut algorithm, &operations)
    };
    Ok(entrant(call, move |solutions| table(solutions, cardinality)))
}

fn greedy_anew(inputs: &Path) -> Result<Box<dyn Entrant>, Failure> {
    let (coverage, cardinality) = read_coverage(inputs)?;
    let operations = read_operations(inputs)?;
    let call = move || {
        let mut algorithm = Recompute::start(&coverage, cardinality, Selector::LazyGreedy, 0)?;
        solutions_of(&mut algorithm, &operations)
    };
    Ok(entrant(call, move |solutions| table(solutions, cardinality)))
}
