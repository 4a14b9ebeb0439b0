//! `clusters`: mixed models where some clusters, or some rows, are wrong.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::mixed::{Clusters, Effects, Shape, fit};

/// Contaminated clusters.
pub struct ContaminatedClusters;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contamination {
    /// Nothing.
    None,
    /// A tenth of the clusters has noise of variance 100 on top.
    Clusters,
    /// A twentieth of the rows is too large by 10.
    Rows,
    /// Clusters are Student with three degrees of freedom.
    Tails,
}

/// The model that is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Gaussian.
    Gaussian,
    /// ν = 3.
    Three,
    /// ν = 8.
    Eight,
    /// ν estimated.
    Estimated,
}

impl Model {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Gaussian, "Gaussian"),
        (Self::Three, "ν = 3"),
        (Self::Eight, "ν = 8"),
        (Self::Estimated, "ν estimated"),
    ];
}

/// A cell: 60 clusters of five rows, β = (1, 2, −1), variances 1 and 0.64.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What is wrong.
    pub contamination: Contamination,
    /// What is fitted.
    pub model: Model,
    /// Data sets.
    pub sets: u32,
}

/// A data set.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub set: u32,
    /// Mean squared error of the two slopes.
    #[column(within = 1e-4)]
    pub slopes: f64,
    /// Squared error of the intercept.
    #[column(within = 1e-4)]
    pub intercept: f64,
    /// σ.
    #[column(within = 1e-4)]
    pub within: f64,
    /// ν, infinite for the Gaussian.
    #[column(within = 1e-2)]
    pub freedom: f64,
    /// Share of the contaminated clusters among as many lightest ones; NaN without any.
    #[column(absolute = 1e-6)]
    pub named: f64,
}

const COUNT: usize = 60;
const SIZE: usize = 5;

fn normal(random: &mut impl Rng) -> f64 {
    StandardNormal.sample(random)
}

/// Rows of X, outcomes, names, and which clusters are wrong.
type Data = (Vec<Vec<f64>>, Vec<f64>, Vec<String>, Vec<bool>);

fn data(contamination: Contamination, random: &mut impl Rng) -> Data {
    let (mut x, mut y, mut groups, mut wrong) = (Vec::new(), Vec::new(), Vec::new(), vec![false; COUNT]);
    for (cluster, wrong) in wrong.iter_mut().enumerate() {
        let scale = match contamination {
            Contamination::Tails => {
                let chi: f64 = ChiSquared::new(3.0).map_or(3.0, |chi| chi.sample(random));
                (3.0 / chi).sqrt()
            }
            _ => 1.0,
        };
        let bad = contamination == Contamination::Clusters && cluster < COUNT / 10;
        *wrong = bad;
        let effect = scale * normal(random);
        for _ in 0..SIZE {
            let row = vec![1.0, normal(random), normal(random)];
            let mut value = row[0] + 2.0 * row[1] - row[2] + effect + scale * 0.8 * normal(random);
            if bad {
                value += 10.0 * normal(random);
            }
            if contamination == Contamination::Rows && random.random::<f64>() < 0.05 {
                value += 10.0;
            }
            x.push(row);
            y.push(value);
            groups.push(format!("{cluster}"));
        }
    }
    (x, y, groups, wrong)
}

impl Experiment for ContaminatedClusters {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "clusters";
    const TITLE: &'static str = "Clusters that do not fit";
    const QUESTION: &'static str = "How much better are slopes of q-Gaussian models where clusters are wrong, and what do they cost where none is?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sets = match profile {
            Profile::Smoke => 3,
            Profile::Quick => 60,
            Profile::Full => 400,
        };
        let kinds = [Contamination::None, Contamination::Clusters, Contamination::Rows, Contamination::Tails];
        kinds
            .into_iter()
            .flat_map(|contamination| Model::ALL.map(|(model, _)| Parameters { contamination, model, sets }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut rows = Vec::new();
        for set in 0..cell.sets {
            let key =
                lab::key([("contamination", f64::from(cell.contamination as u8)), ("set", f64::from(set))]);
            let (x, y, groups, wrong) = data(cell.contamination, &mut random.shared_stream("data", &key)?);
            let clusters = Clusters::new(&x, &y, &groups, Effects::Intercept)?;
            let shape = match cell.model {
                Model::Gaussian => Shape::Gaussian,
                Model::Three => Shape::Freedom(3.0),
                Model::Eight => Shape::Freedom(8.0),
                Model::Estimated => Shape::Estimated,
            };
            let found = fit(&clusters, shape, 0.0)?;
            let errors = [found.beta[0] - 1.0, found.beta[1] - 2.0, found.beta[2] + 1.0];
            let count = wrong.iter().filter(|wrong| **wrong).count();
            let lightest = found.weights.iter().take(count);
            let hits = lightest
                .filter(|(name, _)| name.parse::<usize>().is_ok_and(|cluster| wrong[cluster]))
                .count();
            rows.push(Row {
                set,
                slopes: 0.5 * (errors[1].powi(2) + errors[2].powi(2)),
                intercept: errors[0].powi(2),
                within: found.within.sqrt(),
                freedom: found.freedom,
                named: if count > 0 && cell.model != Model::Gaussian {
                    hits as f64 / count as f64
                } else {
                    f64::NAN
                },
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let kinds = [
            (Contamination::None, "nothing wrong"),
            (Contamination::Clusters, "clusters wrong"),
            (Contamination::Rows, "rows wrong"),
            (Contamination::Tails, "heavy tails"),
        ];
        let mut chart = Chart::new()
            .x_label("data")
            .y_label("root mean squared error of slopes")
            .categories(kinds.map(|(_, name)| name));
        for (model, name) in Model::ALL {
            let of = |contamination| {
                let rows = table
                    .rows()
                    .filter(move |(cell, _)| cell.model == model && cell.contamination == contamination);
                let (mut sum, mut count) = (0.0, 0.0);
                rows.for_each(|(_, row)| {
                    sum += row.slopes;
                    count += 1.0;
                });
                f64::sqrt(sum / count)
            };
            chart = chart.bars(name, kinds.map(|(kind, _)| of(kind)));
        }
        report.figure(
            "errors",
            "Where nothing is wrong all models are nearly as good; where clusters or rows are wrong the Gaussian's slopes are off.",
            "Groups of bars.",
            &Figure::new("Mixed models with a random intercept").panel(chart),
        )
    }
}
