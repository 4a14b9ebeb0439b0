//! `covers`: boxes that hold a whole Pareto critical set.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use numerics::random::stream;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::cover::{Cover, distance};
use crate::descent::{Options, descend};
use crate::functions::{Objectives, Quadratic, Quadratics, Test, Tests, WeightedTests};

/// Covers.
pub struct Covers;

/// What is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Set {
    /// Two strongly convex quadratics, by the outer test.
    Quadratics,
    /// CB3 and LQ, by hits of descent.
    CbThreeAndLq,
    /// QL and MIFFLIN1, by hits of descent.
    QlAndMifflin,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The set.
    pub set: Set,
    /// How wrong gradients are, in every direction.
    pub gradient_error: f64,
    /// Halvings.
    pub depth: u32,
}

/// A depth.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Halvings so far.
    pub halvings: u32,
    /// Boxes kept.
    pub boxes: u64,
    /// A box's diagonal.
    pub diameter: f64,
    /// Exact points in no box, of 1,001 (quadratics) or 101.
    pub missed: u64,
    /// Largest distance of an exact point to the centre of a box.
    #[column(within = 1e-3)]
    pub to_cover: f64,
    /// Largest distance of the centre of a box to an exact point.
    #[column(within = 1e-3)]
    pub to_set: f64,
    /// (2e + Lr)/μ with the half diagonal r: how far from the set the centre of a box that is kept can be; of quadratics.
    pub bound: f64,
}

fn quadratics() -> Quadratics {
    Quadratics(vec![
        Quadratic { q: vec![vec![2.0, 0.5], vec![0.5, 1.0]], a: vec![-0.6, -0.4] },
        Quadratic { q: vec![vec![1.0, -0.2], vec![-0.2, 3.0]], a: vec![0.7, 0.5] },
    ])
}

impl Experiment for Covers {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "covers";
    const TITLE: &'static str = "Covers of Pareto sets";
    const QUESTION: &'static str = "Does subdivision keep the whole set, with exact gradients, with wrong ones, and with descent for nonsmooth objectives?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (smooth, hit) = match profile {
            Profile::Smoke => (8, 6),
            Profile::Quick => (16, 12),
            Profile::Full => (20, 14),
        };
        let mut cells: Vec<Parameters> = [0.0, 0.01, 0.1]
            .iter()
            .map(|error| Parameters { set: Set::Quadratics, gradient_error: *error, depth: smooth })
            .collect();
        cells.extend([Set::CbThreeAndLq, Set::QlAndMifflin].map(|set| Parameters {
            set,
            gradient_error: 0.0,
            depth: hit,
        }));
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let tests = match cell.set {
            Set::Quadratics => return by_outer_test(cell, random),
            Set::CbThreeAndLq => [Test::Cb3, Test::Lq],
            Set::QlAndMifflin => [Test::Ql, Test::Mifflin1],
        };
        // Minimisers of weighted sums, which are all Pareto points of convex objectives.
        let fine = Options { radius: 1e-4, tolerance: 1e-4, ..Options::default() };
        let mut x = vec![0.5, 0.5];
        let mut exact = Vec::new();
        for k in 0..=100 {
            let alpha = f64::from(k) / 100.0;
            let sum = WeightedTests(vec![(alpha, tests[0]), (1.0 - alpha, tests[1])]);
            x = descend(&sum, &x, &fine).x;
            exact.push(x.clone());
        }
        let pair = Tests(tests.to_vec());
        let mut cover = Cover::new(vec![-0.5, -0.5], vec![3.0, 3.0])?;
        let options = Options { radius: 1e-4, tolerance: 1e-3, iterations: 100, ..Options::default() };
        let mut rows = Vec::new();
        for halvings in 1..=cell.depth {
            cover.halve()?;
            cover.keep_hit(&pair, 4, &options)?;
            rows.push(row(halvings, &cover, &exact, f64::NAN));
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut far = Chart::new().x_label("diameter of a box").y_label("Hausdorff distance").x_log().y_log();
        let mut boxes = Chart::new().x_label("halvings").y_label("boxes kept").y_log();
        for (cell, rows) in table.cells() {
            let name = match cell.set {
                Set::Quadratics if cell.gradient_error == 0.0 => "quadratics".to_owned(),
                Set::Quadratics => format!("gradients wrong by {}", cell.gradient_error),
                Set::CbThreeAndLq => "CB3, LQ".to_owned(),
                Set::QlAndMifflin => "QL, MIFFLIN1".to_owned(),
            };
            far = far.line_with_markers(
                name.clone(),
                rows.iter().map(|row| (row.diameter, row.to_cover.max(row.to_set))),
            );
            boxes = boxes
                .line_with_markers(name, rows.iter().map(|row| (f64::from(row.halvings), row.boxes as f64)));
        }
        report.figure(
            "covers",
            "Distances between cover and set fall with the boxes, but with wrong gradients only down to a level of their error.",
            "Lines that fall with the diameter, two of which level off; numbers of boxes that grow.",
            &Figure::new("Covers of Pareto sets in the plane").panel(far).panel(boxes),
        )
    }
}

fn row(halvings: u32, cover: &Cover, exact: &[Vec<f64>], bound: f64) -> Row {
    let centres: Vec<Vec<f64>> = cover.centres().collect();
    Row {
        halvings,
        boxes: cover.len() as u64,
        diameter: cover.diameter(),
        missed: exact.iter().filter(|x| !cover.contains(x)).count() as u64,
        to_cover: exact.iter().map(|x| distance(x, &centres)).fold(0.0, f64::max),
        to_set: centres.iter().map(|x| distance(x, exact)).fold(0.0, f64::max),
        bound,
    }
}

fn by_outer_test(cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
    let quadratics = quadratics();
    let exact: Vec<Vec<f64>> = (0..=1_000)
        .filter_map(|k| quadratics.pareto(&[f64::from(k) / 1_000.0, 1.0 - f64::from(k) / 1_000.0]))
        .collect();
    let curvatures = quadratics.curvatures();
    let lipschitz: Vec<f64> = curvatures.iter().map(|(_, most)| *most).collect();
    let convexity = curvatures.iter().map(|(least, _)| *least).fold(f64::INFINITY, f64::min);
    let steepest = lipschitz.iter().copied().fold(0.0, f64::max);
    let seed: u64 = random.stream("errors").random();
    let gradients = |x: &[f64]| -> Vec<Vec<f64>> {
        // An error of full length in a direction that is drawn for the point.
        let mut direction = stream(seed, &[&format!("{:e} {:e}", x[0], x[1])]);
        (0..2)
            .map(|i| {
                let mut gradient = vec![0.0; 2];
                quadratics.subgradient(i, x, &mut gradient);
                let angle: f64 = direction.random_range(0.0..std::f64::consts::TAU);
                gradient[0] += cell.gradient_error * angle.cos();
                gradient[1] += cell.gradient_error * angle.sin();
                gradient
            })
            .collect()
    };
    let mut cover = Cover::new(vec![-1.0, -1.0], vec![1.0, 1.0])?;
    let errors = [cell.gradient_error; 2];
    let mut rows = Vec::new();
    for halvings in 1..=cell.depth {
        cover.halve()?;
        cover.keep_critical(&gradients, &errors, &lipschitz);
        let reach = 2.0 * cell.gradient_error + 0.5 * steepest * cover.diameter();
        rows.push(row(halvings, &cover, &exact, reach / convexity));
    }
    Ok(Outcome::Done(rows))
}
