//! Random problems with known answers, and the one on which rates are measured.

use bilevel::families::{Circle, PlSine, Quadratic, UpperQuadratic};
use bilevel::levels::Known;
use bilevel::selection::{Loss, Rows, Selection};
use bilevel::sets::ConvexSet;
use ndarray::{Array1, Array2, array};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

/// A kind of lower level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// Least squares of rank 2 in four unknowns: S(x) is a plane.
    Singular,
    /// A quadratic on a ball, active.
    Ball,
    /// A quadratic on the box [−1, 1]⁴.
    Box,
    /// A quadratic on the simplex.
    Simplex,
    /// A sphere of solutions.
    Circle,
    /// Not convex, with a line of solutions.
    PlSine,
    /// Ridge regression with a weight for each feature.
    Ridge,
    /// Logistic regression with a weight for each feature.
    Logistic,
}

/// All of them with their names.
pub const FAMILIES: [(Family, &str); 8] = [
    (Family::Singular, "singular"),
    (Family::Ball, "ball"),
    (Family::Box, "box"),
    (Family::Simplex, "simplex"),
    (Family::Circle, "circle"),
    (Family::PlSine, "PL sine"),
    (Family::Ridge, "ridge"),
    (Family::Logistic, "logistic"),
];

fn normal(shape: (usize, usize), random: &mut impl Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn(shape, || random.sample(StandardNormal))
}

fn vector(n: usize, scale: f64, random: &mut impl Rng) -> Array1<f64> {
    Array1::from_shape_simple_fn(n, || scale * random.sample::<f64, _>(StandardNormal))
}

/// MᵀM/n + I/2, with eigenvalues from 1/2.
fn positive(n: usize, random: &mut impl Rng) -> Array2<f64> {
    let m = normal((n, n), random);
    m.t().dot(&m) / n as f64 + Array2::<f64>::eye(n) * 0.5
}

fn upper(d: usize, q: usize, random: &mut impl Rng) -> UpperQuadratic {
    UpperQuadratic {
        q: positive(q, random),
        t: vector(q, 1.0, random),
        p: positive(d, random),
        s: vector(d, 1.0, random),
        r: normal((d, q), random) * 0.3,
        waves: 0.0,
    }
}

/// A problem of the family, and a point x at which its solution is regular with probability 1. d = 2; q = 4 or 2.
pub fn draw(family: Family, random: &mut impl Rng) -> (std::boxed::Box<dyn Known>, Vec<f64>) {
    let x = vector(2, 1.0, random).to_vec();
    (of(family, random), x)
}

fn of(family: Family, random: &mut impl Rng) -> std::boxed::Box<dyn Known> {
    let d = 2;
    match family {
        Family::Singular => {
            let b = normal((3, 2), random).dot(&normal((2, 4), random));
            let built = Quadratic::least_squares(
                &b,
                &normal((3, d), random),
                &vector(3, 1.0, random),
                upper(d, 4, random),
            );
            std::boxed::Box::new(built.expect("random matrices are finite"))
        }
        Family::Ball | Family::Box | Family::Simplex => std::boxed::Box::new(constrained(family, random).0),
        Family::Circle => std::boxed::Box::new(Circle {
            c: normal((2, d), random) * 0.3,
            e: array![0.4, 0.8] + vector(2, 0.1, random),
        }),
        Family::PlSine => {
            let (c, d) = (vector(2, 0.5, random).to_vec(), vector(2, 0.5, random).to_vec());
            std::boxed::Box::new(PlSine {
                c,
                d,
                t: [random.random_range(-2.0..2.0), random.random_range(-2.0..2.0)],
                w: 0.25,
            })
        }
        Family::Ridge => std::boxed::Box::new(selection(Loss::Squared, (20, 15, d), random)),
        Family::Logistic => std::boxed::Box::new(selection(Loss::Logistic, (30, 20, d), random)),
    }
}

