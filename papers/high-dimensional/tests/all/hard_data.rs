//! Data in any units, ties, columns that a smooth start would miss, and no numbers.

use high_dimensional::information::Outcome;
use high_dimensional::information::screen::{Method as Estimate, screen};
use high_dimensional::mixed::{Clusters, Effects, Shape, fit};
use high_dimensional::sparse::solvers::{Method, Options, solve};
use high_dimensional::sparse::{Coefficients, Columns, Loss, Penalty, Problem};
use numerics::random::stream;
use rand::Rng;
use rand_distr::StandardNormal;

use super::laws::METHODS;

#[test]
fn units_do_not_matter() {
    let (mut a, mut noise) = (Vec::new(), Vec::new());
    let mut random = stream(5, &["units"]);
    for _ in 0..120 {
        a.push(random.sample::<f64, _>(StandardNormal));
        noise.push(random.sample::<f64, _>(StandardNormal));
    }
    let groups: Vec<String> = (0..120).map(|i| (i / 4).to_string()).collect();
    let fitted = |shift: f64, scale: f64, effects| {
        let x: Vec<Vec<f64>> = a.iter().map(|a| vec![1.0, a + shift]).collect();
        let y: Vec<f64> = (0..120).map(|i| scale * (1.0 + 2.0 * a[i] + noise[i] + noise[i / 4])).collect();
        fit(&Clusters::new(&x, &y, &groups, effects).unwrap(), Shape::Freedom(4.0), 0.0).unwrap()
    };
    for effects in [Effects::Intercept, Effects::Slope(1)] {
        let plain = fitted(0.0, 1.0, effects);
        let other = fitted(1e5, 1e7, effects);
        assert!((other.beta[1] / 1e7 - plain.beta[1]).abs() < 1e-5, "{:?} {:?}", plain.beta, other.beta);
        assert!((other.within / 1e14 / plain.within - 1.0).abs() < 1e-4);
        let expected = plain.log_likelihood - 120.0 * 1e7_f64.ln();
        assert!((other.log_likelihood - expected).abs() < 1e-6, "{expected} {}", other.log_likelihood);
    }
    let columns = [a.clone(), a.iter().map(|a| 1e200 * a).collect(), a.iter().map(|a| 1e-200 * a).collect()];
    // Histograms within a rule may place a value in the next bin.
    for method in METHODS {
        let found = screen(&columns, &Outcome::Continuous(noise.clone()), method, 0, 0).unwrap();
        assert!((found[0].information - found[2].information).abs() < 1e-4, "{method:?} {found:?}");
    }
}

#[test]
fn ties_tell_neighbours_nothing() {
    let tied = |period: usize| (0..240).map(|i| (i / period % 4) as f64).collect::<Vec<f64>>();
    let found =
        screen(&[tied(1), tied(4)], &Outcome::Continuous(tied(4)), Estimate::Neighbours(3), 0, 0).unwrap();
    // The outcome itself has ln 4 nats of itself, an independent column none.
    assert_eq!(found[0].column, 1);
    assert!((found[0].information - 4.0_f64.ln()).abs() < 0.1 && found[1].information < 0.1, "{found:?}");
}

#[test]
fn steps_are_short_enough_for_any_column() {
    // Five nearly equal columns, orthogonal to a sixth that a smooth start would be close to.
    let wave: Vec<f64> = (0..200).map(|i| f64::from(i).sin()).collect();
    let other = |k: usize| (0..200).map(|i| (0.3 * i as f64).cos() + 1e-3 * (i * k) as f64 % 7.0).collect();
    let columns: Vec<Vec<f64>> = std::iter::once(wave).chain((1..6).map(other)).collect();
    let (x, _, _) = Columns::new(&columns).unwrap().standardised();
    let largest = x.largest_eigenvalue();
    assert!((4.5..5.5).contains(&largest), "{largest}");
}

#[test]
fn no_number_is_no_solution() {
    let (x, _, _) = Columns::new(&[vec![1.0, -1.0, 2.0]]).unwrap().standardised();
    let y = [1.0, 0.0, -1.0];
    let problem =
        Problem { x: &x, y: &y, loss: Loss::Squared, weight: 1.0, penalty: Penalty::Lasso, lambda: 0.1 };
    assert!(problem.kkt(&Coefficients { beta: vec![f64::NAN], intercept: 0.0 }).is_nan());
    // A step a million times too long.
    let options = Options { lipschitz: Some(1e-6), ..Options::default() };
    let start = Coefficients { beta: vec![1.0], intercept: 0.0 };
    assert!(!solve(&problem, Method::Ista, &start, &options).unwrap().converged);
}
