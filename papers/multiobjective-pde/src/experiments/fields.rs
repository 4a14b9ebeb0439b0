//! `fields`: controls and states of three compromises.

use lab::ndarray::Array2;
use lab::{Columns, Experiment, Failure, Figure, Heatmap, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::problems::Pair;
use crate::control::search::Scalarisation;
use crate::state::Workspace;

/// Fields.
pub struct Fields;

/// A cell: two targets.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Nodes along a side.
    pub n: u64,
    /// Weight of the first objective.
    pub alpha: f64,
}

/// A node.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Its place along x, from 0.
    pub i: u32,
    /// Along y.
    pub j: u32,
    /// u.
    #[column(absolute = 1e-5)]
    pub control: f64,
    /// y.
    #[column(absolute = 1e-7)]
    pub state: f64,
}

impl Experiment for Fields {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "fields";
    const TITLE: &'static str = "Compromises, drawn";
    const QUESTION: &'static str =
        "What do controls and states look like at both ends of a front, and between?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let n = match profile {
            Profile::Smoke => 7,
            Profile::Quick => 21,
            Profile::Full => 41,
        };
        [1.0, 0.5, 0.0].map(|alpha| Parameters { n, alpha }).to_vec()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let n = usize::try_from(cell.n)?;
        let control = Pair::Tracking.control(n)?;
        let weights = Scalarisation::Weights(vec![cell.alpha, 1.0 - cell.alpha]);
        let start = vec![0.0; control.dimension()];
        let found = control.minimise(&weights, &start, &mut Workspace::default())?;
        let row = |place: usize| Row {
            i: (place / n) as u32,
            j: (place % n) as u32,
            control: found.u[place],
            state: found.y[place],
        };
        Ok(Outcome::Done((0..n * n).map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure =
            Figure::new("Three points of a front: states above, controls below").columns(3).width(1_200.0);
        for (what, of) in
            [("state", (|row: &Row| row.state) as fn(&Row) -> f64), ("control", |row| row.control)]
        {
            for (cell, rows) in table.cells() {
                let n = usize::try_from(cell.n)?;
                let mut values = Array2::zeros((n, n));
                for row in rows {
                    values[(row.j as usize, row.i as usize)] = of(row);
                }
                let map = Heatmap::new(values.view())
                    .title(format!("{what}, weight {}", cell.alpha))
                    .x_label("x")
                    .y_label("y")
                    .extent((0.0, 1.0), (0.0, 1.0))
                    .diverging();
                figure = figure.panel(map);
            }
        }
        report.figure(
            "fields",
            "From a hill alone to a wave alone. Where the state is positive the switch pulls it down, and controls have to push harder.",
            "Six square maps: a hill, a mixture, a wave, and the controls that make them.",
            &figure,
        )
    }
}
