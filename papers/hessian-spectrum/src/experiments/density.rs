//! `density`: the distribution of eigenvalues from products alone, against all eigenvalues (beyond the paper).

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use networks::Activation;
use serde::{Deserialize, Serialize};

use super::{falling, of_seeds};
use crate::lanczos::{Pairs, Wanted, extremes};
use crate::problems::{Blobs, Geometry, classified, descend, small_network};
use crate::quadrature::{Quadrature, distribution};

/// Quadrature with and without deflation.
pub struct Density;

/// A cell: trained networks.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Pairs at the top that are deflated.
    pub deflated: usize,
    /// Units of each of the two hidden layers.
    pub hidden: usize,
    /// Steps of training, rate 0.1.
    pub training_steps: usize,
    /// Random vectors.
    pub vectors: usize,
    /// Lanczos steps for each.
    pub lanczos_steps: usize,
    /// Networks, the same for all cells.
    pub seeds: u32,
}

/// A network's density.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The network.
    pub replicate: u32,
    /// Relative error of the mean eigenvalue.
    #[column(within = 0.1, absolute = 1e-6)]
    pub first_moment: f64,
    /// Relative error of the mean square.
    #[column(within = 0.1, absolute = 1e-6)]
    pub second_moment: f64,
    /// Whether the band holds at every place.
    pub holds: bool,
    /// Its random part.
    pub band: f64,
    /// Largest distance of the estimate from the distribution, over places.
    #[column(within = 0.1, absolute = 1e-3)]
    pub distance: f64,
    /// Products, those of deflation included.
    pub products: usize,
}

impl Experiment for Density {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "density";
    const TITLE: &'static str = "All eigenvalues from products";
    const QUESTION: &'static str =
        "Does the band hold, and does deflation of outliers make the moments right?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (hidden, training_steps, vectors, lanczos_steps, seeds) = match profile {
            Profile::Smoke => (6, 50, 2, 10, 1),
            Profile::Quick => (20, 1_000, 4, 40, 5),
            Profile::Full => (40, 10_000, 10, 80, 20),
        };
        [0, 10]
            .map(|deflated| Parameters { deflated, hidden, training_steps, vectors, lanczos_steps, seeds })
            .to_vec()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        #[derive(Serialize)]
        struct Key {
            replicate: u32,
        }
        let rows = of_seeds(random, cell.seeds, |replicate, of_cell| {
            let mut shared = random.shared_stream("data and network", &Key { replicate })?;
            let blobs = Blobs {
                geometry: Geometry::Box,
                clusters: 4,
                classes: 4,
                dimension: 10,
                points: 100,
                deviation: 1.0,
            };
            let (x, classes) = blobs.draw(&mut shared);
            let network = small_network(&[10, cell.hidden, cell.hidden, 4], Activation::Relu, &mut shared)?;
            let (end, ..) = descend(&classified(network, x, &classes)?, 0.1, cell.training_steps, 1e-4)?;
            let mut values = falling(&end.hessian())?;
            values.reverse();
            let (known, spent) = if cell.deflated > 0 {
                let found = extremes(&end, &Wanted::new(cell.deflated, 0), of_cell)?;
                (Some(found.top), found.products)
            } else {
                (None, 0)
            };
            let known: Vec<&Pairs> = known.iter().collect();
            let options = Quadrature { vectors: cell.vectors, steps: cell.lanczos_steps, failure: 0.05 };
            let density = distribution(&end, &known, &options, of_cell).ok_or("a product is not finite")?;
            let size = values.len() as f64;
            let share = |limit: f64| values.partition_point(|value| *value <= limit) as f64 / size;
            let slack = 1e-10 * values[values.len() - 1];
            let (mut holds, mut distance) = (true, 0.0_f64);
            for (k, place) in density.places.iter().enumerate() {
                holds &= density.lower[k] <= share(place + slack) + 1e-9
                    && share(place - slack) <= density.upper[k] + 1e-9;
                distance = distance.max((density.estimate[k] - share(place + slack)).abs());
            }
            let moment = |power| values.iter().map(|value| value.powi(power)).sum::<f64>() / size;
            let off = |found: f64, power| (found / moment(power) - 1.0).abs();
            Ok(vec![Row {
                replicate,
                first_moment: off(density.moments[0], 1),
                second_moment: off(density.moments[1], 2),
                holds,
                band: density.band,
                distance,
                products: density.products + spent,
            }])
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut chart =
            Chart::new().categories(["mean", "mean square"]).y_label("mean relative error").y_log();
        for (deflated, name) in [(0, "no deflation"), (10, "ten pairs deflated")] {
            let mut bars = Vec::new();
            for (place, of) in
                [(0.0, (|row: &Row| row.first_moment) as fn(&Row) -> f64), (1.0, |row| row.second_moment)]
            {
                let rows = table.rows().filter(|(cell, _)| cell.deflated == deflated);
                bars.extend(table.means_by(
                    rows.map(|(_, row)| (place, of(row))),
                    &format!("relative error of moment {}, {name}", place + 1.0),
                ));
            }
            chart = chart.bars_of_means(name, &bars);
            all.extend(bars);
        }
        report.figure(
            "moments",
            "Errors of the mean eigenvalue and of the mean square. Ten outliers carry nearly all of the mean square, most of the mean, and next to no mass: random vectors see them by chance only. Deflation mends the mean square; the mean keeps the noise of the bulk.",
            "Two pairs of bars on a logarithmic axis; deflation makes that of the mean square far shorter.",
            &Figure::new("Moments from products with and without deflation").subtitle("mean over networks, 95 % bootstrap interval").panel(chart),
        )?;
        report.means_table("moments", &all)
    }
}
