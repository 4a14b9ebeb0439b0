//! Definitions and theorems as properties of random strategies.

use levine_hats::best_response::Responder;
use levine_hats::bounds::{conjectured_wins, min_weight};
use levine_hats::composition::{star, then};
use levine_hats::constructions::{chain, recursive_block, triple};
use levine_hats::geometry::Regions;
use levine_hats::{
    BigRational, NEXT, SearchOptions, Strategy, biased_value, infinite_value, search, wins,
    wins_by_enumeration,
};
use numerics::random::stream;
use proptest::prelude::{Just, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;

/// A table of 2^((n−1)h) guesses for each of n players.
fn strategies(
    players: std::ops::RangeInclusive<usize>,
    height: std::ops::RangeInclusive<usize>,
) -> impl Strategies {
    (players, height).prop_flat_map(|(players, height)| {
        let table = prop::collection::vec(0..height as u8, 1 << ((players - 1) * height));
        prop::collection::vec(table, players).prop_map(move |tables| Strategy::new(height, tables).unwrap())
    })
}

trait Strategies: proptest::strategy::Strategy<Value = Strategy> {}
impl<T: proptest::strategy::Strategy<Value = Strategy>> Strategies for T {}

/// Two players who may pass on to the next block, one of them never on the all-white block.
fn block_strategies() -> impl Strategies {
    (1_usize..=4).prop_flat_map(|height| {
        let guess = prop_oneof![3 => 0..height as u8, 1 => Just(NEXT)];
        prop::collection::vec(prop::collection::vec(guess, 1 << height), 2).prop_map(move |mut tables| {
            tables[0][0] = 0;
            Strategy::new(height, tables).unwrap()
        })
    })
}

proptest! {
    #[test]
    fn wins_by_counts_are_wins_by_enumeration(strategy in strategies(2..=2, 1..=5)) {
        prop_assert_eq!(wins(&strategy).unwrap(), wins_by_enumeration(&strategy));
    }

    #[test]
    fn no_strategy_passes_the_min_weight_bound(strategy in strategies(2..=4, 1..=3)) {
        let most = min_weight(strategy.players(), strategy.height());
        prop_assert!(u128::from(wins(&strategy).unwrap()) <= most);
    }

    #[test]
    fn a_best_response_is_at_least_as_good_as_any_table(strategy in strategies(2..=2, 1..=6), seed: u64) {
        let (f, g) = (strategy.table(0), strategy.table(1));
        let mut answer = vec![0; g.len()];
        let value = Responder::new(strategy.height()).respond(g, &mut answer, &mut stream(seed, &["laws"]));
        let answered = Strategy::new(strategy.height(), vec![answer, g.to_vec()]).unwrap();
        prop_assert_eq!(value, wins(&answered).unwrap());
        prop_assert!(value >= wins(&strategy).unwrap());
        // No single guess can be changed for the better.
        for view in 0..f.len().min(8) {
            for hat in 0..strategy.height() as u8 {
                let mut tables = answered.clone().into_tables();
                tables[0][view] = hat;
                prop_assert!(wins(&Strategy::new(strategy.height(), tables).unwrap()).unwrap() <= value);
            }
        }
    }

    #[test]
    fn responses_of_many_players_count_what_enumeration_counts(strategy in strategies(2..=4, 1..=2), seed: u64) {
        let (players, height) = (strategy.players(), strategy.height());
        let mut all = levine_hats::players::Table::new(players, height);
        let mut tables = strategy.into_tables();
        for (player, guesses) in tables.iter().enumerate() {
            all.set(player, guesses);
        }
        let mut random = stream(seed, &["laws", "players"]);
        let mut last = 0;
        for player in 0..players {
            let value = all.respond(player, &mut tables[player], &mut random);
            all.set(player, &tables[player]);
            prop_assert_eq!(value, wins_by_enumeration(&Strategy::new(height, tables.clone()).unwrap()));
            prop_assert!(value >= last, "answers do not make things worse");
            last = value;
        }
    }

    #[test]
    fn both_are_right_as_often_as_both_are_wrong(strategy in strategies(2..=2, 1..=5)) {
        let regions = Regions::of(&strategy).unwrap();
        let both = regions.win_region().iter().filter(|cell| **cell).count();
        let pairs = regions.first_right.iter().zip(&regions.second_right);
        prop_assert_eq!(both, pairs.filter(|(first, second)| !**first && !**second).count());
        prop_assert_eq!(both as u64, wins(&strategy).unwrap());
        let half = 1 << (2 * strategy.height() - 1);
        prop_assert_eq!(regions.first_right.iter().filter(|cell| **cell).count(), half);
        prop_assert_eq!(regions.second_right.iter().filter(|cell| **cell).count(), half);
    }

    #[test]
    fn exchanging_colours_mirrors_the_bias(strategy in block_strategies(), per_cent in 1_u32..100) {
        // Both right under p is, colours exchanged, both wrong under 1 − p: P(both wrong) = P(both right) + 1 − 2p.
        let p = BigRational::new(per_cent.into(), 100.into());
        let one = BigRational::from_integer(1.into());
        let mirrored: Vec<Vec<u8>> = strategy.clone().into_tables().into_iter().map(|mut table| {
            table.reverse();
            table
        }).collect();
        let mirrored = Strategy::new(strategy.height(), mirrored).unwrap();
        let here = biased_value(&strategy, &p).unwrap();
        let there = biased_value(&mirrored, &(&one - &p)).unwrap();
        prop_assert_eq!(there, here + one - p * BigRational::from_integer(2.into()));
    }

    #[test]
    fn two_blocks_are_worth_what_one_is(strategy in block_strategies()) {
        // Playing block after block by one rule is the same game as playing double blocks by its repetition.
        let twice = then(&strategy, &strategy).unwrap();
        prop_assert_eq!(infinite_value(&twice).unwrap(), infinite_value(&strategy).unwrap());
    }

    #[test]
    fn star_composition_has_the_value_of_lemma_25(second in strategies(2..=2, 1..=4)) {
        let composed = star(&triple(), &second).unwrap();
        let power = |exponent: usize| BigRational::from_integer((1_u64 << exponent).into());
        let value = infinite_value(&second).unwrap();
        let four = BigRational::from_integer(4.into());
        // w_S counts pairs of one-coloured blocks as wins with probability 1/4: 7/20 · 60/64 + 1/64 = 22/64.
        let expected = BigRational::new(22.into(), 64.into())
            + (four * value - BigRational::from_integer(1.into())) / power(6);
        prop_assert_eq!(infinite_value(&composed).unwrap(), expected);
    }

    #[test]
    fn a_restart_on_white_multiplies_by_the_geometric_series(strategy in strategies(2..=3, 1..=3)) {
        let hats = strategy.players() * strategy.height();
        let lifted = infinite_value(&strategy.clone().with_restart_on_white()).unwrap();
        prop_assert_eq!(lifted, levine_hats::bounds::lifted(wins(&strategy).unwrap(), strategy.players(), strategy.height()));
        let finite = infinite_value(&strategy).unwrap();
        prop_assert_eq!(finite, BigRational::new(wins(&strategy).unwrap().into(), (1_u64 << hats).into()));
    }

    #[test]
    fn a_strategy_survives_its_file(strategy in block_strategies()) {
        let text = serde_json::to_string(&strategy).unwrap();
        prop_assert_eq!(serde_json::from_str::<Strategy>(&text).unwrap(), strategy);
    }
}

#[test]
fn tall_best_responses_agree_with_the_count_of_wins_and_with_one_thread() {
    for height in [9, 14, 15, 20] {
        let table = chain(height).unwrap();
        let mut answer = vec![0; 1 << height];
        let mut respond = || {
            let mut random = stream(3, &["laws", "tall"]);
            Responder::new(height).respond(table.table(1), &mut answer, &mut random)
        };
        let value = respond();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        assert_eq!(pool.install(&mut respond), value);
        let answered = Strategy::new(height, vec![answer, table.table(1).to_vec()]).unwrap();
        assert_eq!(wins(&answered).unwrap(), value);
        assert_eq!(value, conjectured_wins(height), "the chain is its own best response in value");
    }
}

/// At the largest height scores use all bits: a partner who always points at hat 1 makes the largest, 2^23.
#[test]
fn the_largest_scores_do_not_overflow() {
    let height = levine_hats::strategy::MAX_HEIGHT;
    let (partner, mut answer) = (vec![0; 1 << height], vec![0; 1 << height]);
    let value = Responder::new(height).respond(&partner, &mut answer, &mut stream(0, &["laws", "tallest"]));
    // Views whose first hat is white win nothing; on the others any hat is best, black on half of the stacks.
    assert_eq!(value, 1_u64 << (2 * height - 2));
}

#[test]
fn a_search_is_the_same_with_any_number_of_threads() {
    for (players, height) in [(2, 5), (3, 3)] {
        let run = || {
            let found =
                search(&SearchOptions::new(players, height), None, |best| best.restarts < 192).unwrap();
            (found.strategy, found.wins, found.hits, found.found_by)
        };
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool(1).install(run), pool(3).install(run));
    }
}

