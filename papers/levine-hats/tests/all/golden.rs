//! Values with answers from elsewhere: published tables, closed forms, and another method's count.

use levine_hats::block_search::{Stopping, search_blocks};
use levine_hats::bounds::{
    conjectured_wins, min_weight, published_biased, value_of_three_hats, value_of_two_hats, white_restart,
};
use levine_hats::composition::then;
use levine_hats::constructions::{chain, first_black, modular, recursive_block, triple, white_restart_block};
use levine_hats::continuous::frequency_area;
use levine_hats::exhaustive::{count_all, count_classes, optimum};
use levine_hats::{
    BigRational, SearchOptions, Start, Strategy, biased_value, finite_value, infinite_value, search, wins,
};

fn fraction(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

/// Table 1 of the paper ("hill-climbing lower bounds"), heights 1 to 5.
const PAPER_TABLE: [u64; 5] = [1, 5, 22, 89, 358];

#[test]
fn the_chain_reaches_the_conjectured_count_at_every_height() {
    for height in 1..=16 {
        assert_eq!(wins(&chain(height).unwrap()).unwrap(), conjectured_wins(height), "height {height}");
    }
    for (height, wins) in (1..).zip(PAPER_TABLE) {
        assert_eq!(conjectured_wins(height), wins);
    }
}

#[test]
fn every_odd_recursive_block_is_worth_seven_twentieths() {
    for k in [3, 5, 7, 9, 11] {
        assert_eq!(infinite_value(&recursive_block(k).unwrap()).unwrap(), fraction(7, 20), "S_{k}");
    }
    for k in [0, 1, 2, 4, 10] {
        assert!(recursive_block(k).is_err());
    }
}

#[test]
fn truncated_recursions_converge_at_the_papers_rates() {
    // Propositions 16 and 17 hold with equality: 7/20 − V = (7/20 − V_{2,r}) / 16^q after q blocks of three and r hats.
    let mut s3 = chain(1).unwrap();
    for q in 1..=4 {
        s3 = then(&triple(), &s3).unwrap();
        let gap = fraction(7, 20) - infinite_value(&s3).unwrap();
        let bound = fraction(1, 10) / fraction(16_i64.pow(q), 1);
        assert_eq!(gap, bound, "q = {q}");
    }
    let s5 = then(&recursive_block(5).unwrap(), &chain(1).unwrap()).unwrap();
    assert_eq!(fraction(7, 20) - infinite_value(&s5).unwrap(), fraction(1, 10) / fraction(256, 1));
}

#[test]
fn all_tables_of_height_three_and_all_classes_of_height_four() {
    let three = count_all(3);
    assert_eq!(three, count_classes(3));
    assert_eq!((1..=3).map(|height| optimum(height, 0)).collect::<Vec<_>>(), [1, 5, 22]);
    // Φ : number of tables on the seven stacks that are not white, counted by an independent program.
    for (value, tables) in [(22, 36), (21, 216), (20, 756), (19, 324), (18, 756), (17, 0), (16, 99)] {
        assert_eq!(three[value], tables, "Φ = {value}");
    }
    assert_eq!(three.iter().sum::<u64>(), 3_u64.pow(7));
    let four = count_classes(4);
    let most = four.iter().rposition(|tables| *tables > 0).expect("tables were visited");
    for known in [0, 80, most as u8] {
        assert_eq!(usize::from(optimum(4, known)), most);
    }
    let counted = [
        (89, 6_912),
        (88, 67_584),
        (87, 322_560),
        (86, 1_150_848),
        (85, 4_089_600),
        (84, 9_036_096),
        (83, 20_808_960),
        (82, 33_551_040),
    ];
    for (value, tables) in counted {
        assert_eq!(four[value], tables, "Φ = {value}");
    }
    assert_eq!(four[90..].iter().sum::<u64>(), 0, "no table of height 4 wins more than 89 of 256");
    assert_eq!(four.iter().sum::<u64>(), 4_u64.pow(15));
}

#[test]
fn integer_programs_prove_the_same_optima() {
    for (height, optimum) in [(1, 1), (2, 5), (3, 22)] {
        let found = levine_hats::integer_program::solve(height).unwrap();
        assert_eq!(found.wins, optimum);
        assert!((found.objective - optimum as f64).abs() < 1e-6, "{}", found.objective);
    }
}

/// With HiGHS: four hats to optimality, five up to a bound that lies between the best strategy known and the bound by black hats.
#[cfg(feature = "highs")]
#[test]
fn highs_proves_four_hats_and_bounds_five() {
    let four = levine_hats::integer_program::solve(4).unwrap();
    assert_eq!(four.wins, 89);
    let five = levine_hats::integer_program::search_within(5, 1).unwrap();
    assert_eq!(wins(&five.strategy).unwrap(), five.wins);
    assert!(five.wins <= 358 && (358..=386).contains(&five.bound), "{} {}", five.wins, five.bound);
}

#[test]
fn modular_codes_attain_the_min_weight_bound_for_two_and_three_hats() {
    for players in 2..=6 {
        let (two, three) = (modular(players, 2).unwrap(), modular(players, 3).unwrap());
        assert_eq!(finite_value(&two).unwrap(), value_of_two_hats(players as u32));
        assert_eq!(finite_value(&three).unwrap(), value_of_three_hats(players as u32));
        assert_eq!(u128::from(wins(&two).unwrap()), min_weight(players, 2), "n = {players}, h = 2");
        assert_eq!(u128::from(wins(&three).unwrap()), min_weight(players, 3), "n = {players}, h = 3");
    }
    // The lift of the four-player code beats Wagon's 421/2048 and Winkler's 1/5.
    let four = infinite_value(&modular(4, 3).unwrap().with_restart_on_white()).unwrap();
    assert_eq!(four, fraction(886, 4095));
    assert!(four > fraction(421, 2048));
}

#[test]
fn pointing_at_the_first_black_level_tends_to_one_in_n_plus_one() {
    // Wagon, Problem of the Week 1179: 1/(n + 1) for infinite stacks. A level decides the game as soon as at most one hat on it is white,
    // so h levels leave it open with probability (1 − (n + 1)/2^n)^h.
    let (players, height) = (3, 8);
    let value = wins(&first_black(players, height).unwrap()).unwrap() as f64 / 2_f64.powi(24);
    assert!((value - 0.25).abs() <= 0.5_f64.powi(8), "{value}");
}

#[test]
fn biased_bounds_meet_at_one_half_and_cross_where_they_should() {
    for bound in published_biased(0.5) {
        assert!((bound - 0.35).abs() < 1e-12);
    }
    let crossing = |difference: &dyn Fn(f64) -> f64, mut low: f64, mut high: f64| {
        assert!(difference(low) * difference(high) < 0.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if difference(low) * difference(middle) <= 0.0 { high = middle } else { low = middle }
        }
        low
    };
    // The paper's abstract: the new bound helps for p < 0.312.
    let third_over_first = |p: f64| published_biased(p)[2] - published_biased(p)[0];
    assert!((crossing(&third_over_first, 0.2, 0.4) - 0.312_227).abs() < 1e-6);
    let white_over_first = |p: f64| white_restart(2, p) - published_biased(p)[0];
    assert!((crossing(&white_over_first, 0.35, 0.49) - 0.430_159_7).abs() < 1e-6);
}

#[test]
fn the_white_restart_block_has_its_closed_value_at_every_bias() {
    let values =
        [(1, 10, 24_742, 468_559), (2, 10, 1_297, 11_529), (3, 10, 17_742, 98_039), (4, 10, 967, 3_724)];
    for (p, q, numerator, denominator) in values {
        let value = biased_value(&white_restart_block(2).unwrap(), &fraction(p, q)).unwrap();
        assert_eq!(value, fraction(numerator, denominator), "p = {p}/{q}");
        let closed = white_restart(2, p as f64 / q as f64);
        assert!((closed - numerator as f64 / denominator as f64).abs() < 1e-14);
    }
    let three = biased_value(&white_restart_block(3).unwrap(), &fraction(1, 2)).unwrap();
    assert_eq!(three, fraction(136, 511));
}

#[test]
fn frequency_hats_have_the_areas_of_the_closed_sum() {
    assert!((frequency_area(2, 1.0) - (1.0 - 2_f64.ln()) / 2.0).abs() < 1e-15);
    let known = [
        (2, 16.0, 0.456_823),
        (2, 256.0, 0.495_948),
        (2, 4096.0, 0.499_662),
        (3, 16.0, 0.381_282),
        (3, 256.0, 0.483_221),
    ];
    for (players, scale, area) in known {
        assert!((frequency_area(players, scale) - area).abs() < 5e-7, "n = {players}, T = {scale}");
    }
}

#[test]
fn the_search_reaches_the_papers_table_and_the_records_for_three_players() {
    let from_nothing = |players: usize, height: usize, restarts: u64| {
        let starts = vec![Start::BlackIndex, Start::RandomIndex, Start::Perturbed];
        let options = SearchOptions { starts, ..SearchOptions::new(players, height) };
        search(&options, None, |best| best.restarts < restarts).unwrap().wins
    };
    for (height, wins) in (1..).zip(PAPER_TABLE) {
        assert_eq!(from_nothing(2, height, 256), wins, "height {height}");
    }
    assert_eq!(from_nothing(2, 6, 512), 1433);
    assert_eq!(from_nothing(3, 3, 512), 136);
}

#[test]
fn searched_blocks_reach_what_is_known_of_them() {
    let found = |block, bias: BigRational, stopping| search_blocks(block, &bias, stopping, 400, 0).unwrap();
    let half = || fraction(1, 2);
    assert_eq!(found(3, half(), Stopping::PassOnOneColour).value, fraction(7, 20));
    assert_eq!(found(5, half(), Stopping::PassOnOneColour).value, fraction(7, 20));
    // An even block needs another stopping set; which one, the search finds.
    assert_eq!(found(4, half(), Stopping::PassOnOneColour).value, fraction(22, 63));
    assert_eq!(found(4, half(), Stopping::Free).value, fraction(7, 20));
    let biased = found(3, fraction(3, 10), Stopping::PassOnWhite);
    assert_eq!(biased.value, fraction(17_742, 98_039));
    assert_eq!(biased_value(&biased.strategy, &fraction(3, 10)).unwrap(), biased.value);
}

/// Tables found by long searches, kept as files: their wins are counted again here, by definition.
#[test]
fn the_records_are_worth_what_they_say() {
    let records = [
        (include_str!("../cases/three-players-four-hats.json"), 1_125),
        (include_str!("../cases/four-players-four-hats.json"), FOUR_PLAYERS),
    ];
    for (file, recorded) in records {
        let strategy: Strategy = serde_json::from_str(file).unwrap();
        assert_eq!(levine_hats::wins_by_enumeration(&strategy), recorded);
    }
}

const FOUR_PLAYERS: u64 = 15_017;
