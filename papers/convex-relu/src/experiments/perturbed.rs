//! `perturbed`: training against perturbed inputs, exact worst cases in the plane.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use serde::{Deserialize, Serialize};

use crate::descent::{Perturbation, Training, train};
use crate::patterns::cells;
use crate::problem::Loss;
use crate::robust::{Robust, crossed_squares};

/// Perturbed.
pub struct Perturbed;

/// A cell: 24 points of crossed squares for training, 400 for tests, β = 0.05.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The loss.
    pub loss: Loss,
    /// ε.
    pub size: f64,
    /// Which draw.
    pub replicate: u32,
}

/// Three trainings.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Cells of the hyperplanes.
    pub patterns: usize,
    /// Those that are stable.
    pub stable: usize,
    /// What the convex programme states.
    #[column(within = 1e-6)]
    pub stated: f64,
    /// The exact worst-case cost of its network.
    #[column(within = 1e-6)]
    pub convex: f64,
    /// The same of the network trained against FGSM, best of the starts.
    #[column(within = 0.05)]
    pub fgsm: f64,
    /// The same against PGD.
    #[column(within = 0.05)]
    pub pgd: f64,
    /// Share of test points that no perturbation changes: convex.
    #[column(absolute = 0.01)]
    pub accuracy_convex: f64,
    /// FGSM.
    #[column(absolute = 0.05)]
    pub accuracy_fgsm: f64,
    /// PGD.
    #[column(absolute = 0.05)]
    pub accuracy_pgd: f64,
}

const MOVES: [bool; 2] = [true, true];

impl Experiment for Perturbed {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "perturbed";
    const TITLE: &'static str = "Training against perturbed inputs";
    const QUESTION: &'static str = "Is the convex robust programme exact, is it an upper bound of robust training, and is its network more robust than those of FGSM and PGD?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, losses, replicates): (&[f64], &[Loss], _) = match profile {
            Profile::Smoke => (&[0.0, 0.05], &[Loss::Hinge], 1),
            Profile::Quick => (&[0.0, 0.05], &[Loss::Hinge, Loss::Logistic], 3),
            Profile::Full => (&[0.0, 0.025, 0.05, 0.1, 0.15, 0.2], &[Loss::Hinge, Loss::Logistic], 10),
        };
        let mut cells = Vec::new();
        for loss in losses {
            for size in sizes {
                cells.extend((0..replicates).map(|replicate| Parameters {
                    loss: *loss,
                    size: *size,
                    replicate,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let shared = key([("replicate", f64::from(cell.replicate))]);
        let mut data = random.shared_stream("data", &shared)?;
        let (x, y) = crossed_squares(24, 0.15, &mut data);
        let (test_x, test_y) = crossed_squares(400, 0.15, &mut data);
        let beta = 0.05;
        let training =
            Robust { x: x.view(), y: y.view(), loss: cell.loss, beta, size: cell.size, moves: &MOVES };
        let test = Robust { x: test_x.view(), y: test_y.view(), ..training.clone() };
        let all = cells(x.view());
        let stable = training.stable(&all)?;
        let convex = training.solve(&stable)?;
        let trained = |perturbation: Perturbation, name: &str| {
            let mut starts = random.stream(name);
            let options = Training { width: 50, steps: 800, perturbation, ..Training::default() };
            let run = |_| train((x.view(), y.view()), (cell.loss, beta), &options, &mut starts);
            let networks: Vec<_> = (0..3).map(run).collect();
            let costs = networks.iter().map(|network| training.exact_cost(network));
            let best = costs.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
            best.map_or((f64::NAN, f64::NAN), |(place, cost)| (cost, test.exact_accuracy(&networks[place])))
        };
        let (fgsm, accuracy_fgsm) = trained(Perturbation::Fgsm(cell.size), "fgsm");
        let (pgd, accuracy_pgd) = trained(Perturbation::Pgd(cell.size), "pgd");
        Ok(Outcome::Done(vec![Row {
            patterns: all.len(),
            stable: stable.len(),
            stated: convex.objective,
            convex: training.exact_cost(&convex.network),
            fgsm,
            pgd,
            accuracy_convex: test.exact_accuracy(&convex.network),
            accuracy_fgsm,
            accuracy_pgd,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Worst cases of three trainings").columns(2);
        let losses = [(Loss::Hinge, "hinge"), (Loss::Logistic, "logistic loss")];
        let shown = |loss: Loss| table.rows().any(|(cell, _)| cell.loss == loss);
        for (loss, name) in losses.into_iter().filter(|(loss, _)| shown(*loss)) {
            for (title, y, kinds) in [
                (
                    format!("{name}: training"),
                    "worst-case cost",
                    [
                        ("convex", (|row: &Row| row.convex) as fn(&Row) -> f64),
                        ("FGSM", |row| row.fgsm),
                        ("PGD", |row| row.pgd),
                    ],
                ),
                (
                    format!("{name}: test"),
                    "robust accuracy",
                    [
                        ("convex", (|row: &Row| row.accuracy_convex) as fn(&Row) -> f64),
                        ("FGSM", |row| row.accuracy_fgsm),
                        ("PGD", |row| row.accuracy_pgd),
                    ],
                ),
            ] {
                let mut chart = Chart::new().title(title.clone()).x_label("ε").y_label(y);
                for (kind, of) in kinds {
                    let rows = table.rows().filter(|(cell, _)| cell.loss == loss);
                    let means = table.means_by(rows.map(|(cell, row)| (cell.size, of(row))), &title);
                    chart = chart.means(kind, &means);
                }
                figure = figure.panel(chart);
            }
        }
        report.figure("costs", "Only stable patterns may be used by the convex programme, which costs it more for the logistic loss; descent does not reach it for the hinge.", "Four panels of three lines.", &figure)
    }
}