#[test]
fn the_infinite_game_is_worth_what_long_finite_play_tends_to() {
    // Three rounds of S_3 and then nothing lose what is undecided then: that one player passes on at the end while the other has stopped (at most
    // 2/4 of what passed on twice) or both do. A player passes on a block with probability 1/4, three with 1/64.
    let s3 = recursive_block(3).unwrap();
    let thrice = then(&s3, &then(&s3, &s3).unwrap()).unwrap();
    let finite = wins_by_enumeration_without_next(&thrice);
    let difference = infinite_value(&s3).unwrap() - finite;
    assert!(difference > BigRational::from_integer(0.into()));
    assert!(difference < BigRational::new(2.into(), 64.into()));
}

/// Passing on counts as wrong.
fn wins_by_enumeration_without_next(strategy: &Strategy) -> BigRational {
    let hats = strategy.players() * strategy.height();
    BigRational::new(wins_by_enumeration(strategy).into(), (1_u64 << hats).into())
}

#[test]
fn what_is_no_strategy_is_refused_with_the_place() {
    let refused =
        |height: usize, tables: Vec<Vec<u8>>| Strategy::new(height, tables).unwrap_err().to_string();
    assert_eq!(refused(1, vec![vec![0, 0]]), "expected 2 to 25 players, found 1");
    assert_eq!(refused(0, vec![vec![0]; 2]), "expected a height from 1 to 24 for 2 players, found 0");
    assert_eq!(
        refused(2, vec![vec![0; 4], vec![0; 3]]),
        "player 2: expected 4 guesses, one for each view, found 3"
    );
    assert_eq!(
        refused(2, vec![vec![0, 0, 2, 0], vec![0; 4]]),
        "player 1, guess 3: expected a hat from 1 to 2 or 0 for the next block, found 3"
    );
    let never = Strategy::new(1, vec![vec![NEXT; 2]; 2]).unwrap();
    assert_eq!(
        infinite_value(&never).unwrap_err().to_string(),
        "both players always say next block: the game never ends"
    );
    assert!(wins(&never).is_err());
}
