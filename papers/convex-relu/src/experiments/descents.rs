//! `descents`: how far Adam ends from certified optima.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use serde::{Deserialize, Serialize};

use super::{Data, drawn};
use crate::descent::{Training, continued, train};
use crate::global::{Coverage, generate};
use crate::network::{Network, Neuron};
use crate::patterns::{cells, normal};
use crate::problem::{Loss, Problem};

/// Descents.
pub struct Descents;

/// A cell: one start.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Data: squared loss, 20 rows, two features.
    pub data: Data,
    /// β.
    pub beta: f64,
    /// Neurons.
    pub width: usize,
    /// Which start.
    pub start: u32,
}

/// Costs over the optimum, less one.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// After 3,000 steps.
    #[column(within = 0.2, absolute = 1e-6)]
    pub excess: f64,
    /// After 30,000.
    #[column(within = 0.2, absolute = 1e-6)]
    pub excess_long: f64,
    /// After 3,000 steps from the optimum, each weight moved by a twentieth of the neuron's length.
    #[column(within = 0.2, absolute = 1e-6)]
    pub excess_near: f64,
}

impl Experiment for Descents {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "descents";
    const TITLE: &'static str = "Back-propagation from many starts";
    const QUESTION: &'static str = "Does training by Adam end in the global optimum, is it stuck or slow where it does not, and what does width change?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (widths, starts): (&[usize], _) = match profile {
            Profile::Smoke => (&[10], 2),
            Profile::Quick => (&[10, 50, 100], 6),
            Profile::Full => (&[10, 20, 50, 100, 200, 500], 20),
        };
        let mut cells = Vec::new();
        for (data, beta) in [(Data::Gauss, 0.1), (Data::Bias, 0.01)] {
            for width in widths {
                cells.extend((0..starts).map(|start| Parameters { data, beta, width: *width, start }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let data = f64::from(u8::from(cell.data == Data::Bias));
        let mut shared = random.shared_stream("data", &key([("bias", data)]))?;
        let (x, y) = drawn(cell.data, (20, 2), Loss::Squared, &mut shared);
        let problem = Problem::new(x.view(), y.view(), Loss::Squared, cell.beta)?;
        let optimum = generate(&problem, &cells(problem.x()), Coverage::All, 1e-11);
        let least = optimum.certificate.lower;
        let excess = |network: &Network| network.reduced(&problem).cost(&problem) / least - 1.0;
        let run = |steps: usize| {
            let training = Training { width: cell.width, steps, ..Training::default() };
            train((x.view(), y.view()), (Loss::Squared, cell.beta), &training, &mut random.stream("start"))
        };
        let mut noise = random.stream("moved");
        let restored = optimum.network.restored(&problem);
        let moved = restored.neurons.iter().map(|neuron| {
            let length = neuron.z.dot(&neuron.z).sqrt();
            Neuron {
                sign: neuron.sign,
                z: &neuron.z + &(normal(neuron.z.len(), &mut noise) * (0.05 * length)),
            }
        });
        let near = continued(
            (x.view(), y.view()),
            (Loss::Squared, cell.beta),
            &Training::default(),
            Network { neurons: moved.collect() },
            &mut random.stream("near"),
        );
        Ok(Outcome::Done(vec![Row {
            excess: excess(&run(3_000)),
            excess_long: excess(&run(30_000)),
            excess_near: excess(&near),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Adam's cost over the certified optimum").columns(2);
        for (data, title) in [(Data::Gauss, "normal data, β = 0.1"), (Data::Bias, "with a bias, β = 0.01")]
        {
            let mut chart =
                Chart::new().title(title).x_label("neurons").y_label("excess of the cost").x_log().y_log();
            for (name, of) in [
                ("3,000 steps", (|row: &Row| row.excess) as fn(&Row) -> f64),
                ("30,000 steps", |row| row.excess_long),
                ("from near the optimum", |row| row.excess_near),
            ] {
                let rows = table.rows().filter(|(cell, _)| cell.data == data);
                let points = rows.map(|(cell, row)| (cell.width as f64, of(row).max(1e-12)));
                chart = chart.scatter(name, points);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "excess",
            "With ten neurons no run comes close in 3,000 steps; ten times as many help on normal data, and hardly with a bias and a small β.",
            "Two panels of points on logarithmic axes.",
            &figure,
        )
    }
}
