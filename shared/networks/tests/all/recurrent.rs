//! Recurrent cells: passes forward and back are adjoint, products are derivatives of gradients, and a batch is its sequences.

use ndarray::Array2;
use networks::{Batch, CELLS, Cell, NetworkError, Recurrent, Tape};
use numerics::random::stream;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

fn sequences(random: &mut ChaCha8Rng, count: usize, vocabulary: u32) -> Vec<Vec<u32>> {
    (0..count)
        .map(|number| (0..1 + number % 6).map(|_| random.random_range(0..vocabulary)).collect())
        .collect()
}

fn normal(random: &mut ChaCha8Rng, count: usize) -> Vec<f64> {
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

fn case(cell: Cell, random: &mut ChaCha8Rng) -> (Recurrent, Vec<Vec<u32>>, Batch) {
    let mut network = Recurrent::new(cell, 4, 3, 2.0, random).unwrap().with_forget_offset(1.0);
    network.parameters.iter_mut().for_each(|p| *p += random.random_range(-0.3..0.3));
    let sequences = sequences(random, 7, 4);
    let batch = Batch::new(&sequences, 4).unwrap();
    (network, sequences, batch)
}

fn gradient(network: &Recurrent, batch: &Batch, by_last: &Array2<f64>) -> Vec<f64> {
    let (mut tape, mut gradient) = (Tape::default(), vec![0.0; network.parameters.len()]);
    network.forward(batch, &mut tape);
    network.pull(batch, &mut tape, by_last.view(), &mut gradient);
    gradient
}

/// ⟨Jᵀ c, v⟩ = ⟨c, J v⟩ to rounding: one side is the pass back, the other a pass forward.
#[test]
fn the_pass_back_is_the_adjoint_of_the_derivative_forward() {
    for cell in CELLS {
        let mut random = stream(1, &["adjoint", &format!("{cell:?}")]);
        let (network, sequences, batch) = case(cell, &mut random);
        let direction = normal(&mut random, network.parameters.len());
        let by_last = Array2::from_shape_simple_fn((sequences.len(), 3), || random.random_range(-1.0..1.0));
        let (mut tape, mut tangent) = (Tape::default(), Tape::default());
        network.forward(&batch, &mut tape);
        let moved = network.push(&batch, &tape, &direction, &mut tangent);
        let forward: f64 = (&moved * &by_last).sum();
        let back: f64 = gradient(&network, &batch, &by_last).iter().zip(&direction).map(|(g, v)| g * v).sum();
        assert!((forward - back).abs() < 1e-13 * (1.0 + back.abs()), "{cell:?}: {forward} {back}");
    }
}

/// Against central differences of gradients, with derivatives by last states that change along the direction too. Differences of step 1e-5 are right to 1e-9 here.
#[test]
fn products_are_derivatives_of_gradients() {
    for cell in CELLS {
        let mut random = stream(2, &["products", &format!("{cell:?}")]);
        let (network, sequences, batch) = case(cell, &mut random);
        let direction = normal(&mut random, network.parameters.len());
        let mut by = || Array2::from_shape_simple_fn((sequences.len(), 3), || random.random_range(-1.0..1.0));
        let (by_last, change) = (by(), by());
        let (mut tape, mut tangent, mut ignored) =
            (Tape::default(), Tape::default(), vec![0.0; network.parameters.len()]);
        network.forward(&batch, &mut tape);
        network.pull(&batch, &mut tape, by_last.view(), &mut ignored);
        network.push(&batch, &tape, &direction, &mut tangent);
        let mut product = vec![0.0; network.parameters.len()];
        network.pull_push(&batch, &tape, &direction, &mut tangent, change.view(), &mut product);
        let at = |step: f64| {
            let mut moved = network.clone();
            moved.parameters.iter_mut().zip(&direction).for_each(|(p, v)| *p += step * v);
            gradient(&moved, &batch, &(&by_last + &(&change * step)))
        };
        let (above, below) = (at(1e-5), at(-1e-5));
        for (k, found) in product.iter().enumerate() {
            let expected = (above[k] - below[k]) / 2e-5;
            assert!(
                (found - expected).abs() < 1e-7 * (1.0 + expected.abs()),
                "{cell:?} {k}: {found} {expected}"
            );
        }
    }
}

#[test]
fn a_ragged_batch_is_its_sequences() {
    for cell in CELLS {
        let mut random = stream(3, &["ragged", &format!("{cell:?}")]);
        let (network, sequences, batch) = case(cell, &mut random);
        let by_last = Array2::from_shape_simple_fn((sequences.len(), 3), || random.random_range(-1.0..1.0));
        let mut tape = Tape::default();
        network.forward(&batch, &mut tape);
        let together = network.last(&batch, &tape);
        let mut sum = vec![0.0; network.parameters.len()];
        for (row, sequence) in sequences.iter().enumerate() {
            let single = Batch::new([sequence], 4).unwrap();
            network.forward(&single, &mut tape);
            let alone = network.last(&single, &tape);
            assert!((&alone.row(0) - &together.row(row)).iter().all(|x| x.abs() < 1e-14), "{cell:?} {row}");
            network.pull(&single, &mut tape, by_last.slice(ndarray::s![row..=row, ..]), &mut sum);
        }
        for (a, b) in gradient(&network, &batch, &by_last).iter().zip(&sum) {
            assert!((a - b).abs() < 1e-13 * (1.0 + b.abs()), "{cell:?}");
        }
    }
}

#[test]
fn what_is_no_batch_is_refused() {
    let none: [&[u32]; 0] = [];
    assert_eq!(Batch::new(none, 3).unwrap_err(), NetworkError::NoSequence);
    assert_eq!(Batch::new([&[1, 2][..], &[]], 3).unwrap_err(), NetworkError::EmptySequence(1));
    assert_eq!(
        Batch::new([[1, 3]], 3).unwrap_err(),
        NetworkError::Token { sequence: 0, token: 3, vocabulary: 3 }
    );
    assert!(Recurrent::from_parameters(Cell::Gru, 2, 2, vec![0.0; 3]).is_err());
    assert!(Recurrent::new(Cell::Rnn, 0, 2, 1.0, &mut stream(0, &[])).is_err());
}
