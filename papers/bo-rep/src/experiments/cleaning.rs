//! `cleaning`: weights of training rows with flipped labels, and what the public script makes of them.

use bilevel::schedule::Power;
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array2, ArrayView1};
use networks::Cell;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::bo_rep::{Inverse, LowerUpdates, Options, bo_rep};
use crate::chains::{Chains, Population, pair_counts};
use crate::classifier::{Classifier, Work};
use crate::cleaning::{Batches, Cleaning as Problem, Labels, Model, area_under_curve};
use crate::experiments::representation::labelled;
use crate::representation::Labelled;
use crate::run::{Begin, Ended, StopReason};
use crate::script::{Script, script};

/// Data cleaning.
pub struct Cleaning;

/// Who cleans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// All weights ½: nobody.
    Nobody,
    /// The true labels, as a reference.
    CleanLabels,
    /// Flipped rows taken out, as a reference.
    FlipsRemoved,
    /// Normalised steps along exact gradients.
    ExactSteps,
    /// BO-REP.
    BoRep,
    /// SLIP.
    Slip,
    /// SOBA.
    Soba,
    /// BO-REP with labels drawn anew at each access.
    Redrawn,
    /// The public script's loop.
    Script,
    /// The same with its buffer cleared.
    ScriptCleared,
}

impl Who {
    /// As it stands on axes.
    fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::CleanLabels => "true labels",
            Self::FlipsRemoved => "flips removed",
            Self::ExactSteps => "exact steps",
            Self::BoRep => "BO-REP",
            Self::Slip => "SLIP",
            Self::Soba => "SOBA",
            Self::Redrawn => "redrawn labels",
            Self::Script => "script",
            Self::ScriptCleared => "script, cleared",
        }
    }
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Who.
    pub who: Who,
    /// Whether 60 % of one class are flipped, in place of 30 % of both.
    pub one_sided: bool,
    /// A recurrent network below, in place of a linear model of pair counts.
    pub recurrent: bool,
    /// Training rows.
    pub rows: u32,
    /// Repetition; data are the same for all.
    pub replicate: u32,
}

/// What came out.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Error on all sequences, exactly.
    pub error: f64,
    /// The share of pairs of a flipped and a clean row of which the flipped one weighs less. Who goes by labels alone has 0.64 or so if flips are one-sided.
    pub area: f64,
    /// The same among rows that are labelled as the first class, flipped or truly: who goes by labels has ½.
    pub area_within: f64,
    /// Validation loss at the end.
    pub value: f64,
}

const WHO: [Who; 10] = [
    Who::Nobody,
    Who::CleanLabels,
    Who::FlipsRemoved,
    Who::ExactSteps,
    Who::BoRep,
    Who::Slip,
    Who::Soba,
    Who::Redrawn,
    Who::Script,
    Who::ScriptCleared,
];
const LENGTH: usize = 10;
const RIDGE: f64 = 0.01;
/// Steps of x.
const STEPS: u64 = 500;