/// A problem on a ball, a box or the simplex (other families are taken for a box) as its own type, and a start.
pub fn constrained(family: Family, random: &mut impl Rng) -> (Quadratic, Vec<f64>) {
    let (d, q) = (2, 4);
    let (h, a) = (positive(q, random), normal((q, d), random));
    let (b, x) = (vector(q, 1.0, random), vector(d, 1.0, random).to_vec());
    let built = match family {
        Family::Ball => {
            Quadratic::centred(&h, &a, &(b * 2.0), ConvexSet::Ball { radius: 0.7 }, upper(d, q, random))
        }
        Family::Simplex => {
            Quadratic::linear(&h, &(a * 0.7), &(b * 0.7), ConvexSet::Simplex, upper(d, q, random))
        }
        _ => Quadratic::linear(
            &h,
            &(a * 1.5),
            &(b * 1.5),
            ConvexSet::Box { low: -1.0, high: 1.0 },
            upper(d, q, random),
        ),
    };
    (built.expect("random matrices are finite and positive definite"), x)
}

/// Training and validation rows with correlated features, of which each second one matters, the less the higher its number; targets with noise, or labels of a fair logistic law.
pub fn selection(
    loss: Loss,
    (train, valid, features): (usize, usize, usize),
    random: &mut impl Rng,
) -> Selection {
    let weights: Array1<f64> =
        (0..features).map(|j| if j % 2 == 0 { 2.0 / (1.0 + j as f64 / 4.0) } else { 0.0 }).collect();
    let mut rows = |n: usize| {
        let mut table = normal((n, features), random);
        for mut row in table.rows_mut() {
            for j in 1..features {
                row[j] = 0.6 * row[j - 1] + 0.8 * row[j];
            }
        }
        let mut targets = table.dot(&weights);
        for target in &mut targets {
            *target = match loss {
                Loss::Squared => *target + 2.0 * random.sample::<f64, _>(StandardNormal),
                Loss::Logistic => {
                    if random.random::<f64>() < 1.0 / (1.0 + (-*target).exp()) {
                        1.0
                    } else {
                        -1.0
                    }
                }
            };
        }
        // Two rows of each label, however few there are.
        if loss == Loss::Logistic {
            for (k, label) in [1.0, -1.0].into_iter().enumerate() {
                targets[k] = label;
            }
        }
        Rows { features: table, targets }
    };
    let (train, valid) = (rows(train), rows(valid));
    Selection::new(loss, train, valid).expect("both labels are there")
}

/// The problem of the rates: g = |By − Ax|²/2 with a line of solutions, f nonconvex in x, X = [−3, 3]².
///
/// f = |y − t|²/2 + Σ 0.1 xᵢ² − 0.3 cos 2xᵢ. With `selecting`, f chooses a point of each line, and the error bound is not uniform as σ → 0: outside of the paper's class. Without, f is flat along the line
/// (the distance to t is taken across it), as the class asks.
pub fn of_rates(selecting: bool) -> Quadratic {
    let b = array![[1.0, 0.5, 0.0], [0.0, 1.0, 0.5]];
    let a = array![[1.0, 0.3], [-0.2, 0.8]];
    // Across the line: I − nnᵀ with n the unit null vector of B.
    let null = array![0.25, -0.5, 1.0] / 1.3125_f64.sqrt();
    let column = null.insert_axis(ndarray::Axis(1));
    let across = Array2::eye(3) - column.dot(&column.t());
    let upper = UpperQuadratic {
        q: if selecting { Array2::eye(3) } else { across },
        t: array![1.0, -1.0, 0.5],
        p: Array2::eye(2) * 0.2,
        s: Array1::zeros(2),
        r: Array2::zeros((2, 3)),
        waves: 0.3,
    };
    let problem = Quadratic::least_squares(&b, &a, &Array1::zeros(2), upper).expect("the matrices fit");
    problem.with_upper_set(ConvexSet::Box { low: -3.0, high: 3.0 })
}
