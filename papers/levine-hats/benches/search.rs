//! Speed of the best response and of whole proofs.
//!
//! `by_definition` answers a table as the companion code of the paper does it, visiting all pairs of stacks; `respond` from h²
//! counts. Both give the same value, which is checked first.

use divan::{Bencher, black_box};
use levine_hats::best_response::Responder;
use levine_hats::constructions::chain;
use levine_hats::exhaustive::{count_all, count_classes};
use levine_hats::{SearchOptions, search};
use numerics::random::stream;

fn main() {
    let (height, mut answer) = (8, vec![0; 1 << 8]);
    let table = chain(height).expect("height 8 fits");
    let fast = Responder::new(height).respond(table.table(1), &mut answer, &mut stream(0, &["bench"]));
    assert_eq!(fast, value_by_definition(height, table.table(1)));
    divan::main();
}

fn value_by_definition(height: usize, partner: &[u8]) -> u64 {
    let views = 1_usize << height;
    let score = |y: usize, a: usize| {
        (0..views).filter(|x| x >> a & 1 == 1 && y >> partner[*x] & 1 == 1).count() as u64
    };
    (0..views).map(|y| (0..height).map(|a| score(y, a)).max().unwrap_or(0)).sum()
}

#[divan::bench(args = [5, 8, 12, 16, 20, 24])]
fn respond(bencher: Bencher, height: usize) {
    let table = chain(height).expect("heights up to 24 fit");
    let mut answer = vec![0; 1 << height];
    let mut responder = Responder::new(height);
    let mut random = stream(0, &["bench"]);
    bencher.bench_local(|| responder.respond(black_box(table.table(1)), &mut answer, &mut random));
}

#[divan::bench(args = [5, 8])]
fn by_definition(bencher: Bencher, height: usize) {
    let table = chain(height).expect("small heights fit");
    bencher.bench_local(|| value_by_definition(height, black_box(table.table(1))));
}

#[divan::bench(sample_count = 3)]
fn every_table_of_four_hats() -> Vec<u64> {
    count_all(4)
}

#[divan::bench(sample_count = 10)]
fn every_class_of_four_hats() -> Vec<u64> {
    count_classes(4)
}

/// Until these wins are found: for two players the best known, for three nearly (1,125 takes minutes).
#[divan::bench(args = [(2, 5, 358), (2, 6, 1_433), (2, 8, 22_937), (2, 10, 367_001), (3, 4, 1_121)], sample_count = 5)]
fn search_for(bencher: Bencher, (players, height, wins): (usize, usize, u64)) {
    bencher.bench(|| search(&SearchOptions::new(players, height), None, |best| best.wins < wins));
}