impl Experiment for Cleaning {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "cleaning";
    const TITLE: &'static str = "Data cleaning";
    const QUESTION: &'static str = "Do learnt weights tell flipped rows from clean ones, and is the classifier better for it? Flips of 60 % of one class or 30 % of both; 150 clean validation rows; 500 steps on batches of 50, with the steps of a pilot, not tuned here.";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, replicates) = match profile {
            Profile::Smoke => (100, 1),
            Profile::Quick => (500, 10),
            Profile::Full => (500, 20),
        };
        let mut cells = Vec::new();
        for one_sided in [true, false] {
            for who in WHO {
                cells.extend((0..replicates).map(|replicate| Parameters {
                    who,
                    one_sided,
                    recurrent: false,
                    rows,
                    replicate,
                }));
            }
        }
        if profile == Profile::Full {
            for who in [
                Who::Nobody,
                Who::CleanLabels,
                Who::BoRep,
                Who::Slip,
                Who::Redrawn,
                Who::Script,
                Who::ScriptCleared,
            ] {
                cells.extend((0..replicates).map(|replicate| Parameters {
                    who,
                    one_sided: true,
                    recurrent: true,
                    rows,
                    replicate,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let chains = Chains::experimental();
        let key = lab::key([
            ("replicate", f64::from(cell.replicate)),
            ("rows", f64::from(cell.rows)),
            ("one_sided", f64::from(u8::from(cell.one_sided))),
        ]);
        let mut stream = random.shared_stream("data", &key)?;
        let data = Data::draw(&chains, cell, &mut stream);
        let population = chains.population(LENGTH)?;
        let outcome = if cell.recurrent {
            data.recurrent(cell, &population, stream)?
        } else {
            data.linear(cell, &population, stream)?
        };
        Ok(outcome.map_or_else(|| Outcome::Diverged("the iterates".into()), |row| Outcome::Done(vec![row])))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let panel = |one_sided: bool, title: &str, label: &'static str, of: fn(&Row) -> f64| {
            let mut means = Vec::new();
            for (place, who) in WHO.iter().enumerate() {
                let rows = table
                    .rows()
                    .filter(|(cell, _)| cell.who == *who && cell.one_sided == one_sided && !cell.recurrent);
                means.extend(table.means_by(rows.map(|(_, row)| (place as f64, of(row))), label));
            }
            Chart::new()
                .title(title)
                .x_label("who weighs")
                .y_label(label)
                .categories(WHO.map(Who::name))
                .without_legend()
                .bars_of_means(label, &means)
        };
        report.figure(
            "errors",
            "Means over data sets with 95 % intervals, linear model of pair counts. Symmetric flips leave little to gain.",
            "Two panels of bars by who weighs the rows.",
            &Figure::new("What weights are worth")
                .columns(1)
                .width(980.0)
                .panel_height(260.0)
                .panel(panel(true, "60 % of one class flipped", "error on all sequences", |row| row.error))
                .panel(panel(false, "30 % of both classes flipped", "error on all sequences", |row| row.error)),
        )?;
        report.figure(
            "areas",
            "A half is chance; going by labels gives 0.64 above and a half below. Labels that are drawn anew teach weights classes, which is the wrong way above.",
            "Two panels of bars by who weighs the rows.",
            &Figure::new("Whether flipped rows weigh less, one-sided flips")
                .columns(1)
                .width(980.0)
                .panel_height(260.0)
                .panel(panel(true, "all rows", "share of pairs", |row| row.area))
                .panel(panel(true, "rows with the label of the first class", "share of pairs", |row| row.area_within)),
        )
    }
}

struct Data {
    train: Labelled,
    truth: Vec<f64>,
    flipped: Vec<bool>,
    valid: Labelled,
    flips: [f64; 2],
}

impl Data {
    fn draw(chains: &Chains, cell: &Parameters, random: &mut ChaCha8Rng) -> Self {
        let mut train = labelled(chains, cell.rows as usize, LENGTH, random);
        let valid = labelled(chains, 150, LENGTH, random);
        let truth = train.labels.clone();
        let flips = if cell.one_sided { [0.0, 0.6] } else { [0.3, 0.3] };
        let flipped: Vec<bool> =
            truth.iter().map(|label| random.random_bool(flips[usize::from(*label > 0.0)])).collect();
        for (label, flip) in train.labels.iter_mut().zip(&flipped) {
            *label = if *flip { -*label } else { *label };
        }
        Self { train, truth, flipped, valid, flips }
    }

    fn labels(&self, who: Who) -> Labels {
        if who == Who::Redrawn {
            Labels::Redrawn { truth: self.truth.clone(), flips: self.flips }
        } else {
            Labels::Fixed
        }
    }

    fn area(&self, x: &[f64]) -> f64 {
        area_under_curve(x, &self.flipped).unwrap_or(0.5)
    }

    /// Among rows labelled as the first class.
    fn area_within(&self, x: &[f64]) -> f64 {
        let kept = || (0..x.len()).filter(|row| self.train.labels[*row] < 0.0);
        let weights: Vec<f64> = kept().map(|row| x[row]).collect();
        let flipped: Vec<bool> = kept().map(|row| self.flipped[row]).collect();
        area_under_curve(&weights, &flipped).unwrap_or(0.5)
    }

    fn linear(
        &self,
        cell: &Parameters,
        population: &Population,
        mut random: ChaCha8Rng,
    ) -> Result<Option<Row>, Failure> {
        let tokens = 3;
        let (train, valid) =
            (pair_counts(&self.train.sequences, tokens), pair_counts(&self.valid.sequences, tokens));
        let labels = if cell.who == Who::CleanLabels { &self.truth } else { &self.train.labels };
        let width = train.ncols();
        let problem =
            Problem::new(Model::Linear { train, valid }, labels.clone(), self.valid.labels.clone(), RIDGE)?;
        let zero = vec![0.0; self.truth.len()];
        let x = match cell.who {
            Who::Nobody | Who::CleanLabels => zero,
            Who::FlipsRemoved => self.flipped.iter().map(|flip| if *flip { -40.0 } else { 0.0 }).collect(),
            Who::ExactSteps => {
                let mut x = zero;
                let mut head = vec![0.0; width];
                for _ in 0..30 {
                    let found = problem.exact(&x, &head).ok_or("no solution")?;
                    let size = bilevel::sets::norm(&found.gradient);
                    x.iter_mut().zip(&found.gradient).for_each(|(x, g)| *x -= 2.0 / size * g);
                    head = found.head;
                }
                x
            }
            who => {
                let batches = Batches {
                    problem: problem.clone(),
                    rows: 50,
                    labels: self.labels(who),
                    components: None,
                };
                let ended = stochastic(
                    who,
                    &batches,
                    &zero,
                    &vec![0.0; width],
                    problem.smoothness(),
                    random.random(),
                );
                if ended.reason != StopReason::Budget {
                    return Ok(None);
                }
                ended.x
            }
        };
        let found = problem.exact(&x, &vec![0.0; width]).ok_or("no solution")?;
        let counts: Array2<f64> = pair_counts(&population.sequences, tokens);
        let error = population.error(counts.dot(&ArrayView1::from(&found.head)));
        Ok(Some(Row { error, area: self.area(&x), area_within: self.area_within(&x), value: found.value }))
    }

    /// The network below has no exact solution: it is judged where the run left it.
    fn recurrent(
        &self,
        cell: &Parameters,
        population: &Population,
        mut random: ChaCha8Rng,
    ) -> Result<Option<Row>, Failure> {
        let classifier = Classifier::new(Cell::Rnn, 3, 6)?;
        let start = classifier.draw(1.0, &mut random)?;
        let model = Model::Recurrent {
            classifier: classifier.clone(),
            train: self.train.sequences.clone(),
            valid: self.valid.sequences.clone(),
        };
        let labels = if cell.who == Who::CleanLabels { &self.truth } else { &self.train.labels };
        let problem = Problem::new(model, labels.clone(), self.valid.labels.clone(), 1e-3)?;
        let smoothness = problem.smoothness();
        let batches = Batches { problem, rows: 50, labels: self.labels(cell.who), components: None };
        let ended =
            stochastic(cell.who, &batches, &vec![0.0; self.truth.len()], &start, smoothness, random.random());
        if ended.reason != StopReason::Budget {
            return Ok(None);
        }
        let mut margins = Vec::new();
        for block in population.sequences.chunks(4_096) {
            margins.extend(classifier.margins(
                &ended.y,
                &networks::Batch::new(block, 3)?,
                &mut Work::default(),
            ));
        }
        let value = bilevel::levels::Upper::upper(&batches.problem, &ended.x, &ended.y);
        Ok(Some(Row {
            error: population.error(margins),
            area: self.area(&ended.x),
            area_within: self.area_within(&ended.x),
            value,
        }))
    }
}

/// Runs whoever works on batches. Nobody and true labels descend the lower level with weights that stay.
fn stochastic(who: Who, batches: &Batches, x: &[f64], y: &[f64], smoothness: f64, seed: u64) -> Ended {
    let gamma = 0.5 / smoothness;
    let inverse = Inverse::Linear { step: gamma };
    let begin = |calls| Begin { x, y, calls, seed };
    let public = |clears| Script {
        eta: 0.1,
        beta: 0.9,
        gamma: 0.25 * gamma,
        inner: 4,
        period: 2,
        linear: gamma,
        clears,
    };
    match who {
        // Four lower steps every second step and four calls a step.
        Who::Script => script(batches, &begin(6 * STEPS), &public(false), |_| {}),
        Who::ScriptCleared => script(batches, &begin(6 * STEPS), &public(true), |_| {}),
        Who::Slip => {
            let options = Options { inverse, refine: None, ..Options::slip(0.1, gamma, smoothness) };
            bo_rep(batches, &begin(5 * STEPS), &options, |_| {})
        }
        Who::Soba => {
            // Weights of n rows have gradients of order 1/n: a plain step is long.
            bo_rep(batches, &begin(5 * STEPS), &Options::soba(100.0, gamma, smoothness), |_| {})
        }
        _ => {
            let still = matches!(who, Who::Nobody | Who::CleanLabels);
            let lower = LowerUpdates::Periodic { period: 2, inner: 4, ball: f64::INFINITY };
            let mut options =
                Options { inverse, lower, refine: None, ..Options::bo_rep(0.1, gamma, smoothness) };
            if still {
                options.eta = Power::constant(1e-12);
            }
            bo_rep(batches, &begin(6 * STEPS), &options, |_| {})
        }
    }
}
